package access_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

const (
	role   = "arn:aws:iam::222222222222:role/SageMakerStudio-team"
	roleML = "arn:aws:iam::222222222222:role/SageMakerStudio-ml"
)

func team() access.Desired {
	return access.Desired{
		Groups: []access.Group{
			{Name: "ml", ID: "g-ml", Role: roleML, Members: []string{"u2", "u3"}},
			{Name: "users", ID: "g-users", Members: []string{"u1", "u2", "u9"}},
		},
		Singles: []access.Single{{UserID: "u4"}},
		Users: map[string]string{"u1": "ann@example.com", "u2": "bob@example.com", "u3": "cid@example.com", "u4": "dora@example.com",
			"u5": "eve@example.com"},
		DefaultRole: role, Eager: true, OnRemoval: onboarding.RemovalRevoke,
	}
}

// apply does to actual what changes say, as the providers would, in an instant.
func apply(actual access.Actual, changes access.Changes) access.Actual {
	gone := func(profiles ...[]access.Profile) func(access.Profile) bool {
		names := map[string]bool{}
		for _, p := range slices.Concat(profiles...) {
			names[p.Name] = true
		}
		return func(p access.Profile) bool { return names[p.Name] }
	}
	actual.Assignments = slices.DeleteFunc(append(slices.Clone(actual.Assignments), changes.Assign...), func(a access.Assignment) bool {
		return slices.Contains(changes.Revoke, a)
	})
	profiles := slices.DeleteFunc(slices.Clone(actual.Profiles), gone(changes.Remake, changes.Delete, changes.SetRole))
	for i, p := range profiles {
		switch {
		case p.Status == profile.StatusPending || p.Status == profile.StatusUpdating:
			profiles[i].Status = profile.StatusInService
		}
	}
	profiles = slices.DeleteFunc(profiles, func(p access.Profile) bool { return p.Status == profile.StatusDeleting })
	for _, p := range slices.Concat(changes.Create, changes.SetRole) {
		p.Status, p.Ours = profile.StatusInService, true
		profiles = append(profiles, p)
	}
	actual.Profiles = profiles
	return actual
}

func TestAnEmptyDomainGetsAssignmentsAndProfiles(t *testing.T) {
	changes := access.Diff(team(), access.Actual{})
	require.Equal(t, []access.Assignment{
		{PrincipalID: "g-ml", Type: access.PrincipalGroup}, {PrincipalID: "g-users", Type: access.PrincipalGroup},
		{PrincipalID: "u4", Type: access.PrincipalUser},
	}, changes.Assign)
	require.Equal(t, []access.Profile{
		{Name: "ann-example-com", UserName: "ann@example.com"},
		{Name: "bob-example-com", UserName: "bob@example.com", Role: roleML},
		{Name: "cid-example-com", UserName: "cid@example.com", Role: roleML},
		{Name: "dora-example-com", UserName: "dora@example.com"},
	}, changes.Create)
}

func TestTheFirstListedGroupDecidesAboutTheRole(t *testing.T) {
	people := team().People()
	require.Equal(t, roleML, people[1].Role)
	require.Equal(t, []string{"ml", "users"}, people[1].Via)
	require.Contains(t, people[1].Conflict, "SageMakerStudio-ml")
	require.Empty(t, people[0].Conflict)

	desired := team()
	slices.Reverse(desired.Groups)
	require.Equal(t, role, desired.People()[1].Role)
	desired.Singles = append(desired.Singles, access.Single{UserID: "u2", Role: roleML})
	require.Equal(t, roleML, desired.People()[1].Role, "the own entry wins over groups")
}

func TestAtFirstSignInNobodyGetsAProfileAhead(t *testing.T) {
	desired := team()
	desired.Eager = false
	changes := access.Diff(desired, access.Actual{Profiles: []access.Profile{{Name: "x", UserName: "cid@example.com",
		Status: profile.StatusInService}}})
	require.Empty(t, changes.Create)
	require.Equal(t, []access.Profile{{Name: "x", UserName: "cid@example.com", Role: roleML, Status: profile.StatusInService}},
		changes.SetRole)
}

func TestProfilesInEveryStatus(t *testing.T) {
	actual := access.Actual{Profiles: []access.Profile{
		{Name: "ann", UserName: "ann@example.com", Status: profile.StatusFailed},
		{Name: "bob", UserName: "bob@example.com", Role: roleML, Status: profile.StatusPending},
		{Name: "cid", UserName: "cid@example.com", Role: roleML, Status: profile.StatusUpdateFailed},
		{Name: "dora", UserName: "dora@example.com", Status: profile.StatusDeleting},
	}}
	changes := access.Diff(team(), actual)
	require.Equal(t, actual.Profiles[:1], changes.Remake)
	require.Equal(t, []access.Profile{actual.Profiles[1], actual.Profiles[3]}, changes.Waiting)
	require.Equal(t, actual.Profiles[2:3], changes.SetRole)
	require.Empty(t, changes.Create)
}

