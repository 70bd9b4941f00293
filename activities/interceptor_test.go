package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// intercepted runs an activity that fails with err, and returns what Temporal makes of it.
func intercepted(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	failing := func(context.Context) error { return err }
	env.RegisterActivity(failing)
	_, got := env.ExecuteActivity(failing)
	var application *temporal.ApplicationError
	require.ErrorAs(t, got, &application)
	return application
}

func TestAFaultBecomesAnApplicationError(t *testing.T) {
	for _, class := range []fault.Class{fault.Throttled, fault.Unavailable, fault.Conflict} {
		got := intercepted(t, fault.New(class, "aws", "sagemaker:CreateDomain", "no").WithRemedy("do this").After(7*time.Second))
		require.Equal(t, string(class), got.Type())
		require.False(t, got.NonRetryable())
		require.Equal(t, 7*time.Second, got.NextRetryDelay())
		require.Equal(t, temporal.ApplicationErrorCategoryUnspecified, got.Category())
		require.Equal(t, "sagemaker:CreateDomain: no → do this", got.Message())
	}
	for _, class := range []fault.Class{fault.Denied, fault.Invalid, fault.NotFound, fault.Unsupported, fault.QuotaExceeded} {
		got := intercepted(t, fault.New(class, "aws", "x", "no"))
		require.Equal(t, string(class), got.Type())
		require.True(t, got.NonRetryable())
	}
}

func TestAFaultWithoutARemedyGetsTheOneThatIsKnown(t *testing.T) {
	const text = "ValidationException: Organization management account is not allowed to perform the operation."
	require.Contains(t, intercepted(t, fault.New(fault.Invalid, "aws", "sso:CreateInstance", text)).Message(), "→ Enable it in the IAM Identity Center console")
	require.Equal(t, "sso:CreateInstance: "+text+" → do this", intercepted(t, fault.New(fault.Invalid, "aws", "sso:CreateInstance", text).WithRemedy("do this")).Message())
}

func TestWaitingIsBenign(t *testing.T) {
	got := intercepted(t, fault.New(fault.NotReady, "aws", "x", "not yet").After(time.Second))
	require.Equal(t, temporal.ApplicationErrorCategoryBenign, got.Category())
	require.False(t, got.NonRetryable())
	require.Equal(t, time.Second, got.NextRetryDelay())
}

func TestAnIncompleteFaultCarriesItsPeople(t *testing.T) {
	f := fault.New(fault.Incomplete, "worker", "", "1 person is missing")
	f.Details = []onboarding.PersonException{{Person: "ann@example.com", Reason: "no last name"}}
	got := intercepted(t, f)
	require.True(t, got.NonRetryable())
	var people []onboarding.PersonException
	require.NoError(t, got.Details(&people))
	require.Equal(t, f.Details, people)
}

func TestTheCauseOfAFaultStaysBehind(t *testing.T) {
	f := fault.New(fault.Invalid, "aws", "x", "no")
	f.Err = errors.New("the whole request with everything in it")
	got := intercepted(t, f)
	require.NoError(t, got.Unwrap())
	require.NotContains(t, got.Error(), "whole request")
}

func TestOtherErrorsPassUnchanged(t *testing.T) {
	got := intercepted(t, errors.New("a bug"))
	require.Equal(t, "a bug", got.Message())
	require.False(t, got.NonRetryable())
	got = intercepted(t, temporal.NewNonRetryableApplicationError("own", "Own", nil))
	require.Equal(t, "Own", got.Type())
}
