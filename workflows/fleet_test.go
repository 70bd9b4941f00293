package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
	"studio-onboarding/workflows"
)

// harbour is a fleet whose runs do what a test says, instead of onboarding.
type harbour struct {
	*testsuite.TestWorkflowEnvironment
	sailing, most int
	sailed        []string
}

func newHarbour(t *testing.T, do func(ctx workflow.Context, run string) error) *harbour {
	var suite testsuite.WorkflowTestSuite
	h := &harbour{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment()}
	h.SetTestTimeout(time.Minute)
	h.RegisterWorkflowWithOptions(workflows.Fleet, workflow.RegisterOptions{Name: onboarding.WorkflowFleet})
	h.RegisterWorkflowWithOptions(func(ctx workflow.Context, in onboarding.OnboardInput) (onboarding.Report, error) {
		require.Equal(t, onboarding.WorkflowID(in.Spec.Name), workflow.GetInfo(ctx).WorkflowExecution.ID)
		h.sailing++
		h.most = max(h.most, h.sailing)
		h.sailed = append(h.sailed, in.Spec.Name)
		err := do(ctx, in.Spec.Name)
		h.sailing--
		return onboarding.Report{Run: in.Spec.Name}, err
	}, workflow.RegisterOptions{Name: onboarding.WorkflowOnboard})
	return h
}

func fleetOf(n, parallel int) onboarding.FleetInput {
	in := onboarding.FleetInput{Parallel: parallel}
	for i := range n {
		in.Runs = append(in.Runs, onboarding.OnboardInput{Spec: onboarding.Spec{Name: fmt.Sprintf("run-%02d", i)}})
	}
	return in
}

func TestAFleetKeepsItsBoundAndEndsWithAll(t *testing.T) {
	h := newHarbour(t, func(ctx workflow.Context, run string) error {
		if run == "run-03" {
			return temporal.NewNonRetryableApplicationError("aborted at domain by op: enough", "Aborted", nil)
		}
		return workflow.Sleep(ctx, time.Hour)
	})
	h.RegisterDelayedCallback(func() {
		value, err := h.QueryWorkflow(onboarding.QueryFleet)
		require.NoError(t, err)
		var p onboarding.FleetProgress
		require.NoError(t, value.Get(&p))
		require.Equal(t, onboarding.FleetRunning, p.Runs[0].State)
		require.Equal(t, onboarding.FleetQueued, p.Runs[11].State)
	}, 30*time.Minute)
	h.ExecuteWorkflow(onboarding.WorkflowFleet, fleetOf(12, 5))
	require.True(t, h.IsWorkflowCompleted())
	require.NoError(t, h.GetWorkflowError())
	require.Equal(t, 5, h.most)
	require.Len(t, h.sailed, 12)
	var p onboarding.FleetProgress
	require.NoError(t, h.GetWorkflowResult(&p))
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
	h := newHarbour(t, func(ctx workflow.Context, _ string) error { return workflow.Sleep(ctx, time.Hour) })
	in := fleetOf(2, 2)
	in.Runs[1].Spec.Name = in.Runs[0].Spec.Name
	h.ExecuteWorkflow(onboarding.WorkflowFleet, in)
	require.NoError(t, h.GetWorkflowError())
	var p onboarding.FleetProgress
	require.NoError(t, h.GetWorkflowResult(&p))
	require.Equal(t, []onboarding.FleetState{onboarding.FleetDone, onboarding.FleetAttached}, []onboarding.FleetState{p.Runs[0].State,
		p.Runs[1].State})
	require.Len(t, h.sailed, 1)
}

func TestACancelledFleetLeavesItsRunsAndStartsNoMore(t *testing.T) {
	cancelled := false
	h := newHarbour(t, func(ctx workflow.Context, _ string) error {
		err := workflow.Sleep(ctx, 24*time.Hour)
		cancelled = cancelled || err != nil
		return err
	})
	h.RegisterDelayedCallback(h.CancelWorkflow, time.Hour)
	h.ExecuteWorkflow(onboarding.WorkflowFleet, fleetOf(4, 2))
	require.True(t, h.IsWorkflowCompleted())
	require.Error(t, h.GetWorkflowError())
	require.Len(t, h.sailed, 2)
	require.False(t, cancelled)
}
