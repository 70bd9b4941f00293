package activities

import "studio-onboarding/onboarding"

// Access makes assignments and profiles follow the directory, and proves person by person that they do.
type Access struct {
	AWS   AWS
	Okta  Okta
	Waits Waits
	// People stores the people files of runs.
	People PeopleStore
}

// PeopleStore keeps the list with a line for each person, which is too long for a history.
type PeopleStore interface {
	// SavePeople replaces the people file of a run and returns its address.
	SavePeople(run string, people []onboarding.PersonRecord) (string, error)
}

// AccessInput says who should get in where.
type AccessInput struct {
	Run             string                 `json:"run"`
	IdentityCenter  onboarding.AccountSpec `json:"identityCenter"`
	Studio          onboarding.AccountSpec `json:"studio"`
	Region          string                 `json:"region"`
	InstanceARN     string                 `json:"instanceArn"`
	IdentityStoreID string                 `json:"identityStoreId"`
	AppID           string                 `json:"appId"`
	Domain          Domain                 `json:"domain"`
	Access          onboarding.AccessSpec  `json:"access"`
	// Roles resolves the names that the spec gives to execution roles; the first one is the domain's default.
	Roles []Role            `json:"roles"`
	Tags  map[string]string `json:"tags,omitempty"`
}

// AccessResult counts what converging did.
type AccessResult struct {
	AssignmentsMade    int `json:"assignmentsMade"`
	AssignmentsFound   int `json:"assignmentsFound"`
	AssignmentsRemoved int `json:"assignmentsRemoved"`
	ProfilesMade       int `json:"profilesMade"`
	ProfilesFound      int `json:"profilesFound"`
	ProfilesRemoved    int `json:"profilesRemoved"`
	RolesChanged       int `json:"rolesChanged"`
	// Exceptions are people for whom it failed for good, at most onboarding.MaxListed.
	Exceptions      []onboarding.PersonException `json:"exceptions,omitempty"`
	ExceptionsTotal int                          `json:"exceptionsTotal"`
}

// VerifyResult is what reading everything back showed.
type VerifyResult struct {
	People          onboarding.People            `json:"people"`
	Groups          []onboarding.GroupAccess     `json:"groups"`
	Exceptions      []onboarding.PersonException `json:"exceptions,omitempty"`
	ExceptionsTotal int                          `json:"exceptionsTotal"`
	Notices         []onboarding.PersonException `json:"notices,omitempty"`
	PeopleFile      string                       `json:"peopleFile"`
}
