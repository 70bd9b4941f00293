package network

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// call is one operation of EC2.
type call[In, Out any] func(context.Context, *In, ...func(*ec2.Options)) (*Out, error)

// calls are the operations of EC2 that we use, as bound methods. A *ec2.Client that becomes an interface value, which each paginator
// makes of it, has the linker keep all of its 700 operations, because Temporal's SDK looks methods up by reflection: 30 MB of a worker.
// worker/weight_test.go watches over it.
type calls struct {
	vpcs      call[ec2.DescribeVpcsInput, ec2.DescribeVpcsOutput]
	subnets   call[ec2.DescribeSubnetsInput, ec2.DescribeSubnetsOutput]
	groups    call[ec2.DescribeSecurityGroupsInput, ec2.DescribeSecurityGroupsOutput]
	tables    call[ec2.DescribeRouteTablesInput, ec2.DescribeRouteTablesOutput]
	endpoints call[ec2.DescribeVpcEndpointsInput, ec2.DescribeVpcEndpointsOutput]
}

func newCalls(cfg aws.Config) calls {
	client := ec2.NewFromConfig(cfg)
	return calls{
		vpcs: client.DescribeVpcs, subnets: client.DescribeSubnets, groups: client.DescribeSecurityGroups,
		tables: client.DescribeRouteTables, endpoints: client.DescribeVpcEndpoints,
	}
}

// What paginators ask for.

func (c calls) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput, opts ...func(*ec2.Options),
) (*ec2.DescribeSubnetsOutput, error) {
	return c.subnets(ctx, in, opts...)
}

func (c calls) DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput, opts ...func(*ec2.Options),
) (*ec2.DescribeSecurityGroupsOutput, error) {
	return c.groups(ctx, in, opts...)
}

func (c calls) DescribeRouteTables(ctx context.Context, in *ec2.DescribeRouteTablesInput, opts ...func(*ec2.Options),
) (*ec2.DescribeRouteTablesOutput, error) {
	return c.tables(ctx, in, opts...)
}

func (c calls) DescribeVpcEndpoints(ctx context.Context, in *ec2.DescribeVpcEndpointsInput, opts ...func(*ec2.Options),
) (*ec2.DescribeVpcEndpointsOutput, error) {
	return c.endpoints(ctx, in, opts...)
}
