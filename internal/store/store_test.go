package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/store"
)

type person struct {
	Login string `json:"login"`
	Why   string `json:"why,omitempty"`
}

var people = store.Ref{Studio: "data-science", Name: "people"}

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dir, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func some(logins ...string) iter.Seq2[person, error] {
	return func(yield func(person, error) bool) {
		for _, login := range logins {
			if !yield(person{Login: login}, nil) {
				return
			}
		}
	}
}

// logins reads a generation, and with "" the current one.
func logins(t *testing.T, s *store.Store, generation string) (found []string, err error) {
	t.Helper()
	for one, err := range store.Read[person](t.Context(), s, people, generation) {
		if err != nil {
			return found, err
		}
		found = append(found, one.Login)
	}
	return found, nil
}

func write(t *testing.T, s *store.Store, logins ...string) store.Generation {
	t.Helper()
	made, err := store.Write(t.Context(), s, people, some(logins...))
	require.NoError(t, err)
	return made
}

// files are the paths below a directory, without the identity.
func files(t *testing.T, dir string) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() != ".store.json" {
			relative, _ := filepath.Rel(dir, path)
			found = append(found, filepath.ToSlash(relative))
		}
		return err
	}))
	return found
}

func TestWhatWasWrittenIsReadBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when-needed")
	t.Setenv("TMPDIR", "/nowhere") // it may be on another disk
	s := open(t, dir)
	_, err := logins(t, s, "")
	require.ErrorIs(t, err, fs.ErrNotExist)

	first := write(t, s, "ann@example.com", "b<ob@example.com")
	require.Equal(t, 2, first.Lines)
	require.FileExists(t, first.Address)
	second := write(t, s, "cid@example.com")
	none := write(t, s)
	for generation, want := range map[string][]string{
		first.ID: {"ann@example.com", "b<ob@example.com"}, second.ID: {"cid@example.com"}, none.ID: nil, "": nil,
	} {
		found, err := logins(t, s, generation)
		require.NoError(t, err)
		require.Equal(t, want, found)
	}
	current, err := s.Current(t.Context(), people)
	require.NoError(t, err)
	require.Equal(t, none, current)
}

func TestALaterLineIsReadFromWhereItBegins(t *testing.T) {
	s := open(t, t.TempDir())
	made := write(t, s, "ann@example.com", "bob@example.com", "cid@example.com")
	var from int64
	for line, err := range store.Lines[person](t.Context(), s, people, made.ID, 0) {
		require.NoError(t, err)
		from = line.Next
		break
	}
	var rest []string
	for line, err := range store.Lines[person](t.Context(), s, people, made.ID, from) {
		require.NoError(t, err)
		rest = append(rest, line.Item.Login)
	}
	require.Equal(t, []string{"bob@example.com", "cid@example.com"}, rest)
}

func TestAWriteThatFailsLeavesTheCurrentGenerationAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	made := write(t, s, "ann@example.com")
	before := files(t, dir)
	_, err := store.Write(t.Context(), s, people, func(yield func(person, error) bool) {
		_ = yield(person{Login: "bob@example.com"}, nil) && yield(person{}, errors.New("Okta fell asleep"))
	})
	require.ErrorContains(t, err, "Okta fell asleep")
	require.Equal(t, before, files(t, dir))
	current, err := s.Current(t.Context(), people)
	require.NoError(t, err)
	require.Equal(t, made, current)
}

func TestAReaderNeverMixesTwoWrites(t *testing.T) {
	s := open(t, t.TempDir())
	many := func(of string) (logins []string) {
		for i := range 2000 {
			logins = append(logins, fmt.Sprintf("%s-%d@example.com", of, i))
		}
		return logins
	}
	write(t, s, many("first")...)
	read := 0
	for one, err := range store.Read[person](t.Context(), s, people, "") {
		require.NoError(t, err)
		if read == 10 {
			write(t, s, many("second")...)
		}
		require.True(t, strings.HasPrefix(one.Login, "first"), one.Login)
		read++
	}
	require.Equal(t, 2000, read)
}

