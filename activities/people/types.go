package people

import "time"

import "studio-onboarding/internal/oktaorg/model"

// ActiveStatus is the status of Okta users whom Okta pushes to apps and lets in.
const ActiveStatus = "ACTIVE"

// User is a user of the Identity Center directory.
type User struct {
	ID       string
	UserName string
	Emails   []string
	// ExternalIDs are the Okta user IDs that came by SCIM; users made by hand have none.
	ExternalIDs []string
	// Issuer is who gave the external ID, as Identity Center calls it; its form is documented nowhere.
	Issuer  string
	Enabled bool
	// Created is when Identity Center made the user; zero where it was not told. Only User and Named tell it.
	Created time.Time
}

// Person is somebody who should be in Identity Center, as Okta has them.
type Person struct {
	// Login is the Okta login, or what the spec says where Okta knows nobody of that login.
	Login string
	// User is nil where Okta knows nobody of that login.
	User *model.User
	// AppUser is nil where the person is not assigned to the app.
	AppUser *model.AppUser
	// InAssignmentGroup says whether the person is in the group that is assigned to the app.
	InAssignmentGroup bool
	// Named says that the spec names the person, besides groups.
	Named bool
	// Groups are the names of the access groups that the person is in, in Okta.
	Groups []string
}

// UserName is the user name that the person has, or will have, in Identity Center; it is also the NameID of their sign-in.
func (p Person) UserName() string {
	if p.AppUser != nil && p.AppUser.UserName != "" {
		return p.AppUser.UserName
	}
	return p.Login
}

// Assigned says whether Okta lets the person into the app: they are one of its users, and not one who was taken off again.
func (p Person) Assigned() bool {
	if p.AppUser == nil {
		return false
	}
	switch p.AppUser.Status {
	case "DEPROVISIONED", "SUSPENDED", "INACTIVE", "UNASSIGNED", "REVOKED":
		return false
	}
	return true
}

// CanSignIn says whether a sign-in that Okta vouches for ends at this user of Identity Center: the person is active and
// assigned in Okta, and the user is enabled under the exact name that Okta sends, which is an e-mail address.
func (p Person) CanSignIn(u User) bool {
	return p.User != nil && p.User.Status == ActiveStatus && p.Assigned() &&
		u.Enabled && u.UserName == p.UserName() && SignInName(u.UserName)
}

// KeptBy says whether Okta looks after this user of Identity Center; one who was made by hand would stay when the person leaves.
func (p Person) KeptBy(u User) bool {
	return len(u.ExternalIDs) > 0 || p.AppUser != nil && p.AppUser.Provisioned()
}

// Group is an access group as Identity Center has it.
type Group struct {
	Name string
	// ID is empty where Identity Center has no group of this name.
	ID string
	// Provisioned says that it came from another directory; only a list of all groups tells.
	Provisioned bool
	// Members are user IDs.
	Members map[string]bool
}
