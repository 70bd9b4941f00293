// Package agreement holds the proof that the product says one thing: check, plan, run, verification, list of people and
// explanation of one person say the same of every person and resource, and what they say is how the world is.
package agreement

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
	"studio-onboarding/workflows"
)

const speed = 1000

// site is a small world with a worker.
type site struct {
	*worldtest.World
	waits provider.Waits
	// worker is the principal whose credentials the worker has.
	worker string
	// pauses are those before activities were tried again, which the clock of a run leaps over.
	pauses pauses
	// beat is told of each heartbeat of an activity; nil tells nobody.
	beat func(onboarding.Count)
	// cautious operators abort a run whose preflight is blocked; the others go on, to see where it stops.
	cautious bool
	// asked is told of each request before it is answered; nil tells nobody.
	asked func(onboarding.Request)
	// refuses says that the operator aborts a run that wants a consent; the others type the sentence.
	refuses bool
	// choose is the label of the app that the operator chooses; empty for that of the first that belongs to the organization.
	choose string
	// primary is Identity Center's Region; empty for the world's.
	primary string
}

func newSite(t *testing.T) *site {
	return atLeaps(newSiteAt(t, speed))
}

// newSiteIn is a site in a world that is written down.
func newSiteIn(t *testing.T, world string) *site {
	return atLeaps(&site{World: worldtest.In(t, speed, world), worker: sandbox.AsWorker})
}

// atLeaps has the clock of runs leap over most pauses.
func atLeaps(s *site) *site {
	s.waits = provider.DefaultWaits()
	s.waits.Profile, s.waits.Propagation, s.waits.Settle = 20*time.Millisecond, time.Second, 2*time.Second
	return s
}

// newSiteAt is a site whose worker pauses as its world runs.
func newSiteAt(t *testing.T, speed float64) *site {
	return &site{World: worldtest.New(t, speed), waits: provider.DefaultWaits().Faster(speed), worker: sandbox.AsWorker}
}

// environment runs workflows with the real activities. Its clock leaps over every wait; the world's own does not.
func (s *site) environment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(2 * time.Minute)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&s.pauses, &hearing{beat: s.beat},
		activities.NewInterceptor(), &persistence{}}})
	workflows.Register(env)
	for _, set := range s.activities() {
		env.RegisterActivity(set)
	}
	return env
}

// do carries a short workflow out.
func (s *site) do(workflow string, in, out any) error {
	s.Helper()
	env := s.environment()
	env.ExecuteWorkflow(workflow, in)
	require.True(s, env.IsWorkflowCompleted(), "%s has not ended", workflow)
	if err := env.GetWorkflowError(); err != nil {
		return err
	}
	return env.GetWorkflowResult(out)
}

// run is a run with an operator who does what it asks for. Where a step parks for single people, the operator goes on without
// them; where it parks as a whole, the run is aborted once nothing else goes on.
type run struct {
	*site
	env     *testsuite.TestWorkflowEnvironment
	settled map[string]bool
	tenant  sandbox.ProvisioningTenant
	began   time.Time
	// notYet is what kept the operator from doing what the run asks for; trouble is what should never be.
	notYet, trouble error

	// parked are the steps that parked as a whole, with what they said; people those for whom a step parked.
	parked map[onboarding.Step]string
	people map[onboarding.Step]map[string]string
	// requests are the steps that asked for something.
	requests []onboarding.Step
	end      ended
	// aborted says that the run was given up, as it could not go on.
	aborted bool
	// took is how long the run took by its own clock, mark where its calls begin.
	took time.Duration
	mark int
}

// patience is how long a run may take by its own clock.
const patience = 30 * 24 * time.Hour

// tries is how often an answer may be refused before the operator gives up.
const tries = 5

