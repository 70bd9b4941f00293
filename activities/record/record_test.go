package record_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/types/known/timestamppb"

	"studio-onboarding/activities/record"
	"studio-onboarding/internal/ending"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

// The ways in which executions end.
const (
	running    = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	completed  = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	failed     = enums.WORKFLOW_EXECUTION_STATUS_FAILED
	cancelled  = enums.WORKFLOW_EXECUTION_STATUS_CANCELED
	terminated = enums.WORKFLOW_EXECUTION_STATUS_TERMINATED
)

// server is a Temporal server with executions of known results.
type server struct {
	runstest.Fake
	// results are the reports, or errors, by run ID.
	results map[string]any
	// unlisted are executions that the index does not have yet.
	unlisted []*workflow.WorkflowExecutionInfo
	// broken is what every call fails with.
	broken error
	// waits has a result come, or be given up, as late as a server would.
	waits bool
}

// has adds an execution; a later one started later. Its result is a report or an error.
func (s *server) has(id, runID string, status enums.WorkflowExecutionStatus, result any) *workflow.WorkflowExecutionInfo {
	info := runstest.Execution(id, status, "", "")
	info.Execution.RunId = runID
	info.StartTime = timestamppb.New(info.GetStartTime().AsTime().Add(time.Duration(len(s.Listed)) * time.Hour))
	// Newest first, as the server lists them.
	s.Listed = append([]*workflow.WorkflowExecutionInfo{info}, s.Listed...)
	if s.results == nil {
		s.results = map[string]any{}
	}
	s.results[runID] = result
	return info
}

func (s *server) DescribeWorkflowExecution(_ context.Context,
	id, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	for _, info := range append(s.unlisted, s.Listed...) {
		if info.GetExecution().GetWorkflowId() == id && (runID == "" || info.GetExecution().GetRunId() == runID) {
			return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}, nil
		}
	}
	return nil, serviceerror.NewNotFound("workflow not found for ID: " + id)
}

func (s *server) GetWorkflow(_ context.Context, id, runID string) client.WorkflowRun {
	return run{server: s, id: id, runID: runID}
}

type run struct {
	client.WorkflowRun
	server    *server
	id, runID string
}

// GetWithOptions implements client.WorkflowRun: of a run that goes on, nothing comes until somebody is tired of it.
func (r run) GetWithOptions(ctx context.Context, out any, _ client.WorkflowRunGetOptions) error {
	known, err := r.server.DescribeWorkflowExecution(context.Background(), r.id, r.runID)
	if err != nil {
		return err
	}
	if known.GetWorkflowExecutionInfo().GetStatus() == running {
		if r.server.waits {
			<-ctx.Done()
		}
		return context.DeadlineExceeded
	}
	result := r.server.results[r.runID]
	if err, ok := result.(error); ok {
		return runstest.Served(err)
	}
	payload, err := converter.GetDefaultDataConverter().ToPayload(result)
	if err != nil {
		return err
	}
	return converter.GetDefaultDataConverter().FromPayload(payload, out)
}

func report(state onboarding.RunState, who string) onboarding.Report {
	r := onboarding.Report{Run: "demo", State: state, StartedBy: who}
	if state == onboarding.RunDone {
		r.Handles = &onboarding.Handles{AppID: "0oa1"}
	}
	return r
}

func abort() error {
	return temporal.NewNonRetryableApplicationError("aborted at domain by op@host: wrong account", onboarding.ErrorAborted, nil,
		report(onboarding.RunAborted, "op@host"))
}

func find(t *testing.T, s *server) record.Earlier {
	t.Helper()
	earlier, err := (&record.Activities{Temporal: s}).FindEarlier(t.Context(), record.EarlierInput{Name: "demo"})
	require.NoError(t, err)
	return earlier
}

func states(earlier record.Earlier) map[int]onboarding.RunState {
	got := map[int]onboarding.RunState{}
	for _, run := range earlier.Runs {
		got[run.N] = run.State
	}
	return got
}

