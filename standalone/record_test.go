package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/workerhost"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
	"studio-onboarding/workflows"
)

const (
	recordingSpeed = 200
	missingRole    = "arn:aws:iam::222222222222:role/ResearchNotebooks"
	studioTrust    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

// recorder carries workflows out on a real server, and looks at their histories.
type recorder struct {
	*worldtest.World
	node *node
	// environment is a worker's.
	environment map[string]string
	secrets     map[string]string
	tell        *operator
	// adoptOkta has workers take their Okta org for the namespace's.
	adoptOkta bool
	// stop ends worker and server.
	stop func()
}

// newRecorder starts a server in memory and a worker; more are variables of the worker.
func newRecorder(t *testing.T, more ...map[string]string) *recorder {
	return newRecorderOn(t, "", more...)
}

// newRecorderOn starts them on a data directory.
func newRecorderOn(t *testing.T, dataDir string, more ...map[string]string) *recorder {
	t.Helper()
	r := &recorder{World: worldtest.New(t, recordingSpeed), secrets: map[string]string{}}
	environment, err := r.Environment(t.Context())
	require.NoError(t, err)
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "OKTA_CLIENT_TOKEN"} {
		require.NotEmpty(t, environment[name])
		r.secrets[name] = environment[name]
	}
	for _, variables := range more {
		maps.Copy(environment, variables)
	}
	ctx := context.WithoutCancel(t.Context())
	r.environment = environment
	r.node, err = startNode(ctx, dataDir, r.Dir, ports{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	host := r.host(filepath.Join(r.Dir, "people"), false)
	working, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.node.work(working, host) }()
	r.stop = sync.OnceFunc(func() {
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, r.node.stop())
	})
	t.Cleanup(r.stop)
	require.Eventually(t, func() bool { pollers, err := runs.Workers(ctx, r.node.client); return err == nil && pollers > 0 }, 15*time.Second, 20*time.Millisecond)
	return r
}

// carryOut carries a short workflow out and keeps its history.
func (r *recorder) carryOut(name, workflow string, in, out any) string {
	r.Helper()
	started, err := r.node.client.ExecuteWorkflow(r.Context(), client.StartWorkflowOptions{ID: name, TaskQueue: onboarding.TaskQueue}, workflow, in)
	require.NoError(r, err)
	require.NoError(r, started.Get(r.Context(), out), name)
	return r.keep(name, name)
}

// start starts the run of a spec.
func (r *recorder) start(spec onboarding.Spec) {
	r.Helper()
	_, err := runs.Start(r.Context(), r.node.client, spec, "admin@example")
	require.NoError(r, err)
	r.tell = &operator{
		console: r.World, commands: runCommands{client: r.node.client, run: spec.Name}, region: spec.Region, secrets: filepath.Join(r.Dir, "secrets"),
		access: spec.Access,
		say:    func(string, ...any) {}, settled: map[string]bool{}, trouble: map[string]trouble{},
	}
}

// until does what a run asks for until it has come where the test wants it; leave says which requests stay open.
func (r *recorder) until(run string, leave func(onboarding.Request) bool, there func(onboarding.Progress) bool) {
	r.Helper()
	var last onboarding.Progress
	var err error
	require.Eventually(r, func() bool {
		// Of a run that was aborted, the progress comes with an error.
		if last, err = runs.Progress(r.Context(), r.node.client, run); err != nil || there(last) {
			return there(last)
		}
		for _, request := range last.Requests {
			if leave == nil || !leave(request) {
				key := fmt.Sprint(request.Step, request.Title, request.Since.UnixNano())
				err = r.tell.once(key, func() error { return r.tell.answer(r.Context(), request) })
			}
		}
		return false
	}, time.Minute, 20*time.Millisecond, "%s: %+v %v", run, &last, &err)
}

