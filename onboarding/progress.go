package onboarding

import "time"

// RunState is the state of a run as a whole; a search attribute.
type RunState string

// The states of a run.
const (
	RunRunning   RunState = "running"
	RunWaiting   RunState = "waiting-for-operator"
	RunAttention RunState = "needs-attention"
	RunDone      RunState = "done"
	RunAborted   RunState = "aborted"
	// RunQueued is a reconcile that waits for its turn.
	RunQueued RunState = "queued"
	// Those of a run that ended without saying how it was.
	RunFailed     RunState = "failed"
	RunCanceled   RunState = "canceled"
	RunTerminated RunState = "terminated"
	RunTimedOut   RunState = "timed-out"
)

// StepState is the state of one step.
type StepState string

// The states of a step.
const (
	StepPending StepState = "pending"
	StepRunning StepState = "running"
	StepWaiting StepState = "waiting"
	StepParked  StepState = "parked"
	StepDone    StepState = "done"
	StepSkipped StepState = "skipped"
)

// Progress is what a run says of itself when asked.
type Progress struct {
	Run       string         `json:"run"`
	State     RunState       `json:"state"`
	StartedAt time.Time      `json:"startedAt"`
	EndedAt   time.Time      `json:"endedAt,omitzero"`
	Steps     []StepProgress `json:"steps"`
	// Requests are the open ones; with two lanes there may be several.
	Requests []Request `json:"requests,omitempty"`
	// Parked are the steps that wait for a decision.
	Parked []Parked `json:"parked,omitempty"`
}

// StepProgress is the state of one step.
type StepProgress struct {
	Step  Step      `json:"step"`
	Lane  Lane      `json:"lane"`
	Title string    `json:"title"`
	State StepState `json:"state"`
	// Summary says in a few words what the step found or made, or what it is doing.
	Summary   string    `json:"summary,omitempty"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	// Count is how far the step's activity has come, from its heartbeat; nil where nothing is counted. The workflow itself
	// leaves it empty; who reads the progress fills it in from the pending activity.
	Count *Count `json:"count,omitempty"`
	// Retrying is the last failure of an activity that is being retried, and RetryingRemedy what to do about it; filled in like
	// Count.
	Retrying       string `json:"retrying,omitempty"`
	RetryingRemedy string `json:"retryingRemedy,omitempty"`
}

// Count is what activities record as their heartbeat.
type Count struct {
	Step  Step   `json:"step"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
	What  string `json:"what"`
}

// Request is what a run asks the operator for.
type Request struct {
	// Step identifies the request: a step has at most one open request.
	Step  Step   `json:"step"`
	Title string `json:"title"`
	Why   string `json:"why"`
	// Console names the console and account to work in; URL opens it.
	Console string `json:"console"`
	URL     string `json:"url,omitempty"`
	// Impact says what will happen, in numbers and whole sentences, where others may be cut off; such a request is answered with
	// Consent, the sentence to type, and takes no other value. RollbackPack is what was kept of the state before.
	Impact       []string      `json:"impact,omitempty"`
	Consent      string        `json:"consent,omitempty"`
	RollbackPack *RollbackPack `json:"rollbackPack,omitempty"`
	// Clicks are the instructions, in order.
	Clicks []string `json:"clicks"`
	// Paste are values to copy into the console.
	Paste []PasteValue `json:"paste,omitempty"`
	// Documents are files to upload there; their content is answered by QueryDocument.
	Documents []string `json:"documents,omitempty"`
	// Needs are the values that an answer has to bring; empty where the run notices by itself.
	Needs []Need `json:"needs,omitempty"`
	// Command is the exact command that answers, or that makes the run look again at once.
	Command string `json:"command,omitempty"`
	// Detection says how the run will notice by itself.
	Detection string    `json:"detection,omitempty"`
	Since     time.Time `json:"since"`
	Deadline  time.Time `json:"deadline"`
	Reminders int       `json:"reminders,omitempty"`
	// Refusal says why the last answer did not count, and RefusalRemedy what to do about it.
	Refusal       string `json:"refusal,omitempty"`
	RefusalRemedy string `json:"refusalRemedy,omitempty"`
	// Refusals counts the answers that did not count, so that the same answer, given again, is told from one sent twice.
	Refusals int `json:"refusals,omitempty"`
}

// PasteValue is one value to copy.
type PasteValue struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Need is one value of an answer.
type Need struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	// Optional values may be left out.
	Optional bool `json:"optional,omitempty"`
}

// The names of values in answers.
const (
	ValueAppID        = "app-id"
	ValueACSURL       = "acs-url"
	ValueIssuerURL    = "issuer-url"
	ValuePortalURL    = "portal-url"
	ValueMetadata     = "metadata" // AWS's service provider metadata file, as XML
	ValueSCIMEndpoint = "endpoint"
	// ValueSCIMToken is a secret reference (env:, file:, aws-sm:), never the token.
	ValueSCIMToken = "token-ref"
	// ValueConsent is the sentence that Request.Consent asks for.
	ValueConsent = "consent"
	// AppNew as ValueAppID asks for an app of its own beside those that are there.
	AppNew = "new"
	// ValueAddresses are the sign-in addresses that worked, as Addresses names them, separated by commas.
	ValueAddresses = "addresses"
)

// Answer is the operator's answer to a request.
type Answer struct {
	Step   Step              `json:"step"`
	Values map[string]string `json:"values"`
	// By is the user and machine that answered (user@host).
	By string `json:"by"`
}

// Acknowledgement says what an update brought about.
type Acknowledgement struct {
	Message string `json:"message"`
}

// Document is a file for the operator.
type Document struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// Parked is a step that failed for good and waits for a decision.
type Parked struct {
	Step Step `json:"step"`
	// Class is the class of the fault.
	Class   string `json:"class"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
	// Verdicts are what blocks the step, one by one, where it is more than one thing; message and remedy tell of all of them.
	Verdicts []Verdict `json:"verdicts,omitempty"`
	// Attempts counts how often the step was tried, with retries that an operator asked for.
	Attempts  int       `json:"attempts"`
	Since     time.Time `json:"since"`
	Skippable bool      `json:"skippable"`
	// People are those the step failed for, at most 50; PeopleTotal counts all.
	People      []PersonException `json:"people,omitempty"`
	PeopleTotal int               `json:"peopleTotal,omitempty"`
}

// Blocking are the things that hold the step up, each with what to do about it: the verdicts, or else the failure itself.
func (p Parked) Blocking() []Verdict {
	if len(p.Verdicts) > 0 {
		return p.Verdicts
	}
	return []Verdict{{Kind: VerdictBlocked, Reason: p.Message, Remedy: p.Remedy}}
}

// Action is a decision about a parked step.
type Action string

// The actions.
const (
	ActionRetry Action = "retry"
	ActionSkip  Action = "skip"
	ActionAbort Action = "abort"
)

// Resolution decides about a parked step.
type Resolution struct {
	Step   Step   `json:"step"`
	Action Action `json:"action"`
	Reason string `json:"reason,omitempty"`
	By     string `json:"by"`
}
