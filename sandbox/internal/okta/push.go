package okta

import (
	"net/http"
	"strconv"
	"time"
)

func (o *Org) mappingBody(c *call, a *app, m *mapping) any {
	self := o.at(c.Request) + "/api/v1/apps/" + a.id
	body := map[string]any{
		"id": m.id, "sourceGroupId": m.source.id, "targetGroupId": m.target.id, "status": m.status, "created": stamp(m.created),
		"lastUpdated": stamp(m.changed), "lastPush": stamp(m.lastPush),
		"_links": map[string]any{
			"app": map[string]any{"href": self}, "sourceGroup": map[string]any{"href": o.at(c.Request) + "/api/v1/groups/" + m.source.id},
			"targetGroup": map[string]any{"href": o.at(c.Request) + "/api/v1/groups/" + m.target.id},
		},
	}
	if m.errorSummary != "" {
		body["errorSummary"] = m.errorSummary
	}
	return body
}

// pathPush is the app named in the path, which has to have provisioning for anything to do with group push.
func (o *Org) pathPush(c *call) (*app, error) {
	a, err := o.pathApp(c)
	if err == nil && !a.provisions(featureGroupPush) {
		err = badGroupPush("Provisioning is not enabled for the app instance.")
	}
	return a, err
}

func (o *Org) pathMapping(c *call) (*app, *mapping, error) {
	a, err := o.pathPush(c)
	if err != nil {
		return nil, nil, err
	}
	m, ok := a.mappings.get(c.PathValue("mappingId"))
	if !ok {
		return nil, nil, notFound(c.PathValue("mappingId"), "GroupPushMapping")
	}
	c.about["group"] = m.source.name
	return a, m, nil
}

func (o *Org) listMappings(c *call) (answer, error) {
	a, err := o.pathPush(c)
	if err != nil {
		return answer{}, err
	}
	query := c.query
	var since time.Time
	if text := query.Get("lastUpdated"); text != "" {
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			return answer{}, invalid("lastUpdated", "lastUpdated: must be an ISO 8601 date")
		}
	}
	return list(o, c, &a.mappings, 100, 1000, func(m *mapping) bool {
		return (query.Get("sourceGroupId") == "" || query.Get("sourceGroupId") == m.source.id) &&
			(query.Get("status") == "" || query.Get("status") == m.status) && !m.changed.Before(since)
	}, func(m *mapping) any { return o.mappingBody(c, a, m) })
}

func (o *Org) getMapping(c *call) (answer, error) {
	a, m, err := o.pathMapping(c)
	if err != nil {
		return answer{}, err
	}
	return ok200(o.mappingBody(c, a, m)), nil
}

