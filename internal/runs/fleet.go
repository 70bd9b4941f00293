package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/ending"
	"studio-onboarding/onboarding"
)

// FleetLine is one run of a fleet as it is now.
type FleetLine struct {
	onboarding.FleetRun
	// Progress is the state of the run itself, and the step to look at, once it goes on.
	Progress string          `json:"progress,omitempty"`
	Step     onboarding.Step `json:"step,omitempty"`
}

// NeedsPerson says whether the run waits for somebody.
func (l FleetLine) NeedsPerson() bool {
	return l.EndedAt.IsZero() && (l.Progress == string(onboarding.RunWaiting) || l.Progress == string(onboarding.RunAttention))
}

// StartFleet starts runs, at most parallel of them at once, and answers with the fleet's workflow ID. The fleet goes on by
// itself, and its runs survive it.
func StartFleet(ctx context.Context, c client.Client, in onboarding.FleetInput) (string, error) {
	started, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "fleet-" + uuid.NewString(), TaskQueue: onboarding.TaskQueue,
		StaticSummary: fmt.Sprintf("%d runs, at most %d at once", len(in.Runs), in.Parallel),
	}, onboarding.WorkflowFleet, in)
	if err != nil {
		return "", fmt.Errorf("start the fleet: %w", err)
	}
	return started.GetID(), nil
}

// Fleet answers with the runs of a fleet, each with its state. If no worker answers it is a *NoWorkerError.
func Fleet(ctx context.Context, c client.Client, id string) (lines []FleetLine, ended bool, err error) {
	asking, cancel := context.WithTimeout(ctx, queryWithin)
	defer cancel()
	description, err := c.DescribeWorkflowExecution(asking, id, "")
	if err != nil {
		return nil, false, translate(ctx, c, id, err)
	}
	info := description.GetWorkflowExecutionInfo()
	if state := ending.StateOf(info.GetStatus()); state != "" && state != onboarding.RunDone {
		return nil, true, fmt.Errorf("the fleet %s was %s; runs that it had started go on → starter list", id, state)
	}
	var progress onboarding.FleetProgress
	if info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED {
		ended = true
		err = c.GetWorkflow(asking, id, "").Get(asking, &progress)
	} else {
		err = query(ctx, c, id, info, queryWithin, &progress, onboarding.QueryFleet)
	}
	if err != nil {
		return nil, ended, err
	}
	for _, run := range progress.Runs {
		line := FleetLine{FleetRun: run}
		if run.State != onboarding.FleetQueued {
			known, err := describe(ctx, c, run.Run)
			var unknown *UnknownRunError
			switch {
			case errors.As(err, &unknown): // it is only just being started
			case err != nil:
				return nil, ended, err
			default:
				now := infoOf(run.Run, known.GetWorkflowExecutionInfo())
				line.Progress, line.Step = now.State, now.Step
			}
		}
		lines = append(lines, line)
	}
	return lines, ended, nil
}

// WatchFleet shows a fleet again and again until all its runs have ended or show asks to stop. No worker for a while is
// waited out once there was one.
func WatchFleet(ctx context.Context, c client.Client, id string, every time.Duration,
	show func([]FleetLine) (stop bool, err error)) ([]FleetLine, error) {
	if every <= 0 {
		every = WatchEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last []FleetLine
	for answered := false; ; {
		lines, ended, err := Fleet(ctx, c, id)
		var noWorker *NoWorkerError
		var noServer *NoServerError
		switch {
		case err == nil:
			answered, last = true, lines
			if stop, err := show(lines); err != nil || stop || ended {
				return lines, err
			}
		case ctx.Err() != nil:
			return last, ctx.Err()
		case !answered || !errors.As(err, &noWorker) && !errors.As(err, &noServer):
			return last, err
		}
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-tick.C:
		}
	}
}
