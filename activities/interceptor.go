package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/knowledge"
)

// NewInterceptor returns the worker interceptor that keeps the heartbeat of activities going and turns their faults into
// Temporal application errors. Every other error passes unchanged. A fault that names no remedy gets the one that internal/knowledge has for its text.
//
// The cause stays behind: what Temporal keeps of a failure that is being retried is limited to 4 KiB, and the text of an SDK's
// error may quote requests.
func NewInterceptor() interceptor.WorkerInterceptor { return &faultInterceptor{} }

type faultInterceptor struct {
	interceptor.WorkerInterceptorBase
}

func (*faultInterceptor) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	in := &faultInbound{}
	in.Next = next
	return in
}

type faultInbound struct {
	interceptor.ActivityInboundInterceptorBase
}

func (in *faultInbound) ExecuteActivity(ctx context.Context, input *interceptor.ExecuteActivityInput) (any, error) {
	ctx, stop := startPulse(ctx)
	defer stop()
	result, err := in.Next.ExecuteActivity(ctx, input)
	return result, applicationError(err)
}

func (in *faultInbound) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	out := &pulseOutbound{}
	out.Next = outbound
	return in.Next.Init(out)
}

func applicationError(err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return err
	}
	options := temporal.ApplicationErrorOptions{
		NonRetryable:   !f.Class.Retryable(),
		NextRetryDelay: f.RetryAfter,
	}
	if f.Class == fault.NotReady {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	if f.Details != nil {
		options.Details = []any{f.Details}
	}
	shown := *f
	if shown.Remedy == "" {
		shown.Remedy = knowledge.Remedy(shown.Operation + ": " + shown.Message)
	}
	return temporal.NewApplicationErrorWithOptions(shown.Error(), string(f.Class), options)
}
