// Package runs does what a person can do with runs, given a Temporal client: start, list, look, answer, decide, and read the
// report. The command line and the standalone demo share it. Every call is bounded: where no worker answers, it says so
// within seconds.
package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/onboarding"
)

// How long a start waits for search attributes that were registered a moment ago to reach every server, and its pause.
const (
	attributesWithin = 15 * time.Second
	attributesEvery  = 250 * time.Millisecond
)

// Started says what a start brought about.
type Started struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// Attached says that a run of this name was going on already: nothing was started, and that run keeps its own spec.
	Attached bool `json:"attached"`
	// SpecDiffers says, of an attached run, that its spec is another one than the one given.
	SpecDiffers bool `json:"specDiffers,omitempty"`
}

// Start starts the run of a spec, or attaches to the one of that name that is going on. A run that has ended is followed by
// a new one, which adopts what is there. startedBy is user@host, for the record.
func Start(ctx context.Context, c client.Client, spec onboarding.Spec, startedBy string) (Started, error) {
	options := client.StartWorkflowOptions{
		ID:        onboarding.WorkflowID(spec.Name),
		TaskQueue: onboarding.TaskQueue,
		// FAIL and not USE_EXISTING: the refusal tells, in one step and without a gap, that we attached and to what.
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            summary(spec),
		StaticDetails:                            details(spec, startedBy),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(onboarding.RunRunning)),
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(onboarding.StepPreflight)),
		),
	}
	run, err := startWhenRegistered(ctx, c, options, onboarding.OnboardInput{Spec: spec, StartedBy: startedBy})
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case errors.As(err, &already):
		return Started{
			WorkflowID: options.ID, RunID: already.RunId, Attached: true,
			SpecDiffers: specDiffers(ctx, c, options.ID, already.RunId, spec),
		}, nil
	case err != nil:
		return Started{}, fmt.Errorf("start run %s: %w", spec.Name, err)
	}
	return Started{WorkflowID: run.GetID(), RunID: run.GetRunID()}, nil
}

// startWhenRegistered repeats a start for a while where the server does not know the search attributes yet.
func startWhenRegistered(ctx context.Context, c client.Client, options client.StartWorkflowOptions,
	in onboarding.OnboardInput) (client.WorkflowRun, error) {
	deadline := time.NewTimer(attributesWithin)
	defer deadline.Stop()
	tick := time.NewTicker(attributesEvery)
	defer tick.Stop()
	for {
		run, err := c.ExecuteWorkflow(ctx, options, onboarding.WorkflowOnboard, in)
		var invalid *serviceerror.InvalidArgument
		if !errors.As(err, &invalid) || !strings.Contains(invalid.Message, "search attribute") {
			return run, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, fmt.Errorf("%w → register them: temporal operator search-attribute create --name %s --type Keyword --name %s --type Keyword",
				err, onboarding.SearchAttributeState, onboarding.SearchAttributeStep)
		case <-tick.C:
		}
	}
}

// specDiffers compares a spec with the one that a run was started with. What cannot be read counts as the same: attaching
// must not fail for it.
func specDiffers(ctx context.Context, c client.Client, workflowID, runID string, spec onboarding.Spec) bool {
	history := c.GetWorkflowHistory(ctx, workflowID, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !history.HasNext() {
		return false
	}
	event, err := history.Next()
	if err != nil {
		return false
	}
	var in onboarding.OnboardInput
	input := event.GetWorkflowExecutionStartedEventAttributes().GetInput()
	if err := converter.GetDefaultDataConverter().FromPayloads(input, &in); err != nil {
		return false
	}
	theirs, errTheirs := json.Marshal(in.Spec)
	ours, errOurs := json.Marshal(spec)
	return errTheirs == nil && errOurs == nil && !bytes.Equal(theirs, ours)
}

// summary is the line in the Temporal UI's list: at most 200 characters of Markdown on a single line.
func summary(spec onboarding.Spec) string {
	return fmt.Sprintf("Onboard SageMaker Studio **%s** in %s", spec.Domain.Name, spec.Region)
}

// details describes the run in the Temporal UI. It names nobody who is to be onboarded, only how many.
func details(spec onboarding.Spec, startedBy string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- Studio domain: %s, %s\n", spec.Domain.Name, spec.Region)
	fmt.Fprintf(&b, "- Okta app: %s, assigned to group %s\n", spec.Okta.AppLabel, spec.Okta.AssignmentGroup)
	names := make([]string, 0, len(spec.Access.Groups))
	for _, group := range spec.Access.Groups {
		names = append(names, group.Name)
	}
	fmt.Fprintf(&b, "- Access: %d groups (%s), %d single people\n", len(names), strings.Join(names, ", "), len(spec.Access.People))
	if startedBy != "" {
		fmt.Fprintf(&b, "- Started by: %s\n", startedBy)
	}
	fmt.Fprintf(&b, "\nLook at it with `starter watch %s`.", spec.Name)
	const most = 16_000 // bytes; the server takes 20,000
	text := b.String()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
