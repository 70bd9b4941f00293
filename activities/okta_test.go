package activities_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// oktaStub is an org in memory that keeps the order of writes.
type oktaStub struct {
	activities.Okta // whatever a test does not need panics

	apps      []oktaorg.App
	groups    map[string]oktaorg.Group
	members   map[string][]oktaorg.User
	people    map[string]oktaorg.User
	appGroups []string
	appUsers  []oktaorg.AppUser
	mappings  []oktaorg.Mapping
	failures  []oktaorg.LogEvent
	metadata  string

	connection oktaorg.Connection
	writes     []string

	// createErr comes after an app was created in spite of it; hidden is how many looks do not see the new app.
	createErr error
	hidden    int
	// afterPut is what else a PUT does to the app.
	afterPut func(*oktaorg.App)
	// refuse are errors by operation: connection, connect, mappings, push, assign-user, failures.
	refuse map[string]error
}

func (o *oktaStub) URL() string { return "https://acme.okta.com" }

func (o *oktaStub) wrote(what ...string) { o.writes = append(o.writes, strings.Join(what, " ")) }

func (o *oktaStub) Apps(context.Context) ([]oktaorg.App, error) { return slices.Clone(o.apps), nil }

func (o *oktaStub) App(_ context.Context, id string) (oktaorg.App, error) {
	for _, app := range o.apps {
		if app.ID == id && o.hidden == 0 {
			return app, nil
		}
	}
	o.hidden = max(o.hidden-1, 0)
	return oktaorg.App{}, fault.New(fault.NotFound, "okta", "get", "no app %s", id)
}

func (o *oktaStub) CreateApp(_ context.Context, label string) (oktaorg.App, error) {
	o.wrote("create", label)
	app := oktaorg.App{ID: "0oaNew", Name: oktaorg.AppName, Label: label, Status: "ACTIVE", SignOnMode: "SAML_2_0", Created: time.Now(), KeyID: "k"}
	o.apps = append(o.apps, app)
	if o.createErr != nil {
		return oktaorg.App{}, o.createErr
	}
	return app, nil
}

func (o *oktaStub) SetServiceProvider(_ context.Context, id, acsURL, entityID string) error {
	o.wrote("put", id)
	for i := range o.apps {
		if o.apps[i].ID == id {
			o.apps[i].ACSURL, o.apps[i].EntityID = acsURL, entityID
			if o.afterPut != nil {
				o.afterPut(&o.apps[i])
			}
		}
	}
	return nil
}

func (o *oktaStub) Metadata(context.Context, string) ([]byte, error) { return []byte(o.metadata), nil }

func (o *oktaStub) Connection(context.Context, string) (oktaorg.Connection, error) {
	return o.connection, o.refuse["connection"]
}

func (o *oktaStub) Connect(_ context.Context, _, baseURL, token string) error {
	o.wrote("connect", baseURL, token)
	if err := o.refuse["connect"]; err != nil {
		return err
	}
	o.connection.Status = "ENABLED"
	return nil
}

func (o *oktaStub) Group(_ context.Context, name string) (oktaorg.Group, error) {
	if group, ok := o.groups[name]; ok {
		return group, nil
	}
	return oktaorg.Group{}, fault.New(fault.NotFound, "okta", "group", "no group %s", name)
}

func (o *oktaStub) GroupUsers(_ context.Context, id string, page func([]oktaorg.User) error) error {
	return page(o.members[id])
}

func (o *oktaStub) AppGroups(context.Context, string) ([]string, error) { return o.appGroups, nil }

func (o *oktaStub) AssignGroup(_ context.Context, _, id string) error {
	o.wrote("assign-group", id)
	if !slices.Contains(o.appGroups, id) {
		o.appGroups = append(o.appGroups, id)
	}
	return nil
}

func (o *oktaStub) UserByLogin(_ context.Context, login string) (oktaorg.User, error) {
	if user, ok := o.people[login]; ok {
		return user, nil
	}
	return oktaorg.User{}, fault.New(fault.NotFound, "okta", "user", "nobody is %s", login)
}

func (o *oktaStub) AssignUser(_ context.Context, _, id string) error {
	o.wrote("assign-user", id)
	if err := o.refuse["assign-user"]; err != nil {
		return err
	}
	o.appUsers = append(o.appUsers, oktaorg.AppUser{ID: id, Status: "STAGED", Scope: "USER"})
	return nil
}

func (o *oktaStub) AppUsers(_ context.Context, _ string, page func([]oktaorg.AppUser) error) error {
	return page(o.appUsers)
}

func (o *oktaStub) Mappings(context.Context, string) ([]oktaorg.Mapping, error) {
	return slices.Clone(o.mappings), o.refuse["mappings"]
}

func (o *oktaStub) CreateMapping(_ context.Context, _, groupID, name string) (oktaorg.Mapping, error) {
	o.wrote("push", groupID, name)
	if err := o.refuse["push"]; err != nil {
		return oktaorg.Mapping{}, err
	}
	mapping := oktaorg.Mapping{ID: "gPm" + groupID, SourceGroupID: groupID, Status: "ACTIVE"}
	o.mappings = append(o.mappings, mapping)
	return mapping, nil
}

func (o *oktaStub) SetMappingStatus(_ context.Context, _, id, status string) error {
	o.wrote("set", id, status)
	for i := range o.mappings {
		if o.mappings[i].ID == id {
			o.mappings[i].Status = status
		}
	}
	return nil
}

func (o *oktaStub) DeleteMapping(_ context.Context, _, id string) error {
	o.wrote("delete", id)
	o.mappings = slices.DeleteFunc(o.mappings, func(m oktaorg.Mapping) bool { return m.ID == id })
	return nil
}

