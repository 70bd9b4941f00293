package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

// looked is a server on which a check or plan ends with a result.
func looked(result any) *runstest.Fake {
	return &runstest.Fake{Status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, Result: result, Pollers: 1}
}

func TestCheckPrintsFindingsAndItsCodeTellsTheWorst(t *testing.T) {
	sound := onboarding.Verdict{Kind: onboarding.VerdictKeep, Resource: onboarding.ResourceCredentials, Code: "identity-account",
		Reason: "Account 1."}
	warning := onboarding.Verdict{Kind: onboarding.VerdictWarning, Resource: onboarding.ResourcePerson, Code: "people",
		Reason: "3 people may not be able to sign in.", Remedy: "Fill it in."}
	blocking := onboarding.Verdict{Kind: onboarding.VerdictBlocked, Resource: onboarding.ResourceNetwork, Code: "network",
		Reason: "No VPC.", Remedy: "Make one."}
	for code, findings := range map[int][]onboarding.Verdict{0: {sound}, 5: {sound, warning}, 6: {warning, blocking, sound}} {
		p := sit(t, looked(onboarding.Assessment{Run: "demo", Verdicts: findings}))
		got, out, stderr := p.types("check", "-f", p.file("spec.yaml", goodSpec))
		require.Equal(t, code, got, stderr)
		require.Contains(t, out, "Credentials and accounts\n  ✔ identity-account: Account 1.")
		require.Equal(t, code >= 5, strings.Contains(out, "  ! people: 3 people may not be able to sign in.\n    → Fill it in."))
		require.Equal(t, code == 6, strings.Contains(out, "  ✗ network: No VPC.\n    → Make one."))
		require.Equal(t, "check-demo", p.fake.Starts[0].ID)
		require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING, p.fake.Starts[0].WorkflowIDConflictPolicy)

		got, out, _ = p.types("check", "-f", p.file("spec.yaml", goodSpec), "--output", "json")
		require.Equal(t, code, got)
		var result onboarding.Assessment
		require.NoError(t, json.Unmarshal([]byte(out), &result))
		require.Equal(t, findings, result.Verdicts)
	}
}

