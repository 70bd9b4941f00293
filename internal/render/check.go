package render

import (
	"fmt"
	"io"
	"strings"

	"studio-onboarding/onboarding"
)

// Check writes what a check found, area by area: ✔ for what is sound, ! for what a person should know, ✗ for what a run would
// park at; each with what to do.
func Check(w io.Writer, r onboarding.CheckResult, o Options) error {
	out := page{Options: o}
	known := map[string]bool{}
	for _, area := range onboarding.Areas() {
		known[area[0]] = true
		out.findings(area[1], r.Findings, func(f onboarding.Finding) bool { return f.Area == area[0] })
	}
	out.findings("Other", r.Findings, func(f onboarding.Finding) bool { return !known[f.Area] })
	blocking, warnings := 0, 0
	for _, finding := range r.Findings {
		switch finding.Level {
		case onboarding.LevelBlocking:
			blocking++
		case onboarding.LevelWarning:
			warnings++
		}
	}
	out.line()
	sum := fmt.Sprintf("%s looked at: %d blocking, %s.", plural(len(r.Findings), "thing", "things"), blocking, plural(warnings, "warning", "warnings"))
	switch {
	case blocking > 0:
		sum += " A run would park at its preflight until what is marked ✗ is repaired."
	case warnings > 0:
		sum += " A run can start."
	default:
		sum += " All is well."
	}
	out.wrapped("", "", sum)
	return out.flush(w)
}

// findings writes one area; nothing where there is nothing in it.
func (p *page) findings(title string, all []onboarding.Finding, in func(onboarding.Finding) bool) {
	first := true
	for _, finding := range all {
		if !in(finding) {
			continue
		}
		if first {
			p.heading(title)
			first = false
		}
		p.finding(finding)
	}
}

func (p *page) finding(f onboarding.Finding) {
	symbol := p.paint(green, "✔")
	switch f.Level {
	case onboarding.LevelWarning:
		symbol = p.paint(yellow, "!")
	case onboarding.LevelBlocking:
		symbol = p.paint(red, "✗")
	}
	p.wrapped("  "+symbol+" ", "    ", clean(f.Check)+": "+clean(f.Message))
	if f.Remedy != "" && f.Level != onboarding.LevelOK {
		p.wrapped("    → ", "      ", clean(f.Remedy))
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
func Plan(w io.Writer, plan onboarding.Plan, o Options) error {
	out := page{Options: o}
	out.line(out.paint(bold, clean(plan.Run)), "  ", clean(plan.Region))
	for _, info := range onboarding.Steps() {
		first := true
		for _, change := range plan.Changes {
			if change.Step != info.Step {
				continue
			}
			if first {
				out.heading(info.Title)
				first = false
			}
			out.change(change)
		}
	}
	if len(plan.Findings) > 0 {
		out.heading("Where the run would park, and what a person should know")
		for _, finding := range plan.Findings {
			out.finding(finding)
		}
	}
	if total := max(plan.ExceptionsTotal, len(plan.Exceptions)); total > 0 {
		out.heading(plural(total, "person who should get in and would not", "people who should get in and would not"))
		out.people(plan.Exceptions, len(plan.Exceptions))
		if rest := total - len(plan.Exceptions); rest > 0 {
			out.line("  ", out.paint(dim, fmt.Sprintf("and %s more; a check lists all of them in a file on the worker", number(rest))))
		}
	}
	out.line()
	out.wrapped("", "", planSum(plan))
	return out.flush(w)
}

func planSum(plan onboarding.Plan) string {
	people := plan.People
	text := fmt.Sprintf("%s wanted: %d in Identity Center, %d expected after the sync.", plural(people.Wanted, "person", "people"), people.Synced, people.AfterSync)
	totals := plan.Totals()
	if totals[onboarding.ChangeCreate]+totals[onboarding.ChangeChange]+totals[onboarding.ChangeRemove]+totals[onboarding.ChangeAsk] == 0 {
		return text + " Nothing to do."
	}
	return text + fmt.Sprintf(" %d to create, %d to change, %d to remove, %d to keep, %d for you to do.", totals[onboarding.ChangeCreate],
		totals[onboarding.ChangeChange], totals[onboarding.ChangeRemove], totals[onboarding.ChangeKeep], totals[onboarding.ChangeAsk])
}

func (p *page) change(c onboarding.Change) {
	symbols := map[onboarding.ChangeAction]string{
		onboarding.ChangeCreate: p.paint(green, "+"), onboarding.ChangeChange: p.paint(yellow, "~"), onboarding.ChangeRemove: p.paint(red, "-"),
		onboarding.ChangeKeep: p.paint(dim, "="), onboarding.ChangeAsk: p.paint(cyan, "?"),
	}
	text := clean(c.Kind)
	if c.Name != "" {
		text += " " + clean(c.Name)
	}
	if c.Count > 0 {
		text = plural(c.Count, clean(c.Kind), clean(c.Kind)+"s")
		if c.Action != onboarding.ChangeKeep {
			text += " more"
		}
	}
	if detail := clean(c.Detail); detail != "" {
		text += ": " + detail
	}
	if c.AfterSync {
		text += " (after the sync)"
	}
	p.wrapped("  "+symbols[c.Action]+" ", "    ", strings.TrimSpace(text))
}
