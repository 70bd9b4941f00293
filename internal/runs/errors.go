package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/ending"
	"studio-onboarding/onboarding"
)

// UnknownRunError says that there is no run of this name, and which there are.
type UnknownRunError struct {
	Run string
	// Known are the names of runs that exist, newest first, at most 10.
	Known []string
}

// Error names the known runs.
func (e *UnknownRunError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("there is no run %q, nor any other in this namespace → start one with: starter onboard -f spec.yaml", e.Run)
	}
	return fmt.Sprintf("there is no run %q → known runs: %s", e.Run, strings.Join(e.Known, ", "))
}

// NoWorkerError says that nobody carries a run out at the moment. The run is safe and goes on as soon as a worker polls.
type NoWorkerError struct {
	Run string
	// State and Step are the last ones that the run recorded; empty where it never got so far.
	State onboarding.RunState
	Step  onboarding.Step
	// Pollers is how many workers the task queue has seen lately: 0, or more where they poll but don't answer.
	Pollers int
	// Versioned says that all of them have a version, so that they get new work only while it is the current one.
	Versioned bool
	// Looking is "check" or "plan" where it is not a run that nobody carries out; those are given up then.
	Looking string
	// NotTaken says that what was asked for is not known to have reached the studio: don't count on it being carried out later.
	NotTaken bool
	// Earlier says that a spec which was given before waits for a worker already; this one was not taken.
	Earlier bool
	Err     error
}

// Error says how to start a worker.
func (e *NoWorkerError) Error() string {
	at := ""
	if e.State != "" {
		at = fmt.Sprintf(" (last seen: %s at step %s)", e.State, e.Step)
	}
	switch {
	case e.Earlier:
		return fmt.Sprintf("no worker polls task queue %s, so %s waits with the spec that was given first; this one may not count → start "+
			"one with: go run ./worker, or go run ./standalone; then try again", onboarding.TaskQueue, e.Run)
	case e.NotTaken && e.Pollers > 0:
		return fmt.Sprintf("no worker answers for %s, although %d polled task queue %s in the last minutes; nothing was started, and nothing "+
			"may come of it later → %s, or start one with: go run ./worker; then try again",
			e.Run, e.Pollers, onboarding.TaskQueue, e.look())
	case e.NotTaken:
		return fmt.Sprintf("no worker polls task queue %s, so nothing was started for %s, and nothing may come of it later → start one "+
			"with: go run ./worker, or go run ./standalone; then try again", onboarding.TaskQueue, e.Run)
	case e.Looking != "" && e.Pollers > 0:
		return fmt.Sprintf("no worker begins with the %s of %s, although %d polled task queue %s in the last minutes → %s, "+
			"or start one with: go run ./worker",
			e.Looking, e.Run, e.Pollers, onboarding.TaskQueue, e.look())
	case e.Looking != "":
		return fmt.Sprintf("no worker polls task queue %s, and a %s is the worker's to carry out → start one with: "+
			"go run ./worker, or go run ./standalone",
			onboarding.TaskQueue, e.Looking)
	case e.Pollers > 0:
		return fmt.Sprintf("no worker answers for run %s%s, although %d polled task queue %s in the last minutes; nothing is lost → "+
			"%s, or start one with: go run ./worker",
			e.Run, at, e.Pollers, onboarding.TaskQueue, e.look())
	}
	return fmt.Sprintf("no worker polls task queue %s, so run %s waits%s; nothing is lost → start one with: go run ./worker, "+
		"or go run ./standalone",
		onboarding.TaskQueue, e.Run, at)
}

// look says where the reason is found.
func (e *NoWorkerError) look() string {
	if e.Versioned {
		return "see which version of the workers gets new work, and roll one out (starter deployment), look at the worker's log"
	}
	return "look at the worker's log"
}

// Unwrap returns what the query failed with.
func (e *NoWorkerError) Unwrap() error { return e.Err }

// BrokenRunError says that workers poll but fail to carry the run's own code out, as after an incompatible upgrade.
type BrokenRunError struct {
	Run string
	Err error
}

// Error says where the reason stands.
func (e *BrokenRunError) Error() string {
	return fmt.Sprintf("the worker cannot go on with run %s: its workflow task fails → the reason is in the worker's log and in the "+
		"Temporal UI; a worker of the version that the run was started with goes on with it",
		e.Run)
}

// Unwrap returns the server's answer.
func (e *BrokenRunError) Unwrap() error { return e.Err }

// EndedError says that a run ended without a report: it failed, was cancelled or terminated, or timed out.
type EndedError struct {
	Run string
	// How is RunAborted, RunFailed, RunCanceled, RunTerminated or RunTimedOut.
	How onboarding.RunState
	// Report is what it made, where it says so.
	Report *onboarding.Report
	// Message is why, and Remedy what to do about it, where the run says so.
	Message string
	Remedy  string
	At      time.Time
}