func TestPlanPrintsADiff(t *testing.T) {
	plan := onboarding.Assessment{Run: "demo", Region: "us-east-1", People: onboarding.ExpectedPeople{Wanted: 60, Synced: 2, AfterSync: 57},
		Verdicts: []onboarding.Verdict{
			{Kind: onboarding.VerdictKeep, Resource: onboarding.ResourceCredentials, Code: "credentials", Reason: "Account 1."},
			{Kind: onboarding.VerdictAsk, Resource: onboarding.ResourceInstance, Code: "identity-center", Subject: "us-east-1",
				Reason: "to be enabled"},
			{Kind: onboarding.VerdictCreate, Resource: onboarding.ResourceOktaApp, Code: "okta-app", Subject: "AWS"},
			{Kind: onboarding.VerdictCreate, Resource: onboarding.ResourceOktaApp, Code: "okta-app", Field: "okta.appLabel", Subject: "AWS",
				Want: "AWS"},
			{Kind: onboarding.VerdictChange, Resource: onboarding.ResourceTrust, Code: "saml-trust", Subject: "AWS"},
			{Kind: onboarding.VerdictAdopt, Resource: onboarding.ResourceNetwork, Code: "network", Subject: "vpc-1"},
			{Kind: onboarding.VerdictKeep, Resource: onboarding.ResourceNetwork, Code: "security-groups", Subject: "vpc-1"},
			{Kind: onboarding.VerdictChange, Resource: onboarding.ResourceDomain, Code: "domain", Subject: "demo", Field: "domain.network.access",
				Have: "public", Want: "vpc-only"},
			{Kind: onboarding.VerdictRemove, Resource: onboarding.ResourceAssignment, Code: "studio-assignment", Subject: "eve@example.com"},
			{Kind: onboarding.VerdictCreate, Resource: onboarding.ResourceProfile, Code: "user-profile", Subject: "ada@example.com",
				Reason: "ada", AfterSync: true},
			{Kind: onboarding.VerdictCreate, Resource: onboarding.ResourceProfile, Code: "user-profile", Count: 56, AfterSync: true},
		},
		Exceptions: []onboarding.PersonException{{Person: "ines@example.com", Reason: "no last name", Remedy: "Fill it in"}}, ExceptionsTotal: 1}
	p := sit(t, looked(plan))
	code, out, stderr := p.types("plan", "-f", p.file("spec.yaml", goodSpec))
	require.Zero(t, code, stderr)
	for _, line := range []string{
		"  ? Identity Center instance us-east-1: to be enabled\n", "  + Okta app AWS\n", "  ~ SAML trust AWS\n", "  = Network vpc-1\n",
		"  ~ Studio domain demo, domain.network.access: public → vpc-only\n",
		"  - Studio assignment eve@example.com\n", "  + User profile ada@example.com: ada (after the sync)\n",
		"  + 56 User profiles more (after the sync)\n",
		"ines@example.com", "60 people wanted: 2 in Identity Center, 57 expected after the sync. 58 to create, 2 to change, " +
			"1 to remove, 1 to keep, 1 for you to do.",
	} {
		require.Contains(t, out, line)
	}
	require.Equal(t, "plan-demo", p.fake.Starts[0].ID)

	plan.Verdicts = append(plan.Verdicts, onboarding.Verdict{Kind: onboarding.VerdictBlocked, Resource: onboarding.ResourceDomain,
		Code: "domain", Reason: "IAM authentication.", Remedy: "Another name."})
	p = sit(t, looked(plan))
	code, out, _ = p.types("plan", "-f", p.file("spec.yaml", goodSpec), "--output", "json")
	require.Equal(t, 6, code)
	var got onboarding.Assessment
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Equal(t, plan, got)
}

func TestACheckWithoutAWorkerSaysSo(t *testing.T) {
	for _, command := range []string{"check", "plan"} {
		p := sit(t, &runstest.Fake{Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING, Waiting: true})
		code, out, stderr := p.types(command, "-f", p.file("spec.yaml", goodSpec))
		require.Equal(t, 4, code)
		require.Empty(t, out)
		require.Contains(t, stderr, "no worker polls task queue studio-onboarding")
		require.Contains(t, stderr, "go run ./worker")
		require.Equal(t, []string{command + "-demo"}, p.fake.Terminated, "nobody would read its result")
	}
}

func TestACheckThatFailsSaysWhyAndWhatItWaitedFor(t *testing.T) {
	fake := &runstest.Fake{Status: enums.WORKFLOW_EXECUTION_STATUS_FAILED, Pollers: 1,
		Failure: temporal.NewApplicationError("Okta is down", "Unavailable", onboarding.Failure{Reason: "Okta is down", Remedy: "wait"})}
	p := sit(t, fake)
	code, _, stderr := p.types("check", "-f", p.file("spec.yaml", goodSpec))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "the check of demo failed: Okta is down → wait")

	fake = looked(onboarding.Assessment{Run: "demo"})
	fake.Status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	fake.Pending = []*workflow.PendingActivityInfo{runstest.Activity("RunPreflight", 2, nil, "Throttled", "Okta: too many requests",
		"give it time")}
	p = sit(t, fake)
	p.io.Err = writerFunc(func(data []byte) (int, error) {
		if strings.Contains(string(data), "too many requests") {
			fake.Change(func(f *runstest.Fake) { f.Status = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED })
		}
		return p.err.Write(data)
	})
	code, _, stderr = p.types("check", "-f", p.file("spec.yaml", goodSpec))
	require.Zero(t, code)
	require.Equal(t, 1, strings.Count(stderr, "too many requests → give it time"), "it is told once, with what to do")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }
