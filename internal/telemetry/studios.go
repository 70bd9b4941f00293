package telemetry

import (
	"context"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"studio-onboarding/onboarding"
)

const (
	// listEvery is how old the list of studios may be before a scrape has it read again.
	listEvery = 30 * time.Second
	// listTimeout bounds how long a scrape waits for it; Prometheus gives up after 10 seconds by default.
	listTimeout = 8 * time.Second
)

// Sources are what there is to be seen.
type Sources struct {
	// Studios lists all studios under care, by name.
	Studios func(context.Context) (map[string]onboarding.Summary, error)
	// Paces and Budgets tell the pace at which APIs are called.
	Paces   func() []Pace
	Budgets func() []Budget
	// Ready are what has to be well for the worker to do its work.
	Ready []Check
}

// Pace is how fast an API of AWS is called.
type Pace struct {
	// Account is the account's ID; empty for that of the worker's own credentials. API is the prefix of its IAM actions.
	Account, API string
	// PerSecond is how many requests a second go at most.
	PerSecond float64
}

// Budget is what is left of a rate limit of Okta in the present minute.
type Budget struct {
	Bucket           string
	Limit, Remaining int
}

// Watch says what there is to be seen from now on. Without telemetry it does nothing.
func (t *Telemetry) Watch(sources Sources) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources = &sources
}

func (t *Telemetry) watched() *Sources {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sources
}

// listing is the list of studios as it was last read.
type listing struct {
	mu      sync.Mutex
	tried   time.Time
	at      time.Time
	studios map[string]onboarding.Summary
}

// list answers with the studios and when they were read; they are read anew after listEvery, and stay as they were where that fails.
func (t *Telemetry) list(sources *Sources) (map[string]onboarding.Summary, time.Time) {
	l := &t.studios
	l.mu.Lock()
	defer l.mu.Unlock()
	now := t.now()
	if !l.tried.IsZero() && now.Sub(l.tried) < listEvery {
		return l.studios, l.at
	}
	l.tried = now
	// The exporter's context has no end.
	ctx, cancel := context.WithTimeout(context.Background(), listTimeout)
	defer cancel()
	studios, err := sources.Studios(ctx)
	if err != nil {
		t.failures.Add(ctx, 1)
		return l.studios, l.at
	}
	l.studios, l.at = studios, now
	return l.studios, l.at
}

// states are those that a studio may be in.
func states() []onboarding.RunState {
	return []onboarding.RunState{
		onboarding.RunQueued, onboarding.RunRunning, onboarding.RunWaiting, onboarding.RunAttention, onboarding.RunDone, onboarding.RunAborted,
		onboarding.RunFailed, onboarding.RunCanceled, onboarding.RunTerminated, onboarding.RunTimedOut,
	}
}

