package runs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

func spec() onboarding.Spec {
	return onboarding.Spec{
		Name: "demo", Region: "us-east-1",
		Okta:   onboarding.OktaSpec{AppLabel: "AWS", AssignmentGroup: "everybody"},
		Domain: onboarding.DomainSpec{Name: "demo", Tags: map[string]string{"team": "data"}},
		Access: onboarding.AccessSpec{
			Groups: []onboarding.GroupAccessSpec{{Name: "studio"}},
			People: []onboarding.PersonAccessSpec{{Login: "alice@example.com"}},
		},
	}
}

func progress(steps ...onboarding.StepProgress) onboarding.Progress {
	return onboarding.Progress{Run: "demo", State: onboarding.RunRunning, Steps: steps}
}

func runningStep(step onboarding.Step) onboarding.StepProgress {
	return onboarding.StepProgress{Step: step, State: onboarding.StepRunning}
}

func TestStartHasTheStudioApplyTheSpecAndNamesNobody(t *testing.T) {
	fake := runstest.Running()
	fake.Applied = onboarding.Applied{N: 3, WorkflowID: "onboard-demo", RunID: runstest.RunID}
	started, err := runs.Start(t.Context(), fake, spec(), "op@host")
	require.NoError(t, err)
	require.Equal(t, runs.Started{WorkflowID: "onboard-demo", RunID: runstest.RunID, N: 3}, started)

	apply := fake.Applies[0]
	require.Equal(t, onboarding.Apply{ID: apply.ID, Spec: spec(), By: "op@host"}, apply)
	update := fake.Updates[0]
	require.Equal(t, "studio-demo", update.WorkflowID)
	require.Equal(t, onboarding.UpdateApply, update.UpdateName)
	require.Equal(t, client.WorkflowUpdateStageCompleted, update.WaitForStage)
	require.Contains(t, update.UpdateID, apply.ID, "the same request counts once")
	require.Equal(t, onboarding.StudioInput{Name: "demo", Apply: &apply}, fake.Inputs[0], "it is carried out also where the update is lost")

	options := fake.Starts[0]
	require.Equal(t, "studio-demo", options.ID)
	require.Equal(t, onboarding.TaskQueue, options.TaskQueue)
	require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, options.WorkflowIDConflictPolicy)
	require.Equal(t, enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, options.WorkflowIDReusePolicy)
	require.Equal(t, map[string]any{onboarding.MemoApply: apply.ID}, options.Memo)
	require.LessOrEqual(t, len(options.StaticSummary), 200)
	require.NotContains(t, options.StaticSummary+options.StaticDetails, "alice")
	state, ok := options.TypedSearchAttributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState))
	require.True(t, ok)
	require.Equal(t, "running", state)

	_, err = runs.Start(t.Context(), fake, spec(), "op@host")
	require.NoError(t, err)
	require.NotEqual(t, apply.ID, fake.Applies[1].ID, "asked for again, it is another request")
}

func TestStartAttachesHonestly(t *testing.T) {
	fake := runstest.Running()
	fake.Applied = onboarding.Applied{N: 1, WorkflowID: "onboard-demo", RunID: runstest.RunID, Attached: true, SpecDiffers: true}
	started, err := runs.Start(t.Context(), fake, spec(), "op@host")
	require.NoError(t, err)
	require.True(t, started.Attached)
	require.True(t, started.SpecDiffers)
}

func TestStartWaitsForSearchAttributesToSpread(t *testing.T) {
	fake := runstest.Running()
	fake.StartErrors = []error{
		serviceerror.NewInvalidArgument("Namespace default has no mapping defined for search attribute OnboardingState"),
	}
	_, err := runs.Start(t.Context(), fake, spec(), "")
	require.NoError(t, err)
	require.Len(t, fake.Applies, 2)
	require.Equal(t, fake.Applies[0], fake.Applies[1], "it is the same request")
}

func TestStartPassesOtherErrorsOn(t *testing.T) {
	fake := runstest.Running()
	cause := serviceerror.NewInvalidArgument("workflow id too long")
	fake.StartErrors = []error{cause}
	_, err := runs.Start(t.Context(), fake, spec(), "")
	require.ErrorIs(t, err, cause)
	require.Len(t, fake.Starts, 1)

	fake.UpdateError = temporal.NewApplicationError("The studio has just been forgotten.", "Forgotten",
		onboarding.Failure{Reason: "The studio has just been forgotten.", Remedy: "Start again."})
	_, err = runs.Start(t.Context(), fake, spec(), "")
	require.EqualError(t, err, "The studio has just been forgotten. → Start again.")
}

