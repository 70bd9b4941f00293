package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
	"studio-onboarding/workflows"
)

// record replaces the recorded history of a whole run, which every later version of the workflow has to replay:
//
//	go test ./standalone -run TestTheHistory -record
var record = flag.Bool("record", false, "replace the recorded history of a whole run")

func TestTheHistoryIsShortReplaysAndHoldsNoSecret(t *testing.T) {
	world, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 60})
	require.NoError(t, err)
	defer world.Close()
	dir := t.TempDir()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out output
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, t, &out, "demo", "--port", "0", "--ui-port", "0", "--speed", "60", "--data-dir", dir, "--sandbox", world.URL)
	}()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "Everything stays up") || len(ended) > 0 },
		120*time.Second, 50*time.Millisecond)
	address := regexp.MustCompile(`Temporal: (\S+)`).FindStringSubmatch(out.String())
	require.NotNil(t, address, out.String())

	c, err := temporalclient.Settings{Address: address[1]}.Dial(t.Context())
	require.NoError(t, err)
	defer c.Close()
	var events history.History
	for more := c.GetWorkflowHistory(t.Context(), onboarding.WorkflowID("data-science"), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); more.HasNext(); {
		event, err := more.Next()
		require.NoError(t, err)
		events.Events = append(events.Events, event)
	}
	require.Less(t, len(events.Events), 300, "a run is long enough to read and short enough to keep")

	exported, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&events)
	require.NoError(t, err)
	environment, err := sandbox.Client{URL: world.URL}.Environment(t.Context())
	require.NoError(t, err)
	token, err := os.ReadFile(filepath.Join(dir, "secrets", "scim-token"))
	require.NoError(t, err)
	for name, secret := range map[string]string{
		"AWS secret key": environment["AWS_SECRET_ACCESS_KEY"], "Okta token": environment["OKTA_CLIENT_TOKEN"], "SCIM token": strings.TrimSpace(string(token)),
	} {
		require.NotEmpty(t, secret, name)
		require.False(t, bytes.Contains(exported, []byte(secret)), "the history holds the %s", name)
		require.NotContains(t, out.String(), secret, "the output holds the %s", name)
	}

	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	require.NoError(t, replayer.ReplayWorkflowHistory(temporalclient.Quiet(), &events))

	interrupt()
	require.NoError(t, <-ended)
	if *record {
		host, err := os.Hostname()
		require.NoError(t, err)
		exported = bytes.ReplaceAll(exported, []byte(dir), []byte("/data"))
		exported = bytes.ReplaceAll(exported, []byte("@"+host), []byte("@example"))
		require.NoError(t, os.WriteFile("../workflows/testdata/replay/studio-run.json", exported, 0o644))
	}
}
