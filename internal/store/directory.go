package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gocloud.dev/blob/fileblob"
)

// User names are personal data.
const (
	dirMode  = fs.FileMode(0o700)
	fileMode = fs.FileMode(0o600)
)

func (s *Store) openDirectory(ctx context.Context, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	if err := onlyOurs(dir); err != nil {
		return err
	}
	if err := s.tidy(ctx, dir); err != nil {
		return err
	}
	s.dir, s.address = dir, dir
	s.bucket, err = fileblob.OpenBucket(dir, &fileblob.Options{
		// Temporary files lie beside the final ones: a rename works within one disk only.
		DirFileMode: dirMode, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return err
	}
	_, err = s.ID(ctx) // at once: by it a directory is known as a store
	return err
}

// firstVersions are the files that the first version kept in the folder of a run.
func firstVersions() []string {
	return []string{"people.jsonl", "changes.jsonl", "profiles.jsonl", "exceptions.jsonl"}
}

// firstVersionsLeftover says whether a file is what a killed worker of the first version left.
func firstVersionsLeftover(name string) bool {
	return slices.ContainsFunc(firstVersions(), func(file string) bool { return strings.HasPrefix(name, "."+file+"-") })
}

// onlyOurs refuses a directory that holds other things, as all that is in a store is closed to others.
func onlyOurs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(dir, identityKey)); err == nil {
		return nil
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, identityKey) || ignored(name) || entry.IsDir() && plainName(name) == nil && folderOfOurs(filepath.Join(dir, name)) {
			continue
		}
		return fmt.Errorf("the directory holds other things, such as %s → name an empty one, or one that does not exist", name)
	}
	return nil
}

// ignored are folders that a file system has of its own.
func ignored(name string) bool { return name == "lost+found" }

// folderOfOurs says whether a folder is a studio's, or a run's of the first version.
func folderOfOurs(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() {
			inside, err := filepath.Glob(filepath.Join(dir, name, "*"+lineEnding))
			if err != nil || len(inside) == 0 {
				return false
			}
		} else if !slices.Contains(firstVersions(), name) && !firstVersionsLeftover(name) {
			return false
		}
	}
	return true
}

// tidy closes everything in the directory to others, and removes what killed workers left.
func (s *Store) tidy(ctx context.Context, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // another worker is at work here
			return nil
		} else if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		name := entry.Name()
		leftover := strings.HasSuffix(name, leftoverEnds) && s.now().Sub(info.ModTime()) > day || firstVersionsLeftover(name)
		switch {
		case filepath.Dir(path) == root && ignored(name):
			return filepath.SkipDir
		case entry.Type().IsRegular() && (leftover || ofAFirstCheck(root, path)):
			s.logger.InfoContext(ctx, "Removed from the store, as nobody reads it any more", "file", path)
			if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		case entry.IsDir():
			return closed(path, info, dirMode)
		case entry.Type().IsRegular():
			return closed(path, info, fileMode)
		}
		return nil
	})
}

// ofAFirstCheck says whether a file is the list that a check of the first version left in a folder of its own.
func ofAFirstCheck(root, path string) bool {
	folder, file := filepath.Split(path)
	folder = filepath.Clean(folder)
	return file == "people.jsonl" && filepath.Dir(folder) == root && strings.HasPrefix(filepath.Base(folder), "check-")
}

func closed(path string, info fs.FileInfo, mode fs.FileMode) error {
	if info.Mode().Perm() == mode {
		return nil
	}
	if err := os.Chmod(path, mode); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has the mode %04o and holds personal data; it cannot be closed to others: %w → make the worker's user its "+
			"owner, or name another directory", path, info.Mode().Perm(), err)
	}
	return nil
}

// linkRecord writes a record unless there is one: of two who do so at once, one wins, and nobody sees half of it. fileblob's own
// condition holds for one writer only.
func (s *Store) linkRecord(key string, record any) error {
	data, err := json.Marshal(record)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(s.dir, key+".*"+leftoverEnds) // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(append(data, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), filepath.Join(s.dir, key)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
