package directory_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/oktaorg"
)

var now = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

const settle = 15 * time.Minute

// person is somebody in the group "users" who was assigned a minute ago.
func person(login string) directory.Person {
	user := fine("00u-"+login, login)
	return directory.Person{
		Login: login, User: &user, InAssignmentGroup: true, Groups: []string{"users"},
		AppUser: &oktaorg.AppUser{ID: user.ID, UserName: login, Status: "STAGED", Scope: "GROUP", StatusChanged: now.Add(-time.Minute)},
	}
}

// arrived is how Identity Center has a person whom Okta brought.
func arrived(p directory.Person) directory.User {
	return directory.User{ID: "aws-" + p.Login, UserName: p.Login, Emails: []string{p.Login}, ExternalIDs: []string{"00u-" + p.Login}, Enabled: true}
}

func failure(p directory.Person, reason string, at time.Time) oktaorg.LogEvent {
	return oktaorg.LogEvent{EventType: "application.provision.user.push", Published: at, Result: "FAILURE", Reason: reason, UserID: p.User.ID, UUID: reason}
}

func compare(people []directory.Person, users ...directory.User) directory.Input {
	members := map[string]bool{}
	for _, u := range users {
		members[u.ID] = true
	}
	return directory.Input{
		People: people, Users: users, Groups: []directory.Group{{Name: "users", ID: "g", Members: members}},
		AssignmentGroup: "everybody", Now: now, Since: now.Add(-time.Minute), Settle: settle,
	}
}

func TestEverybodyIsThere(t *testing.T) {
	ann, bob := person("ann@example.com"), person("bob@example.com")
	require.Equal(t, directory.Result{Wanted: 2, Synced: 2}, directory.Compare(compare([]directory.Person{ann, bob}, arrived(ann), arrived(bob))))
}

