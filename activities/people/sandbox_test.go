package people_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// noAWS is for a look before there is an instance.
type noAWS struct{}

func (noAWS) Config(context.Context, onboarding.AccountSpec, string) (aws.Config, error) {
	panic("there is no directory to look at")
}

// TestThePeopleOfTheDemo looks at the simulated world before anything was done in it, with the real client.
func TestThePeopleOfTheDemo(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 1000})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	console := sandbox.Client{URL: server.URL}
	environment, err := console.Environment(t.Context())
	require.NoError(t, err)
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(t, err)
	org, err := oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	spec := onboarding.Spec{
		Name: "data-science", Region: "us-east-1", Okta: onboarding.OktaSpec{AssignmentGroup: "aws-identity-center"},
		Access: onboarding.AccessSpec{Groups: []onboarding.GroupAccessSpec{{Name: "sagemaker-studio-users"}, {Name: "sagemaker-studio-ml"}}},
	}
	state, err := people.Look(t.Context(), people.Sources{AWS: noAWS{}, Okta: org}, people.Where{}, spec)
	require.NoError(t, err)
	said := map[string]string{}
	for _, verdict := range people.Judge(spec, state) {
		require.NotEqual(t, onboarding.VerdictBlocked, verdict.Kind, "%+v", verdict)
		if verdict.Kind == onboarding.VerdictWarning {
			said[verdict.Code] += verdict.Reason + "\n"
		}
	}
	require.Contains(t, said["people-without-app"], "noor.haddad@example.com")
	for login, reason := range map[string]string{
		"ines@example.com":         "no last name",
		"tomas.novak@example.com":  "not active in Okta",
		"kgarcia":                  "not an e-mail address",
		"sade.okoro@example.com":   "which Identity Center refuses",
		"maria.santos@example.com": "Maria.Santos@example.com",
	} {
		require.Contains(t, said["people"], login+" (")
		require.Contains(t, said["people"], reason)
	}
	outlook := state.Outlook(spec)
	require.Equal(t, [][]string{{"Maria.Santos@example.com", "maria.santos@example.com"}}, outlook.Contests)
	require.Equal(t, 6, outlook.Lost(), "%+v", outlook.Missing)
	require.True(t, strings.HasPrefix(said["people-who-will-not-get-in"], "6 of "), said["people-who-will-not-get-in"])

	calls, err := console.Calls(t.Context())
	require.NoError(t, err)
	for _, call := range calls {
		require.False(t, call.Write, "a look changes nothing: %+v", call)
	}
}
