package okta

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// event is an entry of the System Log.
type event struct {
	published time.Time
	kind      string
	result    string
	reason    string
	actor     target
	targets   []target
}

// Immutable makes copies of a world share the entries, of which there are many.
func (event) Immutable() {}

type target struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	AlternateID string `json:"alternateId"`
	DisplayName string `json:"displayName"`
}

// log writes an entry about targets: apps, groups, users, app users. Without a call, Okta itself did it; failed is nil for
// success, else its text is the reason.
func (o *Org) log(c *call, kind string, failed error, about ...any) {
	actor := target{"okta", "SystemPrincipal", "system@okta.com", "Okta System"}
	switch {
	case c == nil:
	case c.owner.user != nil:
		actor = visitor(c.owner.user, "")
	case c.owner.app != nil:
		actor = target{c.owner.app.id, "PublicClientApp", c.owner.app.id, c.owner.app.label}
	}
	o.logActor(actor, kind, failed, about...)
}

// logActor is log for somebody who is not calling the API.
func (o *Org) logActor(actor target, kind string, failed error, about ...any) {
	e := event{published: o.clock.Now(), kind: kind, result: "SUCCESS", actor: actor, targets: make([]target, 0, len(about))}
	if failed != nil {
		e.result, e.reason = "FAILURE", failed.Error()
	}
	for _, a := range about {
		switch a := a.(type) {
		case *app:
			e.targets = append(e.targets, target{a.id, "AppInstance", a.label, a.label})
		case *group:
			e.targets = append(e.targets, target{a.id, "UserGroup", "unknown", a.name})
		case *user:
			e.targets = append(e.targets, visitor(a, ""))
		case *appUser:
			e.targets = append(e.targets, appUserTarget(a), visitor(a.user, ""))
		case target:
			e.targets = append(e.targets, a)
		}
	}
	o.events = append(o.events, e)
}

func appUserTarget(au *appUser) target {
	return target{"0ua" + au.user.id[3:], "AppUser", au.userName, au.user.display}
}

func (e event) attribute(name string) []string {
	var values []string
	each := func(pick func(target) string) {
		for _, t := range e.targets {
			values = append(values, pick(t))
		}
	}
	switch strings.ToLower(name) {
	case "eventtype":
		values = []string{e.kind}
	case "outcome.result":
		values = []string{e.result}
	case "outcome.reason":
		values = []string{e.reason}
	case "actor.id":
		values = []string{e.actor.ID}
	case "actor.alternateid":
		values = []string{e.actor.AlternateID}
	case "target.id":
		each(func(t target) string { return t.ID })
	case "target.type":
		each(func(t target) string { return t.Type })
	case "target.alternateid":
		each(func(t target) string { return t.AlternateID })
	case "target.displayname":
		each(func(t target) string { return t.DisplayName })
	}
	return values
}

func (e event) body(uuid string) any {
	severity := "INFO"
	if e.result == "FAILURE" {
		severity = "ERROR"
	}
	outcome := map[string]any{"result": e.result}
	if e.reason != "" {
		outcome["reason"] = e.reason
	}
	return map[string]any{"uuid": uuid, "published": stamp(e.published), "eventType": e.kind, "version": "0", "severity": severity,
		"displayMessage": e.kind, "actor": e.actor, "outcome": outcome, "target": e.targets}
}

// listLogs reads the System Log. Without until the caller is polling: there is a next link at the end of every page, the
// last one included (Okta developer documentation, "System Log query").
func (o *Org) listLogs(c *call) (answer, error) {
	query := c.query
	match, err := parseFilter(query.Get("filter"), "eventType", "outcome.result", "outcome.reason", "actor.id", "actor.alternateId",
		"uuid", "target.id", "target.type", "target.alternateId", "target.displayName")
	if err != nil {
		return answer{}, err
	}
	now := o.clock.Now()
	since, until := now.AddDate(0, 0, -7), now
	for name, at := range map[string]*time.Time{"since": &since, "until": &until} {
		if value := query.Get(name); value != "" {
			if *at, err = time.Parse(time.RFC3339, value); err != nil {
				return answer{}, badFilter(name + ": " + value)
			}
		}
	}
	if since.Before(now.AddDate(0, 0, -180)) {
		return answer{}, badFilter("since: must be within the last 180 days")
	}
	limit := 100
	if value := query.Get("limit"); value != "" {
		if limit, err = strconv.Atoi(value); err != nil || limit < 0 || limit > 1000 {
			return answer{}, invalid("limit", "limit: must be between 0 and 1000")
		}
	}
	descending := false
	switch order := query.Get("sortOrder"); order {
	case "DESCENDING":
		descending = true
	case "", "ASCENDING":
	default:
		return answer{}, badFilter("sortOrder: " + order)
	}
	polling := query.Get("until") == "" && !descending

	at, step := 0, 1
	if descending {
		at, step = len(o.events)-1, -1
	}
	if value := query.Get("after"); value != "" {
		if at, err = openCursor(value); err != nil {
			return answer{}, invalid("after", "after: The cursor is not valid")
		}
	}
	q := strings.ToLower(query.Get("q"))
	bodies := []any{}
	for ; at >= 0 && at < len(o.events) && len(bodies) < limit; at += step {
		e := o.events[at]
		if e.published.Before(since) || !e.published.Before(until) && !polling || !e.mentions(q) {
			continue
		}
		attribute := func(name string) []string {
			if strings.EqualFold(name, "uuid") {
				return []string{o.eventID(at)}
			}
			return e.attribute(name)
		}
		if match(attribute) {
			bodies = append(bodies, e.body(o.eventID(at)))
		}
	}
	out := ok200(bodies)
	out.links = []string{fmt.Sprintf(`<%s%s>; rel="self"`, o.at(c.Request), c.URL.RequestURI())}
	if polling || at >= 0 && at < len(o.events) {
		out.links = append(out.links, o.nextLink(c, at, limit))
	}
	return out, nil
}

// mentions is the keyword search: does the entry have the word anywhere?
func (e event) mentions(q string) bool {
	words := []string{e.kind, e.result, e.reason}
	for _, t := range e.targets {
		words = append(words, t.ID, t.AlternateID, t.DisplayName)
	}
	return strings.Contains(strings.ToLower(strings.Join(words, "\n")), q)
}
