package workflows_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

func handles() onboarding.Handles {
	return onboarding.Handles{
		Spec: onboarding.Spec{Name: "data-science", Region: "us-east-1",
			Access: onboarding.AccessSpec{Groups: []onboarding.GroupAccessSpec{{Name: "studio"}}}},
		InstanceARN: "arn:aws:sso:::instance/ssoins-1234567890abcdef", IdentityStoreID: "d-1234567890", AppID: "0oa1",
		Domain: onboarding.DomainHandle{ID: "d-domain1", ApplicationARN: "arn:aws:sso::222222222222:application/ssoins-1/apl-1",
			Origin: onboarding.OriginCreated},
		Roles: []onboarding.RoleHandle{{Wanted: "role", Name: "role", ARN: "arn:aws:iam::222222222222:role/role"}},
	}
}

func counts(n int) onboarding.People {
	return onboarding.People{Wanted: n, Synced: n, Assigned: n, Profiles: n, Ready: n}
}

// drift is a look that finds one leaver.
func drift() access.VerifyResult {
	return access.VerifyResult{People: counts(3), Changes: onboarding.AccessChanges{
		Total: 1, File: "/changes.jsonl", Generation: "g1",
	}}
}

func (w *world) reconcile(in onboarding.ReconcileInput) (onboarding.ReconcileReport, error) {
	w.t.Helper()
	in.Handles = handles()
	w.calls = nil
	w.ExecuteWorkflow(onboarding.WorkflowReconcile, in)
	require.True(w.t, w.IsWorkflowCompleted())
	// It is judged beside everything else, at any time. Sign-ins are collected before anybody's access is read.
	w.calls = slices.DeleteFunc(w.calls, func(name string) bool { return name == "JudgeConnection" })
	require.Equal(w.t, "CollectSignIns", w.calls[0])
	w.calls = w.calls[1:]
	var report onboarding.ReconcileReport
	if err := w.GetWorkflowError(); err != nil {
		return report, err
	}
	require.NoError(w.t, w.GetWorkflowResult(&report))
	return report, nil
}

func membersOf(w *world) {
	var a *access.Activities
	on(w, "AwaitMembers", a.AwaitMembers, access.MembersResult{})
}

func TestAReconcileThatFindsNothingEndsAfterOneLook(t *testing.T) {
	w := newWorld(t)
	report, err := w.reconcile(onboarding.ReconcileInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"VerifyAccess"}, w.calls)
	require.Equal(t, onboarding.RunDone, report.State)
	require.Equal(t, 3, report.People.Ready)
	require.Equal(t, "/people.jsonl", report.PeopleFile)
}

func TestAReconcileRepairsAndReadsBack(t *testing.T) {
	w := newWorld(t)
	w.reply("VerifyAccess", drift(), nil)
	w.always("ConvergeAccess", access.Result{ProfilesRemoved: 1,
		Exceptions: []onboarding.PersonException{{Person: "eve@example.com", Reason: "it has running apps"}}, ExceptionsTotal: 1}, nil)
	report, err := w.reconcile(onboarding.ReconcileInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"VerifyAccess", "ConvergeAccess", "VerifyAccess"}, w.calls)
	require.Equal(t, onboarding.ChangesMade{ProfilesRemoved: 1}, report.Made)
	require.Equal(t, 1, report.Changes.Total)
	require.Equal(t, "/changes.jsonl", report.Changes.File)
	require.Equal(t, "g1", report.Changes.Generation, "whoever shows them asks the store")
	require.Equal(t, 1, report.ExceptionsTotal)
	require.Contains(t, report.Exceptions[0].Reason, "running apps")
}

func TestWhatIsToBeWrittenDownIsSettledWithoutADifference(t *testing.T) {
	w := newWorld(t)
	w.reply("VerifyAccess", access.VerifyResult{People: counts(3), Unsettled: true}, nil)
	_, err := w.reconcile(onboarding.ReconcileInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"VerifyAccess", "ConvergeAccess", "VerifyAccess"}, w.calls)
}

func TestADryRunOnlyLooks(t *testing.T) {
	w := newWorld(t)
	look := drift()
	look.Stale = []string{"studio"}
	w.always("VerifyAccess", look, nil)
	report, err := w.reconcile(onboarding.ReconcileInput{DryRun: true})
	require.NoError(t, err)
	require.Equal(t, []string{"VerifyAccess"}, w.calls)
	require.True(t, report.DryRun)
	require.Equal(t, 1, report.Changes.Total)
	require.Zero(t, report.Made)
}

func TestGroupsThatDifferArePushedAgain(t *testing.T) {
	w := newWorld(t)
	membersOf(w)
	w.reply("VerifyAccess", access.VerifyResult{People: counts(3), Stale: []string{"studio"}}, nil)
	w.reply("AwaitMembers", access.MembersResult{}, notReady())
	w.always("PushGroups", provisioning.PushResult{Pushed: []provisioning.PushedGroup{{Name: "studio"}}}, nil)
	report, err := w.reconcile(onboarding.ReconcileInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"VerifyAccess", "PushGroups", "AwaitMembers", "AwaitMembers", "ConvergeAccess", "VerifyAccess"}, w.calls)
	require.Equal(t, []string{"studio"}, report.Pushed)
	require.Empty(t, report.Notices)
}

