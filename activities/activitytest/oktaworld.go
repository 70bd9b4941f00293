package activitytest

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/sandbox"
)

// OktaWorld is the simulated org with the real client on it.
type OktaWorld struct {
	sandbox.Client
	Org   *oktaorg.Org
	Waits provider.Waits
	// Token is that of the org's API.
	Token string
	// Host is where the world is served.
	Host string
}

// NewOktaWorld starts a simulated world that ends with the test.
func NewOktaWorld(t *testing.T) OktaWorld {
	t.Helper()
	const speed = 400
	// The server outlives t.Context, so that Close ends it.
	server, err := sandbox.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", sandbox.Config{Speed: speed})
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
	return OktaWorld{Client: console, Org: org, Waits: provider.DefaultWaits().Faster(speed), Token: options.Token, Host: at.Host}
}

// Lose loses the first writes of an operation: they are answered with success, and nothing has changed.
func (w OktaWorld) Lose(t *testing.T, operation string, times int) {
	t.Helper()
	require.NoError(t, w.SetFaults(t.Context(), []sandbox.Fault{
		{Service: "okta", Operation: operation, Kind: sandbox.FaultLostWrite, Times: times},
	}))
}

// Effects counts the writes that did something, by operation.
func (w OktaWorld) Effects(t *testing.T) map[string]int {
	t.Helper()
	calls, err := w.Calls(t.Context())
	require.NoError(t, err)
	count := map[string]int{}
	for _, call := range calls {
		if call.Service == "okta" && call.Write && call.Effect != "none" && call.Effect != "" {
			count[call.Operation+" "+call.Effect]++
		}
	}
	return count
}

// Await repeats an activity as Temporal does: as long as its error is one to be retried.
func Await[Out any](t *testing.T, activity func() (Out, error)) Out {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		out, err := activity()
		if err == nil {
			return out
		}
		require.True(t, fault.ClassOf(err).Retryable(), "%v", err)
		require.True(t, time.Now().Before(deadline), "not in time: %v", err)
		var f *fault.Fault
		require.ErrorAs(t, err, &f)
		select {
		case <-time.After(min(f.RetryAfter, 200*time.Millisecond)):
		case <-t.Context().Done():
		}
	}
}

// SecretStub resolves the references that it has.
type SecretStub map[string]string

// Resolve returns the secret behind a reference.
func (s SecretStub) Resolve(_ context.Context, reference string) (string, error) {
	if value, ok := s[reference]; ok {
		return value, nil
	}
	return "", errors.New("the variable is not set")
}

// LoseEach loses the first write of each of these operations.
func (w OktaWorld) LoseEach(t *testing.T, operations ...string) {
	t.Helper()
	var faults []sandbox.Fault
	for _, operation := range operations {
		faults = append(faults, sandbox.Fault{Service: "okta", Operation: operation, Kind: sandbox.FaultLostWrite, Times: 1})
	}
	require.NoError(t, w.SetFaults(t.Context(), faults))
}

// App creates an app, and waits until it shows.
func (w OktaWorld) App(t *testing.T) oktaorg.App {
	t.Helper()
	created, err := w.Org.CreateApp(t.Context(), "AWS IAM Identity Center")
	require.NoError(t, err)
	return Await(t, func() (oktaorg.App, error) {
		seen, err := w.Org.App(t.Context(), created.ID)
		if fault.ClassOf(err) == fault.NotFound {
			err = fault.New(fault.NotReady, "okta", "get", "not yet")
		}
		return seen, err
	})
}

// Trusted is an app that Identity Center trusts, with the values that its console showed.
func (w OktaWorld) Trusted(t *testing.T) (oktaorg.App, sandbox.ServiceProvider) {
	t.Helper()
	app := w.App(t)
	metadata, err := w.Org.Metadata(t.Context(), app.ID)
	require.NoError(t, err)
	require.NoError(t, w.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: Region}))
	shown := Await(t, func() (sandbox.ServiceProvider, error) { // it takes a moment until the console can go on
		shown, err := w.ChangeIdentitySource(t.Context(), sandbox.ChangeIdentitySourceInput{Metadata: string(metadata)})
		if err != nil {
			err = fault.New(fault.NotReady, "aws", "console", "%v", err)
		}
		return shown, err
	})
	require.NoError(t, w.Org.SetServiceProvider(t.Context(), app.ID, shown.ACSURL, shown.IssuerURL))
	return app, shown
}

// Connected is an app through which people can be provisioned, with the endpoint and its token.
func (w OktaWorld) Connected(t *testing.T) (oktaorg.App, sandbox.ProvisioningTenant) {
	t.Helper()
	app, _ := w.Trusted(t)
	tenant, err := w.EnableProvisioning(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.ConfigureProvisioning(t.Context(), sandbox.ConfigureProvisioningInput{AppID: app.ID,
		BaseURL: strings.TrimSuffix(tenant.Endpoint, "/"), Token: tenant.Token,
		CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true}))
	app, err = w.Org.App(t.Context(), app.ID)
	require.NoError(t, err)
	return app, tenant
}
