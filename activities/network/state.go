package network

import "studio-onboarding/onboarding"

// State is the network that a spec asks for, as it was found.
type State struct {
	// VPC is nil where there is none such.
	VPC *VPC
	// Subnets are those that the spec or the domain names, as far as there are any, or else all available ones of the VPC.
	Subnets []Subnet
	// Groups are the security groups that are named.
	Groups []SecurityGroup
	// SubnetsMissing and GroupsMissing say that EC2 does not have all that are named; it does not say which.
	SubnetsMissing, GroupsMissing bool
	// Tables and Endpoints are the VPC's, read where apps reach nothing else: its route tables and the service names of its endpoints.
	Tables    []RouteTable
	Endpoints []string
	// Domain is the network of the domain that is there already; nil where there is none.
	Domain *Domain
	// Trouble is why the network could not be looked at, the others why the rest could not.
	Trouble, DomainTrouble, RoutesTrouble, EndpointsTrouble *onboarding.Trouble
}

// VPC is a VPC.
type VPC struct {
	ID      string
	Default bool
}

// Subnet is a subnet.
type Subnet struct {
	ID, VPC, Zone, State string
	// Default says that it is the default subnet of its zone, Outpost that it is on somebody's own premises.
	Default, Outpost bool
}

// SecurityGroup is a security group; NFSIn and NFSOut say whether it lets NFS through.
type SecurityGroup struct {
	ID, VPC       string
	NFSIn, NFSOut bool
}

// RouteTable is a route table with the gateways of its default routes: the empty one for anything that is no internet or
// virtual private gateway, such as NAT.
type RouteTable struct {
	Main     bool
	Subnets  []string
	Gateways []string
}

// Domain is the network of a domain.
type Domain struct {
	ID, VPC                 string
	Subnets, SecurityGroups []string
	// Access and HomeFileSystem are values of the spec's fields of that name.
	Access, HomeFileSystem string
}
