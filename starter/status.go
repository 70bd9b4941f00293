package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
)

func newStatus(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "status RUN",
		Short: "Show where a run stands, what it asks for, and what has to be decided",
		Long: `Show the checklist of a run, its open requests in full, and its parked steps with the commands that decide.

Exit code 0: it goes on by itself, or is done. 3: it needs a person. 1: it was aborted or failed. 4: no worker answers.`,
		Example: `  starter status data-science
  starter status data-science --output json`,
		Args:              exactly("RUN"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	return a.runs(command, func(ctx context.Context, args []string) error { return a.status(ctx, args[0]) })
}

func (a *app) status(ctx context.Context, run string) error {
	return a.connected(ctx, func(c client.Client) error {
		// Of a run that failed, what is known is worth showing before the error.
		progress, failed := runs.Progress(ctx, c, run)
		if failed != nil && progress.Run == "" {
			return failed
		}
		var err error
		if a.output == outputJSON {
			err = a.json(progress)
		} else {
			err = render.Progress(a.io.Out, progress, a.io.look())
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
