// Package workflows holds the durable half of a run: what happens in which order, what is waited for, and what a person
// decides. It does no I/O; that is the activities' part.
package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
)

// Register makes the workflows known to a worker under the names of package onboarding.
//
// Where workers are versioned (internal/deployment), a workflow stays with the version that it began with, so that code never meets a
// history of other code. A studio moves when it continues as new, and the record of the store, which does nothing, moves at once.
func Register(w worker.WorkflowRegistry) {
	for name, pinned := range map[string]any{
		onboarding.WorkflowOnboard: Onboard, onboarding.WorkflowCheck: Check, onboarding.WorkflowPlan: Plan,
		onboarding.WorkflowSurvey: Survey, onboarding.WorkflowReconcile: Reconcile, onboarding.WorkflowAccessList: AccessList,
		onboarding.WorkflowExplainPerson: ExplainPerson, onboarding.WorkflowStudio: Studio, onboarding.WorkflowFleet: Fleet,
		onboarding.WorkflowNotifyTest: NotifyTest,
	} {
		w.RegisterWorkflowWithOptions(pinned, workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorPinned})
	}
	w.RegisterWorkflowWithOptions(Store, workflow.RegisterOptions{
		Name: onboarding.WorkflowStore, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
}

// Onboard carries out one spec, from the preflight to the report. It ends with the report; with a cancellation when it was
// cancelled; or, when an operator aborted it, with an application error of type "Aborted". The last two carry the report as well,
// because what was made stays. Nothing else ends it: a step that fails for good parks and waits for a decision.
func Onboard(ctx workflow.Context, in onboarding.OnboardInput) (onboarding.Report, error) {
	r := newRun(ctx, in)
	if err := r.setHandlers(ctx); err != nil {
		return onboarding.Report{}, err
	}
	if r.home != "" {
		hear(ctx, onboarding.SignalAccepted, func(_ workflow.Context, elsewhere []onboarding.AcceptedException) {
			r.accepted = append(r.accepted, elsewhere...)
		})
	}
	if r.careful {
		workflow.Go(ctx, r.publishing)
	}
	err := r.runbook(ctx)
	r.end(ctx, err)
	if waitErr := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); waitErr != nil && err == nil {
		err = waitErr
	}
	switch {
	case errors.Is(err, errAborted):
		return onboarding.Report{}, temporal.NewNonRetryableApplicationError(r.abortMessage(), onboarding.ErrorAborted, nil, r.report)
	case temporal.IsCanceledError(err):
		return onboarding.Report{}, temporal.NewCanceledError(r.report)
	}
	return r.report, err
}

// runbook is the run from top to bottom.
func (r *run) runbook(ctx workflow.Context) error {
	if err := r.step(ctx, onboarding.StepPreflight, r.preflight); err != nil {
		return err
	}
	if err := r.sideBySide(ctx, r.identityLane, r.studioLane); err != nil {
		return err
	}
	if err := r.letIn(ctx); err != nil {
		return err
	}
	return r.inOrder(ctx,
		stage{onboarding.StepVerify, r.verify},
		stage{onboarding.StepReport, r.complete},
	)
}

func (r *run) identityLane(ctx workflow.Context) error {
	return r.inOrder(ctx,
		stage{onboarding.StepIdentityCenter, r.identityCenter},
		stage{onboarding.StepOktaApp, r.oktaApp},
		stage{onboarding.StepSAMLExchange, r.samlExchange},
		stage{onboarding.StepSCIM, r.scim},
		stage{onboarding.StepOktaGroups, r.oktaGroups},
		stage{onboarding.StepDirectorySync, r.directorySync},
	)
}

func (r *run) studioLane(ctx workflow.Context) error {
	return r.inOrder(ctx,
		stage{onboarding.StepExecutionRole, r.executionRole},
		stage{onboarding.StepNetwork, r.network},
		stage{onboarding.StepDomain, r.domain},
	)
}

// stage is a step with what it does; the text says what it found or made.
type stage struct {
	step onboarding.Step
	do   func(workflow.Context) (string, error)
}

func (r *run) inOrder(ctx workflow.Context, stages ...stage) error {
	for _, s := range stages {
		if err := r.step(ctx, s.step, s.do); err != nil {
			return err
		}
	}
	return nil
}

// sideBySide runs lanes at the same time. When one ends with an error (an abort or a cancellation, as faults park), the
// others are cancelled, and all of them have ended when it returns.
func (r *run) sideBySide(ctx workflow.Context, lanes ...func(workflow.Context) error) error {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(lanes))
	wg := workflow.NewWaitGroup(ctx)
	for i, lane := range lanes {
		wg.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wg.Done()
			if errs[i] = lane(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait(ctx)
	for _, err := range errs {
		if errors.Is(err, errAborted) {
			return err
		}
	}
	return errors.Join(errs...)
}
