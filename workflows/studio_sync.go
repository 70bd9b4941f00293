package workflows

import (
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/onboarding"
)

// jitter is the share of the interval, in percent, by which reconciles of many studios are kept apart.
const jitter = 10

// acceptsSync: reconciles need something to follow.
func (s *studio) acceptsSync(_ workflow.Context, in onboarding.SyncRequest) error {
	if in.Every <= 0 && !in.Off && !in.Pause {
		return errors.New("nothing is asked for: give an interval, or pause or end the reconciles")
	}
	if in.Every > 0 && in.Every.Std() < onboarding.MinSyncEvery {
		return fmt.Errorf("every %s is too often: each reconcile lists everybody, so at least %s have to lie between two", in.Every,
			onboarding.Duration(onboarding.MinSyncEvery))
	}
	return nil
}

// sync sets how access is kept as Okta has it.
func (s *studio) sync(ctx workflow.Context, in onboarding.SyncRequest) (onboarding.Acknowledgement, error) {
	if err := workflow.Await(ctx, func() bool { return s.ready }); err != nil {
		return onboarding.Acknowledgement{}, err
	}
	sync := &s.record.Sync
	if in.Every > 0 && s.record.Following() == nil {
		return onboarding.Acknowledgement{}, s.notOnboarded()
	}
	switch {
	case in.Off && sync.Every == 0:
		return onboarding.Acknowledgement{Message: "No reconciles were made by themselves."}, nil
	case in.Off:
		sync.Every, sync.Paused, sync.Next, sync.By = 0, false, time.Time{}, in.By
		s.happened(ctx, "%s switched the reconciles off.", in.By)
		return onboarding.Acknowledgement{Message: "Access is no longer kept as Okta has it; it stays as it is now."}, nil
	case in.Pause && sync.Every == 0:
		return onboarding.Acknowledgement{}, failure("Invalid", onboarding.Failure{
			Reason: "There are no reconciles to pause.", Remedy: fmt.Sprintf("starter sync %s --every 1h makes them.", s.name),
		})
	case in.Pause:
		sync.Paused, sync.By, sync.Next = true, in.By, time.Time{}
		s.happened(ctx, "%s paused the reconciles.", in.By)
		return onboarding.Acknowledgement{Message: fmt.Sprintf("Paused. To go on: starter sync %s --every %s", s.name, sync.Every)}, nil
	}
	sync.Every, sync.Paused, sync.By, sync.Since = in.Every, false, in.By, workflow.Now(ctx)
	s.plan(ctx)
	s.happened(ctx, "%s set a reconcile every %s.", in.By, in.Every)
	return onboarding.Acknowledgement{Message: fmt.Sprintf("Access is made to follow Okta every %s.", in.Every)}, nil
}

// plan sets when the next reconcile is due: an interval from now, and up to a tenth later, so that studios with the same interval
// do not come all at once. The same studio always gets the same for the same number, as workflow code must.
func (s *studio) plan(ctx workflow.Context) {
	sync := &s.record.Sync
	if sync.Every == 0 || sync.Paused {
		sync.Next = time.Time{}
		return
	}
	hash := fnv.New32a()
	fmt.Fprintf(hash, "%s %d", s.name, sync.Made)
	spread := int64(sync.Every.Std()) * jitter / 100
	sync.Next = workflow.Now(ctx).Add(sync.Every.Std() + time.Duration(int64(hash.Sum32())%max(spread, 1)))
}

// due says whether a reconcile is due. One that waits for its turn already is enough.
func (s *studio) due(now time.Time) bool {
	sync := s.record.Sync
	return sync.Every > 0 && !sync.Paused && !sync.Next.IsZero() && !now.Before(sync.Next) && s.queued() == nil && !s.reconciling &&
		s.record.Following() != nil
}

