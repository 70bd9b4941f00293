package okta

// getConnection says, as Okta does for every app whose provisioning its API can't set up, that it knows nothing.
func (o *Org) getConnection(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	return ok200(map[string]any{"authScheme": "UNKNOWN", "status": "UNKNOWN", "profile": map[string]any{"authScheme": "UNKNOWN"},
		"_links": map[string]any{"self": map[string]any{"href": o.at(c.Request) + "/api/v1/apps/" + a.id + "/connections/default"}}}), nil
}

// setConnection is not for this app: somebody has to type the connection into the console.
func (o *Org) setConnection(c *call) (answer, error) {
	if _, err := o.pathApp(c); err != nil {
		return answer{}, err
	}
	return answer{}, invalid("profile", "authScheme: The provisioning connection of this app can't be configured through the API.")
}

// appFeature is the app's one feature; there is none until provisioning is enabled.
func (o *Org) appFeature(c *call) (any, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return nil, err
	}
	if a.connection == nil {
		return nil, invalid("feature", "Provisioning is not enabled for the app instance.")
	}
	state := func(feature string) map[string]any {
		if a.provisions(feature) {
			return map[string]any{"status": "ENABLED"}
		}
		return map[string]any{"status": "DISABLED"}
	}
	return map[string]any{
		"name": "USER_PROVISIONING", "status": "ENABLED", "description": "User provisioning settings from Okta to a downstream application",
		"capabilities": map[string]any{
			"create": map[string]any{"lifecycleCreate": state(featureCreate)},
			"update": map[string]any{"profile": state(featureUpdate), "lifecycleDeactivate": state(featureDeactivate),
				"password": map[string]any{"status": "DISABLED", "seed": "RANDOM", "change": "KEEP_EXISTING"}},
		},
		"_links": map[string]any{"self": map[string]any{"href": o.at(c.Request) + "/api/v1/apps/" + a.id + "/features/USER_PROVISIONING"}},
	}, nil
}

func (o *Org) listFeatures(c *call) (answer, error) {
	feature, err := o.appFeature(c)
	return ok200([]any{feature}), err
}

func (o *Org) getFeature(c *call) (answer, error) {
	feature, err := o.appFeature(c)
	if err == nil && c.PathValue("name") != "USER_PROVISIONING" {
		err = notFound(c.PathValue("name"), "ApplicationFeature")
	}
	return ok200(feature), err
}

// profileMappingID is the ID of the mapping from Okta's user profile to the app's.
func profileMappingID(a *app) string { return "prm" + a.id[3:] }

func (o *Org) profileMappingBody(c *call, a *app, whole bool) any {
	body := map[string]any{
		"id":     profileMappingID(a),
		"source": map[string]any{"id": "oty" + a.id[3:], "name": "user", "type": "user"},
		"target": map[string]any{"id": a.id, "name": a.name, "type": "appuser"},
		"_links": map[string]any{"self": map[string]any{"href": o.at(c.Request) + "/api/v1/mappings/" + profileMappingID(a)}},
	}
	if whole {
		properties := map[string]any{}
		for name, expression := range map[string]string{
			"displayName": "user.displayName", "givenName": "user.firstName", "familyName": "user.lastName", "email": "user.email",
		} {
			properties[name] = map[string]any{"expression": expression, "pushStatus": "PUSH"}
		}
		body["properties"] = properties
	}
	return body
}

// listProfileMappings finds the mapping of an app by targetId; without it, those of all apps.
func (o *Org) listProfileMappings(c *call) (answer, error) {
	target, source := c.query.Get("targetId"), c.query.Get("sourceId")
	return list(o, c, &o.apps, 20, 200, func(a *app) bool {
		return a.name == identityCenterApp && (target == "" || target == a.id) && (source == "" || source == "oty"+a.id[3:])
	}, func(a *app) any { return o.profileMappingBody(c, a, false) })
}

func (o *Org) getProfileMapping(c *call) (answer, error) {
	for a := range o.apps.all() {
		if a.name == identityCenterApp && profileMappingID(a) == c.PathValue("mappingId") {
			return ok200(o.profileMappingBody(c, a, true)), nil
		}
	}
	return answer{}, notFound(c.PathValue("mappingId"), "ProfileMapping")
}
