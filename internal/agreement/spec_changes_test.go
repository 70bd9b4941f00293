package agreement

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

var update = flag.Bool("update", false, "write docs/spec-changes.md anew")

// values are values of a spec by their paths, as in JSON; "access.groups.0.name" is in the first group. A func(*site) any says
// what it is in this world.
type values map[string]any

// specChange is a field of the spec that is changed after an onboarding.
type specChange struct {
	// field is its path; from and to are what the page says of its values.
	field, from, to string
	// first is set before the first onboarding, then after it.
	first, then values
	// before and after prepare the world for the first onboarding and for the second one.
	before, after func(*site)
	// blocked says what the run that is blocked says; empty: it follows.
	blocked []string
	// happens says what happens, in the words of the page, and seen where it is seen.
	happens, seen string
	// proof looks at the world after the second run; nil where nothing is to be seen outside of the run.
	proof func(*site)
}

// set changes a spec, as a file would.
func (s *site) set(changes values) {
	s.Helper()
	if len(changes) == 0 {
		return
	}
	data, err := json.Marshal(s.Spec)
	require.NoError(s, err)
	var tree any
	require.NoError(s, json.Unmarshal(data, &tree))
	for path, value := range changes {
		if compute, ok := value.(func(*site) any); ok {
			value = compute(s)
		}
		tree = put(tree, strings.Split(path, "."), value)
	}
	data, err = json.Marshal(tree)
	require.NoError(s, err)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	s.Spec = onboarding.Spec{}
	require.NoError(s, decoder.Decode(&s.Spec))
}

// put puts a value into a tree of JSON and makes what is missing on the way.
func put(tree any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if i, err := strconv.Atoi(path[0]); err == nil {
		list, _ := tree.([]any)
		for len(list) <= i {
			list = append(list, nil)
		}
		list[i] = put(list[i], path[1:], value)
		return list
	}
	object, _ := tree.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	object[path[0]] = put(object[path[0]], path[1:], value)
	return object
}

// fields are the paths of all fields of a type, as in JSON; those of lists' elements are below the list.
func fields(of reflect.Type, path string) []string {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Struct {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return []string{path}
	}
	var all []string
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		all = append(all, fields(of.Field(i).Type, strings.TrimPrefix(path+"."+name, "."))...)
	}
	return all
}

// Whoever adds a field to the spec says here what its change brings about.
func TestEveryFieldOfTheSpecIsInTheTable(t *testing.T) {
	have := map[string]bool{}
	for _, c := range specChanges() {
		have[c.field] = true
		require.NotEmpty(t, c.happens, c.field)
		require.True(t, c.proof != nil || len(c.blocked) > 0 || c.seen == nowhere, "%s: nothing is proved", c.field)
	}
	all := fields(reflect.TypeFor[onboarding.Spec](), "")
	require.Greater(t, len(all), 20)
	for _, field := range all {
		require.True(t, have[field], "specChanges says nothing of %s", field)
	}
	for field := range have {
		require.Contains(t, all, field, "the spec has no such field")
	}
}

// The live state follows a changed spec, or the run is blocked before anything was changed.
func TestAChangedSpecIsFollowedOrBlocked(t *testing.T) {
	for _, c := range specChanges() {
		t.Run(c.field+" "+c.to, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if c.before != nil {
				c.before(s)
			}
			s.set(c.first)
			s.onboarded()
			s.set(c.then)
			if c.after != nil {
				c.after(s)
			}
			if len(c.blocked) == 0 {
				s.compare()
				if c.proof != nil {
					c.proof(s)
				}
				return
			}
			s.blocks(c.blocked)
		})
	}
}

// blocks: check and plan say why a run of this spec stops, and it stops before it has changed anything.
func (s *site) blocks(says []string) {
	s.Helper()
	check, plan := s.check(), s.plan()
	require.NotEmpty(s, check.blocked)
	s.sameBlocks(check, plan)
	s.cautious = true
	r := s.onboard()
	require.Contains(s, r.parked, onboarding.StepPreflight)
	texts := r.parked[onboarding.StepPreflight] + "\n" + strings.Join(check.texts, "\n")
	for _, words := range says {
		require.Contains(s, texts, words)
	}
	require.Empty(s, s.written(s.Product(r.mark)), "a run that is blocked changes nothing")
}

const page = "../../docs/spec-changes.md"

// The page has a line for each change.
func TestThePageOfChangedSpecs(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# When the spec changes

What happens when a field of the spec is changed after an onboarding, and the spec is carried out again with ` + "`starter onboard`" + `. A run
follows, or it is blocked in its first step with the reason and the way out, before it has changed anything. ` + "`starter plan`" + ` says
beforehand which of the two, and shows each change as what is there → what the spec says. A – is a field that the spec leaves out: what
a domain has there stays as it is.

An app or a domain that a change leaves behind is not deleted. Where people leave a group or the spec,
` + "`access.onRemoval`" + ` says what becomes of their access.

This page is written by the tests (` + "`go test ./internal/agreement -run Page -update`" + `), which try every line.

| Field | Before → after | What happens | Where it shows |
|---|---|---|---|
`)
	for _, c := range specChanges() {
		fmt.Fprintf(&b, "| `%s` | %s → %s | %s | %s |\n", c.field, c.from, c.to, c.happens, c.seen)
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(b.String()), 0o644))
	}
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(written), "the page is old: go test ./internal/agreement -run Page -update")
}

// specChanges is the table, in the order of the spec's fields. A field may be in it several times.
func specChanges() []specChange {
	table := slices.Concat(changesOfAccounts(), changesOfTheDomain(), changesOfDomainSettings(), changesOfAccess())
	order := fields(reflect.TypeFor[onboarding.Spec](), "")
	slices.SortStableFunc(table, func(a, b specChange) int { return slices.Index(order, a.field) - slices.Index(order, b.field) })
	return table
}
