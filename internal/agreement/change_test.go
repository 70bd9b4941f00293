package agreement

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/worldtest"
	"studio-onboarding/sandbox"
)

// What administrators do to the world by hand.

const (
	studioTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},` +
		`"Action":"sts:AssumeRole"}]}`
	otherTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},` +
		`"Action":"sts:AssumeRole"}]}`
)

// eventually waits until something is so; nothing else than the world's own time passes.
func (s *site) eventually(so func() bool) {
	s.Helper()
	require.Eventually(s, so, 20*time.Second, 5*time.Millisecond)
}

func (s *site) studio() *sagemaker.Client { return sagemaker.NewFromConfig(s.StudioAdmin()) }

func (s *site) iam() *iam.Client { return iam.NewFromConfig(s.StudioAdmin()) }

// place is a VPC of the Studio account: its subnets and its default security group.
type place struct {
	vpc     string
	subnets []string
	group   string
}

// places are the default VPC and the other one.
func (s *site) places() (standard, other place) {
	s.Helper()
	client := ec2.NewFromConfig(s.StudioAdmin())
	vpcs, err := client.DescribeVpcs(s.Context(), &ec2.DescribeVpcsInput{})
	require.NoError(s, err)
	for _, vpc := range vpcs.Vpcs {
		at := place{vpc: aws.ToString(vpc.VpcId)}
		in := []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{at.vpc}}}
		subnets, err := client.DescribeSubnets(s.Context(), &ec2.DescribeSubnetsInput{Filters: in})
		require.NoError(s, err)
		for _, subnet := range subnets.Subnets {
			at.subnets = append(at.subnets, aws.ToString(subnet.SubnetId))
		}
		slices.Sort(at.subnets)
		groups, err := client.DescribeSecurityGroups(s.Context(), &ec2.DescribeSecurityGroupsInput{Filters: in})
		require.NoError(s, err)
		at.group = aws.ToString(groups.SecurityGroups[0].GroupId)
		if aws.ToBool(vpc.IsDefault) {
			standard = at
		} else {
			other = at
		}
	}
	return standard, other
}

// role makes a role in the Studio account, or changes the one that is there, and answers with its ARN.
func (s *site) role(name, trust string, policies ...string) string {
	s.Helper()
	_, err := s.iam().CreateRole(s.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	var there *iamtypes.EntityAlreadyExistsException
	if errors.As(err, &there) {
		_, err = s.iam().UpdateAssumeRolePolicy(s.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: &trust})
	}
	require.NoError(s, err)
	for _, policy := range policies {
		_, err := s.iam().AttachRolePolicy(s.Context(), &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &policy})
		require.NoError(s, err)
	}
	return "arn:aws:iam::" + worldtest.Studio + ":role/" + name
}

// enable enables Identity Center where it is not, and waits until it is there.
func (s *site) enable(region string) {
	s.Helper()
	err := s.EnableIdentityCenter(s.Context(), sandbox.EnableIdentityCenterInput{Region: region})
	if err != nil {
		require.ErrorContains(s, err, "already enabled")
	}
	cfg := s.IdentityAdmin()
	cfg.Region = region
	s.eventually(func() bool {
		out, err := ssoadmin.NewFromConfig(cfg).ListInstances(s.Context(), &ssoadmin.ListInstancesInput{})
		return err == nil && len(out.Instances) > 0 && out.Instances[0].Status == ssoadmintypes.InstanceStatusActive
	})
}

// domain makes a domain named as in the spec, as somebody did before, and waits until it is in service or has failed.
func (s *site) domain(change func(*sagemaker.CreateDomainInput)) {
	s.Helper()
	standard, _ := s.places()
	in := &sagemaker.CreateDomainInput{
		DomainName: &s.Spec.Domain.Name, AuthMode: sagemakertypes.AuthModeSso, VpcId: &standard.vpc, SubnetIds: standard.subnets,
		DefaultUserSettings: &sagemakertypes.UserSettings{ExecutionRole: aws.String(s.role("SageMakerStudio-team", studioTrust,
			fullAccess))},
		HomeEfsFileSystemCreation: sagemakertypes.HomeEfsFileSystemCreationDisabled,
	}
	if change != nil {
		change(in)
	}
	s.eventually(func() bool { // a role takes its time to spread
		_, err := s.studio().CreateDomain(s.Context(), in)
		if err != nil {
			require.ErrorContains(s, err, "execution role")
		}
		return err == nil
	})
	s.settled()
}

