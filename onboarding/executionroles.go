package onboarding

import "slices"

// ExecutionRoles are the execution roles that a spec names, by name or ARN, each once: the domain's default first, then those
// of groups and of single people in the order of the spec.
func (s Spec) ExecutionRoles() []string {
	var roles []string
	add := func(role string) {
		if role != "" && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	add(s.Domain.ExecutionRole)
	for _, group := range s.Access.Groups {
		add(group.ExecutionRole)
	}
	for _, person := range s.Access.People {
		add(person.ExecutionRole)
	}
	return roles
}

// DefaultRole is the execution role of a domain whose spec names none.
func (s Spec) DefaultRole() string { return "SageMakerStudio-" + s.Name }
