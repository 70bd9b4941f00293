// Package storetest gives tests a store, and what lies in one.
package storetest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/store"
	"studio-onboarding/onboarding"
)

// New is a store in a directory of the test's own.
func New(t testing.TB) store.Lists {
	t.Helper()
	return At(t, t.TempDir())
}

// At is the store at an address.
func At(t testing.TB, address string) store.Lists {
	t.Helper()
	s, err := store.Open(t.Context(), address, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return store.Lists{Store: s}
}

// People are everybody on the current list of a studio.
func People(t testing.TB, of any, studio string) []onboarding.PersonRecord {
	t.Helper()
	return all(t, func(each func(onboarding.PersonRecord, int64) bool) error {
		return listsOf(t, of).ReadPeople(t.Context(), studio, "", 0, each)
	})
}

// PeopleAt are everybody on the list that lies at an address.
func PeopleAt(t testing.TB, address string) []onboarding.PersonRecord {
	t.Helper()
	folder := filepath.Dir(address)
	studio := filepath.Dir(folder)
	return all(t, func(each func(onboarding.PersonRecord, int64) bool) error {
		return At(t, filepath.Dir(studio)).ReadPeople(t.Context(), filepath.Base(studio), strings.TrimSuffix(filepath.Base(address), ".jsonl"), 0, each)
	})
}

// Checked are those whom the last check or plan says would not be able to sign in.
func Checked(t testing.TB, of any, studio string) []onboarding.PersonRecord {
	t.Helper()
	return all(t, func(each func(onboarding.PersonRecord, int64) bool) error {
		return listsOf(t, of).ReadCheck(t.Context(), studio, "", 0, each)
	})
}

// Changes are the differences of one look; "" is the generation of a look that found none.
func Changes(t testing.TB, of any, studio, generation string) []onboarding.AccessChange {
	t.Helper()
	if generation == "" {
		return nil
	}
	return all(t, func(each func(onboarding.AccessChange, int64) bool) error {
		return listsOf(t, of).ReadChanges(t.Context(), studio, generation, 0, each)
	})
}

// listsOf is the store behind what activities hold as an interface of theirs.
func listsOf(t testing.TB, of any) store.Lists {
	t.Helper()
	kept, ok := of.(store.Lists)
	require.True(t, ok, "%T is no store", of)
	return kept
}

func all[T any](t testing.TB, read func(each func(T, int64) bool) error) (items []T) {
	t.Helper()
	require.NoError(t, read(func(item T, _ int64) bool {
		items = append(items, item)
		return true
	}))
	return items
}
