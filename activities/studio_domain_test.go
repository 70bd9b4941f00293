package activities_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// newDomainWorld is a world with an Identity Center instance, in which a domain can be made with a role of long standing.
func newDomainWorld(t *testing.T) (awsWorld, *activities.Studio, activities.DomainInput) {
	t.Helper()
	w, x := newStudio(t)
	require.NoError(t, w.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: awsRegion}))
	_, err := settled(t, (&activities.IdentityCenter{AWS: w.clouds, Waits: w.waits}).AwaitInstance, instanceInput)
	require.NoError(t, err)
	n := networksOf(t, w)
	return w, x, activities.DomainInput{
		Run: "demo", Studio: studioAccount, Region: awsRegion, ExecutionRoleARN: foreignARN,
		Domain:  onboarding.DomainSpec{Name: "data-science", HomeFileSystem: onboarding.FileSystemDisabled, Tags: map[string]string{"team": "ml"}},
		Network: activities.Network{VPC: n.vpc, Subnets: n.subnets, Access: onboarding.NetworkPublic, Default: true},
	}
}

func ref(in activities.DomainInput, id string) activities.DomainRef {
	return activities.DomainRef{Run: in.Run, Studio: in.Studio, Region: in.Region, ID: id}
}

func TestADomainIsCreatedOnceAndAwaited(t *testing.T) {
	w, x, in := newDomainWorld(t)
	created, err := once(x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, "Pending", created.Status)
	require.Equal(t, onboarding.OriginCreated, created.Origin)
	_, err = once(x.AwaitDomain, ref(in, created.ID))
	failsWith(t, err, fault.NotReady, "data-science", "Pending")

	ready, err := settled(t, x.AwaitDomain, ref(in, created.ID))
	require.NoError(t, err)
	require.Equal(t, "InService", ready.Status)
	require.Contains(t, ready.ApplicationARN, ":application/")
	require.Contains(t, ready.URL, created.ID)
	require.Equal(t, onboarding.OriginCreated, ready.Origin)

	again, err := once(x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, ready, again)
	in.Run = "other"
	adopted, err := once(x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginAdopted, adopted.Origin)
	require.Equal(t, 1, w.count(t, "CreateDomain", "created"))
}

func TestADomainIsMadeAsTheSpecSays(t *testing.T) {
	w, x, in := newDomainWorld(t)
	n := networksOf(t, w)
	in.Domain.HomeFileSystem = onboarding.FileSystemEnabled
	in.Domain.KMSKey = "alias/studio"
	in.Domain.NotebookSharing = &onboarding.NotebookSharingSpec{S3: "s3://shared/notebooks", KMSKey: "alias/sharing"}
	in.Network.Access, in.Network.SecurityGroups = onboarding.NetworkVPCOnly, []string{n.group}
	domain, err := once(x.EnsureDomain, in)
	require.NoError(t, err)

	got, err := sagemaker.NewFromConfig(w.studioConfig(t)).DescribeDomain(t.Context(), &sagemaker.DescribeDomainInput{DomainId: &domain.ID})
	require.NoError(t, err)
	require.Equal(t, sagemakertypes.AuthModeSso, got.AuthMode)
	require.Equal(t, sagemakertypes.HomeEfsFileSystemCreationEnabled, got.HomeEfsFileSystemCreation)
	require.Equal(t, sagemakertypes.AppNetworkAccessTypeVpcOnly, got.AppNetworkAccessType)
	require.Equal(t, "alias/studio", aws.ToString(got.KmsKeyId))
	require.Equal(t, n.vpc, aws.ToString(got.VpcId))
	require.Equal(t, n.subnets, got.SubnetIds)
	require.Equal(t, foreignARN, aws.ToString(got.DefaultUserSettings.ExecutionRole))
	require.Equal(t, []string{n.group}, got.DefaultUserSettings.SecurityGroups)
	require.Equal(t, sagemakertypes.NotebookOutputOptionAllowed, got.DefaultUserSettings.SharingSettings.NotebookOutputOption)
	require.Equal(t, "s3://shared/notebooks", aws.ToString(got.DefaultUserSettings.SharingSettings.S3OutputPath))
	require.Equal(t, "alias/sharing", aws.ToString(got.DefaultUserSettings.SharingSettings.S3KmsKeyId))
}

