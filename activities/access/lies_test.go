package access_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// push makes Identity Center's groups what Okta's lists say, as an active push does before any reconcile looks.
func push(cloud *fakeCloud, okta *fakeOkta) {
	for name, members := range okta.groups {
		cloud.groups[name] = []string{}
		for _, member := range members {
			cloud.groups[name] = append(cloud.groups[name], "id-"+member.Login)
		}
	}
}

// outcome is what a reconcile made, and what it left.
type outcome struct {
	access.Result
	Roster onboarding.RosterState
}

// reconciled looks, makes access right, and looks again, as a reconcile does where Okta pushes by itself.
func reconciled(t *testing.T, x *access.Activities, in access.Input) outcome {
	t.Helper()
	_, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	after, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, result.Held, after.Held)
	require.False(t, after.Unsettled)
	return outcome{result, after.Roster}
}

func TestALieOfSeventyPercentThatOktaHasPushedAlreadyCostsNobodyAnything(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 49)
	everybody := slices.Clone(okta.groups["users"])
	okta.groups["users"] = okta.groups["users"][:15]
	push(cloud, okta)
	for range 3 { // it is held as well after Identity Center says the same as Okta
		result := reconciled(t, x, in)
		require.Contains(t, result.Held, "34 of 49 people would lose access")
		require.Equal(t, 34, result.Hold.Total)
		require.Equal(t, 49, result.Roster.Agreed)
		pass(x, 20*24*time.Hour)
	}
	require.Len(t, cloud.profiles, 49)
	require.Empty(t, cloud.writes)
	okta.groups["users"] = everybody
	push(cloud, okta)
	require.Empty(t, reconciled(t, x, in).Held, "they are back")
	require.Empty(t, cloud.writes)
}

func TestFourStepsOfEighteenPercentAreCountedTogether(t *testing.T) {
	const people = 60
	cloud, okta, x, in := keptTeam(t, people)
	in.Access.Guard.Quarantine = new(onboarding.Duration) // so that it shows at once who is removed
	for range 4 {
		okta.groups["users"] = okta.groups["users"][:len(okta.groups["users"])*82/100]
		push(cloud, okta)
		reconciled(t, x, in)
		pass(x, time.Hour)
	}
	require.GreaterOrEqual(t, len(cloud.profiles), people*80/100)
	pass(x, 60*24*time.Hour)
	result := reconciled(t, x, in)
	require.NotEmpty(t, result.Held, "when the window has passed, they still wait")
	require.GreaterOrEqual(t, len(cloud.profiles), people*80/100)
}

func TestOneEmptyListOfAGroupChangesNobodysRole(t *testing.T) {
	cloud := newFakeCloud(t)
	for i := range 20 {
		cloud.person(fmt.Sprintf("p%02d@example.com", i), []string{"users", "ml"}[:1+i%2]...)
	}
	x, in := accessOf(t, cloud), accessTo("ml", "users")
	okta := x.Okta.(*fakeOkta)
	in.FollowOkta, in.RecordChanges, in.Domain.Origin = true, true, onboarding.OriginCreated
	reconciled(t, x, in)
	roles := func() (ml int) {
		for _, profile := range cloud.profiles {
			if profile.role == fakeRoleML {
				ml++
			}
		}
		return ml
	}
	require.Equal(t, 10, roles())
	cloud.writes = nil
	okta.groups["ml"] = nil
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Contains(t, look.Held, `the group "ml" has nobody any more, of 10 people`)
	require.Empty(t, look.Stale, "an empty list is not spread")
	changes := changesOf(t, x, look)
	require.Equal(t, onboarding.AccessChange{Kind: onboarding.ChangeLeaveGroup, Who: "p01@example.com", Role: fakeRole, Held: true,
		Why: `left "ml", and keeps access by others; the execution role would become SageMakerStudio-team`}, changes[0])
	require.Equal(t, look.People.Wanted, look.People.Ready, "%+v", look.Exceptions)
	roleChanges := 0
	for _, change := range changes {
		require.True(t, change.Held, "%+v", change)
		if change.Kind == onboarding.ChangeSetRole {
			roleChanges++
		}
	}
	require.Equal(t, 10, roleChanges, "what would happen is shown")
	push(cloud, okta)
	require.Equal(t, 10, reconciled(t, x, in).Hold.Total)
	require.Empty(t, cloud.writes)

	in.Consent = look.Hold.ID
	require.Nil(t, reconciled(t, x, in).Hold)
	require.Zero(t, roles(), "with somebody's consent they change")
	require.Len(t, cloud.profiles, 20)
}

// shortOkta has lists that end early, and tells the truth of single people.
type shortOkta struct {
	*fakeOkta
	members, appUsers int
}

func (o shortOkta) GroupUsers(_ context.Context, id string, page func([]model.User) error) error {
	return page(o.groups[id][:o.members])
}

func (o shortOkta) AppUsers(_ context.Context, _ string, page func([]model.AppUser) error) error {
	return page(o.fakeOkta.appUsers[:o.appUsers])
}

