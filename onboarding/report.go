package onboarding

import (
	"encoding/json"
	"time"
)

// Report is the result of a run.
type Report struct {
	Run string `json:"run"`
	// N is the number of the run in its studio, 0 for a run of the first version.
	N         int       `json:"n,omitempty"`
	Region    string    `json:"region"`
	State     RunState  `json:"state"`
	StartedBy string    `json:"startedBy,omitempty"`
	StartedAt time.Time `json:"startedAt"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	// Addresses are where people sign in.
	Addresses SignInAddresses `json:"addresses"`
	People    People          `json:"people"`
	// Groups are the groups that have access.
	Groups []GroupAccess `json:"groups,omitempty"`
	// Exceptions are people who should be able to sign in and can't, at most MaxListed; ExceptionsTotal counts all.
	Exceptions      []PersonException `json:"exceptions,omitempty"`
	ExceptionsTotal int               `json:"exceptionsTotal"`
	// Notices are people of whom no link is broken, with something an administrator should know, at most MaxListed.
	Notices []PersonException `json:"notices,omitempty"`
	// Canary is what came of letting one person sign in; nil where the step was skipped, and in reports of the first versions.
	Canary *Canary `json:"canary,omitempty"`
	// PeopleFile says where in the worker's store the list with a line for each person is.
	PeopleFile string     `json:"peopleFile,omitempty"`
	Resources  []Resource `json:"resources,omitempty"`
	// Findings are warnings that still hold: of what was looked at before, and of what the run could not see or did not do.
	Findings  []Verdict         `json:"findings,omitempty"`
	Requests  []AnsweredRequest `json:"requests,omitempty"`
	Decisions []Decision        `json:"decisions,omitempty"`
	Skipped   []Step            `json:"skipped,omitempty"`
	// RollbackPack is what the run kept of the state before it changed how people sign in; nil where it changed nothing of that.
	RollbackPack *RollbackPack `json:"rollbackPack,omitempty"`
	// Accepted are exceptions that somebody accepted in this run.
	Accepted []AcceptedException `json:"accepted,omitempty"`
	// Expiries are the dates that need somebody's attention later.
	Expiries []Expiry `json:"expiries,omitempty"`
	// Handles are set once the run is done.
	Handles *Handles `json:"handles,omitempty"`
}

// UnmarshalJSON also reads a report of the first version, which called the addresses doors.
func (r *Report) UnmarshalJSON(data []byte) error {
	type plain Report
	both := struct {
		*plain
		Doors SignInAddresses `json:"doors"`
	}{plain: (*plain)(r)}
	if err := json.Unmarshal(data, &both); err != nil {
		return err
	}
	if r.Addresses == (SignInAddresses{}) {
		r.Addresses = both.Doors
	}
	return nil
}

// MaxListed bounds people lists in results and reports; complete lists go to the store.
const MaxListed = 50

// SignInAddresses are the three addresses at which people sign in.
type SignInAddresses struct {
	// OktaTile is the app's link on the Okta dashboard.
	OktaTile string `json:"oktaTile,omitempty"`
	// AccessPortal is the AWS access portal.
	AccessPortal string `json:"accessPortal,omitempty"`
	// Studio is the address to bookmark.
	Studio string `json:"studio,omitempty"`
}

// People are counts of persons.
type People struct {
	// Wanted are those who should be able to sign in: members of the access groups in Okta, and single people.
	Wanted int `json:"wanted"`
	// Synced are those of them who are enabled in Identity Center.
	Synced int `json:"synced"`
	// Assigned are those of them who are assigned to the Studio application, directly or by group.
	Assigned int `json:"assigned"`
	// Profiles are those of them who have a user profile InService.
	Profiles int `json:"profiles"`
	// Ready are those of whom no link between Okta and Studio is broken, whatever their grade.
	Ready int `json:"ready"`
	// Verified are those of grade GradeVerified, and Proven those of GradeProven; nobody is both. The others who are ready are
	// GradeConfigured, and so are all in a report of the first versions, which graded nobody.
	Verified int `json:"verified"`
	Proven   int `json:"proven"`
	// SignedIn are those of Wanted who were ever seen signing in.
	SignedIn int `json:"signedIn"`
}

// GroupAccess is a group that has access.
type GroupAccess struct {
	Name          string `json:"name"`
	GroupID       string `json:"groupId"`
	People        int    `json:"people"`
	ExecutionRole string `json:"executionRole,omitempty"`
}

// PersonException says why a person can't sign in, or what is odd about them.
type PersonException struct {
	// Person is the Okta login, or the Identity Center user name of somebody unknown to Okta.
	Person string `json:"person"`
	// Code names the reason, in kebab-case. Scripts may rely on it.
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`
}

// PersonRecord is one line of a list of people, as JSON.
type PersonRecord struct {
	Person string `json:"person"`
	// Ready says that no link between Okta and Studio is broken, and Grade how sure it is that this person can sign in; empty where
	// a link is broken.
	Ready bool  `json:"ready"`
	Grade Grade `json:"grade,omitempty"`
	// LastSignIn is when this person was last seen signing in to Identity Center through Okta; zero where nobody saw it.
	LastSignIn time.Time `json:"lastSignIn,omitzero"`
	// Via are the access groups, or "person".
	Via           []string `json:"via,omitempty"`
	UserID        string   `json:"userId,omitempty"`
	Profile       string   `json:"profile,omitempty"`
	ProfileStatus string   `json:"profileStatus,omitempty"`
	ExecutionRole string   `json:"executionRole,omitempty"`
	// ChangedAt is when the profile was last changed.
	ChangedAt time.Time `json:"changedAt,omitzero"`
	// Code names the reason, as that of a PersonException does.
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// Origin says where a resource comes from.
type Origin string

// The origins.
const (
	OriginCreated Origin = "created"
	OriginAdopted Origin = "adopted"
)

// Resource is a thing that the run made or took over.
type Resource struct {
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"`
	ID     string `json:"id"`
	Origin Origin `json:"origin"`
}

// AnsweredRequest records an operator request and how it was settled.
type AnsweredRequest struct {
	// Consent is the sentence that was typed, where the request asked for one.
	Consent string    `json:"consent,omitempty"`
	Step    Step      `json:"step"`
	Title   string    `json:"title"`
	AskedAt time.Time `json:"askedAt"`
	DoneAt  time.Time `json:"doneAt"`
	// By is who answered; "detected" where the run noticed by itself.
	By string `json:"by"`
}

// Decision records a resolution of a parked step.
type Decision struct {
	Resolution
	At time.Time `json:"at"`
	// Message is what the step had parked with.
	Message string `json:"message"`
}
