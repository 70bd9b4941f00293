package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"studio-onboarding/onboarding"
)

// Report writes the report of a run: the sign-in addresses, how sure it is that people can sign in, who can't and why, what was
// created or adopted, what
// people did, and what will expire.
func Report(w io.Writer, r onboarding.Report, o Options) error {
	out := page{Options: o}
	out.reportHead(r)
	out.addresses(r.Addresses)
	out.counts(r)
	out.exceptions(r)
	out.made(r)
	out.done(r)
	out.before(r)
	out.later(r)
	return out.flush(w)
}

func (p *page) reportHead(r onboarding.Report) {
	line := p.paint(bold, clean(r.Run))
	if r.N > 0 {
		line += fmt.Sprintf("  run %d", r.N)
	}
	line += "  " + p.paint(stateStyle(r.State), State(r.State))
	if took := p.since(r.StartedAt, r.EndedAt); took != "" {
		line += "  " + took
	}
	if r.Region != "" {
		line += "  " + clean(r.Region)
	}
	if r.StartedBy != "" {
		line += p.paint(dim, "  started by "+clean(r.StartedBy))
	}
	p.line(line)
}

func (p *page) addresses(a onboarding.SignInAddresses) {
	p.heading("Sign-in addresses")
	for _, address := range []struct{ name, url string }{
		{"Okta tile", a.OktaTile}, {"AWS access portal", a.AccessPortal}, {"Studio bookmark", a.Studio},
	} {
		url := p.paint(cyan, clean(address.url))
		if url == "" {
			url = p.paint(dim, "not known yet")
		}
		p.line("  ", pad(address.name, 19), url)
	}
}

func (p *page) counts(r onboarding.Report) {
	p.heading("People")
	n := r.People
	p.table([]string{"WANTED", "IN IDENTITY CENTER", "ASSIGNED", "PROFILES", "READY"},
		[][]string{{number(n.Wanted), number(n.Synced), number(n.Assigned), number(n.Profiles), number(n.Ready)}})
	p.wrapped("  ", "  ", fmt.Sprintf("Of those who are ready: %s proven (seen signing in), %s verified, %s configured. "+
		"Ever seen signing in: %s.", number(n.Proven), number(n.Verified), number(n.Configured()), number(n.SignedIn)))
	p.canary(r.Canary)
	if len(r.Groups) > 0 {
		rows := make([][]string, 0, len(r.Groups))
		for _, group := range r.Groups {
			role := clean(group.ExecutionRole)
			if role == "" {
				role = "the domain's"
			}
			rows = append(rows, []string{clean(group.Name), number(group.People), role})
		}
		p.line()
		p.table([]string{"GROUP", "PEOPLE", "EXECUTION ROLE"}, rows)
	}
}

// canary says who has signed in to prove that it works.
func (p *page) canary(c *onboarding.Canary) {
	if c == nil || c.Person == "" {
		return
	}
	text := fmt.Sprintf("%s signed in %s, last %s", clean(c.Person), plural(c.SignIns, "time", "times"), p.moment(c.At))
	if c.Before {
		text = fmt.Sprintf("%s had signed in before, %s", clean(c.Person), p.moment(c.At))
	}
	if len(c.Addresses) > 0 {
		text += "; worked, as they said: " + clean(strings.Join(c.Addresses, ", "))
	}
	p.wrapped("  ", "  ", "Canary: "+text+".")
}

func (p *page) exceptions(r onboarding.Report) {
	if total := max(r.ExceptionsTotal, len(r.Exceptions)); total > 0 {
		p.heading(plural(total, "person who should be able to sign in and can't", "people who should be able to sign in and can't"))
		p.people(r.Exceptions, total)
	}
	if len(r.Notices) > 0 {
		p.heading("Good to know about people who are ready")
		p.people(r.Notices, len(r.Notices))
	}
	var warnings [][]string
	for _, finding := range r.Findings {
		if finding.Kind == onboarding.VerdictWarning || finding.Kind == onboarding.VerdictBlocked {
			warnings = append(warnings, []string{clean(finding.Code), clean(finding.Reason), clean(finding.Remedy)})
		}
	}
	if len(warnings) > 0 {
		p.heading("Warnings")
		p.table([]string{"CHECK", "MESSAGE", "REMEDY"}, warnings)
	}
	if r.PeopleFile != "" {
		p.heading("Everybody, person by person")
		p.line("  ", clean(r.PeopleFile), p.paint(dim, " (on the worker)"))
	}
}

