package workflows

import (
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/access"
	"studio-onboarding/onboarding"
)

// AccessList finds out who has access, and answers with which list in the store says it. Queries read its pages.
func AccessList(ctx workflow.Context, in onboarding.AccessListInput) (onboarding.Listing, error) {
	collect(ctx, in.Handles)
	var a *access.Activities
	return call(waitFor(ctx, "Read who has access", listBudget), a.ListAccess, access.ListInput{Access: following(in.Handles)})
}

// ExplainPerson follows one person from Okta to Studio, link by link.
func ExplainPerson(ctx workflow.Context, in onboarding.ExplainPersonInput) (onboarding.PersonExplanation, error) {
	collect(ctx, in.Handles)
	var a *access.Activities
	return call(quickCall(ctx, "Follow one person from Okta to Studio"), a.ExplainPerson,
		access.ExplainInput{Access: following(in.Handles), Login: in.Login})
}

func following(h onboarding.Handles) access.Input {
	in := access.InputOf(h)
	in.FollowOkta = true
	return in
}
