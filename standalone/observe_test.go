package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/telemetry"
	"studio-onboarding/internal/tracing"
	"studio-onboarding/onboarding"
)

// spanBook keeps its spans when it is shut down.
type spanBook struct{ *tracetest.InMemoryExporter }

func (spanBook) Shutdown(context.Context) error { return nil }

// A whole run and a reconcile, seen from outside: one trace from the command to the calls of AWS and Okta, metrics that say how the studio
// is, a worker that is ready; and neither spans nor metrics nor the log name anybody.
func TestARunIsSeenFromOutsideAndNamesNobody(t *testing.T) {
	spans := spanBook{tracetest.NewInMemoryExporter()}
	log := &output{}
	r := newRecorderWith(t, "", ports{metrics: "127.0.0.1:0", spans: spans}, slog.New(telemetry.DiscreetLog(slog.NewJSONHandler(log, nil))))
	get := func(path string) (int, string) {
		t.Helper()
		response, err := http.Get("http://" + r.node.watch.Address() + path)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}
	status, _ := get("/healthz")
	require.Equal(t, http.StatusOK, status)
	require.Eventually(t, func() bool { status, _ := get("/readyz"); return status == http.StatusOK }, 20*time.Second, 50*time.Millisecond)

	// What starter does: a span of its own around what it asks of Temporal.
	commands := spanBook{tracetest.NewInMemoryExporter()}
	traced, err := tracing.Start(t.Context(), tracing.Options{Service: "starter", Exporter: commands})
	require.NoError(t, err)
	ctx, end := traced.Command(t.Context(), "starter onboard")
	r.tell = r.operatorOf(r.Spec)
	_, err = runs.Start(ctx, r.node.client, r.Spec, "admin@example")
	end(err)
	require.NoError(t, err)
	require.NoError(t, traced.Shutdown())
	r.until(r.Spec.Name, nil, ended)
	report, err := runs.Reconcile(t.Context(), r.node.client, r.Spec.Name, onboarding.ReconcileRequest{By: "admin@example"}, 20*time.Millisecond, nil)
	require.NoError(t, err)
	require.Equal(t, onboarding.RunDone, report.State)

	var metrics string
	require.Eventually(t, func() bool {
		_, metrics = get("/metrics")
		return strings.Contains(metrics, "studio_onboarding_last_good_reconcile_timestamp_seconds{")
	}, 90*time.Second, time.Second, "the list of studios is read anew twice a minute")
	name := regexp.QuoteMeta(r.Spec.Name)
	for _, line := range []string{
		`studio_onboarding_studios\{state="done"\} 1`,
		`studio_onboarding_people\{grade="proven",studio="` + name + `"\} [1-9]`,
		`studio_onboarding_expiry_timestamp_seconds\{studio="` + name + `",what="scim-token"\} \d`,
		`studio_onboarding_api_requests_total\{api="sagemaker",operation="CreateDomain",outcome="ok",provider="aws"\} 1`,
		`studio_onboarding_api_requests_total\{api="okta",operation="GET /api/v1/groups/\{id\}/users",outcome="ok",provider="okta"\} [1-9]`,
		`studio_onboarding_api_pace\{account="[0-9]*",api="sso",provider="aws"\} [1-9]`,
		`studio_onboarding_api_request_duration_seconds_count\{api="sagemaker",provider="aws"\} [1-9]`,
		`studio_onboarding_faults_total\{activity="[A-Za-z]+",class="NotReady"\} [1-9]`,
		`temporal_workflow_completed_total\{.*workflow_type="Onboard".*\} 1`,
		`temporal_activity_execution_latency_seconds_bucket\{.*activity_type="EnsureDomain".*le="0.1".*\}`,
	} {
		require.Regexp(t, "(?m)^"+line, metrics)
	}
	r.stop()

	// One trace, from the command to the calls.
	begun := commands.GetSpans()
	require.NotEmpty(t, begun)
	root := begun[len(begun)-1]
	require.Equal(t, "starter onboard", root.Name)
	names := map[string]bool{}
	for _, span := range spans.GetSpans() {
		if span.SpanContext.TraceID() == root.SpanContext.TraceID() {
			names[span.Name] = true
		}
	}
	for _, name := range []string{"RunWorkflow:Onboard", "RunActivity:EnsureDomain", "sagemaker:CreateDomain", "okta:GET /api/v1/groups"} {
		require.Contains(t, names, name)
	}
	require.False(t, names["RunWorkflow:Reconcile"], "a reconcile has a trace of its own")

	// Nobody is named.
	var said strings.Builder
	for _, span := range append(spans.GetSpans(), begun...) {
		said.WriteString(span.Name + " " + span.Status.Description + "\n")
		for _, attribute := range append(span.Attributes, span.Resource.Attributes()...) {
			said.WriteString(string(attribute.Key) + "=" + attribute.Value.String() + "\n")
		}
		require.Empty(t, span.Events)
	}
	people, err := r.People(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, log.String())
	for where, text := range map[string]string{"spans": said.String(), "metrics": metrics, "log": log.String()} {
		require.NotContains(t, text, "@example", where)
		for _, person := range people {
			for _, private := range []string{person.Login} {
				if strings.TrimSpace(private) != "" {
					require.NotContains(t, text, private, where)
				}
			}
		}
	}
}

// What activities fail with names people; the log says of what class it is.
func TestTheLogSaysOfFaultsTheirClass(t *testing.T) {
	log := &output{}
	r := newRecorderWith(t, filepath.Join(t.TempDir(), "data"), ports{}, slog.New(telemetry.DiscreetLog(slog.NewJSONHandler(log, nil))))
	spec := r.Spec
	spec.Access.Groups = append(spec.Access.Groups, onboarding.GroupAccessSpec{Name: "ada.lovelace@example.com"})
	r.start(spec)
	r.until(spec.Name, nil, parkedAt(onboarding.StepPreflight, 1))
	r.stop()
	require.Contains(t, log.String(), `"class":"Invalid"`)
	require.NotContains(t, log.String(), "ada.lovelace")
	require.NotContains(t, log.String(), "@example")
}
