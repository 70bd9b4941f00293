package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and date of this program",
		Example: `  starter version
  starter version --output json`,
		Args: exactly(),
	}
	return a.runs(command, func(context.Context, []string) error {
		if a.output == outputJSON {
			return a.json(a.io.Version)
		}
		return a.say("starter %s", a.io.Version)
	})
}
