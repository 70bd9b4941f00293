package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/record"
	"studio-onboarding/internal/ending"
	"studio-onboarding/onboarding"
)

// apply starts the run of a spec, or attaches to the one under way. It answers when the run has started.
func (s *studio) apply(ctx workflow.Context, in onboarding.Apply) (onboarding.Applied, error) {
	if err := workflow.Await(ctx, func() bool { return s.ready }); err != nil {
		return onboarding.Applied{}, err
	}
	if err := s.applying.Lock(ctx); err != nil {
		return onboarding.Applied{}, err
	}
	defer s.applying.Unlock()
	if i := slices.IndexFunc(s.record.Runs, func(r onboarding.RunRecord) bool { return r.Apply == in.ID && in.ID != "" }); i >= 0 {
		run := s.record.Runs[i]
		return onboarding.Applied{N: run.N, WorkflowID: run.WorkflowID, RunID: run.RunID}, nil
	}
	if s.forgotten {
		return onboarding.Applied{}, failure("Forgotten", onboarding.Failure{
			Reason: "The studio has just been forgotten.", Remedy: "Start again: starter onboard -f spec.yaml",
		})
	}
	s.accept(in.Accepted)
	if err := s.settle(ctx); err != nil {
		return onboarding.Applied{}, err
	}
	if run := s.record.Open(); run != nil {
		if in.Fleet != "" && len(in.Accepted) > 0 {
			workflow.SignalExternalWorkflow(ctx, run.WorkflowID, run.RunID, onboarding.SignalAccepted, in.Accepted)
		}
		return onboarding.Applied{
			N: run.N, WorkflowID: run.WorkflowID, RunID: run.RunID, Attached: true,
			SpecDiffers: run.Spec != nil && !sameSpec(*run.Spec, in.Spec),
		}, nil
	}
	if s.outdated(ctx) {
		// A run belongs to the version of the workers that its studio has at its start.
		s.stirred = true
		return onboarding.Applied{Again: true}, nil
	}
	return s.startRun(ctx, in)
}

// settle waits for the record of a run that has ended already, so that nobody is attached to one that goes on no more.
func (s *studio) settle(ctx workflow.Context) error {
	run := s.record.Open()
	if run == nil {
		return nil
	}
	var a *record.Activities
	found, err := call(recordCall(ctx, "See whether the run goes on"), a.FindRun, record.FindInput{WorkflowID: run.WorkflowID, RunID: run.RunID})
	if err != nil || !found.Ended {
		return ctx.Err() // who follows the run learns of one that is gone
	}
	n := run.N
	return workflow.Await(ctx, func() bool { run := s.record.Run(n); return run == nil || run.Ended() })
}

// startRun starts the next run. A run of the first version that somebody started meanwhile is attached to.
func (s *studio) startRun(ctx workflow.Context, in onboarding.Apply) (onboarding.Applied, error) {
	s.starting = true
	defer func() { s.starting = false }()
	n := 1
	if len(s.record.Runs) > 0 {
		n = s.record.Runs[len(s.record.Runs)-1].N + 1
	}
	run := onboarding.RunRecord{
		N: n, WorkflowID: onboarding.WorkflowID(s.name), StartedBy: in.By, StartedAt: workflow.Now(ctx), State: onboarding.RunRunning,
		Step: onboarding.StepPreflight, Spec: &in.Spec, Fleet: in.Fleet, Apply: in.ID,
	}
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: run.WorkflowID, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		// The run outlives an execution of its studio, which continues as new.
		ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:     fmt.Sprintf("Run %d: onboard SageMaker Studio **%s** in %s", n, in.Spec.Domain.Name, in.Spec.Region),
		StaticDetails:     runDetails(in.Spec, in.By),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(onboarding.RunRunning)),
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(onboarding.StepPreflight)),
		),
	}), onboarding.WorkflowOnboard, onboarding.OnboardInput{
		Spec: in.Spec, StartedBy: in.By, Studio: onboarding.StudioID(s.name), N: n, Accepted: s.record.Accepted, Known: s.record.InForce,
	})
	var started workflow.Execution
	err := child.GetChildWorkflowExecution().Get(ctx, &started)
	attached := temporal.IsWorkflowExecutionAlreadyStartedError(err)
	if attached {
		var a *record.Activities
		run.StartedBy, run.Spec = "", nil
		var found record.Found
		found, err = call(recordCall(ctx, "Look at the run that is going on"), a.FindRun, record.FindInput{WorkflowID: run.WorkflowID})
		if err == nil {
			started.RunID, run.StartedAt = found.RunID, found.StartedAt
		}
	}
	if err != nil {
		return onboarding.Applied{}, err
	}
	run.RunID = started.RunID
	s.record.Runs = last(append(s.record.Runs, run), onboarding.MaxRuns)
	if attached {
		s.happened(ctx, "Run %d, which was started without this studio, is attended to.", n)
	} else {
		s.happened(ctx, "Run %d was started by %s.", n, in.By)
	}
	s.follow(run.N, run.RunID)
	return onboarding.Applied{N: n, WorkflowID: run.WorkflowID, RunID: run.RunID, Attached: attached}, nil
}

