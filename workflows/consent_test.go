package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/survey"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

const sentence = "I agree that 49 people can no longer sign in through IAM Identity Center"

// inUse is an organization in which others sign in: the stock is kept, and has to be agreed to.
func (w *world) inUse() {
	w.always("TakeStock", survey.TakenStock{Impact: []string{"49 users are enabled."}, Consent: sentence, Pack: &onboarding.RollbackPack{
		Run: 2, Listing: onboarding.Listing{Studio: "data-science", Generation: "g1", Lines: 9}}}, nil)
	w.always("CompareStock", survey.Compared{Pack: onboarding.RollbackPack{Run: 2, Listing: onboarding.Listing{Generation: "g1"}}}, nil)
}

func (w *world) request(step onboarding.Step) onboarding.Request {
	w.t.Helper()
	for _, request := range w.progress().Requests {
		if request.Step == step {
			return request
		}
	}
	w.t.Errorf("%s asks for nothing", step)
	return onboarding.Request{}
}

func (w *world) agree(step onboarding.Step, text string) *outcome {
	return w.provide(step, map[string]string{onboarding.ValueConsent: text})
}

func (w *world) values() *outcome {
	return w.provide(onboarding.StepSAMLExchange, map[string]string{onboarding.ValueACSURL: acsURL, onboarding.ValueIssuerURL: issuerURL})
}

func (w *world) connect(at time.Duration) {
	w.after(at, func() {
		w.provide(onboarding.StepSCIM, map[string]string{onboarding.ValueSCIMEndpoint: endpoint, onboarding.ValueSCIMToken: "file:/token"})
	})
}

func TestAnOrganizationInUseIsChangedOnlyAfterTheTypedConsent(t *testing.T) {
	w := newWorld(t)
	w.inUse()
	var wrong, other, agreed *outcome
	w.after(time.Minute, func() {
		request := w.request(onboarding.StepSAMLExchange)
		require.Equal(t, sentence, request.Consent)
		require.Equal(t, []string{"49 users are enabled."}, request.Impact)
		require.Empty(t, request.Documents, "the metadata is handed out when somebody has agreed")
		require.Contains(t, strings.Join(request.Clicks, " "), "starter rollback-pack data-science --to DIR")
		require.Contains(t, request.Command, `--consent "I agree that 49 people`)
		wrong = w.agree(onboarding.StepSAMLExchange, "yes")
		other = w.values()
	})
	w.after(2*time.Minute, func() {
		require.ErrorContains(t, wrong.rejected, sentence, "the sentence is shown")
		require.Error(t, other.rejected)
		agreed = w.agree(onboarding.StepSAMLExchange, "  i AGREE that 49 people\n can no longer sign in through IAM Identity Center. ")
	})
	w.after(3*time.Minute, func() {
		require.NoError(t, agreed.failed)
		require.Equal(t, []string{"okta-metadata.xml"}, w.request(onboarding.StepSAMLExchange).Documents)
		w.values()
	})
	w.connect(4 * time.Minute)
	report, err := w.run()
	require.NoError(t, err)
	require.Contains(t, w.calls, "CheckPack")
	require.Contains(t, w.calls, "CompareStock")
	require.Equal(t, 2, report.RollbackPack.Run)
	require.Equal(t, sentence, report.Requests[1].Consent)
	require.Equal(t, "admin@laptop", report.Requests[1].By)
}

func TestAGreenfieldOrganizationIsAskedForNoConsent(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	require.Nil(t, report.RollbackPack)
	require.NotContains(t, w.calls, "CompareStock")
	for _, request := range report.Requests {
		require.Empty(t, request.Consent)
	}
}

func TestNoConsentWithoutItsRollbackPack(t *testing.T) {
	w := newWorld(t)
	w.inUse()
	w.reply("CheckPack", survey.CheckedPack{}, failed(fault.NotFound, "The rollback pack is not in the worker's store."))
	var first *outcome
	w.after(time.Minute, func() { first = w.agree(onboarding.StepSAMLExchange, sentence) })
	w.after(2*time.Minute, func() {
		require.ErrorContains(t, first.failed, "has been written anew")
		request := w.request(onboarding.StepSAMLExchange)
		require.Equal(t, sentence, request.Consent, "it is still asked for")
		require.Equal(t, 1, request.Refusals)
		w.agree(onboarding.StepSAMLExchange, sentence)
	})
	w.after(3*time.Minute, func() { w.values() })
	w.connect(4 * time.Minute)
	_, err := w.run()
	require.NoError(t, err)
}

