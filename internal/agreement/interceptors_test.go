package agreement

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
)

// pauses writes down how long activities asked to wait before they are tried again.
type pauses struct {
	interceptor.WorkerInterceptorBase

	mu  sync.Mutex
	all []pause
}

type pause struct {
	activity string
	at       time.Time
	length   time.Duration
}

// backoff stands for the pause of the retry policy, where an activity does not ask for one.
const backoff = 2 * time.Second

// besides says whether an activity belongs to the lane beside the one that writes to a service: each lane waits on its own.
func besides(service, activity string) bool {
	identity := []string{"AwaitInstance", "EnsureApp", "AwaitProvisioning", "AssignGroups", "AwaitProvisioned", "PushGroups", "AwaitPushed"}
	studio := []string{"EnsureRoles", "ResolveNetwork", "EnsureDomain", "AwaitDomain", "DeleteFailedDomain"}
	switch service {
	case "okta":
		return slices.Contains(studio, activity) || activity == identity[0] // the app needs no instance
	case "iam", "sagemaker":
		return slices.Contains(identity, activity)
	}
	return false
}

// between sums up the pauses of a time, as the world counts them, of the
// activity of that lane that paused most.
func (p *pauses) between(from, to time.Time, speed float64, service string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	sums, most := map[string]time.Duration{}, time.Duration(0)
	for _, x := range p.all {
		switch {
		case x.at.Before(from) || x.at.After(to) || besides(service, x.activity):
			continue
		case x.length == 0:
			sums[x.activity] += backoff
		default:
			sums[x.activity] += time.Duration(float64(x.length) * speed)
		}
		most = max(most, sums[x.activity])
	}
	return most
}

func (p *pauses) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &pausing{pauses: p}
	in.Next = next
	return in
}

type pausing struct {
	interceptor.ActivityInboundInterceptorBase
	pauses *pauses
}

func (in *pausing) ExecuteActivity(ctx context.Context, input *interceptor.ExecuteActivityInput) (any, error) {
	out, err := in.Next.ExecuteActivity(ctx, input)
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) && !failure.NonRetryable() {
		in.pauses.mu.Lock()
		defer in.pauses.mu.Unlock()
		in.pauses.all = append(in.pauses.all, pause{activity.GetInfo(ctx).ActivityType.Name, time.Now().UTC(), failure.NextRetryDelay()})
	}
	return out, err
}

// hearing passes on every heartbeat of an activity, of which the server gets to see some only.
type hearing struct {
	interceptor.WorkerInterceptorBase
	beat func(onboarding.Count)
}

func (h *hearing) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &hearingInbound{beat: h.beat}
	in.Next = next
	return in
}

type hearingInbound struct {
	interceptor.ActivityInboundInterceptorBase
	beat func(onboarding.Count)
}

func (in *hearingInbound) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	out := &hearingOutbound{beat: in.beat}
	out.Next = outbound
	return in.Next.Init(out)
}

type hearingOutbound struct {
	interceptor.ActivityOutboundInterceptorBase
	beat func(onboarding.Count)
}

func (out *hearingOutbound) RecordHeartbeat(ctx context.Context, details ...any) {
	if len(details) == 1 && out.beat != nil {
		if count, ok := details[0].(onboarding.Count); ok {
			out.beat(count)
		}
	}
	out.Next.RecordHeartbeat(ctx, details...)
}

// persistence lets activities be tried as often as a real server does: the environment gives up after ten attempts where
// the retry policy names no number.
type persistence struct {
	interceptor.WorkerInterceptorBase
}

func (*persistence) InterceptWorkflow(_ workflow.Context,
	next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &persistentInbound{}
	in.Next = next
	return in
}

type persistentInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (in *persistentInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	out := &persistentOutbound{}
	out.Next = outbound
	return in.Next.Init(out)
}

type persistentOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (out *persistentOutbound) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	options := workflow.GetActivityOptions(ctx)
	policy := *options.RetryPolicy
	if policy.MaximumAttempts == 0 {
		policy.MaximumAttempts = math.MaxInt32
	}
	options.RetryPolicy = &policy
	return out.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activityType, args...)
}
