package onboarding

import (
	"fmt"
	"time"
)

// deadlineNear is how long before its deadline a request is told of again.
const deadlineNear = 24 * time.Hour

// Notices are the notices that the state of a studio asks for at a time, whether or not they were sent. The same reason has the same
// key.
func (s *Studio) Notices(now time.Time) []Notice {
	var due []Notice
	if run := s.Open(); run != nil {
		for _, w := range run.Waiting {
			request := Request{Step: w.Step, Since: w.Since, Deadline: w.Deadline, URL: w.URL}
			switch {
			case w.Parked:
				due = append(due, NoticeOfParked(s.Name, run.StartedAt, Parked{
					Step: w.Step, Since: w.Since, Attempts: w.Attempts, Skippable: w.Skippable,
				}))
			case !w.Deadline.IsZero() && !now.Before(w.Deadline.Add(-deadlineNear)):
				due = append(due, NoticeOfDeadline(s.Name, request, now))
			default:
				due = append(due, NoticeOfRequest(s.Name, request))
			}
		}
	} else if n := len(s.Runs); n > 0 && s.Runs[n-1].EndedAt.After(s.Since) {
		run := s.Runs[n-1]
		due = append(due, NoticeOfRunEnded(Progress{Run: s.Name, State: run.State, StartedAt: run.StartedAt, EndedAt: run.EndedAt}))
	}
	for _, expiry := range s.Expiries {
		if notice, crossed := NoticeOfExpiry(s.Name, expiry, now); crossed {
			due = append(due, notice)
		}
	}
	if overdue := s.Sync.Overdue(); !overdue.IsZero() && !now.Before(overdue) {
		due = append(due, NoticeOfOverdueReconcile(s.Name, s.Sync.LastGood, s.Sync.Every, now))
	}
	if s.Hold != nil {
		of := 0
		for _, group := range s.Hold.Groups {
			of = max(of, group.Of)
		}
		due = append(due, NoticeOfHold(s.Name, s.Hold.Since, s.Hold.Total, max(of, s.Hold.Total),
			fmt.Sprintf("starter sync %s --once --consent %s", s.Name, s.Hold.ID)))
	}
	if !s.DeadSince.IsZero() {
		due = append(due, NoticeOfDeadSync(s.Name, s.DeadSince, now))
	}
	return due
}

// NextNotice is when time alone will ask for another notice; zero where it never will.
func (s *Studio) NextNotice(now time.Time) time.Time {
	var next time.Time
	sooner := func(at time.Time) {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, expiry := range s.Expiries {
		sooner(expiry.At)
		for _, days := range ExpiryThresholds() {
			sooner(expiry.At.AddDate(0, 0, -days))
		}
	}
	if run := s.Open(); run != nil {
		for _, w := range run.Waiting {
			if !w.Parked && !w.Deadline.IsZero() {
				sooner(w.Deadline.Add(-deadlineNear))
			}
		}
	}
	sooner(s.Sync.Overdue())
	return next
}