func endedError(name string, end ending.End) *EndedError {
	return &EndedError{Run: name, How: end.State, Message: end.Message, Remedy: end.Remedy, At: end.EndedAt, Report: end.Report}
}

// recordedEnd is how a run ended by the record of its studio.
func recordedEnd(name string, run onboarding.RunRecord) *EndedError {
	return endedError(name, ending.End{State: run.State, EndedAt: run.EndedAt, Message: run.Message, Remedy: run.Remedy, Report: run.Report})
}

// Error says how it ended and that starting again adopts what is there.
func (e *EndedError) Error() string {
	text := fmt.Sprintf("run %s ", e.Run)
	switch e.How {
	case onboarding.RunFailed:
		text += "failed"
	case onboarding.RunTimedOut:
		text += "timed out"
	case onboarding.RunCanceled:
		text += "was cancelled"
	default:
		text += "was " + string(e.How)
	}
	switch message := onboarding.WithRemedy(e.Message, e.Remedy); {
	case strings.HasPrefix(message, string(e.How)): // "aborted at domain by …"
		text = fmt.Sprintf("run %s was %s", e.Run, message)
	case message != "":
		text += ": " + message
	}
	if e.Report != nil {
		return text + fmt.Sprintf(" → what it made is still there: starter report %s; starting the same spec again adopts it and goes on: "+
			"starter onboard -f spec.yaml", e.Run)
	}
	return text + " → what it made is still there; starting the same spec again adopts it and goes on: starter onboard -f spec.yaml"
}

// NoServerError says that the Temporal server stopped answering.
type NoServerError struct{ Err error }

// Error says what to look at.
func (e *NoServerError) Error() string {
	return fmt.Sprintf("the Temporal server does not answer (%v) → see whether it runs; runs are safe in its database and "+
		"go on with it", e.Err)
}

// Unwrap returns the client's error.
func (e *NoServerError) Unwrap() error { return e.Err }

// RefusedError says that a run did not accept an answer or a decision, or a studio what was asked of it.
type RefusedError struct {
	Run string
	// Step is that of the answer or decision, empty for what was asked of a studio.
	Step onboarding.Step
	// Message and Remedy are the run's or studio's own texts.
	Message string
	Remedy  string
}

// Error is its own text and where to see what it is asking for, or how it stands.
func (e *RefusedError) Error() string {
	text := onboarding.WithRemedy(strings.TrimSpace(e.Message), e.Remedy)
	switch {
	case e.Step == "" && e.Remedy != "":
		return text
	case e.Step == "":
		return fmt.Sprintf("%s → how it stands: starter status %s", text, e.Run)
	}
	return fmt.Sprintf("%s → what the run waits for: starter status %s", text, e.Run)
}

// FailedError says that a check, a plan or a reconcile ended without a result.
type FailedError struct {
	// What is "check", "plan" or "reconcile".
	What string
	Run  string
	// Message is why, and Remedy what to do about it.
	Message string
	Remedy  string
}

// Error says why and what to do.
func (e *FailedError) Error() string {
	return fmt.Sprintf("the %s of %s failed: %s", e.What, e.Run, onboarding.WithRemedy(e.Message, e.Remedy))
}

// translate turns what a call about a run failed with into one of the errors above.
func translate(ctx context.Context, c client.Client, run string, err error) error {
	var missing *serviceerror.NotFound
	var namespace *serviceerror.NamespaceNotFound
	var unavailable *serviceerror.Unavailable
	var deadline *serviceerror.DeadlineExceeded
	switch {
	case err == nil:
		return nil
	case errors.As(err, &namespace):
		return err
	case errors.As(err, &unavailable) || errors.As(err, &deadline) || errors.Is(err, context.DeadlineExceeded):
		return &NoServerError{Err: err}
	case errors.As(err, &missing):
		return &UnknownRunError{Run: run, Known: knownNames(ctx, c)}
	}
	return fmt.Errorf("run %s: %w", run, err)
}

// knownNames lists names of studios, as far as they can be listed.
func knownNames(ctx context.Context, c client.Client) []string {
	infos, err := List(ctx, c, Filter{Limit: 10})
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(infos))
	for _, info := range infos {
		names = append(names, info.Run)
	}
	return names
}

// failureOf finds what a workflow, an update or an activity failed with, without Temporal's wrapping: the message, and the remedy
// of its details. What the first version failed with has one text alone.
func failureOf(err error) (message, remedy string) {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		return err.Error(), ""
	}
	var failure onboarding.Failure
	if app.HasDetails() && app.Details(&failure) == nil && failure.Reason != "" {
		remedy = failure.Remedy
	}
	return app.Message(), remedy
}
