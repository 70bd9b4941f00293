package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go.temporal.io/api/serviceerror"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

// The exit codes; docs/cli.md explains them.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNeedsPerson = 3
	exitNobodyThere = 4
	exitWarnings    = 5
	exitBlocking    = 6
	exitInterrupted = 130
)

// usageError says that the command line, or a file it names, is wrong.
type usageError struct {
	// command is the one to ask for help; empty where help wouldn't.
	command string
	err     error
}

func (e *usageError) Error() string {
	if e.command == "" {
		return e.err.Error()
	}
	return fmt.Sprintf("%v → see: %s --help", e.err, e.command)
}

func (e *usageError) Unwrap() error { return e.err }

// wrongUse makes a usage error about a value on the command line.
func wrongUse(command, format string, args ...any) error {
	return &usageError{command: "starter " + command, err: fmt.Errorf(format, args...)}
}

// outcome ends a command with an exit code, when all has been said already.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// outcomeOf is how a look at a run in this state ends; nil is fine.
func outcomeOf(state onboarding.RunState) error {
	switch state {
	case onboarding.RunWaiting, onboarding.RunAttention:
		return outcome(exitNeedsPerson)
	case onboarding.RunAborted, onboarding.RunFailed, onboarding.RunCanceled, onboarding.RunTerminated, onboarding.RunTimedOut:
		return outcome(exitFailure)
	}
	return nil
}

// tell writes an error for a person and answers with the exit code.
func tell(ctx context.Context, w io.Writer, err error) int {
	var silent outcome
	if errors.As(err, &silent) {
		return int(silent)
	}
	if ctx.Err() != nil {
		fmt.Fprintln(w, "starter: interrupted; runs go on without it → starter list")
		return exitInterrupted
	}
	code := exitFailure
	var usage *usageError
	var spec *specfile.Error
	var noWorker *runs.NoWorkerError
	var noServer *runs.NoServerError
	var unreachable *temporalclient.UnreachableError
	var namespace *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &spec):
		// Without a prefix, so that editors find file, line and column.
		fmt.Fprintf(w, "%v\n→ correct the spec and try again; what belongs where: starter schema\n", spec)
		return exitUsage
	case errors.As(err, &usage):
		code = exitUsage
	case errors.As(err, &noWorker) || errors.As(err, &noServer) || errors.As(err, &unreachable):
		code = exitNobodyThere
	case errors.As(err, &namespace):
		code = exitNobodyThere
		err = &temporalclient.NoNamespaceError{Namespace: namespace.Namespace, Err: err}
	}
	fmt.Fprintln(w, "starter: "+err.Error())
	return code
}
