package okta

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// stamp is a time as Okta writes it; nil where there is none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// text is a profile attribute: Okta has null for an attribute that was never filled in.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// userBody is a user as the API shows one. Lists of people are long, and structures are written several times as fast as maps.
type userBody struct {
	ID              string      `json:"id"`
	Status          string      `json:"status"`
	Created         any         `json:"created"`
	Activated       any         `json:"activated"`
	StatusChanged   any         `json:"statusChanged"`
	LastLogin       any         `json:"lastLogin"`
	LastUpdated     any         `json:"lastUpdated"`
	PasswordChanged any         `json:"passwordChanged"`
	Type            reference   `json:"type"`
	Profile         userProfile `json:"profile"`
	Credentials     struct {
		Provider struct {
			Type string `json:"type"`
			Name string `json:"name"`
		} `json:"provider"`
	} `json:"credentials"`
	Links struct {
		Self link `json:"self"`
	} `json:"_links"`
}

type userProfile struct {
	Login       string `json:"login"`
	Email       string `json:"email"`
	FirstName   any    `json:"firstName"`
	LastName    any    `json:"lastName"`
	DisplayName any    `json:"displayName"`
	MobilePhone any    `json:"mobilePhone"`
	SecondEmail any    `json:"secondEmail"`
}

type reference struct {
	ID string `json:"id"`
}

type link struct {
	Href string `json:"href"`
}

func (o *Org) userBody(c *call, u *user) any {
	created := stamp(u.created)
	body := &userBody{
		ID: u.id, Status: u.status, Created: created, Activated: created, StatusChanged: created, LastUpdated: stamp(u.changed),
		Type: reference{"oty" + u.id[3:]},
		Profile: userProfile{
			Login: u.login, Email: u.email, FirstName: text(u.first), LastName: text(u.last), DisplayName: text(u.display),
		},
	}
	body.Credentials.Provider.Type, body.Credentials.Provider.Name = "OKTA", "OKTA"
	body.Links.Self.Href = o.at(c.Request) + "/api/v1/users/" + u.id
	return body
}

func (u *user) attribute(name string) []string {
	var value string
	switch strings.ToLower(name) {
	case "id":
		value = u.id
	case "status":
		value = u.status
	case "profile.login":
		value = u.login
	case "profile.email":
		value = u.email
	case "profile.firstname":
		value = u.first
	case "profile.lastname":
		value = u.last
	case "profile.displayname":
		value = u.display
	case "lastupdated":
		value, _ = stamp(u.changed).(string)
	}
	if value == "" {
		return nil
	}
	return []string{value}
}

func (o *Org) listUsers(c *call) (answer, error) {
	query := c.query
	attributes := []string{"id", "status", "lastUpdated", "profile.login", "profile.email", "profile.firstName", "profile.lastName",
		"profile.displayName"}
	match, err := parseFilter(query.Get("filter"), attributes...)
	if err != nil {
		return answer{}, err
	}
	search, err := parseFilter(query.Get("search"), attributes...)
	if err != nil {
		return answer{}, err
	}
	q := strings.ToLower(query.Get("q"))
	everybody := query.Has("filter") || query.Has("search")
	among := &o.users
	if value, ok := exactly(query.Get("filter")+query.Get("search"), "id", "profile.login"); ok {
		among = &table[*user]{}
		if u, there := o.findUser(value); there {
			among.put(u.id, u)
		}
	}
	return list(o, c, among, 200, 200, func(u *user) bool {
		if !everybody && u.status == statusDeprovisioned {
			return false
		}
		return match(u.attribute) && search(u.attribute) && anyPrefix(q, u.first, u.last, u.email)
	}, func(u *user) any { return o.userBody(c, u) })
}

// exactly is the value of a filter that compares one of these attributes with eq, and does nothing else.
func exactly(filter string, attributes ...string) (value string, ok bool) {
	words := splitFilter(filter)
	if len(words) != 3 || words[1] != "eq" || !strings.HasPrefix(words[2], `"`) || !slices.ContainsFunc(attributes, func(a string) bool {
		return strings.EqualFold(a, words[0])
	}) {
		return "", false
	}
	return words[2][1:], true
}

// anyPrefix says whether one of the values starts with q, in any case; an empty q fits all.
func anyPrefix(q string, values ...string) bool {
	for _, v := range values {
		if strings.HasPrefix(strings.ToLower(v), q) {
			return true
		}
	}
	return q == ""
}

// getMe is who calls; a service app is nobody.
func (o *Org) getMe(c *call) (answer, error) {
	if c.owner.user == nil {
		return answer{}, notFound("me", "User")
	}
	return ok200(o.userBody(c, c.owner.user)), nil
}

// pathUser is the person named in the path, by ID or login.
func (o *Org) pathUser(c *call) (*user, error) {
	name := c.PathValue("userId")
	u, ok := o.findUser(name)
	if !ok {
		return nil, notFound(name, "User")
	}
	return u, nil
}

