package activitytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
)

// OktaStub is an org in memory that keeps the order of writes.
type OktaStub struct {
	provider.Okta // whatever a test does not need panics

	AppList   []model.App
	GroupList map[string]model.Group
	Members   map[string][]model.User
	People    map[string]model.User
	Assigned  []string
	Users     []model.AppUser
	Pushes    []model.Mapping
	Failures  []model.LogEvent
	// LetIn are the sign-ins that Okta logged, the newest first.
	LetIn     []model.LogEvent
	Succeeded time.Time
	XML       string

	Connected model.Connection
	Writes    []string

	// CreateErr comes after an app was created in spite of it; Hidden is how many looks do not see the new app.
	CreateErr error
	Hidden    int
	// AfterPut is what else a PUT does to the app.
	AfterPut func(*model.App)
	// Refuse are errors by operation: apps, metadata, connection, connect, group, assigned, mappings, push, assign-user, failures.
	Refuse map[string]error
	// Lose is how many writes are acknowledged and lost, by the first word of what Writes says; "features" is the second half of
	// a connection.
	Lose map[string]int
}

// OktaWaits are short enough for tests and long enough to be told apart.
func OktaWaits() provider.Waits {
	return provider.Waits{Console: 20 * time.Millisecond, Sync: 30 * time.Millisecond, Settle: time.Minute,
		Propagation: 400 * time.Millisecond}
}

// RequireClass checks the class of an activity's error, and returns the fault.
func RequireClass(t *testing.T, err error, class fault.Class) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	require.ErrorAs(t, err, &f)
	require.Equal(t, class, f.Class, f.Error())
	return f
}

// SAMLApp is an app as a run wants it.
func SAMLApp(id, label string) model.App {
	return model.App{ID: id, Name: model.AppName, Label: label, Status: "ACTIVE", SignOnMode: "SAML_2_0",
		Created: time.Now().Add(-time.Hour), KeyID: "k"}
}

// wrote keeps a write, and says whether it takes effect.
func (o *OktaStub) wrote(what ...string) bool {
	o.Writes = append(o.Writes, strings.Join(what, " "))
	if o.Lose[what[0]] > 0 {
		o.Lose[what[0]]--
		return false
	}
	return true
}

// URL is the org's address.
func (o *OktaStub) URL() string { return "https://example.okta.com" }

// Apps lists all apps.
func (o *OktaStub) Apps(context.Context) ([]model.App, error) {
	return slices.Clone(o.AppList), o.Refuse["apps"]
}

// App reads one app.
func (o *OktaStub) App(_ context.Context, id string) (model.App, error) {
	for _, app := range o.AppList {
		if app.ID == id && o.Hidden == 0 {
			return app, nil
		}
	}
	o.Hidden = max(o.Hidden-1, 0)
	return model.App{}, fault.New(fault.NotFound, "okta", "get", "no app %s", id)
}

// CreateApp creates an app.
func (o *OktaStub) CreateApp(_ context.Context, label string) (model.App, error) {
	app := SAMLApp(fmt.Sprintf("0oaNew%d", len(o.Writes)), label)
	app.Created = time.Now()
	if o.wrote("create", label) {
		o.AppList = append(o.AppList, app)
	}
	if o.CreateErr != nil {
		return model.App{}, o.CreateErr
	}
	return app, nil
}

// SetServiceProvider writes the two URLs.
func (o *OktaStub) SetServiceProvider(_ context.Context, id, acsURL, entityID string) error {
	if !o.wrote("put", id) {
		return nil
	}
	for i := range o.AppList {
		if o.AppList[i].ID == id {
			o.AppList[i].ACSURL, o.AppList[i].EntityID = acsURL, entityID
			if o.AfterPut != nil {
				o.AfterPut(&o.AppList[i])
			}
		}
	}
	return nil
}

// Metadata is XML.
func (o *OktaStub) Metadata(context.Context, string) ([]byte, error) {
	return []byte(o.XML), o.Refuse["metadata"]
}

// Connection reads the provisioning connection.
func (o *OktaStub) Connection(context.Context, string) (model.Connection, error) {
	return o.Connected, o.Refuse["connection"]
}

// Connect sets the provisioning connection.
func (o *OktaStub) Connect(_ context.Context, _, baseURL, token string) error {
	if !o.wrote("connect", baseURL, token) {
		return nil
	}
	if err := o.Refuse["connect"]; err != nil {
		return err
	}
	o.Connected.Status = "ENABLED"
	if o.Lose["features"] > 0 {
		o.Lose["features"]--
		return nil
	}
	for i := range o.AppList {
		o.AppList[i].Features = []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"}
	}
	return nil
}

// Group finds a group by its name.
func (o *OktaStub) Group(_ context.Context, name string) (model.Group, error) {
	if err := o.Refuse["group"]; err != nil {
		return model.Group{}, err
	}
	if group, ok := o.GroupList[name]; ok {
		return group, nil
	}
	return model.Group{}, fault.New(fault.NotFound, "okta", "group", "no group %s", name)
}

