package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/render"
	"studio-onboarding/onboarding"
)

func TestEveryThingThatBlocksHasItsRemedyUnderIt(t *testing.T) {
	parked := domainParked()
	parked.Message, parked.Remedy = "both", "all"
	parked.Verdicts = []onboarding.Verdict{
		{Kind: onboarding.VerdictBlocked, Code: "network", Reason: "There is no VPC.", Remedy: "Make one."},
		{Kind: onboarding.VerdictBlocked, Code: "okta-group", Reason: "Okta has no group studio.", Remedy: "Create it."},
	}
	var b strings.Builder
	require.NoError(t, render.Parked(&b, "demo", parked, render.Options{Now: now}))
	require.Regexp(t, `(?s)What +There is no VPC\.\n +Remedy +Make one\.\n +What +Okta has no group studio\.\n +Remedy +Create it\.\n`,
		b.String())
	require.NotContains(t, b.String(), "both")

	b.Reset()
	require.NoError(t, render.Parked(&b, "demo", domainParked(), render.Options{Now: now}))
	require.Regexp(t, `What +sagemaker:CreateDomain: .*\n +Remedy +allow iam:PassRole`, b.String(), "one thing stands in message and remedy")
}

func TestARefusalAndARetryShowTheirRemedies(t *testing.T) {
	p := busy()
	p.Requests[0].RefusalRemedy = "copy it from the console of us-east-1"
	for i := range p.Steps {
		if p.Steps[i].Retrying != "" {
			p.Steps[i].RetryingRemedy = "wait for it"
		}
	}
	var b strings.Builder
	require.NoError(t, render.Progress(&b, p, render.Options{Now: now}))
	require.Regexp(t, `Refused +the ACS URL belongs to another Region\n +Remedy +copy it from the console of us-east-1\n`, b.String())
	require.Contains(t, b.String(), "attempt 3, after: okta: rate limited → wait for it\n")
}

func TestRemediesFromOutsideCannotSteerTheTerminal(t *testing.T) {
	nasty := "evil\x1b[2J\x07\u202ename"
	p := busy()
	p.Requests[0].RefusalRemedy, p.Parked[0].Verdicts = nasty, []onboarding.Verdict{{Reason: nasty, Remedy: nasty}}
	for i := range p.Steps {
		p.Steps[i].RetryingRemedy = nasty
	}
	var b strings.Builder
	require.NoError(t, render.Progress(&b, p, render.Options{Now: now}))
	for _, bad := range []string{"\x1b", "\x07", "\u202e"} {
		require.NotContains(t, b.String(), bad)
	}
}
