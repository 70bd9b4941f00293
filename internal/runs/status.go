package runs

import (
	"context"
	"errors"

	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// Status answers with the progress of a studio's latest run, and with the studio's record. The record is nil where there is none, as of
// runs of the first version that nothing has taken over, and where no worker answers for it within 2 s. Errors are those of Progress;
// with an *EndedError, what is known is answered along with it.
func Status(ctx context.Context, c client.Client, name string) (onboarding.Progress, *onboarding.Studio, error) {
	progress, err := Progress(ctx, c, name)
	var ended *EndedError
	if err != nil && !errors.As(err, &ended) {
		return progress, nil, err
	}
	known, failed := describeID(ctx, c, name, onboarding.StudioID(name))
	if failed != nil {
		return progress, nil, err
	}
	var studio onboarding.Studio
	failed = query(ctx, c, name, known.GetWorkflowExecutionInfo(), queryClosedWithin, &studio, onboarding.QueryStudio)
	if failed != nil || studio.Name == "" {
		return progress, nil, err
	}
	return progress, &studio, err
}
