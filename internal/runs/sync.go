package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/onboarding"
)

// MinSyncEvery is the shortest pause between reconciles: each lists everybody at Okta and AWS.
const MinSyncEvery = time.Minute

// SyncStatus says how a run's access is kept right.
type SyncStatus struct {
	Run string `json:"run"`
	// On says that there is a schedule; the fields below are empty where there is none.
	On    bool                `json:"on"`
	Every onboarding.Duration `json:"every,omitempty"`
	// Paused schedules start nothing; somebody paused it in Temporal.
	Paused bool   `json:"paused,omitempty"`
	Note   string `json:"note,omitempty"`
	// Outdated says that the run has been onboarded again since, so that the schedule follows an older spec.
	Outdated bool        `json:"outdated,omitempty"`
	Next     []time.Time `json:"next,omitempty"`
	// Skipped counts times at which the reconcile before was still going on.
	Skipped int `json:"skipped,omitempty"`
	// Last are the latest reconciles, newest first; those that were started by hand are among them.
	Last []SyncRun `json:"last,omitempty"`
}

// SyncRun is one reconcile.
type SyncRun struct {
	WorkflowID string    `json:"workflowId"`
	RunID      string    `json:"runId"`
	StartedAt  time.Time `json:"startedAt"`
	EndedAt    time.Time `json:"endedAt,omitzero"`
	// State is "running", "done", "needs-attention", or how it ended without a report.
	State string `json:"state"`
	// Message is what it failed with, or waits for, and Remedy what to do about it.
	Message string                      `json:"message,omitempty"`
	Remedy  string                      `json:"remedy,omitempty"`
	Report  *onboarding.ReconcileReport `json:"report,omitempty"`
}

// NotOnboardedError says that a run has no result that later work could start from.
type NotOnboardedError struct {
	Run   string
	State onboarding.RunState
}

// Error says what to do first.
func (e *NotOnboardedError) Error() string {
	if e.State == onboarding.RunDone {
		return fmt.Sprintf("run %s ended before this version, and its report does not say where to find things → run it again, "+
			"which adopts everything: starter onboard -f spec.yaml", e.Run)
	}
	return fmt.Sprintf("run %s is not done (%s) → let it end first: starter watch %s", e.Run, e.State, e.Run)
}

// Handles answers with where to find everything that a run has set up; a *NotOnboardedError where it is not done. Other
// errors are those of Report.
func Handles(ctx context.Context, c client.Client, run string) (onboarding.Handles, error) {
	report, err := Report(ctx, c, run)
	if err != nil {
		return onboarding.Handles{}, err
	}
	if report.Handles == nil || report.State != onboarding.RunDone {
		return onboarding.Handles{}, &NotOnboardedError{Run: run, State: report.State}
	}
	return *report.Handles, nil
}

// SetSync creates the schedule that keeps a run's access right, or changes the one that is there: its interval, and the spec
// that it follows. It says whether it created it. by is user@host.
func SetSync(ctx context.Context, c client.Client, run string, every time.Duration, by string) (created bool, err error) {
	handles, err := Handles(ctx, c, run)
	if err != nil {
		return false, err
	}
	in := onboarding.ReconcileInput{Handles: handles, StartedBy: by}
	note := fmt.Sprintf("every %s, set by %s", onboarding.Duration(every), by)
	options := client.ScheduleOptions{
		ID: onboarding.ScheduleID(run), Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}},
		Action: syncAction(run, in), Note: note, Memo: map[string]any{"run": run},
		// A reconcile looks at everything, so one that is missed or skipped is made up for by the next.
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: every, PauseOnFailure: false,
	}
	_, err = c.ScheduleClient().Create(ctx, options)
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err == nil, scheduleError(run, err)
	}
	err = c.ScheduleClient().GetHandle(ctx, options.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			return &client.ScheduleUpdate{Schedule: &client.Schedule{
				Action: options.Action, Spec: &options.Spec, State: &client.ScheduleState{Note: note},
				Policy: &client.SchedulePolicies{Overlap: options.Overlap, CatchupWindow: options.CatchupWindow,
					PauseOnFailure: options.PauseOnFailure},
			}}, nil
		},
	})
	return false, scheduleError(run, err)
}

func syncAction(run string, in onboarding.ReconcileInput) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{
		ID: onboarding.ReconcileID(run), Workflow: onboarding.WorkflowReconcile, Args: []any{in}, TaskQueue: onboarding.TaskQueue,
		TypedSearchAttributes: reconcileAttributes(), StaticSummary: reconcileSummary(in),
	}
}

func reconcileAttributes() temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(onboarding.RunRunning)),
		temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(onboarding.StepVerify)),
	)
}

func reconcileSummary(in onboarding.ReconcileInput) string {
	text := "Make access to Studio **" + in.Handles.Spec.Name + "** follow Okta"
	if in.DryRun {
		text += ", dry run"
	}
	return text
}

// StopSync deletes the schedule, and says whether there was one. A reconcile under way ends by itself.
func StopSync(ctx context.Context, c client.Client, run string) (was bool, err error) {
	err = c.ScheduleClient().GetHandle(ctx, onboarding.ScheduleID(run)).Delete(ctx)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, scheduleError(run, err)
}

// lastShown is how many reconciles Sync tells of.
const lastShown = 5

