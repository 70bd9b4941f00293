package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
)

// Standing decisions: an exception that somebody accepted is not asked about again, until its reason changes.

// accept keeps the exceptions that are accepted by skipping a step, and tells the studio.
func (r *run) accept(ctx workflow.Context, parked *onboarding.Parked, decision onboarding.Decision) {
	var accepted []onboarding.AcceptedException
	for _, exception := range onboarding.Unaccepted(parked.People, r.accepted) {
		accepted = append(accepted, onboarding.AcceptedException{
			Person: exception.Person, Code: exception.Code, Reason: exception.Reason, Step: parked.Step,
			By: decision.By, At: decision.At, Why: decision.Reason,
		})
	}
	if len(accepted) == 0 || r.home == "" {
		return
	}
	r.accepted = append(r.accepted, accepted...)
	r.report.Accepted = append(r.report.Accepted, accepted...)
	r.tell(ctx, onboarding.RunNews{Accepted: accepted})
}

// standing is the decision about a parked step that accepted exceptions amount to; nil where somebody has to be asked. People
// beyond those that a parked step lists were never shown to anybody, so nobody accepted them.
func (r *run) standing(ctx workflow.Context, parked *onboarding.Parked) *onboarding.Decision {
	if len(parked.People) == 0 || parked.PeopleTotal > len(parked.People) || len(onboarding.Unaccepted(parked.People, r.accepted)) > 0 {
		return nil
	}
	i := slices.IndexFunc(r.accepted, func(a onboarding.AcceptedException) bool { return a.Covers(parked.People[0]) })
	return &onboarding.Decision{At: workflow.Now(ctx), Message: parked.Message, Resolution: onboarding.Resolution{
		Step: parked.Step, Action: onboarding.ActionSkip, By: r.accepted[i].By,
		Reason: fmt.Sprintf("accepted before: %s", r.accepted[i].Why),
	}}
}

// exceptionsText says that exceptions are accepted.
func exceptionsText(accepted int) string {
	if accepted == 0 {
		return ""
	}
	return fmt.Sprintf("; %s accepted before", count(accepted, "exception"))
}
