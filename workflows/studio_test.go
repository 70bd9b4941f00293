package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"studio-onboarding/internal/ending"
	"studio-onboarding/onboarding"
)

var testConverter = converter.GetDefaultDataConverter()

const hour = time.Hour

// started is a studio that was started with a spec.
func started(spec onboarding.Spec) onboarding.StudioInput {
	return onboarding.StudioInput{Name: spec.Name, Apply: &onboarding.Apply{ID: "first", Spec: spec, By: "ada@example.com"}}
}

func every(pause time.Duration) onboarding.SyncRequest {
	return onboarding.SyncRequest{Every: onboarding.Duration(pause), By: "ada@example.com"}
}

// A schedule that carried a copy of the spec took back what a later onboarding had given.
func TestReconcilesFollowTheSpecInForce(t *testing.T) {
	c := newCare(t)
	begin := c.now
	c.at(begin.Add(1*hour), func() { c.update(onboarding.UpdateSync, every(hour), nil) })
	c.at(begin.Add(5*hour), func() { c.apply(specOf("studio", "ml"), nil) })
	c.live(started(specOf("studio")), begin.Add(10*hour))

	require.NotEmpty(t, c.reconciled)
	for i, in := range c.reconciled {
		want := 1
		if c.reconciledAt[i].After(begin.Add(5*hour + 30*time.Minute)) {
			want = 2
		}
		require.Len(t, in.Handles.Spec.Access.Groups, want, "at %s", c.reconciledAt[i])
	}
	require.Equal(t, []string{"access.groups"}, c.last.Revisions[1].Changed)
	require.Equal(t, 1, c.most)
}

// A second run that waits, or was aborted, took access, sync and dry run away from a live domain.
func TestARunThatWaitsOrIsAbortedChangesNothingOfWhatIsKnown(t *testing.T) {
	c := newCare(t)
	begin := c.now
	first := c.onboard
	c.at(begin.Add(1*hour), func() { c.update(onboarding.UpdateSync, every(hour), nil) })
	c.at(begin.Add(2*hour), func() {
		c.onboard = func(c *care, run *simulated) {
			c.in(time.Minute, func() {
				c.tell(run, onboarding.RunNews{State: onboarding.RunWaiting, Step: onboarding.StepSCIM,
					Waiting: []onboarding.Waiting{{Step: onboarding.StepSCIM, Title: "Enable automatic provisioning"}}})
			})
			c.in(20*hour, func() {
				c.end(run, ending.End{State: onboarding.RunAborted, Message: "aborted at scim by ada@example.com: enough",
					Report: &onboarding.Report{Run: "data-science", State: onboarding.RunAborted,
						Resources: []onboarding.Resource{{Kind: "Okta app", ID: "0oa2"}}}})
			})
		}
		c.apply(specOf("studio", "ml"), nil)
	})
	c.at(begin.Add(10*hour), func() {
		studio := c.look()
		require.Equal(t, onboarding.RunWaiting, studio.Open().State)
		require.Equal(t, onboarding.RunWaiting, studio.Summary().State)
		require.Contains(t, studio.Summary().Who(c.Now()), "operator")
		require.Len(t, studio.Following().Spec.Access.Groups, 1)
	})
	c.live(started(specOf("studio")), begin.Add(30*hour))

	require.GreaterOrEqual(t, len(c.reconciled), 22, "reconciles go on while a run waits")
	require.Len(t, c.reconciled[len(c.reconciled)-1].Handles.Spec.Access.Groups, 1)
	require.Len(t, c.last.InForce.Spec.Access.Groups, 1)
	require.Equal(t, onboarding.RunAborted, c.last.Run(2).State)
	require.Equal(t, "0oa2", c.last.Run(2).Report.Resources[0].ID, "an abort reports what was made")
	require.Len(t, c.last.Revisions, 1)
	_ = first
}