func TestAfterAChangeWhatIsMissingParksTheStep(t *testing.T) {
	for name, action := range map[string]onboarding.Action{"brought back": onboarding.ActionRetry, "given up": onboarding.ActionSkip} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.inUse()
			w.reply("CompareStock", survey.Compared{Missing: survey.Missing{Users: 7}, Text: "No longer there after the change: 7 users who were enabled.",
				Pack: onboarding.RollbackPack{Run: 2, Listing: onboarding.Listing{Generation: "g2"}}}, nil)
			w.after(time.Minute, func() { w.agree(onboarding.StepSAMLExchange, sentence) })
			w.after(2*time.Minute, func() { w.values() })
			var decided *outcome
			w.after(10*time.Minute, func() {
				parked := w.progress().Parked
				require.Len(t, parked, 1)
				require.Equal(t, "Missing", parked[0].Class)
				require.Contains(t, parked[0].Message, "7 users")
				require.Contains(t, parked[0].Remedy, "starter rollback-pack data-science")
				require.True(t, parked[0].Skippable)
				decided = w.resolve(onboarding.StepSAMLExchange, action)
			})
			w.connect(11 * time.Minute)
			report, err := w.run()
			require.NoError(t, err)
			require.NoError(t, decided.rejected)
			require.Equal(t, onboarding.RunDone, report.State)
			exchanges := 0
			for _, call := range w.calls {
				if call == "EstablishTrust" {
					exchanges++
				}
			}
			require.Equal(t, 1, exchanges, "nothing is exchanged twice")
			require.Equal(t, portalURL, report.Addresses.AccessPortal)
		})
	}
}

func TestWhatWasAgreedToIsNotAskedAgainInTheSameRun(t *testing.T) {
	w := newWorld(t)
	w.inUse()
	w.spec.Operator.Deadline = onboarding.Duration(time.Hour)
	w.after(time.Minute, func() { w.agree(onboarding.StepSAMLExchange, sentence) })
	w.after(2*time.Hour, func() { w.resolve(onboarding.StepSAMLExchange, onboarding.ActionRetry) }) // nobody gave the values in time
	w.after(2*time.Hour+time.Minute, func() {
		require.Empty(t, w.request(onboarding.StepSAMLExchange).Consent)
		w.values()
	})
	w.connect(2*time.Hour + 2*time.Minute)
	_, err := w.run()
	require.NoError(t, err)
}

func TestASecondAppForAnInstanceTakesAConsent(t *testing.T) {
	production := oktaapp.OktaApp{ID: "0oaProd", Label: "Production", Status: "ACTIVE", Belongs: onboarding.BelongsHere,
		ACSURL: acsURL, Issuer: issuerURL}
	free := oktaapp.OktaApp{ID: "0oaFree", Label: "AWS IAM Identity Center", Status: "ACTIVE", Belongs: onboarding.BelongsNowhere,
		ACSURL: acsURL, Issuer: issuerURL}
	people := 49
	production.People = &people
	for name, c := range map[string]struct {
		choice  string
		chosen  oktaapp.OktaApp
		consent bool
	}{
		"the one that is trusted": {"0oaProd", production, false},
		"the other one":           {"0oaFree", free, true},
		"a new one":               {onboarding.AppNew, free, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.inUse()
			w.always("EnsureApp", oktaapp.EnsureAppResult{App: &c.chosen}, nil)
			w.reply("EnsureApp", oktaapp.EnsureAppResult{Candidates: []oktaapp.OktaApp{production, free}}, nil)
			w.always("SeeTrust", trust.SeenTrust{InPlace: true, Why: "people came"}, nil)
			w.always("EstablishTrust", trust.TrustResult{Provisions: true}, nil)
			w.after(time.Minute, func() {
				request := w.request(onboarding.StepOktaApp)
				require.Contains(t, request.Paste[0].Label, "belongs to this instance, 49 people assigned")
				w.provide(onboarding.StepOktaApp, map[string]string{onboarding.ValueAppID: c.choice})
			})
			if c.consent {
				w.after(2*time.Minute, func() {
					require.Equal(t, sentence, w.request(onboarding.StepOktaApp).Consent)
					require.Equal(t, "Agree to a second Okta app for the same instance", w.request(onboarding.StepOktaApp).Title)
					w.agree(onboarding.StepOktaApp, sentence)
				})
			}
			_, err := w.run()
			require.NoError(t, err)
			if c.consent {
				require.Contains(t, w.calls, "TakeStock")
			} else {
				require.NotContains(t, w.calls, "TakeStock")
			}
		})
	}
}

