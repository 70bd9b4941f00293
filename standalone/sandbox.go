package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"studio-onboarding/sandbox"
)

// demoSpeed makes minutes of waiting for the real providers into seconds.
const demoSpeed = 30

// sandboxMemory is how much memory the garbage collector lets the world grow to before it works harder, in bytes.
const sandboxMemory = 900 << 20

type sandboxOptions struct {
	listen  string
	baseURL string
	record  string
	healthy bool
	world   sandbox.Config
}

func sandboxCommand() *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a simulated Okta org and AWS organization",
		Long: `sandbox serves a simulated Okta org and AWS organization on one port, in memory: each start begins a new world. It prints
the variables with which worker, standalone, the AWS CLI, Terraform or the SDKs use it. docs/sandbox.md says what it can do.`,
		Example: `  go run ./standalone sandbox
  go run ./standalone sandbox --people 10000 --groups 40 --seed 7
  go run ./standalone sandbox --world examples/sandbox/world.yaml --faults examples/sandbox/faults.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.healthy {
				return sandboxHealthy(cmd.Context(), o.listen)
			}
			return serveSandbox(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8900", "host:port; port 0 takes a free one")
	cmd.Flags().StringVar(&o.baseURL, "base-url", "", "the address under which others reach it (default: where it listens)")
	cmd.Flags().StringVar(&o.record, "record", "", "`file` for every request to an AWS service with its answer, as JSON lines without secrets")
	cmd.Flags().BoolVar(&o.healthy, "healthy", false, "ask the sandbox that listens at --listen on this host whether it answers, and exit: 0 when it does")
	worldFlags(cmd, &o.world)
	return cmd
}

// sandboxHealthy is what a container's health check calls: nil when a sandbox answers at the port on this host.
func sandboxHealthy(ctx context.Context, listen string) error {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = sandbox.Client{URL: "http://" + net.JoinHostPort("127.0.0.1", port)}.Environment(ctx)
	return err
}

func worldFlags(cmd *cobra.Command, world *sandbox.Config) {
	flags := cmd.Flags()
	flags.IntVar(&world.People, "people", 64, "how many people the Okta org has, at least 60")
	flags.IntVar(&world.Groups, "groups", 4, "how many Okta groups there are, at least 4")
	flags.Int64Var(&world.Seed, "seed", 1, "another number gives other people and identifiers")
	flags.Func("world", "YAML `file` that says who and what there is, instead of --people, --groups and --seed", func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if world.World, err = sandbox.ReadWorld(path, data); err == nil && !flags.Changed("seed") {
			world.Seed = 0 // the file's
		}
		return err
	})
	flags.Func("faults", "YAML or JSON `file` with faults to inject", func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		world.Faults, err = sandbox.ReadFaults(path, data)
		return err
	})
	flags.Float64Var(&world.Speed, "speed", demoSpeed, "how many times faster than the real providers; 1 is real time")
	flags.BoolFunc("limits", "throttle at the rates of the real providers, times --speed (default true; --limits=false lets everything through)", func(text string) error {
		on, err := strconv.ParseBool(text)
		world.Unlimited = !on
		return err
	})
	flags.Float64Var(&world.SageMakerRate, "sagemaker-rate", 10, "calls per second that SageMaker takes from an account, times --speed; AWS does not publish it")
	for _, other := range []string{"people", "groups", "seed"} {
		cmd.MarkFlagsMutuallyExclusive("world", other)
	}
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
	if o.record != "" {
		file, err := os.OpenFile(o.record, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("record: %w", err)
		}
		defer file.Close()
		o.world.Record = file
	}
	world, err := sandbox.New(o.world)
	if err != nil {
		return err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(sandboxMemory)
	}
	world.Run(ctx)
	server := &http.Server{Handler: world.Handler(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })

	if err := introduceSandbox(out, world, o.world); err != nil {
		return err
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the sandbox: %w", err)
	}
	return nil
}

// introduceSandbox prints where everything is, and how each kind of client uses it.
func introduceSandbox(out io.Writer, world *sandbox.World, config sandbox.Config) error {
	keys := map[string]sandbox.Environment{}
	for _, principal := range []string{sandbox.AsWorker, sandbox.AsAdministrator, sandbox.AsStudioAdministrator, sandbox.AsReadOnly} {
		environment, err := world.Environment(principal)
		if err != nil {
			return err
		}
		keys[principal] = environment
	}
	worker, url := keys[sandbox.AsWorker], config.BaseURL
	fmt.Fprintf(out, `Okta, AWS, SCIM and the consoles: %s
The world is %g times faster than the real one.

# worker, standalone, AWS CLI, AWS SDKs and Okta SDK: what the product's documentation asks for
`, url, config.Speed)
	for _, name := range slices.Sorted(maps.Keys(worker)) {
		fmt.Fprintf(out, "export %s='%s'\n", name, worker[name])
	}
	fmt.Fprintf(out, `
# administrators of the two accounts, who may do everything there: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
# management 111111111111: %s %s
# Studio     222222222222: %s %s
# Okta: OKTA_CLIENT_TOKEN of a read-only administrator: %s
`, keys[sandbox.AsAdministrator]["AWS_ACCESS_KEY_ID"], keys[sandbox.AsAdministrator]["AWS_SECRET_ACCESS_KEY"],
		keys[sandbox.AsStudioAdministrator]["AWS_ACCESS_KEY_ID"], keys[sandbox.AsStudioAdministrator]["AWS_SECRET_ACCESS_KEY"],
		keys[sandbox.AsReadOnly]["OKTA_CLIENT_TOKEN"])
	fmt.Fprintf(out, `
# Terraform, in the Studio account
provider "aws" {
  region     = "%s"
  access_key = "%s"
  secret_key = "%s"
  endpoints {
`, worker["AWS_REGION"], keys[sandbox.AsStudioAdministrator]["AWS_ACCESS_KEY_ID"], keys[sandbox.AsStudioAdministrator]["AWS_SECRET_ACCESS_KEY"])
	for _, service := range []string{"ec2", "iam", "identitystore", "organizations", "sagemaker", "secretsmanager", "servicequotas", "ssoadmin", "sts"} {
		fmt.Fprintf(out, "    %-14s = \"%s\"\n", service, url)
	}
	fmt.Fprintf(out, `  }
}

Call log:  curl %[1]s/sandbox/calls
State:     curl %[1]s/sandbox/state
Faults:    curl -d '[{"service":"sso","kind":"throttle","rate":0.1}]' %[1]s/sandbox/faults
The demo on this world: go run ./standalone demo --sandbox %[1]s --speed %[2]g
Ctrl-C ends it.
`, url, config.Speed)
	return nil
}
