package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/buildinfo"
	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

const goodSpec = `name: demo
region: us-east-1
okta:
  assignmentGroup: everybody
access:
  groups:
    - name: studio
`

// env is an environment of its own, so that the tester's TEMPORAL_* variables don't matter.
type env map[string]string

func (e env) LookupEnv(key string) (string, bool) { v, ok := e[key]; return v, ok }
func (e env) Environ() []string                   { return nil }

// terminal is a person at the command line.
type terminal struct {
	t        *testing.T
	fake     *runstest.Fake
	io       IO
	dialled  temporalclient.Settings
	out, err bytes.Buffer
}

func sit(t *testing.T, fake *runstest.Fake) *terminal {
	p := &terminal{t: t, fake: fake}
	p.io = IO{
		In: strings.NewReader(""), Out: &p.out, Err: &p.err,
		Env: env{"TEMPORAL_CONFIG_FILE": "/nonexistent"}, Dir: t.TempDir(), Version: buildinfo.Info{Version: "v0", Commit: "4f6d80b71d44d42a", Date: "2026-03-01T00:00:00Z", Go: "go1"},
		User:  func() string { return "op@host" },
		Now:   func() time.Time { return time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC) },
		Every: time.Millisecond,
		Connect: func(_ context.Context, settings temporalclient.Settings) (client.Client, error) {
			p.dialled = settings
			return fake, nil
		},
		Probe: func(context.Context, string) bool { return false },
	}
	return p
}

// types enters a command and answers with its exit code and what it wrote.
func (p *terminal) types(args ...string) (code int, out, err string) {
	p.t.Helper()
	p.out.Reset()
	p.err.Reset()
	code = run(p.t.Context(), args, p.io)
	return code, p.out.String(), p.err.String()
}

func (p *terminal) file(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	require.NoError(p.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func inState(state onboarding.RunState) onboarding.Progress {
	return onboarding.Progress{Run: "demo", State: state, Steps: []onboarding.StepProgress{
		{Step: onboarding.StepSAMLExchange, Lane: onboarding.LaneIdentity, Title: "SAML trust", State: onboarding.StepWaiting},
	}}
}

func asking() onboarding.Progress {
	p := inState(onboarding.RunWaiting)
	p.Requests = []onboarding.Request{{
		Step: onboarding.StepSAMLExchange, Title: "Upload the metadata", Why: "no API",
		Clicks: []string{"click"}, Documents: []string{"okta-metadata.xml"},
		Needs: []onboarding.Need{{Name: onboarding.ValueACSURL}, {Name: onboarding.ValueIssuerURL},
			{Name: onboarding.ValueMetadata, Optional: true}, {Name: onboarding.ValuePortalURL, Optional: true}},
		Since: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}}
	return p
}

func done() *runstest.Fake {
	fake := runstest.Running(inState(onboarding.RunRunning), inState(onboarding.RunDone))
	fake.Report = onboarding.Report{Run: "demo", State: onboarding.RunDone,
		Addresses: onboarding.SignInAddresses{Studio: "https://d-1.studio.us-east-1.sagemaker.aws"}}
	fake.Applied = onboarding.Applied{N: 1, WorkflowID: "onboard-demo", RunID: runstest.RunID}
	return fake
}

func TestOnboardStartsWatchesAndReports(t *testing.T) {
	p := sit(t, done())
	code, out, stderr := p.types("onboard", "-f", p.file("spec.yaml", goodSpec))
	require.Zero(t, code, stderr)
	require.Contains(t, out, "Started run demo.")
	require.Contains(t, out, "https://d-1.studio.us-east-1.sagemaker.aws")
	require.Equal(t, "op@host", p.fake.Applies[0].By)
	require.Equal(t, "everybody", p.fake.Applies[0].Spec.Okta.AssignmentGroup)
	require.True(t, p.fake.Closed)
}

func TestOnboardReadsStandardInput(t *testing.T) {
	p := sit(t, done())
	p.io.In = strings.NewReader(goodSpec)
	code, _, stderr := p.types("onboard", "-f", "-", "--detach")
	require.Zero(t, code, stderr)
	require.Equal(t, "demo", p.fake.Applies[0].Spec.Name)
}

func TestOnboardSaysThatItAttached(t *testing.T) {
	p := sit(t, done())
	p.fake.Applied.Attached, p.fake.Applied.SpecDiffers = true, true
	code, out, _ := p.types("onboard", "-f", p.file("spec.yaml", goodSpec), "--detach")
	require.Zero(t, code)
	require.Contains(t, out, "Attached to run demo")
	require.Contains(t, out, "keeps the spec it was started with")
	require.NotContains(t, out, "Started")
}

func TestABadSpecIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	p := sit(t, done())
	path := p.file("spec.yaml", "name: demo\nregoin: us-east-1\n")
	code, _, stderr := p.types("onboard", "-f", path)
	require.Equal(t, 2, code)
	require.Contains(t, stderr, path+":2:1: ")
	require.Contains(t, stderr, "regoin")
	require.Contains(t, stderr, "→")
	require.Empty(t, p.fake.Starts)

	code, _, stderr = p.types("onboard", "-f", "/nonexistent/spec.yaml")
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "/nonexistent/spec.yaml")
}

