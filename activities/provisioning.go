package activities

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/scim"
	"studio-onboarding/onboarding"
)

// Provisioning looks after SCIM: the endpoint and token, the Okta side of the connection, assignments and group push.
type Provisioning struct {
	Okta    Okta
	SCIM    SCIM
	Secrets Secrets
	Waits   Waits
	// PlainHTTPHost is the only host on which a SCIM endpoint may be plain http: the simulated one. Empty for none.
	PlainHTTPHost string
}

// SCIMConnection is the endpoint and a reference to its token.
type SCIMConnection struct {
	Endpoint string `json:"endpoint"`
	TokenRef string `json:"tokenRef"`
}

// CheckSCIMInput carries the operator's values.
type CheckSCIMInput struct {
	Region     string         `json:"region"`
	Connection SCIMConnection `json:"connection"`
}

// CheckSCIMResult is the connection as it works: without trailing slash, with the date from which the token's year counts.
type CheckSCIMResult struct {
	Connection SCIMConnection `json:"connection"`
	CheckedAt  time.Time      `json:"checkedAt"`
}

// ConnectInput connects the app to the endpoint through Okta's API where this org supports that.
type ConnectInput struct {
	AppID      string         `json:"appId"`
	Connection SCIMConnection `json:"connection"`
}

// ConnectResult says whether the API could do it; where not, a person does it in the console.
type ConnectResult struct {
	Supported bool `json:"supported"`
}

// ProvisioningFeatures are the app's features once creating users is switched on.
type ProvisioningFeatures struct {
	Enabled []string `json:"enabled"`
	// Missing are features that should be on besides.
	Missing []string `json:"missing,omitempty"`
}

// AssignInput assigns the assignment group, and single people who are not in it, to the app.
type AssignInput struct {
	AppID           string   `json:"appId"`
	AssignmentGroup string   `json:"assignmentGroup"`
	People          []string `json:"people,omitempty"`
}

// AssignResult names the assignment group.
type AssignResult struct {
	GroupID string            `json:"groupId"`
	Origin  onboarding.Origin `json:"origin"`
	// UnknownPeople are logins of the spec that Okta does not know.
	UnknownPeople []string `json:"unknownPeople,omitempty"`
}

// ProvisionedResult counts app users once Okta has dealt with all of them.
type ProvisionedResult struct {
	Assigned    int `json:"assigned"`
	Provisioned int `json:"provisioned"`
	// Failed are app users in an error state or stuck; why is told by CompareDirectory.
	Failed int `json:"failed"`
}

// PushInput pushes the access groups.
type PushInput struct {
	AppID  string   `json:"appId"`
	Groups []string `json:"groups"`
	// Again pushes every group anew, also those that were pushed since the last person came.
	Again bool `json:"again,omitempty"`
}

// PushedGroup is a group push mapping.
type PushedGroup struct {
	Name      string            `json:"name"`
	MappingID string            `json:"mappingId"`
	Status    string            `json:"status"`
	Error     string            `json:"error,omitempty"`
	Origin    onboarding.Origin `json:"origin"`
}

// PushResult lists the mappings. Refused groups have to be pushed by a person, with the reason that Okta gave.
type PushResult struct {
	Pushed  []PushedGroup     `json:"pushed"`
	Refused map[string]string `json:"refused,omitempty"`
}

// The features of an app that stand for its three provisioning switches ("Applications", features).
const (
	featureCreate     = "PUSH_NEW_USERS"
	featureUpdate     = "PUSH_PROFILE_UPDATES"
	featureDeactivate = "PUSH_USER_DEACTIVATION"
)

// CheckSCIM checks the endpoint, resolves the token and tries both against AWS.
func (x *Provisioning) CheckSCIM(ctx context.Context, in CheckSCIMInput) (CheckSCIMResult, error) {
	connection, token, err := x.resolve(ctx, in.Connection)
	if err != nil {
		return CheckSCIMResult{}, err
	}
	if region := scim.RegionOf(connection.Endpoint); region != "" && in.Region != "" && region != in.Region {
		return CheckSCIMResult{}, fault.New(fault.Invalid, "scim", "scim", "the SCIM endpoint belongs to Region %s, but the run is for Region %s", region, in.Region).
			WithRemedy("copy the endpoint from the Identity Center console in Region %s", in.Region)
	}
	if _, err := x.SCIM.Check(ctx, connection.Endpoint, token); err != nil {
		return CheckSCIMResult{}, err
	}
	return CheckSCIMResult{Connection: connection, CheckedAt: time.Now().UTC()}, nil
}

