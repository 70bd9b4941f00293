package workflows_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/workflows"
)

// replay runs today's workflow code over a history in Temporal's JSON form.
func replay(t *testing.T, history []byte) error {
	t.Helper()
	events, err := client.HistoryFromJSON(bytes.NewReader(history), client.HistoryJSONOptions{})
	require.NoError(t, err)
	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	return replayer.ReplayWorkflowHistory(nil, events)
}

// A run that waits for a person for days must survive an upgrade of its worker.
func TestRecordedHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/replay/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			history, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, replay(t, history))
		})
	}
}

// That the replay of a changed workflow fails is what makes the test above worth something.
func TestAHistoryOfAnotherWorkflowDoesNotReplay(t *testing.T) {
	history, err := os.ReadFile("testdata/replay/onboard.json")
	require.NoError(t, err)
	changed := bytes.Replace(history, []byte(`"name": "ResolveNetwork"`), []byte(`"name": "LookAtTheNetwork"`), 1)
	require.NotEqual(t, history, changed)
	require.ErrorContains(t, replay(t, changed), "nondeterministic")
}
