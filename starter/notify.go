package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newNotify(a *app) *cobra.Command {
	var test bool
	command := &cobra.Command{
		Use:   "notify --test",
		Short: "Have the worker send a test to every target of notifications",
		Long: `Have the worker send a test notice to every target of notifications in its configuration, and say for each whether it took it.
The targets are NOTIFY_* variables of the worker: a signed webhook, Slack, Microsoft Teams, mail.

Exit codes: 0 every target took it; 1 one did not, or the worker has no target; 4 no worker answers.`,
		Example: `  starter notify --test
  starter notify --test --output json | jq '.deliveries[] | select(.delivered | not)'`,
		Args: exactly(),
	}
	command.Flags().BoolVar(&test, "test", false, "send a test notice to every target")
	return a.runs(command, func(ctx context.Context, _ []string) error {
		if !test {
			return wrongUse("notify", "say --test, and a test notice is sent to every target of the worker")
		}
		return a.notifyTest(ctx)
	})
}

func (a *app) notifyTest(ctx context.Context) error {
	return a.connected(ctx, func(c client.Client) error {
		notified, err := runs.NotifyTest(ctx, c, a.io.User(), a.io.Every, a.notice)
		if err != nil {
			return err
		}
		if err := a.tellNotified(notified); err != nil {
			return err
		}
		if len(notified.Deliveries) == 0 || len(notified.Failed()) > 0 {
			return outcome(exitFailure)
		}
		return nil
	})
}

func (a *app) tellNotified(notified onboarding.Notified) error {
	if a.output == outputJSON {
		return a.json(notified)
	}
	if len(notified.Deliveries) == 0 {
		return a.say("The worker has no target of notifications; nothing was sent.\n" +
			"→ set one or more where the worker runs, and start it again:\n" +
			"    NOTIFY_WEBHOOK_URL and NOTIFY_WEBHOOK_SECRET; NOTIFY_SLACK_URL; NOTIFY_TEAMS_URL;\n" +
			"    NOTIFY_MAIL_SERVER, NOTIFY_MAIL_FROM and NOTIFY_MAIL_TO\n" +
			"  docs/operations.md, Notifications, says what belongs there.")
	}
	for _, delivery := range notified.Deliveries {
		var err error
		if delivery.Delivered {
			err = a.say("✔ %s: delivered", delivery.Target)
		} else {
			err = a.say("✗ %s: %s", delivery.Target, onboarding.WithRemedy(delivery.Reason, delivery.Remedy))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
