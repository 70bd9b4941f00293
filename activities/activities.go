// Package activities holds the retryable half of a run. Each activity looks first, then acts, then reads back; each is safe
// to run twice and to die anywhere. A file covers one subject. Activities return *fault.Fault errors; Interceptor turns
// them into Temporal application errors at one place.
package activities

import (
	"context"

	"studio-onboarding/activities/provider"
	"studio-onboarding/onboarding"
)

// What activities need of the outside world.
type (
	AWS     = provider.AWS
	Okta    = provider.Okta
	SCIM    = provider.SCIM
	Secrets = provider.Secrets
	Waits   = provider.Waits
)

// DefaultWaits are the pauses for the real providers.
func DefaultWaits() Waits { return provider.DefaultWaits() }

type heart = provider.Progress

func newHeart(ctx context.Context, step onboarding.Step, what string) *heart {
	return provider.NewProgress(ctx, step, what)
}

func sideBySide(ctx context.Context, all ...func(context.Context) error) error {
	return provider.SideBySide(ctx, all...)
}
