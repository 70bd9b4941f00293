// Package record holds the activities by which workflow Studio learns of runs: how one ended, and what the first version left behind
// under a studio's name. They ask the Temporal server.
package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/ending"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/studioclient"
	"studio-onboarding/onboarding"
)

// Activities ask the Temporal server about runs.
type Activities struct {
	// Temporal is a client of the namespace in which the studios live.
	Temporal client.Client
	Store    Store
}

// Store keeps what has a line for each person.
type Store interface {
	// Delete removes everything of a studio. There may be nothing.
	Delete(ctx context.Context, studio string) error
}

// FindInput names an execution; RunID may be empty for the latest.
type FindInput struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId,omitempty"`
}

// Found is an execution.
type Found struct {
	RunID     string    `json:"runId"`
	StartedAt time.Time `json:"startedAt"`
	// Ended says that it goes on no more.
	Ended bool `json:"ended,omitempty"`
}

// Apply has the studio of a spec carry it out, and answers when its run has started. The studio is made where there is none.
func (a *Activities) Apply(ctx context.Context, in onboarding.Apply) (onboarding.Applied, error) {
	applied, err := studioclient.Apply(ctx, a.Temporal, in)
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) {
		// The studio's own answer, which it gives again to the same request.
		return onboarding.Applied{}, fault.New(fault.Invalid, "temporal", "", "the studio %s did not take the spec: %s", in.Spec.Name,
			refused.Message())
	} else if err != nil && ctx.Err() == nil {
		return onboarding.Applied{}, serverFault(err, onboarding.StudioID(in.Spec.Name))
	}
	return applied, err
}

// FindRun looks for an execution. Class NotFound: there is none.
func (a *Activities) FindRun(ctx context.Context, in FindInput) (Found, error) {
	info, err := a.describe(ctx, in)
	if err != nil {
		return Found{}, err
	}
	return Found{
		RunID: info.GetExecution().GetRunId(), StartedAt: info.GetStartTime().AsTime(), Ended: ending.StateOf(info.GetStatus()) != "",
	}, nil
}

// attemptWithin is how long one attempt of AwaitRun waits.
const attemptWithin = 55 * time.Second

// AwaitRun waits for the end of a run. Class NotReady: it goes on, or the worker stops, and another attempt waits. A run that the server
// no longer knows has ended in an unknown way.
func (a *Activities) AwaitRun(ctx context.Context, in FindInput) (ending.End, error) {
	waiting, cancel := context.WithTimeout(ctx, attemptWithin)
	defer cancel()
	if activity.IsActivity(ctx) {
		go func() { // or a worker that stops would wait for this attempt as long as it may
			select {
			case <-activity.GetWorkerStopChannel(ctx):
				cancel()
			case <-waiting.Done():
			}
		}()
	}
	var report onboarding.Report
	failed := a.Temporal.GetWorkflow(waiting, in.WorkflowID, in.RunID).GetWithOptions(waiting, &report, client.WorkflowRunGetOptions{
		DisableFollowingRuns: true,
	})
	if ctx.Err() != nil {
		return ending.End{}, ctx.Err()
	}
	info, err := a.describe(ctx, in)
	if fault.ClassOf(err) == fault.NotFound {
		return ending.End{State: onboarding.RunTerminated, EndedAt: time.Now().UTC(),
			Message: "The Temporal server no longer knows this run: somebody deleted it, or its retention is over."}, nil
	} else if err != nil {
		return ending.End{}, err
	}
	if info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return ending.End{}, fault.New(fault.NotReady, "temporal", "", "the run goes on").After(time.Second)
	}
	return ending.Of(info, report, failed), nil
}

func (a *Activities) describe(ctx context.Context, in FindInput) (*workflow.WorkflowExecutionInfo, error) {
	description, err := a.Temporal.DescribeWorkflowExecution(ctx, in.WorkflowID, in.RunID)
	if err != nil {
		return nil, serverFault(err, in.WorkflowID)
	}
	return description.GetWorkflowExecutionInfo(), nil
}

func serverFault(err error, id string) error {
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return fault.New(fault.NotFound, "temporal", "", "the Temporal server knows no execution of %s.", id)
	}
	f := fault.New(fault.Unavailable, "temporal", "", "the Temporal server does not answer about %s: %v", id, err)
	f.Err = err
	return f
}

// EarlierInput names a studio.
type EarlierInput struct {
	Name string `json:"name"`
}

// Earlier is what the first version left behind.
type Earlier struct {
	// Runs are the last one that was done, and the latest one.
	Runs []onboarding.RunRecord `json:"runs,omitempty"`
	// Every is the interval of the schedule, 0 where there is none.
	Every  onboarding.Duration `json:"every,omitempty"`
	Paused bool                `json:"paused,omitempty"`
	SyncBy string              `json:"syncBy,omitempty"`
	// Next is when the schedule would act next.
	Next time.Time `json:"next,omitzero"`
}

