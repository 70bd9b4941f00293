package okta

import (
	"maps"
	"slices"
	"strings"
)

// State is the whole org for people to look at and to compare, without secrets and time stamps; as JSON, equal orgs give equal
// text.
type State struct {
	People []Person     `json:"people"`
	Groups []GroupState `json:"groups"`
	Apps   []AppState   `json:"apps"`
}

// GroupState is a group; its members are with the people.
type GroupState struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// ExternalID is the ID of a pushed group over there.
	ExternalID string `json:"externalId,omitempty"`
	Members    int    `json:"members"`
}

// AppState is an app with everybody who has it.
type AppState struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Label    string            `json:"label"`
	Status   string            `json:"status"`
	Settings map[string]any    `json:"settings"`
	Features []string          `json:"features"`
	Groups   []string          `json:"groups"`
	Users    []AssignmentState `json:"users"`
	Pushes   []PushState       `json:"pushes"`
}

// AssignmentState is a person in an app.
type AssignmentState struct {
	Login      string `json:"login"`
	UserName   string `json:"userName"`
	Scope      string `json:"scope"`
	Status     string `json:"status"`
	SyncState  string `json:"syncState"`
	ExternalID string `json:"externalId,omitempty"`
}

// PushState is a group push mapping. Members maps Okta user IDs to IDs over there.
type PushState struct {
	Group      string            `json:"group"`
	Status     string            `json:"status"`
	ExternalID string            `json:"externalId,omitempty"`
	Error      string            `json:"error,omitempty"`
	Members    map[string]string `json:"members"`
}

// State dumps the org.
func (o *Org) State() State {
	state := State{People: o.People(), Groups: []GroupState{}, Apps: []AppState{}}
	o.mu.Lock()
	defer o.mu.Unlock()
	for g := range o.groups.all() {
		state.Groups = append(state.Groups, GroupState{g.name, g.kind, g.externalID, len(g.members.rows)})
	}
	for a := range o.apps.all() {
		state.Apps = append(state.Apps, a.state())
	}
	slices.SortFunc(state.Groups, func(a, b GroupState) int { return strings.Compare(a.Name+a.Type, b.Name+b.Type) })
	slices.SortFunc(state.Apps, func(a, b AppState) int { return strings.Compare(a.ID, b.ID) })
	return state
}

func (a *app) state() AppState {
	settings, _ := a.settings["app"].(map[string]any)
	s := AppState{
		ID: a.id, Name: a.name, Label: a.label, Status: a.status, Settings: maps.Clone(settings), Features: slices.Clone(a.features),
		Groups: []string{}, Users: []AssignmentState{}, Pushes: []PushState{},
	}
	for g := range a.groups.all() {
		s.Groups = append(s.Groups, g.group.name)
	}
	for au := range a.users.all() {
		s.Users = append(s.Users, AssignmentState{au.user.login, au.userName, au.scope, au.status, au.syncState, au.externalID})
	}
	for m := range a.mappings.all() {
		s.Pushes = append(s.Pushes, PushState{m.source.name, m.status, m.target.externalID, m.errorSummary, maps.Clone(m.pushed)})
	}
	slices.Sort(s.Features)
	slices.Sort(s.Groups)
	slices.SortFunc(s.Users, func(x, y AssignmentState) int { return strings.Compare(x.Login, y.Login) })
	slices.SortFunc(s.Pushes, func(x, y PushState) int { return strings.Compare(x.Group, y.Group) })
	return s
}
