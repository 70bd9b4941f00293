package runs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

var asked = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func scimRequest() onboarding.Request {
	return onboarding.Request{Step: onboarding.StepSCIM, Since: asked, Needs: []onboarding.Need{
		{Name: onboarding.ValueSCIMEndpoint}, {Name: onboarding.ValueSCIMToken},
	}}
}

func scimAnswer() onboarding.Answer {
	return onboarding.Answer{Step: onboarding.StepSCIM, By: "op@host", Values: map[string]string{
		onboarding.ValueSCIMEndpoint: "https://scim.example.com/v2", onboarding.ValueSCIMToken: "env:SCIM_TOKEN",
	}}
}

func asking(request onboarding.Request) *runstest.Fake {
	return runstest.Running(onboarding.Progress{Run: "demo", State: onboarding.RunWaiting, Requests: []onboarding.Request{request}})
}

func TestAnAnswerWaitsForTheRunsVerdict(t *testing.T) {
	fake := asking(scimRequest())
	ack, err := runs.Provide(t.Context(), fake, "demo", scimAnswer())
	require.NoError(t, err)
	require.Equal(t, "thank you", ack.Message)
	sent := fake.Updates[0]
	require.Equal(t, "onboard-demo", sent.WorkflowID)
	require.Equal(t, onboarding.UpdateProvide, sent.UpdateName)
	require.Equal(t, client.WorkflowUpdateStageCompleted, sent.WaitForStage)
	require.Equal(t, []any{scimAnswer()}, sent.Args)
}

func TestTheSameAnswerCountsOnceUntilItWasRefused(t *testing.T) {
	id := func(request onboarding.Request, answer onboarding.Answer) string {
		fake := asking(request)
		_, err := runs.Provide(t.Context(), fake, "demo", answer)
		require.NoError(t, err)
		return fake.Updates[0].UpdateID
	}
	first := id(scimRequest(), scimAnswer())
	require.Equal(t, first, id(scimRequest(), scimAnswer()))

	reminded := scimRequest()
	reminded.Reminders = 3
	require.Equal(t, first, id(reminded, scimAnswer()), "a reminder is no new request")

	refused := scimRequest()
	refused.Refusal, refused.Refusals = "the token is wrong", 1
	second := id(refused, scimAnswer())
	require.NotEqual(t, first, second, "the token may have been put right since")
	refused.Refusals = 2
	require.NotEqual(t, second, id(refused, scimAnswer()), "the same refusal twice")

	other := scimAnswer()
	other.Values[onboarding.ValueSCIMToken] = "env:OTHER"
	require.NotEqual(t, first, id(scimRequest(), other))
}

func TestTheSameDecisionCountsOncePerFailure(t *testing.T) {
	retry := onboarding.Resolution{Step: onboarding.StepDomain, Action: onboarding.ActionRetry, By: "op@host"}
	id := func(attempts int) string {
		fake := runstest.Running(onboarding.Progress{Run: "demo", State: onboarding.RunAttention,
			Parked: []onboarding.Parked{{Step: onboarding.StepDomain, Since: asked, Attempts: attempts}}})
		_, err := runs.Resolve(t.Context(), fake, "demo", retry)
		require.NoError(t, err)
		require.Equal(t, onboarding.UpdateResolve, fake.Updates[0].UpdateName)
		return fake.Updates[0].UpdateID
	}
	require.Equal(t, id(1), id(1))
	require.NotEqual(t, id(1), id(2), "it failed again: the second retry is another one")
}

func TestATokenNeverLeavesTheMachine(t *testing.T) {
	fake := asking(scimRequest())
	answer := scimAnswer()
	answer.Values[onboarding.ValueSCIMToken] = "s3cr3t-t0ken"
	_, err := runs.Provide(t.Context(), fake, "demo", answer)
	var refused *runs.RefusedError
	require.ErrorAs(t, err, &refused)
	require.NotContains(t, err.Error(), "s3cr3t")
	require.Empty(t, fake.Updates)
}

func TestARefusalIsTheRunsOwnText(t *testing.T) {
	fake := asking(scimRequest())
	fake.UpdateError = temporal.NewApplicationError("the token is not accepted by the endpoint", "Denied")
	_, err := runs.Provide(t.Context(), fake, "demo", scimAnswer())
	var refused *runs.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "the token is not accepted by the endpoint", refused.Message)
	require.NotContains(t, err.Error(), "retryable", "Temporal's wrapping is not for people")
}

func TestARefusalBringsItsRemedy(t *testing.T) {
	fake := asking(scimRequest())
	fake.UpdateError = temporal.NewApplicationError("the token has expired", "Denied",
		onboarding.Failure{Reason: "the token has expired", Remedy: "Make another."})
	_, err := runs.Provide(t.Context(), fake, "demo", scimAnswer())
	var refused *runs.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "the token has expired", refused.Message)
	require.Equal(t, "Make another.", refused.Remedy)
	require.Equal(t, "the token has expired → Make another. → what the run waits for: starter status demo", err.Error())
}

func TestOtherEndsOfAnAnswerAreExplained(t *testing.T) {
	for want, cause := range map[string]error{
		"has not settled this": client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded),
		"has ended":            serviceerror.NewNotFound("workflow execution already completed"),
		"workflow task fails": serviceerror.NewWorkflowNotReady("Unable to perform workflow execution update due to Workflow Task in " +
			"failed state."),
	} {
		fake := asking(scimRequest())
		fake.UpdateError = cause
		_, err := runs.Provide(t.Context(), fake, "demo", scimAnswer())
		require.ErrorContains(t, err, want)
	}
}

func TestNothingIsSentWhereNoWorkerAnswers(t *testing.T) {
	fake := asking(scimRequest())
	fake.Pollers, fake.QueryErrors = 0, []error{serviceerror.NewDeadlineExceeded("nobody"), serviceerror.NewDeadlineExceeded("nobody")}
	var none *runs.NoWorkerError
	_, err := runs.Provide(t.Context(), fake, "demo", scimAnswer())
	require.ErrorAs(t, err, &none)
	_, err = runs.Resolve(t.Context(), fake, "demo", onboarding.Resolution{Step: onboarding.StepDomain, Action: onboarding.ActionRetry})
	require.ErrorAs(t, err, &none)
	require.Empty(t, fake.Updates)
}
