package okta

import (
	"strings"
)

func (o *Org) groupBody(c *call, g *group) any {
	self := o.at(c.Request) + "/api/v1/groups/" + g.id
	class := "okta:user_group"
	body := map[string]any{
		"id": g.id, "created": stamp(g.created), "lastUpdated": stamp(g.changed), "lastMembershipUpdated": stamp(g.changed), "type": g.kind,
		"profile": map[string]any{"name": g.name, "description": text(g.description)},
		"_links": map[string]any{
			"users": map[string]any{"href": self + "/users"}, "apps": map[string]any{"href": self + "/apps"},
		},
	}
	if g.source != nil {
		class = g.source.name + ":user_group"
		body["source"] = map[string]any{"id": g.source.id}
	}
	body["objectClass"] = []string{class}
	return body
}

func (g *group) attribute(name string) []string {
	switch strings.ToLower(name) {
	case "id":
		return []string{g.id}
	case "type":
		return []string{g.kind}
	case "profile.name":
		return []string{g.name}
	case "source.id":
		if g.source != nil {
			return []string{g.source.id}
		}
	case "lastupdated", "lastmembershipupdated":
		return []string{stamp(g.changed).(string)}
	}
	return nil
}

// listGroups lists Okta's own groups and, as in a real org, those that stand for groups of apps (APP_GROUP).
func (o *Org) listGroups(c *call) (answer, error) {
	query := c.query
	attributes := []string{"id", "type", "profile.name", "source.id", "lastUpdated", "lastMembershipUpdated"}
	match, err := parseFilter(query.Get("filter"), "id", "type", "lastUpdated", "lastMembershipUpdated")
	if err != nil {
		return answer{}, err
	}
	search, err := parseFilter(query.Get("search"), attributes...)
	if err != nil {
		return answer{}, err
	}
	q := strings.ToLower(query.Get("q"))
	standard := 10000
	if q != "" {
		standard = 300
	}
	out, err := list(o, c, &o.groups, standard, standard, func(g *group) bool {
		return match(g.attribute) && search(g.attribute) && anyPrefix(q, g.name)
	}, func(g *group) any { return o.groupBody(c, g) })
	if q != "" && len(out.links) > 1 {
		out.links = out.links[:1]
	}
	return out, err
}

// pathGroup is the group named in the path.
func (o *Org) pathGroup(c *call) (*group, error) {
	id := c.PathValue("groupId")
	g, ok := o.groups.get(id)
	if !ok {
		return nil, notFound(id, "UserGroup")
	}
	c.about["group"] = g.name
	return g, nil
}

func (o *Org) getGroup(c *call) (answer, error) {
	g, err := o.pathGroup(c)
	if err != nil {
		return answer{}, err
	}
	return ok200(o.groupBody(c, g)), nil
}

func (o *Org) createGroup(c *call) (answer, error) {
	var in struct {
		Profile struct{ Name, Description string } `json:"profile"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if strings.TrimSpace(in.Profile.Name) == "" {
		return answer{}, invalid("name", "name: The field cannot be left blank")
	}
	for g := range o.groups.all() {
		if g.kind == "OKTA_GROUP" && strings.EqualFold(g.name, in.Profile.Name) {
			return answer{}, invalid("name", "name: An object with this field already exists in the current organization")
		}
	}
	g := o.addGroup("OKTA_GROUP", in.Profile.Name, in.Profile.Description)
	c.effect, c.about["groupId"], c.about["group"] = "created", g.id, g.name
	o.log(c, "group.lifecycle.create", nil, g)
	return ok200(o.groupBody(c, g)), nil
}

// listGroupUsers lists the members, deactivated people among them.
func (o *Org) listGroupUsers(c *call) (answer, error) {
	g, err := o.pathGroup(c)
	if err != nil {
		return answer{}, err
	}
	return list(o, c, &g.members, 1000, 1000, func(*user) bool { return true }, func(u *user) any { return o.userBody(c, u) })
}

// pathMember is the group and the person in the path of a membership, which has to be Okta's own to be changed.
func (o *Org) pathMember(c *call) (*group, *user, error) {
	g, err := o.pathGroup(c)
	if err != nil {
		return nil, nil, err
	}
	if g.kind != "OKTA_GROUP" {
		return nil, nil, &apiError{403, "E0000038", "This operation is not allowed in the user's current status.", []string{"The group's members are managed elsewhere."}}
	}
	u, err := o.pathUser(c)
	return g, u, err
}

// addGroupUser puts somebody into a group: assignments of the group reach them, and pushed groups get them.
func (o *Org) addGroupUser(c *call) (answer, error) {
	g, u, err := o.pathMember(c)
	if err != nil {
		return answer{}, err
	}
	if g.members.has(u.id) {
		return noContent(), nil
	}
	c.effect = "changed"
	g.members.put(u.id, u)
	g.changed = o.clock.Now()
	o.log(c, "group.user_membership.add", nil, u, g)
	for a := range o.apps.all() {
		if a.groups.has(g.id) {
			o.assign(a, u, "GROUP")
		}
		o.memberChanged(a, g, u)
	}
	return noContent(), nil
}

// removeGroupUser takes somebody out of a group, and with it the apps that they had through this group alone.
func (o *Org) removeGroupUser(c *call) (answer, error) {
	g, u, err := o.pathMember(c)
	if err != nil {
		return answer{}, err
	}
	if !g.members.remove(u.id) {
		return noContent(), nil
	}
	c.effect = "changed"
	g.changed = o.clock.Now()
	o.log(c, "group.user_membership.remove", nil, u, g)
	for a := range o.apps.all() {
		o.memberChanged(a, g, u)
		o.leaveGroup(a, g, u)
	}
	return noContent(), nil
}
