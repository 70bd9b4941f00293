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
	state, err := oktaapp.Look(t.Context(), w.Org, spec)
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
