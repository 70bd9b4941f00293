package main

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/internal/deployment"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/workerhost"
	"studio-onboarding/onboarding"
)

// runVersion starts a worker with a version, and answers with what stops it.
func (r *recorder) runVersion(buildID string) (stop func()) {
	r.Helper()
	host := r.hostOf(filepath.Join(r.Dir, "people"), false, workerhost.Version{Deployment: "onboarding", BuildID: buildID})
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	ended := make(chan error, 1)
	go func() { ended <- r.node.work(ctx, host) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(r, <-ended)
		}
	}
	r.Cleanup(stop)
	return stop
}

func (r *recorder) deployment(there func(deployment.Deployment) bool) deployment.Deployment {
	r.Helper()
	var found deployment.Deployment
	var err error
	require.Eventually(r, func() bool {
		found, err = deployment.Look(r.Context(), r.node.client, "")
		return err == nil && there(found)
	}, time.Minute, 50*time.Millisecond, "%+v %v", &found, &err)
	return found
}

// versionOf is the version of the workers that a workflow belongs to; empty where it has none.
func (r *recorder) versionOf(workflowID, runID string) string {
	r.Helper()
	description, err := r.node.client.DescribeWorkflowExecution(r.Context(), workflowID, runID)
	require.NoError(r, err)
	return description.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId()
}

func polls(buildID string) func(deployment.Deployment) bool {
	return func(d deployment.Deployment) bool {
		for _, version := range d.Versions {
			if version.BuildID == buildID {
				return version.Workers > 0
			}
		}
		return false
	}
}

// asksFor says whether a run asks for something of a step.
func asksFor(step onboarding.Step) func(onboarding.Progress) bool {
	return func(p onboarding.Progress) bool {
		return slices.ContainsFunc(p.Requests, func(request onboarding.Request) bool { return request.Step == step })
	}
}

// answersUntil leaves the requests of a step open.
func answersUntil(step onboarding.Step) func(onboarding.Request) bool {
	return func(request onboarding.Request) bool { return request.Step == step }
}

// A run of workers without a version goes on with the first version that is rolled out, and ends with it, though another one is the
// current one meanwhile. The studio and the next run are with that one; then back again.
func TestRunsStayWithTheirVersionAndStudiosMove(t *testing.T) {
	r := newRecorder(t)
	_, err := deployment.Look(t.Context(), r.node.client, "")
	require.ErrorIs(t, err, deployment.ErrNone)
	r.start(r.Spec)
	r.until(r.Spec.Name, answersUntil(onboarding.StepSAMLExchange), asksFor(onboarding.StepSAMLExchange))
	studio, err := runs.Studio(t.Context(), r.node.client, r.Spec.Name)
	require.NoError(t, err)
	first := studio.Open()
	require.Empty(t, r.versionOf(first.WorkflowID, first.RunID))

	r.runVersion("1.0")
	found := r.deployment(polls("1.0"))
	require.Nil(t, found.Current())
	require.Equal(t, 1, found.Unversioned)
	_, err = deployment.Use(t.Context(), r.node.client, "", "1.1")
	require.ErrorContains(t, err, `no worker of version "1.1" has polled`)
	require.ErrorContains(t, err, "versions with workers: 1.0")
	found, err = deployment.Use(t.Context(), r.node.client, "", "1.0")
	require.NoError(t, err)
	require.Equal(t, "1.0", found.Current().BuildID)
	r.until(r.Spec.Name, answersUntil(onboarding.StepSCIM), asksFor(onboarding.StepSCIM))
	require.Equal(t, "1.0", r.versionOf(first.WorkflowID, first.RunID))

	r.runVersion("1.1")
	r.deployment(polls("1.1"))
	_, err = deployment.Use(t.Context(), r.node.client, "onboarding", "1.1")
	require.NoError(t, err)
	r.until(r.Spec.Name, nil, ended)
	require.Equal(t, "1.0", r.versionOf(first.WorkflowID, first.RunID), "it ended where it was")

	second, err := runs.Start(t.Context(), r.node.client, r.Spec, "admin@example")
	require.NoError(t, err)
	require.Equal(t, 2, second.N)
	require.Equal(t, "1.1", r.versionOf(second.WorkflowID, second.RunID))
	require.Equal(t, "1.1", r.versionOf(onboarding.StudioID(r.Spec.Name), ""))
	r.until(r.Spec.Name, nil, ended)
	r.deployment(func(d deployment.Deployment) bool { // the index is some moments behind
		return d.Current() != nil && slices.Contains(d.Current().Open, onboarding.StudioID(r.Spec.Name)) && open(d, "1.0") == 0
	})

	_, err = deployment.Use(t.Context(), r.node.client, "onboarding", "1.0")
	require.NoError(t, err)
	third, err := runs.Start(t.Context(), r.node.client, r.Spec, "admin@example")
	require.NoError(t, err)
	require.Equal(t, "1.0", r.versionOf(third.WorkflowID, third.RunID))
	r.until(r.Spec.Name, nil, ended)

	// A studio that somebody pinned stays, and works.
	pinned := &client.PinnedVersioningOverride{Version: worker.WorkerDeploymentVersion{DeploymentName: "onboarding", BuildID: "1.0"}}
	_, err = r.node.client.UpdateWorkflowExecutionOptions(t.Context(), client.UpdateWorkflowExecutionOptionsRequest{
		WorkflowId: onboarding.StudioID(r.Spec.Name), WorkflowExecutionOptionsChanges: client.WorkflowExecutionOptionsChanges{
			VersioningOverride: &client.VersioningOverrideChange{Value: pinned}}})
	require.NoError(t, err)
	_, err = deployment.Use(t.Context(), r.node.client, "onboarding", "1.1")
	require.NoError(t, err)
	fourth, err := runs.Start(t.Context(), r.node.client, r.Spec, "admin@example")
	require.NoError(t, err)
	require.Equal(t, 4, fourth.N)
	require.Equal(t, "1.0", r.versionOf(onboarding.StudioID(r.Spec.Name), ""))
}

// open is how many workflows of a version are open.
func open(d deployment.Deployment, buildID string) int {
	for _, version := range d.Versions {
		if version.BuildID == buildID {
			return version.OpenTotal
		}
	}
	return 0
}
