package workflows

import (
	"fmt"
	"strings"
	"time"

	"studio-onboarding/onboarding"
)

// studioDetails is the studio's page in the Temporal UI, as Markdown.
func studioDetails(s onboarding.Studio, now onboarding.Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** %s\n\n", now.State, now.Step)
	if s.InForce != nil {
		fmt.Fprintf(&b, "- Studio: %s\n- Spec in force: revision %d\n", s.InForce.Domain.URL, s.Revisions[len(s.Revisions)-1].N)
	}
	switch {
	case s.Sync.Every == 0:
		b.WriteString("- Reconciles: none by themselves\n")
	case s.Sync.Paused:
		fmt.Fprintf(&b, "- Reconciles: every %s, paused\n", s.Sync.Every)
	default:
		fmt.Fprintf(&b, "- Reconciles: every %s\n", s.Sync.Every)
	}
	if !s.Sync.LastGood.IsZero() {
		fmt.Fprintf(&b, "- Last good reconcile: %s\n", s.Sync.LastGood.UTC().Format(time.DateTime))
	}
	for _, expiry := range s.Expiries {
		fmt.Fprintf(&b, "- %s expires on %s\n", expiry.What, expiry.At.UTC().Format(time.DateOnly))
	}
	b.WriteString("\n| Run | State | Started |\n|---|---|---|\n")
	for _, run := range s.Runs[max(0, len(s.Runs)-10):] {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", run.N, run.State, run.StartedAt.UTC().Format(time.DateTime))
	}
	b.WriteString("\n")
	for _, event := range s.Events[max(0, len(s.Events)-20):] {
		fmt.Fprintf(&b, "- %s %s\n", event.At.UTC().Format(time.DateTime), event.Text)
	}
	return b.String()
}
