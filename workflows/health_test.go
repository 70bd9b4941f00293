package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/provisioning"
	"studio-onboarding/onboarding"
)

// tokenDate is what a report says of the SCIM token.
func tokenDate(t *testing.T, report onboarding.Report) onboarding.Expiry {
	t.Helper()
	for _, date := range report.Expiries {
		if date.Key == onboarding.ExpirySCIMToken {
			return date
		}
	}
	require.Fail(t, "nothing is known of the SCIM token")
	return onboarding.Expiry{}
}

// again is a world in which a run has been done, with the report of a second one.
func again(t *testing.T, known *onboarding.Handles) onboarding.Report {
	t.Helper()
	w := newWorld(t)
	w.known = known
	w.always("AwaitProvisioning", provisioning.ProvisioningFeatures{Enabled: []string{"PUSH_NEW_USERS"}}, nil)
	w.answerAll()
	report, err := w.run()
	require.NoError(t, err)
	return report
}

func TestASecondOnboardingKeepsTheDateOfTheToken(t *testing.T) {
	w := newWorld(t)
	w.answerAll()
	first, err := w.run()
	require.NoError(t, err)
	given := onboarding.SCIMHandle{Endpoint: endpoint, TokenRef: "file:/token", Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	require.Equal(t, given, first.Handles.SCIM)
	require.Equal(t, given.Since.AddDate(1, 0, 0), tokenDate(t, first).At)

	first.Handles.SCIM.Since = w.Now().Add(-300 * 24 * time.Hour).UTC()
	second := again(t, first.Handles)
	require.Equal(t, first.Handles.SCIM, second.Handles.SCIM)
	require.Equal(t, first.Handles.SCIM.Since.AddDate(1, 0, 0), tokenDate(t, second).At)
	require.False(t, tokenDate(t, second).AtLatest)

	other := *first.Handles
	other.AppID = "0oaAnother"
	require.True(t, tokenDate(t, again(t, &other)).AtLatest, "nothing is known of another app's token")
}

func TestATokenThatWasInUseBeforeIsOfUnknownAge(t *testing.T) {
	report := again(t, nil)
	date := tokenDate(t, report)
	require.True(t, date.AtLatest)
	require.True(t, report.Handles.SCIM.Older)
	require.Empty(t, report.Handles.SCIM.TokenRef)
}
