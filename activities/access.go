package activities

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"studio-onboarding/internal/access"
	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

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
	SavePeople(run string, people iter.Seq[onboarding.PersonRecord]) (string, error)
	// SaveChanges replaces the file of the changes that a reconcile found, and returns its address.
	SaveChanges(run string, changes []onboarding.AccessChange) (string, error)
	// ReadProfiles calls each for what is known of the profiles of a run; what comes later counts. An error wraps
	// fs.ErrNotExist where nothing is known.
	ReadProfiles(run string, each func(access.Known)) error
	// AddProfiles adds to that, SaveProfiles replaces it.
	AddProfiles(run string, known []access.Known) error
	SaveProfiles(run string, known iter.Seq[access.Known]) error
	// SaveExceptions replaces the list of those for whom making access right failed for good, which ReadExceptions reads.
	SaveExceptions(run string, people []onboarding.PersonException) error
	ReadExceptions(run string) ([]onboarding.PersonException, error)
	// ReadPeople reads the people file of a run and says when it was saved; an error wraps fs.ErrNotExist where there is none.
	ReadPeople(run string) ([]onboarding.PersonRecord, time.Time, error)
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
	// AssignmentGroup is the Okta group that is assigned to the app, for the remedies of those who are not in it.
	AssignmentGroup string                `json:"assignmentGroup,omitempty"`
	Domain          Domain                `json:"domain"`
	Access          onboarding.AccessSpec `json:"access"`
	// Roles resolves the names that the spec gives to execution roles; the first one is the domain's default.
	Roles []Role            `json:"roles"`
	Tags  map[string]string `json:"tags,omitempty"`
	// FollowOkta lets only those count whom Okta has in the access groups, whatever Identity Center still says.
	FollowOkta bool `json:"followOkta,omitempty"`
	// AllowRemovals is the operator's consent to removals of any size.
	AllowRemovals bool `json:"allowRemovals,omitempty"`
	// RecordChanges asks VerifyAccess for the differences that it finds.
	RecordChanges bool `json:"recordChanges,omitempty"`
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
	// Held says why nothing was removed although people have left; VerifyAccess tells who.
	Held string `json:"held,omitempty"`
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
	// Changes are the differences that were found, Held why nobody would be removed, Stale the groups that Okta should push
	// again: Identity Center has other members, and Okta's list is not in doubt. All three where RecordChanges asks for them.
	Changes onboarding.AccessChanges `json:"changes,omitzero"`
	Held    string                   `json:"held,omitempty"`
	Stale   []string                 `json:"stale,omitempty"`
}

// domainAccess is one attempt's view of who has access to the domain, and its hands on it.
type domainAccess struct {
	in          AccessInput
	waits       Waits
	heart       *heart
	store       identityStore
	assignments *ssoadmin.Client
	profiles    *sagemaker.Client
	memory      *profileMemory
	// foreign are the members of groups that the spec does not name, as far as they were read.
	foreign map[string]map[string]bool
}

// open connects both accounts. Class Unsupported: the domain has no application to assign people to. Class Invalid: the spec
// names an execution role that the run does not know.
func (x *Access) open(ctx context.Context, in AccessInput, h *heart) (*domainAccess, error) {
	if in.Domain.ApplicationARN == "" {
		return nil, fault.New(fault.Unsupported, "aws", "sagemaker:DescribeDomain", "the domain %s tells no Identity Center application to assign people to.", in.Domain.ID).
			WithRemedy("Domains from before October 2023, and those with IAM authentication, have none: use another domain name in the spec, so that a new domain is made.")
	}
	for _, role := range wantedRoles(in) {
		if _, known := roleARN(in, role); !known {
			return nil, fault.New(fault.Invalid, "worker", "", "the execution role %q was not looked up in this run.", role).
				WithRemedy("Retry the step execution-role.")
		}
	}
	return x.connect(ctx, in, h)
}

func (x *Access) connect(ctx context.Context, in AccessInput, h *heart) (*domainAccess, error) {
	store, err := openIdentityStore(ctx, x.AWS, in.IdentityCenter, in.Region, in.IdentityStoreID)
	if err != nil {
		return nil, err
	}
	identity, err := x.AWS.Config(ctx, in.IdentityCenter, in.Region)
	if err != nil {
		return nil, err
	}
	studio, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return nil, err
	}
	return &domainAccess{
		in: in, waits: x.Waits, heart: h, store: store,
		assignments: ssoadmin.NewFromConfig(identity), profiles: sagemaker.NewFromConfig(studio),
		memory: newProfileMemory(x.People, in.Run, x.Waits.Propagation),
	}, nil
}

func wantedRoles(in AccessInput) []string {
	roles := []string{""}
	for _, group := range in.Access.Groups {
		roles = append(roles, group.ExecutionRole)
	}
	for _, person := range in.Access.People {
		roles = append(roles, person.ExecutionRole)
	}
	return roles
}

