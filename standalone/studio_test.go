package main

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

// Twenty onboardings, three reconciles and the studio's own timer at once, on a real server: one run and one writer at a time, and
// nothing is made twice.
func TestManyAtOnceAreOneRunAndOneWriter(t *testing.T) {
	r := newRecorder(t)
	r.start(r.Spec)
	r.until(r.Spec.Name, nil, ended)
	_, err := runs.SetSync(t.Context(), r.node.client, r.Spec.Name,
		onboarding.SyncRequest{Every: onboarding.Duration(time.Minute), By: "admin@example"})
	require.NoError(t, err)

	mark := r.Mark()
	var all sync.WaitGroup
	var mu sync.Mutex
	started, reports := map[int]int{}, 0
	for range 20 {
		all.Go(func() {
			one, err := runs.Start(t.Context(), r.node.client, r.Spec, "admin@example")
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			started[one.N]++
		})
	}
	for range 3 {
		all.Go(func() {
			var report onboarding.ReconcileReport
			var err error
			var busy *runs.NoWorkerError
			// On a busy machine an answer may take longer than is waited for; who asked asks again.
			for again := true; again; again = errors.As(err, &busy) && t.Context().Err() == nil {
				report, err = runs.Reconcile(t.Context(), r.node.client, r.Spec.Name, onboarding.ReconcileRequest{By: "admin@example"},
					20*time.Millisecond, nil)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil || report.State != onboarding.RunDone {
				t.Errorf("%+v %v", report, err)
			}
			reports++
		})
	}
	all.Wait()
	require.Equal(t, 3, reports)
	var studio onboarding.Studio
	require.Eventually(t, func() bool {
		studio, err = runs.Studio(t.Context(), r.node.client, r.Spec.Name)
		return err == nil && studio.Open() == nil
	}, time.Minute, 50*time.Millisecond)
	// A request that comes when the run has ended begins the next one; those that come before are attached to it.
	require.Less(t, len(studio.Runs), 10)
	for i, run := range studio.Runs {
		require.Equal(t, onboarding.RunDone, run.State)
		require.True(t, run.N == 1 || started[run.N] > 0, "a run that nobody asked for")
		if i > 0 {
			require.False(t, run.StartedAt.Before(studio.Runs[i-1].EndedAt), "two runs at once")
		}
	}
	for i, one := range studio.Reconciles {
		if i > 0 {
			require.False(t, one.StartedAt.Before(studio.Reconciles[i-1].EndedAt), "two reconciles at once")
		}
	}
	for _, call := range r.Product(mark) {
		require.Contains(t, []string{"", "none"}, string(call.Effect), "%s %s: there was nothing left to do", call.Service, call.Operation)
	}
}

// After an aborted second run everything works as before it, and its report is there.
func TestAnAbortedSecondRunTakesNothingAway(t *testing.T) {
	r := newRecorder(t)
	r.start(r.Spec)
	r.until(r.Spec.Name, nil, ended)
	second := r.Spec
	second.Domain.ExecutionRole = missingRole
	r.start(second)
	r.until(second.Name, nil, parkedAt(onboarding.StepPreflight, 1))

	works := func() {
		t.Helper()
		handles, err := runs.Handles(t.Context(), r.node.client, r.Spec.Name)
		require.NoError(t, err)
		require.Equal(t, r.Spec.Domain.ExecutionRole, handles.Spec.Domain.ExecutionRole, "the spec in force")
		report, err := runs.Reconcile(t.Context(), r.node.client, r.Spec.Name, onboarding.ReconcileRequest{By: "admin@example"},
			20*time.Millisecond, nil)
		require.NoError(t, err)
		require.Equal(t, onboarding.RunDone, report.State)
	}
	works()
	r.resolve(second.Name, onboarding.StepPreflight, onboarding.ActionAbort)
	r.until(second.Name, nil, ended)
	require.Eventually(t, func() bool {
		studio, err := runs.Studio(t.Context(), r.node.client, r.Spec.Name)
		return err == nil && studio.Open() == nil
	}, time.Minute, 50*time.Millisecond)
	works()
	report, err := runs.Report(t.Context(), r.node.client, r.Spec.Name, 2)
	require.NoError(t, err)
	require.Equal(t, onboarding.RunAborted, report.State)
	report, err = runs.Report(t.Context(), r.node.client, r.Spec.Name, 1)
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
	list, err := runs.List(t.Context(), r.node.client, runs.Filter{State: string(onboarding.RunAborted)})
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// What the first version left under a name, a finished run and a schedule with a copy of its spec, is taken over by whoever asks first:
// the schedule becomes the studio's own timer.
func TestRunsAndTheScheduleOfTheFirstVersionAreTakenOver(t *testing.T) {
	r := newRecorder(t)
	r.tell = &operator{
		console: r.World, commands: runCommands{client: r.node.client, run: r.Spec.Name}, region: r.Spec.Region,
		access:  r.Spec.Access,
		secrets: filepath.Join(r.Dir, "secrets"), say: func(string, ...any) {}, settled: map[string]bool{}, trouble: map[string]trouble{},
	}
	_, err := r.node.client.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: onboarding.ScheduleID(r.Spec.Name), Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: 2 * time.Hour}}},
		Action: &client.ScheduleWorkflowAction{
			ID: onboarding.ReconcileID(r.Spec.Name), Workflow: onboarding.WorkflowReconcile, TaskQueue: onboarding.TaskQueue,
			Args: []any{onboarding.ReconcileInput{Handles: onboarding.Handles{Spec: r.Spec}}},
		},
	})
	require.NoError(t, err)
	_, err = r.node.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: onboarding.WorkflowID(r.Spec.Name), TaskQueue: onboarding.TaskQueue,
	}, onboarding.WorkflowOnboard, onboarding.OnboardInput{Spec: r.Spec, StartedBy: "admin@example"})
	require.NoError(t, err)
	r.until(r.Spec.Name, nil, ended)

	studio, err := runs.Studio(t.Context(), r.node.client, r.Spec.Name)
	require.NoError(t, err)
	require.Len(t, studio.Runs, 1)
	require.NotNil(t, studio.InForce)
	require.Equal(t, r.Spec.Access.Groups, studio.InForce.Spec.Access.Groups)
	require.Equal(t, r.Spec.Domain.Name, studio.InForce.Spec.Domain.Name)
	require.Equal(t, onboarding.Duration(2*time.Hour), studio.Sync.Every)
	require.WithinDuration(t, time.Now().Add(time.Hour), studio.Sync.Next, time.Hour+time.Minute)
	_, err = r.node.client.ScheduleClient().GetHandle(t.Context(), onboarding.ScheduleID(r.Spec.Name)).Describe(t.Context())
	var gone *serviceerror.NotFound
	require.ErrorAs(t, err, &gone)
	report, err := runs.Reconcile(t.Context(), r.node.client, r.Spec.Name, onboarding.ReconcileRequest{By: "admin@example"},
		20*time.Millisecond, nil)
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
}
