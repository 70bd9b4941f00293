package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities/record"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// A studio continues as new at maxStudioEvents, below 2,000 however long it lives; while notices are being delivered, at maxTelling.
const (
	maxStudioEvents = 1200
	maxTelling      = 1800
)

// Studio is the durable record of one studio: it starts the runs and reconciles, one writer at a time, and keeps what they found.
// It lives until somebody has it forgotten, and continues as new by itself.
func Studio(ctx workflow.Context, in onboarding.StudioInput) error {
	s := &studio{mainCtx: ctx, name: in.Name, record: in.Record, left: in.Left, followed: map[int]bool{},
		applying: workflow.NewMutex(ctx)}
	if err := s.setHandlers(ctx); err != nil {
		return err
	}
	hear(ctx, onboarding.SignalNews, s.heard)
	hear(ctx, onboarding.SignalAccepted, s.heardAccepted)
	if s.record.Name == "" {
		if err := s.begin(ctx, in.Apply); err != nil {
			return err
		}
	}
	s.ready = true
	for i := range s.record.Runs {
		if run := &s.record.Runs[i]; !run.Ended() {
			s.follow(run.N, run.RunID)
		}
	}
	for !s.forgotten {
		// Before the next reconcile begins, as there may always be one that waits.
		if s.full(ctx) {
			return s.carryOn(ctx)
		}
		if err := s.work(ctx); err != nil {
			return err
		}
		s.stirred = false
		summary, wake := s.next(ctx)
		if _, err := await(ctx, summary, wake, func() bool { return s.stirred || s.forgotten }); err != nil {
			return err
		}
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// studio is the state of workflow Studio. Only its own coroutines touch it.
type studio struct {
	name   string
	record onboarding.Studio
	// left is the version of the workers that the execution before wanted to move from. One that is still with it was pinned by somebody,
	// and would continue as new over and over.
	left string
	// ready says that what came before the studio is known.
	ready bool
	// stirred says that something happened that the main coroutine has to look at.
	stirred bool
	// forgetting says that nothing is to be begun any more, and forgotten that nothing is left.
	forgetting, forgotten bool
	// starting says that a run is being started: it may have news before it is on record.
	starting bool
	// reconciling says that a reconcile is under way.
	reconciling bool
	// busy counts what must come to its end before the workflow continues as new; telling are deliveries of notices, which are given
	// up for it when they take too long.
	busy, telling int
	applying      workflow.Mutex
	// mainCtx is the main coroutine's: what an update starts goes on after it.
	mainCtx workflow.Context
	// followed are the numbers of runs whose end is waited for.
	followed map[int]bool
	// shown is what lists say.
	shown onboarding.Summary
}

func (s *studio) setHandlers(ctx workflow.Context) error {
	update := func(name, description string, handler, validator any) error {
		return workflow.SetUpdateHandlerWithOptions(ctx, name, handler,
			workflow.UpdateHandlerOptions{Validator: validator, Description: description})
	}
	return errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, onboarding.QueryStudio,
			func() (onboarding.Studio, error) { return s.record, nil },
			workflow.QueryHandlerOptions{Description: "The record: spec in force, runs, reconciles, standing decisions, expiries, events."}),
		update(onboarding.UpdateApply, "Carry a spec out. Attaches to the run under way, if there is one.", s.apply, nil),
		update(onboarding.UpdateSync, "Set how access is kept as Okta has it.", s.sync, s.acceptsSync),
		update(onboarding.UpdateReconcile, "Make access follow Okta once, as soon as nobody else changes it.", s.reconcile, s.acceptsReconcile),
		update(onboarding.UpdateRevoke, "Take back the acceptance of a person's exceptions.", s.revoke, nil),
		update(onboarding.UpdateCancel, "End the run under way. What it made stays.", s.cancel, s.acceptsCancel),
		update(onboarding.UpdateForget, "End the care of this studio, and remove what is stored of it.", s.forget, s.acceptsForget),
	)
}

// begin takes over what the first version knows of this name, and carries out the spec with which the studio was started.
func (s *studio) begin(ctx workflow.Context, first *onboarding.Apply) error {
	var a *record.Activities
	earlier, err := call(recordCall(ctx, "Look for runs from before this studio"), a.FindEarlier, record.EarlierInput{Name: s.name})
	if err != nil {
		return err
	}
	s.record.Name, s.record.Since = s.name, workflow.Now(ctx)
	for _, run := range earlier.Runs {
		s.record.Runs = append(s.record.Runs, run)
		if run.Report != nil {
			s.learn(run.Report, run.N, run.EndedAt)
		}
	}
	if len(earlier.Runs) > 0 {
		s.happened(ctx, "Taken over from the first version, with %s.", count(len(earlier.Runs), "run"))
	}
	if earlier.Every > 0 {
		// The schedule goes before the studio's own timer is set, so that there are never two.
		_, err := call(recordCall(ctx, "Replace the schedule of the first version"), a.StopSchedule, record.EarlierInput{Name: s.name})
		if err != nil {
			return err
		}
		s.record.Sync = onboarding.Sync{
			Every: earlier.Every, Paused: earlier.Paused, By: earlier.SyncBy, Since: workflow.Now(ctx), Next: earlier.Next,
		}
		s.happened(ctx, "The reconciles every %s are the studio's own now.", earlier.Every)
	}
	s.ready = true
	if first != nil {
		switch _, err := s.apply(ctx, *first); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			s.happened(ctx, "The first run could not be started: %s.", fault.Trim(err.Error(), fault.MaxMessage))
		}
	}
	return nil
}

