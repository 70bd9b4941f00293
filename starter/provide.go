package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

type provideOptions struct {
	acsURL, issuerURL, portalURL string
	metadata                     string
	endpoint, tokenRef           string
	appID                        string
	consent                      string
	addresses                    string
	values                       []string
}

func newProvide(a *app) *cobra.Command {
	var o provideOptions
	command := &cobra.Command{
		Use:   "provide STUDIO STEP",
		Short: "Give a run what it asked for",
		Long: `Give a run what it asked for. The run checks it against the live systems before it accepts it, and says why if it doesn't.

The SCIM token itself never goes here: name where the worker finds it, as env:NAME, file:/path or aws-sm:ARN.`,
		Example: `  starter provide data-science saml-exchange --metadata aws-metadata.xml --portal-url https://d-1234567890.awsapps.com/start
  starter provide data-science saml-exchange --acs-url URL --issuer-url URL --portal-url URL
  starter provide data-science scim --endpoint https://scim.us-east-1.amazonaws.com/.../scim/v2 --token-ref env:SCIM_TOKEN
  starter provide data-science okta-app --app-id 0oa1b2c3d4e5f6g7h8i9
  starter provide data-science saml-exchange --consent "I agree that ..."
  starter provide data-science canary --addresses tile,portal,studio`,
		Args:              exactly("STUDIO", "STEP"),
		ValidArgsFunction: a.completeArgs(argRun, argStep),
	}
	flags := command.Flags()
	flags.StringVar(&o.acsURL, onboarding.ValueACSURL, "", "IAM Identity Center Assertion Consumer Service (ACS) URL")
	flags.StringVar(&o.issuerURL, onboarding.ValueIssuerURL, "", "IAM Identity Center issuer URL")
	flags.StringVar(&o.portalURL, onboarding.ValuePortalURL, "", "AWS access portal sign-in URL")
	flags.StringVar(&o.metadata, onboarding.ValueMetadata, "", "AWS's service provider metadata `file`, in place of the ACS and "+
		"issuer URLs; - reads standard input")
	flags.StringVar(&o.endpoint, onboarding.ValueSCIMEndpoint, "", "SCIM endpoint")
	flags.StringVar(&o.tokenRef, onboarding.ValueSCIMToken, "", "where the worker finds the SCIM token: env:NAME, file:/path or aws-sm:ARN")
	flags.StringVar(&o.appID, onboarding.ValueAppID, "", "ID of the Okta app to use, or new for another one")
	flags.StringVar(&o.consent, onboarding.ValueConsent, "", "the `sentence` that a request asks for which would cut others off, word by word")
	flags.StringVar(&o.addresses, onboarding.ValueAddresses, "", "the sign-in addresses that worked: "+
		strings.Join(onboarding.Addresses(), ","))
	flags.StringArrayVar(&o.values, "value", nil, "any other value as `name=value`; may be repeated")
	must(command.MarkFlagFilename(onboarding.ValueMetadata, "xml"))
	command.MarkFlagsMutuallyExclusive(onboarding.ValueMetadata, onboarding.ValueACSURL)
	command.MarkFlagsMutuallyExclusive(onboarding.ValueMetadata, onboarding.ValueIssuerURL)
	return a.runs(command, func(ctx context.Context, args []string) error {
		step, err := stepArg("provide", args[1])
		if err != nil {
			return err
		}
		values, err := a.values(o)
		if err != nil {
			return err
		}
		return a.provide(ctx, args[0], onboarding.Answer{Step: step, Values: values, By: a.io.User()})
	})
}

func (a *app) provide(ctx context.Context, run string, answer onboarding.Answer) error {
	return a.connected(ctx, func(c client.Client) error {
		ack, err := runs.Provide(ctx, c, run, answer)
		if err != nil {
			return err
		}
		return a.acknowledge(run, ack)
	})
}

// values collects what the flags say, and refuses a token before anything is sent: what reaches the run stays in its history.
func (a *app) values(o provideOptions) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range o.values {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, wrongUse("provide", "--value must be name=value") // not repeated: it may be a secret
		}
		if _, known := values[name]; known {
			return nil, wrongUse("provide", "--value %s is given twice", name)
		}
		values[name] = value
	}
	for name, value := range map[string]string{
		onboarding.ValueACSURL: o.acsURL, onboarding.ValueIssuerURL: o.issuerURL, onboarding.ValuePortalURL: o.portalURL,
		onboarding.ValueSCIMEndpoint: o.endpoint, onboarding.ValueSCIMToken: o.tokenRef, onboarding.ValueAppID: o.appID,
		onboarding.ValueConsent:   o.consent,
		onboarding.ValueAddresses: o.addresses,
	} {
		if value == "" {
			continue
		}
		if _, known := values[name]; known {
			return nil, wrongUse("provide", "%s is given by --%s and by --value", name, name)
		}
		values[name] = value
	}
	if o.metadata != "" {
		data, err := a.read(o.metadata)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(string(data), "EntityDescriptor") {
			return nil, &usageError{err: fmt.Errorf("%s is no SAML metadata → download the service provider metadata file from the IAM "+
				"Identity Center console", name(o.metadata))}
		}
		values[onboarding.ValueMetadata] = string(data)
	}
	for name, value := range values {
		values[name] = strings.TrimSpace(value)
	}
	return values, refuseTokens(values)
}

// refuseTokens refuses a secret where a reference or something else belongs. The error does not repeat it.
func refuseTokens(values map[string]string) error {
	const remedy = "put the token where the worker can read it and name that place: env:NAME, file:/path or aws-sm:ARN. " +
		"The token you typed stands in your shell's history now; remove it there, or make a new one"
	for name, value := range values {
		_, wrong := onboarding.ParseSecretReference(value)
		switch {
		case name == onboarding.ValueSCIMToken && wrong != nil:
			return wrongUse("provide", "--token-ref takes a reference, never the token itself: %v; nothing was sent. Please %s", wrong, remedy)
		case name != onboarding.ValueSCIMToken && strings.Contains(strings.ToLower(name), "token"):
			return wrongUse("provide", "there is no value %q, and a token is never given here; nothing was sent. Please %s", name, remedy)
		}
	}
	return nil
}