// follow waits for the end of a run. The wait begins anew in the next execution of the studio.
func (s *studio) follow(n int, runID string) {
	if s.followed[n] {
		return
	}
	s.followed[n] = true
	// Not an update's context, which ends with it.
	workflow.Go(s.mainCtx, func(ctx workflow.Context) {
		var a *record.Activities
		in := record.FindInput{WorkflowID: onboarding.WorkflowID(s.name), RunID: runID}
		for {
			ended, err := call(awaitRun(ctx, "Wait for the end of the run"), a.AwaitRun, in)
			switch {
			case err == nil:
				s.ended(ctx, runID, ended)
				return
			case ctx.Err() != nil:
				return
			}
			workflow.GetLogger(ctx).Warn("The run cannot be followed", "error", err)
			if workflow.Sleep(ctx, time.Minute) != nil {
				return
			}
		}
	})
}

// ended keeps how a run ended. Only one that is done changes what the studio knows; decisions about people are their makers', and
// stand whatever became of the run.
func (s *studio) ended(ctx workflow.Context, runID string, end ending.End) {
	i := slices.IndexFunc(s.record.Runs, func(r onboarding.RunRecord) bool { return r.RunID == runID && !r.Ended() })
	if i < 0 {
		return
	}
	run := &s.record.Runs[i]
	if run.Cancelled != "" && end.State == onboarding.RunCanceled {
		end.Message = run.Cancelled
	}
	run.EndedAt, run.State, run.Message, run.Remedy, run.Report = end.EndedAt, end.State, end.Message, end.Remedy, end.Report
	run.Spec, run.Following, run.WantsTurn, run.Step = nil, nil, false, ""
	if s.record.Turn == run.WorkflowID {
		s.record.Turn = ""
	}
	switch {
	case run.State == onboarding.RunDone && run.Report != nil:
		s.happened(ctx, "Run %d is done: %s.", run.N, run.Report.People.Words())
	default:
		s.happened(ctx, "Run %d ended: %s.", run.N, run.State)
	}
	if run.Report != nil {
		s.learn(run.Report, run.N, run.EndedAt)
	}
	s.trim()
}

// learn takes what a run found out into the record.
func (s *studio) learn(report *onboarding.Report, n int, at time.Time) {
	s.accept(report.Accepted)
	if report.State != onboarding.RunDone || report.Handles == nil {
		return
	}
	before := s.record.InForce
	s.record.InForce = report.Handles
	for _, expiry := range report.Expiries {
		s.expires(expiry)
	}
	if before != nil && sameSpec(before.Spec, report.Handles.Spec) {
		return
	}
	revision := onboarding.Revision{N: 1, At: at, By: report.StartedBy, Run: n, Spec: report.Handles.Spec}
	if len(s.record.Revisions) > 0 {
		revision.N = s.record.Revisions[len(s.record.Revisions)-1].N + 1
	}
	if before != nil {
		revision.Changed = onboarding.ChangedFields(before.Spec, report.Handles.Spec)
	}
	s.record.Revisions = last(append(s.record.Revisions, revision), onboarding.MaxRevisions)
}

// expires keeps a date. One that a later run does not know stays, as a run that adopts a connection does not learn its age.
func (s *studio) expires(expiry onboarding.Expiry) {
	i := slices.IndexFunc(s.record.Expiries, func(e onboarding.Expiry) bool {
		return e.Key == expiry.Key && (e.Key != "" || e.What == expiry.What)
	})
	if i >= 0 {
		s.record.Expiries[i] = expiry
	} else {
		s.record.Expiries = append(s.record.Expiries, expiry)
	}
	slices.SortStableFunc(s.record.Expiries, func(a, b onboarding.Expiry) int { return a.At.Compare(b.At) })
}