// While a run changes access, reconciles wait; while it is parked at that, they follow the run's spec.
func TestOneWriterAtATime(t *testing.T) {
	c := newCare(t)
	begin := c.now
	c.at(begin.Add(2*hour), func() {
		c.onboard = func(c *care, run *simulated) {
			c.in(time.Minute, func() {
				c.wantsTurn(run, func() {
					c.in(3*hour, func() {
						c.write(-1)
						c.tell(run, onboarding.RunNews{State: onboarding.RunAttention, Step: onboarding.StepVerify, TurnOver: true,
							Waiting: []onboarding.Waiting{{Step: onboarding.StepVerify, Parked: true}}})
					})
				})
			})
			c.in(10*hour, func() { c.wantsTurn(run, func() { c.in(time.Minute, func() { c.done(run, "") }) }) })
		}
		for range 20 {
			c.apply(specOf("studio", "ml"), func(applied onboarding.Applied, err error) {
				require.NoError(t, err)
				require.Equal(t, 2, applied.N)
			})
		}
	})
	c.at(begin.Add(3*hour), func() {
		for range 3 {
			c.update(onboarding.UpdateReconcile, onboarding.ReconcileRequest{By: "ada@example.com"}, nil)
		}
	})
	c.at(begin.Add(1*hour), func() { c.update(onboarding.UpdateSync, every(time.Hour), nil) })
	c.live(started(specOf("studio")), begin.Add(15*hour))

	require.Equal(t, 1, c.most, "two changed access at the same time")
	require.Len(t, c.runs, 2, "twenty requests are one run")
	parked := 0
	for i, in := range c.reconciled {
		at := c.reconciledAt[i]
		require.False(t, at.After(begin.Add(2*hour+2*time.Minute)) && at.Before(begin.Add(5*hour)), "at %s, while a run changes access", at)
		if at.After(begin.Add(5*hour)) && at.Before(begin.Add(12*hour)) {
			parked++
			require.Len(t, in.Handles.Spec.Access.Groups, 2, "what the run has made is not taken back")
		}
	}
	require.GreaterOrEqual(t, parked, 3+5)
}

// The same request, sent with the start and again as an update, counts once.
func TestASpecIsCarriedOutOnce(t *testing.T) {
	c := newCare(t)
	in := started(specOf("studio"))
	c.at(c.now, func() {
		c.update(onboarding.UpdateApply, *in.Apply, func(result any, err error) {
			require.NoError(t, err)
			require.False(t, result.(onboarding.Applied).Attached)
		})
	})
	c.live(in, c.now.Add(2*hour))
	require.Len(t, c.runs, 1)
}

func TestARunUnderWayIsAttachedToWithItsOwnSpec(t *testing.T) {
	c := newCare(t)
	c.at(c.now.Add(5*time.Minute), func() {
		c.apply(specOf("studio"), func(applied onboarding.Applied, err error) {
			require.NoError(t, err)
			require.True(t, applied.Attached)
			require.False(t, applied.SpecDiffers)
		})
		c.apply(specOf("other"), func(applied onboarding.Applied, err error) {
			require.NoError(t, err)
			require.True(t, applied.Attached && applied.SpecDiffers)
		})
	})
	c.live(started(specOf("studio")), c.now.Add(2*hour))
	require.Len(t, c.runs, 1)
}

// A run may have ended a moment ago, and its studio not have noticed: nobody is attached to it.
func TestARunThatHasJustEndedIsNotAttachedTo(t *testing.T) {
	c := newCare(t)
	c.onboard = func(c *care, run *simulated) {
		c.in(7*time.Minute, func() { c.end(run, ending.End{State: onboarding.RunAborted}) })
	}
	c.at(c.now.Add(7*time.Minute+time.Second), func() { // the studio looks every five minutes here
		require.Nil(t, c.runs[0].in.Known)
		c.apply(specOf("other"), func(applied onboarding.Applied, err error) {
			require.NoError(t, err)
			require.False(t, applied.Attached)
			require.Equal(t, 2, applied.N)
		})
	})
	c.live(started(specOf("studio")), c.now.Add(2*hour))
	require.Len(t, c.runs, 2)
}

// The date of the SCIM token was gone after a second onboarding.
func TestADateThatALaterRunDoesNotKnowStays(t *testing.T) {
	c := newCare(t)
	begin := c.now
	c.onboard = func(c *care, run *simulated) {
		expiry := "The SCIM access token"
		if run.in.N > 1 {
			expiry = ""
		}
		c.in(0, func() { c.wantsTurn(run, func() { c.done(run, expiry) }) })
	}
	c.at(begin.Add(2*hour), func() { c.apply(specOf("studio", "ml"), nil) })
	c.live(started(specOf("studio")), begin.Add(4*hour))
	require.Len(t, c.last.Runs, 2)
	require.Equal(t, "The SCIM access token", c.last.Expiries[0].What)
}

