package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

// polledWithin is how long ago a worker may have asked for work and still count as alive. A poll that nothing comes of lasts a minute.
const polledWithin = 2 * time.Minute

// healthyWithin bounds the question.
const healthyWithin = 10 * time.Second

// healthy asks Temporal whether the worker of this host asks for work: nil when it does. It is what a container's health check calls,
// so it needs neither credentials of the clouds nor payload keys.
func healthy(ctx context.Context, o options) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("find the name of this host: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthyWithin)
	defer cancel()
	options, err := temporalclient.Settings{Address: o.address, Namespace: o.namespace}.Options()
	if err != nil {
		return err
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return fmt.Errorf("connect to Temporal at %s: %w", options.HostPort, err)
	}
	defer c.Close()
	described, err := c.DescribeTaskQueue(ctx, onboarding.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	var missing *serviceerror.NotFound
	if err != nil && !errors.As(err, &missing) { // a queue exists from its first poll on
		return fmt.Errorf("describe task queue %s: %w", onboarding.TaskQueue, err)
	}
	return polls(described.GetPollers(), host, time.Now())
}

// polls says whether one of the pollers is a worker of the host that asked lately. Their identity is process@host@ with more behind it.
func polls(pollers []*taskqueue.PollerInfo, host string, now time.Time) error {
	for _, poller := range pollers {
		if parts := strings.Split(poller.GetIdentity(), "@"); len(parts) < 2 || parts[1] != host {
			continue
		}
		if now.Sub(poller.GetLastAccessTime().AsTime()) < polledWithin {
			return nil
		}
	}
	return fmt.Errorf("no worker of host %s has asked for work in task queue %s within %v → see its log",
		host, onboarding.TaskQueue, polledWithin)
}
