package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/domain"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/network"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/role"
	"studio-onboarding/activities/survey"
	"studio-onboarding/onboarding"
)

// run is the state of one run. Only its own coroutines touch it.
type run struct {
	spec onboarding.Spec
	// home is the workflow ID of the run's studio, and turn says that the run may change access now.
	home string
	turn bool
	// accepted are exceptions that nobody is asked about.
	accepted []onboarding.AcceptedException
	started  time.Time
	ended    time.Time
	steps    []onboarding.StepProgress
	requests []*request
	parked   []*onboarding.Parked
	// decisions are those that their parked step has not picked up yet.
	decisions map[onboarding.Step]*onboarding.Decision
	aborted   bool
	documents map[string]string
	report    onboarding.Report
	// checking serialises the checks of answers, which block.
	checking workflow.Mutex
	// published is what the search attributes say, told what the studio was told last of what waits for a person; unpublished says that
	// something has changed since.
	published   [2]string
	told        string
	unpublished bool

	// What steps hand on to later ones.
	oktaURL    string
	instance   identitycenter.Instance
	app        oktaapp.OktaApp
	connection provisioning.SCIMConnection
	// token is what is known of the connection, and known are the handles of the run before; nil where there was none.
	token onboarding.SCIMHandle
	known *onboarding.Handles
	// exchanged is what came of the exchange of SAML values, and agreed what somebody agreed to.
	exchanged string
	agreed    map[survey.Change]bool
	compared  bool
	// leftAlone are access groups that Okta pushed before this run, which did not push them.
	leftAlone []string
	verified  bool
	// careful says that the run looks before it cuts anybody off, has the step canary, and publishes once for what changes at a time.
	// Runs that began before all that go on as they began.
	careful bool
	// provisioned says whether people came to Identity Center from another directory before; nil while it is not known.
	provisioned *bool
	// provisions says whether the app had provisioning switched on when it was given its values, a moment before the next step needs to
	// know; nil when it has to be looked at again.
	provisions *bool
	// only says that nobody but the canary has been let in, and first are the user IDs that were assigned directly for that.
	only  bool
	first []string
	// found are what somebody should know of the trust and the Studio application.
	found []onboarding.Verdict
	// again is the second look at what was warned of before the run.
	again workflow.Future
	// held says that nobody was removed although people have left.
	held   *onboarding.Verdict
	roles  []role.Role
	place  network.Network
	studio domain.Domain
}

func newRun(ctx workflow.Context, in onboarding.OnboardInput) *run {
	now := workflow.Now(ctx)
	r := &run{
		spec:      in.Spec,
		home:      in.Studio,
		accepted:  in.Accepted,
		known:     in.Known,
		started:   now,
		decisions: map[onboarding.Step]*onboarding.Decision{},
		agreed:    map[survey.Change]bool{},
		documents: map[string]string{},
		checking:  workflow.NewMutex(ctx),
		report: onboarding.Report{
			Run: in.Spec.Name, N: in.N, Region: in.Spec.Region, State: onboarding.RunRunning, StartedBy: in.StartedBy, StartedAt: now,
		},
	}
	r.told = fmt.Sprint(r.waiting())
	r.careful = workflow.GetVersion(ctx, "careful", workflow.DefaultVersion, 1) != workflow.DefaultVersion
	for _, info := range onboarding.Steps() {
		if info.Step == onboarding.StepCanary && !r.careful {
			continue
		}
		r.steps = append(r.steps, onboarding.StepProgress{Step: info.Step, Lane: info.Lane, Title: info.Title, State: onboarding.StepPending})
	}
	return r
}

// setHandlers makes the run answerable before it does anything that blocks.
func (r *run) setHandlers(ctx workflow.Context) error {
	return errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, onboarding.QueryProgress,
			func() (onboarding.Progress, error) { return r.progress(), nil },
			workflow.QueryHandlerOptions{Description: "The checklist, the open requests and the parked steps."}),
		workflow.SetQueryHandlerWithOptions(ctx, onboarding.QueryReport,
			func() (onboarding.Report, error) { return r.report, nil },
			workflow.QueryHandlerOptions{Description: "The report, as far as the run has come."}),
		workflow.SetQueryHandlerWithOptions(ctx, onboarding.QueryDocument, r.document,
			workflow.QueryHandlerOptions{Description: "A file that an open request names, such as okta-metadata.xml."}),
		workflow.SetUpdateHandlerWithOptions(ctx, onboarding.UpdateProvide, r.provide, workflow.UpdateHandlerOptions{
			Validator:   r.acceptsAnswer,
			Description: "Answer an open request. The values are checked against the live systems before they count.",
		}),
		workflow.SetUpdateHandlerWithOptions(ctx, onboarding.UpdateResolve, r.resolve, workflow.UpdateHandlerOptions{
			Validator:   r.acceptsResolution,
			Description: "Decide about a parked step: retry, skip or abort.",
		}),
	)
}

