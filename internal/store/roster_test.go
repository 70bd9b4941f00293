package store_test

import (
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/roster"
	"studio-onboarding/internal/store/storetest"
)

func TestARosterComesBackAsItWas(t *testing.T) {
	lists := storetest.New(t)
	_, err := lists.ReadRoster(t.Context(), "team")
	require.ErrorIs(t, err, fs.ErrNotExist)
	holds, err := lists.ReadHolds(t.Context(), "team")
	require.NoError(t, err)
	require.Empty(t, holds)
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	hold := roster.Hold{ID: "0123456789ab", Since: at, Reason: "2 of 5", OnRemoval: "revoke",
		Losses: []roster.Loss{{Name: "ann@example.com", Access: true}, {Name: "bob@example.com", Groups: []string{"ml"}, Role: "users"}}}
	saved := roster.Roster{
		People:     []roster.Person{{Name: "ann@example.com", Groups: []string{"users"}, Role: "r"}, {Name: "bob@example.com"}},
		Left:       []roster.Departure{{Name: "cid@example.com", Access: true, At: at}},
		Quarantine: []roster.Quarantined{{Name: "cid@example.com", Profile: "cid", Since: at, Until: at.Add(time.Hour)}},
		Hold:       &hold,
	}
	for _, agreed := range []roster.Roster{saved, {}} {
		require.NoError(t, lists.SaveRoster(t.Context(), "team", agreed))
		read, err := lists.ReadRoster(t.Context(), "team")
		require.NoError(t, err)
		require.Equal(t, agreed, read)
	}
	require.NoError(t, lists.SaveHolds(t.Context(), "team", slices.Values([]roster.Hold{hold, hold})))
	holds, err = lists.ReadHolds(t.Context(), "team")
	require.NoError(t, err)
	require.Equal(t, []roster.Hold{hold, hold}, holds)
}