func (r *recorder) resolve(run string, step onboarding.Step, action onboarding.Action) {
	r.Helper()
	_, err := runs.Resolve(r.Context(), r.node.client, run, onboarding.Resolution{Step: step, Action: action, Reason: "to record it", By: "admin@example"})
	require.NoError(r, err)
}

// host is a worker with a store.
func (r *recorder) host(store string, adopt bool) *workerhost.Host {
	r.Helper()
	return r.hostOf(store, adopt, workerhost.Version{})
}

// hostOf makes a worker with a version.
func (r *recorder) hostOf(store string, adopt bool, version workerhost.Version) *workerhost.Host {
	r.Helper()
	host, err := workerhost.New(r.Context(), r.node.worker, workerhost.Options{
		Getenv: func(name string) string { return r.environment[name] },
		LoadOptions: []func(*awsconfig.LoadOptions) error{
			awsconfig.WithBaseEndpoint(r.environment["AWS_ENDPOINT_URL"]),
			awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(r.environment["AWS_ACCESS_KEY_ID"],
				r.environment["AWS_SECRET_ACCESS_KEY"], "")),
		},
		Waits: provider.DefaultWaits().Faster(recordingSpeed), Speed: recordingSpeed, Store: store, AdoptStore: adopt, AdoptOkta: r.adoptOkta,
		Version: version,
	})
	require.NoError(r, err)
	return host
}

// keep looks at the history of a workflow, records it when that is asked for, and answers with what it says.
func (r *recorder) keep(name, workflowID string) string {
	r.Helper()
	var events history.History
	for more := r.node.client.GetWorkflowHistory(r.Context(), workflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); more.HasNext(); {
		event, err := more.Next()
		require.NoError(r, err)
		events.Events = append(events.Events, event)
	}
	exported, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&events)
	require.NoError(r, err)
	if token, err := os.ReadFile(filepath.Join(r.Dir, "secrets", "scim-token")); err == nil {
		r.secrets["SCIM token"] = strings.TrimSpace(string(token))
	}
	text := readable(r, exported)
	for what, secret := range r.secrets {
		require.NotContains(r, text, secret, "the history %s holds the %s", name, what)
	}
	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	require.NoError(r, replayer.ReplayWorkflowHistory(temporalclient.Quiet(), &events), name)
	r.Logf("%s: %d events, %d KB", name, len(events.Events), len(exported)>>10)
	if !*record {
		return text
	}
	machine, err := os.Hostname()
	require.NoError(r, err)
	exported = bytes.ReplaceAll(exported, []byte(r.Dir), []byte("/data"))
	exported = bytes.ReplaceAll(exported, []byte("@"+machine), []byte("@example"))
	require.NoError(r, os.WriteFile("../workflows/testdata/replay/"+name+".json", exported, 0o644))
	return text
}

var payloadData = regexp.MustCompile(`"data": "([^"]*)"`)

// readable is a history with what its payloads say.
func readable(t require.TestingT, exported []byte) string {
	return string(payloadData.ReplaceAllFunc(exported, func(match []byte) []byte {
		data, err := base64.StdEncoding.DecodeString(string(payloadData.FindSubmatch(match)[1]))
		require.NoError(t, err)
		return data
	}))
}

func ended(p onboarding.Progress) bool { return !p.EndedAt.IsZero() }

func parkedAt(step onboarding.Step, attempts int) func(onboarding.Progress) bool {
	return func(p onboarding.Progress) bool {
		for _, parked := range p.Parked {
			if parked.Step == step && parked.Attempts >= attempts {
				return true
			}
		}
		return false
	}
}

func is(p onboarding.Progress, step onboarding.Step, state onboarding.StepState) bool {
	for _, at := range p.Steps {
		if at.Step == step {
			return at.State == state
		}
	}
	return false
}

