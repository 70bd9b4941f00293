package domain_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/domain"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// foreignARN is a role of long standing that somebody else made.
const foreignARN = "arn:aws:iam::222222222222:role/DataPlatformNotebooks"

// newWorld is a world with an Identity Center instance, in which a domain can be made with a role of long standing.
func newWorld(t *testing.T) (activitytest.World, *domain.Activities, domain.Input) {
	t.Helper()
	w := activitytest.NewWorld(t)
	require.NoError(t, w.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: activitytest.Region}))
	center := identitycenter.Activities{AWS: w.Clouds, Waits: w.Waits}
	_, err := activitytest.Settled(t, center.AwaitInstance, identitycenter.InstanceInput{Region: activitytest.Region})
	require.NoError(t, err)
	vpc, subnets, _ := network(t, w)
	return w, &domain.Activities{AWS: w.Clouds, Waits: w.Waits}, domain.Input{
		Run: "demo", Studio: activitytest.StudioAccount, Region: activitytest.Region, ExecutionRoleARN: foreignARN,
		Domain:  onboarding.DomainSpec{Name: "data-science", ExecutionRole: foreignARN, Tags: map[string]string{"team": "ml"}},
		Network: domain.Network{VPC: vpc, Subnets: subnets, Default: true},
	}
}

// network is the default VPC with its subnets and its security group.
func network(t *testing.T, w activitytest.World) (vpc string, subnets []string, group string) {
	t.Helper()
	client := ec2.NewFromConfig(w.StudioConfig(t))
	vpcs, err := client.DescribeVpcs(t.Context(),
		&ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("is-default"), Values: []string{"true"}}}})
	require.NoError(t, err)
	vpc = *vpcs.Vpcs[0].VpcId
	inVPC := []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}
	found, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: inVPC})
	require.NoError(t, err)
	for _, subnet := range found.Subnets {
		subnets = append(subnets, *subnet.SubnetId)
	}
	groups, err := client.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: inVPC})
	require.NoError(t, err)
	return vpc, subnets, *groups.SecurityGroups[0].GroupId
}

func ref(in domain.Input, id string) domain.Ref {
	return domain.Ref{Run: in.Run, Studio: in.Studio, Region: in.Region, ID: id, Wanted: &in}
}

// made is a domain in service, as the input says.
func made(t *testing.T, x *domain.Activities, in domain.Input) domain.Domain {
	t.Helper()
	created, err := activitytest.Settled(t, x.EnsureDomain, in)
	require.NoError(t, err)
	ready, err := activitytest.Settled(t, x.AwaitDomain, ref(in, created.ID))
	require.NoError(t, err)
	require.Equal(t, "InService", ready.Status)
	return ready
}

// described is the domain as AWS says it.
func described(t *testing.T, w activitytest.World, id string) *sagemaker.DescribeDomainOutput {
	t.Helper()
	out, err := sagemaker.NewFromConfig(w.StudioConfig(t)).DescribeDomain(t.Context(), &sagemaker.DescribeDomainInput{DomainId: &id})
	require.NoError(t, err)
	return out
}

func TestADomainIsCreatedOnceAndAwaited(t *testing.T) {
	w, x, in := newWorld(t)
	created, err := activitytest.Once(x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, "Pending", created.Status)
	require.Equal(t, onboarding.OriginCreated, created.Origin)
	_, err = activitytest.Once(x.AwaitDomain, ref(in, created.ID))
	activitytest.FailsWith(t, err, fault.NotReady, "data-science", "Pending")

	ready, err := activitytest.Settled(t, x.AwaitDomain, ref(in, created.ID))
	require.NoError(t, err)
	require.Equal(t, "InService", ready.Status)
	require.Contains(t, ready.ApplicationARN, ":application/")
	require.Contains(t, ready.URL, created.ID)
	require.Equal(t, onboarding.OriginCreated, ready.Origin)

	again, err := activitytest.Once(x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, ready, again)
	in.Run = "other"
	adopted, err := activitytest.Once(x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginAdopted, adopted.Origin)
	require.Equal(t, 1, w.Count(t, "CreateDomain", "created"))
}

