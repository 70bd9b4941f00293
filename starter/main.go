// Starter is the command line of onboarding: it starts runs, shows them, answers what they ask, and prints their reports. It
// needs a Temporal address and nothing else; AWS and Okta belong to the worker.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"os/user"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"golang.org/x/term"

	"studio-onboarding/internal/buildinfo"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/tracing"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	world := process()
	traced, err := tracing.Start(ctx, tracing.Options{Service: "studio-onboarding-starter", Getenv: os.Getenv})
	if err != nil {
		os.Exit(tell(ctx, world.Err, err))
	}
	// A collector that does not answer costs spans, and nothing that a person has to read about.
	tracing.Complaints(slog.New(slog.DiscardHandler))
	world.Tracing = traced
	code := run(ctx, os.Args[1:], world)
	_ = traced.Shutdown()
	stop()
	os.Exit(code)
}

// process is the world as this process sees it.
func process() IO {
	out := int(os.Stdout.Fd())
	return IO{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Asks:     term.IsTerminal(int(os.Stdin.Fd())),
		Env:      envconfig.EnvLookupOS,
		Dir:      ".",
		User:     whoami,
		Version:  buildinfo.Read(),
		Terminal: term.IsTerminal(out) && os.Getenv("TERM") != "dumb",
		Size: func() (int, int) {
			width, height, err := term.GetSize(out)
			if err != nil {
				return 0, 0
			}
			return width, height
		},
		Now: time.Now,
		Connect: func(ctx context.Context, settings temporalclient.Settings) (client.Client, error) {
			return settings.Dial(ctx)
		},
		Probe: probe,
	}
}

// whoami is user@host, for the record of a run.
func whoami() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}