func (r *run) document(name string) (onboarding.Document, error) {
	content, ok := r.documents[name]
	if !ok {
		return onboarding.Document{}, fmt.Errorf("this run has no document %q; it has %v", name, workflow.DeterministicKeys(r.documents))
	}
	return onboarding.Document{Name: name, Content: content}, nil
}

func (r *run) acceptsResolution(_ workflow.Context, res onboarding.Resolution) error {
	info, ok := onboarding.StepInfoOf(res.Step)
	if !ok {
		return fmt.Errorf("there is no step %q", res.Step)
	}
	if !r.ended.IsZero() {
		return fmt.Errorf("the run %s has ended; start it again to change something", r.spec.Name)
	}
	switch res.Action {
	case onboarding.ActionAbort:
		return nil
	case onboarding.ActionRetry, onboarding.ActionSkip:
	default:
		return fmt.Errorf("%q is not an action; use retry, skip or abort", res.Action)
	}
	parked := slices.IndexFunc(r.parked, func(p *onboarding.Parked) bool { return p.Step == res.Step })
	waits := r.open(res.Step) != nil && res.Action == onboarding.ActionSkip && info.Skippable
	if !waits && parked < 0 {
		return fmt.Errorf("%s is not parked (it is %s), so there is nothing to decide", res.Step, r.at(res.Step).State)
	}
	if r.decisions[res.Step] != nil {
		return fmt.Errorf("%s has just been decided: %s", res.Step, r.decisions[res.Step].Action)
	}
	if res.Action == onboarding.ActionSkip && !waits && !r.parked[parked].Skippable {
		return fmt.Errorf("%s can't be skipped, because later steps need what it makes; repair the cause and retry, or abort", res.Step)
	}
	return nil
}

func (r *run) resolve(ctx workflow.Context, res onboarding.Resolution) (onboarding.Acknowledgement, error) {
	decision := &onboarding.Decision{Resolution: res, At: workflow.Now(ctx), Message: r.at(res.Step).Summary}
	r.report.Decisions = append(r.report.Decisions, *decision)
	if res.Action == onboarding.ActionAbort {
		r.aborted = true
		return onboarding.Acknowledgement{Message: "The run ends. What was made stays and is listed in the report."}, nil
	}
	r.decisions[res.Step] = decision
	if res.Action == onboarding.ActionSkip {
		return onboarding.Acknowledgement{Message: fmt.Sprintf("%s is skipped; the report says so.", res.Step)}, nil
	}
	return onboarding.Acknowledgement{Message: fmt.Sprintf("%s is tried again.", res.Step)}, nil
}

func (r *run) abortMessage() string {
	for _, d := range r.report.Decisions {
		if d.Action == onboarding.ActionAbort {
			return fmt.Sprintf("aborted at %s by %s: %s", d.Step, d.By, d.Reason)
		}
	}
	return errAborted.Error()
}

func (r *run) begin(ctx workflow.Context, step onboarding.Step) {
	p := r.at(step)
	if p.StartedAt.IsZero() {
		p.StartedAt = workflow.Now(ctx)
	}
	r.set(step, onboarding.StepRunning, "")
	r.publish(ctx)
}

func (r *run) finish(ctx workflow.Context, step onboarding.Step, state onboarding.StepState, summary string) {
	r.at(step).EndedAt = workflow.Now(ctx)
	r.set(step, state, summary)
	r.publish(ctx)
}

