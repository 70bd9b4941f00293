package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

type syncOptions struct {
	every   string
	once    bool
	off     bool
	pause   bool
	dryRun  bool
	consent string
}

func newSync(a *app) *cobra.Command {
	var o syncOptions
	command := &cobra.Command{
		Use:   "sync STUDIO",
		Short: "Keep access as Okta has it: again and again, once, or as a dry run",
		Long: `Keep access to a Studio domain as Okta has it. Without a flag: show how often, when next, and what the latest
reconciles did.

A reconcile gives whoever joined the access groups their profile, takes access from whoever left as access.onRemoval
says, and repairs what was changed by hand. It follows the spec that is in force, also after later changes of it. Where
more people would lose access than access.guard allows, they are held: nobody loses anything until you consent to
exactly those people with --once --consent HOLD, or until Okta has them again.

Each one also judges the connection: the Okta app and its log, the SCIM token, the certificate, the Studio domain and
its application. Where nothing arrives any more it needs attention and says why, whatever the differences are.

One reconcile or run changes access at a time; the others wait for their turn.

Exit codes: 0 fine; 3 removals wait for your decision, or the connection does not work; 1 a reconcile failed; 4 no
worker answers.`,
		Example: `  starter sync data-science --every 1h
  starter sync data-science --dry-run
  starter sync data-science --once
  starter sync data-science --pause
  starter sync data-science --off`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	flags := command.Flags()
	flags.StringVar(&o.every, "every", "", "reconcile again and again: the pause between two, such as 30m, 1h or 1d")
	flags.BoolVar(&o.once, "once", false, "reconcile now, and wait for the result")
	flags.BoolVar(&o.off, "off", false, "no more reconciles by themselves; access stays as it is")
	flags.BoolVar(&o.pause, "pause", false, "as --off, until --every is given again; the interval is remembered")
	flags.BoolVar(&o.dryRun, "dry-run", false, "report the differences now, and change nothing")
	flags.StringVar(&o.consent, "consent", "", "with --once: agree to the removals of this hold, and to no others")
	command.MarkFlagsMutuallyExclusive("every", "once", "off", "pause", "dry-run")
	return a.runs(command, func(ctx context.Context, args []string) error {
		if o.consent != "" && !o.once {
			return wrongUse("sync", "--consent goes with --once")
		}
		return a.sync(ctx, args[0], o)
	})
}

func (a *app) sync(ctx context.Context, studio string, o syncOptions) error {
	var every onboarding.Duration
	if o.every != "" {
		var err error
		if every, err = onboarding.ParseDuration(o.every); err != nil {
			return wrongUse("sync", "--every: %v", err)
		}
		if every.Std() < onboarding.MinSyncEvery {
			return wrongUse("sync", "--every is %s, but must be at least %s: each reconcile lists everybody", every,
				onboarding.Duration(onboarding.MinSyncEvery))
		}
	}
	return a.connected(ctx, func(c client.Client) error {
		if err := a.registered(ctx, c); err != nil {
			return err
		}
		switch {
		case o.once || o.dryRun:
			return a.reconcile(ctx, c, studio, o)
		case o.off || o.pause || every > 0:
			ack, err := runs.SetSync(ctx, c, studio, onboarding.SyncRequest{Every: every, Off: o.off, Pause: o.pause, By: a.io.User()})
			if err != nil {
				return err
			}
			if a.output == outputText {
				return a.say("%s", ack.Message)
			}
		}
		return a.syncStatus(ctx, c, studio)
	})
}

// registered sees to the search attributes that studios carry.
func (a *app) registered(ctx context.Context, c client.Client) error {
	settings, err := a.settings().Options()
	if err != nil {
		return err
	}
	return temporalclient.EnsureSearchAttributes(ctx, c, settings.Namespace)
}

func (a *app) reconcile(ctx context.Context, c client.Client, studio string, o syncOptions) error {
	report, err := a.reconcileReport(ctx, c, studio, o)
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

func (a *app) reconcileReport(ctx context.Context, c client.Client, studio string, o syncOptions) (onboarding.ReconcileReport, error) {
	if !o.dryRun {
		return runs.Reconcile(ctx, c, studio, onboarding.ReconcileRequest{Consent: o.consent, By: a.io.User()}, a.io.Every, a.notice)
	}
	handles, err := runs.Handles(ctx, c, studio)
	if err != nil {
		return onboarding.ReconcileReport{}, err
	}
	return runs.DryRun(ctx, c, handles, a.io.User(), a.io.Every, a.notice)
}

// syncLine is what JSON says of how a studio's access is kept.
type syncLine struct {
	Run string `json:"run"`
	// On says that reconciles are made by themselves.
	On bool `json:"on"`
	onboarding.Sync
	// Last are the latest reconciles, newest first.
	Last []onboarding.ReconcileRecord `json:"last,omitempty"`
}

// lastShown is how many reconciles are told of.
const lastShown = 5

func (a *app) syncStatus(ctx context.Context, c client.Client, name string) error {
	studio, err := runs.Studio(ctx, c, name)
	if err != nil {
		return err
	}
	line := syncLine{Run: name, On: studio.Sync.Every > 0 && !studio.Sync.Paused, Sync: studio.Sync}
	for _, one := range slices.Backward(studio.Reconciles) {
		if len(line.Last) < lastShown {
			line.Last = append(line.Last, one)
		}
	}
	if a.output == outputJSON {
		err = a.json(line)
	} else {
		err = a.saySync(line)
	}
	if err != nil {
		return err
	}
	if ended := line.lastEnded(); ended != nil {
		return outcomeOf(ended.State)
	}
	return nil
}

// lastEnded is the latest reconcile that has ended, nil for none.
func (s syncLine) lastEnded() *onboarding.ReconcileRecord {
	for i := range s.Last {
		if !s.Last[i].EndedAt.IsZero() {
			return &s.Last[i]
		}
	}
	return nil
}

func (a *app) saySync(s syncLine) error {
	text := fmt.Sprintf("Nothing keeps access to %s as Okta has it. To have it so: starter sync %s --every 1h", s.Run, s.Run)
	switch {
	case s.On:
		text = fmt.Sprintf("A reconcile every %s, set by %s.", s.Every, s.By)
		if !s.Next.IsZero() {
			text += " Next: " + a.when(s.Next) + "."
		}
	case s.Paused:
		text = fmt.Sprintf("The reconciles every %s are paused, by %s. To go on: starter sync %s --every %s", s.Every, s.By, s.Run, s.Every)
	}
	if !s.LastGood.IsZero() {
		text += "\nLast good one: " + a.when(s.LastGood) + "."
	}
	if overdue := s.Overdue(); !overdue.IsZero() && a.io.Now().After(overdue) {
		text += "\nNone has been good for longer than three intervals; the reason stands below."
	}
	if err := a.say("%s", text); err != nil || len(s.Last) == 0 {
		return err
	}
	rows := make([][]string, 0, len(s.Last))
	for _, last := range s.Last {
		changes, ready, by := "", "", last.By
		if by == "" {
			by = "due"
		}
		if r := last.Report; r != nil {
			changes = fmt.Sprint(r.Changes.Total)
			ready = fmt.Sprintf("%d of %d, %d proven", r.People.Ready, r.People.Wanted, r.People.Proven)
		}
		rows = append(rows, []string{fmt.Sprint(last.N), a.when(last.StartedAt), by, string(last.State), changes, ready, why(last)})
	}
	if err := a.say(""); err != nil {
		return err
	}
	if err := render.Table(a.io.Out, []string{"N", "STARTED", "BY", "STATE", "DIFFERENCES", "READY", "WHY"}, rows, a.io.look()); err != nil {
		return err
	}
	if ended := s.lastEnded(); ended != nil && ended.Report != nil && ended.Report.Command != "" {
		return a.say("\nIf those held back are to go: %s", ended.Report.Command)
	}
	return nil
}

// why says why a reconcile is not fine: what it failed with or held back, and what does not work in the connection.
func why(one onboarding.ReconcileRecord) string {
	var reasons []string
	if text := onboarding.WithRemedy(one.Message, one.Remedy); text != "" {
		reasons = append(reasons, text)
	}
	if one.Report != nil {
		for _, verdict := range one.Report.Dead() {
			reasons = append(reasons, onboarding.WithRemedy(verdict.Reason, verdict.Remedy))
		}
	}
	return strings.Join(reasons, " ")
}

// when writes a time for a table; nothing for none.
func (a *app) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(a.io.Now().Location()).Format("2006-01-02 15:04")
}
