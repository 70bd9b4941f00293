package activities_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/scim"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	sandboxLabel = "AWS IAM Identity Center"
	sandboxToken = "env:SCIM_TOKEN"
)

// oktaWorld is the simulated org with the real client and the activities over it.
type oktaWorld struct {
	t            *testing.T
	console      sandbox.Client
	org          *oktaorg.Org
	app          *activities.App
	provisioning *activities.Provisioning
	secrets      secretStub
	token        string
	since        time.Time
}

func newOktaWorld(t *testing.T) *oktaWorld {
	t.Helper()
	// The server outlives t.Context, so that Close ends it.
	server, err := sandbox.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", sandbox.Config{Speed: 400})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	console := sandbox.Client{URL: server.URL}
	environment, err := console.Environment(t.Context())
	require.NoError(t, err)
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(t, err)
	org, err := oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	waits := activities.DefaultWaits().Faster(400)
	secrets := secretStub{}
	return &oktaWorld{t: t, console: console, org: org, secrets: secrets, token: options.Token, since: time.Now(),
		app:          &activities.App{Okta: org, Waits: waits},
		provisioning: &activities.Provisioning{Okta: org, SCIM: &scim.Client{}, Secrets: secrets, Waits: waits, PlainHTTPHost: at.Host},
	}
}

// await repeats an activity as Temporal does: as long as its error is one to be retried.
func await[Out any](w *oktaWorld, activity func() (Out, error)) Out {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		out, err := activity()
		if err == nil {
			return out
		}
		require.True(w.t, fault.ClassOf(err).Retryable(), "%v", err)
		require.True(w.t, time.Now().Before(deadline), "not in time: %v", err)
		var f *fault.Fault
		require.ErrorAs(w.t, err, &f)
		select {
		case <-time.After(min(f.RetryAfter, 200*time.Millisecond)):
		case <-w.t.Context().Done():
		}
	}
}

func (w *oktaWorld) ensureApp() activities.OktaApp {
	w.t.Helper()
	result := await(w, func() (activities.EnsureAppResult, error) {
		return w.app.EnsureApp(w.t.Context(), activities.EnsureAppInput{Label: sandboxLabel, Since: w.since})
	})
	require.NotNil(w.t, result.App)
	return *result.App
}

// connected goes through the identity lane until people can be assigned.
func (w *oktaWorld) connected() activities.OktaApp {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	app := w.ensureApp()
	metadata, err := w.app.FetchIdPMetadata(ctx, activities.AppInput{AppID: app.ID})
	require.NoError(t, err)
	require.NoError(t, w.console.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	// It takes a moment until the console can go on.
	var shown sandbox.ServiceProvider
	deadline := time.Now().Add(20 * time.Second)
	for {
		shown, err = w.console.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata.XML})
		if err == nil {
			break
		}
		require.True(t, time.Now().Before(deadline), "%v", err)
	}
	for _, values := range []map[string]string{
		{onboarding.ValueMetadata: shown.Metadata, onboarding.ValuePortalURL: shown.PortalURL},
		{onboarding.ValueACSURL: shown.ACSURL, onboarding.ValueIssuerURL: shown.IssuerURL, onboarding.ValuePortalURL: shown.PortalURL},
	} {
		provider, err := w.app.CheckServiceProvider(ctx, activities.CheckServiceProviderInput{AppID: app.ID, Region: "us-east-1", Values: values})
		require.NoError(t, err)
		require.Equal(t, activities.ServiceProvider{ACSURL: shown.ACSURL, Issuer: shown.IssuerURL, PortalURL: shown.PortalURL}, provider)
		_, err = w.app.EstablishTrust(ctx, activities.TrustInput{AppID: app.ID, ServiceProvider: provider})
		require.NoError(t, err)
	}

	tenant, err := w.console.EnableProvisioning(ctx)
	require.NoError(t, err)
	w.secrets[sandboxToken] = "not-" + tenant.Token
	check := activities.CheckSCIMInput{Region: "us-east-1", Connection: activities.SCIMConnection{Endpoint: tenant.Endpoint, TokenRef: sandboxToken}}
	_, err = w.provisioning.CheckSCIM(ctx, check)
	require.NotContains(t, requireClass(t, err, fault.Denied).Error(), tenant.Token)
	w.secrets[sandboxToken] = tenant.Token
	checked, err := w.provisioning.CheckSCIM(ctx, check)
	require.NoError(t, err)

	connect, err := w.provisioning.ConnectProvisioning(ctx, activities.ConnectInput{AppID: app.ID, Connection: checked.Connection})
	require.NoError(t, err)
	require.False(t, connect.Supported)
	_, err = w.provisioning.AwaitProvisioning(ctx, activities.AppInput{AppID: app.ID})
	requireClass(t, err, fault.NotReady)
	require.NoError(t, w.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{AppID: app.ID,
		BaseURL: checked.Connection.Endpoint, Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true}))
	features, err := w.provisioning.AwaitProvisioning(ctx, activities.AppInput{AppID: app.ID})
	require.NoError(t, err)
	require.Empty(t, features.Missing)
	return app
}

