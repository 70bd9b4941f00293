package main

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

func TestTheOperatorOfAClusterIsMorePatientThanThatOfTheDemo(t *testing.T) {
	away := errors.New("the server is away")
	for patience, gives := range map[time.Duration]error{time.Nanosecond: away, clusterPatience: nil} {
		o := &operator{patience: patience, say: func(string, ...any) {}, settled: map[string]bool{}, trouble: map[string]trouble{}}
		require.NoError(t, o.once("request", func() error { return away }), "trouble is no reason to give up at once")
		require.Equal(t, gives, o.once("request", func() error { return away }))
	}
	require.Greater(t, clusterPatience, demoPatience)
}

func TestOperateSaysWhereItFindsNoSandbox(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	cmd := command()
	cmd.SetArgs([]string{"operate", "--secrets", t.TempDir(), "--sandbox", "http://" + listener.Addr().String()})
	require.ErrorContains(t, cmd.ExecuteContext(t.Context()), "standalone sandbox")
}

func TestASandboxSaysThatItIsHealthy(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{})
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(server.URL[len("http://"):])
	require.NoError(t, err)
	healthy := func() error {
		cmd := command()
		cmd.SetArgs([]string{"sandbox", "--healthy", "--listen", "0.0.0.0:" + port})
		return cmd.ExecuteContext(t.Context())
	}
	require.NoError(t, healthy())
	server.Close()
	require.Error(t, healthy())
}
