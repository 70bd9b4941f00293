package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"studio-onboarding/internal/engine"
	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
)

// What a whole life of a run writes about people, and the search for it in the database that it was written to.
func TestTheDatabaseSaysNothingWithoutTheKeys(t *testing.T) {
	dir := t.TempDir()
	r := newRecorderOn(t, dir)
	var all bytes.Buffer // what is in histories, with the keys
	r.live(&all)
	needles := r.needles()
	for what, needle := range needles {
		require.True(t, contains(all.Bytes(), needle), "the search for %s (%s) proves nothing: no history ever held it", what, needle)
	}
	for _, name := range []string{"Ada Example", "Bo Example", "Cy Example", "Di Example", "Eve Example"} {
		needles["the name "+name] = name
	}
	r.stop()

	places := database(t, dir)
	for what, kept := range map[string]string{
		"an ID": onboarding.WorkflowID(r.Spec.Name), "a type": "ConvergeAccess", "a state": string(onboarding.RunDone),
	} {
		require.True(t, slices.ContainsFunc(slices.Collect(maps.Values(places)), func(data []byte) bool { return contains(data, kept) }),
			"the search of the database proves nothing: it does not even find %s", what)
	}
	var found []string
	for place, data := range places {
		for what, needle := range needles {
			if contains(data, needle) {
				at := bytes.Index(bytes.ToLower(data), []byte(strings.ToLower(needle)))
				found = append(found, fmt.Sprintf("%s holds %s: …%q…", place, what, data[max(0, at-120):min(len(data), at+80)]))
			}
		}
	}
	slices.Sort(found)
	require.Empty(t, found)
}

func contains(data []byte, needle string) bool {
	return bytes.Contains(bytes.ToLower(data), []byte(strings.ToLower(needle)))
}

// live does with a run whatever is done with one, and collects the histories.
func (r *recorder) live(all io.Writer) {
	r.Helper()
	ctx := r.Context()
	plan := new(onboarding.Assessment)
	r.carryOut("check", onboarding.WorkflowCheck, onboarding.CheckInput{Spec: r.Spec}, plan)
	r.carryOut("plan", onboarding.WorkflowPlan, onboarding.PlanInput{Spec: r.Spec}, plan)
	r.start(r.Spec)
	r.until(r.Spec.Name, nil, ended)
	handles, err := runs.Handles(ctx, r.node.client, r.Spec.Name)
	require.NoError(r, err)
	_, err = runs.SetSync(ctx, r.node.client, r.Spec.Name, onboarding.SyncRequest{Every: onboarding.Duration(time.Hour), By: "admin@example"})
	require.NoError(r, err)
	for _, login := range []string{worldtest.Ada, worldtest.Bo, worldtest.Cy, worldtest.Di, worldtest.Eve} {
		r.carryOut("explain-"+login[:2], onboarding.WorkflowExplainPerson, onboarding.ExplainPersonInput{Handles: handles, Login: login},
			new(onboarding.PersonExplanation))
	}
	r.carryOut("access-list", onboarding.WorkflowAccessList, onboarding.AccessListInput{Handles: handles}, new(onboarding.Listing))
	r.Join(worldtest.PeopleGroup, worldtest.Di)
	_, err = runs.Reconcile(ctx, r.node.client, r.Spec.Name, onboarding.ReconcileRequest{By: "admin@example"}, 20*time.Millisecond, nil)
	require.NoError(r, err)
	r.carryOut("reconcile", onboarding.WorkflowReconcile, onboarding.ReconcileInput{Handles: handles}, new(onboarding.ReconcileReport))

	// A run that parks: its failure names the group.
	parked := r.Spec
	parked.Name, parked.Domain.Name, parked.Domain.ExecutionRole = "parked", "parked", missingRole
	r.start(parked)
	r.until(parked.Name, nil, parkedAt(onboarding.StepPreflight, 1))
	r.resolve(parked.Name, onboarding.StepPreflight, onboarding.ActionAbort)
	r.until(parked.Name, nil, ended)

	encrypted, plain := 0, 0
	raw, err := client.DialContext(ctx, r.plain())
	require.NoError(r, err)
	defer raw.Close()
	for _, id := range []string{
		"check", "plan", onboarding.StudioID(r.Spec.Name), onboarding.WorkflowID(r.Spec.Name),
		"explain-ad", "explain-bo", "explain-cy", "explain-di", "explain-ev", "access-list", "reconcile", onboarding.WorkflowID(parked.Name),
	} {
		with, without := r.history(r.node.client, id), r.history(raw, id)
		plain += proto.Size(with)
		encrypted += proto.Size(without)
		_, err := fmt.Fprintf(all, "%s\n", wire(r, with))
		require.NoError(r, err)
	}
	r.Logf("histories: %d bytes plain, %d bytes encrypted", plain, encrypted)
}