func TestWhyAPersonIsMissing(t *testing.T) {
	old := now.Add(-time.Hour)
	stuck := func(p *directory.Person) { p.AppUser.StatusChanged = old }
	for name, tc := range map[string]struct {
		spoil  func(*directory.Person, *directory.Input)
		reason string
		remedy string
	}{
		"unknown to Okta":     {func(p *directory.Person, _ *directory.Input) { p.User, p.AppUser = nil, nil }, "Okta knows nobody of this login", "Correct the login"},
		"deactivated in Okta": {func(p *directory.Person, _ *directory.Input) { p.User.Status = "SUSPENDED" }, "not active in Okta (SUSPENDED)", "Activate"},
		"not assigned":        {func(p *directory.Person, _ *directory.Input) { p.AppUser, p.InAssignmentGroup = nil, false }, "not assigned to the app", `"everybody"`},
		"assignment withdrawn": {func(p *directory.Person, _ *directory.Input) {
			p.AppUser.Status, p.InAssignmentGroup = "DEPROVISIONED", false
		}, "not assigned to the app", `"everybody"`},
		"assignment lost": {func(p *directory.Person, in *directory.Input) { p.AppUser, in.Since = nil, old }, "Okta has not assigned the app", "add them again"},
		"data incomplete": {func(p *directory.Person, _ *directory.Input) { p.User.LastName = "" }, "no last name", "Fill in"},
		"the data, not the log": {func(p *directory.Person, in *directory.Input) {
			p.User.LastName = ""
			in.Failures = append(in.Failures, failure(*p, "Request is unparsable, syntactically incorrect, or violates schema.", now))
		}, "no last name", "Fill in"},
		"unparsable": {func(p *directory.Person, in *directory.Input) {
			in.Failures = append(in.Failures, failure(*p, "Automatic profile push of user to app failed: Bad Request. Errors reported by remote server: Request is unparsable, syntactically incorrect, or violates schema.", now))
		}, "incomplete or malformed", "display name"},
		"token": {func(p *directory.Person, in *directory.Input) {
			in.Failures = append(in.Failures, failure(*p, "Error while verifying if user exists: Unauthorized", now))
		}, "refused the SCIM token", "new token"},
		"unknown failure": {func(p *directory.Person, in *directory.Input) {
			in.Failures = append(in.Failures, failure(*p, "the moon is full", now))
		}, "Okta reports: the moon is full", "Tasks"},
		"duplicate": {func(p *directory.Person, in *directory.Input) {
			in.Failures = append(in.Failures, failure(*p, "Refused to create a new, duplicate resource", now))
		}, "already has another user", "delete it"},
		"made by hand": {func(p *directory.Person, in *directory.Input) {
			in.Users = append(in.Users, directory.User{ID: "hand", UserName: p.Login, Enabled: true})
			in.Failures = append(in.Failures, failure(*p, "Refused to create a new, duplicate resource", now))
		}, "a user with this user name was made by hand", "Delete that user"},
		"made by hand, no log": {func(p *directory.Person, in *directory.Input) {
			in.Users = append(in.Users, directory.User{ID: "hand", UserName: p.Login, Enabled: true})
			stuck(p)
		}, "a user with this user name was made by hand", "Delete that user"},
		"address taken by hand": {func(p *directory.Person, in *directory.Input) {
			in.Users = append(in.Users, directory.User{ID: "hand", UserName: "other", Emails: []string{"ANN@example.com"}, Enabled: true})
			in.Failures = append(in.Failures, failure(*p, "Refused to create a new, duplicate resource", now))
		}, "a user with this e-mail address was made by hand", "Delete that user"},
		"case differs": {func(p *directory.Person, in *directory.Input) {
			in.Users = append(in.Users, directory.User{ID: "x", UserName: "Ann@example.com", ExternalIDs: []string{p.User.ID}, Enabled: true})
		}, "differs by upper and lower case", "lower case"},
		"case belongs to another": {func(p *directory.Person, in *directory.Input) {
			in.Users = append(in.Users, directory.User{ID: "x", UserName: "Ann@example.com", ExternalIDs: []string{"00u-other"}, Enabled: true})
		}, "another person", "Rename one"},
		"disabled": {func(p *directory.Person, in *directory.Input) {
			user := arrived(*p)
			user.Enabled = false
			in.Users = append(in.Users, user)
			stuck(p)
		}, "disabled in Identity Center", "assign them again"},
		"deleted there": {func(p *directory.Person, in *directory.Input) {
			p.AppUser.ExternalID, p.AppUser.Status = "aws", "PROVISIONED"
			stuck(p)
		}, "Identity Center has no such user", "unassign the person"},
		"stuck": {func(p *directory.Person, in *directory.Input) { stuck(p) }, "not provisioned within 15m0s (STAGED)", "Tasks"},
		"cannot be a sign-in name": {func(p *directory.Person, in *directory.Input) {
			p.User.Login, p.AppUser.UserName, p.Login = "ann", "ann", "ann"
			in.Users = append(in.Users, arrived(*p))
		}, "not an e-mail address", "Rename"},
	} {
		t.Run(name, func(t *testing.T) {
			ann, bob := person("ann@example.com"), person("bob@example.com")
			in := compare(nil, arrived(bob))
			tc.spoil(&ann, &in)
			in.People = []directory.Person{ann, bob}
			result := directory.Compare(in)
			require.Len(t, result.Missing, 1)
			require.Equal(t, ann.Login, result.Missing[0].Person)
			require.Contains(t, result.Missing[0].Reason, tc.reason)
			require.Contains(t, result.Missing[0].Remedy, tc.remedy)
			require.Equal(t, 1, result.Synced, "nobody holds up the others")
			require.Zero(t, result.Pending)
			require.Empty(t, result.PendingGroups)
		})
	}
}