func TestAPushThatIsRefusedOrDoesNotArriveIsReported(t *testing.T) {
	w := newWorld(t)
	membersOf(w)
	w.reply("VerifyAccess", access.VerifyResult{People: counts(3), Stale: []string{"studio", "ml"}}, nil)
	w.always("AwaitMembers", access.MembersResult{Stale: []string{"studio", "ml"}}, nil)
	w.always("PushGroups", provisioning.PushResult{Pushed: []provisioning.PushedGroup{{Name: "studio"}},
		Refused: map[string]string{"ml": "no licence"}}, nil)
	report, err := w.reconcile(onboarding.ReconcileInput{})
	require.NoError(t, err)
	require.Len(t, report.Notices, 2)
	require.Contains(t, report.Notices[0].Reason, "no licence")
	require.Equal(t, `group "studio"`, report.Notices[1].Person)
	require.Equal(t, "VerifyAccess", w.calls[len(w.calls)-1], "the others are not kept waiting")
}

func TestRemovalsThatAreHeldBackAskTheOperator(t *testing.T) {
	w := newWorld(t)
	look := drift()
	look.Held, look.Hold = "34 of 49 people would lose access", &onboarding.Hold{ID: "0123456789ab", Total: 34}
	w.always("VerifyAccess", look, nil)
	w.always("ConvergeAccess", access.Result{Held: look.Held, Hold: look.Hold}, nil)
	report, err := w.reconcile(onboarding.ReconcileInput{})
	require.NoError(t, err)
	require.Contains(t, w.calls, "ConvergeAccess", "joiners don't wait for it")
	require.Equal(t, onboarding.RunAttention, report.State)
	require.Equal(t, "starter sync data-science --once --consent 0123456789ab", report.Command)
	require.Equal(t, 34, report.Hold.Total)
	require.Zero(t, report.Made.ProfilesRemoved)
}

func TestWhatAPushPutsRightIsNotHeldBack(t *testing.T) {
	w := newWorld(t)
	membersOf(w)
	look := drift()
	look.Held, look.Stale = "nobody was removed: the group is empty in Identity Center", []string{"studio"}
	w.reply("VerifyAccess", look, nil)
	w.always("PushGroups", provisioning.PushResult{Pushed: []provisioning.PushedGroup{{Name: "studio"}}}, nil)
	report, err := w.reconcile(onboarding.ReconcileInput{})
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
	require.Empty(t, report.Held)
}

func TestTheOperatorsConsentReachesTheActivities(t *testing.T) {
	w := newWorld(t)
	w.reply("VerifyAccess", drift(), nil)
	consent := map[string]string{}
	w.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, args converter.EncodedValues) {
		if info.ActivityType.Name == "JudgeConnection" || info.ActivityType.Name == "CollectSignIns" {
			return
		}
		var in access.Input
		require.NoError(t, args.Get(&in))
		consent[info.ActivityType.Name] = in.Consent
	})
	report, err := w.reconcile(onboarding.ReconcileInput{Consent: "0123456789ab"})
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
	require.Equal(t, map[string]string{"VerifyAccess": "0123456789ab", "ConvergeAccess": "0123456789ab"}, consent)
}

func TestASourceThatStaysUnreachableEndsTheReconcileWithTheReason(t *testing.T) {
	w := newWorld(t)
	w.always("VerifyAccess", access.VerifyResult{}, failed(fault.Unavailable, "okta: 503 on the second page", "Look at status.okta.com"))
	_, err := w.reconcile(onboarding.ReconcileInput{})
	require.ErrorContains(t, err, "Nothing was changed, and nobody was removed")
	require.ErrorContains(t, err, "503 on the second page")
	require.Equal(t, "Look at status.okta.com", failureOf(t, err).Remedy)
	require.NotContains(t, w.calls, "ConvergeAccess")
}

func TestAReconcileThatFailsHalfwaySaysSo(t *testing.T) {
	w := newWorld(t)
	w.reply("VerifyAccess", drift(), nil)
	w.always("ConvergeAccess", access.Result{}, failed(fault.Denied, "may not"))
	_, err := w.reconcile(onboarding.ReconcileInput{})
	require.ErrorContains(t, err, "the next reconcile goes on: may not")
	require.NotContains(t, err.Error(), "Nothing was changed")
}

func TestTheReportHoldsTheHandles(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	require.NotNil(t, report.Handles)
	require.Equal(t, w.spec, report.Handles.Spec)
	require.Equal(t, "d-1234567890", report.Handles.IdentityStoreID)
	require.Equal(t, "0oa1", report.Handles.AppID)
	require.Equal(t, "d-domain1", report.Handles.Domain.ID)
	require.Equal(t, []string{"SageMakerStudio-data-science", "ml-role"}, []string{report.Handles.Roles[0].Wanted,
		report.Handles.Roles[1].Wanted})
}