// queued is the next reconcile that waits for its turn.
func (s *studio) queued() *onboarding.ReconcileRecord {
	for i := range s.record.Reconciles {
		if one := &s.record.Reconciles[i]; one.StartedAt.IsZero() && one.EndedAt.IsZero() {
			return one
		}
	}
	return nil
}

// queue has a reconcile made when its turn comes.
func (s *studio) queue(ctx workflow.Context, by, consent string) int {
	s.record.Sync.Made++
	n := s.record.Sync.Made
	s.record.Reconciles = append(s.record.Reconciles, onboarding.ReconcileRecord{
		N: n, By: by, Consent: consent, QueuedAt: workflow.Now(ctx), State: onboarding.RunQueued, WorkflowID: onboarding.ReconcileID(s.name),
	})
	s.stirred = true
	return n
}

// acceptsReconcile: there is something to follow.
func (s *studio) acceptsReconcile(_ workflow.Context, _ onboarding.ReconcileRequest) error {
	if s.ready && s.record.Following() == nil {
		return s.notOnboarded()
	}
	return nil
}

func (s *studio) notOnboarded() error {
	if run := s.record.Open(); run != nil {
		return fmt.Errorf("run %d is not done (%s), and none was before; let it end first: starter watch %s", run.N, run.State, s.name)
	}
	return fmt.Errorf("no run of %s was done yet; carry its spec out first: starter onboard -f spec.yaml", s.name)
}

// reconcile has access made right as soon as nobody else changes it, and answers with the number of the reconcile.
func (s *studio) reconcile(ctx workflow.Context, in onboarding.ReconcileRequest) (onboarding.Queued, error) {
	if err := workflow.Await(ctx, func() bool { return s.ready }); err != nil {
		return onboarding.Queued{}, err
	}
	if s.record.Following() == nil {
		return onboarding.Queued{}, failure("Invalid", onboarding.Failure{Reason: s.notOnboarded().Error()})
	}
	return onboarding.Queued{N: s.queue(ctx, in.By, in.Consent)}, nil
}

// startReconcile begins with a reconcile and keeps what it found. While it is under way nobody else changes access.
func (s *studio) startReconcile(ctx workflow.Context, one *onboarding.ReconcileRecord) {
	n := one.N
	in := onboarding.ReconcileInput{Handles: *s.record.Following(), Consent: one.Consent, Judged: s.record.Judged, StartedBy: one.By}
	if in.StartedBy == "" {
		in.StartedBy = s.record.Sync.By
	}
	one.StartedAt, one.State = workflow.Now(ctx), onboarding.RunRunning
	s.reconciling, s.record.Turn = true, one.WorkflowID
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() {
			s.reconciling, s.record.Turn, s.stirred = false, "", true
			s.plan(ctx)
		}()
		child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: onboarding.ReconcileID(s.name), WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
			ParentClosePolicy: enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
			StaticSummary:     fmt.Sprintf("Reconcile %d: make access to Studio **%s** follow Okta", n, s.name),
			TypedSearchAttributes: temporal.NewSearchAttributes(
				temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(onboarding.RunRunning)),
				temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(onboarding.StepVerify)),
			),
		}), onboarding.WorkflowReconcile, in)
		var started workflow.Execution
		err := child.GetChildWorkflowExecution().Get(ctx, &started)
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			// One that the first version started by hand: it ends soon.
			one := s.record.Reconcile(n)
			one.StartedAt, one.State = time.Time{}, onboarding.RunQueued
			_ = workflow.Sleep(ctx, 10*time.Second)
			return
		}
		if err == nil {
			s.record.Reconcile(n).RunID = started.RunID
		}
		var report onboarding.ReconcileReport
		if err == nil {
			err = child.Get(ctx, &report)
		}
		s.reconciled(ctx, n, report, err)
	})
}

