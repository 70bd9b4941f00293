package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
)

func newReport(a *app) *cobra.Command {
	var n int
	command := &cobra.Command{
		Use:   "report STUDIO",
		Short: "Print the report of a studio's latest run, or of an earlier one",
		Long: `Print the report of a run: the sign-in addresses, how sure it is that people can sign in, who can't and why, what was
created or adopted, who answered and decided what, and what will expire. That of a run under way says what is known so
far; that of an aborted or cancelled one, what it had made. Which runs there were: starter history STUDIO.`,
		Example: `  starter report data-science
  starter report data-science --run 2
  starter report data-science --output json > report.json`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	command.Flags().IntVar(&n, "run", 0, "the number of the run; default: the latest")
	return a.runs(command, func(ctx context.Context, args []string) error {
		if n < 0 {
			return wrongUse("report", "--run is %d, but runs are counted from 1", n)
		}
		return a.report(ctx, args[0], n)
	})
}

func (a *app) report(ctx context.Context, studio string, n int) error {
	return a.connected(ctx, func(c client.Client) error {
		report, err := runs.Report(ctx, c, studio, n)
		if err != nil {
			return err
		}
		if a.output == outputJSON {
			return a.json(report)
		}
		return render.Report(a.io.Out, report, a.io.look())
	})
}
