package activities

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/onboarding"
)

// nfs is the port of the home file system.
const nfs = 2049

// fileSystemPorts: the apps reach the home file system through the domain's security groups (SageMaker API Reference,
// CreateDomain: NFS traffic over TCP on port 2049 must be allowed, inbound and outbound).
func (p *preflight) fileSystemPorts(ctx context.Context, cfg aws.Config, network Network) error {
	if p.spec.Domain.HomeFileSystem != onboarding.FileSystemEnabled || len(network.SecurityGroups) == 0 {
		return nil
	}
	out, err := ec2.NewFromConfig(cfg).DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: network.SecurityGroups})
	if err != nil {
		return p.failed(onboarding.LevelWarning, checkNFS, awscloud.Classify("ec2:DescribeSecurityGroups", err))
	}
	in := slices.ContainsFunc(out.SecurityGroups, func(g ec2types.SecurityGroup) bool { return allowsPort(g.IpPermissions, nfs) })
	outward := slices.ContainsFunc(out.SecurityGroups, func(g ec2types.SecurityGroup) bool { return allowsPort(g.IpPermissionsEgress, nfs) })
	var missing []string
	if !in {
		missing = append(missing, "inbound")
	}
	if !outward {
		missing = append(missing, "outbound")
	}
	if len(missing) > 0 {
		p.warn(checkNFS, "Add a rule for TCP 2049, from and to the group itself, to one of them.",
			"None of the security groups %s allows NFS (TCP 2049) %s, so that apps cannot mount the home file system.",
			strings.Join(network.SecurityGroups, ", "), strings.Join(missing, " and "))
		return nil
	}
	p.ok(checkNFS, "NFS (TCP 2049) is allowed in both directions.")
	return nil
}

// allowsPort says whether one of the rules lets TCP through on a port, from or to anywhere.
func allowsPort(rules []ec2types.IpPermission, port int32) bool {
	return slices.ContainsFunc(rules, func(rule ec2types.IpPermission) bool {
		switch aws.ToString(rule.IpProtocol) {
		case "-1":
			return true
		case "tcp", "6":
			return aws.ToInt32(rule.FromPort) <= port && port <= aws.ToInt32(rule.ToPort)
		}
		return false
	})
}

// neededEndpoints are the services that Studio calls from within the VPC, by the end of the endpoint's service name
// (SageMaker Developer Guide, "Connect Studio in a VPC to external resources").
func neededEndpoints() []string {
	return []string{"sagemaker.api", "sagemaker.runtime", "sts", "logs", "ecr.api", "ecr.dkr", "s3"}
}

// wayOut: apps in a domain that is VPC-only start if their subnets have a way out, such as NAT, or the endpoints of the
// services they call.
func (p *preflight) wayOut(ctx context.Context, cfg aws.Config, network Network) error {
	if network.Access != onboarding.NetworkVPCOnly {
		return nil
	}
	client := ec2.NewFromConfig(cfg)
	inVPC := []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{network.VPC}}}
	tables, err := client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: inVPC})
	if err != nil {
		return p.unchecked(checkEndpoints, "The way out of "+network.VPC, awscloud.Classify("ec2:DescribeRouteTables", err))
	}
	closed := slices.DeleteFunc(slices.Clone(network.Subnets), func(subnet string) bool { return leadsOut(tables.RouteTables, subnet) })
	if len(closed) == 0 {
		p.ok(checkEndpoints, "All subnets of %s have a way out.", network.VPC)
		return nil
	}
	found, err := client.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{Filters: inVPC})
	if err != nil {
		return p.unchecked(checkEndpoints, "The endpoints of "+network.VPC, awscloud.Classify("ec2:DescribeVpcEndpoints", err))
	}
	missing := slices.DeleteFunc(neededEndpoints(), func(service string) bool {
		return slices.ContainsFunc(found.VpcEndpoints, func(e ec2types.VpcEndpoint) bool {
			return e.State != ec2types.StateDeleted && e.State != ec2types.StateFailed && strings.HasSuffix(aws.ToString(e.ServiceName), "."+service)
		})
	})
	if len(missing) > 0 {
		p.warn(checkEndpoints, "Give the subnets a route to a NAT gateway, or make these endpoints in the VPC.",
			"The domain is VPC-only, and %s have neither a way out nor all endpoints, so that apps will not start. Missing in %s: %s.",
			strings.Join(closed, ", "), network.VPC, strings.Join(missing, ", "))
		return nil
	}
	p.ok(checkEndpoints, "%s has the endpoints that Studio needs.", network.VPC)
	return nil
}

// leadsOut says whether a subnet's default route leads out for apps, which have no public address: not to an internet gateway.
// A subnet without a route table of its own has the VPC's main one.
func leadsOut(tables []ec2types.RouteTable, subnet string) bool {
	var main, own *ec2types.RouteTable
	for i, table := range tables {
		for _, association := range table.Associations {
			if aws.ToString(association.SubnetId) == subnet {
				own = &tables[i]
			}
			if aws.ToBool(association.Main) {
				main = &tables[i]
			}
		}
	}
	if own == nil {
		own = main
	}
	if own == nil {
		return false
	}
	return slices.ContainsFunc(own.Routes, func(route ec2types.Route) bool {
		everything := aws.ToString(route.DestinationCidrBlock) == "0.0.0.0/0"
		return everything && route.State != ec2types.RouteStateBlackhole && !strings.HasPrefix(aws.ToString(route.GatewayId), "igw-")
	})
}
