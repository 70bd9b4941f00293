package activities_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// notJudged are the fields of a spec that no judge compares, with the reason. Every other field needs a verdict.
func notJudged() map[string]string {
	return map[string]string{
		"operator.remindEvery": "how often the run reminds: there is nothing in the world to compare it with",
		"operator.deadline":    "how long the run waits for a person: there is nothing in the world to compare it with",
	}
}

// fieldsOf are the paths of all fields below a type, as in JSON; those of lists' elements as in access.groups[].name.
func fieldsOf(of reflect.Type, path string) []string {
	suffix := ""
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Struct {
		if of.Kind() == reflect.Slice {
			suffix = "[]"
		}
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return []string{path}
	}
	var all []string
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		all = append(all, fieldsOf(of.Field(i).Type, strings.TrimPrefix(path+suffix+"."+name, "."))...)
	}
	return all
}

// Whoever adds a field to the spec has it compared with what is there, in a world without anything as in a finished one, whether
// a spec mentions it or not.
func TestEveryFieldOfTheSpecIsJudged(t *testing.T) {
	all := fieldsOf(reflect.TypeFor[onboarding.Spec](), "")
	require.Contains(t, all, "domain.network.vpc")
	require.Contains(t, all, "access.groups[].executionRole")
	for field, reason := range notJudged() {
		require.Contains(t, all, field)
		require.NotEmpty(t, reason)
	}
	j := newJourney(t, sandbox.Config{})
	spec := demoSpec(t)
	covers := func(about string, spec onboarding.Spec) {
		t.Helper()
		verdicts := map[string][]onboarding.Verdict{}
		for _, verdict := range j.plan(spec).Verdicts {
			require.NotEmpty(t, verdict.Reason, "%+v", verdict)
			if verdict.Field != "" {
				verdicts[verdict.Field] = append(verdicts[verdict.Field], verdict)
			}
		}
		var silent []string
		for _, field := range all {
			noEntry := strings.HasPrefix(field, "access.people[]") && len(spec.Access.People) == 0 ||
				strings.HasPrefix(field, "access.groups[]") && len(spec.Access.Groups) == 0
			if len(verdicts[field]) == 0 && notJudged()[field] == "" && !noEntry {
				silent = append(silent, field)
			}
		}
		require.Empty(t, silent, "%s: no judge compares them", about)
		for _, field := range slices.Sorted(maps.Keys(verdicts)) {
			require.Contains(t, all, field, "%s: the spec has no such field", about)
		}
	}
	covers("nothing is there", spec)
	j.run(spec)
	covers("all is there", spec)
	spec.Domain.Network.VPC, spec.Domain.Network.Subnets = "", nil
	spec.Domain.KMSKey, spec.Domain.Tags = "", nil
	for i := range spec.Access.Groups {
		spec.Access.Groups[i].ExecutionRole = ""
	}
	covers("a spec that says little", spec)
	little := spec
	little.Access.People = nil
	covers("a spec without single people", little)
	little.Access.People, little.Access.Groups = []onboarding.PersonAccessSpec{{Login: "edda.falk@example.com",
		ExecutionRole: "SageMakerStudio-ml"}}, nil
	covers("a spec without groups", little)
	spec.Domain.KMSKey, spec.Domain.SpaceStorage = "alias/studio", &onboarding.SpaceStorageSpec{Default: 10, Maximum: 100}
	spec.Domain.NotebookSharing = &onboarding.NotebookSharingSpec{S3: "s3://no-such-bucket/shared", KMSKey: "alias/studio"}
	spec.Domain.LandingPage, spec.Domain.SourceIdentity = onboarding.LandingClassic, onboarding.Enabled
	covers("a spec that is blocked", spec)
	spec.Name, spec.Domain.Name = "another", "data-science"
	covers("somebody else's domain", spec)
}
