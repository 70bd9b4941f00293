package access

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/signin"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/profile"
	"studio-onboarding/internal/roster"
	"studio-onboarding/onboarding"
)

// Activities make assignments and profiles follow the directory, and prove person by person that they do.
type Activities struct {
	AWS   provider.AWS
	Okta  provider.Okta
	Waits provider.Waits
	// People keeps the lists.
	People PeopleStore
	// Now is the time by which departures and quarantines are counted; nil stands for time.Now.
	Now func() time.Time
}

func (x *Activities) now() time.Time {
	if x.Now == nil {
		return time.Now().UTC()
	}
	return x.Now().UTC()
}

// PeopleStore keeps the lists with a line for each person, which are too long for a history and not for everybody. Each write
// makes a new generation of a list, which is read as a whole.
type PeopleStore interface {
	people.ListStore
	RosterStore
	ListReader
	signin.Store
	// SavePeople writes the list of those who should be able to sign in, and SaveChanges that of the changes that a reconcile found.
	SavePeople(ctx context.Context, studio string, people iter.Seq[onboarding.PersonRecord]) (onboarding.Listing, error)
	SaveChanges(ctx context.Context, studio string, changes iter.Seq[onboarding.AccessChange]) (onboarding.Listing, error)
	// ReadProfiles reads what is known of the profiles of a studio; what comes later counts. An error wraps fs.ErrNotExist where
	// nothing is known.
	ReadProfiles(ctx context.Context, studio string) iter.Seq2[profile.Known, error]
	// AddProfiles adds to that, SaveProfiles replaces it.
	AddProfiles(ctx context.Context, studio string, known []profile.Known) error
	SaveProfiles(ctx context.Context, studio string, known iter.Seq[profile.Known]) error
	// SaveExceptions replaces the list of those for whom making access right failed for good, which ReadExceptions reads.
	SaveExceptions(ctx context.Context, studio string, people []onboarding.PersonException) error
	ReadExceptions(ctx context.Context, studio string) ([]onboarding.PersonException, error)
}

// ListReader reads a generation of a list, from 0 or from the next line that it gave before, until each says false.
type ListReader interface {
	ReadPeople(ctx context.Context, studio, generation string, from int64, each func(person onboarding.PersonRecord, next int64) bool) error
	ReadChanges(ctx context.Context, studio, generation string, from int64, each func(change onboarding.AccessChange, next int64) bool) error
}

// Input says who should be able to sign in where.
type Input struct {
	Run            string                 `json:"run"`
	IdentityCenter onboarding.AccountSpec `json:"identityCenter"`
	Studio         onboarding.AccountSpec `json:"studio"`
	Region         string                 `json:"region"`
	// IdentityRegion is Identity Center's primary Region; empty stands for Region.
	IdentityRegion  string `json:"identityRegion,omitempty"`
	InstanceARN     string `json:"instanceArn"`
	IdentityStoreID string `json:"identityStoreId"`
	AppID           string `json:"appId"`
	// AssignmentGroup is the Okta group that is assigned to the app, for the remedies of those who are not in it.
	AssignmentGroup string                  `json:"assignmentGroup,omitempty"`
	Domain          onboarding.DomainHandle `json:"domain"`
	Access          onboarding.AccessSpec   `json:"access"`
	// Roles resolves the names that the spec gives to execution roles; the first one is the domain's default.
	Roles []onboarding.RoleHandle `json:"roles"`
	Tags  map[string]string       `json:"tags,omitempty"`
	// FollowOkta lets only those count whom Okta has in the access groups, whatever Identity Center still says.
	FollowOkta bool `json:"followOkta,omitempty"`
	// Consent is the ID of a hold that the operator agrees to, and AllowRemovals their consent to whatever there is.
	Consent       string `json:"consent,omitempty"`
	AllowRemovals bool   `json:"allowRemovals,omitempty"`
	// Canary asks ConvergeAccess to let the canary alone in, and to take nothing from anybody. First are the user IDs that it assigned
	// directly then: once everybody is in, they come in as the spec says.
	Canary *onboarding.CanarySpec `json:"canary,omitempty"`
	First  []string               `json:"first,omitempty"`
	// Pushed are the groups that AwaitMembers waits for; none stands for all.
	Pushed []string `json:"pushed,omitempty"`
	// RecordChanges asks VerifyAccess for the differences that it finds. Acting says that they will be made, and everything looked at
	// again: until then nobody needs to know who can't sign in.
	RecordChanges bool `json:"recordChanges,omitempty"`
	Acting        bool `json:"acting,omitempty"`
}

// InputOf is the input of the access activities for what a run has set up.
func InputOf(h onboarding.Handles) Input {
	return Input{
		Run: h.Spec.Name, IdentityCenter: h.Spec.IdentityCenter, Studio: h.Spec.Studio, Region: h.Spec.Region,
		IdentityRegion: h.PrimaryRegion(), InstanceARN: h.InstanceARN, IdentityStoreID: h.IdentityStoreID,
		AppID: h.AppID, AssignmentGroup: h.Spec.Okta.AssignmentGroup, Domain: h.Domain, Access: h.Spec.Access, Roles: h.Roles, Tags: h.Spec.Domain.Tags,
	}
}

// roleARN resolves what the spec calls a role; the empty name is the domain's default.
func (in Input) roleARN(wanted string) (string, bool) {
	for i, role := range in.Roles {
		if wanted == "" && i == 0 || wanted != "" && role.Wanted == wanted {
			return role.ARN, true
		}
	}
	return "", false
}

// defaultRole is the ARN of the domain's execution role.
func (in Input) defaultRole() string {
	role, _ := in.roleARN("")
	return role
}

