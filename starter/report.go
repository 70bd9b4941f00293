package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
)

func newReport(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "report RUN",
		Short: "Print the report of a run, as far as it has come",
		Long: `Print the report of a run: the sign-in addresses, who can sign in, who doesn't and why, what was created or adopted, who
answered and decided what, and what will expire. That of a run under way says what is known so far.`,
		Example: `  starter report data-science
  starter report data-science --output json > report.json`,
		Args:              exactly("RUN"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	return a.runs(command, func(ctx context.Context, args []string) error { return a.report(ctx, args[0]) })
}

func (a *app) report(ctx context.Context, run string) error {
	return a.connected(ctx, func(c client.Client) error {
		report, err := runs.Report(ctx, c, run)
		if err != nil {
			return err
		}
		if a.output == outputJSON {
			return a.json(report)
		}
		return render.Report(a.io.Out, report, a.io.look())
	})
}
