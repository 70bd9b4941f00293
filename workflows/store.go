package workflows

import "go.temporal.io/sdk/workflow"

// Store holds, in its memo, which store the workers of a namespace agreed on, and another one which Okta org they serve. It stays open and
// does nothing: of two workers that start it at once the server lets one do so, and an open workflow never falls to retention.
func Store(ctx workflow.Context) error {
	ctx.Done().Receive(ctx, nil)
	return ctx.Err()
}
