package activities_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	newRole     = "SageMakerStudio-demo"
	newRoleARN  = "arn:aws:iam::222222222222:role/" + newRole
	foreignRole = "DataPlatformNotebooks"
	foreignARN  = "arn:aws:iam::222222222222:role/" + foreignRole
	policyARN   = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
)

func rolesInput(roles ...string) activities.RolesInput {
	return activities.RolesInput{Run: "demo", Studio: studioAccount, Region: awsRegion, Roles: roles, Tags: map[string]string{"team": "ml"}}
}

func newStudio(t *testing.T) (awsWorld, *activities.Studio) {
	t.Helper()
	w := newAWSWorld(t)
	return w, &activities.Studio{AWS: w.clouds, Waits: w.waits}
}

func TestARoleIsCreatedOnceAndReadBack(t *testing.T) {
	w, x := newStudio(t)
	want := activities.RolesResult{Roles: []activities.Role{{Wanted: newRole, Name: newRole, ARN: newRoleARN, Origin: onboarding.OriginCreated}}}
	for range 2 {
		got, err := once(x.EnsureRoles, rolesInput(newRole))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.Equal(t, 1, w.count(t, "CreateRole", "created"))

	client := iam.NewFromConfig(w.studioConfig(t))
	attached, err := client.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(newRole)})
	require.NoError(t, err)
	require.Len(t, attached.AttachedPolicies, 1)
	require.Equal(t, policyARN, *attached.AttachedPolicies[0].PolicyArn)
	role, err := client.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String(newRole)})
	require.NoError(t, err)
	tags := map[string]string{}
	for _, tag := range role.Role.Tags {
		tags[*tag.Key] = *tag.Value
	}
	require.Equal(t, map[string]string{"team": "ml", "studio-onboarding:run": "demo"}, tags)

	other := rolesInput(newRole)
	other.Run = "other"
	got, err := once(x.EnsureRoles, other)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginAdopted, got.Roles[0].Origin, "another run's role")
}

func TestARoleOfSomebodyElseIsOnlyLookedAt(t *testing.T) {
	w, x := newStudio(t)
	client := iam.NewFromConfig(w.studioConfig(t))
	_, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName:                 aws.String("SageMakerStudio-narrow"),
		AssumeRolePolicyDocument: aws.String(`{"Statement":{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","sagemaker.amazonaws.com"]},"Action":["sts:SetContext","sts:AssumeRole"]}}`),
	})
	require.NoError(t, err)

	got, err := once(x.EnsureRoles, rolesInput(foreignRole, foreignARN, "SageMakerStudio-narrow"))
	require.NoError(t, err)
	require.Equal(t, []activities.Role{
		{Wanted: foreignRole, Name: foreignRole, ARN: foreignARN, Origin: onboarding.OriginAdopted},
		{Wanted: foreignARN, Name: foreignRole, ARN: foreignARN, Origin: onboarding.OriginAdopted},
		{Wanted: "SageMakerStudio-narrow", Name: "SageMakerStudio-narrow", ARN: "arn:aws:iam::222222222222:role/SageMakerStudio-narrow", Origin: onboarding.OriginAdopted},
	}, got.Roles)
	require.Equal(t, 1, w.count(t, "CreateRole", "created"), "the one that this test made")
	attached, err := client.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("SageMakerStudio-narrow")})
	require.NoError(t, err)
	require.Empty(t, attached.AttachedPolicies, "a narrow role must not become a wide one")
}

func TestARoleThatSageMakerMayNotAssumeParks(t *testing.T) {
	w, x := newStudio(t)
	for _, wanted := range []string{"StudioOnboarding", studioAccount.AssumeRole} {
		_, err := once(x.EnsureRoles, rolesInput(wanted))
		failsWith(t, err, fault.Invalid, studioAccount.AssumeRole, `"Principal":{"Service":"sagemaker.amazonaws.com"}`)
	}
	require.Zero(t, w.count(t, "UpdateAssumeRolePolicy", "changed"))
}

func TestARoleARNThatDoesNotExistParks(t *testing.T) {
	_, x := newStudio(t)
	for _, wanted := range []string{newRoleARN, "arn:aws:iam::999999999999:role/" + foreignRole, "arn:aws:iam::222222222222:role/path/" + foreignRole} {
		_, err := once(x.EnsureRoles, rolesInput(wanted))
		failsWith(t, err, fault.Invalid, "the Studio account has no role "+wanted)
	}
}

func TestARoleWhoseAnswerWasLostIsStillOurs(t *testing.T) {
	w, x := newStudio(t)
	w.faults(t, sandbox.Fault{Operation: "CreateRole", Kind: sandbox.FaultLostAnswer, Times: 1})
	got, err := once(x.EnsureRoles, rolesInput(newRole))
	require.NoError(t, err, "the SDK asks again, hears that the name is taken, and the activity looks again")
	require.Equal(t, onboarding.OriginCreated, got.Roles[0].Origin)
	require.Equal(t, 1, w.count(t, "CreateRole", "created"))
}

func TestAWorkerThatDiedBeforeAttachingIsMadeGood(t *testing.T) {
	w, x := newStudio(t)
	w.faults(t, sandbox.Fault{Operation: "AttachRolePolicy", Kind: sandbox.FaultDeny})
	_, err := once(x.EnsureRoles, rolesInput(newRole))
	failsWith(t, err, fault.Denied, "iam:AttachRolePolicy", "assumed-role/StudioOnboarding", `"Resource":"`+newRoleARN+`"`)

	w.faults(t)
	got, err := once(x.EnsureRoles, rolesInput(newRole))
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, got.Roles[0].Origin)
	require.Equal(t, 1, w.count(t, "CreateRole", "created"))
	attached, err := iam.NewFromConfig(w.studioConfig(t)).ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(newRole)})
	require.NoError(t, err)
	require.Len(t, attached.AttachedPolicies, 1)
}

func TestAnAttachmentThatWasLostIsNotReportedAsDone(t *testing.T) {
	w, x := newStudio(t)
	w.faults(t, sandbox.Fault{Operation: "AttachRolePolicy", Kind: sandbox.FaultLostWrite, Times: 1})
	_, err := once(x.EnsureRoles, rolesInput(newRole))
	failsWith(t, err, fault.NotReady, "AmazonSageMakerFullAccess")
	_, err = settled(t, x.EnsureRoles, rolesInput(newRole))
	require.NoError(t, err)
}

func TestCreatingARoleMayBeDenied(t *testing.T) {
	w, x := newStudio(t)
	w.faults(t, sandbox.Fault{Service: "iam", Operation: "CreateRole", Kind: sandbox.FaultDeny})
	_, err := once(x.EnsureRoles, rolesInput(newRole))
	failsWith(t, err, fault.Denied, "iam:CreateRole", `{"Effect":"Allow","Action":"iam:CreateRole"`)
}

func TestTheStudioRoleMayNotBeAssumed(t *testing.T) {
	w, x := newStudio(t)
	w.faults(t, sandbox.Fault{Service: "sts", Operation: "AssumeRole", Kind: sandbox.FaultDeny})
	_, err := once(x.EnsureRoles, rolesInput(newRole))
	failsWith(t, err, fault.Denied, "sts:AssumeRole", "trust policy of "+studioAccount.AssumeRole)
}
