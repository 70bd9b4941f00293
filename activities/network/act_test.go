package network_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/network"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// networks are what the simulated Studio account has: a default VPC with subnets, and another VPC.
type networks struct {
	vpc, otherVPC     string
	subnets           []string
	group, otherGroup string
}

func networksOf(t *testing.T, w activitytest.World) networks {
	t.Helper()
	client := ec2.NewFromConfig(w.StudioConfig(t))
	var n networks
	vpcs, err := client.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	require.NoError(t, err)
	for _, vpc := range vpcs.Vpcs {
		if *vpc.IsDefault {
			n.vpc = *vpc.VpcId
		} else {
			n.otherVPC = *vpc.VpcId
		}
	}
	subnets, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	require.NoError(t, err)
	for _, subnet := range subnets.Subnets {
		if *subnet.VpcId == n.vpc && subnet.State == ec2types.SubnetStateAvailable {
			n.subnets = append(n.subnets, *subnet.SubnetId)
		}
	}
	groups, err := client.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{})
	require.NoError(t, err)
	for _, group := range groups.SecurityGroups {
		if *group.VpcId == n.vpc {
			n.group = *group.GroupId
		} else {
			n.otherGroup = *group.GroupId
		}
	}
	require.NotEmpty(t, n.otherVPC)
	require.NotEmpty(t, n.otherGroup)
	require.NotEmpty(t, n.subnets)
	return n
}

// administratorCloud opens the Studio account for somebody who may do everything.
type administratorCloud struct{ activitytest.World }

func (c administratorCloud) Config(ctx context.Context, _ onboarding.AccountSpec, region string) (aws.Config, error) {
	env, err := c.EnvironmentAs(ctx, sandbox.AsStudioAdministrator)
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]), APIOptions: []func(*middleware.Stack) error{awscloud.Classified},
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""),
	}, err
}

func TestTheNetwork(t *testing.T) {
	w := activitytest.NewWorld(t)
	x := &network.Activities{AWS: w.Clouds}
	n := networksOf(t, w)
	resolve := func(region string, spec onboarding.NetworkSpec) (network.Network, error) {
		return activitytest.Once(x.ResolveNetwork, network.NetworkInput{
			Studio: activitytest.StudioAccount, Region: region, Network: spec, DomainName: "demo",
		})
	}

	t.Run("defaults to the default VPC, one subnet per zone", func(t *testing.T) {
		got, err := resolve(activitytest.Region, onboarding.NetworkSpec{})
		require.NoError(t, err)
		require.Equal(t, network.Network{VPC: n.vpc, Subnets: got.Subnets, Access: onboarding.NetworkPublic, Default: true}, got)
		require.ElementsMatch(t, n.subnets, got.Subnets)
	})
	t.Run("is the one that the spec names", func(t *testing.T) {
		spec := onboarding.NetworkSpec{VPC: n.vpc, Subnets: n.subnets[1:2], SecurityGroups: []string{n.group}, Access: onboarding.NetworkVPCOnly}
		got, err := resolve(activitytest.Region, spec)
		require.NoError(t, err)
		require.Equal(t, network.Network{VPC: n.vpc, Subnets: n.subnets[1:2], SecurityGroups: []string{n.group},
			Access: onboarding.NetworkVPCOnly, Default: true}, got)
	})
	for _, c := range []struct {
		name string
		spec onboarding.NetworkSpec
		says string
	}{
		{"VPC without subnets", onboarding.NetworkSpec{VPC: n.otherVPC}, "domain.network.subnets"},
		{"unknown VPC", onboarding.NetworkSpec{VPC: "vpc-0123456789abcdef0", Subnets: n.subnets},
			"There is no VPC vpc-0123456789abcdef0 in us-east-1"},
		{"unknown subnet", onboarding.NetworkSpec{Subnets: []string{"subnet-0123456789abcdef0"}},
			"The network of the spec does not fit: not all of the subnets subnet-0123456789abcdef0 exist"},
		{"subnet of another VPC", onboarding.NetworkSpec{VPC: n.otherVPC, Subnets: n.subnets[:1]}, n.subnets[0] + " belongs to " + n.vpc},
		{"unknown security group", onboarding.NetworkSpec{SecurityGroups: []string{"sg-0123456789abcdef0"}},
			"The network of the spec does not fit: not all of the security groups sg-0123456789abcdef0"},
		{"security group of another VPC", onboarding.NetworkSpec{SecurityGroups: []string{n.otherGroup}},
			n.otherGroup + " belongs to " + n.otherVPC},
		{"VPC-only without security groups", onboarding.NetworkSpec{Access: onboarding.NetworkVPCOnly}, "domain.network.securityGroups"},
		{"too many subnets", onboarding.NetworkSpec{Subnets: make([]string, 17)}, "at most 16"},
	} {
		t.Run("does not fit: "+c.name, func(t *testing.T) {
			_, err := resolve(activitytest.Region, c.spec)
			activitytest.FailsWith(t, err, fault.Invalid, c.says, " → ")
		})
	}
	t.Run("needs a default VPC in the Region", func(t *testing.T) {
		_, err := resolve("eu-west-1", onboarding.NetworkSpec{})
		activitytest.FailsWith(t, err, fault.Invalid, "no default VPC in eu-west-1", "create-default-vpc")
	})
	t.Run("may not be looked at", func(t *testing.T) {
		w.Faults(t, sandbox.Fault{Service: "ec2", Operation: "DescribeSubnets", Kind: sandbox.FaultDeny})
		_, err := resolve(activitytest.Region, onboarding.NetworkSpec{})
		activitytest.FailsWith(t, err, fault.Denied, `"Action":"ec2:DescribeSubnets"`)
	})
	t.Run("does not wait for the domain to be looked at", func(t *testing.T) {
		w.Faults(t, sandbox.Fault{Service: "sagemaker", Operation: "ListDomains", Kind: sandbox.FaultDeny})
		got, err := resolve(activitytest.Region, onboarding.NetworkSpec{})
		require.NoError(t, err, "the step about the domain says so")
		require.Equal(t, n.vpc, got.VPC)

		_, err = resolve("eu-west-1", onboarding.NetworkSpec{})
		activitytest.FailsWith(t, err, fault.Invalid, "no default VPC in eu-west-1", "sagemaker:ListDomains", `"Action":"sagemaker:ListDomains"`)
	})
}

