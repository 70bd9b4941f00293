package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/onboarding"
)

// inputs are the last inputs of activities, as JSON objects.
type inputs struct {
	mu   sync.Mutex
	last map[string]map[string]any
}

func (w *world) inputs() *inputs {
	in := &inputs{last: map[string]map[string]any{}}
	w.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, args converter.EncodedValues) {
		var value map[string]any
		if args.Get(&value) != nil {
			return
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.last[info.ActivityType.Name] = value
	})
	return in
}

func (i *inputs) of(activity, field string) any {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.last[activity][field]
}

func TestIdentityCenterIsWorkedInItsPrimaryRegionAndStudioInTheSpecs(t *testing.T) {
	w := newWorld(t)
	instance := identitycenter.Instance{ARN: "arn:aws:sso:::instance/ssoins-1", IdentityStoreID: "d-1234567890", OwnerAccount: "111111111111",
		PrimaryRegion: "eu-west-1"}
	w.always("FindInstance", identitycenter.FindInstanceResult{Instance: &instance}, nil)
	in := w.inputs()
	w.after(30*time.Second, func() {
		request := w.progress().Requests[0]
		require.Equal(t, onboarding.StepSAMLExchange, request.Step)
		require.Contains(t, request.URL, "https://eu-west-1.console.aws.amazon.com/")
		require.Contains(t, request.Console, "Region eu-west-1")
	})
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	for _, activity := range []string{"CheckServiceProvider", "CheckSCIM", "CompareDirectory"} {
		require.Equal(t, "eu-west-1", in.of(activity, "region"), activity)
	}
	for _, activity := range []string{"FindInstance", "ResolveNetwork", "EnsureRoles", "EnsureDomain", "ConvergeAccess"} {
		require.Equal(t, "us-east-1", in.of(activity, "region"), activity)
	}
	require.Equal(t, "eu-west-1", in.of("ConvergeAccess", "identityRegion"))
	require.Equal(t, "eu-west-1", report.Handles.PrimaryRegion())
	require.Equal(t, "us-east-1", onboarding.Handles{Spec: w.spec}.PrimaryRegion(), "what was recorded before")
}

func TestARegionThatIsBeingAddedIsAwaited(t *testing.T) {
	w := newWorld(t)
	instance := identitycenter.Instance{ARN: "arn:aws:sso:::instance/ssoins-1", IdentityStoreID: "d-1234567890", OwnerAccount: "111111111111",
		PrimaryRegion: "eu-west-1"}
	w.always("FindInstance", identitycenter.FindInstanceResult{Adding: &instance, ManagementAccount: "111111111111"}, nil)
	w.always("AwaitInstance", instance, nil)
	w.reply("AwaitInstance", identitycenter.Instance{}, notReady())
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, "Wait until IAM Identity Center is extended to us-east-1", report.Requests[0].Title)
	require.Equal(t, "detected", report.Requests[0].By)
	require.Contains(t, report.Handles.PrimaryRegion(), "eu-west-1")
}
