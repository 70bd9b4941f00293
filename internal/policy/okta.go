package policy

// Okta is what the worker's Okta credentials need: an OAuth service app the scopes and the roles, an API token the roles of
// whoever made it.
type Okta struct {
	Scopes []Grant `json:"scopes"`
	Roles  []Grant `json:"roles"`
}

// Grant is a scope or a role with its reason.
type Grant struct {
	Name string `json:"name"`
	For  string `json:"for"`
	// Optional grants can be left out; For says what is missing then.
	Optional bool `json:"optional,omitempty"`
}

// okta are the scopes of Okta's OpenAPI specification for the calls of a run, and the standard roles that allow them (Okta
// Help Center, "Standard administrator roles and permissions").
func (n needs) okta() Okta {
	groups, people := n.spec.Access.Groups, n.spec.Access.People
	if n.options.ReadOnly {
		return n.oktaReads()
	}
	o := Okta{
		Scopes: []Grant{
			{Name: "okta.apps.manage", For: "make the app, write Identity Center's values to it, assign " + n.spec.Okta.AssignmentGroup},
			{Name: "okta.apps.read", For: "read the app, its SAML metadata and who is assigned"},
			{Name: "okta.groups.read", For: "read the groups and their members"},
		},
		Roles: []Grant{
			{Name: "Application Administrator", For: "the app; it may be limited to the app once it is there"},
			{Name: "Read-only Administrator", For: "read the groups and their members"},
		},
	}
	if len(groups) > 0 {
		o.Scopes = append(o.Scopes, Grant{Name: "okta.groups.manage", For: "push the access groups"})
		o.Roles[1] = Grant{Name: "Group Administrator", For: "push the access groups, and read all groups of the spec with their members; it may be limited to those"}
	}
	switch {
	case len(people) > 0:
		o.Scopes = append(o.Scopes, Grant{Name: "okta.users.read", For: "find the single people of the spec"})
	case !n.options.Required:
		o.Scopes = append(o.Scopes, Grant{Name: "okta.users.read", For: "explain one person's access (starter access --person)", Optional: true})
	}
	if !n.options.Required {
		o.Scopes = append(o.Scopes, Grant{Name: "okta.logs.read", Optional: true, For: "say why somebody could not be provisioned, whether the connection works, " +
			"and who signs in"})
		o.Roles = append(o.Roles, Grant{Name: "Report Administrator", For: "read the System Log, where no other role may", Optional: true})
	}
	return o
}

// oktaReads are what check, plan and survey look at.
func (n needs) oktaReads() Okta {
	o := Okta{
		Scopes: []Grant{
			{Name: "okta.apps.read", For: "read the apps of the kind, their SAML metadata and who is assigned"},
			{Name: "okta.groups.read", For: "read the groups and their members, and which are pushed"},
		},
		Roles: []Grant{{Name: "Read-only Administrator", For: "read the apps, the groups and their members"}},
	}
	if len(n.spec.Access.People) > 0 {
		o.Scopes = append(o.Scopes, Grant{Name: "okta.users.read", For: "find the single people of the spec"})
	}
	return o
}