// Every workflow, and a run at each place where it can stay for days: none of their histories holds a secret, and all replay.
//
//	go test ./standalone -run TestHistoriesOfEveryWorkflow -record
func TestHistoriesOfEveryWorkflow(t *testing.T) {
	r := newRecorder(t)
	r.carryOut("check", onboarding.WorkflowCheck, onboarding.CheckInput{Spec: r.Spec}, new(onboarding.Assessment))
	r.carryOut("survey", onboarding.WorkflowSurvey, onboarding.SurveyInput{Spec: r.Spec}, new(onboarding.Survey))
	r.carryOut("plan", onboarding.WorkflowPlan, onboarding.PlanInput{Spec: r.Spec}, new(onboarding.Assessment))

	// A run that waits for its operator, who has done three things.
	team := onboarding.WorkflowID(r.Spec.Name)
	r.start(r.Spec)
	connect := func(request onboarding.Request) bool {
		return request.Step == onboarding.StepSCIM && len(request.Needs) == 0
	}
	r.until(r.Spec.Name, connect, func(p onboarding.Progress) bool {
		return len(p.Requests) == 1 && connect(p.Requests[0]) && is(p, onboarding.StepDomain, onboarding.StepDone)
	})
	r.keep("studio-run-waiting", team)
	r.until(r.Spec.Name, nil, ended)
	r.keep("studio-run-finished", team)

	r.studio()
	handles, err := runs.Handles(t.Context(), r.node.client, r.Spec.Name)
	require.NoError(t, err)
	r.people(handles)
	r.parked()
}

// studio records the studio itself: after a run and a reconcile, and while it waits for the next one.
func (r *recorder) studio() {
	r.Helper()
	_, err := runs.Reconcile(r.Context(), r.node.client, r.Spec.Name, onboarding.ReconcileRequest{By: "admin@example"}, 20*time.Millisecond, nil)
	require.NoError(r, err)
	_, err = runs.SetSync(r.Context(), r.node.client, r.Spec.Name, onboarding.SyncRequest{Every: onboarding.Duration(time.Hour), By: "admin@example"})
	require.NoError(r, err)
	r.keep("studio", onboarding.StudioID(r.Spec.Name))
	_, err = runs.SetSync(r.Context(), r.node.client, r.Spec.Name, onboarding.SyncRequest{Off: true, By: "admin@example"})
	require.NoError(r, err)
}

// people records what is done about people after a run.
func (r *recorder) people(handles onboarding.Handles) {
	var list onboarding.Listing
	r.requireNobody(r.carryOut("access-list-stored", onboarding.WorkflowAccessList, onboarding.AccessListInput{Handles: handles}, &list))
	require.Equal(r, 3, list.Lines)
	var listed []string
	shown, err := runs.AccessList(r.Context(), r.node.client, handles, onboarding.PeopleQuery{Status: onboarding.StatusReady}, 0, nil,
		func(page onboarding.AccessPage) error {
			for _, person := range page.People {
				listed = append(listed, person.Person)
			}
			return nil
		})
	require.NoError(r, err)
	require.NotEqual(r, list.Generation, shown.Generation)
	require.Contains(r, listed, worldtest.Ada)
	require.Contains(r, r.keep("store", onboarding.StoreID), "WORKFLOW_TASK_COMPLETED")
	var person onboarding.PersonExplanation
	r.carryOut("explain-person", onboarding.WorkflowExplainPerson, onboarding.ExplainPersonInput{Handles: handles, Login: worldtest.Ada}, &person)
	require.True(r, person.Ready)
	r.carryOut("explain-person-broken", onboarding.WorkflowExplainPerson, onboarding.ExplainPersonInput{Handles: handles, Login: worldtest.Eve}, &person)

	reconcile := func(name string, change func(*onboarding.ReconcileInput)) onboarding.ReconcileReport {
		r.Helper()
		in := onboarding.ReconcileInput{Handles: handles, StartedBy: "admin@example"}
		if change != nil {
			change(&in)
		}
		var report onboarding.ReconcileReport
		events := r.carryOut(name, onboarding.WorkflowReconcile, in, &report)
		if report.ExceptionsTotal == 0 && len(report.Notices) == 0 {
			r.requireNobody(events)
		}
		require.Empty(r, report.Changes.Listed)
		return report
	}
	require.Zero(r, reconcile("reconcile-nothing", nil).Changes.Total)
	r.Join(worldtest.PeopleGroup, worldtest.Di)
	require.Positive(r, reconcile("reconcile-dry-run", func(in *onboarding.ReconcileInput) { in.DryRun = true }).Changes.Total)
	require.Positive(r, reconcile("reconcile-changes", nil).Made.Profiles)
	for _, login := range []string{worldtest.Ada, worldtest.Bo} {
		r.Leave(worldtest.PeopleGroup, login)
	}
	guard := onboarding.GuardSpec{People: 2, Quarantine: new(onboarding.Duration)}
	handles.Spec.Access.OnRemoval, handles.Spec.Access.Guard = onboarding.RemovalDeleteProfile, guard
	held := reconcile("reconcile-held", nil)
	require.NotEmpty(r, held.Held)
	agreed := reconcile("reconcile-removals", func(in *onboarding.ReconcileInput) { in.Consent = held.Hold.ID })
	require.Equal(r, 2, agreed.Made.ProfilesRemoved)
}

