package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/policy"
)

const specWithRole = goodSpec + `studio:
  assumeRole: arn:aws:iam::222222222222:role/StudioOnboarding
`

func TestPolicyPrintsWhatASpecNeeds(t *testing.T) {
	p := sit(t, nil)
	path := p.file("spec.yaml", specWithRole)
	code, out, stderr := p.types("policy", "-f", path, "--worker", "arn:aws:iam::111111111111:role/Worker")
	require.Zero(t, code, stderr)
	for _, part := range []string{
		"AWS: the worker's own credentials", "AWS: role arn:aws:iam::222222222222:role/StudioOnboarding", "Trust policy:",
		`"Principal":{"AWS":"arn:aws:iam::111111111111:role/Worker"}`, "arn:aws:iam::222222222222:role/SageMakerStudio-demo",
		"okta.groups.manage", "Group Administrator", "optional: ",
	} {
		require.Contains(t, out, part)
	}
	_, out, _ = p.types("policy", "-f", path, "--required")
	require.NotContains(t, out, "optional: ")
	require.NotContains(t, out, "cloudtrail")
}

func TestPolicyPrintsOneDocumentForTheToolsOfAWS(t *testing.T) {
	p := sit(t, nil)
	path := p.file("spec.yaml", specWithRole)
	for side, action := range map[string]string{
		"worker": "sts:AssumeRole", "identityCenter": "sso:CreateApplicationAssignment", "studio": "sagemaker:CreateDomain",
	} {
		code, out, stderr := p.types("policy", "-f", path, "--only", side)
		require.Zero(t, code, stderr)
		var document policy.Document
		require.NoError(t, json.Unmarshal([]byte(out), &document))
		require.Equal(t, "2012-10-17", document.Version)
		require.Contains(t, document.Actions(), action)
	}
	code, out, stderr := p.types("policy", "-f", path, "--only", "studio", "--trust")
	require.Zero(t, code)
	require.Contains(t, out, `"sts:AssumeRole"`)
	require.Contains(t, out, policy.WorkerPlaceholder)
	require.Contains(t, stderr, "AWS refuses the policy until then")
}

func TestPolicyPrintsWhatLookingNeeds(t *testing.T) {
	p := sit(t, nil)
	path := p.file("spec.yaml", specWithRole)
	code, out, stderr := p.types("policy", "-f", path, "--read-only")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "sagemaker:DescribeDomain")
	for _, write := range []string{"sagemaker:Create", "iam:PassRole", "sso:CreateApplicationAssignment", "okta.apps.manage"} {
		require.NotContains(t, out, write)
	}
}

func TestPolicyPrintsWhatTheStoreNeeds(t *testing.T) {
	p := sit(t, nil)
	path := p.file("spec.yaml", specWithRole)
	code, out, stderr := p.types("policy", "-f", path, "--only", "worker", "--store", "s3://example-lists/onboarding?region=eu-central-1")
	require.Zero(t, code, stderr)
	require.Contains(t, out, `"arn:aws:s3:::example-lists/onboarding/*"`)
}

func TestPolicySpeaksJSON(t *testing.T) {
	p := sit(t, nil)
	code, out, _ := p.types("policy", "-f", p.file("spec.yaml", specWithRole), "--output", "json")
	require.Zero(t, code)
	var permissions policy.Permissions
	require.NoError(t, json.Unmarshal([]byte(out), &permissions))
	require.Len(t, permissions.Principals, 2)
	require.NotEmpty(t, permissions.Okta.Scopes)
}

func TestPolicyRefusesWrongUse(t *testing.T) {
	p := sit(t, nil)
	path := p.file("spec.yaml", specWithRole)
	for _, args := range [][]string{
		{"policy"}, {"policy", "-f", path, "--only", "nobody"}, {"policy", "-f", path, "--trust"}, {"policy", "-f", path, "--worker", "me"},
		{"policy", "-f", path, "--store", "/var/lib/lists"}, {"policy", "-f", path, "--store", "s3://"},
		{"policy", "-f", path, "--only", "worker", "--trust"}, {"policy", "-f", p.file("spec.yaml", "name: x\n")},
	} {
		code, out, stderr := p.types(args...)
		require.Equal(t, 2, code, "%v: %s", args, stderr)
		require.Empty(t, out)
	}
}
