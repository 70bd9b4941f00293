package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/engine"
	"studio-onboarding/internal/localserver"
	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/internal/telemetry"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/tracing"
	"studio-onboarding/internal/workerhost"
	"studio-onboarding/onboarding"
)

// ports are where the embedded server and its UI listen, on this machine only.
type ports struct {
	server, ui, codec int
	// metrics is the address at which metrics and health are served; empty means nowhere.
	metrics string
	// spans takes the spans instead of a collector, in tests.
	spans sdktrace.SpanExporter
}

func (p *ports) flags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&p.server, "port", 7233, "port of the Temporal server; 0 takes a free one")
	cmd.Flags().IntVar(&p.ui, "ui-port", 8233, "port of the Temporal UI; 0 takes a free one")
	cmd.Flags().StringVar(&p.metrics, "metrics-listen", "", "`address` at which metrics and health are served, such as 127.0.0.1:9464 "+
		"(default: "+telemetry.ListenVariable+"; neither: nowhere)")
	cmd.Flags().IntVar(&p.codec, "codec-port", 0, "port at which the UI has payloads decrypted; 0 takes a free one")
}

// keyFile holds the keys that payloads are encrypted with.
const keyFile = "payload-keys.json"

// node is the engine with its clients.
type node struct {
	engine *engine.Engine
	// client is for people's commands, worker for the worker.
	client, worker client.Client
	codec          *http.Server
	// watch shows how the worker does.
	watch *telemetry.Telemetry
}

// startNode starts server and UI, in memory where dataDir is empty. Payloads are encrypted with the keys of a file in keyDir,
// which are made where there are none.
func startNode(ctx context.Context, dataDir, keyDir string, p ports, logger *slog.Logger) (_ *node, err error) {
	tracing.Complaints(logger)
	traced, err := tracing.Start(ctx, tracing.Options{Service: "studio-onboarding-standalone", Getenv: os.Getenv, Exporter: p.spans})
	if err != nil {
		return nil, err
	}
	watch, err := telemetry.Start(ctx, telemetry.Options{Listen: cmp.Or(p.metrics, os.Getenv(telemetry.ListenVariable)), Tracing: traced})
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	codec, err := config.Listen(ctx, "tcp", loopback(p.codec))
	if err != nil {
		err = fmt.Errorf("listen on port %d for the UI's codec endpoint: %w (another port can be chosen with --codec-port)", p.codec, err)
		return nil, errors.Join(err, watch.Stop())
	}
	n := &node{watch: watch, codec: &http.Server{ReadHeaderTimeout: 10 * time.Second}}
	defer func() {
		if err != nil {
			err = errors.Join(err, codec.Close(), n.stop())
		}
	}()
	n.engine, err = engine.Start(ctx, engine.Options{
		DataDir:       dataDir,
		Address:       loopback(p.server),
		UIAddress:     loopback(p.ui),
		CodecEndpoint: "http://" + codec.Addr().String(),
		SearchAttributes: map[string]enums.IndexedValueType{
			onboarding.SearchAttributeState: enums.INDEXED_VALUE_TYPE_KEYWORD,
			onboarding.SearchAttributeStep:  enums.INDEXED_VALUE_TYPE_KEYWORD,
		},
		Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	keys, _, err := payloadcrypt.CreateIfMissing(filepath.Join(keyDir, keyFile))
	if err != nil {
		return nil, err
	}
	options := temporalclient.WithKey(client.Options{HostPort: n.engine.Address(), Namespace: engine.Namespace, Logger: logger},
		n.engine.Key())
	var crypt *payloadcrypt.Codec
	worker := options
	watch.Client(&worker)
	if n.worker, crypt, err = temporalclient.Open(ctx, worker, keys, true); err != nil {
		return nil, err
	}
	traced.Client(&options) // what a demo starts
	if n.client, _, err = temporalclient.Open(ctx, options, keys, false); err != nil {
		return nil, err
	}
	n.codec.Handler = crypt.Endpoint(payloadcrypt.Origins(n.engine.UIURL())...)
	localserver.OwnUser(n.codec, "this codec endpoint")
	go func() { _ = n.codec.Serve(codec) }()
	return n, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// work runs the worker until the context ends or the server fails.
func (n *node) work(ctx context.Context, host *workerhost.Host) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.watch.Watch(host.Sources(n.client))
	go func() {
		select {
		case <-n.engine.Failed():
			cancel()
		case <-ctx.Done():
		}
	}()
	return errors.Join(host.Run(ctx), n.engine.Err())
}

// stop ends what has been started, in the opposite order.
func (n *node) stop() error {
	err := n.codec.Close()
	for _, c := range []client.Client{n.client, n.worker} {
		if c != nil {
			c.Close()
		}
	}
	if n.engine != nil {
		err = errors.Join(err, n.engine.Stop())
	}
	_ = n.watch.Stop() // spans that no collector takes are lost, and nothing else is
	return err
}

// starter is the command line that reaches this node.
func (n *node) starter(arguments string) string {
	line := "go run ./starter " + arguments
	if n.engine.Address() != engine.DefaultAddress {
		line += " --address " + n.engine.Address()
	}
	return line
}

// whoStarts is user@host, as runs record it.
func whoStarts() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return fmt.Sprintf("%s@%s", name, host)
}
