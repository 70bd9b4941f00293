package activities

import (
	"time"

	"studio-onboarding/onboarding"
)

// App looks after the "AWS IAM Identity Center" app in the Okta org and the SAML trust.
type App struct {
	Okta  Okta
	Waits Waits
}

// EnsureAppInput names the app. AppID is set when the operator chose among several.
type EnsureAppInput struct {
	Label string `json:"label"`
	AppID string `json:"appId,omitempty"`
	// Since is when the run started: an app created after it is one the run made.
	Since time.Time `json:"since"`
}

// OktaApp is an instance of amazon_aws_sso.
type OktaApp struct {
	ID       string            `json:"id"`
	Label    string            `json:"label"`
	Origin   onboarding.Origin `json:"origin"`
	Status   string            `json:"status"`
	ACSURL   string            `json:"acsUrl,omitempty"`
	Issuer   string            `json:"issuer,omitempty"`
	Tile     string            `json:"tile,omitempty"`
	AdminURL string            `json:"adminUrl"`
}

// EnsureAppResult has either App, or several Candidates among which only a person can choose.
type EnsureAppResult struct {
	App        *OktaApp  `json:"app,omitempty"`
	Candidates []OktaApp `json:"candidates,omitempty"`
}

// AppInput names an app by ID.
type AppInput struct {
	AppID string `json:"appId"`
}

// IdPMetadata is Okta's SAML metadata for the app, checked.
type IdPMetadata struct {
	XML       string    `json:"xml"`
	EntityID  string    `json:"entityId"`
	SignInURL string    `json:"signInUrl"`
	NotAfter  time.Time `json:"notAfter"`
}

// CheckServiceProviderInput carries the operator's values: three URLs, or AWS's metadata file with the portal URL.
type CheckServiceProviderInput struct {
	AppID    string            `json:"appId"`
	Region   string            `json:"region"`
	Instance Instance          `json:"instance"`
	Values   map[string]string `json:"values"`
}

// ServiceProvider are Identity Center's SAML values.
type ServiceProvider struct {
	ACSURL    string `json:"acsUrl"`
	Issuer    string `json:"issuer"`
	PortalURL string `json:"portalUrl"`
}

// TrustInput writes Identity Center's values to the app.
type TrustInput struct {
	AppID           string          `json:"appId"`
	ServiceProvider ServiceProvider `json:"serviceProvider"`
}

// TrustResult says whether the app had to be changed.
type TrustResult struct {
	Changed bool `json:"changed"`
}
