package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"studio-onboarding/activities/provider"
	"studio-onboarding/examples"
	"studio-onboarding/internal/render"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/internal/store"
	"studio-onboarding/internal/telemetry"
	"studio-onboarding/internal/workerhost"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

type demoOptions struct {
	exit, manual bool
	dataDir      string
	sandboxURL   string
	spec         string
	ports        ports
	world        sandbox.Config
}

func demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "A whole onboarding in a simulated world, from the spec file to the proof that people can sign in",
		Long: `demo starts a Temporal server with its UI, a simulated Okta org and AWS organization, and a worker; starts a run as
starter would; plays the operator, who also signs in as one person before the run ends; and shows the checklist. At the end it
prints the report and puts it to the test: everybody in Okta tries to sign in to Studio.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), o, cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.exit, "exit", false, "end after the run instead of staying up for a look at the UI")
	flags.BoolVar(&o.manual, "manual", false, "leave the operator's part to you and starter")
	flags.StringVar(&o.dataDir, "data-dir", "", "keep the run here, so that it goes on after a restart (with --sandbox); default: in memory")
	flags.StringVar(&o.sandboxURL, "sandbox", "", "use the world that `standalone sandbox` serves at this URL, with the same --speed")
	flags.StringVarP(&o.spec, "file", "f", "", "spec file (default: examples/data-science.yaml)")
	o.ports.flags(cmd)
	worldFlags(cmd, &o.world)
	cmd.MarkFlagsMutuallyExclusive("exit", "manual")
	for _, name := range []string{"people", "groups", "seed", "world", "faults", "limits", "sagemaker-rate"} {
		cmd.MarkFlagsMutuallyExclusive("sandbox", name)
	}
	return cmd
}

// stage is a demo with everything running.
type stage struct {
	options demoOptions
	out     io.Writer
	spec    onboarding.Spec
	// dir keeps lists of people, the SCIM token and the log.
	dir   string
	world sandbox.Client
	node  *node
}

func demo(ctx context.Context, o demoOptions, out io.Writer) (err error) {
	s := &stage{options: o, out: out}
	if s.spec, err = readSpec(o.spec); err != nil {
		return err
	}
	if s.dir, err = demoDir(o.dataDir); err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(s.dir, "demo.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.tidy(logFile, err)) }()
	logger := slog.New(telemetry.DiscreetLog(slog.NewTextHandler(logFile, nil)))

	s.world = sandbox.Client{URL: strings.TrimRight(o.sandboxURL, "/")}
	if o.sandboxURL == "" {
		server, err := sandbox.Start(ctx, "127.0.0.1:0", o.world)
		if err != nil {
			return err
		}
		defer server.Close()
		s.world.URL = server.URL
	}
	if err := useWorld(ctx, s.world); err != nil {
		return err
	}
	if err := attachPolicies(ctx, s.world, s.spec); err != nil {
		return err
	}

	if s.node, err = startNode(ctx, o.dataDir, s.dir, o.ports, logger); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.node.stop()) }()
	host, err := workerhost.New(ctx, s.node.worker, workerhost.Options{
		Waits: provider.DefaultWaits().Faster(o.world.Speed), Speed: o.world.Speed, Store: filepath.Join(s.dir, "people"), Logger: logger,
		AdoptStore: true, AdoptOkta: true, // nobody else works here
		Telemetry: s.node.watch,
	})
	if err != nil {
		return err
	}

	// The worker ends before client, server and world do.
	working, stopWorker := context.WithCancel(ctx)
	group, playing := errgroup.WithContext(working)
	group.Go(func() error { return s.node.work(working, host) })
	group.Go(func() error {
		defer stopWorker()
		return s.play(playing, host)
	})
	err = group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return errInterrupted
	}
	return err
}

// tidy removes what a demo in memory leaves behind, or says where the log is when that helps to understand a failure.
func (s *stage) tidy(logFile *os.File, failure error) error {
	info, err := logFile.Stat()
	if err := errors.Join(err, logFile.Close()); err != nil {
		return err
	}
	if failure != nil && !errors.Is(failure, errInterrupted) && info.Size() > 0 {
		return fmt.Errorf("the log is in %s", logFile.Name())
	}
	if s.options.dataDir == "" {
		return os.RemoveAll(s.dir)
	}
	return nil
}

var errInterrupted = errors.New("interrupted before the run had ended")

// play starts the run, follows it to its end, and proves its report.
func (s *stage) play(ctx context.Context, host *workerhost.Host) error {
	if err := s.introduce(ctx, host); err != nil {
		return err
	}
	if err := s.awaitWorker(ctx); err != nil {
		return err
	}
	started, err := runs.Start(ctx, s.node.client, s.spec, whoStarts())
	if err != nil {
		return err
	}
	verb := "Started"
	if started.Attached {
		verb = "Attached to"
	}
	fmt.Fprintf(s.out, "%s run %s\n\n", verb, s.spec.Name)
	if s.options.manual {
		s.explain()
	}
	progress, err := s.follow(ctx)
	if err != nil {
		return err
	}
	if progress.State != onboarding.RunDone {
		return fmt.Errorf("the run ended as %s", progress.State)
	}
	if err := s.conclude(ctx); err != nil || s.options.exit {
		return err
	}
	fmt.Fprintf(s.out, "\nEverything stays up. UI: %s  Report again: %s\nCtrl-C ends it.\n",
		s.node.engine.UIURL(), s.node.starter("report "+s.spec.Name))
	<-ctx.Done()
	return nil
}

func (s *stage) introduce(ctx context.Context, host *workerhost.Host) error {
	found, err := host.Check(ctx)
	if err != nil {
		return fmt.Errorf("the worker's credentials are refused:\n%w", err)
	}
	fmt.Fprintf(s.out, "UI: %s\nTemporal: %s\nSimulated Okta and AWS: %s\n", s.node.engine.UIURL(), s.node.engine.Address(), s.world.URL)
	for _, line := range found {
		fmt.Fprintln(s.out, line)
	}
	if address := s.node.watch.Address(); address != "" {
		fmt.Fprintf(s.out, "Metrics: http://%s/metrics\n", address)
	}
	if s.options.dataDir != "" && s.options.sandboxURL == "" {
		fmt.Fprintln(s.out, "Note: the simulated world ends with this process. For a run that survives it, use `standalone sandbox` "+
			"and --sandbox.")
	}
	return nil
}

// awaitWorker waits until the server has heard of the worker: before that it would say that there is none.
func (s *stage) awaitWorker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		pollers, err := runs.Workers(ctx, s.node.client)
		if err != nil || pollers > 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the worker does not poll: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// follow shows the run until it has ended, with the operator at work beside it.
func (s *stage) follow(ctx context.Context) (onboarding.Progress, error) {
	terminal, size := terminalOf(s.out)
	live := render.NewLive(s.out, render.LiveOptions{
		Terminal: terminal, Color: terminal && os.Getenv("NO_COLOR") == "", Size: size,
	})
	defer live.Close()

	group, ctx := errgroup.WithContext(ctx)
	updates := make(chan onboarding.Progress, 1)
	if !s.options.manual {
		group.Go(func() error { return s.operate(ctx, live, updates) })
	}
	var last onboarding.Progress
	group.Go(func() error {
		defer close(updates)
		var err error
		last, err = runs.Watch(ctx, s.node.client, s.spec.Name, 250*time.Millisecond, func(p onboarding.Progress) (bool, error) {
			select {
			case updates <- p:
			default: // the operator is busy, and will see the next one
			}
			if !s.options.manual {
				p.Requests = nil // the operator tells what it does about them
			}
			return false, live.Show(p, nil)
		}, nil)
		return err
	})
	err := group.Wait()
	return last, err
}

// operate plays the operator. What it can't do ends the demo, or, where somebody watches, is left to them.
func (s *stage) operate(ctx context.Context, live *render.Live, updates <-chan onboarding.Progress) error {
	o := &operator{
		console: s.world, commands: runCommands{client: s.node.client, run: s.spec.Name}, region: s.spec.Region,
		access:  s.spec.Access,
		secrets: filepath.Join(s.dir, "secrets"),
		say:     func(format string, args ...any) { _ = live.Note("operator: " + fmt.Sprintf(format, args...)) },
	}
	err := o.work(ctx, updates)
	if err == nil || s.options.exit || ctx.Err() != nil {
		return err
	}
	o.say("%v\nThis one is yours: %s", err, s.node.starter("status "+s.spec.Name))
	for range updates { // the view goes on
	}
	return nil
}

// people are everybody on the list that the report names.
func (s *stage) people(ctx context.Context) (people []onboarding.PersonRecord, err error) {
	kept, err := store.Open(ctx, filepath.Join(s.dir, "people"), store.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	err = store.Lists{Store: kept}.ReadPeople(ctx, s.spec.Name, "", 0, func(person onboarding.PersonRecord, _ int64) bool {
		people = append(people, person)
		return true
	})
	return people, err
}

// conclude prints the report and proves it, person by person and call by call.
func (s *stage) conclude(ctx context.Context) error {
	report, err := runs.Report(ctx, s.node.client, s.spec.Name, 0)
	if err != nil {
		return err
	}
	terminal, size := terminalOf(s.out)
	width, _ := size()
	fmt.Fprintln(s.out)
	err = render.Report(s.out, report, render.Options{Color: terminal && os.Getenv("NO_COLOR") == "", Width: width, Now: time.Now()})
	if err != nil {
		return err
	}
	people, err := s.people(ctx)
	if err != nil {
		return err
	}
	calls, err := s.world.Calls(ctx) // before people begin to sign in
	if err != nil {
		return err
	}
	audit := auditCalls(calls, report, people)
	proof, err := prove(ctx, s.world, report, people)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s\n%s\n", proof, audit)
	if s.options.dataDir == "" {
		fmt.Fprintln(s.out, "The list of people goes with the demo; --data-dir keeps it.")
	}
	if wrong := append(proof.Disagreements, audit.Violations...); len(wrong) > 0 {
		return fmt.Errorf("the report does not hold:\n  %s", strings.Join(wrong, "\n  "))
	}
	return nil
}

// explain tells whoever plays the operator how.
func (s *stage) explain() {
	fmt.Fprintf(s.out, `You are the operator. In another terminal:
  %s
  %s
