package policy_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/role"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// roles makes the execution roles, puts one right whose trust somebody changed, and looks at one that somebody else made.
func (p *proof) roles(spec onboarding.Spec) role.RolesResult {
	t := p.t
	var made role.RolesResult
	ensure := step((&role.Activities{AWS: p.cloud, Waits: p.waits}).EnsureRoles, always(role.RolesInput{
		Run: spec.Name, Studio: spec.Studio, Region: region, Roles: spec.ExecutionRoles(), Tags: spec.Domain.Tags,
		KMSKey: "arn:aws:kms:us-east-1:222222222222:key/1b2c3d4e-5f60-4a7b-8c9d-0e1f2a3b4c5d",
	}), &made)
	p.needs(ensure, "sts:AssumeRole", "iam:GetRole", "iam:CreateRole", "iam:TagRole", "iam:ListAttachedRolePolicies", "iam:GetRolePolicy",
		"iam:AttachRolePolicy", "iam:PutRolePolicy")

	client := iam.NewFromConfig(p.config(sandbox.AsStudioAdministrator))
	name := &made.Roles[1].Name
	_, err := client.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	p.needs(ensure, "iam:UpdateAssumeRolePolicy")

	_, err = client.UntagRole(t.Context(), &iam.UntagRoleInput{RoleName: name, TagKeys: []string{provider.RunTag}})
	require.NoError(t, err)
	p.optional(ensure, "iam:ListRolePolicies")
	_, err = client.TagRole(t.Context(), &iam.TagRoleInput{RoleName: name, Tags: []iamtypes.Tag{{Key: aws.String(provider.RunTag), Value: &spec.Name}}})
	require.NoError(t, err)
	require.NoError(t, p.insist(ensure))
	return made
}
