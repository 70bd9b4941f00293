package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"studio-onboarding/internal/ending"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/onboarding"
)

// How long a query may take: of a run that goes on, and of one that has ended, whose result tells nearly as much. The server
// gives a worker that has just died 5 s to answer from its cache before it asks another one.
const (
	queryWithin       = 9 * time.Second
	queryClosedWithin = 2 * time.Second
)

// Progress answers with what a run says of itself, and with what only the server knows: how far the activities under way have
// come, and what they last failed with.
//
// A run that has ended is answered too; where no worker is there to say how its steps went, from its report. One that ended
// without a report is an *EndedError, along with what is known. A name without a run is an *UnknownRunError. If no worker
// answers within 9 s it is a *NoWorkerError.
func Progress(ctx context.Context, c client.Client, run string) (onboarding.Progress, error) {
	description, err := describe(ctx, c, run)
	var unknown *UnknownRunError
	if errors.As(err, &unknown) {
		return recordedProgress(ctx, c, run)
	} else if err != nil {
		return onboarding.Progress{}, err
	}
	info := description.GetWorkflowExecutionInfo()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return closedProgress(ctx, c, run, info)
	}
	var progress onboarding.Progress
	if err := query(ctx, c, run, info, queryWithin, &progress, onboarding.QueryProgress); err != nil {
		return onboarding.Progress{}, err
	}
	addPending(&progress, description.GetPendingActivities())
	return progress, nil
}

// Workers counts the workers that polled the task queue in the last minutes, as far as the server remembers; a worker that was
// killed is remembered for up to five.
func Workers(ctx context.Context, c client.Client) (pollers int, err error) {
	found, err := workers(ctx, c)
	return len(found), err
}

// noWorker says that nobody answers, with what is known of those who poll.
func noWorker(ctx context.Context, c client.Client, err NoWorkerError) *NoWorkerError {
	found, _ := workers(ctx, c) // how many only adds to what is said
	err.Pollers = len(found)
	err.Versioned = len(found) > 0 && !slices.ContainsFunc(found, func(poller *taskqueue.PollerInfo) bool {
		return poller.GetDeploymentOptions().GetWorkerVersioningMode() != enums.WORKER_VERSIONING_MODE_VERSIONED
	})
	return &err
}

func workers(ctx context.Context, c client.Client) ([]*taskqueue.PollerInfo, error) {
	description, err := c.DescribeTaskQueue(ctx, onboarding.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing): // a queue exists from its first poll on
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("describe task queue %s: %w", onboarding.TaskQueue, err)
	}
	return description.GetPollers(), nil
}

// describe asks the server about the latest execution of a run. It needs no worker.
func describe(ctx context.Context, c client.Client, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return describeID(ctx, c, run, onboarding.WorkflowID(run))
}

// describeID asks the server about the latest execution of a workflow ID that belongs to a name.
func describeID(ctx context.Context, c client.Client, name, id string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	asking, cancel := context.WithTimeout(ctx, queryWithin)
	defer cancel()
	description, err := c.DescribeWorkflowExecution(asking, id, "")
	if err != nil {
		return nil, translate(ctx, c, name, err)
	}
	return description, nil
}

// query asks the worker of one execution, and explains a silence.
func query(ctx context.Context, c client.Client, run string, info *workflow.WorkflowExecutionInfo, within time.Duration, answer any,
	name string, args ...any) error {
	asking, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	value, err := c.QueryWorkflow(asking, info.GetExecution().GetWorkflowId(), info.GetExecution().GetRunId(), name, args...)
	if err == nil {
		err := value.Get(answer)
		var unreadable *payloadcrypt.UnreadableError
		if errors.As(err, &unreadable) {
			return fmt.Errorf("run %s: %w", run, unreadable)
		}
		if err != nil {
			return fmt.Errorf("run %s answered query %s in a form this version does not know: %w → use the starter of the worker's version",
				run, name, err)
		}
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var notReady *serviceerror.WorkflowNotReady
	var failed *serviceerror.QueryFailed
	switch {
	case errors.As(err, &notReady) && strings.Contains(notReady.Message, "failed state"):
		return &BrokenRunError{Run: run, Err: err}
	case errors.As(err, &failed):
		return fmt.Errorf("run %s: %s", run, failed.Message)
	case !silence(err):
		return translate(ctx, c, run, err)
	}
	return noWorker(ctx, c, NoWorkerError{
		Run: run, Err: err,
		State: onboarding.RunState(keyword(info.GetSearchAttributes(), onboarding.SearchAttributeState)),
		Step:  onboarding.Step(keyword(info.GetSearchAttributes(), onboarding.SearchAttributeStep)),
	})
}

// silence says whether an error means that nobody answered. A server that remembers no poller answers FailedPrecondition
// at once; otherwise it waits until our deadline.
func silence(err error) bool {
	var deadline *serviceerror.DeadlineExceeded
	var precondition *serviceerror.FailedPrecondition
	var notReady *serviceerror.WorkflowNotReady
	var canceled *serviceerror.Canceled
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &deadline) || errors.As(err, &precondition) ||
		errors.As(err, &notReady) || errors.As(err, &canceled)
}

