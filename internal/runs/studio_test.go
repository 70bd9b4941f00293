package runs_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

const (
	running   = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	completed = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	failed    = enums.WORKFLOW_EXECUTION_STATUS_FAILED
	cancelled = enums.WORKFLOW_EXECUTION_STATUS_CANCELED
)

func at(hour int) time.Time { return time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC) }

func handles(appID string) *onboarding.Handles {
	return &onboarding.Handles{Spec: spec(), AppID: appID}
}

func report(n int, state onboarding.RunState) *onboarding.Report {
	return &onboarding.Report{Run: "demo", N: n, State: state, Region: "us-east-1"}
}

// live is a studio with one run that was done, and others after it.
func live(later ...onboarding.RunRecord) *onboarding.Studio {
	return &onboarding.Studio{Name: "demo", Since: at(8), InForce: handles("0oa1"), Runs: append([]onboarding.RunRecord{
		{N: 1, State: onboarding.RunDone, StartedAt: at(8), EndedAt: at(9), Report: report(1, onboarding.RunDone)},
	}, later...)}
}

func TestAnAbortedAndACancelledRunHaveAReport(t *testing.T) {
	for state, end := range map[onboarding.RunState]struct {
		status enums.WorkflowExecutionStatus
		err    error
		want   string
	}{
		onboarding.RunAborted: {failed, temporal.NewNonRetryableApplicationError("aborted at domain by op@host: wrong account",
			onboarding.ErrorAborted, nil, report(2, onboarding.RunAborted)), "run demo was aborted at domain by op@host: wrong account →"},
		onboarding.RunCanceled: {cancelled, temporal.NewCanceledError(report(2, onboarding.RunCanceled)), "run demo was cancelled: "},
	} {
		t.Run(string(state), func(t *testing.T) {
			fake := &runstest.Fake{Status: end.status, Failure: end.err, Pollers: 1, Progress: []onboarding.Progress{progress()},
				Studio: live(onboarding.RunRecord{N: 2, State: onboarding.RunRunning, StartedAt: at(10)})}
			got, err := runs.Report(t.Context(), fake, "demo", 0)
			require.NoError(t, err, "its studio has yet to learn of its end")
			require.Equal(t, *report(2, state), got)

			p, err := runs.Progress(t.Context(), fake, "demo")
			require.Equal(t, state, p.State)
			require.ErrorContains(t, err, end.want)
			require.ErrorContains(t, err, "starter report demo")
			require.Equal(t, 1, strings.Count(err.Error(), "aborted")+strings.Count(err.Error(), "was cancelled"))

			fake.Studio = live(onboarding.RunRecord{N: 2, State: state, EndedAt: at(11), Report: report(2, state)})
			got, err = runs.Report(t.Context(), fake, "demo", 2)
			require.NoError(t, err, "its studio keeps it")
			require.Equal(t, *report(2, state), got)
		})
	}
}

func TestEarlierRunsHaveTheirReportsByNumber(t *testing.T) {
	studio := live(onboarding.RunRecord{N: 2, State: onboarding.RunDone, EndedAt: at(11), Report: report(2, onboarding.RunDone)},
		onboarding.RunRecord{N: 3, State: onboarding.RunDone, EndedAt: at(12)},
		onboarding.RunRecord{N: 4, State: onboarding.RunTerminated, EndedAt: at(13), Message: "somebody terminated it"})
	fake := &runstest.Fake{Studio: studio, Status: completed, Pollers: 1}
	for n := 1; n <= 2; n++ {
		got, err := runs.Report(t.Context(), fake, "demo", n)
		require.NoError(t, err)
		require.Equal(t, n, got.N)
	}
	_, err := runs.Report(t.Context(), fake, "demo", 3)
	require.ErrorContains(t, err, "no longer kept")
	_, err = runs.Report(t.Context(), fake, "demo", 4)
	var ended *runs.EndedError
	require.ErrorAs(t, err, &ended)
	require.ErrorContains(t, err, "was terminated: somebody terminated it")
	_, err = runs.Report(t.Context(), fake, "demo", 9)
	require.ErrorContains(t, err, "demo has no run 9; it has 1 to 4 → starter history demo")
}

