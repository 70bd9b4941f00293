package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/health"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// tokenDate is what a report says of the SCIM token.
func tokenDate(t *testing.T, report onboarding.Report) onboarding.Expiry {
	t.Helper()
	for _, date := range report.Expiries {
		if date.Key == onboarding.ExpirySCIMToken {
			return date
		}
	}
	require.Fail(t, "nothing is known of the SCIM token")
	return onboarding.Expiry{}
}

// again is a world in which a run has been done, with the report of a second one.
func again(t *testing.T, known *onboarding.Handles) onboarding.Report {
	t.Helper()
	w := newWorld(t)
	w.known = known
	w.always("EstablishTrust", trust.TrustResult{Provisions: true}, nil)
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	return report
}

func TestASecondOnboardingKeepsTheDateOfTheToken(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	first, err := w.run()
	require.NoError(t, err)
	given := onboarding.SCIMHandle{Endpoint: endpoint, TokenRef: "file:/token", Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	require.Equal(t, given, first.Handles.SCIM)
	require.Equal(t, given.Since.AddDate(1, 0, 0), tokenDate(t, first).At)

	first.Handles.SCIM.Since = w.Now().Add(-300 * 24 * time.Hour).UTC()
	second := again(t, first.Handles)
	require.Equal(t, first.Handles.SCIM, second.Handles.SCIM)
	require.Equal(t, first.Handles.SCIM.Since.AddDate(1, 0, 0), tokenDate(t, second).At)
	require.False(t, tokenDate(t, second).AtLatest)

	other := *first.Handles
	other.AppID = "0oaAnother"
	require.True(t, tokenDate(t, again(t, &other)).AtLatest, "nothing is known of another app's token")
}

func TestATokenThatWasInUseBeforeIsOfUnknownAge(t *testing.T) {
	report := again(t, nil)
	date := tokenDate(t, report)
	require.True(t, date.AtLatest)
	require.True(t, report.Handles.SCIM.Older)
	require.Empty(t, report.Handles.SCIM.TokenRef)
}

func TestADeadSyncIsNoReconcileWithoutDifferences(t *testing.T) {
	for _, dry := range []bool{false, true} {
		w := newWorld(t)
		w.always("JudgeConnection", onboarding.Health{Verdicts: []onboarding.Verdict{
			{Kind: onboarding.VerdictBlocked, Code: "scim-token", Reason: "The token has expired.", Remedy: "Make another."},
			{Kind: onboarding.VerdictWarning, Code: "okta-app-certificate", Reason: "It expires in 20 days."},
		}}, nil)
		report, err := w.reconcile(onboarding.ReconcileInput{DryRun: dry})
		require.NoError(t, err)
		require.Equal(t, onboarding.RunAttention, report.State)
		require.Zero(t, report.Changes.Total)
		require.Len(t, report.Dead(), 1)
		require.Empty(t, report.Command, "nothing is held back")
		require.Len(t, report.Health.Verdicts, 2)
	}
}

func TestPeopleWhomOktaBroughtElsewhereNeedAttention(t *testing.T) {
	for absent, state := range map[int]onboarding.RunState{0: onboarding.RunDone, 1: onboarding.RunDone, 5: onboarding.RunAttention} {
		w := newWorld(t)
		w.always("VerifyAccess", access.VerifyResult{People: counts(9), Absent: absent}, nil)
		report, err := w.reconcile(onboarding.ReconcileInput{})
		require.NoError(t, err)
		require.Equal(t, state, report.State, "%d are absent", absent)
		require.Len(t, report.Health.Verdicts, min(absent, 1))
	}
}

func TestAJudgementThatFailsFailsNoReconcile(t *testing.T) {
	w := newWorld(t)
	w.always("JudgeConnection", onboarding.Health{}, failed(fault.Denied, "the worker has no keys", "Give it some."))
	report, err := w.reconcile(onboarding.ReconcileInput{})
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
	require.Equal(t, onboarding.VerdictUnknown, report.Health.Verdicts[0].Kind)
	require.Contains(t, report.Health.Verdicts[0].Reason, "the worker has no keys")
}

func TestAReconcileThatCannotGoOnStillTellsOfTheConnection(t *testing.T) {
	w := newWorld(t)
	w.always("VerifyAccess", access.VerifyResult{}, failed(fault.Denied, "okta: 403"))
	w.always("JudgeConnection", onboarding.Health{Verdicts: []onboarding.Verdict{{Kind: onboarding.VerdictBlocked, Code: "okta-app"}}}, nil)
	_, err := w.reconcile(onboarding.ReconcileInput{})
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	var failure onboarding.Failure
	var report onboarding.ReconcileReport
	require.NoError(t, application.Details(&failure, &report))
	require.Len(t, report.Dead(), 1)
}

func TestWhatHasGoneWrongSinceTheLastJudgementCounts(t *testing.T) {
	w := newWorld(t)
	last := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	var asked health.Input
	w.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, args converter.EncodedValues) {
		if info.ActivityType.Name == "JudgeConnection" {
			require.NoError(t, args.Get(&asked))
		}
	})
	_, err := w.reconcile(onboarding.ReconcileInput{Judged: last})
	require.NoError(t, err)
	require.Equal(t, health.Input{Handles: handles(), Since: last}, asked)
}
