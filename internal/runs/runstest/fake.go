// Package runstest holds a Temporal client for tests: one run, without server or worker. It encodes what it answers as a
// server would.
package runstest

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"studio-onboarding/onboarding"
)

// RunID is the execution that the fake knows.
const RunID = "6f1d3a52-0000-4000-8000-000000000001"

// Fake is a client.Client. Calls that it has no method for panic. Set the fields before use, or with Change.
type Fake struct {
	client.Client

	mu sync.Mutex
	// Progress are the answers to QueryProgress, one after the other; the last one stays.
	Progress []onboarding.Progress
	// Report answers QueryReport and is the result of a completed run.
	Report onboarding.Report
	// People answer QueryPeople, one page after the other, and Changes QueryChanges.
	People  []onboarding.AccessPage
	Changes onboarding.ChangesPage
	// Documents answer QueryDocument, by name.
	Documents map[string]string
	// Status is that of the run; unspecified means that there is none.
	Status enums.WorkflowExecutionStatus
	// Result is the result of a workflow that only looks, instead of Report.
	Result any
	// Waiting says that no worker has begun with a workflow.
	Waiting bool
	// Terminated are the IDs of workflows that were terminated.
	Terminated []string
	// Failure is what a run that didn't complete ended with.
	Failure error
	// Pending are the run's activities under way.
	Pending []*workflow.PendingActivityInfo
	// State and Step are the run's search attributes.
	State onboarding.RunState
	Step  onboarding.Step
	// PeopleQueries are the questions of QueryPeople.
	PeopleQueries []onboarding.PeopleQuery
	// QueryErrors are what queries fail with, one after the other; nil lets one pass. When used up, queries pass.
	QueryErrors []error
	// Pollers is how many workers poll.
	Pollers int
	// Listed are the executions in the index.
	Listed []*workflow.WorkflowExecutionInfo
	// StartErrors are what starts fail with, one after the other.
	StartErrors []error
	// Schedules are the server's.
	Schedules Schedules
	// Running is the input of a run that goes on already: starts are refused.
	Running *onboarding.OnboardInput
	// Ack answers updates; UpdateError refuses them.
	Ack         onboarding.Acknowledgement
	UpdateError error

	// Starts, Inputs and Updates record what was sent.
	Starts  []client.StartWorkflowOptions
	Inputs  []onboarding.OnboardInput
	Updates []client.UpdateWorkflowOptions
	Queries []string
	Closed  bool
}

// Running is a fake with a run that goes on, and a worker.
func Running(progress ...onboarding.Progress) *Fake {
	return &Fake{Progress: progress, Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING, Pollers: 1,
		Ack: onboarding.Acknowledgement{Message: "thank you"}}
}

// Change changes the fake between calls.
func (f *Fake) Change(change func(*Fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// Close implements client.Client.
func (f *Fake) Close() { f.Closed = true }

// DescribeWorkflowExecution implements client.Client.
func (f *Fake) DescribeWorkflowExecution(
	_ context.Context, workflowID, _ string,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Status == enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED {
		return nil, serviceerror.NewNotFound("workflow not found for ID: " + workflowID)
	}
	info := Execution(workflowID, f.Status, f.State, f.Step)
	description := &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info, PendingActivities: slices.Clone(f.Pending)}
	if f.Waiting {
		description.PendingWorkflowTask = &workflow.PendingWorkflowTaskInfo{State: enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED, Attempt: 1}
	}
	return description, nil
}

// TerminateWorkflow implements client.Client.
func (f *Fake) TerminateWorkflow(_ context.Context, workflowID, _, _ string, _ ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Terminated = append(f.Terminated, workflowID)
	return nil
}

// Execution describes an execution as the server does.
func Execution(workflowID string, status enums.WorkflowExecutionStatus, state onboarding.RunState,
	step onboarding.Step) *workflow.WorkflowExecutionInfo {
	info := &workflow.WorkflowExecutionInfo{
		Execution: &common.WorkflowExecution{WorkflowId: workflowID, RunId: RunID},
		Status:    status,
		StartTime: timestamppb.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)),
		SearchAttributes: &common.SearchAttributes{IndexedFields: map[string]*common.Payload{
			onboarding.SearchAttributeState: payload(string(state)),
			onboarding.SearchAttributeStep:  payload(string(step)),
		}},
	}
	if status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		info.CloseTime = timestamppb.New(time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC))
	}
	return info
}

// Activity describes an activity under way: count is its heartbeat, and class, message and remedy its last failure, if any.
func Activity(name string, attempt int32, count *onboarding.Count, class, message string, remedy ...string) *workflow.PendingActivityInfo {
	info := &workflow.PendingActivityInfo{ActivityType: &common.ActivityType{Name: name}, Attempt: attempt}
	if count != nil {
		info.HeartbeatDetails = &common.Payloads{Payloads: []*common.Payload{payload(count)}}
	}
	if message != "" {
		info.LastFailure = &failure.Failure{Message: message, FailureInfo: &failure.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failure.ApplicationFailureInfo{Type: class},
		}}
		if len(remedy) > 0 {
			info.LastFailure.GetApplicationFailureInfo().Details = &common.Payloads{Payloads: []*common.Payload{
				payload(onboarding.Failure{Reason: message, Remedy: remedy[0]}),
			}}
		}
	}
	return info
}

