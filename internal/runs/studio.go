package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/studioclient"
	"studio-onboarding/onboarding"
)

// takenOverWithin is how long a studio may take to find what came before it; takenOverEvery is the pause between two looks.
const (
	takenOverWithin = 30 * time.Second
	takenOverEvery  = 100 * time.Millisecond
)

// Studio answers with the record of a studio. Runs of the first version, which have none, are taken over: that changes nothing at
// them, and their schedule becomes the studio's own. A name that nobody knows is an *UnknownRunError; if no worker answers within
// 9 s it is a *NoWorkerError.
func Studio(ctx context.Context, c client.Client, name string) (onboarding.Studio, error) {
	known, err := described(ctx, c, onboarding.StudioID(name))
	if err != nil {
		return onboarding.Studio{}, translate(ctx, c, name, err)
	}
	if !known.running {
		before, err := described(ctx, c, onboarding.WorkflowID(name))
		switch {
		case err != nil:
			return onboarding.Studio{}, translate(ctx, c, name, err)
		case !before.there:
			return onboarding.Studio{}, &UnknownRunError{Run: name, Known: knownNames(ctx, c)}
		}
		_, err = c.ExecuteWorkflow(ctx, studioclient.Options(name, ""), onboarding.WorkflowStudio, onboarding.StudioInput{Name: name})
		if err != nil {
			return onboarding.Studio{}, fmt.Errorf("take over %s: %w", name, err)
		}
	}
	return record(ctx, c, name)
}

// record asks a studio that runs for its record, as soon as it knows what came before it.
func record(ctx context.Context, c client.Client, name string) (onboarding.Studio, error) {
	tick := time.NewTicker(takenOverEvery)
	defer tick.Stop()
	for begun := time.Now(); ; {
		var studio onboarding.Studio
		err := queryStudio(ctx, c, name, &studio)
		switch {
		case err != nil:
			return studio, err
		case studio.Name != "":
			return studio, nil
		case time.Since(begun) > takenOverWithin:
			return studio, fmt.Errorf("the studio %s is still looking for what came before it → see the worker's log, and try again", name)
		}
		select {
		case <-ctx.Done():
			return studio, ctx.Err()
		case <-tick.C:
		}
	}
}

func queryStudio(ctx context.Context, c client.Client, name string, studio *onboarding.Studio) error {
	known, err := describeID(ctx, c, name, onboarding.StudioID(name))
	if err != nil {
		return err
	}
	return query(ctx, c, name, known.GetWorkflowExecutionInfo(), queryWithin, studio, onboarding.QueryStudio)
}

// execution says whether a workflow ID is known to the server, and whether its latest execution goes on.
type execution struct{ there, running bool }

func described(ctx context.Context, c client.Client, id string) (execution, error) {
	ctx, cancel := context.WithTimeout(ctx, queryWithin)
	defer cancel()
	description, err := c.DescribeWorkflowExecution(ctx, id, "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return execution{}, nil
	case err != nil:
		return execution{}, err
	}
	return execution{true, description.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING}, nil
}

// ask sends an update to a studio and waits for its outcome. What the studio does not accept is a *RefusedError with its own text.
func ask[Out any](ctx context.Context, c client.Client, name, update, id string, in any) (Out, error) {
	var out Out
	if _, err := Studio(ctx, c, name); err != nil {
		return out, err
	}
	sending, cancel := context.WithTimeout(ctx, updateWithin)
	defer cancel()
	handle, err := c.UpdateWorkflow(sending, client.UpdateWorkflowOptions{
		UpdateID: id, WorkflowID: onboarding.StudioID(name), UpdateName: update, Args: []any{in},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(sending, &out)
	}
	if err == nil {
		return out, nil
	}
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	return out, updateError(ctx, c, name, "", err)
}

// Cancel ends the run of a studio that is under way. What it made stays.
func Cancel(ctx context.Context, c client.Client, name string, in onboarding.CancelRequest) (onboarding.Acknowledgement, error) {
	return ask[onboarding.Acknowledgement](ctx, c, name, onboarding.UpdateCancel, "", in)
}

// Revoke takes back that somebody's exceptions are accepted.
func Revoke(ctx context.Context, c client.Client, name string, in onboarding.RevokeRequest) (onboarding.Acknowledgement, error) {
	return ask[onboarding.Acknowledgement](ctx, c, name, onboarding.UpdateRevoke, "", in)
}

// Forget ends the care of a studio and removes what is stored of it: people lists and histories. Nothing at AWS or Okta changes.
func Forget(ctx context.Context, c client.Client, namespace, name string, in onboarding.ForgetRequest) (onboarding.Acknowledgement, error) {
	ack, err := ask[onboarding.Acknowledgement](ctx, c, name, onboarding.UpdateForget, "", in)
	if err != nil {
		return ack, err
	}
	return ack, deleteStudio(ctx, c, namespace, name)
}
