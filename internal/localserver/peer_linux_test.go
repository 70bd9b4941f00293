package localserver_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/localserver"
)

// serve answers "served" on a loopback address, to this user.
func serve(t *testing.T, network, address string) string {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("this machine has no %s: %v", address, err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "served")
	})}
	localserver.OwnUser(server, "This server")
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return listener.Addr().String()
}

// get asks over a socket that is another user's where uid is not 0. The kernel takes the owner of a socket from the thread.
func get(t *testing.T, network, address string, uid int) (int, string) {
	t.Helper()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		if uid != 0 {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if err := syscall.Setfsuid(uid); err != nil {
				return nil, err
			}
			defer func() { _ = syscall.Setfsuid(0) }()
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	transport := &http.Transport{DialContext: dial}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("http://" + address)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func TestTheUserHimselfIsServed(t *testing.T) {
	for _, where := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}} {
		status, body := get(t, where[0], serve(t, where[0], where[1]), 0)
		require.Equal(t, http.StatusOK, status, body)
		require.Equal(t, "served", body)
	}
}

func TestAnotherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can ask as another user")
	}
	for _, where := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}} {
		status, body := get(t, where[0], serve(t, where[0], where[1]), 4711)
		require.Equal(t, http.StatusForbidden, status)
		require.Contains(t, body, "comes from user 4711")
	}
	// A socket for both families, as browsers and Java use it, is in the other table.
	address := serve(t, "tcp4", "127.0.0.1:0")
	status, body := get(t, "tcp", strings.Replace(address, "127.0.0.1", "[::ffff:127.0.0.1]", 1), 4711)
	require.Equal(t, http.StatusForbidden, status, body)
}

// Whoever sends and hangs up at once leaves a socket that the kernel lists as root's, or not at all.
func TestASocketThatIsClosedIsNotTakenForRoots(t *testing.T) {
	for name, linger := range map[string]int{"in order": -1, "by force": 0} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			reached := make(chan string, 10)
			server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				reached <- r.Method
			})}
			localserver.OwnUser(server, "This server")
			c, err := net.Dial("tcp", listener.Addr().String())
			require.NoError(t, err)
			require.NoError(t, c.(*net.TCPConn).SetLinger(linger))
			_, err = io.WriteString(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
			require.NoError(t, err)
			require.NoError(t, c.Close())
			done := make(chan struct{})
			go func() { defer close(done); _ = server.Serve(listener) }() // it takes the connection only now

			for range 3 {
				status, _ := get(t, "tcp4", listener.Addr().String(), 0)
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, http.MethodGet, <-reached, "the first request was refused")
			}
			require.NoError(t, server.Shutdown(t.Context()))
			<-done
			require.Empty(t, reached)
		})
	}
}
