package awsworld

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

type vpcXML struct {
	VpcID        string                `xml:"vpcId"`
	OwnerID      string                `xml:"ownerId"`
	State        string                `xml:"state"`
	CIDR         string                `xml:"cidrBlock"`
	Associations list[cidrAssociation] `xml:"cidrBlockAssociationSet"`
	DHCP         string                `xml:"dhcpOptionsId"`
	IsDefault    bool                  `xml:"isDefault"`
	Tenancy      string                `xml:"instanceTenancy"`
	Tags         list[ec2Tag]          `xml:"tagSet"`
}

type cidrAssociation struct {
	ID    string `xml:"associationId"`
	CIDR  string `xml:"cidrBlock"`
	State struct {
		State string `xml:"state"`
	} `xml:"cidrBlockState"`
}

// dhcpOptions stands for the options that every account has; nothing here depends on them.
const dhcpOptions = "dopt-0a1b2c3d4e5f60718"

func (c *call) vpcXML(v *vpc) vpcXML {
	association := cidrAssociation{ID: v.association, CIDR: v.cidr}
	association.State.State = "associated"
	return vpcXML{v.id, c.account, "available", v.cidr, list[cidrAssociation]{association}, dhcpOptions, v.standard, v.tenancy, ec2Tags(v.tags)}
}

func (c *call) describeVpcs(in describeInput) (any, error) {
	var all []described[vpcXML]
	for _, v := range c.world.accounts[c.account].vpcs {
		if v.region != c.region {
			continue
		}
		standard := strconv.FormatBool(v.standard)
		all = append(all, described[vpcXML]{v.ordinal, v.id, withTagFilters(filterable("vpc-id", v.id, "isDefault", standard, "is-default", standard,
			"state", "available", "cidr", v.cidr, "cidr-block", v.cidr, "cidrBlock", v.cidr, "cidr-block-association.cidr-block", v.cidr,
			"owner-id", c.account, "dhcp-options-id", dhcpOptions), v.tags), c.vpcXML(v)})
	}
	found, next, err := selected(c, in, in.VpcIds, failure("InvalidVpcID.NotFound", "The vpc ID '%%s' does not exist"), all)
	return struct {
		Vpcs list[vpcXML] `xml:"vpcSet"`
		Next string       `xml:"nextToken,omitempty"`
	}{found, next}, err
}

type networkInput struct {
	VpcId, SubnetId, CidrBlock, InstanceTenancy, AvailabilityZone, AvailabilityZoneId, Attribute         string
	TagSpecifications                                                                                    tagSpecifications
	EnableDnsHostnames, EnableDnsSupport, EnableNetworkAddressUsageMetrics, MapPublicIpOnLaunch          *flag
	AssignIpv6AddressOnCreation, EnableDns64, EnableResourceNameDnsARecordOnLaunch                       *flag
	EnableResourceNameDnsAAAARecordOnLaunch, MapCustomerOwnedIpOnLaunch, DisableLniAtDeviceIndex         *flag
	CustomerOwnedIpv4Pool, PrivateDnsHostnameTypeOnLaunch                                                string
	Ipv6CidrBlock, Ipv6Pool, Ipv4IpamPoolId, Ipv6IpamPoolId, OutpostArn, Ipv6CidrBlockNetworkBorderGroup string
	AmazonProvidedIpv6CidrBlock, Ipv6Native, DryRun                                                      bool
	EnableLniAtDeviceIndex                                                                               json.Number
}

type flag struct{ Value bool }

// notHere refuses what this world doesn't have rather than ignoring it.
func (in networkInput) notHere() error {
	if in.Ipv6CidrBlock+in.Ipv6Pool+in.Ipv4IpamPoolId+in.Ipv6IpamPoolId+in.OutpostArn != "" || in.AmazonProvidedIpv6CidrBlock || in.Ipv6Native {
		return failure("UnsupportedOperation", "The sandbox has neither IPv6, IPAM nor Outposts.")
	}
	return nil
}

// block reads an address range whose prefix has 16 to 28 bits.
func block(cidr string) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil || !prefix.Addr().Is4() || prefix.Bits() < 16 || prefix.Bits() > 28 {
		return netip.Prefix{}, false
	}
	return prefix.Masked(), true
}

func (c *call) createVPC(in networkInput) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	if err := in.notHere(); err != nil {
		return nil, err
	}
	if in.CidrBlock == "" {
		return nil, failure("MissingParameter", "The request must contain the parameter cidrBlock")
	}
	prefix, ok := block(in.CidrBlock)
	if !ok {
		return nil, failure("InvalidVpc.Range", "The CIDR '%s' is invalid.", in.CidrBlock)
	}
	a := c.world.accounts[c.account]
	v := c.world.addVPC(a, c.region, prefix.String(), prefix.String())
	v.tags = in.TagSpecifications.of("vpc")
	if in.InstanceTenancy != "" {
		v.tenancy = in.InstanceTenancy
	}
	c.effect = created
	return struct {
		VPC vpcXML `xml:"vpc"`
	}{c.vpcXML(v)}, nil
}

