package peoplefile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

const (
	profilesName   = "profiles.jsonl"
	exceptionsName = "exceptions.jsonl"
)

// ReadProfiles calls each for what is known of the profiles of a run, in the order in which it was learned: what comes later
// counts. Lines that are damaged, as the last one of a worker that was killed, are left out. The error wraps fs.ErrNotExist
// where nothing is known.
func (s Store) ReadProfiles(run string, each func(profile.Known)) error {
	dir, err := s.folder(run)
	if err != nil {
		return fmt.Errorf("read profiles: %w", err)
	}
	file, err := os.Open(filepath.Join(dir, profilesName))
	if err != nil {
		return fmt.Errorf("read profiles: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var known profile.Known
		if json.Unmarshal(lines.Bytes(), &known) == nil && known.Name != "" {
			each(known)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read profiles: %w", err)
	}
	return nil
}

// AddProfiles adds to what is known of the profiles of a run. It is not forced to the disk: what is lost in a power failure
// is learned again.
func (s Store) AddProfiles(run string, known []profile.Known) error {
	dir, err := s.folder(run)
	if err != nil {
		return fmt.Errorf("add profiles: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("add profiles: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, profilesName), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("add profiles: %w", err)
	}
	// One write, so that two workers do not mix their lines; the line break first ends what a killed one left behind.
	var text bytes.Buffer
	text.WriteByte('\n')
	err = encode(lineEncoder(&text), slices.Values(known))
	if err == nil {
		_, err = file.Write(text.Bytes())
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("add profiles: %w", err)
	}
	return nil
}

// SaveProfiles replaces what is known of the profiles of a run.
func (s Store) SaveProfiles(run string, known iter.Seq[profile.Known]) error {
	_, err := s.save(run, profilesName, func(lines *json.Encoder) error { return encode(lines, known) })
	if err != nil {
		return fmt.Errorf("save profiles: %w", err)
	}
	return nil
}

// SaveExceptions replaces the list of the people of a run for whom making access right failed for good.
func (s Store) SaveExceptions(run string, people []onboarding.PersonException) error {
	if _, err := s.save(run, exceptionsName, func(lines *json.Encoder) error { return encode(lines, slices.Values(people)) }); err != nil {
		return fmt.Errorf("save exceptions: %w", err)
	}
	return nil
}

// ReadExceptions reads that list; nobody is on it where none was saved.
func (s Store) ReadExceptions(run string) ([]onboarding.PersonException, error) {
	dir, err := s.folder(run)
	if err != nil {
		return nil, fmt.Errorf("read exceptions: %w", err)
	}
	people, err := readLines[onboarding.PersonException](filepath.Join(dir, exceptionsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return people, err
}
