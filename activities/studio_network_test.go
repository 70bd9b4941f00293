package activities_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
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

func networksOf(t *testing.T, w awsWorld) networks {
	t.Helper()
	client := ec2.NewFromConfig(w.studioConfig(t))
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

func TestTheNetwork(t *testing.T) {
	w, x := newStudio(t)
	n := networksOf(t, w)
	resolve := func(region string, network onboarding.NetworkSpec) (activities.Network, error) {
		return once(x.ResolveNetwork, activities.NetworkInput{Studio: studioAccount, Region: region, Network: network})
	}

	t.Run("defaults to the default VPC, one subnet per zone", func(t *testing.T) {
		got, err := resolve(awsRegion, onboarding.NetworkSpec{})
		require.NoError(t, err)
		require.Equal(t, activities.Network{VPC: n.vpc, Subnets: got.Subnets, Access: onboarding.NetworkPublic, Default: true}, got)
		require.ElementsMatch(t, n.subnets, got.Subnets)
	})
	t.Run("is the one that the spec names", func(t *testing.T) {
		spec := onboarding.NetworkSpec{VPC: n.vpc, Subnets: n.subnets[1:2], SecurityGroups: []string{n.group}, Access: onboarding.NetworkVPCOnly}
		got, err := resolve(awsRegion, spec)
		require.NoError(t, err)
		require.Equal(t, activities.Network{VPC: n.vpc, Subnets: n.subnets[1:2], SecurityGroups: []string{n.group}, Access: onboarding.NetworkVPCOnly, Default: true}, got)
	})
	for _, c := range []struct {
		name string
		spec onboarding.NetworkSpec
		says string
	}{
		{"VPC without subnets", onboarding.NetworkSpec{VPC: n.otherVPC}, "domain.network.subnets"},
		{"unknown VPC", onboarding.NetworkSpec{VPC: "vpc-0123456789abcdef0", Subnets: n.subnets}, "there is no VPC vpc-0123456789abcdef0 in us-east-1"},
		{"unknown subnet", onboarding.NetworkSpec{Subnets: []string{"subnet-0123456789abcdef0"}}, "subnet-0123456789abcdef0"},
		{"subnet of another VPC", onboarding.NetworkSpec{VPC: n.otherVPC, Subnets: n.subnets[:1]}, n.subnets[0] + " belongs to " + n.vpc},
		{"unknown security group", onboarding.NetworkSpec{SecurityGroups: []string{"sg-0123456789abcdef0"}}, "sg-0123456789abcdef0"},
		{"security group of another VPC", onboarding.NetworkSpec{SecurityGroups: []string{n.otherGroup}}, n.otherGroup + " belongs to " + n.otherVPC},
		{"VPC-only without security groups", onboarding.NetworkSpec{Access: onboarding.NetworkVPCOnly}, "domain.network.securityGroups"},
		{"too many subnets", onboarding.NetworkSpec{Subnets: make([]string, 17)}, "at most 16"},
	} {
		t.Run("does not fit: "+c.name, func(t *testing.T) {
			_, err := resolve(awsRegion, c.spec)
			failsWith(t, err, fault.Invalid, c.says, " → ")
		})
	}
	t.Run("needs a default VPC in the Region", func(t *testing.T) {
		_, err := resolve("eu-west-1", onboarding.NetworkSpec{})
		failsWith(t, err, fault.Invalid, "no default VPC in eu-west-1", "create-default-vpc")
	})
	t.Run("may not be looked at", func(t *testing.T) {
		w.faults(t, sandbox.Fault{Service: "ec2", Operation: "DescribeSubnets", Kind: sandbox.FaultDeny})
		_, err := resolve(awsRegion, onboarding.NetworkSpec{})
		failsWith(t, err, fault.Denied, `"Action":"ec2:DescribeSubnets"`)
	})
}
