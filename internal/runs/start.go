// Package runs does what a person can do with studios and their runs, given a Temporal client: start, list, look, answer, decide, and
// read the report. The command line and the standalone demo share it. Every call is bounded: where no worker answers, it says so
// within seconds.
package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/studioclient"
	"studio-onboarding/onboarding"
)

// How long a start waits for search attributes that were registered a moment ago to reach every server, and its pause.
const (
	attributesWithin = 15 * time.Second
	attributesEvery  = 250 * time.Millisecond
)

// How long a studio may take to start a run: while workers poll, and where none was seen.
const (
	startWithin   = time.Minute
	startWithNone = 5 * time.Second
)

// Started says what a start brought about.
type Started struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// N is the number of the run in its studio.
	N int `json:"n"`
	// Attached says that a run of this name was going on already: nothing was started, and that run keeps its own spec.
	Attached bool `json:"attached"`
	// SpecDiffers says, of an attached run, that its spec is another one than the one given.
	SpecDiffers bool `json:"specDiffers,omitempty"`
}

// Start has a studio carry out a spec, or attaches to its run that is going on. The studio is made where there is none, and takes
// over what the first version knows of the name. startedBy is user@host, for the record. If no worker answers it is a
// *NoWorkerError, which says whether the spec is carried out as soon as one does.
func Start(ctx context.Context, c client.Client, spec onboarding.Spec, startedBy string) (Started, error) {
	apply := onboarding.Apply{ID: uuid.NewString(), Spec: spec, By: startedBy}
	within := startWithin
	if pollers, err := Workers(ctx, c); err == nil && pollers == 0 {
		within = startWithNone
	}
	starting, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	applied, err := startWhenRegistered(starting, c, apply)
	switch {
	case err == nil:
		return Started{
			WorkflowID: applied.WorkflowID, RunID: applied.RunID, N: applied.N, Attached: applied.Attached, SpecDiffers: applied.SpecDiffers,
		}, nil
	case ctx.Err() != nil:
		return Started{}, ctx.Err()
	case starting.Err() != nil || silence(err):
		return Started{}, notStarted(ctx, c, apply, err)
	}
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	var refused *temporal.ApplicationError
	switch {
	case errors.As(err, &late):
		return Started{}, notStarted(ctx, c, apply, err)
	case errors.As(err, &refused):
		message, remedy := failureOf(err)
		return Started{}, &RefusedError{Run: spec.Name, Message: message, Remedy: remedy}
	}
	return Started{}, fmt.Errorf("start %s: %w", spec.Name, err)
}

// notStarted says what became of a start that no worker took.
func notStarted(ctx context.Context, c client.Client, apply onboarding.Apply, cause error) error {
	err := noWorker(ctx, c, NoWorkerError{Run: apply.Spec.Name, Err: cause, NotTaken: true})
	asking, cancel := context.WithTimeout(ctx, queryWithin)
	defer cancel()
	description, failed := c.DescribeWorkflowExecution(asking, onboarding.StudioID(apply.Spec.Name), "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(failed, &missing):
		return err
	case failed != nil:
		return &NoServerError{Err: errors.Join(cause, failed)}
	}
	var id string
	memo := description.GetWorkflowExecutionInfo().GetMemo().GetFields()
	if payload := memo[onboarding.MemoApply]; payload != nil && converter.GetDefaultDataConverter().FromPayload(payload, &id) == nil {
		// A studio carries out what it was started with as soon as a worker is there; once it has begun, it says how it is.
		err.NotTaken = id != apply.ID
		err.Earlier = err.NotTaken && memo[onboarding.MemoSummary] == nil && err.Pollers == 0
	}
	return err
}

// startWhenRegistered repeats a start for a while where the server does not know the search attributes yet.
func startWhenRegistered(ctx context.Context, c client.Client, apply onboarding.Apply) (onboarding.Applied, error) {
	deadline := time.NewTimer(attributesWithin)
	defer deadline.Stop()
	tick := time.NewTicker(attributesEvery)
	defer tick.Stop()
	for {
		applied, err := studioclient.Apply(ctx, c, apply)
		var invalid *serviceerror.InvalidArgument
		if !errors.As(err, &invalid) || !strings.Contains(invalid.Message, "search attribute") {
			return applied, err
		}
		select {
		case <-ctx.Done():
			return applied, ctx.Err()
		case <-deadline.C:
			return applied, fmt.Errorf("%w → register them: temporal operator search-attribute create --name %s --type Keyword "+
				"--name %s --type Keyword",
				err, onboarding.SearchAttributeState, onboarding.SearchAttributeStep)
		case <-tick.C:
		}
	}
}
