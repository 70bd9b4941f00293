package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// operator does the console work that a run asks for, each thing once.
type operator struct {
	client  client.Client
	console sandbox.Client
	spec    onboarding.Spec
	dir     string
	done    map[string]bool
	tenant  sandbox.ProvisioningTenant
}

func (o *operator) see(ctx context.Context, p onboarding.Progress) error {
	for _, request := range p.Requests {
		key := fmt.Sprint(request.Step, request.Title, request.Since.UnixNano())
		if o.done[key] {
			continue
		}
		if err := o.answer(ctx, request); err != nil {
			return fmt.Errorf("%s: %w", request.Title, err)
		}
		o.done[key] = true
	}
	for _, parked := range p.Parked {
		key := fmt.Sprint(parked.Step, parked.Attempts, parked.Since.UnixNano())
		if o.done[key] {
			continue
		}
		action := onboarding.ActionRetry
		switch {
		case parked.Step == onboarding.StepDirectorySync:
			action = onboarding.ActionSkip
		case parked.Attempts > 3:
			return fmt.Errorf("step %s is parked: %s", parked.Step, parked.Message)
		}
		_, err := runs.Resolve(ctx, o.client, o.spec.Name, onboarding.Resolution{Step: parked.Step, Action: action, By: "bench", Reason: "benchmark"})
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "  %s: %s (%s)\n", action, parked.Step, parked.Message)
		o.done[key] = true
	}
	return nil
}

func (o *operator) answer(ctx context.Context, request onboarding.Request) error {
	provide := func(values map[string]string) error {
		_, err := runs.Provide(ctx, o.client, o.spec.Name, onboarding.Answer{Step: request.Step, Values: values, By: "bench"})
		return err
	}
	switch request.Step {
	case onboarding.StepIdentityCenter:
		return o.console.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: o.spec.Region})
	case onboarding.StepSAMLExchange:
		document, err := runs.Document(ctx, o.client, o.spec.Name, "okta-metadata.xml")
		if err != nil {
			return err
		}
		values, err := o.console.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: document.Content})
		if err != nil {
			return err
		}
		return provide(map[string]string{
			onboarding.ValueACSURL: values.ACSURL, onboarding.ValueIssuerURL: values.IssuerURL, onboarding.ValuePortalURL: values.PortalURL,
		})
	case onboarding.StepSCIM:
		if len(request.Needs) > 0 {
			return o.enableProvisioning(ctx, provide)
		}
		appID, err := o.appID(ctx)
		if err != nil {
			return err
		}
		return o.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
			AppID: appID, BaseURL: request.Paste[0].Value, Token: o.tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true,
		})
	case onboarding.StepOktaGroups:
		appID, err := o.appID(ctx)
		if err != nil {
			return err
		}
		for _, group := range request.Paste {
			if err := o.console.PushGroup(ctx, sandbox.PushGroupInput{AppID: appID, Group: group.Value}); err != nil {
				return err
			}
		}
		return nil
	case onboarding.StepCanary: // what is measured is the rest
		_, err := runs.Resolve(ctx, o.client, o.spec.Name, onboarding.Resolution{Step: request.Step, Action: onboarding.ActionSkip, By: "bench",
			Reason: "benchmark"})
		return err
	}
	return fmt.Errorf("nobody knows what to do in step %s", request.Step)
}

func (o *operator) enableProvisioning(ctx context.Context, provide func(map[string]string) error) (err error) {
	if o.tenant, err = o.console.EnableProvisioning(ctx); err != nil {
		return err
	}
	token := filepath.Join(o.dir, "scim-token")
	if err := os.WriteFile(token, []byte(o.tenant.Token), 0o600); err != nil {
		return err
	}
	return provide(map[string]string{onboarding.ValueSCIMEndpoint: o.tenant.Endpoint, onboarding.ValueSCIMToken: "file:" + token})
}

func (o *operator) appID(ctx context.Context) (string, error) {
	report, err := runs.Report(ctx, o.client, o.spec.Name, 0)
	if err != nil {
		return "", err
	}
	for _, resource := range report.Resources {
		if resource.Kind == onboarding.ResourceOktaApp.Info().Title {
			return resource.ID, nil
		}
	}
	return "", fmt.Errorf("the run has not named its Okta app yet: %v", report.Resources)
}
