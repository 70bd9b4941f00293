package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/user"
	"strconv"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/engine"
	"studio-onboarding/internal/workerhost"
	"studio-onboarding/onboarding"
)

// ports are where the embedded server and its UI listen, on this machine only.
type ports struct{ server, ui int }

func (p *ports) flags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&p.server, "port", 7233, "port of the Temporal server; 0 takes a free one")
	cmd.Flags().IntVar(&p.ui, "ui-port", 8233, "port of the Temporal UI; 0 takes a free one")
}

// node is the engine with a client.
type node struct {
	engine *engine.Engine
	client client.Client
}

// startNode starts server and UI, in memory where dataDir is empty.
func startNode(ctx context.Context, dataDir string, p ports, logger *slog.Logger) (*node, error) {
	e, err := engine.Start(ctx, engine.Options{
		DataDir:   dataDir,
		Address:   loopback(p.server),
		UIAddress: loopback(p.ui),
		SearchAttributes: map[string]enums.IndexedValueType{
			onboarding.SearchAttributeState: enums.INDEXED_VALUE_TYPE_KEYWORD,
			onboarding.SearchAttributeStep:  enums.INDEXED_VALUE_TYPE_KEYWORD,
		},
		Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	c, err := client.DialContext(ctx, client.Options{HostPort: e.Address(), Namespace: engine.Namespace, Logger: logger})
	if err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	return &node{engine: e, client: c}, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// work runs the worker until the context ends or the server fails.
func (n *node) work(ctx context.Context, host *workerhost.Host) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-n.engine.Failed():
			cancel()
		case <-ctx.Done():
		}
	}()
	return errors.Join(host.Run(ctx), n.engine.Err())
}

func (n *node) stop() error {
	n.client.Close()
	return n.engine.Stop()
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
