package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
)

// noticeAttempts are about five hours.
const noticeAttempts = 30

// tellPeople sends the notices that are due, once for each reason. What cannot be delivered within hours is given up: lists and status
// go on saying it.
func (s *studio) tellPeople(ctx workflow.Context) {
	due := slices.DeleteFunc(s.record.Notices(workflow.Now(ctx)), func(n onboarding.Notice) bool {
		return slices.Contains(s.record.Told, n.Key)
	})
	if len(due) == 0 {
		return
	}
	for _, notice := range due {
		s.record.Told = append(s.record.Told, notice.Key)
	}
	s.record.Told = last(s.record.Told, onboarding.MaxTold)
	s.telling++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { s.telling--; s.stirred = true }()
		sent, err := sendNotices(ctx, "Tell people: "+due[0].Title, noticeAttempts, due...)
		switch failed := sent.Failed(); {
		case err != nil && ctx.Err() == nil:
			s.happened(ctx, "Nobody could be notified of: %s.", due[0].Title)
		case len(failed) > 0:
			s.happened(ctx, "%s could not be notified of: %s.", failed[0].Target, due[0].Title)
		}
	})
}
