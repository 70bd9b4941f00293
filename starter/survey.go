package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

type surveyOptions struct {
	file, write string
	spec        onboarding.Spec
}

func newSurvey(a *app) *cobra.Command {
	var o surveyOptions
	command := &cobra.Command{
		Use:   "survey (-f FILE | --region REGION)",
		Short: "Take stock of an organization before anything is changed",
		Long: `Have the worker look at what is there, and change nothing: the Identity Center instance with its Regions and key, the identity
source as far as it shows, users and groups and how many of them came from another directory, permission sets and applications
with their assignments, every Okta app of the kind with the instance that it belongs to, and the Studio domains. What could not be
read is called unknown; what no API tells is listed at the end.

With a spec its Region and accounts are looked at; without one, name the Region, and the accounts where the worker has to enter others
than its own. --write makes a spec that adopts what was found.`,
		Example: `  starter survey -f spec.yaml
  starter survey --region us-east-1
  starter survey --region us-east-1 --studio-account 222222222222 --studio-role arn:aws:iam::222222222222:role/StudioOnboarding \
    --write spec.yaml
  starter survey -f spec.yaml --output json | jq '.stock.oktaApps'`,
		Args: exactly(),
	}
	flags := command.Flags()
	flags.StringVarP(&o.file, "file", "f", "", "a spec, as YAML or JSON; - reads standard input")
	must(command.MarkFlagFilename("file", "yaml", "yml", "json"))
	flags.StringVar(&o.spec.Region, "region", "", "the Region of Identity Center")
	flags.StringVar(&o.spec.IdentityCenter.Account, "identity-account", "", "account ID of Identity Center (default: the worker's own)")
	flags.StringVar(&o.spec.IdentityCenter.AssumeRole, "identity-role", "", "`ARN` of the role that the worker assumes for Identity Center")
	flags.StringVar(&o.spec.Studio.Account, "studio-account", "", "account ID of the domain (default: the worker's own)")
	flags.StringVar(&o.spec.Studio.AssumeRole, "studio-role", "", "`ARN` of the role that the worker assumes for the domain")
	flags.StringVar(&o.write, "write", "", "write a spec that adopts what was found to this `file`, which must not be there yet")
	must(command.MarkFlagFilename("write", "yaml", "yml"))
	command.MarkFlagsOneRequired("file", "region")
	for _, flag := range []string{"region", "identity-account", "identity-role", "studio-account", "studio-role"} {
		command.MarkFlagsMutuallyExclusive("file", flag)
	}
	return a.runs(command, func(ctx context.Context, _ []string) error { return a.survey(ctx, o) })
}

func (a *app) survey(ctx context.Context, o surveyOptions) error {
	spec := o.spec
	if o.file != "" {
		var err error
		if spec, err = a.readSpec(o.file); err != nil {
			return err
		}
	} else if err := wrongAccounts(spec); err != nil {
		return err
	}
	return a.connected(ctx, func(c client.Client) error {
		found, err := runs.Survey(ctx, c, onboarding.SurveyInput{Spec: spec}, a.io.Every, a.notice)
		if err != nil {
			return err
		}
		if o.write != "" {
			if err := writeAdopting(o.write, spec, found); err != nil {
				return err
			}
		}
		if a.output == outputJSON {
			return a.json(found)
		}
		if err := render.Survey(a.io.Out, found, a.io.look()); err != nil || o.write == "" {
			return err
		}
		return a.say("\nWrote %s. Read its comments, then: starter check -f %s", o.write, o.write)
	})
}

// wrongAccounts checks what the flags say as if a spec said it.
func wrongAccounts(spec onboarding.Spec) error {
	d := draft{region: spec.Region, identityAccount: spec.IdentityCenter.Account, identityRole: spec.IdentityCenter.AssumeRole,
		studioAccount: spec.Studio.Account, studioRole: spec.Studio.AssumeRole}
	if _, err := specfile.Decode("", d.filled().spec()); err != nil {
		return inFlags("survey", err)
	}
	return nil
}
