package people_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/oktaorg/model"
)

// What is forgotten of people must not decide about anybody.
func TestSlimPeopleAreJudgedAsBefore(t *testing.T) {
	const login = "ada@example.com"
	var all []people.Person
	for _, status := range []string{"ACTIVE", "SUSPENDED"} {
		for _, appStatus := range []string{"PROVISIONED", "ACTIVE", "STAGED", "DEPROVISIONED"} {
			for _, externalID := range []string{"", "u-1"} {
				for _, userName := range []string{"", login, "ada.l@example.com"} {
					all = append(all, people.Person{
						Login: login, Groups: []string{"team"}, Named: true,
						User:    &model.User{ID: "00u1", Status: status, Login: login},
						AppUser: &model.AppUser{ID: "00u1", Status: appStatus, ExternalID: externalID, UserName: userName},
					})
				}
			}
		}
	}
	all = append(all, people.Person{Login: login}, people.Person{Login: login, User: &model.User{Status: "ACTIVE"}})
	before := slices.Clone(all)
	users := []people.User{
		{ID: "u-1", UserName: login, Enabled: true}, {ID: "u-1", UserName: login}, {ID: "u-2", UserName: "ada.l@example.com", Enabled: true},
		{ID: "u-1", UserName: login, Enabled: true, ExternalIDs: []string{"00u1"}},
	}
	people.ForgetCompared(all, map[string]*people.User{login: &users[0]})
	for i, person := range all {
		require.Equal(t, before[i].Login, person.Login)
		require.Equal(t, before[i].UserName(), person.UserName())
		require.Equal(t, before[i].Assigned(), person.Assigned())
		for _, user := range users {
			require.Equal(t, before[i].CanSignIn(user), person.CanSignIn(user), "%+v %+v", before[i].AppUser, user)
			require.Equal(t, before[i].KeptBy(user), person.KeptBy(user), "%+v %+v", before[i].AppUser, user)
		}
	}
}