func TestAfterRetentionTheStudioStillAnswers(t *testing.T) {
	fake := &runstest.Fake{Studio: live(), Pollers: 1}
	p, studio, err := runs.Status(t.Context(), fake, "demo")
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, p.State)
	require.Len(t, p.Steps, len(onboarding.Steps()))
	require.Equal(t, "demo", studio.Name)

	got, err := runs.Report(t.Context(), fake, "demo", 0)
	require.NoError(t, err)
	require.Equal(t, *report(1, onboarding.RunDone), got)

	found, err := runs.Handles(t.Context(), fake, "demo")
	require.NoError(t, err)
	require.Equal(t, "0oa1", found.AppID)

	_, err = runs.SetSync(t.Context(), fake, "demo", onboarding.SyncRequest{Every: onboarding.Duration(time.Hour), By: "op@host"})
	require.NoError(t, err)
	require.Empty(t, fake.Starts, "the studio is asked, and none is started")
}

func TestAfterRetentionAnAbortedRunIsToldByTheRecord(t *testing.T) {
	fake := &runstest.Fake{Pollers: 1, Studio: live(onboarding.RunRecord{N: 2, State: onboarding.RunAborted, EndedAt: at(11),
		Message: "aborted at domain by op@host: wrong account", Report: report(2, onboarding.RunAborted)})}
	p, studio, err := runs.Status(t.Context(), fake, "demo")
	require.ErrorContains(t, err, "run demo was aborted at domain by op@host: wrong account →")
	require.Equal(t, onboarding.RunAborted, p.State)
	require.NotNil(t, studio, "the studio itself is as it was")
}

func TestALaterRunTakesNothingAwayFromALiveDomain(t *testing.T) {
	for name, later := range map[string]onboarding.RunRecord{
		"aborted": {N: 2, State: onboarding.RunAborted, EndedAt: at(11), Report: report(2, onboarding.RunAborted)},
		"waiting": {N: 2, State: onboarding.RunWaiting, Step: onboarding.StepSCIM},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &runstest.Fake{Status: running, Looking: completed, Pollers: 1, Studio: live(later),
				Queued: onboarding.ReconcileRecord{N: 7, WorkflowID: "reconcile-demo", RunID: runstest.RunID, State: onboarding.RunRunning},
				Result: onboarding.ReconcileReport{Run: "demo", State: onboarding.RunDone}}
			found, err := runs.Handles(t.Context(), fake, "demo")
			require.NoError(t, err)
			require.Equal(t, "0oa1", found.AppID)

			got, err := runs.Reconcile(t.Context(), fake, "demo", onboarding.ReconcileRequest{By: "op@host", Consent: "h1"}, time.Millisecond, nil)
			require.NoError(t, err)
			require.Equal(t, onboarding.RunDone, got.State)
			require.Equal(t, []any{onboarding.ReconcileRequest{By: "op@host", Consent: "h1"}}, fake.Updates[0].Args)
			require.Equal(t, "studio-demo", fake.Updates[0].WorkflowID)

			_, err = runs.DryRun(t.Context(), fake, found, "op@host", time.Millisecond, nil)
			require.NoError(t, err)
			in := fake.Inputs[0].(onboarding.ReconcileInput)
			require.True(t, in.DryRun)
			require.Equal(t, "0oa1", in.Handles.AppID)
			require.True(t, strings.HasPrefix(fake.Starts[0].ID, "access-demo-"), "it waits for nobody's turn")
		})
	}
}

func TestWhatARunHasBegunToChangeIsFollowed(t *testing.T) {
	fake := &runstest.Fake{Status: running, Pollers: 1,
		Studio: live(onboarding.RunRecord{N: 2, State: onboarding.RunAttention, Following: handles("0oa2")})}
	found, err := runs.Handles(t.Context(), fake, "demo")
	require.NoError(t, err)
	require.Equal(t, "0oa2", found.AppID)
}

