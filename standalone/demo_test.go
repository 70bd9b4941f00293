package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// output is a command's output, read while it is written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// run carries out a command line with the ports of server and UI left to the system. The variables that a demo replaces
// come back afterwards.
func run(ctx context.Context, t *testing.T, out *output, args ...string) error {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "OKTA_") {
			t.Setenv(name, value)
		}
	}
	for _, name := range []string{
		"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"OKTA_CLIENT_ORGURL", "OKTA_CLIENT_TOKEN", "OKTA_TESTING_DISABLE_HTTPS_CHECK",
	} {
		t.Setenv(name, os.Getenv(name))
	}
	cmd := command()
	cmd.SetArgs(args)
	cmd.SetOut(out)
	return cmd.ExecuteContext(ctx)
}

func TestTheDemoEndsWithEverybodyTried(t *testing.T) {
	var out output
	err := run(t.Context(), t, &out, "demo", "--exit", "--port", "0", "--ui-port", "0", "--speed", "60", "--people", "70")
	require.NoError(t, err, out.String())
	require.Contains(t, out.String(), "Sign-in addresses")
	require.Regexp(t, `70 people tried: \d\d signed in, \d\d refused, 0 disagreements`, out.String())
	require.Contains(t, out.String(), "nothing created twice, no profile before its assignment, every write read back")
	require.NotContains(t, out.String(), "Bearer")
}

// The app of an organization that is in use has another label than the spec says; nobody is asked for anything but a sign-in.
func TestADemoInAnOrganizationThatIsInUse(t *testing.T) {
	var out output
	require.NoError(t, run(t.Context(), t, &out, "demo", "--exit", "--port", "0", "--ui-port", "0", "--speed", "60",
		"--world", "../examples/sandbox/in-use.yaml"))
	require.Contains(t, out.String(), " 0 disagreements")
	require.NotContains(t, out.String(), "Make Okta the identity source")
}

func TestAnInterruptedDemoGoesOnWhereItWas(t *testing.T) {
	world, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 60})
	require.NoError(t, err)
	defer world.Close()
	demo := []string{"demo", "--exit", "--port", "0", "--ui-port", "0", "--speed", "60", "--data-dir", t.TempDir(), "--sandbox", world.URL}

	var first output
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, t, &first, demo...) }()
	require.Eventually(t, func() bool { return strings.Contains(first.String(), "switched provisioning on") || len(ended) > 0 },
		60*time.Second, 50*time.Millisecond)
	interrupt()
	require.ErrorIs(t, <-ended, errInterrupted, first.String())

	var second output
	require.NoError(t, run(t.Context(), t, &second, demo...), second.String())
	require.Contains(t, second.String(), "Attached to run data-science")
	require.NotContains(t, second.String(), "operator: enabled IAM Identity Center")
	require.Contains(t, second.String(), ", 0 disagreements")
	require.Contains(t, second.String(), "nothing created twice")
}

func TestWhatStandsInTheWayIsSaid(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	require.NoError(t, os.WriteFile(broken, []byte("name: x\nregoin: us-east-1\n"), 0o600))
	outdated := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outdated, "temporal-1.20.db"), nil, 0o600))

	for name, test := range map[string]struct {
		args []string
		says []string
	}{
		"a used port":                  {[]string{"demo", "--exit", "--port", port, "--ui-port", "0"}, []string{"port " + port, "--port"}},
		"a used UI port":               {[]string{"demo", "--exit", "--port", "0", "--ui-port", port}, []string{"port " + port, "--ui-port"}},
		"a used sandbox port":          {[]string{"sandbox", "--listen", "127.0.0.1:" + port}, []string{"port " + port, "--listen"}},
		"a database of another server": {[]string{"--data-dir", outdated, "--port", "0", "--ui-port", "0"}, []string{"temporal-1.20.db", "1.20"}},
		"no world":                     {[]string{"demo", "--exit", "--sandbox", "http://127.0.0.1:1", "--port", "0", "--ui-port", "0"}, []string{"http://127.0.0.1:1", "standalone sandbox"}},
		"a misspelt spec":              {[]string{"demo", "--exit", "-f", broken, "--port", "0", "--ui-port", "0"}, []string{broken, "regoin"}},
		"too few people":               {[]string{"demo", "--exit", "--people", "3", "--port", "0", "--ui-port", "0"}, []string{"at least 60"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out output
			err := run(t.Context(), t, &out, test.args...)
			require.Error(t, err)
			for _, text := range test.says {
				require.ErrorContains(t, err, text)
			}
		})
	}
}

func TestTheSandboxPrintsVariablesThatWork(t *testing.T) {
	var out output
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, t, &out, "sandbox", "--listen", "127.0.0.1:0", "--speed", "100") }()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "Ctrl-C") }, 20*time.Second, 10*time.Millisecond)
	lines := regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`).FindAllStringSubmatch(out.String(), -1)
	printed := sandbox.Environment{}
	for _, line := range lines {
		printed[line[1]] = line[2]
	}
	served, err := sandbox.Client{URL: printed["AWS_ENDPOINT_URL"]}.Environment(t.Context())
	require.NoError(t, err)
	require.Equal(t, served, printed)
	stop()
	require.NoError(t, <-ended)
}

func TestMissingCredentialsAreNamed(t *testing.T) {
	var out output
	for _, name := range []string{"OKTA_CLIENT_ORGURL", "OKTA_CLIENT_TOKEN"} {
		t.Setenv(name, "")
	}
	err := run(t.Context(), t, &out, "--data-dir", t.TempDir(), "--port", "0", "--ui-port", "0")
	require.ErrorContains(t, err, "OKTA_CLIENT_ORGURL is not set")
	require.ErrorContains(t, err, "standalone demo")
}
