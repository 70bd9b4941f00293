package onboarding

import "time"

// ReconcileInput starts one reconcile: access is made to follow Okta once.
type ReconcileInput struct {
	Handles Handles `json:"handles"`
	// DryRun computes and reports the differences, and changes nothing.
	DryRun bool `json:"dryRun,omitempty"`
	// Consent is the ID of a hold that the operator agrees to: exactly the people who are listed on it are removed.
	Consent string `json:"consent,omitempty"`
	// AllowRemovals is how the first version was told to remove whoever there is, for one time.
	AllowRemovals bool `json:"allowRemovals,omitempty"`
	// Judged is when the connection was last judged: what has gone wrong since then counts. Zero means a day ago.
	Judged time.Time `json:"judged,omitzero"`
	// StartedBy is user@host; of a scheduled reconcile, who made the schedule.
	StartedBy string `json:"startedBy,omitempty"`
}

// ReconcileReport is the result of a reconcile.
type ReconcileReport struct {
	Run    string `json:"run"`
	DryRun bool   `json:"dryRun,omitempty"`
	// State is RunDone, or RunAttention where something was held back for the operator to decide, or where the connection does
	// not work.
	State     RunState  `json:"state"`
	StartedBy string    `json:"startedBy,omitempty"`
	StartedAt time.Time `json:"startedAt"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	// People and Groups are what was read back at the end.
	People People        `json:"people"`
	Groups []GroupAccess `json:"groups,omitempty"`
	// Changes are the differences that were found. They were made, but for those that are held back, those whose person is in
	// Exceptions, and in a dry run.
	Changes AccessChanges `json:"changes"`
	// Made counts what was done.
	Made ChangesMade `json:"made"`
	// Pushed are groups that Okta was told to push again, as Identity Center had other members.
	Pushed []string `json:"pushed,omitempty"`
	// Held says why people who are missing keep what they have, Hold who they are, and Command how to agree to their removal.
	Held    string `json:"held,omitempty"`
	Hold    *Hold  `json:"hold,omitempty"`
	Command string `json:"command,omitempty"`
	// Roster is how many should have access as last agreed, and the rules by which they may lose it.
	Roster RosterState `json:"roster,omitzero"`
	// Health is the connection as it was judged; nil in reports of the first version.
	Health *Health `json:"health,omitempty"`
	// Exceptions are people who should be able to sign in and can't, or for whom a change failed, at most MaxListed.
	Exceptions      []PersonException `json:"exceptions,omitempty"`
	ExceptionsTotal int               `json:"exceptionsTotal"`
	Notices         []PersonException `json:"notices,omitempty"`
	PeopleFile      string            `json:"peopleFile,omitempty"`
}

// Dead are the verdicts on what does not work in the connection: nobody may take such a reconcile for one that found all well.
func (r ReconcileReport) Dead() []Verdict {
	if r.Health == nil {
		return nil
	}
	return Blocked(r.Health.Verdicts)
}

// Hold are people who would lose access, or leave a group, and keep everything until somebody agrees or they come back.
type Hold struct {
	// ID is made from exactly these people and what they would lose: who agrees names it.
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
	// Reason says why they are held.
	Reason string `json:"reason"`
	// Total counts the people. Who they are is in the list of changes: those that are Held.
	Total int `json:"total"`
	// Groups say how far groups have shrunk, and all together where there is no name.
	Groups []HeldGroup `json:"groups,omitempty"`
}

// HeldGroup counts who left a group, or lost access altogether where it has no name.
type HeldGroup struct {
	Name string `json:"name,omitempty"`
	// Leaving are on the hold, Left have left within the window before, and Of were there at its beginning.
	Leaving int `json:"leaving"`
	Left    int `json:"left,omitempty"`
	Of      int `json:"of"`
}

// RosterState counts who should have access as last agreed, and who lost it.
type RosterState struct {
	// Agreed are the people on the roster, Left those who lost access within the window without anybody being asked, and
	// Quarantined those whose profile is kept for a while.
	Agreed      int `json:"agreed"`
	Left        int `json:"left,omitempty"`
	Quarantined int `json:"quarantined,omitempty"`
	// Guard has the rules by which people may lose access, with the defaults filled in.
	Guard GuardSpec `json:"guard,omitzero"`
}

// AccessChanges are differences between what is and what should be.
type AccessChanges struct {
	Total int `json:"total"`
	// Listed are the first MaxListed, as far as whoever shows them has asked for them with QueryChanges: they name people, and are
	// in no history but those of the first version.
	Listed []AccessChange `json:"listed,omitempty"`
	// File says where in the store all of them are, a line for each, and Generation is the Listing's; empty where there are none.
	File       string `json:"file,omitempty"`
	Generation string `json:"generation,omitempty"`
}

// ChangesQuery asks for the first of the differences that a reconcile found.
type ChangesQuery struct {
	Studio string `json:"studio"`
	// Generation is that of AccessChanges.
	Generation string `json:"generation"`
}

// ChangesPage is the answer to ChangesQuery: at most MaxListed.
type ChangesPage struct {
	Changes []AccessChange `json:"changes"`
}

// ChangesMade counts changes.
type ChangesMade struct {
	Assignments        int `json:"assignments"`
	AssignmentsRemoved int `json:"assignmentsRemoved"`
	Profiles           int `json:"profiles"`
	ProfilesRemoved    int `json:"profilesRemoved"`
	Roles              int `json:"roles"`
	Tags               int `json:"tags,omitempty"`
}

// ChangeKind says what a change does.
type ChangeKind string

// The kinds of changes.
const (
	ChangeAssign        ChangeKind = "assign"
	ChangeCreateProfile ChangeKind = "create-profile"
	ChangeSetRole       ChangeKind = "set-role"
	ChangeRemakeProfile ChangeKind = "remake-profile"
	ChangeRevoke        ChangeKind = "revoke"
	ChangeDeleteProfile ChangeKind = "delete-profile"
	// ChangeQuarantine says that a profile is deleted after a while, if its person is not back by then.
	ChangeQuarantine ChangeKind = "quarantine-profile"
	// ChangeLoseAccess is what becomes of somebody on a hold, if they don't come back and somebody agrees.
	ChangeLoseAccess ChangeKind = "lose-access"
	ChangeSetTags    ChangeKind = "set-tags"
	// ChangeJoinGroup and ChangeLeaveGroup are memberships in Identity Center, which Okta is told to push again.
	ChangeJoinGroup  ChangeKind = "join-group"
	ChangeLeaveGroup ChangeKind = "leave-group"
)

// AccessChange is one difference, and what is done about it.
type AccessChange struct {
	Kind ChangeKind `json:"kind"`
	// Who is the Identity Center user name, or the name of a group.
	Who string `json:"who"`
	// Group says that Who is a group.
	Group   bool   `json:"group,omitempty"`
	Profile string `json:"profile,omitempty"`
	// Role is the ARN of the execution role that the profile gets.
	Role string `json:"role,omitempty"`
	// Why says what was found.
	Why string `json:"why"`
	// Held says that it waits for the operator's consent.
	Held bool `json:"held,omitempty"`
}