func TestNothingIsFollowedBeforeARunIsDone(t *testing.T) {
	for want, records := range map[string][]onboarding.RunRecord{
		"is not done (waiting-for-operator) → let it end first: starter watch demo": {{N: 1, State: onboarding.RunWaiting}},
		"(the last one: aborted) → carry its spec out: starter onboard":             {{N: 1, State: onboarding.RunAborted, EndedAt: at(9)}},
		"no run of demo has begun yet":                                              nil,
		"ended before this version":                                                 {{N: 1, State: onboarding.RunDone, EndedAt: at(9)}},
	} {
		fake := &runstest.Fake{Pollers: 1, Studio: &onboarding.Studio{Name: "demo", Runs: records}}
		_, err := runs.Handles(t.Context(), fake, "demo")
		var none *runs.NotOnboardedError
		require.ErrorAs(t, err, &none)
		require.ErrorContains(t, err, want)
	}
}

func TestAReconcileWaitsForItsTurnAndSaysForWhom(t *testing.T) {
	studio := live(onboarding.RunRecord{N: 2, WorkflowID: "onboard-demo", State: onboarding.RunRunning})
	studio.Turn = "onboard-demo"
	fake := &runstest.Fake{Status: running, Looking: completed, Pollers: 1, Studio: studio,
		Queued: onboarding.ReconcileRecord{N: 3, WorkflowID: "reconcile-demo", State: onboarding.RunQueued},
		Result: onboarding.ReconcileReport{Run: "demo", State: onboarding.RunAttention}}
	var told []string
	got, err := runs.Reconcile(t.Context(), fake, "demo", onboarding.ReconcileRequest{}, time.Millisecond, func(text string) {
		told = append(told, text)
		fake.Change(func(f *runstest.Fake) { f.Studio.Reconciles[0].RunID = runstest.RunID })
	})
	require.NoError(t, err)
	require.Equal(t, onboarding.RunAttention, got.State)
	require.Equal(t, []string{"waits until run 2 has changed access"}, told)
}

func TestAReconcileThatCouldNotBeginSaysWhy(t *testing.T) {
	fake := &runstest.Fake{Pollers: 1, Studio: live(), Queued: onboarding.ReconcileRecord{N: 3, State: onboarding.RunFailed, EndedAt: at(10),
		Message: "no luck", Remedy: "Try again."}}
	_, err := runs.Reconcile(t.Context(), fake, "demo", onboarding.ReconcileRequest{}, time.Millisecond, nil)
	require.EqualError(t, err, "the reconcile of demo failed: no luck → Try again.")
}

func TestRunsOfTheFirstVersionAreTakenOver(t *testing.T) {
	for name, ask := range map[string]func(*runstest.Fake) error{
		"report": func(f *runstest.Fake) error { _, err := runs.Report(t.Context(), f, "demo", 0); return err },
		"access": func(f *runstest.Fake) error { _, err := runs.Handles(t.Context(), f, "demo"); return err },
		"sync": func(f *runstest.Fake) error {
			_, err := runs.SetSync(t.Context(), f, "demo", onboarding.SyncRequest{Off: true})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &runstest.Fake{Status: completed, Pollers: 1, Finding: 1, Report: onboarding.Report{Run: "demo",
				State: onboarding.RunDone, Handles: handles("0oa1")}}
			require.NoError(t, ask(fake))
			require.Len(t, fake.Starts, 1)
			require.Equal(t, "studio-demo", fake.Starts[0].ID)
			require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, fake.Starts[0].WorkflowIDConflictPolicy)
			require.Equal(t, onboarding.StudioInput{Name: "demo"}, fake.Inputs[0], "nothing is carried out by that")
			require.NoError(t, ask(fake))
			require.Len(t, fake.Starts, 1, "once")
		})
	}
	t.Run("not by looking at it", func(t *testing.T) {
		fake := &runstest.Fake{Status: completed, Pollers: 1, Progress: []onboarding.Progress{{Run: "demo", State: onboarding.RunDone}}}
		_, studio, err := runs.Status(t.Context(), fake, "demo")
		require.NoError(t, err)
		require.Nil(t, studio)
		require.Empty(t, fake.Starts)
	})
}

