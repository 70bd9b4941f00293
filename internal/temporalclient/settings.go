// Package temporalclient connects to Temporal as the TEMPORAL_* variables and temporal.toml say, the same way in every
// program of the project, and sets up the search attributes that runs need.
package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"studio-onboarding/internal/localserver"
	"studio-onboarding/internal/payloadcrypt"
)

// DialTimeout bounds the first connection where Settings.Timeout says nothing.
const DialTimeout = 5 * time.Second

// Settings say how to connect. The zero value connects as environment and file say.
type Settings struct {
	// Address and Namespace come from flags and win over environment and file; empty leaves it to those. Where nobody says
	// anything the SDK's defaults hold: localhost:7233 and "default".
	Address   string
	Namespace string
	// Env looks variables up; nil means the process's own.
	Env envconfig.EnvLookup
	// Logger takes what the client logs; nil means nothing. A *slog.Logger is one.
	Logger log.Logger
	// Timeout bounds the first connection; 0 means DialTimeout.
	Timeout time.Duration
	// PayloadKeys says where the keys are that encrypt payloads, as payloadcrypt.Read has it; empty leaves it to
	// TEMPORAL_PAYLOAD_KEYS, and where that is not set either, to what the namespace says.
	PayloadKeys string
	// Identity is what the server notes of whoever called it, in clear; empty leaves it to the SDK: process number and host name.
	Identity string
	// Worker says that the client is a worker's.
	Worker bool
}

// Options answers with the options of a client: flags win over TEMPORAL_* variables, those over the profile in temporal.toml
// (TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE; see Temporal's "Environment configuration"). Address and namespace are always
// filled in. An unreadable file, an unknown profile, or a broken certificate is an error.
//
// Where this user's standalone runs at the address, its key is used, in place of any other: nobody else answers there.
func (s Settings) Options() (client.Options, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: s.Env})
	if err != nil {
		return client.Options{}, fmt.Errorf("the Temporal settings cannot be read: %w → check temporal.toml and the TEMPORAL_* variables", err)
	}
	options.HostPort = first(s.Address, options.HostPort, client.DefaultHostPort)
	options.Namespace = first(s.Namespace, options.Namespace, client.DefaultNamespace)
	options.Identity = first(s.Identity, options.Identity)
	options.Logger = s.Logger
	if options.Logger == nil {
		options.Logger = Quiet()
	}
	key, err := localserver.Find(options.HostPort)
	if err != nil {
		return client.Options{}, err
	}
	if key != "" {
		options = WithKey(options, key)
	}
	return options, nil
}

// WithKey has a client show the key of a standalone's Temporal port, which is called without TLS.
func WithKey(options client.Options, key string) client.Options {
	options.Credentials = client.NewAPIKeyStaticCredentials(key)
	options.ConnectionOptions.TLS, options.ConnectionOptions.TLSDisabled = nil, true
	return options
}

// Dial connects, and encrypts payloads as Open does. Nobody answering within the timeout is an *UnreachableError, which
// names the cause where it is TLS. Close the client after use.
func (s Settings) Dial(ctx context.Context) (client.Client, error) {
	options, err := s.Options()
	if err != nil {
		return nil, err
	}
	keys, err := s.Keys()
	if err != nil {
		return nil, err
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = DialTimeout
	}
	dialing, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, _, err := Open(dialing, options, keys, s.Worker)
	var keyError *payloadcrypt.UnreadableError
	if err == nil || errors.As(err, &keyError) {
		return c, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if problem := options.HostPort; !dialable(problem) {
		return nil, fmt.Errorf("%q is not a Temporal address → write it as host:port, for example %s", problem, client.DefaultHostPort)
	}
	unreachable := &UnreachableError{Address: options.HostPort, TLS: options.ConnectionOptions.TLS != nil, Err: err}
	if !refused(err) {
		unreachable.Cause = tlsCause(ctx, options.HostPort, options.ConnectionOptions.TLS)
	}
	return nil, unreachable
}

// Keys are the payload keys that are configured; nil where none are.
func (s Settings) Keys() (*payloadcrypt.Keys, error) {
	env := s.Env
	if env == nil {
		env = envconfig.EnvLookupOS
	}
	reference := s.PayloadKeys
	if reference == "" {
		reference, _ = env.LookupEnv(payloadcrypt.Variable)
	}
	if reference == "" {
		return nil, nil
	}
	return payloadcrypt.Read(reference, env.LookupEnv)
}

// Quiet is a logger that drops everything, for programs whose output belongs to their user.
func Quiet() log.Logger { return slog.New(slog.DiscardHandler) }

// UnreachableError says that no Temporal server answered, or that it refused us.
type UnreachableError struct {
	// Address is the one that was tried, as host:port.
	Address string
	// TLS says whether the connection was to be encrypted: half of all failures are the two sides disagreeing about it.
	TLS bool
	// Cause is what is wrong with TLS, and what to do; empty where that is not the reason.
	Cause string
	Err   error
}

// Error says what was tried and what to do.
func (e *UnreachableError) Error() string {
	var denied *serviceerror.PermissionDenied
	if errors.As(e.Err, &denied) && strings.Contains(denied.Message, "→") {
		return fmt.Sprintf("Temporal at %s refuses this: %s", e.Address, denied.Message) // standalone's, which knows what to do
	}
	if errors.As(e.Err, &denied) {
		return fmt.Sprintf("Temporal at %s refuses these credentials: %s → check TEMPORAL_API_KEY, TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_NAMESPACE",
			e.Address, denied.Message)
	}
	if refused(e.Err) {
		return fmt.Sprintf("Temporal at %s refuses these credentials: %s → check TEMPORAL_API_KEY and TEMPORAL_TLS_CLIENT_CERT_PATH",
			e.Address, clip(status.Convert(e.Err).Message()))
	}
	if e.Cause != "" {
		return fmt.Sprintf("no connection to the Temporal server at %s: %s", e.Address, e.Cause)
	}
	encrypted := "without TLS"
	if e.TLS {
		encrypted = "with TLS"
	}
	return fmt.Sprintf("no Temporal server answers at %s (tried %s) → start one on this machine with: go run ./standalone, or say where yours is: TEMPORAL_ADDRESS=host:port or --address",
		e.Address, encrypted)
}

// Unwrap returns the client's error.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Permanent says whether waiting won't help: somebody has to change the settings, the certificates or the permissions.
func (e *UnreachableError) Permanent() bool { return e.Cause != "" || refused(e.Err) }

// refused says whether a server answered, and does not take our credentials.
func refused(err error) bool {
	var denied *serviceerror.PermissionDenied
	return errors.As(err, &denied) || status.Code(err) == codes.Unauthenticated
}

// dialable says whether an address has the form host:port; gRPC's own schemes (dns:///host:port) are left to gRPC.
func dialable(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port != ""
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