// effects counts the writes that did something, by operation.
func (w *oktaWorld) effects() map[string]int {
	w.t.Helper()
	calls, err := w.console.Calls(w.t.Context())
	require.NoError(w.t, err)
	count := map[string]int{}
	for _, call := range calls {
		if call.Service == "okta" && call.Write && call.Effect != "none" {
			count[call.Operation+" "+call.Effect]++
		}
	}
	return count
}

func TestTheOktaSideOfARunMakesNothingTwice(t *testing.T) {
	w := newOktaWorld(t)
	ctx := t.Context()
	who, err := w.org.Who(ctx)
	require.NoError(t, err)
	require.Contains(t, who, "Super Administrator")

	app := w.connected()
	require.Equal(t, onboarding.OriginCreated, app.Origin)
	groups := []string{"sagemaker-studio-users", "sagemaker-studio-ml"}
	round := func() (activities.AssignResult, activities.ProvisionedResult, activities.PushResult) {
		require.Equal(t, app.ID, w.ensureApp().ID)
		assigned := await(w, func() (activities.AssignResult, error) {
			return w.provisioning.AssignGroups(ctx, activities.AssignInput{AppID: app.ID, AssignmentGroup: "aws-identity-center",
				People: []string{"noor.haddad@example.com", "nobody@example.com"}})
		})
		people := await(w, func() (activities.ProvisionedResult, error) {
			return w.provisioning.AwaitProvisioned(ctx, activities.AppInput{AppID: app.ID})
		})
		in := activities.PushInput{AppID: app.ID, Groups: groups}
		pushing := await(w, func() (activities.PushResult, error) { return w.provisioning.PushGroups(ctx, in) })
		require.Empty(t, pushing.Refused)
		return assigned, people, await(w, func() (activities.PushResult, error) { return w.provisioning.AwaitPushed(ctx, in) })
	}

	assigned, people, pushed := round()
	require.Equal(t, onboarding.OriginCreated, assigned.Origin)
	require.Equal(t, []string{"nobody@example.com"}, assigned.UnknownPeople)
	require.Equal(t, people.Assigned, people.Provisioned+people.Failed)
	require.Greater(t, people.Provisioned, 40)
	require.Positive(t, people.Failed, "some of the org's people can't be provisioned")
	require.Len(t, pushed.Pushed, 2)
	first := w.effects()
	require.Equal(t, 1, first["POST /api/v1/apps created"])
	require.Equal(t, 1, first["PUT /api/v1/apps/{id} changed"], "the same values are written once")
	require.Equal(t, 1, first["POST /api/v1/apps/{id}/users created"])
	require.Equal(t, 2, first["POST /api/v1/apps/{id}/group-push/mappings created"])

	assigned, again, _ := round()
	require.Equal(t, onboarding.OriginAdopted, assigned.Origin)
	require.Equal(t, people, again)
	second := w.effects()
	require.Equal(t, first, second, "a second round changes nothing")
}

