package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/onboarding"
)

// last is a field of what an activity was last asked for, as JSON has it.
func (w *world) last(activity, field string) any {
	all := w.inputs[activity]
	require.NotEmpty(w.t, all, activity)
	data, err := json.Marshal(all[len(all)-1])
	require.NoError(w.t, err)
	var value map[string]any
	require.NoError(w.t, json.Unmarshal(data, &value))
	return value[field]
}

func TestIdentityCenterIsWorkedInItsPrimaryRegionAndStudioInTheSpecs(t *testing.T) {
	w := newWorld(t)
	instance := identitycenter.Instance{ARN: "arn:aws:sso:::instance/ssoins-1", IdentityStoreID: "d-1234567890", OwnerAccount: "111111111111",
		PrimaryRegion: "eu-west-1"}
	w.always("FindInstance", identitycenter.FindInstanceResult{Instance: &instance}, nil)
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
		require.Equal(t, "eu-west-1", w.last(activity, "region"), activity)
	}
	for _, activity := range []string{"FindInstance", "ResolveNetwork", "EnsureRoles", "EnsureDomain", "ConvergeAccess"} {
		require.Equal(t, "us-east-1", w.last(activity, "region"), activity)
	}
	require.Equal(t, "eu-west-1", w.last("ConvergeAccess", "identityRegion"))
	require.Equal(t, "eu-west-1", report.Handles.PrimaryRegion())
	require.Equal(t, "us-east-1", onboarding.Handles{Spec: w.spec}.PrimaryRegion(), "what was recorded before")
}

func TestARegionThatIsBeingAddedIsAwaited(t *testing.T) {
	w := newWorld(t)
	instance := identitycenter.Instance{ARN: "arn:aws:sso:::instance/ssoins-1", IdentityStoreID: "d-1234567890", OwnerAccount: "111111111111",
		PrimaryRegion: "eu-west-1"}
	w.always("FindInstance", identitycenter.FindInstanceResult{Adding: &instance, ManagementAccount: "111111111111"}, nil)
	w.always("AwaitInstance", identitycenter.Appeared{Instance: instance}, nil)
	w.reply("AwaitInstance", identitycenter.Appeared{}, notReady())
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, "Wait until IAM Identity Center is extended to us-east-1", report.Requests[0].Title)
	require.Equal(t, "detected", report.Requests[0].By)
	require.Contains(t, report.Handles.PrimaryRegion(), "eu-west-1")
}
