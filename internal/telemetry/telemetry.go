// Package telemetry shows how a worker does: metrics for Prometheus, health and readiness on an HTTP endpoint, traces, and logs. None of it
// names a person.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"google.golang.org/grpc"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/tracing"
)

// ListenVariable is the environment variable that says where metrics and health are served.
const ListenVariable = "METRICS_LISTEN"

// Options say what is shown, and where.
type Options struct {
	// Listen is the address at which metrics and health are served, such as 127.0.0.1:9464 or :9464; empty means nowhere. Port 0 takes a
	// free one. Whoever reaches it can read it.
	Listen string
	// Tracing makes spans; nil makes none.
	Tracing *tracing.Tracing
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Telemetry shows how a worker does. It is safe for concurrent use.
type Telemetry struct {
	tracing  *tracing.Tracing
	now      func() time.Time
	listener net.Listener
	server   *http.Server
	provider *sdkmetric.MeterProvider
	handler  client.MetricsHandler

	requests, faults, failures metric.Int64Counter
	waited                     metric.Float64Counter
	took                       metric.Float64Histogram

	mu      sync.Mutex
	sources *Sources
	studios listing
	ready   readiness
	polls   polls
}

// seconds are the bounds of histograms: from an answer of a call to an activity that waits for minutes.
func seconds() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}
}

// Start begins to serve, where there is an address to serve at: at once, so that the process can be seen to live while it waits for
// Temporal. Watch says later what there is to be seen. End it with Stop.
func Start(ctx context.Context, options Options) (*Telemetry, error) {
	t := &Telemetry{tracing: options.Tracing, now: options.Now}
	if t.now == nil {
		t.now = time.Now
	}
	if options.Listen == "" {
		return t, t.instruments(noop.NewMeterProvider().Meter(""))
	}
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	t.provider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(sdkmetric.NewView(
		sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: seconds()}},
	)))
	if err := t.instruments(t.provider.Meter("studio-onboarding")); err != nil {
		return nil, err
	}
	t.handler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: t.provider.Meter("temporal-sdk-go"), UseMonotonicCounters: true, OnError: func(error) {},
	})
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	var config net.ListenConfig
	if t.listener, err = config.Listen(ctx, "tcp", options.Listen); err != nil {
		return nil, fmt.Errorf("metrics and health cannot be served at %s: %w → choose another --metrics-listen, or %s", options.Listen, err, ListenVariable)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", t.serveReady)
	t.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = t.server.Serve(t.listener) }()
	return t, nil
}

// Address is where it is served, with the port that was taken; empty where nothing is.
func (t *Telemetry) Address() string {
	if t.listener == nil {
		return ""
	}
	return t.listener.Addr().String()
}

// Stop ends the endpoint, and sends the spans that have not been sent.
func (t *Telemetry) Stop() error {
	err := t.tracing.Shutdown()
	if t.server != nil {
		err = errors.Join(err, t.server.Close(), t.provider.Shutdown(context.Background()))
	}
	return err
}

// Client has a Temporal client, and the workers on it, measured and traced.
func (t *Telemetry) Client(options *client.Options) {
	if t.handler != nil {
		options.MetricsHandler = t.handler
	}
	options.ConnectionOptions.DialOptions = append(slices.Clone(options.ConnectionOptions.DialOptions),
		grpc.WithChainUnaryInterceptor(t.polls.intercept))
	t.tracing.Client(options)
}

// instruments are what is counted as it happens.
func (t *Telemetry) instruments(meter metric.Meter) error {
	var all []error
	counter := func(name, description string) metric.Int64Counter {
		one, err := meter.Int64Counter(name, metric.WithDescription(description))
		all = append(all, err)
		return one
	}
	t.requests = counter("studio_onboarding_api_requests", "Requests to AWS and Okta, repeated ones too, by outcome.")
	t.faults = counter("studio_onboarding_faults", "Attempts of activities that failed, by class of fault.")
	t.failures = counter("studio_onboarding_studio_list_failures", "Lists of studios that could not be read; their figures are then those of before.")
	var err error
	t.waited, err = meter.Float64Counter("studio_onboarding_api_pace_wait", metric.WithUnit("s"),
		metric.WithDescription("Time for which requests were held back to keep the pace."))
	all = append(all, err)
	t.took, err = meter.Float64Histogram("studio_onboarding_api_request_duration", metric.WithUnit("s"),
		metric.WithDescription("Time from a request to its answer."))
	return errors.Join(append(all, err, t.observe(meter))...)
}

// Call implements the observers of the adapters: a span.
func (t *Telemetry) Call(ctx context.Context, provider, operation string) (context.Context, func(error)) {
	return t.tracing.Call(ctx, provider, operation)
}

// outcomeOK is the outcome of a request that was answered well.
const outcomeOK = "ok"

// Request implements the observers of the adapters: it counts.
func (t *Telemetry) Request(ctx context.Context, provider, operation string, waited, took time.Duration, class fault.Class) {
	api, name, found := strings.Cut(operation, ":")
	if !found {
		api, name = provider, operation
	}
	outcome := outcomeOK
	if class != "" {
		outcome = string(class)
	}
	of := []attribute.KeyValue{attribute.String("provider", provider), attribute.String("api", api)}
	t.requests.Add(ctx, 1, metric.WithAttributes(append(of, attribute.String("operation", name), attribute.String("outcome", outcome))...))
	t.waited.Add(ctx, waited.Seconds(), metric.WithAttributes(of...))
	t.took.Record(ctx, took.Seconds(), metric.WithAttributes(of...))
}

// Faults is the worker's interceptor that counts what activities fail with. It belongs before those that sort errors.
func (t *Telemetry) Faults() interceptor.WorkerInterceptor { return &faults{t: t} }

type faults struct {
	interceptor.WorkerInterceptorBase
	t *Telemetry
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (f *faults) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &faultsInbound{t: f.t}
	in.Next = next
	return in
}
