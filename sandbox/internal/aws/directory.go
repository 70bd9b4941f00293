package awsworld

import (
	"slices"
	"strings"
	"time"
)

// directory is an identity store. User names, e-mail addresses and group names are unique without regard to case.
type directory struct {
	id         string
	users      []*user
	byID       map[string]*user
	byName     map[string]*user
	byEmail    map[string]*user
	byExternal map[string]*user

	groups           []*group
	groupsByID       map[string]*group
	groupsByName     map[string]*group
	groupsByExternal map[string]*group
}

func newDirectory(id string) *directory {
	return &directory{
		id: id, byID: map[string]*user{}, byName: map[string]*user{}, byEmail: map[string]*user{}, byExternal: map[string]*user{},
		groupsByID: map[string]*group{}, groupsByName: map[string]*group{}, groupsByExternal: map[string]*group{},
	}
}

// user is a user of an identity store.
type user struct {
	ordinal
	id string
	attributes
	created, updated time.Time
	memberships      map[*group]*membership
}

// attributes are a user's, in SCIM's spelling.
type attributes struct {
	UserName          string         `json:"userName"`
	ExternalID        string         `json:"externalId,omitempty"`
	Name              personName     `json:"name"`
	DisplayName       string         `json:"displayName,omitempty"`
	NickName          string         `json:"nickName,omitempty"`
	ProfileURL        string         `json:"profileUrl,omitempty"`
	Title             string         `json:"title,omitempty"`
	UserType          string         `json:"userType,omitempty"`
	PreferredLanguage string         `json:"preferredLanguage,omitempty"`
	Locale            string         `json:"locale,omitempty"`
	Timezone          string         `json:"timezone,omitempty"`
	Emails            []valued       `json:"emails,omitempty"`
	PhoneNumbers      []valued       `json:"phoneNumbers,omitempty"`
	Addresses         []address      `json:"addresses,omitempty"`
	Active            bool           `json:"active"`
	Enterprise        map[string]any `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitempty"`
}

type personName struct {
	Formatted       string `json:"formatted,omitempty"`
	FamilyName      string `json:"familyName,omitempty"`
	GivenName       string `json:"givenName,omitempty"`
	MiddleName      string `json:"middleName,omitempty"`
	HonorificPrefix string `json:"honorificPrefix,omitempty"`
	HonorificSuffix string `json:"honorificSuffix,omitempty"`
}

// valued is an e-mail address or a telephone number.
type valued struct {
	Value   string `json:"value,omitempty"`
	Type    string `json:"type,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

type address struct {
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"streetAddress,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postalCode,omitempty"`
	Country       string `json:"country,omitempty"`
	Type          string `json:"type,omitempty"`
	Primary       bool   `json:"primary,omitempty"`
}

// group is a group of an identity store.
type group struct {
	ordinal
	id, name, externalID string
	// description is set by other APIs than SCIM, which doesn't know it.
	description      string
	members          []*membership
	created, updated time.Time
}

// membership is a user's place in a group.
type membership struct {
	ordinal
	id    string
	group *group
	user  *user
	since time.Time
}

func (a attributes) email() string {
	if len(a.Emails) == 0 {
		return ""
	}
	return strings.ToLower(a.Emails[0].Value)
}

// taken says whether somebody else has a unique attribute, and which.
func (d *directory) taken(a attributes, self *user) (attribute string, conflict bool) {
	for _, unique := range []struct {
		attribute, value string
		index            map[string]*user
	}{
		{"UserName", strings.ToLower(a.UserName), d.byName},
		{"Email", a.email(), d.byEmail},
		{"ExternalId", a.ExternalID, d.byExternal},
	} {
		if other := unique.index[unique.value]; unique.value != "" && other != nil && other != self {
			return unique.attribute, true
		}
	}
	return "", false
}

// addUser makes a user; the caller has checked taken.
func (w *World) createUser(d *directory, a attributes) *user {
	now := w.clock.Now()
	u := &user{
		ordinal: ordinal(w.next()), id: strings.TrimPrefix(d.id, "d-") + "-" + w.uuid("directory-user", d.id, strings.ToLower(a.UserName)),
		created: now, memberships: map[*group]*membership{},
	}
	d.users = append(d.users, u)
	d.byID[u.id] = u
	d.put(u, a, now)
	return u
}

// put replaces a user's attributes.
func (d *directory) put(u *user, a attributes, now time.Time) {
	d.unindex(u)
	u.attributes, u.updated = a, now
	d.byName[strings.ToLower(a.UserName)] = u
	if a.email() != "" {
		d.byEmail[a.email()] = u
	}
	if a.ExternalID != "" {
		d.byExternal[a.ExternalID] = u
	}
}

func (d *directory) unindex(u *user) {
	delete(d.byName, strings.ToLower(u.UserName))
	delete(d.byEmail, u.email())
	delete(d.byExternal, u.ExternalID)
}

// removeUser deletes a user and their memberships. Assignments stay behind, dead, as the user guide's troubleshooting says.
func (d *directory) removeUser(u *user) {
	for g := range u.memberships {
		d.leave(g, u)
	}
	d.unindex(u)
	delete(d.byID, u.id)
	d.users = removed(d.users, u)
}

func (w *World) addGroup(d *directory, name, externalID string) *group {
	now := w.clock.Now()
	g := &group{
		ordinal: ordinal(w.next()), id: strings.TrimPrefix(d.id, "d-") + "-" + w.uuid("directory-group", d.id, strings.ToLower(name)),
		created: now,
	}
	d.groups = append(d.groups, g)
	d.groupsByID[g.id] = g
	d.rename(g, name, externalID, now)
	return g
}

func (d *directory) rename(g *group, name, externalID string, now time.Time) {
	delete(d.groupsByName, strings.ToLower(g.name))
	delete(d.groupsByExternal, g.externalID)
	g.name, g.externalID, g.updated = name, externalID, now
	d.groupsByName[strings.ToLower(name)] = g
	if externalID != "" {
		d.groupsByExternal[externalID] = g
	}
}

func (d *directory) removeGroup(g *group) {
	for _, m := range slices.Clone(g.members) {
		d.leave(g, m.user)
	}
	delete(d.groupsByID, g.id)
	delete(d.groupsByName, strings.ToLower(g.name))
	delete(d.groupsByExternal, g.externalID)
	d.groups = removed(d.groups, g)
}

// join adds a user to a group, once.
func (w *World) join(d *directory, g *group, u *user) {
	if u.memberships[g] != nil {
		return
	}
	m := &membership{
		ordinal: ordinal(w.next()), group: g, user: u, since: w.clock.Now(),
		id: strings.TrimPrefix(d.id, "d-") + "-" + w.uuid("membership", g.id, u.id),
	}
	u.memberships[g] = m
	g.members = append(g.members, m)
}

func (d *directory) leave(g *group, u *user) {
	m := u.memberships[g]
	if m == nil {
		return
	}
	delete(u.memberships, g)
	g.members = removed(g.members, m)
}

func (d *directory) isMember(groupID, userID string) bool {
	g, u := d.groupsByID[groupID], d.byID[userID]
	return g != nil && u != nil && u.memberships[g] != nil
}
