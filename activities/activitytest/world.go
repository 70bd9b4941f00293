// Package activitytest runs activities against the simulated clouds, as a worker runs them: for the tests of every resource.
package activitytest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	// Region is that of the demo.
	Region = "us-east-1"
	// Speed leaves the pauses long enough for IAM's whole seconds.
	Speed = 50
)

// StudioAccount is the demo's account of the domain, with the role that the worker assumes there.
var StudioAccount = onboarding.AccountSpec{Account: "222222222222", AssumeRole: "arn:aws:iam::222222222222:role/StudioOnboarding"}

// World is a simulated AWS with real clients on it.
type World struct {
	sandbox.Client
	Clouds *awscloud.Clouds
	Waits  provider.Waits
}

// NewWorld starts a simulated world that ends with the test.
func NewWorld(t *testing.T) World {
	t.Helper()
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: Speed})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	w := World{Client: sandbox.Client{URL: server.URL}, Waits: provider.DefaultWaits().Faster(Speed)}
	env, err := w.Environment(t.Context())
	require.NoError(t, err)
	w.Clouds, err = awscloud.New(t.Context(), awscloud.Options{Speed: Speed, LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(env["AWS_ENDPOINT_URL"]),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")),
	}})
	require.NoError(t, err)
	return w
}

// StudioConfig is the Studio account as somebody else's tools see it.
func (w World) StudioConfig(t *testing.T) aws.Config {
	t.Helper()
	cfg, err := w.Clouds.Config(t.Context(), StudioAccount, Region)
	require.NoError(t, err)
	return cfg
}

// Count says how many calls of an operation had an effect: "created", "changed" or "deleted".
func (w World) Count(t *testing.T, operation, effect string) int {
	t.Helper()
	calls, err := w.Calls(t.Context())
	require.NoError(t, err)
	n := 0
	for _, call := range calls {
		if call.Operation == operation && call.Effect == effect {
			n++
		}
	}
	return n
}

// Faults sets the faults of the world.
func (w World) Faults(t *testing.T, faults ...sandbox.Fault) {
	t.Helper()
	require.NoError(t, w.SetFaults(t.Context(), faults))
}

// Once runs an activity as a worker does, one attempt.
func Once[In, Out any](do func(context.Context, In) (Out, error), in In) (Out, error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	env.RegisterActivity(do)
	var out Out
	value, err := env.ExecuteActivity(do, in)
	if err != nil {
		return out, err
	}
	return out, value.Get(&out)
}

// Settled runs an activity as Temporal does: again while its error is one that is retried.
func Settled[In, Out any](t *testing.T, do func(context.Context, In) (Out, error), in In) (Out, error) {
	t.Helper()
	var out Out
	var err error
	require.Eventually(t, func() bool {
		out, err = Once(do, in)
		return err == nil || !ClassOf(err).Retryable()
	}, 45*time.Second, 50*time.Millisecond, "the last error: %v", &err)
	return out, err
}

// ClassOf is the type of the application error that the interceptor made.
func ClassOf(err error) fault.Class {
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		return ""
	}
	return fault.Class(application.Type())
}

// FailsWith checks the class of an error, and that reason and remedy say all these things.
func FailsWith(t *testing.T, err error, class fault.Class, says ...string) {
	t.Helper()
	require.Equal(t, class, ClassOf(err), "%v", err)
	text := onboarding.WithRemedy(err.Error(), FailureOf(t, err).Remedy)
	for _, part := range says {
		require.Contains(t, text, part)
	}
}

// FailureOf is what an activity failed with, in fields, as the interceptor put it into the error's details.
func FailureOf(t *testing.T, err error) onboarding.Failure {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	var failure onboarding.Failure
	require.NoError(t, application.Details(&failure))
	return failure
}

// CannedAWS answers each operation with one JSON document, for states that a world of ours doesn't get into. Documents with a
// __type are errors.
type CannedAWS map[string]Object

func (c CannedAWS) Start(t *testing.T) *awscloud.Clouds {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		answer, ok := c[operation]
		if !ok {
			answer = Object{"__type": "UnknownOperationException", "message": operation}
		}
		if answer["__type"] != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	clouds, err := awscloud.New(t.Context(), awscloud.Options{LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(server.URL),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIA", "s", "")),
	}})
	require.NoError(t, err)
	return clouds
}

// Object is a JSON object.
type Object = map[string]any
