package oktaorg

import (
	"cmp"
	"context"
	"slices"
	"time"

	"studio-onboarding/internal/fault"
)

// Observer is told of the calls of Okta by the template of each, such as "okta:GET /api/v1/users/{login}". It learns nothing of what is in
// them. Its methods are called side by side.
type Observer interface {
	// Call is told that a call begins, and answers with the context for it and with what is told of its end: nil or a *fault.Fault.
	Call(ctx context.Context, provider, operation string) (_ context.Context, end func(error))
	// Request is told of each request: how long it waited for Okta's pace, how long the answer took, and the class of what was wrong with
	// it, empty where nothing was.
	Request(ctx context.Context, provider, operation string, waited, took time.Duration, class fault.Class)
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Call(ctx context.Context, _, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}

func (nobody) Request(context.Context, string, string, time.Duration, time.Duration, fault.Class) {}

// Budget is what Okta said last of one of its rate limits.
type Budget struct {
	// Bucket names the limit: apps, apps/{id}, groups, groups/{id}, logs, other.
	Bucket string
	// Limit and Remaining are requests in the present window, which lasts a minute.
	Limit, Remaining int
}

// Budgets are the rate limits that Okta has told of. One whose window has passed has all of its requests again.
func (o *Org) Budgets() []Budget {
	o.guard.mu.Lock()
	defer o.guard.mu.Unlock()
	now := time.Now()
	list := make([]Budget, 0, len(o.guard.budgets))
	for bucket, is := range o.guard.budgets {
		if now.After(is.reset) {
			is.remaining = is.limit
		}
		list = append(list, Budget{Bucket: bucket, Limit: is.limit, Remaining: is.remaining})
	}
	slices.SortFunc(list, func(a, b Budget) int { return cmp.Compare(a.Bucket, b.Bucket) })
	return list
}
