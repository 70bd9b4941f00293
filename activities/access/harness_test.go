package access_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// hurried opens accounts without the pace that the real ones need.
type hurried struct {
	url, key, secret string
}

func (h hurried) Config(_ context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	cfg := aws.Config{APIOptions: []func(*middleware.Stack) error{awscloud.Classified}, Region: region, BaseEndpoint: &h.url,
		Credentials: credentials.NewStaticCredentialsProvider(h.key, h.secret, "")}
	if account.AssumeRole != "" {
		assume := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), account.AssumeRole)
		cfg.Credentials = aws.NewCredentialsCache(assume)
	}
	return cfg, nil
}

// studioWorld is a simulated world in which everything is set up but access.
type studioWorld struct {
	t         *testing.T
	console   sandbox.Client
	cloud     hurried
	okta      *oktaorg.Org
	directory people.DirectoryInput
	access    access.Input
	waits     provider.Waits
}

func newStudioWorld(t *testing.T) *studioWorld { return newStudioWorldOf(t, 0) }

// newStudioWorldOf is a world with so many people.
func newStudioWorldOf(t *testing.T, people int) *studioWorld {
	const speed = 1000
	ctx := t.Context()
	server, err := sandbox.Start(ctx, "127.0.0.1:0", sandbox.Config{Speed: speed, People: people})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	w := &studioWorld{t: t, console: sandbox.Client{URL: server.URL}, waits: provider.DefaultWaits().Faster(speed)}
	w.waits.Profile, w.waits.Propagation = 20*time.Millisecond, 2*time.Second
	environment, err := w.console.Environment(ctx)
	require.NoError(t, err)
	w.cloud = hurried{server.URL, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]}
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(t, err)
	w.okta, err = oktaorg.New(ctx, options)
	require.NoError(t, err)

	studio := onboarding.AccountSpec{AssumeRole: "arn:aws:iam::222222222222:role/StudioOnboarding"}
	instance := w.provision()
	domain, roles := w.domain(studio)
	w.directory.IdentityStoreID = instance.IdentityStoreID
	w.access = access.Input{
		Run: "team", Studio: studio, Region: "us-east-1", InstanceARN: instance.InstanceARN, IdentityStoreID: instance.IdentityStoreID,
		AppID: w.directory.AppID, AssignmentGroup: w.directory.AssignmentGroup, Domain: domain, Roles: roles,
		Access: onboarding.AccessSpec{
			Groups: []onboarding.GroupAccessSpec{{Name: "sagemaker-studio-ml", ExecutionRole: "SageMakerStudio-ml"},
				{Name: "sagemaker-studio-users"}},
			People:   []onboarding.PersonAccessSpec{{Login: "raj.iyer@example.com"}, {Login: "nobody@example.com"}},
			Profiles: onboarding.ProfilesEager, OnRemoval: onboarding.RemovalRevoke,
		},
	}
	return w
}

// provision sets Identity Center, the trust and provisioning up, as the steps before would.
func (w *studioWorld) provision() onboarding.Handles {
	t, ctx := w.t, w.t.Context()
	require.NoError(t, w.console.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	cfg, err := w.cloud.Config(ctx, onboarding.AccountSpec{}, "us-east-1")
	require.NoError(t, err)
	var instance onboarding.Handles
	w.eventually(func() bool {
		out, err := ssoadmin.NewFromConfig(cfg).ListInstances(ctx, &ssoadmin.ListInstancesInput{})
		if err != nil || len(out.Instances) == 0 || out.Instances[0].Status != ssoadmintypes.InstanceStatusActive {
			return false
		}
		instance.InstanceARN, instance.IdentityStoreID = *out.Instances[0].InstanceArn, *out.Instances[0].IdentityStoreId
		return true
	})
	require.NoError(t, w.console.CreateUser(ctx, "by.hand@example.com", "by.hand@example.com"))

	app, err := w.okta.CreateApp(ctx, "AWS IAM Identity Center")
	require.NoError(t, err)
	metadata, err := w.okta.Metadata(ctx, app.ID)
	require.NoError(t, err)
	values, err := w.console.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: string(metadata)})
	require.NoError(t, err)
	require.NoError(t, w.okta.SetServiceProvider(ctx, app.ID, values.ACSURL, values.IssuerURL))
	tenant, err := w.console.EnableProvisioning(ctx)
	require.NoError(t, err)
	require.NoError(t, w.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
		AppID: app.ID, BaseURL: strings.TrimRight(tenant.Endpoint, "/"), Token: tenant.Token, CreateUsers: true, UpdateAttributes: true,
		DeactivateUsers: true,
	}))
	group, err := w.okta.Group(ctx, "aws-identity-center")
	require.NoError(t, err)
	require.NoError(t, w.okta.AssignGroup(ctx, app.ID, group.ID))
	w.provisioned(app.ID, group.ID)
	for _, name := range []string{"sagemaker-studio-users", "sagemaker-studio-ml"} {
		require.NoError(t, w.console.PushGroup(ctx, sandbox.PushGroupInput{AppID: app.ID, Group: name}))
	}
	w.directory = people.DirectoryInput{
		Region: "us-east-1", AppID: app.ID, AssignmentGroup: "aws-identity-center",
		Groups: []string{"sagemaker-studio-ml", "sagemaker-studio-users"}, People: []string{"raj.iyer@example.com", "nobody@example.com"},
	}
	return instance
}

