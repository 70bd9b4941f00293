// Package network finds the VPC, subnets and security groups that a Studio domain goes into, or is in.
package network

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Look reads the network that a spec names, or else that of the domain that is there already, or else the default VPC. A domain
// that is being deleted, or that failed, counts as none.
func Look(ctx context.Context, clouds provider.AWS, spec onboarding.Spec, domain *Domain) (State, error) {
	state := State{Domain: domain}
	cfg, err := clouds.Config(ctx, spec.Studio, spec.Region)
	if err != nil {
		state.Trouble, err = provider.Trouble(err)
		return state, err
	}
	eye := reader{client: newCalls(cfg), named: spec.Domain.Network, domain: domain}
	if err := eye.look(ctx, &state); err != nil {
		if state.Trouble, err = provider.Trouble(err); err != nil {
			return State{}, err
		}
		return state, nil
	}
	return state, eye.surroundings(ctx, spec, &state)
}

// reader reads a network.
type reader struct {
	client calls
	named  onboarding.NetworkSpec
	domain *Domain
}

// look reads VPC, subnets and security groups.
func (r reader) look(ctx context.Context, state *State) error {
	if unnamed(r.named) != nil {
		return nil // nothing to look for: the judge says what is missing
	}
	var err error
	if state.VPC, err = r.vpc(ctx); err != nil || state.VPC == nil {
		return err
	}
	asked := Chosen(onboarding.Spec{Domain: onboarding.DomainSpec{Network: r.named}}, *state)
	input := &ec2.DescribeSubnetsInput{SubnetIds: asked.Subnets}
	if len(asked.Subnets) == 0 {
		input = &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{
			{Name: aws.String("vpc-id"), Values: []string{state.VPC.ID}},
			{Name: aws.String("state"), Values: []string{string(ec2types.SubnetStateAvailable)}},
		}}
	}
	state.Subnets, err = r.subnets(ctx, input)
	if fault.ClassOf(err) == fault.NotFound {
		state.SubnetsMissing, err = true, nil
	}
	if err != nil || len(asked.SecurityGroups) == 0 {
		return err
	}
	state.Groups, err = r.groups(ctx, asked.SecurityGroups)
	if fault.ClassOf(err) == fault.NotFound {
		state.GroupsMissing, err = true, nil
	}
	return err
}

