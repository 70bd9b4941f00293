package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/health"
	"studio-onboarding/onboarding"
)

// judge begins to judge the connection, beside everything else. What it returns waits for the verdicts and puts them into the
// report. A judgement that fails is a verdict itself, and never fails the reconcile.
func (r *reconcile) judge(ctx workflow.Context) func() {
	if workflow.GetVersion(ctx, "health", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return func() {}
	}
	var a *health.Activities
	judged := workflow.ExecuteActivity(quickCall(ctx, "See whether the connection works"), a.JudgeConnection,
		health.Input{Handles: r.in.Handles, Since: r.in.Judged})
	return func() {
		var now onboarding.Health
		err := judged.Get(ctx, &now)
		switch {
		case temporal.IsCanceledError(err):
			return
		case err != nil:
			var why onboarding.Parked
			describe(err, &why)
			now = health.Unjudged(workflow.Now(ctx), why.Message, why.Remedy)
		}
		now.Verdicts = append(now.Verdicts, health.Absent(r.absent, r.report.People.Wanted)...)
		now.Verdicts = append(now.Verdicts, health.Trust(r.found)...)
		r.report.Health = &now
	}
}
