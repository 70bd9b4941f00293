package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/activities/activitytest"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// TestACheckOfTheDemo looks at the simulated world before anything was done in it, with the real clients.
func TestACheckOfTheDemo(t *testing.T) {
	j := newJourney(t, sandbox.Config{})
	spec := demoSpec(t)
	look := func() onboarding.Assessment {
		result := do(j, j.assessor().RunPreflight, activities.PreflightInput{Spec: spec})
		require.Empty(t, onboarding.Blocked(result.Verdicts))
		return result
	}
	lookUntil := func(there func(onboarding.Assessment) bool) {
		for deadline := time.Now().Add(20 * time.Second); !there(look()); {
			require.True(t, time.Now().Before(deadline), "the world did not come that far in time")
		}
	}
	said := func(result onboarding.Assessment, kind onboarding.VerdictKind, code string) string {
		var said strings.Builder
		for _, verdict := range onboarding.OfKind(result.Verdicts, kind) {
			if verdict.Code == code {
				said.WriteString(verdict.Reason + "\n")
			}
		}
		return said.String()
	}

	result := look()
	require.Equal(t, "111111111111", result.IdentityAccount)
	require.Equal(t, "222222222222", result.StudioAccount)
	require.Contains(t, said(result, onboarding.VerdictAsk, "identity-center"), "not enabled yet")
	require.Contains(t, said(result, onboarding.VerdictWarning, "people-without-app"), "noor.haddad@example.com")
	for login, reason := range map[string]string{
		"ines@example.com":         "no last name",
		"tomas.novak@example.com":  "not active in Okta",
		"kgarcia":                  "not an e-mail address",
		"sade.okoro@example.com":   "which Identity Center refuses",
		"maria.santos@example.com": "Maria.Santos@example.com",
	} {
		require.Contains(t, said(result, onboarding.VerdictWarning, "people"), login+" (")
		require.Contains(t, said(result, onboarding.VerdictWarning, "people"), reason)
	}
	require.NotContains(t, said(result, onboarding.VerdictWarning, "people"), "edda.falk@example.com")

	require.NoError(t, j.console.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	lookUntil(func(result onboarding.Assessment) bool {
		return said(result, onboarding.VerdictAsk, "identity-center") == ""
	})
	require.NoError(t, j.console.CreateUser(t.Context(), "by.hand@example.com", "by.hand@example.com"))
	lookUntil(func(result onboarding.Assessment) bool {
		return strings.Contains(said(result, onboarding.VerdictWarning, "user-taken-over"), "by.hand@example.com")
	})
	for _, call := range j.calls(0) {
		require.False(t, call.Write, "a check changes nothing: %+v", call)
	}
}

// A quick look leaves assignments and profiles to the step that makes them, and one at things leaves the people out.
func TestAQuickLookAndEverybody(t *testing.T) {
	j := newJourney(t, sandbox.Config{})
	spec := demoSpec(t)
	j.run(spec)
	look := func(in activities.PreflightInput) (onboarding.Assessment, map[onboarding.ResourceKind]int, map[string]int) {
		mark := j.mark()
		in.Spec = spec
		result := do(j, j.assessor().RunPreflight, in)
		kinds, calls := map[onboarding.ResourceKind]int{}, map[string]int{}
		for _, verdict := range result.Verdicts {
			kinds[verdict.Resource]++
		}
		for _, call := range j.calls(mark) {
			calls[call.Operation]++
		}
		return result, kinds, calls
	}
	quick, kinds, calls := look(activities.PreflightInput{})
	require.Zero(t, kinds[onboarding.ResourceAssignment]+kinds[onboarding.ResourceProfile])
	require.Positive(t, kinds[onboarding.ResourcePerson])
	require.Zero(t, calls["ListGroupMemberships"]+calls["DescribeUserProfile"])
	require.Equal(t, calls["ListApplications"], calls["ListApplicationAssignments"], "of the one application, to see what hangs on it")

	everybody, kinds, calls := look(activities.PreflightInput{Everybody: true})
	require.Positive(t, kinds[onboarding.ResourceAssignment])
	require.Positive(t, kinds[onboarding.ResourceProfile])
	require.Positive(t, calls["ListGroupMemberships"])
	require.Positive(t, calls["ListApplicationAssignments"])
	require.Equal(t, everybody.People.Wanted, quick.People.Wanted, "all of the demo are among the first ten thousand")
	require.Equal(t, len(onboarding.Blocked(everybody.Verdicts)), len(onboarding.Blocked(quick.Verdicts)))

	things, kinds, calls := look(activities.PreflightInput{Things: true})
	require.Zero(t, things.People.Wanted)
	require.Zero(t, kinds[onboarding.ResourceCredentials]+kinds[onboarding.ResourcePerson]+kinds[onboarding.ResourceProfile]+
		kinds[onboarding.ResourceGroupPush])
	require.Zero(t, calls["ListUsers"]+calls["SimulatePrincipalPolicy"]+calls["GetServiceQuota"])
	for _, kind := range []onboarding.ResourceKind{
		onboarding.ResourceInstance, onboarding.ResourceOktaApp, onboarding.ResourceTrust, onboarding.ResourceRole, onboarding.ResourceNetwork,
		onboarding.ResourceDomain,
	} {
		require.Positive(t, kinds[kind], "%s", kind)
	}
}

// What fails for good is said of the thing, and hides none of the others; what may pass is tried again.
func TestEachServiceThatRefusesIsSaidAndHidesNothing(t *testing.T) {
	j := newJourney(t, sandbox.Config{})
	spec := demoSpec(t)
	j.run(spec)
	whole := do(j, j.assessor().MakePlan, onboarding.PlanInput{Spec: spec})
	for _, denied := range []struct {
		service, operation string
		says               onboarding.ResourceKind
	}{
		{"sso", "ListInstances", onboarding.ResourceInstance},
		{"identitystore", "ListUsers", onboarding.ResourcePerson},
		{"sagemaker", "ListDomains", onboarding.ResourceDomain},
		{"iam", "GetRole", onboarding.ResourceRole},
		{"ec2", "DescribeVpcs", onboarding.ResourceNetwork},
		{"sagemaker", "ListUserProfiles", onboarding.ResourceAssignment}, // which speaks for access as a whole
		{"sso", "ListApplicationAssignments", onboarding.ResourceAssignment},
	} {
		t.Run(denied.operation, func(t *testing.T) {
			require.NoError(t,
				j.console.SetFaults(t.Context(), []sandbox.Fault{{Service: denied.service, Operation: denied.operation, Kind: sandbox.FaultDeny}}))
			plan := do(j, j.assessor().MakePlan, onboarding.PlanInput{Spec: spec})
			said := false
			about := map[onboarding.ResourceKind]bool{}
			for _, verdict := range plan.Verdicts {
				about[verdict.Resource] = true
				if verdict.Kind == onboarding.VerdictBlocked {
					require.NotEmpty(t, verdict.Remedy, "%+v", verdict)
					said = said || strings.Contains(verdict.Reason, denied.service+":"+denied.operation)
				}
			}
			require.True(t, said, "%+v", onboarding.Blocked(plan.Verdicts))
			require.True(t, about[denied.says], "%v", denied.says)
			for _, verdict := range whole.Verdicts {
				switch verdict.Resource {
				case denied.says, onboarding.ResourceRolePolicy, onboarding.ResourceProfile, onboarding.ResourceAssignment:
				default:
					require.True(t, about[verdict.Resource], "nothing is said of %s", verdict.Resource)
				}
			}

			require.NoError(t, j.console.SetFaults(t.Context(),
				[]sandbox.Fault{{Service: denied.service, Operation: denied.operation, Kind: sandbox.FaultThrottle}}))
			_, err := activitytest.Once(j.assessor().MakePlan, onboarding.PlanInput{Spec: spec})
			activitytest.FailsWith(t, err, fault.Throttled)
		})
	}
}
