package activities

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// NetworkInput names a network, or nothing for the default VPC.
type NetworkInput struct {
	Studio  onboarding.AccountSpec `json:"studio"`
	Region  string                 `json:"region"`
	Network onboarding.NetworkSpec `json:"network"`
}

// Network is where the domain goes.
type Network struct {
	VPC            string   `json:"vpc"`
	Subnets        []string `json:"subnets"`
	SecurityGroups []string `json:"securityGroups,omitempty"`
	// Access is a NetworkSpec.Access value.
	Access  string `json:"access"`
	Default bool   `json:"default"`
}

// maxSubnets is the limit of a domain (SageMaker API Reference, CreateDomain).
const maxSubnets = 16

// ResolveNetwork finds the VPC, subnets and security groups of the domain: those that the spec names, which have to exist and
// belong together, or the default VPC with one available subnet in each Availability Zone. Class Invalid: they don't fit.
func (x *Studio) ResolveNetwork(ctx context.Context, in NetworkInput) (Network, error) {
	if in.Network.VPC != "" && len(in.Network.Subnets) == 0 {
		return Network{}, fault.New(fault.Invalid, "aws", "ec2:DescribeSubnets", "the spec names %s, but none of its subnets.", in.Network.VPC).
			WithRemedy("List the domain's subnets in domain.network.subnets, or leave vpc out to use the default VPC.")
	}
	if in.Network.Access == onboarding.NetworkVPCOnly && len(in.Network.SecurityGroups) == 0 {
		// CreateDomain: "Required when the AppNetworkAccessType parameter is set to VpcOnly".
		return Network{}, fault.New(fault.Invalid, "aws", "ec2:DescribeSecurityGroups", "network access vpc-only needs security groups.").
			WithRemedy("List at least one in domain.network.securityGroups; it has to allow NFS (TCP 2049) and traffic among its members.")
	}
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return Network{}, err
	}
	client := ec2.NewFromConfig(cfg)
	vpc, err := findVPC(ctx, client, in)
	if err != nil {
		return Network{}, err
	}
	network := Network{
		VPC:            aws.ToString(vpc.VpcId),
		SecurityGroups: in.Network.SecurityGroups,
		Access:         cmp.Or(in.Network.Access, onboarding.NetworkPublic),
		Default:        aws.ToBool(vpc.IsDefault),
	}
	if len(in.Network.Subnets) > 0 {
		network.Subnets = in.Network.Subnets
		err = checkSubnets(ctx, client, network)
	} else {
		network.Subnets, err = chooseSubnets(ctx, client, network.VPC)
	}
	if err == nil && len(network.SecurityGroups) > 0 {
		err = checkSecurityGroups(ctx, client, network)
	}
	if err != nil {
		return Network{}, err
	}
	return network, nil
}

// findVPC finds the named or the default VPC.
func findVPC(ctx context.Context, client *ec2.Client, in NetworkInput) (ec2types.Vpc, error) {
	input := &ec2.DescribeVpcsInput{VpcIds: []string{in.Network.VPC}}
	missing := fault.New(fault.Invalid, "aws", "ec2:DescribeVpcs", "there is no VPC %s in %s.", in.Network.VPC, in.Region).
		WithRemedy("Correct domain.network.vpc in the spec, or leave it out to use the default VPC.")
	if in.Network.VPC == "" {
		input = &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("is-default"), Values: []string{"true"}}}}
		missing = fault.New(fault.Invalid, "aws", "ec2:DescribeVpcs", "the Studio account has no default VPC in %s.", in.Region).
			WithRemedy("Name a VPC and its subnets in domain.network of the spec, or create a default VPC (aws ec2 create-default-vpc), then retry.")
	}
	out, err := client.DescribeVpcs(ctx, input)
	err = awscloud.Classify("ec2:DescribeVpcs", err)
	switch {
	case fault.ClassOf(err) == fault.NotFound || err == nil && len(out.Vpcs) == 0:
		return ec2types.Vpc{}, missing
	case err != nil:
		return ec2types.Vpc{}, err
	}
	return out.Vpcs[0], nil
}

