package provider

import (
	"context"
	"sync"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/onboarding"
)

// Progress records how far an activity has come. It begins with the figures of the attempt before, so that a new attempt does
// not seem to begin from nothing.
type Progress struct {
	ctx context.Context

	mu    sync.Mutex
	count onboarding.Count
}

// NewProgress begins to record, for a step and in the words of what is counted.
func NewProgress(ctx context.Context, step onboarding.Step, what string) *Progress {
	p := &Progress{ctx: ctx, count: onboarding.Count{Step: step, What: what}}
	if activity.HasHeartbeatDetails(ctx) {
		var last onboarding.Count
		if err := activity.GetHeartbeatDetails(ctx, &last); err == nil && last.What == what {
			p.count = last
		}
	}
	activity.RecordHeartbeat(ctx, p.count)
	return p
}

// At records how far the activity has come.
func (p *Progress) At(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.Done, p.count.Total = done, total
	activity.RecordHeartbeat(p.ctx, p.count)
}

// SideBySide does all of these, and returns the first error.
func SideBySide(ctx context.Context, all ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, one := range all {
		group.Go(func() error { return one(ctx) })
	}
	return group.Wait()
}
