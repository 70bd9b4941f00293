package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/onboarding"
)

// Check looks at everything that a run of the spec depends on, the people one by one, and changes nothing. Somebody waits for
// it at a terminal, so it gives up where a provider does not answer for long, with the fault of the last attempt.
func Check(ctx workflow.Context, in onboarding.CheckInput) (onboarding.Assessment, error) {
	var a *activities.Assessor
	found, err := call(longLook(ctx, "Check everything that a run depends on"), a.RunPreflight,
		activities.PreflightInput{Spec: in.Spec, Everybody: true})
	if err != nil {
		return onboarding.Assessment{}, unavailable(err)
	}
	return found, nil
}

// Plan says what a run of the spec would do, and changes nothing. It gives up as Check does.
func Plan(ctx workflow.Context, in onboarding.PlanInput) (onboarding.Assessment, error) {
	var a *activities.Assessor
	plan, err := call(longLook(ctx, "See what a run would do"), a.MakePlan, in)
	if err != nil {
		return onboarding.Assessment{}, unavailable(err)
	}
	return plan, nil
}

// Survey takes stock of an organization, and changes nothing. It gives up as Check does.
func Survey(ctx workflow.Context, in onboarding.SurveyInput) (onboarding.Survey, error) {
	var a *activities.Assessor
	found, err := call(longLook(ctx, "Take stock of what is there"), a.TakeSurvey, in)
	if err != nil {
		return onboarding.Survey{}, unavailable(err)
	}
	return found, nil
}

// longLook: reading everything there is, which takes an hour where there are many thousands of people, while somebody waits.
func longLook(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    4 * time.Hour,
		ScheduleToCloseTimeout: 4 * time.Hour,
		HeartbeatTimeout:       time.Minute,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
			MaximumAttempts: 12},
		Summary: summary,
	})
}

// unavailable words what a look failed with.
func unavailable(err error) error {
	var parked onboarding.Parked
	if temporal.IsCanceledError(err) {
		return err
	}
	describe(err, &parked)
	return failure(parked.Class, onboarding.Failure{Reason: parked.Message, Remedy: parked.Remedy})
}