func wire(t testing.TB, message proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(message)
	require.NoError(t, err)
	return data
}

func (r *recorder) history(c client.Client, id string) *history.History {
	r.Helper()
	events := &history.History{}
	for more := c.GetWorkflowHistory(r.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); more.HasNext(); {
		event, err := more.Next()
		require.NoError(r, err)
		events.Events = append(events.Events, event)
	}
	return events
}

// needles are what nobody must find: people, groups and endpoints of the world.
func (r *recorder) needles() map[string]string {
	r.Helper()
	report, err := runs.Report(r.Context(), r.node.client, r.Spec.Name, 0)
	require.NoError(r, err)
	data, err := json.Marshal(report)
	require.NoError(r, err)
	require.NotNil(r, report.Handles, string(data))
	needles := map[string]string{
		"a group": worldtest.PeopleGroup, "a group with a role": worldtest.MLGroup, "the group of the app": worldtest.AssignmentGroup,
		"a role": worldtest.MLRole, "the label of the app": worldtest.AppLabel, "the address of Okta and AWS": r.URL,
		"the SCIM endpoint": "/scim/v2", "an account": worldtest.Studio, "who started it": "admin@example",
	}
	for _, login := range []string{worldtest.Ada, worldtest.Bo, worldtest.Cy, worldtest.Di, worldtest.Eve} {
		needles["a login and e-mail address, "+login] = login
	}
	for name, url := range map[string]string{
		"portal": report.Addresses.AccessPortal, "Studio": report.Addresses.Studio, "tile": report.Addresses.OktaTile,
	} {
		needles["the address of the "+name] = url
	}
	return needles
}

// database is everything in a SQLite database: its files as they are, and the rows of its tables in one piece each.
func database(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	places := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(dir, "temporal-*.db*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		places["file "+filepath.Base(file)], err = os.ReadFile(file)
		require.NoError(t, err)
	}
	db, err := sql.Open("sqlite", slices.Min(files))
	require.NoError(t, err)
	defer db.Close()
	rows := 0
	for _, table := range query(t, db, "SELECT name FROM sqlite_master WHERE type = 'table'") {
		for _, row := range query(t, db, `SELECT * FROM "`+string(table)+`"`) {
			rows++
			places["table "+string(table)] = append(append(places["table "+string(table)], row...), '\n')
		}
	}
	require.Greater(t, rows, 100)
	return places
}

// query answers with the rows, their columns one after the other.
func query(t *testing.T, db *sql.DB, text string) [][]byte {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text)
	require.NoError(t, err, text)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var found [][]byte
	for rows.Next() {
		values := make([]sql.RawBytes, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		var row []byte
		for _, value := range values {
			row = append(append(row, value...), ' ')
		}
		found = append(found, bytes.TrimSuffix(row, []byte(" ")))
	}
	require.NoError(t, rows.Err())
	return found
}

