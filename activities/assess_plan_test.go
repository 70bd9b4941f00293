package activities_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

func (j *journey) plan(spec onboarding.Spec) onboarding.Assessment {
	j.t.Helper()
	mark := j.mark()
	plan := do(j, j.assessor().MakePlan, onboarding.PlanInput{Spec: spec})
	for _, call := range j.calls(mark) {
		require.False(j.t, call.Write, "a plan writes nothing: %+v", call)
	}
	return plan
}

// planned are the writes of a plan, as "kind thing name", sorted. What is changed in several fields is one thing.
func planned(plan onboarding.Assessment) []string {
	var writes []string
	for _, verdict := range plan.Planned() {
		if verdict.Kind.Writes() {
			writes = append(writes, fmt.Sprint(verdict.Kind, " ", verdict.Resource.Info().Title, " ", verdict.Subject))
		}
	}
	slices.Sort(writes)
	return slices.Compact(writes)
}

// written are the writes of calls, in the words of a plan. A write that is repeated counts once.
func written(t *testing.T, calls []sandbox.Call) []string {
	t.Helper()
	var writes []string
	for _, call := range calls {
		if !call.Write || call.Effect == "none" {
			continue
		}
		about := call.Params
		write := ""
		switch call.Service + " " + call.Operation {
		case "okta POST /api/v1/apps":
			write = "create Okta app " + about["label"]
		case "okta PUT /api/v1/apps/{id}":
			write = "change SAML trust " + about["label"]
		case "okta PUT /api/v1/apps/{id}/groups/{groupId}":
			write = "create Okta group assignment " + about["group"]
		case "okta POST /api/v1/apps/{id}/group-push/mappings":
			write = "create Okta group push " + about["group"]
		case "okta PATCH /api/v1/apps/{id}/group-push/mappings/{mappingId}":
			write = "change Okta group push " + about["group"]
		case "iam CreateRole":
			write = "create Execution role " + about["RoleName"]
		case "iam AttachRolePolicy", "iam PutRolePolicy":
			write = "create Role policy " + about["RoleName"]
		case "sagemaker CreateDomain":
			write = "create Studio domain " + about["DomainName"]
		case "sagemaker UpdateDomain":
			write = "change Studio domain data-science"
		case "sagemaker AddTags":
			require.NotContains(t, about["ResourceArn"], ":user-profile/", "profiles get their tags when they are made")
			write = "change Studio domain data-science"
		case "sso CreateApplicationAssignment":
			write = "create Studio assignment " + about["PrincipalName"]
		case "sso DeleteApplicationAssignment":
			write = "remove Studio assignment " + about["PrincipalName"]
		case "sagemaker CreateUserProfile":
			write = "create User profile " + about["SingleSignOnUserValue"]
		default:
			require.Fail(t, "a plan does not know this write", "%+v", call)
		}
		if !slices.Contains(writes, write) {
			writes = append(writes, write)
		}
	}
	slices.Sort(writes)
	return writes
}

// runAsPlanned plans, runs, and compares. Of people who get in each other's way the first one can sign in, and nobody knows who
// that will be: the plan names them as exceptions.
func (j *journey) runAsPlanned(spec onboarding.Spec) onboarding.Assessment {
	j.t.Helper()
	plan := j.plan(spec)
	require.Empty(j.t, onboarding.Blocked(plan.Verdicts))
	mark := j.mark()
	verified := j.run(spec)
	writes := slices.DeleteFunc(written(j.t, j.calls(mark)), func(write string) bool {
		return slices.ContainsFunc(plan.Exceptions, func(e onboarding.PersonException) bool {
			return strings.Contains(e.Reason, "the same login") && write == "create User profile "+e.Person
		})
	})
	require.Equal(j.t, planned(plan), writes)
	require.Equal(j.t, plan.People.Wanted, verified.People.Wanted)
	require.GreaterOrEqual(j.t, verified.People.Ready, plan.People.Synced+plan.People.AfterSync)
	return plan
}

