package oktaapp_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const label = "AWS IAM Identity Center"

func activitiesOn(org *activitytest.OktaStub) *oktaapp.Activities {
	return &oktaapp.Activities{Okta: org, Waits: activitytest.OktaWaits()}
}

func TestEnsureAppCreatesOnceAndAdoptsAfterwards(t *testing.T) {
	org := &activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oaOther", "AWS Account for others")}, Hidden: 2}
	in := oktaapp.EnsureAppInput{Label: label, Since: time.Now()}
	first, err := activitiesOn(org).EnsureApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, first.App.Origin)
	require.Equal(t, "https://example-admin.okta.com/admin/app/amazon_aws_sso/instance/0oaNew0/", first.App.AdminURL)
	second, err := activitiesOn(org).EnsureApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, first.App, second.App)
	require.Equal(t, []string{"create AWS IAM Identity Center"}, org.Writes)
}

func TestEnsureAppAfterALostAnswerFindsTheAppThatItMade(t *testing.T) {
	org := &activitytest.OktaStub{CreateErr: fault.New(fault.Unavailable, "okta", "create", "the connection was closed")}
	in := oktaapp.EnsureAppInput{Label: "L", Since: time.Now()}
	_, err := activitiesOn(org).EnsureApp(t.Context(), in)
	require.Equal(t, activitytest.OktaWaits().Console, activitytest.RequireClass(t, err, fault.Unavailable).RetryAfter)
	result, err := activitiesOn(org).EnsureApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, result.App.Origin)
	require.Len(t, org.Writes, 1)
}

func TestAnAppThatWasCreatedAndLostIsMadeAgain(t *testing.T) {
	org := &activitytest.OktaStub{Lose: map[string]int{"create": 1}}
	result, err := activitiesOn(org).EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: label, Since: time.Now()})
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, result.App.Origin)
	require.Len(t, org.AppList, 1)
	require.Equal(t, org.AppList[0].ID, result.App.ID)

	org = &activitytest.OktaStub{Lose: map[string]int{"create": 99}}
	_, err = activitiesOn(org).EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: label})
	require.Contains(t, activitytest.RequireClass(t, err, fault.NotReady).Error(), "does not show it yet")
	require.Len(t, org.Writes, 2, "bounded")
}

func TestAnAppThatShowsLateInOneReadIsNotMadeTwice(t *testing.T) {
	org := &activitytest.OktaStub{Hidden: 1 << 30} // only the list shows it
	result, err := activitiesOn(org).EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: label, Since: time.Now()})
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginCreated, result.App.Origin)
	require.Len(t, org.Writes, 1)
}

func TestEnsureAppAmongSeveral(t *testing.T) {
	inactive, otherMode := activitytest.SAMLApp("0oa3", "Old"), activitytest.SAMLApp("0oa4", "Plugin")
	inactive.Status, otherMode.SignOnMode = "INACTIVE", "BROWSER_PLUGIN"
	org := &activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oa1", "Twin"), activitytest.SAMLApp("0oa2", "Twin"),
		inactive, otherMode}}
	x := activitiesOn(org)

	twins, err := x.EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: "Twin"})
	require.NoError(t, err)
	require.Nil(t, twins.App)
	require.Len(t, twins.Candidates, 2)

	chosen, err := x.EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: "Twin", AppID: "0oa2"})
	require.NoError(t, err)
	require.Equal(t, "0oa2", chosen.App.ID)
	require.Equal(t, onboarding.OriginAdopted, chosen.App.Origin)
	require.Empty(t, chosen.Candidates)

	_, err = x.EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: "Twin", AppID: "0oaGone"})
	activitytest.RequireClass(t, err, fault.NotFound)
	_, err = x.EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: "Old"})
	require.Contains(t, activitytest.RequireClass(t, err, fault.Invalid).Error(), "INACTIVE")
	_, err = x.EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: "Plugin"})
	require.Contains(t, activitytest.RequireClass(t, err, fault.Invalid).Error(), "SAML 2.0")
	require.Empty(t, org.Writes)
}

func TestFetchIdPMetadataRefusesWhatIsNoMetadata(t *testing.T) {
	org := &activitytest.OktaStub{XML: `{"errorCode":"E0000007"}`}
	_, err := activitiesOn(org).FetchIdPMetadata(t.Context(), oktaapp.AppInput{AppID: "0oa1"})
	f := activitytest.RequireClass(t, err, fault.Invalid)
	require.Contains(t, f.Message, "Okta's metadata cannot be used")
	require.Contains(t, f.Remedy, "SAML Signing Certificates")
}