// With the keys everything reads as before; without them a look says what is missing, and the UI has its endpoint.
func TestWithAndWithoutTheKeys(t *testing.T) {
	r := newRecorder(t)
	r.start(r.Spec)
	waiting := func(p onboarding.Progress) bool { return len(p.Requests) > 0 }
	r.until(r.Spec.Name, func(onboarding.Request) bool { return true }, waiting)

	address := r.node.engine.Address()
	with, err := temporalclient.Settings{Address: address}.Dial(t.Context())
	require.NoError(t, err)
	defer with.Close()
	progress, err := runs.Progress(t.Context(), with, r.Spec.Name)
	require.NoError(t, err)
	require.Contains(t, progress.Requests[0].Title+strings.Join(progress.Requests[0].Clicks, " "), "IAM Identity Center")

	// The endpoint that the UI is told of decrypts for its pages.
	var settings struct{ Codec struct{ Endpoint string } }
	ask(t, http.MethodGet, r.node.engine.UIURL()+"/api/v1/settings", nil, &settings)
	require.False(t, strings.HasSuffix(settings.Codec.Endpoint, "/"))
	raw, err := client.DialContext(t.Context(), r.plain())
	require.NoError(t, err)
	defer raw.Close()
	described, err := raw.DescribeWorkflowExecution(t.Context(), onboarding.WorkflowID(r.Spec.Name), "")
	require.NoError(t, err)
	summary := described.GetExecutionConfig().GetUserMetadata().GetSummary()
	require.Equal(t, payloadcrypt.Encoding, string(summary.GetMetadata()["encoding"]))
	body, err := protojson.Marshal(&common.Payloads{Payloads: []*common.Payload{summary}})
	require.NoError(t, err)
	var decoded struct{ Payloads []struct{ Data []byte } }
	ask(t, http.MethodPost, settings.Codec.Endpoint+"/decode", body, &decoded)
	require.Contains(t, string(decoded.Payloads[0].Data), "SageMaker Studio **team**")

	keys := filepath.Join(r.Dir, keyFile)
	require.NoError(t, os.Rename(keys, keys+".elsewhere"))
	without, err := temporalclient.Settings{Address: address}.Dial(t.Context())
	require.NoError(t, err)
	defer without.Close()
	listed, err := runs.List(t.Context(), without, runs.Filter{})
	require.NoError(t, err, "IDs and states can be read")
	require.NotEmpty(t, listed)
	_, err = runs.Progress(t.Context(), without, r.Spec.Name)
	require.ErrorContains(t, err, "payloads are encrypted with key ")
	require.ErrorContains(t, err, keys)
	require.NotContains(t, err.Error(), "version", "it is not the versions that differ")
	_, err = runs.Start(t.Context(), without, r.Spec, "admin@example")
	require.ErrorContains(t, err, payloadcrypt.Variable)
}

// plain are the options of a client that sees what the server has, encrypted as it is.
func (r *recorder) plain() client.Options {
	return temporalclient.WithKey(client.Options{HostPort: r.node.engine.Address(), Logger: temporalclient.Quiet()}, r.node.engine.Key())
}

// The port's key is found by the same user's programs, and by nobody else's.
func TestAnotherUserIsToldWhereTheKeyLies(t *testing.T) {
	dir := t.TempDir()
	n, err := startNode(t.Context(), dir, dir, ports{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, n.stop()) }()
	c, err := temporalclient.Settings{Address: n.engine.Address()}.Dial(t.Context())
	require.NoError(t, err)
	c.Close()
	wrong := map[string]string{"TEMPORAL_API_KEY": "of-temporal-cloud"}
	c, err = temporalclient.Settings{Address: n.engine.Address(), Env: env(wrong)}.Dial(t.Context())
	require.NoError(t, err, "nobody else answers at this address")
	c.Close()

	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, t.TempDir())
	}
	file := filepath.Join(dir, engine.KeyFile)
	_, err = temporalclient.Settings{Address: n.engine.Address()}.Dial(t.Context())
	var unreachable *temporalclient.UnreachableError
	require.ErrorAs(t, err, &unreachable)
	require.ErrorContains(t, err, file)
	require.Equal(t, 1, strings.Count(err.Error(), "→"), err)

	key, err := os.ReadFile(file)
	require.NoError(t, err)
	given := env{"TEMPORAL_API_KEY": strings.TrimSpace(string(key)), "TEMPORAL_TLS": "false"}
	c, err = temporalclient.Settings{Address: n.engine.Address(), Env: given}.Dial(t.Context())
	require.NoError(t, err, "what the message says")
	c.Close()
}

