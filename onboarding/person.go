package onboarding

import "time"

// Listing refers to a list in the store that has a line for each person. The lines are in no history: queries read them.
type Listing struct {
	Studio string `json:"studio,omitempty"`
	// Generation names what one write made of the list, so that its pages belong together.
	Generation string `json:"generation,omitempty"`
	Lines      int    `json:"lines,omitempty"`
	// AsOf is when it was written.
	AsOf time.Time `json:"asOf,omitzero"`
	// Address is where it lies, for people.
	Address string `json:"address,omitempty"`
}

// AccessListInput asks to find out who has access.
type AccessListInput struct {
	Handles Handles `json:"handles"`
}

// PeopleQuery asks for a page of a list of people.
type PeopleQuery struct {
	Studio string `json:"studio"`
	// Generation is the Listing's.
	Generation string `json:"generation"`
	// Group keeps the people of one access group; empty keeps all.
	Group string `json:"group,omitempty"`
	// Status is a value of AccessStatuses; empty keeps all.
	Status string `json:"status,omitempty"`
	// After is the Next of the page before.
	After string `json:"after,omitempty"`
}

// AccessPage is the answer to PeopleQuery: at most AccessPageSize people, in the order of their logins.
type AccessPage struct {
	People []PersonRecord `json:"people"`
	// Next continues the list; empty at its end.
	Next string `json:"next,omitempty"`
	// Total counts everybody whom the filter keeps.
	Total int `json:"total"`
}

// AccessPageSize keeps a page far below the 2 MB that Temporal takes as a payload.
const AccessPageSize = 500

// The values of PeopleQuery.Status.
const (
	StatusReady     = "ready"
	StatusMissing   = "missing"
	StatusNoProfile = "no-profile"
	StatusFailed    = "failed"
)

// AccessStatuses are what a list of people can be filtered by: those of whom no link is broken, whatever the grade; those of whom one
// is, and of them those without a profile, and those whose profile has failed; and those of one grade.
func AccessStatuses() []string {
	return []string{StatusReady, StatusMissing, StatusNoProfile, StatusFailed, string(GradeConfigured), string(GradeVerified),
		string(GradeProven)}
}

// ExplainPersonInput asks why one person can sign in, or can't.
type ExplainPersonInput struct {
	Handles Handles `json:"handles"`
	// Login is the person's Okta login.
	Login string `json:"login"`
}

// PersonExplanation follows one person from Okta to Studio.
type PersonExplanation struct {
	Person string `json:"person"`
	// Ready says that no link is broken, and Grade how sure it is that the person can sign in.
	Ready bool  `json:"ready"`
	Grade Grade `json:"grade,omitempty"`
	// LastSignIn is when the person was last seen signing in to Identity Center through Okta.
	LastSignIn time.Time `json:"lastSignIn,omitzero"`
	// Broken names the first broken link, Code what is broken there, and Remedy what repairs it; all are empty for somebody who is
	// ready.
	Broken string       `json:"broken,omitempty"`
	Code   string       `json:"code,omitempty"`
	Remedy string       `json:"remedy,omitempty"`
	Links  []PersonLink `json:"links"`
	// Notices say what an administrator should know about somebody who is ready.
	Notices []string `json:"notices,omitempty"`
}

// LinkState says how a link is.
type LinkState string

// The states of a link.
const (
	LinkOK     LinkState = "ok"
	LinkBroken LinkState = "broken"
	// LinkUnknown: it could not be judged, and Found says why.
	LinkUnknown LinkState = "unknown"
	// LinkNotSeen: an earlier link is broken so that this one cannot be looked at.
	LinkNotSeen LinkState = "not-seen"
)

// The links between a person in Okta and Studio, in the order in which a sign-in passes them.
const (
	LinkOkta         = "okta-user"
	LinkAppUser      = "app-assignment"
	LinkSAML         = "saml"
	LinkProvisioning = "provisioning"
	LinkUser         = "identity-center-user"
	LinkGroups       = "groups"
	LinkAssignment   = "studio-assignment"
	LinkProfile      = "profile"
	LinkRole         = "execution-role"
)

// PersonLink is one link.
type PersonLink struct {
	Link  string    `json:"link"`
	State LinkState `json:"state"`
	// Code names what is broken, in kebab-case, for scripts.
	Code string `json:"code,omitempty"`
	// Found says what was found there.
	Found  string `json:"found,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}
