package workflows_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"studio-onboarding/activities"
	"studio-onboarding/activities/access"
	"studio-onboarding/activities/domain"
	"studio-onboarding/activities/health"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/network"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/role"
	"studio-onboarding/activities/signin"
	"studio-onboarding/activities/survey"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/workflows"
)

// ada is somebody with access, and asked is when the world's activities look.
const ada = "ada@example.com"

var asked = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

const (
	acsURL    = "https://us-east-1.signin.aws/platform/saml/acs/00000000-0000-0000-0000-000000000000"
	issuerURL = "https://us-east-1.signin.aws.amazon.com/platform/saml/d-1234567890"
	portalURL = "https://d-1234567890.awsapps.com/start"
	endpoint  = "https://scim.us-east-1.amazonaws.com/tenant/scim/v2"
)

// world is a run in the time-skipping environment, with activities that behave like a friendly, empty world unless a test
// says otherwise.
type world struct {
	*testsuite.TestWorkflowEnvironment
	t    *testing.T
	spec onboarding.Spec
	// known are the handles of the run before.
	known *onboarding.Handles
	// replies holds what an activity answers instead of the default, by name; consumed one by one, the last one stays.
	replies map[string][]reply
	calls   []string
	// inputs are what activities were asked for, by name.
	inputs map[string][]any
	// home is the studio whose run it is; news is what the run told it.
	home     string
	accepted []onboarding.AcceptedException
	news     []onboarding.RunNews
	// mu guards both, as activities of two lanes answer at the same time.
	mu sync.Mutex
}

type reply struct {
	result any
	err    error
}