func TestFindEarlierTakesTheLatestRunAndTheLastThatWasDone(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		require.Equal(t, record.Earlier{}, find(t, &server{}))
	})
	t.Run("running", func(t *testing.T) {
		s := &server{}
		s.has("onboard-demo", "r1", running, nil)
		s.has("onboard-demo-b", "other", completed, report(onboarding.RunDone, "x"))
		earlier := find(t, s)
		require.Equal(t, map[int]onboarding.RunState{1: onboarding.RunRunning}, states(earlier))
		require.Equal(t, "r1", earlier.Runs[0].RunID)
		require.False(t, earlier.Runs[0].Ended())
	})
	t.Run("done", func(t *testing.T) {
		s := &server{}
		s.has("onboard-demo", "r1", completed, report(onboarding.RunDone, "ann@host"))
		s.has("onboard-demo", "r2", completed, report(onboarding.RunDone, "op@host"))
		earlier := find(t, s)
		require.Equal(t, map[int]onboarding.RunState{1: onboarding.RunDone}, states(earlier))
		require.Equal(t, "op@host", earlier.Runs[0].StartedBy)
		require.Equal(t, "0oa1", earlier.Runs[0].Report.Handles.AppID)
	})
	t.Run("aborted", func(t *testing.T) {
		s := &server{}
		s.has("onboard-demo", "r1", failed, abort())
		earlier := find(t, s)
		require.Equal(t, map[int]onboarding.RunState{1: onboarding.RunAborted}, states(earlier))
		require.Equal(t, "aborted at domain by op@host: wrong account", earlier.Runs[0].Message)
		require.Equal(t, onboarding.RunAborted, earlier.Runs[0].Report.State)
	})
	t.Run("aborted after one that was done", func(t *testing.T) {
		s := &server{}
		s.has("onboard-demo", "r1", completed, report(onboarding.RunDone, "ann@host"))
		s.has("onboard-demo", "r2", terminated, errors.New("terminated"))
		s.has("onboard-demo", "r3", failed, abort())
		require.Equal(t, map[int]onboarding.RunState{1: onboarding.RunDone, 2: onboarding.RunAborted}, states(find(t, s)))
	})
	t.Run("running after one that was done", func(t *testing.T) {
		s := &server{}
		s.has("onboard-demo", "r1", completed, report(onboarding.RunDone, "ann@host"))
		s.has("onboard-demo", "r2", running, nil)
		require.Equal(t, map[int]onboarding.RunState{1: onboarding.RunDone, 2: onboarding.RunRunning}, states(find(t, s)))
	})
}

func TestFindEarlierDoesNotRelyOnTheIndexForTheLatestRun(t *testing.T) {
	s := &server{}
	s.has("onboard-demo", "r1", completed, report(onboarding.RunDone, "ann@host"))
	s.has("onboard-demo", "r2", failed, abort())
	s.unlisted = s.Listed[:1:1]
	stale := runstest.Execution("onboard-demo", running, "", "")
	stale.Execution.RunId = "r2"
	s.Listed = append([]*workflow.WorkflowExecutionInfo{stale}, s.Listed[1:]...)
	require.Equal(t, map[int]onboarding.RunState{1: onboarding.RunDone, 2: onboarding.RunAborted}, states(find(t, s)), "it says that r2 runs")

	s.Listed = s.Listed[1:]
	require.Equal(t, map[int]onboarding.RunState{1: onboarding.RunDone, 2: onboarding.RunAborted}, states(find(t, s)), "it has no r2 yet")
}

func schedule(every time.Duration, paused bool) client.ScheduleOptions {
	return client.ScheduleOptions{ID: "sync-demo", Note: "op@host", Paused: paused,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}}}
}

func TestFindEarlierReadsTheSchedule(t *testing.T) {
	for _, c := range []struct {
		every time.Duration
		pause bool
		want  time.Duration
	}{{time.Hour, false, time.Hour}, {time.Hour, true, time.Hour}, {time.Second, false, onboarding.MinSyncEvery}} {
		s := &server{}
		s.Schedules.Made = map[string]client.ScheduleOptions{"sync-demo": schedule(c.every, c.pause)}
		earlier := find(t, s)
		require.Equal(t, c.want, earlier.Every.Std())
		require.Equal(t, c.pause, earlier.Paused)
		require.Equal(t, "op@host", earlier.SyncBy)
		require.Contains(t, s.Schedules.Made, "sync-demo", "it changes nothing")
	}
}

