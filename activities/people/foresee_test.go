package people_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

func TestForeseeTellsWhoWillComeFromWhoWillNot(t *testing.T) {
	person := func(login string, change func(*people.Person)) people.Person {
		p := people.Person{Login: login, InAssignmentGroup: true, User: &model.User{
			ID: "00u-" + login, Status: "ACTIVE", Login: login, Email: login, FirstName: "A", LastName: "B",
		}}
		if change != nil {
			change(&p)
		}
		return p
	}
	appUser := func(status, external string) func(*people.Person) {
		return func(p *people.Person) {
			p.AppUser = &model.AppUser{ID: p.User.ID, UserName: p.Login, Status: status, ExternalID: external}
		}
	}
	outlook := people.Foresee(people.Input{
		Now: time.Now(),
		People: []people.Person{
			person("there@example.com", appUser("PROVISIONED", "1")),
			person("coming@example.com", nil),
			person("waiting@example.com", appUser("ACTIVE", "")),
			person("deleted@example.com", appUser("PROVISIONED", "2")),
			person("outside@example.com", func(p *people.Person) { p.InAssignmentGroup = false }),
			person("nameless@example.com", func(p *people.Person) { p.User.LastName = "" }),
			person("hand@example.com", nil),
			person("back@example.com", nil),
			person("disabled@example.com", appUser("PROVISIONED", "8")),
			person("taken@example.com", func(p *people.Person) { p.Groups = []string{"users"} }),
			person("twin@example.com", nil),
			person("Twin@example.com", nil),
			{Login: "nobody@example.com"},
		},
		Users: []people.User{
			{ID: "1", UserName: "there@example.com", Enabled: true, ExternalIDs: []string{"00u-there@example.com"}},
			{ID: "9", UserName: "hand@example.com", Enabled: true},
			{ID: "7", UserName: "back@example.com", ExternalIDs: []string{"00u-back@example.com"}},
			{ID: "8", UserName: "disabled@example.com", ExternalIDs: []string{"00u-disabled@example.com"}},
			{ID: "6", UserName: "other@example.com", Emails: []string{"taken@example.com"}, Enabled: true},
		},
	})
	logins := func(all []people.Person) (names []string) {
		for _, p := range all {
			names = append(names, p.Login)
		}
		return names
	}
	require.Equal(t, []string{"there@example.com"}, logins(outlook.Present))
	require.Equal(t, "1", outlook.Users[0].ID)
	require.Equal(t, []string{"coming@example.com", "waiting@example.com", "hand@example.com", "back@example.com"}, logins(outlook.Coming),
		"Okta takes a user of the exact name over, and enables one whom it disabled")
	reasons := map[string]string{}
	for _, m := range outlook.Exceptions() {
		require.NotEmpty(t, m.Remedy, m.Person)
		require.NotEmpty(t, m.Code, m.Person)
		reasons[m.Person] = m.Reason
	}
	require.Len(t, reasons, 8)
	for login, reason := range map[string]string{
		"deleted@example.com": "no such user", "outside@example.com": "not assigned", "nameless@example.com": "no last name",
		"disabled@example.com": "disabled in", "taken@example.com": "made by hand", "twin@example.com": "the same login",
		"Twin@example.com":   "the same login",
		"nobody@example.com": "knows nobody",
	} {
		require.Contains(t, reasons[login], reason, login)
	}
	require.Equal(t, [][]string{{"Twin@example.com", "twin@example.com"}}, outlook.Contests)
	require.Len(t, outlook.Contested, 2)
	require.Equal(t, 7, outlook.Lost(), "one of the twins comes")
}

// Whom Okta takes over keeps the ID, and so the assignments and the profile.
func TestWhoIsTakenOverIsTheSameUserAfterwards(t *testing.T) {
	ada := people.Person{Login: "ada@example.com", InAssignmentGroup: true, Groups: []string{"users"}, User: &model.User{
		ID: "00u1", Status: "ACTIVE", Login: "ada@example.com", Email: "ada@example.com", FirstName: "A", LastName: "B"}}
	state := people.State{
		Now: time.Now(), People: []people.Person{ada}, Users: []people.User{{ID: "1", UserName: "ada@example.com"}},
		Directory: []people.Group{{Name: "users", ID: "g", Members: map[string]bool{}}},
	}
	users, groups := state.AfterSync(state.Outlook(onboarding.Spec{}))
	require.Equal(t, []people.User{{ID: "1", UserName: "ada@example.com", Enabled: true, ExternalIDs: []string{"00u1"}}}, users)
	require.Equal(t, map[string]bool{"1": true}, groups[0].Members)
	require.False(t, state.Users[0].Enabled, "the look stays as it was")
}

// Members whom a group in Identity Center lacks are counted, for the group to be pushed again.
func TestForeseeCountsLostMemberships(t *testing.T) {
	ada := people.Person{Login: "ada@example.com", Groups: []string{"users", "ml", "new"},
		User:    &model.User{ID: "00u1", Status: "ACTIVE", Login: "ada@example.com", Email: "ada@example.com", FirstName: "A", LastName: "B"},
		AppUser: &model.AppUser{ID: "00u1", UserName: "ada@example.com", Status: "PROVISIONED", ExternalID: "1"}}
	outlook := people.Foresee(people.Input{Now: time.Now(), People: []people.Person{ada},
		Users: []people.User{{ID: "1", UserName: "ada@example.com", Enabled: true, ExternalIDs: []string{"00u1"}}},
		Groups: []people.Group{{Name: "users", ID: "g1", Members: map[string]bool{}}, {Name: "ml", ID: "g2", Members: map[string]bool{"1": true}},
			{Name: "new"}},
	})
	require.Equal(t, map[string]int{"users": 1}, outlook.Lacks)
}

func TestOneOfThoseWhoCompeteComes(t *testing.T) {
	rival := func(login, email, status string) people.Person {
		return people.Person{Login: login, InAssignmentGroup: true, User: &model.User{
			ID: "00u-" + login, Status: status, Login: login, Email: email, FirstName: "A", LastName: "B",
		}}
	}
	active := "ACTIVE"
	for name, c := range map[string]struct {
		all      []people.Person
		contests [][]string
		coming   int
		lost     int
	}{
		"two of one address": {[]people.Person{rival("a@example.com", "x@example.com", active),
			rival("b@example.com", "X@example.com", active)},
			[][]string{{"a@example.com", "b@example.com"}}, 0, 1},
		"three of one address": {[]people.Person{rival("a@example.com", "x@example.com", active),
			rival("b@example.com", "x@example.com", active),
			rival("c@example.com", "x@example.com", active)}, [][]string{{"a@example.com", "b@example.com", "c@example.com"}}, 0, 2},
		"a rival whom Okta does not bring": {[]people.Person{rival("a@example.com", "x@example.com", active),
			rival("b@example.com", "x@example.com", "SUSPENDED")},
			nil, 1, 1},
		"two pairs": {[]people.Person{rival("a@example.com", "x@example.com", active), rival("A@example.com", "y@example.com", active),
			rival("c@example.com", "z@example.com", active), rival("d@example.com", "z@example.com", active)},
			[][]string{{"A@example.com", "a@example.com"}, {"c@example.com", "d@example.com"}}, 0, 2},
		"a chain": {[]people.Person{rival("a@example.com", "x@example.com", active), rival("A@example.com", "y@example.com", active),
			rival("c@example.com", "y@example.com", active)},
			[][]string{{"A@example.com", "a@example.com", "c@example.com"}}, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			outlook := people.Foresee(people.Input{People: c.all, Now: time.Now()})
			require.Equal(t, c.contests, outlook.Contests)
			require.Len(t, outlook.Coming, c.coming)
			require.Equal(t, c.lost, outlook.Lost())
		})
	}
}