func newWorld(t *testing.T) *world {
	var suite testsuite.WorkflowTestSuite
	w := &world{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, replies: map[string][]reply{}, inputs: map[string][]any{}}
	w.SetTestTimeout(time.Minute)
	workflows.Register(w)
	w.spec = onboarding.Spec{
		Name: "data-science", Region: "us-east-1",
		Okta: onboarding.OktaSpec{AppLabel: "AWS IAM Identity Center", AssignmentGroup: "assigned"},
		Domain: onboarding.DomainSpec{Name: "data-science", ExecutionRole: "SageMakerStudio-data-science",
			HomeFileSystem: onboarding.FileSystemDisabled, Network: onboarding.NetworkSpec{Access: onboarding.NetworkPublic}},
		Access: onboarding.AccessSpec{Groups: []onboarding.GroupAccessSpec{{Name: "studio"}, {Name: "ml", ExecutionRole: "ml-role"}},
			Profiles: onboarding.ProfilesEager, OnRemoval: onboarding.RemovalRevoke},
		Operator: onboarding.OperatorSpec{RemindEvery: onboarding.Duration(4 * time.Hour), Deadline: onboarding.Duration(48 * time.Hour)},
	}

	var (
		center      identitycenter.Activities
		app         oktaapp.Activities
		saml        trust.Activities
		scim        provisioning.Activities
		directory   people.Activities
		roles       role.Activities
		place       network.Activities
		studio      domain.Activities
		assignments access.Activities
		preflight   activities.Assessor
		connection  health.Activities
		stock       survey.Activities
		signIns     signin.Activities
	)
	for _, set := range []any{&center, &app, &saml, &scim, &directory, &roles, &place, &studio, &assignments, &preflight, &connection,
		&signIns, &stock} {
		w.RegisterActivity(set)
	}
	instance := identitycenter.Instance{ARN: "arn:aws:sso:::instance/ssoins-1234567890abcdef", IdentityStoreID: "d-1234567890",
		OwnerAccount: "111111111111", PrimaryRegion: "us-east-1"}
	oktaApp := oktaapp.OktaApp{ID: "0oa1", Label: "AWS IAM Identity Center", Origin: onboarding.OriginCreated, Status: "ACTIVE",
		AdminURL: "https://example-admin.okta.com/"}
	inService := domain.Domain{ID: "d-domain1", Name: "data-science", Status: "InService",
		URL:            "https://d-domain1.studio.us-east-1.sagemaker.aws",
		ApplicationARN: "arn:aws:sso::222222222222:application/ssoins-1/apl-1", Origin: onboarding.OriginCreated}

	on(w, "RunPreflight", preflight.RunPreflight, onboarding.Assessment{OktaURL: "https://example.okta.com", IdentityAccount: "111111111111",
		StudioAccount: "222222222222"})
	on(w, "FindInstance", center.FindInstance, identitycenter.FindInstanceResult{ManagementAccount: "111111111111"})
	on(w, "AwaitInstance", center.AwaitInstance, identitycenter.Appeared{Instance: instance})
	on(w, "FindSourceChange", center.FindSourceChange, identitycenter.SourceEvidence{})
	on(w, "SeeTrust", saml.SeeTrust, trust.SeenTrust{})
	on(w, "TakeStock", stock.TakeStock, survey.TakenStock{})
	on(w, "CheckPack", stock.CheckPack, survey.CheckedPack{Lines: 9})
	on(w, "CompareStock", stock.CompareStock, survey.Compared{})
	on(w, "SeeProvisioning", scim.SeeProvisioning, provisioning.SeenProvisioning{})
	on(w, "EnsureApp", app.EnsureApp, oktaapp.EnsureAppResult{App: &oktaApp})
	on(w, "FetchIdPMetadata", app.FetchIdPMetadata, oktaapp.IdPMetadata{XML: "<EntityDescriptor/>",
		NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)})
	on(w, "CheckServiceProvider", saml.CheckServiceProvider, trust.ServiceProvider{ACSURL: acsURL, Issuer: issuerURL, PortalURL: portalURL})
	on(w, "EstablishTrust", saml.EstablishTrust, trust.TrustResult{Changed: true})
	w.reply("AwaitProvisioning", provisioning.ProvisioningFeatures{}, notReady())
	on(w, "AwaitProvisioning", scim.AwaitProvisioning, provisioning.ProvisioningFeatures{Enabled: []string{"PUSH_NEW_USERS"}})
	on(w, "CheckSCIM", scim.CheckSCIM, provisioning.CheckSCIMResult{
		Connection: provisioning.SCIMConnection{Endpoint: endpoint, TokenRef: "file:/token"}, CheckedAt: time.Date(2026, 11, 1, 0, 0, 0,
			0, time.UTC)})
	on(w, "ConnectProvisioning", scim.ConnectProvisioning, provisioning.ConnectResult{})
	on(w, "AssignGroups", scim.AssignGroups, provisioning.AssignResult{GroupID: "00g1", Origin: onboarding.OriginCreated})
	on(w, "AwaitProvisioned", scim.AwaitProvisioned, provisioning.ProvisionedResult{Assigned: 3, Provisioned: 3})
	on(w, "PushGroups", scim.PushGroups, provisioning.PushResult{})
	on(w, "AwaitPushed", scim.AwaitPushed, provisioning.PushResult{})
	on(w, "CompareDirectory", directory.CompareDirectory, people.DirectoryResult{Wanted: 3, Synced: 3})
	on(w, "EnsureRoles", roles.EnsureRoles, role.RolesResult{Roles: []role.Role{
		{Wanted: "SageMakerStudio-data-science", Name: "SageMakerStudio-data-science",
			ARN: "arn:aws:iam::222222222222:role/SageMakerStudio-data-science", Origin: onboarding.OriginCreated},
		{Wanted: "ml-role", Name: "ml-role", ARN: "arn:aws:iam::222222222222:role/ml-role", Origin: onboarding.OriginAdopted},
	}})
	on(w, "ResolveNetwork", place.ResolveNetwork, network.Network{VPC: "vpc-1", Subnets: []string{"subnet-1"},
		Access: onboarding.NetworkPublic, Default: true})
	on(w, "EnsureDomain", studio.EnsureDomain, domain.Domain{ID: "d-domain1", Name: "data-science", Status: "Pending",
		Origin: onboarding.OriginCreated})
	on(w, "AwaitDomain", studio.AwaitDomain, inService)
	on(w, "DeleteFailedDomain", studio.DeleteFailedDomain, domain.Domain{})
	on(w, "ConvergeAccess", assignments.ConvergeAccess, access.Result{AssignmentsMade: 2, ProfilesMade: 3})
	on(w, "VerifyAccess", assignments.VerifyAccess, access.VerifyResult{People: onboarding.People{Wanted: 3, Synced: 3, Assigned: 3,
		Profiles: 3, Ready: 3}, PeopleFile: "/people.jsonl"})
	on(w, "FindSignIns", signIns.FindSignIns, signin.Found{At: asked, Proven: &onboarding.SignIn{Person: ada, At: asked.Add(-time.Hour)}})
	on(w, "CollectSignIns", signIns.CollectSignIns, signin.Found{At: asked})
	on(w, "AwaitCanary", signIns.AwaitCanary, onboarding.Canary{Person: ada, SignIns: 3, At: asked.Add(time.Minute)})
	on(w, "CheckCanary", signIns.CheckCanary, onboarding.Canary{Person: ada, SignIns: 1, At: asked.Add(time.Minute)})
	on(w, "JudgeConnection", connection.JudgeConnection, onboarding.Health{})
	return w
}

