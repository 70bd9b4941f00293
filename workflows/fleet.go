package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/record"
	"studio-onboarding/internal/ending"
	"studio-onboarding/onboarding"
)

// Fleet starts runs, at most in.Parallel at the same time, and ends when all have. Its runs are ordinary ones: they survive
// its end, and a run of that name that is going on already is left alone. A run that fails or is aborted stops no other. What an
// operator accepts in one run is accepted in all of them: a fleet asks once.
func Fleet(ctx workflow.Context, in onboarding.FleetInput) (onboarding.FleetProgress, error) {
	progress := onboarding.FleetProgress{Parallel: max(in.Parallel, 1)}
	for _, run := range in.Runs {
		progress.Runs = append(progress.Runs, onboarding.FleetRun{Run: run.Spec.Name, State: onboarding.FleetQueued})
	}
	err := workflow.SetQueryHandlerWithOptions(ctx, onboarding.QueryFleet, func() (onboarding.FleetProgress, error) { return progress, nil },
		workflow.QueryHandlerOptions{Description: "The runs of the fleet and how they are."})
	if err != nil {
		return progress, err
	}
	f := &fleet{}
	sail := f.carryOut
	if workflow.GetVersion(ctx, "studios", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		sail = carryOut
	} else {
		f.hearAccepted(ctx, progress.Runs)
	}
	slots := workflow.NewSemaphore(ctx, int64(progress.Parallel))
	// A fleet that is cancelled starts no more runs; those that go on are not its to end.
	own, _ := workflow.NewDisconnectedContext(ctx)
	underWay := 0
	for i, run := range in.Runs {
		if err := slots.Acquire(ctx, 1); err != nil {
			return progress, err
		}
		underWay++
		workflow.Go(own, func(ctx workflow.Context) {
			sail(ctx, run, &progress.Runs[i])
			underWay--
			slots.Release(1)
			workflow.SetCurrentDetails(ctx, fleetDetails(progress))
		})
	}
	err = workflow.Await(ctx, func() bool { return underWay == 0 })
	return progress, err
}

// fleet is what the runs of a fleet share.
type fleet struct {
	accepted []onboarding.AcceptedException
}

// hearAccepted takes what an operator accepts in one run, and tells it to all that go on.
func (f *fleet) hearAccepted(ctx workflow.Context, runs []onboarding.FleetRun) {
	hear(ctx, onboarding.SignalAccepted, func(ctx workflow.Context, accepted []onboarding.AcceptedException) {
		f.accepted = append(f.accepted, accepted...)
		for _, run := range runs {
			if run.State == onboarding.FleetRunning {
				workflow.SignalExternalWorkflow(ctx, onboarding.StudioID(run.Run), "", onboarding.SignalAccepted, accepted)
			}
		}
	})
}

// carryOut has a studio carry out one spec of the fleet, and keeps its line.
func (f *fleet) carryOut(ctx workflow.Context, in onboarding.OnboardInput, line *onboarding.FleetRun) {
	var a *record.Activities
	self := workflow.GetInfo(ctx).WorkflowExecution
	line.State, line.StartedAt = onboarding.FleetRunning, workflow.Now(ctx)
	applied, err := call(recordCall(ctx, "Start the run of "+in.Spec.Name), a.Apply, onboarding.Apply{
		// The same for each attempt, so that it counts once.
		ID: self.RunID + "-" + in.Spec.Name, Spec: in.Spec, By: in.StartedBy, Fleet: self.ID, Accepted: f.accepted,
	})
	if err == nil && applied.Attached {
		line.State, line.EndedAt = onboarding.FleetAttached, workflow.Now(ctx)
		line.Message = "a run of this name was going on already"
		return
	}
	var end ending.End
	if err == nil {
		end, err = call(awaitRun(ctx, "Wait for the end of the run of "+in.Spec.Name), a.AwaitRun,
			record.FindInput{WorkflowID: applied.WorkflowID, RunID: applied.RunID})
	}
	line.State, line.EndedAt = onboarding.FleetDone, workflow.Now(ctx)
	switch {
	case err != nil:
		var parked onboarding.Parked
		describe(err, &parked)
		line.State, line.Message = onboarding.FleetFailed, parked.Message
	case end.State != onboarding.RunDone:
		line.State, line.Message = onboarding.FleetFailed, end.Message
	}
}

// carryOut carries one run out as a fleet of the first version did, without a studio.
func carryOut(ctx workflow.Context, in onboarding.OnboardInput, line *onboarding.FleetRun) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            onboarding.WorkflowID(in.Spec.Name),
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:         fmt.Sprintf("Onboard SageMaker Studio **%s** in %s", in.Spec.Domain.Name, in.Spec.Region),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(onboarding.RunRunning)),
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(onboarding.StepPreflight)),
		),
	})
	line.State, line.StartedAt = onboarding.FleetRunning, workflow.Now(ctx)
	child := workflow.ExecuteChildWorkflow(ctx, onboarding.WorkflowOnboard, in)
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		line.State, line.EndedAt = onboarding.FleetAttached, workflow.Now(ctx)
		line.Message = "a run of this name was going on already"
		return
	}
	if err == nil {
		err = child.Get(ctx, nil)
	}
	line.State, line.EndedAt = onboarding.FleetDone, workflow.Now(ctx)
	if err != nil {
		var parked onboarding.Parked
		describe(err, &parked)
		line.State, line.Message = onboarding.FleetFailed, parked.Message
	}
}

func fleetDetails(p onboarding.FleetProgress) string {
	counted := map[onboarding.FleetState]int{}
	for _, run := range p.Runs {
		counted[run.State]++
	}
	text := fmt.Sprintf("%s, at most %d at once.\n", count(len(p.Runs), "run"), p.Parallel)
	for _, state := range slices.Sorted(slices.Values(workflow.DeterministicKeys(counted))) {
		text += fmt.Sprintf("\n- %s: %d", state, counted[state])
	}
	return text
}
