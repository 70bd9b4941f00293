// Package studioclient asks workflow Studio to carry out a spec; the command line and a fleet do.
package studioclient

import (
	"context"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/onboarding"
)

// Options start the studio of a name, or use the one that is there. applyID is the ID of the Apply it is started with, if any.
func Options(name, applyID string) client.StartWorkflowOptions {
	options := client.StartWorkflowOptions{
		ID: onboarding.StudioID(name), TaskQueue: onboarding.TaskQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            "SageMaker Studio **" + name + "** under care",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(onboarding.RunRunning)),
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(onboarding.StepPreflight)),
		),
	}
	if applyID != "" {
		options.Memo = map[string]any{onboarding.MemoApply: applyID}
	}
	return options
}

// Apply starts the studio of a spec, where there is none, and has it carry the spec out, in one request. It answers when the run has
// started. The same Apply.ID counts once.
func Apply(ctx context.Context, c client.Client, apply onboarding.Apply) (onboarding.Applied, error) {
	name := apply.Spec.Name
	start := c.NewWithStartWorkflowOperation(Options(name, apply.ID), onboarding.WorkflowStudio,
		onboarding.StudioInput{Name: name, Apply: &apply})
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: "apply-" + apply.ID, WorkflowID: onboarding.StudioID(name), UpdateName: onboarding.UpdateApply, Args: []any{apply},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	var applied onboarding.Applied
	if err == nil {
		err = handle.Get(ctx, &applied)
	}
	return applied, err
}
