package brokenworlds

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
	"studio-onboarding/workflows"
)

// environment runs workflows with the real activities. Its clock leaps over every wait; the world's own does not.
func (s *site) environment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(90 * time.Second)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor(), &persistence{}}})
	env.RegisterWorkflowWithOptions(workflows.Onboard, workflow.RegisterOptions{Name: onboarding.WorkflowOnboard})
	env.RegisterWorkflowWithOptions(workflows.Check, workflow.RegisterOptions{Name: onboarding.WorkflowCheck})
	for _, set := range s.activities() {
		env.RegisterActivity(set)
	}
	return env
}

// check is what starter check does.
func (s *site) check() (onboarding.Assessment, error) {
	env := s.environment()
	env.ExecuteWorkflow(onboarding.WorkflowCheck, onboarding.CheckInput{Spec: s.spec})
	require.True(s, env.IsWorkflowCompleted(), "the check has not ended")
	var result onboarding.Assessment
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	return result, env.GetWorkflowResult(&result)
}

// stop is where a run stopped: a parked step, or a request whose answer was refused.
type stop struct {
	step            onboarding.Step
	class           string
	message, remedy string
	refused         bool
	people          []onboarding.PersonException
}

func (s stop) text() string {
	if s.remedy == "" {
		return s.message
	}
	return s.message + " → " + s.remedy
}

// operator runs a spec and does what the run asks for. Where the run stops, it writes down what it said, has the world
// repaired once, and goes on.
type operator struct {
	*site
	env *testsuite.TestWorkflowEnvironment
	row *row

	// honest says that the row's mistakes at the consoles are over.
	honest   bool
	repaired bool
	settled  map[string]bool
	stops    []stop
	tenant   sandbox.ProvisioningTenant
	// notYet is what kept the operator from doing what the run asks for; trouble is what should never be.
	notYet, trouble error
	began           time.Time
	report          onboarding.Report
	err             error
}

// patience is how long a run may take by its own clock. Deadlines of requests are far below.
const patience = 60 * 24 * time.Hour

// run carries the spec out and returns when the run has ended.
func (o *operator) run() {
	o.env, o.settled = o.environment(), map[string]bool{}
	o.began = o.env.Now()
	o.later()
	o.env.ExecuteWorkflow(onboarding.WorkflowOnboard, onboarding.OnboardInput{Spec: o.spec, StartedBy: "admin@laptop"})
	require.True(o, o.env.IsWorkflowCompleted(), "the run has not ended; %v %v", o.trouble, o.notYet)
	if o.err = o.env.GetWorkflowError(); o.err == nil {
		require.NoError(o, o.env.GetWorkflowResult(&o.report))
	}
}

func (o *operator) later() {
	o.env.RegisterDelayedCallback(func() {
		if !o.env.IsWorkflowCompleted() && o.look() {
			o.later()
		}
	}, 2*time.Second)
}

// look does what there is to do. It returns false when it has given up.
func (o *operator) look() bool {
	value, err := o.env.QueryWorkflow(onboarding.QueryProgress)
	require.NoError(o, err)
	var progress onboarding.Progress
	require.NoError(o, value.Get(&progress))
	if o.env.Now().Sub(o.began) > patience {
		o.giveUp(fmt.Errorf("the run goes on for ever (%v): %+v", o.notYet, progress.Steps))
		return false
	}
	for _, request := range progress.Requests {
		key := fmt.Sprint(request.Step, request.Title, request.Since.UnixNano(), request.Refusals)
		if request.Refusals > 0 && !o.settled["refusal/"+key] {
			o.settled["refusal/"+key] = true
			o.stopped(stop{step: request.Step, class: "refused", message: request.Refusal, remedy: request.RefusalRemedy, refused: true})
		}
		if !o.settled[key] {
			if o.notYet = o.answer(request); o.notYet == nil {
				o.settled[key] = true
			}
		}
	}
	for _, parked := range progress.Parked {
		if key := fmt.Sprint("parked/", parked.Step, parked.Since.UnixNano()); !o.settled[key] {
			o.settled[key] = true
			if !o.decide(parked) {
				return false
			}
		}
	}
	return true
}

