package runs

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// AccessList has the worker read who has access, and calls page for each page of those whom the filter of the query keeps; all of
// them are of the same list. Errors and notice are those of Check.
func AccessList(ctx context.Context, c client.Client, handles onboarding.Handles, filter onboarding.PeopleQuery, every time.Duration,
	notice func(string), page func(onboarding.AccessPage) error) (onboarding.Listing, error) {
	run := handles.Spec.Name
	list, asked, err := lookIn[onboarding.Listing](ctx, c, looking{
		what: "list", run: run, id: readingID(handles), workflow: onboarding.WorkflowAccessList,
		input: onboarding.AccessListInput{Handles: handles}, every: every, notice: notice,
	})
	if err != nil {
		return list, err
	}
	filter.Studio, filter.Generation, filter.After = list.Studio, list.Generation, ""
	for {
		var got onboarding.AccessPage
		if err := query(ctx, c, run, asked, queryWithin, &got, onboarding.QueryPeople, filter); err != nil {
			return list, err
		}
		if err := page(got); err != nil || got.Next == "" {
			return list, err
		}
		filter.After = got.Next
	}
}

// ExplainPerson has the worker follow one person from Okta to Studio. Errors and notice are those of Check.
func ExplainPerson(ctx context.Context, c client.Client, in onboarding.ExplainPersonInput, every time.Duration,
	notice func(string)) (onboarding.PersonExplanation, error) {
	return look[onboarding.PersonExplanation](ctx, c, looking{
		what: "explanation", run: in.Handles.Spec.Name, id: readingID(in.Handles), workflow: onboarding.WorkflowExplainPerson,
		input: in, every: every, notice: notice,
	})
}

// readingID names a workflow that reads. Several may do so at once, and no person's name may be in it.
func readingID(h onboarding.Handles) string {
	return onboarding.ReadingID(h.Spec.Name) + "-" + uuid.NewString()
}
