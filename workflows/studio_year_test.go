package workflows_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/ending"
	"studio-onboarding/onboarding"
)

// year is a studio's life with people who join and leave.
type year struct {
	*care
	members map[string]map[string]bool
	has     map[string]bool
	// broken says that the token has expired: reconciles see it, and nobody who joins or leaves arrives.
	broken bool
	// inForce is the spec that ought to be in force.
	inForce onboarding.Spec
}

func (y *year) wanted(spec onboarding.Spec) map[string]bool {
	wanted := map[string]bool{}
	for _, group := range spec.Access.Groups {
		maps.Copy(wanted, y.members[group.Name])
	}
	return wanted
}

// A year of a studio: people join and leave, its spec changes twice, a run is aborted, another one waits for six weeks, the token
// expires, the worker is replaced four times. After every day access is what the spec in force and Okta say.
func TestAYearOfAStudio(t *testing.T) {
	const day = 24 * time.Hour
	y := &year{
		care: newCare(t), members: map[string]map[string]bool{"studio": {}, "ml": {}}, has: map[string]bool{}, inForce: specOf("studio"),
	}
	begin := y.now
	at := func(days int, after time.Duration, do func()) { y.at(begin.Add(time.Duration(days)*day+after), do) }
	for i := range 40 {
		y.members["studio"][fmt.Sprintf("s%d@example.com", i)] = true
		y.members["ml"][fmt.Sprintf("m%d@example.com", i)] = true
	}
	y.reconcile = func(in onboarding.ReconcileInput) (onboarding.ReconcileReport, error) {
		report := onboarding.ReconcileReport{Run: in.Handles.Spec.Name, State: onboarding.RunDone}
		if y.broken {
			report.State = onboarding.RunAttention
			return report, nil
		}
		wanted := y.wanted(in.Handles.Spec)
		if !maps.Equal(wanted, y.has) {
			report.Changes.Total = 1
		}
		y.has = wanted
		return report, nil
	}
	// An ordinary run takes half an hour and knows the token's date only the first time.
	ordinary := func(c *care, run *simulated) {
		c.in(20*time.Minute, func() {
			c.wantsTurn(run, func() {
				c.in(10*time.Minute, func() {
					y.has, y.inForce = y.wanted(run.in.Spec), run.in.Spec
					expiry := ""
					if run.in.N == 1 {
						expiry = "The SCIM access token"
					}
					c.done(run, expiry)
				})
			})
		})
	}
	y.onboard = ordinary
	at(0, hour, func() { y.update(onboarding.UpdateSync, every(hour), nil) })

	// Every morning somebody joins or leaves.
	for d := 1; d < 365; d++ {
		at(d, 0, func() {
			group := []string{"studio", "ml"}[d%2]
			if d%3 == 0 {
				for _, one := range slices.Sorted(maps.Keys(y.members[group])) {
					delete(y.members[group], one)
					break
				}
				return
			}
			y.members[group][fmt.Sprintf("d%d@example.com", d)] = true
		})
		at(d, 6*hour, func() {
			if !y.broken {
				require.Equal(t, y.wanted(y.inForce), y.has, "day %d", d)
			}
			require.LessOrEqual(t, y.events, 2000, "day %d", d)
		})
	}
	// A change of the spec on day 40, and one on day 200.
	at(40, 7*hour, func() { y.apply(specOf("studio", "ml"), nil) })
	at(200, 7*hour, func() { y.apply(specOf("ml"), nil) })
	// A run that is aborted, on day 80.
	at(80, 7*hour, func() {
		y.onboard = func(c *care, run *simulated) {
			c.in(time.Minute, func() {
				c.tell(run, onboarding.RunNews{State: onboarding.RunAttention, Step: onboarding.StepPreflight,
					Waiting: []onboarding.Waiting{{Step: onboarding.StepPreflight, Parked: true, Since: c.Now(), Attempts: 1}}})
			})
			c.in(30*hour, func() {
				c.end(run, ending.End{State: onboarding.RunAborted, Report: &onboarding.Report{Run: "data-science"}})
			})
		}
		y.apply(specOf("studio"), nil)
	})
	at(82, 7*hour, func() { y.onboard = ordinary })
	// A run that waits six weeks for its operator, from day 100 on.
	at(100, 7*hour, func() {
		y.onboard = func(c *care, run *simulated) {
			c.in(time.Minute, func() {
				c.tell(run, onboarding.RunNews{State: onboarding.RunWaiting, Step: onboarding.StepSCIM, Waiting: []onboarding.Waiting{{
					Step: onboarding.StepSCIM, Title: "Enable automatic provisioning", Since: c.Now(), Deadline: c.Now().Add(60 * day),
				}}})
			})
			c.in(42*day, func() { ordinary(c, run) })
		}
		y.apply(specOf("studio", "ml"), nil)
	})
	at(150, 7*hour, func() { y.onboard = ordinary })
	// The token is dead from day 300 to day 303.
	at(300, 7*hour, func() { y.broken = true })
	at(303, 7*hour, func() { y.broken = false })

	y.live(started(specOf("studio")), begin.Add(365*day))

	require.LessOrEqual(t, y.longest, 2000)
	require.GreaterOrEqual(t, y.executions, 5, "it has continued as new again and again")
	require.Equal(t, 1, y.most, "one writer at a time")
	require.Greater(t, len(y.reconciled), 300*24*9/10)
	require.Len(t, y.last.Runs, 5)
	require.Len(t, y.last.Revisions, 3)
	require.Equal(t, onboarding.RunAborted, y.last.Run(3).State)
	require.LessOrEqual(t, len(y.last.Events), onboarding.MaxEvents)

	told := map[string]int{}
	kinds := map[onboarding.NoticeKind]int{}
	for _, notice := range y.notices {
		told[notice.Key]++
		kinds[notice.Kind]++
	}
	for key, times := range told {
		require.Equal(t, 1, times, "%s was told more than once", key)
	}
	require.Equal(t, map[onboarding.NoticeKind]int{
		onboarding.NoticeParked: 1, onboarding.NoticeRequest: 1, onboarding.NoticeRunEnded: 5,
		onboarding.NoticeExpiry:           6, // 90, 60, 30, 14, 7 and 1 days; the day itself is after this year
		onboarding.NoticeOverdueReconcile: 1,
	}, kinds)
	t.Logf("%d executions, at most %d events in one; %d reconciles; %d notices", y.executions, y.longest, len(y.reconciled), len(y.notices))
}
