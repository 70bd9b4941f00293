package roster_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/roster"
)

var (
	rules = roster.Rules{Share: 20, People: 3, Window: 7 * day, Quarantine: 7 * day}
	start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
)

const day = 24 * time.Hour

// crowd is n people of one group.
func crowd(n int, group string) []roster.Person {
	var people []roster.Person
	for i := range n {
		people = append(people, roster.Person{Name: fmt.Sprintf("p%03d@example.com", i), Groups: []string{group}, Role: "role-" + group})
	}
	return people
}

// looked is a look of a time that finds these people, under the policy to delete profiles; everybody else has one.
func looked(at time.Duration, before roster.Roster, people []roster.Person) roster.Look {
	look := roster.Look{People: people, Groups: []string{"ml", "users"}, OnRemoval: "delete-profile", Now: start.Add(at),
		Profiles: map[string]string{}}
	note := func(name string) {
		if !slices.ContainsFunc(people, func(p roster.Person) bool { return p.Name == name }) {
			look.Profiles[name] = "profile-of-" + name
		}
	}
	for _, p := range before.People {
		note(p.Name)
	}
	for _, p := range before.Quarantine {
		note(p.Name)
	}
	return look
}

func judged(at time.Duration, before roster.Roster, people []roster.Person) roster.Judgement {
	return before.Judge(rules, looked(at, before, people))
}

func TestAFewWhoLeaveAreQuarantinedAndComeBack(t *testing.T) {
	everybody := crowd(20, "users")
	before := roster.Roster{People: everybody}
	j := judged(0, before, everybody[2:])
	require.True(t, j.Changed)
	require.Nil(t, j.Roster.Hold)
	require.Equal(t, everybody[2:], j.Roster.People)
	require.Equal(t, roster.Quarantined{Name: "p000@example.com", Profile: "profile-of-p000@example.com", Since: start,
		Until: start.Add(7 * day)}, j.Roster.Quarantine[0])
	require.Equal(t, 2, j.Left)
	again := judged(time.Hour, j.Roster, everybody[2:])
	require.False(t, again.Changed, "nothing new is seen")
	require.Equal(t, j.Roster, again.Roster)
	back := judged(2*time.Hour, again.Roster, everybody)
	require.True(t, back.Changed)
	require.Empty(t, back.Roster.Quarantine)
	require.Equal(t, everybody, back.Roster.People)
	require.Zero(t, back.Left)
}

func TestAShrunkenListIsHeldUntilItRecoversHoweverLongThatTakes(t *testing.T) {
	everybody := crowd(49, "users")
	j := judged(0, roster.Roster{People: everybody}, everybody[:15])
	require.NotNil(t, j.Roster.Hold)
	require.Contains(t, j.Roster.Hold.Reason, "34 of 49 people would lose access within 7 days, which is more than 20 %")
	require.Len(t, j.Roster.Hold.Losses, 34)
	require.Equal(t, everybody, j.Roster.People, "whoever is on hold is on the roster as before")
	require.Empty(t, j.Roster.Quarantine)
	later := judged(300*day, j.Roster, slices.Concat(everybody[:15], []roster.Person{{Name: "q@example.com", Groups: []string{"users"}}}))
	require.Equal(t, j.Roster.Hold, later.Roster.Hold, "not by time, nor by others joining")
	after := judged(301*day, later.Roster, everybody)
	require.Nil(t, after.Roster.Hold)
	require.Equal(t, everybody, after.Roster.People)
}

func TestWhoLeavesInSmallStepsIsCountedTogether(t *testing.T) {
	people := crowd(444, "users")
	roll := roster.Roster{People: people}
	lost := 0
	for step := range 4 {
		people = people[:len(people)*82/100]
		roll = judged(time.Duration(step)*time.Hour, roll, people).Roster
		lost = 444 - len(roll.People)
	}
	require.LessOrEqual(t, lost, 444*20/100)
	require.NotNil(t, roll.Hold)
	held := len(roll.Hold.Losses)
	roll = judged(30*day, roll, people).Roster
	require.Len(t, roll.Hold.Losses, held, "when the window has passed, they still wait")
}

