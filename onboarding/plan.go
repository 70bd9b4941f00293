package onboarding

// CheckInput asks for a check of a spec.
type CheckInput struct {
	Spec Spec `json:"spec"`
}

// CheckResult is what a check found.
type CheckResult struct {
	Run             string    `json:"run"`
	Region          string    `json:"region"`
	Findings        []Finding `json:"findings"`
	OktaURL         string    `json:"oktaUrl,omitempty"`
	IdentityAccount string    `json:"identityAccount,omitempty"`
	StudioAccount   string    `json:"studioAccount,omitempty"`
}

// Worst is the gravest level among findings; LevelOK where there are none.
func Worst(findings []Finding) Level {
	worst := LevelOK
	for _, finding := range findings {
		switch {
		case finding.Level == LevelBlocking:
			return LevelBlocking
		case finding.Level == LevelWarning:
			worst = LevelWarning
		}
	}
	return worst
}

// The areas of findings, in the order in which they are shown.
const (
	AreaCredentials    = "credentials"
	AreaIdentityCenter = "identity-center"
	AreaStudio         = "studio-account"
	AreaNetwork        = "network"
	AreaRole           = "role"
	AreaOkta           = "okta"
	AreaPeople         = "people"
)

// Areas are the areas of findings, in the order in which they are shown, with their titles.
func Areas() [][2]string {
	return [][2]string{
		{AreaCredentials, "Credentials and accounts"}, {AreaIdentityCenter, "Identity Center"}, {AreaStudio, "Studio account"},
		{AreaNetwork, "Network"}, {AreaRole, "Execution roles"}, {AreaOkta, "Okta"}, {AreaPeople, "People"},
	}
}

// PlanInput asks what a run of this spec would do.
type PlanInput struct {
	Spec Spec `json:"spec"`
}

// Plan is what a run would do, in the order of the run.
type Plan struct {
	Run     string   `json:"run"`
	Region  string   `json:"region"`
	Changes []Change `json:"changes"`
	// People are counts of those who should get in.
	People PlannedPeople `json:"people"`
	// Exceptions are people who should get in and would not, at most MaxListed; ExceptionsTotal counts all.
	Exceptions      []PersonException `json:"exceptions,omitempty"`
	ExceptionsTotal int               `json:"exceptionsTotal"`
	// Findings say where the run would park, or what could not be looked at.
	Findings []Finding `json:"findings,omitempty"`
}

// ChangeAction says what a run would do to a thing.
type ChangeAction string

// The actions. Only create, change and remove write anything.
const (
	ChangeCreate ChangeAction = "create"
	ChangeChange ChangeAction = "change"
	ChangeRemove ChangeAction = "remove"
	// ChangeKeep is a thing that is there, and is adopted or left alone.
	ChangeKeep ChangeAction = "keep"
	// ChangeAsk is work that the run would ask the operator for.
	ChangeAsk ChangeAction = "ask"
)

// Writes says whether the action changes anything through an API.
func (a ChangeAction) Writes() bool {
	return a == ChangeCreate || a == ChangeChange || a == ChangeRemove
}

// The kinds of things that a run makes or changes, as plans and reports name them.
const (
	KindInstance        = "Identity Center instance"
	KindOktaApp         = "Okta app"
	KindTrust           = "SAML trust"
	KindProvisioning    = "SCIM provisioning"
	KindGroupAssignment = "Okta group assignment"
	KindAppAssignment   = "Okta app assignment"
	KindGroupPush       = "Okta group push"
	KindExecutionRole   = "Execution role"
	KindRolePolicy      = "Role policy"
	KindNetwork         = "Network"
	KindDomain          = "Studio domain"
	KindAssignment      = "Studio assignment"
	KindProfile         = "User profile"
)

// Change is one thing that a run would create, change, remove, keep or ask for.
type Change struct {
	Action ChangeAction `json:"action"`
	Step   Step         `json:"step"`
	Kind   string       `json:"kind"`
	// Name is a person's login for assignments and profiles.
	Name string `json:"name,omitempty"`
	// Detail says how, or why.
	Detail string `json:"detail,omitempty"`
	// AfterSync says that it concerns somebody whom Okta has yet to bring to Identity Center.
	AfterSync bool `json:"afterSync,omitempty"`
	// Count is how many further things of this kind the entry stands for, which are not named; 0 for a named thing.
	Count int `json:"count,omitempty"`
}

// Total is how many things the change stands for.
func (c Change) Total() int { return max(c.Count, 1) }

// PlannedPeople are counts of those who should get in.
type PlannedPeople struct {
	// Wanted are all of them.
	Wanted int `json:"wanted"`
	// Synced are in Identity Center already.
	Synced int `json:"synced"`
	// AfterSync are expected to arrive during the run.
	AfterSync int `json:"afterSync"`
}

// Totals counts the things of a plan by action.
func (p Plan) Totals() map[ChangeAction]int {
	totals := map[ChangeAction]int{}
	for _, change := range p.Changes {
		totals[change.Action] += change.Total()
	}
	return totals
}
