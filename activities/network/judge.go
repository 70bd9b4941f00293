package network

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
)

// The codes of this judge.
const (
	CodeNetwork   = "network"
	CodeNFS       = "security-groups"
	CodeEndpoints = "vpc-endpoints"
)

const (
	fieldVPC     = "domain.network.vpc"
	fieldSubnets = "domain.network.subnets"
	fieldGroups  = "domain.network.securityGroups"
	fieldAccess  = "domain.network.access"
)

const (
	// maxSubnets is the limit of a domain (SageMaker API Reference, CreateDomain).
	maxSubnets = 16
	// nfs is the port of the home file system.
	nfs = 2049
	// available is the state of a subnet that can be used.
	available = "available"

	fitting = "Correct domain.network in the spec: subnets and security groups have to exist in the domain's Region and in its VPC."
)

// Chosen is where the domain goes, or is: what the spec names, or else what the existing domain has, or else the default VPC
// with one available subnet in each Availability Zone. Without a VPC, it is as far as the spec says.
func Chosen(spec onboarding.Spec, state State) Network {
	named, domain := spec.Domain.Network, state.Domain
	network := Network{
		VPC: wantedVPC(named, domain), Subnets: named.Subnets, SecurityGroups: named.SecurityGroups,
		Access: named.Access,
	}
	if domain != nil {
		network.Access = cmp.Or(network.Access, domain.Access)
	}
	network.Access = cmp.Or(network.Access, onboarding.NetworkPublic)
	if state.VPC != nil {
		network.VPC, network.Default = state.VPC.ID, state.VPC.Default
	}
	if domain != nil && network.VPC == domain.VPC {
		if len(network.Subnets) == 0 {
			network.Subnets = domain.Subnets
		}
		if len(network.SecurityGroups) == 0 {
			network.SecurityGroups = domain.SecurityGroups
		}
	}
	if len(network.Subnets) == 0 {
		network.Subnets = onePerZone(state.Subnets)
	}
	return network
}

// wantedVPC is the VPC to look for, "" for the default one.
func wantedVPC(named onboarding.NetworkSpec, domain *Domain) string {
	if named.VPC == "" && domain != nil {
		return domain.VPC
	}
	return named.VPC
}

