package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newForget(a *app) *cobra.Command {
	var confirm string
	command := &cobra.Command{
		Use:   "forget STUDIO --confirm STUDIO",
		Short: "End the care of a studio, and remove what is stored of it",
		Long: `End the care of a studio: its record, the histories of its runs and reconciles, and its lists of people in the worker's
store are removed, and cannot be brought back. Reconciles end. Nothing at AWS or Okta changes: people go on signing in
as before, and starting the same spec again adopts everything.

A run that is under way has to end first: starter cancel STUDIO --reason TEXT.`,
		Example:           `  starter forget data-science --confirm data-science`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	command.Flags().StringVar(&confirm, "confirm", "", "the name of the studio once more")
	return a.runs(command, func(ctx context.Context, args []string) error {
		if confirm != args[0] {
			return wrongUse("forget", "this removes the record of %s for good; if that is meant, add --confirm %s", args[0], args[0])
		}
		settings, err := a.settings().Options()
		if err != nil {
			return err
		}
		return a.connected(ctx, func(c client.Client) error {
			ack, err := runs.Forget(ctx, c, settings.Namespace, args[0], onboarding.ForgetRequest{By: a.io.User()})
			return a.acknowledged(ack, err)
		})
	})
}
