package render

import (
	"fmt"
	"io"
	"strings"

	"studio-onboarding/onboarding"
)

// Reconcile writes the report of a reconcile: whether the connection works, what was found and done, what waits for the operator,
// who can't sign in, and what expires.
func Reconcile(w io.Writer, r onboarding.ReconcileReport, o Options) error {
	out := page{Options: o}
	line := out.paint(bold, clean(r.Run)) + "  " + out.paint(stateStyle(r.State), State(r.State))
	if r.DryRun {
		line += "  dry run: nothing was changed"
	}
	out.line(line, "  ", out.since(r.StartedAt, r.EndedAt))
	out.line(r.People.Words(), ".")
	out.dead(r.Dead())
	out.changes(r)
	out.roster(r.Roster)
	if len(r.Pushed) > 0 {
		out.line("Pushed again by Okta, as Identity Center had other members: ", clean(strings.Join(r.Pushed, ", ")))
	}
	if r.Held != "" {
		out.heading("Needs your decision")
		out.wrapped("  ", "  ", out.paint(red, clean(r.Held)))
		if r.Command != "" {
			out.line("  If they are to go: ", out.paint(cyan, clean(r.Command)))
			out.line("  Otherwise put right what Okta lists; the next reconcile looks again.")
		}
	}
	if total := max(r.ExceptionsTotal, len(r.Exceptions)); total > 0 {
		out.heading(plural(total, "person who should be able to sign in and can't, or for whom a change failed",
			"people who should be able to sign in and can't, or for whom a change failed"))
		out.people(r.Exceptions, total)
	}
	if len(r.Notices) > 0 {
		out.heading("Good to know")
		out.people(r.Notices, len(r.Notices))
	}
	out.health(r.Health)
	if r.PeopleFile != "" {
		out.line()
		out.line(out.paint(dim, "Everybody, on the worker: "+clean(r.PeopleFile)))
	}
	return out.flush(w)
}

// roster shows how many may lose access unasked, and how many have.
func (p *page) roster(r onboarding.RosterState) {
	if r.Guard.Share == 0 { // a report of the first version
		return
	}
	text := fmt.Sprintf("%s on the agreed roster; %s lost access within %s, unasked up to %d %%", plural(r.Agreed, "person", "people"),
		number(r.Left), r.Guard.Window, r.Guard.Share)
	if r.Quarantined > 0 {
		text += fmt.Sprintf("; %s in quarantine", plural(r.Quarantined, "profile", "profiles"))
	}
	p.line(p.paint(dim, text+"."))
}

// dead says what does not work in the connection, before the differences: where nothing arrives, there are none.
func (p *page) dead(verdicts []onboarding.Verdict) {
	if len(verdicts) == 0 {
		return
	}
	p.heading("The connection needs attention")
	for _, verdict := range verdicts {
		p.wrapped("  ", "  ", p.paint(red, clean(verdict.Reason)))
		p.wrapped("  → ", "    ", clean(verdict.Remedy))
	}
	p.line()
}

// health says what will stop, and what could not be looked at.
func (p *page) health(h *onboarding.Health) {
	if h == nil {
		return
	}
	var rows [][]string
	for _, verdict := range onboarding.OfKind(h.Verdicts, onboarding.VerdictWarning, onboarding.VerdictUnknown) {
		rows = append(rows, []string{string(verdict.Kind), clean(verdict.Code), clean(verdict.Reason), clean(verdict.Remedy)})
	}
	if len(rows) > 0 {
		p.heading("The connection between Okta and Studio")
		p.table([]string{"", "CHECK", "FOUND", "REMEDY"}, rows)
	}
	p.expiries(h.Expiries)
}

func (p *page) changes(r onboarding.ReconcileReport) {
	if r.Changes.Total == 0 {
		p.line("No differences.")
		return
	}
	p.heading(plural(r.Changes.Total, "difference", "differences"))
	rows := make([][]string, 0, len(r.Changes.Listed))
	for _, c := range r.Changes.Listed {
		who := clean(c.Who)
		if c.Group {
			who = "group " + who
		}
		what := string(c.Kind)
		if c.Held {
			what += " (held back)"
		}
		rows = append(rows, []string{what, who, clean(c.Profile), clean(c.Why)})
	}
	p.table([]string{"CHANGE", "WHO", "PROFILE", "WHY"}, rows)
	if more := r.Changes.Total - len(r.Changes.Listed); more > 0 {
		p.line(fmt.Sprintf("  and %s more; all of them, on the worker: %s", number(more), clean(r.Changes.File)))
	}
	if m := r.Made; m != (onboarding.ChangesMade{}) {
		p.line(fmt.Sprintf("Done: %s made, %s removed; %s made, %s removed; %s changed.",
			plural(m.Assignments, "assignment", "assignments"), number(m.AssignmentsRemoved),
			plural(m.Profiles, "profile", "profiles"), number(m.ProfilesRemoved), plural(m.Roles, "role", "roles")))
	}
}

// Person writes the links between one person in Okta and Studio.
func Person(w io.Writer, e onboarding.PersonExplanation, o Options) error {
	out := page{Options: o}
	verdict := ""
	switch {
	case !e.Ready:
		verdict = out.paint(red, "can't sign in: "+e.Broken)
	case e.Grade == onboarding.GradeProven:
		verdict = out.paint(green, "proven: was seen signing in")
	case e.Grade == onboarding.GradeVerified:
		verdict = out.paint(green, "verified, not proven: every link is right, and no sign-in was seen since the trust was last changed, "+
			"within 90 days")
	default:
		verdict = out.paint(yellow, "configured, not verified: no link is broken, and not all of them could be judged")
	}
	out.wrapped(out.paint(bold, clean(e.Person))+"  ", "  ", verdict)
	for _, link := range e.Links {
		mark, text := out.paint(green, "✔"), clean(link.Found)
		switch link.State {
		case onboarding.LinkBroken:
			mark, text = out.paint(red, "✘"), out.paint(red, text)
		case onboarding.LinkUnknown:
			mark = out.paint(yellow, "?")
		case onboarding.LinkNotSeen:
			mark = out.paint(dim, "○")
			if text == "" {
				text = out.paint(dim, "not looked at: an earlier link is broken")
			}
		}
		out.wrapped("  "+mark+" "+pad(link.Link, 22), strings.Repeat(" ", 26), text)
	}
	if e.LastSignIn.IsZero() {
		out.wrapped("    "+pad("last sign-in", 22), strings.Repeat(" ", 26), out.paint(dim, "none was seen"))
	} else {
		out.wrapped("    "+pad("last sign-in", 22), strings.Repeat(" ", 26), out.moment(e.LastSignIn))
	}
	if e.Remedy != "" {
		out.heading("What to do")
		out.wrapped("  ", "  ", clean(e.Remedy))
	}
	if len(e.Notices) > 0 {
		out.heading("Good to know")
		for _, notice := range e.Notices {
			out.wrapped("  ", "  ", clean(notice))
		}
	}
	return out.flush(w)
}
