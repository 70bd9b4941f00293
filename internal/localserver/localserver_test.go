package localserver_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/localserver"
)

// home gives the test a configuration directory of its own.
func home(t *testing.T) {
	t.Helper()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, t.TempDir())
	}
}

func TestAServersKeyIsFoundByItsPortForAsLongAsItRuns(t *testing.T) {
	home(t)
	server := localserver.Server{PID: os.Getpid(), Address: "127.0.0.1:7233", Key: "abc"}
	path, err := localserver.Publish(server)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		info, err = os.Stat(filepath.Dir(path))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	}
	for address, want := range map[string]string{
		"127.0.0.1:7233": "abc", "localhost:7233": "abc", "[::1]:7233": "abc",
		"127.0.0.1:7234": "", "temporal.example.com:7233": "", "10.0.0.1:7233": "", "localhost": "", "localhost:../7233": "",
	} {
		key, err := localserver.Find(address)
		require.NoError(t, err, address)
		require.Equal(t, want, key, address)
	}

	replaced := localserver.Server{PID: os.Getpid(), Address: "127.0.0.1:7233", Key: "def"}
	_, err = localserver.Publish(replaced)
	require.NoError(t, err)
	require.NoError(t, localserver.Withdraw(server))
	key, err := localserver.Find("127.0.0.1:7233")
	require.NoError(t, err)
	require.Equal(t, "def", key, "it was another's to withdraw")
	require.NoError(t, localserver.Withdraw(replaced))
	require.NoError(t, localserver.Withdraw(replaced))
	key, err = localserver.Find("127.0.0.1:7233")
	require.NoError(t, err)
	require.Empty(t, key)
}

// Whoever listens on the port after a server was killed is not given its key.
func TestTheKeyOfAKilledServerIsNotFoundAndIsCleanedUp(t *testing.T) {
	home(t)
	gone := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	require.NoError(t, gone.Run())
	path, err := localserver.Publish(localserver.Server{PID: gone.Process.Pid, Address: "127.0.0.1:7233", Key: "abc"})
	require.NoError(t, err)
	key, err := localserver.Find("127.0.0.1:7233")
	require.NoError(t, err)
	require.Empty(t, key)

	_, err = localserver.Publish(localserver.Server{PID: os.Getpid(), Address: "127.0.0.1:7234", Key: "def"})
	require.NoError(t, err)
	require.NoFileExists(t, path)
}

func TestAFileThatOthersCouldHaveWrittenIsNotTrusted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such modes on Windows")
	}
	home(t)
	path, err := localserver.Publish(localserver.Server{PID: os.Getpid(), Address: "127.0.0.1:7233", Key: "abc"})
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o644))
	_, err = localserver.Find("127.0.0.1:7233")
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "→")
}

func TestWithoutAConfigurationDirectoryNothingIsFound(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, "")
	}
	_, err := localserver.Publish(localserver.Server{PID: os.Getpid(), Address: "127.0.0.1:7233", Key: "abc"})
	require.Error(t, err)
	key, err := localserver.Find("127.0.0.1:7233")
	require.NoError(t, err)
	require.Empty(t, key)
}