// closedProgress tells of a run that has ended.
func closedProgress(ctx context.Context, c client.Client, run string, info *workflow.WorkflowExecutionInfo) (onboarding.Progress, error) {
	var progress onboarding.Progress
	answered := query(ctx, c, run, info, queryClosedWithin, &progress, onboarding.QueryProgress) == nil
	if ctx.Err() != nil {
		return onboarding.Progress{}, ctx.Err()
	}
	if state := ending.StateOf(info.GetStatus()); state != onboarding.RunDone {
		end := endOf(ctx, c, info)
		if !answered {
			progress = onboarding.Progress{Run: run, StartedAt: info.GetStartTime().AsTime()}
		}
		progress.State, progress.EndedAt = end.State, end.EndedAt
		progress.Requests, progress.Parked = nil, nil
		return progress, endedError(run, end)
	}
	if answered {
		return progress, nil
	}
	report, err := result(ctx, c, info)
	if err != nil {
		return onboarding.Progress{}, err
	}
	return progressOf(report), nil
}

// recordedProgress tells from the studio's record of a run that the server no longer keeps, or of one that is about to start.
func recordedProgress(ctx context.Context, c client.Client, name string) (onboarding.Progress, error) {
	studio, err := Studio(ctx, c, name)
	if err != nil {
		return onboarding.Progress{}, err
	}
	if len(studio.Runs) == 0 {
		return onboarding.Progress{Run: name, State: onboarding.RunRunning, StartedAt: studio.Since}, nil
	}
	run := studio.Runs[len(studio.Runs)-1]
	if run.State != onboarding.RunDone && run.Ended() {
		return onboarding.Progress{Run: name, State: run.State, StartedAt: run.StartedAt, EndedAt: run.EndedAt}, recordedEnd(name, run)
	}
	if run.Report != nil {
		return progressOf(*run.Report), nil
	}
	return onboarding.Progress{Run: name, State: run.State, StartedAt: run.StartedAt, EndedAt: run.EndedAt}, nil
}

// progressOf tells from a report how the steps went. An aborted run's report doesn't say, so its steps are left out.
func progressOf(report onboarding.Report) onboarding.Progress {
	progress := onboarding.Progress{Run: report.Run, State: report.State, StartedAt: report.StartedAt, EndedAt: report.EndedAt}
	if report.State != onboarding.RunDone {
		return progress
	}
	skipped := map[onboarding.Step]bool{}
	for _, step := range report.Skipped {
		skipped[step] = true
	}
	for _, info := range onboarding.Steps() {
		step := onboarding.StepProgress{Step: info.Step, Lane: info.Lane, Title: info.Title, State: onboarding.StepDone}
		if skipped[info.Step] {
			step.State = onboarding.StepSkipped
		}
		progress.Steps = append(progress.Steps, step)
	}
	return progress
}

// addPending adds to the steps what their activities under way last said: the count of the heartbeat and the last failure.
func addPending(progress *onboarding.Progress, pending []*workflow.PendingActivityInfo) {
	steps := map[onboarding.Step]*onboarding.StepProgress{}
	for i := range progress.Steps {
		steps[progress.Steps[i].Step] = &progress.Steps[i]
	}
	for _, activity := range pending {
		step := stepOf(activity.GetActivityType().GetName())
		var count onboarding.Count
		if details := activity.GetHeartbeatDetails(); len(details.GetPayloads()) > 0 {
			if err := converter.GetDefaultDataConverter().FromPayloads(details, &count); err == nil && count.Step != "" {
				step = count.Step
			}
		}
		target := steps[step]
		if target == nil {
			continue
		}
		if count.Step != "" {
			target.Count = &count
		}
		if text, remedy := retrying(activity); text != "" {
			target.Retrying, target.RetryingRemedy = text, remedy
		}
	}
}

// retrying writes an activity's last failure, and what to do about it. What is merely not there yet is a wait, so its attempts
// don't count.
func retrying(activity *workflow.PendingActivityInfo) (text, remedy string) {
	last := activity.GetLastFailure()
	if last == nil {
		return "", ""
	}
	text = last.GetMessage()
	if last.GetApplicationFailureInfo().GetType() != string(fault.NotReady) {
		text = fmt.Sprintf("attempt %d, after: %s", activity.GetAttempt(), text)
	}
	var failure onboarding.Failure
	if details := last.GetApplicationFailureInfo().GetDetails().GetPayloads(); len(details) > 0 &&
		converter.GetDefaultDataConverter().FromPayload(details[0], &failure) == nil && failure.Reason != "" {
		remedy = failure.Remedy
	}
	return text, remedy
}