func TestAStartThatNobodyTakesUpSaysWhetherItIsCarriedOutLater(t *testing.T) {
	late := client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)
	var none *runs.NoWorkerError

	t.Run("a new studio holds the spec", func(t *testing.T) {
		fake := &runstest.Fake{StartErrors: []error{late}}
		_, err := runs.Start(t.Context(), fake, spec(), "op@host")
		require.ErrorAs(t, err, &none)
		require.False(t, none.NotTaken)
		require.ErrorContains(t, err, "no worker polls task queue studio-onboarding, so run demo waits")
		require.ErrorContains(t, err, "nothing is lost")
	})
	t.Run("one that was there does not", func(t *testing.T) {
		for pollers, want := range map[int]string{0: "so nothing was started for demo", 2: "although 2 polled"} {
			fake := &runstest.Fake{StartErrors: []error{late}, Studio: live(), Memo: "an earlier one", Pollers: pollers}
			_, err := runs.Start(t.Context(), fake, spec(), "op@host")
			require.ErrorAs(t, err, &none)
			require.True(t, none.NotTaken)
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "try again")
		}
	})
	t.Run("workers have a version that is not rolled out", func(t *testing.T) {
		fake := &runstest.Fake{StartErrors: []error{late}, Studio: live(), Memo: "an earlier one",
			Versions: []runstest.Version{{BuildID: "1.1", Pollers: 2}}}
		_, err := runs.Start(t.Context(), fake, spec(), "op@host")
		require.ErrorContains(t, err, "see which version of the workers gets new work, and roll one out (starter deployment)")
	})
	t.Run("one that waits itself holds the first spec", func(t *testing.T) {
		fake := &runstest.Fake{StartErrors: []error{late, late}}
		_, err := runs.Start(t.Context(), fake, spec(), "op@host")
		require.ErrorAs(t, err, &none)
		require.False(t, none.NotTaken)
		_, err = runs.Start(t.Context(), fake, spec(), "op@host")
		require.ErrorAs(t, err, &none)
		require.True(t, none.NotTaken)
		require.ErrorContains(t, err, "demo waits with the spec that was given first")
	})
	t.Run("nor does one that was not started", func(t *testing.T) {
		fake := &runstest.Fake{StartErrors: []error{serviceerror.NewDeadlineExceeded("deadline")}}
		_, err := runs.Start(t.Context(), fake, spec(), "op@host")
		require.ErrorAs(t, err, &none)
		require.True(t, none.NotTaken)
	})
}

func TestProgressAddsCountsAndFailuresOfActivitiesUnderWay(t *testing.T) {
	fake := runstest.Running(progress(runningStep(onboarding.StepOktaGroups), runningStep(onboarding.StepDomain),
		runningStep(onboarding.StepNetwork)))
	fake.Pending = []*workflow.PendingActivityInfo{
		runstest.Activity("AwaitProvisioned", 7, &onboarding.Count{Step: onboarding.StepOktaGroups, Done: 812, Total: 1000, What: "people"},
			"NotReady", "188 people are under way"),
		runstest.Activity("AwaitDomain", 3, nil, "Throttled", "sagemaker:DescribeDomain: rate exceeded", "See which other programs call."),
		runstest.Activity("SomethingNew", 2, nil, "Denied", "no"),
	}
	p, err := runs.Progress(t.Context(), fake, "demo")
	require.NoError(t, err)
	require.Equal(t, &onboarding.Count{Step: onboarding.StepOktaGroups, Done: 812, Total: 1000, What: "people"}, p.Steps[0].Count)
	require.Equal(t, "188 people are under way", p.Steps[0].Retrying, "a wait is no failure, so its attempts are not told")
	require.Empty(t, p.Steps[0].RetryingRemedy, "a failure of the first version has no details")
	require.Equal(t, "attempt 3, after: sagemaker:DescribeDomain: rate exceeded", p.Steps[1].Retrying)
	require.Equal(t, "See which other programs call.", p.Steps[1].RetryingRemedy)
	require.Nil(t, p.Steps[1].Count)
	require.Empty(t, p.Steps[2].Retrying)
}

func TestAnUnknownRunNamesTheKnownOnes(t *testing.T) {
	fake := &runstest.Fake{Listed: []*workflow.WorkflowExecutionInfo{
		runstest.Execution("onboard-alpha", enums.WORKFLOW_EXECUTION_STATUS_RUNNING, onboarding.RunRunning, ""),
		runstest.Execution("onboard-beta", enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, onboarding.RunDone, ""),
	}}
	_, err := runs.Progress(t.Context(), fake, "gamma")
	var unknown *runs.UnknownRunError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, []string{"alpha", "beta"}, unknown.Known)
	require.ErrorContains(t, err, "alpha, beta")

	fake.Listed = nil
	_, err = runs.Report(t.Context(), fake, "gamma", 0)
	require.ErrorAs(t, err, &unknown)
	require.ErrorContains(t, err, "starter onboard -f")
	require.Empty(t, fake.Starts, "a name that nobody knows does not become a studio")
}

