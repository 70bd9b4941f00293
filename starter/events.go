package main

import (
	"context"

	"github.com/spf13/cobra"

	"studio-onboarding/onboarding"
)

func newEvents(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "events STUDIO",
		Short: "Tell what happened to a studio, in words",
		Long: `Tell what happened to a studio, oldest first: runs, what they waited for, decisions, changes that reconciles made, and
holds. The latest 200 are kept.`,
		Example: `  starter events data-science
  starter events data-science --output json`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	return a.runs(command, func(ctx context.Context, args []string) error {
		return a.studio(ctx, args[0], func(studio onboarding.Studio) error {
			if a.output == outputJSON {
				if studio.Events == nil {
					studio.Events = []onboarding.Event{}
				}
				return a.json(studio.Events)
			}
			if len(studio.Events) == 0 {
				return a.say("Nothing has happened yet.")
			}
			for _, event := range studio.Events {
				if err := a.say("%s  %s", a.when(event.At), event.Text); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
