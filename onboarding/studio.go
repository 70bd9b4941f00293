package onboarding

import (
	"slices"
	"time"
)

// Studio is the durable record of one SageMaker Studio under care: what workflow Studio knows and answers QueryStudio with. It
// outlives every run, and holds kilobytes: lists of people are in the worker's store.
type Studio struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	// InForce is the spec that is in force, and where everything of it is found: that of the last run that was done. Nil until
	// there is one.
	InForce *Handles `json:"inForce,omitempty"`
	// Revisions are the specs that were in force, oldest first, at most MaxRevisions.
	Revisions []Revision `json:"revisions,omitempty"`
	// Runs are the runs, oldest first, at most MaxRuns; the latest MaxReports of them have their report.
	Runs []RunRecord `json:"runs,omitempty"`
	// Sync says how access is kept as Okta has it.
	Sync Sync `json:"sync"`
	// Reconciles are the latest, oldest first, at most MaxReconciles.
	Reconciles []ReconcileRecord `json:"reconciles,omitempty"`
	// Accepted are exceptions that somebody accepted. Each holds until its reason changes, or until it is revoked.
	Accepted []AcceptedException `json:"accepted,omitempty"`
	// Expiries are the dates on which something stops working, the next one first.
	Expiries []Expiry `json:"expiries,omitempty"`
	// Hold is what the last reconcile held back, until somebody consents or the people come back.
	Hold *Hold `json:"hold,omitempty"`
	// Judged is when the connection was last judged, and DeadSince when it was first seen to work no more; zero while it does.
	Judged    time.Time `json:"judged,omitzero"`
	DeadSince time.Time `json:"deadSince,omitzero"`
	// Events are what happened, oldest first, at most MaxEvents.
	Events []Event `json:"events,omitempty"`
	// Turn is who may change access now: a workflow ID, or empty.
	Turn string `json:"turn,omitempty"`
	// Told are the keys of the notices that were sent.
	Told []string `json:"told,omitempty"`
}

// How much a studio remembers. All of it travels in one payload, which Temporal limits to 2 MB.
const (
	MaxRevisions  = 20
	MaxRuns       = 100
	MaxReports    = 10
	MaxReconciles = 20
	MaxEvents     = 200
	MaxTold       = 200
)

// MinSyncEvery is the shortest pause between reconciles: each lists everybody at Okta and AWS.
const MinSyncEvery = time.Minute

// Revision is a spec that was in force.
type Revision struct {
	// N counts from 1.
	N  int       `json:"n"`
	At time.Time `json:"at"`
	By string    `json:"by,omitempty"`
	// Run is the number of the run that carried it out.
	Run  int  `json:"run"`
	Spec Spec `json:"spec"`
	// Changed are the fields that differ from the revision before, such as access.groups.
	Changed []string `json:"changed,omitempty"`
}

// RunRecord is one run of a studio.
type RunRecord struct {
	// N counts from 1.
	N          int       `json:"n"`
	WorkflowID string    `json:"workflowId"`
	RunID      string    `json:"runId"`
	StartedBy  string    `json:"startedBy,omitempty"`
	StartedAt  time.Time `json:"startedAt"`
	EndedAt    time.Time `json:"endedAt,omitzero"`
	// State is the run's own; RunFailed, RunCanceled, RunTerminated or RunTimedOut where it ended without saying so itself.
	State RunState `json:"state"`
	// Step is where a person should look first, while the run goes on.
	Step Step `json:"step,omitempty"`
	// Message and Remedy say why it ended, unless it is done.
	Message string `json:"message,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
	// Report is nil while the run goes on, and of older runs.
	Report *Report `json:"report,omitempty"`
	// Following is set once the run has begun to change access: reconciles follow its spec from then on, until it ends.
	Following *Handles `json:"following,omitempty"`
	// Spec is what the run carries out, while it goes on.
	Spec *Spec `json:"spec,omitempty"`
	// Apply is the ID of the request that started it, and Cancelled who cancelled it and why.
	Apply     string `json:"apply,omitempty"`
	Cancelled string `json:"cancelled,omitempty"`
	// Fleet is the workflow ID of the fleet that asked for it, if any.
	Fleet string `json:"fleet,omitempty"`
	// Waiting is what the run waits for a person with.
	Waiting []Waiting `json:"waiting,omitempty"`
	// WantsTurn says that it waits until it may change access.
	WantsTurn bool `json:"wantsTurn,omitempty"`
}

// Ended says whether the run has ended.
func (r RunRecord) Ended() bool { return !r.EndedAt.IsZero() }

// Sync says how access is kept as Okta has it.
type Sync struct {
	// Every is the pause between two reconciles; 0 means that none is made by itself.
	Every  Duration  `json:"every,omitempty"`
	Paused bool      `json:"paused,omitempty"`
	By     string    `json:"by,omitempty"`
	Next   time.Time `json:"next,omitzero"`
	// Since is when the present interval was set.
	Since time.Time `json:"since,omitzero"`
	// LastGood is when a reconcile last ended with everything as it should be.
	LastGood time.Time `json:"lastGood,omitzero"`
	// Made counts the reconciles of this studio.
	Made int `json:"made,omitempty"`
}

// Overdue is when a reconcile should have succeeded at the latest: three intervals after the last one that did, or after the
// interval was set. Zero where none is made by itself.
func (s Sync) Overdue() time.Time {
	since := s.LastGood
	if since.Before(s.Since) {
		since = s.Since
	}
	if s.Every == 0 || s.Paused || since.IsZero() {
		return time.Time{}
	}
	return since.Add(3 * s.Every.Std())
}

// ReconcileRecord is one reconcile of a studio.
type ReconcileRecord struct {
	// N counts from 1.
	N          int    `json:"n"`
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId,omitempty"`
	// By is who asked for it; empty where it was due.
	By       string    `json:"by,omitempty"`
	QueuedAt time.Time `json:"queuedAt"`
	// StartedAt is zero while it waits for its turn.
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	// State is the reconcile's own, or how it ended without a report, as that of a RunRecord.
	State   RunState `json:"state"`
	Message string   `json:"message,omitempty"`
	Remedy  string   `json:"remedy,omitempty"`
	// Report has no lists of people besides the exceptions.
	Report  *ReconcileReport `json:"report,omitempty"`
	Consent string           `json:"consent,omitempty"`
}