// end settles the final state. A cancelled run keeps the states its steps had.
func (r *run) end(ctx workflow.Context, err error) {
	r.ended = workflow.Now(ctx)
	r.report.EndedAt = r.ended
	switch {
	case err == nil:
		r.report.State = onboarding.RunDone
	case errors.Is(err, errAborted):
		r.report.State = onboarding.RunAborted
	default:
		r.report.State = onboarding.RunCanceled
	}
	r.requests, r.parked = nil, nil
	r.publishNow(ctx)
}

func (r *run) at(step onboarding.Step) *onboarding.StepProgress {
	for i := range r.steps {
		if r.steps[i].Step == step {
			return &r.steps[i]
		}
	}
	return &onboarding.StepProgress{Step: step}
}

func (r *run) set(step onboarding.Step, state onboarding.StepState, summary string) {
	p := r.at(step)
	p.State, p.Summary = state, summary
}

func (r *run) state() onboarding.RunState {
	switch {
	case !r.ended.IsZero():
		return r.report.State
	case len(r.parked) > 0:
		return onboarding.RunAttention
	case len(r.requests) > 0:
		return onboarding.RunWaiting
	}
	return onboarding.RunRunning
}

// focus is the step that a person should look at first.
func (r *run) focus() onboarding.Step {
	if len(r.parked) > 0 {
		return r.parked[0].Step
	}
	if len(r.requests) > 0 {
		return r.requests[0].Step
	}
	for _, p := range r.steps {
		if p.State == onboarding.StepRunning || p.State == onboarding.StepWaiting {
			return p.Step
		}
	}
	return onboarding.StepReport
}

func (r *run) progress() onboarding.Progress {
	p := onboarding.Progress{
		Run: r.spec.Name, State: r.state(), StartedAt: r.started, EndedAt: r.ended, Steps: slices.Clone(r.steps),
	}
	for _, request := range r.requests {
		p.Requests = append(p.Requests, request.Request)
	}
	for _, parked := range r.parked {
		p.Parked = append(p.Parked, *parked)
	}
	return p
}

// publish has what changed shown in the list of runs and on the run's own page, and told to the studio: once everything that changes
// with it has changed, so that a history holds no state that the run only passed through.
func (r *run) publish(ctx workflow.Context) {
	if !r.careful {
		r.publishNow(ctx)
		return
	}
	r.unpublished = true
}

// publishing does what publish asks for. Its turn comes when the rest of the run waits; a cancellation does not end it.
func (r *run) publishing(ctx workflow.Context) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	for r.ended.IsZero() {
		if err := workflow.Await(ctx, func() bool { return r.unpublished || !r.ended.IsZero() }); err != nil {
			return
		}
		r.publishNow(ctx)
	}
}

func (r *run) publishNow(ctx workflow.Context) {
	r.unpublished = false
	state, step := string(r.state()), string(r.focus())
	news := r.hasNews(state)
	if now := [2]string{state, step}; now != r.published {
		err := workflow.UpsertTypedSearchAttributes(ctx,
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(state),
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(step))
		if err != nil {
			workflow.GetLogger(ctx).Warn("Search attributes not updated", "error", err)
		}
		r.published = now
	}
	if r.home != "" && news && r.ended.IsZero() {
		r.tell(ctx, onboarding.RunNews{})
	}
	workflow.SetCurrentDetails(ctx, details(r.progress()))
}

// hasNews says whether what waits for a person is not what the studio was told last. Runs of before told it with each change of state.
func (r *run) hasNews(state string) bool {
	if r.careful {
		return fmt.Sprint(r.waiting()) != r.told
	}
	needsPerson := func(state string) bool {
		return state == string(onboarding.RunWaiting) || state == string(onboarding.RunAttention)
	}
	return r.published[0] != state && (needsPerson(state) || needsPerson(r.published[0]))
}

// await waits under a timer with a name. It returns false when the time is over. A run of the first version leaves its timers open,
// as it did when its history was recorded.
func (r *run) await(ctx workflow.Context, summary string, timeout time.Duration, condition func() bool) (bool, error) {
	if r.home != "" {
		return await(ctx, summary, timeout, condition)
	}
	return workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout:      timeout,
		TimerOptions: workflow.TimerOptions{Summary: summary},
	}, condition)
}

// remindEvery is the pause between reminders. A recorded spec may ask for shorter ones than are accepted today.
func (r *run) remindEvery() time.Duration {
	return max(r.spec.Operator.RemindEvery.Std(), onboarding.MinRemindEvery)
}
