package awsworld

import (
	"slices"
	"strings"
)

type endpointXML struct {
	ID         string          `xml:"vpcEndpointId"`
	Type       string          `xml:"vpcEndpointType"`
	VpcID      string          `xml:"vpcId"`
	Service    string          `xml:"serviceName"`
	State      string          `xml:"state"`
	Policy     string          `xml:"policyDocument"`
	Tables     list[string]    `xml:"routeTableIdSet"`
	Subnets    list[string]    `xml:"subnetIdSet"`
	Groups     list[groupName] `xml:"groupSet"`
	Addresses  string          `xml:"ipAddressType"`
	PrivateDNS bool            `xml:"privateDnsEnabled"`
	Requester  bool            `xml:"requesterManaged"`
	Interfaces list[string]    `xml:"networkInterfaceIdSet"`
	DNS        list[struct{}]  `xml:"dnsEntrySet"`
	Created    stamp           `xml:"creationTimestamp"`
	Tags       list[ec2Tag]    `xml:"tagSet"`
	OwnerID    string          `xml:"ownerId"`
}

type groupName struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

// openPolicy is the policy that an endpoint has when none is given.
const openPolicy = `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`

func (c *call) endpointXML(e *endpoint) endpointXML {
	a := c.world.accounts[c.account]
	out := endpointXML{
		ID: e.id, Type: e.kind, VpcID: e.vpc, Service: e.service, State: "available", Policy: openPolicy, Tables: e.routeTables, Subnets: e.subnets,
		Addresses: "ipv4", PrivateDNS: e.privateDNS, Created: stamp{e.created}, Tags: ec2Tags(e.tags), OwnerID: c.account,
	}
	for _, id := range e.groups {
		if g := a.group(e.region, id); g != nil {
			out.Groups = append(out.Groups, groupName{g.id, g.name})
		}
	}
	return out
}

func (c *call) describeVpcEndpoints(in describeInput) (any, error) {
	var all []described[endpointXML]
	for _, e := range c.world.accounts[c.account].endpoints {
		if e.region == c.region {
			all = append(all, described[endpointXML]{e.ordinal, e.id, withTagFilters(filterable("vpc-endpoint-id", e.id, "vpc-id", e.vpc,
				"service-name", e.service, "vpc-endpoint-type", e.kind, "vpc-endpoint-state", "available"), e.tags), c.endpointXML(e)})
		}
	}
	found, next, err := selected(c, in, in.VpcEndpointIds, failure("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%%s' does not exist"), all)
	return struct {
		Endpoints list[endpointXML] `xml:"vpcEndpointSet"`
		Next      string            `xml:"nextToken,omitempty"`
	}{found, next}, err
}

type endpointInput struct {
	VpcEndpointType, VpcId, ServiceName, PolicyDocument string
	RouteTableIds, SubnetIds, SecurityGroupIds          []string
	VpcEndpointIds                                      []string
	PrivateDnsEnabled                                   *bool
	TagSpecifications                                   tagSpecifications
	DryRun                                              bool
}

// createVPCEndpoint makes gateway and interface endpoints. Nothing here flows through them: what counts is that they are there.
func (c *call) createVPCEndpoint(in endpointInput) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	v, err := c.vpcHere(in.VpcId)
	if err != nil {
		return nil, err
	}
	if in.VpcEndpointType == "" {
		in.VpcEndpointType = "Gateway"
	}
	a := c.world.accounts[c.account]
	switch {
	case in.VpcEndpointType != "Gateway" && in.VpcEndpointType != "Interface":
		return nil, failure("UnsupportedOperation", "The sandbox has gateway and interface endpoints only.")
	case in.PolicyDocument != "" && in.PolicyDocument != openPolicy:
		return nil, failure("UnsupportedOperation", "Endpoints of the sandbox have no policies of their own.")
	case !strings.HasPrefix(in.ServiceName, "com.amazonaws."+c.region+".") && !strings.HasPrefix(in.ServiceName, "aws.sagemaker."+c.region+"."):
		return nil, failure("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", in.ServiceName)
	}
	if err := a.checkNetwork(c.region, v.id, in.SubnetIds, in.SecurityGroupIds); err != nil {
		return nil, failure("InvalidParameter", "%s", err.(*apiError).message)
	}
	e := &endpoint{
		ordinal: ordinal(c.world.next()), region: c.region, id: "vpce-0" + c.world.digest(16, "endpoint", v.id, in.ServiceName), vpc: v.id,
		service: in.ServiceName, kind: in.VpcEndpointType, routeTables: in.RouteTableIds, subnets: in.SubnetIds, groups: in.SecurityGroupIds,
		privateDNS: in.VpcEndpointType == "Interface" && (in.PrivateDnsEnabled == nil || *in.PrivateDnsEnabled),
		created:    c.world.clock.Now(), tags: in.TagSpecifications.of("vpc-endpoint"),
	}
	if e.kind == "Interface" && len(e.groups) == 0 {
		standard := find(a.groups, func(g *securityGroup) bool { return g.vpc == v.id && g.name == "default" })
		e.groups = []string{standard.id}
	}
	a.endpoints = append(a.endpoints, e)
	c.effect = created
	return struct {
		Endpoint endpointXML `xml:"vpcEndpoint"`
	}{c.endpointXML(e)}, nil
}

