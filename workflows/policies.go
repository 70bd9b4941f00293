package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The policies say, for each kind of call, how long one attempt and all attempts together may take. Which errors are
// retried at all is decided where they are classified; how long to pause between two looks at something that takes its
// time is the worker's (activities.Waits) and travels with the error.

// quickCall: a handful of API requests. Ten minutes are enough to ride out throttling and a short outage.
func quickCall(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
		Summary:                summary,
	})
}

// lookOnce: one look at something that may not be there; NotReady is an answer then.
func lookOnce(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
			NonRetryableErrorTypes: []string{classNotReady}},
		Summary: summary,
	})
}

// briefLook: a look on which nothing depends, and behind which others wait.
func briefLook(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 3 * time.Minute,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
		Summary:                summary,
	})
}

// waitFor: look again and again until something is there, within a budget; retries leave no trace in the history.
func waitFor(ctx workflow.Context, summary string, budget time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Minute,
		ScheduleToCloseTimeout: budget,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 1.2, MaximumInterval: time.Minute},
		Summary:                summary,
	})
}

// bulkWork: thousands of calls at the pace the APIs allow, with a heartbeat. A dead worker is noticed by the missing
// heartbeat, and the next attempt lists what is there and goes on. One that fails again and again parks after about an hour.
func bulkWork(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    24 * time.Hour,
		ScheduleToCloseTimeout: 48 * time.Hour,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
			MaximumAttempts: bulkAttempts},
		Summary: summary,
	})
}

// answerCheck: somebody sits at a terminal and waits for the verdict on their answer.
func answerCheck(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    20 * time.Second,
		ScheduleToCloseTimeout: 45 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second},
		Summary:                summary,
	})
}

// notifyCall: a few deliveries to targets that may be down for hours. How many attempts there are is said in the activity's input, so
// that those of workers that die don't count for the last one.
func notifyCall(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Minute,
		ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Minute},
		Summary:                summary,
	})
}

// recordCall: a few requests to the Temporal server and the store. A studio that cannot go on without it waits for hours.
func recordCall(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 24 * time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:                summary,
	})
}

// awaitRun: one attempt waits for most of a minute for the end of a run, so that a dead worker is noticed soon, and the next one
// goes on. Attempts leave no trace in the history, and a run may wait for weeks.
func awaitRun(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 70 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1.5, MaximumInterval: time.Minute},
		Summary:             summary,
	})
}

const (
	// heartbeat is how soon a dead worker is noticed. The worker beats by itself for every activity it runs.
	heartbeat = 30 * time.Second
	// bulkAttempts are enough for workers that die, and for an outage of about an hour.
	bulkAttempts = 60
	// syncBudget is how long Okta may take to provision everybody. Okta retries a throttled push for hours by itself.
	syncBudget = 6 * time.Hour
	// listBudget is for calls that page through everybody: at 100,000 people, minutes at Okta's pace.
	listBudget = time.Hour
	// domainBudget is above the 20 minutes that other tools allow a domain.
	domainBudget = 40 * time.Minute
	// domainRemakes is how often a domain that failed for a transient reason is deleted and made again.
	domainRemakes = 2
)

// call runs an activity and waits for its result, with the types checked by the compiler.
func call[In, Out any](ctx workflow.Context, activity func(context.Context, In) (Out, error), in In) (Out, error) {
	var out Out
	err := workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &out)
	return out, err
}