func TestOfTwoWritersAtOnceOneIsWholeAndCurrent(t *testing.T) {
	dir := t.TempDir()
	var writing sync.WaitGroup
	all := map[string]bool{}
	for w := range 4 {
		s := open(t, dir) // a worker of its own
		name := fmt.Sprintf("worker-%d@example.com", w)
		all[name] = true
		writing.Go(func() {
			for range 20 {
				_, err := store.Write(t.Context(), s, people, some(slices.Repeat([]string{name}, 300)...))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	s := open(t, dir)
	write(t, s, slices.Repeat([]string{"worker-0@example.com"}, 300)...)
	for range 200 {
		found, err := logins(t, s, "")
		require.NoError(t, err)
		require.Len(t, found, 300)
		require.Len(t, slices.Compact(found), 1)
		require.True(t, all[found[0]])
	}
	writing.Wait()
}

func TestADamagedGenerationIsAnErrorThatSaysWhatToDo(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"cut in a line":     func(data []byte) []byte { return data[:len(data)/3] },
		"cut after a line":  func(data []byte) []byte { return data[:strings.IndexByte(string(data), '\n')+1] },
		"another person":    func(data []byte) []byte { return []byte(strings.Replace(string(data), "bob", "eve", 1)) },
		"a line is missing": func(data []byte) []byte { return data[strings.IndexByte(string(data), '\n')+1:] },
		"more at the end":   func(data []byte) []byte { return append(data, "{\"login\":\"eve@example.com\"}\n"...) },
		"empty":             func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			made := write(t, s, "ann@example.com", "bob@example.com", "cid@example.com")
			data, err := os.ReadFile(made.Address)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(made.Address, damage(data), 0o600))
			_, err = logins(t, s, "")
			require.ErrorIs(t, err, store.ErrDamaged)
			for _, word := range []string{"people of data-science", made.Address, "starter sync data-science --once"} {
				require.ErrorContains(t, err, word)
			}
		})
	}
}

func TestAGenerationThatIsGoneIsAnErrorThatSaysSo(t *testing.T) {
	s := open(t, t.TempDir())
	made := write(t, s, "ann@example.com")
	require.NoError(t, os.Remove(made.Address))
	for _, generation := range []string{made.ID, ""} {
		_, err := logins(t, s, generation)
		require.ErrorIs(t, err, store.ErrGone)
		require.ErrorContains(t, err, "people of data-science")
	}
}

func TestOnlyTheOwnerMayReadAlsoWhatWasThereBefore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := open(t, dir)
	made := write(t, s, "ann@example.com")
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	assertClosed := func() {
		t.Helper()
		for folder := made.Address; ; {
			if folder = filepath.Dir(folder); !strings.HasPrefix(folder, dir) {
				break
			}
			require.Equal(t, fs.FileMode(0o700), mode(folder), folder)
		}
		for _, file := range append(files(t, dir), ".store.json") {
			require.Equal(t, fs.FileMode(0o600), mode(filepath.Join(dir, file)), file)
		}
	}
	assertClosed()
	for folder := made.Address; strings.HasPrefix(folder, dir); folder = filepath.Dir(folder) {
		require.NoError(t, os.Chmod(folder, 0o755))
	}
	for _, file := range append(files(t, dir), ".store.json") {
		require.NoError(t, os.Chmod(filepath.Join(dir, file), 0o644))
	}
	open(t, dir)
	assertClosed()
}

func TestADirectoryThatHoldsOtherThingsIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "photos"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "photos", "cat.png"), nil, 0o644))
	require.NoError(t, os.Chmod(dir, 0o755))
	_, err := store.Open(t.Context(), dir, store.Options{})
	require.ErrorContains(t, err, "photos")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o755), info.Mode().Perm())
}

