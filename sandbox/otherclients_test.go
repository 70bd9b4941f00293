package sandbox_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	storedocument "github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"studio-onboarding/sandbox"
)

func TestADeletedDomainLeavesItsSecurityGroups(t *testing.T) {
	w := start(t, fast)
	w.enable()
	client, network := sagemaker.NewFromConfig(w.studio()), ec2.NewFromConfig(w.studio())
	input := w.domainInput("files", w.role("files-role"))
	input.HomeEfsFileSystemCreation = smtypes.HomeEfsFileSystemCreationEnabled
	var id *string
	w.eventually(func() bool {
		out, err := client.CreateDomain(w.ctx, input)
		if err == nil {
			id = out.DomainId
		}
		return err == nil
	}, "the role can be used")
	w.eventually(func() bool {
		out, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: id})
		return err == nil && out.Status == smtypes.DomainStatusInService
	}, "the domain is in service")
	_, err := network.DeleteSubnet(w.ctx, &ec2.DeleteSubnetInput{SubnetId: aws.String(input.SubnetIds[0])})
	w.Equal("DependencyViolation", code(err), "the domain uses it")
	_, err = client.DeleteDomain(w.ctx, &sagemaker.DeleteDomainInput{DomainId: id})
	w.NoError(err)
	w.eventually(func() bool {
		_, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: id})
		return code(err) == "ResourceNotFound"
	}, "the domain is gone")

	left, err := network.DescribeSecurityGroups(w.ctx, &ec2.DescribeSecurityGroupsInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: []string{"security-group-for-*-nfs-" + *id}}}})
	w.NoError(err)
	w.Len(left.SecurityGroups, 2)
	for _, g := range left.SecurityGroups {
		_, err := network.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupId: g.GroupId})
		w.Equal("DependencyViolation", code(err), "the other refers to it")
	}
	for _, g := range left.SecurityGroups {
		if len(g.IpPermissions) > 0 {
			_, err = network.RevokeSecurityGroupIngress(w.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: g.GroupId, IpPermissions: g.IpPermissions})
		} else {
			_, err = network.RevokeSecurityGroupEgress(w.ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: g.GroupId, IpPermissions: g.IpPermissionsEgress})
		}
		w.NoError(err)
	}
	for _, g := range left.SecurityGroups {
		_, err := network.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupId: g.GroupId})
		w.NoError(err)
	}
	state, err := w.State(w.ctx)
	w.NoError(err)
	w.Contains(string(state), `"fileSystems"`, "the file system was retained")
}

func TestARoleMayDoWhatItsPoliciesSay(t *testing.T) {
	w := start(t, fast)
	client := iam.NewFromConfig(w.studio())
	put := func(effect string) {
		_, err := client.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("StudioOnboarding"), PolicyName: aws.String("more"),
			PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Action":"sagemaker:List*","Resource":"*"}}`)})
		w.NoError(err)
	}
	list := func() string {
		_, err := sagemaker.NewFromConfig(w.onboarder()).ListDomains(w.ctx, &sagemaker.ListDomainsInput{})
		return code(err)
	}
	domain := w.domainInput("x", studioRole)
	w.Empty(list())
	put("Deny")
	w.Equal("AccessDeniedException", list(), "a denial wins")
	_, err := client.DeleteRolePolicy(w.ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("StudioOnboarding"), PolicyName: aws.String("StudioOnboarding")})
	w.NoError(err)
	put("Allow")
	w.Empty(list())
	_, err = sagemaker.NewFromConfig(w.onboarder()).CreateDomain(w.ctx, domain)
	w.Equal("AccessDeniedException", code(err))
}

func TestUsersAndGroupsAreEditedThroughTheIdentityStore(t *testing.T) {
	w := start(t, fast)
	_, store := w.enable()
	client := identitystore.NewFromConfig(w.administrator())
	made, err := client.CreateUser(w.ctx, &identitystore.CreateUserInput{IdentityStoreId: &store, UserName: aws.String("a@example.com"), DisplayName: aws.String("A"),
		Name: &storetypes.Name{GivenName: aws.String("A"), FamilyName: aws.String("B")}})
	w.NoError(err)
	_, err = client.UpdateUser(w.ctx, &identitystore.UpdateUserInput{IdentityStoreId: &store, UserId: made.UserId, Operations: []storetypes.AttributeOperation{
		{AttributePath: aws.String("name.familyName"), AttributeValue: storedocument.NewLazyDocument("C")},
		{AttributePath: aws.String("TITLE"), AttributeValue: storedocument.NewLazyDocument("Engineer")},
	}})
	w.NoError(err)
	user, err := client.DescribeUser(w.ctx, &identitystore.DescribeUserInput{IdentityStoreId: &store, UserId: made.UserId})
	w.NoError(err)
	w.Equal("C", *user.Name.FamilyName)
	w.Equal("Engineer", *user.Title)

	group, err := client.CreateGroup(w.ctx, &identitystore.CreateGroupInput{IdentityStoreId: &store, DisplayName: aws.String("G")})
	w.NoError(err)
	member := &identitystore.CreateGroupMembershipInput{IdentityStoreId: &store, GroupId: group.GroupId, MemberId: &storetypes.MemberIdMemberUserId{Value: *made.UserId}}
	membership, err := client.CreateGroupMembership(w.ctx, member)
	w.NoError(err)
	var conflict *storetypes.ConflictException
	_, err = client.CreateGroupMembership(w.ctx, member)
	w.ErrorAs(err, &conflict)
	_, err = client.DeleteUser(w.ctx, &identitystore.DeleteUserInput{IdentityStoreId: &store, UserId: made.UserId})
	w.NoError(err)
	_, err = client.DescribeGroupMembership(w.ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: &store, MembershipId: membership.MembershipId})
	w.Equal("ResourceNotFoundException", code(err), "memberships go with the user")
}

func TestUnknownOperationsGetTheServicesOwnError(t *testing.T) {
	w := start(t, fast)
	_, err := sagemaker.NewFromConfig(w.studio()).ListModels(w.ctx, &sagemaker.ListModelsInput{})
	w.Equal("UnknownOperationException", code(err))
	_, err = iam.NewFromConfig(w.studio()).ListSAMLProviders(w.ctx, &iam.ListSAMLProvidersInput{})
	w.Equal("InvalidAction", code(err))
	_, err = ec2.NewFromConfig(w.studio()).DescribeImages(w.ctx, &ec2.DescribeImagesInput{})
	w.Equal("InvalidAction", code(err))
	_, err = sts.NewFromConfig(w.as(sandbox.AsWorker)).GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	w.Equal("InvalidAction", code(err))
}
