package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"studio-onboarding/sandbox"
)

// demoSpeed makes minutes of waiting for the real providers into seconds.
const demoSpeed = 30

type sandboxOptions struct {
	listen  string
	baseURL string
	world   sandbox.Config
}

func sandboxCommand() *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a simulated Okta org and AWS organization",
		Long: `sandbox serves a simulated Okta org and AWS organization on one port, in memory: each start begins a new world. It prints
the variables with which worker, standalone or any AWS tool uses it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serveSandbox(cmd.Context(), o, cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8900", "host:port; port 0 takes a free one")
	cmd.Flags().StringVar(&o.baseURL, "base-url", "", "the address under which others reach it (default: where it listens)")
	worldFlags(cmd, &o.world)
	return cmd
}

func worldFlags(cmd *cobra.Command, world *sandbox.Config) {
	cmd.Flags().IntVar(&world.People, "people", 64, "how many people the Okta org has, at least 60")
	cmd.Flags().Int64Var(&world.Seed, "seed", 1, "another number gives other people and identifiers")
	cmd.Flags().Float64Var(&world.Speed, "speed", demoSpeed, "how many times faster than the real providers; 1 is real time")
}

func serveSandbox(ctx context.Context, o sandboxOptions, out io.Writer) error {
	listener, err := net.Listen("tcp", o.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		_, port, _ := net.SplitHostPort(o.listen)
		return fmt.Errorf("port %s for the sandbox is in use by another program: end that program, or choose another port with --listen", port)
	}
	if err != nil {
		return fmt.Errorf("serve the sandbox: %w", err)
	}
	defer listener.Close()
	o.world.BaseURL = strings.TrimRight(o.baseURL, "/")
	if o.world.BaseURL == "" {
		o.world.BaseURL = "http://" + listener.Addr().String()
	}
	world, err := sandbox.New(o.world)
	if err != nil {
		return err
	}
	environment, err := world.Environment(sandbox.AsWorker)
	if err != nil {
		return err
	}
	world.Run(ctx)
	server := &http.Server{Handler: world.Handler(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })

	fmt.Fprintf(out, "Okta, AWS, SCIM and the consoles: %s\nThe world is %g times faster than the real one.\n\n", o.world.BaseURL, o.world.Speed)
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		fmt.Fprintf(out, "export %s='%s'\n", name, environment[name])
	}
	fmt.Fprintf(out, "\nThe demo on this world: go run ./standalone demo --sandbox %s --speed %g\nCtrl-C ends it.\n", o.world.BaseURL, o.world.Speed)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the sandbox: %w", err)
	}
	return nil
}
