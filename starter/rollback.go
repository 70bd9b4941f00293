package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/onboarding"
)

func newRollbackPack(a *app) *cobra.Command {
	var to string
	var n int
	command := &cobra.Command{
		Use:   "rollback-pack STUDIO --to DIR",
		Short: "Save what a run kept of an organization before it changed how people sign in",
		Long: `Save the rollback pack of a run: what hung on Identity Center before the run asked for a change of how people sign in, and the
steps back. README.md has the steps in their order; the other files are users, assignments of accounts and applications, the
settings and metadata of the Okta apps, and a script that makes assignments again.

The pack names people. It goes into a new directory that only you can read. Delete it when it is no longer needed.`,
		Example: `  starter rollback-pack data-science --to data-science-before
  starter rollback-pack data-science --run 2 --to before-run-2`,
		Args:              exactly("STUDIO"),
		ValidArgsFunction: a.completeArgs(argRun),
	}
	command.Flags().StringVar(&to, "to", "", "write the pack to this `directory`, which must not be there yet")
	command.Flags().IntVar(&n, "run", 0, "the number of the run; default: the latest")
	must(command.MarkFlagRequired("to"))
	must(command.MarkFlagDirname("to"))
	return a.runs(command, func(ctx context.Context, args []string) error {
		if n < 0 {
			return wrongUse("rollback-pack", "--run is %d, but runs are counted from 1", n)
		}
		return a.rollbackPack(ctx, args[0], n, to)
	})
}

func (a *app) rollbackPack(ctx context.Context, studio string, n int, to string) error {
	return a.connected(ctx, func(c client.Client) error {
		report, err := runs.Report(ctx, c, studio, n)
		if err != nil {
			return err
		}
		if report.RollbackPack == nil {
			return fmt.Errorf("run %d of %s has no rollback pack: it asked for no change that could cut anybody off → earlier runs: "+
				"starter history %s", report.N, studio, studio)
		}
		files, err := savePack(to, func(each func(onboarding.PackLine) error) error {
			return runs.RollbackPack(ctx, c, studio, *report.RollbackPack, each)
		})
		if err != nil {
			return err
		}
		if a.output == outputJSON {
			return a.json(map[string]any{"directory": to, "files": files})
		}
		return a.say("Wrote %d files to %s, as of %s. Begin with %s.", len(files), to,
			report.RollbackPack.Listing.AsOf.In(a.io.Now().Location()).Format("2006-01-02 15:04"), filepath.Join(to, "README.md"))
	})
}

// savePack writes the files of a pack, whose pieces come one after the other, to a new directory. A pack that does not come whole
// leaves nothing behind.
func savePack(to string, read func(each func(onboarding.PackLine) error) error) (files []string, err error) {
	if err := os.Mkdir(to, 0o700); errors.Is(err, fs.ErrExist) {
		return nil, wrongUse("rollback-pack", "%s exists already; name a directory that does not", to)
	} else if err != nil {
		return nil, &usageError{err: fmt.Errorf("%w → name another directory with --to", err)}
	}
	var open *os.File
	defer func() {
		if open != nil {
			err = errors.Join(err, open.Close())
		}
		if err != nil {
			err = errors.Join(err, os.RemoveAll(to))
		}
	}()
	last := ""
	err = read(func(line onboarding.PackLine) error {
		if line.File != last {
			if open != nil {
				if err := open.Close(); err != nil {
					return err
				}
				open = nil
			}
			// The name comes from the worker's store; it must not lead out of the directory.
			if !filepath.IsLocal(filepath.FromSlash(line.File)) {
				return fmt.Errorf("the rollback pack has a file %q, which would not stay in its directory", line.File)
			}
			path := filepath.Join(to, filepath.FromSlash(line.File))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			open, last, files = file, line.File, append(files, line.File)
		}
		_, err := open.WriteString(line.Text)
		return err
	})
	return files, err
}
