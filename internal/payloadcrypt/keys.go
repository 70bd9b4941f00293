// Package payloadcrypt encrypts what Temporal keeps: inputs, results, heartbeats, summaries and failures are ciphertext on the
// server, under AES-256-GCM with a Tink key set, and plain in the programs that hold the key set.
package payloadcrypt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Variable is the environment variable that says where the keys are.
const Variable = "TEMPORAL_PAYLOAD_KEYS"

// Keys are a key set: the primary key encrypts, and all of them decrypt.
type Keys struct {
	aead tink.AEAD
	list []Key
	// file and written are where they came from, and when that was last written; empty where it was no file.
	file    string
	written time.Time
}

// Key is a key of a set, without the key itself.
type Key struct {
	// ID stands in clear in front of everything that the key encrypted, as eight hexadecimal digits.
	ID      string `json:"id"`
	Primary bool   `json:"primary"`
}

// List lists the keys, the primary one first, and the others from the newest to the oldest.
func (k *Keys) List() []Key { return slices.Clone(k.list) }

// File is the file that they were read from; empty where they came from elsewhere.
func (k *Keys) File() string { return k.file }

// Has says whether a key of this ID is among them.
func (k *Keys) Has(id string) bool {
	return slices.ContainsFunc(k.list, func(key Key) bool { return key.ID == id })
}

// IDs lists the IDs, in the order of List.
func (k *Keys) IDs() []string {
	ids := make([]string, 0, len(k.list))
	for _, key := range k.list {
		ids = append(ids, key.ID)
	}
	return ids
}

// Read reads a key set from where a reference says: the path of a file, also as file:PATH, or env:NAME for a variable that
// holds the key set itself. A file that others than its owner can read is refused.
func Read(reference string, lookup func(string) (string, bool)) (*Keys, error) {
	if name, ok := strings.CutPrefix(reference, "env:"); ok {
		value, set := lookup(name)
		if !set || value == "" {
			return nil, fmt.Errorf("the payload keys are to be in the variable %s, which is not set → set it, or name a file in %s",
				name, Variable)
		}
		keys, err := parse([]byte(value))
		if err != nil {
			return nil, fmt.Errorf("the payload keys in the variable %s: %w", name, err)
		}
		return keys, nil
	}
	return readFile(strings.TrimPrefix(reference, "file:"))
}

func readFile(path string) (*Keys, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	data, info, err := readPrivate(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no payload key file %s → copy it from where the worker runs, or make one with: starter keys create %s",
			path, path)
	case err != nil:
		return nil, fmt.Errorf("read the payload keys: %w", err)
	}
	keys, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("payload key file %s: %w", path, err)
	}
	keys.file, keys.written = path, info.ModTime()
	return keys, nil
}

// readPrivate reads a file that is its owner's alone.
func readPrivate(path string) ([]byte, fs.FileInfo, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	// Windows has no such bits.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, nil, fmt.Errorf("others can read %s (mode %#o), so whoever can reads all runs → chmod 600 %s", path, mode, path)
	}
	var data bytes.Buffer
	_, err = data.ReadFrom(file)
	return data.Bytes(), info, err
}

func parse(data []byte) (*Keys, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		return nil, fmt.Errorf("this is no key set (%w) → take the file that starter keys create or standalone made", err)
	}
	return fromHandle(handle)
}

func fromHandle(handle *keyset.Handle) (*Keys, error) {
	cipher, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("this is a key set for something else (%w) → take one that starter keys create made", err)
	}
	keys := &Keys{aead: cipher}
	info := handle.KeysetInfo()
	for _, key := range slices.Backward(info.GetKeyInfo()) {
		listed := Key{ID: keyID(key.GetKeyId()), Primary: key.GetKeyId() == info.GetPrimaryKeyId()}
		if listed.Primary {
			keys.list = slices.Insert(keys.list, 0, listed)
		} else {
			keys.list = append(keys.list, listed)
		}
	}
	return keys, nil
}

func keyID(id uint32) string { return fmt.Sprintf("%08x", id) }

// Create makes a file with one new key, which must not exist yet (fs.ErrExist). Whoever finds the file finds it whole.
func Create(path string) (*Keys, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a payload key: %w", err)
	}
	return write(path, handle, os.Link)
}

// CreateIfMissing makes the file where there is none, and reads it. Of several that do so at the same time one makes it.
func CreateIfMissing(path string) (keys *Keys, created bool, err error) {
	if _, err := os.Lstat(path); err == nil {
		keys, err = readFile(path)
		return keys, false, err
	}
	keys, err = Create(path)
	if errors.Is(err, fs.ErrExist) {
		keys, err = readFile(path)
		return keys, false, err
	}
	return keys, err == nil, err
}

// Rotate adds a new key to a file and makes it the primary one. The others stay, for what they encrypted.
func Rotate(path string) (*Keys, error) {
	// Two at the same time would lose one's key, and with it all that was encrypted in between.
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := readFile(path); err != nil {
		return nil, err
	}
	data, _, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a payload key: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	if handle, err = manager.Handle(); err != nil {
		return nil, err
	}
	return write(path, handle, os.Rename)
}

// write writes a key set under another name, and then puts it in its place.
func write(path string, handle *keyset.Handle, place func(from, to string) error) (_ *Keys, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the payload keys: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".payload-keys-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("write the payload keys: %w", err)
	}
	defer func() {
		if removeErr := os.Remove(file.Name()); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}()
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(file))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, fmt.Errorf("write the payload keys: %w", err)
	}
	if err := place(file.Name(), path); err != nil {
		return nil, fmt.Errorf("write the payload keys: %w", err)
	}
	return readFile(path)
}
