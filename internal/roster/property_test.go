package roster_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"studio-onboarding/internal/roster"
)

// org is a made-up organization, what a list says of it, and what was done about it.
type org struct {
	t *rapid.T
	// truth are the groups of everybody, by name; said is what the list says now.
	truth, said map[string][]string
	roll        roster.Roster
	now         time.Time
	// holds are all that were shown, and gone is when people lost access, or a group ("name group"), without anybody's consent.
	holds []*roster.Hold
	gone  map[string]time.Time
}

func people(of map[string][]string) []roster.Person {
	var all []roster.Person
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if groups := of[name]; len(groups) > 0 {
			all = append(all, roster.Person{Name: name, Groups: groups, Role: "role-" + groups[0]})
		}
	}
	return all
}

func names(all []roster.Person) map[string]roster.Person {
	found := map[string]roster.Person{}
	for _, p := range all {
		found[p.Name] = p
	}
	return found
}

// look judges what the list says, with or without consent to a hold.
func (o *org) look(consent *roster.Hold) {
	o.now = o.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(o.t, "hours")) * time.Hour)
	was := names(o.roll.People)
	look := looked(o.now.Sub(start), o.roll, people(o.said))
	look.Consent = consent
	j := o.roll.Judge(rules, look)
	// What is kept for the next look is what was written down.
	data, err := json.Marshal(j.Roster)
	require.NoError(o.t, err)
	o.roll = roster.Roster{}
	require.NoError(o.t, json.Unmarshal(data, &o.roll))
	if o.roll.Hold != nil {
		o.holds = append(o.holds, o.roll.Hold)
	}
	is, said := names(o.roll.People), names(people(o.said))
	o.requireShare(was, is, said, consent)
	for name, person := range is {
		loss, held := o.roll.Hold.Loses(name)
		switch before, known := was[name]; {
		case held && known:
			require.Equal(o.t, before.Role, person.Role, "%s is held, and keeps the role", name)
			require.Subset(o.t, person.Groups, before.Groups, "%s is held, and keeps the groups", name)
		case held:
			o.t.Fatalf("%s is held with %+v and was not on the roster", name, loss)
		default:
			require.Equal(o.t, said[name], person, "nobody is on the roster who is neither held nor on the list")
		}
	}
	for _, inside := range o.roll.Quarantine {
		require.NotContains(o.t, is, inside.Name)
		require.Equal(o.t, rules.Quarantine, inside.Until.Sub(inside.Since))
	}
}

// requireShare counts, in its own way, who has lost something without consent within the window.
func (o *org) requireShare(was, is, said map[string]roster.Person, consent *roster.Hold) {
	agreed := func(name string) bool { _, asked := consent.Loses(name); return asked }
	for _, scope := range []string{"", "ml", "users"} {
		in := func(all map[string]roster.Person, name string) bool {
			p, there := all[name]
			return there && (scope == "" || slices.Contains(p.Groups, scope))
		}
		lost := 0
		for name := range was {
			if in(was, name) && !in(is, name) {
				if agreed(name) {
					delete(o.gone, name+" "+scope)
					continue
				}
				o.gone[name+" "+scope] = o.now
				lost++
			}
		}
		missing, before := 0, 0
		for name := range was {
			if in(was, name) {
				before++
			}
		}
		for key, at := range o.gone {
			name, of, _ := strings.Cut(key, " ")
			if of == scope && o.now.Sub(at) < rules.Window && !in(said, name) {
				missing++
				if !in(was, name) {
					before++
				}
			}
		}
		require.False(o.t, lost > 0 && missing >= rules.People && 100*missing > rules.Share*before,
			"%q: %d of %d lost it without consent within the window", scope, missing, before)
	}
}

func TestNobodyBeyondTheShareLosesAnythingWithoutConsent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := &org{t: t, truth: map[string][]string{}, now: start, gone: map[string]time.Time{}}
		member := rapid.SampledFrom([][]string{{"users"}, {"ml", "users"}, {"ml"}})
		for i := range rapid.IntRange(1, 40).Draw(t, "people") {
			o.truth[fmt.Sprintf("p%02d", i)] = member.Draw(t, "groups")
		}
		o.said = maps.Clone(o.truth)
		o.roll.People = people(o.truth)
		some := func(share int) []string {
			all := slices.Sorted(maps.Keys(o.truth))
			return slices.DeleteFunc(all, func(string) bool { return rapid.IntRange(0, 99).Draw(t, "who") >= share })
		}
		t.Repeat(map[string]func(*rapid.T){
			"nothing happens": func(*rapid.T) { o.look(nil) },
			"people leave": func(*rapid.T) {
				for _, name := range some(5) {
					delete(o.truth, name)
				}
				o.said = maps.Clone(o.truth)
				o.look(nil)
			},
			"people join": func(*rapid.T) {
				name := fmt.Sprintf("q%02d", len(o.truth))
				o.truth[name] = member.Draw(t, "groups")
				o.said[name] = o.truth[name]
				o.look(nil)
			},
			"the list shrinks": func(*rapid.T) {
				for _, name := range some(rapid.IntRange(1, 100).Draw(t, "share")) {
					delete(o.said, name)
				}
				o.look(nil)
			},
			"a group is empty": func(*rapid.T) {
				group := rapid.SampledFrom([]string{"ml", "users"}).Draw(t, "group")
				for name, groups := range o.said {
					o.said[name] = slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g == group })
				}
				o.look(nil)
			},
			"the list recovers": func(*rapid.T) {
				o.said = maps.Clone(o.truth)
				o.look(nil)
				// Only who truly left may still be missing, and whoever is there has everything.
				for _, person := range people(o.truth) {
					is, there := o.roll.Find(person.Name)
					if _, held := o.roll.Hold.Loses(person.Name); !held {
						require.True(t, there)
						require.Equal(t, person, is)
					}
				}
				for _, inside := range o.roll.Quarantine {
					require.NotContains(t, o.truth, inside.Name, "who is back is in no quarantine")
				}
			},
			"somebody consents": func(t *rapid.T) {
				if len(o.holds) == 0 { // there is nothing to agree to
					return
				}
				consent := rapid.SampledFrom(o.holds).Draw(t, "hold")
				before := o.roll.Hold
				o.look(consent)
				if before == nil {
					return
				}
				for _, loss := range before.Losses {
					if _, listed := consent.Loses(loss.Name); listed {
						continue
					}
					_, wanted := o.said[loss.Name]
					_, held := o.roll.Hold.Loses(loss.Name)
					require.True(t, held || wanted, "%s is not on the list that was agreed to", loss.Name)
				}
			},
		})
	})
}
