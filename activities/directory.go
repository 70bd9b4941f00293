package activities

import "studio-onboarding/onboarding"

// Directory compares the people in Okta with the people in Identity Center.
type Directory struct {
	AWS   AWS
	Okta  Okta
	Waits Waits
}

// DirectoryInput says whom to expect where.
type DirectoryInput struct {
	IdentityCenter  onboarding.AccountSpec `json:"identityCenter"`
	Region          string                 `json:"region"`
	IdentityStoreID string                 `json:"identityStoreId"`
	AppID           string                 `json:"appId"`
	AssignmentGroup string                 `json:"assignmentGroup"`
	Groups          []string               `json:"groups"`
	People          []string               `json:"people,omitempty"`
}

// DirectoryResult is the comparison once everybody is either there or known not to come. Wanted people of access groups
// who have no app assignment count as missing too.
type DirectoryResult struct {
	Wanted int `json:"wanted"`
	Synced int `json:"synced"`
	// Exceptions are those who are missing, at most onboarding.MaxListed.
	Exceptions      []onboarding.PersonException `json:"exceptions,omitempty"`
	ExceptionsTotal int                          `json:"exceptionsTotal"`
	// Groups are the Identity Center groups by name.
	Groups []DirectoryGroup `json:"groups"`
}

// DirectoryGroup is an access group as Identity Center has it.
type DirectoryGroup struct {
	Name    string `json:"name"`
	GroupID string `json:"groupId"`
	Members int    `json:"members"`
}