// GroupName is the name of a group.
func (o *OktaStub) GroupName(_ context.Context, id string) (string, error) {
	for _, group := range o.GroupList {
		if group.ID == id {
			return group.Name, nil
		}
	}
	return "", fault.New(fault.NotFound, "okta", "group", "no group %s", id)
}

// GroupUsers are the members, in one page.
func (o *OktaStub) GroupUsers(_ context.Context, id string, page func([]model.User) error) error {
	return page(o.Members[id])
}

// AppGroups are the assigned groups.
func (o *OktaStub) AppGroups(context.Context, string) ([]string, error) {
	return slices.Clone(o.Assigned), o.Refuse["assigned"]
}

// AssignGroup assigns a group; those of its members whose status says ACTIVE are STAGED from then on.
func (o *OktaStub) AssignGroup(_ context.Context, _, id string) error {
	if !o.wrote("assign-group", id) {
		return nil
	}
	if !slices.Contains(o.Assigned, id) {
		o.Assigned = append(o.Assigned, id)
	}
	for i := range o.Users {
		if o.Users[i].ExternalID == "" && slices.ContainsFunc(o.Members[id],
			func(member model.User) bool { return member.ID == o.Users[i].ID }) {
			o.Users[i].Status = "STAGED"
		}
	}
	return nil
}

// UserByLogin reads one person.
func (o *OktaStub) UserByLogin(_ context.Context, login string) (model.User, error) {
	if user, ok := o.People[login]; ok {
		return user, nil
	}
	return model.User{}, fault.New(fault.NotFound, "okta", "user", "nobody is %s", login)
}

// AssignUser assigns one person.
func (o *OktaStub) AssignUser(_ context.Context, _, id string) error {
	if !o.wrote("assign-user", id) {
		return nil
	}
	if err := o.Refuse["assign-user"]; err != nil {
		return err
	}
	if !slices.ContainsFunc(o.Users, func(u model.AppUser) bool { return u.ID == id }) {
		o.Users = append(o.Users, model.AppUser{ID: id, Status: "STAGED", Scope: "USER"})
	}
	return nil
}

// AppUser reads one person's assignment.
func (o *OktaStub) AppUser(_ context.Context, _, id string) (model.AppUser, error) {
	for _, user := range o.Users {
		if user.ID == id {
			return user, nil
		}
	}
	return model.AppUser{}, fault.New(fault.NotFound, "okta", "app user", "%s is not assigned", id)
}

// AppUsers are all assigned people, in one page.
func (o *OktaStub) AppUsers(_ context.Context, _ string, page func([]model.AppUser) error) error {
	return page(slices.Clone(o.Users))
}

// Mappings are the group pushes.
func (o *OktaStub) Mappings(context.Context, string) ([]model.Mapping, error) {
	return slices.Clone(o.Pushes), o.Refuse["mappings"]
}

// CreateMapping pushes a group; Okta refuses a second push of one group.
func (o *OktaStub) CreateMapping(_ context.Context, _, groupID, name string) (model.Mapping, error) {
	mapping := model.Mapping{ID: "gPm" + groupID, SourceGroupID: groupID, Status: "ACTIVE"}
	if !o.wrote("push", groupID, name) {
		return mapping, nil
	}
	if err := o.Refuse["push"]; err != nil {
		return model.Mapping{}, err
	}
	if slices.ContainsFunc(o.Pushes, func(m model.Mapping) bool { return m.SourceGroupID == groupID }) {
		return model.Mapping{}, fault.New(fault.Invalid, "okta", "push", "The group %s is already pushed to this app.", name)
	}
	o.Pushes = append(o.Pushes, mapping)
	return mapping, nil
}

// SetMappingStatus switches a push on or off.
func (o *OktaStub) SetMappingStatus(_ context.Context, _, id, status string) error {
	if !o.wrote("set", id, status) {
		return nil
	}
	for i := range o.Pushes {
		if o.Pushes[i].ID == id {
			o.Pushes[i].Status = status
		}
	}
	return nil
}

// DeleteMapping removes a push.
func (o *OktaStub) DeleteMapping(_ context.Context, _, id string) error {
	if o.wrote("delete", id) {
		o.Pushes = slices.DeleteFunc(o.Pushes, func(m model.Mapping) bool { return m.ID == id })
	}
	return nil
}

// ProvisioningFailures are the failed events.
func (o *OktaStub) ProvisioningFailures(context.Context, string, time.Time, time.Time, int) ([]model.LogEvent, error) {
	return o.Failures, o.Refuse["failures"]
}

// SignOns are the people who were let in.
func (o *OktaStub) SignOns(context.Context, string, time.Time, time.Time, int) ([]model.LogEvent, error) {
	return o.LetIn, o.Refuse["sign-ons"]
}

// LastProvisioned is when something was provisioned last.
func (o *OktaStub) LastProvisioned(context.Context, string, time.Time, time.Time) (time.Time, error) {
	return o.Succeeded, o.Refuse["failures"]
}
