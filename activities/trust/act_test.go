package trust_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

func activitiesOn(org *activitytest.OktaStub) *trust.Activities {
	return &trust.Activities{Okta: org, Waits: activitytest.OktaWaits()}
}

func wanted(appID string) trust.TrustInput {
	return trust.TrustInput{AppID: appID, ServiceProvider: trust.ServiceProvider{ACSURL: testACS, Issuer: testIssuer}}
}

func TestEstablishTrustWritesOnlyWhatChanges(t *testing.T) {
	org := &activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oa1", "L")}}
	result, err := activitiesOn(org).EstablishTrust(t.Context(), wanted("0oa1"))
	require.NoError(t, err)
	require.True(t, result.Changed)
	result, err = activitiesOn(org).EstablishTrust(t.Context(), wanted("0oa1"))
	require.NoError(t, err)
	require.False(t, result.Changed)
	require.Equal(t, []string{"put 0oa1"}, org.Writes)
}

func TestAWriteThatDoesNotShowIsMadeAgain(t *testing.T) {
	for lost, writes := range map[int]int{1: 2, 2: 3} {
		org := &activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oa1", "L")}, Lose: map[string]int{"put": lost}}
		result, err := activitiesOn(org).EstablishTrust(t.Context(), wanted("0oa1"))
		require.NoError(t, err)
		require.True(t, result.Changed)
		require.Equal(t, testACS, org.AppList[0].ACSURL)
		require.Len(t, org.Writes, writes)
	}
	org := &activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oa1", "L")}, Lose: map[string]int{"put": 99}}
	_, err := activitiesOn(org).EstablishTrust(t.Context(), wanted("0oa1"))
	f := activitytest.RequireClass(t, err, fault.NotReady)
	require.Contains(t, f.Message, "does not show them yet")
	require.Equal(t, activitytest.OktaWaits().Console, f.RetryAfter)
	require.Len(t, org.Writes, 3, "bounded")
}

func TestEstablishTrustNoticesWhatAPutBrokeBesides(t *testing.T) {
	for says, damage := range map[string]func(*model.App){
		"PUSH_NEW_USERS": func(app *model.App) { app.Features = nil },
		"signing key":    func(app *model.App) { app.KeyID = "k2" },
	} {
		app := activitytest.SAMLApp("0oa1", "L")
		app.Features = []string{"PUSH_NEW_USERS"}
		_, err := activitiesOn(&activitytest.OktaStub{AppList: []model.App{app}, AfterPut: damage}).EstablishTrust(t.Context(), wanted("0oa1"))
		require.Contains(t, activitytest.RequireClass(t, err, fault.Invalid).Error(), says)
	}
}

func TestEstablishingTrustKeepsWhatElseTheAppHas(t *testing.T) {
	w := activitytest.NewOktaWorld(t)
	app := w.App(t)
	look := func() map[string]any {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Org.URL()+"/api/v1/apps/"+app.ID, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "SSWS "+w.Token)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		var body map[string]any
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&body))
		return body
	}
	before := look()
	w.Lose(t, "PUT /api/v1/apps/{id}", 1)
	result, err := (&trust.Activities{Okta: w.Org, Waits: w.Waits}).EstablishTrust(t.Context(), wanted(app.ID))
	require.NoError(t, err)
	require.True(t, result.Changed)
	require.Equal(t, 1, w.Effects(t)["PUT /api/v1/apps/{id} changed"], "the lost one was made again, once")
	after := look()
	settings := func(body map[string]any) map[string]any { return body["settings"].(map[string]any) }
	require.Equal(t, map[string]any{"acsURL": testACS, "entityID": testIssuer}, settings(after)["app"])
	require.NotEmpty(t, settings(after)["signOn"])
	settings(after)["app"], after["lastUpdated"] = settings(before)["app"], before["lastUpdated"]
	require.Equal(t, before, after)

	state, err := trust.Look(t.Context(), trust.Sources{Okta: w.Org}, trust.Where{AppID: app.ID})
	require.NoError(t, err)
	require.Equal(t, testIssuer, state.App.EntityID)
}

