package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/notify"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/workflows"
)

// address is a target that is down for a number of tries.
type address struct {
	name  string
	down  int
	tries int
	got   []onboarding.Notice
}

func (a *address) Name() string { return a.name }

func (a *address) Send(_ context.Context, notice onboarding.Notice) error {
	a.tries++
	if a.down > 0 {
		a.down--
		return failed(fault.Unavailable, "it is down", "See whether it works.")
	}
	a.got = append(a.got, notice)
	return nil
}

func TestATestOfNotificationsReachesEveryTargetOnceAndGivesUpOnOneThatIsDown(t *testing.T) {
	good, late, dead := &address{name: "good"}, &address{name: "late", down: 1}, &address{name: "dead", down: 100}
	env := lookingWorld()
	env.RegisterActivity(&notify.Activities{Targets: []notify.Target{good, late, dead}})
	began := env.Now()
	env.ExecuteWorkflow(workflows.NotifyTest, onboarding.NotifyTestInput{StartedBy: "op@host"})
	require.NoError(t, env.GetWorkflowError())
	var notified onboarding.Notified
	require.NoError(t, env.GetWorkflowResult(&notified))
	require.Len(t, notified.Deliveries, 3)
	require.Len(t, notified.Failed(), 1)
	require.Equal(t, "dead", notified.Failed()[0].Target)
	require.Len(t, good.got, 1)
	require.Len(t, late.got, 1)
	require.Equal(t, 3, dead.tries)
	require.Less(t, env.Now().Sub(began).Seconds(), 30.0, "somebody waits for it")
	require.Equal(t, onboarding.NoticeTest, good.got[0].Kind)
	require.NotContains(t, good.got[0].Text+good.got[0].Title, "op@host")
}