type unsuccessful struct {
	Error struct {
		Code    string `xml:"code"`
		Message string `xml:"message"`
	} `xml:"error"`
	ResourceID string `xml:"resourceId"`
}

// deleteVPCEndpoints reports those that it can't delete within a successful answer.
func (c *call) deleteVPCEndpoints(in endpointInput) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	out := struct {
		Unsuccessful list[unsuccessful] `xml:"unsuccessful"`
	}{}
	a := c.world.accounts[c.account]
	for _, id := range in.VpcEndpointIds {
		e := find(a.endpoints, func(e *endpoint) bool { return e.region == c.region && e.id == id })
		if e == nil {
			missing := unsuccessful{ResourceID: id}
			missing.Error.Code, missing.Error.Message = "InvalidVpcEndpoint.NotFound", "The Vpc Endpoint Id '"+id+"' does not exist"
			out.Unsuccessful = append(out.Unsuccessful, missing)
			continue
		}
		a.endpoints = without(a.endpoints, e)
		c.effect = deleted
	}
	return out, nil
}

type tableXML struct {
	ID           string                 `xml:"routeTableId"`
	VpcID        string                 `xml:"vpcId"`
	OwnerID      string                 `xml:"ownerId"`
	Routes       list[routeXML]         `xml:"routeSet"`
	Associations list[tableAssociation] `xml:"associationSet"`
	Propagating  list[struct{}]         `xml:"propagatingVgwSet"`
	Tags         list[ec2Tag]           `xml:"tagSet"`
}

type routeXML struct {
	Destination string `xml:"destinationCidrBlock"`
	Gateway     string `xml:"gatewayId"`
	State       string `xml:"state"`
	Origin      string `xml:"origin"`
}

type tableAssociation struct {
	ID      string `xml:"routeTableAssociationId"`
	TableID string `xml:"routeTableId"`
	Main    bool   `xml:"main"`
	State   struct {
		State string `xml:"state"`
	} `xml:"associationState"`
}

// internetGateway is that of a default VPC.
func (v *vpc) internetGateway() string { return "igw-" + strings.TrimPrefix(v.mainTable, "rtb-") }

// describeRouteTables shows the main route table of each VPC; a default VPC has a route to the internet.
func (c *call) describeRouteTables(in describeInput) (any, error) {
	var all []described[tableXML]
	for _, v := range c.world.accounts[c.account].vpcs {
		if v.region != c.region {
			continue
		}
		association := tableAssociation{ID: strings.Replace(v.mainTable, "rtb-", "rtbassoc-", 1), TableID: v.mainTable, Main: true}
		association.State.State = "associated"
		out := tableXML{
			ID: v.mainTable, VpcID: v.id, OwnerID: c.account, Associations: list[tableAssociation]{association}, Tags: ec2Tags(v.tableTags),
			Routes: list[routeXML]{{v.cidr, "local", "active", "CreateRouteTable"}},
		}
		if v.standard {
			out.Routes = append(out.Routes, routeXML{"0.0.0.0/0", v.internetGateway(), "active", "CreateRoute"})
		}
		about := filterable("route-table-id", v.mainTable, "vpc-id", v.id, "owner-id", c.account, "association.main", "true",
			"association.route-table-association-id", association.ID, "association.route-table-id", v.mainTable)
		about["association.subnet-id"], about["association.gateway-id"] = nil, nil
		for _, r := range out.Routes {
			about["route.destination-cidr-block"] = append(about["route.destination-cidr-block"], r.Destination)
			about["route.gateway-id"] = append(about["route.gateway-id"], r.Gateway)
		}
		all = append(all, described[tableXML]{v.ordinal, v.mainTable, withTagFilters(about, v.tableTags), out})
	}
	found, next, err := selected(c, in, in.RouteTableIds, failure("InvalidRouteTableID.NotFound", "The routeTable ID '%%s' does not exist"), all)
	return struct {
		Tables list[tableXML] `xml:"routeTableSet"`
		Next   string         `xml:"nextToken,omitempty"`
	}{found, next}, err
}