func TestADomainIsMadeAsTheSpecSays(t *testing.T) {
	w, x, in := newWorld(t)
	vpc, subnets, group := network(t, w)
	newKey(t, w, "alias/ours")
	in.Domain.HomeFileSystem, in.Domain.KMSKey = onboarding.Enabled, "alias/ours"
	in.Domain.Network.Access, in.Network.SecurityGroups = onboarding.NetworkVPCOnly, []string{group}
	in.Domain.IdleShutdown, in.Domain.InstanceTypes, in.Domain.HiddenApps = "90m", []string{"ml.t3.medium", "ml.m5.large"}, []string{"Canvas"}
	in.Domain.SpaceStorage = &onboarding.SpaceStorageSpec{Default: 10, Maximum: 100}
	in.Domain.SourceIdentity, in.Domain.TrustedIdentityPropagation, in.Domain.LandingPage = onboarding.Enabled, onboarding.Enabled,
		onboarding.LandingStudio
	got := described(t, w, made(t, x, in).ID)

	require.Equal(t, sagemakertypes.AuthModeSso, got.AuthMode)
	require.Equal(t, sagemakertypes.HomeEfsFileSystemCreationEnabled, got.HomeEfsFileSystemCreation)
	require.Equal(t, sagemakertypes.AppNetworkAccessTypeVpcOnly, got.AppNetworkAccessType)
	require.Equal(t, "alias/ours", aws.ToString(got.KmsKeyId))
	require.Equal(t, vpc, aws.ToString(got.VpcId))
	require.Equal(t, subnets, got.SubnetIds)
	settings := got.DefaultUserSettings
	require.Equal(t, foreignARN, aws.ToString(settings.ExecutionRole))
	require.Equal(t, []string{group}, settings.SecurityGroups)
	for _, lifecycle := range []*sagemakertypes.AppLifecycleManagement{settings.JupyterLabAppSettings.AppLifecycleManagement,
		settings.CodeEditorAppSettings.AppLifecycleManagement} {
		require.Equal(t, sagemakertypes.LifecycleManagementEnabled, lifecycle.IdleSettings.LifecycleManagement)
		require.Equal(t, int32(90), aws.ToInt32(lifecycle.IdleSettings.IdleTimeoutInMinutes))
	}
	hidden := settings.StudioWebPortalSettings.HiddenInstanceTypes
	require.Contains(t, hidden, sagemakertypes.AppInstanceTypeMlG5Xlarge)
	require.NotContains(t, hidden, sagemakertypes.AppInstanceTypeMlT3Medium)
	require.NotContains(t, hidden, sagemakertypes.AppInstanceTypeSystem)
	require.Equal(t, []sagemakertypes.AppType{sagemakertypes.AppTypeCanvas}, settings.StudioWebPortalSettings.HiddenAppTypes)
	require.Equal(t, int32(10), aws.ToInt32(settings.SpaceStorageSettings.DefaultEbsStorageSettings.DefaultEbsVolumeSizeInGb))
	require.Equal(t, "studio::", aws.ToString(settings.DefaultLandingUri))
	require.Equal(t, sagemakertypes.ExecutionRoleIdentityConfigUserProfileName, got.DomainSettings.ExecutionRoleIdentityConfig)
	require.Equal(t, sagemakertypes.FeatureStatusEnabled, got.DomainSettings.TrustedIdentityPropagationSettings.Status)
	requireNothingToDo(t, w, in)
}

func TestANewDomainShutsIdleAppsDownByDefault(t *testing.T) {
	w, x, in := newWorld(t)
	got := described(t, w, made(t, x, in).ID)
	require.Equal(t, int32(120),
		aws.ToInt32(got.DefaultUserSettings.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.IdleTimeoutInMinutes))
	requireNothingToDo(t, w, in)
	in.Domain.IdleShutdown = onboarding.Disabled
	got = described(t, w, made(t, x, in).ID)
	require.Equal(t, sagemakertypes.LifecycleManagementDisabled,
		got.DefaultUserSettings.CodeEditorAppSettings.AppLifecycleManagement.IdleSettings.LifecycleManagement)
	requireNothingToDo(t, w, in)
}

// requireNothingToDo asks the judge, as a check does.
func requireNothingToDo(t *testing.T, w activitytest.World, in domain.Input) {
	t.Helper()
	for _, verdict := range judged(t, w, in) {
		require.False(t, verdict.Kind.Writes() || verdict.Kind == onboarding.VerdictBlocked, "%+v", verdict)
	}
}

func judged(t *testing.T, w activitytest.World, in domain.Input) []onboarding.Verdict {
	t.Helper()
	spec := onboarding.Spec{Name: in.Run, Region: in.Region, Studio: in.Studio, Domain: in.Domain}
	state, err := domain.Look(t.Context(), w.StudioConfig(t), spec)
	require.NoError(t, err)
	state.ExecutionRoleARN, state.Network = in.ExecutionRoleARN, in.Network
	return domain.Judge(spec, state)
}

// newKey makes a key with an alias in the Studio account, and returns its ARN.
func newKey(t *testing.T, w activitytest.World, alias string) string {
	t.Helper()
	client := kms.NewFromConfig(administrator(t, w))
	key, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	_, err = client.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: key.KeyMetadata.KeyId})
	require.NoError(t, err)
	return *key.KeyMetadata.Arn
}