// on makes an activity answer with its scripted replies, the given result being the last.
func on[In, Out any](w *world, name string, activity func(ctx context.Context, in In) (Out, error), result Out) {
	w.replies[name] = append(w.replies[name], reply{result, nil})
	w.OnActivity(activity, mock.Anything, mock.Anything).Return(func(_ context.Context, in In) (Out, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls = append(w.calls, name)
		w.inputs[name] = append(w.inputs[name], in)
		queue := w.replies[name]
		next := queue[0]
		if len(queue) > 1 {
			w.replies[name] = queue[1:]
		}
		out, _ := next.result.(Out)
		return out, next.err
	})
}

// reply puts an answer before those that the activity has.
func (w *world) reply(name string, result any, err error) {
	w.replies[name] = append([]reply{{result, err}}, w.replies[name]...)
}

// always replaces all answers of an activity.
func (w *world) always(name string, result any, err error) {
	w.replies[name] = []reply{{result, err}}
}

func notReady() error { return failed(fault.NotReady, "not yet") }

// failed is what the interceptor makes of a fault.
func failed(class fault.Class, reason string, remedy ...string) error {
	return temporal.NewApplicationErrorWithOptions(reason, string(class), temporal.ApplicationErrorOptions{
		NonRetryable: !class.Retryable(),
		Details:      []any{onboarding.Failure{Reason: reason, Remedy: strings.Join(remedy, "")}},
	})
}

func (w *world) after(d time.Duration, do func()) { w.RegisterDelayedCallback(do, d) }

func (w *world) progress() onboarding.Progress {
	w.t.Helper()
	value, err := w.QueryWorkflow(onboarding.QueryProgress)
	require.NoError(w.t, err)
	var p onboarding.Progress
	require.NoError(w.t, value.Get(&p))
	return p
}

func (w *world) state(step onboarding.Step) onboarding.StepState {
	for _, s := range w.progress().Steps {
		if s.Step == step {
			return s.State
		}
	}
	return ""
}

// update sends an update and returns its outcome once the run has settled it.
type outcome struct {
	rejected error
	failed   error
	done     bool
}

func (o *outcome) Accept()                   {}
func (o *outcome) Reject(err error)          { o.rejected = err }
func (o *outcome) Complete(_ any, err error) { o.done, o.failed = true, err }

func (w *world) provide(step onboarding.Step, values map[string]string) *outcome {
	o := &outcome{}
	w.UpdateWorkflow(onboarding.UpdateProvide, "", o, onboarding.Answer{Step: step, Values: values, By: "admin@laptop"})
	return o
}

