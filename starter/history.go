package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newHistory(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "history STUDIO",
		Short: "List a studio's runs and the specs that were in force",
		Long: `List the runs of a studio, also aborted and failed ones, and the revisions of its spec with what changed.
The report of one of them: starter report STUDIO --run N.`,
		Example: `  starter history data-science
  starter history data-science --output json`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	return a.runs(command, func(ctx context.Context, args []string) error {
		return a.studio(ctx, args[0], func(studio onboarding.Studio) error {
			if a.output == outputJSON {
				return a.json(historyOf(studio))
			}
			return a.sayHistory(studio)
		})
	})
}

// history is what JSON says of a studio's past.
type history struct {
	Runs      []onboarding.RunRecord `json:"runs"`
	Revisions []onboarding.Revision  `json:"revisions"`
}

func historyOf(studio onboarding.Studio) history {
	return history{Runs: append([]onboarding.RunRecord{}, studio.Runs...), Revisions: append([]onboarding.Revision{}, studio.Revisions...)}
}

// studio calls show with a studio's record.
func (a *app) studio(ctx context.Context, name string, show func(onboarding.Studio) error) error {
	return a.connected(ctx, func(c client.Client) error {
		studio, err := runs.Studio(ctx, c, name)
		if err != nil {
			return err
		}
		return show(studio)
	})
}

func (a *app) sayHistory(studio onboarding.Studio) error {
	rows := make([][]string, 0, len(studio.Runs))
	for _, run := range studio.Runs {
		result := onboarding.WithRemedy(run.Message, run.Remedy)
		if run.State == onboarding.RunDone && run.Report != nil {
			result = run.Report.People.Words()
		}
		rows = append(rows, []string{fmt.Sprint(run.N), string(run.State), a.when(run.StartedAt), a.when(run.EndedAt), run.StartedBy, result})
	}
	if len(rows) == 0 {
		return a.say("No run has started yet.")
	}
	if err := render.Table(a.io.Out, []string{"RUN", "STATE", "STARTED", "ENDED", "BY", "RESULT"}, rows, a.io.look()); err != nil {
		return err
	}
	if len(studio.Revisions) == 0 {
		return a.say("\nNo spec has been in force yet.")
	}
	rows = rows[:0]
	for _, revision := range studio.Revisions {
		changed := strings.Join(revision.Changed, ", ")
		if changed == "" {
			changed = "the first one"
		}
		rows = append(rows, []string{fmt.Sprint(revision.N), a.when(revision.At), revision.By, fmt.Sprint(revision.Run), changed})
	}
	if err := a.say("\nSpecs in force:"); err != nil {
		return err
	}
	return render.Table(a.io.Out, []string{"REVISION", "SINCE", "BY", "RUN", "CHANGED"}, rows, a.io.look())
}
