package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"studio-onboarding/internal/policy"
	"studio-onboarding/internal/render"
)

type policyOptions struct {
	file    string
	only    string
	trust   bool
	options policy.Options
}

func newPolicy(a *app) *cobra.Command {
	var o policyOptions
	command := &cobra.Command{
		Use:   "policy -f FILE",
		Short: "Print the least permissions that a spec needs in AWS and Okta",
		Long: `Print the least permissions that a spec needs: an IAM policy for the worker's own credentials and for each role that it
assumes, the trust policies of those roles, and scopes and administrator roles in Okta. Nothing is sent anywhere.

Statements whose Sid begins with Optional, and grants called optional, can be left out with --required. With --read-only it is what
check, plan and survey call, and no action that writes.`,
		Example: `  starter policy -f spec.yaml
  starter policy -f spec.yaml --only studio > studio.json
  aws iam put-role-policy --role-name StudioOnboarding --policy-name onboarding --policy-document file://studio.json
  starter policy -f spec.yaml --only studio --trust --worker arn:aws:iam::111111111111:role/Worker
  starter policy -f spec.yaml --read-only
  starter policy -f spec.yaml --store s3://example-lists/onboarding`,
		Args: exactly(),
	}
	flags := command.Flags()
	flags.StringVarP(&o.file, "file", "f", "", "the spec, as YAML or JSON; - reads standard input")
	flags.StringVar(&o.only, "only", "", "print just the policy document of worker, identityCenter or studio, for AWS's tools")
	flags.BoolVar(&o.trust, "trust", false, "with --only: the role's trust policy in place of its policy")
	flags.StringVar(&o.options.Worker, "worker", "", "`ARN` of the principal behind the worker's own credentials, for trust policies")
	flags.StringVar(&o.options.Secret, "token-secret", "", "`ARN` of the secret in AWS Secrets Manager that will hold the SCIM "+
		"token, if it is kept there")
	flags.BoolVar(&o.options.Delegated, "delegated", false, "Identity Center is administered from a delegated account, not from the "+
		"management account")
	flags.BoolVar(&o.options.Required, "required", false, "leave out what a run can do without")
	flags.BoolVar(&o.options.ReadOnly, "read-only", false, "just what check, plan and survey call: nothing that writes")
	flags.StringVar(&o.options.Store, "store", "", "`ADDRESS` of the worker's store where it is a bucket, s3://BUCKET/PREFIX: adds what it "+
		"needs there")
	must(command.MarkFlagRequired("file"))
	must(command.MarkFlagFilename("file", "yaml", "yml", "json"))
	complete(command, "only", policy.SideWorker, policy.SideIdentityCenter, policy.SideStudio)
	return a.runs(command, func(context.Context, []string) error { return a.policy(o) })
}

func (a *app) policy(o policyOptions) error {
	for _, flag := range []struct{ name, value, service string }{
		{"worker", o.options.Worker, "iam"}, {"token-secret", o.options.Secret, "secretsmanager"},
	} {
		if parts := strings.SplitN(flag.value, ":", 6); flag.value != "" &&
			(len(parts) < 6 || parts[0] != "arn" || parts[2] != flag.service && parts[2] != "sts") {
			return wrongUse("policy", "--%s is %q, but must be an ARN of %s", flag.name, flag.value, flag.service)
		}
	}
	bucket, isBucket := strings.CutPrefix(o.options.Store, "s3://")
	if o.options.Store != "" && (!isBucket || strings.Trim(bucket, "/") == "") {
		return wrongUse("policy", "--store is %q, but must be s3://BUCKET or s3://BUCKET/PREFIX; a directory needs no permissions",
			o.options.Store)
	}
	if o.trust && o.only == "" {
		return wrongUse("policy", "--trust needs --only: whose trust policy?")
	}
	spec, err := a.readSpec(o.file)
	if err != nil {
		return err
	}
	permissions := policy.For(spec, o.options)
	if o.only != "" {
		return a.onePolicy(permissions, o)
	}
	if a.output == outputJSON {
		return a.json(permissions)
	}
	return render.Permissions(a.io.Out, permissions, a.io.look())
}

// onePolicy prints one document, as AWS's tools take it.
func (a *app) onePolicy(permissions policy.Permissions, o policyOptions) error {
	i := slices.IndexFunc(permissions.Principals, func(p policy.Principal) bool { return slices.Contains(p.Sides, o.only) })
	if i < 0 {
		return wrongUse("policy", "--only is %q, but must be worker, identityCenter or studio", o.only)
	}
	principal := permissions.Principals[i]
	if !o.trust {
		return a.json(principal.Policy)
	}
	if principal.Trust == nil {
		return wrongUse("policy", "%s is served by the worker's own credentials, which have no trust policy; the spec names no role "+
			"there (assumeRole)", o.only)
	}
	for _, note := range permissions.Notes {
		fmt.Fprintln(a.io.Err, note)
	}
	return a.json(principal.Trust)
}