// A page that is empty, and valid, and the last, ends a list of some as it ends a list of all.
func TestALastingEmptyPageContradictsWhatOktaSaysOfSinglePeople(t *testing.T) {
	for name, lists := range map[string][2]int{"a group's": {18, 20}, "the app's": {20, 18}, "a group's, of more than the share": {3, 20}} {
		t.Run(name, func(t *testing.T) {
			cloud, okta, x, in := keptTeam(t, 20)
			x.Okta = shortOkta{okta, lists[0], lists[1]}
			for range 3 {
				_, err := perform(t, x.VerifyAccess, in)
				require.Contains(t, requireFault(t, fault.Unavailable, err).Message(), "Okta contradicts itself")
				_, err = perform(t, x.ConvergeAccess, in)
				requireFault(t, fault.Unavailable, err)
				pass(x, 10*24*time.Hour)
			}
			require.Empty(t, cloud.writes)
			x.Okta = okta
			require.Empty(t, reconciled(t, x, in).Held)
			require.Empty(t, cloud.writes)
		})
	}
}

func TestConsentIsForExactlyTheListed(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 20)
	okta.groups["users"] = okta.groups["users"][:10]
	first := reconciled(t, x, in).Hold
	okta.groups["users"] = okta.groups["users"][:9] // after somebody has read the list
	second := reconciled(t, x, in).Hold
	require.NotEqual(t, first.ID, second.ID)
	require.Equal(t, 11, second.Total)
	in.Consent = "ffffffffffff"
	_, err := perform(t, x.VerifyAccess, in)
	require.Contains(t, requireFault(t, fault.Invalid, err).Message(), "there is no hold")
	in.Consent = first.ID
	result := reconciled(t, x, in)
	require.Equal(t, 1, result.Hold.Total)
	in.Consent = ""
	look, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	held := slices.DeleteFunc(changesOf(t, x, look), func(c onboarding.AccessChange) bool { return !c.Held })
	require.Equal(t, "p09@example.com", held[0].Who)
	require.Equal(t, onboarding.ChangeLoseAccess, held[0].Kind)
	require.Equal(t, 10, result.Roster.Quarantined)
	pass(x, 8*24*time.Hour)
	require.Equal(t, 10, reconciled(t, x, in).ProfilesRemoved)
	require.Contains(t, cloud.profiles, "p09-example-com")
}

// An upgrade finds no roster, and is as careful as the version before: it compares with what is there.
func TestWithoutARosterWhatIsThereCounts(t *testing.T) {
	cloud, okta, x, in := keptTeam(t, 20)
	x.People = accessOf(t, cloud).People
	okta.groups["users"] = okta.groups["users"][:10]
	require.Contains(t, reconciled(t, x, in).Held, "10 of 20 people would lose access")
	x.People = accessOf(t, cloud).People
	push(cloud, okta) // now the profiles are all that is left
	require.Contains(t, reconciled(t, x, in).Held, "10 of 20 people would lose access")
	require.Empty(t, cloud.writes)
}

// Whatever Okta says, however often, and whoever pushes it: nobody loses a profile or a role beyond the share in the window.
func TestNobodyLosesAnythingBeyondTheShareWhateverOktaSays(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			const people = 20
			random := rand.New(rand.NewPCG(seed, 9))
			cloud := newFakeCloud(t)
			for i := range people {
				cloud.person(fmt.Sprintf("p%02d@example.com", i), []string{"users", "ml"}[:1+i%2]...)
			}
			x, in := accessOf(t, cloud), accessTo("ml", "users")
			okta := x.Okta.(*fakeOkta)
			in.FollowOkta, in.RecordChanges, in.Domain.Origin = true, true, onboarding.OriginCreated
			in.Access.OnRemoval, in.Access.Guard.Quarantine = onboarding.RemovalDeleteProfile, new(onboarding.Duration)
			reconciled(t, x, in)
			truth := map[string][]model.User{"ml": slices.Clone(okta.groups["ml"]), "users": slices.Clone(okta.groups["users"])}
			for range 6 { // within one window
				group := []string{"ml", "users"}[random.IntN(2)]
				switch random.IntN(5) {
				case 0: // recovers
					for name, members := range truth {
						okta.groups[name] = slices.Clone(members)
					}
				case 1:
					okta.groups[group] = nil
				default:
					okta.groups[group] = slices.DeleteFunc(okta.groups[group], func(model.User) bool { return random.IntN(100) < 15 })
				}
				if random.IntN(2) == 0 {
					push(cloud, okta)
				}
				reconciled(t, x, in)
				pass(x, time.Hour)
				ml := 0
				for _, profile := range cloud.profiles {
					if profile.role == fakeRoleML {
						ml++
					}
				}
				require.GreaterOrEqual(t, len(cloud.profiles), people*80/100)
				require.GreaterOrEqual(t, ml, people/2-max(2, people*20/100))
			}
			for name, members := range truth {
				okta.groups[name] = slices.Clone(members)
			}
			push(cloud, okta)
			require.Empty(t, reconciled(t, x, in).Held)
			require.Len(t, cloud.profiles, people, "after recovery everybody has a profile")
			for name, profile := range cloud.profiles {
				require.Equal(t, slices.ContainsFunc(truth["ml"], func(u model.User) bool { return u.Login == profile.user }),
					profile.role == fakeRoleML, name)
			}
		})
	}
}