// Sync says how a run's access is kept right: the schedule, its next times and the latest reconciles.
func Sync(ctx context.Context, c client.Client, run string) (SyncStatus, error) {
	if _, err := describe(ctx, c, run); err != nil {
		return SyncStatus{}, err
	}
	status := SyncStatus{Run: run}
	ids := []client.ScheduleWorkflowExecution{{WorkflowID: onboarding.ReconcileID(run)}} // the last one by hand
	description, err := c.ScheduleClient().GetHandle(ctx, onboarding.ScheduleID(run)).Describe(ctx)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
	case err != nil:
		return status, scheduleError(run, err)
	default:
		status.On = true
		fillSchedule(ctx, c, &status, description)
		for _, action := range description.Info.RecentActions {
			if action.StartWorkflowResult != nil {
				ids = append(ids, *action.StartWorkflowResult)
			}
		}
	}
	for _, id := range ids {
		last, there, err := syncRun(ctx, c, id)
		if err != nil {
			return status, err
		}
		if there {
			status.Last = append(status.Last, last)
		}
	}
	slices.SortStableFunc(status.Last, func(a, b SyncRun) int { return b.StartedAt.Compare(a.StartedAt) })
	status.Last = status.Last[:min(len(status.Last), lastShown)]
	return status, nil
}

func fillSchedule(ctx context.Context, c client.Client, status *SyncStatus, d *client.ScheduleDescription) {
	if spec := d.Schedule.Spec; spec != nil && len(spec.Intervals) > 0 {
		status.Every = onboarding.Duration(spec.Intervals[0].Every)
	}
	if state := d.Schedule.State; state != nil {
		status.Paused, status.Note = state.Paused, state.Note
	}
	status.Next = d.Info.NextActionTimes[:min(len(d.Info.NextActionTimes), 3)]
	status.Skipped = d.Info.NumActionsSkippedOverlap
	action, ok := d.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || len(action.Args) == 0 {
		return
	}
	encoded, ok := action.Args[0].(*common.Payload)
	if !ok {
		return
	}
	var in onboarding.ReconcileInput
	handles, err := Handles(ctx, c, status.Run)
	if err != nil || converter.GetDefaultDataConverter().FromPayload(encoded, &in) != nil {
		return // while a run is under way again, nothing can be compared
	}
	theirs, errTheirs := json.Marshal(in.Handles)
	ours, errOurs := json.Marshal(handles)
	status.Outdated = errTheirs == nil && errOurs == nil && !bytes.Equal(theirs, ours)
}

// syncRun looks at one reconcile; false where the server no longer keeps it.
func syncRun(ctx context.Context, c client.Client, id client.ScheduleWorkflowExecution) (SyncRun, bool, error) {
	asking, cancel := context.WithTimeout(ctx, queryWithin)
	defer cancel()
	description, err := c.DescribeWorkflowExecution(asking, id.WorkflowID, id.FirstExecutionRunID)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return SyncRun{}, false, nil
	} else if err != nil {
		return SyncRun{}, false, translate(ctx, c, id.WorkflowID, err)
	}
	info := description.GetWorkflowExecutionInfo()
	run := SyncRun{
		WorkflowID: id.WorkflowID, RunID: info.GetExecution().GetRunId(), StartedAt: info.GetStartTime().AsTime(),
		State: string(onboarding.RunRunning),
	}
	if closed := info.GetCloseTime(); closed != nil {
		run.EndedAt = closed.AsTime()
	}
	for _, activity := range description.GetPendingActivities() {
		run.Message, run.Remedy = retrying(activity)
	}
	switch how := endedHow(info.GetStatus()); {
	case how != "":
		run.State = how
		if err := c.GetWorkflow(asking, id.WorkflowID, run.RunID).Get(asking, nil); err != nil && how == "failed" {
			run.Message, run.Remedy = failureOf(err)
		}
	case info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		var report onboarding.ReconcileReport
		if err := c.GetWorkflow(asking, id.WorkflowID, run.RunID).Get(asking, &report); err != nil {
			return run, false, fmt.Errorf("read the result of %s: %w", id.WorkflowID, err)
		}
		run.State, run.Message, run.Report = string(report.State), report.Held, &report
		if dead := report.Dead(); len(dead) > 0 {
			run.Message, run.Remedy = dead[0].Reason, dead[0].Remedy
		}
	}
	return run, true, nil
}

// Reconcile makes access follow Okta once, now, and waits for its end. One that is going on already is not disturbed. When
// the context ends it goes on without us. notice is told what it waits for; it may be nil. Errors are those of Handles and
// Check; where access could not be made right, the error says why.
func Reconcile(ctx context.Context, c client.Client, in onboarding.ReconcileInput, every time.Duration,
	notice func(string)) (onboarding.ReconcileReport, error) {
	run := in.Handles.Spec.Name
	var report onboarding.ReconcileReport
	started, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: onboarding.ReconcileID(run), TaskQueue: onboarding.TaskQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary: reconcileSummary(in), TypedSearchAttributes: reconcileAttributes(),
	}, onboarding.WorkflowReconcile, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case errors.As(err, &already):
		return report, fmt.Errorf("a reconcile of %s is going on → wait for its end: starter sync %s", run, run)
	case err != nil:
		return report, fmt.Errorf("start the reconcile of %s: %w", run, err)
	}
	if err := (looking{what: "reconcile", run: run, every: every, notice: notice}).await(ctx, c, started); err != nil {
		return report, err
	}
	if err := started.Get(ctx, &report); err != nil {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		message, remedy := failureOf(err)
		return report, &FailedError{What: "reconcile", Run: run, Message: message, Remedy: remedy}
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

func scheduleError(run string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the schedule of run %s: %w", run, err)
}
