package brokenworlds

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// otherTrust is a trust policy that admits nobody of interest.
const otherTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

const (
	workerTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]}`
	studioTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

func (s *site) trust(role, document string) {
	_, err := iam.NewFromConfig(s.as(sandbox.AsStudioAdministrator)).UpdateAssumeRolePolicy(s.Context(), &iam.UpdateAssumeRolePolicyInput{
		RoleName: &role, PolicyDocument: &document,
	})
	require.NoError(s, err)
}

// createRole makes a role in the Studio account and answers with its ARN.
func (s *site) createRole(name, trust string) string {
	out, err := iam.NewFromConfig(s.as(sandbox.AsStudioAdministrator)).CreateRole(s.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: &trust,
	})
	require.NoError(s, err)
	return aws.ToString(out.Role.Arn)
}

// accounts are worlds in which the worker has the wrong credentials, or the spec the wrong account.
func accounts() []row {
	return []row{
		{
			world: "a wrong AWS secret key",
			breaks: func(s *site) {
				environment, err := s.console.EnvironmentAs(s.Context(), sandbox.AsWorker)
				require.NoError(s, err)
				s.aws.Set(environment["AWS_ACCESS_KEY_ID"], "not-the-secret-of-this-key")
			},
			check: "identity-account", kind: onboarding.VerdictBlocked, says: []string{"credentials"},
			stops: onboarding.StepIdentityCenter, stop: []string{"credentials"},
			repair: func(s *site) { s.workAs(sandbox.AsWorker) }, fix: "give the worker valid credentials",
		},
		{
			world:  "an AWS access key that does not exist",
			breaks: func(s *site) { s.aws.Set("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") },
			check:  "identity-account", kind: onboarding.VerdictBlocked, says: []string{"credentials"},
			stops: onboarding.StepIdentityCenter, stop: []string{"credentials"},
			repair: func(s *site) { s.workAs(sandbox.AsWorker) }, fix: "give the worker valid credentials",
		},
		{
			world:  "the spec names another account for Identity Center",
			breaks: func(s *site) { s.spec.IdentityCenter.Account = "333333333333" },
			check:  "identity-account", kind: onboarding.VerdictBlocked, says: []string{"333333333333", management, "identityCenter.account"},
			respec: func(s *site) { s.spec.IdentityCenter.Account = management },
			fix:    "correct the spec, and start again",
		},
		{
			world:  "the credentials of the Studio side belong to another account",
			breaks: func(s *site) { s.spec.Studio = onboarding.AccountSpec{Account: member} },
			check:  "studio-account", kind: onboarding.VerdictBlocked, says: []string{management, member, "studio.assumeRole"},
			respec: func(s *site) { s.spec.Studio.AssumeRole = studioRole },
			fix:    "correct the spec, and start again",
		},
		{
			world:  "the role of the Studio side does not exist",
			breaks: func(s *site) { s.spec.Studio.AssumeRole = "arn:aws:iam::222222222222:role/Missing" },
			check:  "studio-account", kind: onboarding.VerdictBlocked, says: []string{"role/Missing", "sts:AssumeRole"},
			stops: onboarding.StepExecutionRole, stop: []string{"role/Missing", "sts:AssumeRole"},
			respec: func(s *site) { s.spec.Studio.AssumeRole = studioRole }, fix: "correct the spec, and start again",
		},
		{
			world:  "the role of the Studio side does not trust the worker",
			breaks: func(s *site) { s.trust("StudioOnboarding", otherTrust) },
			check:  "studio-account", kind: onboarding.VerdictBlocked, says: []string{"sts:AssumeRole", "trust policy", studioRole},
			stops: onboarding.StepExecutionRole, stop: []string{"sts:AssumeRole", "trust policy", studioRole},
			repair: func(s *site) { s.trust("StudioOnboarding", workerTrust) }, fix: "name the worker in the role's trust policy",
		},
	}
}
