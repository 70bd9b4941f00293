package brokenworlds

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const ownKey = "arn:aws:kms:us-east-1:111111111111:key/0f1e2d3c-4b5a-4968-8776-655443322110"

// identityCenter are worlds whose instance is missing, elsewhere, of another kind, or locked.
func identityCenter() []row {
	return []row{
		{
			world:  "the organization's instance is in another Region",
			breaks: func(s *site) { s.enable("eu-west-1") },
			check:  "identity-center", kind: onboarding.VerdictBlocked, says: []string{"eu-west-1", region},
			stops: onboarding.StepIdentityCenter, stop: []string{"eu-west-1", region},
			repair: func(s *site) { require.NoError(s, s.console.DeleteIdentityCenter(s.Context())) }, fix: "delete the instance and enable it in the Region of the spec",
		},
		{
			world: "there is an account instance only",
			breaks: func(s *site) {
				_, err := ssoadmin.NewFromConfig(s.as(sandbox.AsStudioAdministrator)).CreateInstance(s.Context(), &ssoadmin.CreateInstanceInput{Name: aws.String("team")})
				require.NoError(s, err)
				everything := json.RawMessage(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
				require.NoError(s, s.console.SetPolicies(s.Context(), map[string]json.RawMessage{studioRole: everything}))
				s.spec.IdentityCenter = onboarding.AccountSpec{AssumeRole: studioRole}
			},
			check: "identity-center", kind: onboarding.VerdictBlocked, says: []string{"account instance", management},
			stops: onboarding.StepIdentityCenter, stop: []string{"account instance", management},
			respec: func(s *site) { s.spec.IdentityCenter = onboarding.AccountSpec{Account: management} }, fix: "name the management account in the spec, and start again",
		},
		{
			world:  "the account belongs to no organization",
			breaks: func(s *site) { s.change(sandbox.AWSSettings{NoOrganization: pointer(true)}) },
			check:  "identity-center", kind: onboarding.VerdictBlocked, says: []string{"organization"},
			stops: onboarding.StepIdentityCenter, stop: []string{"organization"},
			repair: func(s *site) { s.change(sandbox.AWSSettings{NoOrganization: pointer(false)}) }, fix: "create the organization",
		},
		{
			world: "the instance is encrypted with a key of one's own",
			breaks: func(s *site) {
				s.enable(region)
				s.change(sandbox.AWSSettings{InstanceKey: pointer(ownKey)})
			},
			check: "people-made-by-hand", kind: onboarding.VerdictBlocked, says: []string{ownKey, "kms:Decrypt"},
			stops: onboarding.StepDirectorySync, stop: []string{"kms:Decrypt", ownKey},
			repair: func(s *site) { s.change(sandbox.AWSSettings{InstanceKey: pointer("")}) }, fix: "change back to the key that AWS owns",
		},
		{
			world: "network controls admit neither Okta nor the worker to SCIM",
			breaks: func(s *site) {
				s.enable(region)
				s.change(sandbox.AWSSettings{SCIMSources: &[]string{"203.0.113.0/24"}})
			},
			check: "identity-store-network", kind: onboarding.VerdictWarning, says: []string{"203.0.113.0/24", "Okta"},
			stops: onboarding.StepSCIM, stop: []string{"403", "ScimAllowSourceIps"},
			repair: func(s *site) { s.change(sandbox.AWSSettings{SCIMSources: &[]string{"0.0.0.0/0"}}) }, fix: "admit Okta's addresses and the worker's",
		},
		{
			world: "the identity store is reached through a VPC endpoint only",
			breaks: func(s *site) {
				s.enable(region)
				s.change(sandbox.AWSSettings{VPCEndpointOnly: pointer(true)})
			},
			check: "identity-store-network", kind: onboarding.VerdictBlocked, says: []string{"VPC endpoint", "ScimAllowSourceIps"},
			stops: onboarding.StepSCIM, stop: []string{"403", "ScimAllowSourceIps"},
			repair: func(s *site) { s.change(sandbox.AWSSettings{SCIMSources: &[]string{"0.0.0.0/0"}}) }, fix: "admit SCIM requests from outside",
		},
	}
}
