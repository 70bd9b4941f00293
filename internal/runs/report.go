package runs

import (
	"context"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// Report answers with the report of a run, as far as it has come. That of a completed run needs no worker. A run that ended
// without one is an *EndedError; other errors are those of Progress.
func Report(ctx context.Context, c client.Client, run string) (onboarding.Report, error) {
	description, err := describe(ctx, c, run)
	if err != nil {
		return onboarding.Report{}, err
	}
	info := description.GetWorkflowExecutionInfo()
	switch info.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return result(ctx, c, info)
	case enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
	default:
		_, err := closedProgress(ctx, c, run, info)
		return onboarding.Report{}, err
	}
	var report onboarding.Report
	err = query(ctx, c, run, info, queryWithin, &report, onboarding.QueryReport)
	return report, err
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
