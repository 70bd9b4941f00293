package brokenworlds

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/policy"
	"studio-onboarding/internal/scim"
	"studio-onboarding/internal/secret"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	speed  = 1000
	region = "us-east-1"

	management = "111111111111"
	member     = "222222222222"
	studioRole = "arn:aws:iam::222222222222:role/StudioOnboarding"
	workerUser = "arn:aws:iam::111111111111:user/worker"

	assignmentGroup = "studio-app"
	studioGroup     = "studio-people"
	mlGroup         = "studio-ml"
)

// site is a simulated world with three people who should be able to sign in, and a worker that can be given other credentials.
type site struct {
	*testing.T
	url     string
	console sandbox.Client
	aws     *worldtest.Cloud
	okta    *org
	waits   provider.Waits
	people  []string
	spec    onboarding.Spec
	secrets string
	// appID is the app that somebody made ahead of the run.
	appID string
	// ids are what a row remembers from breaking the world to repairing it.
	ids map[string]string
}

func newSite(t *testing.T) *site {
	server, err := sandbox.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", sandbox.Config{Speed: speed})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	s := &site{T: t, url: server.URL, console: sandbox.Client{URL: server.URL}, waits: provider.DefaultWaits(),
		aws: &worldtest.Cloud{URL: server.URL}, okta: &org{}, secrets: t.TempDir(), ids: map[string]string{}}
	// The other pauses are the run's, whose clock leaps over them.
	s.waits.Profile, s.waits.Propagation, s.waits.Settle = 20*time.Millisecond, time.Second, 2*time.Second
	s.workAs(sandbox.AsWorker)
	s.invite()
	s.spec, err = specfile.Decode("team.yaml", fmt.Appendf(nil, `
name: team
region: %s
okta:
  assignmentGroup: %s
identityCenter:
  account: "%s"
studio:
  account: "%s"
  assumeRole: %s
access:
  groups:
    - name: %s
      executionRole: SageMakerStudio-ml
    - name: %s
`, region, assignmentGroup, management, member, studioRole, mlGroup, studioGroup))
	require.NoError(t, err)
	return s
}

// workAs gives the worker the credentials of one of the sandbox's principals.
func (s *site) workAs(principal string) {
	environment, err := s.console.EnvironmentAs(s.Context(), principal)
	require.NoError(s, err)
	s.workWith(environment)
}

