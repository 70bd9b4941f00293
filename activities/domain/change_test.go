package domain_test

import (
	"testing"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/domain"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	eventually = 30 * time.Second
	pause      = 20 * time.Millisecond
	trust      = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},` +
		`"Action":"sts:AssumeRole"}]}`
)

// foreignDomain is a public domain of somebody else, without a key.
func foreignDomain(t *testing.T, w activitytest.World, in domain.Input) string {
	t.Helper()
	client := sagemaker.NewFromConfig(administrator(t, w))
	out, err := client.CreateDomain(t.Context(), &sagemaker.CreateDomainInput{
		DomainName: &in.Domain.Name, AuthMode: sagemakertypes.AuthModeSso, VpcId: &in.Network.VPC, SubnetIds: in.Network.Subnets,
		DefaultUserSettings:       &sagemakertypes.UserSettings{ExecutionRole: aws.String(foreignARN)},
		HomeEfsFileSystemCreation: sagemakertypes.HomeEfsFileSystemCreationDisabled,
		Tags:                      []sagemakertypes.Tag{{Key: aws.String("owner"), Value: aws.String("platform")}},
	})
	require.NoError(t, err)
	inService(t, w, *out.DomainId)
	return *out.DomainId
}

func inService(t *testing.T, w activitytest.World, id string) {
	t.Helper()
	require.Eventually(t, func() bool { return described(t, w, id).Status == sagemakertypes.DomainStatusInService }, eventually, pause)
}

// fields are the fields of verdicts of a kind.
func fields(verdicts []onboarding.Verdict, kind onboarding.VerdictKind) []string {
	var paths []string
	for _, verdict := range onboarding.OfKind(verdicts, kind) {
		paths = append(paths, verdict.Field)
	}
	return paths
}

// TestEveryFieldOfADomainFollowsTheSpec changes one field after the other, in a domain of one's own and in an adopted one.
func TestEveryFieldOfADomainFollowsTheSpec(t *testing.T) {
	for _, whose := range []string{"own", "adopted"} {
		t.Run(whose, func(t *testing.T) {
			w, x, in := newWorld(t)
			_, subnets, group := network(t, w)
			id := ""
			if whose == "own" {
				id = made(t, x, in).ID
			} else {
				id = foreignDomain(t, w, in)
				made(t, x, in)
			}
			role, err := iam.NewFromConfig(administrator(t, w)).CreateRole(t.Context(), &iam.CreateRoleInput{
				RoleName: aws.String("other"), AssumeRolePolicyDocument: aws.String(trust)})
			require.NoError(t, err)
			for field, change := range map[string]func(){
				"domain.executionRole":              func() { in.Domain.ExecutionRole, in.ExecutionRoleARN = "other", *role.Role.Arn },
				"domain.network.subnets":            func() { in.Domain.Network.VPC, in.Domain.Network.Subnets = in.Network.VPC, subnets[:1] },
				"domain.network.securityGroups":     func() { in.Domain.Network.SecurityGroups = []string{group} },
				"domain.network.access":             func() { in.Domain.Network.Access = onboarding.NetworkVPCOnly },
				"domain.homeFileSystem":             func() { in.Domain.HomeFileSystem = onboarding.Enabled },
				"domain.idleShutdown":               func() { in.Domain.IdleShutdown = "3h" },
				"domain.instanceTypes":              func() { in.Domain.InstanceTypes = []string{"ml.t3.medium"} },
				"domain.hiddenApps":                 func() { in.Domain.HiddenApps = []string{"Canvas", "RStudioServerPro"} },
				"domain.spaceStorage.default":       func() { in.Domain.SpaceStorage = &onboarding.SpaceStorageSpec{Default: 20, Maximum: 200} },
				"domain.sourceIdentity":             func() { in.Domain.SourceIdentity = onboarding.Enabled },
				"domain.trustedIdentityPropagation": func() { in.Domain.TrustedIdentityPropagation = onboarding.Enabled },
				"domain.landingPage":                func() { in.Domain.LandingPage = onboarding.LandingStudio },
				"domain.tags":                       func() { in.Domain.Tags = map[string]string{"team": "biology", "cost": "4711"} },
			} {
				change()
				changes := fields(judged(t, w, in), onboarding.VerdictChange)
				require.Contains(t, changes, field)
				require.LessOrEqual(t, len(changes), 2, "%s changes itself alone: %v", field, changes)
				require.Equal(t, id, made(t, x, in).ID)
				requireNothingToDo(t, w, in)
			}
			got := described(t, w, id)
			require.Equal(t, sagemakertypes.AppNetworkAccessTypeVpcOnly, got.AppNetworkAccessType)
			require.Equal(t, subnets[:1], got.SubnetIds)
			require.Equal(t, *role.Role.Arn, aws.ToString(got.DefaultUserSettings.ExecutionRole))
			require.Len(t, got.DefaultUserSettings.StudioWebPortalSettings.HiddenAppTypes, 2, "what lies beside a changed setting stays")
			require.NotEmpty(t, got.DefaultUserSettings.StudioWebPortalSettings.HiddenInstanceTypes)
			require.Equal(t, 1, w.Count(t, "CreateDomain", "created"))
			before := w.Count(t, "UpdateDomain", "changed")
			made(t, x, in)
			require.Equal(t, before, w.Count(t, "UpdateDomain", "changed"), "a domain that is right is left alone")
			tags, err := sagemaker.NewFromConfig(w.StudioConfig(t)).ListTags(t.Context(), &sagemaker.ListTagsInput{ResourceArn: got.DomainArn})
			require.NoError(t, err)
			has := map[string]string{}
			for _, tag := range tags.Tags {
				has[*tag.Key] = *tag.Value
			}
			require.Equal(t, "biology", has["team"])
			require.Equal(t, map[string]string{"own": "demo", "adopted": ""}[whose], has["studio-onboarding:run"])
			require.Equal(t, map[string]string{"own": "", "adopted": "platform"}[whose], has["owner"])
		})
	}
}

// TestAnAdoptedDomainIsNotTakenForWhatItIsNot is the sighting: a public domain without a key, and a spec that says otherwise.
func TestAnAdoptedDomainIsNotTakenForWhatItIsNot(t *testing.T) {
	w, x, in := newWorld(t)
	_, _, group := network(t, w)
	id := foreignDomain(t, w, in)
	in.Domain.Network.Access, in.Domain.Network.SecurityGroups = onboarding.NetworkVPCOnly, []string{group}
	in.Domain.KMSKey = "alias/studio"
	require.Equal(t, []string{"domain.kmsKey"}, fields(judged(t, w, in), onboarding.VerdictBlocked))
	_, err := activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, "alias/studio", "cannot be changed", "domain.name")
	require.Equal(t, sagemakertypes.AppNetworkAccessTypePublicInternetOnly, described(t, w, id).AppNetworkAccessType,
		"nothing was changed before")
	in.Domain.KMSKey = ""
	require.Equal(t, onboarding.OriginAdopted, made(t, x, in).Origin)
	require.Equal(t, sagemakertypes.AppNetworkAccessTypeVpcOnly, described(t, w, id).AppNetworkAccessType)

	in.Domain.Network = onboarding.NetworkSpec{}
	requireNothingToDo(t, w, in)
	made(t, x, in)
	require.Equal(t, sagemakertypes.AppNetworkAccessTypeVpcOnly, described(t, w, id).AppNetworkAccessType,
		"a default that nobody wrote opens nothing")
	in.Network.Subnets = in.Network.Subnets[:1]
	requireNothingToDo(t, w, in)
	in.Domain.Network = onboarding.NetworkSpec{VPC: "vpc-0123456789abcdef0", Subnets: []string{"subnet-1"}}
	_, err = activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, "vpc-0123456789abcdef0", "a domain cannot be moved")
}

func TestChangesWaitUntilNoAppRuns(t *testing.T) {
	w, x, in := newWorld(t)
	id := made(t, x, in).ID
	client := sagemaker.NewFromConfig(administrator(t, w))
	_, err := client.CreateSpace(t.Context(), &sagemaker.CreateSpaceInput{DomainId: &id, SpaceName: aws.String("lab")})
	require.NoError(t, err)
	app := &sagemaker.CreateAppInput{DomainId: &id, SpaceName: aws.String("lab"), AppType: sagemakertypes.AppTypeJupyterLab,
		AppName: aws.String("default")}
	_, err = client.CreateApp(t.Context(), app)
	require.NoError(t, err)
	in.Domain.SourceIdentity, in.Domain.IdleShutdown = onboarding.Enabled, "4h"
	verdicts := judged(t, w, in)
	require.Equal(t, []string{"domain.sourceIdentity"}, fields(verdicts, onboarding.VerdictBlocked))
	_, err = activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, "JupyterLab default of lab", "retry as soon as they are gone")

	_, err = client.UpdateDomain(t.Context(), &sagemaker.UpdateDomainInput{DomainId: &id,
		AppNetworkAccessType: sagemakertypes.AppNetworkAccessTypeVpcOnly})
	require.Error(t, err, "the sandbox refuses it, too")
	_, err = client.DeleteApp(t.Context(), &sagemaker.DeleteAppInput{DomainId: &id, SpaceName: app.SpaceName, AppType: app.AppType,
		AppName: app.AppName})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(onboarding.Blocked(judged(t, w, in))) == 0 }, eventually, pause)
	made(t, x, in)
	requireNothingToDo(t, w, in)
}

func TestLostChangesAreMadeAgain(t *testing.T) {
	w, x, in := newWorld(t)
	made(t, x, in)
	w.Faults(t, sandbox.Fault{Operation: "UpdateDomain", Kind: sandbox.FaultLostWrite, Times: 2},
		sandbox.Fault{Operation: "AddTags", Kind: sandbox.FaultLostWrite, Times: 1})
	in.Domain.IdleShutdown, in.Domain.Tags = "4h", map[string]string{"team": "biology"}
	_, err := activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.NotReady, "does not show", "domain.idleShutdown", "domain.tags")
	made(t, x, in)
	requireNothingToDo(t, w, in)
	require.Equal(t, 1, w.Count(t, "UpdateDomain", "changed"))
}

// TestAChangeThatIsLostWhileItIsAwaitedIsMadeAgain: somebody takes a change back between the two activities.
func TestAChangeThatIsLostWhileItIsAwaitedIsMadeAgain(t *testing.T) {
	w, x, in := newWorld(t)
	id := made(t, x, in).ID
	in.Domain.IdleShutdown = "4h"
	settled, err := activitytest.Settled(t, x.AwaitDomain, ref(in, id))
	require.NoError(t, err)
	require.Equal(t, "InService", settled.Status)
	requireNothingToDo(t, w, in)
}

func TestTheKeyOfANewDomainIsLookedAt(t *testing.T) {
	w, x, in := newWorld(t)
	client := kms.NewFromConfig(administrator(t, w))
	asymmetric, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: kmstypes.KeySpecRsa2048,
		KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt})
	require.NoError(t, err)
	disabled := newKey(t, w, "alias/disabled")
	_, err = client.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &disabled})
	require.NoError(t, err)
	for key, says := range map[string]string{
		"alias/nothing": "There is no KMS key alias/nothing", "alias/disabled": "is Disabled",
		*asymmetric.KeyMetadata.Arn: "takes symmetric keys",
	} {
		in.Domain.KMSKey = key
		_, err := activitytest.Once(x.EnsureDomain, in)
		activitytest.FailsWith(t, err, fault.Invalid, says, "domain.kmsKey")
	}
	ours := newKey(t, w, "alias/ours")
	in.Domain.KMSKey = "alias/ours"
	_, err = client.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &ours,
		Policy: aws.String(`{"Version":"2012-10-17","Statement":[]}`)})
	require.NoError(t, err)
	require.Contains(t, onboarding.OfKind(judged(t, w, in), onboarding.VerdictWarning)[0].Remedy, "kms:CreateGrant")
	w.Faults(t, sandbox.Fault{Service: "kms", Operation: "GetKeyPolicy", Kind: sandbox.FaultDeny})
	require.Contains(t, onboarding.OfKind(judged(t, w, in), onboarding.VerdictUnknown)[0].Reason, "could not be read")
	w.Faults(t)
	made(t, x, in)
	for _, same := range []string{"alias/ours", ours, ours[len(ours)-36:]} {
		in.Domain.KMSKey = same
		require.Empty(t, onboarding.Blocked(judged(t, w, in)), same)
	}
	require.Empty(t, onboarding.OfKind(judged(t, w, in), onboarding.VerdictChange))
	require.Zero(t, w.Count(t, "UpdateDomain", "changed"))
}

func TestNotebookSharingNeedsClassicAndItsBucket(t *testing.T) {
	w, x, in := newWorld(t)
	in.Domain.NotebookSharing = &onboarding.NotebookSharingSpec{S3: "s3://shared-notebooks/here"}
	_, err := activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, "new domains have no Studio Classic", "domain.notebookSharing")

	id := foreignDomain(t, w, in)
	_, err = activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, "nothing shows that the domain")
	_, err = sagemaker.NewFromConfig(administrator(t, w)).UpdateDomain(t.Context(), &sagemaker.UpdateDomainInput{DomainId: &id,
		DefaultUserSettings: &sagemakertypes.UserSettings{SharingSettings: &sagemakertypes.SharingSettings{
			NotebookOutputOption: sagemakertypes.NotebookOutputOptionDisabled}}})
	require.NoError(t, err)
	inService(t, w, id)
	_, err = activitytest.Once(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, "There is no S3 bucket shared-notebooks.")
	_, err = s3.NewFromConfig(administrator(t, w), func(o *s3.Options) { o.UsePathStyle = true }).CreateBucket(t.Context(),
		&s3.CreateBucketInput{Bucket: aws.String("shared-notebooks")})
	require.NoError(t, err)
	made(t, x, in)
	require.Equal(t, "s3://shared-notebooks/here", aws.ToString(described(t, w, id).DefaultUserSettings.SharingSettings.S3OutputPath))
	requireNothingToDo(t, w, in)
}

// TestAChangeThatNeverShowsEnds: what SageMaker was told five times is for a person to look at.
func TestAChangeThatNeverShowsEnds(t *testing.T) {
	w, x, in := newWorld(t)
	made(t, x, in)
	in.Domain.IdleShutdown = "4h"
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	env.RegisterActivity(x.EnsureDomain)
	env.SetHeartbeatDetails(map[string]int{"changes": 5})
	_, err := env.ExecuteActivity(x.EnsureDomain, in)
	activitytest.FailsWith(t, err, fault.Invalid, "5 times", "domain.idleShutdown")
	require.Zero(t, w.Count(t, "UpdateDomain", "changed"))
}
