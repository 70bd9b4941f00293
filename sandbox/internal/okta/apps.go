package okta

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// The integrations of the catalogue that this org knows, with the settings each of them has.
const (
	identityCenterApp = "amazon_aws_sso"
	federationApp     = "amazon_aws"
)

func catalogue() map[string][]string {
	return map[string][]string{
		identityCenterApp: {"acsURL", "entityID"},
		federationApp:     {"awsEnvironmentType", "groupFilter", "loginURL", "joinAllRoles", "sessionDuration", "roleValuePattern", "identityProviderArn", "webSSOAllowedClient"},
	}
}

// addFederationApp makes the app that is easily taken for the right one, as many orgs have it.
func (o *Org) addFederationApp() {
	now := o.clock.Now().AddDate(-2, 0, 0)
	a := &app{id: o.newID("0oa", federationApp), externalKey: o.newID("exk", federationApp), name: federationApp, label: "AWS Account Federation", status: statusActive,
		signOnMode: "BROWSER_PLUGIN", created: now, changed: now, linked: map[string]*user{}, former: map[string]string{}, doomed: map[string]string{}, retries: map[string]int{}}
	a.replace(appInput{})
	o.apps.put(a.id, a)
	for g := range o.groups.all() {
		if g.name == groupFinance {
			a.groups.put(g.id, &appGroup{group: g, changed: now})
			for u := range g.members.all() {
				o.assign(a, u, "GROUP")
			}
		}
	}
}

// appInput is the body of POST and PUT /apps.
type appInput struct {
	Name          string         `json:"name"`
	Label         string         `json:"label"`
	SignOnMode    *string        `json:"signOnMode"`
	Settings      map[string]any `json:"settings"`
	Visibility    any            `json:"visibility"`
	Accessibility any            `json:"accessibility"`
	Profile       any            `json:"profile"`
	Credentials   struct {
		UserNameTemplate *nameTemplate `json:"userNameTemplate"`
		Signing          struct {
			KID string `json:"kid"`
		} `json:"signing"`
	} `json:"credentials"`
}

// check refuses what Okta's validation refuses.
func (in appInput) check() error {
	allowed, ok := catalogue()[in.Name]
	if !ok {
		return notFound(in.Name, "App")
	}
	if in.Label == "" || len(in.Label) > 100 {
		return invalid("label", "label: The field must have between 1 and 100 characters")
	}
	if in.SignOnMode != nil && *in.SignOnMode != "SAML_2_0" && *in.SignOnMode != "BROWSER_PLUGIN" {
		return invalid("signOnMode", "signOnMode: '"+*in.SignOnMode+"' is not supported by the app")
	}
	if t := in.Credentials.UserNameTemplate; t != nil {
		if _, ok := t.userName(&user{}); !ok {
			return invalid("credentials.userNameTemplate", "userNameTemplate: The expression is not valid")
		}
	}
	section, ok := in.Settings["app"]
	if !ok || section == nil {
		return nil
	}
	values, ok := section.(map[string]any)
	if !ok {
		return invalid("settings", "settings.app: must be an object")
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(allowed, key) {
			return invalid("settings", "'"+key+"' is not a valid setting of this app")
		}
		if _, ok := values[key].(string); !ok && values[key] != nil {
			return invalid("settings", key+": must be a string")
		}
	}
	return nil
}