func TestADomainWaitsForANewRole(t *testing.T) {
	w, x, in := newDomainWorld(t)
	_, err := once(x.EnsureRoles, rolesInput(newRole))
	require.NoError(t, err)
	in.ExecutionRoleARN = newRoleARN
	_, err = once(x.EnsureDomain, in)
	failsWith(t, err, fault.NotReady, newRoleARN)
	domain, err := settled(t, x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, domain.Origin)
	require.Equal(t, 1, w.count(t, "CreateDomain", "created"))
}

func TestADomainWithAnOldRoleThatDoesNotWorkParks(t *testing.T) {
	_, x, in := newDomainWorld(t)
	in.ExecutionRoleARN = studioAccount.AssumeRole
	_, err := once(x.EnsureDomain, in)
	failsWith(t, err, fault.Invalid, studioAccount.AssumeRole, "trust policy allow sagemaker.amazonaws.com")
}

func TestADomainWhoseAnswerWasLostIsStillOurs(t *testing.T) {
	w, x, in := newDomainWorld(t)
	w.faults(t, sandbox.Fault{Operation: "CreateDomain", Kind: sandbox.FaultLostAnswer, Times: 1})
	domain, err := once(x.EnsureDomain, in)
	require.NoError(t, err, "the SDK asks again, hears that the name is taken, and the activity looks again")
	require.Equal(t, onboarding.OriginCreated, domain.Origin)
	require.Equal(t, 1, w.count(t, "CreateDomain", "created"))
}

func TestADomainMadeBeforeTheWorkerDiedIsStillOurs(t *testing.T) {
	w, x, in := newDomainWorld(t)
	w.faults(t, sandbox.Fault{Operation: "DescribeDomain", Kind: sandbox.FaultDeny})
	_, err := once(x.EnsureDomain, in)
	failsWith(t, err, fault.Denied, "sagemaker:DescribeDomain")
	w.faults(t)
	domain, err := once(x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, domain.Origin)
	require.Equal(t, 1, w.count(t, "CreateDomain", "created"))
}

func TestADomainWithIAMAuthenticationParks(t *testing.T) {
	w, x, in := newDomainWorld(t)
	_, err := sagemaker.NewFromConfig(w.studioConfig(t)).CreateDomain(t.Context(), &sagemaker.CreateDomainInput{
		DomainName: &in.Domain.Name, AuthMode: sagemakertypes.AuthModeIam, VpcId: &in.Network.VPC, SubnetIds: in.Network.Subnets,
		DefaultUserSettings: &sagemakertypes.UserSettings{ExecutionRole: aws.String(foreignARN)},
	})
	require.NoError(t, err)
	_, err = once(x.EnsureDomain, in)
	failsWith(t, err, fault.Invalid, "IAM authentication, and that cannot be changed", "domain.name")
}

func TestADomainThatMayNotBeMadeParks(t *testing.T) {
	w, x, in := newDomainWorld(t)
	w.faults(t, sandbox.Fault{Service: "sagemaker", Operation: "CreateDomain", Kind: sandbox.FaultDeny})
	_, err := once(x.EnsureDomain, in)
	failsWith(t, err, fault.Denied, "sagemaker:CreateDomain", "assumed-role/StudioOnboarding", `{"Effect":"Allow","Action":"sagemaker:CreateDomain"`)

	w.faults(t, sandbox.Fault{Service: "iam", Operation: "PassRole", Kind: sandbox.FaultDeny})
	_, err = once(x.EnsureDomain, in)
	failsWith(t, err, fault.Denied, `"Action":"iam:PassRole","Resource":"`+foreignARN+`"`, "iam:PassedToService")
	require.Zero(t, w.count(t, "CreateDomain", "created"))
}

func TestAFailedDomainGivesWayToANewOne(t *testing.T) {
	w, x, in := newDomainWorld(t)
	w.faults(t, sandbox.Fault{Operation: "CreateDomain", Kind: sandbox.FaultFails, Times: 1})
	domain, err := once(x.EnsureDomain, in)
	require.NoError(t, err)
	failed, err := settled(t, x.AwaitDomain, ref(in, domain.ID))
	require.NoError(t, err)
	require.Equal(t, "Failed", failed.Status)
	require.True(t, failed.Transient)
	require.Contains(t, failed.FailureReason, "KMS key 'null' does not exist")

	gone, err := settled(t, x.DeleteFailedDomain, ref(in, domain.ID))
	require.NoError(t, err)
	require.Equal(t, activities.Domain{ID: domain.ID}, gone)
	domain, err = settled(t, x.EnsureDomain, in)
	require.NoError(t, err)
	ready, err := settled(t, x.AwaitDomain, ref(in, domain.ID))
	require.NoError(t, err)
	require.Equal(t, "InService", ready.Status)
	require.Equal(t, 2, w.count(t, "CreateDomain", "created"))
	require.Equal(t, 1, w.count(t, "DeleteDomain", "deleted"))
}