func TestWithoutAWorkerCommandsSaySoInsteadOfHanging(t *testing.T) {
	silence := serviceerror.NewFailedPrecondition("no poller seen for task queue recently, worker may be down")
	for _, args := range [][]string{
		{"onboard", "-f", "SPEC"}, {"onboard", "-f", "SPEC", "--detach"}, {"status", "demo"}, {"watch", "demo"},
		{"provide", "demo", "scim", "--endpoint", "https://scim.example.com", "--token-ref", "env:T"}, {"resolve", "demo", "domain", "retry"},
		{"report", "demo"}, {"request", "demo"}, {"sync", "demo"}, {"sync", "demo", "--once"}, {"access", "demo"}, {"history", "demo"},
		{"events", "demo"}, {"exceptions", "demo"}, {"cancel", "demo", "--reason", "x"}, {"forget", "demo", "--confirm", "demo"},
	} {
		fake := runstest.Running(inState(onboarding.RunRunning))
		fake.Pollers, fake.QueryErrors = 0, []error{silence, silence, silence}
		fake.StartErrors = []error{client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)}
		if args[0] != "onboard" {
			fake.StartErrors, fake.Studio = nil, &onboarding.Studio{Name: "demo"}
		}
		p := sit(t, fake)
		for i := range args {
			if args[i] == "SPEC" {
				args[i] = p.file("spec.yaml", goodSpec)
			}
		}
		code, _, stderr := p.types(args...)
		require.Equal(t, 4, code, "%v: %s", args, stderr)
		require.Contains(t, stderr, "no worker polls task queue studio-onboarding", args)
		require.Contains(t, stderr, "go run ./worker", args)
		if args[0] == "onboard" {
			require.Contains(t, stderr, "run demo waits; nothing is lost", "the new studio holds the spec, and that must be said")
			continue
		}
		require.Empty(t, fake.Updates)
	}
}

func TestExitCodesFollowTheState(t *testing.T) {
	for state, want := range map[onboarding.RunState]int{
		onboarding.RunRunning: 0, onboarding.RunDone: 0, onboarding.RunWaiting: 3, onboarding.RunAttention: 3, onboarding.RunAborted: 1,
	} {
		code, out, _ := sit(t, runstest.Running(inState(state))).types("status", "demo")
		require.Equal(t, want, code, state)
		require.Contains(t, out, "saml-exchange")
	}
}

func TestAFailedRunIsShownAndExplained(t *testing.T) {
	fake := &runstest.Fake{Status: enums.WORKFLOW_EXECUTION_STATUS_FAILED, Progress: []onboarding.Progress{inState(onboarding.RunRunning)},
		Failure: temporal.NewApplicationError("out of luck", "Invalid")}
	code, out, stderr := sit(t, fake).types("status", "demo")
	require.Equal(t, 1, code)
	require.Contains(t, out, "saml-exchange")
	require.Contains(t, stderr, "out of luck")
	require.Contains(t, stderr, "starter onboard -f")
}

