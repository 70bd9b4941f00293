package activities_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// TestThePreflightOfTheDemo looks at the simulated world before anything was done in it, with the real clients.
func TestThePreflightOfTheDemo(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 1000})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	console := sandbox.Client{URL: server.URL}
	environment, err := console.Environment(t.Context())
	require.NoError(t, err)
	for name, value := range environment {
		t.Setenv(name, value)
	}
	clouds, err := awscloud.New(t.Context(), awscloud.Options{})
	require.NoError(t, err)
	options, err := oktaorg.OptionsFromEnvironment(os.Getenv)
	require.NoError(t, err)
	org, err := oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	data, err := os.ReadFile("../examples/data-science.yaml")
	require.NoError(t, err)
	spec, err := onboarding.DecodeSpec("data-science.yaml", data)
	require.NoError(t, err)
	look := func() activities.PreflightResult {
		result, err := (&activities.Preflight{AWS: clouds, Okta: org}).RunPreflight(t.Context(), activities.PreflightInput{Spec: spec})
		require.NoError(t, err)
		for _, finding := range result.Findings {
			require.NotEqual(t, onboarding.LevelBlocking, finding.Level, "%+v", finding)
		}
		return result
	}
	lookUntil := func(there func(activities.PreflightResult) bool) {
		for deadline := time.Now().Add(20 * time.Second); !there(look()); {
			require.True(t, time.Now().Before(deadline), "the world did not come that far in time")
		}
	}
	warned := func(result activities.PreflightResult, check string) string {
		var said strings.Builder
		for _, finding := range result.Findings {
			if finding.Level == onboarding.LevelWarning && finding.Check == check {
				said.WriteString(finding.Message + "\n")
			}
		}
		return said.String()
	}

	result := look()
	require.Equal(t, "111111111111", result.IdentityAccount)
	require.Equal(t, "222222222222", result.StudioAccount)
	require.Contains(t, warned(result, "identity-center"), "not enabled yet")
	require.Contains(t, warned(result, "people-without-app"), "noor.haddad@example.com")
	for login, reason := range map[string]string{
		"ines@example.com":         "no last name",
		"tomas.novak@example.com":  "not active in Okta",
		"kgarcia":                  "not an e-mail address",
		"sade.okoro@example.com":   "which Identity Center refuses",
		"maria.santos@example.com": "Maria.Santos@example.com",
	} {
		require.Contains(t, warned(result, "people"), login+" (")
		require.Contains(t, warned(result, "people"), reason)
	}
	require.NotContains(t, warned(result, "people"), "edda.falk@example.com")

	require.NoError(t, console.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	lookUntil(func(result activities.PreflightResult) bool { return warned(result, "identity-center") == "" })
	require.NoError(t, console.CreateUser(t.Context(), "by.hand@example.com", "by.hand@example.com"))
	lookUntil(func(result activities.PreflightResult) bool {
		return strings.Contains(warned(result, "people-made-by-hand"), "by.hand@example.com")
	})

	calls, err := console.Calls(t.Context())
	require.NoError(t, err)
	for _, call := range calls {
		if call.Service != "console" {
			require.False(t, call.Write, "a preflight changes nothing: %+v", call)
		}
	}
}
