package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

const (
	// LookEvery is the pause between two looks at a check or plan where none is given.
	LookEvery = 250 * time.Millisecond
	// pickedUpWithin is how long a worker may take to begin with a check or plan. It is a short one, as nobody waits in vain.
	pickedUpWithin = 5 * time.Second
	// abandonedAfter is how long a check or plan goes on without anybody who could look at its result.
	abandonedAfter = 5 * time.Hour
)

// Check has the worker look at everything that a run of the spec depends on, and waits for what it found. It changes nothing.
// notice is told, once for each, what a provider that does not answer is waited for with; it may be nil. If no worker begins
// within 5 s it is a *NoWorkerError.
func Check(ctx context.Context, c client.Client, spec onboarding.Spec, every time.Duration,
	notice func(string)) (onboarding.Assessment, error) {
	return look[onboarding.Assessment](ctx, c, looking{
		what: "check", run: spec.Name, id: onboarding.CheckID(spec.Name), workflow: onboarding.WorkflowCheck,
		summary: readOnly("check", spec.Name), input: onboarding.CheckInput{Spec: spec}, every: every, notice: notice,
	})
}

// Plan has the worker say what a run of the spec would do, and waits for it. It changes nothing. Errors and notice are those
// of Check.
func Plan(ctx context.Context, c client.Client, spec onboarding.Spec, every time.Duration,
	notice func(string)) (onboarding.Assessment, error) {
	return look[onboarding.Assessment](ctx, c, looking{
		what: "plan", run: spec.Name, id: onboarding.PlanID(spec.Name), workflow: onboarding.WorkflowPlan,
		summary: readOnly("plan", spec.Name), input: onboarding.PlanInput{Spec: spec}, every: every, notice: notice,
	})
}

// NotifyTest has the worker send a test notice to every target of notifications that it has, and waits for what became of it.
// startedBy is user@host, for the record. Errors and notice are those of Check.
func NotifyTest(ctx context.Context, c client.Client, startedBy string, every time.Duration,
	notice func(string)) (onboarding.Notified, error) {
	return look[onboarding.Notified](ctx, c, looking{
		what: "test", run: "notifications", id: onboarding.NotifyTestID, workflow: onboarding.WorkflowNotifyTest,
		summary: "Test of notifications", input: onboarding.NotifyTestInput{StartedBy: startedBy}, every: every, notice: notice,
	})
}

// looking describes a short workflow whose result somebody waits for.
type looking struct {
	what, run, id, workflow string
	summary                 string
	input                   any
	every                   time.Duration
	notice                  func(string)
}

func readOnly(what, run string) string { return fmt.Sprintf("%s of **%s**, read-only", what, run) }

// look starts the workflow and waits for its result. One of that name that is still going on gives way: it would answer for
// another spec, or for somebody who went away.
func look[Out any](ctx context.Context, c client.Client, l looking) (Out, error) {
	out, _, err := lookIn[Out](ctx, c, l)
	return out, err
}

// lookIn is look, and says which execution it was.
func lookIn[Out any](ctx context.Context, c client.Client, l looking) (out Out, in *workflow.WorkflowExecutionInfo, err error) {
	started, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: l.id, TaskQueue: onboarding.TaskQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
		WorkflowExecutionTimeout: abandonedAfter,
		StaticSummary:            l.summary,
	}, l.workflow, l.input)
	if err != nil {
		return out, nil, fmt.Errorf("start the %s of %s: %w", l.what, l.run, err)
	}
	if err := l.await(ctx, c, started); err != nil {
		// Nobody would read its result.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryClosedWithin)
		defer cancel()
		_ = c.TerminateWorkflow(ending, started.GetID(), started.GetRunID(), "nobody waits for it any more")
		return out, nil, err
	}
	if err := started.Get(ctx, &out); err != nil {
		if ctx.Err() != nil {
			return out, nil, ctx.Err()
		}
		message, remedy := failureOf(err)
		return out, nil, &FailedError{What: l.what, Run: l.run, Message: message, Remedy: remedy}
	}
	return out, executionOf(started), nil
}

// executionOf is as much of an execution as a query needs.
func executionOf(started client.WorkflowRun) *workflow.WorkflowExecutionInfo {
	return &workflow.WorkflowExecutionInfo{Execution: &common.WorkflowExecution{WorkflowId: started.GetID(), RunId: started.GetRunID()}}
}

// await returns when the workflow has ended.
func (l looking) await(ctx context.Context, c client.Client, started client.WorkflowRun) error {
	if l.every <= 0 {
		l.every = LookEvery
	}
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	told := ""
	for begun := time.Now(); ; {
		asking, cancel := context.WithTimeout(ctx, queryWithin)
		description, err := c.DescribeWorkflowExecution(asking, started.GetID(), started.GetRunID())
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return translate(ctx, c, l.run, err)
		case description.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
			return nil
		}
		if err := l.stuck(ctx, c, description, begun); err != nil {
			return err
		}
		for _, activity := range description.GetPendingActivities() {
			text, remedy := retrying(activity)
			if text = onboarding.WithRemedy(text, remedy); text != "" && text != told && l.notice != nil {
				told = text
				l.notice(text)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// stuck says why a workflow does not begin: nobody takes its first task, or whoever does can't carry it out.
func (l looking) stuck(ctx context.Context, c client.Client, description *workflowservice.DescribeWorkflowExecutionResponse,
	begun time.Time) error {
	task := description.GetPendingWorkflowTask()
	if task == nil {
		return nil
	}
	if task.GetAttempt() > 2 {
		return &BrokenRunError{Run: l.run, Err: errors.New("its workflow task fails")}
	}
	if time.Since(begun) < pickedUpWithin {
		// A queue that nobody polls needs no patience.
		if pollers, err := Workers(ctx, c); err != nil || pollers > 0 {
			return nil
		}
	}
	return noWorker(ctx, c, NoWorkerError{Run: l.run, Looking: l.what, Err: errors.New("no worker begins")})
}
