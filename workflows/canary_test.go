package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/signin"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// canaryWorld is a run in which nobody was seen signing in yet.
func canaryWorld(t *testing.T) *world {
	w := newWorld(t)
	w.answerAll()
	w.always("FindSignIns", signin.Found{At: asked}, nil)
	return w
}

// converged is what access was asked to make right.
func (w *world) converged() []access.Input {
	w.mu.Lock()
	defer w.mu.Unlock()
	var inputs []access.Input
	for _, in := range w.inputs["ConvergeAccess"] {
		inputs = append(inputs, in.(access.Input))
	}
	return inputs
}

// unseen says that the canary was not seen yet, for an hour: the test environment looks ten times at most.
func unseen() error {
	return temporal.NewApplicationErrorWithOptions("Okta let ada in 40 s ago", string(fault.NotReady),
		temporal.ApplicationErrorOptions{NextRetryDelay: time.Hour})
}

// summary is what a step says of itself.
func (w *world) summary(step onboarding.Step) string {
	for _, s := range w.progress().Steps {
		if s.Step == step {
			return s.Summary
		}
	}
	return ""
}

// asks is the open request of the canary.
func (w *world) asks() onboarding.Request {
	for _, request := range w.progress().Requests {
		if request.Step == onboarding.StepCanary {
			return request
		}
	}
	return onboarding.Request{}
}

func findings(report onboarding.Report, code string) []onboarding.Verdict {
	var found []onboarding.Verdict
	for _, finding := range report.Findings {
		if finding.Code == code {
			found = append(found, finding)
		}
	}
	return found
}

func TestARunWaitsUntilTheCanaryWasSeenSigningIn(t *testing.T) {
	w := canaryWorld(t)
	w.always("AwaitCanary", nil, unseen())
	w.after(10*time.Minute, func() {
		request := w.asks()
		require.Equal(t, "Let one person sign in by each of the three addresses", request.Title)
		require.Len(t, request.Paste, 2, "the Okta tile is not known in this world")
		require.Contains(t, request.Why, "you yourself, if you are in one of the groups")
		require.Equal(t, "starter provide data-science canary --addresses tile,portal,studio", request.Command)
		w.always("AwaitCanary", onboarding.Canary{Person: ada, SignIns: 3, At: asked}, nil)
	})
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, &onboarding.Canary{Person: ada, SignIns: 3, At: asked}, report.Canary)
	require.Equal(t, ada+" was seen signing in, 3 times", w.summary(onboarding.StepCanary))
	require.Empty(t, findings(report, signin.CodeUnproven))
	require.Equal(t, "detected", report.Requests[len(report.Requests)-1].By)
	require.Less(t, indexOf(w.calls, "ConvergeAccess"), indexOf(w.calls, "AwaitCanary"))
	require.Less(t, indexOf(w.calls, "AwaitCanary"), indexOf(w.calls, "VerifyAccess"))
}

func indexOf(calls []string, name string) int {
	for i, call := range calls {
		if call == name {
			return i
		}
	}
	return -1
}

func TestWhoHasProvenTheTrustIsNotAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	require.True(t, report.Canary.Before)
	require.Contains(t, w.summary(onboarding.StepCanary), ada+" was seen signing in on 2026-11-02 08:00:00; nobody is asked")
	require.NotContains(t, w.calls, "AwaitCanary")
}

func TestThePersonSaysWhichAddressesWorked(t *testing.T) {
	w := canaryWorld(t)
	w.always("AwaitCanary", nil, unseen())
	w.reply("CheckCanary", nil, failed(fault.Invalid, "Nobody has signed in yet.", "Wait."))
	w.after(10*time.Minute, func() {
		refused := w.provide(onboarding.StepCanary, map[string]string{onboarding.ValueAddresses: "tile"})
		w.after(time.Minute, func() {
			require.ErrorContains(t, refused.failed, "Nobody has signed in yet.")
			require.Equal(t, "Nobody has signed in yet.", w.asks().Refusal)
			unknown := w.provide(onboarding.StepCanary, map[string]string{onboarding.ValueAddresses: "door"})
			w.after(time.Minute, func() {
				require.ErrorContains(t, unknown.failed, `"door" is no sign-in address`)
				w.provide(onboarding.StepCanary, map[string]string{onboarding.ValueAddresses: "tile, Studio,tile"})
			})
		})
	})
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, []string{"tile", "studio"}, report.Canary.Addresses)
	require.Equal(t, 1, report.Canary.SignIns)
	require.Equal(t, "admin@laptop", report.Requests[len(report.Requests)-1].By)
}

func TestARefusalParksTheCanaryAndARetryWatchesAgain(t *testing.T) {
	w := canaryWorld(t)
	w.reply("AwaitCanary", nil, failed(fault.Invalid, "Okta let ada in 40 s ago; AWS refused: Not a valid response", "Upload the metadata"))
	w.after(10*time.Minute, func() {
		require.Equal(t, onboarding.StepParked, w.state(onboarding.StepCanary))
		require.Equal(t, "Upload the metadata", w.progress().Parked[0].Remedy)
		w.resolve(onboarding.StepCanary, onboarding.ActionRetry)
	})
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, ada, report.Canary.Person)
}

