package peoplefile_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/peoplefile"
	"studio-onboarding/onboarding"
)

func TestWhatWasSavedIsReadBack(t *testing.T) {
	store := peoplefile.Store{Dir: filepath.Join(t.TempDir(), "runs")}
	people := []onboarding.PersonRecord{
		{Person: "ann@example.com", Ready: true, Via: []string{"users"}, Profile: "ann-example-com", ProfileStatus: "InService"},
		{Person: "b<ob@example.com", Reason: "a forbidden character", Remedy: "rename"},
	}
	path, err := store.SavePeople("data-science", slices.Values(people))
	require.NoError(t, err)
	require.True(t, filepath.IsAbs(path))
	require.Equal(t, filepath.Join("data-science", "people.jsonl"), filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path)))
	read, err := peoplefile.Read(path)
	require.NoError(t, err)
	require.Equal(t, people, read)
}

func TestSavingReplacesAndLeavesNothingBehind(t *testing.T) {
	store := peoplefile.Store{Dir: t.TempDir()}
	_, err := store.SavePeople("r", slices.Values([]onboarding.PersonRecord{{Person: "a@example.com"}, {Person: "b@example.com"}}))
	require.NoError(t, err)
	path, err := store.SavePeople("r", slices.Values([]onboarding.PersonRecord(nil)))
	require.NoError(t, err)
	read, err := peoplefile.Read(path)
	require.NoError(t, err)
	require.Empty(t, read)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestOnlyTheOwnerMayRead(t *testing.T) {
	store := peoplefile.Store{Dir: filepath.Join(t.TempDir(), "runs")}
	path, err := store.SavePeople("r", slices.Values([]onboarding.PersonRecord{{Person: "a@example.com"}}))
	require.NoError(t, err)
	file, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), file.Mode().Perm())
	dir, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), dir.Mode().Perm())
}

func TestARunNameCannotLeaveTheDirectory(t *testing.T) {
	store := peoplefile.Store{Dir: t.TempDir()}
	for _, run := range []string{"", ".", "..", "../other", "a/b"} {
		_, err := store.SavePeople(run, slices.Values([]onboarding.PersonRecord(nil)))
		require.Error(t, err, run)
	}
}

func TestADamagedFileIsAnErrorThatSaysWhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("{\"person\":\"a@example.com\",\"ready\":true}\n{\"pers"), 0o600))
	_, err := peoplefile.Read(path)
	require.ErrorContains(t, err, "person 2")
}
