// Command worker runs the workflows and activities of onboarding against a Temporal cluster.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"studio-onboarding/internal/buildinfo"
	"studio-onboarding/internal/manpages"
	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/internal/telemetry"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/tracing"
	"studio-onboarding/internal/workerhost"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly end; with the handler gone a second one ends at once.
	context.AfterFunc(ctx, stop)
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "worker: %v\n", err)
		os.Exit(1)
	}
}

type options struct {
	address   string
	namespace string
	store     string
	adopt     bool
	adoptOkta bool
	keys      string
	logFormat string
	listen    string
	check     bool
	version   workerhost.Version
	healthy   bool
}

func command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run the workflows and activities of onboarding against a Temporal cluster",
		Long: `worker carries out onboarding runs. It finds Temporal as TEMPORAL_* and temporal.toml say, Okta as OKTA_CLIENT_* say,
and AWS as the AWS SDK's standard configuration says. At the start it tells which credentials it found.
While no Temporal server answers it waits for one.
SIGINT and SIGTERM end it in order: activities get 30 seconds, and other workers take over what remains.`,
		Version:       buildinfo.Read().String(),
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.healthy {
				return telemetry.Ask(cmd.Context(), o.listenAt())
			}
			return run(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.address, "address", "", "Temporal's host:port (default: TEMPORAL_ADDRESS, temporal.toml, localhost:7233)")
	flags.StringVar(&o.namespace, "namespace", "", "Temporal namespace (default: TEMPORAL_NAMESPACE, temporal.toml, default)")
	flags.StringVar(&o.store, "store", "", "where lists of people are kept: a directory, or s3://BUCKET/PREFIX, the same for all workers (default: "+
		storeVariable+"; people in "+configDirName()+")")
	flags.BoolVar(&o.adopt, "adopt-store", false, "have the workers of the namespace agree on this store, after it was moved or replaced")
	flags.BoolVar(&o.adoptOkta, "adopt-okta", false, "have the workers of the namespace serve this Okta org, after its address changed")
	flags.StringVar(&o.keys, "payload-keys", "", "`file` with the keys that payloads are encrypted with, or env:NAME (default: "+
		payloadcrypt.Variable+"; none: payloads are plain)")
	flags.StringVar(&o.version.Deployment, "deployment", "", "`name` of the worker deployment, without which the worker has no version "+
		"(default: "+deploymentVariable+")")
	flags.StringVar(&o.version.BuildID, "build-id", "", "`version` of this worker in its deployment; it gets no new work until starter "+
		"deployment use VERSION (default: "+buildVariable+")")
	flags.StringVar(&o.logFormat, "log-format", "text", "text or json")
	flags.StringVar(&o.listen, "metrics-listen", "", "`address` at which metrics and health are served, such as 127.0.0.1:9464 (default: "+
		telemetry.ListenVariable+"; neither: nowhere)")
	flags.BoolVar(&o.check, "check", false, "say which credentials were found, and exit")
	flags.BoolVar(&o.healthy, "healthy", false, "ask the worker of this host, at --metrics-listen, whether it is ready, and exit: 0 when it is")
	cmd.AddCommand(manpages.Command())
	return cmd
}

func run(ctx context.Context, o options, out io.Writer) error {
	logger, err := newLogger(os.Stderr, o.logFormat)
	if err != nil {
		return err
	}
	if o.store = cmp.Or(o.store, os.Getenv(storeVariable)); o.store == "" {
		if o.store, err = defaultStore(); err != nil {
			return err
		}
	}
	o.version.Deployment = cmp.Or(o.version.Deployment, os.Getenv(deploymentVariable))
	o.version.BuildID = cmp.Or(o.version.BuildID, os.Getenv(buildVariable))
	if err := o.version.Check(); err != nil {
		return err
	}
	watch, err := observe(ctx, o, logger)
	if err != nil {
		return err
	}
	defer func() {
		if err := watch.Stop(); err != nil {
			logger.Warn("Metrics and traces did not end in order", "error", err)
		}
	}()
	settings := temporalclient.Settings{Change: watch.Client, Address: o.address, Namespace: o.namespace, Logger: logger, PayloadKeys: o.keys,
		Worker: true}
	connect := settings.Await
	if o.check {
		connect = settings.Dial
	}
	c, err := connect(ctx)
	if err != nil && ctx.Err() != nil {
		return nil // it was ended while it waited
	}
	if err != nil {
		return err
	}
	defer c.Close()
	connection, err := settings.Options()
	if err != nil {
		return err
	}
	workerhost.SaveMemory()
	host, err := workerhost.New(ctx, c, workerhost.Options{Store: o.store, AdoptStore: o.adopt, AdoptOkta: o.adoptOkta, Version: o.version,
		Logger: logger, Telemetry: watch})
	if err != nil {
		return err
	}
	found, err := host.Check(ctx)
	payloads := ""
	if keys, err := settings.Keys(); err == nil && keys != nil {
		payloads = ", payloads encrypted with key " + keys.IDs()[0]
	}
	found = append([]string{fmt.Sprintf("Temporal: %s, namespace %s%s", connection.HostPort, connection.Namespace, payloads)}, found...)
	if o.check {
		for _, line := range found {
			fmt.Fprintln(out, line)
		}
		return err
	}
	for _, line := range found {
		logger.Info(workerhost.ForLog(line))
	}
	if err != nil {
		return fmt.Errorf("the credentials are refused:\n%w", err)
	}
	if err := temporalclient.EnsureSearchAttributes(ctx, c, connection.Namespace); err != nil {
		return err
	}
	if watch.Address() != "" {
		settings.Worker = false
		viewer, err := settings.Dial(ctx)
		if err != nil {
			return err
		}
		defer viewer.Close()
		watch.Watch(host.Sources(viewer))
		logger.Info("Metrics and health are served", "address", watch.Address())
	}
	return host.Run(ctx)
}

// listenAt is where metrics and health are served; empty where they are not.
func (o options) listenAt() string { return cmp.Or(o.listen, os.Getenv(telemetry.ListenVariable)) }

// observe begins to show how the worker does. A mere check serves nothing.
func observe(ctx context.Context, o options, logger *slog.Logger) (*telemetry.Telemetry, error) {
	tracing.Complaints(logger)
	traced, err := tracing.Start(ctx, tracing.Options{Service: "studio-onboarding-worker", Getenv: os.Getenv})
	if err != nil {
		return nil, err
	}
	listen := o.listenAt()
	if o.check {
		listen = ""
	}
	return telemetry.Start(ctx, telemetry.Options{Listen: listen, Tracing: traced})
}

func newLogger(w io.Writer, format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(telemetry.DiscreetLog(slog.NewTextHandler(w, nil))), nil
	case "json":
		return slog.New(telemetry.DiscreetLog(slog.NewJSONHandler(w, nil))), nil
	}
	return nil, fmt.Errorf("--log-format is text or json, not %q", format)
}

const configName = "studio-onboarding"

func configDirName() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return configName + " in the user's configuration directory"
	}
	return filepath.Join(dir, configName)
}

// The environment variables of a worker's version.
const (
	deploymentVariable = "TEMPORAL_DEPLOYMENT_NAME"
	buildVariable      = "TEMPORAL_WORKER_BUILD_ID"
)

// storeVariable is the environment variable that names the store.
const storeVariable = "STORE"

// defaultStore is where the first version kept its people files.
func defaultStore() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("there is no place for lists of people: %w → name one with --store", err)
	}
	return filepath.Join(dir, configName, "people"), nil
}