// vpc finds the VPC; nil where there is none.
func (r reader) vpc(ctx context.Context) (*VPC, error) {
	input := &ec2.DescribeVpcsInput{}
	switch id := wantedVPC(r.named, r.domain); id {
	case "":
		input.Filters = []ec2types.Filter{{Name: aws.String("is-default"), Values: []string{"true"}}}
	default:
		input.VpcIds = []string{id}
	}
	out, err := r.client.vpcs(ctx, input)
	switch {
	case fault.ClassOf(err) == fault.NotFound || err == nil && len(out.Vpcs) == 0:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &VPC{ID: aws.ToString(out.Vpcs[0].VpcId), Default: aws.ToBool(out.Vpcs[0].IsDefault)}, nil
}

func (r reader) subnets(ctx context.Context, input *ec2.DescribeSubnetsInput) ([]Subnet, error) {
	var all []Subnet
	pages := ec2.NewDescribeSubnetsPaginator(r.client, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, subnet := range page.Subnets {
			all = append(all, Subnet{
				ID: aws.ToString(subnet.SubnetId), VPC: aws.ToString(subnet.VpcId), Zone: aws.ToString(subnet.AvailabilityZone),
				State: string(subnet.State), Default: aws.ToBool(subnet.DefaultForAz), Outpost: aws.ToString(subnet.OutpostArn) != "",
			})
		}
	}
	return all, nil
}

func (r reader) groups(ctx context.Context, ids []string) ([]SecurityGroup, error) {
	var all []SecurityGroup
	pages := ec2.NewDescribeSecurityGroupsPaginator(r.client, &ec2.DescribeSecurityGroupsInput{GroupIds: ids})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, group := range page.SecurityGroups {
			all = append(all, SecurityGroup{
				ID: aws.ToString(group.GroupId), VPC: aws.ToString(group.VpcId),
				NFSIn: allowsPort(group.IpPermissions, nfs), NFSOut: allowsPort(group.IpPermissionsEgress, nfs),
			})
		}
	}
	return all, nil
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

// surroundings reads routes and endpoints where apps reach nothing but the VPC. They only add to the judgement.
func (r reader) surroundings(ctx context.Context, spec onboarding.Spec, state *State) error {
	if state.VPC == nil || Chosen(spec, *state).Access != onboarding.NetworkVPCOnly {
		return nil
	}
	inVPC := []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{state.VPC.ID}}}
	tables := ec2.NewDescribeRouteTablesPaginator(r.client, &ec2.DescribeRouteTablesInput{Filters: inVPC})
	for tables.HasMorePages() {
		page, err := tables.NextPage(ctx)
		if err != nil {
			state.RoutesTrouble, err = provider.Trouble(err)
			return err
		}
		for _, table := range page.RouteTables {
			state.Tables = append(state.Tables, tableOf(table))
		}
	}
	endpoints := ec2.NewDescribeVpcEndpointsPaginator(r.client, &ec2.DescribeVpcEndpointsInput{Filters: inVPC})
	for endpoints.HasMorePages() {
		page, err := endpoints.NextPage(ctx)
		if err != nil {
			state.EndpointsTrouble, err = provider.Trouble(err)
			return err
		}
		for _, endpoint := range page.VpcEndpoints {
			if endpoint.State != ec2types.StateDeleted && endpoint.State != ec2types.StateFailed {
				state.Endpoints = append(state.Endpoints, aws.ToString(endpoint.ServiceName))
			}
		}
	}
	return nil
}

func tableOf(table ec2types.RouteTable) RouteTable {
	var read RouteTable
	for _, association := range table.Associations {
		if subnet := aws.ToString(association.SubnetId); subnet != "" {
			read.Subnets = append(read.Subnets, subnet)
		}
		read.Main = read.Main || aws.ToBool(association.Main)
	}
	for _, route := range table.Routes {
		if aws.ToString(route.DestinationCidrBlock) == "0.0.0.0/0" && route.State != ec2types.RouteStateBlackhole {
			read.Gateways = append(read.Gateways, aws.ToString(route.GatewayId))
		}
	}
	return read
}

// findDomain reads the network of the domain of that name; nil where there is none that counts.
func findDomain(ctx context.Context, client *provider.SageMaker, name string) (*Domain, error) {
	pages := sagemaker.NewListDomainsPaginator(client, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, listed := range page.Domains {
			if aws.ToString(listed.DomainName) != name || !counts(listed.Status) {
				continue
			}
			out, err := client.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: listed.DomainId})
			switch {
			case fault.ClassOf(err) == fault.NotFound:
				return nil, nil
			case err != nil:
				return nil, err
			}
			domain := &Domain{
				ID: aws.ToString(listed.DomainId), VPC: aws.ToString(out.VpcId), Subnets: out.SubnetIds,
				Access: onboarding.NetworkPublic, HomeFileSystem: onboarding.FileSystemDisabled,
			}
			if out.AppNetworkAccessType == sagemakertypes.AppNetworkAccessTypeVpcOnly {
				domain.Access = onboarding.NetworkVPCOnly
			}
			if aws.ToString(out.HomeEfsFileSystemId) != "" {
				domain.HomeFileSystem = onboarding.FileSystemEnabled
			}
			if settings := out.DefaultUserSettings; settings != nil {
				domain.SecurityGroups = settings.SecurityGroups
			}
			return domain, nil
		}
	}
	return nil, nil
}

// counts says whether a domain stays: one that failed when it was made is made again.
func counts(status sagemakertypes.DomainStatus) bool {
	return status != sagemakertypes.DomainStatusDeleting && status != sagemakertypes.DomainStatusFailed
}
