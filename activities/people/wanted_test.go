package people_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/oktaorg/model"
)

// countedOkta counts what is asked for.
type countedOkta struct {
	*fakeOkta

	mu    sync.Mutex
	asked map[string]int
}

func (o *countedOkta) count(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked[what]++
}

func (o *countedOkta) GroupUsers(ctx context.Context, id string, page func([]model.User) error) error {
	o.count("members of " + id)
	return o.fakeOkta.GroupUsers(ctx, id, page)
}

func (o *countedOkta) UserGroups(_ context.Context, userID string) ([]model.Group, error) {
	o.count("groups of " + userID)
	var groups []model.Group
	for name, members := range o.groups {
		if slices.ContainsFunc(members, func(user model.User) bool { return user.ID == userID }) {
			groups = append(groups, model.Group{ID: "00g" + name, Name: name})
		}
	}
	return groups, nil
}

// crowd are so many people in the access group "users", all of them in the assignment group "everybody" and assigned to the app.
func crowd(n int) *countedOkta {
	o := &countedOkta{fakeOkta: &fakeOkta{groups: map[string][]model.User{}}, asked: map[string]int{}}
	for i := range n {
		user := oktaUser(fmt.Sprintf("p%04d@example.com", i))
		o.groups["users"] = append(o.groups["users"], user)
		o.groups["everybody"] = append(o.groups["everybody"], user)
		o.appUsers = append(o.appUsers, model.AppUser{ID: user.ID, UserName: user.Login, Status: "PROVISIONED"})
	}
	return o
}

func (o *countedOkta) insideWithoutApp(t *testing.T) []string {
	t.Helper()
	found, err := people.Wanted(t.Context(), o, "app", "everybody", []string{"users"}, nil)
	require.NoError(t, err)
	var logins []string
	for _, person := range found {
		if !person.Assigned() && person.InAssignmentGroup {
			logins = append(logins, person.Login)
		}
	}
	return logins
}

func TestAFewWithoutTheAppAreAskedForTheirGroupsAndNotEverybody(t *testing.T) {
	o := crowd(2000)
	o.appUsers = o.appUsers[2:]
	o.groups["everybody"] = o.groups["everybody"][1:] // the first is outside
	require.Equal(t, []string{"p0001@example.com"}, o.insideWithoutApp(t))
	require.Equal(t, map[string]int{
		"members of 00gusers": 1, "groups of 00u-p0000@example.com": 1, "groups of 00u-p0001@example.com": 1,
	}, o.asked)
}

func TestManyWithoutTheAppAreFoundInTheAssignmentGroup(t *testing.T) {
	o := crowd(2000)
	o.appUsers = o.appUsers[3:]
	o.groups["everybody"] = o.groups["everybody"][1:]
	require.Equal(t, []string{"p0001@example.com", "p0002@example.com"}, o.insideWithoutApp(t))
	require.Equal(t, map[string]int{"members of 00gusers": 1, "members of 00geverybody": 1}, o.asked)
}

func TestNobodyIsAskedAboutWhoIsNotActive(t *testing.T) {
	o := crowd(3)
	o.groups["users"][0].Status = "DEPROVISIONED"
	o.appUsers = o.appUsers[1:]
	require.Empty(t, o.insideWithoutApp(t))
	require.Equal(t, map[string]int{"members of 00gusers": 1}, o.asked)
}
