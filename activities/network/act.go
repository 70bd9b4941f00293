package network

import (
	"context"

	"studio-onboarding/activities/provider"
	"studio-onboarding/onboarding"
)

// Activities find networks.
type Activities struct {
	AWS provider.AWS
}

// NetworkInput names a network, or nothing for that of the domain, or the default VPC.
type NetworkInput struct {
	Studio  onboarding.AccountSpec `json:"studio"`
	Region  string                 `json:"region"`
	Network onboarding.NetworkSpec `json:"network"`
	// DomainName is the name of the domain, whose own network counts where it exists and the spec names none.
	DomainName string `json:"domainName,omitempty"`
}

// Network is where the domain goes.
type Network struct {
	VPC            string   `json:"vpc"`
	Subnets        []string `json:"subnets"`
	SecurityGroups []string `json:"securityGroups,omitempty"`
	// Access is a NetworkSpec.Access value.
	Access  string `json:"access"`
	Default bool   `json:"default"`
}

// ResolveNetwork finds the VPC, subnets and security groups of the domain: those that the spec names, which have to exist and
// belong together; or those of the domain where it is there already; or the default VPC with one available subnet in each
// Availability Zone. Class Invalid: they don't fit.
func (x *Activities) ResolveNetwork(ctx context.Context, in NetworkInput) (Network, error) {
	spec := onboarding.Spec{
		Studio: in.Studio, Region: in.Region, Domain: onboarding.DomainSpec{Name: in.DomainName, Network: in.Network},
	}
	var state State
	if unnamed(in.Network) == nil {
		cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
		if err != nil {
			return Network{}, err
		}
		if in.DomainName != "" {
			if state.Domain, err = findDomain(ctx, provider.NewSageMaker(cfg), in.DomainName); err != nil {
				// What the domain needs is the business of a later step, unless there is no other network.
				if state.DomainTrouble, err = provider.Trouble(err); err != nil {
					return Network{}, err
				}
			}
		}
		eye := reader{client: newCalls(cfg), named: in.Network, domain: state.Domain}
		if err := eye.look(ctx, &state); err != nil {
			return Network{}, err
		}
	}
	verdicts := Judge(spec, state)
	if blocked := onboarding.Blocked(verdicts); len(blocked) > 0 {
		return Network{}, provider.Refuse(blocked, "aws", operationOf(blocked[0].Field))
	}
	return Chosen(spec, state), nil
}

// operationOf is the call that shows what is wrong with a field.
func operationOf(field string) string {
	switch field {
	case fieldSubnets:
		return "ec2:DescribeSubnets"
	case fieldGroups:
		return "ec2:DescribeSecurityGroups"
	}
	return "ec2:DescribeVpcs"
}
