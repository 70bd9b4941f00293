package sandbox_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

func TestEqualWorldsAreEqual(t *testing.T) {
	state := func(names ...string) string {
		w := start(t, fast)
		w.enable()
		e := w.provisioning()
		for _, name := range names {
			e.add(name)
		}
		w.domain("studio")
		all, err := w.State(w.ctx)
		w.NoError(err)
		w.NotContains(string(all), e.token)
		var parts map[string]json.RawMessage
		w.NoError(json.Unmarshal(all, &parts))
		return string(parts["aws"])
	}
	require.JSONEq(t, state("a@example.com", "b@example.com"), state("b@example.com", "a@example.com"))
}

func TestStartTellsOfAUsedPortAndCloseFreesIt(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{})
	require.NoError(t, err)
	address := strings.TrimPrefix(server.URL, "http://")
	_, err = sandbox.Start(t.Context(), address, sandbox.Config{})
	require.ErrorContains(t, err, "sandbox: listen on "+address)
	require.NoError(t, server.Close())
	require.NoError(t, server.Close(), "closing twice is fine")
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	require.NoError(t, listener.Close())
}

func TestAWorldEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server, err := sandbox.Start(ctx, "127.0.0.1:0", sandbox.Config{})
	require.NoError(t, err)
	cancel()
	require.NoError(t, server.Close())
	_, err = sandbox.Client{URL: server.URL}.People(t.Context())
	require.Error(t, err)
}

func TestAWorldNeedsAnAddressAndEnoughPeople(t *testing.T) {
	_, err := sandbox.New(sandbox.Config{})
	require.ErrorContains(t, err, "BaseURL")
	_, err = sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{People: 3})
	require.ErrorContains(t, err, "at least")
}

// Somebody's browser can be made to post to this machine; it says so in the header Origin, programs don't.
func TestThePagesOfTheWebGiveNoOrders(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	post := func(origin string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/sandbox/faults", strings.NewReader("[]"))
		require.NoError(t, err)
		if origin != "" {
			request.Header.Set("Origin", origin)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	require.Equal(t, http.StatusForbidden, post("http://evil.example"))
	require.Equal(t, http.StatusForbidden, post(server.URL), "a page that was rebound has the server's own name")
	require.Equal(t, http.StatusForbidden, post("null"))
	require.Equal(t, http.StatusOK, post(""))
}