// onboard carries the spec out.
func (s *site) onboard() *run {
	s.Helper()
	r := &run{site: s, env: s.environment(), settled: map[string]bool{}, parked: map[onboarding.Step]string{},
		people: map[onboarding.Step]map[string]string{}, mark: s.Mark()}
	r.began = r.env.Now()
	r.later()
	r.env.ExecuteWorkflow(onboarding.WorkflowOnboard, onboarding.OnboardInput{Spec: s.Spec, StartedBy: "admin@laptop"})
	require.True(s, r.env.IsWorkflowCompleted(), "the run has not ended; %v %v", r.trouble, r.notYet)
	require.NoError(s, r.trouble)
	r.took = r.env.Now().Sub(r.began)
	err := r.env.GetWorkflowError()
	if r.aborted {
		require.Error(s, err)
		return r
	}
	require.NoError(s, err)
	var report onboarding.Report
	require.NoError(s, r.env.GetWorkflowResult(&report))
	r.end = endOf(report)
	return r
}

// onboarded carries the spec out, which has to succeed for everybody.
func (s *site) onboarded() *run {
	s.Helper()
	r := s.onboard()
	require.False(s, r.aborted, "%v", r.parked)
	require.Empty(s, r.parked)
	require.Equal(s, r.end.wanted, r.end.ready, "%v", r.end.people)
	return r
}

func (r *run) later() {
	r.env.RegisterDelayedCallback(func() {
		if !r.env.IsWorkflowCompleted() && r.look() {
			r.later()
		}
	}, 2*time.Second)
}

// look does what there is to do. It returns false when the run is over for the operator.
func (r *run) look() bool {
	value, err := r.env.QueryWorkflow(onboarding.QueryProgress)
	require.NoError(r, err)
	var progress onboarding.Progress
	require.NoError(r, value.Get(&progress))
	if r.env.Now().Sub(r.began) > patience {
		r.trouble = fmt.Errorf("the run goes on for ever (%v): %+v", r.notYet, progress.Steps)
		r.env.CancelWorkflow()
		return false
	}
	for _, request := range progress.Requests {
		if request.Refusals > tries {
			r.trouble = fmt.Errorf("%s is refused again and again: %s", request.Title, request.Refusal)
			r.env.CancelWorkflow()
			return false
		}
		key := fmt.Sprint(request.Step, request.Title, request.Since.UnixNano(), request.Refusals)
		if !slices.Contains(r.requests, request.Step) {
			r.requests = append(r.requests, request.Step)
		}
		if !r.settled[key] && r.asked != nil {
			r.asked(request)
		}
		if !r.settled[key] {
			if r.notYet = r.answer(request); r.notYet == nil {
				r.settled[key] = true
			}
		}
	}
	for _, parked := range progress.Parked {
		if key := fmt.Sprint("parked/", parked.Step, parked.Since.UnixNano()); !r.settled[key] {
			r.settled[key] = true
			r.decide(parked)
		}
	}
	return !r.giveUp(progress)
}

func (r *run) decide(parked onboarding.Parked) {
	people := parkedPeople(parked)
	switch {
	case people != nil:
		r.people[parked.Step] = people
		r.resolve(parked.Step, onboarding.ActionSkip)
	case parked.Step == onboarding.StepPreflight && r.cautious:
		r.parked[parked.Step], r.aborted = sentence(parked.Message, parked.Remedy), true
		r.resolve(parked.Step, onboarding.ActionAbort)
	case parked.Step == onboarding.StepPreflight:
		r.parked[parked.Step] = sentence(parked.Message, parked.Remedy)
		r.resolve(parked.Step, onboarding.ActionSkip)
	default:
		r.parked[parked.Step] = sentence(parked.Message, parked.Remedy)
	}
}

// giveUp aborts a run of which nothing goes on any more.
func (r *run) giveUp(progress onboarding.Progress) bool {
	stuck := onboarding.Step("")
	for _, at := range progress.Steps {
		switch at.State {
		case onboarding.StepRunning, onboarding.StepWaiting:
			// The domain waits for the instance, which another lane brings.
			if at.Step != onboarding.StepDomain || r.parked[onboarding.StepIdentityCenter] == "" {
				return false
			}
		case onboarding.StepParked:
			if r.parked[at.Step] == "" || at.Step == onboarding.StepPreflight {
				return false
			}
			stuck = at.Step
		}
	}
	if stuck == "" {
		return false
	}
	r.aborted = true
	r.resolve(stuck, onboarding.ActionAbort)
	return true
}

func (r *run) resolve(step onboarding.Step, action onboarding.Action) {
	r.env.UpdateWorkflow(onboarding.UpdateResolve, "", outcome{r}, onboarding.Resolution{Step: step, Action: action,
		Reason: "to see what happens", By: "admin@laptop"})
}

