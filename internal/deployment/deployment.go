// Package deployment tells which versions of the worker there are, and rolls one out (Temporal's Worker Versioning). Workflows stay with
// the version that they began with; new ones begin with the current one.
package deployment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/onboarding"
)

// State is what a version is given to do.
type State string

// The states of a version.
const (
	// Current gets new workflows.
	Current State = "current"
	// Ramping gets a share of them; this program sets none, other tools do.
	Ramping State = "ramping"
	// Draining gets no new workflows, and still has open ones.
	Draining State = "draining"
	// Drained has none left: its workers can be stopped.
	Drained State = "drained"
	// New has never been the current one.
	New State = "new"
)

// Version is one version of a deployment.
type Version struct {
	BuildID string    `json:"buildId"`
	State   State     `json:"state"`
	Since   time.Time `json:"since"`
	// Workers is how many workers polled with it in the last five minutes.
	Workers int `json:"workers"`
	// Open are the open workflows that belong to it, runs and studios by their ID, the first onboarding.MaxListed of OpenTotal.
	Open      []string `json:"open,omitempty"`
	OpenTotal int      `json:"openTotal"`
}

// Deployment is a worker deployment with its versions, the newest first.
type Deployment struct {
	Name string `json:"name"`
	// Unversioned is how many workers without a version polled in the last five minutes.
	Unversioned int       `json:"unversioned"`
	Versions    []Version `json:"versions"`
}

// Current is the version that gets new work; nil where workers without a version do.
func (d Deployment) Current() *Version {
	for i := range d.Versions {
		if d.Versions[i].State == Current {
			return &d.Versions[i]
		}
	}
	return nil
}

// version is the one of a build ID.
func (d Deployment) version(buildID string) *Version {
	for i := range d.Versions {
		if d.Versions[i].BuildID == buildID {
			return &d.Versions[i]
		}
	}
	return nil
}

// ErrNone is returned where no worker with a version has ever polled.
var ErrNone = errors.New("no worker of this namespace has a version → start them with --deployment NAME and --build-id VERSION, " +
	"if runs are to stay with the version of the workers that they began with")

// Look tells what there is of the deployment of the namespace; of the one that is named, where there are several. The error wraps ErrNone
// where there is none.
func Look(ctx context.Context, c client.Client, name string) (Deployment, error) {
	polls, err := pollers(ctx, c)
	if err != nil {
		return Deployment{}, err
	}
	found, err := names(ctx, c, polls)
	switch {
	case err != nil:
		return Deployment{}, fmt.Errorf("list the worker deployments: %w", err)
	case len(found) == 0:
		return Deployment{}, ErrNone
	case name != "" && !slices.Contains(found, name):
		return Deployment{}, fmt.Errorf("there is no worker deployment %q → it is one of: %s", name, strings.Join(found, ", "))
	case name == "" && len(found) > 1:
		return Deployment{}, fmt.Errorf("there are several worker deployments: %s → choose one with --deployment", strings.Join(found, ", "))
	}
	name = cmp.Or(name, found[0])
	described, err := c.WorkerDeploymentClient().GetHandle(name).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil {
		return Deployment{}, fmt.Errorf("describe the worker deployment %s: %w", name, err)
	}
	d := Deployment{Name: name, Unversioned: polls[version{}]}
	for _, one := range described.Info.VersionSummaries {
		is := versionOf(described.Info.RoutingConfig, one)
		is.Workers = polls[one.Version]
		if is.Open, is.OpenTotal, err = open(ctx, c, one.Version); err != nil {
			return Deployment{}, err
		}
		d.Versions = append(d.Versions, is)
	}
	return d, nil
}

func versionOf(routing client.WorkerDeploymentRoutingConfig, one client.WorkerDeploymentVersionSummary) Version {
	is := Version{BuildID: one.Version.BuildID, State: New, Since: one.CreateTime}
	switch {
	case routing.CurrentVersion != nil && *routing.CurrentVersion == one.Version:
		is.State, is.Since = Current, routing.CurrentVersionChangedTime
	case routing.RampingVersion != nil && *routing.RampingVersion == one.Version:
		is.State, is.Since = Ramping, routing.RampingVersionChangedTime
	case one.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDraining:
		is.State = Draining
	case one.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDrained:
		is.State = Drained
	}
	return is
}

