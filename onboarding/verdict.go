package onboarding

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Verdict is what the judge of a resource says of one thing. A check, a plan, a run, the proof afterwards, the lists of people
// and the report are views of the same verdicts: a reason and a remedy are written where they arise, and travel as fields to
// where they are printed.
type Verdict struct {
	// Resource is one of the Resource constants.
	Resource ResourceKind `json:"resource"`
	// Subject names the thing: a domain's name, a role's, a person's login. Empty where there is only one.
	Subject string `json:"subject,omitempty"`
	// Field is the field of the spec that was compared, as a path ("domain.kmsKey"); empty for the thing as a whole.
	Field string `json:"field,omitempty"`
	// Kind says what follows.
	Kind VerdictKind `json:"kind"`
	// Code names what was judged, in kebab-case ("identity-center-key"). Scripts may rely on it: never rename one.
	Code string `json:"code"`
	// Have is what is there and Want what the spec asks for, as a person writes them; empty where there is nothing to compare.
	Have string `json:"have,omitempty"`
	Want string `json:"want,omitempty"`
	// Reason says what was found, in whole sentences that need no other field, at most 1 KB.
	Reason string `json:"reason,omitempty"`
	// Remedy says what a person should do about it; empty where nothing is to be done.
	Remedy string `json:"remedy,omitempty"`
	// AfterSync says that it concerns somebody whom Okta has yet to bring to Identity Center.
	AfterSync bool `json:"afterSync,omitempty"`
	// Count is how many further things of this kind the verdict stands for, which are not named; 0 for a named thing.
	Count int `json:"count,omitempty"`
}

// VerdictKind says what follows from a verdict.
type VerdictKind string

// The kinds of verdicts. Only create, change and remove write anything.
const (
	// VerdictKeep: it is there, and as it should be.
	VerdictKeep VerdictKind = "keep"
	// VerdictAdopt: somebody else made it, and it fits; it is used, and never deleted.
	VerdictAdopt VerdictKind = "adopt"
	// VerdictCreate: it is missing, and a run makes it.
	VerdictCreate VerdictKind = "create"
	// VerdictChange: a run changes Have to Want.
	VerdictChange VerdictKind = "change"
	// VerdictRemove: a run takes it away.
	VerdictRemove VerdictKind = "remove"
	// VerdictAsk: a run asks the operator for it, as no API does it or only a person may decide.
	VerdictAsk VerdictKind = "ask"
	// VerdictBlocked: a run would park here until the remedy is done.
	VerdictBlocked VerdictKind = "blocked"
	// VerdictWarning: something that a person should know, and that stops nothing.
	VerdictWarning VerdictKind = "warning"
	// VerdictUnknown: it could not be looked at, and nothing that a run does depends on it.
	VerdictUnknown VerdictKind = "unknown"
)

// Writes says whether a run changes anything through an API because of it.
func (k VerdictKind) Writes() bool {
	return k == VerdictCreate || k == VerdictChange || k == VerdictRemove
}

// Total is how many things the verdict stands for.
func (v Verdict) Total() int { return max(v.Count, 1) }

// ResourceKind is a kind of thing that is judged.
type ResourceKind string

// The kinds of things.
const (
	ResourceCredentials     ResourceKind = "credentials"
	ResourceInstance        ResourceKind = "identity-center"
	ResourceStock           ResourceKind = "organization-stock"
	ResourceOktaApp         ResourceKind = "okta-app"
	ResourceTrust           ResourceKind = "saml-trust"
	ResourceProvisioning    ResourceKind = "scim-provisioning"
	ResourceGroupAssignment ResourceKind = "okta-group-assignment"
	ResourceAppAssignment   ResourceKind = "okta-app-assignment"
	ResourceGroupPush       ResourceKind = "okta-group-push"
	ResourcePerson          ResourceKind = "person"
	ResourceRole            ResourceKind = "execution-role"
	ResourceRolePolicy      ResourceKind = "role-policy"
	ResourceNetwork         ResourceKind = "network"
	ResourceDomain          ResourceKind = "domain"
	ResourceAssignment      ResourceKind = "studio-assignment"
	ResourceProfile         ResourceKind = "user-profile"
	ResourceSignIn          ResourceKind = "sign-in"
)

// ResourceInfo describes a kind of thing to a person.
type ResourceInfo struct {
	Resource ResourceKind
	// Title is the singular, as plans and reports name it.
	Title string
	// Step is where a run deals with it.
	Step Step
}