func (w *world) resolve(step onboarding.Step, action onboarding.Action) *outcome {
	o := &outcome{}
	w.UpdateWorkflow(onboarding.UpdateResolve, "", o, onboarding.Resolution{Step: step, Action: action, Reason: "because", By: "admin@laptop"})
	return o
}

// answerAll answers the two requests that only a person can.
func (w *world) answerAll() {
	w.after(time.Minute, func() {
		w.provide(onboarding.StepSAMLExchange, map[string]string{onboarding.ValueACSURL: acsURL, onboarding.ValueIssuerURL: issuerURL,
			onboarding.ValuePortalURL: portalURL})
	})
	w.after(2*time.Minute, func() {
		w.provide(onboarding.StepSCIM, map[string]string{onboarding.ValueSCIMEndpoint: endpoint, onboarding.ValueSCIMToken: "file:/token"})
	})
}

func (w *world) run() (onboarding.Report, error) {
	w.t.Helper()
	w.ExecuteWorkflow(onboarding.WorkflowOnboard, onboarding.OnboardInput{
		Spec: w.spec, StartedBy: "admin@laptop", Studio: w.home, Accepted: w.accepted, Known: w.known,
	})
	require.True(w.t, w.IsWorkflowCompleted(), "the run has not ended")
	var report onboarding.Report
	if err := w.GetWorkflowError(); err != nil {
		return report, err
	}
	require.NoError(w.t, w.GetWorkflowResult(&report))
	return report, nil
}

func TestARunEndsWithTheThreeDoorsAndEverybodyIn(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
	require.Equal(t, portalURL, report.Addresses.AccessPortal)
	require.Equal(t, "https://d-domain1.studio.us-east-1.sagemaker.aws", report.Addresses.Studio)
	require.Equal(t, 3, report.People.Ready)
	require.Equal(t, "/people.jsonl", report.PeopleFile)
	require.Len(t, report.Requests, 4, "instance, SAML, SCIM endpoint, SCIM in Okta")
	require.Equal(t, "detected", report.Requests[0].By)
	require.Equal(t, "admin@laptop", report.Requests[1].By)
	require.Len(t, report.Expiries, 2)
	require.Equal(t, "The SCIM access token", report.Expiries[0].What, "the sooner one comes first")
	for _, s := range w.progress().Steps {
		require.Equal(t, onboarding.StepDone, s.State, s.Step)
	}
}

func TestTheStudioLaneDoesNotWaitForTheOperator(t *testing.T) {
	w := newWorld(t)
	w.after(30*time.Second, func() {
		require.Equal(t, onboarding.StepWaiting, w.state(onboarding.StepSAMLExchange))
		require.Equal(t, onboarding.StepDone, w.state(onboarding.StepDomain))
	})
	w.answerAll()
	_, err := w.run()
	require.NoError(t, err)
}

func TestAWorldThatIsSetUpAsksForNothing(t *testing.T) {
	w := newWorld(t)
	instance := identitycenter.Instance{ARN: "arn:aws:sso:::instance/ssoins-1234567890abcdef", IdentityStoreID: "d-1234567890"}
	w.always("FindInstance", identitycenter.FindInstanceResult{Instance: &instance}, nil)
	w.always("EnsureApp", oktaapp.EnsureAppResult{App: &oktaapp.OktaApp{ID: "0oa1", ACSURL: acsURL, Issuer: issuerURL,
		Origin: onboarding.OriginAdopted}}, nil)
	w.always("SeeTrust", trust.SeenTrust{InPlace: true, Fits: true, Why: "people came"}, nil)
	w.always("EstablishTrust", trust.TrustResult{Provisions: true}, nil)
	report, err := w.run()
	require.NoError(t, err)
	require.Empty(t, report.Requests)
	require.NotContains(t, w.calls, "CheckSCIM")
}

