package temporalclient_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"studio-onboarding/internal/temporalclient"
)

// logged is a log that is read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

func TestAwaitWaitsForAServerAndSaysSoOnce(t *testing.T) {
	address := free(t)
	var log logged
	ended := make(chan error, 1)
	go func() {
		settings := temporalclient.Settings{
			Address: address, Env: env{}, Logger: slog.New(slog.NewTextHandler(&log, nil)), Timeout: 200 * time.Millisecond,
		}
		c, err := settings.Await(t.Context())
		if err == nil {
			c.Close()
		}
		ended <- err
	}()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "waiting for Temporal") }, 10*time.Second, 10*time.Millisecond)
	require.Contains(t, log.String(), address)

	fake := startFakeAt(t, address)
	fake.mu.Lock()
	fake.refuseNamespace, fake.refusals = codes.Unavailable, 2 // it is starting
	fake.mu.Unlock()
	require.NoError(t, <-ended)
	require.Equal(t, 1, strings.Count(log.String(), "waiting for Temporal"), "once a minute")
	require.Contains(t, log.String(), "Temporal answers")
	fake.mu.Lock()
	defer fake.mu.Unlock()
	require.Zero(t, fake.refusals, "it waited until the server knew the namespace")
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := temporalclient.Settings{Address: free(t), Env: env{}, Timeout: 100 * time.Millisecond}.Await(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestAwaitDoesNotWaitForWhatSomebodyHasToChange(t *testing.T) {
	refusing := func(code codes.Code) string {
		fake := startFake(t)
		fake.refuseNamespace, fake.refusals = code, 1000
		return fake.address
	}
	for name, test := range map[string]struct {
		settings temporalclient.Settings
		says     string
	}{
		"a wrong namespace": {temporalclient.Settings{Address: refusing(codes.NotFound), Namespace: "prod", Env: env{}},
			"operator namespace create -n prod"},
		"refused credentials": {temporalclient.Settings{Address: refusing(codes.PermissionDenied), Env: env{}}, "not for you"},
		"unknown credentials": {temporalclient.Settings{Address: refusing(codes.Unauthenticated), Env: env{}}, "not for you"},
		"TLS where there is none": {temporalclient.Settings{Address: startFake(t).address, Env: env{"TEMPORAL_TLS": "true"},
			Timeout: time.Second}, "TEMPORAL_TLS=false"},
		"no address":      {temporalclient.Settings{Address: "temporal", Env: env{}, Timeout: 200 * time.Millisecond}, "host:port"},
		"broken settings": {temporalclient.Settings{Env: env{"TEMPORAL_CONFIG_FILE": file(t, "[profile")}}, "temporal.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := test.settings.Await(ctx)
			require.ErrorContains(t, err, test.says)
			require.NoError(t, ctx.Err())
		})
	}
}