// reconciled keeps what a reconcile found.
func (s *studio) reconciled(ctx workflow.Context, n int, report onboarding.ReconcileReport, err error) {
	one := s.record.Reconcile(n)
	if one == nil {
		return
	}
	one.EndedAt = workflow.Now(ctx)
	if err != nil {
		var parked onboarding.Parked
		describe(err, &parked)
		one.State, one.Message, one.Remedy = onboarding.RunFailed, parked.Message, parked.Remedy
		if temporal.IsCanceledError(err) {
			one.State = onboarding.RunCanceled
		} else if temporal.IsTerminatedError(err) {
			one.State = onboarding.RunTerminated
		}
		s.happened(ctx, "Reconcile %d failed.", n)
	} else {
		one.State, one.Message, one.Report = report.State, report.Held, &report
		if dead := report.Dead(); len(dead) > 0 {
			one.Message, one.Remedy = dead[0].Reason, dead[0].Remedy
		}
		if report.State == onboarding.RunDone {
			s.record.Sync.LastGood = one.EndedAt
		}
		s.judged(ctx, report)
		s.held(ctx, report)
		s.tellOf(ctx, n, report)
	}
	s.record.Reconciles = last(s.record.Reconciles, onboarding.MaxReconciles)
	for i := range s.record.Reconciles[:max(0, len(s.record.Reconciles)-onboarding.MaxReports)] {
		s.record.Reconciles[i].Report = nil
	}
}

// judged takes what a reconcile says of the connection into the record.
func (s *studio) judged(ctx workflow.Context, report onboarding.ReconcileReport) {
	if report.Health == nil {
		return
	}
	s.record.Judged = report.Health.At
	for _, expiry := range report.Health.Expiries {
		s.expires(expiry)
	}
	switch dead := len(report.Dead()) > 0; {
	case dead && s.record.DeadSince.IsZero():
		s.record.DeadSince = workflow.Now(ctx)
		s.happened(ctx, "The connection does not work: what Okta changes does not arrive, or nobody can sign in.")
	case !dead && !s.record.DeadSince.IsZero():
		s.record.DeadSince = time.Time{}
		s.happened(ctx, "The connection works again.")
	}
}

// held takes what a reconcile holds back into the record. A hold whose people stay the same is the same.
func (s *studio) held(ctx workflow.Context, report onboarding.ReconcileReport) {
	before, now := s.record.Hold, report.Hold
	s.record.Hold = now
	switch {
	case now != nil && (before == nil || before.ID != now.ID):
		s.happened(ctx, "The removal of %s is held, until somebody consents or they come back.", count(now.Total, "person"))
	case now == nil && before != nil:
		s.happened(ctx, "Nothing is held any more.")
	}
}

// tellOf writes down what a reconcile did; nothing where nothing was to be done, as it is most of the time.
func (s *studio) tellOf(ctx workflow.Context, n int, report onboarding.ReconcileReport) {
	switch {
	case report.Changes.Total > 0:
		s.happened(ctx, "Reconcile %d found %s: %s and %s made, %d and %d removed.", n, count(report.Changes.Total, "difference"),
			count(report.Made.Assignments, "assignment"), count(report.Made.Profiles, "profile"), report.Made.AssignmentsRemoved,
			report.Made.ProfilesRemoved)
	}
}

// revoke takes an acceptance back: the person is asked about again.
func (s *studio) revoke(ctx workflow.Context, in onboarding.RevokeRequest) (onboarding.Acknowledgement, error) {
	var kept []onboarding.AcceptedException
	for _, one := range s.record.Accepted {
		if one.Person != in.Person {
			kept = append(kept, one)
		}
	}
	taken := len(s.record.Accepted) - len(kept)
	if taken == 0 {
		return onboarding.Acknowledgement{}, errors.New("nothing is accepted of this person; see: starter exceptions " + s.name)
	}
	s.record.Accepted = kept
	s.happened(ctx, "%s took back the acceptance of %s.", in.By, count(taken, "exception"))
	return onboarding.Acknowledgement{Message: "Taken back. The next run asks about this person again."}, nil
}
