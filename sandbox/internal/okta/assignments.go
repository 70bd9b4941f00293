package okta

import (
	"strings"
	"time"
)

// assign gives a person the app, or notes that they have it in one more way, and has them provisioned where that is due.
func (o *Org) assign(a *app, u *user, scope string) {
	if u.status == statusDeprovisioned {
		return
	}
	au, had := a.users.get(u.id)
	if !had {
		now := o.clock.Now()
		name, _ := a.template.userName(u)
		au = &appUser{user: u, scope: scope, userName: name, status: statusActive, syncState: "DISABLED", created: now, changed: now, statusChanged: now}
		a.users.put(u.id, au)
		o.log(nil, "application.user_membership.add", nil, a, au)
	}
	if scope == "USER" {
		au.scope = scope
	}
	o.want(a, au)
}

// want has a person pushed who isn't in the app yet. Without provisioning nothing happens, and nothing happens later
// either: those assigned before provisioning was enabled stay outside until they are assigned again.
func (o *Org) want(a *app, au *appUser) {
	switch {
	case a.connection == nil || au.externalID != "":
	case au.user.status == statusSuspended:
		au.setStatus(statusSuspended, o.clock.Now())
	case a.provisions(featureSCIM):
		au.setStatus(statusStaged, o.clock.Now())
		o.push(a, au)
	}
}

// push puts a person on the provisioning queue.
func (o *Org) push(a *app, au *appUser) {
	au.wanted, au.attempts, au.syncState = true, 0, "SYNCING"
	o.queue.add(task{app: a.id, user: au.user.id}, o.clock.Due(userPushDelay))
}

// profileChanged has the apps follow a change of a person's profile; it also gives those another try who failed.
func (o *Org) profileChanged(u *user) {
	for a := range o.apps.all() {
		au, ok := a.users.get(u.id)
		if !ok {
			continue
		}
		au.userName, _ = a.template.userName(u)
		if u.status != statusActive || !a.provisions(featureUpdate) {
			continue
		}
		if au.externalID != "" || au.syncState == statusError || au.wanted {
			o.push(a, au)
		}
	}
}

// drop takes the app away from a person, who then is deactivated over there.
func (o *Org) drop(a *app, u *user) {
	au, ok := a.users.get(u.id)
	if !ok {
		return
	}
	a.users.remove(u.id)
	o.log(nil, "application.user_membership.remove", nil, a, au)
	if au.externalID != "" {
		a.former[u.id] = au.externalID
	}
	if a.provisions(featureDeactivate) {
		o.queue.add(task{app: a.id, user: u.id}, o.clock.Due(userPushDelay))
	}
}

// leaveGroup takes the app away from a person who had it through this group alone.
func (o *Org) leaveGroup(a *app, g *group, u *user) {
	au, ok := a.users.get(u.id)
	if ok && au.scope == "GROUP" && !a.assignedBy(u.id) {
		o.drop(a, u)
	}
}

func (au *appUser) setStatus(status string, now time.Time) {
	if au.status != status {
		au.status, au.statusChanged, au.changed = status, now, now
	}
}

// appUserBody is somebody's assignment to an app as the API shows one.
type appUserBody struct {
	ID              string `json:"id"`
	ExternalID      string `json:"externalId,omitempty"`
	Created         any    `json:"created"`
	LastUpdated     any    `json:"lastUpdated"`
	Scope           string `json:"scope"`
	Status          string `json:"status"`
	StatusChanged   any    `json:"statusChanged"`
	PasswordChanged any    `json:"passwordChanged"`
	SyncState       string `json:"syncState"`
	LastSync        any    `json:"lastSync,omitempty"`
	Credentials     struct {
		UserName string `json:"userName"`
	} `json:"credentials"`
	Profile struct {
		GivenName   any    `json:"givenName"`
		FamilyName  any    `json:"familyName"`
		DisplayName any    `json:"displayName"`
		Email       string `json:"email"`
	} `json:"profile"`
	Links struct {
		App  link `json:"app"`
		User link `json:"user"`
	} `json:"_links"`
	Embedded *embeddedUser `json:"_embedded,omitempty"`
}

type embeddedUser struct {
	User any `json:"user"`
}

func (o *Org) appUserBody(c *call, a *app, au *appUser) any {
	body := &appUserBody{
		ID: au.user.id, ExternalID: au.externalID, Created: stamp(au.created), LastUpdated: stamp(au.changed), Scope: au.scope,
		Status: au.status, StatusChanged: stamp(au.statusChanged), SyncState: au.syncState, LastSync: stamp(au.lastSync),
	}
	body.Credentials.UserName = au.userName
	body.Profile.GivenName, body.Profile.FamilyName = text(au.user.first), text(au.user.last)
	body.Profile.DisplayName, body.Profile.Email = text(au.user.display), au.user.email
	at := o.at(c.Request)
	body.Links.App.Href, body.Links.User.Href = at+"/api/v1/apps/"+a.id, at+"/api/v1/users/"+au.user.id
	if c.query.Get("expand") == "user" {
		body.Embedded = &embeddedUser{o.userBody(c, au.user)}
	}
	return body
}

func (o *Org) listAppUsers(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	q := strings.ToLower(c.query.Get("q"))
	return list(o, c, &a.users, 50, 500, func(au *appUser) bool {
		return anyPrefix(q, au.userName, au.user.first, au.user.last, au.user.email)
	}, func(au *appUser) any { return o.appUserBody(c, a, au) })
}

