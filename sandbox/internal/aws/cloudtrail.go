package awsworld

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// trailDelay is how long CloudTrail takes to show an event; it is minutes, typically up to 15.
const trailDelay = 2 * time.Minute

// event is an entry of the event history.
type event struct {
	ordinal
	id, source, name, account, region, user string
	at, visible                             time.Time
	// params are JSON, which takes less memory.
	params json.RawMessage
}

// record adds an event to the history of the account and Region.
func (w *World) record(source, name, account, region, user string, params map[string]string) {
	encoded, err := json.Marshal(params)
	if err != nil {
		return // texts can be encoded
	}
	w.trail = append(w.trail, &event{
		ordinal: ordinal(w.next()), id: w.uuid("event", source, name), source: w.word(source), name: w.word(name), account: account,
		region: w.word(region), user: user, at: w.clock.Now(), visible: w.clock.Due(trailDelay), params: encoded,
	})
}

// word keeps one copy of a word that comes often, so that events don't hold on to the requests in which they came.
func (w *World) word(word string) string {
	if kept, ok := w.words[word]; ok {
		return kept
	}
	if w.words == nil {
		w.words = map[string]string{}
	}
	word = strings.Clone(word)
	w.words[word] = word
	return word
}

func (w *World) trailOperations() map[string]handler {
	return map[string]handler{"LookupEvents": on((*call).lookupEvents)}
}

type lookupInput struct {
	LookupAttributes   []struct{ AttributeKey, AttributeValue string }
	StartTime, EndTime *float64
	MaxResults         int
	NextToken          string
}

type eventOutput struct {
	EventId, EventName, ReadOnly, EventSource, Username string
	EventTime                                           stamp
	Resources                                           []struct{}
	CloudTrailEvent                                     string
}

func (c *call) lookupEvents(in lookupInput) (any, error) {
	now := c.world.clock.Now()
	var matching []*event
	for _, e := range c.world.trail {
		if e.account == c.account && e.region == c.region && !e.visible.After(now) && e.matches(in) {
			matching = append(matching, e)
		}
	}
	slices.Reverse(matching) // the newest first
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
	if in.StartTime != nil && seconds < *in.StartTime || in.EndTime != nil && seconds > *in.EndTime {
		return false
	}
	for _, wanted := range in.LookupAttributes {
		var is string
		switch wanted.AttributeKey {
		case "EventId":
			is = e.id
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
	detail, _ := json.Marshal(map[string]any{
		"eventVersion": "1.09", "eventID": e.id, "eventSource": e.source, "eventName": e.name, "eventTime": e.at.Format(time.RFC3339),
		"awsRegion": e.region, "recipientAccountId": e.account, "readOnly": false, "requestParameters": e.params,
		"userIdentity": map[string]string{"arn": e.user},
	})
	return eventOutput{
		EventId: e.id, EventName: e.name, ReadOnly: "false", EventSource: e.source, Username: e.user, EventTime: stamp{e.at},
		Resources: []struct{}{}, CloudTrailEvent: string(detail),
	}
}
