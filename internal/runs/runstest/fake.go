// Package runstest holds a Temporal client for tests: one studio and its run, without server or worker. It encodes what it answers as
// a server would.
package runstest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
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
	// Studio is the record of the studio that goes on; nil where there is none. One that is started takes the run over, and answers
	// Finding queries before it has found it.
	Studio  *onboarding.Studio
	Finding int
	// Memo is the ID of the Apply that the studio was started with; Apply sets it where it starts one that nobody takes up.
	Memo string
	// Progress are the answers to QueryProgress, one after the other; the last one stays.
	Progress []onboarding.Progress
	// Report answers QueryReport and is the result of a completed run.
	Report onboarding.Report
	// People answer QueryPeople, one page after the other, and Changes QueryChanges.
	People  []onboarding.AccessPage
	Changes onboarding.ChangesPage
	// Pack answers QueryPack, one page after the other.
	Pack []onboarding.PackPage
	// Documents answer QueryDocument, by name.
	Documents map[string]string
	// Status is that of the run; unspecified means that the server knows none.
	Status enums.WorkflowExecutionStatus
	// Result is the result of a workflow that only looks, and of a reconcile. It has Looking's status, or else the run's.
	Result  any
	Looking enums.WorkflowExecutionStatus
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
	// Pollers is how many workers without a version poll, and Versions are the others. Current is the build ID that gets new work.
	Pollers  int
	Versions []Version
	Current  string
	// Listed are the executions in the index.
	Listed []*workflow.WorkflowExecutionInfo
	// StartErrors are what starts fail with, one after the other.
	StartErrors []error
	// Schedules are the server's.
	Schedules Schedules
	// Ack answers updates, Applied that of a spec, and Queued that of a reconcile, which has begun where nothing else is said;
	// UpdateError refuses them.
	Ack         onboarding.Acknowledgement
	Applied     onboarding.Applied
	Queued      onboarding.ReconcileRecord
	UpdateError error

	// Starts, Inputs, Applies and Updates record what was sent.
	Starts  []client.StartWorkflowOptions
	Inputs  []any
	Applies []onboarding.Apply
	Updates []client.UpdateWorkflowOptions
	Queries []string
	// Deleted are the executions that were deleted, as ID and run ID.
	Deleted [][2]string
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
	status := f.Status
	_, isRun := onboarding.RunName(workflowID)
	_, isStudio := onboarding.StudioName(workflowID)
	switch {
	case isStudio && f.Studio != nil:
		status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	case isStudio:
		status = enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED
	case !isRun && f.Looking != enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED:
		status = f.Looking
	}
	if status == enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED {
		return nil, serviceerror.NewNotFound("workflow not found for ID: " + workflowID)
	}
	info := Execution(workflowID, status, f.State, f.Step)
	if isStudio && f.Memo != "" {
		info.Memo = &common.Memo{Fields: map[string]*common.Payload{onboarding.MemoApply: payload(f.Memo)}}
		if len(f.Studio.Runs) > 0 { // it has begun
			info.Memo.Fields[onboarding.MemoSummary] = payload(f.Studio.Summary())
		}
	}
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

// Listed is a studio in the index, with what it says of itself.
func Listed(name string, summary onboarding.Summary) *workflow.WorkflowExecutionInfo {
	info := Execution(onboarding.StudioID(name), enums.WORKFLOW_EXECUTION_STATUS_RUNNING, summary.State, summary.Step)
	info.Memo = &common.Memo{Fields: map[string]*common.Payload{onboarding.MemoSummary: payload(summary)}}
	return info
}

// Execution describes an execution as the server does.
func Execution(workflowID string, status enums.WorkflowExecutionStatus, state onboarding.RunState,
	step onboarding.Step) *workflow.WorkflowExecutionInfo {
	info := &workflow.WorkflowExecutionInfo{
		Execution: &common.WorkflowExecution{WorkflowId: workflowID, RunId: RunID},
		Type:      &common.WorkflowType{Name: workflowType(workflowID)},
		Status:    status,
		StartTime: timestamppb.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)),
		SearchAttributes: &common.SearchAttributes{IndexedFields: map[string]*common.Payload{
			onboarding.SearchAttributeState: payload(string(state)),
			onboarding.SearchAttributeStep:  payload(string(step)),
		}},
	}
	if status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		info.CloseTime = timestamppb.New(ended)
	}
	return info
}

// workflowType is the type that workflow IDs of this kind have.
func workflowType(workflowID string) string {
	for prefix, name := range map[string]string{
		onboarding.StudioID(""): onboarding.WorkflowStudio, onboarding.WorkflowID(""): onboarding.WorkflowOnboard,
		onboarding.ReconcileID(""): onboarding.WorkflowReconcile, onboarding.CheckID(""): onboarding.WorkflowCheck,
		onboarding.PlanID(""): onboarding.WorkflowPlan, onboarding.ReadingID(""): onboarding.WorkflowAccessList,
	} {
		if strings.HasPrefix(workflowID, prefix) {
			return name
		}
	}
	return ""
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
func (f *Fake) QueryWorkflow(_ context.Context, workflowID, _, name string, args ...any) (converter.EncodedValue, error) {
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
	case onboarding.QueryStudio:
		if f.Studio == nil {
			return nil, serviceerror.NewNotFound("workflow not found for ID: " + workflowID)
		}
		if answer = *f.Studio; f.Finding > 0 {
			f.Finding--
			answer = onboarding.Studio{}
		}
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
	case onboarding.QueryPack:
		answer = f.Pack[0]
		f.Pack = f.Pack[1:]
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
	return &workflowservice.DescribeTaskQueueResponse{Pollers: append(make([]*taskqueue.PollerInfo, f.Pollers), f.versioned()...)}, nil
}

// ListWorkflow implements client.Client; it answers with one execution per page.
func (f *Fake) ListWorkflow(_ context.Context,
	in *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at := len(in.GetNextPageToken()); at < len(f.Listed); at++ {
		if Matches(in.GetQuery(), f.Listed[at]) {
			return &workflowservice.ListWorkflowExecutionsResponse{
				Executions: f.Listed[at : at+1], NextPageToken: make([]byte, at+1),
			}, nil
		}
	}
	return &workflowservice.ListWorkflowExecutionsResponse{}, nil
}

// WorkflowService implements client.Client: executions can be deleted.
func (f *Fake) WorkflowService() workflowservice.WorkflowServiceClient { return service{fake: f} }

type service struct {
	workflowservice.WorkflowServiceClient
	fake *Fake
}

func (s service) DeleteWorkflowExecution(_ context.Context, in *workflowservice.DeleteWorkflowExecutionRequest,
	_ ...grpc.CallOption) (*workflowservice.DeleteWorkflowExecutionResponse, error) {
	s.fake.mu.Lock()
	defer s.fake.mu.Unlock()
	id, runID := in.GetWorkflowExecution().GetWorkflowId(), in.GetWorkflowExecution().GetRunId()
	s.fake.Deleted = append(s.fake.Deleted, [2]string{id, runID})
	s.fake.Listed = slices.DeleteFunc(slices.Clone(s.fake.Listed), func(info *workflow.WorkflowExecutionInfo) bool {
		return info.GetExecution().GetWorkflowId() == id && info.GetExecution().GetRunId() == runID
	})
	return &workflowservice.DeleteWorkflowExecutionResponse{}, nil
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

// payload encodes a value as the SDK does. What these tests encode always can be.
func payload(value any) *common.Payload {
	encoded, err := converter.GetDefaultDataConverter().ToPayload(value)
	if err != nil {
		panic(err)
	}
	return encoded
}
