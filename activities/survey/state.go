// Package survey takes stock of an organization before anything is changed: what hangs on its Identity Center instance, through which
// apps and from which source people come. It also keeps that stock as a rollback pack, says what a change would do to those who sign in
// today, and compares afterwards. It changes nothing at the providers.
package survey

import (
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// State is what is there. A Trouble says that its part could not be read: nothing is known of it then.
type State struct {
	// OrgURL is the Okta org's address, IdentityStoreID and InstanceARN the instance's.
	OrgURL, IdentityStoreID, InstanceARN string
	// Now is when it was looked at.
	Now time.Time

	Users  []people.User
	Groups []people.Group

	PermissionSets []PermissionSet
	Applications   []Application
	Apps           []App
	// Regions are those besides the primary one.
	Regions []string
	Events  Events

	UsersTrouble, GroupsTrouble, PermissionSetsTrouble, ApplicationsTrouble, AppsTrouble, RegionsTrouble, EventsTrouble *onboarding.Trouble
}

// Principal is a user or a group to whom something is assigned.
type Principal struct {
	// Type is USER or GROUP.
	Type, ID string
}

// PermissionSet is a permission set with its assignments.
type PermissionSet struct {
	ARN, Name   string
	Assignments []AccountAssignment
	// More says that there are more assignments than were read.
	More bool
}

// AccountAssignment gives a principal a permission set in an account.
type AccountAssignment struct {
	Account string
	Principal
}

// Application is an application of the instance with its assignments.
type Application struct {
	ARN, Name, Account, Status string
	Visible                    bool
	// Required is whether an assignment is required; nil where that is not known.
	Required    *bool
	Assignments []Principal
	// More says that there are more assignments than were read.
	More bool
}

// App is an Okta app of the kind with who is assigned to it.
type App struct {
	model.App
	// Groups are the names of its groups by ID, and Users its people; Trouble is why neither is known.
	Groups  map[string]string
	Users   []model.AppUser
	Trouble *onboarding.Trouble
	// More says that there are more people than were read.
	More bool
}

// Events are what CloudTrail shows of the last 90 days.
type Events struct {
	// Changes are successful changes of the identity source, the newest first.
	Changes []Event
	// SignIns counts sign-ins by the kind of credential ("EXTERNAL_IDP", "PASSWORD"), of the newest that were looked at.
	SignIns map[string]int
}

// Event is an entry of CloudTrail.
type Event struct {
	Name string
	At   time.Time
}

// names are the names of users and groups by ID.
func (s State) names() map[string]string {
	names := make(map[string]string, len(s.Users)+len(s.Groups))
	for _, user := range s.Users {
		names[user.ID] = user.UserName
	}
	for _, group := range s.Groups {
		names[group.ID] = group.Name
	}
	return names
}

// belongs says to which instance an app belongs.
func (s State) belongs(app model.App) onboarding.Belonging {
	return onboarding.BelongingOf(app.EntityID+app.ACSURL != "", app.IdentityStoreID(), s.IdentityStoreID)
}