// The first version kept a folder for each run, with files that are made anew.
func TestWhatTheFirstVersionKeptIsTakenOver(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "data-science"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "check-data-science"), 0o755))
	for _, name := range []string{"data-science/people.jsonl", "data-science/profiles.jsonl", "data-science/.people.jsonl-1234",
		"check-data-science/people.jsonl"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("{\"person\":\"ann@example.com\"}\n"), 0o644))
	}
	s := open(t, dir)
	require.Equal(t, []string{"data-science/people.jsonl", "data-science/profiles.jsonl"}, files(t, dir), "what a killed worker left, and "+
		"lists of checks, are removed")
	info, err := os.Stat(filepath.Join(dir, "data-science", "profiles.jsonl"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	write(t, s, "ann@example.com")
	require.NotContains(t, files(t, dir), "data-science/people.jsonl", "it is replaced by the first generation")
	require.Contains(t, files(t, dir), "data-science/profiles.jsonl")
}

// clock is a time that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestOldGenerationsAndLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	at := &clock{now: time.Now()}
	s, err := store.Open(t.Context(), dir, store.Options{Now: at.Now})
	require.NoError(t, err)
	defer s.Close()
	var made []store.Generation
	for i := range 30 {
		made = append(made, write(t, s, fmt.Sprintf("%d@example.com", i)))
	}
	readable := func(generation store.Generation) bool {
		_, err := logins(t, s, generation.ID)
		return err == nil
	}
	for _, one := range made {
		require.True(t, readable(one), "pages of it may be being read")
	}
	leftover := filepath.Join(dir, "data-science", "people", "20260101T000000.000000000Z-abc.jsonl.18ab.tmp")
	require.NoError(t, os.WriteFile(leftover, []byte("{"), 0o600))
	unpointed := filepath.Join(dir, "data-science", "people", "20260101T000000.000000000Z-abc.jsonl")
	require.NoError(t, os.WriteFile(unpointed, []byte("{"), 0o600))
	require.NoError(t, os.Chtimes(unpointed, time.Time{}, time.Now().Add(-time.Minute)))
	at.pass(25 * time.Hour)
	last := write(t, s, "last@example.com")
	require.NoFileExists(t, leftover)
	require.NoFileExists(t, unpointed, "a writer that was killed before it pointed to it")
	require.True(t, readable(last))
	require.False(t, readable(made[0]))
	kept := 0
	for _, file := range files(t, dir) {
		if strings.HasSuffix(file, ".jsonl") {
			kept++
		}
	}
	require.Equal(t, 3, kept)
}

func TestWhatIsAddedIsReadAfterTheCurrentGenerationUntilItIsReplaced(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	all := func() (found []string) {
		for one, err := range store.ReadAppended[person](t.Context(), s, people) {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			require.NoError(t, err)
			found = append(found, one.Login)
		}
		return found
	}
	require.Nil(t, all())
	require.NoError(t, store.Append(t.Context(), s, people, some("ann@example.com")))
	require.Equal(t, []string{"ann@example.com"}, all())
	write(t, s, "bob@example.com")
	require.Equal(t, []string{"bob@example.com"}, all())
	require.NoError(t, store.Append(t.Context(), s, people, some("cid@example.com", "dan@example.com")))
	require.NoError(t, store.Append(t.Context(), s, people, some("eve@example.com")))
	require.Equal(t, []string{"bob@example.com", "cid@example.com", "dan@example.com", "eve@example.com"}, all())
	write(t, s)
	require.Empty(t, all())
	for _, file := range files(t, dir) {
		require.NotContains(t, file, "added")
	}
}

func TestTheIdentityIsMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	ids := make([]string, 8)
	var asking sync.WaitGroup
	for i := range ids {
		s := open(t, dir)
		asking.Go(func() {
			var err error
			if ids[i], err = s.ID(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	require.NotEmpty(t, ids[0])
	require.Len(t, slices.Compact(ids), 1)
	other, err := open(t, t.TempDir()).ID(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, ids[0], other)
}

func TestAStudioIsForgotten(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	write(t, s, "ann@example.com")
	_, err := store.Write(t.Context(), s, store.Ref{Studio: "data-science-2", Name: "people"}, some("bob@example.com"))
	require.NoError(t, err)
	require.NoError(t, s.Delete(t.Context(), "data-science"))
	for _, file := range files(t, dir) {
		require.True(t, strings.HasPrefix(file, "data-science-2/"), file)
	}
	require.NoError(t, s.Delete(t.Context(), "data-science"), "nothing is there")
	require.Error(t, s.Delete(t.Context(), ""))
}

func TestANameCannotLeaveItsPlace(t *testing.T) {
	s := open(t, t.TempDir())
	for _, name := range []string{"", ".", "..", "../other", "a/b", `a\b`, ".hidden", "a b"} {
		_, err := store.Write(t.Context(), s, store.Ref{Studio: name, Name: "people"}, some())
		require.Error(t, err, name)
		_, err = store.Write(t.Context(), s, store.Ref{Studio: "a", Name: name}, some())
		require.Error(t, err, name)
		_, err = s.Current(t.Context(), store.Ref{Studio: name, Name: "people"})
		require.Error(t, err, name)
	}
	_, err := logins(t, s, "../../other")
	require.Error(t, err)
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	for address, word := range map[string]string{
		"": "empty", "gs://bucket": "neither a directory nor s3://", "s3://": "no bucket", "s3://b?colour=red": "colour",
		"file://host/dir": "by its path",
	} {
		_, err := store.Open(t.Context(), address, store.Options{})
		require.ErrorContains(t, err, word, address)
	}
	s, err := store.Open(t.Context(), "file://"+t.TempDir(), store.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
