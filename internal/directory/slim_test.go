package directory_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/oktaorg"
)

// What is forgotten of people must not decide about anybody.
func TestSlimPeopleAreJudgedAsBefore(t *testing.T) {
	const login = "ada@example.com"
	var people []directory.Person
	for _, status := range []string{"ACTIVE", "SUSPENDED"} {
		for _, appStatus := range []string{"PROVISIONED", "ACTIVE", "STAGED", "DEPROVISIONED"} {
			for _, externalID := range []string{"", "u-1"} {
				for _, userName := range []string{"", login, "ada.l@example.com"} {
					people = append(people, directory.Person{
						Login: login, Groups: []string{"team"}, Named: true,
						User:    &oktaorg.User{ID: "00u1", Status: status, Login: login},
						AppUser: &oktaorg.AppUser{ID: "00u1", Status: appStatus, ExternalID: externalID, UserName: userName},
					})
				}
			}
		}
	}
	people = append(people, directory.Person{Login: login}, directory.Person{Login: login, User: &oktaorg.User{Status: "ACTIVE"}})
	before := slices.Clone(people)
	users := []directory.User{
		{ID: "u-1", UserName: login, Enabled: true}, {ID: "u-1", UserName: login}, {ID: "u-2", UserName: "ada.l@example.com", Enabled: true},
		{ID: "u-1", UserName: login, Enabled: true, ExternalIDs: []string{"00u1"}},
	}
	directory.Slim(people, map[string]*directory.User{login: &users[0]})
	for i, person := range people {
		require.Equal(t, before[i].Login, person.Login)
		require.Equal(t, before[i].UserName(), person.UserName())
		require.Equal(t, before[i].Assigned(), person.Assigned())
		for _, user := range users {
			require.Equal(t, before[i].CanSignIn(user), person.CanSignIn(user), "%+v %+v", before[i].AppUser, user)
			require.Equal(t, before[i].KeptBy(user), person.KeptBy(user), "%+v %+v", before[i].AppUser, user)
		}
	}
}
