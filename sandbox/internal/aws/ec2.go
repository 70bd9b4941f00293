package awsworld

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (w *World) ec2Operations() map[string]handler {
	return map[string]handler{
		"DescribeVpcs": on((*call).describeVpcs), "CreateVpc": on((*call).createVPC), "DeleteVpc": on((*call).deleteVPC),
		"DescribeVpcAttribute": on((*call).describeVPCAttribute), "ModifyVpcAttribute": on((*call).modifyVPCAttribute),
		"DescribeSubnets": on((*call).describeSubnets), "CreateSubnet": on((*call).createSubnet), "DeleteSubnet": on((*call).deleteSubnet),
		"ModifySubnetAttribute":  on((*call).modifySubnetAttribute),
		"DescribeSecurityGroups": on((*call).describeSecurityGroups), "CreateSecurityGroup": on((*call).createSecurityGroup),
		"DeleteSecurityGroup": on((*call).deleteSecurityGroup), "DescribeSecurityGroupRules": on((*call).describeSecurityGroupRules),
		"AuthorizeSecurityGroupIngress": on((*call).authorizeIngress), "AuthorizeSecurityGroupEgress": on((*call).authorizeEgress),
		"RevokeSecurityGroupIngress": on((*call).revokeIngress), "RevokeSecurityGroupEgress": on((*call).revokeEgress),
		"DescribeVpcEndpoints": on((*call).describeVpcEndpoints), "CreateVpcEndpoint": on((*call).createVPCEndpoint),
		"DeleteVpcEndpoints": on((*call).deleteVPCEndpoints), "DescribeRouteTables": on((*call).describeRouteTables),
		"DescribeNetworkAcls": on((*call).describeNetworkACLs), "DescribeNetworkInterfaces": on((*call).describeNetworkInterfaces),
		"DescribeNatGateways": on((*call).describeNATGateways), "DescribeInternetGateways": on((*call).describeInternetGateways),
		"DescribePrefixLists": on((*call).describePrefixLists), "DescribeAvailabilityZones": on((*call).describeAvailabilityZones),
		"DescribeRegions": on((*call).describeRegions), "DescribeAccountAttributes": on((*call).describeAccountAttributes),
		"CreateTags": on((*call).createEC2Tags), "DeleteTags": on((*call).deleteEC2Tags), "DescribeTags": on((*call).describeEC2Tags),
	}
}

// describeInput is what the Describe operations share.
type describeInput struct {
	VpcIds, SubnetIds, GroupIds, GroupNames, VpcEndpointIds, SecurityGroupRuleIds, RouteTableIds, NetworkAclIds []string
	NetworkInterfaceIds, NatGatewayIds, InternetGatewayIds, PrefixListIds, ZoneNames, RegionNames               []string
	Filters                                                                                                     []ec2Filter
	// Filter is how DescribeNatGateways calls Filters.
	Filter         []ec2Filter
	AttributeNames []string
	MaxResults     int
	NextToken      string
	DryRun         bool
}

type ec2Filter struct {
	Name   string
	Values []string
}

// described is a resource together with the values that filters look at. A filter fits when one value fits.
type described[T any] struct {
	ordinal
	id         string
	attributes map[string][]string
	xml        T
}

// filterable reads pairs of a filter name and a value; a name may come several times.
func filterable(pairs ...string) map[string][]string {
	result := map[string][]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		result[pairs[i]] = append(result[pairs[i]], pairs[i+1])
	}
	return result
}

func withTagFilters(attributes map[string][]string, tags []tag) map[string][]string {
	attributes["tag-key"], attributes["tag-value"] = nil, nil
	for _, t := range tags {
		attributes["tag:"+t.Key] = []string{t.Value}
		attributes["tag-key"] = append(attributes["tag-key"], t.Key)
		attributes["tag-value"] = append(attributes["tag-value"], t.Value)
	}
	return attributes
}

// dryRun ends calls that only ask whether they would be allowed.
func dryRun(asked bool) error {
	if asked {
		return failure("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").with(http.StatusPreconditionFailed)
	}
	return nil
}

// selected applies IDs and filters. An ID that doesn't exist is an error; a filter that the resource doesn't know, too.
func selected[T any](c *call, in describeInput, ids []string, missing *apiError, all []described[T]) (list[T], string, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, "", err
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
		for _, filter := range append(in.Filters, in.Filter...) {
			values, known := d.attributes[filter.Name]
			if !known && !strings.HasPrefix(filter.Name, "tag:") {
				return nil, "", failure("InvalidParameterValue", "The filter '%s' is invalid", filter.Name)
			}
			fits = fits && slices.ContainsFunc(filter.Values, func(pattern string) bool {
				return slices.ContainsFunc(values, func(value string) bool { return wildcard(pattern, value) })
			})
		}
		if fits {
			matching = append(matching, d)
		}
	}
	cut, next, err := page(c, matching, in.MaxResults, 1000, in.NextToken)
	var result list[T]
	for _, d := range cut {
		result = append(result, d.xml)
	}
	return result, next, err
}

