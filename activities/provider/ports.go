// Package provider says what activities need of the outside world: the narrow interfaces that the adapters implement, and what
// every activity does alike with them.
package provider

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/scim"
	"studio-onboarding/onboarding"
)

// AWS opens the configuration for one side of a run: the worker's credentials or the assumed role, in that Region, with
// the shared pace and retry settings. Every error of a call is a *fault.Fault. Implemented by internal/awscloud.
type AWS interface {
	Config(ctx context.Context, account onboarding.AccountSpec, region string) (aws.Config, error)
}

// Secrets resolves references such as env:NAME, file:/path and aws-sm:arn. Implemented by internal/secret.
type Secrets interface {
	Resolve(ctx context.Context, reference string) (string, error)
}

// Okta is what activities need of the Okta org. Implemented by internal/oktaorg; every error is a *fault.Fault.
type Okta interface {
	// URL is the org's address without trailing slash.
	URL() string
	// Who names the principal behind the credentials and the scopes or roles it is known to have.
	Who(ctx context.Context) (string, error)

	// Apps lists all apps named amazon_aws_sso, active or not.
	Apps(ctx context.Context) ([]model.App, error)
	// App reads one app; class NotFound when there is none.
	App(ctx context.Context, id string) (model.App, error)
	CreateApp(ctx context.Context, label string) (model.App, error)
	// SetServiceProvider puts the two URLs into the app's settings and keeps everything else as it is.
	SetServiceProvider(ctx context.Context, id, acsURL, entityID string) error
	// Metadata fetches the IdP metadata that the app's active key signs.
	Metadata(ctx context.Context, id string) ([]byte, error)

	// Connection reads the provisioning connection; AuthScheme UNKNOWN means that the API does not support it for this app.
	Connection(ctx context.Context, appID string) (model.Connection, error)
	// Connect sets the provisioning connection and switches creating, updating and deactivating users on.
	Connect(ctx context.Context, appID, baseURL, token string) error

	// Group finds the one Okta group of that name; class NotFound or Invalid (several).
	Group(ctx context.Context, name string) (model.Group, error)
	// GroupName is the name of the group with that ID; class NotFound.
	GroupName(ctx context.Context, id string) (string, error)
	// GroupUsers calls page for each page of the members.
	GroupUsers(ctx context.Context, groupID string, page func([]model.User) error) error
	// AppGroups lists the IDs of groups assigned to the app.
	AppGroups(ctx context.Context, appID string) ([]string, error)
	AssignGroup(ctx context.Context, appID, groupID string) error
	// UserByLogin reads one person; class NotFound when there is none.
	UserByLogin(ctx context.Context, login string) (model.User, error)
	// UserGroups lists the groups that a person is in.
	UserGroups(ctx context.Context, userID string) ([]model.Group, error)
	// AppUser reads one person's assignment to the app; class NotFound when there is none.
	AppUser(ctx context.Context, appID, userID string) (model.AppUser, error)
	AssignUser(ctx context.Context, appID, userID string) error
	// AppUsers calls page for each page of people assigned to the app.
	AppUsers(ctx context.Context, appID string, page func([]model.AppUser) error) error

	Mappings(ctx context.Context, appID string) ([]model.Mapping, error)
	CreateMapping(ctx context.Context, appID, groupID, targetName string) (model.Mapping, error)
	// SetMappingStatus is ACTIVE (which pushes now) or INACTIVE.
	SetMappingStatus(ctx context.Context, appID, mappingID, status string) error
	DeleteMapping(ctx context.Context, appID, mappingID string) error

	// ProvisioningFailures are the failed provisioning events of the app in a period, newest first, at most max.
	ProvisioningFailures(ctx context.Context, appID string, since, until time.Time, max int) ([]model.LogEvent, error)
	// LastProvisioned is when the app last provisioned somebody or something in a period; zero where it did not.
	LastProvisioned(ctx context.Context, appID string, since, until time.Time) (time.Time, error)
	// SignOns are the people whom Okta let in to the app in a period, newest first, at most max.
	SignOns(ctx context.Context, appID string, since, until time.Time, max int) ([]model.LogEvent, error)
}

// SCIM makes clients of AWS's SCIM endpoint. Implemented by internal/scim.
type SCIM interface {
	// Check reads the service provider configuration with the token; class Denied when endpoint and token don't fit.
	Check(ctx context.Context, endpoint, token string) (scim.Config, error)
}