// checkSubnets refuses named subnets that are missing, unavailable or in another VPC.
func checkSubnets(ctx context.Context, client *ec2.Client, network Network) error {
	if len(network.Subnets) > maxSubnets {
		return fault.New(fault.Invalid, "aws", "ec2:DescribeSubnets", "the spec names %d subnets; a domain takes at most %d.", len(network.Subnets), maxSubnets).
			WithRemedy("Shorten domain.network.subnets.")
	}
	found, err := subnets(ctx, client, &ec2.DescribeSubnetsInput{SubnetIds: network.Subnets})
	if fault.ClassOf(err) == fault.NotFound {
		return misfit("ec2:DescribeSubnets", "not all of the subnets "+strings.Join(network.Subnets, ", ")+" exist", err)
	}
	if err != nil {
		return err
	}
	var wrong []string
	for _, id := range network.Subnets {
		i := slices.IndexFunc(found, func(s ec2types.Subnet) bool { return aws.ToString(s.SubnetId) == id })
		switch {
		case i < 0:
			wrong = append(wrong, id+" does not exist")
		case aws.ToString(found[i].VpcId) != network.VPC:
			wrong = append(wrong, id+" belongs to "+aws.ToString(found[i].VpcId)+", not to "+network.VPC)
		case found[i].State != ec2types.SubnetStateAvailable:
			wrong = append(wrong, id+" is "+string(found[i].State))
		}
	}
	if len(wrong) > 0 {
		return misfit("ec2:DescribeSubnets", strings.Join(wrong, "; "), nil)
	}
	return nil
}

// checkSecurityGroups refuses security groups that are missing or in another VPC.
func checkSecurityGroups(ctx context.Context, client *ec2.Client, network Network) error {
	out, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: network.SecurityGroups})
	err = awscloud.Classify("ec2:DescribeSecurityGroups", err)
	if fault.ClassOf(err) == fault.NotFound {
		return misfit("ec2:DescribeSecurityGroups", "not all of the security groups "+strings.Join(network.SecurityGroups, ", ")+" exist", err)
	}
	if err != nil {
		return err
	}
	var wrong []string
	for _, id := range network.SecurityGroups {
		i := slices.IndexFunc(out.SecurityGroups, func(g ec2types.SecurityGroup) bool { return aws.ToString(g.GroupId) == id })
		switch {
		case i < 0:
			wrong = append(wrong, id+" does not exist")
		case aws.ToString(out.SecurityGroups[i].VpcId) != network.VPC:
			wrong = append(wrong, id+" belongs to "+aws.ToString(out.SecurityGroups[i].VpcId)+", not to "+network.VPC)
		}
	}
	if len(wrong) > 0 {
		return misfit("ec2:DescribeSecurityGroups", strings.Join(wrong, "; "), nil)
	}
	return nil
}

func misfit(operation, what string, cause error) error {
	f := fault.New(fault.Invalid, "aws", operation, "the network of the spec does not fit: %s.", what).
		WithRemedy("Correct domain.network in the spec: subnets and security groups have to exist in the domain's Region and in its VPC.")
	f.Err = cause
	return f
}

// chooseSubnets takes one available subnet of each Availability Zone, the zone's default one where there is one.
func chooseSubnets(ctx context.Context, client *ec2.Client, vpc string) ([]string, error) {
	all, err := subnets(ctx, client, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{vpc}},
		{Name: aws.String("state"), Values: []string{string(ec2types.SubnetStateAvailable)}},
	}})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(s ec2types.Subnet) bool { return aws.ToString(s.OutpostArn) != "" })
	slices.SortFunc(all, func(a, b ec2types.Subnet) int {
		return cmp.Or(
			strings.Compare(aws.ToString(a.AvailabilityZone), aws.ToString(b.AvailabilityZone)),
			-compareBool(aws.ToBool(a.DefaultForAz), aws.ToBool(b.DefaultForAz)),
			strings.Compare(aws.ToString(a.SubnetId), aws.ToString(b.SubnetId)),
		)
	})
	all = slices.CompactFunc(all, func(a, b ec2types.Subnet) bool {
		return aws.ToString(a.AvailabilityZone) == aws.ToString(b.AvailabilityZone)
	})
	if len(all) == 0 {
		return nil, fault.New(fault.Invalid, "aws", "ec2:DescribeSubnets", "the default VPC %s has no available subnet.", vpc).
			WithRemedy("Create one (aws ec2 create-default-subnet), or name a VPC and its subnets in domain.network of the spec, then retry.")
	}
	var ids []string
	for _, subnet := range all[:min(len(all), maxSubnets)] {
		ids = append(ids, aws.ToString(subnet.SubnetId))
	}
	return ids, nil
}

func subnets(ctx context.Context, client *ec2.Client, input *ec2.DescribeSubnetsInput) ([]ec2types.Subnet, error) {
	var all []ec2types.Subnet
	pages := ec2.NewDescribeSubnetsPaginator(client, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awscloud.Classify("ec2:DescribeSubnets", err)
		}
		all = append(all, page.Subnets...)
	}
	return all, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
