package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"studio-onboarding/sandbox"
)

// defaultNetwork is the default VPC of the Studio account with its subnets.
func (w world) defaultNetwork() (vpc string, subnets []string) {
	w.Helper()
	client := ec2.NewFromConfig(w.onboarder())
	vpcs, err := client.DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("isDefault"), Values: []string{"true"}}}})
	w.NoError(err)
	w.Len(vpcs.Vpcs, 1)
	vpc = *vpcs.Vpcs[0].VpcId
	found, err := client.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}})
	w.NoError(err)
	for _, s := range found.Subnets {
		subnets = append(subnets, *s.SubnetId)
	}
	return vpc, subnets
}

func TestTheStudioAccountHasTwoNetworks(t *testing.T) {
	w := start(t, fast)
	client := ec2.NewFromConfig(w.studio())
	_, subnets := w.defaultNetwork()
	w.Len(subnets, 3)
	vpcs, err := client.DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{})
	w.NoError(err)
	w.Len(vpcs.Vpcs, 2)
	w.True(*vpcs.Vpcs[0].IsDefault)
	w.Equal("legacy-without-subnets", *vpcs.Vpcs[1].Tags[0].Value)

	groups, err := client.DescribeSecurityGroups(w.ctx, &ec2.DescribeSecurityGroupsInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: []string{"def*"}}, {Name: aws.String("vpc-id"), Values: []string{*vpcs.Vpcs[0].VpcId}}}})
	w.NoError(err)
	w.Len(groups.SecurityGroups, 1)
	w.Equal(*groups.SecurityGroups[0].GroupId, *groups.SecurityGroups[0].IpPermissions[0].UserIdGroupPairs[0].GroupId)
	endpoints, err := client.DescribeVpcEndpoints(w.ctx, &ec2.DescribeVpcEndpointsInput{})
	w.NoError(err)
	w.Equal("com.amazonaws.us-east-1.s3", *endpoints.VpcEndpoints[0].ServiceName)

	_, err = client.DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0123"}})
	w.Equal("InvalidVpcID.NotFound", code(err))
	_, err = client.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-0123"}})
	w.Equal("InvalidSubnetID.NotFound", code(err))
	_, err = client.DescribeSecurityGroups(w.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"sg-0123"}})
	w.Equal("InvalidGroup.NotFound", code(err))
	elsewhere, err := client.DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{}, func(o *ec2.Options) { o.Region = "eu-west-1" })
	w.NoError(err)
	w.Empty(elsewhere.Vpcs)
}

