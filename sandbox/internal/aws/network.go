package awsworld

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// endpoint is a VPC endpoint.
type endpoint struct {
	ordinal
	region, id, vpc, service, kind string
	routeTables, subnets, groups   []string
	privateDNS                     bool
	created                        time.Time
	tags                           []tag
}

type vpc struct {
	ordinal
	region, id, cidr, tenancy      string
	association, mainTable, aclID  string
	standard                       bool
	dnsSupport, dnsNames, usageLog bool
	tags                           []tag
	// tableTags and aclTags belong to the main route table and the default network ACL.
	tableTags, aclTags []tag
}

type subnet struct {
	ordinal
	region, id, vpc, zone, zoneID, cidr string
	// standard subnets are those of a default VPC; publicIP is what they give to what starts in them.
	standard, publicIP bool
	tags               []tag
}

type securityGroup struct {
	ordinal
	region, id, name, description, vpc string
	rules                              []*groupRule
	tags                               []tag
}

// groupRule is one rule of a security group. It has one peer: a group, an address range or a prefix list.
type groupRule struct {
	ordinal
	id                                      string
	egress                                  bool
	protocol                                string
	from, to                                int
	group, cidr, cidr6, prefix, description string
	tags                                    []tag
}

// anyPort stands in rules that have no ports.
const anyPort = -1

// nfs is the port of network file systems.
const nfs = 2049

// seedNetwork gives each account its default VPC, and the member account a second VPC that somebody left without subnets.
func (w *World) seedNetwork(a *account) {
	standard := w.addVPC(a, w.region, "default", "172.31.0.0/16")
	standard.standard, standard.dnsNames = true, true
	for i, zone := range w.zones(w.region) {
		a.subnets = append(a.subnets, &subnet{
			ordinal: ordinal(w.next()), region: w.region, id: "subnet-0" + w.digest(16, "subnet", a.id, string(zone[len(zone)-1])), vpc: standard.id,
			zone: zone, zoneID: zoneID(i), cidr: fmt.Sprintf("172.31.%d.0/20", i*16), standard: true, publicIP: true,
		})
	}
	if a.id == MemberAccount {
		empty := w.addVPC(a, w.region, "empty", "10.20.0.0/16")
		empty.tags = []tag{{Key: "Name", Value: "legacy-without-subnets"}}
		a.endpoints = append(a.endpoints, &endpoint{
			ordinal: ordinal(w.next()), region: w.region, id: "vpce-0" + w.digest(16, "endpoint", a.id, "s3"), vpc: standard.id,
			service: "com.amazonaws." + w.region + ".s3", kind: "Gateway", routeTables: []string{standard.mainTable}, created: w.clock.Now(),
		})
	}
}

// zones are the Availability Zones of a Region; each has three here.
func (w *World) zones(region string) []string {
	return []string{region + "a", region + "b", region + "c"}
}

func zoneID(i int) string { return fmt.Sprintf("az%d", i+1) }

// addVPC makes a VPC with what comes with it: a main route table, a network ACL and a default security group.
func (w *World) addVPC(a *account, region, name, cidr string) *vpc {
	v := &vpc{
		ordinal: ordinal(w.next()), region: region, id: "vpc-0" + w.digest(16, "vpc", a.id, name), cidr: cidr, tenancy: "default", dnsSupport: true,
		association: "vpc-cidr-assoc-0" + w.digest(16, "cidr", a.id, name), mainTable: "rtb-0" + w.digest(16, "table", a.id, name),
		aclID: "acl-0" + w.digest(16, "acl", a.id, name),
	}
	a.vpcs = append(a.vpcs, v)
	g := w.addSecurityGroup(a, v, "sg-0"+w.digest(16, "security-group", a.id, name), "default", "default VPC security group")
	w.addRule(g, groupRule{protocol: "-1", from: anyPort, to: anyPort, group: g.id})
	return v
}

