package runs

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/ending"
	"studio-onboarding/onboarding"
)

// Report answers with the report of a studio's run: the latest one where n is 0, as far as it has come. One that was aborted or cancelled
// has a report as well, as what it made stays. One that could not say is an *EndedError; so is an older one whose report is no longer
// kept. The latest one that has ended is answered without a worker, while the server keeps it. Other errors are those of Studio and
// Progress.
func Report(ctx context.Context, c client.Client, name string, n int) (onboarding.Report, error) {
	studio, err := Studio(ctx, c, name)
	var noWorker *NoWorkerError
	switch {
	case errors.As(err, &noWorker) && n == 0:
		report, ended, failed := latest(ctx, c, name)
		if failed == nil && !ended {
			failed = noWorker
		}
		return report, failed
	case err != nil:
		return onboarding.Report{}, err
	case len(studio.Runs) == 0:
		return onboarding.Report{}, &NotOnboardedError{Run: name}
	}
	run := &studio.Runs[len(studio.Runs)-1]
	if n != 0 {
		if run = studio.Run(n); run == nil {
			return onboarding.Report{}, fmt.Errorf("%s has no run %d; it has %d to %d → starter history %s", name, n, studio.Runs[0].N,
				studio.Runs[len(studio.Runs)-1].N, name)
		}
	}
	switch {
	case run.Report != nil:
		return *run.Report, nil
	case run.Ended() && run.State == onboarding.RunDone:
		return onboarding.Report{}, fmt.Errorf("the report of run %d is no longer kept: those of the latest %d are → starter history %s", run.N,
			onboarding.MaxReports, name)
	case run.Ended():
		return onboarding.Report{}, recordedEnd(name, *run)
	}
	report, ended, err := latest(ctx, c, name) // its studio learns of its end in a moment
	if err != nil || ended {
		return report, err
	}
	description, err := describe(ctx, c, name)
	if err != nil {
		return report, err
	}
	err = query(ctx, c, name, description.GetWorkflowExecutionInfo(), queryWithin, &report, onboarding.QueryReport)
	return report, err
}

// latest answers with the report of the run that the server knows under a name, if it has ended. It needs no worker.
func latest(ctx context.Context, c client.Client, name string) (report onboarding.Report, ended bool, err error) {
	description, err := describe(ctx, c, name)
	if err != nil {
		return report, false, err
	}
	info := description.GetWorkflowExecutionInfo()
	switch ending.StateOf(info.GetStatus()) {
	case "":
		return report, false, nil
	case onboarding.RunDone:
		report, err = result(ctx, c, info)
		return report, true, err
	}
	end := endOf(ctx, c, info)
	if ctx.Err() != nil {
		return report, true, ctx.Err()
	}
	if end.Report != nil {
		return *end.Report, true, nil
	}
	return report, true, endedError(name, end)
}

// endOf reads how a run ended that is not done.
func endOf(ctx context.Context, c client.Client, info *workflow.WorkflowExecutionInfo) ending.End {
	ctx, cancel := context.WithTimeout(ctx, queryWithin)
	defer cancel()
	var report onboarding.Report
	execution := info.GetExecution()
	return ending.Of(info, report, c.GetWorkflow(ctx, execution.GetWorkflowId(), execution.GetRunId()).Get(ctx, &report))
}

// Document answers with a file that a request names. Errors are those of Progress; an unknown name is the run's own text.
func Document(ctx context.Context, c client.Client, run, name string) (onboarding.Document, error) {
	description, err := describe(ctx, c, run)
	if err != nil {
		return onboarding.Document{}, err
	}
	var document onboarding.Document
	err = query(ctx, c, run, description.GetWorkflowExecutionInfo(), queryWithin, &document, onboarding.QueryDocument, name)
	return document, err
}

// result reads the result of a completed execution from its history.
func result(ctx context.Context, c client.Client, info *workflow.WorkflowExecutionInfo) (onboarding.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, queryWithin)
	defer cancel()
	var report onboarding.Report
	execution := info.GetExecution()
	if err := c.GetWorkflow(ctx, execution.GetWorkflowId(), execution.GetRunId()).Get(ctx, &report); err != nil {
		return onboarding.Report{}, fmt.Errorf("read the result of %s: %w", execution.GetWorkflowId(), err)
	}
	return report, nil
}