type aclXML struct {
	ID           string               `xml:"networkAclId"`
	VpcID        string               `xml:"vpcId"`
	OwnerID      string               `xml:"ownerId"`
	Default      bool                 `xml:"default"`
	Entries      list[aclEntry]       `xml:"entrySet"`
	Associations list[aclAssociation] `xml:"associationSet"`
	Tags         list[ec2Tag]         `xml:"tagSet"`
}

type aclEntry struct {
	Number   int    `xml:"ruleNumber"`
	Protocol string `xml:"protocol"`
	Action   string `xml:"ruleAction"`
	Egress   bool   `xml:"egress"`
	CIDR     string `xml:"cidrBlock"`
}

type aclAssociation struct {
	ID       string `xml:"networkAclAssociationId"`
	ACLID    string `xml:"networkAclId"`
	SubnetID string `xml:"subnetId"`
}

// describeNetworkACLs shows the default network ACL of each VPC, which lets everything pass.
func (c *call) describeNetworkACLs(in describeInput) (any, error) {
	a := c.world.accounts[c.account]
	var all []described[aclXML]
	for _, v := range a.vpcs {
		if v.region != c.region {
			continue
		}
		out := aclXML{ID: v.aclID, VpcID: v.id, OwnerID: c.account, Default: true, Tags: ec2Tags(v.aclTags)}
		for _, egress := range []bool{true, false} {
			out.Entries = append(out.Entries, aclEntry{100, "-1", "allow", egress, "0.0.0.0/0"}, aclEntry{32767, "-1", "deny", egress, "0.0.0.0/0"})
		}
		about := filterable("network-acl-id", v.aclID, "vpc-id", v.id, "default", "true", "owner-id", c.account)
		about["association.subnet-id"] = nil
		for _, s := range a.subnets {
			if s.vpc == v.id {
				out.Associations = append(out.Associations, aclAssociation{strings.Replace(s.id, "subnet-", "aclassoc-", 1), v.aclID, s.id})
				about["association.subnet-id"] = append(about["association.subnet-id"], s.id)
			}
		}
		all = append(all, described[aclXML]{v.ordinal, v.aclID, withTagFilters(about, v.aclTags), out})
	}
	found, next, err := selected(c, in, in.NetworkAclIds, failure("InvalidNetworkAclID.NotFound", "The networkAcl ID '%%s' does not exist"), all)
	return struct {
		ACLs list[aclXML] `xml:"networkAclSet"`
		Next string       `xml:"nextToken,omitempty"`
	}{found, next}, err
}

// describeNetworkInterfaces is always empty: domains keep their subnets and groups from being deleted all the same.
func (c *call) describeNetworkInterfaces(in describeInput) (any, error) {
	found, _, err := selected(c, in, in.NetworkInterfaceIds, failure("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%%s' does not exist"), []described[struct{}]{})
	return struct {
		Interfaces list[struct{}] `xml:"networkInterfaceSet"`
	}{found}, err
}

func (c *call) describeNATGateways(in describeInput) (any, error) {
	found, _, err := selected(c, in, in.NatGatewayIds, failure("NatGatewayNotFound", "The Nat Gateway %%s was not found"), []described[struct{}]{})
	return struct {
		Gateways list[struct{}] `xml:"natGatewaySet"`
	}{found}, err
}

type gatewayXML struct {
	ID          string                  `xml:"internetGatewayId"`
	OwnerID     string                  `xml:"ownerId"`
	Attachments list[gatewayAttachment] `xml:"attachmentSet"`
	Tags        list[ec2Tag]            `xml:"tagSet"`
}

type gatewayAttachment struct {
	VpcID string `xml:"vpcId"`
	State string `xml:"state"`
}

func (c *call) describeInternetGateways(in describeInput) (any, error) {
	var all []described[gatewayXML]
	for _, v := range c.world.accounts[c.account].vpcs {
		if v.region == c.region && v.standard {
			all = append(all, described[gatewayXML]{v.ordinal, v.internetGateway(), withTagFilters(filterable("internet-gateway-id", v.internetGateway(),
				"attachment.vpc-id", v.id, "attachment.state", "available", "owner-id", c.account), nil),
				gatewayXML{ID: v.internetGateway(), OwnerID: c.account, Attachments: list[gatewayAttachment]{{v.id, "available"}}}})
		}
	}
	found, next, err := selected(c, in, in.InternetGatewayIds, failure("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%%s' does not exist"), all)
	return struct {
		Gateways list[gatewayXML] `xml:"internetGatewaySet"`
		Next     string           `xml:"nextToken,omitempty"`
	}{found, next}, err
}