func TestTheAppOfTheRunBeforeIsNotAskedForAgain(t *testing.T) {
	w := newWorld(t)
	app := oktaapp.OktaApp{ID: "0oa7", Label: "L", Belongs: onboarding.BelongsHere}
	w.known = &onboarding.Handles{AppID: "0oa7", IdentityStoreID: "d-1234567890"}
	w.always("EnsureApp", oktaapp.EnsureAppResult{App: &app}, nil)
	w.reply("EnsureApp", oktaapp.EnsureAppResult{Candidates: []oktaapp.OktaApp{{ID: "0oa1", Belongs: onboarding.BelongsHere}, app}}, nil)
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	require.Equal(t, "0oa7", report.Handles.AppID)
	for _, request := range report.Requests {
		require.NotEqual(t, onboarding.StepOktaApp, request.Step)
	}
}

func TestAnInstanceThatAppearsDuringTheRunIsLookedAt(t *testing.T) {
	w := newWorld(t)
	key := onboarding.Verdict{Resource: onboarding.ResourceInstance, Kind: onboarding.VerdictWarning, Code: identitycenter.CodeKey, Reason: "It has a key."}
	w.always("AwaitInstance", identitycenter.Appeared{Instance: identitycenter.Instance{ARN: "arn:aws:sso:::instance/ssoins-1",
		IdentityStoreID: "d-1234567890", OwnerAccount: "111111111111", PrimaryRegion: "us-east-1"}, Verdicts: []onboarding.Verdict{key}}, nil)
	w.after(30*time.Second, func() {
		value, err := w.QueryWorkflow(onboarding.QueryReport)
		require.NoError(t, err)
		var report onboarding.Report
		require.NoError(t, value.Get(&report))
		require.Contains(t, report.Findings, key)
	})
	w.answerAll()
	_, err := w.run()
	require.NoError(t, err)
}

func TestWhereProvisioningIsEnabledATokenIsGenerated(t *testing.T) {
	for enabled, says := range map[bool]string{true: "never delete one that is in use", false: "choose Enable next to Automatic provisioning"} {
		for _, trusted := range []bool{false, true} {
			w := newWorld(t)
			w.always("TakeStock", survey.TakenStock{Provisioned: enabled && !trusted}, nil)
			if trusted { // nobody takes stock where nothing is changed
				app := oktaapp.OktaApp{ID: "0oa1", Origin: onboarding.OriginAdopted, ACSURL: "https://acs", Issuer: "https://issuer"}
				w.always("EnsureApp", oktaapp.EnsureAppResult{App: &app}, nil)
				w.always("SeeTrust", trust.SeenTrust{InPlace: true}, nil)
				w.always("SeeProvisioning", provisioning.SeenProvisioning{Enabled: enabled}, nil)
			}
			asked := false
			w.after(90*time.Second, func() {
				require.Contains(t, w.request(onboarding.StepSCIM).Clicks[0], says)
				asked = true
			})
			w.answerAll()
			_, err := w.run()
			require.NoError(t, err)
			require.True(t, asked)
		}
	}
}

func TestValuesThatNothingTiesMayBeAnsweredAgain(t *testing.T) {
	w := newWorld(t)
	w.always("EnsureApp", oktaapp.EnsureAppResult{App: &oktaapp.OktaApp{ID: "0oa1", ACSURL: acsURL, Issuer: issuerURL}}, nil)
	w.always("SeeTrust", trust.SeenTrust{Fits: true}, nil)
	w.after(30*time.Second, func() {
		request := w.request(onboarding.StepSAMLExchange)
		require.Contains(t, request.Clicks[0], "answer with the same values")
		require.Contains(t, request.Why, "no API tells which it has")
	})
	w.answerAll()
	_, err := w.run()
	require.NoError(t, err)
}
