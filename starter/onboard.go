package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

type onboardOptions struct {
	// files are what -f names; file is the one spec where there is only one.
	files         []string
	file          string
	parallel      int
	detach        bool
	stopWhenAsked bool
}

// maxFile bounds files that are read: specs and metadata are some KB.
const maxFile = 1 << 20

func newOnboard(a *app) *cobra.Command {
	var o onboardOptions
	command := &cobra.Command{
		Use:   "onboard -f FILE",
		Short: "Start the run of a spec, or attach to it, and watch it to its end",
		Long: `Have a studio carry out a spec, and watch the run to its end. The studio is named by the spec, and made by its first
run.

If a run of it is going on, nothing is started: the command attaches to it, and the run keeps its own spec. If the last
one has ended, a new one starts and adopts what is there. The spec is in force once its run is done.

Documents that the run wants you to upload are written to the current directory. Ctrl-C ends the watching, not the run.

With a directory, or several -f, all specs are checked and then started as a fleet, at most --parallel runs at once; a run
counts until it has ended, also while it waits for you. There is a line for each change of a run. A run of the same name
that is going on already is left alone.`,
		Example: `  starter onboard -f spec.yaml
  starter onboard -f spec.yaml --detach
  starter onboard -f specs/ --parallel 10
  envsubst < spec.yaml | starter onboard -f -`,
		Args: exactly(),
	}
	flags := command.Flags()
	flags.StringArrayVarP(&o.files, "file", "f", nil, "the spec, as YAML or JSON; - reads standard input; a directory, "+
		"or several -f, start a fleet")
	flags.IntVar(&o.parallel, "parallel", 5, "of a fleet, how many runs go on at once")
	flags.BoolVar(&o.detach, "detach", false, "start the run and return")
	flags.BoolVar(&o.stopWhenAsked, "stop-when-asked", false, "return with exit code 3 as soon as the run needs a person")
	must(command.MarkFlagRequired("file"))
	must(command.MarkFlagFilename("file", "yaml", "yml", "json"))
	command.MarkFlagsMutuallyExclusive("detach", "stop-when-asked")
	return a.runs(command, func(ctx context.Context, _ []string) error {
		files, err := specFiles(o.files)
		if err != nil {
			return err
		}
		if len(files) > 1 {
			return a.fleet(ctx, o, files)
		}
		o.file = files[0]
		return a.onboard(ctx, o)
	})
}

func (a *app) onboard(ctx context.Context, o onboardOptions) error {
	spec, err := a.readSpec(o.file)
	if err != nil {
		return err
	}
	settings, err := a.settings().Options()
	if err != nil {
		return err
	}
	return a.connected(ctx, func(c client.Client) error {
		if err := temporalclient.EnsureSearchAttributes(ctx, c, settings.Namespace); err != nil {
			return err
		}
		started, err := runs.Start(ctx, c, spec, a.io.User())
		if err != nil {
			return err
		}
		ui := a.uiLink(ctx, settings.HostPort, settings.Namespace, started)
		if err := a.tellStarted(spec.Name, o, started, ui); err != nil {
			return err
		}
		if !o.detach {
			return a.follow(ctx, c, spec.Name, o.stopWhenAsked)
		}
		// A first answer of the run proves that somebody carries it out.
		_, err = runs.Progress(ctx, c, spec.Name)
		return err
	})
}

// tellStarted says what was started or attached to.
func (a *app) tellStarted(run string, o onboardOptions, started runs.Started, ui string) error {
	if a.output == outputJSON {
		line := startedLine{Run: run, Started: started, UI: ui}
		if o.detach {
			return a.json(line)
		}
		return a.event(event{Started: &line})
	}
	text := fmt.Sprintf("Started run %s.", run)
	if !started.Attached && o.file != "-" {
		text += fmt.Sprintf("\nWhat it will do: starter plan -f %s; what could stop it: starter check -f %s", o.file, o.file)
	}
	switch {
	case started.SpecDiffers:
		text = fmt.Sprintf("Attached to run %s, which is going on. It keeps the spec it was started with; %s says something else, "+
			"and none of that applies.\nTo apply it, let the run end, then: starter onboard -f %s",
			run, name(o.file), name(o.file))
	case started.Attached:
		text = fmt.Sprintf("Attached to run %s, which is going on with the same spec.", run)
	}
	if ui != "" {
		text += "\nTemporal UI: " + ui
	}
	if o.detach {
		text += "\nWatch it with: starter watch " + run
	}
	return a.say("%s", text)
}

// startedLine is what JSON says of a start.
type startedLine struct {
	Run string `json:"run"`
	runs.Started
	UI string `json:"ui,omitempty"`
}

// readSpec reads and decodes a spec file.
func (a *app) readSpec(file string) (onboarding.Spec, error) {
	data, err := a.read(file)
	if err != nil {
		return onboarding.Spec{}, err
	}
	return specfile.Decode(name(file), data)
}

// read reads a file that a flag names, - being standard input. What can't be read, or is far too large, is wrong use.
func (a *app) read(file string) ([]byte, error) {
	in := a.io.In
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, &usageError{err: fmt.Errorf("%w → check the path", err)}
		}
		defer opened.Close()
		in = opened
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("read %s: %w → check the path", name(file), err)}
	}
	if len(data) > maxFile {
		return nil, &usageError{err: fmt.Errorf("%s is larger than 1 MiB → is it the right file?", name(file))}
	}
	return data, nil
}

func name(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// must is for the declaration of flags: it fails only where a flag is misspelt in the code.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
