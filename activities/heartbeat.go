package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"studio-onboarding/onboarding"
)

// pulse beats for an activity as long as it runs, so that a dead worker is noticed within the heartbeat timeout although one
// call to a rate-limited API may take longer than that. What the activity recorded last is repeated with each beat.
type pulse struct {
	mu   sync.Mutex
	last []any
}

type pulseKey struct{}

// startPulse returns the context for the activity and a function that ends the beating.
func startPulse(ctx context.Context) (context.Context, func()) {
	timeout := activity.GetInfo(ctx).HeartbeatTimeout
	if timeout <= 0 {
		return ctx, func() {}
	}
	p := &pulse{}
	var last onboarding.Count
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &last) == nil {
		p.last = []any{last}
	}
	ctx = context.WithValue(ctx, pulseKey{}, p)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(timeout / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				activity.RecordHeartbeat(ctx, p.details()...)
			case <-quit:
				return
			}
		}
	}()
	return ctx, func() {
		close(quit)
		<-done
	}
}

func (p *pulse) details() []any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// pulseOutbound remembers what an activity records.
type pulseOutbound struct {
	interceptor.ActivityOutboundInterceptorBase
}

func (out *pulseOutbound) RecordHeartbeat(ctx context.Context, details ...any) {
	if p, ok := ctx.Value(pulseKey{}).(*pulse); ok {
		p.mu.Lock()
		p.last = details
		p.mu.Unlock()
	}
	out.Next.RecordHeartbeat(ctx, details...)
}