func (o *operator) giveUp(why error) {
	o.trouble = why
	o.env.CancelWorkflow()
}

// decide skips a preflight that blocks, to see where the run would stop without it, and otherwise repairs and retries.
func (o *operator) decide(parked onboarding.Parked) bool {
	o.stopped(stop{step: parked.Step, class: parked.Class, message: parked.Message, remedy: parked.Remedy, people: parked.People})
	if len(o.stops) > 8 {
		o.giveUp(fmt.Errorf("the run stops again and again: %+v", o.stops))
		return false
	}
	switch {
	case parked.Step == onboarding.StepPreflight && o.row.stops == "" && o.row.respec != nil:
		o.resolve(parked.Step, onboarding.ActionAbort)
	case parked.Step == onboarding.StepPreflight && !o.repaired:
		o.resolve(parked.Step, onboarding.ActionSkip)
	case o.row.respec != nil:
		o.resolve(parked.Step, onboarding.ActionAbort)
	default:
		o.resolve(parked.Step, onboarding.ActionRetry)
	}
	return true
}

// stopped writes a stop down, and repairs the world at the first one behind the preflight.
func (o *operator) stopped(at stop) {
	o.stops = append(o.stops, at)
	if at.step == onboarding.StepPreflight && !at.refused || o.repaired {
		return
	}
	o.repaired, o.honest = true, true
	if o.row.repair != nil {
		o.row.repair(o.site)
	}
}

func (o *operator) resolve(step onboarding.Step, action onboarding.Action) {
	o.env.UpdateWorkflow(onboarding.UpdateResolve, "", verdict{o}, onboarding.Resolution{Step: step, Action: action, Reason: "to see what happens", By: "admin@laptop"})
}

func (o *operator) provide(step onboarding.Step, values map[string]string) error {
	o.env.UpdateWorkflow(onboarding.UpdateProvide, "", verdict{o}, onboarding.Answer{Step: step, Values: values, By: "admin@laptop"})
	return nil
}

// verdict takes the outcome of an update. A refused answer shows in the run's progress as well; an update that the run does
// not even take is a mistake of the test, or one that the row is about.
type verdict struct{ o *operator }

func (verdict) Accept()             {}
func (verdict) Complete(any, error) {}
func (v verdict) Reject(err error)  { v.o.trouble = fmt.Errorf("update rejected: %w", err) }

// answer does what a request asks for.
func (o *operator) answer(request onboarding.Request) error {
	ctx := o.Context()
	mistakes := o.row.mistakes
	if o.honest {
		mistakes = mistakesAtConsoles{}
	}
	switch {
	case request.Consent != "":
		return o.provide(request.Step, map[string]string{onboarding.ValueConsent: request.Consent})
	case request.Step == onboarding.StepIdentityCenter:
		return o.console.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: region})
	case request.Step == onboarding.StepOktaApp:
		return o.provide(request.Step, map[string]string{onboarding.ValueAppID: request.Paste[0].Value})
	case request.Step == onboarding.StepSAMLExchange:
		return o.exchange(request, mistakes)
	case request.Step == onboarding.StepSCIM && len(request.Needs) > 0:
		return o.enableProvisioning(request, mistakes)
	case request.Step == onboarding.StepSCIM:
		return o.configureProvisioning(request, mistakes)
	case request.Step == onboarding.StepCanary:
		return o.signIn()
	case request.Step == onboarding.StepOktaGroups:
		for _, group := range request.Paste {
			if err := o.console.PushGroup(ctx, sandbox.PushGroupInput{AppID: o.app(), Group: group.Value}); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("nobody knows how to do this: %s", request.Title)
}

// signIn lets somebody sign in by each address, whoever of the people can. Where Identity Center trusts nobody, one is enough to see it.
func (o *operator) signIn() error {
	for _, login := range o.people {
		switch result, err := o.console.SignInByEach(o.Context(), sandbox.SignInInput{Login: login}); {
		case err != nil || result.OK:
			return err
		case result.Link == "saml":
			return fmt.Errorf("%s cannot sign in: %s", login, result.Error)
		}
	}
	return errors.New("nobody can sign in by all three addresses")
}

