// Package model holds what onboarding looks at of an Okta org, as plain values.
package model

import "time"

// App is an app instance, reduced to what onboarding looks at.
type App struct {
	ID         string
	Name       string
	Label      string
	Status     string
	SignOnMode string
	// ACSURL and EntityID are settings.app.acsURL and settings.app.entityID.
	ACSURL   string
	EntityID string
	// KeyID is the active signing key.
	KeyID    string
	Features []string
	// UserNameTemplate is credentials.userNameTemplate.template.
	UserNameTemplate string
	// NameIDFormat is settings.signOn.subjectNameIdFormat, where Okta shows it.
	NameIDFormat string
	// Tile is the first of _links.appLinks.
	Tile    string
	Created time.Time
}

// Connection is an app's provisioning connection.
type Connection struct {
	AuthScheme string
	Status     string
}

// Group is an Okta group.
type Group struct {
	ID   string
	Name string
	Type string
}

// User is a person in Okta.
type User struct {
	ID          string
	Status      string
	Login       string
	Email       string
	FirstName   string
	LastName    string
	DisplayName string
}

// AppUser is a person's assignment to an app.
type AppUser struct {
	// ID is the Okta user ID.
	ID string
	// ExternalID is the person's ID in Identity Center once they are provisioned.
	ExternalID string
	UserName   string
	Status     string
	// SyncState is ERROR where a provisioning task has to be resolved in the admin console; Okta does not set it for all apps.
	SyncState string
	// Scope is USER or GROUP.
	Scope         string
	StatusChanged time.Time
}

// Provisioned says whether Okta has brought this person to Identity Center.
func (u AppUser) Provisioned() bool {
	return u.ExternalID != "" && (u.Status == "PROVISIONED" || u.Status == "ACTIVE")
}

// Mapping is a group push mapping.
type Mapping struct {
	ID            string
	SourceGroupID string
	TargetGroupID string
	// Status is ACTIVE, INACTIVE or ERROR.
	Status       string
	ErrorSummary string
	LastPush     time.Time
}

// LogEvent is an entry of the System Log.
type LogEvent struct {
	EventType string
	Published time.Time
	Result    string
	Reason    string
	// UserLogin and UserID are those of the target user, where the event has one; of a sign-in, of the person who signed in.
	UserLogin string
	UserID    string
	// AppUserName is the name that the person has in the app, where the event says it.
	AppUserName string
	UUID        string
}
