// Command bench measures whole onboardings against the simulated world, with its documented limits on: a Temporal server, a
// sandbox and a worker in processes of their own, people by the thousand. It prints a table for docs/performance.md.
//
//	go run ./internal/bench --people 100,1000,10000 --speed 20
//	go run ./internal/bench --people 5000 --speed 20 --chaos
//	go run ./internal/bench --studios 1000 --every 10m --for 20m
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	people string
	speed  float64
	chaos  bool
	dir    string
	role   string
	size   int
	// studios is how many live at once, every how often each reconciles, and lasts how long that is watched.
	studios      int
	every, lasts time.Duration
	// address is that of a Temporal server that is there, and database a command that prints its database's size.
	address, database string
	// worker is the path of the worker program.
	worker string
}

func main() {
	var o options
	flag.StringVar(&o.people, "people", "100,1000", "how many people, separated by commas; each at least 64")
	flag.Float64Var(&o.speed, "speed", 20, "how many times faster than the real providers the simulated world runs, limits included")
	flag.BoolVar(&o.chaos, "chaos", false, "lose 10 % of the assignments, refuse 5 % of the writes with a conflict, throttle 10 % of the calls, and kill the worker three times; then compare with an undisturbed run")
	flag.StringVar(&o.dir, "dir", "", "the store (default: a temporary directory)")
	flag.IntVar(&o.studios, "studios", 0, "measure so many studios that reconcile by themselves instead")
	flag.DurationVar(&o.every, "every", time.Hour, "with --studios: the interval of each studio's reconciles")
	flag.DurationVar(&o.lasts, "for", 10*time.Minute, "with --studios: how long they live")
	flag.StringVar(&o.address, "address", "", "with --studios: host:port of a Temporal server (default: an embedded one with SQLite)")
	flag.StringVar(&o.database, "database", "", "with --address: a command that prints the size of the server's database in bytes")
	flag.StringVar(&o.role, "role", "", "used by bench itself, for the sandbox in a process of its own")
	flag.IntVar(&o.size, "size", 0, "used by bench itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch o.role {
	case "sandbox":
		err = serveSandbox(ctx, o)
	default:
		err = measureAll(ctx, o)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measureAll(ctx context.Context, o options) error {
	programs, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(programs)
	// A program of its own, so that its memory is that of a worker.
	o.worker = filepath.Join(programs, "worker")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", o.worker, "studio-onboarding/internal/bench/worker").CombinedOutput(); err != nil {
		return fmt.Errorf("build the worker: %w: %s", err, out)
	}
	fmt.Printf("%d CPUs, %s, speed %g\n", runtime.NumCPU(), runtime.Version(), o.speed)
	if o.studios > 0 {
		return manyStudios(ctx, o)
	}
	for _, text := range strings.Split(o.people, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 64 {
			return fmt.Errorf("--people %q: a number from 64 on is needed", text)
		}
		o.size = n
		if o.chaos {
			if err := chaos(ctx, o); err != nil {
				return fmt.Errorf("%d people: %w", n, err)
			}
			continue
		}
		result, err := measure(ctx, o, nil)
		if err != nil {
			return fmt.Errorf("%d people: %w", n, err)
		}
		result.print(os.Stdout)
	}
	return nil
}

// chaos onboards twice, once undisturbed and once not, and compares what is there at the end.
func chaos(ctx context.Context, o options) error {
	calm, err := measure(ctx, o, nil)
	if err != nil {
		return err
	}
	calm.print(os.Stdout)
	wild, err := measure(ctx, o, &disturbance{kills: 3})
	if err != nil {
		return err
	}
	wild.print(os.Stdout)
	fmt.Printf("killed %d times; %d of %d ready undisturbed, %d of %d disturbed; profiles made twice: %d; same state: %t\n",
		wild.kills, calm.report.People.Ready, calm.report.People.Synced, wild.report.People.Ready, wild.report.People.Synced, wild.madeTwice, string(calm.state) == string(wild.state))
	if string(calm.state) != string(wild.state) || wild.madeTwice > 0 || wild.report.People.Ready != calm.report.People.Ready {
		for name, state := range map[string]json.RawMessage{"calm": calm.state, "wild": wild.state} {
			if err := os.WriteFile(os.TempDir()+"/bench-"+name+".json", state, 0o600); err != nil {
				return err
			}
		}
		return errors.New("the disturbed run ended otherwise than the undisturbed one; both states are in " + os.TempDir() + "/bench-*.json")
	}
	return nil
}

// span is a stretch of time.
type span struct{ from, to time.Time }

func (s span) length() time.Duration { return s.to.Sub(s.from) }