func TestAStudioIsAskedForWhatIsItsOwn(t *testing.T) {
	for update, ask := range map[string]func(*runstest.Fake) (onboarding.Acknowledgement, error){
		onboarding.UpdateSync: func(f *runstest.Fake) (onboarding.Acknowledgement, error) {
			return runs.SetSync(t.Context(), f, "demo", onboarding.SyncRequest{Pause: true})
		},
		onboarding.UpdateCancel: func(f *runstest.Fake) (onboarding.Acknowledgement, error) {
			return runs.Cancel(t.Context(), f, "demo", onboarding.CancelRequest{Reason: "wrong account"})
		},
		onboarding.UpdateRevoke: func(f *runstest.Fake) (onboarding.Acknowledgement, error) {
			return runs.Revoke(t.Context(), f, "demo", onboarding.RevokeRequest{Person: "alice@example.com"})
		},
		onboarding.UpdateForget: func(f *runstest.Fake) (onboarding.Acknowledgement, error) {
			return runs.Forget(t.Context(), f, "default", "demo", onboarding.ForgetRequest{})
		},
	} {
		t.Run(update, func(t *testing.T) {
			fake := &runstest.Fake{Studio: live(), Pollers: 1, Ack: onboarding.Acknowledgement{Message: "as you like"}}
			ack, err := ask(fake)
			require.NoError(t, err)
			require.Equal(t, "as you like", ack.Message)
			require.Equal(t, update, fake.Updates[0].UpdateName)
			require.Equal(t, "studio-demo", fake.Updates[0].WorkflowID)

			fake.UpdateError = temporal.NewApplicationError("not now", "Invalid")
			_, err = ask(fake)
			var refused *runs.RefusedError
			require.ErrorAs(t, err, &refused)
			require.EqualError(t, err, "not now → how it stands: starter status demo")

			fake.UpdateError = serviceerror.NewNotFound("workflow execution already completed")
			_, err = ask(fake)
			require.ErrorContains(t, err, "has ended meanwhile")

			_, err = ask(&runstest.Fake{})
			var unknown *runs.UnknownRunError
			require.ErrorAs(t, err, &unknown)

			silent := &runstest.Fake{Studio: live(), QueryErrors: []error{serviceerror.NewFailedPrecondition("no poller")}}
			_, err = ask(silent)
			var none *runs.NoWorkerError
			require.ErrorAs(t, err, &none)
			require.Empty(t, silent.Updates)
		})
	}
}

func TestForgettingDeletesTheStudiosOwnExecutionsAndNoOthers(t *testing.T) {
	fake := &runstest.Fake{Studio: live(), Pollers: 1, Listed: []*workflow.WorkflowExecutionInfo{
		runstest.Execution("studio-demo", running, onboarding.RunDone, ""),
		runstest.Execution("studio-demo-b", running, onboarding.RunDone, ""),
	}}
	_, err := runs.Forget(t.Context(), fake, "default", "demo", onboarding.ForgetRequest{})
	require.NoError(t, err)
	require.Equal(t, [][2]string{{"studio-demo", runstest.RunID}}, fake.Deleted)

	fake = &runstest.Fake{Studio: live(), Pollers: 1, UpdateError: errors.New("run 2 is under way"), Listed: fake.Listed}
	_, err = runs.Forget(t.Context(), fake, "default", "demo", onboarding.ForgetRequest{})
	require.Error(t, err)
	require.Empty(t, fake.Deleted, "what the studio refuses is not done")
}

