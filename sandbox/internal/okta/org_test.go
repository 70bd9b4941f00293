package okta_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox/internal/okta"
	"studio-onboarding/sandbox/internal/simulation"
)

// world is an org behind an HTTP server, with a client that we did not write.
type world struct {
	*testing.T
	org    *okta.Org
	url    string
	sdk    *sdk.Client
	calls  *simulation.CallLog
	faults *simulation.Faults
}

func newWorld(t *testing.T, people int) *world {
	t.Helper()
	w := &world{T: t, calls: &simulation.CallLog{}, faults: &simulation.Faults{}}
	org, err := okta.New(okta.Config{Clock: simulation.Clock{Speed: 1000}, Calls: w.calls, Faults: w.faults, People: people, Seed: 1})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/api/v1/", org.API())
	mux.Handle("/sandbox/console/okta/", org.Console())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	org.SetBaseURL(server.URL)
	org.Start(t.Context())
	w.org, w.url, w.sdk = org, server.URL, newSDK(t, server.URL, org.Token())
	return w
}

func newSDK(t *testing.T, url, token string) *sdk.Client {
	t.Helper()
	_, client, err := sdk.NewClient(t.Context(), sdk.WithOrgUrl(url), sdk.WithToken(token), sdk.WithAuthorizationMode("SSWS"), sdk.WithCache(false),
		sdk.WithTestingDisableHttpsCheck(true), sdk.WithRequestTimeout(20), sdk.WithRateLimitMaxRetries(0))
	require.NoError(t, err)
	return client
}

// do makes a raw call as the administrator and decodes the answer.
func (w *world) do(method, path string, in, out any) *http.Response {
	w.Helper()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		require.NoError(w, err)
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(w.Context(), method, w.url+path, body)
	require.NoError(w, err)
	req.Header.Set("Authorization", "SSWS "+w.org.Token())
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(w, err)
	if out != nil {
		require.NoError(w, json.Unmarshal(data, out), string(data))
	}
	return resp
}

// console posts a form of the admin console and answers with the refusal, if any.
func (w *world) console(page string, in any) string {
	w.Helper()
	data, err := json.Marshal(in)
	require.NoError(w, err)
	resp, err := http.Post(w.url+"/sandbox/console/okta/"+page, "application/json", bytes.NewReader(data))
	require.NoError(w, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(w, err)
	if resp.StatusCode == http.StatusOK {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (w *world) createApp() string {
	w.Helper()
	app := sdk.NewSamlApplication()
	app.Name, app.Label, app.SignOnMode = "amazon_aws_sso", "AWS IAM Identity Center", "SAML_2_0"
	created, _, err := w.sdk.Application.CreateApplication(w.Context(), app, nil)
	require.NoError(w, err)
	return created.(*sdk.SamlApplication).Id
}

func (w *world) groupID(name string) string {
	w.Helper()
	groups, _, err := w.sdk.Group.ListGroups(w.Context(), query.NewQueryParams(query.WithSearch(`profile.name eq "`+name+`" and type eq "OKTA_GROUP"`)))
	require.NoError(w, err)
	require.Len(w, groups, 1)
	return groups[0].Id
}

func (w *world) userID(login string) string {
	w.Helper()
	var user struct{ ID string }
	w.do(http.MethodGet, "/api/v1/users/"+url.PathEscape(login), nil, &user)
	require.NotEmpty(w, user.ID, login)
	return user.ID
}

// appUser is what the API tells of an assignment.
type appUser struct {
	ID, ExternalID, Status, SyncState, Scope string
	Credentials                              struct{ UserName string }
}

func (w *world) appUsers(app string) map[string]appUser {
	w.Helper()
	users := map[string]appUser{}
	var page []appUser
	w.do(http.MethodGet, "/api/v1/apps/"+app+"/users?limit=500", nil, &page)
	for _, u := range page {
		users[u.Credentials.UserName] = u
	}
	return users
}

// eventually waits for a condition of a world that works in the background.
func (w *world) eventually(what string, condition func() bool) {
	w.Helper()
	require.Eventually(w, condition, 20*time.Second, 10*time.Millisecond, what)
}

func TestTheOrgHasThePeopleWhoBreakSetUps(t *testing.T) {
	_, err := okta.New(okta.Config{People: okta.MinPeople - 1})
	require.ErrorContains(t, err, "at least 60")

	w := newWorld(t, 0)
	people := w.org.People()
	require.Len(t, people, okta.DefaultPeople)
	byLogin, lower := map[string]okta.Person{}, map[string]int{}
	for i, p := range people {
		require.NotContains(t, byLogin, p.Login)
		byLogin[p.Login] = p
		lower[strings.ToLower(p.Login)]++
		require.True(t, i == 0 || people[i-1].Login < p.Login, "the list is in the order of logins")
		if strings.Contains(p.Login, "@") {
			require.True(t, strings.HasSuffix(p.Login, "@example.com"), p.Login)
		}
	}
	require.Equal(t, 2, lower["maria.santos@example.com"])
	require.Equal(t, "DEPROVISIONED", byLogin["tomas.novak@example.com"].Status)
	require.Equal(t, []string{"Everyone", "aws-identity-center", "sagemaker-studio-ml", "sagemaker-studio-users"}, byLogin["bo.lindqvist@example.com"].Groups)
	require.Equal(t, []string{"Everyone", "sagemaker-studio-users"}, byLogin["noor.haddad@example.com"].Groups)
	require.Contains(t, byLogin, "by.hand@example.com")
	require.Contains(t, byLogin, "kgarcia")

	again, err := okta.New(okta.Config{Seed: 1})
	require.NoError(t, err)
	require.Equal(t, people, again.People(), "the same seed makes the same people")
	require.Equal(t, w.org.Token(), again.Token())
	other, err := okta.New(okta.Config{Seed: 2})
	require.NoError(t, err)
	require.NotEqual(t, people, other.People())
}

func TestTokensAreChecked(t *testing.T) {
	w := newWorld(t, 0)
	me, resp, err := w.sdk.User.GetUser(t.Context(), "me")
	require.NoError(t, err)
	require.Equal(t, "olive.brandt@example.com", (*me.Profile)["login"])
	for _, header := range []string{"X-Okta-Request-Id", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "Date"} {
		require.NotEmpty(t, resp.Header.Get(header), header)
	}

	_, _, err = newSDK(t, w.url, "wrong").User.GetUser(t.Context(), "me")
	requireOktaError(t, err, "E0000011")

	reader := newSDK(t, w.url, w.org.ReadOnlyToken())
	groups, _, err := reader.Group.ListGroups(t.Context(), query.NewQueryParams(query.WithQ("sagemaker")))
	require.NoError(t, err)
	require.Len(t, groups, 2)
	app := sdk.NewSamlApplication()
	app.Name, app.Label = "amazon_aws_sso", "x"
	_, resp, err = reader.Application.CreateApplication(t.Context(), app, nil)
	requireOktaError(t, err, "E0000006")
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
}

func requireOktaError(t *testing.T, err error, code string) {
	t.Helper()
	var refusal *sdk.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, code, refusal.ErrorCode)
	require.NotEmpty(t, refusal.ErrorId)
}

func TestUnknownPathsAndMethods(t *testing.T) {
	w := newWorld(t, 0)
	var refusal struct{ ErrorCode string }
	require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, "/api/v1/nothing", nil, &refusal).StatusCode)
	require.Equal(t, "E0000008", refusal.ErrorCode)
	require.Equal(t, http.StatusMethodNotAllowed, w.do(http.MethodDelete, "/api/v1/groups", nil, &refusal).StatusCode)
	require.Equal(t, "E0000022", refusal.ErrorCode)
	require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, "/api/v1/users/nobody", nil, &refusal).StatusCode)
	require.Equal(t, "E0000007", refusal.ErrorCode)
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodGet, "/api/v1/apps?filter=label+eq+%22x%22", nil, &refusal).StatusCode)
	require.Equal(t, "E0000053", refusal.ErrorCode)
}

