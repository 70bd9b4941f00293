package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/telemetry"
	"studio-onboarding/internal/tracing"
	"studio-onboarding/onboarding"
)

type world struct {
	*telemetry.Telemetry
	t     *testing.T
	clock atomic.Int64
}

func start(t *testing.T, traced *tracing.Tracing) *world {
	t.Helper()
	w := &world{t: t}
	w.clock.Store(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Unix())
	var err error
	w.Telemetry, err = telemetry.Start(t.Context(), telemetry.Options{Listen: "127.0.0.1:0", Tracing: traced,
		Now: func() time.Time { return time.Unix(w.clock.Load(), 0) }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Stop()) })
	return w
}

func (w *world) get(path, accept string) (int, string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.Address()+path, nil)
	require.NoError(w.t, err)
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	return response.StatusCode, string(body)
}

func (w *world) metrics() string {
	status, text := w.get("/metrics", "")
	require.Equal(w.t, http.StatusOK, status)
	return text
}

func TestWithoutAnAddressNothingIsServed(t *testing.T) {
	quiet, err := telemetry.Start(t.Context(), telemetry.Options{})
	require.NoError(t, err)
	require.Empty(t, quiet.Address())
	quiet.Request(t.Context(), "aws", "sso:ListInstances", 0, time.Second, "")
	require.NoError(t, quiet.Stop())
	_, err = telemetry.Start(t.Context(), telemetry.Options{Listen: "nowhere"})
	require.ErrorContains(t, err, "--metrics-listen")
}

func TestStudiosAreListedWhenSomebodyAsksAndSeldom(t *testing.T) {
	w := start(t, nil)
	require.NotContains(t, w.metrics(), "studio_onboarding_studios{", "nothing is known yet")
	listed, fail := 0, false
	at := time.Unix(1790000000, 0)
	w.Watch(telemetry.Sources{
		Studios: func(context.Context) (map[string]onboarding.Summary, error) {
			if listed++; fail {
				return nil, errors.New("no answer")
			}
			return map[string]onboarding.Summary{
				"new": {State: onboarding.RunWaiting, Step: onboarding.StepSCIM, Overdue: at, Figures: &onboarding.Figures{
					Waiting: []onboarding.Waiting{{Step: onboarding.StepSCIM, Since: at, Deadline: at}},
					People:  &onboarding.People{Wanted: 10, Ready: 7, Verified: 3, Proven: 2}, Counted: at, Held: 4, DeadSince: at,
					Expiries: map[onboarding.ExpiryKey]time.Time{onboarding.ExpirySAMLCertificate: at},
				}},
				"old": {State: onboarding.RunDone, LastGood: at, Reconcile: onboarding.RunAttention,
					Expiry: &onboarding.Expiry{Key: onboarding.ExpirySCIMToken, At: at}},
			}, nil
		},
		Paces:   func() []telemetry.Pace { return []telemetry.Pace{{Account: "222222222222", API: "sso", PerSecond: 5}} },
		Budgets: func() []telemetry.Budget { return []telemetry.Budget{{Bucket: "apps", Limit: 100, Remaining: 25}} },
	})
	text := w.metrics()
	for _, line := range []string{
		`studio_onboarding_studios{state="waiting-for-operator"} 1`,
		`studio_onboarding_studios{state="failed"} 0`,
		`studio_onboarding_studio_state{state="waiting-for-operator",step="scim",studio="new"} 1`,
		`studio_onboarding_request_since_timestamp_seconds{parked="false",step="scim",studio="new"} 1.79e+09`,
		`studio_onboarding_request_deadline_timestamp_seconds{step="scim",studio="new"} 1.79e+09`,
		`studio_onboarding_people{grade="configured",studio="new"} 2`,
		`studio_onboarding_people{grade="verified",studio="new"} 3`,
		`studio_onboarding_people{grade="proven",studio="new"} 2`,
		`studio_onboarding_people{grade="none",studio="new"} 3`,
		`studio_onboarding_people_out_of_sync{how="lacks-access",studio="new"} 3`,
		`studio_onboarding_people_out_of_sync{how="keeps-access",studio="new"} 4`,
		`studio_onboarding_people_counted_timestamp_seconds{studio="new"} 1.79e+09`,
		`studio_onboarding_connection_dead{studio="new"} 1`,
		`studio_onboarding_expiry_timestamp_seconds{studio="new",what="saml-certificate"} 1.79e+09`,
		`studio_onboarding_expiry_timestamp_seconds{studio="old",what="scim-token"} 1.79e+09`,
		`studio_onboarding_reconcile_overdue_timestamp_seconds{studio="new"} 1.79e+09`,
		`studio_onboarding_last_good_reconcile_timestamp_seconds{studio="old"} 1.79e+09`,
		`studio_onboarding_reconcile_needs_attention{studio="old"} 1`,
		`studio_onboarding_reconcile_needs_attention{studio="new"} 0`,
		`studio_onboarding_api_pace{account="222222222222",api="sso",provider="aws"} 5`,
		`studio_onboarding_okta_budget_remaining{bucket="apps"} 0.25`,
		fmt.Sprintf("studio_onboarding_studios_listed_timestamp_seconds %v", float64(w.clock.Load())),
	} {
		require.Contains(t, text, "\n"+line+"\n")
	}
	w.metrics()
	require.Equal(t, 1, listed)
	w.clock.Add(31)
	fail = true
	require.Contains(t, w.metrics(), `studio_onboarding_people{grade="proven",studio="new"} 2`, "what was known before stays")
	require.Equal(t, 2, listed)
	require.Contains(t, w.metrics(), "studio_onboarding_studio_list_failures_total 1\n")
}