// pathAppUser is the assignment named in the path.
func (o *Org) pathAppUser(c *call) (*app, *appUser, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return nil, nil, err
	}
	au, ok := a.users.get(c.PathValue("userId"))
	if !ok {
		return nil, nil, notFound(c.PathValue("userId"), "AppUser")
	}
	return a, au, nil
}

func (o *Org) getAppUser(c *call) (answer, error) {
	a, au, err := o.pathAppUser(c)
	if err != nil {
		return answer{}, err
	}
	return ok200(o.appUserBody(c, a, au)), nil
}

// assignUser assigns a single person. Mapped attributes can't be given along.
func (o *Org) assignUser(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		ID      string         `json:"id"`
		Scope   string         `json:"scope"`
		Profile map[string]any `json:"profile"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	u, ok := o.users.get(in.ID)
	if !ok {
		return answer{}, notFound(in.ID, "User")
	}
	c.about["userId"] = u.id
	for name := range in.Profile {
		return answer{}, &apiError{403, "E0000075", "Cannot modify the " + name + " attribute because it has a field mapping and profile push is enabled.", nil}
	}
	if u.status == statusDeprovisioned {
		return answer{}, invalid("user", "user: A deactivated user can't be assigned to an application")
	}
	au, had := a.users.get(u.id)
	if had && au.scope == "USER" {
		return answer{}, alreadyAssigned()
	}
	c.effect = "created"
	if had {
		c.effect = "changed"
	}
	o.assign(a, u, "USER")
	au, _ = a.users.get(u.id)
	return ok200(o.appUserBody(c, a, au)), nil
}

// unassignUser takes the app away from somebody who has it directly; who also has it by a group keeps it that way.
func (o *Org) unassignUser(c *call) (answer, error) {
	a, au, err := o.pathAppUser(c)
	if err != nil {
		return answer{}, err
	}
	if au.scope == "GROUP" {
		return answer{}, invalid("user", "user: The user is assigned through a group and can't be unassigned directly")
	}
	c.effect = "deleted"
	if a.assignedBy(au.user.id) {
		au.scope = "GROUP"
		return noContent(), nil
	}
	o.drop(a, au.user)
	return noContent(), nil
}

func (o *Org) appGroupBody(c *call, a *app, assignment *appGroup) any {
	self := o.at(c.Request) + "/api/v1/apps/" + a.id
	body := map[string]any{
		"id": assignment.group.id, "lastUpdated": stamp(assignment.changed), "priority": assignment.priority,
		"profile": orElse(assignment.profile, map[string]any{}),
		"_links": map[string]any{"app": map[string]any{"href": self}, "self": map[string]any{"href": self + "/groups/" + assignment.group.id},
			"group": map[string]any{"href": o.at(c.Request) + "/api/v1/groups/" + assignment.group.id}},
	}
	if c.query.Get("expand") == "group" {
		body["_embedded"] = map[string]any{"group": o.groupBody(c, assignment.group)}
	}
	return body
}

func (o *Org) listAppGroups(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	return list(o, c, &a.groups, 20, 200, func(*appGroup) bool { return true },
		func(assignment *appGroup) any { return o.appGroupBody(c, a, assignment) })
}

// pathAppGroup is the app and the assigned group named in the path.
func (o *Org) pathAppGroup(c *call) (*app, *appGroup, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return nil, nil, err
	}
	assignment, ok := a.groups.get(c.PathValue("groupId"))
	if !ok {
		return nil, nil, notFound(c.PathValue("groupId"), "ApplicationGroupAssignment")
	}
	c.about["group"] = assignment.group.name
	return a, assignment, nil
}

func (o *Org) getAppGroup(c *call) (answer, error) {
	a, assignment, err := o.pathAppGroup(c)
	if err != nil {
		return answer{}, err
	}
	return ok200(o.appGroupBody(c, a, assignment)), nil
}

// assignGroup assigns everybody in a group. Done again it changes nothing, but those who aren't provisioned get another try.
func (o *Org) assignGroup(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	g, err := o.pathGroup(c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Priority int `json:"priority"`
		Profile  any `json:"profile"`
	}
	if c.ContentLength != 0 {
		if err := c.decode(&in); err != nil {
			return answer{}, err
		}
	}
	assignment, had := a.groups.get(g.id)
	if !had {
		assignment = &appGroup{group: g, priority: len(a.groups.rows), profile: in.Profile, changed: o.clock.Now()}
		a.groups.put(g.id, assignment)
		c.effect = "created"
		o.log(c, "group.application_assignment.add", nil, a, g)
	}
	for u := range g.members.all() {
		o.assign(a, u, "GROUP")
	}
	return ok200(o.appGroupBody(c, a, assignment)), nil
}

func (o *Org) unassignGroup(c *call) (answer, error) {
	a, assignment, err := o.pathAppGroup(c)
	if err != nil {
		return answer{}, err
	}
	a.groups.remove(assignment.group.id)
	c.effect = "deleted"
	o.log(c, "group.application_assignment.remove", nil, a, assignment.group)
	for u := range assignment.group.members.all() {
		o.leaveGroup(a, assignment.group, u)
	}
	return noContent(), nil
}
