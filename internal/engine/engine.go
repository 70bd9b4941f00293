// Package engine runs a Temporal server with its web UI inside this process, for those who have no cluster: one machine, one
// process, a SQLite file or memory. Only standalone imports it; it brings the whole server along.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/temporal"

	_ "time/tzdata" // schedules name time zones, and minimal images have none
)

const (
	// Namespace is the one namespace of an engine.
	Namespace = "default"
	// DefaultAddress is where Temporal clients look when nobody tells them.
	DefaultAddress = "127.0.0.1:7233"
	// DefaultUIAddress is Temporal's usual place for the UI of a local server.
	DefaultUIAddress = "127.0.0.1:8233"
	// Retention is how long finished runs stay. Temporal's own default of a day would lose yesterday's report.
	Retention = 30 * 24 * time.Hour

	startTimeout = 60 * time.Second
	stopTimeout  = 15 * time.Second
)

// Options describe an engine.
type Options struct {
	// DataDir keeps the database, and is made where it is missing. Empty means in memory: everything is gone at the end.
	DataDir string
	// Address is the loopback host:port of the server. Empty means DefaultAddress; port 0 takes a free one.
	Address string
	// UIAddress is the loopback host:port of the web UI. Empty means DefaultUIAddress; port 0 takes a free one.
	UIAddress string
	// CodecEndpoint is the URL at which the UI has payloads decrypted, without a slash at the end. Empty means that it shows them
	// as they are.
	CodecEndpoint string
	// SearchAttributes are registered before Start returns.
	SearchAttributes map[string]enums.IndexedValueType
	// Logger gets the server's warnings and errors while it runs. nil discards them.
	Logger *slog.Logger
}

// Engine is a running server with its UI.
type Engine struct {
	address string
	uiURL   string
	dir     *dataDir
	server  temporal.Server
	ui      *uiserver.Server
	log     *logger
	stop    sync.Once
	stopErr error
}

// Start starts a server and its UI, and returns when both answer. A port in use, a data directory that another process
// uses and a database of another server version are errors that say what to do, found before anything is started.
func Start(ctx context.Context, opts Options) (*Engine, error) {
	address, err := listenAddress(opts.Address, DefaultAddress)
	if err != nil {
		return nil, err
	}
	uiAddress, err := listenAddress(opts.UIAddress, DefaultUIAddress)
	if err != nil {
		return nil, err
	}
	// The lock comes before the ports: a second start should name the first one, not the port that it holds.
	dir, err := openDataDir(opts.DataDir)
	if err != nil {
		return nil, err
	}
	e, err := start(ctx, opts, dir, address, uiAddress)
	if err != nil {
		return nil, errors.Join(err, dir.close())
	}
	return e, nil
}

func start(ctx context.Context, opts Options, dir *dataDir, address, uiAddress string) (*Engine, error) {
	ports, err := reserve(
		port{address: address, flag: "--port", what: "the Temporal server"},
		port{address: uiAddress, flag: "--ui-port", what: "the Temporal UI"},
		port{address: "127.0.0.1:0"}, port{address: "127.0.0.1:0"}, port{address: "127.0.0.1:0"},
	)
	if err != nil {
		return nil, err
	}
	e := &Engine{address: ports[0], uiURL: "http://" + ports[1], dir: dir, log: newLogger(opts.Logger)}
	if err := e.startServer(ctx, opts, ports); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Temporal server: %w", err), e.shutdown())
	}
	if err := e.startUI(ctx, ports[1], opts.CodecEndpoint); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Temporal UI: %w", err), e.shutdown())
	}
	if err := dir.announce(e.address, e.uiURL); err != nil {
		return nil, errors.Join(err, e.shutdown())
	}
	e.log.running()
	return e, nil
}

// Address is the host:port at which Temporal clients reach the server.
func (e *Engine) Address() string { return e.address }

// UIURL is the address of the web UI.
func (e *Engine) UIURL() string { return e.uiURL }

// Failed is closed when the server has failed for good while running; Err says why. What to do then is to stop.
func (e *Engine) Failed() <-chan struct{} { return e.log.failed }

// Err is the failure that closed Failed, and nil before.
func (e *Engine) Err() error { return e.log.failure() }

// Stop ends the UI, then the server, and gives the data directory free. Stop workers and clients first. It waits for the
// server for at most 15 s; what was acknowledged is on disk in any case.
func (e *Engine) Stop() error {
	e.stop.Do(func() { e.stopErr = errors.Join(e.shutdown(), e.dir.close()) })
	return e.stopErr
}

func (e *Engine) shutdown() error {
	e.log.stopping()
	if e.ui != nil {
		e.ui.Stop()
	}
	if e.server == nil {
		return nil
	}
	_, err := guard(e.log, stopTimeout, func() (struct{}, error) { return struct{}{}, e.server.Stop() })
	if err != nil {
		return fmt.Errorf("stop the Temporal server: %w", err)
	}
	return nil
}

func (e *Engine) startServer(ctx context.Context, opts Options, ports []string) error {
	sql, err := e.dir.database(opts.SearchAttributes)
	if err != nil {
		return err
	}
	cfg, err := serverConfig(sql, ports)
	if err != nil {
		return err
	}
	e.server, err = guard(e.log, startTimeout, func() (temporal.Server, error) {
		server, err := temporal.NewServer(
			temporal.WithConfig(cfg),
			temporal.ForServices(temporal.DefaultServices),
			temporal.WithStaticHosts(staticHosts(ports)),
			temporal.WithLogger(e.log),
			temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
			temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
			temporal.WithDynamicConfigClient(dynamicConfig()),
		)
		if err != nil {
			return nil, err
		}
		return server, server.Start()
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := ready(ctx, e.address, opts.SearchAttributes); err != nil {
		// The cause, where the server logged one, says more than a call that got no answer.
		return errors.Join(e.Err(), err)
	}
	return nil
}

func (e *Engine) startUI(ctx context.Context, address, codec string) error {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	portNumber, err := strconv.Atoi(portText)
	if err != nil {
		return err
	}
	e.ui = uiserver.NewServer(server_options.WithConfigProvider(&uiconfig.Config{
		Host: host, Port: portNumber,
		TemporalGRPCAddress: e.address,
		EnableUI:            true,
		DefaultNamespace:    Namespace,
		Codec:               uiconfig.Codec{Endpoint: codec},
		CORS:                uiconfig.CORS{CookieInsecure: true},
		DisableNewsFetch:    true,
		HideLogs:            true,
	}))
	go func() { _ = e.ui.Start() }()

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.uiURL+"/healthz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %s", resp.Status)
		}
		if pauseErr := pause(ctx, 20*time.Millisecond); pauseErr != nil {
			return errors.Join(pauseErr, err)
		}
	}
}

// pause waits for d, or fails with the context's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