func TestTheCanaryIsSkippedWhileItIsAskedFor(t *testing.T) {
	w := canaryWorld(t)
	w.always("AwaitCanary", nil, unseen())
	w.after(10*time.Minute, func() { w.resolve(onboarding.StepCanary, onboarding.ActionSkip) })
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, []onboarding.Step{onboarding.StepCanary}, report.Skipped)
	require.Equal(t, onboarding.StepSkipped, w.state(onboarding.StepCanary))
	unproven := findings(report, signin.CodeUnproven)
	require.Len(t, unproven, 1)
	require.Contains(t, unproven[0].Reason, "Not proven: the step canary was skipped by admin@laptop: because")
}

func TestWhereCloudTrailCannotBeReadNobodyIsAsked(t *testing.T) {
	w := canaryWorld(t)
	w.always("FindSignIns", signin.Found{At: asked, Unreadable: &onboarding.Trouble{Class: "Denied", Operation: "cloudtrail:LookupEvents",
		Message: "access denied"}}, nil)
	report, err := w.run()
	require.NoError(t, err)
	require.NotContains(t, w.calls, "AwaitCanary")
	require.Contains(t, w.summary(onboarding.StepCanary), "not proven: CloudTrail can't be read")
	require.Contains(t, findings(report, signin.CodeUnproven)[0].Reason, "cloudtrail:LookupEvents: access denied")
}

// firstWorld is a run that lets the canary in first.
func firstWorld(t *testing.T) *world {
	w := canaryWorld(t)
	w.spec.Access.Canary, w.spec.Access.Rollout = &onboarding.CanarySpec{Person: ada}, onboarding.RolloutCanaryFirst
	w.reply("ConvergeAccess", access.Result{AssignmentsMade: 1, ProfilesMade: 1, First: []string{"id-ada"}}, nil)
	return w
}

func TestTheOthersFollowTheCanary(t *testing.T) {
	w := firstWorld(t)
	w.atHome(time.Minute)
	w.always("AwaitCanary", nil, unseen())
	w.after(10*time.Minute, func() {
		require.Len(t, w.converged(), 1, "nobody but the canary is let in before it was seen")
		require.Contains(t, w.asks().Why, ada+" can do it. Until then nobody else is let in, and reconciles wait.")
		for _, news := range w.news {
			require.False(t, news.TurnOver, "a reconcile would let everybody in")
		}
		w.always("AwaitCanary", onboarding.Canary{Person: ada, SignIns: 1, At: asked}, nil)
	})
	_, err := w.run()
	require.NoError(t, err)
	require.Len(t, w.converged(), 2)
	require.Equal(t, &onboarding.CanarySpec{Person: ada}, w.converged()[0].Canary)
	require.Nil(t, w.converged()[1].Canary)
	require.Equal(t, []string{"id-ada"}, w.converged()[1].First)
}

func TestWithoutCloudTrailAnOperatorDecidesWhetherTheOthersFollow(t *testing.T) {
	w := firstWorld(t)
	w.always("FindSignIns", signin.Found{At: asked, Unreadable: &onboarding.Trouble{Message: "access denied"}}, nil)
	w.after(10*time.Minute, func() {
		require.Len(t, w.converged(), 1)
		require.Contains(t, w.progress().Parked[0].Message, "Nobody would see the canary sign in: access denied")
		w.resolve(onboarding.StepCanary, onboarding.ActionSkip)
	})
	_, err := w.run()
	require.NoError(t, err)
	require.Len(t, w.converged(), 2)
}

func TestAProvenTrustLetsEverybodyInAtOnce(t *testing.T) {
	w := firstWorld(t)
	w.always("FindSignIns", signin.Found{At: asked, Proven: &onboarding.SignIn{Person: ada, At: asked}}, nil)
	_, err := w.run()
	require.NoError(t, err)
	require.Len(t, w.converged(), 1)
	require.Nil(t, w.converged()[0].Canary)
}

func TestAReconcileSaysThatSignInsAreRefused(t *testing.T) {
	w := newWorld(t)
	w.always("VerifyAccess", access.VerifyResult{People: onboarding.People{Wanted: 3, Synced: 3},
		Findings: []onboarding.Verdict{{Kind: onboarding.VerdictBlocked, Code: signin.CodeRefused, Reason: "Sign-ins are refused."}}}, nil)
	w.always("CollectSignIns", nil, failed(fault.Denied, "no store"))
	w.ExecuteWorkflow(onboarding.WorkflowReconcile, onboarding.ReconcileInput{Handles: onboarding.Handles{Spec: w.spec}})
	require.NoError(t, w.GetWorkflowError())
	var report onboarding.ReconcileReport
	require.NoError(t, w.GetWorkflowResult(&report))
	require.Equal(t, onboarding.RunAttention, report.State)
	require.Equal(t, "Sign-ins are refused.", report.Dead()[0].Reason)
	var told []string
	for _, verdict := range report.Health.Verdicts {
		told = append(told, verdict.Code)
	}
	require.Equal(t, []string{signin.CodeUnseen, signin.CodeRefused}, told)
	require.Less(t, indexOf(w.calls, "CollectSignIns"), indexOf(w.calls, "VerifyAccess"), strings.Join(w.calls, " "))
}
