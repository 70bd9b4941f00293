package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"

	"studio-onboarding/internal/localserver"
)

const (
	lockFile = "engine.lock"
	// announcement says who holds the lock, for the message to whoever comes second.
	announcement = "engine.json"
)

// dataDir is a locked directory with a database, or memory.
type dataDir struct {
	path string
	lock *flock.Flock
	// key is what the Temporal port wants.
	key string
}

type addresses struct {
	PID     int    `json:"pid"`
	Address string `json:"address"`
	UI      string `json:"ui"`
}

// openDataDir locks the directory: SQLite's file serves one server. What is open to others is closed, and said. An empty path
// means memory.
func openDataDir(path string, logger *slog.Logger) (*dataDir, error) {
	if path == "" {
		return &dataDir{key: newKey()}, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	d := &dataDir{path: path, lock: flock.New(filepath.Join(path, lockFile), flock.SetPermissions(0o600))}
	locked, err := d.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if !locked {
		return nil, d.alreadyRunning()
	}
	err = d.checkVersion()
	if err == nil {
		err = tighten(path, logger)
	}
	if err == nil {
		d.key, err = openKey(filepath.Join(path, KeyFile))
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// ours are the names of what standalone, its worker, and the demo keep in a data directory, as patterns.
func ours() []string {
	return []string{
		lockFile, announcement, KeyFile, "temporal-*.db*", "payload-keys.json*", "people", "running", "demo.log", "secrets", ".new-*",
		".config", // where it is the home of a user of its own
	}
}

// tighten closes the directory and the server's files to others. Those who could read them before may have copied the key: it
// is made anew. A directory in which there are other things, too, is somebody's for another purpose, and keeps its mode.
func tighten(path string, logger *slog.Logger) error {
	if runtime.GOOS == "windows" {
		return nil // it has no such modes; the user's directories are closed to others there
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	shared := ""
	for _, entry := range entries {
		known := slices.ContainsFunc(ours(), func(pattern string) bool { match, _ := filepath.Match(pattern, entry.Name()); return match })
		if !known {
			shared = entry.Name()
		}
		if !known || !entry.Type().IsRegular() {
			continue
		}
		file := filepath.Join(path, entry.Name())
		open, err := closeToOthers(file, 0o600, logger)
		if err != nil {
			return err
		}
		if open && entry.Name() == KeyFile {
			logger.Warn("the key of the Temporal port could be read by others, and is made anew")
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	if shared != "" {
		info, err := os.Stat(path)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			logger.Warn(fmt.Sprintf("the data directory %s is open to others, and stays so because there are other things in it (%s); "+
				"the server's own files are closed", path, shared))
		}
		return err
	}
	if _, err := closeToOthers(path, 0o700, logger); err != nil {
		logger.Warn(err.Error()) // what is in it is closed
	}
	return nil
}

// closeToOthers takes a file or directory away from everybody but its owner, and says whether that was needed.
func closeToOthers(path string, mode fs.FileMode, logger *slog.Logger) (open bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return false, err
	}
	if err := os.Chmod(path, mode); err != nil {
		return true, fmt.Errorf("%s is open to others (%s), and cannot be closed: %w → run standalone as its owner, or choose another "+
			"directory with --data-dir", path, info.Mode(), err)
	}
	logger.Warn(fmt.Sprintf("%s was open to others (%s), and is closed now", path, info.Mode()))
	return true, nil
}

func (d *dataDir) alreadyRunning() error {
	var other addresses
	data, err := os.ReadFile(filepath.Join(d.path, announcement))
	if err != nil || json.Unmarshal(data, &other) != nil || other.UI == "" {
		return fmt.Errorf("another process is starting on the data directory %s: wait for it, or choose another one with --data-dir", d.path)
	}
	return fmt.Errorf("already running on the data directory %s (process %d): open the UI at %s, use --address %s with starter, or choose another directory with --data-dir",
		d.path, other.PID, other.UI, other.Address)
}

// databaseName carries the server's minor version: there is no migration between them for SQLite.
func databaseName() string {
	return "temporal-" + minor(headers.ServerVersion) + ".db"
}

func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// checkVersion refuses to start on an empty database next to one with somebody's runs.
func (d *dataDir) checkVersion() error {
	if _, err := os.Stat(filepath.Join(d.path, databaseName())); err == nil {
		return nil
	}
	others, err := filepath.Glob(filepath.Join(escapeGlob(d.path), "temporal-*.db"))
	if err != nil || len(others) == 0 {
		return err
	}
	version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(others[0]), "temporal-"), ".db")
	return fmt.Errorf("%s belongs to Temporal server %s, and this program holds %s, which cannot read it: finish its runs with the program that wrote it, "+
		"then move the file (with its -wal and -shm files) elsewhere; or choose another directory with --data-dir", others[0], version, headers.ServerVersion)
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// database makes the schema and the namespace where they are missing.
func (d *dataDir) database(attributes map[string]enums.IndexedValueType) (*config.SQL, error) {
	namespace, err := sqliteschema.NewNamespaceConfig(clusterName, Namespace, false, attributes)
	if err != nil {
		return nil, err
	}
	namespace.Detail.Config.Retention = durationpb.New(Retention)

	sql := &config.SQL{PluginName: sqlite.PluginName}
	if d.path == "" {
		sql.DatabaseName = uuid.NewString()
		sql.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
	} else {
		file := filepath.Join(d.path, databaseName())
		if err := makeSchema(file); err != nil {
			return nil, fmt.Errorf("make the database: %w", err)
		}
		sql.DatabaseName = uriPath(file)
		sql.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000"}
	}
	if err := sqliteschema.CreateNamespaces(sql, namespace); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return sql, nil
}

// makeSchema makes the file with its tables under another name first, so that a process that dies here leaves no database
// that looks finished.
func makeSchema(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := file + "." + uuid.NewString() + ".new"
	// SQLite would make it readable by others; its -wal and -shm files take the mode of the database.
	empty, err := os.OpenFile(unfinished, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := empty.Close(); err != nil {
		return err
	}
	err = sqliteschema.SetupSchema(&config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      uriPath(unfinished),
		ConnectAttributes: map[string]string{"mode": "rwc"},
	})
	if err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	return os.Rename(unfinished, file)
}

// uriPath writes a file name for SQLite's file: URIs, in which ?, # and % mean something.
func uriPath(file string) string {
	return (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath()
}

// announce leaves the addresses for whoever finds the directory locked.
func (d *dataDir) announce(address, ui string) error {
	if d.path == "" {
		return nil
	}
	data, err := json.Marshal(addresses{PID: os.Getpid(), Address: address, UI: ui})
	if err != nil {
		return err
	}
	return localserver.WritePrivate(filepath.Join(d.path, announcement), data)
}

func (d *dataDir) close() error {
	if d.path == "" {
		return nil
	}
	err := os.Remove(filepath.Join(d.path, announcement))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, d.lock.Unlock())
}