// onePerZone takes one available subnet of each Availability Zone, the zone's default one where there is one.
func onePerZone(all []Subnet) []string {
	all = slices.DeleteFunc(slices.Clone(all), func(s Subnet) bool { return s.Outpost || s.State != available })
	slices.SortFunc(all, func(a, b Subnet) int {
		return cmp.Or(strings.Compare(a.Zone, b.Zone), compareBool(b.Default, a.Default), strings.Compare(a.ID, b.ID))
	})
	all = slices.CompactFunc(all, func(a, b Subnet) bool { return a.Zone == b.Zone })
	var ids []string
	for _, subnet := range all[:min(len(all), maxSubnets)] {
		ids = append(ids, subnet.ID)
	}
	return ids
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

// unnamed is the verdict of a spec that does not say enough; nil where it does.
func unnamed(named onboarding.NetworkSpec) *onboarding.Verdict {
	verdict := blocked(fieldSubnets)
	switch {
	case named.VPC != "" && len(named.Subnets) == 0:
		verdict.Reason = fmt.Sprintf("The spec names %s, but none of its subnets.", named.VPC)
		verdict.Remedy = "List the domain's subnets in domain.network.subnets, or leave vpc out to use the default VPC."
		return &verdict
	case len(named.Subnets) > maxSubnets:
		verdict.Reason = fmt.Sprintf("The spec names %d subnets; a domain takes at most %d.", len(named.Subnets), maxSubnets)
		verdict.Remedy = "Shorten domain.network.subnets."
		return &verdict
	}
	return nil
}

func blocked(field string) onboarding.Verdict {
	return onboarding.Verdict{Resource: onboarding.ResourceNetwork, Field: field, Kind: onboarding.VerdictBlocked, Code: CodeNetwork}
}

// Judge says whether the network can carry the domain. Nothing is made here: it fits, or the run is blocked. Where it is
// blocked by a field of the spec, that verdict is the only one.
func Judge(spec onboarding.Spec, state State) []onboarding.Verdict {
	network := Chosen(spec, state)
	if stopped := impossible(spec, state, network); stopped != nil {
		return []onboarding.Verdict{*stopped}
	}
	name := network.VPC
	if network.Default {
		name += " (the default VPC)"
	}
	whole := onboarding.Verdict{
		Resource: onboarding.ResourceNetwork, Subject: network.VPC, Kind: onboarding.VerdictKeep, Code: CodeNetwork,
		Reason: fmt.Sprintf("The domain's network is %s with %s and %s.", name, count(len(network.Subnets), "subnet"),
			count(len(network.SecurityGroups), "security group")),
	}
	verdicts := []onboarding.Verdict{whole}
	named := spec.Domain.Network
	origin := "by default"
	if state.Domain != nil {
		origin = "as the domain " + state.Domain.ID + " has it"
	}
	field := func(path, have, want string) {
		verdict := whole
		verdict.Field, verdict.Have, verdict.Want = path, have, want
		verdict.Reason = fmt.Sprintf("%s is %s.", path, cmp.Or(have, "empty"))
		if want == "" {
			verdict.Reason = fmt.Sprintf("The spec leaves %s open: it is %s, %s.", path, cmp.Or(have, "empty"), origin)
		}
		verdicts = append(verdicts, verdict)
	}
	field(fieldVPC, network.VPC, named.VPC)
	field(fieldSubnets, strings.Join(network.Subnets, ", "), strings.Join(named.Subnets, ", "))
	field(fieldGroups, strings.Join(network.SecurityGroups, ", "), strings.Join(named.SecurityGroups, ", "))
	field(fieldAccess, network.Access, named.Access)
	verdicts = append(verdicts, judgeGone(state, network)...)
	verdicts = append(verdicts, judgePorts(spec, state, network)...)
	return append(verdicts, judgeWayOut(state, network)...)
}

// count writes a number with its noun.
func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// impossible is why the domain cannot be there; nil where it can.
func impossible(spec onboarding.Spec, state State, network Network) *onboarding.Verdict {
	named := spec.Domain.Network
	if stopped := unnamed(named); stopped != nil {
		return stopped
	}
	stopped := blocked("")
	switch {
	case state.Trouble != nil:
		stopped = state.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceNetwork, "", CodeNetwork)
		return &stopped
	case network.Access == onboarding.NetworkVPCOnly && len(network.SecurityGroups) == 0 && (state.Domain == nil || named.Access != ""):
		// CreateDomain: "Required when the AppNetworkAccessType parameter is set to VpcOnly".
		stopped.Field, stopped.Reason = fieldGroups, "The network access vpc-only needs security groups."
		stopped.Remedy = "List at least one in domain.network.securityGroups; it has to allow NFS (TCP 2049) and traffic among its members."
		return &stopped
	case state.VPC == nil:
		return missingVPC(spec, state)
	case len(named.Subnets) > 0:
		stopped = judgeSubnets(state, network)
	case len(network.Subnets) == 0:
		stopped.Field, stopped.Subject = fieldSubnets, network.VPC
		stopped.Reason = fmt.Sprintf("The default VPC %s has no available subnet.", network.VPC)
		stopped.Remedy = "Create one (aws ec2 create-default-subnet), or name a VPC and its subnets in domain.network of the spec, then retry."
		if state.Domain != nil {
			stopped.Reason = fmt.Sprintf("The VPC %s of the domain %s has no available subnet.", network.VPC, state.Domain.ID)
			stopped.Remedy = "Name subnets of it in domain.network of the spec, then retry."
		}
	}
	if stopped.Reason == "" && len(named.SecurityGroups) > 0 {
		stopped = judgeGroups(state, network)
	}
	if stopped.Reason == "" {
		return nil
	}
	return &stopped
}

func missingVPC(spec onboarding.Spec, state State) *onboarding.Verdict {
	stopped := blocked(fieldVPC)
	switch named := spec.Domain.Network.VPC; {
	case named != "":
		stopped.Subject, stopped.Want = named, named
		stopped.Reason = fmt.Sprintf("There is no VPC %s in %s.", named, spec.Region)
		stopped.Remedy = "Correct domain.network.vpc in the spec, or leave it out to use the default VPC."
	case state.Domain != nil:
		stopped.Subject, stopped.Want = state.Domain.VPC, state.Domain.VPC
		stopped.Reason = fmt.Sprintf("There is no VPC %s in %s any more, in which the domain %s is.",
			state.Domain.VPC, spec.Region, state.Domain.ID)
		stopped.Remedy = "Delete that domain in the SageMaker console, or give domain.name another value in the spec; then retry."
	default:
		stopped.Reason = fmt.Sprintf("The Studio account has no default VPC in %s.", spec.Region)
		stopped.Remedy = "Name a VPC and its subnets in domain.network of the spec, " +
			"or create a default VPC (aws ec2 create-default-vpc), then retry."
		if trouble := state.DomainTrouble; trouble != nil {
			stopped.Reason += fmt.Sprintf(" Whether the domain exists, whose network would count, could not be looked at: %s: %s",
				trouble.Operation, trouble.Message)
			stopped.Remedy = strings.TrimSpace(trouble.Remedy + " " + stopped.Remedy)
		}
	}
	return &stopped
}

