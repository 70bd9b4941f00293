package check

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"
)

const (
	job    = "studio-onboarding"
	listed = "studio_onboarding_studios_listed_timestamp_seconds"
	minute = time.Minute
	// steady is for how long the last scrape goes on to be seen: longer than any alert waits.
	steady = 2 * time.Hour
)

// past is what a Prometheus has kept of a worker: the scrapes of a demo, as if a second of it were a minute, and then for some time the same
// as at its end.
type past struct {
	db    *tsdb.DB
	begin time.Time
	end   time.Time
}

// option changes what Prometheus has seen.
type option struct {
	// later is how long after the demo all of it was seen.
	later time.Duration
	// down: the worker stopped to answer at the end; blind: it could not list studios any more.
	down, blind bool
}

func remember(t *testing.T, scrapes []scrape, o option) past {
	t.Helper()
	db, err := tsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, tsdb.DefaultOptions(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	last := scrapes[len(scrapes)-1].at.Add(o.later)
	p := past{db: db, begin: last.Add(-time.Duration(len(scrapes)-1) * minute), end: last.Add(steady)}
	for at, i := p.begin, 0; !at.After(p.end); at, i = at.Add(minute), i+1 {
		after := i >= len(scrapes)
		app := db.Appender(t.Context())
		put := func(series labels.Labels, value float64) {
			_, err := app.Append(0, series, at.UnixMilli(), value)
			require.NoError(t, err)
		}
		up := 1.0
		if o.down && after {
			up = 0
		}
		put(labels.FromStrings("__name__", "up", "job", job, "instance", "worker"), up)
		if up == 1 {
			each(t, scrapes[min(i, len(scrapes)-1)].text, func(series labels.Labels, value float64) {
				if series.Get("__name__") == listed && !(o.blind && after) {
					value = float64(at.Unix()) // a worker that lives goes on to list
				}
				put(series, value)
			})
		}
		require.NoError(t, app.Commit())
	}
	return p
}

// each reads an exposition as Prometheus does.
func each(t *testing.T, text []byte, do func(labels.Labels, float64)) {
	t.Helper()
	p, err := textparse.New(text, "text/plain", labels.NewSymbolTable(), textparse.ParserOptions{})
	require.NoError(t, err)
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if entry != textparse.EntrySeries {
			continue
		}
		_, _, value := p.Series()
		var series labels.Labels
		p.Labels(&series)
		builder := labels.NewBuilder(series)
		builder.Set("job", job)
		builder.Set("instance", "worker")
		do(builder.Labels(), value)
	}
}

func newEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		Parser: parser.NewParser(parser.Options{})})
}

// firing are the alerts that fire at some time of a past.
func firing(t *testing.T, p past) []string {
	t.Helper()
	promQL := parser.NewParser(parser.Options{})
	groups, errs := rulefmt.ParseFile(filepath.Join("..", "prometheus", "alerts.yaml"), false, model.UTF8Validation, promQL, slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	query := rules.EngineQueryFunc(newEngine(), p.db)
	fired := []string{}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			expr, err := promQL.ParseExpr(rule.Expr)
			require.NoError(t, err)
			require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
			alert := rules.NewAlertingRule(rule.Alert, expr, time.Duration(rule.For), 0, labels.FromMap(rule.Labels), labels.FromMap(rule.Annotations),
				labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler))
			for at := p.begin; !at.After(p.end); at = at.Add(minute) {
				_, err := alert.Eval(t.Context(), 0, at, query, &url.URL{}, 0)
				require.NoError(t, err, rule.Alert)
				alert.SetEvaluationTimestamp(at) // which a group of rules does, and without which the state is unknown
				if alert.State() == rules.StateFiring {
					fired = append(fired, rule.Alert)
					for _, active := range alert.ActiveAlerts() {
						require.NotContains(t, active.Annotations.Get("summary"), "error expanding", rule.Alert)
					}
					break
				}
			}
		}
	}
	return fired
}

