package role_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/role"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// What the judge says before a run is what the run does, and afterwards there is nothing left to do.
func TestTheJudgeAgreesWithTheRun(t *testing.T) {
	w, x, _ := newRoles(t)
	s := spec(keyed, tagged, func(s *onboarding.Spec) {
		s.Studio = activitytest.StudioAccount
		s.Access.People = []onboarding.PersonAccessSpec{{Login: "ann@example.com", ExecutionRole: foreignRole}}
	})
	writes := func() (kinds []string) {
		state, err := role.Look(t.Context(), w.Clouds, s, "222222222222")
		require.NoError(t, err)
		for _, v := range role.Judge(s, state) {
			if v.Kind.Writes() && (v.Field == "" || v.Resource == onboarding.ResourceRolePolicy) {
				kinds = append(kinds, line(v))
			}
		}
		return kinds
	}
	require.Equal(t, []string{"create execution-role", "create execution-role-policies", "create execution-role-key domain.kmsKey"}, writes())
	_, err := activitytest.Once(x.EnsureRoles, role.RolesInput{
		Run: s.Name, Studio: s.Studio, Region: s.Region, Roles: s.ExecutionRoles(), Tags: s.Domain.Tags, KMSKey: keyARN,
	})
	require.NoError(t, err)
	require.Equal(t, 1, w.Count(t, "CreateRole", "created"))
	require.Equal(t, 2, w.Count(t, "AttachRolePolicy", "changed")+w.Count(t, "PutRolePolicy", "changed"))
	require.Empty(t, writes())
}

func TestOneRoleThatMayNotBeReadHidesNoOther(t *testing.T) {
	w, _, _ := newRoles(t)
	s := spec(func(s *onboarding.Spec) {
		s.Studio = activitytest.StudioAccount
		s.Access.People = []onboarding.PersonAccessSpec{{Login: "ann@example.com", ExecutionRole: foreignRole}}
	})
	w.Faults(t, sandbox.Fault{Service: "iam", Operation: "GetRole", Kind: sandbox.FaultDeny, Times: 1})
	state, err := role.Look(t.Context(), w.Clouds, s, "")
	require.NoError(t, err)
	verdicts := role.Judge(s, state)
	require.Len(t, onboarding.Blocked(verdicts), 1)
	require.Contains(t, verdicts[0].Reason, "iam:GetRole")
	require.Contains(t, verdicts[0].Remedy, `"Action":"iam:GetRole"`)
	require.Len(t, onboarding.OfKind(verdicts, onboarding.VerdictAdopt), 1)

	w.Faults(t, sandbox.Fault{Service: "iam", Operation: "ListAttachedRolePolicies", Kind: sandbox.FaultDeny})
	state, err = role.Look(t.Context(), w.Clouds, s, "")
	require.NoError(t, err)
	unknown := onboarding.OfKind(role.Judge(s, state), onboarding.VerdictUnknown)
	require.Len(t, unknown, 1)
	require.Equal(t, "The policies of "+foreignRole+" were not looked at, because the credentials do not allow "+
		"iam:ListAttachedRolePolicies.", unknown[0].Reason)

	w.Faults(t, sandbox.Fault{Service: "iam", Kind: sandbox.FaultThrottle})
	_, err = role.Look(t.Context(), w.Clouds, s, "")
	require.Equal(t, fault.Throttled, fault.ClassOf(err), "%v", err)
}