func TestOneEmptyGroupChangesNobodysRole(t *testing.T) {
	everybody := crowd(100, "users")
	for i := range 40 {
		everybody[i].Groups, everybody[i].Role = []string{"ml", "users"}, "role-ml"
	}
	j := judged(0, roster.Roster{People: everybody}, crowd(100, "users"))
	require.Len(t, j.Roster.Hold.Losses, 40)
	require.Equal(t, roster.Loss{Name: "p000@example.com", Groups: []string{"ml"}, Role: "role-users"}, j.Roster.Hold.Losses[0])
	require.Contains(t, j.Roster.Hold.Reason, `the group "ml" has nobody any more, of 40 people`)
	require.True(t, j.Roster.Hold.Touches("ml"))
	require.False(t, j.Roster.Hold.Touches("users"))
	person, _ := j.Roster.Find("p000@example.com")
	require.Equal(t, "role-ml", person.Role)
	require.Equal(t, j.Roster.Hold, judged(time.Hour, j.Roster, crowd(100, "users")).Roster.Hold)
}

func TestConsentCountsForExactlyTheListed(t *testing.T) {
	everybody := crowd(20, "users")
	first := judged(0, roster.Roster{People: everybody}, everybody[10:]).Roster
	second := judged(time.Hour, first, everybody[11:]).Roster // one more, after somebody has read the list
	require.NotEqual(t, first.Hold.ID, second.Hold.ID)
	look := looked(2*time.Hour, second, everybody[11:])
	look.Consent = first.Hold
	j := second.Judge(rules, look)
	require.Len(t, j.Roster.Hold.Losses, 1)
	require.Equal(t, "p010@example.com", j.Roster.Hold.Losses[0].Name)
	require.Len(t, j.Roster.Quarantine, 10)
	require.Zero(t, j.Left, "what somebody agreed to weighs on nobody else")

	look.OnRemoval = "revoke" // something else than what was agreed to
	require.Len(t, second.Judge(rules, look).Roster.Hold.Losses, 11)
	look.Consent, look.Anything = nil, true
	require.Nil(t, second.Judge(rules, look).Roster.Hold)
}

func TestSmallTeamsAreAskedAboutEmptyGroupsAlone(t *testing.T) {
	four := crowd(4, "users")
	require.Nil(t, judged(0, roster.Roster{People: four}, four[:2]).Roster.Hold)
	require.NotNil(t, judged(0, roster.Roster{People: four}, four[:1]).Roster.Hold)
	two := crowd(2, "users")
	require.Nil(t, judged(0, roster.Roster{People: two}, two[:1]).Roster.Hold)
	require.NotNil(t, judged(0, roster.Roster{People: two}, nil).Roster.Hold)
}

func TestWhoIsNotOnTheRosterWeighsAsWell(t *testing.T) {
	ten := crowd(10, "users")
	look := looked(0, roster.Roster{People: ten}, ten)
	for i := range 5 {
		look.Losing = append(look.Losing, fmt.Sprintf("guest%d@example.com", i))
	}
	held := roster.Roster{People: ten}.Judge(rules, look)
	require.Contains(t, held.Roster.Hold.Reason, "5 of 15 people")
	require.Equal(t, held.Roster.Hold, held.Roster.Judge(rules, look).Roster.Hold)
	look.Losing = look.Losing[:1]
	left := roster.Roster{People: ten}.Judge(rules, look)
	require.Nil(t, left.Roster.Hold)
	require.False(t, left.Roster.Judge(rules, look).Changed, "it is decided about them")

	// Profiles of long ago, when the policy was to keep them.
	look.Losing, look.Profiles = nil, map[string]string{}
	for i := range 20 {
		look.Profiles[fmt.Sprintf("gone%d@example.com", i)] = "gone"
	}
	require.Contains(t, roster.Roster{People: ten}.Judge(rules, look).Roster.Hold.Reason, "20 of 30 people")
}

func TestAGroupThatTheSpecNoLongerNamesIsNothingToLeave(t *testing.T) {
	everybody := crowd(10, "old")
	j := judged(0, roster.Roster{People: everybody}, crowd(10, "users"))
	require.Nil(t, j.Roster.Hold)
	require.Equal(t, crowd(10, "users"), j.Roster.People)
	require.True(t, strings.HasPrefix(j.Roster.People[0].Role, "role-users"))
}
