package onboarding_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

// What the first version wrote into histories is read by this one: a run that it began goes on, and its report can be shown.
func TestWhatTheFirstVersionWroteIsRead(t *testing.T) {
	var report onboarding.Report
	require.NoError(t, json.Unmarshal([]byte(`{"run":"demo","state":"done","doors":{"studio":"https://d-1.studio.us-east-1.sagemaker.aws"},
		"people":{"ready":3},"findings":[{"level":"warning","area":"people","check":"people","message":"2 people have no last name.","remedy":"Set it."}]}`), &report))
	require.Equal(t, "https://d-1.studio.us-east-1.sagemaker.aws", report.Addresses.Studio)
	require.Equal(t, 3, report.People.Ready)
	require.Equal(t, []onboarding.Verdict{
		{Kind: onboarding.VerdictWarning, Code: "people", Reason: "2 people have no last name.", Remedy: "Set it."},
	}, report.Findings)

	var preflight onboarding.Assessment
	require.NoError(t, json.Unmarshal([]byte(`{"oktaUrl":"https://example.okta.com","findings":[
		{"level":"blocking","check":"network","message":"There is no VPC.","remedy":"Make one."},{"level":"ok","check":"domain","message":"It exists."}]}`), &preflight))
	require.Equal(t, "https://example.okta.com", preflight.OktaURL)
	require.Len(t, onboarding.Blocked(preflight.Verdicts), 1, "a run that was blocked is blocked still")
	require.Equal(t, onboarding.VerdictKeep, preflight.Verdicts[1].Kind)
}

func TestWhatThisVersionWritesIsReadAsItIs(t *testing.T) {
	report := onboarding.Report{Run: "demo", Addresses: onboarding.SignInAddresses{OktaTile: "https://example.okta.com/home"},
		Findings: []onboarding.Verdict{{Resource: onboarding.ResourceTrust, Kind: onboarding.VerdictWarning, Code: "saml-trust", Reason: "No API tells."}}}
	assessment := onboarding.Assessment{Run: "demo", Verdicts: []onboarding.Verdict{
		{Resource: onboarding.ResourceDomain, Subject: "demo", Field: "domain.tags", Kind: onboarding.VerdictChange, Code: "domain-tags", Have: "a", Want: "b"},
	}}
	for _, value := range []any{&report, &assessment} {
		data, err := json.Marshal(value)
		require.NoError(t, err)
		switch was := value.(type) {
		case *onboarding.Report:
			var is onboarding.Report
			require.NoError(t, json.Unmarshal(data, &is))
			require.Equal(t, *was, is)
		case *onboarding.Assessment:
			var is onboarding.Assessment
			require.NoError(t, json.Unmarshal(data, &is))
			require.Equal(t, *was, is)
		}
	}
}

// A plan counts what a run writes; a check shows what is worth knowing.
func TestPlanAndCheckAreViewsOfTheSameVerdicts(t *testing.T) {
	v := func(kind onboarding.VerdictKind, resource onboarding.ResourceKind, field string) onboarding.Verdict {
		return onboarding.Verdict{Kind: kind, Resource: resource, Field: field, Code: string(resource)}
	}
	assessment := onboarding.Assessment{Verdicts: []onboarding.Verdict{
		v(onboarding.VerdictKeep, onboarding.ResourceCredentials, ""),
		v(onboarding.VerdictCreate, onboarding.ResourceDomain, ""), v(onboarding.VerdictCreate, onboarding.ResourceDomain, "domain.tags"),
		v(onboarding.VerdictChange, onboarding.ResourceRole, "domain.tags"), v(onboarding.VerdictCreate, onboarding.ResourceRolePolicy, "domain.kmsKey"),
		v(onboarding.VerdictChange, onboarding.ResourceProfile, ""), v(onboarding.VerdictChange, onboarding.ResourceProfile, "domain.tags"),
		v(onboarding.VerdictAsk, onboarding.ResourceTrust, ""), v(onboarding.VerdictBlocked, onboarding.ResourceNetwork, "domain.network.vpc"),
	}}
	require.Equal(t, map[onboarding.VerdictKind]int{onboarding.VerdictCreate: 2, onboarding.VerdictChange: 2, onboarding.VerdictAsk: 1}, assessment.Totals())
	require.Len(t, assessment.Planned(), 5)
	var checked []onboarding.ResourceKind
	for _, verdict := range assessment.Checked() {
		checked = append(checked, verdict.Resource)
	}
	require.Equal(t, []onboarding.ResourceKind{onboarding.ResourceCredentials, onboarding.ResourceDomain, onboarding.ResourceRole,
		onboarding.ResourceTrust, onboarding.ResourceNetwork}, checked, "nobody one by one, and no fields that are in order")
}
