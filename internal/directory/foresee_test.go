package directory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/oktaorg"
)

func TestForeseeTellsWhoWillComeFromWhoWillNot(t *testing.T) {
	person := func(login string, change func(*directory.Person)) directory.Person {
		p := directory.Person{Login: login, InAssignmentGroup: true, User: &oktaorg.User{
			ID: "00u-" + login, Status: "ACTIVE", Login: login, Email: login, FirstName: "A", LastName: "B",
		}}
		if change != nil {
			change(&p)
		}
		return p
	}
	appUser := func(status, external string) func(*directory.Person) {
		return func(p *directory.Person) {
			p.AppUser = &oktaorg.AppUser{ID: p.User.ID, UserName: p.Login, Status: status, ExternalID: external}
		}
	}
	outlook := directory.Foresee(directory.Input{
		Now: time.Now(),
		People: []directory.Person{
			person("there@example.com", appUser("PROVISIONED", "1")),
			person("coming@example.com", nil),
			person("waiting@example.com", appUser("ACTIVE", "")),
			person("deleted@example.com", appUser("PROVISIONED", "2")),
			person("outside@example.com", func(p *directory.Person) { p.InAssignmentGroup = false }),
			person("nameless@example.com", func(p *directory.Person) { p.User.LastName = "" }),
			person("hand@example.com", nil),
			person("twin@example.com", nil),
			person("Twin@example.com", nil),
			{Login: "nobody@example.com"},
		},
		Users: []directory.User{
			{ID: "1", UserName: "there@example.com", Enabled: true, ExternalIDs: []string{"00u-there@example.com"}},
			{ID: "9", UserName: "hand@example.com", Enabled: true},
		},
	})
	logins := func(people []directory.Person) (names []string) {
		for _, p := range people {
			names = append(names, p.Login)
		}
		return names
	}
	require.Equal(t, []string{"there@example.com"}, logins(outlook.Present))
	require.Equal(t, "1", outlook.Users[0].ID)
	require.Equal(t, []string{"coming@example.com", "waiting@example.com"}, logins(outlook.Coming))
	reasons := map[string]string{}
	for _, m := range outlook.Missing {
		require.NotEmpty(t, m.Remedy, m.Person)
		reasons[m.Person] = m.Reason
	}
	require.Len(t, reasons, 7)
	for login, reason := range map[string]string{
		"deleted@example.com": "no such user", "outside@example.com": "not assigned", "nameless@example.com": "no last name",
		"hand@example.com": "made by hand", "twin@example.com": "the same login", "Twin@example.com": "the same login", "nobody@example.com": "knows nobody",
	} {
		require.Contains(t, reasons[login], reason, login)
	}
}
