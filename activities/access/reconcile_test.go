package access_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

// keptTeam is n people of "users" whom Okta and Identity Center agree about, converged once.
func keptTeam(t *testing.T, n int) (*fakeCloud, *fakeOkta, *access.Activities, access.Input) {
	cloud := newFakeCloud(t)
	cloud.groups["users"] = []string{}
	for i := range n {
		cloud.person(fmt.Sprintf("p%02d@example.com", i), "users")
	}
	x := accessOf(t, cloud)
	in := accessTo("users")
	in.FollowOkta, in.RecordChanges = true, true
	in.Domain.Origin = onboarding.OriginCreated
	in.Access.OnRemoval = onboarding.RemovalDeleteProfile
	_, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Len(t, cloud.profiles, n)
	cloud.writes = nil
	return cloud, x.Okta.(*fakeOkta), x, in
}

// changesOf are the differences that a look found.
func changesOf(t *testing.T, x *access.Activities, look access.VerifyResult) []onboarding.AccessChange {
	t.Helper()
	require.Empty(t, look.Changes.Listed, "they name people, and results are in histories")
	return storetest.Changes(t, x.People, fakeRun, look.Changes.Generation)
}

func (o *fakeOkta) leave(login, group string) {
	o.groups[group] = slices.DeleteFunc(o.groups[group], func(u model.User) bool { return u.Login == login })
}

func TestWhoLeftInOktaCountsNoMoreAlthoughSCIMLags(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 10)
	okta.leave("p03@example.com", "users")
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, []string{"users"}, look.Stale)
	require.Equal(t, 2, look.Changes.Total)
	require.Equal(t, onboarding.ChangeDeleteProfile, changesOf(t, x, look)[0].Kind)
	require.Equal(t, onboarding.ChangeLeaveGroup, changesOf(t, x, look)[1].Kind)
	require.Equal(t, "p03@example.com", changesOf(t, x, look)[0].Who)
	require.Equal(t, "p03@example.com", changesOf(t, x, look)[1].Who)
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, 1, result.ProfilesRemoved)
	require.Len(t, cloud.profiles, 9)
}

func TestWhoIsNotAssignedToTheAppCountsNoMore(t *testing.T) {
	_, okta, x, in := keptTeam(t, 10)
	okta.appUser("p04@example.com").Status = "DEPROVISIONED"
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, "p04@example.com", changesOf(t, x, look)[0].Who)
}

func TestAListThatIsEmptyOrMuchShorterIsNotActedOn(t *testing.T) {
	for name, c := range map[string]struct {
		shrink func(*fakeCloud, *fakeOkta)
		why    string
	}{
		"Okta lists nobody in the group": {func(_ *fakeCloud, o *fakeOkta) { o.groups["users"] = nil },
			"Okta lists nobody in the group \"users\", which has 10 people"},
		"Okta lists nobody as assigned": {func(_ *fakeCloud, o *fakeOkta) { o.appUsers = nil },
			"Okta lists nobody of the access groups as assigned to the app"},
		"Okta lists 60 % less": {func(_ *fakeCloud, o *fakeOkta) { o.groups["users"] = o.groups["users"][:4] },
			"Okta no longer lists 6 of the 10 people"},
		"Identity Center has nobody": {func(c *fakeCloud, _ *fakeOkta) { c.users = nil }, "the group \"users\" has no enabled members"},
		"the group is empty there": {func(c *fakeCloud, _ *fakeOkta) { c.groups["users"] = []string{} },
			"the group \"users\" has no enabled members"},
		"both lists have shrunk by 60 %": {func(c *fakeCloud, o *fakeOkta) {
			c.groups["users"], o.groups["users"] = c.groups["users"][:4], o.groups["users"][:4]
		}, "6 of 10 people would lose"},
		"three of ten are disabled by now": {func(c *fakeCloud, _ *fakeOkta) {
			for i := range 3 {
				c.users[i]["UserStatus"] = "DISABLED"
			}
		}, "3 of 10 people would lose"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, okta, x, in := keptTeam(t, 10)
			c.shrink(cloud, okta)
			look, err := perform(t, x.VerifyAccess, in)
			require.NoError(t, err)
			require.Contains(t, look.Held, "nobody was removed")
			require.Contains(t, look.Held, c.why)
			result, err := perform(t, x.ConvergeAccess, in)
			require.NoError(t, err)
			require.Equal(t, look.Held, result.Held)
			require.Empty(t, cloud.writes)
			require.Len(t, cloud.profiles, 10)
			for _, change := range changesOf(t, x, look) {
				require.Equal(t, change.Kind != onboarding.ChangeJoinGroup, change.Held, "%+v", change)
			}
			if strings.Contains(name, "Okta") {
				require.Empty(t, look.Stale, "a list in doubt is not spread further")
			}

			in.AllowRemovals = true
			_, err = perform(t, x.ConvergeAccess, in)
			require.NoError(t, err)
			require.NotEmpty(t, cloud.writes, "with the operator's consent they go")
		})
	}
}

