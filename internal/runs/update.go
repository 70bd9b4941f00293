package runs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/onboarding"
)

// updateWithin is how long an answer or a decision may take: the run checks it against the live systems first.
const updateWithin = 2 * time.Minute

// Provide gives a run the answer to what it asked for and waits until the run has checked it, at most two minutes. What the
// run does not accept is a *RefusedError with its own text; what hasn't the form that the open request asks for is refused
// before it is sent. Sent again, as after a lost connection, the same answer counts once. Other errors are those of Progress.
func Provide(ctx context.Context, c client.Client, run string, answer onboarding.Answer) (onboarding.Acknowledgement, error) {
	progress, err := Progress(ctx, c, run)
	if err != nil {
		return onboarding.Acknowledgement{}, err
	}
	// Not the answer alone makes it the same one: given again after it was refused, it is to be checked again.
	var occasion onboarding.Request
	for _, request := range progress.Requests {
		if request.Step == answer.Step {
			if err := request.Accepts(answer); err != nil {
				return onboarding.Acknowledgement{}, &RefusedError{Run: run, Step: answer.Step, Message: err.Error()}
			}
			occasion = onboarding.Request{Since: request.Since, Refusal: request.Refusal, Refusals: request.Refusals}
		}
	}
	return update(ctx, c, run, answer.Step, onboarding.UpdateProvide, answer, occasion)
}

// Resolve decides about a parked step. What the run does not accept is a *RefusedError with its own text. Sent again, the
// same decision about the same failure counts once. Other errors are those of Progress.
func Resolve(ctx context.Context, c client.Client, run string, resolution onboarding.Resolution) (onboarding.Acknowledgement, error) {
	progress, err := Progress(ctx, c, run)
	if err != nil {
		return onboarding.Acknowledgement{}, err
	}
	var occasion onboarding.Parked
	for _, parked := range progress.Parked {
		if parked.Step == resolution.Step {
			occasion = onboarding.Parked{Since: parked.Since, Attempts: parked.Attempts}
		}
	}
	return update(ctx, c, run, resolution.Step, onboarding.UpdateResolve, resolution, occasion)
}

// update sends an update and waits for its outcome. Its ID follows from content and occasion, so that the server recognises
// one that is sent twice.
func update(ctx context.Context, c client.Client, run string, step onboarding.Step, name string,
	content, occasion any) (onboarding.Acknowledgement, error) {
	id, err := updateID(name, content, occasion)
	if err != nil {
		return onboarding.Acknowledgement{}, err
	}
	sending, cancel := context.WithTimeout(ctx, updateWithin)
	defer cancel()
	handle, err := c.UpdateWorkflow(sending, client.UpdateWorkflowOptions{
		UpdateID: id, WorkflowID: onboarding.WorkflowID(run), UpdateName: name, Args: []any{content},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	var ack onboarding.Acknowledgement
	if err == nil {
		err = handle.Get(sending, &ack)
	}
	if err == nil {
		return ack, nil
	}
	if ctx.Err() != nil {
		return onboarding.Acknowledgement{}, ctx.Err()
	}
	return onboarding.Acknowledgement{}, updateError(ctx, c, run, step, err)
}

func updateError(ctx context.Context, c client.Client, run string, step onboarding.Step, err error) error {
	var app *temporal.ApplicationError
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	var ended *serviceerror.NotFound
	var notReady *serviceerror.WorkflowNotReady
	switch {
	case errors.As(err, &app):
		message, remedy := failureOf(err)
		return &RefusedError{Run: run, Step: step, Message: message, Remedy: remedy}
	case errors.As(err, &ended) && step == "":
		return fmt.Errorf("the studio %s has ended meanwhile → see whether it is still under care: starter list", run)
	case errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("run %s has not settled this within %s: the worker is busy, or has stopped → see what became of it with: "+
			"starter status %s", run, updateWithin, run)
	case errors.As(err, &notReady):
		return &BrokenRunError{Run: run, Err: err}
	case errors.As(err, &ended):
		return fmt.Errorf("run %s has ended and takes no more answers → see how with: starter status %s", run, run)
	}
	return translate(ctx, c, run, err)
}

func updateID(name string, content, occasion any) (string, error) {
	data, err := json.Marshal([]any{content, occasion})
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", name, err)
	}
	sum := sha256.Sum256(data)
	return name + "-" + hex.EncodeToString(sum[:8]), nil
}
