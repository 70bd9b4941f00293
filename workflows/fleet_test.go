package workflows_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/record"
	"studio-onboarding/internal/ending"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/workflows"
)

// harbour is a fleet whose studios take as long as a test says.
type harbour struct {
	*testsuite.TestWorkflowEnvironment
	mu      sync.Mutex
	ends    map[string]time.Time
	most    int
	applied []onboarding.Apply
	told    []string
}

func newHarbour(t *testing.T, lasts func(studio string) time.Duration) *harbour {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	h := &harbour{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), ends: map[string]time.Time{}}
	h.SetTestTimeout(time.Minute)
	h.RegisterWorkflowWithOptions(workflows.Fleet, workflow.RegisterOptions{Name: onboarding.WorkflowFleet})
	var a *record.Activities
	h.RegisterActivity(a)
	h.OnActivity(a.Apply, mock.Anything, mock.Anything).Return(func(_ context.Context, in onboarding.Apply) (onboarding.Applied, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		id := onboarding.WorkflowID(in.Spec.Name)
		if end, there := h.ends[id]; there && end.After(h.Now()) {
			return onboarding.Applied{WorkflowID: id, Attached: true}, nil
		}
		h.applied = append(h.applied, in)
		h.ends[id] = h.Now().Add(lasts(in.Spec.Name))
		going := 0
		for _, end := range h.ends {
			if end.After(h.Now()) {
				going++
			}
		}
		h.most = max(h.most, going)
		return onboarding.Applied{N: 1, WorkflowID: id, RunID: in.Spec.Name}, nil
	})
	h.OnActivity(a.AwaitRun, mock.Anything, mock.Anything).Return(func(_ context.Context, in record.FindInput) (ending.End, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		switch {
		case h.ends[in.WorkflowID].After(h.Now()):
			return ending.End{}, temporal.NewApplicationErrorWithOptions("the run goes on", string(fault.NotReady),
				temporal.ApplicationErrorOptions{NextRetryDelay: 10 * time.Minute})
		case in.RunID == "run-03":
			return ending.End{State: onboarding.RunAborted, Message: "aborted at domain by op: enough"}, nil
		}
		return ending.End{State: onboarding.RunDone}, nil
	})
	h.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(
		func(_, id, _, _ string, _ any) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.told = append(h.told, id)
			return nil
		})
	return h
}

func fleetOf(n, parallel int) onboarding.FleetInput {
	in := onboarding.FleetInput{Parallel: parallel}
	for i := range n {
		in.Runs = append(in.Runs, onboarding.OnboardInput{Spec: onboarding.Spec{Name: fmt.Sprintf("run-%02d", i)}})
	}
	return in
}

func (h *harbour) result(t *testing.T) onboarding.FleetProgress {
	t.Helper()
	require.True(t, h.IsWorkflowCompleted())
	require.NoError(t, h.GetWorkflowError())
	var p onboarding.FleetProgress
	require.NoError(t, h.GetWorkflowResult(&p))
	return p
}

func TestAFleetKeepsItsBoundAndEndsWithAll(t *testing.T) {
	h := newHarbour(t, func(string) time.Duration { return time.Hour })
	h.RegisterDelayedCallback(func() {
		value, err := h.QueryWorkflow(onboarding.QueryFleet)
		require.NoError(t, err)
		var p onboarding.FleetProgress
		require.NoError(t, value.Get(&p))
		require.Equal(t, onboarding.FleetRunning, p.Runs[0].State)
		require.Equal(t, onboarding.FleetQueued, p.Runs[11].State)
	}, 30*time.Minute)
	h.ExecuteWorkflow(onboarding.WorkflowFleet, fleetOf(12, 5))
	p := h.result(t)
	require.Equal(t, 5, h.most)
	require.Len(t, h.applied, 12)
	for _, run := range p.Runs {
		if run.Run == "run-03" {
			require.Equal(t, onboarding.FleetFailed, run.State)
			require.Contains(t, run.Message, "enough")
			continue
		}
		require.Equal(t, onboarding.FleetDone, run.State, run.Run)
		require.False(t, run.EndedAt.IsZero())
	}
}

func TestAFleetLeavesARunOfTheSameNameAlone(t *testing.T) {
	h := newHarbour(t, func(string) time.Duration { return time.Hour })
	in := fleetOf(2, 1)
	in.Runs[0].Spec.Name = "other"
	h.ends[onboarding.WorkflowID("other")] = h.Now().Add(time.Hour)
	h.ExecuteWorkflow(onboarding.WorkflowFleet, in)
	p := h.result(t)
	require.Equal(t, []onboarding.FleetState{onboarding.FleetAttached, onboarding.FleetDone}, []onboarding.FleetState{p.Runs[0].State,
		p.Runs[1].State})
	require.Len(t, h.applied, 1)
}

func TestACancelledFleetLeavesItsRunsAndStartsNoMore(t *testing.T) {
	h := newHarbour(t, func(string) time.Duration { return 24 * time.Hour })
	h.RegisterDelayedCallback(h.CancelWorkflow, time.Hour)
	h.ExecuteWorkflow(onboarding.WorkflowFleet, fleetOf(4, 2))
	require.True(t, h.IsWorkflowCompleted())
	require.Error(t, h.GetWorkflowError())
	require.Len(t, h.applied, 2)
	require.Empty(t, h.told)
}

// A fleet of a hundred asked a hundred times about the same six people.
func TestAFleetAsksOnce(t *testing.T) {
	accepted := []onboarding.AcceptedException{{Person: "eve@example.com", Code: "no-email", By: "ada@example.com", Why: "is a robot"}}
	h := newHarbour(t, func(string) time.Duration { return time.Hour })
	h.RegisterDelayedCallback(func() { h.SignalWorkflow(onboarding.SignalAccepted, accepted) }, 30*time.Minute)
	h.ExecuteWorkflow(onboarding.WorkflowFleet, fleetOf(4, 2))
	h.result(t)
	require.ElementsMatch(t, []string{"studio-run-00", "studio-run-01"}, h.told, "those that go on are told")
	require.Empty(t, h.applied[1].Accepted)
	require.Equal(t, accepted, h.applied[2].Accepted, "those that start later know")
	require.Equal(t, accepted, h.applied[3].Accepted)
}