func TestListTellsStudiosByWhatTheySayAndOlderRunsByTheirLatestExecution(t *testing.T) {
	expiry := onboarding.Expiry{What: "SCIM token", At: at(12)}
	fake := &runstest.Fake{Listed: []*workflow.WorkflowExecutionInfo{
		runstest.Execution("onboard-alpha", completed, onboarding.RunDone, onboarding.StepReport), // the studio alpha's own run
		runstest.Listed("alpha", onboarding.Summary{State: onboarding.RunWaiting, Step: onboarding.StepSCIM, LastGood: at(9), Expiry: &expiry}),
		runstest.Listed("beta", onboarding.Summary{State: onboarding.RunAborted, Runs: 2}),
		runstest.Execution("studio-delta", running, onboarding.RunAttention, onboarding.StepDomain), // without the keys to its memo
		runstest.Execution("onboard-old", running, onboarding.RunWaiting, onboarding.StepSCIM),
		runstest.Execution("onboard-old", completed, onboarding.RunDone, onboarding.StepReport),
		runstest.Execution("other-workflow", running, onboarding.RunRunning, ""),
		runstest.Execution("onboard-ended", enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, onboarding.RunRunning, onboarding.StepDomain),
		runstest.Execution("onboard-older", failed, onboarding.RunAborted, onboarding.StepDomain),
	}}
	list := func(filter runs.Filter) map[string]runs.Info {
		found, err := runs.List(t.Context(), fake, filter)
		require.NoError(t, err)
		got := map[string]runs.Info{}
		for _, info := range found {
			require.NotContains(t, got, info.Run, "each once")
			got[info.Run] = info
		}
		return got
	}
	states := func(filter runs.Filter) map[string]string {
		got := map[string]string{}
		for name, info := range list(filter) {
			got[name] = info.State
		}
		return got
	}
	require.Equal(t, map[string]string{"alpha": "waiting-for-operator", "beta": "aborted", "delta": "needs-attention",
		"old": "waiting-for-operator", "ended": "terminated", "older": "aborted"}, states(runs.Filter{}))
	require.Equal(t, map[string]string{"beta": "aborted", "older": "aborted"}, states(runs.Filter{State: "aborted"}))
	require.Empty(t, states(runs.Filter{State: "done"}), "an older execution must not answer for old")
	require.Empty(t, states(runs.Filter{State: "running"}), "a terminated run does not run, whatever it said last")
	require.Len(t, states(runs.Filter{Limit: 2}), 2)
	require.Len(t, states(runs.Filter{Limit: 4}), 4)

	all := list(runs.Filter{})
	require.Equal(t, at(9), all["alpha"].LastGood)
	require.Equal(t, &expiry, all["alpha"].Expiry)
	require.Equal(t, "the operator: scim", all["alpha"].Who)
	require.Empty(t, all["beta"].Who)
	require.Equal(t, "somebody has to decide: domain", all["delta"].Who)
	require.Equal(t, "the operator: scim", all["old"].Who)
}

func TestWhoHasToActOnAStudioThatIsDone(t *testing.T) {
	for want, summary := range map[string]onboarding.Summary{
		"expired: SCIM token":                {Expiry: &onboarding.Expiry{What: "SCIM token", At: time.Now().Add(-time.Hour)}},
		"the last reconcile needs attention": {Reconcile: onboarding.RunAttention},
		"the reconcile is overdue":           {Overdue: time.Now().Add(-time.Hour)},
		"": {Overdue: time.Now().Add(time.Hour),
			Expiry: &onboarding.Expiry{What: "x", At: time.Now().Add(time.Hour)}},
	} {
		summary.State = onboarding.RunDone
		fake := &runstest.Fake{Listed: []*workflow.WorkflowExecutionInfo{runstest.Listed("alpha", summary)}}
		found, err := runs.List(t.Context(), fake, runs.Filter{})
		require.NoError(t, err)
		require.Equal(t, want, found[0].Who)
	}
}
