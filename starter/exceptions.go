package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newExceptions(a *app) *cobra.Command {
	var revoke string
	command := &cobra.Command{
		Use:   "exceptions STUDIO",
		Short: "List the exceptions that somebody accepted, or take one back",
		Long: `List the people whose exceptions were accepted by skipping a step: runs do not ask about them again, as long as the
reason stays the same. With --revoke, the next run asks about that person again.`,
		Example: `  starter exceptions data-science
  starter exceptions data-science --revoke jane@example.com`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	command.Flags().StringVar(&revoke, "revoke", "", "ask about this person again, by Okta login")
	return a.runs(command, func(ctx context.Context, args []string) error {
		if command.Flags().Changed("revoke") {
			if revoke = strings.TrimSpace(revoke); revoke == "" {
				return wrongUse("exceptions", "--revoke is empty; name a person by Okta login")
			}
			return a.connected(ctx, func(c client.Client) error {
				ack, err := runs.Revoke(ctx, c, args[0], onboarding.RevokeRequest{Person: revoke, By: a.io.User()})
				return a.acknowledged(ack, err)
			})
		}
		return a.studio(ctx, args[0], func(studio onboarding.Studio) error {
			if a.output == outputJSON {
				if studio.Accepted == nil {
					studio.Accepted = []onboarding.AcceptedException{}
				}
				return a.json(studio.Accepted)
			}
			if len(studio.Accepted) == 0 {
				return a.say("No exception is accepted.")
			}
			rows := make([][]string, 0, len(studio.Accepted))
			for _, one := range studio.Accepted {
				rows = append(rows, []string{one.Person, one.Reason, a.when(one.At), one.By, one.Why})
			}
			return render.Table(a.io.Out, []string{"PERSON", "EXCEPTION", "ACCEPTED", "BY", "WHY"}, rows, a.io.look())
		})
	})
}
