package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
)

// Request writes what a run asks the operator for, in full. Values to paste and commands stand on lines of their own and
// are never broken, so that they can be copied.
func Request(w io.Writer, run string, request onboarding.Request, o Options) error {
	out := page{Options: o}
	out.request(run, request)
	return out.flush(w)
}

// labelWidth is the width of the labels before the parts of a request.
const labelWidth = 9

// part writes a label and a text that is wrapped beside it.
func (p *page) part(label, text string) { p.styledPart(label, plain, text) }

func (p *page) styledPart(label string, s style, text string) {
	limit := 0
	if p.Width > 0 {
		limit = max(p.Width-labelWidth-2, 20)
	}
	for i, line := range wrap(text, limit) {
		if i > 0 {
			label = ""
		}
		p.verbatim(label, p.paint(s, line))
	}
}

// verbatim writes a label and a line that is not broken.
func (p *page) verbatim(label, line string) {
	p.line("  ", p.paint(dim, pad(label, labelWidth)), line)
}

func (p *page) request(run string, r onboarding.Request) {
	p.line(p.paint(yellow, "▶ "), p.paint(bold, clean(string(r.Step))+": "+clean(r.Title)))
	if r.Refusal != "" {
		p.styledPart("Refused", red, clean(r.Refusal))
		if r.RefusalRemedy != "" {
			p.part("Remedy", clean(r.RefusalRemedy))
		}
	}
	if r.Why != "" {
		p.part("Why", clean(r.Why))
	}
	if r.Console != "" {
		p.part("Where", clean(r.Console))
	}
	if r.URL != "" {
		p.verbatim("", clean(r.URL))
	}
	for i, sentence := range r.Impact {
		label := ""
		if i == 0 {
			label = "Impact"
		}
		p.part(label, clean(sentence))
	}
	p.clicks(r.Clicks)
	for i, value := range r.Paste {
		label := ""
		if i == 0 {
			label = "Paste"
		}
		p.verbatim(label, clean(value.Label)+":")
		p.verbatim("", p.paint(cyan, clean(value.Value)))
	}
	p.documents(run, r)
	p.answer(r)
	p.times(r)
}

// clicks numbers the instructions; a long one goes on under its own text.
func (p *page) clicks(clicks []string) {
	digits := len(fmt.Sprint(len(clicks)))
	for i, click := range clicks {
		label := ""
		if i == 0 {
			label = "Do"
		}
		limit := 0
		if p.Width > 0 {
			limit = max(p.Width-labelWidth-2-digits-2, 20)
		}
		for j, line := range wrap(clean(click), limit) {
			number := padLeft(fmt.Sprintf("%d.", i+1), digits+1)
			if j > 0 {
				label, number = "", pad("", digits+1)
			}
			p.verbatim(label, number+" "+line)
		}
	}
}

func (p *page) documents(run string, r onboarding.Request) {
	for i, name := range r.Documents {
		label := ""
		if i == 0 {
			label = "Upload"
		}
		if path, saved := p.Files[name]; saved {
			p.verbatim(label, p.paint(cyan, clean(path)))
			continue
		}
		p.verbatim(label, clean(name)+", saved by:")
		p.verbatim("", fmt.Sprintf("starter request %s %s --save .", clean(run), clean(string(r.Step))))
	}
}

func (p *page) answer(r onboarding.Request) {
	if r.Consent != "" {
		p.verbatim("Consent", p.paint(bold, clean(r.Consent)))
	} else if len(r.Needs) > 0 {
		var needs []string
		for _, need := range r.Needs {
			text := clean(need.Name)
			if need.Label != "" {
				text = clean(need.Label) + " (" + text + ")"
			}
			if need.Optional {
				text += ", optional"
			}
			needs = append(needs, text)
		}
		p.part("Answer", "with "+strings.Join(needs, "; "))
	}
	if r.Command != "" {
		label := "Then"
		if len(r.Needs) > 0 {
			label = ""
		}
		p.verbatim(label, p.paint(cyan, clean(r.Command)))
	}
	if r.Detection != "" {
		p.part("Noticed", clean(r.Detection))
	}
}

func (p *page) times(r onboarding.Request) {
	var parts []string
	if !r.Since.IsZero() {
		parts = append(parts, "asked "+p.since(r.Since, p.Now)+" ago")
	}
	if r.Reminders > 0 {
		parts = append(parts, "reminded "+plural(r.Reminders, "time", "times"))
	}
	if !r.Deadline.IsZero() {
		if left := r.Deadline.Sub(p.Now); left > 0 {
			parts = append(parts, "parks in "+elapsed(left)+" ("+p.moment(r.Deadline)+")")
		} else {
			parts = append(parts, "deadline has passed ("+p.moment(r.Deadline)+")")
		}
	}
	if len(parts) > 0 {
		p.part("Time", strings.Join(parts, ", "))
	}
}

func (p *page) parked(run string, k onboarding.Parked) {
	p.line(p.paint(red, "! "), p.paint(bold, clean(string(k.Step))+" needs a decision"), " ",
		p.paint(dim, fmt.Sprintf("(%s, tried %s, parked %s ago)", clean(k.Class), plural(k.Attempts, "time", "times"), p.since(k.Since, p.Now))))
	for _, verdict := range k.Blocking() {
		p.part("What", clean(verdict.Reason))
		if verdict.Remedy != "" {
			p.part("Remedy", clean(verdict.Remedy))
		}
	}
	if len(k.People) > 0 {
		p.line()
		p.people(k.People, max(k.PeopleTotal, len(k.People)))
		p.line()
	}
	resolve := fmt.Sprintf("starter resolve %s %s ", clean(run), clean(string(k.Step)))
	p.verbatim("Decide", p.paint(cyan, resolve+"retry"))
	if k.Skippable {
		p.verbatim("", p.paint(cyan, resolve+`skip --reason "..."`))
	}
	p.verbatim("", p.paint(cyan, resolve+`abort --reason "..."`))
}

// people writes persons with reason and remedy, and how many are not listed.
func (p *page) people(people []onboarding.PersonException, total int) {
	header := []string{"PERSON", "REASON", "REMEDY"}
	if !slices.ContainsFunc(people, func(e onboarding.PersonException) bool { return e.Remedy != "" }) {
		header = header[:2]
	}
	rows := make([][]string, 0, len(people))
	for _, person := range people {
		row := []string{clean(person.Person), clean(person.Reason), clean(person.Remedy)}
		rows = append(rows, row[:len(header)])
	}
	p.table(header, rows)
	if rest := total - len(people); rest > 0 {
		p.line("  ", p.paint(dim, fmt.Sprintf("and %s more, in the people file", number(rest))))
	}
}
