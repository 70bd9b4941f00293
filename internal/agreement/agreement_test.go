package agreement

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scene is a world with a spec.
type scene struct {
	name string
	// onboarded says that the usual spec has been carried out before the changes; drift that they are behind the product's back.
	onboarded, drift bool
	changes          []change
}

// scenes are all changes one by one, and of those before an onboarding each of a list with one of each other list.
func scenes() []scene {
	all := []scene{{name: "nothing is there"}}
	lists := before()
	kinds := slices.Sorted(maps.Keys(lists))
	for _, kind := range kinds {
		for _, c := range lists[kind] {
			all = append(all, scene{name: c.name, changes: []change{c}})
		}
	}
	for i, first := range kinds {
		for j, second := range kinds[i+1:] {
			a, b := lists[first], lists[second]
			pair := []change{a[(i+2*j+1)%len(a)], b[(2*i+j+1)%len(b)]}
			// The instance comes first: domains need it, and they enable it themselves.
			if first == "domain" && second == "instance" {
				continue
			}
			if second == "instance" {
				slices.Reverse(pair)
			}
			all = append(all, scene{name: pair[0].name + " and " + pair[1].name, changes: pair})
		}
	}
	for _, c := range drifts() {
		all = append(all, scene{name: "later " + c.name, onboarded: true, drift: true, changes: []change{c}})
	}
	for _, c := range respecs() {
		all = append(all, scene{name: "later " + c.name, onboarded: true, changes: []change{c}})
	}
	return all
}

func TestEverybodySaysTheSame(t *testing.T) {
	all := scenes()
	require.GreaterOrEqual(t, len(all), 60)
	for _, x := range all {
		t.Run(strings.ReplaceAll(x.name, "/", " of "), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			var last *run
			if x.onboarded {
				last = s.onboarded()
			}
			for _, c := range x.changes {
				c.make(s)
			}
			if x.drift {
				s.sameOfEverybody(last.end.handles)
			}
			s.compare()
		})
	}
}