// env is an environment of its own.
type env map[string]string

func (e env) LookupEnv(key string) (string, bool) { v, ok := e[key]; return v, ok }

func (e env) Environ() []string {
	var list []string
	for k, v := range e {
		list = append(list, k+"="+v)
	}
	return list
}

func ask(t *testing.T, method, url string, body []byte, into any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode, url)
	require.NoError(t, json.NewDecoder(response.Body).Decode(into))
}

// letter is a workflow that began before encryption was switched on, waits, and has an activity that fails.
func letter(ctx workflow.Context, to string) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	err := workflow.ExecuteActivity(ctx, "post", to).Get(ctx, nil)
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		return "", err
	}
	return to + ": " + word + ", " + app.Message(), nil
}

// A history that was begun in plain goes on encrypted; and a worker without the key blocks it until one with the key comes.
func TestAWorkerWithoutTheKeyDoesNotEndAWorkflow(t *testing.T) {
	r := newRecorder(t)
	options := r.plain()
	connect := func(keys *payloadcrypt.Keys) client.Client {
		with := options
		if keys != nil {
			require.NoError(t, payloadcrypt.NewCodec(keys).Apply(&with, true))
		}
		c, err := client.DialContext(t.Context(), with)
		require.NoError(t, err)
		t.Cleanup(c.Close)
		return c
	}
	work := func(c client.Client) (stop func()) {
		w := worker.New(c, "letters", worker.Options{})
		w.RegisterWorkflowWithOptions(letter, workflow.RegisterOptions{Name: "letter"})
		w.RegisterActivityWithOptions(func(_ context.Context, to string) error { return errors.New("nobody at home at " + to) },
			activity.RegisterOptions{Name: "post"})
		require.NoError(t, w.Start())
		return w.Stop
	}
	keys, err := payloadcrypt.Read(filepath.Join(r.Dir, keyFile), nil)
	require.NoError(t, err)
	others, err := payloadcrypt.Create(filepath.Join(t.TempDir(), keyFile))
	require.NoError(t, err)

	started, err := connect(nil).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "letter", TaskQueue: "letters"}, "letter", "ada")
	require.NoError(t, err)
	require.NoError(t, r.node.client.SignalWorkflow(t.Context(), "letter", "", "word", "hello"))

	stop := work(connect(others))
	var blocked *history.HistoryEvent
	require.Eventually(t, func() bool {
		for _, event := range r.history(r.node.client, "letter").Events {
			if event.EventType == enums.EVENT_TYPE_WORKFLOW_TASK_FAILED {
				blocked = event
			}
		}
		return blocked != nil
	}, 30*time.Second, 50*time.Millisecond)
	stop()
	described, err := r.node.client.DescribeWorkflowExecution(t.Context(), "letter", "")
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, described.WorkflowExecutionInfo.Status)

	defer work(connect(keys))()
	var result string
	require.NoError(t, started.Get(t.Context(), nil))
	require.NoError(t, r.node.client.GetWorkflow(t.Context(), "letter", "").Get(t.Context(), &result))
	require.Equal(t, "ada: hello, nobody at home at ada", result)
	for _, event := range r.history(connect(nil), "letter").Events {
		if failed := event.GetActivityTaskFailedEventAttributes(); failed != nil {
			require.NotContains(t, failed.String(), "at home")
		}
	}
}
