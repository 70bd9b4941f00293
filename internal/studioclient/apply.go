// Package studioclient asks workflow Studio to carry out a spec; the command line and a fleet do.
package studioclient

import (
	"context"
	"time"

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
// started. The same Apply.ID counts once. A studio that moves to another version of the workers is asked again until it has.
func Apply(ctx context.Context, c client.Client, apply onboarding.Apply) (onboarding.Applied, error) {
	tick := time.NewTicker(movingEvery)
	defer tick.Stop()
	for {
		applied, err := applyOnce(ctx, c, apply)
		if err != nil || !applied.Again {
			return applied, err
		}
		select {
		case <-ctx.Done():
			return applied, ctx.Err()
		case <-tick.C:
		}
	}
}

// movingEvery is the pause before a studio that moves is asked again.
const movingEvery = 250 * time.Millisecond

func applyOnce(ctx context.Context, c client.Client, apply onboarding.Apply) (onboarding.Applied, error) {
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