// replace sets everything that a PUT replaces. What the body lacks falls back to its default, with two exceptions: the
// signing key stays, and provisioning (connection and features) isn't part of the body at all.
func (a *app) replace(in appInput) {
	values := map[string]any{}
	for _, key := range catalogue()[a.name] {
		values[key] = nil
	}
	if given, ok := in.Settings["app"].(map[string]any); ok {
		maps.Copy(values, given)
	}
	settings := map[string]any{
		"notifications":      map[string]any{"vpn": map[string]any{"network": map[string]any{"connection": "DISABLED"}, "message": nil, "helpUrl": nil}},
		"manualProvisioning": false, "implicitAssignment": false, "emOptInStatus": "NONE",
		"notes": map[string]any{"admin": nil, "enduser": nil},
	}
	if a.signOnMode == "SAML_2_0" {
		settings["signOn"] = map[string]any{
			"defaultRelayState": nil, "ssoAcsUrlOverride": nil, "audienceOverride": nil, "recipientOverride": nil, "destinationOverride": nil,
			"attributeStatements": []any{}, "configuredAttributeStatements": []any{}, "samlAssertionLifetimeSeconds": 300, "participateSlo": map[string]any{"enabled": false},
		}
	}
	for key, value := range in.Settings {
		if _, known := settings[key]; known && value != nil {
			settings[key] = value
		}
	}
	settings["app"] = values
	a.settings = settings
	a.visibility = orElse(in.Visibility, map[string]any{"autoLaunch": false, "autoSubmitToolbar": false, "hide": map[string]any{"iOS": false, "web": false}})
	a.accessibility = orElse(in.Accessibility, map[string]any{"selfService": false, "errorRedirectUrl": nil, "loginRedirectUrl": nil})
	a.profile = in.Profile
	a.template = nameTemplate{Template: "${source.login}", Type: "BUILT_IN"}
	if in.Credentials.UserNameTemplate != nil {
		a.template = *in.Credentials.UserNameTemplate
	}
}

func orElse(value, standard any) any {
	if value == nil {
		return standard
	}
	return value
}

func (o *Org) tile(r *http.Request, a *app) string {
	return o.at(r) + "/home/" + a.name + "/" + a.id + "/aln1ghfn5xxV7ZPbE1d8"
}

func (o *Org) appBody(c *call, a *app) any {
	self := o.at(c.Request) + "/api/v1/apps/" + a.id
	href := func(url string) map[string]any { return map[string]any{"href": url} }
	change := "activate"
	if a.status == statusActive {
		change = "deactivate"
	}
	links := map[string]any{
		"self": href(self), "users": href(self + "/users"), "groups": href(self + "/groups"), change: href(self + "/lifecycle/" + change),
		"logo":     []any{map[string]any{"name": "medium", "href": o.at(c.Request) + "/fs/logo.png", "type": "image/png"}},
		"appLinks": []any{map[string]any{"name": a.name + "_link", "href": o.tile(c.Request, a), "type": "text/html"}},
	}
	credentials := map[string]any{"userNameTemplate": a.template, "signing": map[string]any{}}
	if a.kid != "" {
		credentials["signing"] = map[string]any{"kid": a.kid}
		links["metadata"] = map[string]any{"href": self + "/sso/saml/metadata?kid=" + a.kid, "type": "application/xml"}
	}
	features := a.features
	if features == nil {
		features = []string{}
	}
	return map[string]any{
		"id": a.id, "orn": "orn:okta:idp:00o" + a.id[3:] + ":apps:" + a.name + ":" + a.id, "name": a.name, "label": a.label, "status": a.status,
		"created": stamp(a.created), "lastUpdated": stamp(a.changed), "signOnMode": a.signOnMode, "features": features,
		"settings": a.settings, "visibility": a.visibility, "accessibility": a.accessibility, "profile": a.profile,
		"credentials": credentials, "_links": links,
	}
}

// listApps knows inactive apps only when asked for them, and finds by the start of name or label (q) or by filter.
func (o *Org) listApps(c *call) (answer, error) {
	query := c.query
	match, err := parseFilter(query.Get("filter"), "id", "status", "name", "credentials.signing.kid", "user.id", "group.id")
	if err != nil {
		return answer{}, err
	}
	inactive := query.Get("includeNonDeleted") == "true"
	q := query.Get("q")
	return list(o, c, &o.apps, 20, 200, func(a *app) bool {
		return (inactive || a.status == statusActive) && match(a.attribute) && anyPrefix(strings.ToLower(q), a.name, a.label)
	}, func(a *app) any { return o.appBody(c, a) })
}

func (a *app) attribute(name string) []string {
	var values []string
	switch strings.ToLower(name) {
	case "id":
		values = []string{a.id}
	case "status":
		values = []string{a.status}
	case "name":
		values = []string{a.name}
	case "credentials.signing.kid":
		values = []string{a.kid}
	case "user.id":
		for au := range a.users.all() {
			values = append(values, au.user.id)
		}
	case "group.id":
		for assignment := range a.groups.all() {
			values = append(values, assignment.group.id)
		}
	}
	return values
}