func (c *call) vpcHere(id string) (*vpc, error) {
	if v := c.world.accounts[c.account].vpc(c.region, id); v != nil {
		return v, nil
	}
	return nil, ec2Missing("VpcID", "vpc ID", id)
}

// deleteVPC takes the default security group, the main route table and the network ACL with it, and nothing else.
func (c *call) deleteVPC(in networkInput) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	v, err := c.vpcHere(in.VpcId)
	if err != nil {
		return nil, err
	}
	a := c.world.accounts[c.account]
	if slices.ContainsFunc(a.subnets, func(s *subnet) bool { return s.vpc == v.id }) ||
		slices.ContainsFunc(a.groups, func(g *securityGroup) bool { return g.vpc == v.id && g.name != "default" }) ||
		slices.ContainsFunc(a.endpoints, func(e *endpoint) bool { return e.vpc == v.id }) {
		return nil, dependency("The vpc '%s' has dependencies and cannot be deleted.", v.id)
	}
	a.groups = slices.DeleteFunc(a.groups, func(g *securityGroup) bool { return g.vpc == v.id })
	a.vpcs = without(a.vpcs, v)
	c.effect = deleted
	return ec2Done{true}, nil
}

type flagXML struct {
	Value bool `xml:"value"`
}

func (c *call) describeVPCAttribute(in networkInput) (any, error) {
	v, err := c.vpcHere(in.VpcId)
	if err != nil {
		return nil, err
	}
	out := struct {
		VpcID   string   `xml:"vpcId"`
		Names   *flagXML `xml:"enableDnsHostnames"`
		Support *flagXML `xml:"enableDnsSupport"`
		Usage   *flagXML `xml:"enableNetworkAddressUsageMetrics"`
	}{VpcID: v.id}
	switch in.Attribute {
	case "enableDnsHostnames":
		out.Names = &flagXML{v.dnsNames}
	case "enableDnsSupport":
		out.Support = &flagXML{v.dnsSupport}
	default:
		out.Usage = &flagXML{v.usageLog}
	}
	return out, nil
}

func (c *call) modifyVPCAttribute(in networkInput) (any, error) {
	v, err := c.vpcHere(in.VpcId)
	if err != nil {
		return nil, err
	}
	set := func(target *bool, to *flag) {
		if to != nil {
			*target = to.Value
		}
	}
	set(&v.dnsNames, in.EnableDnsHostnames)
	set(&v.dnsSupport, in.EnableDnsSupport)
	set(&v.usageLog, in.EnableNetworkAddressUsageMetrics)
	c.effect = changed
	return ec2Done{true}, nil
}

type subnetXML struct {
	SubnetID     string                   `xml:"subnetId"`
	ARN          string                   `xml:"subnetArn"`
	OwnerID      string                   `xml:"ownerId"`
	State        string                   `xml:"state"`
	VpcID        string                   `xml:"vpcId"`
	CIDR         string                   `xml:"cidrBlock"`
	IPv6         list[struct{}]           `xml:"ipv6CidrBlockAssociationSet"`
	Free         int                      `xml:"availableIpAddressCount"`
	Zone         string                   `xml:"availabilityZone"`
	ZoneID       string                   `xml:"availabilityZoneId"`
	DefaultForAZ bool                     `xml:"defaultForAz"`
	PublicIP     bool                     `xml:"mapPublicIpOnLaunch"`
	AssignIPv6   bool                     `xml:"assignIpv6AddressOnCreation"`
	DNS64        bool                     `xml:"enableDns64"`
	IPv6Native   bool                     `xml:"ipv6Native"`
	NameOptions  privateDNSNameOptionsXML `xml:"privateDnsNameOptionsOnLaunch"`
	Tags         list[ec2Tag]             `xml:"tagSet"`
}

type privateDNSNameOptionsXML struct {
	HostnameType string `xml:"hostnameType"`
	A            bool   `xml:"enableResourceNameDnsARecord"`
	AAAA         bool   `xml:"enableResourceNameDnsAAAARecord"`
}

