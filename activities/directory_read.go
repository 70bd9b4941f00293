package activities

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// identityStore reads the directory of Identity Center.
type identityStore struct {
	client *identitystore.Client
	id     string
}

func openIdentityStore(ctx context.Context, cloud AWS, account onboarding.AccountSpec, region, id string) (identityStore, error) {
	cfg, err := cloud.Config(ctx, account, region)
	if err != nil {
		return identityStore{}, err
	}
	return identityStore{client: identitystore.NewFromConfig(cfg), id: id}, nil
}

// users lists everybody: one page of 100 costs as much of the throttle as looking up one person.
func (s identityStore) users(ctx context.Context) ([]directory.User, error) {
	var users []directory.User
	pages := identitystore.NewListUsersPaginator(s.client, &identitystore.ListUsersInput{
		IdentityStoreId: &s.id, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awscloud.Classify("identitystore:ListUsers", err)
		}
		for _, u := range page.Users {
			users = append(users, directoryUser(u))
		}
	}
	return users, nil
}

func directoryUser(u identitystoretypes.User) directory.User {
	// Only an explicit status shuts somebody out: directories from before November 2025 told none.
	user := directory.User{ID: strings.Clone(aws.ToString(u.UserId)), UserName: strings.Clone(aws.ToString(u.UserName)), Enabled: u.UserStatus != identitystoretypes.UserStatusDisabled}
	for _, email := range u.Emails {
		address := user.UserName // most people have one for both
		if value := aws.ToString(email.Value); value != address {
			address = strings.Clone(value)
		}
		user.Emails = append(user.Emails, address)
	}
	for _, external := range u.ExternalIds {
		user.ExternalIDs = append(user.ExternalIDs, strings.Clone(aws.ToString(external.Id)))
	}
	return user
}

// group reads an access group with its members. Its ID is empty where Identity Center has no group of this name.
func (s identityStore) group(ctx context.Context, name string) (directory.Group, error) {
	out, err := s.client.GetGroupId(ctx, &identitystore.GetGroupIdInput{
		IdentityStoreId: &s.id,
		AlternateIdentifier: &identitystoretypes.AlternateIdentifierMemberUniqueAttribute{Value: identitystoretypes.UniqueAttribute{
			AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument(name),
		}},
	})
	err = awscloud.Classify("identitystore:GetGroupId", err)
	if fault.ClassOf(err) == fault.NotFound {
		return directory.Group{Name: name}, nil
	}
	if err != nil {
		return directory.Group{}, err
	}
	members, err := s.members(ctx, aws.ToString(out.GroupId))
	return directory.Group{Name: name, ID: aws.ToString(out.GroupId), Members: members}, err
}

// usersAndGroups reads everybody, and the groups of these names in their order. Lists are read side by side: pages of one
// come one after the other, each as late as an answer takes.
func (s identityStore) usersAndGroups(ctx context.Context, names []string) (users []directory.User, groups []directory.Group, err error) {
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(listsAtOnce)
	reading.Go(func() (err error) { users, err = s.users(ctx); return err })
	groups = make([]directory.Group, len(names))
	for i, name := range names {
		reading.Go(func() (err error) { groups[i], err = s.group(ctx, name); return err })
	}
	if err := reading.Wait(); err != nil {
		return nil, nil, err
	}
	for _, group := range groups {
		for _, user := range users {
			if group.Members[user.ID] {
				group.Members[user.ID] = true // takes the string over, so that there is one of each ID only
			}
		}
	}
	return users, groups, nil
}

// listsAtOnce is how many lists of one API are read side by side.
const listsAtOnce = 8

