package runstest

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/onboarding"
)

// ExecuteWorkflow implements client.Client.
func (f *Fake) ExecuteWorkflow(_ context.Context, options client.StartWorkflowOptions, started any,
	args ...any) (client.WorkflowRun, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Starts, f.Inputs = append(f.Starts, options), append(f.Inputs, args[0])
	if len(f.StartErrors) > 0 {
		err := f.StartErrors[0]
		f.StartErrors = f.StartErrors[1:]
		return nil, err
	}
	if started == onboarding.WorkflowStudio {
		f.begin(options.ID)
	}
	return execution{fake: f, id: options.ID}, nil
}

// begin starts the studio, where it doesn't go on. It takes the run over.
func (f *Fake) begin(id string) {
	if f.Studio != nil {
		return
	}
	name, _ := onboarding.StudioName(id)
	f.Studio = &onboarding.Studio{Name: name}
	run := onboarding.RunRecord{N: 1, WorkflowID: onboarding.WorkflowID(name), RunID: RunID, State: onboarding.RunRunning}
	switch f.Status {
	case enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED:
		return
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		run.State, run.Report, run.EndedAt = onboarding.RunDone, &f.Report, ended
		f.Studio.InForce = f.Report.Handles
	}
	f.Studio.Runs = []onboarding.RunRecord{run}
}

// ended is when every run ended that has ended.
var ended = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// withStart is the start of an UpdateWithStartWorkflow.
type withStart struct {
	client.WithStartWorkflowOperation
	options client.StartWorkflowOptions
	input   any
}

// NewWithStartWorkflowOperation implements client.Client.
func (f *Fake) NewWithStartWorkflowOperation(options client.StartWorkflowOptions, _ any, args ...any) client.WithStartWorkflowOperation {
	return &withStart{options: options, input: args[0]}
}

// UpdateWithStartWorkflow implements client.Client: a spec is applied.
func (f *Fake) UpdateWithStartWorkflow(_ context.Context, in client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	start := in.StartWorkflowOperation.(*withStart)
	f.Starts, f.Inputs = append(f.Starts, start.options), append(f.Inputs, start.input)
	f.Updates = append(f.Updates, in.UpdateOptions)
	if apply, ok := in.UpdateOptions.Args[0].(onboarding.Apply); ok {
		f.Applies = append(f.Applies, apply)
	}
	if len(f.StartErrors) > 0 {
		err := f.StartErrors[0]
		f.StartErrors = f.StartErrors[1:]
		if memo, _ := start.options.Memo[onboarding.MemoApply].(string); f.Studio == nil && silent(err) {
			f.begin(start.options.ID)
			f.Memo = memo
		}
		return nil, err
	}
	f.begin(start.options.ID)
	return update{fake: f, id: in.UpdateOptions.UpdateID, name: in.UpdateOptions.UpdateName}, nil
}

// silent says that a studio was started and nobody took the update up.
func silent(err error) bool {
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	return errors.As(err, &late)
}

// GetWorkflow implements client.Client.
func (f *Fake) GetWorkflow(_ context.Context, workflowID, _ string) client.WorkflowRun {
	return execution{fake: f, id: workflowID}
}

// UpdateWorkflow implements client.Client.
func (f *Fake) UpdateWorkflow(_ context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Updates = append(f.Updates, options)
	return update{fake: f, id: options.UpdateID, name: options.UpdateName}, nil
}

type execution struct {
	client.WorkflowRun
	fake *Fake
	id   string
}

func (e execution) GetID() string    { return e.id }
func (e execution) GetRunID() string { return RunID }
func (e execution) Get(_ context.Context, result any) error {
	_, isRun := onboarding.RunName(e.id)
	switch {
	case e.fake.Failure != nil && (isRun || e.fake.Result == nil):
		return Served(e.fake.Failure)
	case e.fake.Result != nil && !isRun:
		return converter.GetDefaultDataConverter().FromPayload(payload(e.fake.Result), result)
	}
	return converter.GetDefaultDataConverter().FromPayload(payload(e.fake.Report), result)
}

// Served is an error of a workflow as a client gets it from the server: its details are encoded.
func Served(err error) error {
	var app *temporal.ApplicationError
	var canceled *temporal.CanceledError
	if !errors.As(err, &app) && !errors.As(err, &canceled) {
		return err
	}
	failures := temporal.GetDefaultFailureConverter()
	return failures.FailureToError(failures.ErrorToFailure(err))
}

type update struct {
	fake     *Fake
	id, name string
}

func (u update) WorkflowID() string { return "" }
func (u update) RunID() string      { return RunID }
func (u update) UpdateID() string   { return u.id }
func (u update) Get(_ context.Context, result any) error {
	u.fake.mu.Lock()
	defer u.fake.mu.Unlock()
	if u.fake.UpdateError != nil {
		return Served(u.fake.UpdateError)
	}
	var answer any = u.fake.Ack
	switch u.name {
	case onboarding.UpdateApply:
		answer = u.fake.Applied
	case onboarding.UpdateReconcile:
		queued := u.fake.Queued
		if queued.N == 0 {
			queued = onboarding.ReconcileRecord{N: 1, WorkflowID: onboarding.ReconcileID(u.fake.Studio.Name), RunID: RunID}
		}
		u.fake.Studio.Reconciles = append(u.fake.Studio.Reconciles, queued)
		answer = onboarding.Queued{N: queued.N}
	}
	return converter.GetDefaultDataConverter().FromPayload(payload(answer), result)
}
