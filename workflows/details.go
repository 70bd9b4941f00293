package workflows

import (
	"fmt"
	"strings"

	"studio-onboarding/onboarding"
)

// details is the run's page in the Temporal UI: what waits for a person first, then the checklist, as Markdown.
func details(p onboarding.Progress) string {
	var b strings.Builder
	for _, parked := range p.Parked {
		fmt.Fprintf(&b, "### ⚠ %s needs attention\n", parked.Step)
		for _, verdict := range parked.Blocking() {
			fmt.Fprintf(&b, "%s\n\n", verdict.Reason)
			if verdict.Remedy != "" {
				fmt.Fprintf(&b, "**What to do:** %s\n\n", verdict.Remedy)
			}
		}
		commands := []string{"retry"}
		if parked.Skippable {
			commands = append(commands, "skip --reason '…'")
		}
		for _, command := range append(commands, "abort --reason '…'") {
			fmt.Fprintf(&b, "    starter resolve %s %s %s\n", p.Run, parked.Step, command)
		}
		b.WriteString("\n")
	}
	for _, req := range p.Requests {
		fmt.Fprintf(&b, "### ▶ %s\n%s\n\n*%s*\n\n", req.Title, req.Why, req.Console)
		for _, sentence := range req.Impact {
			fmt.Fprintf(&b, "- %s\n", sentence)
		}
		if req.Consent != "" {
			fmt.Fprintf(&b, "\n**To be typed:** %s\n\n", req.Consent)
		}
		for i, click := range req.Clicks {
			fmt.Fprintf(&b, "%d. %s\n", i+1, click)
		}
		b.WriteString("\n")
		for _, paste := range req.Paste {
			fmt.Fprintf(&b, "- %s: `%s`\n", paste.Label, paste.Value)
		}
		if req.URL != "" {
			fmt.Fprintf(&b, "\n[Open the console](%s)\n", req.URL)
		}
		if req.Command != "" {
			fmt.Fprintf(&b, "\n    %s\n", req.Command)
		}
		if req.Detection != "" {
			fmt.Fprintf(&b, "\n%s\n", req.Detection)
		}
		if req.Refusal != "" {
			fmt.Fprintf(&b, "\n**The last answer was refused:** %s\n", req.Refusal)
			if req.RefusalRemedy != "" {
				fmt.Fprintf(&b, "\n**What to do:** %s\n", req.RefusalRemedy)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("| | Step | |\n|---|---|---|\n")
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", mark(s.State), s.Title, cell(s.Summary))
	}
	return b.String()
}

func mark(state onboarding.StepState) string {
	switch state {
	case onboarding.StepDone:
		return "✔"
	case onboarding.StepRunning:
		return "●"
	case onboarding.StepWaiting:
		return "…"
	case onboarding.StepParked:
		return "⚠"
	case onboarding.StepSkipped:
		return "↷"
	}
	return "○"
}

// cell keeps text inside its table cell.
func cell(s string) string {
	return strings.NewReplacer("\n", " ", "|", "\\|").Replace(s)
}