// members are the user IDs of the members of a group; none where the group is gone.
func (s identityStore) members(ctx context.Context, groupID string) (map[string]bool, error) {
	members := map[string]bool{}
	pages := identitystore.NewListGroupMembershipsPaginator(s.client, &identitystore.ListGroupMembershipsInput{
		IdentityStoreId: &s.id, GroupId: &groupID, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err := awscloud.Classify("identitystore:ListGroupMemberships", err); fault.ClassOf(err) == fault.NotFound {
			return members, nil
		} else if err != nil {
			return nil, err
		}
		for _, membership := range page.GroupMemberships {
			if user, ok := membership.MemberId.(*identitystoretypes.MemberIdMemberUserId); ok {
				members[strings.Clone(user.Value)] = true
			}
		}
	}
	return members, nil
}

// wantedPeople reads the members of the access groups and the single people from Okta, with their assignment to the app,
// sorted by login. A login of the spec that Okta does not know is among them, without a user.
func wantedPeople(ctx context.Context, okta Okta, appID, assignmentGroup string, groups, singles []string) ([]directory.Person, error) {
	var mu sync.Mutex
	var people []directory.Person
	index := map[string]int32{} // by Okta user ID
	words := copies{}           // what many people have in common
	// assigned are those of whom no group is known yet, by Okta user ID.
	assigned := map[string]*oktaorg.AppUser{}
	assign := func(person *directory.Person, appUser *oktaorg.AppUser) {
		person.AppUser = appUser
		appUser.ID = person.User.ID // one string for both, as there may be many people
		if appUser.UserName == person.Login {
			appUser.UserName = person.Login
		}
	}
	add := func(user oktaorg.User) *directory.Person {
		i, ok := index[user.ID]
		if !ok {
			user.Status, user.FirstName, user.LastName = words.one(user.Status), words.one(user.FirstName), words.one(user.LastName)
			i = int32(len(people))
			index[user.ID] = i
			people = append(people, directory.Person{Login: user.Login, User: &user})
			if appUser := assigned[user.ID]; appUser != nil {
				assign(&people[i], appUser)
				delete(assigned, user.ID)
			}
		}
		return &people[i]
	}
	alone := make([][]string, len(groups)) // most people are in one group, and share the list of it
	for i, name := range groups {
		alone[i] = []string{name}
	}
	// Groups and app users have rate limits of their own, so that they are read side by side.
	reading, inner := errgroup.WithContext(ctx)
	reading.SetLimit(listsAtOnce)
	reading.Go(func() error {
		return appUsersOf(inner, okta, appID, func(appUser oktaorg.AppUser) {
			mu.Lock()
			defer mu.Unlock()
			appUser.Status, appUser.SyncState, appUser.Scope = words.one(appUser.Status), words.one(appUser.SyncState), words.one(appUser.Scope)
			if i, wanted := index[appUser.ID]; wanted {
				assign(&people[i], &appUser)
			} else {
				assigned[appUser.ID] = &appUser
			}
		})
	})
	for i, name := range groups {
		reading.Go(func() error {
			return groupUsers(inner, okta, name, func(user oktaorg.User) {
				mu.Lock()
				defer mu.Unlock()
				if person := add(user); person.Groups == nil {
					person.Groups = alone[i]
				} else {
					person.Groups = append(person.Groups, name)
				}
			})
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	unknown := map[string]bool{}
	for _, login := range singles {
		user, err := okta.UserByLogin(ctx, login)
		switch {
		case fault.ClassOf(err) == fault.NotFound:
			unknown[login] = true
		case err != nil:
			return nil, err
		default:
			add(user).Named = true
		}
	}
	place := map[string]int{}
	for i, name := range groups {
		place[name] = i
	}
	for i := range people {
		if groups := people[i].Groups; len(groups) > 1 { // lists of one are shared
			slices.SortFunc(groups, func(a, b string) int { return cmp.Compare(place[a], place[b]) })
		}
	}
	if err := markAssignmentGroup(ctx, okta, assignmentGroup, people, index); err != nil {
		return nil, err
	}
	for login := range unknown {
		people = append(people, directory.Person{Login: login, Named: true})
	}
	slices.SortFunc(people, func(a, b directory.Person) int {
		return cmp.Or(strings.Compare(a.Login, b.Login), strings.Compare(oktaID(a), oktaID(b)))
	})
	return people, nil
}

// markAssignmentGroup looks into the assignment group where somebody is not assigned, to tell why. The index is by Okta user ID.
func markAssignmentGroup(ctx context.Context, okta Okta, name string, people []directory.Person, index map[string]int32) error {
	unassigned := slices.ContainsFunc(people, func(p directory.Person) bool { return !p.Assigned() })
	if !unassigned || name == "" {
		return nil
	}
	return groupUsers(ctx, okta, name, func(user oktaorg.User) {
		if i, ok := index[user.ID]; ok {
			people[i].InAssignmentGroup = true
		}
	})
}

// appUsersOf reads the people assigned to an app; nobody where there is no app yet.
func appUsersOf(ctx context.Context, okta Okta, appID string, each func(oktaorg.AppUser)) error {
	if appID == "" {
		return nil
	}
	return okta.AppUsers(ctx, appID, func(page []oktaorg.AppUser) error {
		for _, appUser := range page {
			each(appUser)
		}
		return nil
	})
}

func groupUsers(ctx context.Context, okta Okta, name string, each func(oktaorg.User)) error {
	group, err := okta.Group(ctx, name)
	if err != nil {
		return err
	}
	return okta.GroupUsers(ctx, group.ID, func(page []oktaorg.User) error {
		for _, user := range page {
			each(user)
		}
		return nil
	})
}

func oktaID(p directory.Person) string {
	if p.User == nil {
		return ""
	}
	return p.User.ID
}

const (
	// logReach is how far Okta keeps its System Log (Okta, "System Log query": 90 days).
	logReach = 90 * 24 * time.Hour
	// maxLogEvents bounds how many failed events are read; one person has few that still count.
	maxLogEvents = 10_000
)

// compareWithLog compares, and where somebody who is assigned did not arrive, again with what Okta's System Log says of them.
// A log that may not be read costs the reasons, not the comparison.
func compareWithLog(ctx context.Context, okta Okta, appID string, in directory.Input) (directory.Result, error) {
	result := directory.Compare(in)
	if result.Pending+len(result.Missing) == 0 {
		return result, nil
	}
	failures, err := failuresOf(ctx, okta, appID, in)
	if err != nil || failures == nil {
		return result, err
	}
	in.Failures = failures
	return directory.Compare(in), nil
}

// failuresOf reads the failed provisioning events of those who are assigned and did not arrive; nil where there is nobody, or
// where the log may not be read.
func failuresOf(ctx context.Context, okta Okta, appID string, in directory.Input) ([]oktaorg.LogEvent, error) {
	since := in.Now
	for _, person := range in.People {
		if person.AppUser != nil && !person.AppUser.Provisioned() && person.AppUser.StatusChanged.Before(since) {
			since = person.AppUser.StatusChanged
		}
	}
	if since.Equal(in.Now) {
		return nil, nil
	}
	if oldest := in.Now.Add(-logReach); since.Before(oldest) {
		since = oldest
	}
	failures, err := okta.ProvisioningFailures(ctx, appID, since.Add(-time.Minute), in.Now.Add(time.Minute), maxLogEvents)
	if fault.ClassOf(err) == fault.Denied {
		activity.GetLogger(ctx).Warn("Okta's System Log may not be read; reasons for failed provisioning are missing", "error", err)
		return nil, nil
	}
	return failures, err
}
