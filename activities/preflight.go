package activities

import "studio-onboarding/onboarding"

// Preflight looks at everything a run depends on, and changes nothing.
type Preflight struct {
	AWS   AWS
	Okta  Okta
	Waits Waits
}

// PreflightInput is the whole spec.
type PreflightInput struct {
	Spec onboarding.Spec `json:"spec"`
}

// PreflightResult lists what was found.
type PreflightResult struct {
	Findings []onboarding.Finding `json:"findings"`
	// OktaURL is the org's address, for links in requests.
	OktaURL string `json:"oktaUrl"`
	// IdentityAccount and StudioAccount are the accounts that the credentials belong to.
	IdentityAccount string `json:"identityAccount"`
	StudioAccount   string `json:"studioAccount"`
}
