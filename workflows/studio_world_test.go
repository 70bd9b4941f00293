package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/notify"
	"studio-onboarding/activities/record"
	"studio-onboarding/internal/ending"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/workflows"
)

// care is a studio in the time-skipping environment, through as many executions as it takes, in a world whose runs and reconciles do
// what a test says. The world goes on while the studio continues as new.
type care struct {
	t *testing.T
	*testsuite.TestWorkflowEnvironment
	mu  sync.Mutex
	now time.Time
	// agenda is what happens when.
	agenda []*appointment
	// onboard says what a run does; by default it is done after half an hour.
	onboard func(c *care, run *simulated)
	// reconcile says what a reconcile finds; by default nothing.
	reconcile func(in onboarding.ReconcileInput) (onboarding.ReconcileReport, error)
	earlier   record.Earlier
	runs      []*simulated
	// writers are those who change access at the same time; most is how many that were at most.
	writers, most int
	reconciled    []onboarding.ReconcileInput
	reconciledAt  []time.Time
	executions    int
	// events estimates the events of the present execution, most of all of them is in longest.
	events, longest int
	last            onboarding.Studio
	stopped         int
	notices         []onboarding.Notice
	forgotten       []string
}

// appointment is something that happens at a time, in whichever execution of the studio that is.
type appointment struct {
	at   time.Time
	do   func()
	kept bool
}

// simulated is a run as the world knows it.
type simulated struct {
	in    onboarding.OnboardInput
	runID string
	end   *ending.End
	// turn is called when the run gets its turn.
	turn func()
}