// QueryWorkflow implements client.Client.
func (f *Fake) QueryWorkflow(_ context.Context, _, runID, name string, args ...any) (converter.EncodedValue, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Queries = append(f.Queries, name)
	if len(f.QueryErrors) > 0 {
		err := f.QueryErrors[0]
		f.QueryErrors = f.QueryErrors[1:]
		if err != nil {
			return nil, err
		}
	}
	var answer any
	switch name {
	case onboarding.QueryProgress:
		answer = f.Progress[0]
		if len(f.Progress) > 1 {
			f.Progress = f.Progress[1:]
		}
	case onboarding.QueryReport:
		answer = f.Report
	case onboarding.QueryPeople:
		f.PeopleQueries = append(f.PeopleQueries, args[0].(onboarding.PeopleQuery))
		answer = f.People[0]
		f.People = f.People[1:]
	case onboarding.QueryChanges:
		answer = f.Changes
	case onboarding.QueryDocument:
		content, ok := f.Documents[args[0].(string)]
		if !ok {
			return nil, serviceerror.NewQueryFailed("there is no such document")
		}
		answer = onboarding.Document{Name: args[0].(string), Content: content}
	}
	return client.NewValue(&common.Payloads{Payloads: []*common.Payload{payload(answer)}}), nil
}

// DescribeTaskQueue implements client.Client.
func (f *Fake) DescribeTaskQueue(context.Context, string, enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{Pollers: make([]*taskqueue.PollerInfo, f.Pollers)}, nil
}

// ListWorkflow implements client.Client; it answers with one execution per page.
func (f *Fake) ListWorkflow(_ context.Context,
	in *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	at := len(in.GetNextPageToken())
	if at >= len(f.Listed) {
		return &workflowservice.ListWorkflowExecutionsResponse{}, nil
	}
	return &workflowservice.ListWorkflowExecutionsResponse{
		Executions: f.Listed[at : at+1], NextPageToken: make([]byte, at+1),
	}, nil
}

// ExecuteWorkflow implements client.Client.
func (f *Fake) ExecuteWorkflow(_ context.Context, options client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Starts = append(f.Starts, options)
	if in, ok := args[0].(onboarding.OnboardInput); ok {
		f.Inputs = append(f.Inputs, in)
	}
	if len(f.StartErrors) > 0 {
		err := f.StartErrors[0]
		f.StartErrors = f.StartErrors[1:]
		return nil, err
	}
	if f.Running != nil {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("already started", "request", RunID)
	}
	return execution{fake: f, id: options.ID}, nil
}

// GetWorkflowHistory implements client.Client: the first event of the run that goes on.
func (f *Fake) GetWorkflowHistory(context.Context, string, string, bool, enums.HistoryEventFilterType) client.HistoryEventIterator {
	return &events{input: f.Running}
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
	return update{fake: f, id: options.UpdateID}, nil
}

// OperatorService implements client.Client: every search attribute is there.
func (f *Fake) OperatorService() operatorservice.OperatorServiceClient { return operator{} }

type operator struct {
	operatorservice.OperatorServiceClient
}

func (operator) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest,
	...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: map[string]enums.IndexedValueType{
		onboarding.SearchAttributeState: enums.INDEXED_VALUE_TYPE_KEYWORD,
		onboarding.SearchAttributeStep:  enums.INDEXED_VALUE_TYPE_KEYWORD,
	}}, nil
}

type execution struct {
	client.WorkflowRun
	fake *Fake
	id   string
}

func (e execution) GetID() string    { return e.id }
func (e execution) GetRunID() string { return RunID }
func (e execution) Get(_ context.Context, result any) error {
	if e.fake.Failure != nil {
		return e.fake.Failure
	}
	if _, isRun := onboarding.RunName(e.id); e.fake.Result != nil && !isRun {
		return converter.GetDefaultDataConverter().FromPayload(payload(e.fake.Result), result)
	}
	return converter.GetDefaultDataConverter().FromPayload(payload(e.fake.Report), result)
}

type update struct {
	fake *Fake
	id   string
}

func (u update) WorkflowID() string { return "" }
func (u update) RunID() string      { return RunID }
func (u update) UpdateID() string   { return u.id }
func (u update) Get(_ context.Context, result any) error {
	if u.fake.UpdateError != nil {
		return u.fake.UpdateError
	}
	return converter.GetDefaultDataConverter().FromPayload(payload(u.fake.Ack), result)
}

type events struct {
	input *onboarding.OnboardInput
	read  bool
}

func (e *events) HasNext() bool { return e.input != nil && !e.read }
func (e *events) Next() (*history.HistoryEvent, error) {
	e.read = true
	return &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &history.WorkflowExecutionStartedEventAttributes{
			Input: &common.Payloads{Payloads: []*common.Payload{payload(e.input)}},
		},
	}}, nil
}

// payload encodes a value as the SDK does. What these tests encode always can be.
func payload(value any) *common.Payload {
	encoded, err := converter.GetDefaultDataConverter().ToPayload(value)
	if err != nil {
		panic(err)
	}
	return encoded
}
