package engine_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/api/adminservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"studio-onboarding/internal/engine"
	"studio-onboarding/internal/localserver"
)

// home gives the test a configuration directory of its own, as another user has.
func home(t *testing.T) {
	t.Helper()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, t.TempDir())
	}
}

func connect(t *testing.T, address string, how credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(how))
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func TestEveryCallNeedsTheKey(t *testing.T) {
	dir := t.TempDir()
	e := start(t, options(dir))
	path := filepath.Join(dir, engine.KeyFile)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, e.Key(), strings.TrimSpace(string(data)))
	require.Greater(t, len(e.Key()), 40)

	connection := connect(t, e.Address(), insecure.NewCredentials())
	calls := map[string]func(context.Context) error{
		"a client's first": func(ctx context.Context) error {
			_, err := workflowservice.NewWorkflowServiceClient(connection).GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
			return err
		},
		"a list": func(ctx context.Context) error {
			_, err := workflowservice.NewWorkflowServiceClient(connection).
				ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: engine.Namespace})
			return err
		},
		"an administrator's": func(ctx context.Context) error {
			_, err := adminservice.NewAdminServiceClient(connection).DescribeCluster(ctx, &adminservice.DescribeClusterRequest{})
			return err
		},
	}
	for name, call := range calls {
		for what, header := range map[string]string{
			"none": "", "another": "Bearer " + strings.Repeat("x", 43), "half": "Bearer " + e.Key()[:20], "more": "Bearer " + e.Key() + "x",
			"no bearer": e.Key(), "empty": "Bearer ",
		} {
			ctx := t.Context()
			if header != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", header)
			}
			err := call(ctx)
			require.Equal(t, codes.PermissionDenied, status.Code(err), "%s, %s", name, what)
			require.Contains(t, err.Error(), path, "it says where the key lies")
			require.NotContains(t, err.Error(), e.Key())
		}
		require.NoError(t, call(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+e.Key())), name)
	}
	health, err := healthpb.NewHealthClient(connection).
		Check(t.Context(), &healthpb.HealthCheckRequest{Service: "temporal.api.workflowservice.v1.WorkflowService"})
	require.NoError(t, err, "whether it is there may be asked by everybody")
	require.Equal(t, healthpb.HealthCheckResponse_SERVING, health.Status)

	quiet := sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	_, err = client.DialContext(t.Context(), client.Options{HostPort: e.Address(), Logger: quiet})
	require.ErrorContains(t, err, path, "Temporal's own clients show it, too")
}

func TestTheKeyStaysAndIsFoundWhileTheServerRuns(t *testing.T) {
	home(t)
	dir := t.TempDir()
	first, err := engine.Start(t.Context(), options(dir))
	require.NoError(t, err)
	key, err := localserver.Find(first.Address())
	require.NoError(t, err)
	require.Equal(t, first.Key(), key)
	require.NoError(t, first.Stop())
	key, err = localserver.Find(first.Address())
	require.NoError(t, err)
	require.Empty(t, key)

	second := start(t, options(dir))
	require.Equal(t, first.Key(), second.Key())
	memory := start(t, options(""))
	require.NotEqual(t, second.Key(), memory.Key())
	key, err = localserver.Find(memory.Address())
	require.NoError(t, err)
	require.Equal(t, memory.Key(), key)
}

func TestWithoutAPlaceForTheKeyTheServerRunsAndSaysSo(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, "")
	}
	var log bytes.Buffer
	opts := options("")
	opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	e := start(t, opts)
	c := dial(t, e)
	defer c.Close()
	require.Contains(t, log.String(), "TEMPORAL_API_KEY")
	require.NotContains(t, log.String(), e.Key())
}

func TestABrokenKeyFileIsExplained(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, engine.KeyFile), []byte("secret\n"), 0o600))
	_, err := engine.Start(t.Context(), options(dir))
	require.ErrorContains(t, err, filepath.Join(dir, engine.KeyFile))
	require.ErrorContains(t, err, "→ remove it")
	require.NotContains(t, err.Error(), "secret\n")
}

