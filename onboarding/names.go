package onboarding

import "strings"

// The names under which the parts of a run are registered in Temporal. They are part of recorded histories: never rename one.
const (
	// TaskQueue is the queue that workers poll for runs and their activities.
	TaskQueue = "studio-onboarding"
	// WorkflowOnboard carries out one spec. Input: OnboardInput. Result: Report.
	WorkflowOnboard = "Onboard"
	// WorkflowCheck looks at everything that a run of a spec depends on, and changes nothing. Input: CheckInput. Result: CheckResult.
	WorkflowCheck = "Check"
	// WorkflowPlan says what a run of a spec would do, and changes nothing. Input: PlanInput. Result: Plan.
	WorkflowPlan = "Plan"
	// WorkflowSurvey takes stock of an organization, and changes nothing. Input: SurveyInput. Result: Survey.
	WorkflowSurvey = "Survey"
	// WorkflowReconcile makes access follow Okta once. Input: ReconcileInput. Result: ReconcileReport.
	WorkflowReconcile = "Reconcile"
	// WorkflowAccessList finds out who has access. Input: AccessListInput. Result: Listing.
	WorkflowAccessList = "AccessList"
	// WorkflowStore holds which store the workers of the namespace agreed on. No input and no result.
	WorkflowStore = "Store"
	// WorkflowExplainPerson follows one person from Okta to Studio. Input: ExplainPersonInput. Result: PersonExplanation.
	WorkflowExplainPerson = "ExplainPerson"
	// WorkflowStudio is the durable record of one studio, for as long as it is under care. Input: StudioInput.
	WorkflowStudio = "Studio"
	// WorkflowFleet starts many runs. Input: FleetInput. Result: FleetProgress.
	WorkflowFleet = "Fleet"

	// QueryStudio answers with the Studio.
	QueryStudio = "studio"
	// WorkflowNotifyTest sends a test notice to every target of the worker. Input: NotifyTestInput. Result: Notified.
	WorkflowNotifyTest = "NotifyTest"

	// QueryFleet answers with FleetProgress.
	QueryFleet = "fleet"
	// QueryProgress answers with Progress.
	QueryProgress = "progress"
	// QueryReport answers with the Report as far as the run has come.
	QueryReport = "report"
	// QueryPeople takes a PeopleQuery and answers with an AccessPage, and QueryChanges takes a ChangesQuery and answers with a
	// ChangesPage. Workers answer both from the store, whatever the workflow.
	QueryPeople  = "people"
	QueryChanges = "changes"
	// QueryPack takes a PackQuery and answers with a PackPage. Workers answer it from the store, whatever the workflow.
	QueryPack = "rollback-pack"
	// QueryDocument takes a document name from Request.Documents and answers with a Document.
	QueryDocument = "document"

	// UpdateProvide takes an Answer, checks it against the live systems, and answers with an Acknowledgement.
	UpdateProvide = "provide"
	// UpdateResolve takes a Resolution for a parked step and answers with an Acknowledgement.
	UpdateResolve = "resolve"

	// UpdateApply takes an Apply, starts its run, and answers with an Applied.
	UpdateApply = "apply"
	// UpdateSync takes a SyncRequest, UpdateReconcile a ReconcileRequest and answers with a Queued.
	UpdateSync      = "sync"
	UpdateReconcile = "reconcile"
	// UpdateRevoke takes a RevokeRequest, UpdateCancel a CancelRequest, UpdateForget a ForgetRequest. They answer with an
	// Acknowledgement, as UpdateSync does.
	UpdateRevoke = "revoke"
	UpdateCancel = "cancel"
	UpdateForget = "forget"

	// SignalNews takes RunNews from a run to its studio.
	SignalNews = "news"
	// SignalTurn tells a run that it may change access now.
	SignalTurn = "turn"
	// SignalAccepted takes a list of AcceptedException to a fleet, a studio and a run: somebody accepted them elsewhere.
	SignalAccepted = "accepted"

	// ErrorAborted is the type of the error with which an aborted run ends. Its details are the Report.
	ErrorAborted = "Aborted"

	// MemoSummary is the memo of a studio that holds its Summary.
	MemoSummary = "summary"
	// MemoApply is the memo that holds the ID of the Apply that a studio was started with.
	MemoApply = "apply"

	// SearchAttributeState is a Keyword holding a RunState.
	SearchAttributeState = "OnboardingState"
	// SearchAttributeStep is a Keyword holding the Step that a person should look at first.
	SearchAttributeStep = "OnboardingStep"
)

// WorkflowID is the workflow ID of the run that a spec of this name belongs to.
func WorkflowID(run string) string { return workflowIDPrefix + run }

// RunName undoes WorkflowID. It returns false for a workflow ID that is not a run's.
func RunName(workflowID string) (string, bool) {
	if len(workflowID) <= len(workflowIDPrefix) || workflowID[:len(workflowIDPrefix)] != workflowIDPrefix {
		return "", false
	}
	return workflowID[len(workflowIDPrefix):], true
}

const workflowIDPrefix = "onboard-"

// StudioID is the workflow ID of a studio.
func StudioID(name string) string { return studioIDPrefix + name }

// StudioName undoes StudioID. It returns false for a workflow ID that is not a studio's.
func StudioName(workflowID string) (string, bool) {
	return strings.CutPrefix(workflowID, studioIDPrefix)
}

const studioIDPrefix = "studio-"

// ScheduleID is the ID of the Temporal Schedule by which the first version kept a run's access right.
func ScheduleID(run string) string { return "sync-" + run }

// ReconcileID is the workflow ID of a run's reconciles; Temporal adds the time to that of a scheduled one.
func ReconcileID(run string) string { return "reconcile-" + run }

// ReadingID is the workflow ID of the reads of people, to which each adds a UUID.
func ReadingID(run string) string { return "access-" + run }

// CheckID is the workflow ID of the check of a spec of this name.
func CheckID(run string) string { return "check-" + run }

// SurveyID is the workflow ID of the surveys, to which each adds a UUID.
const SurveyID = "survey"

// StoreID is the workflow ID of the namespace's WorkflowStore.
const StoreID = "store"

// OktaOrgID is the workflow ID of the WorkflowStore that holds which Okta org the workers of the namespace serve.
const OktaOrgID = "okta-org"

// PlanID is the workflow ID of the plan of a spec of this name.
func PlanID(run string) string { return "plan-" + run }

// NotifyTestID is the workflow ID of a test of notifications.
const NotifyTestID = "notify-test"

// OnboardInput starts a run.
type OnboardInput struct {
	Spec Spec `json:"spec"`
	// StartedBy is the user and machine the run was started from, for the record (user@host).
	StartedBy string `json:"startedBy,omitempty"`
	// Studio is the workflow ID of the studio whose run it is; empty for a run of the first version, which has none.
	Studio string `json:"studio,omitempty"`
	// N is the number of the run in its studio.
	N int `json:"n,omitempty"`
	// Accepted are exceptions that nobody is to be asked about again.
	Accepted []AcceptedException `json:"accepted,omitempty"`
	// Known are the handles of the run before, so that this one forgets no date that it cannot see by itself.
	Known *Handles `json:"known,omitempty"`
}