func TestTheAppOfTheSimulatedOrg(t *testing.T) {
	w := activitytest.NewOktaWorld(t)
	x := &oktaapp.Activities{Okta: w.Org, Waits: w.Waits}
	since := time.Now()
	ensure := func() oktaapp.OktaApp {
		result := activitytest.Await(t, func() (oktaapp.EnsureAppResult, error) {
			return x.EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: label, Since: since})
		})
		require.NotNil(t, result.App)
		return *result.App
	}
	w.Lose(t, "POST /api/v1/apps", 1)
	app := ensure()
	require.Equal(t, onboarding.OriginCreated, app.Origin)
	require.Equal(t, app.ID, ensure().ID)
	apps, err := w.Org.Apps(t.Context())
	require.NoError(t, err)
	require.Len(t, apps, 1)
	require.Equal(t, 1, w.Effects(t)["POST /api/v1/apps created"])

	metadata, err := x.FetchIdPMetadata(t.Context(), oktaapp.AppInput{AppID: app.ID})
	require.NoError(t, err)
	require.Contains(t, metadata.XML, metadata.EntityID)
	require.True(t, metadata.NotAfter.After(time.Now()))

	spec := onboarding.Spec{Okta: onboarding.OktaSpec{AppLabel: label}}
	state, err := oktaapp.Look(t.Context(), w.Org, spec, "")
	require.NoError(t, err)
	require.Equal(t, app.ID, state.App.ID)
	require.False(t, state.Undecided)
	for _, verdict := range oktaapp.Judge(spec, state) {
		require.Contains(t, []onboarding.VerdictKind{onboarding.VerdictAdopt, onboarding.VerdictKeep}, verdict.Kind, "%+v", verdict)
	}
}

func TestALostAnswerToCreatingTheAppMakesNoSecondApp(t *testing.T) {
	w := activitytest.NewOktaWorld(t)
	require.NoError(t,
		w.SetFaults(t.Context(), []sandbox.Fault{{Service: "okta", Operation: "POST /api/v1/apps", Kind: sandbox.FaultLostAnswer, Times: 1}}))
	x := &oktaapp.Activities{Okta: w.Org, Waits: w.Waits}
	in := oktaapp.EnsureAppInput{Label: label, Since: time.Now()}
	_, err := x.EnsureApp(t.Context(), in)
	activitytest.RequireClass(t, err, fault.Unavailable)
	result := activitytest.Await(t, func() (oktaapp.EnsureAppResult, error) { return x.EnsureApp(t.Context(), in) })
	require.Equal(t, onboarding.OriginCreated, result.App.Origin)
	require.Equal(t, 1, w.Effects(t)["POST /api/v1/apps created"])
}

func TestOktasRefusalsReachThePersonWhoCanHelp(t *testing.T) {
	w := activitytest.NewOktaWorld(t)
	x := &oktaapp.Activities{Okta: w.Org, Waits: w.Waits}
	for kind, class := range map[string]fault.Class{sandbox.FaultDeny: fault.Denied, sandbox.FaultHTML: fault.Unavailable} {
		require.NoError(t, w.SetFaults(t.Context(), []sandbox.Fault{{Service: "okta", Operation: "GET /api/v1/apps", Kind: kind}}))
		_, err := x.EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: label})
		f := activitytest.RequireClass(t, err, class)
		if class == fault.Denied {
			require.Contains(t, f.Error(), "okta.apps.read")
		}
	}
}

const (
	here      = "d-1234567890"
	elsewhere = "d-0987654321"
)

// of gives an app the values of an instance.
func of(app model.App, store string) model.App {
	app.ACSURL = "https://us-east-1.signin.aws.amazon.com/platform/saml/acs/00000000-0000-0000-0000-000000000000"
	app.EntityID = "https://us-east-1.signin.aws.amazon.com/platform/saml/" + store
	return app
}

// TestTheAppThatThisInstanceTrustsIsTheAppWhateverItsLabel: an organization whose production app has another label than the spec.
func TestTheAppThatThisInstanceTrustsIsTheAppWhateverItsLabel(t *testing.T) {
	org := &activitytest.OktaStub{AppList: []model.App{of(activitytest.SAMLApp("0oaProd", "AWS SSO (production)"), here)}}
	result, err := activitiesOn(org).EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: label, IdentityStoreID: here, Since: time.Now()})
	require.NoError(t, err)
	require.Equal(t, "0oaProd", result.App.ID)
	require.Equal(t, onboarding.BelongsHere, result.App.Belongs)
	require.Empty(t, org.Writes, "no second app")
}

