package engine_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The UI brings the key along: other users' programs would need none.
func TestTheUIIsOfTheUserWhoStartedIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can ask as another user")
	}
	e := start(t, options(""))
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		runtime.LockOSThread() // the kernel takes the owner of a socket from the thread
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(4711); err != nil {
			return nil, err
		}
		defer func() { _ = syscall.Setfsuid(0) }()
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	transport := &http.Transport{DialContext: dial}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(e.UIURL() + listing)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	require.Contains(t, string(body), "this Temporal UI belongs to user ")
}