// The parts of the server listen, too, and do as they are told without a key.
func TestTheOtherPortsOfTheServerAreClosedToOthers(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the ports of a process are found in /proc")
	}
	before := listening(t)
	e := start(t, options(""))
	_, ui, err := net.SplitHostPort(strings.TrimPrefix(e.UIURL(), "http://"))
	require.NoError(t, err)
	tried := 0
	for port := range listening(t) {
		if before[port] || strconv.Itoa(port) == ui {
			continue
		}
		tried++
		for how, with := range map[string]credentials.TransportCredentials{
			"plain": insecure.NewCredentials(), "TLS": credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}),
		} {
			connection := connect(t, fmt.Sprintf("127.0.0.1:%d", port), with)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			_, err := workflowservice.NewWorkflowServiceClient(connection).ListNamespaces(ctx, &workflowservice.ListNamespacesRequest{})
			require.Contains(t, []codes.Code{codes.Unavailable, codes.PermissionDenied}, status.Code(err), "port %d, %s: %v", port, how, err)
			_, err = healthpb.NewHealthClient(connection).Check(ctx, &healthpb.HealthCheckRequest{})
			if how == "TLS" {
				require.Equal(t, codes.Unavailable, status.Code(err), "port %d: %v", port, err)
			}
			cancel()
		}
	}
	require.GreaterOrEqual(t, tried, 4, "frontend, internal frontend, history, matching")
}

// listening are the TCP ports on which this process listens.
func listening(t *testing.T) map[int]bool {
	t.Helper()
	sockets := map[string]bool{}
	descriptors, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, descriptor := range descriptors {
		target, _ := os.Readlink("/proc/self/fd/" + descriptor.Name())
		if inode := regexp.MustCompile(`^socket:\[(\d+)\]$`).FindStringSubmatch(target); inode != nil {
			sockets[inode[1]] = true
		}
	}
	table, err := os.ReadFile("/proc/self/net/tcp")
	require.NoError(t, err)
	ports := map[int]bool{}
	for _, line := range strings.Split(string(table), "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) > 9 && fields[3] == "0A" && sockets[fields[9]] {
			port, err := strconv.ParseInt(fields[1][strings.IndexByte(fields[1], ':')+1:], 16, 32)
			require.NoError(t, err)
			ports[int(port)] = true
		}
	}
	return ports
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such modes on Windows")
	}
	dir := filepath.Join(t.TempDir(), "data")
	first, err := engine.Start(t.Context(), options(dir))
	require.NoError(t, err)
	c := dial(t, first)
	runGreeting(t, c, "greeting")
	c.Close()
	modes := func() map[string]fs.FileMode {
		found := map[string]fs.FileMode{}
		require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			found[filepath.Base(path)] = info.Mode().Perm()
			return err
		}))
		return found
	}
	running := modes()
	require.Contains(t, running, "temporal-1.32.db-wal")
	for name, mode := range running {
		want := fs.FileMode(0o600)
		if name == "data" {
			want = 0o700
		}
		require.Equal(t, want, mode, name)
	}
	require.NoError(t, first.Stop())

	// As the first version left it.
	require.NoError(t, os.Chmod(dir, 0o755))
	for name := range modes() {
		if name != "data" {
			require.NoError(t, os.Chmod(filepath.Join(dir, name), 0o644))
		}
	}
	var log bytes.Buffer
	opts := options(dir)
	opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	second, err := engine.Start(t.Context(), opts)
	require.NoError(t, err)
	for name, mode := range modes() {
		require.Zero(t, mode&0o077, name)
	}
	for _, name := range []string{dir, "temporal-1.32.db", "made anew"} {
		require.Contains(t, log.String(), name)
	}
	require.NotEqual(t, first.Key(), second.Key(), "others could have read it")
	require.NoError(t, second.Stop())

	// A directory that is used for other things, too, is not taken away from them.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holiday.jpg"), nil, 0o644))
	require.NoError(t, os.Chmod(dir, 0o755))
	log.Reset()
	third, err := engine.Start(t.Context(), opts)
	require.NoError(t, err)
	defer third.Stop()
	require.Equal(t, fs.FileMode(0o755), modes()["data"])
	require.Equal(t, fs.FileMode(0o644), modes()["holiday.jpg"])
	require.Contains(t, log.String(), "holiday.jpg")
	require.Equal(t, second.Key(), third.Key())
}
