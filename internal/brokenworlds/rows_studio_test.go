package brokenworlds

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	quotaDomains  = "L-B683BCB0"
	quotaProfiles = "L-AC46C40F"
)

// place is the default VPC of the Studio account with its subnets and its security group, and the VPC without subnets.
func (s *site) place() (vpc string, subnets []string, group, empty string) {
	client := ec2.NewFromConfig(s.as(sandbox.AsStudioAdministrator))
	vpcs, err := client.DescribeVpcs(s.Context(), &ec2.DescribeVpcsInput{})
	require.NoError(s, err)
	for _, found := range vpcs.Vpcs {
		if aws.ToBool(found.IsDefault) {
			vpc = aws.ToString(found.VpcId)
		} else {
			empty = aws.ToString(found.VpcId)
		}
	}
	in := []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}
	out, err := client.DescribeSubnets(s.Context(), &ec2.DescribeSubnetsInput{Filters: in})
	require.NoError(s, err)
	for _, subnet := range out.Subnets {
		subnets = append(subnets, aws.ToString(subnet.SubnetId))
	}
	groups, err := client.DescribeSecurityGroups(s.Context(), &ec2.DescribeSecurityGroupsInput{Filters: in})
	require.NoError(s, err)
	return vpc, subnets, aws.ToString(groups.SecurityGroups[0].GroupId), empty
}

func (s *site) sagemaker() *sagemaker.Client {
	return sagemaker.NewFromConfig(s.as(sandbox.AsStudioAdministrator))
}

// makeDomain makes a domain as somebody did before.
func (s *site) makeDomain(name string, mode sagemakertypes.AuthMode) {
	vpc, subnets, _, _ := s.place()
	role := s.createRole("Former"+name, studioTrust)
	_, err := s.sagemaker().CreateDomain(s.Context(), &sagemaker.CreateDomainInput{
		DomainName: &name, AuthMode: mode, VpcId: &vpc, SubnetIds: subnets, DefaultUserSettings: &sagemakertypes.UserSettings{ExecutionRole: &role},
		HomeEfsFileSystemCreation: sagemakertypes.HomeEfsFileSystemCreationDisabled,
	})
	for err != nil && strings.Contains(err.Error(), "execution role") { // which takes its time to spread
		_, err = s.sagemaker().CreateDomain(s.Context(), &sagemaker.CreateDomainInput{
			DomainName: &name, AuthMode: mode, VpcId: &vpc, SubnetIds: subnets, DefaultUserSettings: &sagemakertypes.UserSettings{ExecutionRole: &role},
			HomeEfsFileSystemCreation: sagemakertypes.HomeEfsFileSystemCreationDisabled,
		})
	}
	require.NoError(s, err)
	s.untilDomains(func(d sagemakertypes.DomainDetails) bool { return d.Status == sagemakertypes.DomainStatusInService })
}

// deleteDomains deletes all domains, and waits until they are gone.
func (s *site) deleteDomains() {
	out, err := s.sagemaker().ListDomains(s.Context(), &sagemaker.ListDomainsInput{})
	require.NoError(s, err)
	for _, domain := range out.Domains {
		_, err := s.sagemaker().DeleteDomain(s.Context(), &sagemaker.DeleteDomainInput{DomainId: domain.DomainId})
		require.NoError(s, err)
	}
	s.untilDomains(func(sagemakertypes.DomainDetails) bool { return false })
}

// network makes the subnets of the default VPC the network of the spec, and changes it.
func (s *site) network(change func(n *onboarding.NetworkSpec, vpc string, subnets []string, group, empty string)) {
	vpc, subnets, group, empty := s.place()
	s.spec.Domain.Network = onboarding.NetworkSpec{VPC: vpc, Subnets: subnets, SecurityGroups: []string{group}, Access: onboarding.NetworkPublic}
	change(&s.spec.Domain.Network, vpc, subnets, group, empty)
}

func (s *site) soundNetwork() {
	s.spec.Domain.Network = onboarding.NetworkSpec{Access: onboarding.NetworkPublic}
}

