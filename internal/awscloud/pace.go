package awscloud

import (
	"context"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// limit is where the pace of one API family of one account begins and how it grows.
type limit struct {
	// start is the pace of the first calls, in calls a second.
	start float64
	// known is the pace up to which it may grow quickly; from there on it feels its way.
	known float64
	// concurrent is how many calls are on their way at most.
	concurrent int
}

// limitOf knows the families that have a limit of their own, by the SDK's service ID. The throttles of SSO Admin and
// Identity Store are 20 calls a second each, collective over all their operations (IAM Identity Center User Guide,
// "Quotas"); others use them too, so that known is below. Those of SageMaker's control plane are not published.
// LookupEvents is allowed twice a second.
func limitOf(service string) (limit, bool) {
	switch service {
	case "SSO Admin", "identitystore":
		return limit{start: 5, known: 18, concurrent: 20}, true
	case "SageMaker":
		return limit{start: 2, known: 9, concurrent: 40}, true
	case "CloudTrail":
		return limit{start: 1, known: 1.8, concurrent: 2}, true
	}
	return limit{}, false
}

// paces are the paces of all accounts: everybody in this process who calls the same family in the same account shares one,
// and it lasts as long as the process.
type paces struct {
	speed float64

	mu       sync.Mutex
	families map[family]*pace
}

type family struct{ account, service string }

func newPaces(speed float64) *paces { return &paces{speed: speed, families: map[family]*pace{}} }

// of returns the option that makes a client keep the pace of this account. It sits inside the SDK's retry loop, so that
// repeated attempts count too, and before signing, so that no signature grows old while waiting.
func (p *paces) of(account string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		keepPace := middleware.FinalizeMiddlewareFunc("KeepPace", func(
			ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
		) (middleware.FinalizeOutput, middleware.Metadata, error) {
			pace := p.pace(family{account, awsmiddleware.GetServiceID(ctx)})
			if pace == nil {
				return next.HandleFinalize(ctx, in)
			}
			began := time.Now()
			turn, err := pace.wait(ctx)
			if err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, &smithy.CanceledError{Err: err} // which the SDK does not try again
			}
			out, metadata, err := next.HandleFinalize(context.WithValue(ctx, waitedKey{}, time.Since(began)), in)
			if throttled(err) {
				pace.refused(turn, retryAfter(err))
			} else if err == nil || status(err) != 0 {
				pace.accepted(turn)
			} else {
				pace.release()
			}
			return out, metadata, err
		})
		return stack.Finalize.Insert(keepPace, "Retry", middleware.After)
	}
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
		one = newPace(limit, p.speed)
		p.families[f] = one
	}
	return one
}

// pace lets calls go one after the other at a rate that it learns from the answers, as TCP learns the capacity of a line:
// it begins gently and doubles every second up to what is known of the limit or to the first throttling, then adds a little
// every second. When calls are throttled it falls to just below what was accepted, once for all calls that were on their way
// at that time, and pauses as long as the service asks for. Several workers that add the same and give up a share of what
// they have end up with the same rate each. Chance in the gaps and in the falls keeps them from moving in step.
//
// It only grows when calls had to wait for their turn: a rate that nobody uses proves nothing.
type pace struct {
	limit limit
	// second is how long a second of the provider lasts: less in a simulated world that runs faster.
	second time.Duration
	slots  chan struct{}
	// gate lets one caller at a time wait for its turn, in the order of arrival.
	gate chan struct{}

	mu   sync.Mutex
	rate float64 // calls per second of the provider
	// next is when the next call may go.
	next  time.Time
	steep bool
	// fell is when the rate fell last. Answers to calls that went before say nothing about the new rate.
	fell time.Time
	// counted is how many calls were accepted since since, and before how many in the period ahead of it.
	counted, before int
	since           time.Time
}

// turn is the permission for one call.
type turn struct {
	at     time.Time
	waited bool
}

const (
	// growth is what is added to the rate in each second, in calls per second.
	growth = 0.5
	// slowest is the rate that throttling alone does not go below.
	slowest = 0.5
	// catchUp is for how long calls that could have gone are made up for; timers are not exact.
	catchUp = 20 * time.Millisecond
	// longestPause bounds what a service may ask for.
	longestPause = time.Minute
)
