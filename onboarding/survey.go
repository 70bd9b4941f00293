package onboarding

// Belonging says to which instance of Identity Center an Okta app belongs, in words for a person.
type Belonging string

// The kinds of belonging. What an app belongs to is told by its entity ID alone; a label says nothing.
const (
	// BelongsHere: its entity ID names the identity store of the organization's instance.
	BelongsHere Belonging = "this instance"
	// BelongsElsewhere: it names another one.
	BelongsElsewhere Belonging = "another instance"
	// BelongsNowhere: it has no entity ID yet.
	BelongsNowhere Belonging = "no instance yet"
	// BelongsUnknown: it has one that names no identity store, or there is no instance to compare with.
	BelongsUnknown Belonging = "an instance that is not known"
)

// BelongingOf says what an app belongs to: whether it has values of Identity Center at all, which identity store they name, and which
// one the organization's instance has; each empty where there is none.
func BelongingOf(values bool, named, instance string) Belonging {
	switch {
	case !values:
		return BelongsNowhere
	case named == "" || instance == "":
		return BelongsUnknown
	case named == instance:
		return BelongsHere
	}
	return BelongsElsewhere
}

// SurveyInput asks to take stock of an organization. Of the spec only region and the accounts are looked at, so that it need not be
// a whole one; the Okta app of its label is named where it says one.
type SurveyInput struct {
	Spec Spec `json:"spec"`
}

// Survey is what is there before anything is changed: facts as fields, the same in words as verdicts, and what no API tells. It
// counts people and names none. What a refused read hides is Unread there, and never a zero.
type Survey struct {
	Region            string `json:"region"`
	ManagementAccount string `json:"managementAccount,omitempty"`
	IdentityAccount   string `json:"identityAccount,omitempty"`
	StudioAccount     string `json:"studioAccount,omitempty"`
	// OktaURL is the Okta org's address.
	OktaURL string `json:"oktaUrl,omitempty"`
	// Instance is the organization's; nil where there is none, or where it could not be looked at.
	Instance *SurveyedInstance `json:"instance,omitempty"`
	// Stock is what hangs on the instance.
	Stock Stock `json:"stock"`
	// Domains are the Studio domains of the Studio account with Identity Center sign-in or without.
	Domains []SurveyedDomain `json:"domains,omitempty"`
	// Verdicts say all of it in words; blocked and warning ones are what a run would say, too.
	Verdicts []Verdict `json:"verdicts"`
	// Unknown is what no API tells, in whole sentences.
	Unknown []string `json:"unknown"`
}

// SurveyedInstance is the organization's Identity Center instance.
type SurveyedInstance struct {
	ARN             string `json:"arn"`
	IdentityStoreID string `json:"identityStoreId"`
	OwnerAccount    string `json:"ownerAccount"`
	PrimaryRegion   string `json:"primaryRegion"`
	// Regions are those besides the primary one to which the instance is replicated.
	Regions []string `json:"regions,omitempty"`
	// CustomerKey is the ARN of the customer managed key that encrypts it; empty with a key of AWS's own, or where it is not known.
	CustomerKey string `json:"customerKey,omitempty"`
}

// Stock counts what hangs on an Identity Center instance. Unread names the parts that could not be read; their numbers say nothing.
type Stock struct {
	Users  StockedPeople `json:"users"`
	Groups StockedPeople `json:"groups"`
	// PermissionSets, with how many assignments each has in which number of accounts.
	PermissionSets []StockedPermissionSet `json:"permissionSets,omitempty"`
	// AccountAssignments are all of permission sets; AtLeast says that there may be more, as it would have taken too many calls.
	AccountAssignments int                  `json:"accountAssignments"`
	AtLeast            bool                 `json:"atLeast,omitempty"`
	Applications       []StockedApplication `json:"applications,omitempty"`
	// OktaApps are all apps of the kind that the org has, whichever instance they belong to.
	OktaApps []StockedOktaApp `json:"oktaApps,omitempty"`
	// Source is the identity source as far as it shows.
	Source StockedSource `json:"source"`
	// Unread are the parts that could not be read: one of the Stock constants.
	Unread []string `json:"unread,omitempty"`
}

// The parts of a Stock.
const (
	StockUsers          = "users"
	StockGroups         = "groups"
	StockPermissionSets = "permission-sets"
	StockApplications   = "applications"
	StockOktaApps       = "okta-apps"
	StockSource         = "identity-source"
	StockRegions        = "regions"
)

// StockedPeople counts users or groups of a directory.
type StockedPeople struct {
	Total int `json:"total"`
	// Enabled is for users alone.
	Enabled int `json:"enabled,omitempty"`
	// Provisioned came from another directory, as their external IDs say (by SCIM, or from Active Directory); the others were made in
	// Identity Center, or don't tell.
	Provisioned int `json:"provisioned"`
}