// studio are worlds whose network, roles, quotas or domains don't fit.
func studio() []row {
	elsewhere := func(world string, change func(n *onboarding.NetworkSpec, vpc string, subnets []string, group, empty string), says ...string) row {
		return row{
			world: world, breaks: func(s *site) { s.network(change) },
			check: "network", kind: onboarding.VerdictBlocked, says: says,
			stops: onboarding.StepNetwork, stop: says,
			respec: (*site).soundNetwork, fix: "correct the spec, and start again",
		}
	}
	const missingRole = "arn:aws:iam::222222222222:role/ResearchNotebooks"
	return []row{
		{
			world:  "the default VPC has no subnets",
			breaks: func(s *site) { s.change(sandbox.AWSSettings{NoSubnets: pointer(true)}) },
			check:  "network", kind: onboarding.VerdictBlocked, says: []string{"no available subnet", "create-default-subnet"},
			stops: onboarding.StepNetwork, stop: []string{"no available subnet", "create-default-subnet"},
			repair: func(s *site) { s.change(sandbox.AWSSettings{NoSubnets: pointer(false)}) }, fix: "create a subnet",
		},
		elsewhere("the VPC does not exist", func(n *onboarding.NetworkSpec, _ string, _ []string, _, _ string) {
			n.VPC = "vpc-00000000000000000"
		}, "vpc-00000000000000000", "domain.network.vpc"),
		elsewhere("a subnet does not exist", func(n *onboarding.NetworkSpec, _ string, _ []string, _, _ string) {
			n.Subnets = append(n.Subnets, "subnet-00000000000000000")
		}, "subnet-00000000000000000", "domain.network"),
		elsewhere("the subnets belong to another VPC", func(n *onboarding.NetworkSpec, _ string, _ []string, _, empty string) {
			n.VPC, n.SecurityGroups = empty, nil
		}, "belong to", "domain.network"),
		elsewhere("a security group does not exist", func(n *onboarding.NetworkSpec, _ string, _ []string, _, _ string) {
			n.SecurityGroups = []string{"sg-00000000000000000"}
		}, "sg-00000000000000000", "domain.network"),
		{
			world: "apps reach the VPC only, which has neither NAT nor endpoints",
			breaks: func(s *site) {
				s.network(func(n *onboarding.NetworkSpec, _ string, _ []string, _, _ string) {
					n.Access = onboarding.NetworkVPCOnly
				})
				s.withhold() // nothing: with the optional permissions to look at routes and endpoints
			},
			check: "vpc-endpoints", kind: onboarding.VerdictWarning, says: []string{"sagemaker.api"},
			fix: "the report says so, too: people sign in, and their apps do not start before there are endpoints or NAT",
		},
		{
			world:  "the execution role of the spec does not exist",
			breaks: func(s *site) { s.spec.Domain.ExecutionRole = missingRole },
			check:  "execution-role", kind: onboarding.VerdictBlocked, says: []string{missingRole, "executionRole"},
			stops: onboarding.StepExecutionRole, stop: []string{missingRole, "executionRole"},
			repair: func(s *site) { s.createRole("ResearchNotebooks", studioTrust) }, fix: "create the role",
		},
		{
			world: "the execution role does not trust SageMaker",
			breaks: func(s *site) {
				s.createRole("ResearchNotebooks", otherTrust)
				s.spec.Domain.ExecutionRole = missingRole
			},
			check: "execution-role", kind: onboarding.VerdictBlocked, says: []string{missingRole, "sagemaker.amazonaws.com", "trust policy"},
			stops: onboarding.StepExecutionRole, stop: []string{missingRole, "sagemaker.amazonaws.com", "trust policy"},
			repair: func(s *site) { s.trust("ResearchNotebooks", studioTrust) }, fix: "let SageMaker assume the role",
		},
		{
			world:  "the quota of domains is used up",
			breaks: func(s *site) { s.change(sandbox.AWSSettings{Quotas: map[string]float64{quotaDomains: 0}}) },
			check:  "quota-domains", kind: onboarding.VerdictBlocked, says: []string{quotaDomains, "Service Quotas"},
			stops: onboarding.StepDomain, stop: []string{quotaDomains, "Service Quotas"},
			repair: func(s *site) { s.change(sandbox.AWSSettings{Quotas: map[string]float64{quotaDomains: 10}}) }, fix: "get a higher quota",
		},
		{
			world:  "the quota of user profiles is too small",
			breaks: func(s *site) { s.change(sandbox.AWSSettings{Quotas: map[string]float64{quotaProfiles: 2}}) },
			check:  "quota-profiles", kind: onboarding.VerdictBlocked, says: []string{quotaProfiles, "Service Quotas"},
			stops: onboarding.StepAccess, stop: []string{quotaProfiles, "Service Quotas"},
			repair: func(s *site) { s.change(sandbox.AWSSettings{Quotas: map[string]float64{quotaProfiles: 1000}}) }, fix: "get a higher quota",
		},
		{
			world:  "a domain of that name has IAM authentication",
			breaks: func(s *site) { s.makeDomain("team", sagemakertypes.AuthModeIam) },
			check:  "domain", kind: onboarding.VerdictBlocked, says: []string{"IAM authentication", "domain.name"},
			stops: onboarding.StepDomain, stop: []string{"IAM authentication", "domain.name"},
			repair: (*site).deleteDomains, fix: "delete that domain",
		},
		{
			world: "a domain fails for no fault of anybody", unseen: "it happens while the domain is made; the run makes it again",
			breaks: func(s *site) {
				s.faults(sandbox.Fault{Service: "sagemaker", Operation: "CreateDomain", Kind: sandbox.FaultFails, Times: 1})
			},
			fix: "nothing is to be done",
		},
		{
			world: "every domain fails", unseen: "it happens while the domain is made; the run makes it again twice",
			breaks: func(s *site) {
				s.faults(sandbox.Fault{Service: "sagemaker", Operation: "CreateDomain", Kind: sandbox.FaultFails})
			},
			stops: onboarding.StepDomain, stop: []string{"KMS key 'null'", "delete the domain"},
			repair: func(s *site) {
				s.faults()
				s.deleteDomains()
			}, fix: "delete the failed domain",
		},
		{
			world: "one person's profile fails", unseen: "it happens while the profile is made",
			breaks: func(s *site) {
				s.faults(sandbox.Fault{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultFails, Times: 1})
			},
			fix: "nothing is to be done: the run makes it again",
		},
		{
			world: "every profile fails", unseen: "it happens while profiles are made",
			breaks: func(s *site) {
				s.faults(sandbox.Fault{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultFails})
			},
			stops: onboarding.StepVerify, stop: []string{"profile"},
			repair: func(s *site) { s.faults() }, fix: "remove the cause",
		},
	}
}

// untilDomains waits until every domain of the Studio account satisfies a condition; there may be none.
func (s *site) untilDomains(settled func(sagemakertypes.DomainDetails) bool) {
	require.Eventually(s, func() bool {
		out, err := s.sagemaker().ListDomains(s.Context(), &sagemaker.ListDomainsInput{})
		require.NoError(s, err)
		for _, domain := range out.Domains {
			if !settled(domain) {
				return false
			}
		}
		return true
	}, 20*time.Second, 20*time.Millisecond)
}
