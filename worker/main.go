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

	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/internal/temporalclient"
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
	keys      string
	logFormat string
	check     bool
	healthy   bool
}

func command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run the workflows and activities of onboarding against a Temporal cluster",
		Long: `worker carries out onboarding runs. It finds Temporal as TEMPORAL_* and temporal.toml say, Okta as OKTA_CLIENT_* say,
and AWS as the AWS SDK's standard configuration says. At the start it tells which credentials it found.
SIGINT and SIGTERM end it in order: activities get 30 seconds, and other workers take over what remains.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.healthy {
				return healthy(cmd.Context(), o)
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
	flags.StringVar(&o.keys, "payload-keys", "", "`file` with the keys that payloads are encrypted with, or env:NAME (default: "+
		payloadcrypt.Variable+"; none: payloads are plain)")
	flags.StringVar(&o.logFormat, "log-format", "text", "text or json")
	flags.BoolVar(&o.check, "check", false, "say which credentials were found, and exit")
	flags.BoolVar(&o.healthy, "healthy", false, "ask Temporal whether the worker of this host asks for work, and exit: 0 when it does")
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
	settings := temporalclient.Settings{Address: o.address, Namespace: o.namespace, Logger: logger, PayloadKeys: o.keys, Worker: true}
	c, err := settings.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	connection, err := settings.Options()
	if err != nil {
		return err
	}
	workerhost.SaveMemory()
	host, err := workerhost.New(ctx, c, workerhost.Options{Store: o.store, AdoptStore: o.adopt, Logger: logger})
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
		logger.Info(line)
	}
	if err != nil {
		return fmt.Errorf("the credentials are refused:\n%w", err)
	}
	if err := temporalclient.EnsureSearchAttributes(ctx, c, connection.Namespace); err != nil {
		return err
	}
	return host.Run(ctx)
}

func newLogger(w io.Writer, format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
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