// requireNobody looks for people in a history.
func (r *recorder) requireNobody(history string) {
	r.Helper()
	for _, login := range []string{worldtest.Ada, worldtest.Bo, worldtest.Di} {
		require.NotContains(r, history, login)
	}
}

// Two workers that keep their lists in different places would mix them, and two with different Okta orgs would look for people in the wrong
// one.
func TestAWorkerWithAnotherStoreOrOktaOrgIsRefused(t *testing.T) {
	r := newRecorder(t)
	elsewhere := t.TempDir()
	err := r.host(elsewhere, false).Run(t.Context())
	var other *workerhost.OtherStoreError
	require.ErrorAs(t, err, &other)
	require.Equal(t, elsewhere, other.OurAddress)
	require.Equal(t, filepath.Join(r.Dir, "people"), other.AgreedAddress)
	require.NotEqual(t, other.Ours, other.Agreed)
	require.ErrorContains(t, err, "--adopt-store")

	// The same one again, and then the other one as somebody says so.
	require.NoError(t, r.host(filepath.Join(r.Dir, "people"), false).AgreeOnStore(t.Context()))
	require.NoError(t, r.host(elsewhere, true).AgreeOnStore(t.Context()))
	require.NoError(t, r.host(elsewhere, true).AgreeOnStore(t.Context()))
	require.NoError(t, r.host(elsewhere, false).AgreeOnStore(t.Context()))

	// Another Okta org is another company's: its people are not looked for in this namespace.
	require.NoError(t, r.host(elsewhere, false).AgreeOnOkta(t.Context()))
	r.environment["OKTA_CLIENT_ORGURL"] = strings.Replace(r.environment["OKTA_CLIENT_ORGURL"], "127.0.0.1", "localhost", 1)
	var org *workerhost.OtherOrgError
	err = r.host(elsewhere, false).Run(t.Context())
	require.ErrorAs(t, err, &org)
	require.ErrorContains(t, err, "give each org a Temporal namespace of its own")
	r.adoptOkta = true
	require.NoError(t, r.host(elsewhere, false).AgreeOnOkta(t.Context()))
	require.ErrorAs(t, r.host(filepath.Join(r.Dir, "people"), false).Run(t.Context()), &other)
	require.Equal(t, elsewhere, other.AgreedAddress)
}