func TestAFailedStepParksAndGoesOnAfterRetry(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.reply("EnsureRoles", role.RolesResult{}, failed(fault.Denied, "iam:CreateRole is not allowed", "Add the statement Role to the policy."))
	w.after(10*time.Minute, func() {
		p := w.progress()
		require.Equal(t, onboarding.RunAttention, p.State)
		require.Len(t, p.Parked, 1)
		require.Equal(t, "Denied", p.Parked[0].Class)
		require.Equal(t, "iam:CreateRole is not allowed", p.Parked[0].Message)
		require.Equal(t, "Add the statement Role to the policy.", p.Parked[0].Remedy)
		w.resolve(onboarding.StepExecutionRole, onboarding.ActionRetry)
	})
	report, err := w.run()
	require.NoError(t, err)
	require.Len(t, report.Decisions, 1)
	require.Equal(t, "admin@laptop", report.Decisions[0].By)
	require.Equal(t, "iam:CreateRole is not allowed", report.Decisions[0].Message)
}

func TestTransientFaultsAreRetriedWithoutAnybody(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	for range 5 {
		w.reply("EnsureRoles", role.RolesResult{}, failed(fault.Throttled, "slow down"))
	}
	report, err := w.run()
	require.NoError(t, err)
	require.Empty(t, report.Decisions)
}

func TestWhatLaterStepsNeedCannotBeSkipped(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.reply("ResolveNetwork", network.Network{}, failed(fault.Invalid, "no subnets"))
	var skip, early *outcome
	w.after(time.Second, func() { early = w.resolve(onboarding.StepVerify, onboarding.ActionRetry) })
	w.after(10*time.Minute, func() {
		skip = w.resolve(onboarding.StepNetwork, onboarding.ActionSkip)
		w.resolve(onboarding.StepNetwork, onboarding.ActionRetry)
	})
	_, err := w.run()
	require.NoError(t, err)
	require.ErrorContains(t, skip.rejected, "can't be skipped")
	require.ErrorContains(t, early.rejected, "not parked")
}

func TestPeopleWhoCannotBeSyncedAreTheOperatorsDecision(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	missing := []onboarding.PersonException{{Person: "no.name@example.com", Reason: "no last name", Remedy: "set it"}}
	w.always("CompareDirectory", people.DirectoryResult{Wanted: 3, Synced: 2, Exceptions: missing, ExceptionsTotal: 1}, nil)
	w.always("VerifyAccess", access.VerifyResult{People: onboarding.People{Wanted: 3, Synced: 2, Ready: 2}, Exceptions: missing,
		ExceptionsTotal: 1}, nil)
	w.after(10*time.Minute, func() {
		p := w.progress()
		require.Equal(t, missing, p.Parked[0].People)
		w.resolve(onboarding.StepDirectorySync, onboarding.ActionRetry)
	})
	w.after(20*time.Minute, func() { w.resolve(onboarding.StepDirectorySync, onboarding.ActionSkip) })
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, []onboarding.Step{onboarding.StepDirectorySync}, report.Skipped)
	require.Equal(t, missing, report.Exceptions)
	pushes := 0
	for _, c := range w.calls {
		if c == "PushGroups" {
			pushes++
		}
	}
	require.Equal(t, 2, pushes, "a retry pushes again, as repaired people are in no group yet")
}

func TestSomebodyWhoIsInTheDirectoryButCannotComeInStopsTheRun(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.reply("VerifyAccess", access.VerifyResult{People: onboarding.People{Wanted: 3, Synced: 3, Ready: 2}}, nil)
	w.after(10*time.Minute, func() {
		require.Equal(t, onboarding.StepParked, w.state(onboarding.StepVerify))
		w.resolve(onboarding.StepVerify, onboarding.ActionRetry)
	})
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, 3, report.People.Ready)
	converged := 0
	for _, c := range w.calls {
		if c == "ConvergeAccess" {
			converged++
		}
	}
	require.Equal(t, 2, converged)
}

