package runs

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// deleteStudio removes the executions of workflow Studio itself, which could not do it for itself.
func deleteStudio(ctx context.Context, c client.Client, namespace, name string) error {
	// It ends by itself after its answer; who deletes it earlier ends it.
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: namespace, PageSize: 200, Query: fmt.Sprintf("WorkflowId = '%s'", onboarding.StudioID(name)),
	}
	for {
		page, err := c.ListWorkflow(ctx, request)
		if err != nil {
			return fmt.Errorf("list the executions of %s: %w", onboarding.StudioID(name), err)
		}
		for _, execution := range page.GetExecutions() {
			_, err := c.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
				Namespace: namespace, WorkflowExecution: &common.WorkflowExecution{
					WorkflowId: execution.GetExecution().GetWorkflowId(), RunId: execution.GetExecution().GetRunId(),
				},
			})
			var missing *serviceerror.NotFound
			if err != nil && !errors.As(err, &missing) {
				return fmt.Errorf("delete the history of %s: %w", onboarding.StudioID(name), err)
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return nil
		}
	}
}
