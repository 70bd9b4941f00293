package main

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

// Twenty onboardings, three reconciles and the studio's own timer at once, on a real server: one run, one writer at a time, and
// nothing is made twice.
func TestManyAtOnceAreOneRunAndOneWriter(t *testing.T) {
	r := newRecorder(t)
	r.start(r.Spec)
	r.until(r.Spec.Name, nil, ended)
	_, err := runs.SetSync(t.Context(), r.node.client, r.Spec.Name, onboarding.SyncRequest{Every: onboarding.Duration(time.Minute), By: "admin@example"})
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
			report, err := runs.Reconcile(t.Context(), r.node.client, r.Spec.Name, onboarding.ReconcileRequest{By: "admin@example"},
				20*time.Millisecond, nil)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || report.State != onboarding.RunDone {
				t.Errorf("%+v %v", report, err)
			}
			reports++
		})
	}
	all.Wait()
	require.Equal(t, map[int]int{2: 20}, started, "twenty requests are one run")
	require.Equal(t, 3, reports)
	var studio onboarding.Studio
	require.Eventually(t, func() bool {
		studio, err = runs.Studio(t.Context(), r.node.client, r.Spec.Name)
		return err == nil && studio.Open() == nil
	}, time.Minute, 50*time.Millisecond)
	require.Len(t, studio.Runs, 2)
	require.Equal(t, onboarding.RunDone, studio.Run(2).State)
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
