package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/examples"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// disturbance is what goes wrong while access converges.
type disturbance struct {
	// kills is how often the worker is killed, each time after another quarter of the profiles was made.
	kills int
}

func (*disturbance) faults() []sandbox.Fault {
	return []sandbox.Fault{
		{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultLostWrite, Rate: 0.1},
		{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultConflict, Rate: 0.05},
		{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultConflict, Rate: 0.05},
		{Service: "sagemaker", Kind: sandbox.FaultThrottle, Rate: 0.1},
		{Service: "identitystore", Kind: sandbox.FaultThrottle, Rate: 0.1},
	}
}

// result is what one size showed.
type result struct {
	options   options
	report    onboarding.Report
	onboard   history
	reconcile history
	counts    []count
	madeTwice int
	kills     int
	state     json.RawMessage
	resident  int // KiB, the most of any worker
	heap      uint64
	// computing is how long the worker and the simulated world computed for the reconcile: time that no speed makes shorter.
	computing  struct{ worker, world time.Duration }
	reconciled onboarding.ReconcileReport
}

// measure onboards once and reconciles once.
func measure(ctx context.Context, o options, wild *disturbance) (result, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	b := &bench{options: o, wild: wild, result: result{options: o}}
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "bench-")
		if err != nil {
			return result{}, err
		}
		defer os.RemoveAll(dir)
		b.options.dir = dir
	}
	err := b.run(ctx)
	return b.result, err
}

type bench struct {
	options options
	wild    *disturbance
	console sandbox.Client
	client  client.Client
	address string
	env     []string
	world   *exec.Cmd
	worker  *exec.Cmd
	heap    func() string
	result  result
}

func (b *bench) run(ctx context.Context) error {
	if err := b.startWorld(ctx); err != nil {
		return err
	}
	close, err := b.startTemporal(ctx, "", "")
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
	return b.conclude(ctx)
}

// startWorld starts the simulated world in a process of its own.
func (b *bench) startWorld(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	world, out, err := child(ctx, os.Environ(), self, "-role", "sandbox", "-speed", fmt.Sprint(b.options.speed), "-size", strconv.Itoa(b.options.size))
	if err != nil {
		return err
	}
	b.world = world
	url, err := out.ReadString('\n')
	if err != nil {
		return fmt.Errorf("the sandbox does not start: %w", err)
	}
	b.console = sandbox.Client{URL: strings.TrimSpace(url)}
	environment, err := b.console.Environment(ctx)
	if err != nil {
		return err
	}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "AWS_") && !strings.HasPrefix(entry, "OKTA_") {
			b.env = append(b.env, entry)
		}
	}
	for name, value := range environment {
		b.env = append(b.env, name+"="+value)
	}
	b.env = append(b.env, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	return nil
}

func searchAttributes() map[string]enums.IndexedValueType {
	return map[string]enums.IndexedValueType{
		onboarding.SearchAttributeState: enums.INDEXED_VALUE_TYPE_KEYWORD, onboarding.SearchAttributeStep: enums.INDEXED_VALUE_TYPE_KEYWORD,
	}
}

func (b *bench) startWorker(ctx context.Context) error {
	cmd, out, err := child(ctx, b.env, b.options.worker, "-speed", fmt.Sprint(b.options.speed), "-dir", b.options.dir, "-address", b.address)
	if err != nil {
		return err
	}
	b.worker = cmd
	b.heap = func() string { line, _ := out.ReadString('\n'); return strings.TrimSpace(line) }
	return nil
}

