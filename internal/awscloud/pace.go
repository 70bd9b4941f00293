package awscloud

import (
	"cmp"
	"context"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"
)

// limit is how fast and how broadly one API family of one account is called.
type limit struct {
	perSecond rate.Limit
	// burst is small: a full bucket on top of a full second would be twice the allowed rate.
	burst int
	// concurrent calls at most; 0 for any number.
	concurrent int
}

// limitOf knows the families that have a limit of their own, by the SDK's service ID. The throttles of SSO Admin and
// Identity Store are collective over all their operations (IAM Identity Center User Guide, "Quotas"); those of SageMaker's
// control plane are not published, so the pace is modest; LookupEvents is allowed twice a second.
func limitOf(service string) (limit, bool) {
	switch service {
	case "SSO Admin", "identitystore":
		return limit{perSecond: 20, burst: 2}, true
	case "SageMaker":
		return limit{perSecond: 10, burst: 2, concurrent: 5}, true
	case "CloudTrail":
		return limit{perSecond: 2, burst: 1}, true
	}
	return limit{}, false
}

// paces are the limiters of all accounts: everybody in this process who calls the same family in the same account shares one.
type paces struct {
	mu       sync.Mutex
	families map[family]*pace
}

type family struct{ account, service string }

type pace struct {
	limiter *rate.Limiter
	slots   chan struct{}
}

func newPaces() *paces { return &paces{families: map[family]*pace{}} }

// of returns the option that makes a client keep the pace of this account. It sits inside the SDK's retry loop, so that
// repeated attempts count too, and before signing, so that no signature grows old while waiting.
func (p *paces) of(account string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		keepPace := middleware.FinalizeMiddlewareFunc("KeepPace", func(
			ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
		) (middleware.FinalizeOutput, middleware.Metadata, error) {
			release, err := p.wait(ctx, family{account, awsmiddleware.GetServiceID(ctx)})
			if err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, err
			}
			defer release()
			return next.HandleFinalize(ctx, in)
		})
		return stack.Finalize.Insert(keepPace, "Retry", middleware.After)
	}
}

// wait blocks until it is this call's turn. The caller calls release when the call is over. Its errors are canceled errors,
// which the SDK does not try again.
func (p *paces) wait(ctx context.Context, f family) (release func(), err error) {
	pace := p.pace(f)
	if pace == nil {
		return func() {}, nil
	}
	release = func() {}
	if pace.slots != nil {
		select {
		case pace.slots <- struct{}{}:
			release = func() { <-pace.slots }
		case <-ctx.Done():
			return nil, &smithy.CanceledError{Err: ctx.Err()}
		}
	}
	if err := pace.limiter.Wait(ctx); err != nil {
		release()
		// The limiter refuses at once, in words of its own, when the deadline would pass before the turn comes.
		return nil, &smithy.CanceledError{Err: cmp.Or(ctx.Err(), context.DeadlineExceeded)}
	}
	return release, nil
}

func (p *paces) pace(f family) *pace {
	limit, ok := limitOf(f.service)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	one, ok := p.families[f]
	if !ok {
		one = &pace{limiter: rate.NewLimiter(limit.perSecond, limit.burst)}
		if limit.concurrent > 0 {
			one.slots = make(chan struct{}, limit.concurrent)
		}
		p.families[f] = one
	}
	return one
}
