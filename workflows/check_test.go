package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/workflows"
)

func lookingWorld() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env)
	return env
}

func TestACheckLooksAtEverybodyAndHandsTheFindingsOn(t *testing.T) {
	env := lookingWorld()
	preflight := &activities.Assessor{}
	env.RegisterActivity(preflight)
	finding := onboarding.Verdict{Kind: onboarding.VerdictBlocked, Code: "network", Reason: "no VPC", Remedy: "make one"}
	env.OnActivity(preflight.RunPreflight, mock.Anything,
		mock.Anything).Return(func(_ context.Context, in activities.PreflightInput) (onboarding.Assessment, error) {
		require.True(t, in.Everybody)
		return onboarding.Assessment{Run: "demo", Region: "us-east-1", Verdicts: []onboarding.Verdict{finding},
			OktaURL: "https://example.okta.com"}, nil
	})
	env.ExecuteWorkflow(onboarding.WorkflowCheck, onboarding.CheckInput{Spec: onboarding.Spec{Name: "demo", Region: "us-east-1"}})
	require.NoError(t, env.GetWorkflowError())
	var result onboarding.Assessment
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Equal(t, onboarding.Assessment{Run: "demo", Region: "us-east-1", OktaURL: "https://example.okta.com",
		Verdicts: []onboarding.Verdict{finding}}, result)
}

func TestALookGivesUpOnAProviderThatStaysAway(t *testing.T) {
	env := lookingWorld()
	plan := &activities.Assessor{}
	env.RegisterActivity(plan)
	tries := 0
	env.OnActivity(plan.MakePlan, mock.Anything,
		mock.Anything).Return(func(context.Context, onboarding.PlanInput) (onboarding.Assessment, error) {
		tries++
		return onboarding.Assessment{}, failed(fault.Unavailable, "Okta is down", "Wait for it.")
	})
	env.ExecuteWorkflow(onboarding.WorkflowPlan, onboarding.PlanInput{})
	require.ErrorContains(t, env.GetWorkflowError(), "Okta is down")
	require.Equal(t, onboarding.Failure{Reason: "Okta is down", Remedy: "Wait for it."}, failureOf(t, env.GetWorkflowError()))
	require.Equal(t, 12, tries)
}
