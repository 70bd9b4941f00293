package main

import (
	"context"

	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newStatus(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "status STUDIO",
		Short: "Show where a studio stands, what it asks for, and what has to be decided",
		Long: `Show the checklist of a studio's latest run, its open requests in full, and its parked steps with the commands that
decide. Below it, how the studio is: the spec in force, how access is kept, the exceptions that are accepted, and what
expires next.

Exit codes, about the latest run: 0 it goes on by itself, or is done; 3 it needs a person; 1 it was aborted or
cancelled, or failed; 4 no worker answers.`,
		Example: `  starter status data-science
  starter status data-science --output json`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	return a.runs(command, func(ctx context.Context, args []string) error { return a.status(ctx, args[0]) })
}

// statusLine is what JSON says of a status: the progress of the latest run, and the studio.
type statusLine struct {
	onboarding.Progress
	Studio *studioLine `json:"studio,omitempty"`
}

// studioLine is a studio in short.
type studioLine struct {
	// Run is the number of the latest one.
	Run     int             `json:"run"`
	InForce *inForce        `json:"inForce,omitempty"`
	Sync    onboarding.Sync `json:"sync"`
	// Overdue says that no reconcile was good for longer than three intervals.
	Overdue bool `json:"overdue,omitempty"`
	// Accepted counts the exceptions that are accepted.
	Accepted int                 `json:"accepted"`
	Expiries []onboarding.Expiry `json:"expiries,omitempty"`
}

// inForce says which spec is in force.
type inForce struct {
	Revision int       `json:"revision"`
	Since    time.Time `json:"since"`
	By       string    `json:"by,omitempty"`
	Run      int       `json:"run"`
}

func (a *app) studioLine(studio *onboarding.Studio) *studioLine {
	if studio == nil {
		return nil
	}
	line := &studioLine{Sync: studio.Sync, Accepted: len(studio.Accepted), Expiries: studio.Expiries}
	if n := len(studio.Runs); n > 0 {
		line.Run = studio.Runs[n-1].N
	}
	if n := len(studio.Revisions); n > 0 {
		latest := studio.Revisions[n-1]
		line.InForce = &inForce{Revision: latest.N, Since: latest.At, By: latest.By, Run: latest.Run}
	}
	overdue := studio.Sync.Overdue()
	line.Overdue = !overdue.IsZero() && a.io.Now().After(overdue)
	return line
}

func (a *app) status(ctx context.Context, name string) error {
	return a.connected(ctx, func(c client.Client) error {
		// Of a run that failed, what is known is worth showing before the error.
		progress, studio, failed := runs.Status(ctx, c, name)
		if failed != nil && progress.Run == "" {
			return failed
		}
		var err error
		if a.output == outputJSON {
			err = a.json(statusLine{Progress: progress, Studio: a.studioLine(studio)})
		} else {
			err = render.Progress(a.io.Out, progress, a.io.look())
			if err == nil && studio != nil {
				if err = a.say(""); err == nil {
					err = render.Studio(a.io.Out, *studio, a.io.look())
				}
			}
		}
		if err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		return outcomeOf(progress.State)
	})
}
