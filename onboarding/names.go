package onboarding

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
	// WorkflowReconcile makes access follow Okta once. Input: ReconcileInput. Result: ReconcileReport.
	WorkflowReconcile = "Reconcile"
	// WorkflowAccessList finds out who has access. Input: AccessListInput. Result: Listing.
	WorkflowAccessList = "AccessList"
	// WorkflowStore holds which store the workers of the namespace agreed on. No input and no result.
	WorkflowStore = "Store"
	// WorkflowExplainPerson follows one person from Okta to Studio. Input: ExplainPersonInput. Result: PersonExplanation.
	WorkflowExplainPerson = "ExplainPerson"
	// WorkflowFleet starts many runs. Input: FleetInput. Result: FleetProgress.
	WorkflowFleet = "Fleet"

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
	// QueryDocument takes a document name from Request.Documents and answers with a Document.
	QueryDocument = "document"

	// UpdateProvide takes an Answer, checks it against the live systems, and answers with an Acknowledgement.
	UpdateProvide = "provide"
	// UpdateResolve takes a Resolution for a parked step and answers with an Acknowledgement.
	UpdateResolve = "resolve"

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

// ScheduleID is the ID of the Temporal Schedule that keeps a run's access right.
func ScheduleID(run string) string { return "sync-" + run }

// ReconcileID is the workflow ID of a run's reconciles; Temporal adds the time to that of a scheduled one.
func ReconcileID(run string) string { return "reconcile-" + run }

// CheckID is the workflow ID of the check of a spec of this name.
func CheckID(run string) string { return "check-" + run }

// StoreID is the workflow ID of the namespace's WorkflowStore.
const StoreID = "store"

// PlanID is the workflow ID of the plan of a spec of this name.
func PlanID(run string) string { return "plan-" + run }

// NotifyTestID is the workflow ID of a test of notifications.
const NotifyTestID = "notify-test"

// OnboardInput starts a run.
type OnboardInput struct {
	Spec Spec `json:"spec"`
	// StartedBy is the user and machine the run was started from, for the record (user@host).
	StartedBy string `json:"startedBy,omitempty"`
	// Known are the handles of the run before, so that this one forgets no date that it cannot see by itself.
	Known *Handles `json:"known,omitempty"`
}
