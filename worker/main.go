// Command worker runs the workflows and activities of onboarding against a Temporal cluster.
package main

import (
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
	peopleDir string
	keys      string
	logFormat string
	check     bool
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
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o, cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.address, "address", "", "Temporal's host:port (default: TEMPORAL_ADDRESS, temporal.toml, localhost:7233)")
	flags.StringVar(&o.namespace, "namespace", "", "Temporal namespace (default: TEMPORAL_NAMESPACE, temporal.toml, default)")
	flags.StringVar(&o.peopleDir, "people-dir", "", "where to keep the people files of runs (default: people in "+configDirName()+")")
	flags.StringVar(&o.keys, "payload-keys", "", "`file` with the keys that payloads are encrypted with, or env:NAME (default: "+
		payloadcrypt.Variable+"; none: payloads are plain)")
	flags.StringVar(&o.logFormat, "log-format", "text", "text or json")
	flags.BoolVar(&o.check, "check", false, "say which credentials were found, and exit")
	return cmd
}

func run(ctx context.Context, o options, out io.Writer) error {
	logger, err := newLogger(os.Stderr, o.logFormat)
	if err != nil {
		return err
	}
	if o.peopleDir == "" {
		if o.peopleDir, err = defaultPeopleDir(); err != nil {
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
	host, err := workerhost.New(ctx, c, workerhost.Options{PeopleDir: o.peopleDir, Logger: logger})
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

func defaultPeopleDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("there is no place for people files: %w; name one with --people-dir", err)
	}
	return filepath.Join(dir, configName, "people"), nil
}
