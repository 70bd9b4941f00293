package awsworld

import (
	"fmt"
	"slices"
)

// endpoint is a VPC endpoint.
type endpoint struct {
	ordinal
	region, id, vpc, service, kind string
}

type vpc struct {
	ordinal
	region, id, cidr string
	standard         bool
	tags             []tag
}

type subnet struct {
	ordinal
	region, id, vpc, zone, zoneID, cidr string
	tags                                []tag
}

type securityGroup struct {
	ordinal
	region, id, name, description, vpc string
}

// seedNetwork gives each account its default VPC, and the member account a second VPC that somebody left without subnets.
func (w *World) seedNetwork(a *account) {
	standard := w.addVPC(a, "default", "172.31.0.0/16")
	standard.standard = true
	for i, zone := range []string{"a", "b", "c"} {
		a.subnets = append(a.subnets, &subnet{
			ordinal: ordinal(w.next()), region: w.region, id: "subnet-0" + w.digest(16, "subnet", a.id, zone), vpc: standard.id,
			zone: w.region + zone, zoneID: fmt.Sprintf("az%d", i+1), cidr: fmt.Sprintf("172.31.%d.0/20", i*16),
		})
	}
	if a.id == MemberAccount {
		empty := w.addVPC(a, "empty", "10.20.0.0/16")
		empty.tags = []tag{{Key: "Name", Value: "legacy-without-subnets"}}
		a.endpoints = append(a.endpoints, &endpoint{
			ordinal: ordinal(w.next()), region: w.region, id: "vpce-0" + w.digest(16, "endpoint", a.id, "s3"), vpc: standard.id,
			service: "com.amazonaws." + w.region + ".s3", kind: "Gateway",
		})
	}
}

func (w *World) addVPC(a *account, name, cidr string) *vpc {
	v := &vpc{ordinal: ordinal(w.next()), region: w.region, id: "vpc-0" + w.digest(16, "vpc", a.id, name), cidr: cidr}
	a.vpcs = append(a.vpcs, v)
	a.groups = append(a.groups, &securityGroup{
		ordinal: ordinal(w.next()), region: w.region, id: "sg-0" + w.digest(16, "security-group", a.id, name),
		name: "default", description: "default VPC security group", vpc: v.id,
	})
	return v
}

// checkNetwork is what CreateDomain checks of its network.
func (a *account) checkNetwork(region, vpcID string, subnets, groups []string) error {
	if !slices.ContainsFunc(a.vpcs, func(v *vpc) bool { return v.region == region && v.id == vpcID }) {
		return invalid("The vpc ID '%s' does not exist", vpcID)
	}
	for _, id := range subnets {
		if !slices.ContainsFunc(a.subnets, func(s *subnet) bool { return s.region == region && s.id == id && s.vpc == vpcID }) {
			return invalid("The subnet ID '%s' does not exist in VPC '%s'", id, vpcID)
		}
	}
	for _, id := range groups {
		if !slices.ContainsFunc(a.groups, func(g *securityGroup) bool { return g.region == region && g.id == id && g.vpc == vpcID }) {
			return invalid("The security group '%s' does not exist in VPC '%s'", id, vpcID)
		}
	}
	return nil
}
