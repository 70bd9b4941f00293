package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: `  starter version`,
		Args:    exactly(),
	}
	return a.runs(command, func(context.Context, []string) error {
		if a.output == outputJSON {
			return a.json(map[string]string{"version": a.io.Version})
		}
		return a.say("starter %s", a.io.Version)
	})
}
