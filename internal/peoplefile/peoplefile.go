// Package peoplefile keeps the list with a line for each person of a run, which is too long for a workflow's history.
package peoplefile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"studio-onboarding/onboarding"
)

// Store keeps people files in a directory, one folder for each run. User names are personal data: the folders are readable
// by the owner alone.
type Store struct {
	// Dir is created when it is needed.
	Dir string
}

const (
	fileName    = "people.jsonl"
	changesName = "changes.jsonl"
)

// SavePeople replaces the people file of a run with one JSON object per line, and returns the absolute path. A reader sees
// the old file or the new one, never half of one. People are written as they come, so that nobody has to hold all of them. It
// refuses a run name that is not a plain file name.
func (s Store) SavePeople(run string, people iter.Seq[onboarding.PersonRecord]) (string, error) {
	path, err := s.save(run, fileName, func(lines *json.Encoder) error { return encode(lines, people) })
	if err != nil {
		return "", fmt.Errorf("save people: %w", err)
	}
	return path, nil
}

// SaveChanges replaces the file of the changes that a reconcile found, in the way of SavePeople.
func (s Store) SaveChanges(run string, changes []onboarding.AccessChange) (string, error) {
	path, err := s.save(run, changesName, func(lines *json.Encoder) error { return encode(lines, slices.Values(changes)) })
	if err != nil {
		return "", fmt.Errorf("save changes: %w", err)
	}
	return path, nil
}

// ReadPeople reads the people file of a run and says when it was saved. The error wraps fs.ErrNotExist where there is none.
func (s Store) ReadPeople(run string) ([]onboarding.PersonRecord, time.Time, error) {
	dir, err := s.folder(run)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read people: %w", err)
	}
	path := filepath.Join(dir, fileName)
	info, err := os.Stat(path)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read people: %w", err)
	}
	people, err := Read(path)
	return people, info.ModTime(), err
}

func (s Store) folder(run string) (string, error) {
	if run == "" || run == "." || run == ".." || filepath.Base(run) != run {
		return "", fmt.Errorf("%q is not the name of a run", run)
	}
	return filepath.Abs(filepath.Join(s.Dir, run))
}

func (s Store) save(run, name string, write func(*json.Encoder) error) (string, error) {
	dir, err := s.folder(run)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	return path, replace(path, write)
}

func encode[T any](lines *json.Encoder, items iter.Seq[T]) error {
	for item := range items {
		if err := lines.Encode(item); err != nil {
			return err
		}
	}
	return nil
}

func replace(path string, write func(*json.Encoder) error) (err error) {
	// os.CreateTemp makes files with mode 0600.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	buffered := bufio.NewWriter(file)
	if err := write(lineEncoder(buffered)); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	// Without the sync a power failure after the rename could leave an empty file under the final name.
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func lineEncoder(w io.Writer) *json.Encoder {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return lines
}

// Read reads a people file back. The error says which line is damaged.
func Read(path string) ([]onboarding.PersonRecord, error) {
	return readLines[onboarding.PersonRecord](path)
}

func readLines[T any](path string) ([]T, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	defer file.Close()
	var people []T
	lines := json.NewDecoder(bufio.NewReader(file))
	for {
		var person T
		if err := lines.Decode(&person); errors.Is(err, io.EOF) {
			return people, nil
		} else if err != nil {
			return nil, fmt.Errorf("read people: %s, person %d: %w", path, len(people)+1, err)
		}
		people = append(people, person)
	}
}
