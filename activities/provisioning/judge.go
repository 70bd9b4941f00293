package provisioning

import (
	"fmt"
	"slices"
	"time"

	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// The codes of the verdicts.
const (
	CodeProvisioning    = "scim-provisioning"
	CodeAssignmentGroup = "okta-assignment-group"
	CodeGroupAssignment = "okta-group-assignment"
	CodeAppAssignment   = "okta-app-assignment"
	CodeGroupPush       = "okta-group-push"
	CodeGroupByHand     = "group-made-by-hand"
)

const (
	fieldAssignmentGroup = "okta.assignmentGroup"
	fieldGroupName       = "access.groups[].name"

	userActive        = "ACTIVE"
	userDeprovisioned = "DEPROVISIONED"
	syncError         = "ERROR"

	asked = "Nothing to do now: the run asks for it."
)

// State is what is there.
type State struct {
	// App is nil where there is none yet, or where it is not known which, as Undecided says.
	App       *model.App
	Undecided bool

	// Connection is the zero value where Okta's API knows none.
	Connection        model.Connection
	ConnectionTrouble *onboarding.Trouble

	// Group is the assignment group, and AppGroups are the groups that are assigned to the app.
	Group            model.Group
	GroupTrouble     *onboarding.Trouble
	AppGroups        []string
	AppGroupsTrouble *onboarding.Trouble
	// Waiting are members of the assigned group of whom Okta has not begun to take care; InVain are the logins of those whose
	// data Identity Center is known to refuse.
	Waiting []model.User
	InVain  map[string]bool
	// Singles are the people whom the spec names one by one.
	Singles []Single
	// PeopleTrouble is why it is not known who is assigned.
	PeopleTrouble *onboarding.Trouble

	// Pushes are the access groups in the order of the spec, and Mappings what the app pushes, by source group.
	Pushes          []Push
	Mappings        map[string]model.Mapping
	MappingsTrouble *onboarding.Trouble
	// Newest is when the last person was provisioned. Newcomers says that the assignment group, which is not assigned to the app
	// yet, has members whom the app does not have.
	Newest    time.Time
	Newcomers bool

	// Arriving says that Okta has yet to bring people whom existing pushes have to take along, and Lacking how many members of
	// an access group Identity Center lacks in it, although it has them as users.
	Arriving bool
	Lacking  map[string]int
	// MadeByHand are access groups that Identity Center has, and that came from no other directory.
	MadeByHand []string
	// Existing are the IDs of the groups of Identity Center by name.
	Existing map[string]string
}

// Single is a person whom the spec names. User is nil where Okta shows nobody of that login; Covered says that they are assigned
// already, or come with the assignment group.
type Single struct {
	Login   string
	User    *model.User
	Covered bool
}

// Push is an access group.
type Push struct {
	Name    string
	Group   model.Group
	Trouble *onboarding.Trouble
}

// connectable says whether Okta's API knows the app's kind of connection.
func connectable(current model.Connection) bool {
	return current.AuthScheme == "TOKEN" && (current.Status == connectionEnabled || current.Status == "DISABLED")
}

const connectionEnabled = "ENABLED"

// waits says whether Okta has not begun to provision somebody who is assigned: it does not catch up on people assigned before
// provisioning was on.
func waits(user model.AppUser) bool {
	return user.ExternalID == "" && (user.Status == userActive || user.SyncState == syncError)
}

// assigned says whether the assignment group is assigned to the app.
func (s State) assigned() bool { return slices.Contains(s.AppGroups, s.Group.ID) }

// behind are those for whose sake an assigned group is assigned once more.
func (s State) behind() []model.User {
	if !s.assigned() {
		return nil
	}
	var behind []model.User
	for _, user := range s.Waiting {
		if !s.InVain[user.Login] {
			behind = append(behind, user)
		}
	}
	return behind
}

// toAssign are the single people who come neither with the group nor are assigned already; unknown are logins that Okta does
// not show.
func (s State) toAssign() (people []model.User, unknown []string) {
	seen := map[string]bool{}
	for _, single := range s.Singles {
		switch {
		case single.User == nil:
			unknown = append(unknown, single.Login)
		case single.Covered || seen[single.User.ID] || single.User.Status == userDeprovisioned:
		default:
			seen[single.User.ID] = true
			people = append(people, *single.User)
		}
	}
	return people, unknown
}

// Judge says what is right about provisioning, assignments and pushes.
func Judge(spec onboarding.Spec, s State) []onboarding.Verdict {
	verdicts := slices.Concat(s.judgeProvisioning(spec), s.judgeAssignment(spec), s.judgePushes(spec))
	for i, verdict := range verdicts {
		if verdict.Field != "" {
			verdicts[i].Reason = fmt.Sprintf("%s is %q, and %s.", verdict.Field, verdict.Want, map[onboarding.VerdictKind]string{
				onboarding.VerdictKeep: "the app has it", onboarding.VerdictCreate: "the app does not have it yet",
				onboarding.VerdictUnknown: "it is not known whether the app has it",
			}[verdict.Kind])
		}
	}
	return verdicts
}

func (s State) judgeProvisioning(spec onboarding.Spec) []onboarding.Verdict {
	judged := func(kind onboarding.VerdictKind, remedy, reason string) onboarding.Verdict {
		return verdict(onboarding.ResourceProvisioning, kind, spec.Okta.AppLabel, CodeProvisioning, remedy, "%s", reason)
	}
	switch {
	case s.Undecided:
		return []onboarding.Verdict{judged(onboarding.VerdictUnknown, "",
			"It is not known yet which Okta app the run uses, so that provisioning, assignments and pushes were not looked at.")}
	case s.App != nil && s.App.Provisions():
		return []onboarding.Verdict{judged(onboarding.VerdictKeep, "", "Provisioning is switched on.")}
	case s.ConnectionTrouble != nil:
		return []onboarding.Verdict{s.ConnectionTrouble.As(onboarding.VerdictBlocked, onboarding.ResourceProvisioning, spec.Okta.AppLabel,
			CodeProvisioning)}
	}
	enable := judged(onboarding.VerdictAsk, asked,
		"Automatic provisioning has to be enabled in the Identity Center console, which shows the SCIM endpoint and the token; "+
			"no API can do that.")
	if connectable(s.Connection) {
		return []onboarding.Verdict{enable, judged(onboarding.VerdictChange, "", "The app is connected through Okta's API.")}
	}
	return []onboarding.Verdict{enable, judged(onboarding.VerdictAsk, asked,
		"Provisioning has to be switched on in the Okta console, as Okta's API cannot do it.")}
}

func (s State) judgeAssignment(spec onboarding.Spec) []onboarding.Verdict {
	name := spec.Okta.AssignmentGroup
	field := onboarding.Verdict{
		Resource: onboarding.ResourceGroupAssignment, Subject: name, Field: fieldAssignmentGroup, Kind: onboarding.VerdictUnknown,
		Code: CodeGroupAssignment, Want: name,
	}
	if s.Undecided {
		return []onboarding.Verdict{field}
	}
	if s.GroupTrouble != nil { // why, and what to do, is said with the people in it
		return []onboarding.Verdict{verdict(onboarding.ResourceGroupAssignment, onboarding.VerdictUnknown, name, CodeGroupAssignment, "",
			"The Okta group %q could not be read, so that it is not known whether it is assigned to the app.", name), field}
	}
	for _, trouble := range []*onboarding.Trouble{s.AppGroupsTrouble, s.PeopleTrouble} {
		if trouble != nil {
			return []onboarding.Verdict{trouble.As(onboarding.VerdictBlocked, onboarding.ResourceGroupAssignment, name,
				CodeAssignmentGroup), field}
		}
	}
	judged := func(kind onboarding.VerdictKind, format string) onboarding.Verdict {
		return verdict(onboarding.ResourceGroupAssignment, kind, name, CodeGroupAssignment, "", format, name)
	}
	var verdicts []onboarding.Verdict
	field.Have, field.Kind = name, onboarding.VerdictKeep
	switch {
	case !s.assigned():
		field.Have, field.Kind = "", onboarding.VerdictCreate
		verdicts = append(verdicts, judged(onboarding.VerdictCreate,
			"The Okta group %q is assigned to the app, which brings its members to Identity Center."), field)
	case len(s.behind()) > 0:
		verdicts = append(verdicts, judged(onboarding.VerdictChange,
			"The Okta group %q is assigned once more, because Okta has not provisioned everybody."), field)
	default:
		verdicts = append(verdicts, judged(onboarding.VerdictKeep, "The Okta group %q is assigned to the app."), field)
	}
	people, _ := s.toAssign()
	for _, user := range people {
		verdicts = append(verdicts, verdict(onboarding.ResourceAppAssignment, onboarding.VerdictCreate, user.Login, CodeAppAssignment, "",
			"%s is not in the group %q, and is assigned to the app alone.", user.Login, name))
	}
	return verdicts
}

func verdict(resource onboarding.ResourceKind, kind onboarding.VerdictKind, subject, code, remedy, format string,
	args ...any) onboarding.Verdict {
	return onboarding.Verdict{Resource: resource, Subject: subject, Kind: kind, Code: code, Reason: fmt.Sprintf(format, args...),
		Remedy: remedy}
}