// workWith gives the worker credentials, as another start of the worker does.
func (s *site) workWith(environment sandbox.Environment) {
	s.aws.Set(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(s, err)
	opened, err := oktaorg.New(s.Context(), options)
	require.NoError(s, err)
	s.okta.Okta = opened
}

// as opens an account with the credentials of one of the sandbox's principals.
func (s *site) as(principal string) aws.Config {
	environment, err := s.console.EnvironmentAs(s.Context(), principal)
	require.NoError(s, err)
	other := &worldtest.Cloud{URL: s.url}
	other.Set(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
	cfg, err := other.Config(s.Context(), onboarding.AccountSpec{}, region)
	require.NoError(s, err)
	return cfg
}

// invite makes the groups of the spec, with three people of whom nothing odd is known.
func (s *site) invite() {
	all, err := s.console.People(s.Context())
	require.NoError(s, err)
	ids := map[string]string{}
	for _, name := range []string{assignmentGroup, studioGroup, mlGroup} {
		ids[name] = s.makeGroup(name)
	}
	for _, p := range all {
		plain := strings.Count(strings.TrimSuffix(p.Login, "@example.com"), ".") == 1 && len(p.Groups) == 3
		if !plain || p.Status != "ACTIVE" || !slices.Contains(p.Groups, "sagemaker-studio-users") || odd(p.Login) || len(s.people) == 3 {
			continue
		}
		s.people = append(s.people, p.Login)
		s.join(ids[assignmentGroup], p.Login)
		if len(s.people) == 3 {
			s.join(ids[mlGroup], p.Login)
		} else {
			s.join(ids[studioGroup], p.Login)
		}
	}
	require.Len(s, s.people, 3)
}

// odd are those of the demo's people who are there because something is wrong with them.
func odd(login string) bool {
	return slices.Contains([]string{"tomas.novak@example.com", "sade.okoro@example.com", "maria.santos@example.com", "Maria.Santos@example.com",
		"ann.lee@example.com", "bo.lindqvist@example.com", "by.hand@example.com"}, login)
}

func (s *site) makeGroup(name string) (id string) {
	var made struct{ ID string }
	s.admin(http.MethodPost, "/api/v1/groups", map[string]any{"profile": map[string]string{"name": name}}, &made)
	return made.ID
}

// groupID finds an Okta group.
func (s *site) groupID(name string) string {
	var found []struct {
		ID      string
		Profile struct{ Name string }
	}
	s.admin(http.MethodGet, "/api/v1/groups?q="+url.QueryEscape(name), nil, &found)
	for _, group := range found {
		if group.Profile.Name == name {
			return group.ID
		}
	}
	s.Fatalf("Okta has no group %s", name)
	return ""
}

func (s *site) userID(login string) string {
	var found struct{ ID string }
	s.admin(http.MethodGet, "/api/v1/users/"+url.PathEscape(login), nil, &found)
	return found.ID
}

func (s *site) join(groupID, login string) {
	s.admin(http.MethodPut, "/api/v1/groups/"+groupID+"/users/"+s.userID(login), nil, nil)
}

func (s *site) leave(groupID, login string) {
	s.admin(http.MethodDelete, "/api/v1/groups/"+groupID+"/users/"+s.userID(login), nil, nil)
}

// admin is what an Okta administrator does.
func (s *site) admin(method, path string, in, out any) {
	s.Helper()
	environment, err := s.console.Environment(s.Context())
	require.NoError(s, err)
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		require.NoError(s, err)
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, body)
	require.NoError(s, err)
	req.Header.Set("Authorization", "SSWS "+environment["OKTA_CLIENT_TOKEN"])
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(s, err)
	require.Less(s, resp.StatusCode, 300, "%s %s: %s", method, path, data)
	if out != nil {
		require.NoError(s, json.Unmarshal(data, out))
	}
}

// makeApp makes the Okta app ahead of the run, with what the row changes of its body.
func (s *site) makeApp(change map[string]any) (id string) {
	body := map[string]any{"name": "amazon_aws_sso", "label": "AWS IAM Identity Center", "signOnMode": "SAML_2_0"}
	for key, value := range change {
		body[key] = value
	}
	var made struct{ ID string }
	s.admin(http.MethodPost, "/api/v1/apps", body, &made)
	return made.ID
}

// enable enables Identity Center in a Region, and waits until it is there.
func (s *site) enable(in string) {
	require.NoError(s, s.console.EnableIdentityCenter(s.Context(), sandbox.EnableIdentityCenterInput{Region: in}))
	center := &identitycenter.Activities{AWS: s.aws, Waits: s.waits}
	require.Eventually(s, func() bool {
		_, err := center.AwaitInstance(s.Context(), identitycenter.InstanceInput{Region: in})
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
}

// withhold gives worker and role exactly what the spec needs, but for some actions.
func (s *site) withhold(actions ...string) {
	policies := map[string]json.RawMessage{}
	for i, principal := range policy.For(s.spec, policy.Options{}).Principals {
		for j := range principal.Policy.Statement {
			statement := &principal.Policy.Statement[j]
			statement.Action = slices.DeleteFunc(statement.Action, func(action string) bool { return slices.Contains(actions, action) })
		}
		principal.Policy.Statement = slices.DeleteFunc(principal.Policy.Statement, func(s policy.Statement) bool { return len(s.Action) == 0 })
		document, err := json.Marshal(principal.Policy)
		require.NoError(s, err)
		policies[[]string{workerUser, studioRole}[i]] = document
	}
	require.NoError(s, s.console.SetPolicies(s.Context(), policies))
}

// grant undoes withhold.
func (s *site) grant() { s.withhold() }

func (s *site) faults(faults ...sandbox.Fault) {
	require.NoError(s, s.console.SetFaults(s.Context(), faults))
}

func (s *site) change(to sandbox.AWSSettings) {
	require.NoError(s, s.console.ChangeAWS(s.Context(), to))
}

// activities are those of a worker, by its own adapters.
func (s *site) activities() []any {
	at, err := url.Parse(s.url)
	require.NoError(s, err)
	store := storetest.At(s, filepath.Join(s.secrets, "people"))
	return activities.All(activities.Providers{
		AWS: s.aws, Okta: s.okta, SCIM: &scim.Client{}, Secrets: secret.New(func(string) string { return "" }, s.aws), Waits: s.waits, People: store,
		PlainHTTPHost: at.Host,
	})
}

// org is the Okta org of a worker that can be started again with other credentials, while nothing of it is under way.
type org struct{ provider.Okta }