func (p *page) made(r onboarding.Report) {
	if len(r.Resources) == 0 {
		return
	}
	p.heading("Resources")
	rows := make([][]string, 0, len(r.Resources))
	for _, resource := range r.Resources {
		rows = append(rows, []string{string(resource.Origin), clean(resource.Kind), clean(resource.Name), clean(resource.ID)})
	}
	p.table([]string{"ORIGIN", "KIND", "NAME", "ID"}, rows)
}

func (p *page) done(r onboarding.Report) {
	if len(r.Requests) > 0 {
		p.heading("What people were asked to do")
		rows := make([][]string, 0, len(r.Requests))
		for _, request := range r.Requests {
			rows = append(rows, []string{string(request.Step), clean(request.Title), clean(request.By),
				elapsed(request.DoneAt.Sub(request.AskedAt)), p.moment(request.DoneAt)})
		}
		p.table([]string{"STEP", "REQUEST", "SETTLED BY", "AFTER", "AT"}, rows)
		for _, request := range r.Requests {
			if request.Consent != "" {
				p.wrapped("  ", "  ", fmt.Sprintf("%s typed: %s", clean(request.By), clean(request.Consent)))
			}
		}
	}
	if len(r.Decisions) > 0 {
		p.heading("Decisions")
		rows := make([][]string, 0, len(r.Decisions))
		for _, d := range r.Decisions {
			rows = append(rows, []string{string(d.Step), string(d.Action), clean(d.By), p.moment(d.At), clean(d.Reason), clean(d.Message)})
		}
		p.table([]string{"STEP", "DECISION", "BY", "AT", "REASON", "PARKED WITH"}, rows)
	}
	if len(r.Skipped) > 0 {
		names := make([]string, 0, len(r.Skipped))
		for _, step := range r.Skipped {
			names = append(names, clean(string(step)))
		}
		p.heading("Skipped")
		p.line("  ", strings.Join(names, ", "))
	}
}

// before says where the state is kept that was before the run changed how people sign in.
func (p *page) before(r onboarding.Report) {
	if r.RollbackPack == nil {
		return
	}
	p.heading("What was before")
	p.line("  ", "rollback pack of ", p.moment(r.RollbackPack.Listing.AsOf), ", saved by:")
	p.line("  ", p.paint(cyan, fmt.Sprintf("starter rollback-pack %s --run %d --to DIR", clean(r.Run), r.RollbackPack.Run)))
}

func (p *page) later(r onboarding.Report) {
	p.expiries(r.Expiries)
}

func (p *page) expiries(dates []onboarding.Expiry) {
	if len(dates) == 0 {
		return
	}
	p.heading("What expires")
	rows := make([][]string, 0, len(dates))
	for _, date := range dates {
		when := p.day(date.At)
		if date.AtLatest {
			when += ", or before: its age is not known"
		}
		rows = append(rows, []string{clean(date.What), when, clean(date.Remedy)})
	}
	p.table([]string{"WHAT", "WHEN", "REMEDY"}, rows)
}

// day writes a date with the days that are left.
func (p *page) day(t time.Time) string {
	date := t.In(p.Now.Location()).Format("2006-01-02")
	days := int(t.Sub(p.Now).Hours() / 24)
	switch {
	case t.Before(p.Now):
		return date + " (passed)"
	case days == 0:
		return date + " (today)"
	}
	return date + fmt.Sprintf(" (in %s)", plural(days, "day", "days"))
}
