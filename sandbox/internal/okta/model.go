package okta

import (
	"crypto/x509"
	"strings"
	"time"
)

// The states of people and apps.
const (
	statusActive        = "ACTIVE"
	statusInactive      = "INACTIVE"
	statusSuspended     = "SUSPENDED"
	statusDeprovisioned = "DEPROVISIONED"
	statusStaged        = "STAGED"
	statusProvisioned   = "PROVISIONED"
	statusError         = "ERROR"
)

// The features that the console's switches stand for (Okta API reference, Application, "features").
const (
	featureCreate     = "PUSH_NEW_USERS"
	featureUpdate     = "PUSH_PROFILE_UPDATES"
	featureDeactivate = "PUSH_USER_DEACTIVATION"
	featureReactivate = "REACTIVATE_USERS"
	featureGroupPush  = "GROUP_PUSH"
	featureSCIM       = "SCIM_PROVISIONING"
)

type user struct {
	id                   string
	status               string
	login, email         string
	first, last, display string
	created, changed     time.Time
}

type group struct {
	id, kind, name, description string
	created, changed            time.Time
	members                     table[*user]
	// source is the app that an APP_GROUP belongs to, externalID its ID over there once it has been pushed.
	source     *app
	externalID string
}

type app struct {
	id string
	// externalKey is what SAML calls the app (exk…); it is part of the IdP's entity ID.
	externalKey         string
	name, label, status string
	signOnMode          string
	created, changed    time.Time

	// These are what a PUT replaces.
	settings      map[string]any
	visibility    any
	accessibility any
	profile       any
	template      nameTemplate

	keys table[*signingKey]
	kid  string

	connection *connection
	features   []string

	users    table[*appUser]
	groups   table[*appGroup]
	mappings table[*mapping]
	// linked are the people who are provisioned, by the ID over there.
	linked map[string]*user
	// former are people who were provisioned and then lost the app: Okta user ID to the ID over there.
	former map[string]string
	// doomed are pushed groups that are to be deleted over there: mapping ID to the ID over there.
	doomed map[string]string
	// retries count the attempts of what no longer has an entry of its own to count them.
	retries map[string]int
}

// connection is what somebody typed into the Provisioning tab.
type connection struct {
	baseURL, token string
}

type signingKey struct {
	kid         string
	certificate *x509.Certificate
	created     time.Time
}

type appGroup struct {
	group    *group
	priority int
	profile  any
	changed  time.Time
}

type appUser struct {
	user       *user
	scope      string
	userName   string
	externalID string
	status     string
	syncState  string

	created, changed, statusChanged, lastSync time.Time
	// wanted says that a push is due or under way, attempts how often it was tried.
	wanted   bool
	attempts int
}

type mapping struct {
	id               string
	source, target   *group
	status           string
	errorSummary     string
	created, changed time.Time
	lastPush         time.Time

	// pushed are the members as they were last pushed: Okta user ID to the ID over there.
	pushed map[string]string
	// full says that the next push looks at all members; touched are single people whose membership changed.
	full     bool
	touched  map[string]bool
	attempts int
}

// nameTemplate is credentials.userNameTemplate.
type nameTemplate struct {
	Template   string `json:"template"`
	Type       string `json:"type"`
	Suffix     string `json:"userSuffix,omitempty"`
	PushStatus string `json:"pushStatus,omitempty"`
}

// userName fills the template. It reports false for an expression that Okta's built-in list doesn't have.
func (t nameTemplate) userName(u *user) (string, bool) {
	before := func(s string) string { name, _, _ := strings.Cut(s, "@"); return name }
	values := map[string]string{
		"${source.login}":                                          u.login,
		"${source.email}":                                          u.email,
		"${fn:toLowerCase(source.login)}":                          strings.ToLower(u.login),
		"${fn:toLowerCase(source.email)}":                          strings.ToLower(u.email),
		`${fn:substringBefore(source.login, "@")}`:                 before(u.login),
		`${fn:substringBefore(source.email, "@")}`:                 before(u.email),
		`${fn:toLowerCase(fn:substringBefore(source.login, "@"))}`: strings.ToLower(before(u.login)),
		`${fn:toLowerCase(fn:substringBefore(source.email, "@"))}`: strings.ToLower(before(u.email)),
	}
	name, ok := values[t.Template]
	return name + t.Suffix, ok
}

func (a *app) provisions(feature string) bool {
	if a.connection == nil || a.status != statusActive {
		return false
	}
	for _, f := range a.features {
		if f == feature {
			return true
		}
	}
	return false
}

// setting is settings.app's value of this key.
func (a *app) setting(key string) string {
	values, _ := a.settings["app"].(map[string]any)
	value, _ := values[key].(string)
	return value
}

// assignedBy says whether one of the assigned groups has this person.
func (a *app) assignedBy(userID string) bool {
	for assignment := range a.groups.all() {
		if assignment.group.members.has(userID) {
			return true
		}
	}
	return false
}
