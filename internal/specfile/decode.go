// Package specfile reads the YAML file in which a user says what they want: strictly, with the place of everything that is wrong.
package specfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/onboarding"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// Error is everything that is wrong with a spec file, in the order of the file.
type Error struct {
	File     string    `json:"file"`
	Findings []Finding `json:"findings"`
}

// Finding is one thing that is wrong with a spec file. Line and Column count from 1.
type Finding struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	// Field is the path of the field, such as access.groups[0].name; empty where the file as a whole is meant.
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	// Accepted says what would be right, where that can be said in a few words.
	Accepted string `json:"accepted,omitempty"`
}

// Error has one line for each finding: file:line:column: field: what is wrong (accepted: what would be right).
func (e *Error) Error() string {
	lines := make([]string, len(e.Findings))
	for i, finding := range e.Findings {
		lines[i] = fmt.Sprintf("%s:%d:%d: %s", e.File, finding.Line, finding.Column, finding)
	}
	return strings.Join(lines, "\n")
}

// String says what is wrong without the place.
func (f Finding) String() string {
	s := f.Message
	if f.Field != "" {
		s = f.Field + ": " + s
	}
	if f.Accepted != "" {
		s += " (accepted: " + f.Accepted + ")"
	}
	return s
}

// The defaults of fields that are absent.
const (
	defaultAppLabel = "AWS IAM Identity Center"
	defaultReminder = onboarding.Duration(4 * time.Hour)
	defaultDeadline = onboarding.Duration(14 * 24 * time.Hour)
)

// Decode reads a spec file strictly and fills in the defaults. What is wrong with the file comes back as one
// *Error with all findings at once; file is only used in its text. Data may be YAML or JSON.
func Decode(file string, data []byte) (onboarding.Spec, error) {
	source := readSpec(data)
	if source.root == nil {
		return onboarding.Spec{}, &Error{File: file, Findings: source.findings}
	}
	schema := specSchema()
	compiled, err := compileSchema(schema)
	if err != nil {
		return onboarding.Spec{}, fmt.Errorf("compile the schema of the spec: %w", err)
	}
	var invalid *validator.ValidationError
	if err := compiled.Validate(source.value); errors.As(err, &invalid) {
		describer{source: source, schema: schema}.describe(invalid)
	} else if err != nil {
		return onboarding.Spec{}, fmt.Errorf("check the spec against its schema: %w", err)
	}

	spec, err := source.lenient()
	if err != nil {
		return onboarding.Spec{}, err
	}
	spec = withDefaults(spec)
	checkRules(spec, source)
	if len(source.findings) > 0 {
		return onboarding.Spec{}, &Error{File: file, Findings: source.sorted()}
	}
	return spec, nil
}

// lenient decodes whatever has the right shape, so that the rules between fields can be checked although some field is
// wrong. Without findings it is the exact content of the file.
func (s *specSource) lenient() (onboarding.Spec, error) {
	for _, path := range [][]string{{"operator", "remindEvery"}, {"operator", "deadline"}, {"domain", "idleShutdown"},
		{"access", "guard", "window"}, {"access", "guard", "quarantine"}} {
		text, ok := s.at(path).(string)
		if !ok || text == onboarding.Disabled {
			continue
		}
		if _, err := onboarding.ParseDuration(text); err != nil {
			s.add(path, err.Error(), "")
			s.clear(path)
		}
	}
	data, err := json.Marshal(s.value)
	if err != nil {
		return onboarding.Spec{}, fmt.Errorf("read the spec: %w", err)
	}
	var spec onboarding.Spec
	if err := json.Unmarshal(data, &spec); err != nil {
		return onboarding.Spec{}, fmt.Errorf("read the spec: %w", err)
	}
	return spec, nil
}

func (s *specSource) sorted() []Finding {
	slices.SortStableFunc(s.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Field, b.Field),
			strings.Compare(a.Message, b.Message))
	})
	return s.findings
}

// withDefaults fills in what is absent and has one meaning, whatever is there. What depends on whether a domain is created stays empty.
func withDefaults(s onboarding.Spec) onboarding.Spec {
	s.Okta.AppLabel = cmp.Or(s.Okta.AppLabel, defaultAppLabel)
	s.Domain.Name = cmp.Or(s.Domain.Name, s.Name)
	s.Domain.ExecutionRole = cmp.Or(s.Domain.ExecutionRole, s.DefaultRole())
	s.Access.Profiles = cmp.Or(s.Access.Profiles, onboarding.ProfilesEager)
	s.Access.Rollout = cmp.Or(s.Access.Rollout, onboarding.RolloutEverybody)
	s.Access.OnRemoval = cmp.Or(s.Access.OnRemoval, onboarding.RemovalRevoke)
	s.Access.Guard = s.Access.Guard.Filled()
	s.Operator.RemindEvery = cmp.Or(s.Operator.RemindEvery, defaultReminder)
	s.Operator.Deadline = cmp.Or(s.Operator.Deadline, defaultDeadline)
	return s
}
