package sandbox

import (
	"slices"

	awsworld "studio-onboarding/sandbox/internal/aws"
	"studio-onboarding/sandbox/internal/okta"
)

// Operations are all calls that a world knows, as "service operation" in the words of the call log and the fault script.
func Operations() []string {
	operations := append(awsworld.Operations(), okta.Operations()...)
	slices.Sort(operations)
	return operations
}