// addSecurityGroup makes a security group that lets everything out, as every new one does.
func (w *World) addSecurityGroup(a *account, v *vpc, id, name, description string) *securityGroup {
	g := &securityGroup{ordinal: ordinal(w.next()), region: v.region, id: id, name: name, description: description, vpc: v.id}
	w.addRule(g, groupRule{egress: true, protocol: "-1", from: anyPort, to: anyPort, cidr: "0.0.0.0/0"})
	a.groups = append(a.groups, g)
	return g
}

func (w *World) addRule(g *securityGroup, r groupRule) *groupRule {
	r.ordinal, r.id = ordinal(w.next()), "sgr-0"+w.digest(16, "rule", g.id)
	g.rules = append(g.rules, &r)
	return &r
}

// addFileSystem gives a domain its home file system with the two security groups through which Studio reaches it. They
// refer to each other and stay when the domain goes (SageMaker developer guide, "Delete an Amazon SageMaker AI domain").
func (w *World) addFileSystem(d *domain) {
	a := w.accounts[d.account]
	v := a.vpc(d.region, d.input.VpcId)
	if v == nil {
		return
	}
	made := func(way string) *securityGroup {
		g := w.addSecurityGroup(a, v, "sg-0"+w.digest(16, "nfs-group", d.id, way), "security-group-for-"+way+"-nfs-"+d.id,
			"Security group for "+way+" NFS traffic of domain "+d.id)
		g.rules, g.tags = nil, []tag{{Key: "ManagedByAmazonSageMakerResource", Value: d.arn}}
		return g
	}
	inbound, outbound := made("inbound"), made("outbound")
	w.addRule(inbound, groupRule{protocol: "tcp", from: nfs, to: nfs, group: outbound.id})
	w.addRule(outbound, groupRule{egress: true, protocol: "tcp", from: nfs, to: nfs, group: inbound.id})
}

func (a *account) vpc(region, id string) *vpc {
	return find(a.vpcs, func(v *vpc) bool { return v.region == region && v.id == id })
}

func (a *account) subnet(region, id string) *subnet {
	return find(a.subnets, func(s *subnet) bool { return s.region == region && s.id == id })
}

func (a *account) group(region, id string) *securityGroup {
	return find(a.groups, func(g *securityGroup) bool { return g.region == region && g.id == id })
}

// find is the first that fits, or nil.
func find[T any](all []*T, fits func(*T) bool) *T {
	if i := slices.IndexFunc(all, fits); i >= 0 {
		return all[i]
	}
	return nil
}

// without removes one.
func without[T any](all []*T, one *T) []*T {
	return slices.DeleteFunc(all, func(other *T) bool { return other == one })
}

// inUse says whether a domain uses a subnet or a security group.
func (w *World) inUse(a *account, id string) bool {
	for _, d := range slices.Clone(a.domains) {
		if w.settle(d); d.status == "" {
			continue
		}
		if slices.Contains(d.input.SubnetIds, id) || slices.Contains(texts(d.input.DefaultUserSettings, "SecurityGroups"), id) ||
			slices.Contains(texts(d.input.DomainSettings, "SecurityGroupIds"), id) || d.fileSystem != "" && a.nfsGroupOf(d, id) {
			return true
		}
	}
	return false
}

func (a *account) nfsGroupOf(d *domain, id string) bool {
	g := a.group(d.region, id)
	return g != nil && strings.HasSuffix(g.name, "-nfs-"+d.id)
}

// checkNetwork is what CreateDomain checks of its network.
func (a *account) checkNetwork(region, vpcID string, subnets, groups []string) error {
	if a.vpc(region, vpcID) == nil {
		return invalid("The vpc ID '%s' does not exist", vpcID)
	}
	for _, id := range subnets {
		if s := a.subnet(region, id); s == nil || s.vpc != vpcID {
			return invalid("The subnet ID '%s' does not exist in VPC '%s'", id, vpcID)
		}
	}
	for _, id := range groups {
		if g := a.group(region, id); g == nil || g.vpc != vpcID {
			return invalid("The security group '%s' does not exist in VPC '%s'", id, vpcID)
		}
	}
	return nil
}
