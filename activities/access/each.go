package access

import (
	"cmp"
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/internal/fault"
)

const (
	// atOnce is how many calls may be on their way, enough for answers that take seconds. How many go in a second is for
	// the pace of the account to say.
	atOnce = 40
	// patience is how often one item of thousands is tried before the whole attempt gives up on a provider that is throttling
	// or failing; the next attempt would have to list everything again.
	patience = 5
)

// each calls do for 0 to n-1, several at once, and returns the first error. Throttling and passing failures of one call are
// waited out.
func (a *domainAccess) each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error {
			for try := 1; ; try++ {
				if err := stopping(inner); err != nil {
					return err
				}
				err := do(inner, i)
				class := fault.ClassOf(err)
				if class != fault.Throttled && class != fault.Unavailable || try == patience {
					return err
				}
				if err := a.pause(inner, time.Duration(try)*a.waits.Profile); err != nil {
					return err
				}
			}
		})
	}
	return cmp.Or(group.Wait(), ctx.Err())
}

// pause waits, and ends early when the activity is cancelled or the worker stops.
func (a *domainAccess) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-workerStops(ctx):
		return stopping(ctx)
	}
}

// stopping says whether the worker stops. What was done so far is found by the next attempt, so there is nothing to save.
func stopping(ctx context.Context) error {
	select {
	case <-workerStops(ctx):
		return fault.New(fault.NotReady, "worker", "", "the worker is stopping; the next one goes on.")
	default:
		return nil
	}
}

// workerStops is closed when the worker stops; a look outside of an activity has none.
func workerStops(ctx context.Context) <-chan struct{} {
	if !activity.IsActivity(ctx) {
		return nil
	}
	return activity.GetWorkerStopChannel(ctx)
}