const fullAccess = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"

// settled waits until nothing about domains and profiles is under way.
func (s *site) settled() {
	s.Helper()
	s.eventually(func() bool {
		domains, err := s.studio().ListDomains(s.Context(), &sagemaker.ListDomainsInput{})
		require.NoError(s, err)
		for _, d := range domains.Domains {
			if d.Status != sagemakertypes.DomainStatusInService && d.Status != sagemakertypes.DomainStatusFailed {
				return false
			}
		}
		profiles, err := s.studio().ListUserProfiles(s.Context(), &sagemaker.ListUserProfilesInput{})
		require.NoError(s, err)
		for _, p := range profiles.UserProfiles {
			if p.Status != sagemakertypes.UserProfileStatusInService && p.Status != sagemakertypes.UserProfileStatusFailed {
				return false
			}
		}
		return true
	})
}

// described is the domain of the spec, once it is settled; nil where there is none.
func (s *site) described() *sagemaker.DescribeDomainOutput {
	s.Helper()
	s.settled()
	domains, err := s.studio().ListDomains(s.Context(), &sagemaker.ListDomainsInput{})
	require.NoError(s, err)
	for _, d := range domains.Domains {
		if aws.ToString(d.DomainName) == s.Spec.Domain.Name {
			out, err := s.studio().DescribeDomain(s.Context(), &sagemaker.DescribeDomainInput{DomainId: d.DomainId})
			require.NoError(s, err)
			return out
		}
	}
	return nil
}

// tags are those of a SageMaker resource, without the product's own.
func (s *site) tags(arn *string) map[string]string {
	s.Helper()
	out, err := s.studio().ListTags(s.Context(), &sagemaker.ListTagsInput{ResourceArn: arn})
	require.NoError(s, err)
	tags := map[string]string{}
	for _, tag := range out.Tags {
		if !strings.Contains(aws.ToString(tag.Key), ":") {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return tags
}

// profiles are the profiles of the domain by their users.
func (s *site) profiles() map[string]*sagemaker.DescribeUserProfileOutput {
	s.Helper()
	domain := s.described()
	found := map[string]*sagemaker.DescribeUserProfileOutput{}
	if domain == nil {
		return found
	}
	list, err := s.studio().ListUserProfiles(s.Context(), &sagemaker.ListUserProfilesInput{DomainIdEquals: domain.DomainId})
	require.NoError(s, err)
	for _, p := range list.UserProfiles {
		out, err := s.studio().DescribeUserProfile(s.Context(), &sagemaker.DescribeUserProfileInput{DomainId: domain.DomainId,
			UserProfileName: p.UserProfileName})
		require.NoError(s, err)
		found[aws.ToString(out.SingleSignOnUserValue)] = out
	}
	return found
}

// directory is Identity Center's.
type directory struct {
	*site
	store string
	*identitystore.Client
	sso *ssoadmin.Client
}

func (s *site) directory() directory {
	s.Helper()
	d := directory{site: s, Client: identitystore.NewFromConfig(s.IdentityAdmin()), sso: ssoadmin.NewFromConfig(s.IdentityAdmin())}
	out, err := d.sso.ListInstances(s.Context(), &ssoadmin.ListInstancesInput{})
	require.NoError(s, err)
	d.store = aws.ToString(out.Instances[0].IdentityStoreId)
	return d
}

func (d directory) user(login string) *string {
	d.Helper()
	out, err := d.ListUsers(d.Context(), &identitystore.ListUsersInput{IdentityStoreId: &d.store})
	require.NoError(d, err)
	for _, user := range out.Users {
		if aws.ToString(user.UserName) == login {
			return user.UserId
		}
	}
	d.Fatalf("Identity Center has no user %s", login)
	return nil
}

func (d directory) group(name string) *string {
	d.Helper()
	out, err := d.ListGroups(d.Context(), &identitystore.ListGroupsInput{IdentityStoreId: &d.store})
	require.NoError(d, err)
	for _, group := range out.Groups {
		if aws.ToString(group.DisplayName) == name {
			return group.GroupId
		}
	}
	d.Fatalf("Identity Center has no group %s", name)
	return nil
}

// memberships are those of a group by the IDs of its members.
func (d directory) memberships(group string) map[string]*string {
	d.Helper()
	out, err := d.ListGroupMemberships(d.Context(), &identitystore.ListGroupMembershipsInput{IdentityStoreId: &d.store,
		GroupId: d.group(group)})
	require.NoError(d, err)
	found := map[string]*string{}
	for _, m := range out.GroupMemberships {
		if id, ok := m.MemberId.(*identitystoretypes.MemberIdMemberUserId); ok {
			found[id.Value] = m.MembershipId
		}
	}
	return found
}

// has says whether somebody is in a group in Identity Center.
func (d directory) has(group, login string) bool {
	d.Helper()
	return d.memberships(group)[*d.user(login)] != nil
}

// removeMember takes somebody out of a group in Identity Center, behind Okta's back.
func (d directory) removeMember(group, login string) {
	d.Helper()
	membership := d.memberships(group)[*d.user(login)]
	require.NotNil(d, membership)
	_, err := d.DeleteGroupMembership(d.Context(), &identitystore.DeleteGroupMembershipInput{IdentityStoreId: &d.store,
		MembershipId: membership})
	require.NoError(d, err)
}

// assign assigns somebody to the Studio application directly, and waits until it shows.
func (d directory) assign(login string) {
	d.Helper()
	application, user := d.described().SingleSignOnApplicationArn, d.user(login)
	_, err := d.sso.CreateApplicationAssignment(d.Context(), &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: application, PrincipalId: user, PrincipalType: ssoadmintypes.PrincipalTypeUser})
	require.NoError(d, err)
	d.eventually(func() bool {
		out, err := d.sso.ListApplicationAssignments(d.Context(), &ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: application})
		require.NoError(d, err)
		return slices.ContainsFunc(out.ApplicationAssignments,
			func(a ssoadmintypes.ApplicationAssignment) bool { return aws.ToString(a.PrincipalId) == *user })
	})
}

