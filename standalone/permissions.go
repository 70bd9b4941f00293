package main

import (
	"context"
	"encoding/json"
	"fmt"

	"studio-onboarding/internal/policy"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// attachPolicies lets the principals of a simulated world do exactly what starter policy prints for a spec, so that every demo
// proves that it is enough.
func attachPolicies(ctx context.Context, world sandbox.Client, spec onboarding.Spec) error {
	documents := map[string]json.RawMessage{}
	for _, principal := range policy.For(spec, policy.Options{Worker: sandbox.WorkerARN}).Principals {
		arn := principal.Role
		if arn == "" {
			arn = sandbox.WorkerARN
		}
		document, err := json.Marshal(principal.Policy)
		if err != nil {
			return err
		}
		documents[arn] = document
	}
	if err := world.SetPolicies(ctx, documents); err != nil {
		return fmt.Errorf("give the simulated principals the permissions of the spec: %w", err)
	}
	return nil
}