func newCare(t *testing.T) *care {
	c := &care{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	c.onboard = func(c *care, run *simulated) {
		c.in(20*time.Minute, func() { c.wantsTurn(run, func() { c.in(10*time.Minute, func() { c.done(run, "") }) }) })
	}
	c.reconcile = func(in onboarding.ReconcileInput) (onboarding.ReconcileReport, error) {
		return onboarding.ReconcileReport{Run: in.Handles.Spec.Name, State: onboarding.RunDone}, nil
	}
	return c
}

// at has something happen at a time of the world.
func (c *care) at(when time.Time, do func()) {
	one := &appointment{at: when, do: do}
	c.mu.Lock()
	c.agenda = append(c.agenda, one)
	c.mu.Unlock()
	if c.TestWorkflowEnvironment != nil {
		c.keep(one)
	}
}

// in has something happen after a while.
func (c *care) in(after time.Duration, do func()) { c.at(c.time().Add(after), do) }

func (c *care) time() time.Time {
	if c.TestWorkflowEnvironment != nil {
		return c.Now()
	}
	return c.now
}

func (c *care) keep(one *appointment) {
	c.RegisterDelayedCallback(func() {
		if !one.kept {
			one.kept = true
			one.do()
		}
	}, max(one.at.Sub(c.Now()), 0))
}

// live carries the studio on until a time, through all its executions.
func (c *care) live(in onboarding.StudioInput, until time.Time) {
	for {
		c.executions++
		var suite testsuite.WorkflowTestSuite
		c.TestWorkflowEnvironment = suite.NewTestWorkflowEnvironment()
		c.SetTestTimeout(5 * time.Minute)
		c.SetDetachedChildWait(false) // a run outlives the execution that started it
		c.SetStartTime(c.now)
		c.events = 5
		c.prepare()
		for _, one := range c.agenda {
			if !one.kept {
				c.keep(one)
			}
		}
		over := false
		c.RegisterDelayedCallback(func() {
			over = true
			c.look()
			c.CancelWorkflow()
		}, until.Sub(c.now))
		c.ExecuteWorkflow(onboarding.WorkflowStudio, in)
		require.True(c.t, c.IsWorkflowCompleted())
		c.longest = max(c.longest, c.events)
		c.now = c.Now()
		err := c.GetWorkflowError()
		var next *workflow.ContinueAsNewError
		if !over && temporal.IsCanceledError(err) {
			c.t.Fatalf("cancelled: %v", err)
		}
		if over || err == nil {
			return
		}
		require.ErrorAs(c.t, err, &next)
		require.NoError(c.t, decode(next, &in))
		c.last = in.Record
	}
}

func decode(next *workflow.ContinueAsNewError, in *onboarding.StudioInput) error {
	return testConverter.FromPayloads(next.Input, in)
}

// look reads the studio's record.
func (c *care) look() onboarding.Studio {
	value, err := c.QueryWorkflow(onboarding.QueryStudio)
	require.NoError(c.t, err)
	c.last = onboarding.Studio{}
	require.NoError(c.t, value.Get(&c.last))
	return c.last
}

// count adds to the estimated events of this execution, as the server would keep them.
func (c *care) count(events int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events += events
	c.SetCurrentHistoryLength(c.events)
}

// task is what a workflow task costs: scheduled, started, completed.
const task = 3

func (c *care) prepare() {
	workflows.Register(except(c.TestWorkflowEnvironment, onboarding.WorkflowOnboard, onboarding.WorkflowReconcile))
	c.RegisterWorkflowWithOptions(func(ctx workflow.Context, in onboarding.OnboardInput) (onboarding.Report, error) {
		run := &simulated{in: in, runID: workflow.GetInfo(ctx).WorkflowExecution.RunID}
		c.count(2 + task)
		c.runs = append(c.runs, run)
		c.onboard(c, run)
		// The environment refuses signals to a child that has ended, so it stays as long as the world has the run.
		over := false
		selector := workflow.NewSelector(ctx).
			AddReceive(workflow.GetSignalChannel(ctx, onboarding.SignalTurn), func(ch workflow.ReceiveChannel, _ bool) {
				ch.Receive(ctx, nil)
				c.in(0, run.turn)
			}).
			AddReceive(workflow.GetSignalChannel(ctx, "end"), func(workflow.ReceiveChannel, bool) { over = true })
		for !over {
			selector.Select(ctx)
		}
		return onboarding.Report{}, nil
	}, workflow.RegisterOptions{Name: onboarding.WorkflowOnboard})
	c.RegisterWorkflowWithOptions(func(ctx workflow.Context, in onboarding.ReconcileInput) (onboarding.ReconcileReport, error) {
		c.count(3 + 2*task)
		c.reconciled, c.reconciledAt = append(c.reconciled, in), append(c.reconciledAt, workflow.Now(ctx))
		c.write(1)
		defer c.write(-1)
		if err := workflow.Sleep(ctx, time.Minute); err != nil {
			return onboarding.ReconcileReport{}, err
		}
		return c.reconcile(in)
	}, workflow.RegisterOptions{Name: onboarding.WorkflowReconcile})
	c.SetOnTimerScheduledListener(func(string, time.Duration) { c.count(1) })
	c.SetOnTimerFiredListener(func(string) { c.count(1 + task) })
	c.SetOnTimerCanceledListener(func(string) { c.count(1) })
	c.OnUpsertMemo(mock.Anything).Return(func(map[string]any) error { c.count(1); return nil })
	c.OnUpsertTypedSearchAttributes(mock.Anything).Return(func(temporal.SearchAttributes) error { c.count(1); return nil })
	c.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(
		func(_, _, runID, signal string, _ any) error {
			c.count(2 + task)
			run := c.run(runID)
			if run == nil || run.end != nil {
				return fmt.Errorf("no such execution")
			}
			if signal == onboarding.SignalTurn {
				turn := run.turn
				c.in(0, turn)
			}
			return nil
		})
	c.OnRequestCancelExternalWorkflow(mock.Anything, mock.Anything, mock.Anything).Return(func(_, _, runID string) error {
		c.count(2 + task)
		c.end(c.run(runID), ending.End{State: onboarding.RunCanceled, Message: "somebody cancelled it"})
		return nil
	})
	var a *record.Activities
	c.RegisterActivity(a)
	c.OnActivity(a.FindEarlier, mock.Anything, mock.Anything).Return(
		func(context.Context, record.EarlierInput) (record.Earlier, error) {
			c.count(3 + task)
			return c.earlier, nil
		})
	c.OnActivity(a.StopSchedule, mock.Anything, mock.Anything).Return(
		func(context.Context, record.EarlierInput) (struct{}, error) {
			c.stopped++
			return struct{}{}, nil
		})
	c.OnActivity(a.FindRun, mock.Anything, mock.Anything).Return(
		func(_ context.Context, in record.FindInput) (record.Found, error) {
			c.count(3 + task)
			run := c.runs[len(c.runs)-1]
			c.mu.Lock()
			defer c.mu.Unlock()
			return record.Found{RunID: run.runID, StartedAt: c.Now(), Ended: run.end != nil}, nil
		})
	c.OnActivity(a.Forget, mock.Anything, mock.Anything).Return(
		func(_ context.Context, in record.ForgetInput) (record.Forgotten, error) {
			c.forgotten = append(c.forgotten, in.Name)
			return record.Forgotten{Histories: 3}, nil
		})
	var n *notify.Activities
	c.RegisterActivity(n)
	c.OnActivity(n.Notify, mock.Anything, mock.Anything).Return(
		func(_ context.Context, in notify.NotifyInput) (onboarding.Notified, error) {
			c.count(3 + 2*task)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.notices = append(c.notices, in.Notices...)
			return onboarding.Notified{}, nil
		})
	c.OnActivity(a.AwaitRun, mock.Anything, mock.Anything).Return(
		func(_ context.Context, in record.FindInput) (ending.End, error) {
			run := c.run(in.RunID)
			c.mu.Lock()
			defer c.mu.Unlock()
			if run == nil || run.end == nil {
				return ending.End{}, temporal.NewApplicationErrorWithOptions("the run goes on", string(fault.NotReady),
					temporal.ApplicationErrorOptions{NextRetryDelay: 5 * time.Minute})
			}
			return *run.end, nil
		})
}

func (c *care) write(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writers += n
	c.most = max(c.most, c.writers)
}

func (c *care) run(runID string) *simulated {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The test environment gives all executions of a workflow ID the same run ID; the latest is meant.
	for _, run := range slices.Backward(c.runs) {
		if run.runID == runID {
			return run
		}
	}
	return nil
}

// tell sends news of a run to the studio.
func (c *care) tell(run *simulated, news onboarding.RunNews) {
	c.count(1 + task)
	news.RunID = run.runID
	c.SignalWorkflow(onboarding.SignalNews, news)
}

// wantsTurn has a run ask for its turn, and go on with it.
func (c *care) wantsTurn(run *simulated, then func()) {
	run.turn = func() {
		c.write(1)
		then()
	}
	c.tell(run, onboarding.RunNews{
		State: onboarding.RunRunning, Step: onboarding.StepAccess, WantsTurn: true, Following: handlesOf(run.in.Spec),
	})
}

// done ends a run that had its turn with everything in order.
func (c *care) done(run *simulated, expiry string) {
	c.write(-1)
	report := &onboarding.Report{
		Run: run.in.Spec.Name, N: run.in.N, State: onboarding.RunDone, StartedBy: run.in.StartedBy, Handles: handlesOf(run.in.Spec),
	}
	if expiry != "" {
		report.Expiries = []onboarding.Expiry{{What: expiry, At: c.Now().AddDate(1, 0, 0)}}
	}
	c.end(run, ending.End{State: onboarding.RunDone, Report: report})
}

func (c *care) end(run *simulated, end ending.End) {
	c.mu.Lock()
	end.EndedAt = c.Now()
	run.end = &end
	c.mu.Unlock()
	_ = c.SignalWorkflowByID(onboarding.WorkflowID(run.in.Spec.Name), "end", nil) // it may be of an execution before
}

func handlesOf(spec onboarding.Spec) *onboarding.Handles {
	return &onboarding.Handles{Spec: spec, Domain: onboarding.DomainHandle{ID: "d-1", URL: "https://d-1.studio.example.com"}}
}

// apply asks the studio to carry a spec out, and checks the outcome.
func (c *care) apply(spec onboarding.Spec, check func(onboarding.Applied, error)) {
	id := fmt.Sprintf("%s %d", spec.Name, time.Now().UnixNano())
	c.update(onboarding.UpdateApply, onboarding.Apply{ID: id, Spec: spec, By: "ada@example.com"},
		func(result any, err error) {
			applied, _ := result.(onboarding.Applied)
			if check != nil {
				check(applied, err)
			} else {
				require.NoError(c.t, err)
			}
		})
}

// update sends an update; then gets the outcome, also a rejection.
func (c *care) update(name string, in any, then func(any, error)) {
	c.count(2 + task)
	if then == nil {
		then = func(_ any, err error) { require.NoError(c.t, err) }
	}
	c.UpdateWorkflow(name, fmt.Sprint(name, time.Now().UnixNano()), &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: func(err error) { then(nil, err) }, OnComplete: then,
	}, in)
}

func specOf(groups ...string) onboarding.Spec {
	spec := onboarding.Spec{Name: "data-science", Region: "us-east-1", Domain: onboarding.DomainSpec{Name: "data-science"}}
	for _, name := range groups {
		spec.Access.Groups = append(spec.Access.Groups, onboarding.GroupAccessSpec{Name: name})
	}
	return spec
}

// some registers all workflows but some.
type some struct {
	*testsuite.TestWorkflowEnvironment
	without []string
}

func except(env *testsuite.TestWorkflowEnvironment, names ...string) some { return some{env, names} }

func (s some) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	if !slices.Contains(s.without, options.Name) {
		s.TestWorkflowEnvironment.RegisterWorkflowWithOptions(w, options)
	}
}

// record1 is what the first version left: a run that was done, and a schedule.
func record1(report *onboarding.Report, next time.Time) record.Earlier {
	return record.Earlier{
		Runs: []onboarding.RunRecord{{
			N: 1, WorkflowID: "onboard-data-science", RunID: "old", State: onboarding.RunDone, EndedAt: time.Now(), Report: report,
		}},
		Every: onboarding.Duration(time.Hour), SyncBy: "ada@example.com", Next: next,
	}
}
