package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// org calls the Okta API as the worker.
func (w world) org(method, path string, body any) map[string]any {
	w.Helper()
	environment, err := w.Environment(w.ctx)
	w.NoError(err)
	data, err := json.Marshal(body)
	w.NoError(err)
	req, err := http.NewRequestWithContext(w.ctx, method, environment["OKTA_CLIENT_ORGURL"]+path, strings.NewReader(string(data)))
	w.NoError(err)
	req.Header.Set("Authorization", "SSWS "+environment["OKTA_CLIENT_TOKEN"])
	req.Header.Set("Accept", "application/json, application/xml")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	w.NoError(err)
	defer resp.Body.Close()
	var text strings.Builder
	_, err = io.Copy(&text, resp.Body)
	w.NoError(err)
	w.Less(resp.StatusCode, 300, text.String())
	var out map[string]any
	if json.Unmarshal([]byte(text.String()), &out) != nil {
		out = map[string]any{"text": text.String()}
	}
	return out
}

// member is somebody active in a group.
func (w world) member(group string) string {
	w.Helper()
	people, err := w.People(w.ctx)
	w.NoError(err)
	for _, p := range people {
		for _, g := range p.Groups {
			if g == group && p.Status == "ACTIVE" && strings.HasPrefix(p.Login, "a") {
				return p.Login
			}
		}
	}
	w.FailNow("nobody in " + group)
	return ""
}

func TestSomebodyComesInOnceEverythingIsSetUp(t *testing.T) {
	w := start(t, fast)
	login := w.member("sagemaker-studio-users")
	link := func(want string) {
		w.Helper()
		result, err := w.SignIn(w.ctx, sandbox.SignInInput{Login: login})
		w.NoError(err)
		w.Equal(want, result.Link, result.Error)
	}
	link("okta")
	w.enable()
	app := w.org(http.MethodPost, "/api/v1/apps?activate=true", map[string]any{"name": "amazon_aws_sso", "label": "AWS IAM Identity Center", "signOnMode": "SAML_2_0"})
	appID := app["id"].(string)
	key := app["credentials"].(map[string]any)["signing"].(map[string]any)["kid"].(string)
	user := w.org(http.MethodGet, "/api/v1/users/"+login, nil)["id"].(string)
	metadata := w.org(http.MethodGet, "/api/v1/apps/"+appID+"/sso/saml/metadata?kid="+key, nil)["text"].(string)
	values, err := w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata})
	w.NoError(err)
	app["settings"] = map[string]any{"app": map[string]any{"acsURL": values.ACSURL, "entityID": values.IssuerURL}}
	w.org(http.MethodPut, "/api/v1/apps/"+appID, app)
	tenant, err := w.EnableProvisioning(w.ctx)
	w.NoError(err)
	w.NoError(w.ConfigureProvisioning(w.ctx, sandbox.ConfigureProvisioningInput{
		AppID: appID, BaseURL: strings.TrimSuffix(tenant.Endpoint, "/"), Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true}))
	w.org(http.MethodPost, "/api/v1/apps/"+appID+"/users", map[string]any{"id": user, "scope": "USER"})

	_, store := instanceOf(w)
	var id *string
	w.eventually(func() bool {
		out, err := identitystore.NewFromConfig(w.worker()).GetUserId(w.ctx, &identitystore.GetUserIdInput{
			IdentityStoreId: aws.String(store), AlternateIdentifier: unique("userName", login)})
		if err == nil {
			id = out.UserId
		}
		return err == nil
	}, "Okta provisions the person")
	link("domain")
	domain := w.domain("studio")
	link("application")
	_, err = ssoadmin.NewFromConfig(w.worker()).CreateApplicationAssignment(w.ctx, &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: domain.SingleSignOnApplicationArn, PrincipalId: id, PrincipalType: ssotypes.PrincipalTypeUser})
	w.NoError(err)
	w.eventually(func() bool {
		result, err := w.SignIn(w.ctx, sandbox.SignInInput{Login: login, DomainID: *domain.DomainId})
		w.NoError(err)
		return result.OK && result.URL == *domain.Url && result.Profile != ""
	}, "the person comes in, with a profile made at the first sign-in")

	state, err := w.State(w.ctx)
	w.NoError(err)
	w.Contains(string(state), `"user": "`+login+`"`)
	w.NotContains(string(state), tenant.Token)
}

func instanceOf(w world) (instance, store string) {
	w.Helper()
	out, err := ssoadmin.NewFromConfig(w.worker()).ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
	w.NoError(err)
	w.Len(out.Instances, 1)
	return *out.Instances[0].InstanceArn, *out.Instances[0].IdentityStoreId
}

func TestEqualWorldsAreEqual(t *testing.T) {
	state := func(names ...string) string {
		w := start(t, fast)
		w.enable()
		e := w.provisioning()
		for _, name := range names {
			e.add(name)
		}
		w.domain("studio")
		all, err := w.State(w.ctx)
		w.NoError(err)
		var parts map[string]json.RawMessage
		w.NoError(json.Unmarshal(all, &parts))
		return string(parts["aws"])
	}
	require.JSONEq(t, state("a@example.com", "b@example.com"), state("b@example.com", "a@example.com"))
}

func TestStartTellsOfAUsedPortAndCloseFreesIt(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{})
	require.NoError(t, err)
	address := strings.TrimPrefix(server.URL, "http://")
	_, err = sandbox.Start(t.Context(), address, sandbox.Config{})
	require.ErrorContains(t, err, "sandbox: listen on "+address)
	require.NoError(t, server.Close())
	require.NoError(t, server.Close(), "closing twice is fine")
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	require.NoError(t, listener.Close())
}

func TestAWorldEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server, err := sandbox.Start(ctx, "127.0.0.1:0", sandbox.Config{})
	require.NoError(t, err)
	cancel()
	require.NoError(t, server.Close())
	_, err = sandbox.Client{URL: server.URL}.People(t.Context())
	require.Error(t, err)
}

func TestAWorldNeedsAnAddressAndEnoughPeople(t *testing.T) {
	_, err := sandbox.New(sandbox.Config{})
	require.ErrorContains(t, err, "BaseURL")
	_, err = sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{People: 3})
	require.ErrorContains(t, err, "at least")
}
