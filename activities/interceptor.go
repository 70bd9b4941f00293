package activities

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/knowledge"
	"studio-onboarding/onboarding"
)

// NewInterceptor returns the worker interceptor that keeps the heartbeat of activities going and turns their faults into
// Temporal application errors: the reason as the message, and reason and remedy as an onboarding.Failure in the details. Every
// other error passes unchanged. A fault that names no remedy gets the one that internal/knowledge has for its text.
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
	shown := *f
	if shown.Remedy == "" {
		shown.Remedy = knowledge.Remedy(f.Operation + ": " + f.Message)
	}
	message, _ := shown.Shown()
	options.Details = []any{failureOf(&shown)}
	return temporal.NewApplicationErrorWithOptions(message, string(f.Class), options)
}

// maxDetails is the largest encoded reason and remedy, in bytes: with the message they stay below Temporal's 4 KiB.
const maxDetails = 2560

// failureOf is what the workflow, and whoever looks at an activity that is being retried, learns of a fault.
func failureOf(f *fault.Fault) onboarding.Failure {
	reason, remedy := f.Shown()
	if f.Operation != "" {
		reason = strings.TrimPrefix(reason, f.Operation+": ")
	}
	failure := onboarding.Failure{Provider: f.Provider, Operation: f.Operation, Reason: reason, Remedy: remedy}
	for { // JSON needs up to six bytes for one
		encoded, err := json.Marshal(failure)
		if err != nil || len(encoded) <= maxDetails {
			break
		}
		failure.Reason, failure.Remedy = fault.Trim(failure.Reason, len(failure.Reason)*2/3), fault.Trim(failure.Remedy, len(failure.Remedy)*2/3)
	}
	switch details := f.Details.(type) {
	case []onboarding.PersonException:
		failure.People, failure.PeopleTotal = details, len(details)
	case []onboarding.Verdict:
		failure.Verdicts = details
	}
	return failure
}
