package simulation

import (
	"context"
	"sync"
	"time"
)

// Limits are token buckets: each holds as many calls as its rate allows in a second, and fills up at that rate. Safe for
// concurrent use.
type Limits struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	filled time.Time
}

// Take takes a call out of the bucket of this name, which holds perSecond calls. It reports false when the bucket is empty.
func (l *Limits) Take(name string, perSecond float64, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := max(1, perSecond)
	b := l.buckets[name]
	if b == nil {
		if l.buckets == nil {
			l.buckets = map[string]*bucket{}
		}
		b = &bucket{tokens: size, filled: now}
		l.buckets[name] = b
	}
	b.tokens = min(size, b.tokens+now.Sub(b.filled).Seconds()*perSecond)
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// Pause waits, or until ctx is done.
func Pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