type prefixListXML struct {
	ID    string       `xml:"prefixListId"`
	Name  string       `xml:"prefixListName"`
	CIDRs list[string] `xml:"cidrSet"`
}

// describePrefixLists names the prefix lists of the gateway endpoints.
func (c *call) describePrefixLists(in describeInput) (any, error) {
	var all []described[prefixListXML]
	for i, service := range []string{"s3", "dynamodb"} {
		out := prefixListXML{[]string{"pl-63a5400a", "pl-02cd2c6b"}[i], "com.amazonaws." + c.region + "." + service, list[string]{"192.0.2.0/25", "192.0.2.128/25"}[i : i+1]}
		all = append(all, described[prefixListXML]{ordinal(i + 1), out.ID, filterable("prefix-list-id", out.ID, "prefix-list-name", out.Name), out})
	}
	found, next, err := selected(c, in, in.PrefixListIds, failure("InvalidPrefixListID.NotFound", "The prefix list ID '%%s' does not exist"), all)
	return struct {
		Lists list[prefixListXML] `xml:"prefixListSet"`
		Next  string              `xml:"nextToken,omitempty"`
	}{found, next}, err
}

type zoneXML struct {
	OptIn  string `xml:"optInStatus"`
	Region string `xml:"regionName"`
	Name   string `xml:"zoneName"`
	ID     string `xml:"zoneId"`
	Group  string `xml:"groupName"`
	Border string `xml:"networkBorderGroup"`
	Type   string `xml:"zoneType"`
	State  string `xml:"zoneState"`
}

func (c *call) describeAvailabilityZones(in describeInput) (any, error) {
	var all []described[zoneXML]
	for i, zone := range c.world.zones(c.region) {
		out := zoneXML{"opt-in-not-required", c.region, zone, zoneID(i), c.region + "-zg-1", c.region, "availability-zone", "available"}
		all = append(all, described[zoneXML]{ordinal(i + 1), zone, filterable("zone-name", zone, "zone-id", zoneID(i), "region-name", c.region,
			"state", "available", "opt-in-status", out.OptIn, "zone-type", out.Type, "group-name", out.Group), out})
	}
	found, _, err := selected(c, in, in.ZoneNames, failure("InvalidParameterValue", "Invalid availability zone: [%%s]"), all)
	return struct {
		Zones list[zoneXML] `xml:"availabilityZoneInfo"`
	}{found}, err
}

type regionXML struct {
	OptIn    string `xml:"optInStatus"`
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
}

// describeRegions names a few of the Regions that need no opt-in, and always that of the world.
func (c *call) describeRegions(in describeInput) (any, error) {
	p := partitionOf(c.world.region)
	names := p.regions
	if !slices.Contains(names, c.world.region) {
		names = append(names, c.world.region)
	}
	var all []described[regionXML]
	for i, name := range names {
		out := regionXML{"opt-in-not-required", name, "ec2." + name + "." + p.suffix}
		all = append(all, described[regionXML]{ordinal(i + 1), name, filterable("region-name", name, "opt-in-status", out.OptIn, "endpoint", out.Endpoint), out})
	}
	found, _, err := selected(c, in, in.RegionNames, failure("InvalidParameterValue", "Invalid region: [%%s]"), all)
	return struct {
		Regions list[regionXML] `xml:"regionInfo"`
	}{found}, err
}

type accountAttribute struct {
	Name   string                        `xml:"attributeName"`
	Values list[accountAttributeContent] `xml:"attributeValueSet"`
}

type accountAttributeContent struct {
	Value string `xml:"attributeValue"`
}

func (c *call) describeAccountAttributes(in describeInput) (any, error) {
	standard := "none"
	for _, v := range c.world.accounts[c.account].vpcs {
		if v.region == c.region && v.standard {
			standard = v.id
		}
	}
	out := struct {
		Attributes list[accountAttribute] `xml:"accountAttributeSet"`
	}{}
	for _, each := range [][2]string{{"supported-platforms", "VPC"}, {"default-vpc", standard}} {
		if len(in.AttributeNames) == 0 || slices.Contains(in.AttributeNames, each[0]) {
			out.Attributes = append(out.Attributes, accountAttribute{each[0], list[accountAttributeContent]{{each[1]}}})
		}
	}
	return out, dryRun(in.DryRun)
}
