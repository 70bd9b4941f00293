package workflows_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
	"studio-onboarding/workflows"
)

// replay runs today's workflow code over a history in Temporal's JSON form.
func replay(t *testing.T, recorded []byte) error {
	t.Helper()
	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	return replayer.ReplayWorkflowHistory(nil, historyOf(t, recorded))
}

func historyOf(t *testing.T, recorded []byte) *history.History {
	t.Helper()
	events, err := client.HistoryFromJSON(bytes.NewReader(recorded), client.HistoryJSONOptions{})
	require.NoError(t, err)
	return events
}

// recorded are the recorded histories by name.
func recorded(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/replay/*.json")
	require.NoError(t, err)
	found := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		found[strings.TrimSuffix(filepath.Base(file), ".json")] = data
	}
	require.NotEmpty(t, found)
	return found
}

// A run that waits for a person for days must survive an upgrade of its worker.
func TestRecordedHistoriesReplay(t *testing.T) {
	for name, data := range recorded(t) {
		t.Run(name, func(t *testing.T) { require.NoError(t, replay(t, data)) })
	}
}

// where says where a workflow is at the end of its history: how it ended, or what an open one waits for.
func where(t *testing.T, events *history.History) string {
	t.Helper()
	state := "open"
	for _, event := range events.GetEvents() {
		switch event.GetEventType() {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
			return "finished"
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
			return "aborted"
		case enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
			fields := event.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().GetIndexedFields()
			require.NoError(t, converter.GetDefaultDataConverter().FromPayload(fields[onboarding.SearchAttributeState], &state))
		}
	}
	return state
}

// registry writes down what is registered.
type registry struct {
	worker.WorkflowRegistry
	names []string
}

func (r *registry) RegisterWorkflowWithOptions(_ any, options workflow.RegisterOptions) {
	r.names = append(r.names, options.Name)
}

// Every workflow has a recorded history, and a run one of each place where it can stay.
func TestEveryWorkflowHasARecordedHistory(t *testing.T) {
	have := map[string]bool{}
	for _, data := range recorded(t) {
		events := historyOf(t, data)
		name := events.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()
		have[name], have[name+" "+where(t, events)] = true, true
	}
	all := &registry{}
	workflows.Register(all)
	require.NotEmpty(t, all.names)
	for _, name := range all.names {
		require.True(t, have[name], "no history of %s is recorded; testdata/README.md says how", name)
	}
	for _, state := range []string{"finished", string(onboarding.RunWaiting), string(onboarding.RunAttention), "aborted"} {
		require.True(t, have[onboarding.WorkflowOnboard+" "+state], "no history of a run is recorded that is %s: %v", state, have)
	}
}

// That the replay of a changed workflow fails is what makes the test above worth something.
func TestAHistoryOfAnotherWorkflowDoesNotReplay(t *testing.T) {
	recorded, err := os.ReadFile("testdata/replay/onboard.json")
	require.NoError(t, err)
	changed := bytes.Replace(recorded, []byte(`"name": "ResolveNetwork"`), []byte(`"name": "LookAtTheNetwork"`), 1)
	require.NotEqual(t, recorded, changed)
	require.ErrorContains(t, replay(t, changed), "nondeterministic")
}
