package role_test

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/role"
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
	keyARN      = "arn:aws:kms:us-east-1:222222222222:key/1b2c3d4e-5f60-4a7b-8c9d-0e1f2a3b4c5d"
	otherTrust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},` +
		`"Action":"sts:AssumeRole"}]}`
)

func input(roles ...string) role.RolesInput {
	return role.RolesInput{Run: "demo", Studio: activitytest.StudioAccount, Region: activitytest.Region, Roles: roles,
		Tags: map[string]string{"team": "ml"}}
}

// withKey asks for everything that a role of ours can have.
func withKey() role.RolesInput {
	in := input(newRole)
	in.KMSKey = keyARN
	return in
}

func newRoles(t *testing.T) (activitytest.World, *role.Activities, *iam.Client) {
	t.Helper()
	w := activitytest.NewWorld(t)
	return w, &role.Activities{AWS: w.Clouds, Waits: w.Waits}, administrator(t, w)
}

// administrator is somebody else in the Studio account, who may do everything.
func administrator(t *testing.T, w activitytest.World) *iam.Client {
	t.Helper()
	env, err := w.EnvironmentAs(t.Context(), sandbox.AsStudioAdministrator)
	require.NoError(t, err)
	return iam.New(iam.Options{
		Region: activitytest.Region, BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""),
	})
}

// live is what IAM has of a role.
type live struct {
	tags            map[string]string
	trust           string
	managed, inline []string
	key             string
}

func liveRole(t *testing.T, client *iam.Client, name string) live {
	t.Helper()
	got, err := client.GetRole(t.Context(), &iam.GetRoleInput{RoleName: &name})
	require.NoError(t, err)
	l := live{tags: map[string]string{}}
	for _, tag := range got.Role.Tags {
		l.tags[*tag.Key] = *tag.Value
	}
	l.trust, err = url.PathUnescape(*got.Role.AssumeRolePolicyDocument)
	require.NoError(t, err)
	attached, err := client.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	require.NoError(t, err)
	for _, policy := range attached.AttachedPolicies {
		l.managed = append(l.managed, *policy.PolicyArn)
	}
	inline, err := client.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: &name})
	require.NoError(t, err)
	l.inline = inline.PolicyNames
	for _, policy := range l.inline {
		out, err := client.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
		require.NoError(t, err)
		l.key, err = url.PathUnescape(*out.PolicyDocument)
		require.NoError(t, err)
	}
	return l
}

func TestARoleIsCreatedOnceAndReadBack(t *testing.T) {
	w, x, client := newRoles(t)
	want := role.RolesResult{Roles: []role.Role{{Wanted: newRole, Name: newRole, ARN: newRoleARN, Origin: onboarding.OriginCreated}}}
	for range 2 {
		got, err := activitytest.Once(x.EnsureRoles, input(newRole))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.Equal(t, 1, w.Count(t, "CreateRole", "created"))
	require.Equal(t, 1, w.Count(t, "AttachRolePolicy", "changed"))
	for _, operation := range []string{"TagRole", "UpdateAssumeRolePolicy", "PutRolePolicy"} {
		require.Zero(t, w.Count(t, operation, "changed"), operation)
	}
	is := liveRole(t, client, newRole)
	require.Equal(t, []string{policyARN}, is.managed)
	require.Equal(t, map[string]string{"team": "ml", "studio-onboarding:run": "demo"}, is.tags)
	require.Empty(t, is.inline)

	other := input(newRole)
	other.Run, other.Tags = "other", map[string]string{"team": "web"}
	got, err := activitytest.Once(x.EnsureRoles, other)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginAdopted, got.Roles[0].Origin, "another run's role")
	require.Equal(t, "ml", liveRole(t, client, newRole).tags["team"], "two runs do not take turns with the tags of one role")
}

func TestARoleOfOursFollowsTheSpec(t *testing.T) {
	w, x, client := newRoles(t)
	_, err := activitytest.Once(x.EnsureRoles, input(newRole))
	require.NoError(t, err)

	name := aws.String(newRole)
	_, err = client.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: name,
		PolicyDocument: aws.String(otherTrust)})
	require.NoError(t, err)
	_, err = client.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: aws.String(policyARN)})
	require.NoError(t, err)
	_, err = client.TagRole(t.Context(),
		&iam.TagRoleInput{RoleName: name, Tags: []iamtypes.Tag{{Key: aws.String("owner"), Value: aws.String("ann")}}})
	require.NoError(t, err)

	in := withKey()
	in.Tags, in.SourceIdentity = map[string]string{"team": "web", "cost": "42"}, true
	for range 2 {
		got, err := activitytest.Once(x.EnsureRoles, in)
		require.NoError(t, err)
		require.Equal(t, onboarding.OriginCreated, got.Roles[0].Origin)
	}
	is := liveRole(t, client, newRole)
	require.Equal(t, map[string]string{"team": "web", "cost": "42", "owner": "ann", "studio-onboarding:run": "demo"}, is.tags)
	require.Contains(t, is.trust, `"Principal":{"Service":"sagemaker.amazonaws.com"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]`)
	require.Contains(t, is.trust, "ec2.amazonaws.com", "whom somebody else admitted stays admitted")
	require.Equal(t, []string{policyARN}, is.managed)
	require.Equal(t, []string{"studio-onboarding-kms-demo"}, is.inline)
	require.JSONEq(t,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateGrant","kms:Decrypt","kms:DescribeKey","kms:Encrypt",
		"kms:GenerateDataKey*","kms:ReEncrypt*"],"Resource":"`+keyARN+`"}]}`, is.key)

	_, err = client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: name, PolicyName: &is.inline[0],
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}`)})
	require.NoError(t, err)
	_, err = activitytest.Once(x.EnsureRoles, in)
	require.NoError(t, err)
	require.Equal(t, is.key, liveRole(t, client, newRole).key)
	require.Equal(t, 3, w.Count(t, "PutRolePolicy", "changed"), "two of ours, and the one that this test made")
	require.Equal(t, 2, w.Count(t, "TagRole", "changed"), "one of ours, and the one that this test made")
}

func TestARoleOfSomebodyElseIsOnlyLookedAt(t *testing.T) {
	w, x, client := newRoles(t)
	_, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("SageMakerStudio-narrow"),
		AssumeRolePolicyDocument: aws.String(
			`{"Statement":{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","sagemaker.amazonaws.com"]},` +
				`"Action":["sts:SetContext","sts:AssumeRole"]}}`),
	})
	require.NoError(t, err)

	in := input(foreignRole, foreignARN, "SageMakerStudio-narrow")
	in.KMSKey = keyARN
	got, err := activitytest.Once(x.EnsureRoles, in)
	require.NoError(t, err)
	require.Equal(t, []role.Role{
		{Wanted: foreignRole, Name: foreignRole, ARN: foreignARN, Origin: onboarding.OriginAdopted},
		{Wanted: foreignARN, Name: foreignRole, ARN: foreignARN, Origin: onboarding.OriginAdopted},
		{Wanted: "SageMakerStudio-narrow", Name: "SageMakerStudio-narrow", ARN: "arn:aws:iam::222222222222:role/SageMakerStudio-narrow",
			Origin: onboarding.OriginAdopted},
	}, got.Roles)
	require.Equal(t, 1, w.Count(t, "CreateRole", "created"), "the one that this test made")
	is := liveRole(t, client, "SageMakerStudio-narrow")
	require.Empty(t, is.managed, "a narrow role must not become a wide one")
	require.Empty(t, is.inline)
	require.Empty(t, is.tags)
}

