package runs

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// Survey has the worker take stock of an organization, and waits for what it found. It changes nothing. Errors and notice are those of
// Check.
func Survey(ctx context.Context, c client.Client, in onboarding.SurveyInput, every time.Duration,
	notice func(string)) (onboarding.Survey, error) {
	return look[onboarding.Survey](ctx, c, looking{
		what: "survey", run: in.Spec.Region, id: onboarding.SurveyID + "-" + uuid.NewString(), workflow: onboarding.WorkflowSurvey,
		summary: "Survey of an organization in **" + in.Spec.Region + "**, read-only", input: in, every: every, notice: notice,
	})
}

// RollbackPack reads the rollback pack of a studio's run from the worker's store, and calls each for every piece of its files, in
// their order. Errors are those of Studio.
func RollbackPack(ctx context.Context, c client.Client, name string, pack onboarding.RollbackPack,
	each func(onboarding.PackLine) error) error {
	studio, err := describeID(ctx, c, name, onboarding.StudioID(name))
	if err != nil {
		return err
	}
	for asked := (onboarding.PackQuery{RollbackPack: pack}); ; {
		var page onboarding.PackPage
		if err := query(ctx, c, name, studio.GetWorkflowExecutionInfo(), queryWithin, &page, onboarding.QueryPack, asked); err != nil {
			return err
		}
		for _, line := range page.Lines {
			if err := each(line); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		asked.After = page.Next
	}
}
