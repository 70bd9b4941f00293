// Package notify has the activity that tells people outside what wants them: it sends notices to the targets of the worker's
// configuration.
package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// longestPause is how long a target can ask to be left alone before the next attempt.
const longestPause = 15 * time.Minute

// Target is where notices go. Implemented by internal/notifier.
type Target interface {
	// Name is unique among the targets of a worker, the same after a restart, and holds no secret.
	Name() string
	// Send delivers one notice. Its errors are faults, whose texts hold no secret.
	Send(ctx context.Context, notice onboarding.Notice) error
}

// Activities send notices.
type Activities struct {
	Targets []Target
}

// NotifyInput are the notices to send.
type NotifyInput struct {
	Notices []onboarding.Notice `json:"notices"`
	// Attempts is how often a target that may recover is tried. The retry policy allows more, for workers that die.
	Attempts int32 `json:"attempts"`
}

// Notify sends each notice to each target. One that fails stops none of the others. Where trying again may help, the activity
// fails and Temporal does so; what the attempts before have settled is not sent again. The last attempt
// answers with what is left undone, instead of failing.
func (a *Activities) Notify(ctx context.Context, in NotifyInput) (onboarding.Notified, error) {
	done := recall(ctx)
	waiting := make([]*fault.Fault, len(a.Targets))
	var all sync.WaitGroup
	for i, target := range a.Targets {
		all.Go(func() { waiting[i] = done.send(ctx, target, in.Notices) })
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return onboarding.Notified{}, err
	}
	if again := tryAgain(a.Targets, waiting); again != nil && activity.GetInfo(ctx).Attempt < in.Attempts {
		return onboarding.Notified{}, again
	}

	var notified onboarding.Notified
	for i, target := range a.Targets {
		for _, notice := range in.Notices {
			delivery, settled := done.of(target, notice)
			if !settled {
				delivery = failed(target, notice, waiting[i])
			}
			notified.Deliveries = append(notified.Deliveries, delivery)
		}
	}
	return notified, nil
}

// record is what has been settled: delivered, or refused in a way that no retry changes. It is the activity's heartbeat, from which
// the next attempt learns it.
type record struct {
	mu      sync.Mutex
	settled []onboarding.Delivery
}

func recall(ctx context.Context) *record {
	r := &record{}
	if activity.HasHeartbeatDetails(ctx) {
		// What cannot be read is sent again: twice is better than never.
		if err := activity.GetHeartbeatDetails(ctx, &r.settled); err != nil {
			r.settled = nil
		}
	}
	// At once, as a heartbeat without it would make the attempt after this one forget.
	activity.RecordHeartbeat(ctx, r.settled)
	return r
}

func (r *record) of(target Target, notice onboarding.Notice) (onboarding.Delivery, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.settled, func(d onboarding.Delivery) bool { return d.Target == target.Name() && d.Key == notice.Key })
	if i < 0 {
		return onboarding.Delivery{}, false
	}
	return r.settled[i], true
}

func (r *record) settle(ctx context.Context, delivery onboarding.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settled = append(r.settled, delivery)
	activity.RecordHeartbeat(ctx, slices.Clone(r.settled))
}

// send delivers the notices to one target, and answers with what is worth another attempt. A target that cannot take one now is
// spared the others.
func (r *record) send(ctx context.Context, target Target, notices []onboarding.Notice) *fault.Fault {
	for _, notice := range notices {
		if _, settled := r.of(target, notice); settled {
			continue
		}
		err := target.Send(ctx, notice)
		if err == nil {
			r.settle(ctx, onboarding.Delivery{Target: target.Name(), Key: notice.Key, Delivered: true})
			continue
		}
		var f *fault.Fault
		if !errors.As(err, &f) {
			f = fault.New(fault.Unavailable, "worker", "", "sending failed")
			f.Err = err
		}
		if f.Class.Retryable() {
			return f
		}
		r.settle(ctx, failed(target, notice, f))
	}
	return nil
}

func failed(target Target, notice onboarding.Notice, f *fault.Fault) onboarding.Delivery {
	reason, remedy := f.Shown()
	return onboarding.Delivery{Target: target.Name(), Key: notice.Key, Reason: reason, Remedy: remedy}
}

// tryAgain is the fault with which the activity asks for another attempt; nil where nothing waits for one.
func tryAgain(targets []Target, waiting []*fault.Fault) *fault.Fault {
	var names []string
	var first *fault.Fault
	var pause time.Duration
	for i, f := range waiting {
		if f == nil {
			continue
		}
		if first == nil {
			first = f
		}
		names = append(names, targets[i].Name())
		pause = max(pause, min(f.RetryAfter, longestPause))
	}
	if first == nil {
		return nil
	}
	reason, remedy := first.Shown()
	again := fault.New(first.Class, "worker", "", "not delivered yet to %s: %s", strings.Join(names, ", "), reason).WithRemedy("%s", remedy)
	again.Err = fmt.Errorf("notify: %w", first)
	return again.After(pause)
}
