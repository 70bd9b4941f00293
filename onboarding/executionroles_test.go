package onboarding_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

func TestExecutionRolesAreListedOnceTheDefaultFirst(t *testing.T) {
	spec := onboarding.Spec{
		Domain: onboarding.DomainSpec{ExecutionRole: "Default"},
		Access: onboarding.AccessSpec{
			Groups: []onboarding.GroupAccessSpec{{Name: "a"}, {Name: "b", ExecutionRole: "Ml"}, {Name: "c", ExecutionRole: "Default"}},
			People: []onboarding.PersonAccessSpec{
				{Login: "ann@example.com", ExecutionRole: "arn:aws:iam::222222222222:role/Own"}, {Login: "bob@example.com", ExecutionRole: "Ml"},
			},
		},
	}
	require.Equal(t, []string{"Default", "Ml", "arn:aws:iam::222222222222:role/Own"}, spec.ExecutionRoles())
	require.Equal(t, []string{"Default"}, onboarding.Spec{Domain: spec.Domain}.ExecutionRoles())
	require.Empty(t, onboarding.Spec{}.ExecutionRoles())
}
