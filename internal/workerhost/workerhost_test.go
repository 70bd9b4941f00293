package workerhost_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/workerhost"
	"studio-onboarding/sandbox"
)

// open makes a worker with the variables of a simulated world, changed as a test wants. Nothing polls, so no server is needed.
func open(t *testing.T, change func(map[string]string)) (*workerhost.Host, error) {
	t.Helper()
	world, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 1000})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, world.Close()) })
	served, err := sandbox.Client{URL: world.URL}.Environment(t.Context())
	require.NoError(t, err)
	env := maps.Clone(map[string]string(served))
	if change != nil {
		change(env)
	}
	c, err := client.NewLazyClient(client.Options{Logger: temporalclient.Quiet()})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return workerhost.New(t.Context(), c, workerhost.Options{
		Getenv: func(name string) string { return env[name] },
		LoadOptions: []func(*awsconfig.LoadOptions) error{
			awsconfig.WithSharedConfigFiles(nil), awsconfig.WithSharedCredentialsFiles(nil),
			awsconfig.WithRegion(env["AWS_REGION"]), awsconfig.WithBaseEndpoint(env["AWS_ENDPOINT_URL"]),
			awsconfig.WithCredentialsProvider(aws.NewCredentialsCache(
				credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""))),
		},
		Store: t.TempDir(),
	})
}

func TestCheckSaysWhoWeAre(t *testing.T) {
	host, err := open(t, nil)
	require.NoError(t, err)
	found, err := host.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 3)
	require.Equal(t, "AWS: account 111111111111 as arn:aws:iam::111111111111:user/worker", found[0])
	require.Contains(t, found[1], "Okta: http://127.0.0.1:")
	require.Equal(t, "Notifications: no target is configured", found[2])
}

func TestEveryMissingSettingIsNamed(t *testing.T) {
	_, err := open(t, func(env map[string]string) {
		delete(env, "OKTA_CLIENT_ORGURL")
		delete(env, "OKTA_CLIENT_TOKEN")
	})
	require.ErrorContains(t, err, "OKTA_CLIENT_ORGURL is not set")
	require.ErrorContains(t, err, "OKTA_CLIENT_TOKEN is not set")
}

func TestRefusedCredentialsAreAnError(t *testing.T) {
	host, err := open(t, func(env map[string]string) {
		env["OKTA_CLIENT_TOKEN"] = "00wrongwrongwrongwrongwrongwrongwrongwrong"
		env["AWS_SECRET_ACCESS_KEY"] = "wrong"
	})
	require.NoError(t, err)
	found, err := host.Check(t.Context())
	require.NotContains(t, strings.Join(found, "\n"), "AWS: ")
	require.ErrorContains(t, err, "AWS: ")
	require.ErrorContains(t, err, "Okta: ")
	require.NotContains(t, err.Error(), "00wrong")
}

func TestAnUnreachableProviderIsOnlyReported(t *testing.T) {
	host, err := open(t, func(env map[string]string) { env["OKTA_CLIENT_ORGURL"] = "http://127.0.0.1:1" })
	require.NoError(t, err)
	found, err := host.Check(t.Context())
	require.NoError(t, err)
	require.Contains(t, found[1], "Okta: not reached")
}

func TestCheckSaysWhereNotificationsGoAndShowsNoSecret(t *testing.T) {
	host, err := open(t, func(env map[string]string) { env["NOTIFY_SLACK_URL"] = "https://hooks.slack.com/services/T0PSECRET" })
	require.NoError(t, err)
	found, err := host.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Notifications: slack, hooks.slack.com", found[2])

	host, err = open(t, func(env map[string]string) { env["NOTIFY_SLACK_URL"] = "file:/nowhere/slack" })
	require.NoError(t, err)
	_, err = host.Check(t.Context())
	require.ErrorContains(t, err, "NOTIFY_SLACK_URL: the worker has no file /nowhere/slack")

	_, err = open(t, func(env map[string]string) { env["NOTIFY_TEAMS_URL"] = "http://example.com/T0PSECRET" })
	require.ErrorContains(t, err, "NOTIFY_TEAMS_URL begins with http://")
	require.NotContains(t, err.Error(), "T0PSECRET")
}
