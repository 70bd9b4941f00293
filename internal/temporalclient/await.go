package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The pauses between two tries of Await, each twice as long as the one before, and how often it says what it waits for.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 30 * time.Second
	sayEvery     = time.Minute
)

// Await connects as Dial does, and where no server answers, or one that is only starting, it waits until ctx ends. The logger is
// told what it waits for and why, at first and then once a minute, and when the waiting is over. What waiting won't help is an
// error at once: unusable settings, refused credentials, certificates that don't fit, keys that are missing, and a namespace that
// there is none of (*NoNamespaceError).
func (s Settings) Await(ctx context.Context) (client.Client, error) {
	options, err := s.Options()
	if err != nil {
		return nil, err
	}
	began, pause := time.Now(), firstPause
	var said time.Time
	for {
		c, err := s.serving(ctx, options)
		if err == nil {
			if !said.IsZero() {
				options.Logger.Info("Temporal answers", "address", options.HostPort, "after", time.Since(began).Round(time.Second).String())
			}
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !passing(err) {
			return nil, err
		}
		if time.Since(said) >= sayEvery {
			said = time.Now()
			options.Logger.Warn("waiting for Temporal, nothing is lost meanwhile", "address", options.HostPort, "reason", err.Error())
		}
		// Workers that lost their server at the same time don't come back all at once.
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
		pause = min(2*pause, longestPause)
	}
}

// serving connects to a server that knows the namespace: one that is starting answers before that.
func (s Settings) serving(ctx context.Context, options client.Options) (client.Client, error) {
	namespace := options.Namespace
	c, err := s.Dial(ctx)
	if err != nil {
		return nil, err
	}
	asking, cancel := context.WithTimeout(ctx, DialTimeout)
	defer cancel()
	_, err = c.WorkflowService().DescribeNamespace(asking, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	var missing *serviceerror.NamespaceNotFound
	var notFound *serviceerror.NotFound
	switch {
	case err == nil || status.Code(err) == codes.Unimplemented:
		return c, nil
	case errors.As(err, &missing) || errors.As(err, &notFound):
		err = &NoNamespaceError{Namespace: namespace, Err: err}
	case refused(err):
		err = &UnreachableError{Address: options.HostPort, TLS: options.ConnectionOptions.TLS != nil, Err: err}
	default:
		err = fmt.Errorf("look at namespace %s: %w", namespace, err)
	}
	c.Close()
	return nil, err
}

// passing says whether an error is one of a server that is away, starting or busy.
func passing(err error) bool {
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		return !unreachable.Permanent()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var answer interface{ Status() *status.Status }
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Status().Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Internal, codes.Aborted, codes.Unknown:
		return true
	}
	return false
}

// NoNamespaceError says that the server has no such namespace.
type NoNamespaceError struct {
	Namespace string
	Err       error
}

// Error says so, and how to make one.
func (e *NoNamespaceError) Error() string {
	return fmt.Sprintf("the Temporal server has no namespace %q → create it with: temporal operator namespace create -n %s, "+
		"or name another with --namespace or TEMPORAL_NAMESPACE", e.Namespace, e.Namespace)
}

// Unwrap returns the server's answer.
func (e *NoNamespaceError) Unwrap() error { return e.Err }