In the simulated consoles a click is a request:
  curl -d '{"region":"%s"}' %[4]s/sandbox/console/aws/enable-identity-center
  jq -Rs '{metadata:.}' okta-metadata.xml | curl -d @- %[4]s/sandbox/console/aws/change-identity-source
  curl -d '{}' %[4]s/sandbox/console/aws/enable-provisioning
  curl -d '{"appId":"0oa…","baseUrl":"…","token":"…","createUsers":true,"updateAttributes":true,"deactivateUsers":true}' %[4]s/sandbox/console/okta/provisioning
  curl -d '{"appId":"0oa…","group":"…"}' %[4]s/sandbox/console/okta/push-group
  curl -d '{"login":"…","address":"tile"}' %[4]s/sandbox/sign-in        # and portal, studio

`, s.node.starter("watch "+s.spec.Name), s.node.starter("provide --help"), s.spec.Region, s.world.URL)
}

// runCommands answers one run's requests.
type runCommands struct {
	client client.Client
	run    string
}

func (d runCommands) Document(ctx context.Context, name string) (onboarding.Document, error) {
	return runs.Document(ctx, d.client, d.run, name)
}

func (d runCommands) Report(ctx context.Context) (onboarding.Report, error) {
	return runs.Report(ctx, d.client, d.run, 0)
}

func (d runCommands) Provide(ctx context.Context, answer onboarding.Answer) error {
	_, err := runs.Provide(ctx, d.client, d.run, answer)
	return err
}

func (d runCommands) Resolve(ctx context.Context, resolution onboarding.Resolution) error {
	_, err := runs.Resolve(ctx, d.client, d.run, resolution)
	return err
}

func readSpec(file string) (onboarding.Spec, error) {
	if file == "" {
		return specfile.Decode("examples/data-science.yaml", examples.DataScience)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return onboarding.Spec{}, fmt.Errorf("read the spec: %w", err)
	}
	return specfile.Decode(file, data)
}

// demoDir is the data directory, or a temporary one.
func demoDir(dataDir string) (string, error) {
	if dataDir == "" {
		return os.MkdirTemp("", "studio-onboarding-demo-")
	}
	dir, err := filepath.Abs(dataDir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o700)
}

// useWorld gives this process the variables of the simulated world, and takes away whatever it knew of real ones: a demo
// must never reach them.
func useWorld(ctx context.Context, world sandbox.Client) error {
	environment, err := world.Environment(ctx)
	if err != nil {
		return fmt.Errorf("no simulated world answers at %s: %w; start one with: go run ./standalone sandbox", world.URL, err)
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "OKTA_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	for _, file := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		if err := os.Setenv(file, os.DevNull); err != nil {
			return err
		}
	}
	for name, value := range environment {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// terminalOf says whether out is a terminal, and how large it is.
func terminalOf(out io.Writer) (bool, func() (width, height int)) {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return false, func() (int, int) { return 0, 0 }
	}
	return true, func() (int, int) {
		width, height, err := term.GetSize(int(file.Fd()))
		if err != nil {
			return 0, 0
		}
		return width, height
	}
}