func TestRequestsAreCountedWithExemplars(t *testing.T) {
	traced, err := tracing.Start(t.Context(), tracing.Options{Service: "test", Exporter: tracetest.NewInMemoryExporter()})
	require.NoError(t, err)
	w := start(t, traced)
	ctx, end := w.Call(t.Context(), "okta", "okta:GET /api/v1/users/{login}")
	w.Request(ctx, "okta", "okta:GET /api/v1/users/{login}", 2*time.Second, time.Second, fault.Throttled)
	w.Request(ctx, "aws", "sso:ListInstances", 0, time.Second, "")
	end(nil)
	text := w.metrics()
	require.Contains(t, text, `studio_onboarding_api_requests_total{api="okta",operation="GET /api/v1/users/{login}",outcome="Throttled",provider="okta"} 1`)
	require.Contains(t, text, `studio_onboarding_api_requests_total{api="sso",operation="ListInstances",outcome="ok",provider="aws"} 1`)
	require.Contains(t, text, `studio_onboarding_api_pace_wait_seconds_total{api="okta",provider="okta"} 2`)
	require.Contains(t, text, `studio_onboarding_api_request_duration_seconds_bucket{api="sso",provider="aws",le="1"} 1`)
	_, open := w.get("/metrics", "application/openmetrics-text; version=1.0.0")
	require.Regexp(t, `studio_onboarding_api_request_duration_seconds_bucket\{api="sso",provider="aws",le="1.0"\} 1 # \{.*trace_id="[0-9a-f]{32}"`, open)
}

func TestAWorkerIsReadyWhenAllIsWell(t *testing.T) {
	w := start(t, nil)
	status, text := w.get("/healthz", "")
	require.Equal(t, http.StatusOK, status, text)
	status, text = w.get("/readyz", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, text, "starting")
	looks := 0
	w.Watch(telemetry.Sources{Ready: []telemetry.Check{{Name: "store", Look: func(context.Context) error {
		looks++
		return errors.New("ada@example.com took it away")
	}}}})
	status, text = w.get("/readyz", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, text, "store: … took it away\npolling: the worker does not ask Temporal for ")
	w.get("/readyz", "")
	require.Equal(t, 1, looks, "an answer holds for a while")
	w.clock.Add(6)
	w.get("/readyz", "")
	require.Equal(t, 2, looks)
}

func TestTheLogNamesNobody(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(telemetry.DiscreetLog(slog.NewJSONHandler(&out, nil)))
	denied := fault.New(fault.Denied, "okta", "okta:GET /api/v1/users/{login}", "ada.lovelace@example.com may not be read")
	log.With("Error", denied).Warn("Activity error.", "cause", fmt.Errorf("look: %w", denied),
		slog.Group("more", "error", temporal.NewApplicationError("Ada Lovelace is missing", "NotFound")))
	log.Info("ada.lovelace@example.com came", "error", errors.New("dial ada.lovelace@example.com: refused"))
	require.NotContains(t, out.String(), "ovelace")
	require.Contains(t, out.String(), `"Error":"Denied: okta:GET /api/v1/users/{login}"`)
	require.Contains(t, out.String(), `"cause":"Denied: okta:GET /api/v1/users/{login}"`)
	require.Contains(t, out.String(), `"more":{"error":"NotFound"}`)
	require.Contains(t, out.String(), `"error":"dial …: refused"`)
}