func (r *run) provide(step onboarding.Step, values map[string]string) {
	r.env.UpdateWorkflow(onboarding.UpdateProvide, "", outcome{r}, onboarding.Answer{Step: step, Values: values, By: "admin@laptop"})
}

// outcome takes that of an update; one that the run does not even take is a mistake of the test.
type outcome struct{ r *run }

func (outcome) Accept()             {}
func (outcome) Complete(any, error) {}
func (u outcome) Reject(err error)  { u.r.trouble = fmt.Errorf("update rejected: %w", err) }

// answer does what a request asks for.
func (r *run) answer(request onboarding.Request) error {
	ctx := r.Context()
	switch {
	case request.Consent != "" && r.refuses:
		r.aborted = true
		r.resolve(request.Step, onboarding.ActionAbort)
		return nil
	case request.Consent != "":
		r.provide(request.Step, map[string]string{onboarding.ValueConsent: request.Consent})
		return nil
	case request.Step == onboarding.StepIdentityCenter:
		return r.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: worldtest.Region})
	case request.Step == onboarding.StepOktaApp:
		at := max(0, slices.IndexFunc(request.Paste, func(app onboarding.PasteValue) bool { return strings.HasPrefix(app.Label, r.choose) }))
		r.provide(request.Step, map[string]string{onboarding.ValueAppID: request.Paste[at].Value})
		return nil
	case request.Step == onboarding.StepSAMLExchange:
		return r.exchange(request)
	case request.Step == onboarding.StepSCIM && len(request.Needs) > 0:
		return r.enableProvisioning(request)
	case request.Step == onboarding.StepSCIM:
		return r.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
			AppID: r.app(), BaseURL: request.Paste[0].Value, Token: r.tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true,
		})
	case request.Step == onboarding.StepCanary:
		return r.signIn()
	case request.Step == onboarding.StepOktaGroups:
		for _, group := range request.Paste {
			if err := r.PushGroup(ctx, sandbox.PushGroupInput{AppID: r.app(), Group: group.Value}); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("nobody knows how to do this: %s", request.Title)
}

// signIn lets somebody in the access groups sign in by each address, whoever of them can.
func (r *run) signIn() error {
	for _, login := range []string{worldtest.Ada, worldtest.Bo, worldtest.Cy} {
		if result, err := r.SignInByEach(r.Context(), sandbox.SignInInput{Login: login}); err != nil || result.OK {
			return err
		}
	}
	return errors.New("nobody can sign in by all three addresses")
}

func (r *run) exchange(request onboarding.Request) error {
	value, err := r.env.QueryWorkflow(onboarding.QueryDocument, request.Documents[0])
	if err != nil {
		return err
	}
	var document onboarding.Document
	if err := value.Get(&document); err != nil {
		return err
	}
	shown, err := r.ChangeIdentitySource(r.Context(), sandbox.ChangeIdentitySourceInput{Metadata: document.Content})
	if err != nil {
		return err
	}
	r.provide(request.Step, map[string]string{
		onboarding.ValueACSURL: shown.ACSURL, onboarding.ValueIssuerURL: shown.IssuerURL, onboarding.ValuePortalURL: shown.PortalURL})
	return nil
}

func (r *run) enableProvisioning(request onboarding.Request) error {
	var err error
	if r.tenant, err = r.EnableProvisioning(r.Context()); err != nil {
		return err
	}
	file := filepath.Join(r.Dir, "scim-token")
	if err := os.WriteFile(file, []byte(r.tenant.Token), 0o600); err != nil {
		return err
	}
	r.provide(request.Step, map[string]string{onboarding.ValueSCIMEndpoint: r.tenant.Endpoint, onboarding.ValueSCIMToken: "file:" + file})
	return nil
}

// app is the Okta app of the run.
func (r *run) app() string {
	value, err := r.env.QueryWorkflow(onboarding.QueryReport)
	require.NoError(r, err)
	var report onboarding.Report
	require.NoError(r, value.Get(&report))
	return appIn(report)
}

// quiet keeps the logs of runs that are meant to fail out of the tests' output.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
