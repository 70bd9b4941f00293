// Package sandbox simulates an Okta org and an AWS organization with a management account and a member account, over HTTP,
// on one port: AWS's JSON 1.1 and query APIs, Okta's REST API, AWS's SCIM endpoint, and below /sandbox/ what people do in
// consoles and browsers. It is written from the providers' documentation and shares no code with the product, so that it
// can catch the product's mistakes.
package sandbox

import (
	"io"
	"strings"
)

// Config describes a world.
type Config struct {
	// Region is where the AWS side lives. Default us-east-1.
	Region string
	// People is how many persons the Okta org has, at least 60. Default 64.
	People int
	// Groups is how many Okta groups it has besides Everyone, at least 4. Default 4.
	Groups int
	// Seed makes the generated people and identifiers the same each time. Default 1.
	Seed int64
	// World says who and what there is instead of People and Groups; its Region and Seed count where they are not given here.
	World *WorldFile
	// Speed divides every delay of the real world. Default 1.
	Speed float64
	// Unlimited lets every call through. Otherwise the services throttle at the rates that their providers document, which the
	// Speed multiplies.
	Unlimited bool
	// SageMakerRate is how many calls per second SageMaker's control plane takes from an account in the real world. AWS does
	// not publish it. Default 10.
	SageMakerRate float64
	// Faults is the fault script from the beginning; Client.SetFaults replaces it.
	Faults []Fault
	// Record takes every request to an AWS service with its answer as a line of JSON, without secrets; nil records nothing.
	// It is written to from several goroutines, one line at a time.
	Record io.Writer
	// BaseURL is under which address the world is reached, for the links in its answers; without trailing slash.
	BaseURL string
}

func (c Config) withDefaults() Config {
	if c.World != nil {
		if c.Region == "" {
			c.Region = c.World.Region
		}
		if c.Seed == 0 {
			c.Seed = c.World.Seed
		}
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.People == 0 {
		c.People = 64
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Speed == 0 {
		c.Speed = 1
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	return c
}
