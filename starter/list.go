package main

import (
	"context"
	"slices"
	"strings"

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
		Short: "List studios: state, who has to act, last good reconcile, next expiry",
		Long: `List the studios under care, newest first. The state is that of the run under way, or of the last one.

The list comes from Temporal's index: it needs no worker, and may be some seconds behind.`,
		Example: `  starter list
  starter list --state waiting-for-operator
  starter list --output json`,
		Args: exactly(),
	}
	command.Flags().StringVar(&o.state, "state", "", "only studios in this state: "+strings.Join(states(), ", "))
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
		switch {
		case len(list) == 0 && o.state != "":
			return a.say("No studio is %s. All of them: starter list", o.state)
		case len(list) == 0:
			return a.say("No studios. Start one with: starter onboard -f spec.yaml")
		}
		rows := make([][]string, 0, len(list))
		for _, info := range list {
			expiry := ""
			if info.Expiry != nil {
				expiry = info.Expiry.At.In(a.io.Now().Location()).Format("2006-01-02") + " " + info.Expiry.What
			}
			rows = append(rows, []string{info.Run, info.State, info.Who, a.when(info.LastGood), expiry})
		}
		return render.Table(a.io.Out, []string{"STUDIO", "STATE", "WHO HAS TO ACT", "LAST GOOD RECONCILE", "EXPIRES NEXT"}, rows, a.io.look())
	})
}
