package sandbox_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

const workerARN = "arn:aws:iam::111111111111:user/worker"

func policyOf(statements string) json.RawMessage {
	return json.RawMessage(`{"Version":"2012-10-17","Statement":` + statements + `}`)
}

func TestAPolicyReplacesWhatAPrincipalMayDo(t *testing.T) {
	w := start(t, fast)
	as := iam.NewFromConfig(w.as(sandbox.AsWorker))
	role := func(name string) error {
		_, err := as.GetRole(w.ctx, &iam.GetRoleInput{RoleName: &name})
		return err
	}
	const unknown, refused = "NoSuchEntity", "is not authorized to perform: iam:GetRole"
	for name, tc := range map[string]struct{ statements, studio, other string }{
		"exact":              {`{"Effect":"Allow","Action":"iam:GetRole","Resource":"arn:aws:iam::111111111111:role/Studio"}`, unknown, refused},
		"lists":              {`[{"Effect":"Allow","Action":["iam:ListRoles","iam:GetRole"],"Resource":["arn:aws:iam::111111111111:role/Other","arn:aws:iam::111111111111:role/Studio"]}]`, unknown, unknown},
		"prefix":             {`{"Effect":"Allow","Action":"iam:Get*","Resource":"arn:aws:iam::*:role/Stu*"}`, unknown, refused},
		"one character":      {`{"Effect":"Allow","Action":"iam:Get?ole","Resource":"arn:aws:iam::111111111111:role/?????"}`, refused, unknown},
		"case of actions":    {`{"Effect":"Allow","Action":"IAM:getrole","Resource":"*"}`, unknown, unknown},
		"another action":     {`{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"}`, refused, refused},
		"nothing":            {`[]`, refused, refused},
		"deny outweighs":     {`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:GetRole","Resource":"*/Other"}]`, unknown, "with an explicit deny"},
		"condition holds":    {`{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1","us-east-1"]}}}`, unknown, unknown},
		"condition fails":    {`{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}`, refused, refused},
		"condition is alien": {`{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringLike":{"iam:PassedToService":"*"}}}`, refused, refused},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, w.SetPolicies(w.ctx, map[string]json.RawMessage{workerARN: policyOf(tc.statements)}))
			require.ErrorContains(t, role("Studio"), tc.studio)
			require.ErrorContains(t, role("Other"), tc.other)
		})
	}

	look := func() error {
		_, err := organizations.NewFromConfig(w.as(sandbox.AsWorker)).DescribeOrganization(w.ctx, &organizations.DescribeOrganizationInput{})
		return err
	}
	w.NoError(w.SetPolicies(w.ctx, map[string]json.RawMessage{workerARN: policyOf(`[]`)}))
	w.ErrorContains(look(), "not authorized")
	w.NoError(w.SetPolicies(w.ctx, map[string]json.RawMessage{workerARN: json.RawMessage("null")}))
	w.NoError(look(), "null gives back what the worker had")
}

func TestCreatingWithTagsNeedsThePermissionToTag(t *testing.T) {
	w := start(t, fast)
	w.NoError(w.SetPolicies(w.ctx, map[string]json.RawMessage{
		"arn:aws:iam::222222222222:user/studio-administrator": policyOf(`{"Effect":"Allow","Action":"iam:CreateRole","Resource":"*"}`),
	}))
	roles := iam.NewFromConfig(w.as(sandbox.AsStudioAdministrator))
	document := aws.String(trust)
	_, err := roles.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("plain"), AssumeRolePolicyDocument: document})
	w.NoError(err)
	_, err = roles.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("tagged"), AssumeRolePolicyDocument: document, Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}})
	w.ErrorContains(err, "not authorized to perform: iam:TagRole on resource: arn:aws:iam::222222222222:role/tagged")
}

// What the sandbox would not enforce as AWS does is refused, and nothing changes.
func TestPoliciesThatCannotBeEnforcedAreRefused(t *testing.T) {
	w := start(t, fast)
	for says, policies := range map[string]map[string]json.RawMessage{
		"there is no user or role": {"arn:aws:iam::111111111111:user/nobody": policyOf(`[]`)},
		"unknown field":            {workerARN: policyOf(`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`)},
		"BoolIfExists":             {workerARN: policyOf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"x":"true"}}}`)},
		"has the Effect":           {workerARN: policyOf(`{"Effect":"allow","Action":"*","Resource":"*"}`)},
		"no Action or no Resource": {workerARN: policyOf(`{"Effect":"Allow","Action":"*"}`)},
		"its Version":              {workerARN: json.RawMessage(`{"Version":"2008-10-17","Statement":[]}`)},
	} {
		policies[studioRole] = policyOf(`[]`)
		w.ErrorContains(w.SetPolicies(w.ctx, policies), says)
	}
	_, err := organizations.NewFromConfig(w.as(sandbox.AsWorker)).DescribeOrganization(w.ctx, &organizations.DescribeOrganizationInput{})
	w.NoError(err)
}