// unassign takes the assignment of an access group away.
func (d directory) unassign(group string) {
	d.Helper()
	application := d.described().SingleSignOnApplicationArn
	_, err := d.sso.DeleteApplicationAssignment(d.Context(), &ssoadmin.DeleteApplicationAssignmentInput{
		ApplicationArn: application, PrincipalId: d.group(group), PrincipalType: ssoadmintypes.PrincipalTypeGroup})
	require.NoError(d, err)
	d.eventually(func() bool {
		out, err := d.sso.ListApplicationAssignments(d.Context(), &ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: application})
		require.NoError(d, err)
		return !slices.ContainsFunc(out.ApplicationAssignments, func(a ssoadmintypes.ApplicationAssignment) bool {
			return aws.ToString(a.PrincipalId) == *d.group(group)
		})
	})
}

// deleteProfile deletes somebody's profile, and waits until it is gone.
func (s *site) deleteProfile(login string) {
	s.Helper()
	domain, profile := s.described(), s.profiles()[login]
	_, err := s.studio().DeleteUserProfile(s.Context(), &sagemaker.DeleteUserProfileInput{DomainId: domain.DomainId,
		UserProfileName: profile.UserProfileName})
	require.NoError(s, err)
	s.eventually(func() bool {
		out, err := s.studio().ListUserProfiles(s.Context(), &sagemaker.ListUserProfilesInput{DomainIdEquals: domain.DomainId,
			UserProfileNameContains: profile.UserProfileName})
		require.NoError(s, err)
		return len(out.UserProfiles) == 0
	})
}

// network names the default VPC in the spec, and changes it.
func (s *site) network(change func(standard, other place)) {
	s.Helper()
	standard, other := s.places()
	n := &s.Spec.Domain.Network
	n.VPC, n.Subnets = standard.vpc, slices.Clone(standard.subnets)
	if change != nil {
		change(standard, other)
	}
}

// okta changes somebody's profile in Okta.
func (s *site) okta(login string, change map[string]any) {
	s.Okta("POST", "/api/v1/users/"+s.UserID(login), map[string]any{"profile": change}, nil)
}

// deactivate deactivates somebody in Okta.
func (s *site) deactivate(login string) {
	s.Okta("POST", "/api/v1/users/"+s.UserID(login)+"/lifecycle/deactivate", nil, nil)
}

// here is the Region of the spec.
const here = worldtest.Region
