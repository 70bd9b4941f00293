package brokenworlds

import (
	"fmt"
	"strings"

	"studio-onboarding/onboarding"
)

const preface = `# Broken worlds

Worlds with one fault each, as the tests break them (` + "`go test ./internal/brokenworlds`" + `): what ` + "`starter check`" + ` says, where a run
that is started anyway stops, what it says there, and how it goes on to its end, with everybody signing in.

✗ stops a run in its first step already, with the same words; here somebody skipped that step, to see where the run would stop
without it. ! is a warning: the run goes on, and its report keeps it. ? is what the run will ask for. – is what nobody can see before. This page is written by the
tests; addresses and identifiers of Okta are shortened.
`

// document is the page with all worlds.
func document(results []result) string {
	var b strings.Builder
	b.WriteString(preface)
	b.WriteString("\n| World | Check | The run stops at |\n|---|---|---|\n")
	for _, r := range results {
		check := "–"
		if r.check != "" {
			check = fmt.Sprintf("%s `%s`", mark(r.kind), r.check)
		}
		stops := "nowhere"
		switch {
		case r.row.stops != "":
			stops = fmt.Sprintf("`%s`", r.row.stops)
		case r.kind == onboarding.VerdictBlocked:
			stops = "`preflight`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.world, check, stops)
	}
	for _, r := range results {
		fmt.Fprintf(&b, "\n## %s\n\n", title(r.world))
		if r.check == "" {
			fmt.Fprintf(&b, "Check sees nothing: %s.\n", r.unseen)
		}
		for _, finding := range r.found {
			fmt.Fprintf(&b, "%s `%s` %s  \n→ %s\n", mark(finding.Kind), finding.Code, plain(finding.Reason), plain(finding.Remedy))
		}
		for _, at := range r.result() {
			verb := "parks"
			if at.refused {
				verb = "refuses the answer"
			}
			fmt.Fprintf(&b, "\nThe run %s at `%s`: %s", verb, at.step, plain(at.message))
			if at.remedy != "" {
				fmt.Fprintf(&b, "  \n→ %s", plain(at.remedy))
			}
			b.WriteString("\n")
			for _, person := range at.people {
				fmt.Fprintf(&b, "\n- %s: %s → %s\n", person.Person, plain(person.Reason), plain(person.Remedy))
			}
		}
		fmt.Fprintf(&b, "\nThen: %s.\n", r.fix)
	}
	return b.String()
}

// result is the stop that the row is about; the others are those of the other lane, and the preflight's own words again.
func (r result) result() []stop {
	for _, at := range r.seen {
		if at.step == r.row.stops && contains(at.text()+at.persons(), r.stop) {
			return []stop{at}
		}
	}
	return nil
}

func mark(kind onboarding.VerdictKind) string {
	switch kind {
	case onboarding.VerdictBlocked:
		return "✗"
	case onboarding.VerdictWarning:
		return "!"
	}
	return "?"
}

func title(world string) string { return strings.ToUpper(world[:1]) + world[1:] }