func TestRoles(t *testing.T) {
	w := start(t, fast)
	client := iam.NewFromConfig(w.studio())
	name := aws.String("SageMakerStudio-demo")
	made, err := client.CreateRole(w.ctx, &iam.CreateRoleInput{
		RoleName: name, AssumeRolePolicyDocument: aws.String(trust), Description: aws.String("for <Studio> & co"), Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
	})
	w.NoError(err)
	w.Equal("arn:aws:iam::222222222222:role/SageMakerStudio-demo", *made.Role.Arn)
	var exists *iamtypes.EntityAlreadyExistsException
	_, err = client.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("sagemakerstudio-DEMO"), AssumeRolePolicyDocument: aws.String(trust)})
	w.ErrorAs(err, &exists)
	var missing *iamtypes.NoSuchEntityException
	_, err = client.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("nobody")})
	w.ErrorAs(err, &missing)
	var malformed *iamtypes.MalformedPolicyDocumentException
	_, err = client.UpdateAssumeRolePolicy(w.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String("{")})
	w.ErrorAs(err, &malformed)

	_, err = client.TagRole(w.ctx, &iam.TagRoleInput{RoleName: name, Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("2")}, {Key: aws.String("b"), Value: aws.String("3")}}})
	w.NoError(err)
	got, err := client.GetRole(w.ctx, &iam.GetRoleInput{RoleName: name})
	w.NoError(err)
	w.Equal("for <Studio> & co", *got.Role.Description)
	w.Contains(*got.Role.AssumeRolePolicyDocument, "sagemaker.amazonaws.com")
	tags, err := client.ListRoleTags(w.ctx, &iam.ListRoleTagsInput{RoleName: name})
	w.NoError(err)
	w.Len(tags.Tags, 2)
	w.Equal("2", *tags.Tags[0].Value)

	policy := aws.String("arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
	_, err = client.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: policy})
	w.NoError(err)
	_, err = client.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/NoSuchPolicy")})
	w.ErrorAs(err, &missing)
	attached, err := client.ListAttachedRolePolicies(w.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	w.NoError(err)
	w.Equal("AmazonSageMakerFullAccess", *attached.AttachedPolicies[0].PolicyName)
	inline, err := client.ListRolePolicies(w.ctx, &iam.ListRolePoliciesInput{RoleName: aws.String("StudioOnboarding")})
	w.NoError(err)
	w.Len(inline.PolicyNames, 1)

	var conflict *iamtypes.DeleteConflictException
	_, err = client.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: name})
	w.ErrorAs(err, &conflict)
	_, err = client.DetachRolePolicy(w.ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: policy})
	w.NoError(err)
	_, err = client.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: name})
	w.NoError(err)

	var names []string
	for pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{MaxItems: aws.Int32(1)}); pages.HasMorePages(); {
		page, err := pages.NextPage(w.ctx)
		w.NoError(err)
		w.Len(page.Roles, 1)
		names = append(names, *page.Roles[0].RoleName)
	}
	w.Equal([]string{"StudioOnboarding", "DataPlatformNotebooks"}, names)
}

func TestANewRoleIsRefusedUntilItHasSpread(t *testing.T) {
	w := start(t, 40) // half a second
	w.enable()
	client := sagemaker.NewFromConfig(w.onboarder())
	input := w.domainInput("studio", "arn:aws:iam::222222222222:role/new-role")
	before := time.Now()
	w.role("new-role")
	_, err := client.CreateDomain(w.ctx, input)
	if err == nil { // a slow machine may ask only after the role has spread
		w.GreaterOrEqual(time.Since(before), 20*time.Second/40, "taken before it has spread")
		return
	}
	w.Equal("ValidationException", code(err))
	w.ErrorContains(err, "The execution role ARN is invalid. Please ensure that the role exists and that its trust relationship policy allows the action 'sts:AssumeRole' for the service principal 'sagemaker.amazonaws.com'.")
	w.eventually(func() bool {
		_, err := client.CreateDomain(w.ctx, input)
		return err == nil
	}, "the role has spread")
}

func TestADomainNeedsAnInstanceInItsRegion(t *testing.T) {
	w := start(t, fast)
	client := sagemaker.NewFromConfig(w.onboarder())
	input := w.domainInput("studio", "arn:aws:iam::222222222222:role/DataPlatformNotebooks")
	_, err := client.CreateDomain(w.ctx, input)
	w.Equal("ValidationException", code(err))
	w.ErrorContains(err, "Identity Center is not enabled")
	input.AuthMode = smtypes.AuthModeIam
	_, err = client.CreateDomain(w.ctx, input)
	w.NoError(err)
}

