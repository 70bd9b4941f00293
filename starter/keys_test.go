package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/internal/runs/runstest"
)

func TestKeysAreMadeRotatedAndListed(t *testing.T) {
	p := sit(t, &runstest.Fake{})
	file := filepath.Join(t.TempDir(), "payload-keys.json")
	code, out, _ := p.types("keys", "create", file)
	require.Zero(t, code)
	first, _, _ := strings.Cut(out, " ")
	require.Regexp(t, `^[0-9a-f]{8}  encrypts\n$`, out)

	code, _, says := p.types("keys", "create", file)
	require.Equal(t, exitFailure, code)
	require.Contains(t, says, "starter keys rotate "+file)
	code, again, _ := p.types("keys", "create", "--keep", file)
	require.Zero(t, code)
	require.Equal(t, out, again)

	code, out, _ = p.types("keys", "rotate", file)
	require.Zero(t, code)
	require.Regexp(t, `^[0-9a-f]{8}  encrypts\n`+first+`  reads what it encrypted\n$`, out)

	code, out, _ = p.types("keys", "list", file, "--output", "json")
	require.Zero(t, code)
	var listed []payloadcrypt.Key
	require.NoError(t, json.Unmarshal([]byte(out), &listed))
	require.Len(t, listed, 2)
	require.Equal(t, payloadcrypt.Key{ID: first}, listed[1])
}

func TestTheKeysOfTheFlagAreUsed(t *testing.T) {
	p := sit(t, &runstest.Fake{})
	p.types("list", "--payload-keys", "env:KEYS")
	require.Equal(t, "env:KEYS", p.dialled.PayloadKeys)
}

func TestTheCodecEndpointServesTheUIThatIsNamed(t *testing.T) {
	p := sit(t, &runstest.Fake{})
	code, _, says := p.types("codec")
	require.Equal(t, exitUsage, code)
	require.Contains(t, says, payloadcrypt.Variable)

	file := filepath.Join(t.TempDir(), "payload-keys.json")
	_, err := payloadcrypt.Create(file)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reader, writer := io.Pipe()
	p.io.Out = writer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"codec", "--payload-keys", file, "--listen", "127.0.0.1:0", "--ui", "http://localhost:8080"}, p.io)
	}()
	line := make([]byte, 200)
	n, err := reader.Read(line)
	require.NoError(t, err)
	_, url, _ := strings.Cut(strings.TrimSpace(string(line[:n])), ": ")
	for origin, status := range map[string]int{"http://localhost:8080": 200, "http://127.0.0.1:8080": 200, "http://localhost:8081": 403} {
		asking, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(asking, http.MethodPost, url+"/decode", strings.NewReader(`{"payloads":[]}`))
		require.NoError(t, err)
		request.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, status, response.StatusCode, origin)
	}
	stop()
	require.Zero(t, <-ended)
}

func TestTheCodecEndpointSaysThatItIsHealthy(t *testing.T) {
	endpoint := httptest.NewServer(http.NotFoundHandler()) // whatever it answers
	healthy := func() error {
		return codecHealthy(t.Context(), strings.Replace(strings.TrimPrefix(endpoint.URL, "http://"), "127.0.0.1", "0.0.0.0", 1))
	}
	require.NoError(t, healthy())
	endpoint.Close()
	require.Error(t, healthy())
}
