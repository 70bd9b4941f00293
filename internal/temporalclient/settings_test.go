package temporalclient_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/contrib/envconfig"

	"studio-onboarding/internal/temporalclient"
)

// env is an environment of its own, so that the tester's TEMPORAL_* variables don't matter.
type env map[string]string

var _ envconfig.EnvLookup = env{}

func (e env) LookupEnv(key string) (string, bool) { v, ok := e[key]; return v, ok }

func (e env) Environ() []string {
	var list []string
	for k, v := range e {
		list = append(list, k+"="+v)
	}
	return list
}

// file writes a temporal.toml and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestFlagsWinOverEnvironmentAndEnvironmentOverFile(t *testing.T) {
	path := file(t, "[profile.default]\naddress = \"file:1\"\nnamespace = \"from-file\"\n")
	for name, test := range map[string]struct {
		settings           temporalclient.Settings
		address, namespace string
	}{
		"nothing said": {temporalclient.Settings{Env: env{"TEMPORAL_CONFIG_FILE": "/nonexistent"}}, "localhost:7233", "default"},
		"file":         {temporalclient.Settings{Env: env{"TEMPORAL_CONFIG_FILE": path}}, "file:1", "from-file"},
		"environment": {temporalclient.Settings{Env: env{"TEMPORAL_CONFIG_FILE": path, "TEMPORAL_ADDRESS": "env:2"}},
			"env:2", "from-file"},
		"flags": {temporalclient.Settings{Address: "flag:3", Namespace: "from-flag",
			Env: env{"TEMPORAL_CONFIG_FILE": path, "TEMPORAL_ADDRESS": "env:2", "TEMPORAL_NAMESPACE": "from-env"}}, "flag:3", "from-flag"},
	} {
		t.Run(name, func(t *testing.T) {
			options, err := test.settings.Options()
			require.NoError(t, err)
			require.Equal(t, test.address, options.HostPort)
			require.Equal(t, test.namespace, options.Namespace)
			require.NotNil(t, options.Logger, "the SDK's own logger would write into a person's terminal")
		})
	}
}

func TestUnusableSettingsAreExplained(t *testing.T) {
	for name, test := range map[string]struct {
		env  env
		want string
	}{
		"broken file":     {env{"TEMPORAL_CONFIG_FILE": file(t, "[profile")}, "temporal.toml"},
		"unknown profile": {env{"TEMPORAL_CONFIG_FILE": file(t, ""), "TEMPORAL_PROFILE": "prod"}, "prod"},
		"no certificate": {env{"TEMPORAL_CONFIG_FILE": "/nonexistent", "TEMPORAL_TLS_CLIENT_CERT_PATH": "/nonexistent.pem",
			"TEMPORAL_TLS_CLIENT_KEY_PATH": "/nonexistent.key"}, "/nonexistent.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := temporalclient.Settings{Env: test.env}.Options()
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "→")
		})
	}
}

func TestNobodyListeningIsSaidWithAddressAndRemedy(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())

	_, err = temporalclient.Settings{Address: address, Env: env{}, Timeout: time.Second}.Dial(t.Context())
	var unreachable *temporalclient.UnreachableError
	require.ErrorAs(t, err, &unreachable)
	require.Equal(t, address, unreachable.Address)
	require.ErrorContains(t, err, address)
	require.ErrorContains(t, err, "go run ./standalone")
	require.ErrorContains(t, err, "TEMPORAL_ADDRESS")
}

func TestAServerThatNeverAnswersIsGivenUpInTime(t *testing.T) {
	// Connections are accepted by the kernel and never read.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })

	begin := time.Now()
	_, err = temporalclient.Settings{Address: listener.Addr().String(), Env: env{}, Timeout: 300 * time.Millisecond}.Dial(t.Context())
	var unreachable *temporalclient.UnreachableError
	require.ErrorAs(t, err, &unreachable)
	require.Less(t, time.Since(begin), 5*time.Second)
}

func TestAnAddressWithoutPortIsExplained(t *testing.T) {
	_, err := temporalclient.Settings{Address: "temporal", Env: env{}, Timeout: 500 * time.Millisecond}.Dial(t.Context())
	require.ErrorContains(t, err, "host:port")
}

func TestACancelledDialIsNotBlamedOnTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := temporalclient.Settings{Address: "127.0.0.1:1", Env: env{}}.Dial(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestConnectsToAServerThatAnswers(t *testing.T) {
	fake := startFake(t)
	c, err := temporalclient.Settings{Address: fake.address, Env: env{}}.Dial(t.Context())
	require.NoError(t, err)
	c.Close()
}

func TestTheErrorOfMissingAttributesHoldsBothCommands(t *testing.T) {
	err := &temporalclient.SearchAttributesError{Namespace: "prod.a1b2c", Missing: []string{"OnboardingState"}}
	require.Contains(t, err.Error(), "tcld namespace search-attributes add --namespace prod.a1b2c --search-attribute OnboardingState=Keyword")
	require.Contains(t, err.Error(), "temporal operator search-attribute create --namespace prod.a1b2c --name OnboardingState --type Keyword")
	require.False(t, strings.Contains(err.Error(), "OnboardingStep"))
}