func TestAnAbortedOrCancelledRunEndsWithItsReportAndCodeOne(t *testing.T) {
	report := func(state onboarding.RunState) onboarding.Report {
		return onboarding.Report{Run: "demo", State: state, Resources: []onboarding.Resource{
			{Kind: "okta-app", ID: "0oa1", Origin: onboarding.OriginCreated}}}
	}
	for state, end := range map[onboarding.RunState]struct {
		status enums.WorkflowExecutionStatus
		err    error
		want   string
	}{
		onboarding.RunAborted: {enums.WORKFLOW_EXECUTION_STATUS_FAILED, temporal.NewNonRetryableApplicationError(
			"aborted at domain by op@host: wrong account", onboarding.ErrorAborted, nil, report(onboarding.RunAborted)),
			"run demo was aborted at domain by op@host: wrong account"},
		onboarding.RunCanceled: {enums.WORKFLOW_EXECUTION_STATUS_CANCELED, temporal.NewCanceledError(report(onboarding.RunCanceled)),
			"run demo was cancelled"},
	} {
		for _, command := range []string{"watch", "report", "status"} {
			fake := &runstest.Fake{Status: end.status, Failure: end.err, Pollers: 1, Progress: []onboarding.Progress{inState(onboarding.RunRunning)},
				Studio: &onboarding.Studio{Name: "demo", Runs: []onboarding.RunRecord{{N: 1, State: onboarding.RunRunning}}}}
			code, out, stderr := sit(t, fake).types(command, "demo")
			require.Contains(t, out, "demo  "+render.State(state), command)
			if command != "status" {
				require.Contains(t, out, "0oa1", command)
			}
			if command == "report" {
				require.Zero(t, code, stderr)
				continue
			}
			require.Equal(t, 1, code)
			require.Contains(t, stderr, end.want)
			require.Contains(t, stderr, "adopts it")
		}
	}
}

func TestARunThatIsAboutToEndIsReported(t *testing.T) {
	fake := runstest.Running(inState(onboarding.RunAborted))
	fake.Report = onboarding.Report{Run: "demo", State: onboarding.RunAborted}
	code, out, stderr := sit(t, fake).types("watch", "demo")
	require.Equal(t, 1, code)
	require.Contains(t, out, "Sign-in addresses")
	require.Contains(t, stderr, "adopts it")
}

func TestWatchWritesDocumentsAndNamesThem(t *testing.T) {
	fake := runstest.Running(asking())
	fake.Documents = map[string]string{"okta-metadata.xml": "<EntityDescriptor/>"}
	p := sit(t, fake)
	code, out, stderr := p.types("watch", "demo", "--stop-when-asked")
	require.Equal(t, 3, code, stderr)
	path := filepath.Join(p.io.Dir, "demo-okta-metadata.xml")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "<EntityDescriptor/>", string(content))
	require.Contains(t, out, path)
}

func TestADocumentCannotLeaveItsDirectory(t *testing.T) {
	progress := asking()
	progress.Requests[0].Documents = []string{"../../evil.xml"}
	fake := runstest.Running(progress)
	fake.Documents = map[string]string{"../../evil.xml": "x"}
	p := sit(t, fake)
	code, _, stderr := p.types("request", "demo", "--save", filepath.Join(p.io.Dir, "new"))
	require.Zero(t, code, stderr)
	require.FileExists(t, filepath.Join(p.io.Dir, "new", "demo-evil.xml"))
}

func TestADocumentThatCannotBeSavedDoesNotEndTheWatch(t *testing.T) {
	fake := runstest.Running(asking())
	p := sit(t, fake)
	code, out, _ := p.types("watch", "demo", "--stop-when-asked")
	require.Equal(t, 3, code)
	require.Contains(t, out, "okta-metadata.xml could not be saved")
	require.Contains(t, out, "starter request demo saml-exchange --save .")
}

func TestWatchAsJSONIsALinePerChange(t *testing.T) {
	fake := runstest.Running(inState(onboarding.RunRunning), inState(onboarding.RunRunning), inState(onboarding.RunDone))
	fake.Report = onboarding.Report{Run: "demo", State: onboarding.RunDone}
	code, out, stderr := sit(t, fake).types("watch", "demo", "--output", "json")
	require.Zero(t, code, stderr)
	var kinds []string
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var e map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		require.Len(t, e, 1)
		for kind := range e {
			kinds = append(kinds, kind)
		}
	}
	require.Equal(t, []string{"progress", "progress", "report"}, kinds)
}