func (o *oktaStub) ProvisioningFailures(context.Context, string, time.Time, time.Time, int) ([]oktaorg.LogEvent, error) {
	return o.failures, o.refuse["failures"]
}

// oktaWaits are short enough for tests and long enough to be told apart.
func oktaWaits() activities.Waits {
	return activities.Waits{Console: 20 * time.Millisecond, Sync: 30 * time.Millisecond, Settle: time.Minute}
}

func appWith(org *oktaStub) *activities.App { return &activities.App{Okta: org, Waits: oktaWaits()} }

func requireClass(t *testing.T, err error, class fault.Class) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	require.ErrorAs(t, err, &f)
	require.Equal(t, class, f.Class, f.Error())
	return f
}

func samlApp(id, label string) oktaorg.App {
	return oktaorg.App{ID: id, Name: oktaorg.AppName, Label: label, Status: "ACTIVE", SignOnMode: "SAML_2_0", Created: time.Now().Add(-time.Hour), KeyID: "k"}
}

func TestEnsureAppCreatesOnceAndAdoptsAfterwards(t *testing.T) {
	org := &oktaStub{apps: []oktaorg.App{samlApp("0oaOther", "AWS Account for others")}, hidden: 2}
	in := activities.EnsureAppInput{Label: "AWS IAM Identity Center", Since: time.Now()}
	first, err := appWith(org).EnsureApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, first.App.Origin)
	require.Equal(t, "https://acme-admin.okta.com/admin/app/amazon_aws_sso/instance/0oaNew/", first.App.AdminURL)
	second, err := appWith(org).EnsureApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Equal(t, []string{"create AWS IAM Identity Center"}, org.writes)
}

func TestEnsureAppAfterALostAnswerFindsTheAppThatItMade(t *testing.T) {
	org := &oktaStub{createErr: fault.New(fault.Unavailable, "okta", "create", "the connection was closed")}
	in := activities.EnsureAppInput{Label: "L", Since: time.Now()}
	_, err := appWith(org).EnsureApp(t.Context(), in)
	require.Equal(t, oktaWaits().Console, requireClass(t, err, fault.Unavailable).RetryAfter)
	result, err := appWith(org).EnsureApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, result.App.Origin)
	require.Len(t, org.writes, 1)
}

func TestEnsureAppAmongSeveral(t *testing.T) {
	inactive, otherMode := samlApp("0oa3", "Old"), samlApp("0oa4", "Plugin")
	inactive.Status, otherMode.SignOnMode = "INACTIVE", "BROWSER_PLUGIN"
	org := &oktaStub{apps: []oktaorg.App{samlApp("0oa1", "Twin"), samlApp("0oa2", "Twin"), inactive, otherMode}}
	app := appWith(org)

	twins, err := app.EnsureApp(t.Context(), activities.EnsureAppInput{Label: "Twin"})
	require.NoError(t, err)
	require.Nil(t, twins.App)
	require.Len(t, twins.Candidates, 2)

	chosen, err := app.EnsureApp(t.Context(), activities.EnsureAppInput{Label: "Twin", AppID: "0oa2"})
	require.NoError(t, err)
	require.Equal(t, "0oa2", chosen.App.ID)
	require.Equal(t, onboarding.OriginAdopted, chosen.App.Origin)

	_, err = app.EnsureApp(t.Context(), activities.EnsureAppInput{Label: "Twin", AppID: "0oaGone"})
	requireClass(t, err, fault.NotFound)
	_, err = app.EnsureApp(t.Context(), activities.EnsureAppInput{Label: "Old"})
	require.Contains(t, requireClass(t, err, fault.Invalid).Error(), "INACTIVE")
	_, err = app.EnsureApp(t.Context(), activities.EnsureAppInput{Label: "Plugin"})
	require.Contains(t, requireClass(t, err, fault.Invalid).Error(), "SAML 2.0")
	require.Empty(t, org.writes)
}

func TestEstablishTrustWritesOnlyWhatChanges(t *testing.T) {
	org := &oktaStub{apps: []oktaorg.App{samlApp("0oa1", "L")}}
	in := activities.TrustInput{AppID: "0oa1", ServiceProvider: activities.ServiceProvider{ACSURL: "https://acs", Issuer: "https://issuer"}}
	result, err := appWith(org).EstablishTrust(t.Context(), in)
	require.NoError(t, err)
	require.True(t, result.Changed)
	result, err = appWith(org).EstablishTrust(t.Context(), in)
	require.NoError(t, err)
	require.False(t, result.Changed)
	require.Equal(t, []string{"put 0oa1"}, org.writes)
}

func TestEstablishTrustNoticesWhatAPutBrokeBesides(t *testing.T) {
	in := activities.TrustInput{AppID: "0oa1", ServiceProvider: activities.ServiceProvider{ACSURL: "https://acs", Issuer: "https://issuer"}}
	for says, damage := range map[string]func(*oktaorg.App){
		"PUSH_NEW_USERS": func(app *oktaorg.App) { app.Features = nil },
		"signing key":    func(app *oktaorg.App) { app.KeyID = "k2" },
	} {
		app := samlApp("0oa1", "L")
		app.Features = []string{"PUSH_NEW_USERS"}
		_, err := appWith(&oktaStub{apps: []oktaorg.App{app}, afterPut: damage}).EstablishTrust(t.Context(), in)
		require.Contains(t, requireClass(t, err, fault.Invalid).Error(), says)
	}
}

func TestFetchIdPMetadataRefusesWhatIsNoMetadata(t *testing.T) {
	org := &oktaStub{metadata: `{"errorCode":"E0000007"}`}
	_, err := appWith(org).FetchIdPMetadata(t.Context(), activities.AppInput{AppID: "0oa1"})
	requireClass(t, err, fault.Invalid)
}
