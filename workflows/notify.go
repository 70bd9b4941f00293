package workflows

import (
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/notify"
	"studio-onboarding/onboarding"
)

// testAttempts are few, as somebody waits at a terminal.
const testAttempts = 3

// NotifyTest sends a test notice to every target of the worker, and says what became of it at each.
func NotifyTest(ctx workflow.Context, _ onboarding.NotifyTestInput) (onboarding.Notified, error) {
	notice := onboarding.NoticeOfTest(workflow.GetInfo(ctx).WorkflowExecution.RunID, workflow.Now(ctx))
	notified, err := sendNotices(ctx, "Send a test to every target", testAttempts, notice)
	if err != nil {
		return onboarding.Notified{}, unavailable(err)
	}
	return notified, nil
}

// sendNotices sends notices to every target of the worker, and waits for what became of them; a target that may recover is tried that many
// times: 30 take about five hours. Whoever calls it keeps the keys of what was sent.
func sendNotices(ctx workflow.Context, summary string, attempts int32, notices ...onboarding.Notice) (onboarding.Notified, error) {
	var a *notify.Activities
	return call(notifyCall(ctx, summary), a.Notify, notify.NotifyInput{Notices: notices, Attempts: attempts})
}