func TestWhatTheFirstVersionLeftIsTakenOver(t *testing.T) {
	c := newCare(t)
	begin := c.now
	report := &onboarding.Report{Run: "data-science", State: onboarding.RunDone, Handles: handlesOf(specOf("studio"))}
	c.earlier = record1(report, begin.Add(7*time.Minute))
	c.live(onboarding.StudioInput{Name: "data-science"}, begin.Add(3*hour))
	require.Equal(t, 1, c.stopped)
	require.Equal(t, begin.Add(7*time.Minute), c.reconciledAt[0].Truncate(time.Minute), "no gap: when the schedule would have acted")
	require.Len(t, c.last.InForce.Spec.Access.Groups, 1)
	require.Equal(t, 1, c.last.Runs[0].N)
}

func TestAcceptedExceptionsGoToLaterRunsUntilRevoked(t *testing.T) {
	c := newCare(t)
	begin := c.now
	accepted := []onboarding.AcceptedException{{Person: "eve@example.com", Code: "no-email", Step: onboarding.StepDirectorySync,
		By: "ada@example.com", Why: "is a robot"}}
	plain := c.onboard
	c.onboard = func(c *care, run *simulated) {
		if run.in.N == 1 {
			c.in(time.Minute, func() { c.tell(run, onboarding.RunNews{State: onboarding.RunRunning, Accepted: accepted}) })
		}
		plain(c, run)
	}
	c.at(begin.Add(2*hour), func() { c.apply(specOf("studio", "ml"), nil) })
	c.at(begin.Add(4*hour), func() {
		c.update(onboarding.UpdateRevoke, onboarding.RevokeRequest{Person: "eve@example.com", By: "ada@example.com"}, nil)
	})
	c.at(begin.Add(5*hour), func() { c.apply(specOf("studio"), nil) })
	c.live(started(specOf("studio")), begin.Add(7*hour))
	require.Empty(t, c.runs[0].in.Accepted)
	require.Equal(t, "eve@example.com", c.runs[1].in.Accepted[0].Person)
	require.Empty(t, c.runs[2].in.Accepted)
}

func TestACancelledRunIsOnRecordAndTheStudioGoesOn(t *testing.T) {
	c := newCare(t)
	begin := c.now
	c.at(begin.Add(5*time.Minute), func() {
		c.update(onboarding.UpdateCancel, onboarding.CancelRequest{Reason: "wrong account", By: "ada@example.com"}, func(_ any, err error) {
			require.NoError(t, err)
			// The environment completes a cancelled child without carrying it on.
			c.end(c.runs[0], ending.End{State: onboarding.RunCanceled, Message: "somebody cancelled it"})
		})
	})
	c.at(begin.Add(1*hour), func() {
		c.update(onboarding.UpdateCancel, onboarding.CancelRequest{}, func(_ any, err error) {
			require.ErrorContains(t, err, "nothing to cancel")
		})
		c.update(onboarding.UpdateReconcile, onboarding.ReconcileRequest{}, func(_ any, err error) {
			require.ErrorContains(t, err, "carry its spec out first")
		})
		c.apply(specOf("studio"), nil)
	})
	c.live(started(specOf("studio")), begin.Add(3*hour))
	require.Equal(t, onboarding.RunCanceled, c.last.Run(1).State)
	require.Equal(t, onboarding.RunDone, c.last.Run(2).State)
}

func TestPausedReconcilesRememberTheirInterval(t *testing.T) {
	c := newCare(t)
	begin := c.now
	c.at(begin.Add(1*hour), func() { c.update(onboarding.UpdateSync, every(hour), nil) })
	c.at(begin.Add(3*hour+30*time.Minute), func() {
		c.update(onboarding.UpdateSync, onboarding.SyncRequest{Pause: true, By: "ada@example.com"}, nil)
	})
	c.live(started(specOf("studio")), begin.Add(10*hour))
	require.Len(t, c.reconciled, 2)
	require.True(t, c.last.Sync.Paused)
	require.Equal(t, onboarding.Duration(hour), c.last.Sync.Every)
	require.Zero(t, c.last.Sync.Overdue())
}

