package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

type listOptions struct {
	state string
	limit int
}

func newList(a *app) *cobra.Command {
	var o listOptions
	command := &cobra.Command{
		Use:   "list",
		Short: "List runs: state, the step to look at, when they started",
		Long: `List runs, newest first, each name once with its latest execution.

The list comes from Temporal's index: it needs no worker, and may be some seconds behind.`,
		Example: `  starter list
  starter list --state waiting-for-operator
  starter list --output json`,
		Args: exactly(),
	}
	command.Flags().StringVar(&o.state, "state", "", "only runs in this state: "+strings.Join(states(), ", "))
	command.Flags().IntVar(&o.limit, "limit", 50, "at most so many")
	complete(command, "state", states()...)
	return a.runs(command, func(ctx context.Context, _ []string) error { return a.list(ctx, o) })
}

// states are the states that a listed run can be in.
func states() []string {
	return []string{
		string(onboarding.RunRunning), string(onboarding.RunWaiting), string(onboarding.RunAttention), string(onboarding.RunDone),
		string(onboarding.RunAborted), "failed", "canceled", "terminated", "timed-out",
	}
}

func (a *app) list(ctx context.Context, o listOptions) error {
	if o.state != "" && !slices.Contains(states(), o.state) {
		return wrongUse("list", "--state is %q, but must be one of %s", o.state, strings.Join(states(), ", "))
	}
	if o.limit < 1 {
		return wrongUse("list", "--limit is %d, but must be at least 1", o.limit)
	}
	return a.connected(ctx, func(c client.Client) error {
		list, err := runs.List(ctx, c, runs.Filter{State: o.state, Limit: o.limit})
		if err != nil {
			return err
		}
		if a.output == outputJSON {
			if list == nil {
				list = []runs.Info{}
			}
			return a.json(list)
		}
		if len(list) == 0 {
			return a.say("No runs. Start one with: starter onboard -f spec.yaml")
		}
		when := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.In(a.io.Now().Location()).Format("2006-01-02 15:04")
		}
		rows := make([][]string, 0, len(list))
		for _, info := range list {
			step := string(info.Step)
			if info.State == string(onboarding.RunDone) {
				step = ""
			}
			rows = append(rows, []string{info.Run, info.State, step, when(info.StartedAt), when(info.EndedAt)})
		}
		return render.Table(a.io.Out, []string{"RUN", "STATE", "STEP", "STARTED", "ENDED"}, rows, a.io.look())
	})
}