func TestALostAnswerToCreatingTheAppMakesNoSecondApp(t *testing.T) {
	w := newOktaWorld(t)
	require.NoError(t, w.console.SetFaults(t.Context(), []sandbox.Fault{{Service: "okta", Operation: "POST /api/v1/apps", Kind: sandbox.FaultLostAnswer, Times: 1}}))
	_, err := w.app.EnsureApp(t.Context(), activities.EnsureAppInput{Label: sandboxLabel, Since: w.since})
	requireClass(t, err, fault.Unavailable)
	require.Equal(t, onboarding.OriginCreated, w.ensureApp().Origin)
	apps, err := w.org.Apps(t.Context())
	require.NoError(t, err)
	require.Len(t, apps, 1)
	require.Equal(t, 1, w.effects()["POST /api/v1/apps created"])
}

func TestEstablishingTrustKeepsWhatElseTheAppHas(t *testing.T) {
	w := newOktaWorld(t)
	app := w.ensureApp()
	look := func() map[string]any {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.org.URL()+"/api/v1/apps/"+app.ID, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "SSWS "+w.token)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		var body map[string]any
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&body))
		return body
	}
	before := look()
	provider := activities.ServiceProvider{ACSURL: testACS, Issuer: testIssuer}
	_, err := w.app.EstablishTrust(t.Context(), activities.TrustInput{AppID: app.ID, ServiceProvider: provider})
	require.NoError(t, err)
	after := look()
	settings := func(body map[string]any) map[string]any { return body["settings"].(map[string]any) }
	require.Equal(t, map[string]any{"acsURL": testACS, "entityID": testIssuer}, settings(after)["app"])
	require.NotEmpty(t, settings(after)["signOn"])
	settings(after)["app"], after["lastUpdated"] = settings(before)["app"], before["lastUpdated"]
	require.Equal(t, before, after)
}

func TestOktasRefusalsReachThePersonWhoCanHelp(t *testing.T) {
	w := newOktaWorld(t)
	app := w.connected()
	in := activities.PushInput{AppID: app.ID, Groups: []string{"sagemaker-studio-ml"}}
	faults := func(faults ...sandbox.Fault) { require.NoError(t, w.console.SetFaults(t.Context(), faults)) }

	faults(sandbox.Fault{Service: "okta", Operation: "POST /api/v1/apps/{id}/group-push/mappings", Kind: sandbox.FaultDeny})
	refused, err := w.provisioning.PushGroups(t.Context(), in)
	require.NoError(t, err)
	require.Contains(t, refused.Refused["sagemaker-studio-ml"], "okta.groups.manage")
	_, err = w.provisioning.AwaitPushed(t.Context(), in)
	requireClass(t, err, fault.NotReady)
	require.NoError(t, w.console.PushGroup(t.Context(), sandbox.PushGroupInput{AppID: app.ID, Group: "sagemaker-studio-ml"}))
	pushed := await(w, func() (activities.PushResult, error) { return w.provisioning.AwaitPushed(t.Context(), in) })
	require.Equal(t, onboarding.OriginAdopted, pushed.Pushed[0].Origin)

	faults(sandbox.Fault{Service: "okta", Operation: "GET /api/v1/apps", Kind: sandbox.FaultDeny})
	_, err = w.app.EnsureApp(t.Context(), activities.EnsureAppInput{Label: sandboxLabel})
	require.Contains(t, requireClass(t, err, fault.Denied).Error(), "okta.apps.read")
	faults(sandbox.Fault{Service: "okta", Operation: "GET /api/v1/apps", Kind: sandbox.FaultHTML})
	_, err = w.app.EnsureApp(t.Context(), activities.EnsureAppInput{Label: sandboxLabel})
	requireClass(t, err, fault.Unavailable)
	faults()
	_, err = w.provisioning.AssignGroups(t.Context(), activities.AssignInput{AppID: app.ID, AssignmentGroup: "no-such-group"})
	require.Contains(t, requireClass(t, err, fault.NotFound).Error(), "no-such-group")
}
