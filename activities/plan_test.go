package activities_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

func (j *journey) plan(spec onboarding.Spec) onboarding.Plan {
	j.t.Helper()
	x := &activities.Plan{AWS: j.cloud, Okta: j.okta, Waits: j.waits}
	mark := j.mark()
	plan := do(j, x.MakePlan, onboarding.PlanInput{Spec: spec})
	for _, call := range j.calls(mark) {
		require.False(j.t, call.Write, "a plan writes nothing: %+v", call)
	}
	return plan
}

// planned are the writes of a plan, as "action kind name", sorted.
func planned(plan onboarding.Plan) []string {
	var writes []string
	for _, change := range plan.Changes {
		if change.Action.Writes() {
			writes = append(writes, fmt.Sprint(change.Action, " ", change.Kind, " ", change.Name))
		}
	}
	slices.Sort(writes)
	return writes
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
		var write string
		switch call.Service + " " + call.Operation {
		case "okta POST /api/v1/apps":
			write = "create Okta app " + about["label"]
		case "okta PUT /api/v1/apps/{id}":
			write = "change SAML trust " + about["label"]
		case "okta PUT /api/v1/apps/{id}/groups/{groupId}":
			write = "create Okta group assignment " + about["group"]
		case "okta POST /api/v1/apps/{id}/users":
			write = "create Okta app assignment " + about["userId"]
		case "okta POST /api/v1/apps/{id}/group-push/mappings":
			write = "create Okta group push " + about["group"]
		case "okta PATCH /api/v1/apps/{id}/group-push/mappings/{mappingId}":
			write = "change Okta group push " + about["group"]
		case "iam CreateRole":
			write = "create Execution role " + about["RoleName"]
		case "iam AttachRolePolicy":
			write = "create Role policy " + about["RoleName"]
		case "sagemaker CreateDomain":
			write = "create Studio domain " + about["DomainName"]
		case "sagemaker DeleteDomain":
			write = "remove Studio domain " + about["DomainId"]
		case "sso CreateApplicationAssignment":
			write = "create Studio assignment " + about["PrincipalName"]
		case "sso DeleteApplicationAssignment":
			write = "remove Studio assignment " + about["PrincipalName"]
		case "sagemaker CreateUserProfile":
			write = "create User profile " + about["SingleSignOnUserValue"]
		case "sagemaker UpdateUserProfile":
			write = "change User profile " + about["UserProfileName"]
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

// runAsPlanned plans, runs, and compares. Of people who get in each other's way the first one gets in, and nobody knows who
// that will be: the plan names them as exceptions.
func (j *journey) runAsPlanned(spec onboarding.Spec) onboarding.Plan {
	j.t.Helper()
	plan := j.plan(spec)
	require.Equal(j.t, onboarding.LevelOK, onboarding.Worst(plan.Findings), "%+v", plan.Findings)
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
	j := newJourney(t)
	whole := demoSpec(t)
	part := whole
	part.Access.Groups = whole.Access.Groups[:1]
	part.Access.People = nil

	t.Run("an empty world", func(t *testing.T) {
		plan := j.runAsPlanned(part)
		totals := plan.Totals()
		require.Equal(t, 4, totals[onboarding.ChangeAsk], "the instance, the metadata, the SCIM endpoint, Okta's side of it")
		require.Zero(t, plan.People.Synced)
		require.Positive(t, plan.People.AfterSync)
		for _, change := range plan.Changes {
			require.Equal(t, change.Kind == onboarding.KindAssignment || change.Kind == onboarding.KindProfile, change.AfterSync, "%+v", change)
		}
	})
	t.Run("a half-finished world", func(t *testing.T) {
		plan := j.runAsPlanned(whole)
		require.Contains(t, planned(plan), "create Okta group push sagemaker-studio-users")
		require.Contains(t, planned(plan), "create Studio assignment edda.falk@example.com")
		require.NotContains(t, planned(plan), "create Studio domain data-science")
		require.Zero(t, plan.Totals()[onboarding.ChangeAsk])
		require.Equal(t, 0, plan.People.AfterSync, "people came with the first run")
	})
	t.Run("a finished world", func(t *testing.T) {
		plan := j.runAsPlanned(whole)
		require.Empty(t, planned(plan))
		totals := plan.Totals()
		require.Equal(t, map[onboarding.ChangeAction]int{onboarding.ChangeKeep: totals[onboarding.ChangeKeep]}, totals)
		require.Greater(t, totals[onboarding.ChangeKeep], plan.People.Synced)
	})
}

func TestAPlanTellsWhereARunWouldPark(t *testing.T) {
	j := newJourney(t)
	spec := demoSpec(t)
	spec.Domain.Network.VPC, spec.Domain.Network.Subnets = "vpc-0nowhere", []string{"subnet-0nowhere"}
	spec.Access.Groups = append(spec.Access.Groups, onboarding.GroupAccessSpec{Name: "no-such-group"})
	require.NoError(t, j.console.SetFaults(t.Context(), []sandbox.Fault{{Service: "iam", Operation: "GetRole", Kind: sandbox.FaultDeny}}))
	plan := j.plan(spec)
	blocking := map[string]string{}
	for _, finding := range plan.Findings {
		require.Equal(t, onboarding.LevelBlocking, finding.Level)
		require.NotEmpty(t, finding.Remedy)
		blocking[finding.Check] += finding.Message
	}
	require.Contains(t, blocking["network"], "vpc-0nowhere")
	require.Contains(t, blocking["okta-groups"], "no-such-group")
	require.Contains(t, blocking["execution-role"], "iam:GetRole")
	require.Contains(t, planned(plan), "create Okta app AWS IAM Identity Center", "what is sound is planned all the same")

	require.NoError(t, j.console.SetFaults(t.Context(), []sandbox.Fault{{Service: "sagemaker", Kind: sandbox.FaultThrottle}}))
	_, err := perform(t, (&activities.Plan{AWS: j.cloud, Okta: j.okta, Waits: j.waits}).MakePlan, onboarding.PlanInput{Spec: spec})
	require.ErrorContains(t, err, string(fault.Throttled))
}

func TestAPlanNamesFiftyOfEachKindAndCountsTheRest(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 1000, People: 200})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	j := journeyTo(t, server.URL)
	plan := j.plan(demoSpec(t))
	named, counted := 0, 0
	for _, change := range plan.Changes {
		if change.Kind == onboarding.KindProfile && change.Count == 0 {
			named++
		} else if change.Kind == onboarding.KindProfile {
			counted += change.Count
			require.Empty(t, change.Name)
		}
	}
	require.Equal(t, onboarding.MaxListed, named)
	require.Equal(t, plan.People.AfterSync, named+counted)
}