func (c *call) subnetXML(s *subnet) subnetXML {
	free := 4091
	if prefix, ok := block(s.cidr); ok {
		free = 1<<(32-prefix.Bits()) - 5 // five addresses of each subnet are reserved
	}
	return subnetXML{
		SubnetID: s.id, ARN: c.arn("subnet/" + s.id), OwnerID: c.account, State: "available", VpcID: s.vpc, CIDR: s.cidr, Free: free, Zone: s.zone,
		ZoneID: s.zoneID, DefaultForAZ: s.standard, PublicIP: s.publicIP, NameOptions: privateDNSNameOptionsXML{HostnameType: "ip-name"}, Tags: ec2Tags(s.tags),
	}
}

func (c *call) describeSubnets(in describeInput) (any, error) {
	var all []described[subnetXML]
	for _, s := range c.world.accounts[c.account].subnets {
		if s.region != c.region {
			continue
		}
		standard := strconv.FormatBool(s.standard)
		all = append(all, described[subnetXML]{s.ordinal, s.id, withTagFilters(filterable("subnet-id", s.id, "vpc-id", s.vpc, "availability-zone", s.zone,
			"availabilityZone", s.zone, "availability-zone-id", s.zoneID, "state", "available", "default-for-az", standard, "defaultForAz", standard,
			"cidr", s.cidr, "cidr-block", s.cidr, "cidrBlock", s.cidr, "owner-id", c.account, "map-public-ip-on-launch", strconv.FormatBool(s.publicIP)), s.tags), c.subnetXML(s)})
	}
	found, next, err := selected(c, in, in.SubnetIds, failure("InvalidSubnetID.NotFound", "The subnet ID '%%s' does not exist"), all)
	return struct {
		Subnets list[subnetXML] `xml:"subnetSet"`
		Next    string          `xml:"nextToken,omitempty"`
	}{found, next}, err
}

func (c *call) createSubnet(in networkInput) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	if err := in.notHere(); err != nil {
		return nil, err
	}
	v, err := c.vpcHere(in.VpcId)
	if err != nil {
		return nil, err
	}
	prefix, ok := block(in.CidrBlock)
	within, _ := block(v.cidr)
	if !ok || prefix.Bits() < within.Bits() || !within.Contains(prefix.Addr()) {
		return nil, failure("InvalidSubnet.Range", "The CIDR '%s' is invalid.", in.CidrBlock)
	}
	a := c.world.accounts[c.account]
	for _, other := range a.subnets {
		if there, _ := block(other.cidr); other.vpc == v.id && there.Overlaps(prefix) {
			return nil, failure("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", in.CidrBlock)
		}
	}
	zones := c.world.zones(c.region)
	i := 0
	switch {
	case in.AvailabilityZone != "":
		i = slices.Index(zones, in.AvailabilityZone)
	case in.AvailabilityZoneId != "":
		i = slices.IndexFunc(zones, func(zone string) bool { return zoneID(slices.Index(zones, zone)) == in.AvailabilityZoneId })
	}
	if i < 0 {
		return nil, failure("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
			in.AvailabilityZone+in.AvailabilityZoneId, strings.Join(zones, ", "))
	}
	s := &subnet{
		ordinal: ordinal(c.world.next()), region: c.region, id: "subnet-0" + c.world.digest(16, "subnet", v.id, prefix.String()), vpc: v.id,
		zone: zones[i], zoneID: zoneID(i), cidr: prefix.String(), tags: in.TagSpecifications.of("subnet"),
	}
	a.subnets = append(a.subnets, s)
	c.effect = created
	return struct {
		Subnet subnetXML `xml:"subnet"`
	}{c.subnetXML(s)}, nil
}

func (c *call) deleteSubnet(in networkInput) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	a := c.world.accounts[c.account]
	s := a.subnet(c.region, in.SubnetId)
	switch {
	case s == nil:
		return nil, ec2Missing("SubnetID", "subnet ID", in.SubnetId)
	case c.world.inUse(a, s.id), slices.ContainsFunc(a.endpoints, func(e *endpoint) bool { return slices.Contains(e.subnets, s.id) }):
		return nil, dependency("The subnet '%s' has dependencies and cannot be deleted.", s.id)
	}
	a.subnets = without(a.subnets, s)
	c.effect = deleted
	return ec2Done{true}, nil
}

func (c *call) modifySubnetAttribute(in networkInput) (any, error) {
	s := c.world.accounts[c.account].subnet(c.region, in.SubnetId)
	switch {
	case s == nil:
		return nil, ec2Missing("SubnetID", "subnet ID", in.SubnetId)
	case in.MapPublicIpOnLaunch == nil:
		return nil, failure("UnsupportedOperation", "Of the attributes of subnets, the sandbox has mapPublicIpOnLaunch only.")
	}
	s.publicIP = in.MapPublicIpOnLaunch.Value
	c.effect = changed
	return ec2Done{true}, nil
}