func TestCtrlCEndsTheWatchAndNotTheRun(t *testing.T) {
	p := sit(t, runstest.Running(inState(onboarding.RunRunning)))
	ctx, cancel := context.WithCancel(t.Context())
	p.io.Every = time.Hour
	connect := p.io.Connect
	p.io.Connect = func(c context.Context, s temporalclient.Settings) (client.Client, error) {
		defer cancel()
		return connect(c, s)
	}
	code := run(ctx, []string{"watch", "demo"}, p.io)
	require.Equal(t, 130, code)
	require.Contains(t, p.err.String(), "starter watch demo")
}

func TestAnInterruptedCommandIsNoFailureOfTheRun(t *testing.T) {
	p := sit(t, runstest.Running(inState(onboarding.RunRunning)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.io.Connect = func(ctx context.Context, _ temporalclient.Settings) (client.Client, error) { return nil, ctx.Err() }
	require.Equal(t, 130, run(ctx, []string{"status", "demo"}, p.io))
	require.Contains(t, p.err.String(), "runs go on")
}

func TestWrongUseIsCodeTwoAndPointsToHelp(t *testing.T) {
	for _, args := range [][]string{
		{"nonsense"}, {"status"}, {"status", "a", "b"}, {"onboard"}, {"list", "--state", "odd"}, {"list", "--limit", "0"}, {"list", "--nonsense"},
		{"resolve", "demo", "domain"}, {"resolve", "demo", "domain", "explode"}, {"resolve", "demo", "nowhere", "retry"},
		{"resolve", "demo", "domain", "skip"}, {"resolve", "demo", "domain", "abort", "--reason", " "},
		{"provide", "demo", "nowhere"}, {"provide", "demo", "saml-exchange", "--metadata", "x", "--acs-url", "y"},
		{"provide", "demo", "saml-exchange", "--acs-url", "x", "--value", "acs-url=y"}, {"status", "demo", "--output", "xml"},
		{"onboard", "-f", "x", "--detach", "--stop-when-asked"}, {"request", "demo", "nowhere"}, {"version", "extra"},
	} {
		p := sit(t, runstest.Running(inState(onboarding.RunRunning)))
		code, _, stderr := p.types(args...)
		require.Equal(t, 2, code, "%v: %s", args, stderr)
		require.Contains(t, stderr, "--help", args)
		require.Empty(t, p.fake.Updates)
	}
}

func TestListShowsWhoHasToActAndWhatExpires(t *testing.T) {
	fake := &runstest.Fake{Listed: []*workflow.WorkflowExecutionInfo{
		runstest.Listed("alpha", onboarding.Summary{State: onboarding.RunWaiting, Step: onboarding.StepSCIM}),
		runstest.Listed("beta", onboarding.Summary{State: onboarding.RunDone, LastGood: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
			Expiry: &onboarding.Expiry{What: "SCIM token", At: time.Date(2100, 3, 2, 9, 0, 0, 0, time.UTC)}}),
		runstest.Listed("gamma", onboarding.Summary{State: onboarding.RunAborted}),
	}}
	p := sit(t, fake)
	code, out, _ := p.types("list")
	require.Zero(t, code)
	require.Equal(t, `STUDIO  STATE                 WHO HAS TO ACT      LAST GOOD RECONCILE  EXPIRES NEXT
alpha   waiting-for-operator  the operator: scim
beta    done                                      2026-03-02 09:00     2100-03-02 SCIM token
gamma   aborted
`, out)

	_, out, _ = p.types("list", "--state", "aborted", "--output", "json")
	var list []map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list, 1)
	require.Equal(t, "gamma", list[0]["run"])

	fake.Listed = nil
	_, out, _ = p.types("list")
	require.Contains(t, out, "starter onboard -f")
	_, out, _ = p.types("list", "--state", "aborted")
	require.Contains(t, out, "No studio is aborted")
	_, out, _ = p.types("list", "--output", "json")
	require.JSONEq(t, "[]", out)
}

func TestRequestShowsWhatIsAskedOrThatNothingIs(t *testing.T) {
	p := sit(t, runstest.Running(asking()))
	code, out, _ := p.types("request", "demo")
	require.Zero(t, code)
	require.Contains(t, out, "Upload the metadata")
	_, out, _ = p.types("request", "demo", "scim")
	require.Contains(t, out, "asks for nothing at step scim")
	require.Contains(t, out, "starter status demo")
	_, out, _ = p.types("request", "demo", "--output", "json")
	require.Contains(t, out, `"okta-metadata.xml"`)
}

func TestFlagsReachTheConnection(t *testing.T) {
	p := sit(t, runstest.Running(inState(onboarding.RunRunning)))
	_, _, _ = p.types("status", "demo", "--address", "temporal:7233", "--namespace", "prod")
	require.Equal(t, "temporal:7233", p.dialled.Address)
	require.Equal(t, "prod", p.dialled.Namespace)
}

func TestNoServerAndNoNamespaceAreCodeFour(t *testing.T) {
	for want, cause := range map[string]error{
		"go run ./standalone":                &temporalclient.UnreachableError{Address: "localhost:7233"},
		"temporal operator namespace create": serviceerror.NewNamespaceNotFound("prod"),
	} {
		p := sit(t, nil)
		p.io.Connect = func(context.Context, temporalclient.Settings) (client.Client, error) { return nil, cause }
		code, _, stderr := p.types("status", "demo")
		require.Equal(t, 4, code)
		require.Contains(t, stderr, want)
	}
}

func TestTheUILinkIsOnlyGivenWhereSomethingListens(t *testing.T) {
	fake := done()
	p := sit(t, fake)
	p.io.Probe = func(_ context.Context, address string) bool { return address == "localhost:8233" }
	path := p.file("spec.yaml", goodSpec)
	_, out, _ := p.types("onboard", "-f", path, "--detach")
	require.Contains(t, out, "Temporal UI: http://localhost:8233/namespaces/default/workflows/onboard-demo/"+runstest.RunID)

	p.io.Probe = func(context.Context, string) bool { return false }
	_, out, _ = p.types("onboard", "-f", path, "--detach")
	require.NotContains(t, out, "Temporal UI")

	p.io.Probe = func(context.Context, string) bool { require.Fail(t, "a remote host was probed"); return false }
	_, out, _ = p.types("onboard", "-f", path, "--detach", "--address", "eu.a1b2c.tmprl.cloud:7233", "--namespace", "eu.a1b2c")
	require.Contains(t, out, "https://cloud.temporal.io/namespaces/eu.a1b2c/workflows/onboard-demo/")
	_, out, _ = p.types("onboard", "-f", path, "--detach", "--address", "temporal.example.com:7233")
	require.NotContains(t, out, "Temporal UI")
}

func TestNoColorIsHonoured(t *testing.T) {
	p := sit(t, runstest.Running(inState(onboarding.RunRunning)))
	p.io.Terminal, p.io.Size = true, func() (int, int) { return 80, 24 }
	_, out, _ := p.types("status", "demo")
	require.Contains(t, out, "\x1b[")
	p.io.Env = env{"NO_COLOR": "1"}
	_, out, _ = p.types("status", "demo")
	require.NotContains(t, out, "\x1b[")
}

func TestSchemaIsTheSpecs(t *testing.T) {
	code, out, _ := sit(t, nil).types("schema")
	require.Zero(t, code)
	require.True(t, json.Valid([]byte(out)))
	require.Contains(t, out, "assignmentGroup")
}

func TestCompletionOffersRunsStepsAndDecisions(t *testing.T) {
	fake := &runstest.Fake{Listed: []*workflow.WorkflowExecutionInfo{
		runstest.Execution("onboard-alpha", enums.WORKFLOW_EXECUTION_STATUS_RUNNING, onboarding.RunWaiting, ""),
	}}
	p := sit(t, fake)
	_, out, _ := p.types("__complete", "resolve", "")
	require.Contains(t, out, "alpha")
	_, out, _ = p.types("__complete", "resolve", "alpha", "")
	require.Contains(t, out, "saml-exchange")
	_, out, _ = p.types("__complete", "resolve", "alpha", "domain", "")
	require.Contains(t, out, "skip")
	code, out, _ := p.types("completion", "bash")
	require.Zero(t, code)
	require.Contains(t, out, "starter")
}

func TestVersionSaysVersionCommitAndDate(t *testing.T) {
	p := sit(t, done())
	code, out, _ := p.types("version")
	require.Zero(t, code)
	require.Equal(t, "starter v0 (commit 4f6d80b71d44, 2026-03-01T00:00:00Z, go1)\n", out)
	_, out, _ = p.types("version", "--output", "json")
	require.JSONEq(t, `{"version": "v0", "commit": "4f6d80b71d44d42a", "date": "2026-03-01T00:00:00Z", "go": "go1"}`, out)
}
