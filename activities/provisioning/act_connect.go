package provisioning

import (
	"context"
	"errors"
	"time"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/scim"
)

// CheckSCIM checks the endpoint, resolves the token and tries both against AWS.
func (x *Activities) CheckSCIM(ctx context.Context, in CheckSCIMInput) (CheckSCIMResult, error) {
	connection, token, err := x.resolve(ctx, in.Connection)
	if err != nil {
		return CheckSCIMResult{}, err
	}
	if region := scim.RegionOf(connection.Endpoint); region != "" && in.Region != "" && region != in.Region {
		return CheckSCIMResult{}, fault.New(fault.Invalid, "scim", connectOperation,
			"The SCIM endpoint belongs to Region %s, but Identity Center's primary Region is %s.", region, in.Region).AsWhole().
			WithRemedy("Copy the endpoint from the Identity Center console in Region %s.", in.Region)
	}
	if _, err := x.SCIM.Check(ctx, connection.Endpoint, token); err != nil {
		return CheckSCIMResult{}, err
	}
	return CheckSCIMResult{Connection: connection, CheckedAt: time.Now().UTC()}, nil
}

// resolve returns the connection with the endpoint as Okta wants it, and the token, which goes no further than to AWS and Okta.
func (x *Activities) resolve(ctx context.Context, connection SCIMConnection) (SCIMConnection, string, error) {
	endpoint, err := scim.NormalizeEndpoint(connection.Endpoint, x.PlainHTTPHost)
	if err != nil {
		var wrong *scim.EndpointError
		if !errors.As(err, &wrong) {
			return SCIMConnection{}, "", err
		}
		return SCIMConnection{}, "", fault.New(fault.Invalid, "scim", connectOperation, "%s", wrong.Reason).AsWhole().
			WithRemedy("%s", wrong.Remedy)
	}
	connection.Endpoint = endpoint
	token, err := x.Secrets.Resolve(ctx, connection.TokenRef)
	if err != nil {
		if fault.ClassOf(err) != "" {
			return SCIMConnection{}, "", err
		}
		f := fault.New(fault.Invalid, "worker", connectOperation, "The token cannot be read: %v.", err).AsWhole().
			WithRemedy("Give a reference that this worker can resolve: env:NAME, file:/path or aws-sm:arn.")
		f.Err = err
		return SCIMConnection{}, "", f
	}
	return connection, token, nil
}

// ConnectProvisioning connects the app through Okta's API where that knows the app's kind of connection, which for
// amazon_aws_sso it generally doesn't. Where it doesn't, Supported is false and a person does it. What Okta took and does not
// show is written again.
func (x *Activities) ConnectProvisioning(ctx context.Context, in ConnectInput) (ConnectResult, error) {
	guided := ConnectResult{Supported: false}
	current, err := lookConnection(ctx, x.Okta, in.AppID)
	if err != nil || !connectable(current) {
		return guided, err
	}
	connection, token, err := x.resolve(ctx, in.Connection)
	if err != nil {
		return ConnectResult{}, err
	}
	refused := false
	left, err := provider.WriteUntilSeen(ctx, x.Waits, []SCIMConnection{connection},
		func(ctx context.Context, connection SCIMConnection) error {
			if refused {
				return nil
			}
			err := x.Okta.Connect(ctx, in.AppID, connection.Endpoint, token)
			if err == nil {
				return nil
			}
			refused = unlessRefused(err) == nil
			return unlessRefused(err)
		},
		func(ctx context.Context) ([]SCIMConnection, error) {
			if refused {
				return nil, nil
			}
			// Connecting is two writes: the connection, and what Okta does through it.
			current, err := x.Okta.Connection(ctx, in.AppID)
			if err != nil {
				return nil, err
			}
			app, err := x.Okta.App(ctx, in.AppID)
			if err != nil || current.Status == connectionEnabled && app.Provisions() {
				return nil, err
			}
			return []SCIMConnection{connection}, nil
		})
	if err != nil {
		return ConnectResult{}, err
	}
	return ConnectResult{Supported: !refused && len(left) == 0}, nil
}

// AwaitProvisioning looks whether creating users is switched on; NotReady until then. Okta does not show whether the token
// is any good: that comes out with the first person.
func (x *Activities) AwaitProvisioning(ctx context.Context, in AppInput) (ProvisioningFeatures, error) {
	app, err := x.Okta.App(ctx, in.AppID)
	if err != nil {
		return ProvisioningFeatures{}, err
	}
	if !app.Provisions() {
		return ProvisioningFeatures{}, fault.New(fault.NotReady, "okta", connectOperation,
			"provisioning is not switched on in the Okta app yet (Create Users)").
			WithRemedy("Okta admin console: app > Provisioning > To App > Edit > Create Users, Update User Attributes, Deactivate Users.").
			After(x.Waits.Console)
	}
	return ProvisioningFeatures{Enabled: app.Features, Missing: app.MissingFeatures()}, nil
}
