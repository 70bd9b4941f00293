package record

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"

	"studio-onboarding/onboarding"
)

// ForgetInput names a studio.
type ForgetInput struct {
	Name string `json:"name"`
}

// Forgotten counts what was removed.
type Forgotten struct {
	Histories int `json:"histories"`
}

// Forget removes what the store has of a studio, and the histories of its runs, reconciles and reads that have ended. The studio's own
// latest execution is left to who asked, as it runs this.
func (a *Activities) Forget(ctx context.Context, in ForgetInput) (Forgotten, error) {
	if err := a.Store.Delete(ctx, in.Name); err != nil {
		return Forgotten{}, err
	}
	found, err := a.list(ctx, fmt.Sprintf("WorkflowId IN ('%s') OR WorkflowId STARTS_WITH '%s' OR WorkflowId STARTS_WITH '%s-'",
		strings.Join([]string{
			onboarding.WorkflowID(in.Name), onboarding.StudioID(in.Name), onboarding.CheckID(in.Name), onboarding.PlanID(in.Name),
		}, "', '"), onboarding.ReconcileID(in.Name), onboarding.ReadingID(in.Name)))
	if err != nil {
		return Forgotten{}, err
	}
	var forgotten Forgotten
	self := activity.GetInfo(ctx).WorkflowExecution.RunID
	for _, execution := range found {
		if execution.GetExecution().GetRunId() == self || execution.GetCloseTime() == nil || !isOf(in.Name, execution) {
			continue
		}
		_, err := a.Temporal.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
			Namespace: activity.GetInfo(ctx).Namespace,
			WorkflowExecution: &common.WorkflowExecution{
				WorkflowId: execution.GetExecution().GetWorkflowId(), RunId: execution.GetExecution().GetRunId(),
			},
		})
		var missing *serviceerror.NotFound
		if err != nil && !errors.As(err, &missing) {
			return forgotten, serverFault(err, execution.GetExecution().GetWorkflowId())
		}
		forgotten.Histories++
	}
	return forgotten, nil
}

// isOf says whether an execution belongs to a studio, and not to another one whose name begins in the same way.
func isOf(name string, execution *workflow.WorkflowExecutionInfo) bool {
	id := execution.GetExecution().GetWorkflowId()
	if rest, reconcile := strings.CutPrefix(id, onboarding.ReconcileID(name)); reconcile && rest != "" {
		return scheduledReconcile(id, name)
	}
	if rest, read := strings.CutPrefix(id, onboarding.ReadingID(name)); read {
		// The rest of a read's ID is a UUID, of five parts.
		return strings.Count(rest, "-") == 5
	}
	return true
}
