// Package worldtest gives tests of whole runs a small simulated world, and what people do in its consoles. It knows nothing of
// activities and workflows: those who use it bring theirs.
package worldtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// What the small world is made of.
const (
	Region = "us-east-1"

	Management = "111111111111"
	Studio     = "222222222222"
	StudioRole = "arn:aws:iam::222222222222:role/StudioOnboarding"

	AssignmentGroup = "studio-app"
	PeopleGroup     = "studio-people"
	MLGroup         = "studio-ml"
	MLRole          = "SageMakerStudio-ml"
	AppLabel        = "AWS IAM Identity Center"

	// Ada and Bo are in PeopleGroup, Cy in MLGroup; Di is assigned to the app and in no access group; Eve is in Okta only.
	Ada = "ada@example.com"
	Bo  = "bo@example.com"
	Cy  = "cy@example.com"
	Di  = "di@example.com"
	Eve = "eve@example.com"
)

// small is the Okta side of the world, and the VPCs of the Studio account.
const small = `
region: us-east-1
okta:
  groups:
    - {name: studio-app}
    - {name: studio-people}
    - {name: studio-ml}
  people:
    - {login: ada@example.com, firstName: Ada, lastName: Example, groups: [studio-app, studio-people]}
    - {login: bo@example.com, firstName: Bo, lastName: Example, groups: [studio-app, studio-people]}
    - {login: cy@example.com, firstName: Cy, lastName: Example, groups: [studio-app, studio-ml]}
    - {login: di@example.com, firstName: Di, lastName: Example, groups: [studio-app]}
    - {login: eve@example.com, firstName: Eve, lastName: Example}
aws:
  studio:
    vpcs:
      - name: default
        cidr: 172.31.0.0/16
        default: true
        subnets: [{zone: a, cidr: 172.31.0.0/20}, {zone: b, cidr: 172.31.16.0/20}, {zone: c, cidr: 172.31.32.0/20}]
      - name: research
        cidr: 10.20.0.0/16
        subnets: [{zone: a, cidr: 10.20.0.0/20}, {zone: b, cidr: 10.20.16.0/20}]
`

// World is a simulated world, in the hands of a test.
type World struct {
	testing.TB
	// Client is what people do in consoles and browsers.
	sandbox.Client
	Spec onboarding.Spec
	// Dir is for secrets and lists of people.
	Dir string
}

// New starts a small world in which nothing has been onboarded, with a spec that fits it. It ends with the test.
func New(t testing.TB, speed float64) *World {
	t.Helper()
	return In(t, speed, small)
}

// In starts the world that a file describes, with the spec of the small one.
func In(t testing.TB, speed float64, world string) *World {
	t.Helper()
	file, err := sandbox.ReadWorld("world.yaml", []byte(world))
	require.NoError(t, err)
	server, err := sandbox.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", sandbox.Config{Speed: speed, World: file, Unlimited: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	w := &World{TB: t, Client: sandbox.Client{URL: server.URL}, Dir: t.TempDir()}
	w.Spec, err = specfile.Decode("team.yaml", fmt.Appendf(nil, `
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
      executionRole: %s
    - name: %s
`, Region, AssignmentGroup, Management, Studio, StudioRole, MLGroup, MLRole, PeopleGroup))
	require.NoError(t, err)
	return w
}

// Okta is what an Okta administrator does.
func (w *World) Okta(method, path string, in, out any) {
	w.Helper()
	environment, err := w.Environment(w.Context())
	require.NoError(w, err)
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		require.NoError(w, err)
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(w.Context(), method, w.URL+path, body)
	require.NoError(w, err)
	req.Header.Set("Authorization", "SSWS "+environment["OKTA_CLIENT_TOKEN"])
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(w, err)
	require.Less(w, resp.StatusCode, 300, "%s %s: %s", method, path, data)
	if out != nil {
		require.NoError(w, json.Unmarshal(data, out))
	}
}

// MakeGroup makes an Okta group and answers with its ID.
func (w *World) MakeGroup(name string) string {
	var made struct{ ID string }
	w.Okta(http.MethodPost, "/api/v1/groups", map[string]any{"profile": map[string]string{"name": name}}, &made)
	return made.ID
}

// GroupID finds an Okta group.
func (w *World) GroupID(name string) string {
	w.Helper()
	var found []struct {
		ID      string
		Profile struct{ Name string }
	}
	w.Okta(http.MethodGet, "/api/v1/groups?q="+url.QueryEscape(name), nil, &found)
	for _, group := range found {
		if group.Profile.Name == name {
			return group.ID
		}
	}
	w.Fatalf("Okta has no group %s", name)
	return ""
}

// UserID finds an Okta user.
func (w *World) UserID(login string) string {
	w.Helper()
	var found struct{ ID string }
	w.Okta(http.MethodGet, "/api/v1/users/"+url.PathEscape(login), nil, &found)
	return found.ID
}

// Join puts a person into an Okta group.
func (w *World) Join(group, login string) {
	w.Helper()
	w.Okta(http.MethodPut, "/api/v1/groups/"+w.GroupID(group)+"/users/"+w.UserID(login), nil, nil)
}

// Leave takes a person out of an Okta group.
func (w *World) Leave(group, login string) {
	w.Helper()
	w.Okta(http.MethodDelete, "/api/v1/groups/"+w.GroupID(group)+"/users/"+w.UserID(login), nil, nil)
}

// MakeApp makes the Okta app ahead of a run, with changes of its body.
func (w *World) MakeApp(change map[string]any) string {
	w.Helper()
	body := map[string]any{"name": "amazon_aws_sso", "label": AppLabel, "signOnMode": "SAML_2_0"}
	for key, value := range change {
		body[key] = value
	}
	var made struct{ ID string }
	w.Okta(http.MethodPost, "/api/v1/apps", body, &made)
	return made.ID
}

// AppID finds the Okta app of the spec.
func (w *World) AppID() string {
	w.Helper()
	var apps []struct{ ID, Label string }
	w.Okta(http.MethodGet, "/api/v1/apps?q="+url.QueryEscape(w.Spec.Okta.AppLabel), nil, &apps)
	for _, app := range apps {
		if app.Label == w.Spec.Okta.AppLabel {
			return app.ID
		}
	}
	w.Fatalf("Okta has no app %s", w.Spec.Okta.AppLabel)
	return ""
}

// Faults replaces the fault script.
func (w *World) Faults(faults ...sandbox.Fault) {
	w.Helper()
	require.NoError(w, w.SetFaults(w.Context(), faults))
}

// Product are the calls since a mark that the product made: neither console work, nor Okta's own to AWS.
func (w *World) Product(since int) []sandbox.Call {
	w.Helper()
	all, err := w.Calls(w.Context())
	require.NoError(w, err)
	var ours []sandbox.Call
	for _, call := range all[since:] {
		if call.Service != "console" && call.Service != "scim" {
			ours = append(ours, call)
		}
	}
	return ours
}

// Mark is how many calls there were until now.
func (w *World) Mark() int {
	w.Helper()
	all, err := w.Calls(w.Context())
	require.NoError(w, err)
	return len(all)
}