func TestWhichAppsCouldBeTheOne(t *testing.T) {
	free, twin := activitytest.SAMLApp("0oaFree", label), activitytest.SAMLApp("0oaTwin", label)
	prod, other := of(activitytest.SAMLApp("0oaProd", "Production"), here), of(activitytest.SAMLApp("0oaOther", label), elsewhere)
	asleep := prod
	asleep.ID, asleep.Status = "0oaAsleep", "INACTIVE"
	odd := of(activitytest.SAMLApp("0oaOdd", label), "not-a-store")
	for name, c := range map[string]struct {
		apps []model.App
		// app is the one that is used, "new" for one that is made; several says between how many a person chooses.
		app     string
		several int
		refused string
	}{
		"none":                               {nil, "new", 0, ""},
		"one of the label without values":    {[]model.App{free}, "0oaFree", 0, ""},
		"one that belongs, and a stranger":   {[]model.App{prod, other}, "0oaProd", 0, ""},
		"one that belongs, one of the label": {[]model.App{prod, free}, "", 2, ""},
		"two of the label":                   {[]model.App{free, twin}, "", 2, ""},
		"only a stranger's":                  {[]model.App{other}, "", 0, "belongs to another Identity Center instance"},
		"a stranger's, and one of the label": {[]model.App{other, free}, "0oaFree", 0, ""},
		"one that belongs and is inactive":   {[]model.App{asleep}, "", 0, "INACTIVE"},
		"inactive beside one of the label":   {[]model.App{asleep, free}, "", 2, ""},
		"one whose values name no instance":  {[]model.App{odd}, "0oaOdd", 0, ""},
		"a stranger's of another label":      {[]model.App{of(activitytest.SAMLApp("0oaX", "X"), elsewhere)}, "new", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			org := &activitytest.OktaStub{AppList: c.apps, Users: []model.AppUser{{ID: "00u1"}, {ID: "00u2"}}}
			result, err := activitiesOn(org).EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: label, IdentityStoreID: here, Since: time.Now()})
			state, lookErr := oktaapp.Look(t.Context(), &activitytest.OktaStub{AppList: c.apps}, onboarding.Spec{Okta: onboarding.OktaSpec{AppLabel: label}},
				here)
			require.NoError(t, lookErr)
			switch {
			case c.refused != "":
				require.Contains(t, activitytest.RequireClass(t, err, fault.Invalid).Error(), c.refused)
				require.True(t, state.Undecided)
			case c.several > 0:
				require.NoError(t, err)
				require.Nil(t, result.App)
				require.Len(t, result.Candidates, c.several)
				for _, candidate := range result.Candidates {
					require.Equal(t, 2, *candidate.People)
					require.NotEmpty(t, candidate.Belongs)
				}
				require.True(t, state.Undecided)
			case c.app == "new":
				require.NoError(t, err)
				require.Equal(t, onboarding.OriginCreated, result.App.Origin)
				require.False(t, state.Undecided)
				require.Nil(t, state.App)
			default:
				require.NoError(t, err)
				require.Equal(t, c.app, result.App.ID)
				require.Equal(t, c.app, state.App.ID)
			}
			require.Equal(t, c.app == "new", len(org.Writes) > 0)
		})
	}
}

func TestAnAppOfAnotherOrganizationCannotBeChosen(t *testing.T) {
	org := &activitytest.OktaStub{AppList: []model.App{of(activitytest.SAMLApp("0oaOther", "Other"), elsewhere)}}
	_, err := activitiesOn(org).EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: label, IdentityStoreID: here, AppID: "0oaOther"})
	f := activitytest.RequireClass(t, err, fault.Invalid)
	require.Contains(t, f.Message, "would be cut off")
	require.Contains(t, f.Remedy, "okta.appLabel")
}

func TestAnotherAppIsMadeOnceBesideThoseThatAreThere(t *testing.T) {
	org := &activitytest.OktaStub{AppList: []model.App{of(activitytest.SAMLApp("0oaProd", "Production"), here), activitytest.SAMLApp("0oaFree", label)}}
	in := oktaapp.EnsureAppInput{Label: label, IdentityStoreID: here, New: true, Since: time.Now()}
	first, err := activitiesOn(org).EnsureApp(t.Context(), in)
	require.NoError(t, err)
	again, err := activitiesOn(org).EnsureApp(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, first.App.ID, again.App.ID)
	require.Len(t, org.Writes, 1)
}

func TestAnotherLabelThanTheSpecsIsAFinding(t *testing.T) {
	org := &activitytest.OktaStub{AppList: []model.App{of(activitytest.SAMLApp("0oaProd", "Production"), here)}, XML: idpMetadata(t, time.Now().AddDate(5, 0, 0))}
	spec := onboarding.Spec{Okta: onboarding.OktaSpec{AppLabel: label}}
	state, err := oktaapp.Look(t.Context(), org, spec, here)
	require.NoError(t, err)
	verdicts := oktaapp.Judge(spec, state)
	require.Equal(t, onboarding.VerdictAdopt, verdicts[0].Kind)
	require.Contains(t, verdicts[0].Reason, "belongs to this instance, as its entity ID says")
	require.Equal(t, onboarding.VerdictWarning, verdicts[1].Kind)
	require.Equal(t, "okta.appLabel", verdicts[1].Field)
	require.Equal(t, `Set okta.appLabel: "Production" in the spec.`, verdicts[1].Remedy)
	require.Empty(t, onboarding.Blocked(verdicts))
}
