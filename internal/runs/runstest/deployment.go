package runstest

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/deployment/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// DeploymentName is the worker deployment that the fake knows, where it has versions.
const DeploymentName = "onboarding"

// Version is a version of the workers.
type Version struct {
	BuildID string
	// Pollers is how many workers of it poll.
	Pollers int
	Drained bool
}

// versioned are the pollers with a version.
func (f *Fake) versioned() []*taskqueue.PollerInfo {
	var pollers []*taskqueue.PollerInfo
	for _, version := range f.Versions {
		for range version.Pollers {
			pollers = append(pollers, &taskqueue.PollerInfo{DeploymentOptions: &deployment.WorkerDeploymentOptions{
				DeploymentName: DeploymentName, BuildId: version.BuildID, WorkerVersioningMode: enums.WORKER_VERSIONING_MODE_VERSIONED,
			}})
		}
	}
	return pollers
}

// WorkerDeploymentClient implements client.Client.
func (f *Fake) WorkerDeploymentClient() client.WorkerDeploymentClient { return deployments{fake: f} }

type deployments struct {
	client.WorkerDeploymentClient
	fake *Fake
}

func (d deployments) List(context.Context, client.WorkerDeploymentListOptions) (client.WorkerDeploymentListIterator, error) {
	return nothing{}, nil
}

// nothing is the server's list, which is behind.
type nothing struct{}

func (nothing) HasNext() bool { return false }

func (nothing) Next() (*client.WorkerDeploymentListEntry, error) {
	return nil, errors.New("there is no more")
}

func (d deployments) GetHandle(string) client.WorkerDeploymentHandle { return handle{fake: d.fake} }

type handle struct {
	client.WorkerDeploymentHandle
	fake *Fake
}

func (h handle) Describe(context.Context, client.WorkerDeploymentDescribeOptions) (client.WorkerDeploymentDescribeResponse, error) {
	var info client.WorkerDeploymentInfo
	for _, version := range h.fake.Versions {
		is := worker.WorkerDeploymentVersion{DeploymentName: DeploymentName, BuildID: version.BuildID}
		summary := client.WorkerDeploymentVersionSummary{Version: is, CreateTime: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)}
		if version.Drained {
			summary.DrainageStatus = client.WorkerDeploymentVersionDrainageStatusDrained
		}
		if version.BuildID == h.fake.Current {
			info.RoutingConfig.CurrentVersion = &is
			info.RoutingConfig.CurrentVersionChangedTime = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		}
		info.VersionSummaries = append(info.VersionSummaries, summary)
	}
	return client.WorkerDeploymentDescribeResponse{Info: info}, nil
}

func (h handle) SetCurrentVersion(_ context.Context,
	in client.WorkerDeploymentSetCurrentVersionOptions) (client.WorkerDeploymentSetCurrentVersionResponse, error) {
	h.fake.Current = in.BuildID
	return client.WorkerDeploymentSetCurrentVersionResponse{}, nil
}

// CountWorkflow implements client.Client: it counts what is listed.
func (f *Fake) CountWorkflow(context.Context,
	*workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	return &workflowservice.CountWorkflowExecutionsResponse{Count: int64(len(f.Listed))}, nil
}
