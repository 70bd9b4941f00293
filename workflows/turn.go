package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
)

// A run of a studio shares access with the studio's reconciles: one of them changes it at a time. It asks for its turn before it
// changes access, and gives it back while it waits for a person. A run of the first version has no studio and no turn.

// takeTurn waits until the run may change access. From then on the studio's reconciles follow this run's spec.
func (r *run) takeTurn(ctx workflow.Context, step onboarding.Step) error {
	if r.home == "" || r.turn {
		return nil
	}
	told := r.tell(ctx, onboarding.RunNews{WantsTurn: true, Following: r.handles()})
	if err := told.Get(ctx, nil); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Without its studio, which somebody ended, nobody else changes access.
		workflow.GetLogger(ctx).Warn("The studio does not answer; the run goes on by itself", "error", err)
		return nil
	}
	r.set(step, onboarding.StepWaiting, "waits until the reconcile under way has ended")
	turns := workflow.GetSignalChannel(ctx, onboarding.SignalTurn)
	if _, err := await(ctx, "Waiting for the turn to change access", 0, func() bool { return r.aborted || turns.Len() > 0 }); err != nil {
		return err
	}
	if r.aborted {
		return errAborted
	}
	for turns.ReceiveAsync(nil) {
		r.turn = true
	}
	r.set(step, onboarding.StepRunning, "")
	return nil
}

// giveTurn lets others change access.
func (r *run) giveTurn(ctx workflow.Context) {
	if r.turn {
		r.turn = false
		r.tell(ctx, onboarding.RunNews{TurnOver: true})
	}
}

// tell sends news to the studio.
func (r *run) tell(ctx workflow.Context, news onboarding.RunNews) workflow.Future {
	news.RunID = workflow.GetInfo(ctx).WorkflowExecution.RunID
	news.State, news.Step, news.Waiting = r.state(), r.focus(), r.waiting()
	r.told = fmt.Sprint(news.Waiting)
	return workflow.SignalExternalWorkflow(ctx, r.home, "", onboarding.SignalNews, news)
}

// waiting is what waits for a person: the requests, and the parked steps.
func (r *run) waiting() []onboarding.Waiting {
	var waiting []onboarding.Waiting
	for _, request := range r.requests {
		waiting = append(waiting, onboarding.Waiting{
			Step: request.Step, Title: request.Title, Since: request.Since, Deadline: request.Deadline, URL: request.URL,
		})
	}
	for _, parked := range r.parked {
		waiting = append(waiting, onboarding.Waiting{
			Step: parked.Step, Parked: true, Since: parked.Since, Attempts: parked.Attempts, Skippable: parked.Skippable,
		})
	}
	return waiting
}

// changesAccess says which steps need the turn.
func changesAccess(step onboarding.Step) bool {
	return step == onboarding.StepAccess || step == onboarding.StepVerify
}
