package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/telemetry"
)

// ask runs `worker --healthy`.
func ask(t *testing.T, args ...string) error {
	t.Helper()
	cmd := command()
	cmd.SetArgs(append([]string{"--healthy"}, args...))
	return cmd.ExecuteContext(t.Context())
}

func TestTheHealthCheckSaysWhatReadinessSays(t *testing.T) {
	code, text := http.StatusOK, "temporal: ok\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/readyz", r.URL.Path)
		w.WriteHeader(code)
		_, _ = w.Write([]byte(text))
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	require.NoError(t, ask(t, "--metrics-listen", address))
	require.NoError(t, ask(t, "--metrics-listen", "0.0.0.0:"+port), "a listener on all addresses is asked on this host")
	t.Setenv(telemetry.ListenVariable, address)
	require.NoError(t, ask(t))
	code, text = http.StatusServiceUnavailable, "temporal: ok\npolling: the worker does not ask Temporal for activities\n"
	require.ErrorContains(t, ask(t), "not ready: temporal: ok; polling: the worker does not ask Temporal for activities")
}

func TestTheHealthCheckOfAWorkerThatServesNoneSaysWhatIsMissing(t *testing.T) {
	t.Setenv(telemetry.ListenVariable, "")
	require.ErrorContains(t, ask(t), "METRICS_LISTEN")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.ErrorContains(t, ask(t, "--metrics-listen", listener.Addr().String()), "ask whether the worker is ready")
}