func (o *operator) exchange(request onboarding.Request, mistakes mistakesAtConsoles) error {
	value, err := o.env.QueryWorkflow(onboarding.QueryDocument, request.Documents[0])
	if err != nil {
		return err
	}
	var document onboarding.Document
	if err := value.Get(&document); err != nil {
		return err
	}
	if mistakes.metadata != nil {
		document.Content = mistakes.metadata(o.site)
	}
	shown, err := o.console.ChangeIdentitySource(o.Context(), sandbox.ChangeIdentitySourceInput{Metadata: document.Content})
	if err != nil {
		return err
	}
	values := map[string]string{onboarding.ValueACSURL: shown.ACSURL, onboarding.ValueIssuerURL: shown.IssuerURL, onboarding.ValuePortalURL: shown.PortalURL}
	if mistakes.serviceProvider != nil {
		mistakes.serviceProvider(o.site, values)
	}
	return o.provide(request.Step, values)
}

func (o *operator) enableProvisioning(request onboarding.Request, mistakes mistakesAtConsoles) error {
	if o.tenant.Token == "" || o.honest {
		var err error
		if o.tenant, err = o.console.EnableProvisioning(o.Context()); err != nil {
			return err
		}
	}
	tenant := o.tenant
	if mistakes.scim != nil {
		mistakes.scim(o.site, &tenant)
		o.tenant = tenant
	}
	file := filepath.Join(o.secrets, "scim-token")
	if err := os.WriteFile(file, []byte(tenant.Token), 0o600); err != nil {
		return err
	}
	return o.provide(request.Step, map[string]string{onboarding.ValueSCIMEndpoint: tenant.Endpoint, onboarding.ValueSCIMToken: "file:" + file})
}

func (o *operator) configureProvisioning(request onboarding.Request, mistakes mistakesAtConsoles) error {
	in := sandbox.ConfigureProvisioningInput{AppID: o.app(), BaseURL: request.Paste[0].Value, Token: o.tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true}
	if mistakes.provisioning != nil {
		return mistakes.provisioning(o.site, in)
	}
	return o.console.ConfigureProvisioning(o.Context(), in)
}

// app is the Okta app of the run.
func (o *operator) app() string {
	value, err := o.env.QueryWorkflow(onboarding.QueryReport)
	require.NoError(o, err)
	var report onboarding.Report
	require.NoError(o, value.Get(&report))
	for _, resource := range report.Resources {
		if resource.Kind == "Okta app" {
			o.appID = resource.ID
		}
	}
	return o.appID
}

// mistakesAtConsoles are those that the row's operator makes until the run stops at one.
type mistakesAtConsoles struct {
	// metadata is uploaded instead of what the run offers.
	metadata func(*site) string
	// serviceProvider changes the values that are given to the run.
	serviceProvider func(*site, map[string]string)
	// scim changes endpoint and token.
	scim func(*site, *sandbox.ProvisioningTenant)
	// provisioning does the work in the Okta console.
	provisioning func(*site, sandbox.ConfigureProvisioningInput) error
}

// quiet keeps the logs of runs that are meant to fail out of the tests' output.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// persistence lets activities be tried as often as a real server does: the environment gives up after ten attempts where
// the retry policy names no number.
type persistence struct {
	interceptor.WorkerInterceptorBase
}

func (*persistence) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &persistentInbound{}
	in.Next = next
	return in
}

type persistentInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (in *persistentInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	out := &persistentOutbound{}
	out.Next = outbound
	return in.Next.Init(out)
}

type persistentOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (out *persistentOutbound) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	options := workflow.GetActivityOptions(ctx)
	policy := *options.RetryPolicy
	if policy.MaximumAttempts == 0 {
		policy.MaximumAttempts = math.MaxInt32
	}
	options.RetryPolicy = &policy
	return out.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activityType, args...)
}
