package engine_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/internal/engine"
)

const stateAttribute = "TestState"

func options(dir string) engine.Options {
	return engine.Options{
		DataDir: dir, Address: "127.0.0.1:0", UIAddress: "127.0.0.1:0",
		SearchAttributes: map[string]enums.IndexedValueType{stateAttribute: enums.INDEXED_VALUE_TYPE_KEYWORD},
	}
}

func start(t *testing.T, opts engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Stop()) })
	return e
}

func dial(t *testing.T, e *engine.Engine) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: e.Address(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		Credentials: client.NewAPIKeyStaticCredentials(e.Key()), ConnectionOptions: client.ConnectionOptions{TLSDisabled: true},
	})
	require.NoError(t, err)
	return c
}

func greet(ctx workflow.Context, name string) (string, error) {
	err := workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(stateAttribute).ValueSet("done"))
	return "hello " + name, err
}

// runGreeting runs one workflow to its end.
func runGreeting(t *testing.T, c client.Client, id string) {
	t.Helper()
	w := worker.New(c, "greetings", worker.Options{})
	w.RegisterWorkflow(greet)
	require.NoError(t, w.Start())
	defer w.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "greetings"}, greet, "you")
	require.NoError(t, err)
	var answer string
	require.NoError(t, run.Get(t.Context(), &answer))
	require.Equal(t, "hello you", answer)
}

func TestServesRunsAndTheUIOnFreePorts(t *testing.T) {
	e := start(t, options(""))
	c := dial(t, e)
	defer c.Close()

	runGreeting(t, c, "greeting")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.Eventually(t, func() bool {
		found, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: engine.Namespace, Query: stateAttribute + ` = "done"`,
		})
		return err == nil && found.Count == 1
	}, 20*time.Second, 50*time.Millisecond, "the run is found by its search attribute")

	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: engine.Namespace})
	require.NoError(t, err)
	require.Equal(t, engine.Retention, described.Config.WorkflowExecutionRetentionTtl.AsDuration())

	page, err := http.Get(e.UIURL())
	require.NoError(t, err)
	defer page.Body.Close()
	body, err := io.ReadAll(page.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, string(body), "<html")
}

func TestRunsSurviveARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data 100% here?")
	first, err := engine.Start(t.Context(), options(dir))
	require.NoError(t, err)
	c := dial(t, first)
	runGreeting(t, c, "before")
	c.Close()
	require.NoError(t, first.Stop())

	// A later version of the program has one search attribute more.
	opts := options(dir)
	opts.SearchAttributes["TestStep"] = enums.INDEXED_VALUE_TYPE_KEYWORD
	second := start(t, opts)
	c = dial(t, second)
	defer c.Close()
	var answer string
	require.NoError(t, c.GetWorkflow(t.Context(), "before", "").Get(t.Context(), &answer))
	require.Equal(t, "hello you", answer)
	_, err = c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: engine.Namespace, Query: `TestStep = "any"`,
	})
	require.NoError(t, err)
}

func TestASecondEngineOnTheSameDirectoryIsToldWhereTheFirstIs(t *testing.T) {
	dir := t.TempDir()
	first := start(t, options(dir))

	_, err := engine.Start(t.Context(), options(dir))
	require.ErrorContains(t, err, "already running")
	require.ErrorContains(t, err, first.UIURL())
	require.ErrorContains(t, err, first.Address())
	require.ErrorContains(t, err, "--data-dir")

	require.NoError(t, first.Stop())
	second, err := engine.Start(t.Context(), options(dir))
	require.NoError(t, err, "the directory is free once the first has stopped")
	require.NoError(t, second.Stop())
}

func TestAPortInUseIsNamedBeforeAnythingStarts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, number, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)

	dir := t.TempDir()
	opts := options(dir)
	opts.Address = taken.Addr().String()
	_, err = engine.Start(t.Context(), opts)
	require.ErrorContains(t, err, "port "+number)
	require.ErrorContains(t, err, "--port")

	opts = options(dir)
	opts.UIAddress = taken.Addr().String()
	_, err = engine.Start(t.Context(), opts)
	require.ErrorContains(t, err, "port "+number)
	require.ErrorContains(t, err, "--ui-port")

	files, err := filepath.Glob(filepath.Join(dir, "*.db"))
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestADatabaseOfAnotherServerVersionIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "temporal-1.29.db")
	require.NoError(t, os.WriteFile(other, []byte("somebody's runs"), 0o600))

	_, err := engine.Start(t.Context(), options(dir))
	require.ErrorContains(t, err, other)
	require.ErrorContains(t, err, "1.29")

	require.NoError(t, os.Rename(other, filepath.Join(t.TempDir(), "temporal-1.29.db")))
	e, err := engine.Start(t.Context(), options(dir))
	require.NoError(t, err)
	require.NoError(t, e.Stop())
}

func TestListensOnThisMachineOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "example.com:7233", "7233"} {
		_, err := engine.Start(t.Context(), engine.Options{Address: address})
		require.Error(t, err, address)
	}
}