func (o *Org) createApp(c *call) (answer, error) {
	var in appInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Name == identityCenterApp && in.Label == "" {
		in.Label = "AWS IAM Identity Center"
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	now := o.clock.Now()
	a := &app{id: o.newID("0oa", in.Name, in.Label), externalKey: o.newID("exk", in.Name, in.Label), name: in.Name, label: in.Label, status: statusActive, created: now, changed: now,
		signOnMode: "BROWSER_PLUGIN", linked: map[string]*user{}, former: map[string]string{}, doomed: map[string]string{}, retries: map[string]int{}}
	if in.SignOnMode != nil {
		a.signOnMode = *in.SignOnMode
	}
	if c.query.Get("activate") == "false" {
		a.status = statusInactive
	}
	if a.signOnMode == "SAML_2_0" {
		k, err := o.newKey(a, 10)
		if err != nil {
			return answer{}, err
		}
		a.kid = k.kid
	}
	a.replace(in)
	o.apps.put(a.id, a)
	c.effect, c.about["id"], c.about["label"] = "created", a.id, a.label
	o.log(c, "application.lifecycle.create", nil, a)
	return ok200(o.appBody(c, a)), nil
}

// pathApp is the app named in the path.
func (o *Org) pathApp(c *call) (*app, error) {
	id := c.PathValue("id")
	a, ok := o.apps.get(id)
	if !ok {
		return nil, notFound(id, "AppInstance")
	}
	return a, nil
}

func (o *Org) getApp(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	return ok200(o.appBody(c, a)), nil
}

// updateApp replaces the app's properties; partial updates lose what they lack.
func (o *Org) updateApp(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	var in appInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	in.Name = a.name
	if err := in.check(); err != nil {
		return answer{}, err
	}
	if in.SignOnMode != nil && *in.SignOnMode != a.signOnMode {
		return answer{}, invalid("signOnMode", "signOnMode: The sign-on mode of an existing app can't be changed this way")
	}
	kid := in.Credentials.Signing.KID
	if kid != "" && !a.keys.has(kid) {
		return answer{}, invalid("credentials.signing.kid", "kid: There is no such key")
	}
	before := *a
	a.label = in.Label
	if kid != "" {
		a.kid = kid
	}
	a.replace(in)
	c.about["label"] = a.label
	if !sameApp(before, *a) {
		c.effect = "changed"
		a.changed = o.clock.Now()
		o.log(c, "application.lifecycle.update", nil, a)
	}
	return ok200(o.appBody(c, a)), nil
}

// sameApp says whether a PUT changed nothing.
func sameApp(a, b app) bool {
	return a.label == b.label && a.kid == b.kid && a.template == b.template && reflect.DeepEqual(a.settings["app"], b.settings["app"]) &&
		reflect.DeepEqual(a.visibility, b.visibility) && reflect.DeepEqual(a.accessibility, b.accessibility)
}

func (o *Org) deleteApp(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	if a.status == statusActive {
		return answer{}, &apiError{http.StatusForbidden, "E0000056", "Delete application forbidden.", []string{"The application must be deactivated before deletion."}}
	}
	o.apps.remove(a.id)
	c.effect, c.about["label"] = "deleted", a.label
	o.log(c, "application.lifecycle.delete", nil, a)
	return noContent(), nil
}

// activateApp counts, for those who were not provisioned yet, as a new assignment.
func (o *Org) activateApp(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	if a.status != statusActive {
		a.status, a.changed, c.effect = statusActive, o.clock.Now(), "changed"
		o.log(c, "application.lifecycle.activate", nil, a)
		for au := range a.users.all() {
			o.want(a, au)
		}
	}
	return ok200(map[string]any{}), nil
}

func (o *Org) deactivateApp(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	if a.status == statusActive {
		a.status, a.changed, c.effect = statusInactive, o.clock.Now(), "changed"
		o.log(c, "application.lifecycle.deactivate", nil, a)
	}
	return ok200(map[string]any{}), nil
}
