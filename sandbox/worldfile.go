package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"

	awsworld "studio-onboarding/sandbox/internal/aws"
	"studio-onboarding/sandbox/internal/okta"
	"studio-onboarding/sandbox/internal/simulation"
)

// WorldFile is a world that somebody has written down. See examples/sandbox/world.yaml.
type WorldFile struct {
	// Region is where the AWS side lives. Default us-east-1.
	Region string `yaml:"region"`
	// Seed is Config.Seed.
	Seed int64 `yaml:"seed"`
	// Okta is who is in the Okta org; the usual crowd when it is left out.
	Okta *okta.Population `yaml:"okta"`
	// AWS is what is in the AWS organization from the beginning.
	AWS awsworld.Seeds `yaml:"aws"`
}

// ReadWorld reads a world from YAML. Errors name the file, and the line where it can be told; what refers to something that
// isn't there is found when the world is made.
func ReadWorld(name string, data []byte) (*WorldFile, error) {
	var world WorldFile
	if err := readYAML(name, data, &world); err != nil {
		return nil, err
	}
	return &world, nil
}

// ReadFaults reads a fault script from YAML or JSON: a list of rules.
func ReadFaults(name string, data []byte) ([]Fault, error) {
	var faults []Fault
	if err := readYAML(name, data, &faults); err != nil {
		return nil, err
	}
	for i, fault := range faults {
		if err := fault.Check(); err != nil {
			return nil, fmt.Errorf("%s: fault %d: %w", name, i+1, err)
		}
	}
	return faults, nil
}

// readYAML reads one document without unknown fields.
func readYAML(name string, data []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s is empty", name)
		}
		unknown := regexp.MustCompile(`field (\S+) not found in type \S+`)
		return fmt.Errorf("%s: %s", name, unknown.ReplaceAllString(err.Error(), "there is no field $1 here"))
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: there must be one YAML document", name)
	}
	return nil
}

// FaultKinds are all kinds of faults.
func FaultKinds() []string { return simulation.FaultKinds() }