// trim leaves older runs without their reports.
func (s *studio) trim() {
	kept := 0
	for i := len(s.record.Runs) - 1; i >= 0; i-- {
		if s.record.Runs[i].Report == nil {
			continue
		}
		if kept++; kept > onboarding.MaxReports {
			s.record.Runs[i].Report = nil
		}
	}
}

func (s *studio) heard(ctx workflow.Context, news onboarding.RunNews) {
	if workflow.Await(ctx, func() bool { return !s.starting }) != nil {
		return
	}
	run := s.record.Open()
	if run == nil || run.RunID != news.RunID {
		return
	}
	s.stirred = true
	before := run.Waiting
	run.State, run.Step, run.Waiting = news.State, news.Step, news.Waiting
	if news.WantsTurn {
		run.WantsTurn, run.Following = true, news.Following
	}
	if news.TurnOver && s.record.Turn == run.WorkflowID {
		s.record.Turn = ""
	}
	if len(news.Accepted) > 0 {
		s.accept(news.Accepted)
		by := news.Accepted[0].By
		s.happened(ctx, "%s accepted %s of run %d.", by, count(len(news.Accepted), "exception"), run.N)
		if run.Fleet != "" {
			workflow.SignalExternalWorkflow(ctx, run.Fleet, "", onboarding.SignalAccepted, news.Accepted)
		}
	}
	for _, waiting := range news.Waiting {
		switch {
		case slices.Contains(before, waiting):
		case waiting.Parked:
			s.happened(ctx, "Run %d needs attention at %s.", run.N, waiting.Step)
		default:
			s.happened(ctx, "Run %d waits for the operator: %s.", run.N, waiting.Title)
		}
	}
}

// heardAccepted passes on what was accepted elsewhere in the fleet.
func (s *studio) heardAccepted(ctx workflow.Context, accepted []onboarding.AcceptedException) {
	s.accept(accepted)
	if run := s.record.Open(); run != nil {
		workflow.SignalExternalWorkflow(ctx, run.WorkflowID, run.RunID, onboarding.SignalAccepted, accepted)
	}
}

// accept keeps standing decisions; a later one about the same person and step counts.
func (s *studio) accept(accepted []onboarding.AcceptedException) {
	for _, one := range accepted {
		same := func(a onboarding.AcceptedException) bool {
			return a.Person == one.Person && a.Code == one.Code && a.Step == one.Step
		}
		s.record.Accepted = append(slices.DeleteFunc(s.record.Accepted, same), one)
	}
}

// runDetails describes a run in the Temporal UI. It names nobody who is to be onboarded, only how many.
func runDetails(spec onboarding.Spec, by string) string {
	text := fmt.Sprintf("- Studio domain: %s, %s\n- Okta app: %s, assigned to group %s\n- Access: %s, %s by themselves\n",
		spec.Domain.Name, spec.Region, spec.Okta.AppLabel, spec.Okta.AssignmentGroup,
		count(len(spec.Access.Groups), "group"), count(len(spec.Access.People), "person"))
	if by != "" {
		text += fmt.Sprintf("- Started by: %s\n", by)
	}
	return text + fmt.Sprintf("\nLook at it with `starter watch %s`.", spec.Name)
}

// acceptsCancel: there is a run to cancel.
func (s *studio) acceptsCancel(_ workflow.Context, _ onboarding.CancelRequest) error {
	if s.record.Open() == nil {
		return errors.New("no run is under way, so there is nothing to cancel")
	}
	return nil
}

// cancel ends the run under way.
func (s *studio) cancel(ctx workflow.Context, in onboarding.CancelRequest) (onboarding.Acknowledgement, error) {
	run := s.record.Open()
	if run == nil {
		return onboarding.Acknowledgement{}, errors.New("the run has just ended")
	}
	n := run.N
	if err := workflow.RequestCancelExternalWorkflow(ctx, run.WorkflowID, run.RunID).Get(ctx, nil); err != nil {
		return onboarding.Acknowledgement{}, err
	}
	if run := s.record.Run(n); run != nil {
		run.Cancelled = fmt.Sprintf("cancelled by %s: %s", in.By, in.Reason)
	}
	s.happened(ctx, "%s cancelled run %d: %s", in.By, n, in.Reason)
	return onboarding.Acknowledgement{Message: fmt.Sprintf("Run %d ends. What it made stays: starter report %s --run %d", n, s.name, n)}, nil
}