func TestAForgottenStudioEnds(t *testing.T) {
	c := newCare(t)
	c.at(c.now.Add(10*time.Minute), func() {
		c.update(onboarding.UpdateForget, onboarding.ForgetRequest{}, func(_ any, err error) { require.ErrorContains(t, err, "under way") })
	})
	c.at(c.now.Add(1*hour), func() { c.update(onboarding.UpdateForget, onboarding.ForgetRequest{By: "ada@example.com"}, nil) })
	until := c.now.Add(5 * hour)
	c.live(started(specOf("studio")), until)
	require.Equal(t, []string{"data-science"}, c.forgotten)
	require.True(t, c.now.Before(until), "it has ended by itself")
}

// A hold is told of once, stays as long as the people are missing, and ends by consent to exactly it.
func TestAHoldIsTheStudios(t *testing.T) {
	c := newCare(t)
	begin := c.now
	held := onboarding.Hold{ID: "h1", Since: begin.Add(2 * hour), Total: 34, Groups: []onboarding.HeldGroup{{Leaving: 34, Of: 49}}}
	agreed := false
	c.reconcile = func(in onboarding.ReconcileInput) (onboarding.ReconcileReport, error) {
		agreed = agreed || in.Consent == "h1"
		if agreed {
			return onboarding.ReconcileReport{State: onboarding.RunDone}, nil
		}
		return onboarding.ReconcileReport{State: onboarding.RunAttention, Held: "34 people would lose access", Hold: &held}, nil
	}
	c.at(begin.Add(1*hour), func() { c.update(onboarding.UpdateSync, every(hour), nil) })
	c.at(begin.Add(9*hour), func() {
		studio := c.look()
		require.Equal(t, "h1", studio.Hold.ID)
		require.Zero(t, studio.Sync.LastGood)
		require.NotEmpty(t, studio.Summary().Who(c.Now()))
		c.update(onboarding.UpdateReconcile, onboarding.ReconcileRequest{Consent: "h1", By: "ada@example.com"}, nil)
	})
	c.live(started(specOf("studio")), begin.Add(11*hour))
	require.Nil(t, c.last.Hold)
	var told []onboarding.Notice
	for _, notice := range c.notices {
		if notice.Kind == onboarding.NoticeHold {
			told = append(told, notice)
		}
	}
	require.Len(t, told, 1)
	require.Equal(t, "starter sync data-science --once --consent h1", told[0].Command)
	require.Contains(t, told[0].Text, "34 of 49")
}

// An expired token left reconciles green; it is told of once, and a studio says since when.
func TestADeadConnectionIsSaidOnce(t *testing.T) {
	c := newCare(t)
	begin := c.now
	dead := false
	c.reconcile = func(in onboarding.ReconcileInput) (onboarding.ReconcileReport, error) {
		report := onboarding.ReconcileReport{State: onboarding.RunDone, Health: &onboarding.Health{At: c.Now()}}
		if dead {
			report.State = onboarding.RunAttention
			report.Health.Verdicts = []onboarding.Verdict{{Kind: onboarding.VerdictBlocked, Code: "scim-token", Reason: "the token has expired"}}
		}
		return report, nil
	}
	c.at(begin.Add(1*hour), func() { c.update(onboarding.UpdateSync, every(hour), nil) })
	c.at(begin.Add(4*hour), func() { dead = true })
	c.at(begin.Add(8*hour), func() {
		studio := c.look()
		require.False(t, studio.DeadSince.IsZero())
		require.Equal(t, "the token has expired", studio.Reconciles[len(studio.Reconciles)-1].Message)
		dead = false
	})
	c.live(started(specOf("studio")), begin.Add(11*hour))
	require.Zero(t, c.last.DeadSince)
	require.False(t, c.reconciled[len(c.reconciled)-1].Judged.IsZero(), "what went wrong since the last look counts")
	times := 0
	for _, notice := range c.notices {
		if notice.Kind == onboarding.NoticeDeadSync {
			times++
		}
	}
	require.Equal(t, 1, times)
}

// There may always be a reconcile that waits for its turn: the studio continues as new all the same.
func TestAStudioThatIsNeverIdleContinuesAsNew(t *testing.T) {
	c := newCare(t)
	begin := c.now
	for i := range 600 {
		c.at(begin.Add(hour+time.Duration(i)*time.Minute), func() {
			c.update(onboarding.UpdateReconcile, onboarding.ReconcileRequest{By: "ada@example.com"}, nil)
		})
	}
	c.live(started(specOf("studio")), begin.Add(14*hour))
	require.LessOrEqual(t, c.longest, 2000)
	require.GreaterOrEqual(t, c.executions, 5)
	require.Len(t, c.reconciled, 600, "none is lost")
}