func TestAnAbortEndsTheRunAndKeepsTheReport(t *testing.T) {
	w := newWorld(t)
	w.after(time.Minute, func() { w.resolve(onboarding.StepSAMLExchange, onboarding.ActionAbort) })
	_, err := w.run()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, "Aborted", app.Type())
	require.ErrorContains(t, err, "because")
	var report onboarding.Report
	require.NoError(t, app.Details(&report))
	require.Equal(t, onboarding.RunAborted, report.State)
	require.NotEmpty(t, report.Resources, "what was made is listed")
}

func TestAWrongAnswerIsRefusedAndTheRequestStays(t *testing.T) {
	w := newWorld(t)
	w.reply("CheckServiceProvider", trust.ServiceProvider{}, failed(fault.Invalid, "ACS URL and issuer URL are swapped",
		"Give them the other way round."))
	var wrong, unknown, incomplete, secret *outcome
	w.after(10*time.Second, func() {
		unknown = w.provide(onboarding.StepSAMLExchange, map[string]string{"nonsense": "x"})
		incomplete = w.provide(onboarding.StepSAMLExchange, map[string]string{onboarding.ValueACSURL: acsURL})
		wrong = w.provide(onboarding.StepSAMLExchange, map[string]string{onboarding.ValueACSURL: issuerURL, onboarding.ValueIssuerURL: acsURL})
	})
	w.after(40*time.Second, func() {
		refused := w.progress().Requests[0]
		require.Equal(t, "ACS URL and issuer URL are swapped", refused.Refusal)
		require.Equal(t, "Give them the other way round.", refused.RefusalRemedy)
	})
	w.after(90*time.Second, func() {
		secret = w.provide(onboarding.StepSCIM, map[string]string{onboarding.ValueSCIMEndpoint: endpoint,
			onboarding.ValueSCIMToken: "s3cr3t-t0ken"})
	})
	w.answerAll()
	_, err := w.run()
	require.NoError(t, err)
	require.ErrorContains(t, wrong.failed, "swapped")
	require.Equal(t, "Give them the other way round.", failureOf(t, wrong.failed).Remedy)
	require.ErrorContains(t, unknown.rejected, "nonsense")
	require.ErrorContains(t, incomplete.rejected, "--issuer-url")
	require.ErrorContains(t, secret.rejected, "reference")
	require.NotContains(t, secret.rejected.Error(), "s3cr3t-t0ken")
}

func TestAMetadataFileReplacesTheURLs(t *testing.T) {
	w := newWorld(t)
	var accepted *outcome
	w.after(30*time.Second, func() {
		accepted = w.provide(onboarding.StepSAMLExchange, map[string]string{onboarding.ValueMetadata: "<EntityDescriptor/>"})
	})
	w.answerAll()
	_, err := w.run()
	require.NoError(t, err)
	require.NoError(t, accepted.rejected)
	require.True(t, accepted.done)
	require.NoError(t, accepted.failed)
}

func TestAfterTheDeadlineTheStepParksAndRetryAsksAgain(t *testing.T) {
	w := newWorld(t)
	w.after(47*time.Hour, func() {
		require.Equal(t, 11, w.progress().Requests[0].Reminders)
	})
	w.after(49*time.Hour, func() {
		p := w.progress()
		require.Equal(t, onboarding.StepParked, w.state(onboarding.StepSAMLExchange))
		require.Equal(t, "DeadlinePassed", p.Parked[0].Class)
		w.resolve(onboarding.StepSAMLExchange, onboarding.ActionRetry)
	})
	w.after(50*time.Hour, func() {
		w.provide(onboarding.StepSAMLExchange, map[string]string{onboarding.ValueACSURL: acsURL, onboarding.ValueIssuerURL: issuerURL})
	})
	w.after(51*time.Hour, func() {
		w.provide(onboarding.StepSCIM, map[string]string{onboarding.ValueSCIMEndpoint: endpoint, onboarding.ValueSCIMToken: "env:TOKEN"})
	})
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)
}

