package people_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/oktaorg/model"
)

var now = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

const settle = 15 * time.Minute

// person is somebody in the group "users" who was assigned a minute ago.
func person(login string) people.Person {
	user := fine("00u-"+login, login)
	return people.Person{
		Login: login, User: &user, InAssignmentGroup: true, Groups: []string{"users"},
		AppUser: &model.AppUser{ID: user.ID, UserName: login, Status: "STAGED", Scope: "GROUP", StatusChanged: now.Add(-time.Minute)},
	}
}

// arrived is how Identity Center has a person whom Okta brought.
func arrived(p people.Person) people.User {
	return people.User{ID: "aws-" + p.Login, UserName: p.Login, Emails: []string{p.Login}, ExternalIDs: []string{"00u-" + p.Login},
		Enabled: true}
}

func failure(p people.Person, reason string, at time.Time) model.LogEvent {
	return model.LogEvent{EventType: "application.provision.user.push", Published: at, Result: "FAILURE", Reason: reason,
		UserID: p.User.ID, UUID: reason}
}

func compare(all []people.Person, users ...people.User) people.Input {
	members := map[string]bool{}
	for _, u := range users {
		members[u.ID] = true
	}
	return people.Input{
		People: all, Users: users, Groups: []people.Group{{Name: "users", ID: "g", Members: members}},
		AssignmentGroup: "everybody", Now: now, Since: now.Add(-time.Minute), Settle: settle,
	}
}

func TestEverybodyIsThere(t *testing.T) {
	ann, bob := person("ann@example.com"), person("bob@example.com")
	require.Equal(t, people.Result{Wanted: 2, Synced: 2}, people.Compare(compare([]people.Person{ann, bob}, arrived(ann), arrived(bob))))
}

