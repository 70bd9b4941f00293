package trust_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

var spec = onboarding.Spec{Region: "us-east-1", Okta: onboarding.OktaSpec{AppLabel: "L"}}

// with is a state whose app has these values and features.
func with(acs, issuer string, features ...string) trust.State {
	app := activitytest.SAMLApp("0oa1", "L")
	app.ACSURL, app.EntityID, app.Features = acs, issuer, features
	return trust.State{OrgURL: "https://example.okta.com", App: &app, IdentityStoreID: testStore}
}

func changed(s trust.State) trust.State {
	s.SourceChanged = true
	return s
}

func TestJudge(t *testing.T) {
	const on = "PUSH_NEW_USERS"
	ask, change := onboarding.VerdictAsk, onboarding.VerdictChange
	trouble := &onboarding.Trouble{Operation: "cloudtrail:LookupEvents", Message: "it is broken", Remedy: "repair it"}
	elsewhere := with(testACS, testIssuer)
	elsewhere.IdentityStoreID = "d-0000000000"
	noEvidence := with(testACS, testIssuer)
	noEvidence.EvidenceTrouble = trouble
	pointless := with("", "")
	pointless.EvidenceTrouble = trouble
	for name, c := range map[string]struct {
		state trust.State
		kinds []onboarding.VerdictKind
		// says is in the last reason.
		says string
	}{
		"no app yet":                     {trust.State{}, []onboarding.VerdictKind{ask, change}, "are written to the app"},
		"an app without values":          {with("", ""), []onboarding.VerdictKind{ask, change}, "are written to the app"},
		"without values, source changed": {changed(with("", "")), []onboarding.VerdictKind{ask, change}, "are written to the app"},
		"without values, provisioning":   {with("", "", on), []onboarding.VerdictKind{ask, change}, "are written to the app"},
		"values that nobody vouches for": {with(testACS, testIssuer), []onboarding.VerdictKind{ask, change,
			onboarding.VerdictKeep}, "that fit"},
		"values, source changed": {changed(with(testACS, testIssuer)), []onboarding.VerdictKind{onboarding.VerdictKeep},
			"The app has Identity Center's values."},
		"values, provisioning": {with(testACS, testIssuer, on), []onboarding.VerdictKind{onboarding.VerdictKeep},
			"The app has Identity Center's values."},
		"swapped values that would be taken": {with(testIssuer, testACS, on), []onboarding.VerdictKind{onboarding.VerdictBlocked}, "are swapped"},
		"swapped values, source changed": {changed(with(testIssuer, testACS)), []onboarding.VerdictKind{onboarding.VerdictBlocked},
			"are swapped"},
		"swapped values that are replaced": {with(testIssuer, testACS), []onboarding.VerdictKind{ask, change, onboarding.VerdictWarning},
			"are swapped"},
		"another organization's": {elsewhere, []onboarding.VerdictKind{ask, change, onboarding.VerdictWarning},
			"belongs to the identity store " + testStore},
		"half of the values": {with(testACS, ""), []onboarding.VerdictKind{ask, change, onboarding.VerdictWarning},
			"issuer URL is missing"},
		"not known which app": {trust.State{Undecided: true}, []onboarding.VerdictKind{onboarding.VerdictUnknown},
			"not known yet which Okta app"},
		"the app cannot be read": {trust.State{Trouble: trouble}, []onboarding.VerdictKind{onboarding.VerdictBlocked}, "it is broken"},
		"CloudTrail is broken": {noEvidence, []onboarding.VerdictKind{onboarding.VerdictBlocked},
			"cloudtrail:LookupEvents: it is broken"},
		"CloudTrail is broken, to no harm": {pointless, []onboarding.VerdictKind{ask, change}, "are written"},
	} {
		t.Run(name, func(t *testing.T) {
			var kinds []onboarding.VerdictKind
			verdicts := trust.Judge(spec, c.state)
			for _, verdict := range verdicts {
				kinds = append(kinds, verdict.Kind)
				require.Equal(t, "L", verdict.Subject)
				require.Equal(t, onboarding.ResourceTrust, verdict.Resource)
				require.NotEmpty(t, verdict.Reason)
			}
			require.Equal(t, c.kinds, kinds)
			require.Contains(t, verdicts[len(verdicts)-1].Reason, c.says)
		})
	}
}

// TestTheRunAndTheJudgeAgreeOnTrust goes through all answers that CloudTrail and Okta may give.
func TestTheRunAndTheJudgeAgreeOnTrust(t *testing.T) {
	for _, values := range [][2]string{{"", ""}, {testACS, ""}, {"", testIssuer}, {testACS, testIssuer}} {
		for _, sourceChanged := range []bool{false, true} {
			for _, features := range [][]string{nil, {"PUSH_NEW_USERS"}} {
				state := with(values[0], values[1], features...)
				state.SourceChanged = sourceChanged
				asked := len(onboarding.OfKind(trust.Judge(spec, state), onboarding.VerdictAsk)) > 0
				// The run asks CloudTrail first, and Okta only where that shows nothing.
				adopted := trust.InPlace(values[0], values[1], sourceChanged, false) ||
					trust.InPlace(values[0], values[1], sourceChanged, features != nil)
				require.Equal(t, adopted, !asked, "%v %v %v", values, sourceChanged, features)
			}
		}
	}
}

func TestLookWithoutAnAppReadsNothing(t *testing.T) {
	state, err := trust.Look(t.Context(), &activitytest.OktaStub{}, "")
	require.NoError(t, err)
	require.False(t, state.HasValues())

	state, err = trust.Look(t.Context(), &activitytest.OktaStub{AppList: []model.App{}}, "0oaGone")
	require.NoError(t, err)
	require.Equal(t, string(fault.NotFound), state.Trouble.Class)
}
