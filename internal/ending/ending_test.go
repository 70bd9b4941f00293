package ending_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/ending"
	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

func of(status enums.WorkflowExecutionStatus, failed error) ending.End {
	return ending.Of(runstest.Execution("onboard-demo", status, "", ""), onboarding.Report{Run: "demo"}, runstest.Served(failed))
}

func TestWhatARunMadeIsReadFromItsErrorToo(t *testing.T) {
	made := onboarding.Report{Run: "demo", State: onboarding.RunAborted}
	end := of(enums.WORKFLOW_EXECUTION_STATUS_FAILED,
		temporal.NewNonRetryableApplicationError("aborted by op", onboarding.ErrorAborted, nil, made))
	require.Equal(t, onboarding.RunAborted, end.State)
	require.Equal(t, "aborted by op", end.Message)
	require.Equal(t, &made, end.Report)

	made.State = onboarding.RunCanceled
	end = of(enums.WORKFLOW_EXECUTION_STATUS_CANCELED, temporal.NewCanceledError(made))
	require.Equal(t, onboarding.RunCanceled, end.State)
	require.Equal(t, &made, end.Report)
}

func TestARunOfTheFirstVersionHasNoReportInItsError(t *testing.T) {
	end := of(enums.WORKFLOW_EXECUTION_STATUS_FAILED, temporal.NewNonRetryableApplicationError("aborted by op", onboarding.ErrorAborted, nil))
	require.Equal(t, onboarding.RunAborted, end.State)
	require.Nil(t, end.Report)

	end = of(enums.WORKFLOW_EXECUTION_STATUS_CANCELED, temporal.NewCanceledError())
	require.Equal(t, onboarding.RunCanceled, end.State)
	require.Nil(t, end.Report)
	require.NotEmpty(t, end.Message)
}

func TestAFailureBringsItsRemedy(t *testing.T) {
	end := of(enums.WORKFLOW_EXECUTION_STATUS_FAILED, temporal.NewApplicationError("the disk is full", "Invalid",
		onboarding.Failure{Reason: "the disk is full", Remedy: "Tidy up."}))
	require.Equal(t, onboarding.RunFailed, end.State)
	require.Equal(t, "the disk is full", end.Message)
	require.Equal(t, "Tidy up.", end.Remedy)
	require.Nil(t, end.Report)
}

func TestStatesOfClosedExecutions(t *testing.T) {
	require.Empty(t, ending.StateOf(enums.WORKFLOW_EXECUTION_STATUS_RUNNING))
	require.Equal(t, onboarding.RunTimedOut, of(enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, nil).State)
	require.Equal(t, onboarding.RunTerminated, of(enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, nil).State)
	done := of(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil)
	require.Equal(t, onboarding.RunDone, done.State)
	require.Equal(t, "demo", done.Report.Run)
}