// dashboard is what matters of a Grafana dashboard.
type dashboard struct {
	UID    string `json:"uid"`
	Title  string `json:"title"`
	Panels []struct {
		Type    string `json:"type"`
		Title   string `json:"title"`
		Targets []struct {
			Expr string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
}

func dashboards(t *testing.T) []dashboard {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "grafana", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all []dashboard
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var one dashboard
		require.NoError(t, json.Unmarshal(data, &one))
		all = append(all, one)
	}
	return all
}

// shows says whether a query has something to show at any time of a past, and not only numbers that are none.
func shows(t *testing.T, p past, expr string) bool {
	t.Helper()
	expr = strings.NewReplacer("$__rate_interval", "5m", "$studio", ".*").Replace(expr)
	query, err := newEngine().NewRangeQuery(t.Context(), storage.Queryable(p.db), nil, expr, p.begin, p.end, minute)
	require.NoError(t, err, expr)
	defer query.Close()
	result := query.Exec(t.Context())
	require.NoError(t, result.Err, expr)
	matrix, err := result.Matrix()
	require.NoError(t, err)
	for _, series := range matrix {
		for _, point := range series.Floats {
			if point.F == point.F {
				return true
			}
		}
	}
	return false
}

// All of it, over what real runs served: an onboarding and what became of it, one that waits for a person, and one on a bad day.
func TestEachAlertFiresWhereItShouldAndEachPanelShowsSomething(t *testing.T) {
	p := build(t)
	const name, number = "data-science", `[0-9.e+]+$`

	whole := start(t, p)
	whole.seen(studio("studio_onboarding_studio_state", `state="done"`, "1"))
	whole.starter("sync", name, "--every", "1h")
	whole.starter("sync", name, "--once")
	good := whole.seen(studio("studio_onboarding_last_good_reconcile_timestamp_seconds", name, number))
	// Most people leave the group: nobody loses anything until somebody agrees.
	var groups []struct{ ID string }
	whole.okta("GET", "/api/v1/groups?q=sagemaker-studio-users", &groups)
	require.NotEmpty(t, groups)
	var people []struct{ ID string }
	whole.okta("GET", "/api/v1/groups/"+groups[0].ID+"/users", &people)
	require.NotEmpty(t, people)
	for _, person := range people[1:] {
		whole.okta("DELETE", "/api/v1/groups/"+groups[0].ID+"/users/"+person.ID, nil)
	}
	whole.starter("sync", name, "--once")
	held := whole.seen(studio("studio_onboarding_people_out_of_sync", `how="keeps-access"`, "[1-9]"))
	// And the app is deactivated.
	var apps []struct{ ID, Label string }
	whole.okta("GET", "/api/v1/apps", &apps)
	for _, app := range apps {
		if strings.Contains(app.Label, "Identity Center") {
			whole.okta("POST", "/api/v1/apps/"+app.ID+"/lifecycle/deactivate", nil)
		}
	}
	whole.starter("sync", name, "--once")
	broken := whole.seen(studio("studio_onboarding_connection_dead", name, "1"))
	whole.stop()

	manual := start(t, p, "--manual")
	waiting := manual.seen(studio("studio_onboarding_request_deadline_timestamp_seconds", name, number))
	manual.stop()

	spec, err := os.ReadFile(filepath.Join("..", "..", "examples", "data-science.yaml"))
	require.NoError(t, err)
	missing := strings.Replace(string(spec), "executionRole: SageMakerStudio-data-science",
		"executionRole: arn:aws:iam::222222222222:role/Missing", 1)
	require.NotEqual(t, string(spec), missing)
	troubled := start(t, p, "-f", file(t, "spec.yaml", missing), "--faults", file(t, "faults.yaml", `
- {service: iam, kind: throttle, rate: 0.6}
- {service: okta, operation: "GET /api/v1/groups", kind: html-503, times: 8}
- {service: organizations, kind: deny}
`))
	parked := troubled.seen(studio("studio_onboarding_request_since_timestamp_seconds", `parked="true"`, number))
	troubled.stop()

	const day = 24 * time.Hour
	known := map[string]bool{}
	for _, world := range []struct {
		name    string
		scrapes []scrape
		option  option
		fires   []string
		// some: others may fire as well.
		some bool
	}{
		{name: "all is well", scrapes: good},
		{name: "the worker is down", scrapes: good, option: option{down: true}, fires: []string{"StudioWorkerDown"}, some: true},
		{name: "the worker cannot list", scrapes: good, option: option{blind: true}, fires: []string{"StudioFiguresOld"}},
		{name: "no reconcile for hours", scrapes: good, option: option{later: 4 * time.Hour}, fires: []string{"StudioReconcileOverdue"}},
		{name: "a month before the token ends", scrapes: good, option: option{later: 340 * day},
			fires: []string{"StudioReconcileOverdue", "StudioExpiresSoon"}},
		{name: "days before the token ends", scrapes: good, option: option{later: 360 * day},
			fires: []string{"StudioReconcileOverdue", "StudioExpiresSoon", "StudioExpires"}},
		{name: "removals are held", scrapes: held, fires: []string{"StudioRemovalsHeld", "StudioReconcileNeedsAttention"}, some: true},
		{name: "the app is off", scrapes: broken,
			fires: []string{"StudioReconcileNeedsAttention", "StudioConnectionDead", "StudioPeopleLackAccess"}, some: true},
		{name: "a request is open", scrapes: waiting},
		{name: "a request is open for days", scrapes: waiting, option: option{later: 2 * day}, fires: []string{"StudioWaitsForOperator"}},
		{name: "a request is about to end", scrapes: waiting, option: option{later: 13 * day},
			fires: []string{"StudioWaitsForOperator", "StudioRequestEndsSoon"}},
		{name: "a bad day", scrapes: parked,
			fires: []string{"StudioApiThrottled", "StudioApiUnavailable", "StudioApiDenied", "StudioParked"}},
	} {
		t.Run(world.name, func(t *testing.T) {
			fired := firing(t, remember(t, world.scrapes, world.option))
			if world.some {
				require.Subset(t, fired, world.fires)
			} else {
				require.ElementsMatch(t, world.fires, fired)
			}
			for _, alert := range world.fires {
				known[alert] = true
			}
		})
	}
	rulesFile, err := os.ReadFile(filepath.Join("..", "prometheus", "alerts.yaml"))
	require.NoError(t, err)
	require.Len(t, known, strings.Count(string(rulesFile), "- alert: "), "each alert fires somewhere")

	pasts := []past{remember(t, held, option{}), remember(t, waiting, option{}), remember(t, parked, option{})}
	for _, board := range dashboards(t) {
		for _, panel := range board.Panels {
			if panel.Type == "row" {
				continue
			}
			require.NotEmpty(t, panel.Targets, panel.Title)
			for _, target := range panel.Targets {
				shown := false
				for _, p := range pasts {
					shown = shown || shows(t, p, target.Expr)
				}
				require.True(t, shown, "%s: %s shows nothing: %s", board.Title, panel.Title, target.Expr)
			}
		}
	}
}

// The example of a scrape is one that Prometheus takes, and its job is the one that alerts and dashboards know.
func TestPrometheusTakesTheExample(t *testing.T) {
	taken, err := config.LoadFile(filepath.Join("..", "prometheus", "prometheus.yaml"), false, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Len(t, taken.ScrapeConfigs, 1)
	require.Equal(t, job, taken.ScrapeConfigs[0].JobName)
	require.Len(t, taken.RuleFiles, 1)
	require.FileExists(t, taken.RuleFiles[0])
}
