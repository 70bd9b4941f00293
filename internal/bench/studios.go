package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/engine"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/studioclient"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

// listings is how often the list of studios is asked for.
const listings = 9

// manyStudios onboards one studio, has N live with its record, each reconciling by itself, and measures what the worker, the database and
// a list of them take. All look after the same domain, so that no reconcile changes anything.
func manyStudios(ctx context.Context, o options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.dir, o.size = filepath.Join(dir, "store"), 64
	if err := os.Mkdir(o.dir, 0o700); err != nil {
		return err
	}
	b := &bench{options: o, result: result{options: o}}
	if err := b.startWorld(ctx); err != nil {
		return err
	}
	if o.address == "" {
		o.database = "stat --format %s " + filepath.Join(dir, "temporal", "temporal-*.db")
	}
	close, err := b.startTemporal(ctx, filepath.Join(dir, "temporal"), o.address)
	if err != nil {
		return err
	}
	defer close()
	if err := b.startWorker(ctx); err != nil {
		return err
	}
	if err := b.onboard(ctx); err != nil {
		return err
	}
	first, err := runs.Studio(ctx, b.client, b.result.report.Handles.Spec.Name)
	if err != nil {
		return err
	}
	m := &many{bench: b, options: o}
	begun := time.Now()
	for i := range o.studios {
		if err := m.start(ctx, first, i); err != nil {
			return err
		}
	}
	fmt.Printf("%d studios were started in %.1f s, a reconcile of each every %s\n", o.studios, time.Since(begun).Seconds(), o.every)
	return m.watch(ctx)
}

type many struct {
	*bench
	options options
}

// start has a studio live that was onboarded before.
func (m *many) start(ctx context.Context, like onboarding.Studio, i int) error {
	name := fmt.Sprintf("studio-%04d", i)
	handles := *like.InForce
	handles.Spec.Name = name
	record := onboarding.Studio{Name: name, Since: time.Now().UTC(), InForce: &handles, Expiries: like.Expiries}
	run := like.Runs[len(like.Runs)-1]
	run.WorkflowID = onboarding.WorkflowID(name)
	record.Runs, record.Revisions = []onboarding.RunRecord{run}, like.Revisions
	// Over one interval, as studios are that were not all made in the same moment.
	record.Sync = onboarding.Sync{Every: onboarding.Duration(m.options.every), By: "bench", Since: time.Now().UTC(),
		Next: time.Now().UTC().Add(m.options.every * time.Duration(i+1) / time.Duration(m.options.studios))}
	_, err := m.client.ExecuteWorkflow(ctx, studioclient.Options(name, ""), onboarding.WorkflowStudio,
		onboarding.StudioInput{Name: name, Record: record})
	return err
}

// watch lets them live, and prints what was seen.
func (m *many) watch(ctx context.Context) error {
	began, before := time.Now(), m.reconciles(ctx)
	size, sized := m.databaseSize(ctx)
	worker, world := computed(m.worker.Process.Pid), computed(m.world.Process.Pid)
	var lists []time.Duration
	for i := range listings {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(began.Add(m.options.lasts * time.Duration(i+1) / listings))):
		}
		asked := time.Now()
		listed, err := runs.List(ctx, m.client, runs.Filter{Limit: m.options.studios + 1})
		if err != nil {
			return err
		}
		if len(listed) <= m.options.studios {
			return fmt.Errorf("the list has %d studios, and %d live", len(listed), m.options.studios+1)
		}
		lists = append(lists, time.Since(asked))
	}
	took := time.Since(began)
	done := m.reconciles(ctx) - before
	if done == 0 {
		one, err := runs.Studio(ctx, m.client, "studio-0000")
		return fmt.Errorf("no reconcile came to its end: let them live longer (--for); the first studio: %+v %v", one.Events, err)
	}
	slices.Sort(lists)
	due := float64(m.options.studios) * took.Seconds() / m.options.every.Seconds()
	fmt.Printf("in %.0f s: %d reconciles (%.1f a second, %.0f were due); listing %d studios took %.0f ms (median of %d, %.0f at most)\n",
		took.Seconds(), done, float64(done)/took.Seconds(), due, m.options.studios+1,
		lists[len(lists)/2].Seconds()*1000, len(lists), lists[len(lists)-1].Seconds()*1000)
	fmt.Printf("worker: %d MiB resident at most, %.2f s computing a reconcile; simulated world: %.2f s a reconcile\n",
		residentPeak(m.worker.Process.Pid)>>10, (computed(m.worker.Process.Pid)-worker).Seconds()/float64(done),
		(computed(m.world.Process.Pid)-world).Seconds()/float64(done))
	if after, ok := m.databaseSize(ctx); sized && ok {
		each := float64(after-size) / float64(done)
		fmt.Printf("database: %d MiB before, %d MiB after: %.1f KiB a reconcile, %.2f MiB a studio and day with one an hour\n",
			size>>20, after>>20, each/1024, each*24/(1<<20))
	}
	return nil
}

// reconciles counts those that came to their end.
func (m *many) reconciles(ctx context.Context) int64 {
	counted, err := m.client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: "WorkflowType = '" + onboarding.WorkflowReconcile + "' AND ExecutionStatus = 'Completed'",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "count the reconciles:", err)
	}
	return counted.GetCount()
}

// databaseSize is what the command of --database prints.
func (m *many) databaseSize(ctx context.Context) (int64, bool) {
	if m.options.database == "" {
		return 0, false
	}
	out, err := exec.CommandContext(ctx, "/bin/sh", "-c", m.options.database).Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure the database:", err)
		return 0, false
	}
	size, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return size, err == nil
}

// startTemporal starts a server, in memory where dir is empty, or takes the one at an address.
func (b *bench) startTemporal(ctx context.Context, dir, address string) (close func(), err error) {
	close = func() {}
	if address == "" {
		server, err := engine.Start(ctx, engine.Options{DataDir: dir, Address: "127.0.0.1:0", UIAddress: "127.0.0.1:0",
			SearchAttributes: searchAttributes()})
		if err != nil {
			return close, err
		}
		address, close = server.Address(), func() { server.Stop() }
	}
	b.address = address
	options, err := temporalclient.Settings{Address: address}.Options()
	if err == nil {
		b.client, err = client.DialContext(ctx, options)
	}
	if err != nil {
		close()
		return func() {}, err
	}
	stop := close
	return func() { b.client.Close(); stop() }, nil
}