func TestWhyAPersonIsMissing(t *testing.T) {
	old := now.Add(-time.Hour)
	stuck := func(p *people.Person) { p.AppUser.StatusChanged = old }
	for name, tc := range map[string]struct {
		spoil  func(*people.Person, *people.Input)
		reason string
		remedy string
	}{
		"unknown to Okta": {func(p *people.Person, _ *people.Input) { p.User, p.AppUser = nil, nil }, "Okta knows nobody of this login",
			"Correct the login"},
		"deactivated in Okta": {func(p *people.Person, _ *people.Input) { p.User.Status = "SUSPENDED" }, "not active in Okta: SUSPENDED",
			"Activate"},
		"not assigned": {func(p *people.Person, _ *people.Input) { p.AppUser, p.InAssignmentGroup = nil, false }, "not assigned to the app",
			`"everybody"`},
		"assignment withdrawn": {func(p *people.Person, _ *people.Input) {
			p.AppUser.Status, p.InAssignmentGroup = "DEPROVISIONED", false
		}, "not assigned to the app", `"everybody"`},
		"assignment lost": {func(p *people.Person, in *people.Input) { p.AppUser, in.Since = nil, old }, "Okta has not assigned the app",
			"add them again"},
		"data incomplete": {func(p *people.Person, _ *people.Input) { p.User.LastName = "" }, "no last name", "Fill in"},
		"the data, not the log": {func(p *people.Person, in *people.Input) {
			p.User.LastName = ""
			in.Failures = append(in.Failures, failure(*p, "Request is unparsable, syntactically incorrect, or violates schema.", now))
		}, "no last name", "Fill in"},
		"unparsable": {func(p *people.Person, in *people.Input) {
			in.Failures = append(in.Failures,
				failure(*p,
					"Automatic profile push of user to app failed: Bad Request. Errors reported by remote server: Request is unparsable, "+
						"syntactically incorrect, or violates schema.", now))
		}, "incomplete or malformed", "display name"},
		"token": {func(p *people.Person, in *people.Input) {
			in.Failures = append(in.Failures, failure(*p, "Error while verifying if user exists: Unauthorized", now))
		}, "refused the SCIM token", "new token"},
		"unknown failure": {func(p *people.Person, in *people.Input) {
			in.Failures = append(in.Failures, failure(*p, "the moon is full", now))
		}, "Okta reports: the moon is full", "Tasks"},
		"duplicate": {func(p *people.Person, in *people.Input) {
			in.Failures = append(in.Failures, failure(*p, "Refused to create a new, duplicate resource", now))
		}, "already has another user", "delete it"},
		"made by hand": {func(p *people.Person, in *people.Input) {
			in.Users = append(in.Users, people.User{ID: "hand", UserName: p.Login, Enabled: true})
			in.Failures = append(in.Failures, failure(*p, "Refused to create a new, duplicate resource", now))
		}, "a user with this user name was made by hand", "Delete that user"},
		"made by hand, no log": {func(p *people.Person, in *people.Input) {
			in.Users = append(in.Users, people.User{ID: "hand", UserName: p.Login, Enabled: true})
			stuck(p)
		}, "a user with this user name was made by hand", "Delete that user"},
		"address taken by hand": {func(p *people.Person, in *people.Input) {
			in.Users = append(in.Users, people.User{ID: "hand", UserName: "other", Emails: []string{"ANN@example.com"}, Enabled: true})
			in.Failures = append(in.Failures, failure(*p, "Refused to create a new, duplicate resource", now))
		}, "a user with this e-mail address was made by hand", "Delete that user"},
		"case differs": {func(p *people.Person, in *people.Input) {
			in.Users = append(in.Users, people.User{ID: "x", UserName: "Ann@example.com", ExternalIDs: []string{p.User.ID}, Enabled: true})
		}, "differs by upper and lower case", "lower case"},
		"case belongs to another": {func(p *people.Person, in *people.Input) {
			in.Users = append(in.Users, people.User{ID: "x", UserName: "Ann@example.com", ExternalIDs: []string{"00u-other"}, Enabled: true})
		}, "another person", "Rename one"},
		"disabled": {func(p *people.Person, in *people.Input) {
			user := arrived(*p)
			user.Enabled = false
			in.Users = append(in.Users, user)
			stuck(p)
		}, "disabled in Identity Center", "assign them again"},
		"deleted there": {func(p *people.Person, in *people.Input) {
			p.AppUser.ExternalID, p.AppUser.Status = "aws", "PROVISIONED"
			stuck(p)
		}, "Identity Center has no such user", "unassign the person"},
		"stuck": {func(p *people.Person, in *people.Input) { stuck(p) }, "not provisioned within 15m0s (STAGED)", "Tasks"},
		"cannot be a sign-in name": {func(p *people.Person, in *people.Input) {
			p.User.Login, p.AppUser.UserName, p.Login = "ann", "ann", "ann"
			in.Users = append(in.Users, arrived(*p))
		}, "not an e-mail address", "Rename"},
	} {
		t.Run(name, func(t *testing.T) {
			ann, bob := person("ann@example.com"), person("bob@example.com")
			in := compare(nil, arrived(bob))
			tc.spoil(&ann, &in)
			in.People = []people.Person{ann, bob}
			result := people.Compare(in)
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
	for name, spoil := range map[string]func(*people.Person, *people.Input){
		"staged":              func(*people.Person, *people.Input) {},
		"not an app user yet": func(p *people.Person, _ *people.Input) { p.AppUser = nil },
		"provisioned a moment ago": func(p *people.Person, _ *people.Input) {
			p.AppUser.ExternalID, p.AppUser.Status = "aws", "PROVISIONED"
		},
		"Okta repeats by itself": func(p *people.Person, in *people.Input) {
			in.Failures = append(in.Failures, failure(*p, "Too many requests", now))
		},
		"a failure from before the assignment": func(p *people.Person, in *people.Input) {
			in.Failures = append(in.Failures, failure(*p, "Matching user not found", now.Add(-time.Hour)))
		},
		"made by hand, Okta may still take it over": func(p *people.Person, in *people.Input) {
			in.Users = append(in.Users, people.User{ID: "hand", UserName: p.Login, Enabled: true})
		},
		"being enabled again": func(p *people.Person, in *people.Input) {
			user := arrived(*p)
			user.Enabled = false
			in.Users = append(in.Users, user)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ann := person("ann@example.com")
			in := compare(nil)
			spoil(&ann, &in)
			in.People = []people.Person{ann}
			require.Equal(t, people.Result{Wanted: 1, Pending: 1}, people.Compare(in))
		})
	}
}

func TestOfTwoLoginsThatDifferByCaseOneComes(t *testing.T) {
	ann, other := person("ann@example.com"), person("Ann@example.com")
	in := compare([]people.Person{ann, other})
	require.Equal(t, 2, people.Compare(in).Pending, "nobody knows yet which")
	in = compare([]people.Person{ann, other}, arrived(other))
	result := people.Compare(in)
	require.Equal(t, 1, result.Synced)
	require.Len(t, result.Missing, 1)
	require.Equal(t, "ann@example.com", result.Missing[0].Person)
	require.Contains(t, result.Missing[0].Reason, "Ann@example.com")
}

func TestGroupsAndMemberships(t *testing.T) {
	ann := person("ann@example.com")
	in := compare([]people.Person{ann}, arrived(ann))
	in.Groups = append(in.Groups, people.Group{Name: "ml"})
	require.Equal(t, people.Result{Wanted: 1, Synced: 1, PendingGroups: []string{"ml"}}, people.Compare(in))

	in.Groups[0].Members = nil
	require.Equal(t, []string{"ml", "users"}, people.Compare(in).PendingGroups)

	in.Now = now.Add(time.Hour)
	result := people.Compare(in)
	require.Empty(t, result.PendingGroups)
	require.Equal(t, []string{"ml"}, result.MissingGroups)
	require.Len(t, result.Missing, 1)
	require.Contains(t, result.Missing[0].Reason, `not a member of the group "users"`)
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	var all []people.Person
	var users []people.User
	for i := range 20 {
		p := person(string(rune('a'+i)) + "@example.com")
		switch i % 5 {
		case 0:
			users = append(users, arrived(p))
		case 1:
			p.User.LastName = ""
		case 2:
			users = append(users, people.User{ID: "x" + p.Login, UserName: string(rune('A'+i)) + "@example.com"},
				people.User{ID: "y" + p.Login, UserName: string(rune('A'+i)) + "@Example.com"})
		case 3:
			p.AppUser.StatusChanged = now.Add(-time.Hour)
		}
		all = append(all, p)
	}
	in := compare(all, users...)
	in.Failures = []model.LogEvent{failure(all[4], "a", now), failure(all[4], "b", now), failure(all[9], "c", now)}
	want := people.Compare(in)
	require.True(t, slices.IsSortedFunc(want.Missing, func(a, b people.Missing) int {
		return map[bool]int{true: -1,
			false: 1}[a.Person <= b.Person]
	}))
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		random.Shuffle(len(in.People), func(i, j int) { in.People[i], in.People[j] = in.People[j], in.People[i] })
		random.Shuffle(len(in.Users), func(i, j int) { in.Users[i], in.Users[j] = in.Users[j], in.Users[i] })
		random.Shuffle(len(in.Failures), func(i, j int) { in.Failures[i], in.Failures[j] = in.Failures[j], in.Failures[i] })
		require.Equal(t, want, people.Compare(in), "seed %d", seed)
	}
}
