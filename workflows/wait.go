package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// hear takes what comes over a signal, for as long as the workflow goes on.
func hear[T any](ctx workflow.Context, signal string, take func(workflow.Context, T)) {
	comes := workflow.GetSignalChannel(ctx, signal)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var heard T
			if !comes.Receive(ctx, &heard) || ctx.Err() != nil {
				return
			}
			take(ctx, heard)
		}
	})
}

// drain takes what has come over a signal and was not heard, before a workflow continues as new.
func drain[T any](ctx workflow.Context, signal string, take func(workflow.Context, T)) {
	for comes := workflow.GetSignalChannel(ctx, signal); ; {
		var heard T
		if !comes.ReceiveAsync(&heard) {
			return
		}
		take(ctx, heard)
	}
}

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
