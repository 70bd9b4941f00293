package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/signin"
	"studio-onboarding/onboarding"
)

const (
	// lookBudget is how long a reconcile tries to read who is there. The next one begins anew, so an outage of hours is not
	// waited out.
	lookBudget = 2 * time.Hour
	// membersBudget is above activities.Waits.Settle, which decides when groups are no longer waited for.
	membersBudget = time.Hour
)

// Reconcile makes access follow Okta once: it looks, tells Okta to push groups again that have other members in Identity
// Center, makes assignments, profiles and roles right, takes access from those who left as the spec says, and reads back.
//
// It waits for nobody: where too many people are missing, they keep what they have, everything else is done, and the report says
// who is held and how to agree. It fails where the live systems cannot be read for lookBudget; nobody is removed then.
func Reconcile(ctx workflow.Context, in onboarding.ReconcileInput) (onboarding.ReconcileReport, error) {
	r := &reconcile{in: in, access: access.InputOf(in.Handles), report: onboarding.ReconcileReport{
		Run: in.Handles.Spec.Name, DryRun: in.DryRun, State: onboarding.RunRunning, StartedBy: in.StartedBy, StartedAt: workflow.Now(ctx),
	}}
	r.access.FollowOkta, r.access.AllowRemovals, r.access.Consent = true, in.AllowRemovals, in.Consent
	r.publish(ctx, onboarding.StepVerify, "Looks for differences.")
	judged := r.judge(ctx)
	if err := collect(ctx, in.Handles); err != nil {
		r.found = append(r.found, signin.Unseen(err.Message, err.Remedy))
	}
	err := r.carryOut(ctx)
	judged()
	r.report.EndedAt = workflow.Now(ctx)
	switch {
	case temporal.IsCanceledError(err):
		return onboarding.ReconcileReport{}, err
	case err != nil:
		r.report.State = onboarding.RunAttention
		return onboarding.ReconcileReport{}, r.failed(ctx, err)
	}
	r.report.State = onboarding.RunDone
	if len(r.report.Dead()) > 0 {
		r.report.State = onboarding.RunAttention
	}
	if r.report.Held != "" {
		r.report.State = onboarding.RunAttention
		if r.report.Hold != nil {
			r.report.Command = fmt.Sprintf("starter sync %s --once --consent %s", r.report.Run, r.report.Hold.ID)
		}
	}
	r.publish(ctx, onboarding.StepReport, r.summary())
	return r.report, nil
}

type reconcile struct {
	in     onboarding.ReconcileInput
	access access.Input
	report onboarding.ReconcileReport
	// absent counts those whom Okta says that it provisioned, and who are not there.
	absent int
	// found are what somebody should know of the trust and the Studio application.
	found []onboarding.Verdict
	// acted says that something may have been changed.
	acted bool
}

func (r *reconcile) carryOut(ctx workflow.Context) error {
	before, err := r.look(ctx, "Look for differences between Okta, Identity Center and Studio", true)
	if err != nil {
		return err
	}
	r.report.Changes, r.report.Held, r.report.Hold = before.Changes, before.Held, before.Hold
	if r.in.DryRun || before.Changes.Total == 0 && len(before.Stale) == 0 && !before.Unsettled {
		r.take(before)
		return nil
	}
	if len(before.Stale) > 0 {
		if err := r.push(ctx, before.Stale); err != nil {
			return err
		}
	}
	var a *access.Activities
	r.acted = true
	r.publish(ctx, onboarding.StepAccess, "Makes access right.")
	made, err := call(bulkWork(ctx, "Make assignments, profiles and roles right"), a.ConvergeAccess, r.access)
	if err != nil {
		return err
	}
	r.report.Made = onboarding.ChangesMade{
		Assignments: made.AssignmentsMade, AssignmentsRemoved: made.AssignmentsRemoved,
		Profiles: made.ProfilesMade, ProfilesRemoved: made.ProfilesRemoved, Roles: made.RolesChanged,
	}
	// Who was held may be back since the push.
	r.report.Held, r.report.Hold = made.Held, made.Hold
	r.publish(ctx, onboarding.StepVerify, "Reads everything back.")
	after, err := r.look(ctx, "Read everything back, person by person", false)
	if err != nil {
		return err
	}
	r.take(after)
	r.alsoExcept(made.Exceptions)
	return nil
}

func (r *reconcile) look(ctx workflow.Context, summary string, record bool) (access.VerifyResult, error) {
	var a *access.Activities
	in := r.access
	in.RecordChanges, in.Acting = record, record && !r.in.DryRun
	ctx = workflow.WithScheduleToCloseTimeout(bulkWork(ctx, summary), lookBudget)
	return call(workflow.WithStartToCloseTimeout(ctx, lookBudget), a.VerifyAccess, in)
}

