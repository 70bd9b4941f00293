package awsworld

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

func (w *World) ec2Operations() map[string]handler {
	return map[string]handler{
		"DescribeVpcs":           on((*call).describeVpcs),
		"DescribeSubnets":        on((*call).describeSubnets),
		"DescribeSecurityGroups": on((*call).describeSecurityGroups),
		"DescribeVpcEndpoints":   on((*call).describeVpcEndpoints),
	}
}

// describeInput is what the Describe operations share.
type describeInput struct {
	VpcIds, SubnetIds, GroupIds, GroupNames, VpcEndpointIds []string
	Filters                                                 []struct {
		Name   string
		Values []string
	}
	MaxResults int
	NextToken  string
	DryRun     bool
}

// described is a resource together with the values that filters look at.
type described[T any] struct {
	ordinal
	id         string
	attributes map[string]string
	xml        T
}

type ec2Tag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func ec2Tags(tags []tag) []ec2Tag {
	var result []ec2Tag
	for _, t := range tags {
		result = append(result, ec2Tag(t))
	}
	return result
}

// selected applies IDs and filters. An ID that doesn't exist is an error; a filter that the resource doesn't know, too.
func selected[T any](c *call, in describeInput, ids []string, missing *apiError, all []described[T]) ([]T, string, error) {
	if in.DryRun {
		return nil, "", failure("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").with(412)
	}
	if in.MaxResults != 0 && (in.MaxResults < 5 || in.MaxResults > 1000) {
		return nil, "", failure("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.", in.MaxResults)
	}
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(d described[T]) bool { return d.id == id }) {
			missing.message = fmt.Sprintf(missing.message, id)
			return nil, "", missing
		}
	}
	var matching []described[T]
	for _, d := range all {
		fits := len(ids) == 0 || slices.Contains(ids, d.id)
		for _, filter := range in.Filters {
			value, known := d.attributes[filter.Name]
			if !known && !strings.HasPrefix(filter.Name, "tag:") {
				return nil, "", failure("InvalidParameterValue", "The filter '%s' is invalid", filter.Name)
			}
			fits = fits && known && slices.ContainsFunc(filter.Values, func(pattern string) bool {
				ok, _ := path.Match(pattern, value)
				return ok
			})
		}
		if fits {
			matching = append(matching, d)
		}
	}
	cut, next, err := page(c, matching, in.MaxResults, 1000, in.NextToken)
	var result []T
	for _, d := range cut {
		result = append(result, d.xml)
	}
	return result, next, err
}

func withTagFilters(attributes map[string]string, tags []tag) map[string]string {
	for _, t := range tags {
		attributes["tag:"+t.Key] = t.Value
	}
	return attributes
}

type vpcXML struct {
	VpcID     string   `xml:"vpcId"`
	OwnerID   string   `xml:"ownerId"`
	State     string   `xml:"state"`
	CIDR      string   `xml:"cidrBlock"`
	IsDefault bool     `xml:"isDefault"`
	Tenancy   string   `xml:"instanceTenancy"`
	Tags      []ec2Tag `xml:"tagSet>item"`
}

func (c *call) describeVpcs(in describeInput) (any, error) {
	var all []described[vpcXML]
	for _, v := range c.world.accounts[c.account].vpcs {
		if v.region != c.region {
			continue
		}
		standard := strconv.FormatBool(v.standard)
		all = append(all, described[vpcXML]{v.ordinal, v.id,
			withTagFilters(map[string]string{"vpc-id": v.id, "isDefault": standard, "is-default": standard, "state": "available", "cidr": v.cidr}, v.tags),
			vpcXML{v.id, c.account, "available", v.cidr, v.standard, "default", ec2Tags(v.tags)}})
	}
	found, next, err := selected(c, in, in.VpcIds, failure("InvalidVpcID.NotFound", "The vpc ID '%%s' does not exist"), all)
	return struct {
		Vpcs []vpcXML `xml:"vpcSet>item"`
		Next string   `xml:"nextToken,omitempty"`
	}{found, next}, err
}

type subnetXML struct {
	SubnetID     string   `xml:"subnetId"`
	ARN          string   `xml:"subnetArn"`
	OwnerID      string   `xml:"ownerId"`
	State        string   `xml:"state"`
	VpcID        string   `xml:"vpcId"`
	CIDR         string   `xml:"cidrBlock"`
	Free         int      `xml:"availableIpAddressCount"`
	Zone         string   `xml:"availabilityZone"`
	ZoneID       string   `xml:"availabilityZoneId"`
	DefaultForAZ bool     `xml:"defaultForAz"`
	PublicIP     bool     `xml:"mapPublicIpOnLaunch"`
	Tags         []ec2Tag `xml:"tagSet>item"`
}

