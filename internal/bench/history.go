package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
)

// history is what a workflow left behind in Temporal.
type history struct {
	events     int
	activities int
	timers     int
	others     int
	heartbeats int
	spans      []activitySpan
}

// activitySpan is when an activity was at work, from its scheduling to its end.
type activitySpan struct {
	name string
	span
}

// heartbeatEvery is how often the SDK sends heartbeats at most: at 80 % of the heartbeat timeout, which is 30 s here.
const heartbeatEvery = 24 * time.Second

// readHistory counts a history. Actions follow Temporal Cloud's published rules: one for a start, a timer, an update, a
// search attribute update, each attempt of an activity, and each heartbeat that reaches the server.
func readHistory(ctx context.Context, c client.Client, workflowID string, speed float64) (history, error) {
	var h history
	scheduled := map[int64]*started{}
	iter := c.GetWorkflowHistory(ctx, workflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iter.HasNext() {
		event, err := iter.Next()
		if err != nil {
			return h, err
		}
		h.events++
		h.count(event, scheduled, speed)
	}
	return h, nil
}

type started struct {
	name string
	at   time.Time
}

func (h *history) count(event *historypb.HistoryEvent, scheduled map[int64]*started, speed float64) {
	end := func(id int64) {
		one, ok := scheduled[id]
		if !ok {
			return
		}
		found := activitySpan{name: one.name, span: span{from: one.at, to: event.GetEventTime().AsTime()}}
		h.spans = append(h.spans, found)
		h.heartbeats += int(found.length().Seconds() * speed / heartbeatEvery.Seconds())
	}
	switch event.GetEventType() {
	case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		h.activities++
		scheduled[event.GetEventId()] = &started{name: event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName(), at: event.GetEventTime().AsTime()}
	case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		h.activities += int(event.GetActivityTaskStartedEventAttributes().GetAttempt()) - 1
	case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		end(event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId())
	case enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		end(event.GetActivityTaskFailedEventAttributes().GetScheduledEventId())
	case enums.EVENT_TYPE_TIMER_STARTED:
		h.timers++
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enums.EVENT_TYPE_MARKER_RECORDED:
		h.others++
	}
}

// calls are the spans of some activities.
func (h history) calls(names ...string) []activitySpan {
	return slices.DeleteFunc(slices.Clone(h.spans), func(s activitySpan) bool { return !slices.Contains(names, s.name) })
}

// floor is the time that the rate limits ask for, and what it took.
type floor struct {
	took, floor time.Duration
	slowest     string
	calls       int
	throttled   int
	lines       []string
}

// rates are what the limits allow in a second of the real world, by the part of the API's name before the operation, and what
// may go at once. Of Okta's buckets one token may use half.
var rates = map[string]struct{ perSecond, burst float64 }{
	"identitystore": {20, 20}, "sso": {20, 20}, "sagemaker": {10, 10},
	"okta apps": {50.0 / 60, 50}, "okta groups": {250.0 / 60, 250}, "okta users": {600.0 / 60, 600},
}

// floor adds the floors of activities that follow one another. Within one, the lists of different APIs are read side by side,
// so that the slowest API decides.
func (r result) floor(spans []activitySpan) floor {
	var f floor
	total := map[string]int{}
	for _, s := range spans {
		f.took += s.length()
		calls := map[string]int{}
		for _, c := range r.counts {
			if c.At.Add(slice).Before(s.from) || c.At.After(s.to) {
				continue
			}
			if c.Throttled {
				f.throttled += c.Calls
				continue
			}
			calls[family(c.API)] += c.Calls
			total[c.API] += c.Calls
			f.calls += c.Calls
		}
		longest := time.Duration(0)
		for name, n := range calls {
			limit, ok := rates[name]
			if !ok {
				continue
			}
			needed := time.Duration(max(0, float64(n)-limit.burst) / (limit.perSecond * r.options.speed) * float64(time.Second))
			if needed > longest {
				longest, f.slowest = needed, name
			}
		}
		f.floor += longest
	}
	for _, api := range slices.Sorted(maps.Keys(total)) {
		f.lines = append(f.lines, fmt.Sprintf("%-45s %8d  %.4f per person", api, total[api], float64(total[api])/float64(max(r.report.People.Wanted, 1))))
	}
	return f
}

// family is the API that shares a limit.
func family(api string) string {
	service, rest, _ := strings.Cut(api, ":")
	if service != "okta" {
		return service
	}
	kind, _, _ := strings.Cut(rest, "/")
	return "okta " + kind
}

func sortStrings(all []string) { sort.Strings(all) }

func sortBy[T any](all []T, by func(i int) string) {
	sort.Slice(all, func(i, j int) bool { return by(i) < by(j) })
}
