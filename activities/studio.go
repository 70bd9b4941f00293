package activities

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Studio looks after execution roles, the network and the domain in the Studio account.
type Studio struct {
	AWS   AWS
	Waits Waits
}

// runTag is the tag on everything that a run creates; its value is the run's name. It tells what is ours after a worker
// died between creating a thing and saying so.
const runTag = "studio-onboarding:run"

// tagged makes a provider's tags of the spec's and the run's, in a stable order.
func tagged[T any](run string, tags map[string]string, tag func(key, value *string) T) []T {
	all := maps.Clone(tags)
	if all == nil {
		all = map[string]string{}
	}
	all[runTag] = run
	var out []T
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, tag(aws.String(key), aws.String(all[key])))
	}
	return out
}

// appearing is how long something may be missing from answers after it was made: 30 s with the real providers.
func (w Waits) appearing() time.Duration { return w.Propagation / 4 }