func (c *call) describeSubnets(in describeInput) (any, error) {
	var all []described[subnetXML]
	for _, s := range c.world.accounts[c.account].subnets {
		if s.region != c.region {
			continue
		}
		all = append(all, described[subnetXML]{s.ordinal, s.id,
			withTagFilters(map[string]string{"subnet-id": s.id, "vpc-id": s.vpc, "availability-zone": s.zone, "availabilityZone": s.zone,
				"state": "available", "default-for-az": "true", "defaultForAz": "true", "cidr-block": s.cidr}, s.tags),
			subnetXML{s.id, c.arn("subnet/" + s.id), c.account, "available", s.vpc, s.cidr, 4091, s.zone, s.zoneID, true, true, ec2Tags(s.tags)}})
	}
	found, next, err := selected(c, in, in.SubnetIds, failure("InvalidSubnetID.NotFound", "The subnet ID '%%s' does not exist"), all)
	return struct {
		Subnets []subnetXML `xml:"subnetSet>item"`
		Next    string      `xml:"nextToken,omitempty"`
	}{found, next}, err
}

// permissionXML is a rule of a security group.
type permissionXML struct {
	Protocol string `xml:"ipProtocol"`
	Groups   []struct {
		GroupID string `xml:"groupId"`
		UserID  string `xml:"userId"`
	} `xml:"groups>item"`
	Ranges []struct {
		CIDR string `xml:"cidrIp"`
	} `xml:"ipRanges>item"`
}

type groupXML struct {
	OwnerID     string          `xml:"ownerId"`
	GroupID     string          `xml:"groupId"`
	Name        string          `xml:"groupName"`
	Description string          `xml:"groupDescription"`
	VpcID       string          `xml:"vpcId"`
	Ingress     []permissionXML `xml:"ipPermissions>item"`
	Egress      []permissionXML `xml:"ipPermissionsEgress>item"`
}

func (c *call) describeSecurityGroups(in describeInput) (any, error) {
	var all []described[groupXML]
	for _, g := range c.world.accounts[c.account].groups {
		if g.region != c.region {
			continue
		}
		// A default security group admits everything from itself and everything to the outside.
		ingress, egress := permissionXML{Protocol: "-1"}, permissionXML{Protocol: "-1"}
		ingress.Groups = append(ingress.Groups, struct {
			GroupID string `xml:"groupId"`
			UserID  string `xml:"userId"`
		}{g.id, c.account})
		egress.Ranges = append(egress.Ranges, struct {
			CIDR string `xml:"cidrIp"`
		}{"0.0.0.0/0"})
		all = append(all, described[groupXML]{g.ordinal, g.id,
			map[string]string{"group-id": g.id, "group-name": g.name, "vpc-id": g.vpc, "description": g.description},
			groupXML{c.account, g.id, g.name, g.description, g.vpc, []permissionXML{ingress}, []permissionXML{egress}}})
	}
	for _, name := range in.GroupNames {
		i := slices.IndexFunc(all, func(d described[groupXML]) bool { return d.xml.Name == name })
		if i < 0 {
			return nil, failure("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC", name)
		}
		in.GroupIds = append(in.GroupIds, all[i].id)
	}
	found, next, err := selected(c, in, in.GroupIds, failure("InvalidGroup.NotFound", "The security group '%%s' does not exist"), all)
	return struct {
		Groups []groupXML `xml:"securityGroupInfo>item"`
		Next   string     `xml:"nextToken,omitempty"`
	}{found, next}, err
}

type endpointXML struct {
	ID      string `xml:"vpcEndpointId"`
	Type    string `xml:"vpcEndpointType"`
	VpcID   string `xml:"vpcId"`
	Service string `xml:"serviceName"`
	State   string `xml:"state"`
	OwnerID string `xml:"ownerId"`
}

func (c *call) describeVpcEndpoints(in describeInput) (any, error) {
	var all []described[endpointXML]
	for _, e := range c.world.accounts[c.account].endpoints {
		if e.region == c.region {
			all = append(all, described[endpointXML]{e.ordinal, e.id,
				map[string]string{"vpc-endpoint-id": e.id, "vpc-id": e.vpc, "service-name": e.service, "vpc-endpoint-type": e.kind, "vpc-endpoint-state": "available"},
				endpointXML{e.id, e.kind, e.vpc, e.service, "available", c.account}})
		}
	}
	found, next, err := selected(c, in, in.VpcEndpointIds, failure("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%%s' does not exist"), all)
	return struct {
		Endpoints []endpointXML `xml:"vpcEndpointSet>item"`
		Next      string        `xml:"nextToken,omitempty"`
	}{found, next}, err
}
