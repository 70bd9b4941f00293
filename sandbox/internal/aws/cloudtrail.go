package awsworld

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// trailDelay is how long CloudTrail takes to show an event; it is minutes, typically up to 15.
const trailDelay = 2 * time.Minute

// trailMemory is how far LookupEvents looks back (AWS CloudTrail API Reference, LookupEvents).
const trailMemory = 90 * 24 * time.Hour

// event is an entry of the event history.
type event struct {
	ordinal
	*eventKind
	id   uuid.UUID
	user string
	at   time.Time
	// params are JSON, which takes less memory.
	params json.RawMessage
	// signIn belongs to the events of somebody at a browser.
	signIn *signInEvent
}

// eventKind is what many events have in common, which all of them share.
type eventKind struct{ source, name, account, region string }

// Immutable makes copies of a world share the entries, of which there are many.
func (*event) Immutable() {}

// record adds an event to the history of the account and Region.
func (w *World) record(source, name, account, region, user string, params map[string]string) {
	encoded, err := json.Marshal(params)
	if err != nil {
		return // texts can be encoded
	}
	w.addEvent(eventKind{source, name, account, region}, &event{user: user, params: encoded})
}

// addEvent puts an event at the end of the history.
func (w *World) addEvent(kind eventKind, e *event) {
	if w.kinds[kind] == nil {
		if w.kinds == nil {
			w.kinds = map[eventKind]*eventKind{}
		}
		// Copies, so that events don't hold on to the requests in which they came.
		kind = eventKind{strings.Clone(kind.source), strings.Clone(kind.name), strings.Clone(kind.account), strings.Clone(kind.region)}
		w.kinds[kind] = &kind
	}
	e.ordinal, e.at, e.eventKind = ordinal(w.next()), w.clock.Now(), w.kinds[kind]
	e.id = uuid.MustParse(w.uuid("event", e.source, e.name))
	w.trail = append(w.trail, e)
}

func (w *World) trailOperations() map[string]handler {
	return map[string]handler{"LookupEvents": on((*call).lookupEvents)}
}

type lookupInput struct {
	LookupAttributes   []struct{ AttributeKey, AttributeValue string }
	StartTime, EndTime *float64
	EventCategory      string
	MaxResults         int
	NextToken          string
}

type eventOutput struct {
	EventId, EventName, ReadOnly, EventSource string
	Username                                  string `json:",omitempty"`
	EventTime                                 stamp
	Resources                                 []struct{}
	CloudTrailEvent                           string
}

func (c *call) lookupEvents(in lookupInput) (any, error) {
	now, delay := c.world.clock.Now(), c.world.clock.Scale(trailDelay)
	switch {
	case len(in.LookupAttributes) > 1:
		return nil, failure("InvalidLookupAttributesException", "Invalid lookup attributes. You can specify only one lookup attribute.")
	case in.StartTime != nil && in.EndTime != nil && *in.StartTime > *in.EndTime:
		return nil, failure("InvalidTimeRangeException", "The start time must be before the end time.")
	}
	var matching []*event
	for _, e := range slices.Backward(c.world.trail) { // the newest first
		if e.account == c.account && e.region == c.region && now.Sub(e.at) >= delay && now.Sub(e.at) <= trailMemory && e.matches(in) {
			matching = append(matching, e)
		}
	}
	cut, next, err := page(c, matching, in.MaxResults, 50, in.NextToken)
	out := struct {
		Events    []eventOutput
		NextToken string `json:",omitempty"`
	}{Events: []eventOutput{}, NextToken: next}
	for _, e := range cut {
		out.Events = append(out.Events, e.output())
	}
	return out, err
}

func (e *event) matches(in lookupInput) bool {
	seconds := float64(e.at.UnixMilli()) / 1000
	if in.StartTime != nil && seconds < *in.StartTime || in.EndTime != nil && seconds > *in.EndTime || in.EventCategory != "" {
		return false // there are no insights in this world
	}
	for _, wanted := range in.LookupAttributes {
		var is string
		switch wanted.AttributeKey {
		case "EventId":
			is = e.id.String()
		case "EventName":
			is = e.name
		case "EventSource":
			is = e.source
		case "Username":
			is = e.user
		case "ReadOnly":
			is = "false"
		}
		if is != wanted.AttributeValue {
			return false
		}
	}
	return true
}

func (e *event) output() eventOutput {
	id := e.id.String()
	record := map[string]any{
		"eventVersion": "1.09", "eventID": id, "eventSource": e.source, "eventName": e.name, "eventTime": e.at.Format(time.RFC3339),
		"awsRegion": e.region, "recipientAccountId": e.account, "readOnly": false,
	}
	if e.signIn != nil {
		e.signIn.describe(record, e)
	} else {
		record["requestParameters"], record["userIdentity"] = e.params, map[string]string{"arn": e.user}
	}
	detail, _ := json.Marshal(record) // texts can be encoded
	return eventOutput{
		EventId: id, EventName: e.name, ReadOnly: "false", EventSource: e.source, Username: e.user, EventTime: stamp{e.at},
		Resources: []struct{}{}, CloudTrailEvent: string(detail),
	}
}
