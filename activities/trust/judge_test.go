package trust_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

var spec = onboarding.Spec{Region: "us-east-1", Okta: onboarding.OktaSpec{AppLabel: "L"}}

// with is a state whose app has these values.
func with(acs, issuer string) trust.State {
	app := activitytest.SAMLApp("0oa1", "L")
	app.ACSURL, app.EntityID = acs, issuer
	return trust.State{OrgURL: "https://example.okta.com", App: &app, IdentityStoreID: testStore, Region: "us-east-1"}
}

func exchanged(s trust.State) trust.State {
	s.Exchanged = true
	return s
}

func came(s trust.State) trust.State {
	s.Came = true
	return s
}

func TestJudge(t *testing.T) {
	ask, change, keep := onboarding.VerdictAsk, onboarding.VerdictChange, onboarding.VerdictKeep
	trouble := &onboarding.Trouble{Operation: "identitystore:DescribeUser", Message: "it is broken", Remedy: "repair it"}
	elsewhere := with(testACS, testIssuer)
	elsewhere.IdentityStoreID = "d-0000000000"
	unread := with(testACS, testIssuer)
	unread.CameTrouble = trouble
	seen := with(testACS, testIssuer)
	seen.SignedIn = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	early := came(with(testACS, testIssuer))
	early.IdentityStoreID = ""
	for name, c := range map[string]struct {
		state trust.State
		kinds []onboarding.VerdictKind
		// says is in the last reason.
		says string
	}{
		"no app yet":                    {trust.State{}, []onboarding.VerdictKind{ask, change}, "are written to the app"},
		"an app without values":         {with("", ""), []onboarding.VerdictKind{ask, change}, "are written to the app"},
		"without values, people came":   {came(with("", "")), []onboarding.VerdictKind{ask, change}, "are written to the app"},
		"values that nothing ties":      {with(testACS, testIssuer), []onboarding.VerdictKind{ask, keep}, "nothing shows that Identity Center has"},
		"values, a run before":          {exchanged(with(testACS, testIssuer)), []onboarding.VerdictKind{keep}, "a run before had its metadata uploaded there"},
		"values, people came":           {came(with(testACS, testIssuer)), []onboarding.VerdictKind{keep}, "Which metadata Identity Center has no API tells."},
		"values, a sign-in":             {seen, []onboarding.VerdictKind{keep}, "signing in through it on 2026-11-20"},
		"values, no instance":           {early, []onboarding.VerdictKind{ask, change, keep}, "that fit"},
		"swapped values":                {came(with(testIssuer, testACS)), []onboarding.VerdictKind{ask, change, onboarding.VerdictWarning}, "are swapped"},
		"another organization's":        {came(elsewhere), []onboarding.VerdictKind{ask, change, onboarding.VerdictWarning}, "belongs to the identity store " + testStore},
		"half of the values":            {exchanged(with(testACS, "")), []onboarding.VerdictKind{ask, change, onboarding.VerdictWarning}, "issuer URL is missing"},
		"not known which app":           {trust.State{Undecided: true}, []onboarding.VerdictKind{onboarding.VerdictUnknown}, "not known yet which Okta app"},
		"the app cannot be read":        {trust.State{Trouble: trouble}, []onboarding.VerdictKind{onboarding.VerdictBlocked}, "it is broken"},
		"what would tie cannot be read": {unread, []onboarding.VerdictKind{ask, keep, onboarding.VerdictUnknown}, "identitystore:DescribeUser: it is broken"},
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

// TestTheRunAndTheJudgeAgreeOnTrust goes through all that may tie an app to the instance.
func TestTheRunAndTheJudgeAgreeOnTrust(t *testing.T) {
	for _, values := range [][2]string{{"", ""}, {testACS, ""}, {"", testIssuer}, {testACS, testIssuer}} {
		for _, state := range []trust.State{with(values[0], values[1]), came(with(values[0], values[1])), exchanged(with(values[0], values[1]))} {
			asked := len(onboarding.OfKind(trust.Judge(spec, state), onboarding.VerdictAsk)) > 0
			require.Equal(t, state.InPlace(), !asked, "%+v", state)
		}
	}
}

func TestLookWithoutAnAppReadsNothing(t *testing.T) {
	state, err := trust.Look(t.Context(), trust.Sources{Okta: &activitytest.OktaStub{}}, trust.Where{})
	require.NoError(t, err)
	require.False(t, state.InPlace())

	state, err = trust.Look(t.Context(), trust.Sources{Okta: &activitytest.OktaStub{AppList: []model.App{}}}, trust.Where{AppID: "0oaGone"})
	require.NoError(t, err)
	require.Equal(t, string(fault.NotFound), state.Trouble.Class)
}
