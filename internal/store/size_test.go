package store_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/store"
)

// A hundred thousand people pass through, and none of them stays.
func TestNobodyHoldsEverybody(t *testing.T) {
	s := open(t, t.TempDir())
	const crowd = 100_000
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, most := heap(), uint64(0)
	look := func(i int) {
		if i%25_000 == 24_000 {
			most = max(most, heap())
		}
	}
	made, err := store.Write(t.Context(), s, people, func(yield func(person, error) bool) {
		for i := range crowd {
			look(i)
			if !yield(person{Login: fmt.Sprintf("p%d@example.com", i), Why: "has no last name, which Identity Center asks for"}, nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	require.Equal(t, crowd, made.Lines)
	read := 0
	for _, err := range store.Read[person](t.Context(), s, people, made.ID) {
		require.NoError(t, err)
		look(read)
		read++
	}
	require.Equal(t, crowd, read)
	require.Less(t, most, before+4<<20)
}
