package provider_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
)

func TestAWriteIsMadeAgainUntilItIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		// sticks is the attempt from which on a write takes effect.
		sticks, writes int
		left           []string
	}{
		"at once":        {1, 2, nil},
		"the second one": {2, 4, nil},
		"never":          {99, 6, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			written := map[string]int{}
			writes := 0
			left, err := provider.WriteUntilSeen(t.Context(), provider.Waits{}, []string{"a", "b"},
				func(_ context.Context, one string) error { written[one]++; writes++; return nil },
				func(context.Context) ([]string, error) {
					var missing []string
					for _, one := range []string{"a", "b"} {
						if written[one] < c.sticks {
							missing = append(missing, one)
						}
					}
					return missing, nil
				})
			require.NoError(t, err)
			require.Equal(t, c.left, left)
			require.Equal(t, c.writes, writes)
		})
	}
}

func TestAWriteThatFailsEndsIt(t *testing.T) {
	broken := errors.New("broken")
	look := func(context.Context) ([]int, error) { return nil, broken }
	_, err := provider.WriteUntilSeen(t.Context(), provider.Waits{}, []int{1}, func(context.Context, int) error { return nil }, look)
	require.ErrorIs(t, err, broken)
	_, err = provider.WriteUntilSeen(t.Context(), provider.Waits{}, []int{1}, func(context.Context, int) error { return broken }, nil)
	require.ErrorIs(t, err, broken)
	left, err := provider.WriteUntilSeen[int](t.Context(), provider.Waits{}, nil, nil, nil)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestTheLastLookBeginsAtTheEndOfTheTime(t *testing.T) {
	const within = 20 * time.Millisecond
	begin, looks := time.Now(), 0
	var last time.Time
	require.NoError(t, provider.LookUntil(t.Context(), within, within, func() (bool, error) {
		looks++
		last = time.Now()
		return false, nil
	}))
	require.Equal(t, 2, looks)
	require.GreaterOrEqual(t, last.Sub(begin), within)

	ctx, cancel := context.WithCancel(t.Context())
	err := provider.LookUntil(ctx, time.Hour, time.Hour, func() (bool, error) { cancel(); return false, nil })
	require.Equal(t, fault.Unavailable, fault.ClassOf(err))
}