func (in Input) groupNames() []string {
	var names []string
	for _, group := range in.Access.Groups {
		names = append(names, group.Name)
	}
	return names
}

// Result counts what converging did, as far as it was seen afterwards.
type Result struct {
	AssignmentsMade    int `json:"assignmentsMade"`
	AssignmentsFound   int `json:"assignmentsFound"`
	AssignmentsRemoved int `json:"assignmentsRemoved"`
	ProfilesMade       int `json:"profilesMade"`
	ProfilesFound      int `json:"profilesFound"`
	ProfilesRemoved    int `json:"profilesRemoved"`
	RolesChanged       int `json:"rolesChanged"`
	// TagsChanged counts profiles that got tags of the spec.
	TagsChanged int `json:"tagsChanged,omitempty"`
	// First are the user IDs of canaries who were assigned directly although the spec does not ask for that.
	First []string `json:"first,omitempty"`
	// Held says why people who are missing keep what they have, and Hold who they are.
	Held string           `json:"held,omitempty"`
	Hold *onboarding.Hold `json:"hold,omitempty"`
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
	// Findings are what somebody should know of the trust and the Studio application, once for everybody; they name nobody.
	Findings []onboarding.Verdict `json:"findings,omitempty"`
	// PeopleFile says where in the store the list of everybody is, and List which one it is.
	PeopleFile string                 `json:"peopleFile"`
	List       onboarding.Listing     `json:"list,omitzero"`
	Roster     onboarding.RosterState `json:"roster,omitzero"`
	// Changes are the differences that were found, Held and Hold who keeps what they have although they are missing, and Stale the
	// groups that Okta should push again: Identity Center has other members, and nobody on the hold would leave them. Unsettled
	// says that ConvergeAccess has something to write down although nothing may differ. All of them where RecordChanges asks
	// for them.
	Changes   onboarding.AccessChanges `json:"changes,omitzero"`
	Held      string                   `json:"held,omitempty"`
	Hold      *onboarding.Hold         `json:"hold,omitempty"`
	Stale     []string                 `json:"stale,omitempty"`
	Unsettled bool                     `json:"unsettled,omitempty"`
	// Absent counts those whom Okta says that it provisioned, and who are not in Identity Center.
	Absent int `json:"absent,omitempty"`
}

// domainAccess is one attempt's view of who has access to the domain, and its hands on it.
type domainAccess struct {
	in          Input
	waits       provider.Waits
	progress    *provider.Progress
	store       people.IdentityStore
	assignments *ssoadmin.Client
	profiles    *provider.SageMaker
	memory      *profileMemory
	// rosters is nil where none is kept.
	rosters RosterStore
	// agreed is the roster as it was read; nil where there is none.
	agreed     *roster.Roster
	rosterRead bool
	// foreign are the members of groups that the spec does not name, as far as they were read.
	foreign map[string]map[string]bool
}

// open connects both accounts. Class Unsupported: the domain has no application to assign people to. Class Invalid: the spec
// names an execution role that the run does not know.
func (x *Activities) open(ctx context.Context, in Input, progress *provider.Progress) (*domainAccess, error) {
	if in.Domain.ApplicationARN == "" {
		return nil, fault.New(fault.Unsupported, "aws", "sagemaker:DescribeDomain",
			"the domain %s tells no Identity Center application to assign people to.", in.Domain.ID).
			WithRemedy("Domains from before October 2023, and those with IAM authentication, have none: use another domain name in the spec, " +
				"so that a new domain is made.")
	}
	wanted := []string{""}
	for _, group := range in.Access.Groups {
		wanted = append(wanted, group.ExecutionRole)
	}
	for _, person := range in.Access.People {
		wanted = append(wanted, person.ExecutionRole)
	}
	for _, role := range wanted {
		if _, known := in.roleARN(role); !known {
			return nil, fault.New(fault.Invalid, "worker", "", "the execution role %q was not looked up in this run.", role).
				WithRemedy("Retry the step execution-role.")
		}
	}
	a, err := connect(ctx, x.AWS, x.Waits, x.People, in)
	if err != nil {
		return nil, err
	}
	a.progress = progress
	return a, nil
}

func connect(ctx context.Context, clouds provider.AWS, waits provider.Waits, store PeopleStore, in Input) (*domainAccess, error) {
	home := cmp.Or(in.IdentityRegion, in.Region)
	directory, err := people.OpenIdentityStore(ctx, clouds, in.IdentityCenter, home, in.IdentityStoreID)
	if err != nil {
		return nil, err
	}
	identity, err := clouds.Config(ctx, in.IdentityCenter, home)
	if err != nil {
		return nil, err
	}
	studio, err := clouds.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return nil, err
	}
	a := &domainAccess{
		in: in, waits: waits, store: directory, assignments: ssoadmin.NewFromConfig(identity), profiles: provider.NewSageMaker(studio),
		memory: newProfileMemory(store, in.Run, profile.Digest(in.Tags), waits.Propagation),
	}
	if store != nil {
		a.rosters = store
	}
	return a, nil
}

// look reads the directory and derives who should have access from it.
func (a *domainAccess) look(ctx context.Context) (snapshot, error) {
	users, groups, err := a.store.UsersAndGroups(ctx, a.in.groupNames())
	if err != nil {
		return snapshot{}, err
	}
	return viewOf(a.in, users, groups), nil
}

// storeTrouble says that a list cannot be written or read.
func storeTrouble(what, how string, err error) error {
	f := fault.New(fault.Unavailable, "worker", "", "the %s cannot be %s: %v", what, how, err).
		WithRemedy("Check the worker's store: it has to be writable and to have space left.")
	f.Err = err
	return f
}