// resolve returns the connection with the endpoint as Okta wants it, and the token, which goes no further than to AWS and Okta.
func (x *Provisioning) resolve(ctx context.Context, connection SCIMConnection) (SCIMConnection, string, error) {
	endpoint, err := scim.NormalizeEndpoint(connection.Endpoint, x.PlainHTTPHost)
	if err != nil {
		message, remedy, _ := strings.Cut(err.Error(), ": ")
		return SCIMConnection{}, "", fault.New(fault.Invalid, "scim", "scim", "%s", message).
			WithRemedy("%s", cmp.Or(remedy, "copy the SCIM endpoint from the Identity Center console, Settings > Automatic provisioning"))
	}
	connection.Endpoint = endpoint
	token, err := x.Secrets.Resolve(ctx, connection.TokenRef)
	if err != nil {
		if fault.ClassOf(err) != "" {
			return SCIMConnection{}, "", err
		}
		f := fault.New(fault.Invalid, "worker", "scim", "the token cannot be read: %v", err).
			WithRemedy("give a reference that this worker can resolve: env:NAME, file:/path or aws-sm:arn")
		f.Err = err
		return SCIMConnection{}, "", f
	}
	return connection, token, nil
}

// ConnectProvisioning connects the app through Okta's API where that knows the app's kind of connection, which for
// amazon_aws_sso it generally doesn't. Where it doesn't, Supported is false and a person does it.
func (x *Provisioning) ConnectProvisioning(ctx context.Context, in ConnectInput) (ConnectResult, error) {
	guided := ConnectResult{Supported: false}
	current, err := x.Okta.Connection(ctx, in.AppID)
	if err != nil {
		return guided, unlessRefused(err)
	}
	if !connectable(current) {
		return guided, nil
	}
	connection, token, err := x.resolve(ctx, in.Connection)
	if err != nil {
		return ConnectResult{}, err
	}
	if err := x.Okta.Connect(ctx, in.AppID, connection.Endpoint, token); err != nil {
		return guided, unlessRefused(err)
	}
	current, err = x.Okta.Connection(ctx, in.AppID)
	if err != nil {
		return ConnectResult{}, err
	}
	return ConnectResult{Supported: current.Status == "ENABLED"}, nil
}

// connectable says whether Okta's API knows the app's kind of connection.
func connectable(current oktaorg.Connection) bool {
	return current.AuthScheme == "TOKEN" && (current.Status == "ENABLED" || current.Status == "DISABLED")
}

// unlessRefused drops an error that says that Okta's API won't, for which there is the console.
func unlessRefused(err error) error {
	switch fault.ClassOf(err) {
	case fault.Invalid, fault.NotFound, fault.Unsupported:
		return nil
	}
	return err
}

// AwaitProvisioning looks whether creating users is switched on; NotReady until then. Okta does not show whether the token
// is any good: that comes out with the first person.
func (x *Provisioning) AwaitProvisioning(ctx context.Context, in AppInput) (ProvisioningFeatures, error) {
	app, err := x.Okta.App(ctx, in.AppID)
	if err != nil {
		return ProvisioningFeatures{}, err
	}
	if !provisions(app) {
		return ProvisioningFeatures{}, fault.New(fault.NotReady, "okta", "scim", "provisioning is not switched on in the Okta app yet (Create Users)").
			WithRemedy("Okta admin console: app > Provisioning > To App > Edit > Create Users, Update User Attributes, Deactivate Users").
			After(x.Waits.Console)
	}
	return ProvisioningFeatures{
		Enabled: app.Features,
		Missing: notIn([]string{featureUpdate, featureDeactivate}, app.Features),
	}, nil
}

// provisions says whether creating users is switched on.
func provisions(app oktaorg.App) bool { return slices.Contains(app.Features, featureCreate) }