func TestASilentWorkerIsExplained(t *testing.T) {
	for name, test := range map[string]struct {
		err     error
		pollers int
		want    string
	}{
		"no poller known": {serviceerror.NewFailedPrecondition("no poller seen for task queue recently, worker may be down"), 0,
			"no worker polls task queue studio-onboarding"},
		"deadline":              {serviceerror.NewDeadlineExceeded("deadline"), 0, "no worker polls task queue studio-onboarding"},
		"context's deadline":    {context.DeadlineExceeded, 0, "no worker polls task queue studio-onboarding"},
		"polled and not heard":  {serviceerror.NewDeadlineExceeded("deadline"), 2, "no worker answers"},
		"first task not begun":  {serviceerror.NewWorkflowNotReady("Workflow task is not scheduled yet."), 0, "no worker polls"},
		"canceled by deadlines": {serviceerror.NewCanceled("canceled"), 0, "no worker polls"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := runstest.Running(progress())
			fake.QueryErrors, fake.Pollers = []error{test.err}, test.pollers
			fake.State, fake.Step = onboarding.RunWaiting, onboarding.StepSCIM
			_, err := runs.Progress(t.Context(), fake, "demo")
			var none *runs.NoWorkerError
			require.ErrorAs(t, err, &none)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "go run ./worker")
			require.ErrorContains(t, err, "waiting-for-operator at step scim")
		})
	}
}

func TestAWorkerThatFailsTheRunsCodeIsNotCalledAbsent(t *testing.T) {
	fake := runstest.Running(progress())
	fake.QueryErrors = []error{serviceerror.NewWorkflowNotReady("Unable to query workflow due to Workflow Task in failed state.")}
	_, err := runs.Progress(t.Context(), fake, "demo")
	var broken *runs.BrokenRunError
	require.ErrorAs(t, err, &broken)
}

func TestACompletedRunIsTold(t *testing.T) {
	report := onboarding.Report{Run: "demo", State: onboarding.RunDone, Region: "us-east-1", Skipped: []onboarding.Step{onboarding.StepVerify}}

	t.Run("by the worker, where there is one", func(t *testing.T) {
		done := onboarding.Progress{Run: "demo", State: onboarding.RunDone,
			Steps: []onboarding.StepProgress{{Step: onboarding.StepReport, Summary: "told"}}}
		fake := &runstest.Fake{Status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, Progress: []onboarding.Progress{done}, Report: report}
		p, err := runs.Progress(t.Context(), fake, "demo")
		require.NoError(t, err)
		require.Equal(t, done, p)
	})
	t.Run("by its report otherwise", func(t *testing.T) {
		fake := &runstest.Fake{Status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, Report: report,
			QueryErrors: []error{serviceerror.NewDeadlineExceeded("nobody")}}
		p, err := runs.Progress(t.Context(), fake, "demo")
		require.NoError(t, err)
		require.Equal(t, onboarding.RunDone, p.State)
		require.Len(t, p.Steps, len(onboarding.Steps()))
		for _, step := range p.Steps {
			if step.Step == onboarding.StepVerify {
				require.Equal(t, onboarding.StepSkipped, step.State)
			} else {
				require.Equal(t, onboarding.StepDone, step.State)
			}
		}
	})
	t.Run("its report needs no worker", func(t *testing.T) {
		silence := serviceerror.NewFailedPrecondition("no poller seen")
		fake := &runstest.Fake{Status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, Report: report, QueryErrors: []error{silence}}
		got, err := runs.Report(t.Context(), fake, "demo", 0)
		require.NoError(t, err)
		require.Equal(t, report, got)
	})
}