// ec2Done is the answer of EC2 operations that have nothing to say.
type ec2Done struct {
	Return bool `xml:"return"`
}

// ec2Missing is the error for an ID that doesn't exist. The code names the kind of the resource.
func ec2Missing(kind, noun, id string) *apiError {
	return failure("Invalid"+kind+".NotFound", "The %s '%s' does not exist", noun, id)
}

// dependency is the error for something that others need.
func dependency(format string, args ...any) *apiError {
	return failure("DependencyViolation", format, args...)
}

type ec2Tag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func ec2Tags(tags []tag) list[ec2Tag] {
	var result list[ec2Tag]
	for _, t := range tags {
		result = append(result, ec2Tag(t))
	}
	return result
}

// tagSpecifications are the tags of what a call creates.
type tagSpecifications []struct {
	ResourceType string
	Tags         []tag
}

// of are the tags for one kind of resource.
func (all tagSpecifications) of(kind string) []tag {
	var tags []tag
	for _, specification := range all {
		if specification.ResourceType == kind {
			tags = withTags(tags, specification.Tags)
		}
	}
	return tags
}

// ec2Tagged are the tags of everything in EC2 by its ID, and its kind.
func (c *call) ec2Tagged() map[string]struct {
	kind string
	tags *[]tag
} {
	type place = struct {
		kind string
		tags *[]tag
	}
	places := map[string]place{}
	a := c.world.accounts[c.account]
	for _, v := range a.vpcs {
		if v.region == c.region {
			places[v.id], places[v.mainTable], places[v.aclID] = place{"vpc", &v.tags}, place{"route-table", &v.tableTags}, place{"network-acl", &v.aclTags}
		}
	}
	for _, s := range a.subnets {
		if s.region == c.region {
			places[s.id] = place{"subnet", &s.tags}
		}
	}
	for _, g := range a.groups {
		if g.region == c.region {
			places[g.id] = place{"security-group", &g.tags}
			for _, r := range g.rules {
				places[r.id] = place{"security-group-rule", &r.tags}
			}
		}
	}
	for _, e := range a.endpoints {
		if e.region == c.region {
			places[e.id] = place{"vpc-endpoint", &e.tags}
		}
	}
	return places
}

type ec2TagInput struct {
	Resources []string
	Tags      []struct {
		Key   string
		Value *string
	}
	DryRun bool
}

// editEC2Tags changes the tags of all resources of a call, or of none.
func (c *call) editEC2Tags(in ec2TagInput, edit func(there []tag) []tag) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	places := c.ec2Tagged()
	for _, id := range in.Resources {
		if places[id].tags == nil {
			return nil, failure("InvalidID", "The ID '%s' is not valid", id)
		}
	}
	for _, id := range in.Resources {
		*places[id].tags = edit(*places[id].tags)
	}
	c.effect = changed
	return ec2Done{true}, nil
}

func (c *call) createEC2Tags(in ec2TagInput) (any, error) {
	return c.editEC2Tags(in, func(there []tag) []tag {
		for _, t := range in.Tags {
			value := ""
			if t.Value != nil {
				value = *t.Value
			}
			there = withTags(there, []tag{{Key: t.Key, Value: value}})
		}
		return there
	})
}

// deleteEC2Tags removes a tag that is named without its value, or whose value is the given one; without tags it removes all.
func (c *call) deleteEC2Tags(in ec2TagInput) (any, error) {
	return c.editEC2Tags(in, func(there []tag) []tag {
		if len(in.Tags) == 0 {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(there), func(is tag) bool {
			for _, t := range in.Tags {
				if t.Key == is.Key && (t.Value == nil || *t.Value == is.Value) {
					return true
				}
			}
			return false
		})
	})
}

type tagXML struct {
	ResourceID string `xml:"resourceId"`
	Kind       string `xml:"resourceType"`
	Key        string `xml:"key"`
	Value      string `xml:"value"`
}

func (c *call) describeEC2Tags(in describeInput) (any, error) {
	var all []described[tagXML]
	places := c.ec2Tagged()
	for _, id := range slices.Sorted(maps.Keys(places)) {
		for _, t := range *places[id].tags {
			all = append(all, described[tagXML]{ordinal(len(all) + 1), id,
				filterable("resource-id", id, "resource-type", places[id].kind, "key", t.Key, "value", t.Value),
				tagXML{id, places[id].kind, t.Key, t.Value}})
		}
	}
	found, next, err := selected(c, in, nil, nil, all)
	return struct {
		Tags list[tagXML] `xml:"tagSet"`
		Next string       `xml:"nextToken,omitempty"`
	}{found, next}, err
}
