package credentials

import "studio-onboarding/onboarding"

// State is whose credentials a run has, and what they are allowed.
type State struct {
	// Identity and Studio are the two sides of a run in AWS.
	Identity, Studio Side
	Okta             Org
}

// Side is who the credentials of one side belong to.
type Side struct {
	// Account is the account ID, Partition its partition ("aws").
	Account, Partition string
	// Caller is the ARN that AWS gives the caller: a user's, a session's, or the account's root.
	Caller string
	// Principal is the ARN of the user or role whose policies count; empty for root, which may do everything.
	Principal string
	// Denied are the actions that a run needs, and that IAM's policy simulator says are not allowed, sorted.
	Denied []string
	// Trouble is why it is not known whose they are, PermissionsTrouble why it is not known what they are allowed.
	Trouble, PermissionsTrouble *onboarding.Trouble
}

// Org is the Okta org.
type Org struct {
	// URL is its address, Who the principal with its known roles.
	URL, Who string
	// Trouble is why it is not known who the principal is.
	Trouble *onboarding.Trouble
}

// IdentityAccount is the account of Identity Center, "" where the credentials belong to no account that the spec accepts.
func (s State) IdentityAccount(spec onboarding.Spec) string {
	return s.Identity.accepted(spec.IdentityCenter)
}

// StudioAccount is the account of the domain, "" where the credentials belong to no account that the spec accepts.
func (s State) StudioAccount(spec onboarding.Spec) string { return s.Studio.accepted(spec.Studio) }

// Partition is the AWS partition of the Studio side, or else of the identity side; "" where neither is known.
func (s State) Partition() string {
	if s.Studio.Partition != "" {
		return s.Studio.Partition
	}
	return s.Identity.Partition
}

func (s Side) accepted(spec onboarding.AccountSpec) string {
	if s.Trouble != nil || spec.Account != "" && spec.Account != s.Account {
		return ""
	}
	return s.Account
}