func TestAmongSeveralAppsAPersonChooses(t *testing.T) {
	w := newWorld(t)
	w.reply("EnsureApp", oktaapp.EnsureAppResult{Candidates: []oktaapp.OktaApp{{ID: "0oa1"}, {ID: "0oa2"}}}, nil)
	w.after(20*time.Second, func() {
		require.Len(t, w.progress().Requests[0].Paste, 2)
		w.provide(onboarding.StepOktaApp, map[string]string{onboarding.ValueAppID: "0oa1"})
	})
	w.answerAll()
	_, err := w.run()
	require.NoError(t, err)
}

func TestAGroupThatTheAPIWillNotPushIsPushedByAPerson(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.always("PushGroups", provisioning.PushResult{Refused: map[string]string{"studio": "Group push bad request"}}, nil)
	report, err := w.run()
	require.NoError(t, err)
	require.Contains(t, w.calls, "AwaitPushed")
	require.Len(t, report.Requests, 5)
}

func TestADomainThatFailedForATransientReasonIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.reply("AwaitDomain", domain.Domain{ID: "d-domain1", Status: "Failed", FailureReason: "KMS key 'null' does not exist",
		Transient: true}, nil)
	_, err := w.run()
	require.NoError(t, err)
	require.Contains(t, w.calls, "DeleteFailedDomain")
}

func TestADomainThatFailedForGoodParks(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.reply("AwaitDomain", domain.Domain{ID: "d-domain1", Status: "Failed", FailureReason: "no more addresses"}, nil)
	w.after(10*time.Minute, func() {
		require.Contains(t, w.progress().Parked[0].Message, "no more addresses")
		w.resolve(onboarding.StepDomain, onboarding.ActionRetry)
	})
	_, err := w.run()
	require.NoError(t, err)
	require.NotContains(t, w.calls, "DeleteFailedDomain")
}

func TestBlockingFindingsParkThePreflightAndMayBeSkipped(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	certificate := onboarding.Verdict{Kind: onboarding.VerdictWarning, Code: "okta-app-certificate", Reason: "It expires in 9 days.",
		Remedy: "Make another."}
	w.always("RunPreflight", onboarding.Assessment{Verdicts: []onboarding.Verdict{certificate}}, nil)
	w.reply("RunPreflight", onboarding.Assessment{Verdicts: []onboarding.Verdict{
		{Kind: onboarding.VerdictBlocked, Code: "okta-group", Reason: "Okta has no group studio", Remedy: "create it"},
		{Kind: onboarding.VerdictWarning, Code: "people", Reason: "2 people have no last name", Remedy: "set it"},
		certificate,
	}}, nil)
	w.after(time.Second, func() {
		require.Contains(t, w.progress().Parked[0].Message, "Okta has no group studio")
		w.resolve(onboarding.StepPreflight, onboarding.ActionSkip)
	})
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, certificate, report.Findings[0], "of the warnings of before the run, those that still hold are left")
	require.Len(t, report.Findings, 1, "somebody was seen signing in, so that nothing is left to be said of the trust")
}

func TestSeveralThingsThatBlockAreListedOneByOne(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	w.always("RunPreflight", onboarding.Assessment{Verdicts: []onboarding.Verdict{
		{Kind: onboarding.VerdictBlocked, Code: "okta-group", Reason: "Okta has no group studio.",
			Remedy: "Create it, or correct its name in the spec"},
		{Kind: onboarding.VerdictBlocked, Code: "network", Reason: "An arrow → in a name stays where it is.", Remedy: "Make a VPC"},
	}}, nil)
	w.after(time.Second, func() {
		parked := w.progress().Parked[0]
		require.Equal(t, "Okta has no group studio.\nAn arrow → in a name stays where it is.", parked.Message)
		require.Len(t, parked.Verdicts, 2)
		require.Equal(t, onboarding.Verdict{Kind: onboarding.VerdictBlocked, Code: "network", Reason: "An arrow → in a name stays where it is.",
			Remedy: "Make a VPC"}, parked.Verdicts[1])
		require.Contains(t, parked.Verdicts[0].Remedy, "for another one, abort it")
		require.Equal(t, parked.Verdicts, parked.Blocking())
		w.resolve(onboarding.StepPreflight, onboarding.ActionSkip)
	})
	_, err := w.run()
	require.NoError(t, err)
}

