package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
)

// specFiles expands directories into the spec files in them, in the order of their names.
func specFiles(named []string) ([]string, error) {
	var files []string
	for _, name := range named {
		info, err := os.Stat(name)
		if name == "-" || err != nil || !info.IsDir() { // a file that is missing is explained when it is read
			files = append(files, name)
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, &usageError{err: fmt.Errorf("%w → check the path", err)}
		}
		before := len(files)
		for _, entry := range entries {
			switch filepath.Ext(entry.Name()) {
			case ".yaml", ".yml", ".json":
				if !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
					files = append(files, filepath.Join(name, entry.Name()))
				}
			}
		}
		if len(files) == before {
			return nil, &usageError{err: fmt.Errorf("the directory %s holds no *.yaml, *.yml or *.json → check the path", name)}
		}
	}
	return files, nil
}

// readSpecs decodes all specs before anything is started, and tells everything that is wrong with any of them.
func (a *app) readSpecs(files []string) ([]onboarding.Spec, error) {
	var specs []onboarding.Spec
	from := map[string]string{}
	wrong := false
	for _, file := range files {
		spec, err := a.readSpec(file)
		var findings *specfile.Error
		switch {
		case errors.As(err, &findings):
			wrong = true
			fmt.Fprintln(a.io.Err, findings)
			continue
		case err != nil:
			return nil, err
		}
		if first, twice := from[spec.Name]; twice {
			wrong = true
			fmt.Fprintf(a.io.Err, "%s:1:1: name: %q is the name of %s too; each run needs a name of its own\n", name(file), spec.Name, name(first))
			continue
		}
		from[spec.Name] = file
		specs = append(specs, spec)
	}
	if wrong {
		fmt.Fprintln(a.io.Err, "→ nothing was started; correct the specs and try again; what belongs where: starter schema")
		return nil, outcome(exitUsage)
	}
	return specs, nil
}

// fleet starts the runs of several specs, a bounded number at once, and shows a line whenever one of them changes.
func (a *app) fleet(ctx context.Context, o onboardOptions, files []string) error {
	switch {
	case slices.Contains(files, "-"):
		return wrongUse("onboard", "standard input holds one spec; name files or a directory to start several")
	case o.parallel < 1:
		return wrongUse("onboard", "--parallel is %d, but must be at least 1", o.parallel)
	case len(files) > onboarding.MaxFleet:
		return wrongUse("onboard", "there are %d specs, but at most %d start together; start them in several commands", len(files),
			onboarding.MaxFleet)
	}
	specs, err := a.readSpecs(files)
	if err != nil {
		return err
	}
	settings, err := a.settings().Options()
	if err != nil {
		return err
	}
	in := onboarding.FleetInput{Parallel: o.parallel}
	for _, spec := range specs {
		in.Runs = append(in.Runs, onboarding.OnboardInput{Spec: spec, StartedBy: a.io.User()})
	}
	return a.connected(ctx, func(c client.Client) error {
		if err := temporalclient.EnsureSearchAttributes(ctx, c, settings.Namespace); err != nil {
			return err
		}
		id, err := runs.StartFleet(ctx, c, in)
		if err != nil {
			return err
		}
		if a.output == outputText {
			if err := a.say("Started a fleet of %d runs, at most %d at once: %s", len(specs), o.parallel, id); err != nil {
				return err
			}
		}
		if !o.detach {
			return a.watchFleet(ctx, c, id, o.stopWhenAsked)
		}
		// A first answer proves that somebody carries it out.
		lines, _, err := runs.Fleet(ctx, c, id)
		switch {
		case err != nil:
			return err
		case a.output == outputJSON:
			return a.json(map[string]any{"fleet": id, "runs": lines})
		}
		return a.say("Look at its runs with: starter list")
	})
}

// watchFleet prints a line for each change of a run, until all have ended. The worst of them decides about the exit code.
func (a *app) watchFleet(ctx context.Context, c client.Client, id string, stopWhenAsked bool) error {
	shown := map[string]string{}
	asked := false
	lines, err := runs.WatchFleet(ctx, c, id, a.io.Every, func(lines []runs.FleetLine) (bool, error) {
		for _, line := range lines {
			asked = asked || line.NeedsPerson()
			if err := a.fleetLine(line, shown); err != nil {
				return false, err
			}
		}
		return asked && stopWhenAsked, nil
	})
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(a.io.Err, "\nThe fleet goes on without you. Look at its runs with: starter list")
		return outcome(exitInterrupted)
	case err != nil:
		return err
	case asked && stopWhenAsked:
		return outcome(exitNeedsPerson)
	}
	failed := 0
	for _, line := range lines {
		if line.State == onboarding.FleetFailed {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d runs failed or were aborted; what they made is still there → correct the causes and start again, "+
			"which adopts it", failed, len(lines))
	}
	if a.output == outputJSON {
		return nil
	}
	return a.say("All %d runs have ended. A report: starter report STUDIO", len(lines))
}

// fleetLine prints a run's line, if it says something new.
func (a *app) fleetLine(line runs.FleetLine, shown map[string]string) error {
	text := string(line.State)
	if line.State == onboarding.FleetRunning && line.Progress != "" {
		text = fmt.Sprintf("%s at %s", line.Progress, line.Step)
		if line.NeedsPerson() {
			text += " → starter status " + line.Run
		}
	}
	if line.Message != "" {
		text += ": " + line.Message
	}
	if shown[line.Run] == text {
		return nil
	}
	shown[line.Run] = text
	if a.output == outputJSON {
		return a.event(event{Fleet: &line})
	}
	return a.say("%s  %-24s %s", a.io.Now().Format("15:04:05"), line.Run, text)
}