func TestARunThatEndedWithoutReportIsAnErrorWithItsReason(t *testing.T) {
	stale := onboarding.Progress{Run: "demo", State: onboarding.RunRunning, Requests: []onboarding.Request{{Step: onboarding.StepSCIM}}}
	for status, how := range map[enums.WorkflowExecutionStatus]string{
		enums.WORKFLOW_EXECUTION_STATUS_FAILED:     "failed",
		enums.WORKFLOW_EXECUTION_STATUS_TERMINATED: "was terminated",
		enums.WORKFLOW_EXECUTION_STATUS_CANCELED:   "was cancelled",
		enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:  "timed out",
	} {
		fake := &runstest.Fake{Status: status, Progress: []onboarding.Progress{stale}, Failure: errors.New("no more is known")}
		if how == "failed" {
			fake.Failure = temporal.NewApplicationError("the disk is full", "Invalid",
				onboarding.Failure{Reason: "the disk is full", Remedy: "Tidy up."})
		}
		p, err := runs.Progress(t.Context(), fake, "demo")
		var ended *runs.EndedError
		require.ErrorAs(t, err, &ended)
		require.ErrorContains(t, err, how)
		require.ErrorContains(t, err, "starter onboard -f")
		require.Equal(t, ended.How, p.State, "what it said last is out of date")
		require.Empty(t, p.Requests)
		if how == "failed" {
			require.ErrorContains(t, err, "the disk is full → Tidy up.")
		}
		fake.Studio = &onboarding.Studio{Name: "demo", Runs: []onboarding.RunRecord{
			{N: 1, State: ended.How, EndedAt: ended.At, Message: ended.Message, Remedy: ended.Remedy}}}
		_, reported := runs.Report(t.Context(), fake, "demo", 0)
		require.ErrorAs(t, reported, &ended)
		require.Equal(t, err.Error(), reported.Error(), "the record says the same")
	}
}

func TestReportOfARunUnderWayIsAsked(t *testing.T) {
	fake := runstest.Running(progress())
	fake.Report = onboarding.Report{Run: "demo", State: onboarding.RunRunning}
	fake.Studio = &onboarding.Studio{Name: "demo", Runs: []onboarding.RunRecord{{N: 1, State: onboarding.RunRunning}}}
	got, err := runs.Report(t.Context(), fake, "demo", 0)
	require.NoError(t, err)
	require.Equal(t, fake.Report, got)
}

func TestDocumentsAreAskedByName(t *testing.T) {
	fake := runstest.Running(progress())
	fake.Documents = map[string]string{"okta-metadata.xml": "<x/>"}
	document, err := runs.Document(t.Context(), fake, "demo", "okta-metadata.xml")
	require.NoError(t, err)
	require.Equal(t, "<x/>", document.Content)

	_, err = runs.Document(t.Context(), fake, "demo", "other.xml")
	require.ErrorContains(t, err, "there is no such document")
}

func TestWorkersCountsPollers(t *testing.T) {
	fake := &runstest.Fake{Pollers: 3}
	n, err := runs.Workers(t.Context(), fake)
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

func TestWatchShowsUntilTheEnd(t *testing.T) {
	done := onboarding.Progress{Run: "demo", State: onboarding.RunDone}
	fake := runstest.Running(progress(), progress(runningStep(onboarding.StepDomain)), done)
	var seen []onboarding.RunState
	last, err := runs.Watch(t.Context(), fake, "demo", time.Millisecond, func(p onboarding.Progress) (bool, error) {
		seen = append(seen, p.State)
		return false, nil
	}, nil)
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, last.State)
	require.Equal(t, []onboarding.RunState{onboarding.RunRunning, onboarding.RunRunning, onboarding.RunDone}, seen)
}

func TestWatchStopsWhenAskedAndWhenShowingFails(t *testing.T) {
	fake := runstest.Running(progress())
	_, err := runs.Watch(t.Context(), fake, "demo", time.Millisecond, func(onboarding.Progress) (bool, error) { return true, nil }, nil)
	require.NoError(t, err)
	broken := errors.New("broken pipe")
	_, err = runs.Watch(t.Context(), fake, "demo", time.Millisecond, func(onboarding.Progress) (bool, error) { return false, broken }, nil)
	require.ErrorIs(t, err, broken)
}

func TestWatchOutlivesAWorkerButDoesNotWaitForOneThatNeverCame(t *testing.T) {
	silence := serviceerror.NewFailedPrecondition("no poller")
	show := func(onboarding.Progress) (bool, error) { return false, nil }

	fake := runstest.Running(progress(), onboarding.Progress{Run: "demo", State: onboarding.RunDone})
	fake.QueryErrors = []error{nil, silence, silence}
	silences := 0
	_, err := runs.Watch(t.Context(), fake, "demo", time.Millisecond, show, func(error) { silences++ })
	require.NoError(t, err)
	require.Equal(t, 2, silences)

	fake = runstest.Running(progress())
	fake.QueryErrors = []error{silence}
	_, err = runs.Watch(t.Context(), fake, "demo", time.Millisecond, show, nil)
	var none *runs.NoWorkerError
	require.ErrorAs(t, err, &none)
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fake := runstest.Running(progress())
	_, err := runs.Watch(ctx, fake, "demo", time.Hour, func(onboarding.Progress) (bool, error) { cancel(); return false, nil }, nil)
	require.ErrorIs(t, err, context.Canceled)
}
