package okta

import (
	"math"
	"strings"
	"time"
)

// bucket counts the calls of one rate limit in the current minute.
type bucket struct {
	until time.Time
	used  int
}

// allowance is what is left of a bucket after a call.
type allowance struct {
	limit, remaining int
	reset            int64
	over             bool
}

func (a *allowance) exceeded(until time.Time) {
	a.remaining, a.reset = 0, int64(math.Ceil(float64(until.UnixMilli())/1000))
}

// charge counts a call against its bucket. The numbers are Okta's last published ones for Workforce Identity Cloud.
func (o *Org) charge(operation string) *allowance {
	_, path, _ := strings.Cut(operation, " ")
	name, limit := "/api/v1", 1200
	switch {
	case strings.HasPrefix(path, "/oauth2/"):
		name = "/oauth2"
	case path == "/api/v1/apps/{id}":
		name, limit = path, 500
	case strings.HasPrefix(path, "/api/v1/apps"):
		name, limit = "/api/v1/apps", 100
	case path == "/api/v1/groups/{groupId}":
		name, limit = path, 1000
	case strings.HasPrefix(path, "/api/v1/groups"):
		name, limit = "/api/v1/groups", 500
	case path == "/api/v1/logs":
		name, limit = path, 120
	}
	now := o.clock.Now()
	b := o.buckets[name]
	if b == nil || now.After(b.until) {
		b = &bucket{until: now.Add(o.clock.Scale(time.Minute))}
		o.buckets[name] = b
	}
	b.used++
	a := &allowance{limit: limit, remaining: max(0, limit-b.used), over: b.used > limit && !o.unlimited}
	a.reset = int64(math.Ceil(float64(b.until.UnixMilli()) / 1000))
	return a
}
