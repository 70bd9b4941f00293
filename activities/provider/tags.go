package provider

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// RunTag is the tag on everything that a run creates; its value is the run's name. It tells what is ours after a worker
// died between creating a thing and saying so.
const RunTag = "studio-onboarding:run"

// Tagged makes a provider's tags of the spec's and the run's, in a stable order.
func Tagged[T any](run string, tags map[string]string, tag func(key, value *string) T) []T {
	all := maps.Clone(tags)
	if all == nil {
		all = map[string]string{}
	}
	all[RunTag] = run
	var out []T
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, tag(aws.String(key), aws.String(all[key])))
	}
	return out
}