// observe registers what is looked at when somebody asks.
func (t *Telemetry) observe(meter metric.Meter) error {
	g := &gauges{meter: meter}
	byState := g.of("studio_onboarding_studios", "", "Studios under care, by the state of their run.")
	state := g.of("studio_onboarding_studio_state", "", "1 for the state that a studio is in, and for the step at which its run is.")
	since := g.of("studio_onboarding_request_since_timestamp", "s", "When an open request, or a parked step, began to wait for a person.")
	deadline := g.of("studio_onboarding_request_deadline_timestamp", "s", "Until when an open request waits.")
	people := g.of("studio_onboarding_people", "", "People who should have access, by how sure it is that they have, as last counted.")
	outOfSync := g.of("studio_onboarding_people_out_of_sync", "", "People whose access is not as Okta has it, as last counted.")
	counted := g.of("studio_onboarding_people_counted_timestamp", "s", "When people were last counted.")
	lastGood := g.of("studio_onboarding_last_good_reconcile_timestamp", "s", "When a reconcile last ended with everything as it should be.")
	overdue := g.of("studio_onboarding_reconcile_overdue_timestamp", "s", "When a reconcile should have succeeded at the latest.")
	failed := g.of("studio_onboarding_reconcile_needs_attention", "", "1 where the last reconcile failed or held something back.")
	dead := g.of("studio_onboarding_connection_dead", "", "1 while the connection of Okta and Identity Center does not work.")
	expiry := g.of("studio_onboarding_expiry_timestamp", "s", "When something stops working.")
	listed := g.of("studio_onboarding_studios_listed_timestamp", "s", "When the figures of studios were last read.")
	pace := g.of("studio_onboarding_api_pace", "", "Requests a second that go to an API of AWS at most, as learnt from its answers.")
	budget := g.of("studio_onboarding_okta_budget_remaining", "", "Share of a rate limit of Okta that is left in the present minute, from 0 to 1.")
	if g.err != nil {
		return g.err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		sources := t.watched()
		if sources == nil {
			return nil
		}
		if sources.Paces != nil {
			for _, is := range sources.Paces() {
				o.ObserveFloat64(pace, is.PerSecond, labels("provider", "aws", "api", is.API, "account", is.Account))
			}
		}
		if sources.Budgets != nil {
			for _, is := range sources.Budgets() {
				o.ObserveFloat64(budget, float64(is.Remaining)/float64(max(is.Limit, 1)), labels("bucket", is.Bucket))
			}
		}
		if sources.Studios == nil {
			return nil
		}
		studios, at := t.list(sources)
		if at.IsZero() {
			return nil
		}
		o.ObserveFloat64(listed, stamp(at))
		count := map[onboarding.RunState]int{}
		for name, is := range studios {
			count[is.State]++
			o.ObserveFloat64(state, 1, labels("studio", name, "state", string(is.State), "step", string(is.Step)))
			when := func(gauge metric.Float64ObservableGauge, at time.Time, more ...string) {
				if !at.IsZero() {
					o.ObserveFloat64(gauge, stamp(at), labels(append(more, "studio", name)...))
				}
			}
			when(lastGood, is.LastGood)
			when(overdue, is.Overdue)
			o.ObserveFloat64(failed, truth(is.Reconcile == onboarding.RunAttention || is.Reconcile == onboarding.RunFailed), labels("studio", name))
			if is.Figures == nil { // what an older execution says of the next one
				if is.Expiry != nil {
					when(expiry, is.Expiry.At, "what", string(is.Expiry.Key))
				}
				continue
			}
			for key, at := range is.Figures.Expiries {
				when(expiry, at, "what", string(key))
			}
			for _, waiting := range is.Figures.Waiting {
				when(since, waiting.Since, "step", string(waiting.Step), "parked", strconv.FormatBool(waiting.Parked))
				when(deadline, waiting.Deadline, "step", string(waiting.Step))
			}
			o.ObserveFloat64(dead, truth(!is.Figures.DeadSince.IsZero()), labels("studio", name))
			o.ObserveFloat64(outOfSync, float64(is.Figures.Held), labels("studio", name, "how", "keeps-access"))
			if all := is.Figures.People; all != nil {
				when(counted, is.Figures.Counted)
				o.ObserveFloat64(outOfSync, float64(all.Wanted-all.Ready), labels("studio", name, "how", "lacks-access"))
				for grade, n := range map[string]int{
					string(onboarding.GradeConfigured): all.Ready - all.Verified - all.Proven,
					string(onboarding.GradeVerified):   all.Verified,
					string(onboarding.GradeProven):     all.Proven,
					"none":                             all.Wanted - all.Ready,
				} {
					o.ObserveFloat64(people, float64(n), labels("studio", name, "grade", grade))
				}
			}
		}
		for _, one := range states() {
			o.ObserveFloat64(byState, float64(count[one]), labels("state", string(one)))
		}
		return nil
	}, g.all...)
	return err
}

// gauges makes gauges, and keeps the first error.
type gauges struct {
	meter metric.Meter
	all   []metric.Observable
	err   error
}

func (g *gauges) of(name, unit, description string) metric.Float64ObservableGauge {
	gauge, err := g.meter.Float64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description))
	if err != nil && g.err == nil {
		g.err = err
	}
	g.all = append(g.all, gauge)
	return gauge
}

// labels are names and values in turn.
func labels(pairs ...string) metric.ObserveOption {
	attributes := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		attributes = append(attributes, attribute.String(pairs[i], pairs[i+1]))
	}
	return metric.WithAttributes(attributes...)
}

func stamp(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
