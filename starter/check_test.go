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
	sound := onboarding.Finding{Level: onboarding.LevelOK, Area: onboarding.AreaCredentials, Check: "identity-account", Message: "Account 1.", Remedy: "unused"}
	warning := onboarding.Finding{Level: onboarding.LevelWarning, Area: onboarding.AreaPeople, Check: "people", Message: "3 people may not get in.", Remedy: "Fill it in."}
	blocking := onboarding.Finding{Level: onboarding.LevelBlocking, Area: onboarding.AreaNetwork, Check: "network", Message: "No VPC.", Remedy: "Make one."}
	for code, findings := range map[int][]onboarding.Finding{0: {sound}, 5: {sound, warning}, 6: {warning, blocking, sound}} {
		p := sit(t, looked(onboarding.CheckResult{Run: "demo", Findings: findings}))
		got, out, stderr := p.types("check", "-f", p.file("spec.yaml", goodSpec))
		require.Equal(t, code, got, stderr)
		require.Contains(t, out, "Credentials and accounts\n  ✔ identity-account: Account 1.")
		require.NotContains(t, out, "unused")
		require.Equal(t, code >= 5, strings.Contains(out, "  ! people: 3 people may not get in.\n    → Fill it in."))
		require.Equal(t, code == 6, strings.Contains(out, "  ✗ network: No VPC.\n    → Make one."))
		require.Equal(t, "check-demo", p.fake.Starts[0].ID)
		require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING, p.fake.Starts[0].WorkflowIDConflictPolicy)

		got, out, _ = p.types("check", "-f", p.file("spec.yaml", goodSpec), "--output", "json")
		require.Equal(t, code, got)
		var result onboarding.CheckResult
		require.NoError(t, json.Unmarshal([]byte(out), &result))
		require.Equal(t, findings, result.Findings)
	}
}

func TestPlanPrintsADiff(t *testing.T) {
	plan := onboarding.Plan{Run: "demo", Region: "us-east-1", People: onboarding.PlannedPeople{Wanted: 60, Synced: 2, AfterSync: 57},
		Changes: []onboarding.Change{
			{Action: onboarding.ChangeAsk, Step: onboarding.StepIdentityCenter, Kind: onboarding.KindInstance, Name: "us-east-1", Detail: "to be enabled"},
			{Action: onboarding.ChangeCreate, Step: onboarding.StepOktaApp, Kind: onboarding.KindOktaApp, Name: "AWS"},
			{Action: onboarding.ChangeChange, Step: onboarding.StepSAMLExchange, Kind: onboarding.KindTrust, Name: "AWS"},
			{Action: onboarding.ChangeKeep, Step: onboarding.StepNetwork, Kind: onboarding.KindNetwork, Name: "vpc-1"},
			{Action: onboarding.ChangeRemove, Step: onboarding.StepAccess, Kind: onboarding.KindAssignment, Name: "eve@example.com"},
			{Action: onboarding.ChangeCreate, Step: onboarding.StepAccess, Kind: onboarding.KindProfile, Name: "ada@example.com", Detail: "ada", AfterSync: true},
			{Action: onboarding.ChangeCreate, Step: onboarding.StepAccess, Kind: onboarding.KindProfile, Count: 56, AfterSync: true},
		},
		Exceptions: []onboarding.PersonException{{Person: "ines@example.com", Reason: "no last name", Remedy: "Fill it in"}}, ExceptionsTotal: 1}
	p := sit(t, looked(plan))
	code, out, stderr := p.types("plan", "-f", p.file("spec.yaml", goodSpec))
	require.Zero(t, code, stderr)
	for _, line := range []string{
		"  ? Identity Center instance us-east-1: to be enabled\n", "  + Okta app AWS\n", "  ~ SAML trust AWS\n", "  = Network vpc-1\n",
		"  - Studio assignment eve@example.com\n", "  + User profile ada@example.com: ada (after the sync)\n", "  + 56 User profiles more (after the sync)\n",
		"ines@example.com", "60 people wanted: 2 in Identity Center, 57 expected after the sync. 58 to create, 1 to change, 1 to remove, 1 to keep, 1 for you to do.",
	} {
		require.Contains(t, out, line)
	}
	require.Equal(t, "plan-demo", p.fake.Starts[0].ID)

	plan.Findings = []onboarding.Finding{{Level: onboarding.LevelBlocking, Check: "domain", Message: "IAM authentication.", Remedy: "Another name."}}
	p = sit(t, looked(plan))
	code, out, _ = p.types("plan", "-f", p.file("spec.yaml", goodSpec), "--output", "json")
	require.Equal(t, 6, code)
	var got onboarding.Plan
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
		Failure: temporal.NewApplicationError("Okta is down → wait", "Unavailable")}
	p := sit(t, fake)
	code, _, stderr := p.types("check", "-f", p.file("spec.yaml", goodSpec))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "the check of demo failed: Okta is down → wait")

	fake = looked(onboarding.CheckResult{Run: "demo"})
	fake.Status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	fake.Pending = []*workflow.PendingActivityInfo{runstest.Activity("RunPreflight", 2, nil, "Throttled", "Okta: too many requests")}
	p = sit(t, fake)
	p.io.Err = writerFunc(func(data []byte) (int, error) {
		if strings.Contains(string(data), "too many requests") {
			fake.Change(func(f *runstest.Fake) { f.Status = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED })
		}
		return p.err.Write(data)
	})
	code, _, stderr = p.types("check", "-f", p.file("spec.yaml", goodSpec))
	require.Zero(t, code)
	require.Equal(t, 1, strings.Count(stderr, "too many requests"), "it is told once")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }
