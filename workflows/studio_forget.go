package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/record"
	"studio-onboarding/onboarding"
)

// acceptsForget: nothing is under way.
func (s *studio) acceptsForget(_ workflow.Context, _ onboarding.ForgetRequest) error {
	if run := s.record.Open(); run != nil {
		return fmt.Errorf("run %d is under way (%s); let it end, or: starter cancel %s --reason '…'", run.N, run.State, s.name)
	}
	return nil
}

// forget ends the care of the studio: what is stored of it goes, and the histories of its runs. Nothing at AWS or Okta changes.
func (s *studio) forget(ctx workflow.Context, in onboarding.ForgetRequest) (onboarding.Acknowledgement, error) {
	var a *record.Activities
	s.busy++
	defer func() { s.busy-- }()
	s.record.Sync.Every = 0
	if err := workflow.Await(ctx, func() bool { return !s.reconciling }); err != nil {
		return onboarding.Acknowledgement{}, err
	}
	removed, err := call(recordCall(ctx, "Remove what is stored of "+s.name), a.Forget, record.ForgetInput{Name: s.name})
	if err != nil {
		return onboarding.Acknowledgement{}, err
	}
	s.happened(ctx, "%s had the studio forgotten.", in.By)
	s.forgotten = true
	return onboarding.Acknowledgement{Message: fmt.Sprintf("Forgotten: %s and what the store had of %s are removed. Nothing at AWS or Okta "+
		"has changed.", count(removed.Histories, "history of runs"), s.name)}, nil
}