func TestARoleThatSageMakerMayNotAssumeParksBeforeAnythingIsMade(t *testing.T) {
	w, x, _ := newRoles(t)
	for _, wanted := range []string{"StudioOnboarding", activitytest.StudioAccount.AssumeRole} {
		_, err := activitytest.Once(x.EnsureRoles, input(newRole, wanted))
		activitytest.FailsWith(t, err, fault.Invalid, activitytest.StudioAccount.AssumeRole, `"Principal":{"Service":"sagemaker.amazonaws.com"}`)
	}
	require.Zero(t, w.Count(t, "UpdateAssumeRolePolicy", "changed"))
	require.Zero(t, w.Count(t, "CreateRole", "created"), "nothing is changed where one of the roles is blocked")
}

func TestARoleARNThatDoesNotExistParks(t *testing.T) {
	_, x, _ := newRoles(t)
	for _, wanted := range []string{newRoleARN, "arn:aws:iam::999999999999:role/" + foreignRole,
		"arn:aws:iam::222222222222:role/path/" + foreignRole} {
		_, err := activitytest.Once(x.EnsureRoles, input(wanted))
		activitytest.FailsWith(t, err, fault.Invalid, "The Studio account has no role "+wanted)
	}
}

func TestARoleWhoseAnswerWasLostIsStillOurs(t *testing.T) {
	w, x, _ := newRoles(t)
	w.Faults(t, sandbox.Fault{Operation: "CreateRole", Kind: sandbox.FaultLostAnswer, Times: 1})
	got, err := activitytest.Once(x.EnsureRoles, input(newRole))
	require.NoError(t, err, "the SDK asks again, hears that the name is taken, and the activity looks again")
	require.Equal(t, onboarding.OriginCreated, got.Roles[0].Origin)
	require.Equal(t, 1, w.Count(t, "CreateRole", "created"))
}

