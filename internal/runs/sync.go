package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/onboarding"
)

// NotOnboardedError says that no run of a studio was done, so that later work has nothing to start from.
type NotOnboardedError struct {
	Run string
	// State is that of its latest run; empty where there is none.
	State onboarding.RunState
}

// Error says what to do first.
func (e *NotOnboardedError) Error() string {
	switch e.State {
	case onboarding.RunRunning, onboarding.RunWaiting, onboarding.RunAttention:
		return fmt.Sprintf("the first run of %s is not done (%s) → let it end first: starter watch %s", e.Run, e.State, e.Run)
	case "":
		return fmt.Sprintf("no run of %s has begun yet → carry its spec out: starter onboard -f spec.yaml", e.Run)
	case onboarding.RunDone:
		return fmt.Sprintf("the run of %s ended before this version, and its report does not say where to find things → run it again, "+
			"which adopts everything: starter onboard -f spec.yaml", e.Run)
	}
	return fmt.Sprintf("no run of %s was done yet (the last one: %s) → carry its spec out: starter onboard -f spec.yaml", e.Run, e.State)
}

// Handles answers with where to find everything that is in force: that of the last run that was done, whatever became of later ones. It
// is a *NotOnboardedError where there was none. Other errors are those of Studio.
func Handles(ctx context.Context, c client.Client, name string) (onboarding.Handles, error) {
	studio, err := Studio(ctx, c, name)
	if err != nil {
		return onboarding.Handles{}, err
	}
	if following := studio.Following(); following != nil {
		return *following, nil
	}
	none := &NotOnboardedError{Run: name}
	if len(studio.Runs) > 0 {
		none.State = studio.Runs[len(studio.Runs)-1].State
	}
	return onboarding.Handles{}, none
}

// SetSync changes how a studio keeps access as Okta has it. Errors are those of Studio; what the studio does not accept is a
// *RefusedError.
func SetSync(ctx context.Context, c client.Client, name string, in onboarding.SyncRequest) (onboarding.Acknowledgement, error) {
	return ask[onboarding.Acknowledgement](ctx, c, name, onboarding.UpdateSync, "", in)
}

// Reconcile has a studio make access follow Okta once, as soon as nobody else changes it, and waits for its end. When the context ends
// it goes on without us. notice is told what is waited for; it may be nil. Errors are those of Studio and Check; where access could
// not be made right, the error says why.
func Reconcile(ctx context.Context, c client.Client, name string, in onboarding.ReconcileRequest, every time.Duration,
	notice func(string)) (onboarding.ReconcileReport, error) {
	queued, err := ask[onboarding.Queued](ctx, c, name, onboarding.UpdateReconcile, "", in)
	if err != nil {
		return onboarding.ReconcileReport{}, err
	}
	one, err := awaitTurn(ctx, c, name, queued.N, every, notice)
	if err != nil {
		return onboarding.ReconcileReport{}, err
	}
	started := c.GetWorkflow(ctx, one.WorkflowID, one.RunID)
	return reconciled(ctx, c, name, started, every, notice)
}

// awaitTurn waits until a reconcile has started.
func awaitTurn(ctx context.Context, c client.Client, name string, n int, every time.Duration,
	notice func(string)) (onboarding.ReconcileRecord, error) {
	if every <= 0 {
		every = LookEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	told := ""
	for {
		studio, err := record(ctx, c, name)
		if err != nil {
			return onboarding.ReconcileRecord{}, err
		}
		one := studio.Reconcile(n)
		switch {
		case one == nil:
			return onboarding.ReconcileRecord{}, fmt.Errorf("reconcile %d of %s is no longer known → see the latest: starter sync %s",
				n, name, name)
		case one.RunID != "":
			return *one, nil
		case !one.EndedAt.IsZero():
			return *one, &FailedError{What: "reconcile", Run: name, Message: one.Message, Remedy: one.Remedy}
		}
		if text := waitsFor(studio); text != told && notice != nil {
			told = text
			notice(text)
		}
		select {
		case <-ctx.Done():
			return onboarding.ReconcileRecord{}, ctx.Err()
		case <-tick.C:
		}
	}
}

// waitsFor says who changes access now.
func waitsFor(studio onboarding.Studio) string {
	if run := studio.Open(); run != nil && studio.Turn == run.WorkflowID {
		return fmt.Sprintf("waits until run %d has changed access", run.N)
	}
	return "waits until the reconcile under way has ended"
}

// DryRun has the worker list what a reconcile of the spec in force would change. It changes nothing and waits for nobody's turn. Errors
// are those of Handles and Check.
func DryRun(ctx context.Context, c client.Client, handles onboarding.Handles, by string, every time.Duration,
	notice func(string)) (onboarding.ReconcileReport, error) {
	name := handles.Spec.Name
	started, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: onboarding.ReadingID(name) + "-" + uuid.NewString(), TaskQueue: onboarding.TaskQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary: "What a reconcile of Studio **" + name + "** would change",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(onboarding.RunRunning)),
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(onboarding.StepVerify)),
		),
	}, onboarding.WorkflowReconcile, onboarding.ReconcileInput{Handles: handles, DryRun: true, StartedBy: by})
	if err != nil {
		return onboarding.ReconcileReport{}, fmt.Errorf("start the dry run of %s: %w", name, err)
	}
	return reconciled(ctx, c, name, started, every, notice)
}

// reconciled waits for the end of a reconcile that has started.
func reconciled(ctx context.Context, c client.Client, name string, started client.WorkflowRun, every time.Duration,
	notice func(string)) (onboarding.ReconcileReport, error) {
	var report onboarding.ReconcileReport
	if err := (looking{what: "reconcile", run: name, every: every, notice: notice}).await(ctx, c, started); err != nil {
		return report, err
	}
	if err := started.Get(ctx, &report); err != nil {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		var canceled *temporal.CanceledError
		if errors.As(err, &canceled) {
			return report, &FailedError{What: "reconcile", Run: name, Message: "it was cancelled"}
		}
		message, remedy := failureOf(err)
		return report, &FailedError{What: "reconcile", Run: name, Message: message, Remedy: remedy}
	}
	if err := listChanges(ctx, c, executionOf(started), &report); err != nil && notice != nil {
		notice("The differences cannot be listed: " + err.Error())
	}
	return report, ctx.Err()
}

// listChanges puts the first of the differences into a report, which names nobody. A report of the first version has them.
func listChanges(ctx context.Context, c client.Client, of *workflow.WorkflowExecutionInfo, report *onboarding.ReconcileReport) error {
	if report.Changes.Generation == "" {
		return nil
	}
	var page onboarding.ChangesPage
	err := query(ctx, c, report.Run, of, queryWithin, &page, onboarding.QueryChanges,
		onboarding.ChangesQuery{Studio: report.Run, Generation: report.Changes.Generation})
	for _, change := range page.Changes {
		change.Held = change.Held && report.Held != "" // which may have been settled since by a push
		report.Changes.Listed = append(report.Changes.Listed, change)
	}
	return err
}
