package health_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/health"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

const day = 24 * time.Hour

var now = time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC)

// onboarded is a studio whose token is a hundred days old.
func onboarded() onboarding.Handles {
	return onboarding.Handles{
		Spec:  onboarding.Spec{Name: "data-science", Region: "us-east-1"},
		AppID: "0oa1",
		Domain: onboarding.DomainHandle{ID: "d-1", Name: "data-science",
			ApplicationARN: "arn:aws:sso::222222222222:application/ssoins-1/apl-1"},
		SCIM: onboarding.SCIMHandle{Endpoint: "https://scim.us-east-1.amazonaws.com/t/scim/v2", TokenRef: "env:TOKEN",
			Since: now.Add(-100 * day)},
	}
}

// sound is a connection that works.
func sound() health.State {
	return health.State{
		Now: now, Since: now.Add(-time.Hour), Org: "https://example.okta.com",
		App: &model.App{ID: "0oa1", Label: "AWS IAM Identity Center", Status: "ACTIVE",
			Features: []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"}},
		CertificateEnd: now.Add(3000 * day), LastSuccess: now.Add(-10 * time.Minute),
		Pushes:     []health.Push{{Group: "studio", Mapping: &model.Mapping{Status: "ACTIVE"}}},
		TokenWorks: true, Application: "ENABLED", Domain: "InService",
	}
}

// wrong are the verdicts that are not keep, as kind and code.
func wrong(h onboarding.Health) []string {
	found := []string{}
	for _, verdict := range h.Verdicts {
		if verdict.Kind != onboarding.VerdictKeep {
			found = append(found, string(verdict.Kind)+" "+verdict.Code)
		}
	}
	return found
}

func troubled(class fault.Class) *onboarding.Trouble {
	return &onboarding.Trouble{Class: string(class), Operation: "x:Look", Message: "it says so"}
}

func refusedAt(at time.Time) model.LogEvent {
	return model.LogEvent{Published: at,
		Reason: "Automatic provisioning of user Ines Example to app AWS failed: Error while verifying if user exists: Unauthorized"}
}

func unparsable() model.LogEvent {
	return model.LogEvent{Published: now.Add(-time.Minute),
		Reason: "Automatic provisioning of user Ines Example to app AWS failed: Bad Request. Errors reported by remote server: " +
			"Request is unparsable, syntactically incorrect, or violates schema."}
}

func TestASoundConnectionHasNothingButDates(t *testing.T) {
	judged := health.Judge(onboarded(), sound())
	require.Empty(t, wrong(judged))
	require.Len(t, judged.Verdicts, 9)
	require.Equal(t, []onboarding.ExpiryKey{onboarding.ExpirySCIMToken, onboarding.ExpirySAMLCertificate},
		[]onboarding.ExpiryKey{judged.Expiries[0].Key, judged.Expiries[1].Key}, "the next one comes first")
}

func TestWhatIsWrongWithAConnectionIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*onboarding.Handles, *health.State)
		want   []string
		says   string
	}{
		"token expired": {func(_ *onboarding.Handles, s *health.State) {
			s.TokenWorks, s.TokenTrouble = false, troubled(fault.Denied)
		}, []string{"blocked scim-token"},
			"expired or was deleted, so that nothing that changes in Okta reaches Identity Center: x:Look: it says so " +
				"Okta last brought something on 2027-06-01T11:50:00Z."},
		"endpoint gone": {func(_ *onboarding.Handles, s *health.State) {
			s.TokenWorks, s.TokenTrouble, s.LastSuccess = false, troubled(fault.NotFound), time.Time{}
		}, []string{"blocked scim-token"}, "Nothing that changes in Okta"},
		"endpoint not reached": {func(_ *onboarding.Handles, s *health.State) {
			s.TokenWorks, s.TokenTrouble = false, troubled(fault.Unavailable)
		}, []string{"unknown scim-token"}, "it says so"},
		"token not readable": {func(_ *onboarding.Handles, s *health.State) {
			s.TokenWorks, s.TokenUnread = false, troubled(fault.NotFound)
		}, []string{"unknown scim-token"}, "it says so"},
		"token refused by Okta's log": {func(_ *onboarding.Handles, s *health.State) {
			s.Failures = health.Explain([]model.LogEvent{refusedAt(now.Add(-time.Minute)), refusedAt(now.Add(-2 * time.Minute))})
		}, []string{"blocked okta-provisioning"}, "refused Okta's token 2 times"},
		"token refused until it was replaced": {func(_ *onboarding.Handles, s *health.State) {
			s.Failures = health.Explain([]model.LogEvent{refusedAt(now.Add(-20 * time.Minute))})
		}, []string{}, ""},
		"errors in the log": {func(_ *onboarding.Handles, s *health.State) {
			s.Failures = health.Explain([]model.LogEvent{unparsable(), {Published: now, Reason: "Ines Example: something new"}, unparsable()})
		}, []string{"warning okta-provisioning"}, "3 provisioning errors since 2027-06-01T11:00:00Z: " +
			"Identity Center refused the person's data as incomplete or malformed (2); another error (1)."},
		"log not readable": {func(_ *onboarding.Handles, s *health.State) { s.LogTrouble = troubled(fault.Denied) },
			[]string{"unknown okta-system-log"}, "x:Look: it says so"},
		"app off": {func(_ *onboarding.Handles, s *health.State) { s.App.Status, s.CertificateEnd = "INACTIVE", time.Time{} },
			[]string{"blocked okta-app"}, "is INACTIVE: nobody can sign in"},
		"app gone": {func(_ *onboarding.Handles, s *health.State) {
			s.App, s.AppTrouble, s.Pushes, s.CertificateEnd = nil, troubled(fault.NotFound), nil, time.Time{}
		}, []string{"blocked okta-app"}, "is gone"},
		"provisioning off": {func(_ *onboarding.Handles, s *health.State) { s.App.Features = nil },
			[]string{"blocked okta-app-provisioning"}, "Create Users is switched off"},
		"leaving off": {func(_ *onboarding.Handles, s *health.State) { s.App.Features = s.App.Features[:2] },
			[]string{"warning okta-app-provisioning"}, "PUSH_USER_DEACTIVATION"},
		"certificate in 20 days": {func(_ *onboarding.Handles, s *health.State) { s.CertificateEnd = now.Add(20 * day) },
			[]string{"warning okta-app-certificate"}, "expires on 2027-06-21, in 20 days"},
		"certificate expired": {func(_ *onboarding.Handles, s *health.State) { s.CertificateEnd = now.Add(-day) },
			[]string{"blocked okta-app-certificate"}, "expired on 2027-05-31"},
		"push in error": {func(_ *onboarding.Handles, s *health.State) {
			s.Pushes[0].Mapping.Status, s.Pushes[0].Mapping.ErrorSummary = "ERROR", "Forbidden."
		}, []string{"blocked okta-group-push"}, `"studio" is ERROR: Forbidden. Who`},
		"not pushed": {func(_ *onboarding.Handles, s *health.State) { s.Pushes[0].Mapping = nil },
			[]string{"warning okta-group-push"}, `does not push the group "studio"`},
		"application disabled": {func(_ *onboarding.Handles, s *health.State) { s.Application = "DISABLED" },
			[]string{"blocked studio-application"}, "is DISABLED"},
		"application not readable": {func(_ *onboarding.Handles, s *health.State) {
			s.Application, s.ApplicationTrouble = "", troubled(fault.Denied)
		},
			[]string{"unknown studio-application"}, "it says so"},
		"domain failed": {func(_ *onboarding.Handles, s *health.State) {
			s.Domain, s.DomainFailure = "Update_Failed", "No subnet."
		},
			[]string{"blocked studio-domain"}, "is Update_Failed: No subnet."},
		"domain gone": {func(_ *onboarding.Handles, s *health.State) { s.Domain, s.DomainTrouble = "", troubled(fault.NotFound) },
			[]string{"blocked studio-domain"}, "is gone"},
		"domain at work": {func(_ *onboarding.Handles, s *health.State) { s.Domain = "Updating" },
			[]string{"warning studio-domain"}, "is Updating"},
	} {
		t.Run(name, func(t *testing.T) {
			h, s := onboarded(), sound()
			c.change(&h, &s)
			judged := health.Judge(h, s)
			require.Equal(t, c.want, wrong(judged))
			for _, verdict := range judged.Verdicts {
				require.NotEmpty(t, verdict.Reason)
				require.NotContains(t, verdict.Reason, "Ines", "nobody is named")
				require.Equal(t, verdict.Kind == onboarding.VerdictBlocked || verdict.Kind == onboarding.VerdictWarning,
					verdict.Remedy != "", verdict.Code)
				if verdict.Kind != onboarding.VerdictKeep {
					require.Contains(t, verdict.Reason, c.says)
				}
			}
		})
	}
}