func TestAWorkerThatDiedBeforeAttachingIsMadeGood(t *testing.T) {
	w, x, client := newRoles(t)
	w.Faults(t, sandbox.Fault{Operation: "AttachRolePolicy", Kind: sandbox.FaultDeny})
	_, err := activitytest.Once(x.EnsureRoles, input(newRole))
	activitytest.FailsWith(t, err, fault.Denied, "iam:AttachRolePolicy", "assumed-role/StudioOnboarding", `"Resource":"`+newRoleARN+`"`)

	w.Faults(t)
	got, err := activitytest.Once(x.EnsureRoles, input(newRole))
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, got.Roles[0].Origin)
	require.Equal(t, 1, w.Count(t, "CreateRole", "created"))
	require.Equal(t, []string{policyARN}, liveRole(t, client, newRole).managed)
}

// Every kind of write may be acknowledged and lost: it is made again within the attempt, and an attempt in which it never shows
// is not reported as done.
func TestALostWriteIsMadeAgain(t *testing.T) {
	for operation, says := range map[string]string{
		"CreateRole":             "the new role " + newRole,
		"AttachRolePolicy":       "AmazonSageMakerFullAccess on " + newRole,
		"PutRolePolicy":          "the inline policy for the domain's key",
		"TagRole":                "the tags of " + newRole,
		"UpdateAssumeRolePolicy": "the new trust policy of " + newRole,
	} {
		t.Run(operation, func(t *testing.T) {
			w, x, client := newRoles(t)
			in := withKey()
			if operation == "TagRole" || operation == "UpdateAssumeRolePolicy" {
				_, err := activitytest.Once(x.EnsureRoles, in)
				require.NoError(t, err)
				in.Tags = map[string]string{"team": "web"}
				_, err = client.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(newRole),
					PolicyDocument: aws.String(otherTrust)})
				require.NoError(t, err)
			}
			w.Faults(t, sandbox.Fault{Service: "iam", Operation: operation, Kind: sandbox.FaultLostWrite})
			_, err := activitytest.Once(x.EnsureRoles, in)
			activitytest.FailsWith(t, err, fault.NotReady, "IAM does not show "+says, "iam:"+operation)

			w.Faults(t, sandbox.Fault{Service: "iam", Operation: operation, Kind: sandbox.FaultLostWrite, Times: 1})
			got, err := activitytest.Once(x.EnsureRoles, in)
			require.NoError(t, err)
			require.Equal(t, onboarding.OriginCreated, got.Roles[0].Origin)
			is := liveRole(t, client, newRole)
			require.Equal(t, []string{policyARN}, is.managed)
			require.Equal(t, in.Tags["team"], is.tags["team"])
			require.Contains(t, is.trust, "sagemaker.amazonaws.com")
			require.Contains(t, is.key, keyARN)
		})
	}
}

// IAM may answer from before a write.
func TestAStaleReadDoublesNothing(t *testing.T) {
	for _, operation := range []string{"GetRole", "ListAttachedRolePolicies", "GetRolePolicy"} {
		t.Run(operation, func(t *testing.T) {
			w, x, client := newRoles(t)
			w.Faults(t, sandbox.Fault{Service: "iam", Operation: operation, Kind: sandbox.FaultStaleRead, Times: 3})
			got, err := activitytest.Settled(t, x.EnsureRoles, withKey())
			require.NoError(t, err)
			require.Equal(t, onboarding.OriginCreated, got.Roles[0].Origin)
			require.Equal(t, 1, w.Count(t, "CreateRole", "created"))
			is := liveRole(t, client, newRole)
			require.Equal(t, []string{policyARN}, is.managed)
			require.Len(t, is.inline, 1)
		})
	}
}

func TestWhatIsNotAllowedIsSaid(t *testing.T) {
	for _, operation := range []string{"GetRole", "CreateRole", "ListAttachedRolePolicies", "GetRolePolicy", "PutRolePolicy"} {
		t.Run(operation, func(t *testing.T) {
			w, x, _ := newRoles(t)
			w.Faults(t, sandbox.Fault{Service: "iam", Operation: operation, Kind: sandbox.FaultDeny})
			_, err := activitytest.Once(x.EnsureRoles, withKey())
			activitytest.FailsWith(t, err, fault.Denied, "iam:"+operation, `{"Effect":"Allow","Action":"iam:`+operation+`"`)
		})
	}
}

func TestTheStudioRoleMayNotBeAssumed(t *testing.T) {
	w, x, _ := newRoles(t)
	w.Faults(t, sandbox.Fault{Service: "sts", Operation: "AssumeRole", Kind: sandbox.FaultDeny})
	_, err := activitytest.Once(x.EnsureRoles, input(newRole))
	activitytest.FailsWith(t, err, fault.Denied, "sts:AssumeRole", "trust policy of "+activitytest.StudioAccount.AssumeRole)
}