// judgeSubnets refuses named subnets that are missing, unavailable or in another VPC; without a Reason they fit.
func judgeSubnets(state State, network Network) onboarding.Verdict {
	var wrong []string
	strangers := map[string][]string{}
	if state.SubnetsMissing {
		wrong = append(wrong, "not all of the subnets "+strings.Join(network.Subnets, ", ")+" exist")
	}
	for _, id := range network.Subnets {
		i := slices.IndexFunc(state.Subnets, func(s Subnet) bool { return s.ID == id })
		switch {
		case state.SubnetsMissing:
		case i < 0:
			wrong = append(wrong, id+" does not exist")
		case state.Subnets[i].VPC != network.VPC:
			strangers[state.Subnets[i].VPC] = append(strangers[state.Subnets[i].VPC], id)
		case state.Subnets[i].State != available:
			wrong = append(wrong, id+" is "+state.Subnets[i].State)
		}
	}
	return misfit(fieldSubnets, network, append(wrong, elsewhere(strangers, network.VPC)...))
}

// elsewhere says which things belong to which other VPC.
func elsewhere(strangers map[string][]string, vpc string) []string {
	var wrong []string
	for _, other := range slices.Sorted(maps.Keys(strangers)) {
		belong := " belong to "
		if len(strangers[other]) == 1 {
			belong = " belongs to "
		}
		wrong = append(wrong, strings.Join(strangers[other], ", ")+belong+other+", not to "+vpc)
	}
	return wrong
}

// judgeGroups refuses named security groups that are missing or in another VPC; without a Reason they fit.
func judgeGroups(state State, network Network) onboarding.Verdict {
	var wrong []string
	strangers := map[string][]string{}
	if state.GroupsMissing {
		wrong = append(wrong, "not all of the security groups "+strings.Join(network.SecurityGroups, ", ")+" exist")
	}
	for _, id := range network.SecurityGroups {
		i := slices.IndexFunc(state.Groups, func(g SecurityGroup) bool { return g.ID == id })
		switch {
		case state.GroupsMissing:
		case i < 0:
			wrong = append(wrong, id+" does not exist")
		case state.Groups[i].VPC != network.VPC:
			strangers[state.Groups[i].VPC] = append(strangers[state.Groups[i].VPC], id)
		}
	}
	return misfit(fieldGroups, network, append(wrong, elsewhere(strangers, network.VPC)...))
}

func misfit(field string, network Network, wrong []string) onboarding.Verdict {
	verdict := blocked(field)
	if len(wrong) > 0 {
		verdict.Subject, verdict.Remedy = network.VPC, fitting
		verdict.Reason = fmt.Sprintf("The network of the spec does not fit: %s.", strings.Join(wrong, "; "))
	}
	return verdict
}

// judgeGone: a domain may have outlived a subnet or a security group; it works on with the others.
func judgeGone(state State, network Network) []onboarding.Verdict {
	if state.Domain == nil || !state.SubnetsMissing && !state.GroupsMissing {
		return nil
	}
	return []onboarding.Verdict{{
		Resource: onboarding.ResourceNetwork, Subject: network.VPC, Kind: onboarding.VerdictWarning, Code: CodeNetwork,
		Reason: fmt.Sprintf("Not all of the subnets and security groups of the domain %s exist any more.", state.Domain.ID),
		Remedy: "Name subnets and security groups that exist in domain.network of the spec.",
	}}
}