// AcceptedException is an exception that an operator accepted: this person, for this reason, is not asked about again.
type AcceptedException struct {
	Person string    `json:"person"`
	Code   string    `json:"code"`
	Reason string    `json:"reason"`
	Step   Step      `json:"step"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	// Why is what the operator gave as the reason.
	Why string `json:"why,omitempty"`
}

// Covers says whether the acceptance is about this exception: the same person for the same reason.
func (a AcceptedException) Covers(e PersonException) bool {
	return a.Person == e.Person && a.Code == e.Code && (a.Code != "" || a.Reason == e.Reason)
}

// Unaccepted are those of the exceptions that nobody has accepted.
func Unaccepted(exceptions []PersonException, accepted []AcceptedException) []PersonException {
	return slices.DeleteFunc(slices.Clone(exceptions), func(e PersonException) bool {
		return slices.ContainsFunc(accepted, func(a AcceptedException) bool { return a.Covers(e) })
	})
}

// Event is one thing that happened to a studio, in words. It names nobody but the operators who acted.
type Event struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// StudioInput starts workflow Studio, or carries its record on.
type StudioInput struct {
	Name   string `json:"name"`
	Record Studio `json:"record,omitzero"`
	// Apply is the spec with which the studio is started, so that it is carried out even where no worker was there to take the
	// update that comes with it.
	Apply *Apply `json:"apply,omitempty"`
	// Left is the build ID of the workers that the execution before continued as new to move from; empty where it had another reason.
	Left string `json:"left,omitempty"`
}

// Apply asks for a spec to be carried out.
type Apply struct {
	// ID makes the same request count once.
	ID   string `json:"id"`
	Spec Spec   `json:"spec"`
	By   string `json:"by"`
	// Apply is the ID of the request that started it, and Cancelled who cancelled it and why.
	Apply     string `json:"apply,omitempty"`
	Cancelled string `json:"cancelled,omitempty"`
	// Fleet is the workflow ID of the fleet that asks, if any; standing decisions are told to it.
	Fleet string `json:"fleet,omitempty"`
	// Accepted are exceptions that were accepted elsewhere in the fleet.
	Accepted []AcceptedException `json:"accepted,omitempty"`
}

// Applied says what an Apply brought about.
type Applied struct {
	N          int    `json:"n"`
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// Attached says that a run was going on already: nothing was started, and that run keeps its own spec.
	Attached bool `json:"attached"`
	// SpecDiffers says, of an attached run, that its spec is another one than the one given.
	SpecDiffers bool `json:"specDiffers,omitempty"`
	// Again says that nothing was begun yet, because the studio moves to another version of the workers: who asked asks again, with the
	// same ID.
	Again bool `json:"again,omitempty"`
}

// SyncRequest sets how access is kept as Okta has it.
type SyncRequest struct {
	// Every is the new interval; 0 where Off or Pause is asked for.
	Every Duration `json:"every,omitempty"`
	Off   bool     `json:"off,omitempty"`
	Pause bool     `json:"pause,omitempty"`
	By    string   `json:"by"`
}

// ReconcileRequest asks for a reconcile now. It waits for its turn.
type ReconcileRequest struct {
	// Consent is the ID of a hold whose removals somebody agrees to.
	Consent string `json:"consent,omitempty"`
	By      string `json:"by"`
}

// Queued answers a ReconcileRequest with the number of the reconcile.
type Queued struct {
	N int `json:"n"`
}

// RevokeRequest takes back the acceptance of a person's exceptions.
type RevokeRequest struct {
	Person string `json:"person"`
	By     string `json:"by"`
}

// CancelRequest ends the run under way.
type CancelRequest struct {
	Reason string `json:"reason"`
	By     string `json:"by"`
}

// ForgetRequest ends the care of a studio, and removes what is stored of it. Nothing at AWS or Okta changes.
type ForgetRequest struct {
	By string `json:"by"`
}

// RunNews is what a run tells its studio, as signal SignalNews.
type RunNews struct {
	RunID string   `json:"runId"`
	State RunState `json:"state"`
	Step  Step     `json:"step,omitempty"`
	// Progress are the open requests and parked steps, for notices.
	Waiting []Waiting `json:"waiting,omitempty"`
	// WantsTurn asks for the turn to change access; the handles are those that are being made true.
	WantsTurn bool     `json:"wantsTurn,omitempty"`
	Following *Handles `json:"following,omitempty"`
	// TurnOver gives it back.
	TurnOver bool `json:"turnOver,omitempty"`
	// Accepted are exceptions that an operator has just accepted.
	Accepted []AcceptedException `json:"accepted,omitempty"`
}

// Waiting is something that a run waits for a person with.
type Waiting struct {
	Step   Step `json:"step"`
	Parked bool `json:"parked,omitempty"`
	// Title names a request.
	Title    string    `json:"title,omitempty"`
	Since    time.Time `json:"since"`
	Deadline time.Time `json:"deadline,omitzero"`
	URL      string    `json:"url,omitempty"`
	// Attempts and Skippable are those of a parked step.
	Attempts  int  `json:"attempts,omitempty"`
	Skippable bool `json:"skippable,omitempty"`
}

// Open is the run under way, nil where there is none.
func (s *Studio) Open() *RunRecord {
	for i := range s.Runs {
		if !s.Runs[i].Ended() {
			return &s.Runs[i]
		}
	}
	return nil
}

// Run finds a run by its number.
func (s *Studio) Run(n int) *RunRecord {
	for i := range s.Runs {
		if s.Runs[i].N == n {
			return &s.Runs[i]
		}
	}
	return nil
}

// Reconcile finds a reconcile by its number.
func (s *Studio) Reconcile(n int) *ReconcileRecord {
	for i := range s.Reconciles {
		if s.Reconciles[i].N == n {
			return &s.Reconciles[i]
		}
	}
	return nil
}

// Following is what reconciles follow: the spec in force, or that of a run which has begun to change access by its own.
func (s *Studio) Following() *Handles {
	if run := s.Open(); run != nil && run.Following != nil {
		return run.Following
	}
	return s.InForce
}

// Summary is a studio in a list; it is a studio's memo.
type Summary struct {
	// State is that of the run under way, or of the last one.
	State RunState `json:"state"`
	Step  Step     `json:"step,omitempty"`
	// Reconcile is the state of the last reconcile, empty where there was none.
	Reconcile RunState  `json:"reconcile,omitempty"`
	LastGood  time.Time `json:"lastGood,omitzero"`
	// Overdue is when a reconcile is overdue, zero where none is expected.
	Overdue time.Time `json:"overdue,omitzero"`
	// Expiry is the next date on which something stops working.
	Expiry *Expiry   `json:"expiry,omitempty"`
	Runs   int       `json:"runs"`
	Since  time.Time `json:"since,omitzero"`
}

// Who says who has to act on a studio, empty where nobody has. It depends on the time.
func (s Summary) Who(now time.Time) string {
	switch {
	case s.State == RunWaiting:
		return "the operator: " + string(s.Step)
	case s.State == RunAttention:
		return "somebody has to decide: " + string(s.Step)
	case s.Expiry != nil && !now.Before(s.Expiry.At):
		return "expired: " + s.Expiry.What
	case s.Reconcile == RunAttention || s.Reconcile == RunFailed:
		return "the last reconcile needs attention"
	case !s.Overdue.IsZero() && now.After(s.Overdue):
		return "the reconcile is overdue"
	}
	return ""
}

// Summary is what lists say of a studio.
func (s *Studio) Summary() Summary {
	sum := Summary{State: RunQueued, Runs: len(s.Runs), Since: s.Since, LastGood: s.Sync.LastGood, Overdue: s.Sync.Overdue()}
	if len(s.Expiries) > 0 {
		sum.Expiry = &s.Expiries[0]
	}
	if len(s.Runs) > 0 {
		sum.State = s.Runs[len(s.Runs)-1].State
	}
	for _, one := range slices.Backward(s.Reconciles) {
		if !one.EndedAt.IsZero() {
			sum.Reconcile = one.State
			break
		}
	}
	if run := s.Open(); run != nil {
		sum.Step = run.Step
	}
	return sum
}
