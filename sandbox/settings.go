package sandbox

import (
	"context"

	awsworld "studio-onboarding/sandbox/internal/aws"
)

// AWSSettings are what an operator finds on the AWS side and no API of this world changes: an organization that is
// missing, encryption with a key of one's own, network controls, quotas, expired SCIM tokens, a VPC without subnets.
type AWSSettings = awsworld.Settings

// OktaSettings are those of the Okta org.
type OktaSettings struct {
	// CertificateDays is in how many days the signing certificates end that apps get from now on; below 0 they have ended
	// already, 0 gives back Okta's ten years.
	CertificateDays int `json:"certificateDays"`
}

// ChangeAWS puts settings into force; what is nil or empty stays as it is.
func (c Client) ChangeAWS(ctx context.Context, to AWSSettings) error {
	return c.post(ctx, "settings/aws", to, nil)
}

// ChangeOkta puts settings into force.
func (c Client) ChangeOkta(ctx context.Context, to OktaSettings) error {
	return c.post(ctx, "settings/okta", to, nil)
}

// CreateGroup makes a group by hand in the Identity Center console.
func (c Client) CreateGroup(ctx context.Context, name string) error {
	return c.post(ctx, "console/aws/create-group", map[string]string{"groupName": name}, nil)
}

// DeleteUser deletes a user in the Identity Center console.
func (c Client) DeleteUser(ctx context.Context, userName string) error {
	return c.post(ctx, "console/aws/delete-user", map[string]string{"userName": userName}, nil)
}

// DeleteIdentityCenter deletes the organization instance in the console, with everything in it.
func (c Client) DeleteIdentityCenter(ctx context.Context) error {
	return c.post(ctx, "console/aws/delete-identity-center", struct{}{}, nil)
}

// EnableProvisioningElsewhere enables automatic provisioning in another organization: its endpoint and token work, and the
// people who come there are not seen here.
func (c Client) EnableProvisioningElsewhere(ctx context.Context) (ProvisioningTenant, error) {
	var out ProvisioningTenant
	err := c.post(ctx, "console/aws/enable-provisioning-elsewhere", struct{}{}, &out)
	return out, err
}
