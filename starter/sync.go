package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

type syncOptions struct {
	every         string
	once          bool
	off           bool
	dryRun        bool
	allowRemovals bool
}

func newSync(a *app) *cobra.Command {
	var o syncOptions
	command := &cobra.Command{
		Use:   "sync RUN",
		Short: "Keep access as Okta has it: on a schedule, once, or as a dry run",
		Long: `Keep access to a run's Studio domain as Okta has it. Without a flag: show the schedule, its next times and what the latest
reconciles did.

A reconcile gives whoever joined the access groups their profile, takes access from whoever left as access.onRemoval says,
and repairs what was changed by hand. If more than 20 % of the people would lose access at once, or a group is empty, nobody
is removed: it asks, and you agree with --once --allow-removals.

Each one also judges the connection: the Okta app and its log, the SCIM token, the certificate, the Studio domain and its
application. Where nothing arrives any more it needs attention and says why, whatever the differences are.

A schedule follows the spec of the run's last onboarding at the time it was set: set it again after a change of the spec.

Exit codes: 0 fine; 3 removals wait for your decision, or the connection does not work; 1 a reconcile failed; 4 no worker answers.`,
		Example: `  starter sync data-science --every 1h
  starter sync data-science --dry-run
  starter sync data-science --once
  starter sync data-science --off`,
		Args:              exactly("RUN"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	flags := command.Flags()
	flags.StringVar(&o.every, "every", "", "create or change the schedule: the pause between two reconciles, such as 30m, 1h or 1d")
	flags.BoolVar(&o.once, "once", false, "reconcile now, and wait for the result")
	flags.BoolVar(&o.off, "off", false, "delete the schedule; access stays as it is")
	flags.BoolVar(&o.dryRun, "dry-run", false, "report the differences now, and change nothing")
	flags.BoolVar(&o.allowRemovals, "allow-removals", false, "with --once: agree to removals of any size, this time")
	command.MarkFlagsMutuallyExclusive("every", "once", "off", "dry-run")
	return a.runs(command, func(ctx context.Context, args []string) error {
		if o.allowRemovals && !o.once {
			return wrongUse("sync", "--allow-removals goes with --once: a schedule never removes many people without being asked")
		}
		return a.sync(ctx, args[0], o)
	})
}

func (a *app) sync(ctx context.Context, run string, o syncOptions) error {
	var every onboarding.Duration
	if o.every != "" {
		var err error
		if every, err = onboarding.ParseDuration(o.every); err != nil {
			return wrongUse("sync", "--every: %v", err)
		}
		if every.Std() < runs.MinSyncEvery {
			return wrongUse("sync", "--every is %s, but must be at least %s: each reconcile lists everybody", every,
				onboarding.Duration(runs.MinSyncEvery))
		}
	}
	return a.connected(ctx, func(c client.Client) error {
		switch {
		case o.once || o.dryRun:
			return a.reconcile(ctx, c, run, o)
		case o.off:
			return a.syncOff(ctx, c, run)
		case every > 0:
			if err := a.registered(ctx, c); err != nil {
				return err
			}
			if _, err := runs.SetSync(ctx, c, run, every.Std(), a.io.User()); err != nil {
				return err
			}
		}
		return a.syncStatus(ctx, c, run)
	})
}

// registered sees to the search attributes that reconciles carry.
func (a *app) registered(ctx context.Context, c client.Client) error {
	settings, err := a.settings().Options()
	if err != nil {
		return err
	}
	return temporalclient.EnsureSearchAttributes(ctx, c, settings.Namespace)
}

func (a *app) reconcile(ctx context.Context, c client.Client, run string, o syncOptions) error {
	handles, err := runs.Handles(ctx, c, run)
	if err != nil {
		return err
	}
	if err := a.registered(ctx, c); err != nil {
		return err
	}
	report, err := runs.Reconcile(ctx, c, onboarding.ReconcileInput{
		Handles: handles, DryRun: o.dryRun, AllowRemovals: o.allowRemovals, StartedBy: a.io.User(),
	}, a.io.Every, a.notice)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		err = a.json(report)
	} else {
		err = render.Reconcile(a.io.Out, report, a.io.look())
	}
	if err != nil {
		return err
	}
	return outcomeOf(report.State)
}

func (a *app) syncOff(ctx context.Context, c client.Client, run string) error {
	was, err := runs.StopSync(ctx, c, run)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.json(map[string]any{"run": run, "on": false, "was": was})
	}
	if !was {
		return a.say("There was no schedule for %s. Those there are: temporal schedule list", run)
	}
	return a.say("Access to %s is no longer kept as Okta has it; it stays as it is now.", run)
}

func (a *app) syncStatus(ctx context.Context, c client.Client, run string) error {
	status, err := runs.Sync(ctx, c, run)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		err = a.json(status)
	} else {
		err = a.saySync(status)
	}
	if err != nil {
		return err
	}
	if len(status.Last) > 0 {
		return outcomeOf(onboarding.RunState(status.Last[0].State))
	}
	return nil
}

func (a *app) saySync(s runs.SyncStatus) error {
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(a.io.Now().Location()).Format("2006-01-02 15:04")
	}
	text := fmt.Sprintf("No schedule keeps access to %s as Okta has it. To have one: starter sync %s --every 1h", s.Run, s.Run)
	if s.On {
		text = fmt.Sprintf("Every %s (%s).", s.Every, s.Note)
		if len(s.Next) > 0 {
			text += " Next: " + when(s.Next[0]) + "."
		}
		if s.Skipped > 0 {
			text += fmt.Sprintf(" Left out %d times, because the one before was still going on.", s.Skipped)
		}
		if s.Paused {
			text += fmt.Sprintf("\nThe schedule is paused. To go on: starter sync %s --every %s", s.Run, s.Every)
		}
		if s.Outdated {
			text += fmt.Sprintf("\nThe run was onboarded again since, and the schedule follows the older spec. To follow the new one: "+
				"starter sync %s --every %s", s.Run, s.Every)
		}
	}
	if err := a.say("%s", text); err != nil || len(s.Last) == 0 {
		return err
	}
	rows := make([][]string, 0, len(s.Last))
	for _, last := range s.Last {
		changes, ready, kind := "", "", "scheduled"
		if last.WorkflowID == onboarding.ReconcileID(s.Run) {
			kind = "by hand"
		}
		if r := last.Report; r != nil {
			changes, ready = fmt.Sprint(r.Changes.Total), fmt.Sprintf("%d of %d", r.People.Ready, r.People.Wanted)
			if r.DryRun {
				kind = "dry run"
			}
		}
		rows = append(rows, []string{when(last.StartedAt), kind, last.State, changes, ready, onboarding.WithRemedy(last.Message, last.Remedy)})
	}
	if err := a.say(""); err != nil {
		return err
	}
	if err := render.Table(a.io.Out, []string{"STARTED", "HOW", "STATE", "DIFFERENCES", "CAN SIGN IN", ""}, rows, a.io.look()); err != nil {
		return err
	}
	if last := s.Last[0].Report; last != nil && last.Command != "" {
		return a.say("\nIf those held back are to go: %s", last.Command)
	}
	return nil
}
