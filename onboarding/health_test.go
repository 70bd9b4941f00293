package onboarding_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

const day = 24 * time.Hour

func TestADateIsToldOfAtEachThresholdAndWhenItHasPassed(t *testing.T) {
	at := time.Date(2027, 11, 20, 8, 0, 0, 0, time.UTC)
	date := onboarding.Expiry{At: at}
	for _, c := range []struct {
		left    time.Duration
		days    int
		crossed bool
	}{
		{91 * day, 0, false}, {90*day + time.Second, 0, false}, {90 * day, 90, true}, {61 * day, 90, true}, {60 * day, 60, true},
		{30 * day, 30, true}, {15 * day, 30, true}, {14 * day, 14, true}, {7 * day, 7, true}, {2 * day, 7, true}, {day, 1, true},
		{time.Minute, 1, true}, {0, 0, true}, {-300 * day, 0, true},
	} {
		days, crossed := date.Crossed(at.Add(-c.left))
		require.Equal(t, c.crossed, crossed, "%s before", c.left)
		require.Equal(t, c.days, days, "%s before", c.left)
	}
}

func TestATokensYearBeginsWhenItWasNew(t *testing.T) {
	since := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	_, known := onboarding.SCIMHandle{}.Expiry()
	require.False(t, known, "of a run of the first version nothing is known")
	date, known := onboarding.SCIMHandle{Since: since, Older: true}.Expiry()
	require.True(t, known)
	require.True(t, date.AtLatest)
	require.Equal(t, since.AddDate(1, 0, 0), date.At)
}

func TestTheDateOfATokenSurvivesLaterRuns(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	known := onboarding.SCIMHandle{Endpoint: "https://scim.example/scim/v2", TokenRef: "env:TOKEN", Since: now.AddDate(0, -4, 0)}
	inUse := onboarding.SCIMHandle{Since: now, Older: true}
	require.Equal(t, known, inUse.After(known, now), "Okta shows neither endpoint nor token")
	require.Equal(t, inUse, inUse.After(onboarding.SCIMHandle{}, now))

	again := known
	again.Since = now
	require.Equal(t, known, again.After(known, now), "the same token was given again")
	other := again
	other.TokenRef = "env:NEW_TOKEN"
	require.Equal(t, other, other.After(known, now))

	later := known.Since.AddDate(1, 0, 1)
	replaced := onboarding.SCIMHandle{Since: later, Older: true}.After(known, later)
	require.Equal(t, onboarding.SCIMHandle{Endpoint: known.Endpoint, TokenRef: known.TokenRef, Since: later, Older: true}, replaced,
		"a token that is in use after its date is another one")
}