// parked records runs that are parked: by the preflight, and in the middle; one that is aborted, one that goes on, and a fleet.
func (r *recorder) parked() {
	blocked := r.Spec
	blocked.Name, blocked.Domain.Name, blocked.Domain.ExecutionRole = "blocked", "blocked", missingRole
	r.start(blocked)
	r.until(blocked.Name, nil, parkedAt(onboarding.StepPreflight, 1))
	r.keep("studio-run-parked-preflight", onboarding.WorkflowID(blocked.Name))

	// Whoever proved the trust has lost access meanwhile; of the others somebody signs in before a run asks for it.
	in, err := r.SignIn(r.Context(), sandbox.SignInInput{Login: worldtest.Di, Address: sandbox.AddressPortal})
	require.NoError(r, err)
	require.True(r, in.OK, in.Error)

	var fleet onboarding.FleetProgress
	r.carryOut("fleet-of-studios", onboarding.WorkflowFleet, onboarding.FleetInput{Parallel: 2, Runs: []onboarding.OnboardInput{{Spec: r.Spec}, {Spec: blocked}}}, &fleet)
	require.Equal(r, onboarding.FleetDone, fleet.Runs[0].State, fleet.Runs[0].Message)
	require.Equal(r, onboarding.FleetAttached, fleet.Runs[1].State)

	r.resolve(blocked.Name, onboarding.StepPreflight, onboarding.ActionAbort)
	r.until(blocked.Name, nil, ended)
	r.keep("studio-run-aborted", onboarding.WorkflowID(blocked.Name))

	second := blocked
	second.Name, second.Domain.Name = "second", "second"
	r.start(second)
	r.until(second.Name, nil, parkedAt(onboarding.StepPreflight, 1))
	r.resolve(second.Name, onboarding.StepPreflight, onboarding.ActionSkip)
	r.until(second.Name, nil, parkedAt(onboarding.StepExecutionRole, 1))
	r.resolve(second.Name, onboarding.StepExecutionRole, onboarding.ActionRetry)
	r.until(second.Name, nil, func(p onboarding.Progress) bool {
		return parkedAt(onboarding.StepExecutionRole, 2)(p) && is(p, onboarding.StepDirectorySync, onboarding.StepDone)
	})
	r.keep("studio-run-parked", onboarding.WorkflowID(second.Name))

	name, trust := "ResearchNotebooks", studioTrust
	_, err = iam.NewFromConfig(r.StudioAdmin()).CreateRole(r.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	require.NoError(r, err)
	r.resolve(second.Name, onboarding.StepExecutionRole, onboarding.ActionRetry)
	r.until(second.Name, nil, ended)
	r.keep("studio-run-retried", onboarding.WorkflowID(second.Name))
}

// A test of notifications: its history shows neither the address nor the key of the webhook. The receiver fails at first, so that it is
// tried again.
//
//	go test ./standalone -run TestTheHistoryOfATestOfNotifications -record
func TestTheHistoryOfATestOfNotifications(t *testing.T) {
	const address, key = "T0PSECRETADDRESS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	var webhooks, messages atomic.Int32
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/slack"):
			messages.Add(1)
		case webhooks.Add(1) == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(receiver.Close)
	r := newRecorder(t, map[string]string{
		"NOTIFY_WEBHOOK_URL": receiver.URL + "/" + address, "NOTIFY_WEBHOOK_SECRET": key, "NOTIFY_SLACK_URL": receiver.URL + "/slack/" + address,
		"NOTIFY_TEAMS_URL": "http://127.0.0.1:1/" + address,
	})
	r.secrets["address of a webhook"], r.secrets["key of a webhook"] = address, key
	var notified onboarding.Notified
	r.carryOut("notify-test", onboarding.WorkflowNotifyTest, onboarding.NotifyTestInput{StartedBy: "admin@example"}, &notified)
	require.Len(t, notified.Deliveries, 3)
	require.Len(t, notified.Failed(), 1)
	require.Equal(t, "teams", notified.Failed()[0].Target)
	require.EqualValues(t, 2, webhooks.Load())
	require.EqualValues(t, 1, messages.Load(), "what was delivered is not delivered again, on a real server")
}
