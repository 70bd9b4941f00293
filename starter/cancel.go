package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newCancel(a *app) *cobra.Command {
	var reason string
	command := &cobra.Command{
		Use:   "cancel STUDIO --reason TEXT",
		Short: "End the run under way, wherever it stands",
		Long: `End the run of a studio that is under way, whatever it does at the moment. What it made stays, and its report lists it.
The spec that was in force before stays in force, and reconciles go on following it.

To end a run at a parked step, on record as a decision: starter resolve STUDIO STEP abort.`,
		Example:           `  starter cancel data-science --reason "wrong account"`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	command.Flags().StringVar(&reason, "reason", "", "why, for the record")
	must(command.MarkFlagRequired("reason"))
	return a.runs(command, func(ctx context.Context, args []string) error {
		if reason = strings.TrimSpace(reason); reason == "" {
			return wrongUse("cancel", "--reason is empty; say why, for the record")
		}
		return a.connected(ctx, func(c client.Client) error {
			ack, err := runs.Cancel(ctx, c, args[0], onboarding.CancelRequest{Reason: reason, By: a.io.User()})
			return a.acknowledged(ack, err)
		})
	})
}

// acknowledged shows what an update brought about.
func (a *app) acknowledged(ack onboarding.Acknowledgement, err error) error {
	switch {
	case err != nil:
		return err
	case a.output == outputJSON:
		return a.json(ack)
	}
	return a.say("%s", ack.Message)
}
