package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newCheck(a *app) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use:   "check -f FILE",
		Short: "Look at everything a run of a spec depends on, and change nothing",
		Long: `Have the worker look at everything that a run of the spec depends on: credentials, Identity Center, the Studio account, the
network, execution roles, the Okta org, and the people one by one. Nothing is changed. Every run opens with the same checks.

Exit codes: 0 all is well; 5 there are warnings; 6 something is blocking, so that a run would park.`,
		Example: `  starter check -f spec.yaml
  starter check -f spec.yaml --output json | jq '.verdicts[] | select(.kind == "blocked" or .kind == "warning")'`,
		Args: exactly(),
	}
	specFlag(command, &file)
	return a.runs(command, func(ctx context.Context, _ []string) error { return a.check(ctx, file) })
}

// specFlag adds the flag that names the spec.
func specFlag(command *cobra.Command, file *string) {
	command.Flags().StringVarP(file, "file", "f", "", "the spec, as YAML or JSON; - reads standard input")
	must(command.MarkFlagRequired("file"))
	must(command.MarkFlagFilename("file", "yaml", "yml", "json"))
}

func (a *app) check(ctx context.Context, file string) error {
	spec, err := a.readSpec(file)
	if err != nil {
		return err
	}
	return a.connected(ctx, func(c client.Client) error {
		result, err := runs.Check(ctx, c, spec, a.io.Every, a.notice)
		if err != nil {
			return err
		}
		if err := a.tellChecked(result); err != nil {
			return err
		}
		switch {
		case len(onboarding.Blocked(result.Verdicts)) > 0:
			return outcome(exitBlocking)
		case len(onboarding.OfKind(result.Verdicts, onboarding.VerdictWarning)) > 0:
			return outcome(exitWarnings)
		}
		return nil
	})
}

func (a *app) tellChecked(result onboarding.Assessment) error {
	if a.output == outputJSON {
		return a.json(result)
	}
	return render.Check(a.io.Out, result, a.io.look())
}

// notice tells, beside the output, what a command is waiting for.
func (a *app) notice(text string) {
	fmt.Fprintln(a.io.Err, "starter: waiting; "+text)
}