func TestADomainFromCreationToDeletion(t *testing.T) {
	w := start(t, fast)
	w.enable()
	client := sagemaker.NewFromConfig(w.studio())
	described := w.domain("studio")
	id := described.DomainId
	w.Equal(fmt.Sprintf("https://%s.studio.us-east-1.sagemaker.aws", *id), *described.Url)
	w.Regexp(`^arn:aws:sso::222222222222:application/ssoins-[0-9a-f]{16}/apl-[0-9a-f]{16}$`, *described.SingleSignOnApplicationArn)
	w.Nil(described.HomeEfsFileSystemId)
	w.Contains(*described.DefaultUserSettings.ExecutionRole, "studio-role")
	w.False(described.CreationTime.IsZero())

	var inUse *smtypes.ResourceInUse
	_, err := client.CreateDomain(w.ctx, w.domainInput("studio", *described.DefaultUserSettings.ExecutionRole))
	w.ErrorAs(err, &inUse)
	var missing *smtypes.ResourceNotFound
	_, err = client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: aws.String("d-nothere")})
	w.ErrorAs(err, &missing)

	_, err = client.UpdateDomain(w.ctx, &sagemaker.UpdateDomainInput{
		DomainId: id, DefaultUserSettings: &smtypes.UserSettings{StudioWebPortal: smtypes.StudioWebPortalEnabled}, HomeEfsFileSystemCreation: smtypes.HomeEfsFileSystemCreationEnabled,
	})
	w.NoError(err)
	w.eventually(func() bool {
		described, err = client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: id})
		w.NoError(err)
		return described.Status == smtypes.DomainStatusInService
	}, "the update is done")
	w.Equal(smtypes.StudioWebPortalEnabled, described.DefaultUserSettings.StudioWebPortal)
	w.Contains(*described.DefaultUserSettings.ExecutionRole, "studio-role")
	w.NotNil(described.HomeEfsFileSystemId)

	_, err = client.AddTags(w.ctx, &sagemaker.AddTagsInput{ResourceArn: described.DomainArn, Tags: []smtypes.Tag{{Key: aws.String("run"), Value: aws.String("demo")}}})
	w.NoError(err)
	tags, err := client.ListTags(w.ctx, &sagemaker.ListTagsInput{ResourceArn: described.DomainArn})
	w.NoError(err)
	w.Equal("demo", *tags.Tags[0].Value)
	_, err = client.DeleteTags(w.ctx, &sagemaker.DeleteTagsInput{ResourceArn: described.DomainArn, TagKeys: []string{"run"}})
	w.NoError(err)

	_, err = client.DeleteDomain(w.ctx, &sagemaker.DeleteDomainInput{DomainId: id})
	w.NoError(err)
	w.eventually(func() bool {
		_, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: id})
		return code(err) == "ResourceNotFound"
	}, "the domain is gone")
	again := w.domain("studio2")
	w.NotEqual(*id, *again.DomainId)
}

func TestADomainFailsWhenItsRoleIsGone(t *testing.T) {
	w := start(t, 100)
	w.enable()
	client := sagemaker.NewFromConfig(w.studio())
	input := w.domainInput("studio", w.role("short-lived"))
	var id *string
	w.eventually(func() bool {
		out, err := client.CreateDomain(w.ctx, input)
		if err == nil {
			id = out.DomainId
		}
		return err == nil
	}, "the role has spread")
	_, err := iam.NewFromConfig(w.studio()).DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: aws.String("short-lived")})
	w.NoError(err)
	w.eventually(func() bool {
		out, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: id})
		w.NoError(err)
		return out.Status == smtypes.DomainStatusFailed && aws.ToString(out.FailureReason) != ""
	}, "the domain has failed")
}

func TestADomainCanBeMadeToFailAsItDoesInReality(t *testing.T) {
	w := start(t, fast)
	w.enable()
	client := sagemaker.NewFromConfig(w.onboarder())
	w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{{Operation: "CreateDomain", Kind: sandbox.FaultFails, Times: 1}}))
	out, err := client.CreateDomain(w.ctx, w.domainInput("studio", "arn:aws:iam::222222222222:role/DataPlatformNotebooks"))
	w.NoError(err)
	w.eventually(func() bool {
		described, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: out.DomainId})
		w.NoError(err)
		return described.Status == smtypes.DomainStatusFailed
	}, "the domain has failed")
	described, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: out.DomainId})
	w.NoError(err)
	w.Contains(*described.FailureReason, "KMS key 'null' does not exist")
	_, err = client.DeleteDomain(w.ctx, &sagemaker.DeleteDomainInput{DomainId: out.DomainId})
	w.NoError(err)
}