// Use makes a version the current one: new runs begin with it, and studios move to it. It refuses one whose workers don't poll, as nobody
// would do its work. Going back is the same with the version of before.
func Use(ctx context.Context, c client.Client, name, buildID string) (Deployment, error) {
	before, err := Look(ctx, c, name)
	if err != nil {
		return before, err
	}
	if is := before.version(buildID); is == nil || is.Workers == 0 {
		var known []string
		for _, one := range before.Versions {
			if one.Workers > 0 {
				known = append(known, one.BuildID)
			}
		}
		return before, fmt.Errorf("no worker of version %q has polled in the last five minutes, so that nobody would do new work → start "+
			"workers with --deployment %s --build-id %s first; versions with workers: %s",
			buildID, before.Name, buildID, cmp.Or(strings.Join(known, ", "), "none"))
	}
	handle := c.WorkerDeploymentClient().GetHandle(before.Name)
	if _, err := handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: buildID}); err != nil {
		return before, fmt.Errorf("make version %s the current one of %s: %w", buildID, before.Name, err)
	}
	after, err := Look(ctx, c, before.Name)
	if err == nil && (after.Current() == nil || after.Current().BuildID != buildID) {
		err = fmt.Errorf("version %s was taken as the current one, and does not show as that yet → look again: starter deployment", buildID)
	}
	return after, err
}

// version is how Temporal calls one; the zero value stands for workers without any.
type version = worker.WorkerDeploymentVersion

// names are the deployments of the namespace. The server's list comes from its index, which is some moments behind.
func names(ctx context.Context, c client.Client, polls map[version]int) ([]string, error) {
	list, err := c.WorkerDeploymentClient().List(ctx, client.WorkerDeploymentListOptions{})
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for one := range polls {
		found[one.DeploymentName] = true
	}
	for list.HasNext() {
		one, err := list.Next()
		if err != nil {
			return nil, err
		}
		found[one.Name] = true
	}
	delete(found, "")
	return slices.Sorted(maps.Keys(found)), nil
}

// pollers counts workers by their version.
func pollers(ctx context.Context, c client.Client) (map[version]int, error) {
	queue, err := c.DescribeTaskQueue(ctx, onboarding.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	var missing *serviceerror.NotFound
	if err != nil && !errors.As(err, &missing) {
		return nil, fmt.Errorf("describe task queue %s: %w", onboarding.TaskQueue, err)
	}
	count := map[version]int{}
	for _, poller := range queue.GetPollers() {
		var of version
		if options := poller.GetDeploymentOptions(); options.GetWorkerVersioningMode() == enums.WORKER_VERSIONING_MODE_VERSIONED {
			of = version{DeploymentName: options.GetDeploymentName(), BuildID: options.GetBuildId()}
		}
		count[of]++
	}
	return count, nil
}

// open lists the open workflows of a version, the first onboarding.MaxListed, and counts all of them.
func open(ctx context.Context, c client.Client, of version) ([]string, int, error) {
	query := fmt.Sprintf("TemporalWorkerDeploymentVersion = '%s:%s' AND ExecutionStatus = 'Running' AND TaskQueue = '%s'",
		of.DeploymentName, strings.ReplaceAll(of.BuildID, "'", "''"), onboarding.TaskQueue)
	counted, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return nil, 0, fmt.Errorf("count the open workflows of version %s: %w", of.BuildID, err)
	}
	listed, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: onboarding.MaxListed})
	if err != nil {
		return nil, 0, fmt.Errorf("list the open workflows of version %s: %w", of.BuildID, err)
	}
	var ids []string
	for _, execution := range listed.GetExecutions() {
		ids = append(ids, execution.GetExecution().GetWorkflowId())
	}
	slices.Sort(ids)
	return ids, int(counted.GetCount()), nil
}
