// Package tracing sends OpenTelemetry traces where the standard OTEL_* variables say, from a command through workflows and activities to
// each call of AWS and Okta. Without those variables there is none of it.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/fault"
)

const scope = "studio-onboarding"

// FlushTimeout bounds how long Shutdown waits for a collector that does not take the last spans.
const FlushTimeout = 3 * time.Second

// Options say where spans go.
type Options struct {
	// Service is the service's name where OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have none, such as studio-onboarding-worker.
	Service string
	// Getenv reads OTEL_*, to decide whether there is tracing at all; what they hold is read by OpenTelemetry from the process's own.
	Getenv func(string) string
	// Exporter takes the spans instead of a collector; tests have one.
	Exporter sdktrace.SpanExporter
}

// Tracing makes spans. Nil makes none: its methods may be called.
type Tracing struct {
	provider    *sdktrace.TracerProvider
	tracer      trace.Tracer
	interceptor interceptor.Interceptor
}

// Start begins with tracing; nil where no variable asks for it. It reaches nobody: a collector that is not there costs spans and
// nothing else. An error says which variable is wrong.
//
// OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT asks for it, or OTEL_TRACES_EXPORTER=otlp; OTEL_TRACES_EXPORTER=none
// and OTEL_SDK_DISABLED=true do not want it. The protocol is OTLP over HTTP.
func Start(ctx context.Context, options Options) (*Tracing, error) {
	exporter := options.Exporter
	if exporter == nil {
		wanted, err := wanted(options.Getenv)
		if err != nil || !wanted {
			return nil, err
		}
		if exporter, err = otlptracehttp.New(ctx); err != nil {
			return nil, fmt.Errorf("traces cannot be sent: %w → check the OTEL_EXPORTER_OTLP_* variables", err)
		}
	}
	described, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", options.Service)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES cannot be read: %w", err)
	}
	t := &Tracing{provider: sdktrace.NewTracerProvider(sdktrace.WithBatcher(discreet{exporter}), sdktrace.WithResource(described))}
	t.tracer = t.provider.Tracer(scope)
	t.interceptor, err = opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer: t.tracer,
		// Who watches a run asks every second or two.
		DisableQueryTracing: true,
		// Headers are not encrypted, and a trace's ID is all that is to be in them.
		DisableBaggage: true,
		// Runs outlive any change of how they are traced.
		AllowInvalidParentSpans: true,
		SpanStarter:             startSpan,
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func wanted(getenv func(string) string) (bool, error) {
	if off, _ := strconv.ParseBool(getenv("OTEL_SDK_DISABLED")); off {
		return false, nil
	}
	exporter := getenv("OTEL_TRACES_EXPORTER")
	switch exporter {
	case "", "otlp":
	case "none":
		return false, nil
	default:
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER is %q, but traces are sent by otlp or none", exporter)
	}
	if exporter == "" && getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return false, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := getenv(name); protocol != "" {
			if protocol != "http/protobuf" {
				return false, fmt.Errorf("%s is %q, but traces are sent by http/protobuf alone → use the collector's HTTP port, which is 4318", name, protocol)
			}
			break
		}
	}
	return true, nil
}

// Complaints has what OpenTelemetry complains of, such as a collector that does not answer, logged; it would go to standard error. It is
// for the whole process.
func Complaints(logger *slog.Logger) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("OpenTelemetry complains", "error", err) }))
}

// startSpan starts the spans of Temporal's interceptor. A reconcile that a studio makes by itself begins a trace of its own, linked to the
// one in which the studio was made: that one would never end.
func startSpan(ctx context.Context, tracer trace.Tracer, name string, options ...trace.SpanStartOption) trace.Span {
	if name == "StartChildWorkflow:Reconcile" {
		options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)))
	}
	_, span := tracer.Start(ctx, name, options...)
	return span
}

// Client has a Temporal client, and the workers on it, traced. It adds a header to what is started, and nothing to histories besides.
func (t *Tracing) Client(options *client.Options) {
	if t != nil {
		options.Interceptors = append(options.Interceptors, t.interceptor)
	}
}

// Command begins the span of a command line, such as "starter onboard"; end tells its error, if any.
func (t *Tracing) Command(ctx context.Context, name string) (_ context.Context, end func(error)) {
	return t.span(ctx, name, trace.SpanKindInternal)
}

// Call begins the span of a call of AWS or Okta: the operation is a name such as "sagemaker:CreateDomain" or the template of an address,
// never an address with somebody's ID or login in it.
func (t *Tracing) Call(ctx context.Context, provider, operation string) (_ context.Context, end func(error)) {
	return t.span(ctx, operation, trace.SpanKindClient,
		attribute.String("rpc.system", provider), attribute.String("rpc.method", operation))
}

func (t *Tracing) span(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
	return ctx, func(err error) {
		if err != nil {
			span.SetAttributes(attribute.String("error.type", ErrorType(err)))
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Shutdown sends what has not been sent, for at most FlushTimeout.
func (t *Tracing) Shutdown() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), FlushTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("the last spans were not sent: %w", err)
	}
	return nil
}

// ErrorType says of what kind an error is, without its text, which may name people: the class of a fault, or the type of the Go error.
func ErrorType(err error) string {
	var application *temporal.ApplicationError
	switch class := fault.ClassOf(err); {
	case class != "":
		return string(class)
	case errors.As(err, &application) && application.Type() != "":
		return application.Type()
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline exceeded"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", err), "*")
}

// discreet hands spans on without the texts of errors: Temporal's interceptor writes them into spans, and they name people.
type discreet struct{ sdktrace.SpanExporter }

// ExportSpans implements sdktrace.SpanExporter.
func (d discreet) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	silent := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, span := range spans {
		silent[i] = silentSpan{span}
	}
	return d.SpanExporter.ExportSpans(ctx, silent)
}

type silentSpan struct{ sdktrace.ReadOnlySpan }

// Status is the status without its text.
func (s silentSpan) Status() sdktrace.Status {
	return sdktrace.Status{Code: s.ReadOnlySpan.Status().Code}
}

// Events are none: all there are, are errors with their texts.
func (s silentSpan) Events() []sdktrace.Event { return nil }
