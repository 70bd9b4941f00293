package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newPlan(a *app) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use:   "plan -f FILE",
		Short: "Show what a run of a spec would do, and change nothing",
		Long: `Have the worker say what a run of the spec would create (+), change (~), remove (-), keep (=) and ask you for (?). Nothing is
changed. A run that starts right afterwards does what the plan says; people whom Okta has yet to bring to Identity Center are
foreseen from their data in Okta.

Exit codes: 0 the run would come to its end; 6 it would park, and the plan says where.`,
		Example: `  starter plan -f spec.yaml
  starter plan -f spec.yaml --output json > plan.json`,
		Args: exactly(),
	}
	specFlag(command, &file)
	return a.runs(command, func(ctx context.Context, _ []string) error { return a.plan(ctx, file) })
}

func (a *app) plan(ctx context.Context, file string) error {
	spec, err := a.readSpec(file)
	if err != nil {
		return err
	}
	return a.connected(ctx, func(c client.Client) error {
		plan, err := runs.Plan(ctx, c, spec, a.io.Every, a.notice)
		if err != nil {
			return err
		}
		if a.output == outputJSON {
			err = a.json(plan)
		} else {
			err = render.Plan(a.io.Out, plan, a.io.look())
		}
		if err == nil && len(onboarding.Blocked(plan.Verdicts)) > 0 {
			err = outcome(exitBlocking)
		}
		return err
	})
}
