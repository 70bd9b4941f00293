package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// errAborted ends a run by an operator's decision, and errSkipped a step whose request is still open.
var (
	errAborted = errors.New("aborted by the operator")
	errSkipped = errors.New("skipped by the operator")
)

const (
	classNotReady   = string(fault.NotReady)
	classIncomplete = string(fault.Incomplete)
	// classDeadline is the class of a step that parks because nobody answered its request in time.
	classDeadline = "DeadlinePassed"
)

// step carries one step out. When it fails for good it parks, and goes on as an operator decides; the only errors it
// returns are an abort and a cancellation.
func (r *run) step(ctx workflow.Context, step onboarding.Step, do func(workflow.Context) (string, error)) error {
	for attempt := 1; ; attempt++ {
		if r.aborted {
			return errAborted
		}
		r.begin(ctx, step)
		var summary string
		var err error
		if changesAccess(step) {
			err = r.takeTurn(ctx, step)
		}
		if err == nil {
			summary, err = do(ctx)
		}
		switch {
		case err == nil:
			r.finish(ctx, step, onboarding.StepDone, summary)
			return nil
		case r.aborted:
			return errAborted
		case temporal.IsCanceledError(err):
			return err
		case errors.Is(err, errSkipped):
			r.skip(ctx, step, r.decisions[step].Reason)
			delete(r.decisions, step)
			return nil
		}
		decision, err := r.park(ctx, step, attempt, err)
		if err != nil {
			return err
		}
		switch decision.Action {
		case onboarding.ActionAbort:
			return errAborted
		case onboarding.ActionSkip:
			r.skip(ctx, step, decision.Reason)
			return nil
		}
	}
}

func (r *run) skip(ctx workflow.Context, step onboarding.Step, reason string) {
	r.report.Skipped = append(r.report.Skipped, step)
	r.finish(ctx, step, onboarding.StepSkipped, "skipped: "+reason)
}

// park keeps a failed step until somebody decides about it.
func (r *run) park(ctx workflow.Context, step onboarding.Step, attempt int, cause error) (onboarding.Decision, error) {
	info, _ := onboarding.StepInfoOf(step)
	parked := &onboarding.Parked{Step: step, Attempts: attempt, Since: workflow.Now(ctx), Skippable: info.Skippable}
	describe(cause, parked)
	parked.Skippable = parked.Skippable || parked.Class == classMissing
	workflow.GetLogger(ctx).Warn("Step parked", "step", step, "class", parked.Class)

	r.parked = append(r.parked, parked)
	r.set(step, onboarding.StepParked, parked.Message)
	if decision := r.standing(ctx, parked); decision != nil {
		r.report.Decisions = append(r.report.Decisions, *decision)
		r.parked = without(r.parked, parked)
		return *decision, nil
	}
	if !r.only { // a reconcile would let everybody in
		r.giveTurn(ctx)
	}
	r.publish(ctx)
	defer func() {
		r.parked = without(r.parked, parked)
		r.publish(ctx)
	}()

	summary := fmt.Sprintf("%s needs attention: starter resolve %s %s retry", step, r.spec.Name, step)
	decided := func() bool { return r.decisions[step] != nil || r.aborted || r.standing(ctx, parked) != nil }
	for !decided() {
		if _, err := r.await(ctx, summary, r.remindEvery(), decided); err != nil {
			return onboarding.Decision{}, err
		}
	}
	decision := r.decisions[step]
	delete(r.decisions, step)
	switch {
	case decision != nil && decision.Action == onboarding.ActionSkip:
		r.accept(ctx, parked, *decision)
	case decision != nil:
	case r.aborted:
		return onboarding.Decision{}, errAborted
	default:
		decision = r.standing(ctx, parked)
		r.report.Decisions = append(r.report.Decisions, *decision)
	}
	return *decision, nil
}

// describe tells the story of an error as a person needs it: the last fault of the activity, without Temporal's wrapping. What an
// activity of the first version failed with has no details; its message is shown as it is.
func describe(err error, parked *onboarding.Parked) {
	parked.Class, parked.Message = "Failed", err.Error()
	var timeout *temporal.TimeoutError
	var app *temporal.ApplicationError
	switch {
	case errors.As(err, &timeout):
		parked.Class = string(fault.Unavailable)
		parked.Message = "It took longer than this kind of step may take."
		if errors.As(timeout.Unwrap(), &app) {
			parked.Class = app.Type()
			parked.Message += " The last answer was: " + app.Message()
		}
	case errors.As(err, &app):
		parked.Class, parked.Message = app.Type(), app.Message()
	}
	failed := failureOf(app)
	parked.Remedy, parked.Verdicts = failed.Remedy, slices.Clone(failed.Verdicts)
	parked.People, parked.PeopleTotal = failed.People, failed.PeopleTotal
	if parked.Remedy == "" {
		parked.Remedy = usualRemedy(parked.Class)
	}
	parked.Remedy = ofAnotherSpec(parked.Remedy)
	for i := range parked.Verdicts {
		parked.Verdicts[i].Remedy = ofAnotherSpec(parked.Verdicts[i].Remedy)
	}
	parked.Message = fault.Trim(parked.Message, fault.MaxMessage)
}

// ofAnotherSpec says how a run gets another spec, where that is the remedy.
func ofAnotherSpec(remedy string) string {
	if strings.Contains(remedy, " the spec") {
		remedy += " (A run keeps its spec: for another one, abort it and start it again.)"
	}
	return remedy
}

// usualRemedy is what to do about an error that does not say it itself.
func usualRemedy(class string) string {
	switch fault.Class(class) {
	case fault.Throttled:
		return "The provider asked for a slower pace for as long as the run tries. See which other programs use up the limits of the " +
			"account or org, then retry."
	case fault.Unavailable:
		return "See whether the provider reports an outage (AWS Health Dashboard, https://status.okta.com) and whether the worker " +
			"reaches it, then retry."
	case fault.NotReady, fault.Conflict:
		return "See in the provider's console what holds it up, then retry."
	case fault.NotFound:
		return "Create what is missing, or correct its name in the spec, then retry."
	}
	return "Remove the cause, then retry."
}

// failureOf is what an application error says in fields; empty where it has none, as those of the first version.
func failureOf(app *temporal.ApplicationError) onboarding.Failure {
	var failed onboarding.Failure
	if app == nil || !app.HasDetails() || app.Details(&failed) != nil || failed.Reason == "" {
		return onboarding.Failure{}
	}
	return failed
}

// failure is a failure that the workflow itself finds.
func failure(class string, failed onboarding.Failure) error {
	return temporal.NewNonRetryableApplicationError(failed.Reason, class, nil, failed)
}

// incomplete is the failure of a step that worked, but not for everybody.
func incomplete(reason, remedy string, people []onboarding.PersonException, total int) error {
	return failure(classIncomplete, onboarding.Failure{Reason: reason, Remedy: remedy, People: people, PeopleTotal: total})
}

// isClass says whether an activity ended with a fault of that class.
func isClass(err error, class string) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.Type() == class
}

func without[T comparable](list []T, item T) []T {
	var rest []T
	for _, other := range list {
		if other != item {
			rest = append(rest, other)
		}
	}
	return rest
}