func TestTheValuesThatTheConsoleShowsPass(t *testing.T) {
	w := activitytest.NewOktaWorld(t)
	app, shown := w.Trusted(t)
	x := &trust.Activities{Okta: w.Org, Waits: w.Waits}
	for _, values := range []map[string]string{
		{onboarding.ValueMetadata: shown.Metadata, onboarding.ValuePortalURL: shown.PortalURL},
		{onboarding.ValueACSURL: shown.ACSURL, onboarding.ValueIssuerURL: shown.IssuerURL, onboarding.ValuePortalURL: shown.PortalURL},
	} {
		provider, err := x.CheckServiceProvider(t.Context(), trust.CheckServiceProviderInput{AppID: app.ID, Region: activitytest.Region,
			Values: values})
		require.NoError(t, err)
		require.Equal(t, trust.ServiceProvider{ACSURL: shown.ACSURL, Issuer: shown.IssuerURL, PortalURL: shown.PortalURL}, provider)
		result, err := x.EstablishTrust(t.Context(), trust.TrustInput{AppID: app.ID, ServiceProvider: provider})
		require.NoError(t, err)
		require.False(t, result.Changed)
	}
}

// TestValuesAloneAreNoTrust: the identity source was changed, in CloudTrail it shows, and nothing says that it was to this app.
func TestValuesAloneAreNoTrust(t *testing.T) {
	org := &activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oa1", "L")}}
	org.AppList[0].ACSURL, org.AppList[0].EntityID = testACS, testIssuer
	where := trust.Where{Region: "us-east-1", IdentityStoreID: testStore, AppID: "0oa1"}
	seen, err := activitiesOn(org).SeeTrust(t.Context(), where)
	require.NoError(t, err)
	require.Equal(t, trust.SeenTrust{Fits: true}, seen)

	where.Exchanged = true
	seen, err = activitiesOn(org).SeeTrust(t.Context(), where)
	require.NoError(t, err)
	require.True(t, seen.InPlace)
	require.Contains(t, seen.Why, "a run before")

	where.AppID = "0oaGone"
	_, err = activitiesOn(org).SeeTrust(t.Context(), where)
	activitytest.RequireClass(t, err, fault.Invalid)
}

// TestPeopleWhoCameThroughItTieAnAppToTheInstance: provisioning that ends elsewhere ties nothing.
func TestPeopleWhoCameThroughItTieAnAppToTheInstance(t *testing.T) {
	for name, c := range map[string]struct {
		answer  activitytest.Object
		inPlace bool
	}{
		"they are in its directory":     {activitytest.Object{"UserId": "u1", "UserName": "ada@example.com", "IdentityStoreId": testStore}, true},
		"they are in another directory": {activitytest.Object{"__type": "ResourceNotFoundException", "message": "USER not found"}, false},
		"nobody may look":               {activitytest.Object{"__type": "AccessDeniedException", "message": "not authorized"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			clouds := activitytest.CannedAWS{"DescribeUser": c.answer}.Start(t)
			org := &activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oa1", "L")},
				Users: []model.AppUser{{ID: "00u0"}, {ID: "00u1", ExternalID: "u1", Status: "PROVISIONED"}}}
			org.AppList[0].ACSURL, org.AppList[0].EntityID, org.AppList[0].Features = testACS, testIssuer, []string{"PUSH_NEW_USERS"}
			x := &trust.Activities{AWS: clouds, Okta: org}
			seen, err := x.SeeTrust(t.Context(), trust.Where{Region: "us-east-1", IdentityStoreID: testStore, AppID: "0oa1"})
			require.NoError(t, err)
			require.Equal(t, c.inPlace, seen.InPlace)
			require.True(t, seen.Fits)
		})
	}
}
