package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/fault"
)

// unsorted is the class of an error that is no fault.
const unsorted = "unsorted"

type faultsInbound struct {
	interceptor.ActivityInboundInterceptorBase
	t *Telemetry
}

// ExecuteActivity counts what an attempt failed with. An activity that was cancelled did not fail.
func (in *faultsInbound) ExecuteActivity(ctx context.Context, input *interceptor.ExecuteActivityInput) (any, error) {
	result, err := in.Next.ExecuteActivity(ctx, input)
	if err == nil || errors.Is(err, activity.ErrResultPending) || errors.Is(err, context.Canceled) || temporal.IsCanceledError(err) {
		return result, err
	}
	class := string(fault.ClassOf(err))
	var application *temporal.ApplicationError
	if class == "" && errors.As(err, &application) {
		class = application.Type()
	}
	if class == "" {
		class = unsorted
	}
	in.t.faults.Add(ctx, 1, metric.WithAttributes(attribute.String("class", class),
		attribute.String("activity", activity.GetInfo(ctx).ActivityType.Name)))
	return result, err
}
