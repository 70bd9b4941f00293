package main

import (
	"context"
	"io"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"studio-onboarding/internal/buildinfo"
	"studio-onboarding/internal/render"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/tracing"
)

// IO is everything outside that the commands touch, besides files they are told to read. Tests bring their own.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	// Asks says whether In is a terminal, with somebody to answer.
	Asks bool
	// Env looks TEMPORAL_* and NO_COLOR up.
	Env envconfig.EnvLookup
	// Dir is where documents for the operator are written.
	Dir string
	// User answers with user@host, for the record.
	User func() string
	// Version says what this program was built from.
	Version buildinfo.Info
	// Terminal says whether Out is one; Size is its width and height in cells.
	Terminal bool
	Size     func() (width, height int)
	Now      func() time.Time
	// Every is the pause between two looks at a run; 0 means runs.WatchEvery.
	Every time.Duration
	// Tracing makes the spans of commands; nil makes none.
	Tracing *tracing.Tracing
	// Connect opens a Temporal client.
	Connect func(context.Context, temporalclient.Settings) (client.Client, error)
	// Probe says whether something listens at an address.
	Probe func(ctx context.Context, address string) bool
}

// color: on a terminal, unless NO_COLOR is set to anything (no-color.org).
func (io IO) color() bool {
	value, _ := io.Env.LookupEnv("NO_COLOR")
	return io.Terminal && value == ""
}

func (io IO) width() int {
	if !io.Terminal || io.Size == nil {
		return 0
	}
	width, _ := io.Size()
	return width
}

// look is how text is written to Out at this moment.
func (io IO) look() render.Options {
	return render.Options{Color: io.color(), Width: io.width(), Now: io.Now()}
}