// crowd is a team of n people with the profiles they should have, besides eve, who left.
func crowd(n int, onRemoval string) (access.Desired, access.Actual) {
	desired := access.Desired{Groups: []access.Group{{Name: "users", ID: "g"}}, Users: map[string]string{}, DefaultRole: role, Eager: true,
		OnRemoval: onRemoval}
	actual := access.Actual{UserIDs: map[string]string{"eve@example.com": "eve"}}
	for i := range n {
		id := fmt.Sprintf("u%d", i)
		desired.Users[id] = id + "@example.com"
		actual.UserIDs[id+"@example.com"] = id
		desired.Groups[0].Members = append(desired.Groups[0].Members, id)
	}
	actual = apply(actual, access.Diff(desired, actual))
	actual.Profiles = append(actual.Profiles, access.Profile{Name: "eve", UserName: "eve@example.com", Status: profile.StatusInService,
		Ours: true})
	actual.Assignments = append(actual.Assignments, access.Assignment{PrincipalID: "eve", Type: access.PrincipalUser})
	return desired, actual
}

func TestWhatIsTakenFromSomebodyWhoLeftDependsOnThePolicy(t *testing.T) {
	eve := access.Assignment{PrincipalID: "eve", Type: access.PrincipalUser}
	for _, tc := range []struct {
		policy         string
		revoke, delete int
	}{{onboarding.RemovalReport, 0, 0}, {onboarding.RemovalRevoke, 1, 0}, {onboarding.RemovalDeleteProfile, 1, 1}} {
		desired, actual := crowd(10, tc.policy)
		require.Empty(t, access.Diff(desired, actual).Delete, "%s: not before the quarantine is over", tc.policy)
		desired.Due = map[string]bool{"eve@example.com": true}
		changes := access.Diff(desired, actual)
		require.Len(t, changes.Leavers, 1, tc.policy)
		require.Len(t, changes.Revoke, tc.revoke, tc.policy)
		require.Len(t, changes.Delete, tc.delete, tc.policy)
		if tc.revoke > 0 {
			require.Equal(t, eve, changes.Revoke[0])
		}
		require.True(t, access.Diff(desired, apply(actual, changes)).Empty())
	}
}

func TestWhatIsNotOursStays(t *testing.T) {
	desired, actual := crowd(10, onboarding.RemovalDeleteProfile)
	actual.Profiles[10].Ours = false
	actual.Profiles = append(actual.Profiles, access.Profile{Name: "nobody-knows", Status: profile.StatusInService, Ours: true})
	actual.Assignments = append(actual.Assignments, access.Assignment{PrincipalID: "other", Type: access.PrincipalGroup})
	require.True(t, access.Diff(desired, actual).Empty())
}

func TestNothingIsTakenFromWhoIsHeld(t *testing.T) {
	desired, actual := crowd(10, onboarding.RemovalDeleteProfile)
	guests := access.Assignment{PrincipalID: "guests", Type: access.PrincipalGroup}
	actual.Assignments = append(actual.Assignments, guests)
	actual.Ours = map[access.Assignment]bool{guests: true}
	actual.Losing = map[access.Assignment][]string{guests: {"eve@example.com"}}
	desired.Due = map[string]bool{"eve@example.com": true}
	desired.Kept = map[string]bool{"eve@example.com": true}
	changes := access.Diff(desired, actual)
	require.Len(t, changes.Leavers, 1)
	require.True(t, changes.Empty(), "%+v", changes)

	desired.Groups[0].Role = roleML
	require.Len(t, access.Diff(desired, actual).SetRole, 10)
	desired.Pinned = map[string]string{"u3@example.com": role}
	require.Len(t, access.Diff(desired, actual).SetRole, 9, "nor is the role changed of somebody who left a group")
}

func TestNobodyWantedRemovesExactlyWhatIsOurs(t *testing.T) {
	for seed := range uint64(100) {
		_, actual := world(seed)
		ours := map[access.Assignment]bool{}
		for i, a := range actual.Assignments {
			if a.Type == access.PrincipalGroup && i%2 == 0 {
				ours[a] = true
			}
		}
		actual.Ours = ours
		changes := access.Diff(access.Desired{OnRemoval: onboarding.RemovalDeleteProfile, Due: everybody(actual)}, actual)
		after := apply(actual, changes)
		for _, p := range actual.Profiles {
			stays := slices.ContainsFunc(after.Profiles, func(q access.Profile) bool { return p.Name == q.Name })
			require.Equal(t, !p.Ours && p.Status != profile.StatusDeleting, stays, "seed %d: %+v", seed, p)
		}
		for _, a := range actual.Assignments {
			isOurs := ours[a] || slices.ContainsFunc(actual.Profiles, func(p access.Profile) bool {
				return p.Ours && a.Type == access.PrincipalUser && actual.UserIDs[p.UserName] == a.PrincipalID
			})
			require.Equal(t, !isOurs, slices.Contains(after.Assignments, a), "seed %d: %+v", seed, a)
		}
	}
}

