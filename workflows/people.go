package workflows

import (
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/access"
	"studio-onboarding/onboarding"
)

// AccessList answers with one page of who has access. The first page looks at the live systems; those after it come from
// the people file, as long as the worker has it.
func AccessList(ctx workflow.Context, in onboarding.AccessListInput) (onboarding.AccessPage, error) {
	var a *access.Activities
	return call(waitFor(ctx, "Read who has access", listBudget), a.ListAccess,
		access.ListInput{Access: following(in.Handles), Group: in.Group, Status: in.Status, After: in.After})
}

// ExplainPerson follows one person from Okta to Studio, link by link.
func ExplainPerson(ctx workflow.Context, in onboarding.ExplainPersonInput) (onboarding.PersonExplanation, error) {
	var a *access.Activities
	return call(quickCall(ctx, "Follow one person from Okta to Studio"), a.ExplainPerson,
		access.ExplainInput{Access: following(in.Handles), Login: in.Login})
}

func following(h onboarding.Handles) access.Input {
	in := access.InputOf(h)
	in.FollowOkta = true
	return in
}
