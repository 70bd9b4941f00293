// Package model knows what the simulated AWS services accept: the input half of their public service models. It parses
// query-protocol forms and checks inputs against required members, types, patterns, lengths, ranges and enums.
//
// The files in data are made by the generate command from the models that botocore ships.
package model

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
)

//go:embed data/*.json
var files embed.FS

// The protocols of the simulated services.
const (
	JSON  = "json"
	Query = "query"
	EC2   = "ec2"
)

// Service is the input half of a service's model.
type Service struct {
	// Protocol is JSON, Query or EC2.
	Protocol string `json:"protocol"`
	// TargetPrefix stands before the dot of X-Amz-Target.
	TargetPrefix string `json:"targetPrefix"`
	// XMLNamespace is that of the answers of query services.
	XMLNamespace string `json:"xmlNamespace"`
	// Operations are the input shapes by operation; an operation without input has an empty one.
	Operations map[string]string `json:"operations"`
	// Errors are the modelled errors with the name of the member that holds the message.
	Errors map[string]string `json:"errors"`
	Shapes map[string]*Shape `json:"shapes"`
}

// Shape is a type of the model.
type Shape struct {
	Type     string            `json:"type"`
	Required []string          `json:"required"`
	Members  map[string]Member `json:"members"`
	Member   *Member           `json:"member"`
	Key      *Member           `json:"key"`
	Value    *Member           `json:"value"`
	Enum     []string          `json:"enum"`
	Min      *float64          `json:"min"`
	Max      *float64          `json:"max"`
	Pattern  string            `json:"pattern"`
	// Flattened lists of the query protocol have no "member" between name and index.
	Flattened bool `json:"flattened"`
	// Document shapes hold any JSON value.
	Document bool `json:"document"`

	pattern *regexp.Regexp
}

// Member refers to a shape.
type Member struct {
	Shape        string `json:"shape"`
	LocationName string `json:"locationName"`
	QueryName    string `json:"queryName"`
}

// Load reads the model of the service with that signing name.
func Load(name string) (*Service, error) {
	data, err := files.ReadFile("data/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("no model of service %s: %w", name, err)
	}
	var service Service
	if err := json.Unmarshal(data, &service); err != nil {
		return nil, fmt.Errorf("model of service %s: %w", name, err)
	}
	codePoint := regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	for _, shape := range service.Shapes {
		if shape.Pattern != "" {
			// The models' patterns are Java's. RE2 refuses a few (lookaheads, repeat counts above 1000); what those bound
			// is mostly bounded by min and max too.
			shape.pattern, _ = regexp.Compile("^(?:" + codePoint.ReplaceAllString(shape.Pattern, `\x{$1}`) + ")$")
		}
	}
	return &service, nil
}
