package activities_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/onboarding"
)

func TestAnActivityThatIsBusyWithOneCallKeepsBeating(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	env.SetTestTimeout(time.Minute)

	var beats atomic.Int32
	var last atomic.Value
	enough := make(chan struct{})
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var count onboarding.Count
		if details.HasValues() && details.Get(&count) == nil {
			last.Store(count)
		}
		if beats.Add(1) == 3 {
			close(enough)
		}
	})
	busy := func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx, onboarding.Count{Done: 7, Total: 9, What: "people"})
		select {
		case <-enough:
			return nil
		case <-time.After(30 * time.Second):
			return context.DeadlineExceeded
		}
	}
	env.RegisterActivity(busy)
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute,
			HeartbeatTimeout: 300 * time.Millisecond})
		return workflow.ExecuteActivity(ctx, busy).Get(ctx, nil)
	})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 7, last.Load().(onboarding.Count).Done, "a beat repeats what was recorded last")
}
