package sandbox

import (
	"context"
	"time"
)

// SCIMToken is a line of the AWS console's list of access tokens; their text is shown once, when they are made.
type SCIMToken struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// SCIMTokens lists the access tokens of automatic provisioning. EnableProvisioning makes another one, up to two.
func (c Client) SCIMTokens(ctx context.Context) ([]SCIMToken, error) {
	var out []SCIMToken
	err := c.post(ctx, "console/aws/list-tokens", struct{}{}, &out)
	return out, err
}

// DeleteSCIMToken deletes an access token. An empty ID means the only one.
func (c Client) DeleteSCIMToken(ctx context.Context, id string) error {
	return c.post(ctx, "console/aws/delete-token", map[string]string{"tokenId": id}, nil)
}

// ExpireSCIMToken lets the year of an access token pass at once, which no console can do. An empty ID means the only one.
func (c Client) ExpireSCIMToken(ctx context.Context, id string) error {
	return c.post(ctx, "console/aws/expire-token", map[string]string{"tokenId": id}, nil)
}

// CreateServiceAppInput is the Okta console's "API Services" app integration, with the scopes that a super administrator
// grants.
type CreateServiceAppInput struct {
	Label  string   `json:"label"`
	Scopes []string `json:"scopes"`
	// Role is the app's administrator role, SUPER_ADMIN or READ_ONLY_ADMIN. Without one, scopes alone let it do nothing.
	Role string `json:"role,omitempty"`
}

// ServiceApp is what the Okta console then shows; the private key is shown once.
type ServiceApp struct {
	ClientID string `json:"clientId"`
	KeyID    string `json:"keyId"`
	// PrivateKey is PEM with a PKCS #1 key, as Okta's Go SDK reads it.
	PrivateKey string `json:"privateKey"`
}

// CreateServiceApp makes an OAuth client that authenticates with a signed assertion (private_key_jwt).
func (c Client) CreateServiceApp(ctx context.Context, in CreateServiceAppInput) (ServiceApp, error) {
	var out ServiceApp
	err := c.post(ctx, "console/okta/service-app", in, &out)
	return out, err
}