func TestOnlyAFailedDomainOfOursIsDeleted(t *testing.T) {
	w, x, in := newDomainWorld(t)
	domain, err := once(x.EnsureDomain, in)
	require.NoError(t, err)
	_, err = settled(t, x.AwaitDomain, ref(in, domain.ID))
	require.NoError(t, err)
	_, err = once(x.DeleteFailedDomain, ref(in, domain.ID))
	failsWith(t, err, fault.Invalid, "only a failed one is deleted")
	require.Zero(t, w.count(t, "DeleteDomain", "deleted"))

	gone, err := once(x.DeleteFailedDomain, ref(in, "d-nobodyhasthis"))
	require.NoError(t, err)
	require.Equal(t, activities.Domain{ID: "d-nobodyhasthis"}, gone)
}

func TestTheStatesOfADomain(t *testing.T) {
	const null = "ResourceNotFoundError: Unable to create Amazon EFS for domain 'd-1' because KMS key 'null' does not exist. You must choose a key that exists."
	world := func(t *testing.T, status, reason, run string) *activities.Studio {
		clouds := cannedAWS{
			"DescribeDomain": object{"DomainId": "d-1", "DomainArn": "arn:aws:sagemaker:us-east-1:222222222222:domain/d-1", "DomainName": "data-science",
				"Status": status, "FailureReason": reason, "AuthMode": "SSO"},
			"ListDomains":  object{"Domains": []object{{"DomainId": "d-1", "DomainName": "data-science", "Status": status}}},
			"ListTags":     object{"Tags": []object{{"Key": "studio-onboarding:run", "Value": run}}},
			"DeleteDomain": object{},
		}.start(t)
		return &activities.Studio{AWS: clouds, Waits: activities.DefaultWaits()}
	}
	in := activities.DomainRef{Run: "demo", Region: awsRegion, ID: "d-1"}

	t.Run("failed and worth another try", func(t *testing.T) {
		x := world(t, "Failed", null, "demo")
		domain, err := once(x.AwaitDomain, in)
		require.NoError(t, err)
		require.True(t, domain.Transient)
		require.Equal(t, null, domain.FailureReason)
		_, err = once(x.DeleteFailedDomain, in)
		failsWith(t, err, fault.NotReady, "is being deleted")
	})
	t.Run("failed for good", func(t *testing.T) {
		domain, err := once(world(t, "Failed", "no free addresses", "demo").AwaitDomain, in)
		require.NoError(t, err)
		require.False(t, domain.Transient)
	})
	t.Run("failed, of somebody else", func(t *testing.T) {
		_, err := once(world(t, "Failed", null, "other").DeleteFailedDomain, in)
		failsWith(t, err, fault.Invalid, "not made by this run")
	})
	t.Run("being deleted", func(t *testing.T) {
		x := world(t, "Deleting", "", "demo")
		_, err := once(x.AwaitDomain, in)
		failsWith(t, err, fault.NotReady)
		_, err = once(x.EnsureDomain, activities.DomainInput{Run: "demo", Region: awsRegion, Domain: onboarding.DomainSpec{Name: "data-science"}})
		failsWith(t, err, fault.NotReady, "is being deleted")
		_, err = once(x.DeleteFailedDomain, in)
		failsWith(t, err, fault.NotReady)
	})
	for _, status := range []string{"Update_Failed", "Delete_Failed"} {
		t.Run(status, func(t *testing.T) {
			_, err := once(world(t, status, "a mount target is missing", "demo").AwaitDomain, in)
			failsWith(t, err, fault.Invalid, status, "a mount target is missing")
		})
	}
	t.Run("made before applications had ARNs", func(t *testing.T) {
		domain, err := once(world(t, "InService", "", "").AwaitDomain, in)
		require.NoError(t, err)
		require.Empty(t, domain.ApplicationARN)
		require.Equal(t, onboarding.OriginAdopted, domain.Origin)
	})
}
