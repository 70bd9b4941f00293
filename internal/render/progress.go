package render

import (
	"io"
	"slices"

	"studio-onboarding/onboarding"
)

// Progress writes the checklist of a run, its open requests in full, and its parked steps with the commands that decide.
func Progress(w io.Writer, p onboarding.Progress, o Options) error {
	out := page{Options: o}
	for _, line := range checklist(p, o, "●") {
		out.line(line)
	}
	for _, request := range p.Requests {
		out.line()
		out.request(p.Run, request)
	}
	for _, parked := range p.Parked {
		out.line()
		out.parked(p.Run, parked)
	}
	return out.flush(w)
}

// Parked writes a parked step: what happened, what to do, and the commands that decide.
func Parked(w io.Writer, run string, parked onboarding.Parked, o Options) error {
	out := page{Options: o}
	out.parked(run, parked)
	return out.flush(w)
}

// checklist is the head line and a line for each step by lane, cut to the width. busy is the symbol of a running step.
func checklist(p onboarding.Progress, o Options, busy string) []string {
	lines := []string{headline(p, o)}
	lane := onboarding.LaneMain
	for i, step := range p.Steps {
		if step.Lane != lane || i == 0 {
			lane = step.Lane
			name := ""
			if lane != onboarding.LaneMain {
				name = o.paint(dim, clean(string(lane)))
			}
			if i > 0 || name != "" {
				lines = append(lines, "  "+name)
			}
		}
		lines = append(lines, stepLine(p, step, o, busy))
		if step.Retrying != "" && (step.State == onboarding.StepRunning || step.State == onboarding.StepWaiting) {
			lines = append(lines, pad("", textColumn)+o.paint(dim, clean(retrying(step))))
		}
	}
	for i, line := range lines {
		lines[i] = truncate(line, o.Width)
	}
	return lines
}

func headline(p onboarding.Progress, o Options) string {
	line := o.paint(bold, clean(p.Run)) + "  " + o.paint(stateStyle(p.State), State(p.State))
	if took := o.since(p.StartedAt, p.EndedAt); took != "" {
		line += "  " + took
	}
	return line
}

// The columns of a step's line: symbol, name, elapsed time, text.
const (
	nameWidth    = 16
	elapsedWidth = 6
	textColumn   = 2 + 2 + nameWidth + 1 + elapsedWidth + 2
)

func stepLine(p onboarding.Progress, step onboarding.StepProgress, o Options, busy string) string {
	symbol, s := symbolOf(step.State, busy)
	text := stepText(p, step)
	if step.State == onboarding.StepPending || step.State == onboarding.StepSkipped {
		text = o.paint(dim, text)
	}
	return "  " + o.paint(s, symbol) + " " + pad(clean(string(step.Step)), nameWidth) + " " +
		padLeft(o.since(step.StartedAt, step.EndedAt), elapsedWidth) + "  " + text
}

func symbolOf(state onboarding.StepState, busy string) (string, style) {
	switch state {
	case onboarding.StepDone:
		return "✔", green
	case onboarding.StepRunning:
		return busy, cyan
	case onboarding.StepWaiting:
		return "…", yellow
	case onboarding.StepParked:
		return "!", red
	case onboarding.StepSkipped:
		return "↷", dim
	}
	return "○", dim
}

// stepText says in a few words what a step does or did: the count, what the run says of it, or else its title.
func stepText(p onboarding.Progress, step onboarding.StepProgress) string {
	text := clean(step.Summary)
	switch step.State {
	case onboarding.StepWaiting:
		if i := slices.IndexFunc(p.Requests, func(r onboarding.Request) bool { return r.Step == step.Step }); i >= 0 {
			text = "waits for you: " + clean(p.Requests[i].Title)
		}
	case onboarding.StepParked:
		if i := slices.IndexFunc(p.Parked, func(k onboarding.Parked) bool { return k.Step == step.Step }); i >= 0 {
			text = clean(p.Parked[i].Message)
		}
	}
	if text == "" {
		text = clean(step.Title)
	}
	if step.Count != nil && step.State == onboarding.StepRunning {
		text = countText(*step.Count) + " · " + text
	}
	return text
}

// retrying is what an activity is tried again after, and what to do about it.
func retrying(step onboarding.StepProgress) string {
	return onboarding.WithRemedy(step.Retrying, step.RetryingRemedy)
}

// countText writes "812/1,000 people", and only what is done where the total isn't known yet.
func countText(c onboarding.Count) string {
	text := number(c.Done)
	if c.Total > 0 {
		text += "/" + number(c.Total)
	}
	return text + " " + clean(c.What)
}