// administrator is somebody who may do everything in the Studio account.
func administrator(t *testing.T, w activitytest.World) aws.Config {
	t.Helper()
	env, err := w.EnvironmentAs(t.Context(), sandbox.AsStudioAdministrator)
	require.NoError(t, err)
	cfg := w.StudioConfig(t)
	cfg.Credentials = credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")
	return cfg
}

func TestADomainWaitsForANewRole(t *testing.T) {
	w, x, in := newWorld(t)
	role, err := iam.NewFromConfig(administrator(t, w)).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("new"),
		AssumeRolePolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},` +
				`"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	in.ExecutionRoleARN, in.Domain.ExecutionRole = *role.Role.Arn, "new"
	_, err = activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.NotReady, *role.Role.Arn)
	made, err := activitytest.Settled(t, x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, made.Origin)
	require.Equal(t, 1, w.Count(t, "CreateDomain", "created"))
}

func TestADomainWithAnOldRoleThatDoesNotWorkParks(t *testing.T) {
	_, x, in := newWorld(t)
	in.ExecutionRoleARN = activitytest.StudioAccount.AssumeRole
	_, err := activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, activitytest.StudioAccount.AssumeRole, "trust policy allow sagemaker.amazonaws.com")
}

func TestADomainWhoseAnswerWasLostIsStillOurs(t *testing.T) {
	w, x, in := newWorld(t)
	w.Faults(t, sandbox.Fault{Operation: "CreateDomain", Kind: sandbox.FaultLostAnswer, Times: 1})
	made, err := activitytest.Once(x.EnsureDomain, in)
	require.NoError(t, err, "the SDK asks again, hears that the name is taken, and the activity looks again")
	require.Equal(t, onboarding.OriginCreated, made.Origin)
	require.Equal(t, 1, w.Count(t, "CreateDomain", "created"))
}

func TestADomainMadeBeforeTheWorkerDiedIsStillOurs(t *testing.T) {
	w, x, in := newWorld(t)
	w.Faults(t, sandbox.Fault{Operation: "DescribeDomain", Kind: sandbox.FaultDeny})
	_, err := activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Denied, "sagemaker:DescribeDomain")
	w.Faults(t)
	made, err := activitytest.Once(x.EnsureDomain, in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, made.Origin)
	require.Equal(t, 1, w.Count(t, "CreateDomain", "created"))
}

func TestADomainWithIAMAuthenticationParks(t *testing.T) {
	w, x, in := newWorld(t)
	_, err := sagemaker.NewFromConfig(w.StudioConfig(t)).CreateDomain(t.Context(), &sagemaker.CreateDomainInput{
		DomainName: &in.Domain.Name, AuthMode: sagemakertypes.AuthModeIam, VpcId: &in.Network.VPC, SubnetIds: in.Network.Subnets,
		DefaultUserSettings: &sagemakertypes.UserSettings{ExecutionRole: aws.String(foreignARN)},
	})
	require.NoError(t, err)
	_, err = activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, "IAM authentication, and that cannot be changed", "domain.name")
}

func TestADomainThatMayNotBeMadeParks(t *testing.T) {
	w, x, in := newWorld(t)
	w.Faults(t, sandbox.Fault{Service: "sagemaker", Operation: "CreateDomain", Kind: sandbox.FaultDeny})
	_, err := activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Denied, "sagemaker:CreateDomain", "assumed-role/StudioOnboarding",
		`{"Effect":"Allow","Action":"sagemaker:CreateDomain"`)

	w.Faults(t, sandbox.Fault{Service: "iam", Operation: "PassRole", Kind: sandbox.FaultDeny})
	_, err = activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Denied, `"Action":"iam:PassRole","Resource":"`+foreignARN+`"`, "iam:PassedToService")
	require.Zero(t, w.Count(t, "CreateDomain", "created"))
}

func TestAFailedDomainGivesWayToANewOne(t *testing.T) {
	w, x, in := newWorld(t)
	w.Faults(t, sandbox.Fault{Operation: "CreateDomain", Kind: sandbox.FaultFails, Times: 1})
	made, err := activitytest.Once(x.EnsureDomain, in)
	require.NoError(t, err)
	failed, err := activitytest.Settled(t, x.AwaitDomain, ref(in, made.ID))
	require.NoError(t, err)
	require.Equal(t, "Failed", failed.Status)
	require.True(t, failed.Transient)
	require.Contains(t, failed.FailureReason, "KMS key 'null' does not exist")

	gone, err := activitytest.Settled(t, x.DeleteFailedDomain, ref(in, made.ID))
	require.NoError(t, err)
	require.Equal(t, domain.Domain{ID: made.ID}, gone)
	made, err = activitytest.Settled(t, x.EnsureDomain, in)
	require.NoError(t, err)
	ready, err := activitytest.Settled(t, x.AwaitDomain, ref(in, made.ID))
	require.NoError(t, err)
	require.Equal(t, "InService", ready.Status)
	require.Equal(t, 2, w.Count(t, "CreateDomain", "created"))
	require.Equal(t, 1, w.Count(t, "DeleteDomain", "deleted"))
}

