package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"studio-onboarding/internal/payloadcrypt"
)

func newKeys(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "keys create|rotate|list FILE",
		Short: "Make, rotate and list the keys that payloads are encrypted with",
		Long: `Make, rotate and list the keys with which worker and starter encrypt what Temporal keeps: inputs, results, messages.
A key file is a Tink key set for AES-256-GCM, readable by its owner alone. Worker and starter need the same one: name it in
` + payloadcrypt.Variable + ` or with --payload-keys. Nobody can read the runs without it, so keep a copy in a safe place.

rotate adds a key that is used from the next start of the worker on; the older ones stay in the file, for what they
encrypted. Programs that are running read the file again when they meet a key that they don't know.`,
		Example: `  starter keys create payload-keys.json
  starter keys rotate payload-keys.json
  starter keys list payload-keys.json`,
	}
	var keep bool
	create := &cobra.Command{
		Use: "create FILE", Short: "Make a key file with one new key", Example: `  starter keys create payload-keys.json`, Args: exactly("FILE"),
	}
	create.Flags().BoolVar(&keep, "keep", false, "leave a file that is there already as it is")
	command.AddCommand(
		a.runs(create, func(_ context.Context, args []string) error { return a.createKeys(args[0], keep) }),
		a.runs(&cobra.Command{
			Use: "rotate FILE", Short: "Add a new key that encrypts from now on", Example: `  starter keys rotate payload-keys.json`,
			Args: exactly("FILE"),
		}, func(_ context.Context, args []string) error {
			keys, err := payloadcrypt.Rotate(args[0])
			if err != nil {
				return err
			}
			return a.listKeys(keys)
		}),
		a.runs(&cobra.Command{
			Use: "list FILE", Short: "List the IDs of the keys, the one that encrypts first", Example: `  starter keys list payload-keys.json`,
			Args: exactly("FILE"),
		}, func(_ context.Context, args []string) error {
			keys, err := payloadcrypt.Read(args[0], a.io.Env.LookupEnv)
			if err != nil {
				return err
			}
			return a.listKeys(keys)
		}),
	)
	return command
}

func (a *app) createKeys(file string, keep bool) error {
	keys, err := payloadcrypt.Create(file)
	switch {
	case errors.Is(err, fs.ErrExist) && keep:
		if keys, err = payloadcrypt.Read(file, a.io.Env.LookupEnv); err != nil {
			return err
		}
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already, and what its keys encrypted can't be read with others → add a key to it with: "+
			"starter keys rotate %s", file, file)
	case err != nil:
		return err
	}
	return a.listKeys(keys)
}

func (a *app) listKeys(keys *payloadcrypt.Keys) error {
	if a.output == outputJSON {
		return a.json(keys.List())
	}
	for _, key := range keys.List() {
		use := "reads what it encrypted"
		if key.Primary {
			use = "encrypts"
		}
		if err := a.say("%s  %s", key.ID, use); err != nil {
			return err
		}
	}
	return nil
}

type codecOptions struct {
	listen  string
	origins []string
	healthy bool
}

func newCodec(a *app) *cobra.Command {
	var o codecOptions
	command := &cobra.Command{
		Use:   "codec",
		Short: "Let a Temporal UI on this machine show encrypted payloads",
		Long: `Serve the codec endpoint with which a Temporal UI in a browser on this machine decrypts payloads, until Ctrl-C. The UI is
told of it in its settings (Codec Server, or TEMPORAL_CODEC_ENDPOINT) as http://127.0.0.1:8234, without a slash at the end.
The keys stay on this machine, and only pages of the named UI are answered. standalone brings its own.`,
		Example: `  starter codec --payload-keys payload-keys.json --ui http://localhost:8080
  starter codec --ui https://cloud.temporal.io`,
		Args: exactly(),
	}
	command.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8234", "`host:port` to listen on")
	command.Flags().StringSliceVar(&o.origins, "ui", []string{"http://127.0.0.1:8080"},
		"`address` of the UI as the browser shows it, without a path")
	command.Flags().BoolVar(&o.healthy, "healthy", false, "ask the endpoint at --listen on this host whether it answers, and exit")
	return a.runs(command, func(ctx context.Context, _ []string) error {
		if o.healthy {
			return codecHealthy(ctx, o.listen)
		}
		return a.serveCodec(ctx, o)
	})
}

// codecHealthy is what a container's health check calls: nil when the endpoint at the port on this host answers, whatever it says.
func codecHealthy(ctx context.Context, listen string) error {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return wrongUse("codec", "--listen is %q: %v", listen, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort("127.0.0.1", port), nil)
	if err != nil {
		return fmt.Errorf("ask the codec endpoint: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the codec endpoint: %w", err)
	}
	return answer.Body.Close()
}

func (a *app) serveCodec(ctx context.Context, o codecOptions) error {
	keys, err := a.settings().Keys()
	if err != nil {
		return err
	}
	if keys == nil {
		return wrongUse("codec", "no keys are named: set %s or --payload-keys", payloadcrypt.Variable)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return fmt.Errorf("serve the codec endpoint: %w → choose another address with --listen", err)
	}
	var origins []string
	for _, origin := range o.origins {
		origins = append(origins, payloadcrypt.Origins(origin)...)
	}
	slices.Sort(origins)
	server := &http.Server{Handler: payloadcrypt.NewCodec(keys).Endpoint(slices.Compact(origins)...), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := a.say("Codec endpoint: http://%s", listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the codec endpoint: %w", err)
	}
	return nil
}
