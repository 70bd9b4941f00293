package render

import (
	"fmt"
	"io"

	"studio-onboarding/onboarding"
)

// Studio writes in a few lines how a studio is, whatever its latest run does: the spec in force, how access is kept, what is accepted,
// and what expires next.
func Studio(w io.Writer, s onboarding.Studio, o Options) error {
	out := page{Options: o}
	out.line(o.paint(bold, "Studio"))
	for _, field := range []struct{ name, text string }{
		{"spec in force", out.inForce(s)},
		{"reconciles", out.reconciles(s.Sync)},
		{"last good one", out.lastGood(s.Sync)},
		{"connection", out.connection(s)},
		{"guard", out.guard(s)},
		{"accepted", out.accepted(s)},
		{"expires next", out.expiresNext(s)},
	} {
		if field.text == "" {
			continue
		}
		const column = 2 + 14 + 1
		for i, line := range wrap(field.text, max(o.Width-column, 0)) {
			name := ""
			if i == 0 {
				name = field.name
			}
			out.line("  ", o.paint(dim, pad(name, 14)), " ", line)
		}
	}
	return out.flush(w)
}

func (p *page) inForce(s onboarding.Studio) string {
	if len(s.Revisions) == 0 {
		if s.InForce == nil {
			return "none yet: no run was done"
		}
		return "that of the last run that was done"
	}
	revision := s.Revisions[len(s.Revisions)-1]
	text := fmt.Sprintf("revision %d since %s", revision.N, p.moment(revision.At))
	if revision.By != "" {
		text += ", by " + clean(revision.By)
	}
	if run := s.Open(); run != nil && run.Following != nil {
		text += fmt.Sprintf("; reconciles follow run %d, which is changing access", run.N)
	}
	return text
}

func (p *page) reconciles(sync onboarding.Sync) string {
	switch {
	case sync.Every == 0:
		return "none by themselves"
	case sync.Paused:
		return fmt.Sprintf("every %s, paused by %s", sync.Every, clean(sync.By))
	case sync.Next.IsZero():
		return fmt.Sprintf("every %s", sync.Every)
	}
	return fmt.Sprintf("every %s, the next one at %s", sync.Every, p.moment(sync.Next))
}

func (p *page) lastGood(sync onboarding.Sync) string {
	text := ""
	if !sync.LastGood.IsZero() {
		text = p.moment(sync.LastGood)
	} else if sync.Every > 0 {
		text = "none yet"
	}
	if overdue := sync.Overdue(); !overdue.IsZero() && p.Now.After(overdue) {
		text += p.paint(red, fmt.Sprintf(" (overdue since %s)", p.moment(overdue)))
	}
	return text
}

// connection says since when provisioning works no more; the latest reconcile knows the cause.
func (p *page) connection(s onboarding.Studio) string {
	if s.DeadSince.IsZero() {
		return ""
	}
	return p.paint(red, "has not worked since "+p.moment(s.DeadSince)) + "; why: starter sync " + clean(s.Name)
}

// guard says how many may lose access before somebody is asked, and what is held at the moment.
func (p *page) guard(s onboarding.Studio) string {
	if s.InForce == nil {
		return ""
	}
	g := s.InForce.Spec.Access.Guard.Filled()
	text := fmt.Sprintf("asks when more than %d %% of the people, and at least %d, would lose access within %s", g.Share, g.People, g.Window)
	if s.Hold != nil {
		text = p.paint(red, fmt.Sprintf("%s held since %s", plural(s.Hold.Total, "person", "people"), p.moment(s.Hold.Since))) +
			": starter sync " + clean(s.Name) + " --once --consent " + clean(s.Hold.ID) + "; " + text
	}
	return text
}

func (p *page) accepted(s onboarding.Studio) string {
	if len(s.Accepted) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: starter exceptions %s", plural(len(s.Accepted), "exception", "exceptions"), clean(s.Name))
}

func (p *page) expiresNext(s onboarding.Studio) string {
	if len(s.Expiries) == 0 {
		return ""
	}
	next := s.Expiries[0]
	text := clean(next.What) + " on " + p.day(next.At)
	if next.AtLatest {
		text += ", or before"
	}
	if more := len(s.Expiries) - 1; more > 0 {
		text += fmt.Sprintf("; %d more", more)
	}
	return text
}
