// Package ending reads how the execution of a run ended: what it reported, or why it could not.
package ending

import (
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/onboarding"
)

// End is how a run ended.
type End struct {
	State   onboarding.RunState `json:"state"`
	EndedAt time.Time           `json:"endedAt"`
	// Message and Remedy say why, unless it is done.
	Message string `json:"message,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
	// Report is what the run made, also where it was aborted or cancelled; nil where it could not say.
	Report *onboarding.Report `json:"report,omitempty"`
}

// StateOf is the state of a closed execution by its status alone; empty for one that goes on. An aborted run is RunFailed here, as only
// its error tells.
func StateOf(status enums.WorkflowExecutionStatus) onboarding.RunState {
	switch status {
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return onboarding.RunDone
	case enums.WORKFLOW_EXECUTION_STATUS_FAILED:
		return onboarding.RunFailed
	case enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return onboarding.RunCanceled
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return onboarding.RunTerminated
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return onboarding.RunTimedOut
	}
	return ""
}

// Of reads how a closed run ended, from its description and from what reading its result gave: the report, or the error.
func Of(info *workflow.WorkflowExecutionInfo, report onboarding.Report, failed error) End {
	end := End{EndedAt: info.GetCloseTime().AsTime(), State: StateOf(info.GetStatus())}
	var app *temporal.ApplicationError
	var canceled *temporal.CanceledError
	var made onboarding.Report
	switch {
	case end.State == onboarding.RunDone:
		end.Report = &report
	case errors.As(failed, &app):
		end.Message = app.Message()
		if app.Type() == onboarding.ErrorAborted {
			end.State = onboarding.RunAborted
		}
		if app.HasDetails() && app.Details(&made) == nil && made.Run != "" {
			end.Report = &made
			break
		}
		var failure onboarding.Failure
		if app.HasDetails() && app.Details(&failure) == nil {
			end.Remedy = failure.Remedy
		}
	case errors.As(failed, &canceled):
		end.Message = "somebody cancelled it"
		if canceled.HasDetails() && canceled.Details(&made) == nil && made.Run != "" {
			end.Report = &made
		}
	case end.State == onboarding.RunTerminated:
		end.Message = "somebody terminated it in Temporal, so that it could not say what it had made"
	}
	return end
}
