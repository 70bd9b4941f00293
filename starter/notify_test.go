package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

func TestNotifyTellsForEachTargetWhetherItTookTheTest(t *testing.T) {
	good := onboarding.Delivery{Target: "slack", Key: "/test/1", Delivered: true}
	bad := onboarding.Delivery{Target: "webhook", Key: "/test/1", Reason: "hooks.example.com answered 404 Not Found",
		Remedy: "Make a new one."}

	p := sit(t, looked(onboarding.Notified{Deliveries: []onboarding.Delivery{good}}))
	code, out, stderr := p.types("notify", "--test")
	require.Zero(t, code, stderr)
	require.Equal(t, "✔ slack: delivered\n", out)
	require.Equal(t, onboarding.NotifyTestID, p.fake.Starts[0].ID)

	p = sit(t, looked(onboarding.Notified{Deliveries: []onboarding.Delivery{good, bad}}))
	code, out, _ = p.types("notify", "--test")
	require.Equal(t, 1, code)
	require.Equal(t, "✔ slack: delivered\n✗ webhook: hooks.example.com answered 404 Not Found → Make a new one.\n", out)

	code, out, _ = p.types("notify", "--test", "--output", "json")
	require.Equal(t, 1, code)
	var notified onboarding.Notified
	require.NoError(t, json.Unmarshal([]byte(out), &notified))
	require.Equal(t, []onboarding.Delivery{bad}, notified.Failed())
}

func TestNotifySaysHowToConfigureATarget(t *testing.T) {
	p := sit(t, looked(onboarding.Notified{}))
	code, out, _ := p.types("notify", "--test")
	require.Equal(t, 1, code)
	require.Contains(t, out, "no target of notifications; nothing was sent")
	require.Contains(t, out, "NOTIFY_SLACK_URL")
}

func TestNotifyWithoutTestSendsNothing(t *testing.T) {
	p := sit(t, looked(onboarding.Notified{}))
	code, _, stderr := p.types("notify")
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "--test")
	require.Empty(t, p.fake.Starts)
}

func TestNotifySaysThatThereIsNoWorker(t *testing.T) {
	fake := runstest.Running()
	fake.Waiting, fake.Pollers = true, 0
	code, _, stderr := sit(t, fake).types("notify", "--test")
	require.Equal(t, 4, code)
	require.Contains(t, stderr, "no worker polls task queue studio-onboarding")
	require.Equal(t, []string{onboarding.NotifyTestID}, fake.Terminated, "nobody is left to read what it would say")
}
