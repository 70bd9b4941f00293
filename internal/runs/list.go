package runs

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"studio-onboarding/internal/ending"
	"studio-onboarding/onboarding"
)

// Info is a studio in a list.
type Info struct {
	Run string `json:"run"`
	// State is that of the run under way, or of the last one.
	State string          `json:"state"`
	Step  onboarding.Step `json:"step,omitempty"`
	// Who says who has to act, empty where nobody has.
	Who string `json:"who,omitempty"`
	// LastGood is when a reconcile last ended with everything as it should be.
	LastGood time.Time `json:"lastGood,omitzero"`
	// Expiry is the next date on which something stops working.
	Expiry     *onboarding.Expiry `json:"expiry,omitempty"`
	StartedAt  time.Time          `json:"startedAt"`
	EndedAt    time.Time          `json:"endedAt,omitzero"`
	WorkflowID string             `json:"workflowId"`
	RunID      string             `json:"runId"`
}

// Filter picks studios.
type Filter struct {
	// State picks those in one state; empty means any.
	State string
	// Limit is how many at most; 0 means 100.
	Limit int
}

// List lists studios, the newest first, and after them runs of the first version that no studio has taken over. It reads the server's
// index, which is some moments behind and needs no worker. An index takes about 10 calls a second per namespace: don't poll it.
func List(ctx context.Context, c client.Client, filter Filter) ([]Info, error) {
	if filter.Limit == 0 {
		filter.Limit = 100
	}
	var list []Info
	seen := map[string]bool{}
	take := func(name string, info func() Info) bool {
		if seen[name] {
			return true
		}
		// An older execution of a name must not show up because the newest one is in another state.
		seen[name] = true
		if found := info(); filter.State == "" || found.State == filter.State {
			list = append(list, found)
		}
		return len(list) < filter.Limit
	}
	err := each(ctx, c, fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", onboarding.WorkflowStudio),
		func(execution *workflow.WorkflowExecutionInfo) bool {
			name, ok := onboarding.StudioName(execution.GetExecution().GetWorkflowId())
			return !ok || take(name, func() Info { return studioInfo(name, execution) })
		})
	if err != nil || len(list) == filter.Limit {
		return list, err
	}
	err = each(ctx, c, fmt.Sprintf("WorkflowType = '%s'", onboarding.WorkflowOnboard),
		func(execution *workflow.WorkflowExecutionInfo) bool {
			name, ok := onboarding.RunName(execution.GetExecution().GetWorkflowId())
			return !ok || take(name, func() Info {
				info := infoOf(name, execution)
				info.Who = onboarding.Summary{State: onboarding.RunState(info.State), Step: info.Step}.Who(time.Now())
				return info
			})
		})
	return list, err
}

// Studios reads the summaries of all studios under care, by name: one call for each hundred. Those of the first version that no studio has
// taken over are not among them. The client has to be able to read payloads, as one that is not a worker's can.
func Studios(ctx context.Context, c client.Client) (map[string]onboarding.Summary, error) {
	studios := map[string]onboarding.Summary{}
	err := each(ctx, c, fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", onboarding.WorkflowStudio),
		func(execution *workflow.WorkflowExecutionInfo) bool {
			if name, ok := onboarding.StudioName(execution.GetExecution().GetWorkflowId()); ok {
				studios[name] = summaryOf(execution, infoOf(name, execution))
			}
			return true
		})
	return studios, err
}

// each goes through the executions that a query finds, newest first, until one says that it is enough.
func each(ctx context.Context, c client.Client, query string, more func(*workflow.WorkflowExecutionInfo) bool) error {
	request := &workflowservice.ListWorkflowExecutionsRequest{PageSize: 100, Query: query}
	for {
		page, err := c.ListWorkflow(ctx, request)
		if err != nil {
			return fmt.Errorf("list studios: %w", err)
		}
		for _, execution := range page.GetExecutions() {
			if !more(execution) {
				return nil
			}
		}
		if len(page.GetNextPageToken()) == 0 {
			return nil
		}
		request.NextPageToken = page.GetNextPageToken()
	}
}

// studioInfo reads what a studio says of itself in its memo.
func studioInfo(name string, execution *workflow.WorkflowExecutionInfo) Info {
	info := infoOf(name, execution)
	summary := summaryOf(execution, info)
	info.State, info.Step = string(summary.State), summary.Step
	if !summary.Since.IsZero() {
		info.StartedAt = summary.Since // that of the execution moves when the studio continues as new
	}
	info.Who, info.LastGood, info.Expiry = summary.Who(time.Now()), summary.LastGood, summary.Expiry
	return info
}

func summaryOf(execution *workflow.WorkflowExecutionInfo, info Info) onboarding.Summary {
	var summary onboarding.Summary
	payload := execution.GetMemo().GetFields()[onboarding.MemoSummary]
	if payload == nil || converter.GetDefaultDataConverter().FromPayload(payload, &summary) != nil {
		// It has only just been started, or its memo is encrypted with keys that we lack.
		summary = onboarding.Summary{State: onboarding.RunState(info.State), Step: info.Step}
	}
	return summary
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
	// What a run says of itself counts: one that was aborted has failed for Temporal.
	state := ending.StateOf(execution.GetStatus())
	if state != "" && state != onboarding.RunDone && !(state == onboarding.RunFailed && info.State == string(onboarding.RunAborted)) {
		info.State = string(state)
	}
	if info.State == "" {
		info.State = string(onboarding.RunRunning)
	}
	return info
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
