// Package engine runs a Temporal server with its web UI inside this process, for those who have no cluster: one machine, one
// process, a SQLite file or memory. Only standalone imports it; it brings the whole server along.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"

	"studio-onboarding/internal/localserver"

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
	// Logger gets the server's warnings and errors while it runs, and what was found open to others. nil discards them.
	Logger *slog.Logger
}

// Engine is a running server with its UI.
type Engine struct {
	address string
	uiURL   string
	dir     *dataDir
	server  temporal.Server
	ui      *http.Server
	log     *logger
	key     string
	// published is what others find the key by; its path is "" where there is no place for it.
	published     localserver.Server
	publishedPath string
	stop          sync.Once
	stopErr       error
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
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	dir, err := openDataDir(opts.DataDir, opts.Logger)
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
		port{address: "127.0.0.1:0"}, port{address: "127.0.0.1:0"}, port{address: "127.0.0.1:0"}, port{address: "127.0.0.1:0"},
	)
	if err != nil {
		return nil, err
	}
	e := &Engine{address: ports[0], uiURL: "http://" + ports[1], dir: dir, key: dir.key, log: newLogger(opts.Logger)}
	if err := e.startServer(ctx, opts, ports); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Temporal server: %w", err), e.shutdown())
	}
	if err := e.startUI(ctx, ports[1], opts.CodecEndpoint); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Temporal UI: %w", err), e.shutdown())
	}
	if err := dir.announce(e.address, e.uiURL); err != nil {
		return nil, errors.Join(err, e.shutdown())
	}
	e.publish(opts.Logger)
	e.log.running()
	return e, nil
}

// Address is the host:port at which Temporal clients reach the server.
func (e *Engine) Address() string { return e.address }

// UIURL is the address of the web UI.
func (e *Engine) UIURL() string { return e.uiURL }

// Key is what clients have to bring, as a bearer token in the authorization header: an API key, without TLS.
func (e *Engine) Key() string { return e.key }

// publish leaves the key for this user's other programs. Where that can't be done, they have to be told.
func (e *Engine) publish(logger *slog.Logger) {
	e.published = localserver.Server{PID: os.Getpid(), Address: e.address, Key: e.key}
	path, err := localserver.Publish(e.published)
	if err != nil {
		logger.Warn(fmt.Sprintf("starter will not find the key of the Temporal port by itself: %v → give it the key in TEMPORAL_API_KEY, "+
			"and TEMPORAL_TLS=false", err))
		return
	}
	e.publishedPath = path
}

// whereTheKeyIs is for those whom the server refuses.
func (e *Engine) whereTheKeyIs() string {
	if e.dir.path == "" {
		return "starter finds it by itself when the user who started standalone runs it on the same machine"
	}
	file := filepath.Join(e.dir.path, KeyFile)
	return fmt.Sprintf("it lies in %s, and starter finds it by itself when the user who started standalone runs it on the same machine; "+
		"to give it to other clients: TEMPORAL_API_KEY=$(cat %s) TEMPORAL_TLS=false", file, file)
}

// Failed is closed when the server has failed for good while running; Err says why. What to do then is to stop.
func (e *Engine) Failed() <-chan struct{} { return e.log.failed }

// Err is the failure that closed Failed, and nil before.
func (e *Engine) Err() error { return e.log.failure() }

// Stop ends the UI, takes the key back from where others find it, ends the server, and gives the data directory free. Stop
// workers and clients first. It waits for the server for at most 15 s; what was acknowledged is on disk in any case.
func (e *Engine) Stop() error {
	e.stop.Do(func() { e.stopErr = errors.Join(e.shutdown(), e.dir.close()) })
	return e.stopErr
}

func (e *Engine) shutdown() error {
	e.log.stopping()
	var uiErr error
	if e.ui != nil {
		uiErr = e.ui.Close()
	}
	if e.publishedPath != "" {
		uiErr = errors.Join(uiErr, localserver.Withdraw(e.published))
	}
	if e.server == nil {
		return uiErr
	}
	_, err := guard(e.log, stopTimeout, func() (struct{}, error) { return struct{}{}, e.server.Stop() })
	if err != nil {
		err = fmt.Errorf("stop the Temporal server: %w", err)
	}
	return errors.Join(uiErr, err)
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
	certificates, err := inside()
	if err != nil {
		return err
	}
	door := &doorkeeper{key: e.key, where: e.whereTheKeyIs}
	e.server, err = guard(e.log, startTimeout, func() (temporal.Server, error) {
		server, err := temporal.NewServer(
			temporal.WithConfig(cfg),
			temporal.ForServices(append([]string{string(primitives.InternalFrontendService)}, temporal.DefaultServices...)),
			temporal.WithStaticHosts(staticHosts(ports)),
			temporal.WithLogger(e.log),
			temporal.WithTLSConfigFactory(certificates),
			temporal.WithAuthorizer(door),
			temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return door }),
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
	if err := ready(ctx, e.address, e.key, opts.SearchAttributes); err != nil {
		// The cause, where the server logged one, says more than a call that got no answer.
		return errors.Join(e.Err(), err)
	}
	return nil
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