func TestFaultsAndTheCallLog(t *testing.T) {
	w := newWorld(t, 0)
	try := func(f simulation.Fault) error {
		f.Times, f.Service = 1, "okta"
		w.faults.Set([]simulation.Fault{f})
		app := sdk.NewSamlApplication()
		app.Name, app.Label = "amazon_aws_sso", "AWS IAM Identity Center"
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, _, err := w.sdk.Application.CreateApplication(ctx, app, nil)
		return err
	}
	last := func() simulation.Call { calls := w.calls.Calls(); return calls[len(calls)-1] }

	requireOktaError(t, try(simulation.Fault{Kind: simulation.FaultDeny, Operation: "POST /api/v1/apps"}), "E0000006")
	require.Equal(t, simulation.Call{Time: last().Time, Principal: "olive.brandt@example.com", Service: "okta", Operation: "POST /api/v1/apps",
		Write: true, Effect: "none", Status: 403, Error: "E0000006", Fault: "deny"}, last())
	require.ErrorContains(t, try(simulation.Fault{Kind: simulation.FaultThrottle, RetryAfter: 30}), "too many requests")
	requireOktaError(t, try(simulation.Fault{Kind: simulation.FaultError}), "E0000009")
	require.ErrorContains(t, try(simulation.Fault{Kind: simulation.FaultHTML}), "the API returned an unknown error")
	require.NoError(t, try(simulation.Fault{Kind: simulation.FaultDeny, Operation: "POST /api/v1/apps/*/users"}), "another operation is let through")
	require.Equal(t, "created", last().Effect)
	require.NotEmpty(t, last().Params["id"])

	// The answer gets lost: the SDK sends the POST again by itself, and there are two apps more.
	require.NoError(t, try(simulation.Fault{Kind: simulation.FaultLostAnswer}))
	var apps []struct{ ID string }
	w.do(http.MethodGet, "/api/v1/apps?filter="+url.QueryEscape(`name eq "amazon_aws_sso"`), nil, &apps)
	require.Len(t, apps, 3)
}

func TestRateLimit(t *testing.T) {
	org, err := okta.New(okta.Config{})
	require.NoError(t, err)
	get := func() *http.Response {
		req := httptest.NewRequest(http.MethodGet, "/api/v1/apps", nil)
		req.Header.Set("Authorization", "SSWS "+org.Token())
		recorder := httptest.NewRecorder()
		org.API().ServeHTTP(recorder, req)
		return recorder.Result()
	}
	for range 100 {
		require.Equal(t, http.StatusOK, get().StatusCode)
	}
	resp := get()
	require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
	require.Equal(t, "0", resp.Header.Get("X-Rate-Limit-Remaining"))
}
