// Package peoplefile keeps the list with a line for each person of a run, which is too long for a workflow's history.
package peoplefile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"studio-onboarding/onboarding"
)

// Store keeps people files in a directory, one folder for each run. User names are personal data: the folders are readable
// by the owner alone.
type Store struct {
	// Dir is created when it is needed.
	Dir string
}

const fileName = "people.jsonl"

// SavePeople replaces the people file of a run with one JSON object per line, and returns the absolute path. A reader sees
// the old file or the new one, never half of one. It refuses a run name that is not a plain file name.
func (s Store) SavePeople(run string, people []onboarding.PersonRecord) (string, error) {
	if run == "" || run == "." || run == ".." || filepath.Base(run) != run {
		return "", fmt.Errorf("save people: %q is not the name of a run", run)
	}
	dir, err := filepath.Abs(filepath.Join(s.Dir, run))
	if err != nil {
		return "", fmt.Errorf("save people: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("save people: %w", err)
	}
	path := filepath.Join(dir, fileName)
	if err := replace(path, people); err != nil {
		return "", fmt.Errorf("save people: %w", err)
	}
	return path, nil
}

func replace(path string, people []onboarding.PersonRecord) (err error) {
	// os.CreateTemp makes files with mode 0600.
	file, err := os.CreateTemp(filepath.Dir(path), "."+fileName+"-*")
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
	lines := json.NewEncoder(buffered)
	lines.SetEscapeHTML(false)
	for _, person := range people {
		if err := lines.Encode(person); err != nil {
			return err
		}
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

// Read reads a people file back. The error says which line is damaged.
func Read(path string) ([]onboarding.PersonRecord, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	defer file.Close()
	var people []onboarding.PersonRecord
	lines := json.NewDecoder(bufio.NewReader(file))
	for {
		var person onboarding.PersonRecord
		if err := lines.Decode(&person); errors.Is(err, io.EOF) {
			return people, nil
		} else if err != nil {
			return nil, fmt.Errorf("read people: %s, person %d: %w", path, len(people)+1, err)
		}
		people = append(people, person)
	}
}
