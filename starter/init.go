package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

type initOptions struct {
	draft draft
	out   string
	force bool
}

// initFlags are the flags of init with the fields of the spec that they set.
var initFlags = []struct{ flag, field string }{
	{"name", "name"}, {"region", "region"}, {"assignment-group", "okta.assignmentGroup"}, {"group", "access.groups"},
	{"person", "access.people"},
	{"identity-account", "identityCenter.account"}, {"identity-role", "identityCenter.assumeRole"},
	{"studio-account", "studio.account"}, {"studio-role", "studio.assumeRole"}, {"execution-role", "domain.executionRole"},
	{"vpc", "domain.network.vpc"}, {"subnet", "domain.network.subnets"}, {"security-group", "domain.network.securityGroups"},
	{"vpc-only", "domain.network.access"}, {"group or --person", "access"},
}

func newInit(a *app) *cobra.Command {
	var o initOptions
	command := &cobra.Command{
		Use:   "init",
		Short: "Write a commented spec, from a few questions or from flags",
		Long: `Write a commented spec. On a terminal init asks for what the flags don't say; elsewhere the flags have to say it all: --name,
--region, --assignment-group, and at least one --group or --person.

What it wrote is checked as starter onboard would. An existing file stays, unless --force is given.`,
		Example: `  starter init
  starter init -o team.yaml --name team --region us-east-1 --assignment-group aws-identity-center --group sagemaker-studio-users
  starter init --name team --region us-east-1 --assignment-group aws-identity-center --group ml=SageMakerStudio-ml --group analysts \
    --studio-account 222222222222 --studio-role arn:aws:iam::222222222222:role/StudioOnboarding -o -`,
		Args: exactly(),
	}
	flags, d := command.Flags(), &o.draft
	flags.StringVarP(&o.out, "out", "o", "spec.yaml", "the file to write; - writes to standard output")
	flags.BoolVar(&o.force, "force", false, "overwrite the file")
	flags.StringVar(&d.name, "name", "", "name of the run and of the domain")
	flags.StringVar(&d.region, "region", "", "Region of the domain: the primary Region of Identity Center, or an additional one")
	flags.StringVar(&d.assignmentGroup, "assignment-group", "", "Okta group whose members are assigned to the app")
	flags.StringArrayVar(&d.groups, "group", nil, "Okta group with access to Studio, as `NAME[=ROLE]` with its execution role; "+
		"may be repeated")
	flags.StringArrayVar(&d.people, "person", nil, "person with access to Studio, as `LOGIN[=ROLE]`; may be repeated")
	flags.StringVar(&d.identityAccount, "identity-account", "", "account ID of Identity Center (default: the worker's own)")
	flags.StringVar(&d.identityRole, "identity-role", "", "`ARN` of the role that the worker assumes for Identity Center")
	flags.StringVar(&d.studioAccount, "studio-account", "", "account ID of the domain (default: the worker's own)")
	flags.StringVar(&d.studioRole, "studio-role", "", "`ARN` of the role that the worker assumes for the domain, or its name with "+
		"--studio-account")
	flags.StringVar(&d.executionRole, "execution-role", "", "default execution role, name or ARN (default: SageMakerStudio-NAME)")
	flags.StringVar(&d.vpc, "vpc", "", "VPC of the domain (default: the default VPC)")
	flags.StringSliceVar(&d.subnets, "subnet", nil, "subnet of the domain; may be repeated")
	flags.StringSliceVar(&d.securityGroups, "security-group", nil, "security group of the domain's apps; may be repeated")
	flags.BoolVar(&d.vpcOnly, "vpc-only", false, "apps reach the internet through the VPC alone")
	must(command.MarkFlagFilename("out", "yaml", "yml"))
	return a.runs(command, func(ctx context.Context, _ []string) error { return a.init(ctx, o) })
}

func (a *app) init(ctx context.Context, o initOptions) error {
	if _, err := os.Lstat(o.out); err == nil && o.out != "-" && !o.force {
		return wrongUse("init", "%s exists already; overwrite it with --force, or name another file with -o", o.out)
	}
	o.draft.complete()
	if a.io.Asks {
		if err := newInterview(a, &o.draft).ask(ctx); err != nil {
			return err
		}
	} else if missing := o.draft.missing(); len(missing) > 0 {
		return wrongUse("init", "%s missing, and there is no terminal to ask on", strings.Join(missing, ", ")+isAre(len(missing)))
	}
	if o.draft.executionRole == "" {
		o.draft.executionRole = roleFor(o.draft.name)
	}
	text := o.draft.spec()
	if _, err := specfile.Decode(o.out, text); err != nil {
		return inFlags("init", err)
	}
	if o.out == "-" {
		_, err := a.io.Out.Write(text)
		return err
	}
	write := func() error {
		return writeNew("init", "overwrite it with --force, or name another file with -o", o.out, text)
	}
	if o.force {
		write = func() error { return os.WriteFile(o.out, text, 0o644) }
	}
	if err := write(); err != nil {
		return err
	}
	next := "starter check -f " + o.out
	if a.output == outputJSON {
		return a.json(map[string]string{"file": o.out, "name": o.draft.name, "next": next})
	}
	return a.say("Wrote %s. The permissions it needs: starter policy -f %s\nNext: %s", o.out, o.out, next)
}

func isAre(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// writeNew writes a file that must not be there yet. Instead says what the command offers where it is.
func writeNew(command, instead, file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return wrongUse(command, "%s exists already; %s", file, instead)
	}
	if err != nil {
		return &usageError{err: fmt.Errorf("%w → %s", err, instead)}
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// complete makes the ARN of a role that is given by its name.
func (d *draft) complete() {
	if d.studioRole != "" && !strings.HasPrefix(d.studioRole, "arn:") && d.studioAccount != "" {
		d.studioRole = "arn:" + onboarding.PartitionOf(d.region).ID + ":iam::" + d.studioAccount + ":role/" + d.studioRole
	}
}

// missing are the flags without which there is no spec.
func (d draft) missing() []string {
	var missing []string
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"--name", d.name != ""}, {"--region", d.region != ""}, {"--assignment-group", d.assignmentGroup != ""},
		{"--group (or --person)", len(d.groups)+len(d.people) > 0},
	} {
		if !flag.given {
			missing = append(missing, flag.name)
		}
	}
	return missing
}

// inFlags says of findings in the spec which flag is wrong: the file was never written.
func inFlags(command string, err error) error {
	findings, err := findingsOf(err)
	if err != nil {
		return err
	}
	var lines []string
	for _, finding := range findings {
		flag := ""
		for _, known := range initFlags {
			if finding.Field == known.field || strings.HasPrefix(finding.Field, known.field+"[") {
				flag = "--" + known.flag
				finding.Field = flag
				break
			}
		}
		lines = append(lines, finding.String())
	}
	return wrongUse(command, "%s", strings.Join(lines, "\n  "))
}

// findingsOf are what is wrong with a spec; any other error stays one.
func findingsOf(err error) ([]specfile.Finding, error) {
	var wrong *specfile.Error
	if errors.As(err, &wrong) {
		return wrong.Findings, nil
	}
	return nil, err
}
