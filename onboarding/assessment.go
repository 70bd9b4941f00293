package onboarding

import "encoding/json"

// CheckInput asks for a check of a spec.
type CheckInput struct {
	Spec Spec `json:"spec"`
}

// PlanInput asks what a run of this spec would do.
type PlanInput struct {
	Spec Spec `json:"spec"`
}

// Assessment is what the judges of all resources say of a spec, read-only, in the order of a run. A check shows what would go
// wrong of it, and a plan what a run would do; both are the same list.
type Assessment struct {
	Run    string `json:"run"`
	Region string `json:"region"`
	// Verdicts name at most MaxListed people of each resource and kind, and count the others.
	Verdicts []Verdict `json:"verdicts"`
	// People are counts of those who should have access.
	People ExpectedPeople `json:"people"`
	// Exceptions are people who should have access and would not, at most MaxListed; ExceptionsTotal counts all.
	Exceptions      []PersonException `json:"exceptions,omitempty"`
	ExceptionsTotal int               `json:"exceptionsTotal"`
	// PeopleFile says where in the worker's store all of the exceptions are; empty where there are none.
	PeopleFile string `json:"peopleFile,omitempty"`
	// OktaURL is the org's address, for links in requests.
	OktaURL string `json:"oktaUrl,omitempty"`
	// IdentityAccount and StudioAccount are the accounts that the credentials belong to.
	IdentityAccount string `json:"identityAccount,omitempty"`
	StudioAccount   string `json:"studioAccount,omitempty"`
}

// UnmarshalJSON also reads the findings of a preflight of the first version, for runs that it began.
func (a *Assessment) UnmarshalJSON(data []byte) error {
	type plain Assessment
	both := struct {
		*plain
		Findings []Verdict `json:"findings"`
	}{plain: (*plain)(a)}
	if err := json.Unmarshal(data, &both); err != nil {
		return err
	}
	a.Verdicts = append(a.Verdicts, both.Findings...)
	return nil
}

// ExpectedPeople are counts of those who should have access.
type ExpectedPeople struct {
	// Wanted are all of them.
	Wanted int `json:"wanted"`
	// Synced are in Identity Center already.
	Synced int `json:"synced"`
	// AfterSync are expected to arrive during the run.
	AfterSync int `json:"afterSync"`
}

// Totals counts the things by kind of verdict. Fields of a thing don't count beside it, but for those that are changed.
func (a Assessment) Totals() map[VerdictKind]int {
	totals := map[VerdictKind]int{}
	for _, verdict := range a.Verdicts {
		if verdict.planned() {
			totals[verdict.Kind] += verdict.Total()
		}
	}
	return totals
}

// Planned are the verdicts that a plan shows: what a run writes and asks for, and the things that stay as they are.
func (a Assessment) Planned() []Verdict {
	var planned []Verdict
	for _, verdict := range a.Verdicts {
		if verdict.planned() {
			planned = append(planned, verdict)
		}
	}
	return planned
}

// FieldGuardShare is the field of the verdict that says how many people may lose access unasked.
const FieldGuardShare = "access.guard.share"

// Guard says how many people may lose access before somebody is asked, and how many have; empty where nobody looked.
func (a Assessment) Guard() string {
	for _, verdict := range a.Verdicts {
		if verdict.Field == FieldGuardShare {
			return verdict.Reason
		}
	}
	return ""
}

// planned: of what stays, a plan names the things themselves, and not what else was found to be sound; of what is made, the
// thing and not its fields; of what is changed, each field of a thing, but of people each person, whatever field is behind it. A
// role's policy is a thing of its own.
func (v Verdict) planned() bool {
	thing := v.Field == "" || v.Resource == ResourceRolePolicy
	switch v.Kind {
	case VerdictChange:
		return thing || !v.ofPeople()
	case VerdictAsk:
		return true
	case VerdictCreate, VerdictRemove:
		return thing
	case VerdictKeep, VerdictAdopt:
		return thing && v.Code == string(v.Resource) && v.Resource != ResourceCredentials
	}
	return false
}

// ofPeople says that there is one of these for each person.
func (v Verdict) ofPeople() bool {
	switch v.Resource {
	case ResourceAssignment, ResourceProfile, ResourceAppAssignment:
		return true
	}
	return false
}

// Checked are the verdicts that a check shows: everything but the people one by one, whom a plan names, and the fields of things
// as far as nothing is wrong with them.
func (a Assessment) Checked() []Verdict {
	var checked []Verdict
	for _, verdict := range a.Verdicts {
		if verdict.checked() {
			checked = append(checked, verdict)
		}
	}
	return checked
}

func (v Verdict) checked() bool {
	switch v.Kind {
	case VerdictBlocked, VerdictWarning, VerdictAsk:
		return true
	case VerdictChange:
		return !v.ofPeople()
	}
	return v.Field == "" && !v.ofPeople()
}