// A spec that names no network follows the domain that is there: the default VPC does not matter.
func TestAnExistingDomainKeepsItsNetwork(t *testing.T) {
	w := activitytest.NewWorld(t)
	x := &network.Activities{AWS: w.Clouds}
	n := networksOf(t, w)
	cfg, err := administratorCloud{w}.Config(t.Context(), onboarding.AccountSpec{}, activitytest.Region)
	require.NoError(t, err)
	vpcs, err := ec2.NewFromConfig(cfg).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{n.otherVPC}})
	require.NoError(t, err)
	cidr, _, _ := strings.Cut(*vpcs.Vpcs[0].CidrBlock, "/")
	subnet, err := ec2.NewFromConfig(cfg).CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &n.otherVPC,
		CidrBlock: aws.String(cidr + "/24")})
	require.NoError(t, err)
	const name = "research"
	client := sagemaker.NewFromConfig(cfg)
	domain, err := client.CreateDomain(t.Context(), &sagemaker.CreateDomainInput{
		DomainName: aws.String(name), AuthMode: sagemakertypes.AuthModeIam, VpcId: &n.otherVPC, SubnetIds: []string{*subnet.Subnet.SubnetId},
		DefaultUserSettings: &sagemakertypes.UserSettings{
			ExecutionRole: aws.String("arn:aws:iam::222222222222:role/DataPlatformNotebooks"), SecurityGroups: []string{n.otherGroup},
		},
	})
	require.NoError(t, err)

	in := network.NetworkInput{Studio: activitytest.StudioAccount, Region: activitytest.Region, DomainName: name}
	got, err := activitytest.Once(x.ResolveNetwork, in)
	require.NoError(t, err)
	require.Equal(t, network.Network{
		VPC: n.otherVPC, Subnets: []string{*subnet.Subnet.SubnetId}, SecurityGroups: []string{n.otherGroup}, Access: onboarding.NetworkPublic,
	}, got)

	in.Network = onboarding.NetworkSpec{VPC: n.vpc, Subnets: n.subnets}
	got, err = activitytest.Once(x.ResolveNetwork, in)
	require.NoError(t, err)
	require.Equal(t, n.vpc, got.VPC, "what the spec names counts; whether the domain can go there is another question")

	in.Network = onboarding.NetworkSpec{Subnets: n.subnets[:1]}
	_, err = activitytest.Once(x.ResolveNetwork, in)
	activitytest.FailsWith(t, err, fault.Invalid, n.subnets[0]+" belongs to "+n.vpc+", not to "+n.otherVPC)

	in.Network = onboarding.NetworkSpec{}
	require.Eventually(t, func() bool {
		_, err := client.DeleteDomain(t.Context(), &sagemaker.DeleteDomainInput{DomainId: domain.DomainId})
		return err == nil
	}, 20*time.Second, 50*time.Millisecond)
	got, err = activitytest.Once(x.ResolveNetwork, in)
	require.NoError(t, err)
	require.Equal(t, n.vpc, got.VPC, "a domain that is being deleted counts as none")
}