// An activity of the first version fails with one text, without details: it is shown whole.
func TestAFailureOfTheFirstVersionIsShownWhole(t *testing.T) {
	for name, details := range map[string][]any{
		"none": nil, "people": {[]onboarding.PersonException{{Person: "ann@example.com"}}}, "a report": {onboarding.Report{Run: "demo"}},
		"something else": {map[string]string{"remedy": "nonsense"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.answerAll()
			w.reply("EnsureRoles", role.RolesResult{}, temporal.NewNonRetryableApplicationError(
				"iam:CreateRole is not allowed → Add the statement.", "Denied", nil, details...))
			w.after(10*time.Minute, func() {
				parked := w.progress().Parked[0]
				require.Equal(t, "iam:CreateRole is not allowed → Add the statement.", parked.Message)
				require.Equal(t, "Remove the cause, then retry.", parked.Remedy)
				w.resolve(onboarding.StepExecutionRole, onboarding.ActionRetry)
			})
			_, err := w.run()
			require.NoError(t, err)
		})
	}
}

func TestThePeopleOfAFailureAreListed(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	people := []onboarding.PersonException{{Person: "ann@example.com", Reason: "no last name", Remedy: "Set it."}}
	w.reply("ConvergeAccess", access.Result{}, temporal.NewNonRetryableApplicationError("1 person is missing", "Incomplete", nil,
		onboarding.Failure{Reason: "1 person is missing", People: people, PeopleTotal: 3}))
	w.after(10*time.Minute, func() {
		parked := w.progress().Parked[0]
		require.Equal(t, people, parked.People)
		require.Equal(t, 3, parked.PeopleTotal)
		w.resolve(parked.Step, onboarding.ActionRetry)
	})
	_, err := w.run()
	require.NoError(t, err)
}

// failureOf reads the fields of an error that a workflow or an update ended with.
func failureOf(t *testing.T, err error) onboarding.Failure {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	var failure onboarding.Failure
	require.NoError(t, app.Details(&failure))
	return failure
}

func TestACancelledRunEndsAsCancelled(t *testing.T) {
	w := newWorld(t)
	w.after(time.Minute, w.CancelWorkflow)
	_, err := w.run()
	var canceled *temporal.CanceledError
	require.True(t, errors.As(err, &canceled), "%v", err)
}

func TestBothLanesMayNeedAPersonAtOnce(t *testing.T) {
	w := newWorld(t)
	w.reply("EnsureRoles", role.RolesResult{}, failed(fault.Denied, "no"))
	w.after(30*time.Second, func() {
		p := w.progress()
		require.Len(t, p.Parked, 1)
		require.Len(t, p.Requests, 1)
		w.resolve(onboarding.StepExecutionRole, onboarding.ActionRetry)
	})
	w.answerAll()
	_, err := w.run()
	require.NoError(t, err)
}

func TestTheDocumentOfARequestCanBeFetched(t *testing.T) {
	w := newWorld(t)
	w.after(30*time.Second, func() {
		name := w.progress().Requests[0].Documents[0]
		value, err := w.QueryWorkflow(onboarding.QueryDocument, name)
		require.NoError(t, err)
		var doc onboarding.Document
		require.NoError(t, value.Get(&doc))
		require.Equal(t, "<EntityDescriptor/>", doc.Content)
	})
	w.answerAll()
	_, err := w.run()
	require.NoError(t, err)
}