// onboard carries the run out, with the disturbances in its way.
func (b *bench) onboard(ctx context.Context) error {
	spec, err := specfile.Decode("examples/data-science.yaml", examples.DataScience)
	if err != nil {
		return err
	}
	for { // until the worker polls
		if pollers, err := runs.Workers(ctx, b.client); err == nil && pollers > 0 {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Millisecond)
	}
	if _, err := runs.Start(ctx, b.client, spec, "bench"); err != nil {
		return err
	}
	person := &operator{client: b.client, console: b.console, spec: spec, dir: b.options.dir, done: map[string]bool{}}
	disturbed := false
	killing := make(chan error, 1)
	last, err := runs.Watch(ctx, b.client, spec.Name, 200*time.Millisecond, func(p onboarding.Progress) (bool, error) {
		for _, step := range p.Steps {
			if b.wild != nil && !disturbed && step.Step == onboarding.StepAccess && step.State == onboarding.StepRunning {
				disturbed = true
				if err := b.console.SetFaults(ctx, b.wild.faults()); err != nil {
					return true, err
				}
				go func() { killing <- b.kill(ctx) }()
			}
		}
		return false, person.see(ctx, p)
	}, nil)
	if err != nil {
		return err
	}
	if disturbed {
		if err := <-killing; err != nil {
			return err
		}
		if err := b.console.SetFaults(ctx, nil); err != nil {
			return err
		}
	}
	if last.State != onboarding.RunDone {
		return fmt.Errorf("the run ended as %s", last.State)
	}
	if b.result.report, err = runs.Report(ctx, b.client, spec.Name, 0); err != nil {
		return err
	}
	b.result.onboard, err = readHistory(ctx, b.client, onboarding.WorkflowID(spec.Name), b.options.speed)
	return err
}

