// Package render writes progress, requests and reports for people: plain text, coloured where the reader is a terminal. It
// does no I/O but writing, and reads no clock but the one it is given.
package render

import (
	"io"
	"strings"
	"time"

	"studio-onboarding/onboarding"
)

// Options say for whom is written.
type Options struct {
	// Color allows ANSI colours.
	Color bool
	// Width is the width of the terminal in cells; 0 means unlimited: nothing is wrapped or cut.
	Width int
	// Now is the moment to which elapsed and remaining times are counted.
	Now time.Time
	// Files says where a request's documents have been written, by document name. Those not in it are named with the command
	// that saves them.
	Files map[string]string
}

// style is one of the ways in which text is set off.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// paint sets a text off, where colours are allowed.
func (o Options) paint(s style, text string) string {
	if !o.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// since is the time from a moment until now or, where the thing has ended, until its end; "" where it hasn't begun.
func (o Options) since(begin, end time.Time) string {
	if begin.IsZero() {
		return ""
	}
	if end.IsZero() {
		end = o.Now
	}
	return elapsed(end.Sub(begin))
}

// moment writes a time in the reader's zone.
func (o Options) moment(t time.Time) string {
	return t.In(o.Now.Location()).Format("2006-01-02 15:04")
}

// page collects lines and writes them at once.
type page struct {
	Options
	b strings.Builder
}

func (p *page) line(parts ...string) {
	p.b.WriteString(strings.TrimRight(strings.Join(parts, ""), " "))
	p.b.WriteByte('\n')
}

// heading opens a section, set off by an empty line.
func (p *page) heading(text string) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	p.line(p.paint(bold, text))
}

// table writes an indented table whose header is dim.
func (p *page) table(header []string, rows [][]string) {
	limit := 0
	if p.Width > 0 {
		limit = max(p.Width-2, 20)
	}
	for i, line := range table(header, rows, limit) {
		if i == 0 {
			line = p.paint(dim, line)
		}
		p.line("  ", line)
	}
}

func (p *page) flush(w io.Writer) error {
	_, err := io.WriteString(w, p.b.String())
	return err
}

// Table writes aligned rows under a header. Cells are wrapped where the width is too small for them, but no word is broken.
func Table(w io.Writer, header []string, rows [][]string, o Options) error {
	out := page{Options: o}
	for i, line := range table(header, cleaned(rows), o.Width) {
		if i == 0 {
			line = o.paint(dim, line)
		}
		out.line(line)
	}
	return out.flush(w)
}

func cleaned(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			out[i] = append(out[i], clean(cell))
		}
	}
	return out
}

// State writes the state of a run in words.
func State(state onboarding.RunState) string {
	switch state {
	case onboarding.RunWaiting:
		return "waiting for the operator"
	case onboarding.RunAttention:
		return "needs attention"
	case onboarding.RunCanceled:
		return "cancelled"
	case onboarding.RunTimedOut:
		return "timed out"
	}
	return clean(string(state))
}

func stateStyle(state onboarding.RunState) style {
	switch state {
	case onboarding.RunDone:
		return green
	case onboarding.RunWaiting:
		return yellow
	case onboarding.RunAttention, onboarding.RunAborted, onboarding.RunFailed, onboarding.RunCanceled, onboarding.RunTerminated,
		onboarding.RunTimedOut:
		return red
	}
	return cyan
}
