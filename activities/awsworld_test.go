package activities_test

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
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	awsRegion = "us-east-1"
	// awsSpeed leaves the pauses long enough for IAM's whole seconds.
	awsSpeed = 50
)

var studioAccount = onboarding.AccountSpec{Account: "222222222222", AssumeRole: "arn:aws:iam::222222222222:role/StudioOnboarding"}

// awsWorld is a simulated AWS with real clients on it.
type awsWorld struct {
	sandbox.Client
	clouds *awscloud.Clouds
	waits  activities.Waits
}

func newAWSWorld(t *testing.T) awsWorld {
	t.Helper()
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: awsSpeed})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	w := awsWorld{Client: sandbox.Client{URL: server.URL}, waits: activities.DefaultWaits().Faster(awsSpeed)}
	env, err := w.Environment(t.Context())
	require.NoError(t, err)
	w.clouds, err = awscloud.New(t.Context(), awscloud.Options{Speed: awsSpeed, LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(env["AWS_ENDPOINT_URL"]),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")),
	}})
	require.NoError(t, err)
	return w
}

// studioConfig is the Studio account as somebody else's tools see it.
func (w awsWorld) studioConfig(t *testing.T) aws.Config {
	t.Helper()
	cfg, err := w.clouds.Config(t.Context(), studioAccount, awsRegion)
	require.NoError(t, err)
	return cfg
}

// count says how many calls of an operation had an effect: "created", "changed" or "deleted".
func (w awsWorld) count(t *testing.T, operation, effect string) int {
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

func (w awsWorld) faults(t *testing.T, faults ...sandbox.Fault) {
	t.Helper()
	require.NoError(t, w.SetFaults(t.Context(), faults))
}

// once runs an activity as a worker does, one attempt.
func once[In, Out any](do func(context.Context, In) (Out, error), in In) (Out, error) {
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

// settled runs an activity as Temporal does: again while its error is one that is retried.
func settled[In, Out any](t *testing.T, do func(context.Context, In) (Out, error), in In) (Out, error) {
	t.Helper()
	var out Out
	var err error
	require.Eventually(t, func() bool {
		out, err = once(do, in)
		return err == nil || !classOf(err).Retryable()
	}, 45*time.Second, 50*time.Millisecond, "the last error: %v", &err)
	return out, err
}

// classOf is the type of the application error that the interceptor made.
func classOf(err error) fault.Class {
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		return ""
	}
	return fault.Class(application.Type())
}

// failsWith checks the class of an error, and that its text says all these things.
func failsWith(t *testing.T, err error, class fault.Class, says ...string) {
	t.Helper()
	require.Equal(t, class, classOf(err), "%v", err)
	for _, part := range says {
		require.ErrorContains(t, err, part)
	}
}

// cannedAWS answers each operation with one JSON document, for states that a world of ours doesn't get into. Documents with a
// __type are errors.
type cannedAWS map[string]object

func (c cannedAWS) start(t *testing.T) *awscloud.Clouds {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		answer, ok := c[operation]
		if !ok {
			answer = object{"__type": "UnknownOperationException", "message": operation}
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

type object = map[string]any
