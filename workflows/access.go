package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/activities/access"
	"studio-onboarding/onboarding"
)

func (r *run) accessInput() access.Input { return access.InputOf(*r.handles()) }

// access makes assignments, profiles and roles follow the directory.
func (r *run) access(ctx workflow.Context) (string, error) {
	var a *access.Activities
	in := r.accessInput()
	in.First = r.first
	result, err := call(bulkWork(ctx, "Assign groups and people, make user profiles"), a.ConvergeAccess, in)
	if err != nil {
		return "", err
	}
	r.held, r.only = nil, false
	summary := fmt.Sprintf("%s made, %d found; %s made, %d found",
		count(result.AssignmentsMade, "assignment"), result.AssignmentsFound, count(result.ProfilesMade, "profile"), result.ProfilesFound)
	if result.Held != "" {
		r.held = &onboarding.Verdict{
			Resource: onboarding.ResourceAssignment, Kind: onboarding.VerdictWarning, Code: "removal", Reason: result.Held,
		}
		if result.Hold != nil {
			r.held.Remedy = fmt.Sprintf("Look at the groups in Okta. If these people are to go: starter sync %s --once --consent %s", r.spec.Name,
				result.Hold.ID)
			summary += fmt.Sprintf("; %s held", count(result.Hold.Total, "person"))
		}
	}
	return summary, nil
}

// verify reads everything back. People who could not be synced are known by now; anybody else who is not ready is a reason
// to stop and look. When the operator asks for another try, access converges again first.
func (r *run) verify(ctx workflow.Context) (string, error) {
	if r.verified {
		if _, err := r.access(ctx); err != nil {
			return "", err
		}
	}
	r.lookAgain(ctx)
	var a *access.Activities
	result, err := call(bulkWork(ctx, "Read everything back, person by person"), a.VerifyAccess, r.accessInput())
	if err != nil {
		return "", err
	}
	r.verified = true
	r.report.People, r.report.Groups = result.People, result.Groups
	r.report.Exceptions, r.report.ExceptionsTotal = result.Exceptions, result.ExceptionsTotal
	r.report.Notices, r.report.PeopleFile = result.Notices, result.PeopleFile
	r.found = result.Findings
	open := onboarding.Unaccepted(result.Exceptions, r.accepted)
	accepted := len(open) == 0 && len(result.Exceptions) > 0 && result.ExceptionsTotal == len(result.Exceptions)
	if result.People.Ready < result.People.Synced && !accepted {
		return "", incomplete(fmt.Sprintf("%d of the %s in Identity Center can't sign in. The others: %s.",
			result.People.Synced-result.People.Ready, count(result.People.Synced, "person"), result.People.Grades()),
			"Look at the listed reasons and retry, or skip to end with this result.",
			open, result.ExceptionsTotal-len(result.Exceptions)+len(open))
	}
	return result.People.Words(), nil
}

// complete puts the last things into the report.
func (r *run) complete(ctx workflow.Context) (string, error) {
	slices.SortStableFunc(r.report.Expiries, func(a, b onboarding.Expiry) int { return a.At.Compare(b.At) })
	r.report.Handles = r.handles()
	if err := r.keepWhatHolds(ctx); err != nil {
		return "", err
	}
	if r.held != nil {
		r.report.Findings = append(r.report.Findings, *r.held)
	}
	r.report.Findings = append(r.report.Findings, r.found...)
	r.report.Findings = append(r.report.Findings, r.unproven()...)
	return r.report.People.Words(), nil
}

// lookAgain begins to find out which warnings of before the run hold after it, while people are read back one by one.
func (r *run) lookAgain(ctx workflow.Context) {
	if workflow.GetVersion(ctx, "look-again", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return
	}
	var a *activities.Assessor
	r.again = workflow.ExecuteActivity(quickCall(ctx, "See which warnings still hold"), a.RunPreflight,
		activities.PreflightInput{Spec: r.spec, Things: true})
}

// keepWhatHolds replaces the warnings of before the run with those that hold after it. What is wrong with people one by one was
// read back already. A look that fails costs the warnings, not the run.
func (r *run) keepWhatHolds(ctx workflow.Context) error {
	if r.again == nil { // a run of the first version, or one without the step verify
		return nil
	}
	var now onboarding.Assessment
	err := r.again.Get(ctx, &now)
	switch {
	case temporal.IsCanceledError(err):
		return err
	case err != nil:
		workflow.GetLogger(ctx).Warn("Warnings were not looked at again", "error", err)
	}
	r.report.Findings = onboarding.OfKind(now.Verdicts, onboarding.VerdictWarning, onboarding.VerdictBlocked)
	return nil
}

// handles is where later work finds everything again.
func (r *run) handles() *onboarding.Handles {
	h := &onboarding.Handles{
		Spec: r.spec, InstanceARN: r.instance.ARN, IdentityStoreID: r.instance.IdentityStoreID,
		IdentityRegion: r.primaryRegion(), AppID: r.app.ID, SCIM: r.token,
		Domain: onboarding.DomainHandle{
			ID: r.studio.ID, ARN: r.studio.ARN, Name: r.studio.Name, URL: r.studio.URL, ApplicationARN: r.studio.ApplicationARN,
			Origin: r.studio.Origin,
		},
	}
	for _, role := range r.roles {
		h.Roles = append(h.Roles, onboarding.RoleHandle{Wanted: role.Wanted, Name: role.Name, ARN: role.ARN, Origin: role.Origin})
	}
	return h
}
