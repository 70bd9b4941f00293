package access_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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
	require.Equal(t, onboarding.ChangeQuarantine, changesOf(t, x, look)[0].Kind)
	require.Equal(t, onboarding.ChangeLeaveGroup, changesOf(t, x, look)[1].Kind)
	require.Equal(t, "p03@example.com", changesOf(t, x, look)[0].Who)
	require.Equal(t, "p03@example.com", changesOf(t, x, look)[1].Who)
	require.Equal(t, 1, reconciled(t, x, in).Roster.Quarantined)
	require.Len(t, cloud.profiles, 10, "the profile is kept for a while")
	pass(x, 8*24*time.Hour)
	require.Equal(t, 1, reconciled(t, x, in).ProfilesRemoved)
	require.Len(t, cloud.profiles, 9)
}

// pass lets time pass for the guard.
func pass(x *access.Activities, d time.Duration) {
	now := time.Now
	if x.Now != nil {
		now = x.Now
	}
	x.Now = func() time.Time { return now().Add(d) }
}

func TestWhoComesBackWithinTheQuarantineFindsEverythingAsItWas(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 10)
	okta.leave("p03@example.com", "users")
	cloud.leave("p03@example.com", "users")
	_, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	pass(x, 6*24*time.Hour)
	okta.groups["users"] = append(okta.groups["users"], oktaUser("p03@example.com"))
	cloud.groups["users"] = append(cloud.groups["users"], "id-p03@example.com")
	require.Zero(t, reconciled(t, x, in).Roster.Quarantined)
	pass(x, 60*24*time.Hour)
	_, err = perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Len(t, cloud.profiles, 10)
	require.Empty(t, cloud.writes, "the profile was never touched")
}

func TestAQuarantineOfNothingDeletesAtOnce(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 10)
	in.Access.Guard.Quarantine = new(onboarding.Duration)
	okta.leave("p03@example.com", "users")
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, onboarding.ChangeDeleteProfile, changesOf(t, x, look)[0].Kind)
	_, err = perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Len(t, cloud.profiles, 9)
}

func TestWhoIsInOktasGroupCountsAlthoughIdentityCenterLacksThem(t *testing.T) {
	cloud, _, x, in := keptTeam(t, 10)
	cloud.groups["users"] = []string{}
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Empty(t, look.Held)
	require.Equal(t, []string{"users"}, look.Stale)
	require.Equal(t, 10, look.Changes.Total)
	require.Equal(t, onboarding.ChangeJoinGroup, changesOf(t, x, look)[0].Kind)
	_, err = perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Empty(t, cloud.writes)
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
			"nobody of 10 people should have access any more"},
		"Okta lists nobody as assigned": {func(_ *fakeCloud, o *fakeOkta) { o.appUsers = nil },
			"nobody of 10 people should have access any more"},
		"Okta lists 60 % less": {func(_ *fakeCloud, o *fakeOkta) { o.groups["users"] = o.groups["users"][:4] },
			"6 of 10 people would lose access within 7 days, which is more than 20 %"},
		"Identity Center has nobody": {func(c *fakeCloud, _ *fakeOkta) { c.users = nil }, "the group \"users\" has nobody any more"},
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
			require.Contains(t, look.Held, "they keep what they have")
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

			pass(x, 300*24*time.Hour)
			result, err = perform(t, x.ConvergeAccess, in)
			require.NoError(t, err)
			require.Equal(t, look.Hold.ID, result.Hold.ID, "a hold does not end by time")
			in.Consent = look.Hold.ID
			agreed := reconciled(t, x, in)
			require.Nil(t, agreed.Hold)
			require.Equal(t, look.Hold.Total, agreed.Roster.Quarantined)
			in.Consent = ""
			pass(x, 8*24*time.Hour)
			require.Equal(t, look.Hold.Total, reconciled(t, x, in).ProfilesRemoved, "with the operator's consent they go")
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
	require.Contains(t, look.Held, "5 of 15 people would lose access")
	changes := changesOf(t, x, look)
	require.Equal(t, "guest0@example.com", changes[0].Who)
	require.Equal(t, onboarding.AccessChange{Kind: onboarding.ChangeRevoke, Who: "guests", Group: true, Held: true,
		Why: "assigned to the Studio application, but has no access by Okta and the spec"}, changes[5])
	held, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.True(t, cloud.assigned["GROUP/g-guests"])
	in.Consent = held.Hold.ID
	_, err = perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.False(t, cloud.assigned["GROUP/g-guests"])
}

func TestOnePersonWhoLosesAnAssignmentByHandIsNoReasonToAsk(t *testing.T) {
	cloud, _, x, in := keptTeam(t, 10)
	cloud.person("guest@example.com", "guests")
	cloud.assigned["GROUP/g-guests"] = true
	_, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.False(t, cloud.assigned["GROUP/g-guests"])
}

func TestAppsOfWhoLeftAreNamed(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 10)
	in.Access.OnRemoval = onboarding.RemovalRevoke
	okta.leave("p05@example.com", "users")
	cloud.apps["p05-example-com"] = "InService"
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(look.Notices), "apps of the profile p05-example-com still run")

	// Who may not look at apps is no reason to leave everybody's access undone.
	cloud.refuse = func(operation string, _ map[string]any) string {
		if operation != "ListSpaces" {
			return ""
		}
		return "AccessDeniedException: User: arn:aws:iam::222222222222:role/x is not authorized to perform: sagemaker:ListSpaces"
	}
	look, err = perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(look.Notices), "whether apps of the profile p05-example-com still run can't be seen")
	require.Contains(t, fmt.Sprint(look.Notices), "sagemaker:ListSpaces")
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