// StockedPermissionSet is a permission set with what it is assigned to.
type StockedPermissionSet struct {
	Name        string `json:"name"`
	ARN         string `json:"arn"`
	Accounts    int    `json:"accounts"`
	Assignments int    `json:"assignments"`
	// AtLeast says that there may be more.
	AtLeast bool `json:"atLeast,omitempty"`
}

// StockedApplication is an application of the instance.
type StockedApplication struct {
	ARN     string `json:"arn"`
	Name    string `json:"name"`
	Account string `json:"account,omitempty"`
	Status  string `json:"status,omitempty"`
	// Visible says whether the access portal shows it.
	Visible bool `json:"visible"`
	// AssignmentRequired is false where everybody of the directory is admitted, and nil where that is not known.
	AssignmentRequired *bool `json:"assignmentRequired,omitempty"`
	Assignments        int   `json:"assignments"`
	// AtLeast says that there may be more.
	AtLeast bool `json:"atLeast,omitempty"`
}

// StockedOktaApp is an Okta app of the kind AWS IAM Identity Center.
type StockedOktaApp struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Status string `json:"status"`
	// Belongs says which instance it belongs to, and IdentityStoreID that instance's identity store as far as its entity ID names it.
	Belongs         Belonging `json:"belongs"`
	IdentityStoreID string    `json:"identityStoreId,omitempty"`
	// Groups are the names of the Okta groups that are assigned to it, and People counts those who are; nil where it is not known.
	Groups     []string `json:"groups,omitempty"`
	People     *int     `json:"people,omitempty"`
	Provisions bool     `json:"provisions"`
	// AtLeast says that more people may be assigned.
	AtLeast bool `json:"atLeast,omitempty"`
}

// StockedSource is the identity source as far as it shows.
type StockedSource struct {
	// Kind is one of the Source constants.
	Kind string `json:"kind"`
	// Evidence says what it is concluded from, in whole sentences.
	Evidence []string `json:"evidence,omitempty"`
}

// The kinds of identity sources. None is proven: no public API tells which one an instance has.
const (
	// SourceUnknown: nothing shows.
	SourceUnknown = "unknown"
	// SourceNone: there is nobody in the directory.
	SourceNone = "nobody yet"
	// SourcePassword: people sign in with passwords that AWS or an Active Directory checks. Nothing tells the two apart.
	SourcePassword = "Identity Center directory or Active Directory"
	// SourceDirectory is Identity Center's own directory.
	SourceDirectory = "Identity Center directory"
	// SourceActiveDirectory: with it, a change of the source deletes all users, groups and assignments.
	SourceActiveDirectory = "Active Directory"
	// SourceExternal is an external identity provider.
	SourceExternal = "external identity provider"
)

// SurveyedDomain is a Studio domain of the Studio account.
type SurveyedDomain struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	Status         string `json:"status"`
	AuthMode       string `json:"authMode"`
	ApplicationARN string `json:"applicationArn,omitempty"`
	ExecutionRole  string `json:"executionRole,omitempty"`
	// Profiles are how many user profiles it has.
	Profiles int `json:"profiles"`
	// Groups are those assigned to its application, and People how many are assigned one by one.
	Groups []SurveyedGroup `json:"groups,omitempty"`
	People int             `json:"people,omitempty"`
	// Unread says what of it could not be read.
	Unread []string `json:"unread,omitempty"`
}

// SurveyedGroup is a group that is assigned to Studio.
type SurveyedGroup struct {
	Name string `json:"name"`
	// ExecutionRole is the role that the profiles of all its members have; empty where they don't agree, or where it was not looked at.
	ExecutionRole string `json:"executionRole,omitempty"`
}

// PackLine is a piece of a file of a rollback pack. The pieces of one file follow one another.
type PackLine struct {
	File string `json:"file"`
	Text string `json:"text"`
}

// RollbackPack refers to a pack in the store: what an organization was before a run changed how people sign in, and the steps back.
type RollbackPack struct {
	// Run is the number of the run that wrote it.
	Run     int     `json:"run"`
	Listing Listing `json:"listing"`
}

// PackQuery asks for a page of a rollback pack.
type PackQuery struct {
	RollbackPack
	// After is the Next of the page before.
	After string `json:"after,omitempty"`
}

// PackPage is the answer to PackQuery.
type PackPage struct {
	Lines []PackLine `json:"lines"`
	// Next continues the pack; empty at its end.
	Next string `json:"next,omitempty"`
}

// MaxPackPage bounds the text of a page of a pack in bytes: an answer to a query has to stay below two megabytes.
const MaxPackPage = 512 << 10
