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
	preflight := &activities.Preflight{}
	env.RegisterActivity(preflight)
	finding := onboarding.Finding{Level: onboarding.LevelBlocking, Check: "network", Message: "no VPC", Remedy: "make one"}
	env.OnActivity(preflight.RunPreflight, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PreflightInput) (activities.PreflightResult, error) {
		require.True(t, in.Everybody)
		return activities.PreflightResult{Findings: []onboarding.Finding{finding}, OktaURL: "https://example.okta.com"}, nil
	})
	env.ExecuteWorkflow(onboarding.WorkflowCheck, onboarding.CheckInput{Spec: onboarding.Spec{Name: "demo", Region: "us-east-1"}})
	require.NoError(t, env.GetWorkflowError())
	var result onboarding.CheckResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Equal(t, onboarding.CheckResult{Run: "demo", Region: "us-east-1", OktaURL: "https://example.okta.com", Findings: []onboarding.Finding{finding}}, result)
}

func TestALookGivesUpOnAProviderThatStaysAway(t *testing.T) {
	env := lookingWorld()
	plan := &activities.Plan{}
	env.RegisterActivity(plan)
	tries := 0
	env.OnActivity(plan.MakePlan, mock.Anything, mock.Anything).Return(func(context.Context, onboarding.PlanInput) (onboarding.Plan, error) {
		tries++
		return onboarding.Plan{}, failed(fault.Unavailable, "Okta is down → wait for it")
	})
	env.ExecuteWorkflow(onboarding.WorkflowPlan, onboarding.PlanInput{})
	require.ErrorContains(t, env.GetWorkflowError(), "Okta is down → wait for it")
	require.Equal(t, 12, tries)
}