func TestWhoIsStillUnderWay(t *testing.T) {
	for name, spoil := range map[string]func(*directory.Person, *directory.Input){
		"staged":              func(*directory.Person, *directory.Input) {},
		"not an app user yet": func(p *directory.Person, _ *directory.Input) { p.AppUser = nil },
		"provisioned a moment ago": func(p *directory.Person, _ *directory.Input) {
			p.AppUser.ExternalID, p.AppUser.Status = "aws", "PROVISIONED"
		},
		"Okta repeats by itself": func(p *directory.Person, in *directory.Input) {
			in.Failures = append(in.Failures, failure(*p, "Too many requests", now))
		},
		"a failure from before the assignment": func(p *directory.Person, in *directory.Input) {
			in.Failures = append(in.Failures, failure(*p, "Matching user not found", now.Add(-time.Hour)))
		},
		"made by hand, Okta may still take it over": func(p *directory.Person, in *directory.Input) {
			in.Users = append(in.Users, directory.User{ID: "hand", UserName: p.Login, Enabled: true})
		},
		"being enabled again": func(p *directory.Person, in *directory.Input) {
			user := arrived(*p)
			user.Enabled = false
			in.Users = append(in.Users, user)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ann := person("ann@example.com")
			in := compare(nil)
			spoil(&ann, &in)
			in.People = []directory.Person{ann}
			require.Equal(t, directory.Result{Wanted: 1, Pending: 1}, directory.Compare(in))
		})
	}
}

func TestOfTwoLoginsThatDifferByCaseOneComes(t *testing.T) {
	ann, other := person("ann@example.com"), person("Ann@example.com")
	in := compare([]directory.Person{ann, other})
	require.Equal(t, 2, directory.Compare(in).Pending, "nobody knows yet which")
	in = compare([]directory.Person{ann, other}, arrived(other))
	result := directory.Compare(in)
	require.Equal(t, 1, result.Synced)
	require.Len(t, result.Missing, 1)
	require.Equal(t, "ann@example.com", result.Missing[0].Person)
	require.Contains(t, result.Missing[0].Reason, "Ann@example.com")
}

func TestGroupsAndMemberships(t *testing.T) {
	ann := person("ann@example.com")
	in := compare([]directory.Person{ann}, arrived(ann))
	in.Groups = append(in.Groups, directory.Group{Name: "ml"})
	require.Equal(t, directory.Result{Wanted: 1, Synced: 1, PendingGroups: []string{"ml"}}, directory.Compare(in))

	in.Groups[0].Members = nil
	require.Equal(t, []string{"ml", "users"}, directory.Compare(in).PendingGroups)

	in.Now = now.Add(time.Hour)
	result := directory.Compare(in)
	require.Empty(t, result.PendingGroups)
	require.Equal(t, []string{"ml"}, result.MissingGroups)
	require.Len(t, result.Missing, 1)
	require.Contains(t, result.Missing[0].Reason, `not a member of the group "users"`)
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	var people []directory.Person
	var users []directory.User
	for i := range 20 {
		p := person(string(rune('a'+i)) + "@example.com")
		switch i % 5 {
		case 0:
			users = append(users, arrived(p))
		case 1:
			p.User.LastName = ""
		case 2:
			users = append(users, directory.User{ID: "x" + p.Login, UserName: string(rune('A'+i)) + "@example.com"}, directory.User{ID: "y" + p.Login, UserName: string(rune('A'+i)) + "@Example.com"})
		case 3:
			p.AppUser.StatusChanged = now.Add(-time.Hour)
		}
		people = append(people, p)
	}
	in := compare(people, users...)
	in.Failures = []oktaorg.LogEvent{failure(people[4], "a", now), failure(people[4], "b", now), failure(people[9], "c", now)}
	want := directory.Compare(in)
	require.True(t, slices.IsSortedFunc(want.Missing, func(a, b directory.Missing) int { return map[bool]int{true: -1, false: 1}[a.Person <= b.Person] }))
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		random.Shuffle(len(in.People), func(i, j int) { in.People[i], in.People[j] = in.People[j], in.People[i] })
		random.Shuffle(len(in.Users), func(i, j int) { in.Users[i], in.Users[j] = in.Users[j], in.Users[i] })
		random.Shuffle(len(in.Failures), func(i, j int) { in.Failures[i], in.Failures[j] = in.Failures[j], in.Failures[i] })
		require.Equal(t, want, directory.Compare(in), "seed %d", seed)
	}
}
