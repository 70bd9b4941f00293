package workflows

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// errAborted ends a run by an operator's decision.
var errAborted = errors.New("aborted by the operator")

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
		summary, err := do(ctx)
		switch {
		case err == nil:
			r.finish(ctx, step, onboarding.StepDone, summary)
			return nil
		case r.aborted:
			return errAborted
		case temporal.IsCanceledError(err):
			return err
		}
		decision, err := r.park(ctx, step, attempt, err)
		if err != nil {
			return err
		}
		switch decision.Action {
		case onboarding.ActionAbort:
			return errAborted
		case onboarding.ActionSkip:
			r.report.Skipped = append(r.report.Skipped, step)
			r.finish(ctx, step, onboarding.StepSkipped, "skipped: "+decision.Reason)
			return nil
		}
	}
}

// park keeps a failed step until somebody decides about it.
func (r *run) park(ctx workflow.Context, step onboarding.Step, attempt int, cause error) (onboarding.Decision, error) {
	info, _ := onboarding.StepInfoOf(step)
	parked := &onboarding.Parked{Step: step, Attempts: attempt, Since: workflow.Now(ctx), Skippable: info.Skippable}
	describe(cause, parked)
	workflow.GetLogger(ctx).Warn("Step parked", "step", step, "class", parked.Class)

	r.parked = append(r.parked, parked)
	r.set(step, onboarding.StepParked, parked.Message)
	r.publish(ctx)
	defer func() {
		r.parked = without(r.parked, parked)
		r.publish(ctx)
	}()

	summary := fmt.Sprintf("%s needs attention: starter resolve %s %s retry", step, r.spec.Name, step)
	decided := func() bool { return r.decisions[step] != nil || r.aborted }
	for !decided() {
		if _, err := r.await(ctx, summary, r.spec.Operator.RemindEvery.Std(), decided); err != nil {
			return onboarding.Decision{}, err
		}
	}
	decision := r.decisions[step]
	delete(r.decisions, step)
	if decision == nil {
		return onboarding.Decision{}, errAborted
	}
	return *decision, nil
}

// describe tells the story of an error as a person needs it: the last fault of the activity, without Temporal's wrapping.
func describe(err error, parked *onboarding.Parked) {
	parked.Class, parked.Message = "Failed", err.Error()
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		parked.Class = string(fault.Unavailable)
		parked.Message = "It took longer than this kind of step may take."
		var last *temporal.ApplicationError
		if errors.As(timeout.Unwrap(), &last) {
			parked.Class = last.Type()
			parked.Message += " The last answer was: " + last.Message()
		}
	}
	var app *temporal.ApplicationError
	if timeout == nil && errors.As(err, &app) {
		parked.Class, parked.Message = app.Type(), app.Message()
	}
	var people *incomplete
	if errors.As(err, &people) {
		parked.Class, parked.Message = classIncomplete, people.Error()
		parked.People, parked.PeopleTotal = people.people, people.total
	}
	if message, remedy, ok := strings.Cut(parked.Message, " → "); ok {
		parked.Message, parked.Remedy = message, remedy
	}
	if parked.Remedy == "" {
		parked.Remedy = usualRemedy(parked.Class)
	}
	if strings.Contains(parked.Remedy, " in the spec") {
		parked.Remedy += " (A run keeps its spec: for another one, abort it and start it again.)"
	}
	parked.Message = fault.Trim(parked.Message, fault.MaxMessage)
}

// usualRemedy is what to do about an error that does not say it itself.
func usualRemedy(class string) string {
	switch fault.Class(class) {
	case fault.Throttled:
		return "The provider asked for a slower pace for as long as the run tries. See which other programs use up the limits of the account or org, then retry."
	case fault.Unavailable:
		return "See whether the provider reports an outage (AWS Health Dashboard, https://status.okta.com) and whether the worker reaches it, then retry."
	case fault.NotReady, fault.Conflict:
		return "See in the provider's console what holds it up, then retry."
	case fault.NotFound:
		return "Create what is missing, or correct its name in the spec, then retry."
	}
	return "Remove the cause, then retry."
}

// incomplete is the failure of a step that worked, but not for everybody.
type incomplete struct {
	message string
	people  []onboarding.PersonException
	total   int
}

func (e *incomplete) Error() string { return e.message }

// failure is a failure that the workflow itself finds.
func failure(class, format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), class, nil)
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
