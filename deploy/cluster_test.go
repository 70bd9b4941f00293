package deploy_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clusterVariable has to be set for the test that starts the cluster: it takes minutes.
const clusterVariable = "COMPOSE_TEST"

// cluster is the file, started under a project name of its own.
type cluster struct {
	command []string
	environ []string
}

// startable is a cluster that can be started here; where it can't, the test is skipped and says why.
func startable(t *testing.T) *cluster {
	t.Helper()
	if os.Getenv(clusterVariable) == "" {
		t.Skipf("%s is not set: starting the cluster takes minutes (scripts/compose/README.md)", clusterVariable)
	}
	if out, err := exec.CommandContext(t.Context(), "docker", "version").CombinedOutput(); err != nil {
		t.Skipf("no Docker engine answers: %v %s", err, out)
	}
	c := &cluster{command: []string{"docker", "compose"}}
	if exec.CommandContext(t.Context(), "docker", "compose", "version").Run() != nil {
		if _, err := exec.LookPath("docker-compose"); err != nil {
			t.Skip("neither docker compose nor docker-compose is installed")
		}
		c.command = []string{"docker-compose"}
	}
	for name, service := range withOperator(t).Services {
		if out, err := exec.CommandContext(t.Context(), "docker", "image", "inspect", service.Image).CombinedOutput(); err != nil {
			t.Skipf("the engine does not have %s of service %s (docker compose build, or scripts/compose/images.sh): %s", service.Image, name, out)
		}
	}
	dir, err := filepath.Abs(root)
	require.NoError(t, err)
	secrets := t.TempDir()
	// The user of our images, who writes and reads the SCIM token there; others would need a root that may give it away.
	require.NoError(t, os.Chown(secrets, 65532, 65532), "the test has to be run by root")
	c.command = append(c.command, "-p", fmt.Sprintf("studio-test-%d", os.Getpid()), "--project-directory", dir,
		"-f", filepath.Join(dir, "docker-compose.yml"), "--env-file", filepath.Join(dir, ".env.example"))
	c.environ = append(os.Environ(), "SECRETS_DIR="+secrets, "POSTGRES_PASSWORD=of-this-test")
	for _, name := range []string{"TEMPORAL_PORT", "TEMPORAL_UI_PORT", "SANDBOX_PORT", "CODEC_PORT"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		_, port, err := net.SplitHostPort(listener.Addr().String())
		require.NoError(t, err)
		defer listener.Close() // all four differ
		c.environ = append(c.environ, name+"="+port)
	}
	return c
}

func (c *cluster) run(ctx context.Context, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, c.command[0], append(c.command[1:len(c.command):len(c.command)], arguments...)...)
	command.Env = c.environ
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestTheClusterOnboards starts everything from nothing, takes a run to its end, and has its report put to the test.
func TestTheClusterOnboards(t *testing.T) {
	c := startable(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
		defer cancel()
		out, err := c.run(ctx, "down", "--volumes", "--timeout", "10")
		require.NoError(t, err, out)
	})
	out, err := c.run(t.Context(), "up", "-d", "--no-build")
	require.NoError(t, err, out)

	require.EventuallyWithT(t, func(all *assert.CollectT) {
		for _, service := range []string{"postgresql", "temporal", "temporal-ui", "codec", "worker", "sandbox"} {
			id, err := c.run(t.Context(), "ps", "-q", service)
			require.NoError(all, err, id)
			inspect := exec.CommandContext(t.Context(), "docker", "inspect", "-f", "{{.State.Health.Status}}", strings.TrimSpace(id))
			state, err := inspect.CombinedOutput()
			require.NoError(all, err, string(state))
			require.Equal(all, "healthy", strings.TrimSpace(string(state)), service)
		}
	}, 5*time.Minute, time.Second)

	out, err = c.run(t.Context(), "run", "--rm", "--no-deps", "-T", "operator")
	require.NoError(t, err, out)
	require.Contains(t, out, "0 disagreements")
	require.Contains(t, out, "nothing created twice")
}
