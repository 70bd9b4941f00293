package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// await waits under a timer with a name, so that a wait is visible in the timeline, and settles the timer when the wait is over:
// the UI would show it as open otherwise. No timeout waits without a timer. It returns false when the time is over.
func await(ctx workflow.Context, summary string, timeout time.Duration, condition func() bool) (bool, error) {
	if timeout <= 0 {
		return true, workflow.Await(ctx, condition)
	}
	if condition() {
		return true, ctx.Err()
	}
	timing, settle := workflow.WithCancel(ctx)
	defer settle()
	timer := workflow.NewTimerWithOptions(timing, timeout, workflow.TimerOptions{Summary: summary})
	err := workflow.Await(ctx, func() bool { return condition() || timer.IsReady() })
	return err == nil && condition(), err
}