func TestOnlyAFailedDomainOfOursIsDeleted(t *testing.T) {
	w, x, in := newWorld(t)
	made, err := activitytest.Once(x.EnsureDomain, in)
	require.NoError(t, err)
	_, err = activitytest.Settled(t, x.AwaitDomain, ref(in, made.ID))
	require.NoError(t, err)
	_, err = activitytest.Once(x.DeleteFailedDomain, ref(in, made.ID))
	activitytest.FailsWith(t, err, fault.Invalid, "only a failed one is deleted")
	require.Zero(t, w.Count(t, "DeleteDomain", "deleted"))

	gone, err := activitytest.Once(x.DeleteFailedDomain, ref(in, "d-nobodyhasthis"))
	require.NoError(t, err)
	require.Equal(t, domain.Domain{ID: "d-nobodyhasthis"}, gone)
}

func TestTheStatesOfADomain(t *testing.T) {
	const null = "ResourceNotFoundError: Unable to create Amazon EFS for domain 'd-1' because KMS key 'null' does not exist. " +
		"You must choose a key that exists."
	world := func(t *testing.T, status, reason, run string) *domain.Activities {
		clouds := activitytest.CannedAWS{
			"DescribeDomain": activitytest.Object{"DomainId": "d-1", "DomainArn": "arn:aws:sagemaker:us-east-1:222222222222:domain/d-1",
				"DomainName": "data-science",
				"Status":     status, "FailureReason": reason, "AuthMode": "SSO"},
			"ListDomains": activitytest.Object{"Domains": []activitytest.Object{{"DomainId": "d-1", "DomainName": "data-science",
				"Status": status}}},
			"ListTags":     activitytest.Object{"Tags": []activitytest.Object{{"Key": "studio-onboarding:run", "Value": run}}},
			"DeleteDomain": activitytest.Object{},
		}.Start(t)
		return &domain.Activities{AWS: clouds, Waits: provider.DefaultWaits()}
	}
	in := domain.Ref{Run: "demo", Region: activitytest.Region, ID: "d-1"}

	t.Run("failed and worth another try", func(t *testing.T) {
		x := world(t, "Failed", null, "demo")
		made, err := activitytest.Once(x.AwaitDomain, in)
		require.NoError(t, err)
		require.True(t, made.Transient)
		require.Equal(t, null, made.FailureReason)
		_, err = activitytest.Once(x.DeleteFailedDomain, in)
		activitytest.FailsWith(t, err, fault.NotReady, "is being deleted")
	})
	t.Run("failed for good", func(t *testing.T) {
		made, err := activitytest.Once(world(t, "Failed", "no free addresses", "demo").AwaitDomain, in)
		require.NoError(t, err)
		require.False(t, made.Transient)
	})
	t.Run("failed, of somebody else", func(t *testing.T) {
		_, err := activitytest.Once(world(t, "Failed", null, "other").DeleteFailedDomain, in)
		activitytest.FailsWith(t, err, fault.Invalid, "not made by this run")
	})
	t.Run("being deleted", func(t *testing.T) {
		x := world(t, "Deleting", "", "demo")
		_, err := activitytest.Once(x.AwaitDomain, in)
		activitytest.FailsWith(t, err, fault.NotReady)
		_, err = activitytest.Once(x.EnsureDomain, domain.Input{Run: "demo", Region: activitytest.Region,
			Domain: onboarding.DomainSpec{Name: "data-science"}})
		activitytest.FailsWith(t, err, fault.NotReady, "is being deleted")
		_, err = activitytest.Once(x.DeleteFailedDomain, in)
		activitytest.FailsWith(t, err, fault.NotReady)
	})
	for _, status := range []string{"Update_Failed", "Delete_Failed"} {
		t.Run(status, func(t *testing.T) {
			_, err := activitytest.Once(world(t, status, "a mount target is missing", "demo").AwaitDomain, in)
			activitytest.FailsWith(t, err, fault.Invalid, status, "a mount target is missing")
		})
	}
	t.Run("made before applications had ARNs", func(t *testing.T) {
		made, err := activitytest.Once(world(t, "InService", "", "").AwaitDomain, in)
		require.NoError(t, err)
		require.Empty(t, made.ApplicationARN)
		require.Equal(t, onboarding.OriginAdopted, made.Origin)
	})
}