func TestARunDoesWhatThePlanSays(t *testing.T) {
	j := newJourney(t, sandbox.Config{})
	whole := demoSpec(t)
	part := whole
	part.Access.Groups = whole.Access.Groups[:1]
	part.Access.People = nil

	t.Run("an empty world", func(t *testing.T) {
		plan := j.runAsPlanned(part)
		require.Equal(t, 5, plan.Totals()[onboarding.VerdictAsk], "the instance, the metadata, the SCIM endpoint, Okta's side of it, a sign-in")
		require.Zero(t, plan.People.Synced)
		require.Positive(t, plan.People.AfterSync)
		for _, verdict := range plan.Planned() {
			after := verdict.Resource == onboarding.ResourceAssignment || verdict.Resource == onboarding.ResourceProfile
			require.Equal(t, after, verdict.AfterSync, "%+v", verdict)
		}
	})
	t.Run("a half-finished world", func(t *testing.T) {
		plan := j.runAsPlanned(whole)
		require.Contains(t, planned(plan), "create Okta group push sagemaker-studio-users")
		require.Contains(t, planned(plan), "create Studio assignment edda.falk@example.com")
		require.NotContains(t, planned(plan), "create Studio domain data-science")
		require.Equal(t, 1, plan.Totals()[onboarding.VerdictAsk], "nobody was seen signing in")
		require.Equal(t, 0, plan.People.AfterSync, "people came with the first run")
	})
	t.Run("a finished world", func(t *testing.T) {
		plan := j.runAsPlanned(whole)
		require.Empty(t, planned(plan))
		totals := plan.Totals()
		keep, adopt := totals[onboarding.VerdictKeep], totals[onboarding.VerdictAdopt]
		require.Equal(t, len(totals), min(keep, 1)+min(adopt, 1)+1, "nothing else, but that nobody was seen signing in: %v", totals)
		require.Equal(t, 1, totals[onboarding.VerdictAsk])
		require.Greater(t, keep, plan.People.Synced)
	})
	t.Run("a spec of the finished world that has changed", func(t *testing.T) {
		whole.Domain.IdleShutdown = "3h"
		plan := j.runAsPlanned(whole)
		require.Equal(t, []string{"change Studio domain data-science"}, planned(plan))
		require.Empty(t, planned(j.plan(whole)))
	})
}

func TestAPlanTellsWhereARunWouldPark(t *testing.T) {
	j := newJourney(t, sandbox.Config{})
	spec := demoSpec(t)
	spec.Domain.Network.VPC, spec.Domain.Network.Subnets = "vpc-0nowhere", []string{"subnet-0nowhere"}
	spec.Access.Groups = append(spec.Access.Groups, onboarding.GroupAccessSpec{Name: "no-such-group"})
	require.NoError(t, j.console.SetFaults(t.Context(), []sandbox.Fault{{Service: "iam", Operation: "GetRole", Kind: sandbox.FaultDeny}}))
	plan := j.plan(spec)
	blocking := map[string]string{}
	for _, verdict := range onboarding.Blocked(plan.Verdicts) {
		require.NotEmpty(t, verdict.Remedy)
		blocking[verdict.Code] += verdict.Reason
	}
	require.Contains(t, blocking["network"], "vpc-0nowhere")
	require.Contains(t, blocking["okta-access-group"], "no-such-group")
	require.Contains(t, blocking["execution-role"], "iam:GetRole")
	require.Len(t, blocking, 3, "one finding causes no others")
	require.Contains(t, planned(plan), "create Okta app AWS IAM Identity Center", "what is sound is planned all the same")

	require.NoError(t, j.console.SetFaults(t.Context(), []sandbox.Fault{{Service: "sagemaker", Kind: sandbox.FaultThrottle}}))
	_, err := activitytest.Once(j.assessor().MakePlan, onboarding.PlanInput{Spec: spec})
	activitytest.FailsWith(t, err, fault.Throttled)
}

func TestAPlanNamesFiftyOfEachKindAndCountsTheRest(t *testing.T) {
	j := newJourney(t, sandbox.Config{People: 200})
	plan := j.plan(demoSpec(t))
	type kind struct {
		resource onboarding.ResourceKind
		kind     onboarding.VerdictKind
	}
	named, counted := map[kind]int{}, map[kind]int{}
	for _, verdict := range plan.Verdicts {
		if verdict.Resource != onboarding.ResourceProfile && verdict.Resource != onboarding.ResourceAssignment || verdict.Field != "" {
			continue
		}
		if verdict.Count == 0 {
			named[kind{verdict.Resource, verdict.Kind}]++
			continue
		}
		counted[kind{verdict.Resource, verdict.Kind}] += verdict.Count
		require.Empty(t, verdict.Subject)
	}
	made := kind{onboarding.ResourceProfile, onboarding.VerdictCreate}
	require.Equal(t, onboarding.MaxListed, named[made])
	require.Equal(t, plan.People.AfterSync, named[made]+counted[made])
	for kind, n := range named {
		require.LessOrEqual(t, n, onboarding.MaxListed, "%v", kind)
	}
	require.GreaterOrEqual(t, plan.ExceptionsTotal, len(plan.Exceptions))
	require.LessOrEqual(t, len(plan.Exceptions), onboarding.MaxListed)
}
