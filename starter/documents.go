package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

// savedDocument is a file for the operator that was written.
type savedDocument struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// documents writes the files that a run's requests name, each once per request.
type documents struct {
	app    *app
	client client.Client
	run    string
	// saved are paths by document name.
	saved map[string]string
	// known are requests whose documents were dealt with.
	known map[string]bool
}

// ofRequest saves the documents of a request that is new. One that can't be had or written is a notice: the request itself
// names the command that saves it.
func (d *documents) ofRequest(ctx context.Context, request onboarding.Request, v view) error {
	key := fmt.Sprint(request.Step, request.Since.UnixNano())
	if d.known[key] {
		return nil
	}
	if d.known == nil {
		d.known = map[string]bool{}
	}
	d.known[key] = true
	for _, name := range request.Documents {
		path, err := d.app.saveDocument(ctx, d.client, d.run, name, d.app.io.Dir)
		if err != nil {
			if err := v.notice(fmt.Sprintf("%s could not be saved: %v", name, err)); err != nil {
				return err
			}
			continue
		}
		d.saved[name] = path
		if err := v.document(savedDocument{Name: name, Path: path}); err != nil {
			return err
		}
	}
	return nil
}

// saveDocument fetches a document and writes it as DIR/STUDIO-NAME. A file that has this content already is left alone.
func (a *app) saveDocument(ctx context.Context, c client.Client, run, name, dir string) (string, error) {
	document, err := runs.Document(ctx, c, run, name)
	if err != nil {
		return "", err
	}
	// The name comes from the run; it must not lead out of the directory.
	file := run + "-" + filepath.Base(filepath.Clean("/"+name))
	path := filepath.Join(dir, file)
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, []byte(document.Content)) {
		return shown(path), nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("%w → name another directory: starter request %s --save DIR", err, run)
	}
	if err := os.WriteFile(path, []byte(document.Content), 0o644); err != nil {
		return "", fmt.Errorf("%w → name another directory: starter request %s --save DIR", err, run)
	}
	return shown(path), nil
}

// shown marks a path in the current directory as one.
func shown(path string) string {
	if filepath.IsAbs(path) || filepath.Dir(path) != "." {
		return path
	}
	return "." + string(filepath.Separator) + path
}
