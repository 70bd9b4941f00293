package runs

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"studio-onboarding/onboarding"
)

// Info is a run in a list.
type Info struct {
	Run string `json:"run"`
	// State is the run's own; of a run that ended without one it is "failed", "canceled", "terminated" or "timed-out".
	State      string          `json:"state"`
	Step       onboarding.Step `json:"step,omitempty"`
	StartedAt  time.Time       `json:"startedAt"`
	EndedAt    time.Time       `json:"endedAt,omitzero"`
	WorkflowID string          `json:"workflowId"`
	RunID      string          `json:"runId"`
}

// Filter picks runs.
type Filter struct {
	// State picks those in one state; empty means any.
	State string
	// Limit is how many at most; 0 means 100.
	Limit int
}

// List lists runs, newest first, each name once with its latest execution. It reads the server's index, which is some
// moments behind and needs no worker. An index takes about 10 calls a second per namespace: don't poll it.
func List(ctx context.Context, c client.Client, filter Filter) ([]Info, error) {
	if filter.Limit == 0 {
		filter.Limit = 100
	}
	request := &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: 100,
		Query:    fmt.Sprintf("WorkflowType = '%s'", onboarding.WorkflowOnboard),
	}
	var list []Info
	seen := map[string]bool{}
	for {
		page, err := c.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		for _, execution := range page.GetExecutions() {
			run, ok := onboarding.RunName(execution.GetExecution().GetWorkflowId())
			if !ok || seen[run] {
				continue
			}
			// An older execution of a name must not show up because the newest one is in another state.
			seen[run] = true
			info := infoOf(run, execution)
			if filter.State != "" && info.State != filter.State {
				continue
			}
			if list = append(list, info); len(list) == filter.Limit {
				return list, nil
			}
		}
		if len(page.GetNextPageToken()) == 0 {
			return list, nil
		}
		request.NextPageToken = page.GetNextPageToken()
	}
}

func infoOf(run string, execution *workflow.WorkflowExecutionInfo) Info {
	info := Info{
		Run:        run,
		State:      keyword(execution.GetSearchAttributes(), onboarding.SearchAttributeState),
		Step:       onboarding.Step(keyword(execution.GetSearchAttributes(), onboarding.SearchAttributeStep)),
		StartedAt:  execution.GetStartTime().AsTime(),
		WorkflowID: execution.GetExecution().GetWorkflowId(),
		RunID:      execution.GetExecution().GetRunId(),
	}
	if closed := execution.GetCloseTime(); closed != nil {
		info.EndedAt = closed.AsTime()
	}
	if how := endedHow(execution.GetStatus()); how != "" {
		info.State = how
	}
	if info.State == "" {
		info.State = string(onboarding.RunRunning)
	}
	return info
}

// endedHow names an end without a result; "" for a run that goes on or completed.
func endedHow(status enums.WorkflowExecutionStatus) string {
	switch status {
	case enums.WORKFLOW_EXECUTION_STATUS_FAILED:
		return "failed"
	case enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return "canceled"
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return "terminated"
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return "timed-out"
	}
	return ""
}

// keyword reads a search attribute; "" where it is absent.
func keyword(attributes *common.SearchAttributes, name string) string {
	payload, ok := attributes.GetIndexedFields()[name]
	if !ok {
		return ""
	}
	var value string
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &value); err != nil {
		return ""
	}
	return value
}
