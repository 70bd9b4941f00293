package activities

import (
	"time"

	"studio-onboarding/onboarding"
)

// Studio looks after execution roles, the network and the domain in the Studio account.
type Studio struct {
	AWS   AWS
	Waits Waits
}

// RolesInput lists the execution roles of a spec: names are found or created, ARNs only checked.
type RolesInput struct {
	Run    string                 `json:"run"`
	Studio onboarding.AccountSpec `json:"studio"`
	Region string                 `json:"region"`
	Roles  []string               `json:"roles"`
	Tags   map[string]string      `json:"tags,omitempty"`
}

// Role is an execution role. Wanted is how the spec names it.
type Role struct {
	Wanted string            `json:"wanted"`
	Name   string            `json:"name"`
	ARN    string            `json:"arn"`
	Origin onboarding.Origin `json:"origin"`
}

// RolesResult has a Role for each wanted one, in that order.
type RolesResult struct {
	Roles []Role `json:"roles"`
}

// NetworkInput names a network, or nothing for the default VPC.
type NetworkInput struct {
	Studio  onboarding.AccountSpec `json:"studio"`
	Region  string                 `json:"region"`
	Network onboarding.NetworkSpec `json:"network"`
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

// DomainInput describes the wanted domain.
type DomainInput struct {
	Run              string                 `json:"run"`
	Studio           onboarding.AccountSpec `json:"studio"`
	Region           string                 `json:"region"`
	Domain           onboarding.DomainSpec  `json:"domain"`
	ExecutionRoleARN string                 `json:"executionRoleArn"`
	Network          Network                `json:"network"`
}

// Domain is a Studio domain.
type Domain struct {
	ID             string            `json:"id"`
	ARN            string            `json:"arn"`
	Name           string            `json:"name"`
	Status         string            `json:"status"`
	FailureReason  string            `json:"failureReason,omitempty"`
	URL            string            `json:"url,omitempty"`
	ApplicationARN string            `json:"applicationArn,omitempty"`
	Origin         onboarding.Origin `json:"origin"`
	CreatedAt      time.Time         `json:"createdAt,omitzero"`
	// Transient says that a failed domain is worth deleting and making again (the KMS key 'null' fault).
	Transient bool `json:"transient,omitempty"`
}

// DomainRef names a domain by ID.
type DomainRef struct {
	Run    string                 `json:"run"`
	Studio onboarding.AccountSpec `json:"studio"`
	Region string                 `json:"region"`
	ID     string                 `json:"id"`
}
