package onboarding_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

// ofADay are notices of every kind, made from data that name a person wherever it is free text.
func ofADay(t *testing.T) []onboarding.Notice {
	t.Helper()
	const who = "alice@example.com"
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	request := onboarding.Request{Step: onboarding.StepSCIM, Title: who, Why: who, Clicks: []string{who}, Refusal: who, RefusalRemedy: who,
		Paste: []onboarding.PasteValue{{Label: who, Value: who}}, Command: "starter provide " + who, Since: at, Deadline: at.Add(24 * time.Hour)}
	progress := onboarding.Progress{Run: "demo", State: onboarding.RunAborted, StartedAt: at, EndedAt: at.Add(time.Hour),
		Steps:    []onboarding.StepProgress{{Step: onboarding.StepAccess, Title: who, Summary: who, Retrying: who}},
		Requests: []onboarding.Request{request},
		Parked: []onboarding.Parked{{Step: onboarding.StepAccess, Message: who, Remedy: who, Attempts: 1, Since: at, Skippable: true,
			Verdicts: []onboarding.Verdict{{Subject: who, Reason: who}}, People: []onboarding.PersonException{{Person: who}}}},
	}
	notices := []onboarding.Notice{
		onboarding.NoticeOfRequest("demo", request), onboarding.NoticeOfParked("demo", at, progress.Parked[0]),
		onboarding.NoticeOfRunEnded(progress),
	}
	token := onboarding.Expiry{Key: onboarding.ExpirySCIMToken, What: "The SCIM access token", Remedy: "Make a second one."}
	for _, left := range []time.Duration{30 * 24 * time.Hour, -time.Hour} {
		token.At = at.Add(left)
		notice, due := onboarding.NoticeOfExpiry("demo", token, at)
		require.True(t, due)
		notices = append(notices, notice)
	}
	return append(notices,
		onboarding.NoticeOfDeadline("demo", request, at),
		onboarding.NoticeOfHold("demo", at, 34, 49, "starter sync demo --once --consent h1"),
		onboarding.NoticeOfOverdueReconcile("demo", at, onboarding.Duration(time.Hour), at.Add(3*time.Hour)),
		onboarding.NoticeOfDeadSync("demo", at, at),
		onboarding.NoticeOfTest("1", at),
	)
}

func TestANoticeNamesNobodyAndSaysWhatToDo(t *testing.T) {
	keys, kinds := map[string]bool{}, map[onboarding.NoticeKind]bool{}
	for _, notice := range ofADay(t) {
		text, err := json.Marshal(notice)
		require.NoError(t, err)
		require.NotContains(t, string(text), "alice")
		require.NotEmpty(t, notice.Title)
		require.NotEmpty(t, notice.Text)
		require.False(t, notice.At.IsZero())
		require.False(t, keys[notice.Key], notice.Key)
		keys[notice.Key], kinds[notice.Kind] = true, true
		if notice.Kind != onboarding.NoticeTest {
			require.Equal(t, "demo", notice.Studio)
			require.True(t, strings.HasPrefix(notice.Command, "starter "), notice.Command)
			require.Contains(t, notice.Command, "demo")
		}
	}
	require.Len(t, kinds, 9, "every kind is here")
}

// The same reason has the same key whenever it is looked at, and another reason another one.
func TestAKeyStaysForAsLongAsItsReason(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ask := onboarding.Request{Step: onboarding.StepSCIM, Since: at}
	reminded := ask
	reminded.Reminders, reminded.Refusals = 3, 2
	require.Equal(t, onboarding.NoticeOfRequest("demo", ask).Key, onboarding.NoticeOfRequest("demo", reminded).Key)
	anew := ask
	anew.Since = at.Add(time.Hour)
	require.NotEqual(t, onboarding.NoticeOfRequest("demo", ask).Key, onboarding.NoticeOfRequest("demo", anew).Key)
	require.NotEqual(t, onboarding.NoticeOfRequest("demo", ask).Key, onboarding.NoticeOfRequest("other", ask).Key)

	parked := onboarding.Parked{Step: onboarding.StepAccess, Attempts: 1, Since: at}
	again := parked
	again.Attempts = 2
	require.NotEqual(t, onboarding.NoticeOfParked("demo", at, parked).Key, onboarding.NoticeOfParked("demo", at, again).Key)
}

func TestAnExpiryIsToldOnceForEachThreshold(t *testing.T) {
	expires := time.Date(2027, 3, 2, 9, 0, 0, 0, time.UTC)
	token := onboarding.Expiry{Key: onboarding.ExpirySCIMToken, What: "The SCIM access token", At: expires, Remedy: "Make a second one."}
	keys := map[string]bool{}
	for now := expires.AddDate(-1, 0, 0); now.Before(expires.AddDate(0, 1, 0)); now = now.Add(time.Hour) {
		notice, due := onboarding.NoticeOfExpiry("demo", token, now)
		require.Equal(t, now.After(expires.AddDate(0, 0, -90).Add(-time.Minute)), due, now)
		if due {
			keys[notice.Key] = true
		}
	}
	require.Len(t, keys, len(onboarding.ExpiryThresholds())+1, "and once when it has expired")

	soon, _ := onboarding.NoticeOfExpiry("demo", token, expires.Add(-30*time.Hour))
	require.Equal(t, "demo: The SCIM access token expires within 7 days", soon.Title)
	require.Equal(t, "It expires on 2 March 2027. → Make a second one.", soon.Text)
	token.AtLatest = true
	over, _ := onboarding.NoticeOfExpiry("demo", token, expires)
	require.Equal(t, "demo: The SCIM access token has expired", over.Title)
	require.Contains(t, over.Text, "at the latest")
	token.At = expires.AddDate(1, 0, 0)
	replaced, _ := onboarding.NoticeOfExpiry("demo", token, token.At)
	require.NotEqual(t, over.Key, replaced.Key, "a new token is another reason")
}