// provisioned waits until Okta has tried to bring everybody: memberships of people who are not there yet would be lost.
func (w *studioWorld) provisioned(appID, groupID string) {
	ctx := w.t.Context()
	members := map[string]bool{}
	require.NoError(w.t, w.okta.GroupUsers(ctx, groupID, func(page []oktaorg.User) error {
		for _, user := range page {
			members[user.ID] = user.Status == "ACTIVE"
		}
		return nil
	}))
	last, same := -1, 0
	w.eventually(func() bool {
		there := 0
		require.NoError(w.t, w.okta.AppUsers(ctx, appID, func(page []oktaorg.AppUser) error {
			for _, user := range page {
				if user.Provisioned() {
					there++
				}
			}
			return nil
		}))
		if there != last || there == 0 {
			last, same = there, 0
			return false
		}
		same++
		return same >= 6
	})
}

func (w *studioWorld) eventually(is func() bool) {
	w.t.Helper()
	require.Eventually(w.t, is, 40*time.Second, 50*time.Millisecond)
}

// domain makes the execution roles and the domain, as the studio lane of a run would.
func (w *studioWorld) domain(studio onboarding.AccountSpec) (onboarding.DomainHandle, []onboarding.RoleHandle) {
	t, ctx := w.t, w.t.Context()
	cfg, err := w.cloud.Config(ctx, studio, "us-east-1")
	require.NoError(t, err)
	var roles []onboarding.RoleHandle
	for _, name := range []string{"SageMakerStudio-team", "SageMakerStudio-ml"} {
		out, err := iam.NewFromConfig(cfg).CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},` +
				`"Action":"sts:AssumeRole"}]}`)})
		require.NoError(t, err)
		roles = append(roles, onboarding.RoleHandle{Wanted: name, Name: name, ARN: *out.Role.Arn, Origin: onboarding.OriginCreated})
	}
	vpcs, err := ec2.NewFromConfig(cfg).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	require.NoError(t, err)
	i := slices.IndexFunc(vpcs.Vpcs, func(vpc ec2types.Vpc) bool { return aws.ToBool(vpc.IsDefault) })
	subnets, err := ec2.NewFromConfig(cfg).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{
		Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{*vpcs.Vpcs[i].VpcId}}},
	})
	require.NoError(t, err)
	client := sagemaker.NewFromConfig(cfg)
	var id string
	w.eventually(func() bool { // a new role takes a moment to spread
		out, err := client.CreateDomain(ctx, &sagemaker.CreateDomainInput{
			DomainName: aws.String("team"), AuthMode: sagemakertypes.AuthModeSso, VpcId: vpcs.Vpcs[i].VpcId,
			SubnetIds:           []string{*subnets.Subnets[0].SubnetId},
			DefaultUserSettings: &sagemakertypes.UserSettings{ExecutionRole: &roles[0].ARN},
		})
		if err == nil {
			arn := *out.DomainArn
			id = arn[strings.LastIndexByte(arn, '/')+1:]
		}
		return err == nil
	})
	var domain onboarding.DomainHandle
	w.eventually(func() bool {
		out, err := client.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &id})
		require.NoError(t, err)
		domain = onboarding.DomainHandle{ID: id, ARN: *out.DomainArn, Name: "team",
			ApplicationARN: aws.ToString(out.SingleSignOnApplicationArn), Origin: onboarding.OriginCreated}
		return out.Status == sagemakertypes.DomainStatusInService
	})
	return domain, roles
}

func (w *studioWorld) activity() *access.Activities {
	return &access.Activities{AWS: w.cloud, Okta: w.okta, Waits: w.waits, People: storetest.New(w.t)}
}

// until repeats an activity while it says that something is not ready, as Temporal does.
func until[In, Out any](w *studioWorld, do func(context.Context, In) (Out, error), in In) Out {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		out, err := perform(w.t, do, in)
		if err == nil {
			return out
		}
		require.Truef(w.t, strings.Contains(err.Error(), "type: "+string(fault.NotReady)) && time.Now().Before(deadline), "%v", err)
		<-time.After(50 * time.Millisecond)
	}
}