func TestTheScheduleOfTheFirstVersionIsStoppedOnceItsReconcileHasEnded(t *testing.T) {
	next := time.Now().Add(20 * time.Minute).UTC()
	s := &server{}
	a := &record.Activities{Temporal: s}
	s.Schedules.Made = map[string]client.ScheduleOptions{"sync-demo": schedule(time.Hour, false), "sync-demo-b": schedule(time.Hour, false)}
	s.Schedules.Info.NextActionTimes = []time.Time{next}
	require.Equal(t, next, find(t, s).Next, "the studio goes on when the schedule would have")
	_, err := a.StopSchedule(t.Context(), record.EarlierInput{Name: "demo"})
	require.NoError(t, err)
	require.NotContains(t, s.Schedules.Made, "sync-demo")
	require.Contains(t, s.Schedules.Made, "sync-demo-b")

	s = &server{}
	a.Temporal = s
	s.Schedules.Made = map[string]client.ScheduleOptions{"sync-demo": schedule(time.Hour, false)}
	s.has("reconcile-demo-b-2026-03-02T09:00:00Z", "other", running, nil)
	s.has("reconcile-demo-b", "other's", running, nil)
	going := s.has("reconcile-demo-2026-03-02T09:00:00Z", "r1", running, nil)
	for range 2 {
		_, err = a.StopSchedule(t.Context(), record.EarlierInput{Name: "demo"})
		require.Equal(t, fault.NotReady, fault.ClassOf(err))
		require.Empty(t, s.Schedules.Made, "it starts no more")
	}
	going.Status = completed
	_, err = a.StopSchedule(t.Context(), record.EarlierInput{Name: "demo"})
	require.NoError(t, err)
}

func TestTheEndOfARunIsAwaited(t *testing.T) {
	await := func(t *testing.T, s *server) (ending.End, error) {
		t.Helper()
		return (&record.Activities{Temporal: s}).AwaitRun(t.Context(), record.FindInput{WorkflowID: "onboard-demo", RunID: "r1"})
	}
	t.Run("it goes on", func(t *testing.T) {
		s := &server{}
		s.has("onboard-demo", "r1", running, nil)
		_, err := await(t, s)
		require.Equal(t, fault.NotReady, fault.ClassOf(err))
	})
	for name, c := range map[string]struct {
		status  enums.WorkflowExecutionStatus
		result  any
		state   onboarding.RunState
		message string
		made    bool
	}{
		"done":    {completed, report(onboarding.RunDone, "op@host"), onboarding.RunDone, "", true},
		"aborted": {failed, abort(), onboarding.RunAborted, "aborted at domain by op@host: wrong account", true},
		"cancelled": {cancelled, temporal.NewCanceledError(report(onboarding.RunCanceled, "op@host")), onboarding.RunCanceled,
			"somebody cancelled it", true},
		"terminated": {terminated, errors.New("terminated"), onboarding.RunTerminated, "somebody terminated it", false},
		"failed": {failed, temporal.NewApplicationError("the disk is full", "Invalid", onboarding.Failure{Reason: "x", Remedy: "Tidy up."}),
			onboarding.RunFailed, "the disk is full", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{}
			s.has("onboard-demo", "r1", c.status, c.result)
			s.has("onboard-demo", "r2", running, nil)
			end, err := await(t, s)
			require.NoError(t, err)
			require.Equal(t, c.state, end.State)
			require.Contains(t, end.Message, c.message)
			require.Equal(t, c.made, end.Report != nil)
			require.Equal(t, time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC), end.EndedAt)
			if name == "failed" {
				require.Equal(t, "Tidy up.", end.Remedy)
			}
		})
	}
	t.Run("nobody knows it any more", func(t *testing.T) {
		end, err := await(t, &server{})
		require.NoError(t, err)
		require.Equal(t, onboarding.RunTerminated, end.State)
		require.NotEmpty(t, end.Message)
	})
	t.Run("the server does not answer", func(t *testing.T) {
		_, err := await(t, &server{broken: serviceerror.NewUnavailable("down")})
		require.Equal(t, fault.Unavailable, fault.ClassOf(err))
	})
}

// stored are the studios that the store knows.
type stored map[string]bool

func (s stored) Delete(_ context.Context, studio string) error {
	delete(s, studio)
	return nil
}