// push has Okta write the memberships of these groups anew, and gives them time to arrive. What Okta's API refuses, and what
// does not arrive, is reported: the others are not kept waiting.
func (r *reconcile) push(ctx workflow.Context, groups []string) error {
	var okta *provisioning.Activities
	var a *access.Activities
	r.acted = true
	r.publish(ctx, onboarding.StepOktaGroups, "Has Okta push groups again.")
	pushed, err := call(quickCall(ctx, "Have Okta push groups again: "+strings.Join(groups, ", ")), okta.PushGroups,
		provisioning.PushInput{AppID: r.access.AppID, Groups: groups, Again: true})
	if err != nil {
		return err
	}
	for _, name := range workflow.DeterministicKeys(pushed.Refused) {
		r.notice(fmt.Sprintf("group %q", name), "has other members in Identity Center than in Okta, and Okta's API did not push it again: "+
			pushed.Refused[name],
			"Push it in Okta: the app > Push Groups > the group > Push now")
	}
	if len(pushed.Pushed) == 0 {
		return nil
	}
	for _, group := range pushed.Pushed {
		r.report.Pushed = append(r.report.Pushed, group.Name)
	}
	members, err := call(waitFor(ctx, "Wait for the groups to have the members that they have in Okta", membersBudget),
		a.AwaitMembers, r.waited())
	if err != nil {
		return err
	}
	for _, name := range members.Stale {
		if slices.Contains(r.report.Pushed, name) {
			r.notice(fmt.Sprintf("group %q", name), "still has other members in Identity Center than in Okta; who left the group in Okta "+
				"keeps the access until it has not",
				"Look in Okta at the app > Push Groups for an error, and push the group there")
		}
	}
	return nil
}

// waited asks for the groups that were pushed; the others don't change.
func (r *reconcile) waited() access.Input {
	in := r.access
	in.Pushed = r.report.Pushed
	return in
}

// take puts what was read last into the report.
func (r *reconcile) take(v access.VerifyResult) {
	r.report.People, r.report.Groups, r.report.PeopleFile = v.People, v.Groups, v.PeopleFile
	r.absent = v.Absent
	r.found = append(r.found, v.Findings...)
	r.report.Roster = v.Roster
	r.report.Exceptions, r.report.ExceptionsTotal = v.Exceptions, v.ExceptionsTotal
	r.report.Notices = append(r.report.Notices, v.Notices...)
	r.report.Notices = r.report.Notices[:min(len(r.report.Notices), onboarding.MaxListed)]
}

// alsoExcept adds those for whom a change failed and who are not listed yet, such as leavers whose profile is in use.
func (r *reconcile) alsoExcept(failed []onboarding.PersonException) {
	for _, f := range failed {
		known := slices.ContainsFunc(r.report.Exceptions, func(e onboarding.PersonException) bool { return e.Person == f.Person })
		if known {
			continue
		}
		r.report.ExceptionsTotal++
		if len(r.report.Exceptions) < onboarding.MaxListed {
			r.report.Exceptions = append(r.report.Exceptions, f)
		}
	}
}

func (r *reconcile) notice(who, what, remedy string) {
	r.report.Notices = append(r.report.Notices, onboarding.PersonException{Person: who, Reason: what, Remedy: remedy})
}

// failed is the end of a reconcile that could not go on, with the report so far.
func (r *reconcile) failed(ctx workflow.Context, err error) error {
	var parked onboarding.Parked
	describe(err, &parked)
	message := "Nothing was changed, and nobody was removed: " + parked.Message
	if r.acted {
		message = "Not everything is right yet; the next reconcile goes on: " + parked.Message
	}
	r.publish(ctx, onboarding.StepReport, onboarding.WithRemedy(message, parked.Remedy))
	return temporal.NewNonRetryableApplicationError(message, parked.Class, nil,
		onboarding.Failure{Reason: message, Remedy: parked.Remedy}, r.report)
}

func (r *reconcile) summary() string {
	dead := ""
	for _, verdict := range r.report.Dead() {
		dead += "\n\n**Needs attention:** " + onboarding.WithRemedy(verdict.Reason, verdict.Remedy)
	}
	if r.in.DryRun {
		return fmt.Sprintf("%s found; nothing was changed, as this was a dry run.", count(r.report.Changes.Total, "difference")) + dead
	}
	m := r.report.Made
	text := fmt.Sprintf("%s found. %s made, %d removed; %s made, %d removed; %s changed. %s.",
		count(r.report.Changes.Total, "difference"), count(m.Assignments, "assignment"), m.AssignmentsRemoved,
		count(m.Profiles, "profile"), m.ProfilesRemoved, count(m.Roles, "role"), r.report.People.Words())
	if r.report.Held != "" {
		text += "\n\n**Held back:** " + r.report.Held + "\n\n    " + r.report.Command
	}
	return text + dead
}

// publish shows the state in Temporal's lists and on the reconcile's own page.
func (r *reconcile) publish(ctx workflow.Context, step onboarding.Step, text string) {
	if err := workflow.UpsertTypedSearchAttributes(ctx,
		temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(r.report.State)),
		temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(step))); err != nil {
		workflow.GetLogger(ctx).Warn("Search attributes not updated", "error", err)
	}
	workflow.SetCurrentDetails(ctx, text)
}
