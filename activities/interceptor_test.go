package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/provider"
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
		require.Equal(t, "sagemaker:CreateDomain: no", got.Message())
		require.Equal(t, onboarding.Failure{Provider: "aws", Operation: "sagemaker:CreateDomain", Reason: "no", Remedy: "do this"},
			failureOf(t, got))
	}
	for _, class := range []fault.Class{fault.Denied, fault.Invalid, fault.NotFound, fault.Unsupported, fault.QuotaExceeded} {
		got := intercepted(t, fault.New(class, "aws", "x", "no"))
		require.Equal(t, string(class), got.Type())
		require.True(t, got.NonRetryable())
	}
}

func TestAFaultWithoutARemedyGetsTheOneThatIsKnown(t *testing.T) {
	const text = "ValidationException: Organization management account is not allowed to perform the operation."
	got := failureOf(t, intercepted(t, fault.New(fault.Invalid, "aws", "sso:CreateInstance", text)))
	require.Equal(t, text, got.Reason)
	require.Contains(t, got.Remedy, "Enable it in the IAM Identity Center console")
	got = failureOf(t, intercepted(t, fault.New(fault.Invalid, "aws", "sso:CreateInstance", text).WithRemedy("do this")))
	require.Equal(t, "do this", got.Remedy)
}

// failureOf reads the details as a workflow does.
func failureOf(t *testing.T, err *temporal.ApplicationError) onboarding.Failure {
	t.Helper()
	var failure onboarding.Failure
	require.NoError(t, err.Details(&failure))
	return failure
}

// What Temporal keeps of an activity that is being retried has room for 4 KiB, the frame of the failure included.
func TestAFailureStaysBelowTemporalsLimit(t *testing.T) {
	for name, text := range map[string]string{
		"long": strings.Repeat("x", 9000), "quotes": strings.Repeat(`"<`, 4000), "runes": strings.Repeat("…", 3000),
		"bytes": strings.Repeat("\xff\x01", 3000),
	} {
		for _, remedy := range []string{"", "do this", text} {
			got := intercepted(t, fault.New(fault.Unavailable, "aws", "sagemaker:CreateDomain", "%s", text).WithRemedy("%s", remedy))
			failure := failureOf(t, got)
			encoded, err := json.Marshal(failure)
			require.NoError(t, err)
			require.LessOrEqual(t, len(got.Message())+len(failure.Remedy), fault.MaxMessage, name)
			require.Less(t, len(got.Message())+len(encoded), 3700, name)
			require.NotEmpty(t, failure.Reason)
			if remedy == "do this" {
				require.True(t, name != "long" || failure.Remedy == remedy, "%s: %s", name, failure.Remedy)
			}
		}
	}
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
	failure := failureOf(t, got)
	require.Equal(t, f.Details, failure.People)
	require.Equal(t, 1, failure.PeopleTotal)
}

func TestSeveralThingsThatBlockStayApart(t *testing.T) {
	verdicts := []onboarding.Verdict{
		{Resource: onboarding.ResourceDomain, Kind: onboarding.VerdictBlocked, Code: "domain", Reason: "It is in another VPC.",
			Remedy: "Name that VPC."},
		{Resource: onboarding.ResourceRole, Kind: onboarding.VerdictBlocked, Code: "role", Reason: "There is no such role.", Remedy: "Make it."},
	}
	failure := failureOf(t, intercepted(t, provider.Refuse(verdicts, "aws", "sagemaker:DescribeDomain")))
	require.Equal(t, verdicts, failure.Verdicts)
	require.Equal(t, "It is in another VPC. There is no such role.", failure.Reason)
	require.Equal(t, "Name that VPC. Make it.", failure.Remedy)
	require.Empty(t, failureOf(t, intercepted(t, provider.Refuse(verdicts[:1], "aws", "x"))).Verdicts, "one is in reason and remedy")
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