// work does what is due.
func (s *studio) work(ctx workflow.Context) error {
	now := workflow.Now(ctx)
	if run := s.record.Open(); s.record.Turn == "" && run != nil && run.WantsTurn {
		run.WantsTurn = false
		s.record.Turn = run.WorkflowID
		if err := workflow.SignalExternalWorkflow(ctx, run.WorkflowID, run.RunID, onboarding.SignalTurn, nil).Get(ctx, nil); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.record.Turn = "" // it has ended, and its end is on its way
		}
	}
	if s.due(now) {
		s.queue(ctx, "", "")
	}
	if s.record.Turn == "" && !s.reconciling && !s.forgetting {
		if next := s.queued(); next != nil {
			s.startReconcile(ctx, next)
		}
	}
	s.tellPeople(ctx)
	s.show(ctx)
	return nil
}

// full says whether it is time to continue as new, and possible.
func (s *studio) full(ctx workflow.Context) bool {
	if s.reconciling || s.busy > 0 {
		return false
	}
	info := workflow.GetInfo(ctx)
	length := info.GetCurrentHistoryLength()
	return s.outdated(ctx) || length > maxStudioEvents && (s.telling == 0 || length > maxTelling) ||
		info.GetContinueAsNewSuggested()
}

// outdated says that other workers than these are the current version, and that the studio can move to them.
func (s *studio) outdated(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.GetTargetWorkerDeploymentVersionChanged() && info.GetCurrentBuildID() != s.left && !s.reconciling && s.busy == 0
}

// carryOn continues as new with the record.
func (s *studio) carryOn(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) && s.busy == 0 }); err != nil {
		return err
	}
	if s.forgotten {
		return nil
	}
	drain(ctx, onboarding.SignalNews, s.heard)
	drain(ctx, onboarding.SignalAccepted, s.heardAccepted)
	in := onboarding.StudioInput{Name: s.name, Record: s.record}
	if s.outdated(ctx) {
		in.Left = workflow.GetInfo(ctx).GetCurrentBuildID()
	}
	// With the version of the workers that is the current one then.
	options := workflow.ContinueAsNewErrorOptions{InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade}
	return workflow.NewContinueAsNewErrorWithOptions(ctx, options, onboarding.WorkflowStudio, in)
}

// next says what the studio waits for, and how long; 0 where nothing is due by itself.
func (s *studio) next(ctx workflow.Context) (string, time.Duration) {
	now := workflow.Now(ctx)
	var summary string
	var at time.Time
	sooner := func(what string, when time.Time) {
		if !when.IsZero() && (at.IsZero() || when.Before(at)) {
			summary, at = what, when
		}
	}
	if sync := s.record.Sync; sync.Every > 0 && !sync.Paused && s.record.Following() != nil && s.queued() == nil && !s.reconciling {
		sooner("The next reconcile", sync.Next)
	}
	sooner("The next notice", s.record.NextNotice(now))
	if at.IsZero() {
		return "", 0
	}
	return summary, max(at.Sub(now), time.Second)
}

// happened writes down what happened, for people.
func (s *studio) happened(ctx workflow.Context, format string, args ...any) {
	s.record.Events = append(s.record.Events, onboarding.Event{At: workflow.Now(ctx), Text: fmt.Sprintf(format, args...)})
	s.record.Events = last(s.record.Events, onboarding.MaxEvents)
	s.stirred = true
}

// show says in lists and on the studio's own page how it is.
func (s *studio) show(ctx workflow.Context) {
	now := s.record.Summary()
	if reflect.DeepEqual(now, s.shown) {
		return
	}
	before := s.shown
	s.shown = now
	err := workflow.UpsertMemo(ctx, map[string]any{onboarding.MemoSummary: now})
	if now.State != before.State || now.Step != before.Step {
		err = errors.Join(err, workflow.UpsertTypedSearchAttributes(ctx,
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeState).ValueSet(string(now.State)),
			temporal.NewSearchAttributeKeyKeyword(onboarding.SearchAttributeStep).ValueSet(string(now.Step))))
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("Search attributes not updated", "error", err)
	}
	workflow.SetCurrentDetails(ctx, studioDetails(s.record, now))
}

// last are the last n of a list.
func last[T any](list []T, n int) []T { return slices.Clone(list[max(0, len(list)-n):]) }

// sameSpec says whether two specs ask for the same.
func sameSpec(a, b onboarding.Spec) bool {
	one, errOne := json.Marshal(a)
	other, errOther := json.Marshal(b)
	return errOne == nil && errOther == nil && string(one) == string(other)
}