// judgePorts: the apps reach the home file system through the domain's security groups (SageMaker API Reference,
// CreateDomain: NFS traffic over TCP on port 2049 must be allowed, inbound and outbound).
func judgePorts(spec onboarding.Spec, state State, network Network) []onboarding.Verdict {
	files := spec.Domain.HomeFileSystem
	if state.Domain != nil {
		files = cmp.Or(files, state.Domain.HomeFileSystem)
	}
	if files != onboarding.FileSystemEnabled || len(network.SecurityGroups) == 0 || state.GroupsMissing {
		return nil
	}
	verdict := onboarding.Verdict{
		Resource: onboarding.ResourceNetwork, Subject: network.VPC, Field: fieldGroups, Kind: onboarding.VerdictKeep, Code: CodeNFS,
		Reason: "NFS (TCP 2049) is allowed in both directions.",
	}
	var missing []string
	if !slices.ContainsFunc(state.Groups, func(g SecurityGroup) bool { return g.NFSIn }) {
		missing = append(missing, "inbound")
	}
	if !slices.ContainsFunc(state.Groups, func(g SecurityGroup) bool { return g.NFSOut }) {
		missing = append(missing, "outbound")
	}
	if len(missing) > 0 {
		verdict.Kind = onboarding.VerdictWarning
		verdict.Reason = fmt.Sprintf("None of the security groups %s allows NFS (TCP 2049) %s, so that apps cannot mount the home file system.",
			strings.Join(network.SecurityGroups, ", "), strings.Join(missing, " and "))
		verdict.Remedy = "Add a rule for TCP 2049, from and to the group itself, to one of them."
	}
	return []onboarding.Verdict{verdict}
}

// neededEndpoints are the services that Studio calls from within the VPC, by the end of the endpoint's service name
// (SageMaker Developer Guide, "Connect Studio in a VPC to external resources").
func neededEndpoints() []string {
	return []string{"sagemaker.api", "sagemaker.runtime", "sts", "logs", "ecr.api", "ecr.dkr", "s3"}
}

// judgeWayOut: apps in a domain that is VPC-only start if their subnets have a way out, such as NAT, or the endpoints of the
// services they call.
func judgeWayOut(state State, network Network) []onboarding.Verdict {
	if network.Access != onboarding.NetworkVPCOnly {
		return nil
	}
	verdict := onboarding.Verdict{
		Resource: onboarding.ResourceNetwork, Subject: network.VPC, Field: fieldAccess, Kind: onboarding.VerdictKeep, Code: CodeEndpoints,
	}
	closed := slices.DeleteFunc(slices.Clone(network.Subnets), func(subnet string) bool { return leadsOut(state.Tables, subnet) })
	missing := slices.DeleteFunc(neededEndpoints(), func(service string) bool {
		return slices.ContainsFunc(state.Endpoints, func(name string) bool { return strings.HasSuffix(name, "."+service) })
	})
	switch {
	case state.RoutesTrouble != nil:
		verdict.Kind, verdict.Reason = onboarding.VerdictUnknown, unlooked("The way out of "+network.VPC+" was", state.RoutesTrouble)
	case len(closed) == 0:
		verdict.Reason = fmt.Sprintf("All subnets of %s have a way out.", network.VPC)
	case state.EndpointsTrouble != nil:
		verdict.Kind, verdict.Reason = onboarding.VerdictUnknown, unlooked("The endpoints of "+network.VPC+" were", state.EndpointsTrouble)
	case len(missing) > 0:
		verdict.Kind = onboarding.VerdictWarning
		verdict.Reason = fmt.Sprintf("The domain is VPC-only, and %s have neither a way out nor all endpoints, so that apps will not start. "+
			"Missing in %s: %s.",
			strings.Join(closed, ", "), network.VPC, strings.Join(missing, ", "))
		verdict.Remedy = "Give the subnets a route to a NAT gateway, or make these endpoints in the VPC."
	default:
		verdict.Reason = fmt.Sprintf("%s has the endpoints that Studio needs.", network.VPC)
	}
	return []onboarding.Verdict{verdict}
}

func unlooked(what string, trouble *onboarding.Trouble) string {
	return fmt.Sprintf("%s not looked at, because the credentials do not allow %s.", what, trouble.Operation)
}

// leadsOut says whether a subnet's default route leads out for apps, which have no public address: not to an internet gateway.
// A subnet without a route table of its own has the VPC's main one.
func leadsOut(tables []RouteTable, subnet string) bool {
	i := slices.IndexFunc(tables, func(t RouteTable) bool { return slices.Contains(t.Subnets, subnet) })
	if i < 0 {
		i = slices.IndexFunc(tables, func(t RouteTable) bool { return t.Main })
	}
	return i >= 0 && slices.ContainsFunc(tables[i].Gateways, func(gateway string) bool { return !strings.HasPrefix(gateway, "igw-") })
}
