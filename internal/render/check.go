package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
)

// Check writes what a check found, area by area: ✔ for what is sound, ? for what the run will ask for, ! for what a person should
// know, ✗ for what a run would park at, · for what could not be looked at; each with what to do.
func Check(w io.Writer, a onboarding.Assessment, o Options) error {
	out := page{Options: o}
	checked := a.Checked()
	for _, area := range onboarding.Areas() {
		out.area(area.Title, checked, func(v onboarding.Verdict) bool { return slices.Contains(area.Resources, v.Resource) })
	}
	out.line()
	blocked, warnings := len(onboarding.Blocked(checked)), len(onboarding.OfKind(checked, onboarding.VerdictWarning))
	sum := fmt.Sprintf("%s looked at: %d blocking, %s.", plural(len(checked), "thing", "things"), blocked,
		plural(warnings, "warning", "warnings"))
	asked := len(onboarding.OfKind(checked, onboarding.VerdictAsk))
	switch {
	case blocked > 0:
		sum += " A run would park at its preflight until what is marked ✗ is repaired."
	case warnings > 0:
		sum += " A run can start."
	default:
		sum += " All is well."
	}
	if asked > 0 {
		sum += fmt.Sprintf(" It will ask you for %s.", plural(asked, "thing", "things"))
	}
	out.wrapped("", "", sum)
	return out.flush(w)
}

// area writes the verdicts of one area; nothing where there are none.
func (p *page) area(title string, all []onboarding.Verdict, in func(onboarding.Verdict) bool) {
	first := true
	for _, verdict := range all {
		if !in(verdict) {
			continue
		}
		if first {
			p.heading(title)
			first = false
		}
		p.verdict(verdict)
	}
}

func (p *page) verdict(v onboarding.Verdict) {
	symbol := p.paint(green, "✔")
	switch v.Kind {
	case onboarding.VerdictWarning:
		symbol = p.paint(yellow, "!")
	case onboarding.VerdictBlocked:
		symbol = p.paint(red, "✗")
	case onboarding.VerdictAsk:
		symbol = p.paint(cyan, "?")
	case onboarding.VerdictUnknown:
		symbol = p.paint(dim, "·")
	}
	p.wrapped("  "+symbol+" ", "    ", clean(v.Code)+": "+clean(v.Reason))
	if v.Remedy != "" {
		p.wrapped("    → ", "      ", clean(v.Remedy))
	}
}

// wrapped writes a text behind a first indent, and its further lines behind another.
func (p *page) wrapped(first, rest, text string) {
	limit := 0
	if p.Width > 0 {
		limit = max(p.Width-cells(rest), 30)
	}
	for i, line := range wrap(text, limit) {
		if i > 0 {
			first = rest
		}
		p.line(first, line)
	}
}

// Plan writes what a run would do, as a diff: + create, ~ change, - remove, = keep, ? ask.
func Plan(w io.Writer, plan onboarding.Assessment, o Options) error {
	out := page{Options: o}
	out.line(out.paint(bold, clean(plan.Run)), "  ", clean(plan.Region))
	planned := plan.Planned()
	for _, info := range onboarding.Steps() {
		first := true
		for _, verdict := range planned {
			if verdict.Resource.Info().Step != info.Step {
				continue
			}
			if first {
				out.heading(info.Title)
				first = false
			}
			out.change(verdict)
		}
	}
	stops := slices.DeleteFunc(onboarding.OfKind(plan.Verdicts, onboarding.VerdictBlocked, onboarding.VerdictWarning), func(v onboarding.Verdict) bool {
		return v.Resource == onboarding.ResourcePerson && v.Kind == onboarding.VerdictWarning // they are listed one by one below
	})
	if len(stops) > 0 {
		out.heading("Where the run would park, and what a person should know")
		for _, verdict := range stops {
			out.verdict(verdict)
		}
	}
	if total := max(plan.ExceptionsTotal, len(plan.Exceptions)); total > 0 {
		out.heading(plural(total, "person who should be able to sign in and would not", "people who should be able to sign in and would not"))
		out.people(plan.Exceptions, len(plan.Exceptions))
		if rest := total - len(plan.Exceptions); rest > 0 {
			out.line("  ", out.paint(dim, fmt.Sprintf("and %s more; all of them are in %s (on the worker)", number(rest), clean(plan.PeopleFile))))
		}
	}
	out.line()
	if guard := plan.Guard(); guard != "" {
		out.wrapped("", "", out.paint(dim, clean(guard)))
	}
	out.wrapped("", "", planSum(plan))
	return out.flush(w)
}

func planSum(plan onboarding.Assessment) string {
	people := plan.People
	text := fmt.Sprintf("%s wanted: %d in Identity Center, %d expected after the sync.", plural(people.Wanted, "person", "people"),
		people.Synced, people.AfterSync)
	totals := plan.Totals()
	todo := totals[onboarding.VerdictCreate] + totals[onboarding.VerdictChange] + totals[onboarding.VerdictRemove] +
		totals[onboarding.VerdictAsk]
	switch blocked := len(onboarding.Blocked(plan.Verdicts)); {
	case todo == 0 && blocked > 0:
		return text + " Nothing can be done before what is marked ✗ is repaired."
	case todo == 0:
		return text + " Nothing to do."
	}
	return text + fmt.Sprintf(" %d to create, %d to change, %d to remove, %d to keep, %d for you to do.", totals[onboarding.VerdictCreate],
		totals[onboarding.VerdictChange], totals[onboarding.VerdictRemove], totals[onboarding.VerdictKeep]+totals[onboarding.VerdictAdopt],
		totals[onboarding.VerdictAsk])
}

func (p *page) change(v onboarding.Verdict) {
	symbols := map[onboarding.VerdictKind]string{
		onboarding.VerdictCreate: p.paint(green, "+"), onboarding.VerdictChange: p.paint(yellow, "~"),
		onboarding.VerdictRemove: p.paint(red, "-"), onboarding.VerdictKeep: p.paint(dim, "="),
		onboarding.VerdictAdopt: p.paint(dim, "="), onboarding.VerdictAsk: p.paint(cyan, "?"),
	}
	title := v.Resource.Info().Title
	text := title
	if v.Subject != "" {
		text += " " + clean(v.Subject)
	}
	if v.Count > 0 {
		text = plural(v.Count, title, title+"s")
		if v.Kind != onboarding.VerdictKeep {
			text += " more"
		}
	}
	if v.Field != "" {
		text += ", " + clean(v.Field)
	}
	switch {
	case v.Kind == onboarding.VerdictChange && v.Have+v.Want != "":
		text += ": " + fromTo(v)
	case v.Kind == onboarding.VerdictCreate && v.Want != "":
		text += ": " + clean(v.Want)
	case v.Reason != "":
		text += ": " + clean(v.Reason)
	}
	if v.AfterSync {
		text += " (after the sync)"
	}
	p.wrapped("  "+symbols[v.Kind]+" ", "    ", strings.TrimSpace(text))
}

// fromTo writes a change as "have → want".
func fromTo(v onboarding.Verdict) string {
	have, want := clean(v.Have), clean(v.Want)
	if have == "" {
		have = "none"
	}
	if want == "" {
		want = "none"
	}
	return have + " → " + want
}
