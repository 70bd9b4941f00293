package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/people"
	"studio-onboarding/onboarding"
)

// atHome makes a run one of a studio, which gives it its turn after a while.
func (w *world) atHome(waits time.Duration) {
	w.home = onboarding.StudioID(w.spec.Name)
	w.OnSignalExternalWorkflow(mock.Anything, w.home, mock.Anything, onboarding.SignalNews, mock.Anything).Return(
		func(_, _, _, _ string, arg any) error {
			news := arg.(onboarding.RunNews)
			w.mu.Lock()
			w.news = append(w.news, news)
			w.mu.Unlock()
			if news.WantsTurn {
				w.after(waits, func() { w.SignalWorkflow(onboarding.SignalTurn, nil) })
			}
			return nil
		})
}

func (w *world) called(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.calls {
		if c == name {
			n++
		}
	}
	return n
}

func TestARunChangesAccessWhenItIsItsTurn(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.atHome(5 * time.Hour)
	w.after(4*time.Hour, func() {
		require.Equal(t, onboarding.StepWaiting, w.state(onboarding.StepAccess))
		require.Zero(t, w.called("ConvergeAccess"))
	})
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
	asked := 0
	for _, news := range w.news {
		if news.WantsTurn {
			asked++
			require.Equal(t, w.spec, news.Following.Spec, "the studio learns which spec is being made true")
			require.NotEmpty(t, news.Following.Domain.ID)
		}
	}
	require.Equal(t, 1, asked)
}

func TestAParkedRunGivesItsTurnBack(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.atHome(time.Minute)
	w.reply("VerifyAccess", access.VerifyResult{People: onboarding.People{Wanted: 3, Synced: 3, Ready: 2}}, nil)
	w.after(24*time.Hour, func() {
		require.True(t, w.news[len(w.news)-1].TurnOver || w.news[len(w.news)-2].TurnOver)
		w.resolve(onboarding.StepVerify, onboarding.ActionRetry)
	})
	_, err := w.run()
	require.NoError(t, err)
	var turns []bool
	for _, news := range w.news {
		if news.WantsTurn || news.TurnOver {
			turns = append(turns, news.WantsTurn)
		}
	}
	require.Equal(t, []bool{true, false, true}, turns)
}

// Skipped exceptions were asked about again each time.
func TestWhatIsAcceptedIsNotAskedAboutAgain(t *testing.T) {
	missing := []onboarding.PersonException{{Person: "eve@example.com", Code: "no-last-name", Reason: "no last name", Remedy: "set it"}}
	accepted := []onboarding.AcceptedException{{Person: "eve@example.com", Code: "no-last-name", By: "ada@example.com", Why: "is a robot"}}
	world := func(t *testing.T, missing []onboarding.PersonException) *world {
		w := newWorld(t)
		w.answerAll()
		w.atHome(time.Minute)
		w.always("CompareDirectory", people.DirectoryResult{Wanted: 3, Synced: 2, Exceptions: missing, ExceptionsTotal: len(missing)}, nil)
		w.always("VerifyAccess", access.VerifyResult{People: onboarding.People{Wanted: 3, Synced: 2, Ready: 2}, Exceptions: missing,
			ExceptionsTotal: len(missing)}, nil)
		return w
	}
	t.Run("by a skip", func(t *testing.T) {
		w := world(t, missing)
		w.after(time.Hour, func() { w.resolve(onboarding.StepDirectorySync, onboarding.ActionSkip) })
		report, err := w.run()
		require.NoError(t, err)
		require.Len(t, report.Accepted, 1)
		require.Equal(t, "no-last-name", report.Accepted[0].Code)
		require.Equal(t, onboarding.StepDirectorySync, report.Accepted[0].Step)
	})
	t.Run("before", func(t *testing.T) {
		w := world(t, missing)
		w.accepted = accepted
		report, err := w.run()
		require.NoError(t, err)
		require.Empty(t, report.Skipped)
		require.Equal(t, missing, report.Exceptions, "the report goes on saying who can't sign in")
	})
	t.Run("another reason is asked about", func(t *testing.T) {
		other := []onboarding.PersonException{{Person: "eve@example.com", Code: "deactivated", Reason: "is deactivated"}}
		w := world(t, other)
		w.accepted = accepted
		asked := false
		w.after(time.Hour, func() {
			asked = w.state(onboarding.StepDirectorySync) == onboarding.StepParked
			w.resolve(onboarding.StepDirectorySync, onboarding.ActionSkip)
		})
		_, err := w.run()
		require.NoError(t, err)
		require.True(t, asked)
	})
	t.Run("elsewhere in the fleet, while it is parked", func(t *testing.T) {
		w := world(t, missing)
		w.after(time.Hour, func() { w.SignalWorkflow(onboarding.SignalAccepted, accepted) })
		report, err := w.run()
		require.NoError(t, err)
		require.Equal(t, []onboarding.Step{onboarding.StepDirectorySync}, report.Skipped)
		require.Contains(t, report.Decisions[0].Reason, "is a robot")
	})
}

// Reminders every second made 4,467 events in 16 minutes, and settled waits left their timers open.
func TestAWaitLeavesFewTraces(t *testing.T) {
	w := newWorld(t)
	w.spec.Operator.RemindEvery = onboarding.Duration(time.Second)
	w.atHome(time.Minute)
	timers, open := 0, map[string]bool{}
	w.SetOnTimerScheduledListener(func(id string, _ time.Duration) { timers++; open[id] = true })
	w.SetOnTimerFiredListener(func(id string) { delete(open, id) })
	w.SetOnTimerCanceledListener(func(id string) { delete(open, id) })
	before := 0
	w.after(15*time.Minute, func() { before = timers })
	w.after(16*time.Minute, func() {
		require.Less(t, before, 20)
		w.answerAll()
	})
	_, err := w.run()
	require.NoError(t, err)
	require.Empty(t, open, "the UI shows them as open")
}

// An aborted or cancelled run carries its report.
func TestACancelledRunReportsWhatItMade(t *testing.T) {
	w := newWorld(t)
	w.atHome(time.Minute)
	w.after(time.Hour, w.CancelWorkflow)
	_, err := w.run()
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, err, &cancelled)
	var report onboarding.Report
	require.NoError(t, cancelled.Details(&report))
	require.Equal(t, onboarding.RunCanceled, report.State)
	require.NotEmpty(t, report.Resources)
}