// Resources are the kinds of things in the order of a run.
func Resources() []ResourceInfo {
	return []ResourceInfo{
		{ResourceCredentials, "Credentials", StepPreflight},
		{ResourceStock, "What hangs on Identity Center", StepPreflight},
		{ResourceInstance, "Identity Center instance", StepIdentityCenter},
		{ResourceOktaApp, "Okta app", StepOktaApp},
		{ResourceTrust, "SAML trust", StepSAMLExchange},
		{ResourceProvisioning, "SCIM provisioning", StepSCIM},
		{ResourceGroupAssignment, "Okta group assignment", StepOktaGroups},
		{ResourceAppAssignment, "Okta app assignment", StepOktaGroups},
		{ResourceGroupPush, "Okta group push", StepOktaGroups},
		{ResourcePerson, "Person", StepDirectorySync},
		{ResourceRole, "Execution role", StepExecutionRole},
		{ResourceRolePolicy, "Role policy", StepExecutionRole},
		{ResourceNetwork, "Network", StepNetwork},
		{ResourceDomain, "Studio domain", StepDomain},
		{ResourceAssignment, "Studio assignment", StepAccess},
		{ResourceProfile, "User profile", StepAccess},
		{ResourceSignIn, "Sign-in", StepCanary},
	}
}

// Areas are the headings under which the kinds of things are shown, in their order.
func Areas() []Area {
	return []Area{
		{"Credentials and accounts", []ResourceKind{ResourceCredentials}},
		{"Identity Center", []ResourceKind{ResourceInstance}},
		{"Who and what hangs on Identity Center today", []ResourceKind{ResourceStock}},
		{"Studio domain", []ResourceKind{ResourceDomain}},
		{"Network", []ResourceKind{ResourceNetwork}},
		{"Execution roles", []ResourceKind{ResourceRole, ResourceRolePolicy}},
		{"Okta", []ResourceKind{ResourceOktaApp, ResourceTrust, ResourceProvisioning, ResourceGroupAssignment, ResourceAppAssignment,
			ResourceGroupPush}},
		{"People", []ResourceKind{ResourcePerson, ResourceAssignment, ResourceProfile, ResourceSignIn}},
	}
}

// Area is a heading and what is shown under it.
type Area struct {
	Title     string
	Resources []ResourceKind
}

// Info describes the kind of thing; an unknown one is described by its own name.
func (r ResourceKind) Info() ResourceInfo {
	for _, info := range Resources() {
		if info.Resource == r {
			return info
		}
	}
	return ResourceInfo{Resource: r, Title: string(r)}
}

// Trouble is a look that failed for good, for the judge to say so: the credentials may not look, or what was asked for is
// refused. A look that fails in passing is tried again and never becomes one.
type Trouble struct {
	// Class is the class of the fault, Operation the call ("iam:GetRole").
	Class     string `json:"class"`
	Operation string `json:"operation,omitempty"`
	Message   string `json:"message"`
	// Whole says that the message needs no operation before it.
	Whole  bool   `json:"whole,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// As is the verdict that says so: blocked where a run depends on the look, and otherwise as weak as the caller wants.
func (t Trouble) As(kind VerdictKind, resource ResourceKind, subject, code string) Verdict {
	remedy := t.Remedy
	if remedy == "" && kind != VerdictUnknown {
		remedy = "Put it right, then retry."
	}
	return Verdict{Resource: resource, Subject: subject, Kind: kind, Code: code, Reason: t.Text(), Remedy: remedy}
}

// Text is the message, behind the operation where it needs that.
func (t Trouble) Text() string {
	if t.Operation == "" || t.Whole {
		return t.Message
	}
	return t.Operation + ": " + t.Message
}

// Blocked are the verdicts at which a run would park.
func Blocked(verdicts []Verdict) []Verdict { return OfKind(verdicts, VerdictBlocked) }

// OfKind keeps the verdicts of some kinds.
func OfKind(verdicts []Verdict, kinds ...VerdictKind) []Verdict {
	var kept []Verdict
	for _, verdict := range verdicts {
		if slices.Contains(kinds, verdict.Kind) {
			kept = append(kept, verdict)
		}
	}
	return kept
}

// UnmarshalJSON also reads a finding of the first version, which said level, check and message.
func (v *Verdict) UnmarshalJSON(data []byte) error {
	type plain Verdict
	both := struct {
		*plain
		Level   string `json:"level"`
		Check   string `json:"check"`
		Message string `json:"message"`
	}{plain: (*plain)(v)}
	if err := json.Unmarshal(data, &both); err != nil || v.Kind != "" {
		return err
	}
	v.Code, v.Reason = both.Check, both.Message
	v.Kind = map[string]VerdictKind{"blocking": VerdictBlocked, "warning": VerdictWarning}[both.Level]
	if v.Kind == "" {
		v.Kind = VerdictKeep
	}
	return nil
}

// MaxExamples is how many things the reason of a verdict names.
const MaxExamples = 5

// Examples keeps the first of many, for a reason that lists them, and says how many more there are.
func Examples(all []string) []string {
	if len(all) <= MaxExamples {
		return all
	}
	return append(slices.Clone(all[:MaxExamples]), fmt.Sprintf("and %d more", len(all)-MaxExamples))
}
