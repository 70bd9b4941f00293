package tracing_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/tracing"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestWithoutVariablesThereIsNoTracing(t *testing.T) {
	for _, getenv := range []func(string) string{
		env(),
		env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER", "none"),
		env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_SDK_DISABLED", "true"),
	} {
		off, err := tracing.Start(t.Context(), tracing.Options{Service: "test", Getenv: getenv})
		require.NoError(t, err)
		require.Nil(t, off)
		var options client.Options
		off.Client(&options)
		require.Empty(t, options.Interceptors)
		ctx, end := off.Call(t.Context(), "aws", "sagemaker:ListDomains")
		end(errors.New("refused"))
		require.Equal(t, t.Context(), ctx)
		require.NoError(t, off.Shutdown())
	}
}

func TestWhatIsNotSpokenIsAnError(t *testing.T) {
	for name, value := range map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_TRACES_EXPORTER": "zipkin"} {
		_, err := tracing.Start(t.Context(), tracing.Options{Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", name, value)})
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, value)
	}
}

// The standard variables name the collector, which gets the spans by OTLP over HTTP.
func TestTheCollectorGetsTheSpans(t *testing.T) {
	var mu sync.Mutex
	var paths []string
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.URL.Path+" "+r.Header.Get("Content-Type"))
	}))
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	on, err := tracing.Start(t.Context(), tracing.Options{Service: "test", Getenv: env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)})
	require.NoError(t, err)
	_, end := on.Command(t.Context(), "starter list")
	end(nil)
	require.NoError(t, on.Shutdown())
	require.Equal(t, []string{"/v1/traces application/x-protobuf"}, paths)
}

func TestSpansSayOfErrorsTheirClassAlone(t *testing.T) {
	kept := tracetest.NewInMemoryExporter()
	on, err := tracing.Start(t.Context(), tracing.Options{Service: "test", Exporter: keeping{kept}})
	require.NoError(t, err)
	ctx, endCommand := on.Command(t.Context(), "starter check")
	_, endCall := on.Call(ctx, "okta", "okta:GET /api/v1/users/{login}")
	endCall(fault.New(fault.Denied, "okta", "", "ada@example.com may not be read"))
	endCommand(errors.New("ada@example.com may not be read"))
	require.NoError(t, on.Shutdown())
	spans := kept.GetSpans()
	require.Len(t, spans, 2)
	call, command := spans[0], spans[1]
	require.Equal(t, command.SpanContext.TraceID(), call.SpanContext.TraceID())
	require.Equal(t, command.SpanContext.SpanID(), call.Parent.SpanID())
	require.Equal(t, codes.Error, call.Status.Code)
	require.Empty(t, call.Status.Description)
	var kind string
	for _, attribute := range call.Attributes {
		if attribute.Key == "error.type" {
			kind = attribute.Value.AsString()
		}
		require.NotContains(t, attribute.Value.AsString(), "ada")
	}
	require.Equal(t, "Denied", kind)
}

// keeping keeps its spans when it is shut down.
type keeping struct{ *tracetest.InMemoryExporter }

func (keeping) Shutdown(context.Context) error { return nil }