// everybody is the due of all who have a profile.
func everybody(actual access.Actual) map[string]bool {
	due := map[string]bool{}
	for _, p := range actual.Profiles {
		due[p.UserName] = true
	}
	return due
}

func TestConvergingEndsAndTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	for seed := range uint64(300) {
		desired, actual := world(seed)
		random := rand.New(rand.NewPCG(seed, 2))
		changes := access.Diff(desired, actual)

		mixed := access.Actual{Assignments: slices.Clone(actual.Assignments), Profiles: slices.Clone(actual.Profiles), UserIDs: actual.UserIDs}
		random.Shuffle(len(mixed.Assignments), func(i, j int) {
			mixed.Assignments[i], mixed.Assignments[j] = mixed.Assignments[j], mixed.Assignments[i]
		})
		random.Shuffle(len(mixed.Profiles), func(i, j int) { mixed.Profiles[i], mixed.Profiles[j] = mixed.Profiles[j], mixed.Profiles[i] })
		other := desired
		other.Groups = slices.Clone(desired.Groups)
		for i := range other.Groups {
			members := slices.Clone(other.Groups[i].Members)
			random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
			other.Groups[i].Members = members
		}
		require.Equal(t, changes, access.Diff(other, mixed), "seed %d", seed)

		// A profile that fails or is being deleted needs a second round.
		for range 3 {
			actual = apply(actual, changes)
			changes = access.Diff(desired, actual)
		}
		require.True(t, changes.Empty(), "seed %d: %+v", seed, changes)
		if desired.Eager {
			for _, person := range desired.People() {
				require.True(t, slices.ContainsFunc(actual.Profiles, func(p access.Profile) bool {
					return p.UserName == person.UserName && p.Status == profile.StatusInService &&
						(p.Role == person.Role || p.Role == "" && person.Role == role)
				}), "seed %d: %+v", seed, person)
			}
		}
	}
}

// world makes a directory, wishes, and a domain in which others and earlier runs have been at work.
func world(seed uint64) (access.Desired, access.Actual) {
	random := rand.New(rand.NewPCG(seed, 3))
	desired := access.Desired{Users: map[string]string{}, DefaultRole: role, Eager: random.IntN(4) > 0,
		OnRemoval: []string{onboarding.RemovalReport, onboarding.RemovalRevoke, onboarding.RemovalDeleteProfile}[random.IntN(3)]}
	actual := access.Actual{UserIDs: map[string]string{}}
	names := map[string]bool{}
	for len(names) < 12 {
		names[randomUser(random)] = true
	}
	var ids []string
	for i, name := range slices.Sorted(maps.Keys(names)) {
		id := fmt.Sprintf("u%02d", i)
		ids = append(ids, id)
		actual.UserIDs[name] = id
		if random.IntN(6) > 0 {
			desired.Users[id] = name
		}
	}
	some := func() []string {
		return slices.DeleteFunc(slices.Clone(ids), func(string) bool { return random.IntN(2) == 0 })
	}
	desired.Groups = []access.Group{{Name: "a", ID: "g-a", Members: some()}, {Name: "b", ID: "g-b", Role: roleML, Members: some()}}
	for _, id := range some() {
		if random.IntN(3) == 0 {
			desired.Singles = append(desired.Singles, access.Single{UserID: id, Role: roleML})
		}
	}
	for _, principal := range []string{"g-a", "g-other", "g-older"} {
		if random.IntN(2) == 0 {
			actual.Assignments = append(actual.Assignments, access.Assignment{PrincipalID: principal, Type: access.PrincipalGroup})
		}
	}
	statuses := []string{profile.StatusInService, profile.StatusPending, profile.StatusUpdating, profile.StatusDeleting,
		profile.StatusFailed, profile.StatusUpdateFailed, profile.StatusDeleteFailed}
	for i, name := range slices.Sorted(maps.Keys(names)) {
		if random.IntN(2) == 0 {
			actual.Profiles = append(actual.Profiles, access.Profile{
				Name: fmt.Sprintf("%s-%d", profile.Name(name), i), UserName: name, Role: []string{"", role, roleML}[random.IntN(3)],
				Status: statuses[random.IntN(len(statuses))], Ours: random.IntN(2) == 0,
			})
		}
		if random.IntN(3) == 0 {
			actual.Assignments = append(actual.Assignments, access.Assignment{PrincipalID: ids[i], Type: access.PrincipalUser})
		}
	}
	desired.Due = everybody(actual)
	return desired, actual
}

// randomUser draws from few letters, so that names collide.
func randomUser(random *rand.Rand) string {
	const letters = "aAb1.-_+é"
	var b strings.Builder
	for range 1 + random.IntN(4) {
		r := []rune(letters)
		b.WriteRune(r[random.IntN(len(r))])
	}
	if random.IntN(10) == 0 {
		b.WriteString(strings.Repeat("z", 60+random.IntN(8)))
	}
	return b.String()
}