// kill kills the worker and starts another, again and again, at equal distances in the making of profiles.
func (b *bench) kill(ctx context.Context) error {
	for i := range b.wild.kills {
		for {
			counted, err := b.counted(ctx)
			if err != nil {
				return err
			}
			made := 0
			for _, c := range counted.Counts {
				if c.API == "sagemaker:CreateUserProfile" && !c.Throttled {
					made += c.Calls
				}
			}
			if made >= (i+1)*b.options.size/(b.wild.kills+1) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err := b.worker.Process.Kill(); err != nil {
			return err
		}
		_ = b.worker.Wait() // it was killed
		b.result.kills++
		if err := b.startWorker(ctx); err != nil {
			return err
		}
	}
	return nil
}

// conclude reconciles, although nothing has changed, and reads everything that was counted.
func (b *bench) conclude(ctx context.Context) error {
	spec := b.result.report.Handles.Spec.Name
	time.Sleep(time.Duration(float64(time.Minute) / b.options.speed)) // the limits have recovered
	var err error
	worker, world := computed(b.worker.Process.Pid), computed(b.world.Process.Pid)
	if b.result.reconciled, err = runs.Reconcile(ctx, b.client, spec, onboarding.ReconcileRequest{By: "bench"}, time.Second, nil); err != nil {
		return err
	}
	b.result.computing.worker, b.result.computing.world = computed(b.worker.Process.Pid)-worker, computed(b.world.Process.Pid)-world
	if b.result.reconcile, err = readHistory(ctx, b.client, onboarding.ReconcileID(spec), b.options.speed); err != nil {
		return err
	}
	counted, err := b.counted(ctx)
	if err != nil {
		return err
	}
	b.result.counts, b.result.madeTwice = counted.Counts, counted.MadeTwice
	if b.result.state, err = b.state(ctx); err != nil {
		return err
	}
	b.result.resident = residentPeak(b.worker.Process.Pid)
	if err := b.worker.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	b.result.heap, _ = strconv.ParseUint(b.heap(), 10, 64)
	return nil
}

func (b *bench) counted(ctx context.Context) (counted, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.console.URL+"/bench/counts", nil)
	if err != nil {
		return counted{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return counted{}, err
	}
	defer resp.Body.Close()
	var out counted
	return out, json.NewDecoder(resp.Body).Decode(&out)
}

// residentPeak is the most memory that a process had at any time, in KiB; 0 where the system does not tell.
func residentPeak(pid int) int {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.Atoi(fields[0])
	return kib
}

// computed is how long a process has computed; 0 where the system does not tell.
func computed(pid int) time.Duration {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name of the program, which may have spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100 // the unit of proc(5) is a hundredth of a second everywhere
}

// state is who has access in the end, by names: IDs depend on the order in which things were made.
func (b *bench) state(ctx context.Context) (json.RawMessage, error) {
	text, err := b.console.State(ctx)
	if err != nil {
		return nil, err
	}
	return normalized(text)
}

// normalized keeps of a dump what must not depend on what went wrong on the way. Upper and lower case do not count: of two
// people whose logins differ by that alone, the one whom Okta happens to take first can sign in.
func normalized(text []byte) (json.RawMessage, error) {
	var dump struct {
		AWS struct {
			Instances []struct {
				Users []struct {
					ID, UserName string
					Active       bool
				}
				Groups []struct {
					ID, Name string
					Members  []string
				}
				Applications []struct {
					Name        string
					Assignments []string
				}
			}
			Accounts []struct {
				Domains []struct {
					Name     string
					Status   string
					Profiles []json.RawMessage
				}
			}
		}
	}
	if err := json.Unmarshal(bytes.ToLower(text), &dump); err != nil {
		return nil, err
	}
	names := map[string]string{}
	if len(dump.AWS.Instances) != 1 {
		return nil, errors.New("there is not one instance in the dump")
	}
	instance := &dump.AWS.Instances[0]
	for i := range instance.Users {
		names[instance.Users[i].ID], instance.Users[i].ID = instance.Users[i].UserName, ""
	}
	for i := range instance.Groups {
		names[instance.Groups[i].ID], instance.Groups[i].ID = instance.Groups[i].Name, ""
		sortStrings(instance.Groups[i].Members)
	}
	for i := range instance.Applications {
		for j, assignment := range instance.Applications[i].Assignments {
			kind, id, _ := strings.Cut(assignment, " ")
			if name, ok := names[id]; ok {
				assignment = kind + " " + name
			}
			for id, name := range names {
				if strings.HasSuffix(assignment, id) {
					assignment = strings.TrimSuffix(assignment, id) + name
				}
			}
			instance.Applications[i].Assignments[j] = assignment
		}
		sortStrings(instance.Applications[i].Assignments)
	}
	sortBy(instance.Users, func(i int) string { return instance.Users[i].UserName })
	sortBy(instance.Groups, func(i int) string { return instance.Groups[i].Name })
	return json.MarshalIndent(dump, "", " ")
}

func (r result) print(w io.Writer) {
	people := r.report.People
	fmt.Fprintf(w, "\n%d people in Okta: %d wanted, %d in Identity Center, %d ready; worker: %d MiB resident at most, %d MiB heap\n",
		r.options.size, people.Wanted, people.Synced, people.Ready, r.resident>>10, r.heap>>20)
	wanted := float64(max(people.Wanted, 1))
	first := r.onboard.calls("ConvergeAccess", "VerifyAccess")
	for _, phase := range []struct {
		name  string
		spans []activitySpan
	}{
		{"first convergence (access and verify)", first},
		{"reconcile without changes", r.reconcile.calls("ConvergeAccess", "VerifyAccess")},
	} {
		f := r.floor(phase.spans)
		fmt.Fprintf(w, "%s: %.1f s, floor %.1f s (%s): %.2f × floor; %.4f calls per person, %d throttled\n",
			phase.name, f.took.Seconds(), f.floor.Seconds(), f.slowest, f.took.Seconds()/max(f.floor.Seconds(), 0.001), float64(f.calls)/wanted, f.throttled)
		for _, line := range f.lines {
			fmt.Fprintf(w, "    %s\n", line)
		}
	}
	fmt.Fprintf(w, "computing for the reconcile: worker %.2f s, simulated world %.2f s\n",
		r.computing.worker.Seconds(), r.computing.world.Seconds())
	for _, h := range []struct {
		name string
		history
	}{{"onboarding", r.onboard}, {"reconcile", r.reconcile}} {
		fmt.Fprintf(w, "%s: %d history events, %d activities and retries, %d timers, %d updates and others, about %d heartbeats at real speed: about %d billable actions\n",
			h.name, h.events, h.activities, h.timers, h.others, h.heartbeats, 1+h.activities+h.timers+h.others+h.heartbeats)
	}
	if r.reconciled.Changes.Total > 0 || len(r.reconciled.Pushed) > 0 {
		fmt.Fprintf(w, "the reconcile found %d changes and pushed %v\n", r.reconciled.Changes.Total, r.reconciled.Pushed)
	}
}
