package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"studio-onboarding/internal/engine"
	"studio-onboarding/internal/workerhost"
)

type serveOptions struct {
	dataDir string
	adopt   bool
	// adoptOkta goes on with another Okta org's address.
	adoptOkta bool
	ports     ports
}

func serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "standalone",
		Short: "Temporal server, UI and worker in one process, against the real Okta and AWS",
		Long: `standalone is for those who have no Temporal cluster: it runs a Temporal server with its UI and a worker in one process.
Runs are kept in a SQLite file and go on after a restart. Okta is found as OKTA_CLIENT_* say, AWS as the AWS SDK's
standard configuration says. Try the demo first: it needs neither.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), o, cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&o.dataDir, "data-dir", "", "where runs and lists of people are kept (default: "+dataDirName()+")")
	cmd.Flags().BoolVar(&o.adoptOkta, "adopt-okta", false, "go on with this address of the Okta org, after it changed")
	cmd.Flags().BoolVar(&o.adopt, "adopt-store", false, "go on with the folder of lists that is there, after it was replaced")
	o.ports.flags(cmd)
	return cmd
}

func serve(ctx context.Context, o serveOptions, out io.Writer) (err error) {
	dir := o.dataDir
	if dir == "" {
		dir = dataDirName()
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	n, err := startNode(ctx, dir, dir, o.ports, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.stop()) }()

	host, err := workerhost.New(ctx, n.worker, workerhost.Options{
		Store: filepath.Join(dir, "people"), AdoptStore: o.adopt, AdoptOkta: o.adoptOkta, Logger: logger,
	})
	if err != nil {
		return fmt.Errorf("%w\nTo try it without Okta and AWS: go run ./standalone demo", err)
	}
	found, err := host.Check(ctx)
	fmt.Fprintf(out, "Temporal: %s, namespace %s\nUI: %s\nData: %s\n", n.engine.Address(), engine.Namespace, n.engine.UIURL(), dir)
	for _, line := range found {
		fmt.Fprintln(out, line)
	}
	if err != nil {
		return fmt.Errorf("the credentials are refused:\n%w", err)
	}
	fmt.Fprintf(out, "\nIn another terminal: %s\nCtrl-C ends it; runs go on at the next start.\n", n.starter("onboard -f examples/data-science.yaml"))
	return n.work(ctx, host)
}

// dataDirName is where data goes when nobody says otherwise: with the user's settings, or in the working directory where
// there is no such place.
func dataDirName() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ".studio-onboarding"
	}
	return filepath.Join(dir, "studio-onboarding")
}
