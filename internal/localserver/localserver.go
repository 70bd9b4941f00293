// Package localserver lets programs of one user find the key of the Temporal server that this user's standalone runs on the
// same machine. The server leaves it in a file that is its user's alone, named after its port, for as long as it runs.
package localserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Server is a running server.
type Server struct {
	// PID is the process that runs it: what a killed one left behind counts no more.
	PID int `json:"pid"`
	// Address is its loopback host:port.
	Address string `json:"address"`
	// Key is what it wants to be called with, as a bearer token.
	Key string `json:"key"`
}

// Directory is where the files are: running, in studio-onboarding in the user's configuration directory. It is an error where
// the user has none.
func Directory() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "studio-onboarding", "running"), nil
}

// Publish leaves a server's file for Find, readable by this user alone, and returns its path. A server that ran on the same
// port before is replaced, and what killed servers left is removed. Withdraw takes the file back.
func Publish(server Server) (path string, err error) {
	path, err = file(server.Address)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := removeDead(dir); err != nil {
		return "", err
	}
	data, err := json.Marshal(server)
	if err != nil {
		return "", err
	}
	return path, WritePrivate(path, data)
}

// WritePrivate writes a file for this user alone, under another name first, so that nobody reads half of it, and a process that dies here
// leaves nothing that looks finished.
func WritePrivate(path string, data []byte) error {
	unfinished, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = unfinished.Write(data)
	err = errors.Join(err, unfinished.Sync(), unfinished.Close())
	if err == nil {
		err = os.Rename(unfinished.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(unfinished.Name()))
	}
	return nil
}

// Withdraw removes the file that Publish left, unless another server has replaced it since.
func Withdraw(server Server) error {
	path, err := file(server.Address)
	if err != nil {
		return err
	}
	if there, err := read(path); err != nil || there != server {
		return ignoreMissing(err)
	}
	return ignoreMissing(os.Remove(path))
}

// Find answers with the key of this user's server at an address, and with "" where there is none: the address is of another
// machine, or nobody has left a file, or whoever did runs no more. A file that others can read or write is an error.
func Find(address string) (key string, err error) {
	if !Loopback(address) {
		return "", nil
	}
	path, err := file(address)
	if err != nil {
		return "", nil // without a configuration directory nobody left anything
	}
	server, err := read(path)
	if err != nil || !alive(server.PID) {
		return "", ignoreMissing(err)
	}
	return server.Key, nil
}

// Loopback says whether an address (host:port) is on this machine.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback())
}

func file(address string) (string, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if strings.Trim(port, "0123456789") != "" || port == "" {
		return "", fmt.Errorf("%q is no number of a port", port)
	}
	dir, err := Directory()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, port+".json"), nil
}

func read(path string) (Server, error) {
	opened, err := os.Open(path)
	if err != nil {
		return Server{}, err
	}
	defer opened.Close()
	info, err := opened.Stat()
	if err != nil {
		return Server{}, err
	}
	// Windows has no such modes; there the directory of the user is closed to others.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return Server{}, fmt.Errorf("the key file %s can be read or written by others (%s) → remove it, and start standalone again",
			path, info.Mode().Perm())
	}
	var server Server
	if err := json.NewDecoder(opened).Decode(&server); err != nil {
		return Server{}, fmt.Errorf("the key file %s cannot be read (%w) → remove it, and start standalone again", path, err)
	}
	return server, nil
}

// removeDead removes the files of servers whose process is gone.
func removeDead(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if server, err := read(path); filepath.Ext(path) != ".json" || err == nil && alive(server.PID) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := ignoreMissing(os.Remove(path)); err != nil {
			return err
		}
	}
	return nil
}

// alive says whether a process runs.
func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = process.Release() }()
	if runtime.GOOS == "windows" {
		return true // it would not have been found
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, fs.ErrPermission)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
