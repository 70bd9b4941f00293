package okta

import "maps"

// State is the whole org for people to look at, without secrets; as JSON it always has the same order.
func (o *Org) State() any {
	people := o.People()
	o.mu.Lock()
	defer o.mu.Unlock()
	type assignment struct {
		Login, UserName, Scope, Status, SyncState string
		ExternalID                                string `json:",omitempty"`
	}
	type push struct {
		Group, Status, ExternalID string
		Error                     string `json:",omitempty"`
		Members                   map[string]string
	}
	type instance struct {
		ID, Name, Label, Status string
		Settings                any
		Features                []string
		Groups                  []string
		Users                   []assignment
		Pushes                  []push
	}
	apps := []instance{}
	for a := range o.apps.all() {
		i := instance{ID: a.id, Name: a.name, Label: a.label, Status: a.status, Settings: a.settings["app"], Features: a.features}
		for g := range a.groups.all() {
			i.Groups = append(i.Groups, g.group.name)
		}
		for au := range a.users.all() {
			i.Users = append(i.Users, assignment{au.user.login, au.userName, au.scope, au.status, au.syncState, au.externalID})
		}
		for m := range a.mappings.all() {
			i.Pushes = append(i.Pushes, push{m.source.name, m.status, m.target.externalID, m.errorSummary, maps.Clone(m.pushed)})
		}
		apps = append(apps, i)
	}
	return map[string]any{"people": people, "apps": apps}
}