func TestAssignmentsByHandGoFromTheRunsOwnDomainOnly(t *testing.T) {
	for origin, goes := range map[onboarding.Origin]bool{onboarding.OriginCreated: true, onboarding.OriginAdopted: false} {
		cloud, _, x, in := keptTeam(t, 10)
		in.Domain.Origin = origin
		cloud.person("guest@example.com")
		cloud.assigned["USER/id-guest@example.com"] = true
		_, err := perform(t, x.ConvergeAccess, in)
		require.NoError(t, err)
		require.Equal(t, !goes, cloud.assigned["USER/id-guest@example.com"], origin)
		require.True(t, cloud.assigned["GROUP/g-users"])
	}
}

func TestAGroupAssignedByHandWeighsAsManyAsLoseAccess(t *testing.T) {
	cloud, _, x, in := keptTeam(t, 10)
	for i := range 5 {
		cloud.person(fmt.Sprintf("guest%d@example.com", i), "guests")
	}
	cloud.assigned["GROUP/g-guests"] = true
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Contains(t, look.Held, "5 of 15 people would lose")
	require.Equal(t, onboarding.AccessChange{Kind: onboarding.ChangeRevoke, Who: "guests", Group: true, Held: true,
		Why: "assigned to the Studio application, but has no access by Okta and the spec"}, changesOf(t, x, look)[0])
	_, err = perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.True(t, cloud.assigned["GROUP/g-guests"])
	cloud.groups["guests"] = cloud.groups["guests"][:1]
	_, err = perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.False(t, cloud.assigned["GROUP/g-guests"], "one person less is no reason to ask")
}

func TestAppsOfWhoLeftAreNamed(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 10)
	in.Access.OnRemoval = onboarding.RemovalRevoke
	okta.leave("p05@example.com", "users")
	cloud.apps["p05-example-com"] = "InService"
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(look.Notices), "apps of the profile p05-example-com still run")
}

// halfOkta answers with the first page of a group and then fails.
type halfOkta struct{ *fakeOkta }

func (o halfOkta) GroupUsers(_ context.Context, id string, page func([]model.User) error) error {
	if err := page(o.groups[id][:2]); err != nil {
		return err
	}
	return fault.New(fault.Unavailable, "okta", "okta:GET /api/v1/groups/{id}/users", "Okta answered 503.")
}

func TestAnErrorOnTheSecondPageIsNoShortList(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 10)
	x.Okta = halfOkta{okta}
	in.AllowRemovals = true // not even then
	_, err := perform(t, x.VerifyAccess, in)
	require.Contains(t, requireFault(t, fault.Unavailable, err).Message(), "503")
	_, err = perform(t, x.ConvergeAccess, in)
	requireFault(t, fault.Unavailable, err)
	require.Empty(t, cloud.writes)
}
