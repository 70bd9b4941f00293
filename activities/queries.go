package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/survey"
	"studio-onboarding/onboarding"
)

// queryWithin is below the ten seconds in which a worker has to answer a query.
const queryWithin = 8 * time.Second

// NewQueries returns the worker interceptor that answers queries for the lists with a line for each person. They are in the store,
// and an answer to a query is in no history; workflows themselves read nothing, so that every workflow can be asked.
func NewQueries(lists Queried) interceptor.WorkerInterceptor { return &queries{lists: lists} }

// Queried is what queries are answered from.
type Queried interface {
	access.ListReader
	survey.PackReader
}

type queries struct {
	interceptor.WorkerInterceptorBase
	lists Queried
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (q *queries) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &queryInbound{lists: q.lists}
	in.Next = next
	return in
}

type queryInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	lists Queried
}

// ExecuteWorkflow registers the queries, which leaves no trace in the history.
func (in *queryInbound) ExecuteWorkflow(ctx workflow.Context, input *interceptor.ExecuteWorkflowInput) (any, error) {
	if err := register(ctx, onboarding.QueryPeople, access.ListReader(in.lists), access.PeoplePage); err != nil {
		return nil, err
	}
	if err := register(ctx, onboarding.QueryChanges, access.ListReader(in.lists), access.ChangesPage); err != nil {
		return nil, err
	}
	if err := register(ctx, onboarding.QueryPack, survey.PackReader(in.lists), survey.Page); err != nil {
		return nil, err
	}
	return in.Next.ExecuteWorkflow(ctx, input)
}

func register[From, Query, Page any](ctx workflow.Context, name string, lists From,
	page func(context.Context, From, Query) (Page, error)) error {
	return workflow.SetQueryHandlerWithOptions(ctx, name, func(query Query) (Page, error) {
		asking, cancel := context.WithTimeout(context.Background(), queryWithin)
		defer cancel()
		return page(asking, lists, query)
	}, workflow.QueryHandlerOptions{Description: "Answered from the worker's store."})
}