// createMapping makes a group push mapping. Documentation says 201, the real answer is 200.
func (o *Org) createMapping(c *call) (answer, error) {
	a, err := o.pathPush(c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		SourceGroupID   string `json:"sourceGroupId"`
		TargetGroupID   string `json:"targetGroupId"`
		TargetGroupName string `json:"targetGroupName"`
		Status          string `json:"status"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	source, ok := o.groups.get(in.SourceGroupID)
	if !ok || source.kind == "APP_GROUP" {
		return answer{}, notFound(in.SourceGroupID, "UserGroup")
	}
	c.about["sourceGroupId"], c.about["group"] = source.id, source.name
	if (in.TargetGroupID == "") == (in.TargetGroupName == "") {
		return answer{}, badGroupPush("Exactly one of targetGroupId and targetGroupName is required.")
	}
	if in.Status == "" {
		in.Status = statusActive
	}
	if in.Status != statusActive && in.Status != statusInactive {
		return answer{}, invalid("status", "status: must be ACTIVE or INACTIVE")
	}
	target := (*group)(nil)
	for g := range o.groups.all() {
		if g.source == a && (g.id == in.TargetGroupID || g.name == in.TargetGroupName) {
			target = g
		}
	}
	if target == nil && in.TargetGroupID != "" {
		return answer{}, notFound(in.TargetGroupID, "UserGroup")
	}
	if target == nil {
		target = o.addGroup("APP_GROUP", in.TargetGroupName, source.description)
		target.source = a
	}
	m, err := o.mapGroup(c, a, source, target, in.Status)
	if err != nil {
		return answer{}, err
	}
	c.effect, c.about["mappingId"] = "created", m.id
	return ok200(o.mappingBody(c, a, m)), nil
}

// mapGroup makes a mapping from an Okta group to a group of the app.
func (o *Org) mapGroup(c *call, a *app, source, target *group, status string) (*mapping, error) {
	for m := range a.mappings.all() {
		if m.source == source {
			return nil, badGroupPush("The group " + source.name + " is already pushed to this app.")
		}
		if m.target == target {
			return nil, badGroupPush("The group " + target.name + " is already linked to another group.")
		}
	}
	now := o.clock.Now()
	m := &mapping{id: o.newID("gPm", a.id, source.id), source: source, target: target, status: status, created: now, changed: now,
		pushed: map[string]string{}, touched: map[string]bool{}}
	a.mappings.put(m.id, m)
	o.log(c, "application.provision.group_push.mapping.created", nil, a, source)
	o.pushGroup(a, m)
	return m, nil
}

// pushGroup has the whole group pushed, if the mapping is active.
func (o *Org) pushGroup(a *app, m *mapping) {
	if m.status == statusActive {
		m.full, m.attempts = true, 0
		o.queue.add(task{app: a.id, mapping: m.id}, o.clock.Due(groupPushDelay))
	}
}

// memberChanged has one person's membership pushed. It is not a full push: who was missed before stays missed.
func (o *Org) memberChanged(a *app, g *group, u *user) {
	for m := range a.mappings.all() {
		if m.source == g && m.status == statusActive {
			m.touched[u.id], m.attempts = true, 0
			o.queue.add(task{app: a.id, mapping: m.id}, o.clock.Due(groupPushDelay))
		}
	}
}

// patchMapping switches a mapping on, which pushes the whole group at once, or off.
func (o *Org) patchMapping(c *call) (answer, error) {
	a, m, err := o.pathMapping(c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Status string `json:"status"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	events := map[string]string{
		statusActive:   "application.provision.group_push.activate_mapping",
		statusInactive: "application.provision.group_push.deactivate_mapping",
	}
	if events[in.Status] == "" {
		return answer{}, invalid("status", "status: must be ACTIVE or INACTIVE")
	}
	if m.status == statusError {
		return answer{}, badGroupPush("The status of a mapping in ERROR can't be changed.")
	}
	if m.status != in.Status {
		m.status, m.changed, c.effect = in.Status, o.clock.Now(), "changed"
		o.log(c, events[in.Status], nil, a, m.source)
		o.pushGroup(a, m)
	}
	return ok200(o.mappingBody(c, a, m)), nil
}

// deleteMapping ends pushing, and deletes the pushed group where deleteTargetGroup says so.
func (o *Org) deleteMapping(c *call) (answer, error) {
	a, m, err := o.pathMapping(c)
	if err != nil {
		return answer{}, err
	}
	target, err := strconv.ParseBool(c.query.Get("deleteTargetGroup"))
	if err != nil {
		return answer{}, invalid("deleteTargetGroup", "deleteTargetGroup: must be true or false")
	}
	if m.status == statusActive {
		return answer{}, badGroupPush("An active mapping can't be deleted; set it INACTIVE first.")
	}
	a.mappings.remove(m.id)
	c.effect = "deleted"
	o.log(c, "application.provision.group_push.removed", nil, a, m.source)
	if target {
		o.groups.remove(m.target.id)
		if m.target.externalID != "" {
			a.doomed[m.id] = m.target.externalID
			o.queue.add(task{app: a.id, mapping: m.id}, o.clock.Due(groupPushDelay))
		}
	}
	return answer{status: http.StatusNoContent}, nil
}

// membership is what a push has to bring about: people to add (Okta user ID to the ID over there), people to remove. Only
// those can be members who are provisioned already; others are left out without a word, until the next full push. A full push
// adds everybody, whatever was pushed before: so it restores a membership that somebody took away over there.
func (m *mapping) membership(a *app) (add, remove map[string]string) {
	want := map[string]string{}
	for u := range m.source.members.all() {
		if au, ok := a.users.get(u.id); ok && au.externalID != "" && u.status == statusActive {
			want[u.id] = au.externalID
		}
	}
	add, remove = map[string]string{}, map[string]string{}
	for id, external := range want {
		if m.full || m.touched[id] && m.pushed[id] != external {
			add[id] = external
		}
	}
	for id, external := range m.pushed {
		if !m.source.members.has(id) {
			remove[id] = external
		}
	}
	return add, remove
}
