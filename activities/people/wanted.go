package people

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
)

// Wanted reads the members of the access groups and the single people from Okta, with their assignment to the app,
// sorted by login. A login of the spec that Okta does not know is among them, without a user.
func Wanted(ctx context.Context, okta provider.Okta, appID, assignmentGroup string, groups, singles []string) ([]Person, error) {
	var mu sync.Mutex
	var people []Person
	index := map[string]int32{} // by Okta user ID
	words := Copies{}           // what many people have in common
	// assigned are those of whom no group is known yet, by Okta user ID.
	assigned := map[string]*model.AppUser{}
	assign := func(person *Person, appUser *model.AppUser) {
		person.AppUser = appUser
		appUser.ID = person.User.ID // one string for both, as there may be many people
		if appUser.UserName == person.Login {
			appUser.UserName = person.Login
		}
	}
	add := func(user model.User) *Person {
		i, ok := index[user.ID]
		if !ok {
			user.Status, user.FirstName, user.LastName = words.One(user.Status), words.One(user.FirstName), words.One(user.LastName)
			i = int32(len(people))
			index[user.ID] = i
			people = append(people, Person{Login: user.Login, User: &user})
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
		return appUsersOf(inner, okta, appID, func(appUser model.AppUser) {
			mu.Lock()
			defer mu.Unlock()
			appUser.Status, appUser.SyncState, appUser.Scope = words.One(appUser.Status), words.One(appUser.SyncState), words.One(appUser.Scope)
			if i, wanted := index[appUser.ID]; wanted {
				assign(&people[i], &appUser)
			} else {
				assigned[appUser.ID] = &appUser
			}
		})
	})
	for i, name := range groups {
		reading.Go(func() error {
			return groupUsers(inner, okta, name, func(user model.User) {
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
		people = append(people, Person{Login: login, Named: true})
	}
	slices.SortFunc(people, func(a, b Person) int {
		return cmp.Or(strings.Compare(a.Login, b.Login), strings.Compare(oktaID(a), oktaID(b)))
	})
	return people, nil
}

// markAssignmentGroup looks into the assignment group where somebody active is not assigned, to tell why. A few are asked for
// their groups, one by one; where that would take more calls than the members have pages, all members are read. The index is by
// Okta user ID.
func markAssignmentGroup(ctx context.Context, okta provider.Okta, name string, people []Person, index map[string]int32) error {
	var unassigned []int
	for i, person := range people {
		if person.User != nil && person.User.Status == ActiveStatus && !person.Assigned() {
			unassigned = append(unassigned, i)
		}
	}
	if len(unassigned) == 0 || name == "" {
		return nil
	}
	if len(unassigned) > len(people)/memberPage {
		return groupUsers(ctx, okta, name, func(user model.User) {
			if i, ok := index[user.ID]; ok {
				people[i].InAssignmentGroup = true
			}
		})
	}
	asking, ctx := errgroup.WithContext(ctx)
	asking.SetLimit(listsAtOnce)
	for _, i := range unassigned {
		asking.Go(func() error {
			groups, err := okta.UserGroups(ctx, people[i].User.ID)
			people[i].InAssignmentGroup = slices.ContainsFunc(groups, func(group model.Group) bool { return group.Name == name })
			return err
		})
	}
	return asking.Wait()
}

// memberPage is how many members of a group Okta tells in one answer.
const memberPage = 1000

// appUsersOf reads the people assigned to an app; nobody where there is no app yet.
func appUsersOf(ctx context.Context, okta provider.Okta, appID string, each func(model.AppUser)) error {
	if appID == "" {
		return nil
	}
	return okta.AppUsers(ctx, appID, func(page []model.AppUser) error {
		for _, appUser := range page {
			each(appUser)
		}
		return nil
	})
}

func groupUsers(ctx context.Context, okta provider.Okta, name string, each func(model.User)) error {
	group, err := okta.Group(ctx, name)
	if err != nil {
		return err
	}
	return okta.GroupUsers(ctx, group.ID, func(page []model.User) error {
		for _, user := range page {
			each(user)
		}
		return nil
	})
}

func oktaID(p Person) string {
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

// CompareWithLog compares, and where somebody who is assigned did not arrive, again with what Okta's System Log says of them.
// A log that may not be read costs the reasons, not the comparison.
func CompareWithLog(ctx context.Context, okta provider.Okta, appID string, in Input) (Result, error) {
	result := Compare(in)
	if result.Pending+len(result.Missing) == 0 {
		return result, nil
	}
	failures, err := failuresOf(ctx, okta, appID, in)
	if err != nil || failures == nil {
		return result, err
	}
	in.Failures = failures
	return Compare(in), nil
}

// failuresOf reads the failed provisioning events of those who are assigned and did not arrive; nil where there is nobody, or
// where the log may not be read.
func failuresOf(ctx context.Context, okta provider.Okta, appID string, in Input) ([]model.LogEvent, error) {
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
		if activity.IsActivity(ctx) {
			activity.GetLogger(ctx).Warn("Okta's System Log may not be read; reasons for failed provisioning are missing", "error", err)
		}
		return nil, nil
	}
	return failures, err
}
