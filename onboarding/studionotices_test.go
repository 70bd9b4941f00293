package onboarding_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

// What a studio's state asks for follows the time: a request, and a day before its deadline a second word about it.
func TestAStudioTellsOfARequestAndOfItsDeadline(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	studio := onboarding.Studio{Name: "demo", Since: at, Runs: []onboarding.RunRecord{{
		N: 1, StartedAt: at, State: onboarding.RunWaiting,
		Waiting: []onboarding.Waiting{{Step: onboarding.StepSCIM, Since: at, Deadline: at.Add(14 * day), URL: "https://console.example.com"}},
	}}}
	kinds := func(now time.Time) (kinds []onboarding.NoticeKind) {
		for _, notice := range studio.Notices(now) {
			require.Equal(t, "https://console.example.com", notice.Link)
			kinds = append(kinds, notice.Kind)
		}
		return kinds
	}
	require.Equal(t, []onboarding.NoticeKind{onboarding.NoticeRequest}, kinds(at))
	require.Equal(t, at.Add(13*day), studio.NextNotice(at))
	require.Equal(t, []onboarding.NoticeKind{onboarding.NoticeRequest}, kinds(at.Add(13*day-time.Second)))
	require.Equal(t, []onboarding.NoticeKind{onboarding.NoticeDeadline}, kinds(at.Add(13*day)))
	require.Zero(t, studio.NextNotice(at.Add(13*day)))
}

// A reconcile is overdue three intervals after the last good one, and not while reconciles are paused.
func TestAStudioTellsOfAnOverdueReconcile(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	studio := onboarding.Studio{Name: "demo", Sync: onboarding.Sync{Every: onboarding.Duration(time.Hour), Since: at, LastGood: at.Add(time.Hour)}}
	overdue := at.Add(4 * time.Hour)
	require.Equal(t, overdue, studio.NextNotice(at))
	require.Empty(t, studio.Notices(overdue.Add(-time.Second)))
	require.Len(t, studio.Notices(overdue), 1)
	studio.Sync.Paused = true
	require.Empty(t, studio.Notices(overdue))
}