func TestTheTokensDateComesFromTheRecordOrFromAWS(t *testing.T) {
	year := func(since time.Time) time.Time { return since.AddDate(1, 0, 0) }
	for name, c := range map[string]struct {
		change func(*onboarding.Handles, *health.State)
		want   []string
		at     time.Time
		latest bool
	}{
		"on record": {func(h *onboarding.Handles, _ *health.State) { h.SCIM.Since = now.Add(-360 * day) },
			[]string{"warning scim-token-date"}, year(now.Add(-360 * day)), false},
		"expired on record, and nothing says otherwise": {func(h *onboarding.Handles, s *health.State) {
			h.SCIM.Since, s.TokenWorks, s.TokenUnread, s.LastSuccess = now.Add(-370*day), false, troubled(fault.NotFound), time.Time{}
		}, []string{"unknown scim-token", "blocked scim-token-date"}, year(now.Add(-370 * day)), false},
		"replaced": {func(h *onboarding.Handles, _ *health.State) { h.SCIM.Since = now.Add(-370 * day) },
			[]string{"warning scim-token-date"}, time.Time{}, false},
		"in use before": {func(h *onboarding.Handles, s *health.State) {
			h.SCIM, s.TokenWorks = onboarding.SCIMHandle{Since: now.Add(-30 * day), Older: true}, false
		}, []string{"unknown scim-token"}, year(now.Add(-30 * day)), true},
		"in use before, and AWS warns": {func(h *onboarding.Handles, s *health.State) {
			h.SCIM, s.TokenWorks = onboarding.SCIMHandle{Since: now.Add(-30 * day), Older: true}, false
			s.WarnedSince = now.Add(-50 * day)
		}, []string{"unknown scim-token", "warning scim-token-date"}, now.Add(40 * day), true},
		"not on record": {func(h *onboarding.Handles, s *health.State) { h.SCIM, s.TokenWorks = onboarding.SCIMHandle{}, false },
			[]string{"unknown scim-token", "unknown scim-token-date"}, time.Time{}, false},
		"not on record, and AWS warns": {func(h *onboarding.Handles, s *health.State) {
			h.SCIM, s.TokenWorks, s.WarnedSince = onboarding.SCIMHandle{}, false, now
		}, []string{"unknown scim-token", "warning scim-token-date"}, now.Add(90 * day), true},
		"AWS warns about another one": {func(_ *onboarding.Handles, s *health.State) { s.WarnedSince = now.Add(-day) },
			[]string{"warning aws-health"}, year(now.Add(-100 * day)), false},
		"AWS Health not readable": {func(_ *onboarding.Handles, s *health.State) { s.WarningTrouble = troubled(fault.Denied) },
			[]string{"unknown aws-health"}, year(now.Add(-100 * day)), false},
	} {
		t.Run(name, func(t *testing.T) {
			h, s := onboarded(), sound()
			c.change(&h, &s)
			judged := health.Judge(h, s)
			require.Equal(t, c.want, wrong(judged))
			var date onboarding.Expiry
			for _, expiry := range judged.Expiries {
				if expiry.Key == onboarding.ExpirySCIMToken {
					date = expiry
				}
			}
			require.Equal(t, c.at, date.At)
			require.Equal(t, c.latest, date.AtLatest)
		})
	}
}

func TestWhoIsAbsentIsCounted(t *testing.T) {
	require.Empty(t, health.Absent(0, 0))
	require.Equal(t, onboarding.VerdictWarning, health.Absent(2, 10)[0].Kind)
	require.Equal(t, onboarding.VerdictBlocked, health.Absent(5, 10)[0].Kind)
}
