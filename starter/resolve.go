package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

type resolveOptions struct {
	reason string
}

func newResolve(a *app) *cobra.Command {
	var o resolveOptions
	command := &cobra.Command{
		Use:   "resolve STUDIO STEP retry|skip|abort",
		Short: "Decide about a parked step",
		Long: `Decide about a parked step. The step canary may be skipped while it waits, too.

  retry  try it again, after you have put right what it failed of
  skip   go on without it, where later steps can; what is left undone stands in the report
  abort  end the run; what it made stays, is listed, and is adopted by the next run`,
		Example: `  starter resolve data-science domain retry
  starter resolve data-science directory-sync skip --reason "three contractors follow next week"`,
		Args:              exactly("STUDIO", "STEP", "retry|skip|abort"),
		ValidArgsFunction: a.completeArgs(argRun, argStep, argAction),
	}
	command.Flags().StringVar(&o.reason, "reason", "", "why, for the record; skip and abort need it")
	return a.runs(command, func(ctx context.Context, args []string) error {
		step, err := stepArg("resolve", args[1])
		if err != nil {
			return err
		}
		action := onboarding.Action(args[2])
		switch action {
		case onboarding.ActionRetry:
		case onboarding.ActionSkip, onboarding.ActionAbort:
			if strings.TrimSpace(o.reason) == "" {
				return wrongUse("resolve", `%s needs --reason "...": it stands in the report`, action)
			}
		default:
			return wrongUse("resolve", "%q is no decision: retry, skip or abort", args[2])
		}
		return a.resolve(ctx, args[0], onboarding.Resolution{Step: step, Action: action, Reason: strings.TrimSpace(o.reason), By: a.io.User()})
	})
}

func (a *app) resolve(ctx context.Context, run string, resolution onboarding.Resolution) error {
	return a.connected(ctx, func(c client.Client) error {
		ack, err := runs.Resolve(ctx, c, run, resolution)
		if err != nil {
			return err
		}
		return a.acknowledge(run, ack)
	})
}

// acknowledge says what the run made of an answer or a decision.
func (a *app) acknowledge(run string, ack onboarding.Acknowledgement) error {
	if a.output == outputJSON {
		return a.json(ack)
	}
	return a.say("%s\nWatch it go on with: starter watch %s", strings.TrimSpace(ack.Message), run)
}

// stepArg reads the name of a step.
func stepArg(command, name string) (onboarding.Step, error) {
	if _, ok := onboarding.StepInfoOf(onboarding.Step(name)); !ok {
		return "", wrongUse(command, "there is no step %q; the steps are %s", name, strings.Join(stepNames(), ", "))
	}
	return onboarding.Step(name), nil
}

func stepNames() []string {
	var names []string
	for _, info := range onboarding.Steps() {
		names = append(names, string(info.Step))
	}
	return names
}
