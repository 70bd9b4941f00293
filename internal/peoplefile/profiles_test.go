package peoplefile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/peoplefile"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

func profilesOf(t *testing.T, store peoplefile.Store) (found []profile.Known) {
	require.NoError(t, store.ReadProfiles("team", func(k profile.Known) { found = append(found, k) }))
	return found
}

func TestWhatIsKnownOfProfilesGrowsAndIsReplaced(t *testing.T) {
	store := peoplefile.Store{Dir: t.TempDir()}
	require.ErrorIs(t, store.ReadProfiles("team", nil), fs.ErrNotExist)
	ours := true
	ann := profile.Known{Name: "ann", UserName: "ann@example.com", Created: time.Date(2026, 11, 23, 10, 0, 0, 1e6, time.UTC), Made: true, Ours: &ours}
	bob := profile.Known{Name: "bob", UserName: "bob@example.com", Role: "arn"}
	require.NoError(t, store.AddProfiles("team", []profile.Known{ann}))

	// A killed worker may leave half a line behind.
	path := filepath.Join(store.Dir, "team", "profiles.jsonl")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(`{"name":"ci`)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.NoError(t, store.AddProfiles("team", []profile.Known{bob}))
	require.Equal(t, []profile.Known{ann, bob}, profilesOf(t, store))

	require.NoError(t, store.SaveProfiles("team", slices.Values([]profile.Known{bob})))
	require.Equal(t, []profile.Known{bob}, profilesOf(t, store))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	require.Error(t, store.AddProfiles("../team", nil))
}

func TestExceptionsAreKept(t *testing.T) {
	store := peoplefile.Store{Dir: t.TempDir()}
	none, err := store.ReadExceptions("team")
	require.NoError(t, err)
	require.Empty(t, none)
	people := []onboarding.PersonException{{Person: "ann@example.com", Reason: "refused", Remedy: "look"}}
	require.NoError(t, store.SaveExceptions("team", people))
	found, err := store.ReadExceptions("team")
	require.NoError(t, err)
	require.Equal(t, people, found)
}
