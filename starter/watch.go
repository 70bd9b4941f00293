package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
)

type watchOptions struct {
	stopWhenAsked bool
}

func newWatch(a *app) *cobra.Command {
	var o watchOptions
	command := &cobra.Command{
		Use:   "watch STUDIO",
		Short: "Watch a studio's run to its end, then print its report",
		Long: `Watch a run to its end, then print its report.

On a terminal the checklist is redrawn in place; elsewhere each change is a line. Documents that the run wants you to
upload are written to the current directory. With --output json each line is an object with one of the fields progress,
document, notice and report. Ctrl-C ends the watching, not the run.`,
		Example: `  starter watch data-science
  starter watch data-science --stop-when-asked || starter request data-science`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	command.Flags().BoolVar(&o.stopWhenAsked, "stop-when-asked", false, "return with exit code 3 as soon as the run needs a person")
	return a.runs(command, func(ctx context.Context, args []string) error {
		return a.connected(ctx, func(c client.Client) error { return a.follow(ctx, c, args[0], o.stopWhenAsked) })
	})
}