func TestForgettingAStudioLeavesOthersAlone(t *testing.T) {
	const uuid = "0b7d5a8e-3f64-4c1e-9a53-0c51f1d2a001"
	own := []string{
		"onboard-a", "studio-a", "check-a", "plan-a", "reconcile-a", "reconcile-a-2026-03-02T09:00:00Z", "access-a-" + uuid,
	}
	others := []string{
		"onboard-a-b", "studio-a-b", "check-a-b", "plan-a-b", "reconcile-a-b", "reconcile-a-b-2026-03-02T09:00:00Z", "access-a-b-" + uuid,
		"onboard-ab", "studio-ab", "reconcile-ab", "reconcile-ab-2026-03-02T09:00:00Z", "access-ab-" + uuid,
	}
	s := &server{}
	for _, id := range append(own, others...) {
		s.has(id, "run of "+id, completed, nil)
	}
	s.has("reconcile-a", "still going on", running, nil)
	kept := stored{"a": true, "a-b": true}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(&record.Activities{Temporal: s, Store: kept})
	self := s.has("studio-a", "default-test-run-id", running, nil)

	var a *record.Activities
	value, err := env.ExecuteActivity(a.Forget, record.ForgetInput{Name: "a"})
	require.NoError(t, err)
	var forgotten record.Forgotten
	require.NoError(t, value.Get(&forgotten))
	require.Equal(t, len(own), forgotten.Histories)
	require.Equal(t, stored{"a-b": true}, kept)
	var deleted []string
	for _, one := range s.Deleted {
		require.Equal(t, "run of "+one[0], one[1])
		deleted = append(deleted, one[0])
	}
	require.ElementsMatch(t, own, deleted)
	require.Contains(t, s.Listed, self, "it runs this")

	value, err = env.ExecuteActivity(a.Forget, record.ForgetInput{Name: "a"})
	require.NoError(t, err, "twice is as good as once")
	require.NoError(t, value.Get(&forgotten))
	require.Zero(t, forgotten.Histories)
}

func TestARunIsFoundByItsWorkflowID(t *testing.T) {
	s := &server{}
	s.has("onboard-demo", "r1", completed, nil)
	latest := s.has("onboard-demo", "r2", running, nil)
	a := &record.Activities{Temporal: s}
	found, err := a.FindRun(t.Context(), record.FindInput{WorkflowID: "onboard-demo"})
	require.NoError(t, err)
	require.Equal(t, record.Found{RunID: "r2", StartedAt: latest.GetStartTime().AsTime()}, found)
	_, err = a.FindRun(t.Context(), record.FindInput{WorkflowID: "onboard-other"})
	require.Equal(t, fault.NotFound, fault.ClassOf(err))
}

func TestAFleetAppliesOneSpecAfterTheOther(t *testing.T) {
	s := &server{}
	s.Applied = onboarding.Applied{N: 1, WorkflowID: "onboard-demo", RunID: "r1"}
	apply := onboarding.Apply{ID: "fleet-1-demo", Spec: onboarding.Spec{Name: "demo"}, By: "op@host", Fleet: "fleet-1"}
	a := &record.Activities{Temporal: s}
	applied, err := a.Apply(t.Context(), apply)
	require.NoError(t, err)
	require.Equal(t, s.Applied, applied)
	_, err = a.Apply(t.Context(), apply)
	require.NoError(t, err)
	require.Equal(t, s.Updates[0].UpdateID, s.Updates[1].UpdateID, "the same request counts once")

	s.StartErrors = []error{serviceerror.NewUnavailable("down")}
	_, err = a.Apply(t.Context(), apply)
	require.Equal(t, fault.Unavailable, fault.ClassOf(err))
}

// A worker that stops would wait for the attempt as long as it waits for any.
func TestAWorkerThatStopsIsNotKeptWaiting(t *testing.T) {
	s := &server{}
	s.has("onboard-demo", "r1", running, nil)
	s.waits = true
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	stop := make(chan struct{})
	env.SetWorkerStopChannel(stop)
	env.RegisterActivity(&record.Activities{Temporal: s})
	ended := make(chan error, 1)
	go func() {
		_, err := env.ExecuteActivity((&record.Activities{}).AwaitRun, record.FindInput{WorkflowID: "onboard-demo", RunID: "r1"})
		ended <- err
	}()
	close(stop)
	select {
	case err := <-ended:
		require.ErrorContains(t, err, "goes on")
	case <-time.After(20 * time.Second):
		t.Fatal("the attempt goes on")
	}
}
