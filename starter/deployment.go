package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/deployment"
	"studio-onboarding/internal/render"
)

func newDeployment(a *app) *cobra.Command {
	var name string
	command := &cobra.Command{
		Use:   "deployment",
		Short: "Show the versions of the workers, and roll one out",
		Long: `Show which versions of the worker there are: which one gets new work, which ones still have open runs, and which can be
stopped. It is about workers that were started with --deployment and --build-id; others have no version.

A run stays with the version that it began with, whoever is the current one. A studio moves to the current one with its next step:
when it is asked for something, and at the latest with its next reconcile.`,
		Example: `  starter deployment
  starter deployment use 1.4.0
  starter deployment use 1.3.2        # back to the one before`,
		Args: exactly(),
	}
	command.PersistentFlags().StringVar(&name, "deployment", "", "`name` of the worker deployment, where the namespace has several")
	command.AddCommand(a.runs(&cobra.Command{
		Use:   "use VERSION",
		Short: "Have new runs begin with this version of the workers",
		Long: `Make VERSION, the --build-id of workers that are running, the current one. What is under way ends with the version that it
began with: leave those workers running until they are drained. Going back is the same command with the version of before.`,
		Example: `  starter deployment use 1.4.0`,
		Args:    exactly("VERSION"),
	}, func(ctx context.Context, args []string) error {
		return a.connected(ctx, func(c client.Client) error {
			found, err := deployment.Use(ctx, c, name, args[0])
			return a.showDeployment(found, err)
		})
	}))
	return a.runs(command, func(ctx context.Context, _ []string) error {
		return a.connected(ctx, func(c client.Client) error {
			found, err := deployment.Look(ctx, c, name)
			if errors.Is(err, deployment.ErrNone) && a.output != outputJSON {
				return a.say("%s.", strings.ToUpper(err.Error()[:1])+err.Error()[1:])
			}
			return a.showDeployment(found, err)
		})
	})
}

// maxOpenShown is how many open workflows of a version are named in the table.
const maxOpenShown = 5

func (a *app) showDeployment(found deployment.Deployment, err error) error {
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.json(found)
	}
	var rows [][]string
	for _, version := range found.Versions {
		rows = append(rows, []string{version.BuildID, string(version.State), a.when(version.Since), strconv.Itoa(version.Workers),
			openText(version)})
	}
	if err := a.say("Worker deployment %s", found.Name); err != nil {
		return err
	}
	if err := render.Table(a.io.Out, []string{"VERSION", "STATE", "SINCE", "WORKERS", "OPEN"}, rows, a.io.look()); err != nil {
		return err
	}
	switch current := found.Current(); {
	case current == nil && found.Unversioned > 0:
		return a.say("\nNew work goes to the %d workers without a version. Roll one out: starter deployment use VERSION", found.Unversioned)
	case current == nil:
		return a.say("\nNobody gets new work. Roll a version out: starter deployment use VERSION")
	case current.Workers == 0:
		return a.say("\nVersion %s gets new work, and none of its workers polls: nothing begins until one is started.", current.BuildID)
	}
	for _, version := range found.Versions {
		if version.State == deployment.Drained && version.Workers > 0 {
			if err := a.say("\nThe workers of %s have nothing left to do, and can be stopped.", version.BuildID); err != nil {
				return err
			}
		}
	}
	return nil
}

func openText(version deployment.Version) string {
	shown := version.Open
	if len(shown) > maxOpenShown {
		shown = shown[:maxOpenShown]
	}
	text := strings.Join(shown, ", ")
	if more := version.OpenTotal - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