// roleARN resolves what the spec calls a role; the empty name is the domain's default.
func roleARN(in AccessInput, wanted string) (string, bool) {
	for i, role := range in.Roles {
		if wanted == "" && i == 0 || wanted != "" && role.Wanted == wanted {
			return role.ARN, true
		}
	}
	return "", false
}

// snapshot is the directory of Identity Center as one look found it.
type snapshot struct {
	users   []directory.User
	byName  map[string]*directory.User
	groups  []directory.Group // the access groups, in the order of the spec
	desired access.Desired
	// unknown are single people of the spec whom Identity Center does not have.
	unknown []string
	// stale are access groups that have other members here than in Okta, and moves says who, where that was compared.
	stale []string
	moves []onboarding.AccessChange
}

// look reads the directory and derives who should have access from it.
func (a *domainAccess) look(ctx context.Context) (snapshot, error) {
	var names []string
	for _, group := range a.in.Access.Groups {
		names = append(names, group.Name)
	}
	users, groups, err := a.store.usersAndGroups(ctx, names)
	if err != nil {
		return snapshot{}, err
	}
	return a.view(users, groups), nil
}

// view derives who should have access from the users and the access groups, which are in the order of the spec.
func (a *domainAccess) view(users []directory.User, groups []directory.Group) snapshot {
	view := snapshot{users: users, groups: groups, byName: make(map[string]*directory.User, len(users))}
	defaultRole, _ := roleARN(a.in, "")
	view.desired = access.Desired{
		Users: make(map[string]string, len(users)), DefaultRole: defaultRole,
		Eager: a.in.Access.Profiles != onboarding.ProfilesFirstSignIn, OnRemoval: cmp.Or(a.in.Access.OnRemoval, onboarding.RemovalRevoke),
	}
	folded := make(map[string][]directory.User, len(a.in.Access.People)) // of single people only
	for _, single := range a.in.Access.People {
		folded[strings.ToLower(single.Login)] = nil
	}
	for i, user := range users {
		view.byName[user.UserName] = &users[i]
		if same, single := folded[strings.ToLower(user.UserName)]; single {
			folded[strings.ToLower(user.UserName)] = append(same, user)
		}
		// Nobody signs in under a name that is no address; a profile would only be in the way once it is corrected.
		if user.Enabled && directory.SignInName(user.UserName) {
			view.desired.Users[user.ID] = user.UserName
		}
	}
	for i, group := range groups {
		role, _ := roleARN(a.in, a.in.Access.Groups[i].ExecutionRole)
		view.desired.Groups = append(view.desired.Groups, access.Group{
			Name: group.Name, ID: group.ID, Role: role, Members: slices.Sorted(maps.Keys(group.Members)),
		})
	}
	for _, single := range a.in.Access.People {
		role, _ := roleARN(a.in, single.ExecutionRole)
		// Okta finds logins without regard to case, and so may the spec spell them, where there is one such user only.
		user, ok := view.named(single.Login)
		if same := folded[strings.ToLower(single.Login)]; !ok && len(same) == 1 {
			user, ok = same[0], true
		}
		if !ok || !user.Enabled {
			view.unknown = append(view.unknown, single.Login)
			continue
		}
		view.desired.Singles = append(view.desired.Singles, access.Single{UserID: user.ID, Role: role})
	}
	return view
}

// named finds a user by the exact name.
func (v snapshot) named(userName string) (directory.User, bool) {
	if user := v.byName[userName]; user != nil {
		return *user, true
	}
	return directory.User{}, false
}

// missingGroups are access groups that Identity Center does not have.
func (v snapshot) missingGroups() []string {
	var names []string
	for _, group := range v.groups {
		if group.ID == "" {
			names = append(names, group.Name)
		}
	}
	return names
}

// userIDs are the IDs of all users by name.
func (v snapshot) userIDs() map[string]string {
	ids := make(map[string]string, len(v.users))
	for _, user := range v.users {
		ids[user.UserName] = user.ID
	}
	return ids
}

// requireGroups refuses to go on without an access group: its people would be taken for people who left.
func (v snapshot) requireGroups() error {
	missing := v.missingGroups()
	if len(missing) == 0 {
		return nil
	}
	return fault.New(fault.NotFound, "aws", "identitystore:GetGroupId", "Identity Center has no group named %s.", quoted(missing)).
		WithRemedy("Push the group from Okta (app > Push Groups), then retry.")
}

// notFoundYet says in a result that single people are not there to be assigned.
func (v snapshot) notFoundYet(exceptions *exceptionList) {
	for _, login := range v.unknown {
		exceptions.add(login, "not in Identity Center under this user name, or disabled there", fmt.Sprintf("Bring the person there through Okta, then retry the step %s", onboarding.StepAccess))
	}
}
