package provisioning

import (
	"context"
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Activities connect Okta to Identity Center's SCIM endpoint, assign people, and push groups.
type Activities struct {
	AWS     provider.AWS
	Okta    provider.Okta
	SCIM    provider.SCIM
	Secrets provider.Secrets
	Waits   provider.Waits
	// PlainHTTPHost is the only host on which a SCIM endpoint may be plain http: the simulated one. Empty for none.
	PlainHTTPHost string
}

// AppInput names an app by ID.
type AppInput struct {
	AppID string `json:"appId"`
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
	// LeftAlone says that it was pushed before, and nothing was done about it.
	LeftAlone bool `json:"leftAlone,omitempty"`
}

// PushResult lists the mappings. Refused groups have to be pushed by a person, with the reason that Okta gave.
type PushResult struct {
	Pushed  []PushedGroup     `json:"pushed"`
	Refused map[string]string `json:"refused,omitempty"`
}

const (
	connectOperation = "scim"
	groupsOperation  = "okta-groups"
)

// notShown is an acknowledged write that does not show after it was made again and again.
func (x *Activities) notShown(operation, format string, args ...any) error {
	return fault.New(fault.NotReady, "okta", operation, format, args...).After(x.Waits.Console)
}

// DirectoryInput names the directory of an Identity Center instance.
type DirectoryInput struct {
	IdentityCenter  onboarding.AccountSpec `json:"identityCenter"`
	Region          string                 `json:"region"`
	IdentityStoreID string                 `json:"identityStoreId"`
}

// SeenProvisioning says whether automatic provisioning is known to be enabled in Identity Center. No API tells it: people who came from
// another directory do. That nobody came says nothing.
type SeenProvisioning struct {
	Enabled bool `json:"enabled"`
}

// SeeProvisioning finds out whether people came to the directory by SCIM already. Where it may not be read it is not known.
func (x *Activities) SeeProvisioning(ctx context.Context, in DirectoryInput) (SeenProvisioning, error) {
	store, err := people.OpenIdentityStore(ctx, x.AWS, in.IdentityCenter, in.Region, in.IdentityStoreID)
	var seen SeenProvisioning
	if err == nil {
		seen.Enabled, err = store.AnyProvisioned(ctx)
	}
	_, err = provider.Trouble(err)
	return seen, err
}
