package profile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/profile"
)

func TestWhatIsKnownOfAProfileHoldsAsLongAsItIsTheSame(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	described := profile.Known{Name: "ann", UserName: "ann@example.com", Created: at, Changed: at.Add(time.Minute)}
	made := profile.Known{Name: "ann", UserName: "ann@example.com", Made: true, Created: at.Add(3 * time.Second)}
	for name, c := range map[string]struct {
		known           profile.Known
		status          string
		created, change time.Duration
		holds           bool
	}{
		"the same":                        {described, profile.StatusInService, 0, time.Minute, true},
		"changed since":                   {described, profile.StatusInService, 0, time.Hour, false},
		"on its way":                      {described, profile.StatusUpdating, 0, time.Hour, true},
		"deleted and made again":          {described, profile.StatusInService, time.Hour, time.Hour, false},
		"again, on its way":               {described, profile.StatusPending, time.Hour, time.Hour, false},
		"made by us":                      {made, profile.StatusPending, 0, 0, true},
		"made by us and settled":          {made, profile.StatusInService, 0, 30 * time.Second, true},
		"made by us and changed later":    {made, profile.StatusInService, 0, time.Hour, false},
		"made by us, and again by others": {made, profile.StatusInService, time.Hour, time.Hour, false},
	} {
		listed := profile.Listed{Name: "ann", Status: c.status, Created: at.Add(c.created), Changed: at.Add(c.change)}
		require.Equal(t, c.holds, c.known.Holds(listed, 2*time.Minute), name)
		if c.holds {
			require.True(t, c.known.As(listed).Holds(listed, 2*time.Minute), name)
		}
	}
	require.False(t, described.Holds(profile.Listed{Name: "ann", Status: profile.StatusInService}, time.Minute),
		"without times nothing is known")

	settled := profile.Listed{Name: "ann", Status: profile.StatusInService, Created: at, Changed: at.Add(30 * time.Second)}
	later := settled
	later.Changed = at.Add(time.Minute)
	require.False(t, made.As(settled).Holds(later, 2*time.Minute), "once it has settled, every change counts")
}

func TestSpotChecksAreFewAndEverywhere(t *testing.T) {
	require.Empty(t, profile.SpotCheck(0))
	require.Equal(t, []int{0}, profile.SpotCheck(1))
	checked := profile.SpotCheck(2501)
	require.Len(t, checked, 6)
	for i, at := range checked {
		require.GreaterOrEqual(t, at, i*500)
		require.Less(t, at, min((i+1)*500, 2501))
	}
}