// FindEarlier looks for runs and the schedule of the first version. It changes nothing.
func (a *Activities) FindEarlier(ctx context.Context, in EarlierInput) (Earlier, error) {
	var earlier Earlier
	executions, err := a.executions(ctx, onboarding.WorkflowID(in.Name))
	if err != nil {
		return Earlier{}, err
	}
	// Newest first: the latest one counts, and of those before only the last that was done.
	for i, execution := range executions {
		done := execution.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
		if i > 0 && !done {
			continue
		}
		run, err := a.earlierRun(ctx, execution)
		if err != nil {
			return Earlier{}, err
		}
		earlier.Runs = append([]onboarding.RunRecord{run}, earlier.Runs...)
		if done {
			break
		}
	}
	for i := range earlier.Runs {
		earlier.Runs[i].N = i + 1
	}
	return earlier, a.findSchedule(ctx, in.Name, &earlier)
}

func (a *Activities) earlierRun(ctx context.Context, info *workflow.WorkflowExecutionInfo) (onboarding.RunRecord, error) {
	run := onboarding.RunRecord{
		WorkflowID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(), StartedAt: info.GetStartTime().AsTime(),
		State: onboarding.RunRunning,
	}
	if info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return run, nil
	}
	var report onboarding.Report
	failed := a.Temporal.GetWorkflow(ctx, run.WorkflowID, run.RunID).GetWithOptions(ctx, &report, client.WorkflowRunGetOptions{
		DisableFollowingRuns: true,
	})
	if ctx.Err() != nil {
		return run, ctx.Err()
	}
	var missing *serviceerror.NotFound
	if errors.As(failed, &missing) { // the index lags behind the retention
		failed, report = nil, onboarding.Report{}
	}
	end := ending.Of(info, report, failed)
	run.EndedAt, run.State, run.Message, run.Remedy, run.Report = end.EndedAt, end.State, end.Message, end.Remedy, end.Report
	if run.Report != nil {
		run.StartedBy = run.Report.StartedBy
	}
	return run, nil
}

func (a *Activities) findSchedule(ctx context.Context, name string, earlier *Earlier) error {
	schedule, err := a.Temporal.ScheduleClient().GetHandle(ctx, onboarding.ScheduleID(name)).Describe(ctx)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return nil
	case err != nil:
		return serverFault(err, onboarding.ScheduleID(name))
	}
	if spec := schedule.Schedule.Spec; spec != nil && len(spec.Intervals) > 0 {
		earlier.Every = max(onboarding.Duration(spec.Intervals[0].Every), onboarding.Duration(onboarding.MinSyncEvery))
	}
	earlier.Next = time.Now().UTC()
	if times := schedule.Info.NextActionTimes; len(times) > 0 {
		earlier.Next = times[0]
	}
	if state := schedule.Schedule.State; state != nil {
		earlier.Paused, earlier.SyncBy = state.Paused, state.Note
	}
	return nil
}

// StopSchedule deletes the schedule of the first version, once a reconcile that it started has ended, so that there are never two.
// Class NotReady: one goes on. There may be no schedule any more.
func (a *Activities) StopSchedule(ctx context.Context, in EarlierInput) (struct{}, error) {
	handle := a.Temporal.ScheduleClient().GetHandle(ctx, onboarding.ScheduleID(in.Name))
	var missing *serviceerror.NotFound
	if err := handle.Delete(ctx); err != nil && !errors.As(err, &missing) {
		return struct{}{}, serverFault(err, onboarding.ScheduleID(in.Name))
	}
	going, err := a.list(ctx, fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '%s-'",
		onboarding.WorkflowReconcile, onboarding.ReconcileID(in.Name)))
	if err != nil {
		return struct{}{}, err
	}
	for _, execution := range going {
		if scheduledReconcile(execution.GetExecution().GetWorkflowId(), in.Name) {
			return struct{}{}, fault.New(fault.NotReady, "temporal", "", "a reconcile that the schedule started goes on").After(2 * time.Second)
		}
	}
	return struct{}{}, nil
}

// scheduledReconcile says whether a workflow ID is that of a scheduled reconcile of this name, to which Temporal adds the time, and
// not of another name that begins with this one.
func scheduledReconcile(workflowID, name string) bool {
	_, err := time.Parse(time.RFC3339, workflowID[min(len(workflowID), len(onboarding.ReconcileID(name))+1):])
	return err == nil
}

// executions lists the executions of a run, newest first. The index lags behind, so the latest one is asked for by itself.
func (a *Activities) executions(ctx context.Context, id string) ([]*workflow.WorkflowExecutionInfo, error) {
	listed, err := a.list(ctx, fmt.Sprintf("WorkflowType = '%s' AND WorkflowId = '%s'", onboarding.WorkflowOnboard, id))
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(listed, func(a, b *workflow.WorkflowExecutionInfo) int {
		return b.GetStartTime().AsTime().Compare(a.GetStartTime().AsTime())
	})
	latest, err := a.describe(ctx, FindInput{WorkflowID: id})
	switch {
	case fault.ClassOf(err) == fault.NotFound:
		return listed, nil
	case err != nil:
		return nil, err
	}
	others := slices.DeleteFunc(listed, func(info *workflow.WorkflowExecutionInfo) bool {
		return info.GetExecution().GetRunId() == latest.GetExecution().GetRunId()
	})
	return append([]*workflow.WorkflowExecutionInfo{latest}, others...), nil
}

func (a *Activities) list(ctx context.Context, query string) ([]*workflow.WorkflowExecutionInfo, error) {
	var all []*workflow.WorkflowExecutionInfo
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 200}
	for {
		page, err := a.Temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, serverFault(err, "the list of executions")
		}
		all = append(all, page.GetExecutions()...)
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return all, nil
		}
	}
}
