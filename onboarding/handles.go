package onboarding

import "cmp"

// Handles are what later work needs to find everything of a run again: the spec that was carried out, and what its parts
// are called at the providers.
type Handles struct {
	Spec            Spec   `json:"spec"`
	InstanceARN     string `json:"instanceArn"`
	IdentityStoreID string `json:"identityStoreId"`
	// IdentityRegion is the primary Region of the Identity Center instance; empty stands for the spec's, as in what was recorded before
	// additional Regions were let through. See PrimaryRegion.
	IdentityRegion string `json:"identityRegion,omitempty"`
	// AppID is the Okta app's.
	AppID  string       `json:"appId"`
	Domain DomainHandle `json:"domain"`
	Roles  []RoleHandle `json:"roles"`
	// SCIM is the connection through which Okta provisions.
	SCIM SCIMHandle `json:"scim,omitzero"`
}

// PrimaryRegion is where Identity Center is administered: assignments, SCIM, SAML and its events belong there, wherever the Studio
// domain is.
func (h Handles) PrimaryRegion() string { return cmp.Or(h.IdentityRegion, h.Spec.Region) }

// DomainHandle is the Studio domain of a run.
type DomainHandle struct {
	ID   string `json:"id"`
	ARN  string `json:"arn,omitempty"`
	Name string `json:"name"`
	URL  string `json:"url"`
	// ApplicationARN is the Identity Center application that people are assigned to.
	ApplicationARN string `json:"applicationArn"`
	// Origin says whether the domain is the run's own.
	Origin Origin `json:"origin"`
}

// RoleHandle is an execution role of a run. The first one is the domain's default.
type RoleHandle struct {
	// Wanted is what the spec calls the role.
	Wanted string `json:"wanted"`
	Name   string `json:"name"`
	ARN    string `json:"arn"`
	Origin Origin `json:"origin"`
}
