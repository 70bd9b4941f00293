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
	s.forgetting = true
	defer func() { s.busy--; s.forgetting, s.stirred = false, true }()
	if err := workflow.Await(ctx, func() bool { return s.ready && !s.reconciling }); err != nil {
		return onboarding.Acknowledgement{}, err
	}
	if err := s.applying.Lock(ctx); err != nil {
		return onboarding.Acknowledgement{}, err
	}
	defer s.applying.Unlock()
	if err := s.acceptsForget(ctx, in); err != nil { // a run may have been started meanwhile
		return onboarding.Acknowledgement{}, err
	}
	removed, err := call(recordCall(ctx, "Remove what is stored of "+s.name), a.Forget, record.ForgetInput{Name: s.name})
	if err != nil {
		return onboarding.Acknowledgement{}, err
	}
	s.happened(ctx, "%s had the studio forgotten.", in.By)
	s.forgotten = true
	return onboarding.Acknowledgement{Message: fmt.Sprintf("Forgotten: the histories of %s and what the store had of %s are removed. Nothing "+
		"at AWS or Okta has changed.", count(removed.Histories, "execution"), s.name)}, nil
}