func (o *Org) getUser(c *call) (answer, error) {
	u, err := o.pathUser(c)
	if err != nil {
		return answer{}, err
	}
	return ok200(o.userBody(c, u)), nil
}

// updateUser changes parts of the profile. Apps that push profile updates follow.
func (o *Org) updateUser(c *call) (answer, error) {
	u, err := o.pathUser(c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Profile map[string]*string `json:"profile"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	fields := map[string]*string{"login": &u.login, "email": &u.email, "firstName": &u.first, "lastName": &u.last, "displayName": &u.display}
	for name, value := range in.Profile {
		if fields[name] == nil {
			return answer{}, invalid(name, name+": The attribute is not part of the profile")
		}
		if name == "login" {
			if value == nil || *value == "" {
				return answer{}, invalid("login", "login: The field cannot be left blank")
			}
			if other := o.logins[*value]; other != nil && other != u {
				return answer{}, invalid("login", "login: An object with this field already exists in the current organization")
			}
		}
	}
	c.effect = "none"
	for name, value := range in.Profile {
		now := ""
		if value != nil {
			now = *value
		}
		if name == "login" {
			delete(o.logins, u.login)
			o.logins[now] = u
		}
		if *fields[name] != now {
			*fields[name], c.effect = now, "changed"
		}
	}
	if c.effect == "changed" {
		u.changed = o.clock.Now()
		o.log(c, "user.account.update_profile", nil, u)
		o.profileChanged(u)
	}
	return ok200(o.userBody(c, u)), nil
}

// changeUserStatus is POST /users/{id}/lifecycle/{activate,deactivate,suspend,unsuspend}.
func (o *Org) changeUserStatus(c *call) (answer, error) {
	u, err := o.pathUser(c)
	if err != nil {
		return answer{}, err
	}
	moves := map[string]struct{ from, to, event string }{
		"activate":   {statusDeprovisioned, statusActive, "user.lifecycle.activate"},
		"deactivate": {"", statusDeprovisioned, "user.lifecycle.deactivate"},
		"suspend":    {statusActive, statusSuspended, "user.lifecycle.suspend"},
		"unsuspend":  {statusSuspended, statusActive, "user.lifecycle.unsuspend"},
	}
	move, ok := moves[c.PathValue("verb")]
	if !ok {
		return answer{}, noSuchPath()
	}
	if move.from != "" && u.status != move.from || u.status == move.to {
		return answer{}, &apiError{http.StatusForbidden, "E0000016", "Activation failed because the user is already active or not in the state that this needs.", nil}
	}
	c.effect = "changed"
	u.status, u.changed = move.to, o.clock.Now()
	o.log(c, move.event, nil, u)
	for a := range o.apps.all() {
		switch {
		case u.status == statusDeprovisioned:
			o.drop(a, u)
		case u.status == statusActive && (a.users.has(u.id) || a.assignedBy(u.id)):
			o.assign(a, u, "GROUP")
		}
	}
	return ok200(map[string]any{}), nil
}

// listAppLinks are the tiles on a person's dashboard.
func (o *Org) listAppLinks(c *call) (answer, error) {
	u, err := o.pathUser(c)
	if err != nil {
		return answer{}, err
	}
	links := []any{}
	for a := range o.apps.all() {
		au, ok := a.users.get(u.id)
		if !ok || a.status != statusActive {
			continue
		}
		links = append(links, map[string]any{
			"id": "00u" + a.id[3:], "label": a.label, "linkUrl": o.tile(c.Request, a), "logoUrl": o.at(c.Request) + "/fs/logo.png", "appName": a.name,
			"appInstanceId": a.id, "appAssignmentId": "0ua" + au.user.id[3:], "credentialsSetup": false, "hidden": false,
			"sortOrder": len(links),
		})
	}
	return ok200(links), nil
}

func (o *Org) listUserGroups(c *call) (answer, error) {
	u, err := o.pathUser(c)
	if err != nil {
		return answer{}, err
	}
	return list(o, c, &o.groups, 1000, 10000, func(g *group) bool { return g.members.has(u.id) },
		func(g *group) any { return o.groupBody(c, g) })
}

// listUserRoles are the administrator roles of a person: the owners of the two tokens have one, others none.
func (o *Org) listUserRoles(c *call) (answer, error) {
	u, err := o.pathUser(c)
	if err != nil {
		return answer{}, err
	}
	roles := []any{}
	for _, owner := range o.tokens {
		if owner.user != u {
			continue
		}
		kind, label := "SUPER_ADMIN", "Super Administrator"
		if owner.readOnly {
			kind, label = "READ_ONLY_ADMIN", "Read-Only Administrator"
		}
		roles = append(roles, map[string]any{"id": "ra1" + u.id[3:], "label": label, "type": kind, "status": statusActive,
			"created": stamp(u.created), "lastUpdated": stamp(u.created), "assignmentType": "USER"})
	}
	return ok200(roles), nil
}
