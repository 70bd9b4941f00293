package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// clusterPatience is how long the operator of a run on a cluster tries something that does not work: servers and workers there may be
// away for minutes.
const clusterPatience = 5 * time.Minute

type operateOptions struct {
	settings   temporalclient.Settings
	sandboxURL string
	spec       string
	secrets    string
	start      bool
}

func operateCommand() *cobra.Command {
	var o operateOptions
	cmd := &cobra.Command{
		Use:   "operate",
		Short: "Play the operator of a run on a cluster, in a world that `standalone sandbox` serves",
		Long: `operate does the console work that a run on a Temporal cluster asks for, in the simulated consoles of a sandbox, as the demo's
operator does. It rides out servers and workers that are away for some minutes, and may be ended and started again. When the run has
ended it puts the report to the test: everybody in the simulated Okta tries to sign in, and the call log is read for what was made
twice. The exit code is 1 when either disagrees with the report.

Temporal and the payload keys are found as starter finds them. The worker has to see the directory of --secrets under the same path.`,
		Example: `  starter onboard -f examples/data-science.yaml --detach
  standalone operate -f examples/data-science.yaml --sandbox http://127.0.0.1:8900 --secrets /run/secrets/studio-onboarding`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return operate(cmd.Context(), o, cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.settings.Address, "address", "", "Temporal's host:port (default: TEMPORAL_ADDRESS, temporal.toml, localhost:7233)")
	flags.StringVar(&o.settings.Namespace, "namespace", "", "Temporal namespace (default: TEMPORAL_NAMESPACE, temporal.toml, default)")
	flags.StringVar(&o.sandboxURL, "sandbox", "http://127.0.0.1:8900", "`URL` of the sandbox")
	flags.StringVarP(&o.spec, "file", "f", "", "the run's spec file (default: examples/data-science.yaml)")
	flags.StringVar(&o.secrets, "secrets", "", "`directory` for the SCIM token, which the worker sees under the same path")
	flags.BoolVar(&o.start, "start", false, "start the run first, or attach to the one that is going on")
	if err := cmd.MarkFlagRequired("secrets"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// operate plays the operator of one run to its end, and puts its report to the test.
func operate(ctx context.Context, o operateOptions, out io.Writer) error {
	spec, err := readSpec(o.spec)
	if err != nil {
		return err
	}
	secrets, err := filepath.Abs(o.secrets)
	if err != nil {
		return fmt.Errorf("find the directory for secrets: %w", err)
	}
	world := sandbox.Client{URL: strings.TrimRight(o.sandboxURL, "/")}
	if _, err := world.People(ctx); err != nil {
		return fmt.Errorf("no simulated world answers at %s: %w → start one with: standalone sandbox", world.URL, err)
	}
	c, err := o.settings.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if o.start {
		if _, err := runs.Start(ctx, c, spec, whoStarts()); err != nil {
			return err
		}
	}
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%s operator: %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
	}
	who := &operator{
		console: world, commands: runCommands{client: c, run: spec.Name}, region: spec.Region, access: spec.Access, secrets: secrets,
		patience: clusterPatience, say: say,
	}
	last, err := operateUntilEnd(ctx, c, who, spec.Name)
	if err != nil {
		return err
	}
	if last.State != onboarding.RunDone {
		return fmt.Errorf("the run ended as %s", last.State)
	}
	return testReport(ctx, c, world, spec, out)
}

// operateUntilEnd answers with the run's last progress.
func operateUntilEnd(ctx context.Context, c client.Client, who *operator, run string) (last onboarding.Progress, err error) {
	group, ctx := errgroup.WithContext(ctx)
	updates := make(chan onboarding.Progress, 1)
	group.Go(func() error { return who.work(ctx, updates) })
	group.Go(func() error {
		defer close(updates)
		state, away := onboarding.RunState(""), false
		last, err = runs.Watch(ctx, c, run, 500*time.Millisecond, func(p onboarding.Progress) (bool, error) {
			if p.State != state || away {
				who.say("the run is %s", p.State)
			}
			state, away = p.State, false
			select {
			case updates <- p:
			default: // the operator is busy, and will see the next one
			}
			return false, nil
		}, func(err error) {
			if !away {
				who.say("waiting: %v", err)
			}
			away = true
		})
		return err
	})
	return last, group.Wait()
}

// testReport prints the report and proves it, person by person and call by call.
func testReport(ctx context.Context, c client.Client, world sandbox.Client, spec onboarding.Spec, out io.Writer) error {
	report, err := runs.Report(ctx, c, spec.Name, 0)
	if err != nil {
		return err
	}
	if err := render.Report(out, report, render.Options{Now: time.Now()}); err != nil {
		return err
	}
	calls, err := world.Calls(ctx) // before anybody looks or signs in
	if err != nil {
		return err
	}
	handles, err := runs.Handles(ctx, c, spec.Name)
	if err != nil {
		return err
	}
	var people []onboarding.PersonRecord
	_, err = runs.AccessList(ctx, c, handles, onboarding.PeopleQuery{}, time.Second, func(text string) { fmt.Fprintln(os.Stderr, text) },
		func(page onboarding.AccessPage) error {
			people = append(people, page.People...)
			return nil
		})
	if err != nil {
		return err
	}
	audit := auditCalls(calls, report, people)
	proof, err := prove(ctx, world, report, people)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n%s\n", proof, audit)
	if wrong := append(proof.Disagreements, audit.Violations...); len(wrong) > 0 {
		return errors.New("the report does not hold:\n  " + strings.Join(wrong, "\n  "))
	}
	return nil
}
