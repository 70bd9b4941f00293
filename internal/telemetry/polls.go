package telemetry

import (
	"context"
	"errors"
	"path"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// refusedFor is how long a poll that failed counts: the SDK polls again within ten seconds.
const refusedFor = 15 * time.Second

// polls knows whether the worker asks Temporal for work: the server cannot be asked that for one worker of many, as each sees a part of
// a task queue.
type polls struct {
	mu    sync.Mutex
	kinds map[string]*polling
}

// polling is that for one kind of work.
type polling struct {
	underway       int
	failed, served time.Time
}

// kinds are the calls that ask for work, and for which.
func kinds() map[string]string {
	return map[string]string{"PollWorkflowTaskQueue": "workflows", "PollActivityTaskQueue": "activities"}
}

// intercept is a gRPC interceptor that sees polls begin and end.
func (p *polls) intercept(ctx context.Context, method string, in, out any, connection *grpc.ClientConn, next grpc.UnaryInvoker,
	options ...grpc.CallOption) error {
	kind, poll := kinds()[path.Base(method)]
	if !poll {
		return next(ctx, method, in, out, connection, options...)
	}
	p.change(kind, func(is *polling) { is.underway++ })
	err := next(ctx, method, in, out, connection, options...)
	p.change(kind, func(is *polling) {
		is.underway--
		switch code := status.Code(err); {
		case code == codes.OK:
			is.served = time.Now()
		case code != codes.Canceled && code != codes.DeadlineExceeded && ctx.Err() == nil:
			is.failed = time.Now()
		}
	})
	return err
}

func (p *polls) change(kind string, change func(*polling)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kinds == nil {
		p.kinds = map[string]*polling{}
	}
	if p.kinds[kind] == nil {
		p.kinds[kind] = &polling{}
	}
	change(p.kinds[kind])
}

// well says whether there is a poll under way for each kind of work, and the last one was not refused.
func (p *polls) well(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, kind := range kinds() {
		is := p.kinds[kind]
		switch {
		case is == nil || is.underway == 0 && now.Sub(is.served) > refusedFor:
			return errors.New("the worker does not ask Temporal for " + kind)
		case is.failed.After(is.served) && now.Sub(is.failed) < refusedFor:
			return errors.New("Temporal refuses to give " + kind)
		}
	}
	return nil
}
