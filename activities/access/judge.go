package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"studio-onboarding/activities/people"
	"studio-onboarding/onboarding"
)

// The codes of verdicts.
const (
	codeAssignment    = "studio-assignment"
	codeProfile       = "user-profile"
	codeAccess        = "studio-access"
	codeRemovalsHeld  = "removals-held"
	codeExecutionRole = "profile-execution-role"
	codeTags          = "profile-tags"
	codeGuard         = "access-guard"
	codeCanary        = "access-canary"
)

// The fields of the spec that are judged here.
const (
	fieldShare       = onboarding.FieldGuardShare
	fieldPeople      = "access.guard.people"
	fieldWindow      = "access.guard.window"
	fieldQuarantine  = "access.guard.quarantine"
	fieldCanary      = "access.canary.person"
	fieldCanaryGroup = "access.canary.group"
	fieldRollout     = "access.rollout"
	fieldProfiles    = "access.profiles"
	fieldOnRemoval   = "access.onRemoval"
	fieldGroupRole   = "access.groups[].executionRole"
	fieldPersonRole  = "access.people[].executionRole"
	fieldDefaultRole = "domain.executionRole"
	fieldTags        = "domain.tags"
)

// Judge says what a run changes of assignments and profiles: the same difference that converging makes. Of each kind and
// resource the first onboarding.MaxListed are named, and the others counted.
func Judge(spec onboarding.Spec, state State) []onboarding.Verdict {
	j := &judge{State: state, spec: spec, named: map[string]int{}, people: state.Desired.People()}
	j.canary()
	if state.Trouble != nil {
		j.verdicts = append(j.verdicts, state.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceAssignment, "", codeAccess))
		return j.verdicts
	}
	j.changes, j.has = Diff(state.Desired, state.Actual), Picks(state.Actual.Profiles)
	j.assignments()
	j.profiles()
	if j.Held != "" {
		j.note(onboarding.Verdict{
			Kind: onboarding.VerdictWarning, Resource: onboarding.ResourceAssignment, Code: codeRemovalsHeld, Reason: sentence(j.Held),
			Remedy: "Look at the groups in Okta. If these people are to go: starter sync " + j.spec.Name + " --once --consent " + j.Hold.ID,
		})
	}
	j.fields()
	return append(j.verdicts, j.counted...)
}

// canary says whether a run asks for a sign-in.
func (j *judge) canary() {
	verdict := onboarding.Verdict{
		Kind: onboarding.VerdictAsk, Resource: onboarding.ResourceSignIn, Code: codeCanary, Remedy: "Nothing to do now: the run asks for it.",
		Reason: "One person is asked to sign in by each of the three addresses: nobody with access was seen signing in since the trust was " +
			"last changed.",
	}
	switch {
	case j.SignIns == nil:
	case j.SignIns.Unreadable != nil:
		verdict = j.SignIns.Unseen()
		verdict.Resource = onboarding.ResourceSignIn
	case j.SignIns.Proven != nil:
		verdict.Kind, verdict.Remedy = onboarding.VerdictKeep, ""
		verdict.Reason = "Somebody with access was seen signing in since the trust was last changed, so that nobody is asked to."
	}
	j.verdicts = append(j.verdicts, verdict)
}

type judge struct {
	State
	spec    onboarding.Spec
	people  []Person
	changes Changes
	// has are the profiles that sign-ins use, by user name.
	has map[string]*Profile
	// named counts the named verdicts by kind and resource; counted are those that stand for the others.
	named             map[string]int
	verdicts, counted []onboarding.Verdict
}

// note keeps a verdict; of many of one kind only the first ones by name.
func (j *judge) note(verdict onboarding.Verdict) {
	key := fmt.Sprint(verdict.Kind, verdict.Resource, verdict.AfterSync)
	if j.named[key]++; j.named[key] <= onboarding.MaxListed {
		j.verdicts = append(j.verdicts, verdict)
		return
	}
	for i, more := range j.counted {
		if more.Kind == verdict.Kind && more.Resource == verdict.Resource && more.AfterSync == verdict.AfterSync {
			j.counted[i].Count++
			return
		}
	}
	j.counted = append(j.counted, onboarding.Verdict{
		Kind: verdict.Kind, Resource: verdict.Resource, Code: verdict.Code, AfterSync: verdict.AfterSync, Count: 1,
	})
}

func (j *judge) keep(resource onboarding.ResourceKind, code, reason string, count int) {
	if count > 0 {
		j.counted = append(j.counted, onboarding.Verdict{Kind: onboarding.VerdictKeep, Resource: resource, Code: code, Reason: reason,
			Count: count})
	}
}

func (j *judge) assignments() {
	note := func(kind onboarding.VerdictKind, a Assignment, reason string) {
		verdict := onboarding.Verdict{
			Kind: kind, Resource: onboarding.ResourceAssignment, Code: codeAssignment, AfterSync: people.Foreseen(a.PrincipalID),
			Subject: cmp.Or(j.Names[a.PrincipalID], a.PrincipalID), Reason: fmt.Sprintf(reason, strings.ToLower(a.Type)),
		}
		if kind == onboarding.VerdictCreate {
			verdict.Want = "assigned"
		} else {
			verdict.Have = "assigned"
		}
		j.note(verdict)
	}
	for _, a := range j.changes.Assign {
		note(onboarding.VerdictCreate, a, "The %s is assigned to the Studio application.")
	}
	for _, a := range j.changes.Revoke {
		note(onboarding.VerdictRemove, a, "The %s is assigned to the Studio application, but should have no access.")
	}
	j.keep(onboarding.ResourceAssignment, codeAssignment, "Assigned to the Studio application.",
		len(j.Desired.Assignments())-len(j.changes.Assign))
}

// profiles tells what becomes of profiles. What changes about one is one verdict.
func (j *judge) profiles() {
	note := func(kind onboarding.VerdictKind, p Profile, have, want, reason string) {
		j.note(onboarding.Verdict{
			Kind: kind, Resource: onboarding.ResourceProfile, Code: codeProfile, Subject: p.UserName, Have: have, Want: want, Reason: reason,
			AfterSync: people.Foreseen(j.Actual.UserIDs[p.UserName]),
		})
	}
	for _, p := range j.changes.Create {
		want := p.Name
		if p.Role != "" {
			want += ", " + people.RoleName(p.Role)
		}
		note(onboarding.VerdictCreate, p, "", want, "The person has no user profile.")
	}
	changed := map[string]bool{}
	lacksTags := map[string]bool{}
	for _, p := range j.changes.Retag {
		lacksTags[p.UserName] = true
	}
	for _, p := range j.changes.SetRole {
		changed[p.UserName] = true
		reason := fmt.Sprintf("The profile %s gets the execution role %s.", p.Name, people.RoleName(p.Role))
		if lacksTags[p.UserName] {
			reason += " It also gets the tags of the spec."
		}
		note(onboarding.VerdictChange, p, people.RoleName(j.roleOf(j.has[p.UserName])), people.RoleName(p.Role), reason)
	}
	for _, p := range j.changes.Retag {
		if !changed[p.UserName] {
			changed[p.UserName] = true
			note(onboarding.VerdictChange, p, "other tags, or none", tagsText(j.spec.Domain.Tags),
				fmt.Sprintf("The profile %s lacks tags of the spec.", p.Name))
		}
	}
	for _, p := range j.changes.Remake {
		changed[p.UserName] = true
		note(onboarding.VerdictChange, p, p.Status, "InService", fmt.Sprintf("The profile %s is %s; it is deleted and made again.", p.Name,
			p.Status))
	}
	for _, p := range j.changes.Delete {
		note(onboarding.VerdictRemove, p, p.Name, "",
			fmt.Sprintf("The person should have no access any more; the profile %s is deleted, unless somebody works with it.", p.Name))
	}
	kept := 0
	for _, person := range j.people {
		if j.has[person.UserName] != nil && !changed[person.UserName] {
			kept++
		}
	}
	j.keep(onboarding.ResourceProfile, codeProfile, "The profile is as it should be.", kept)
}

// roleOf is the execution role of a profile.
func (j *judge) roleOf(p *Profile) string {
	if p == nil {
		return ""
	}
	return cmp.Or(p.Role, j.Desired.DefaultRole)
}

// fields compares the fields of the spec with what is there.
func (j *judge) fields() {
	j.fieldProfiles()
	j.fieldOnRemoval()
	j.fieldGuard()
	j.fieldCanary()
	j.fieldRoles()
	j.fieldTags()
}

func (j *judge) field(kind onboarding.VerdictKind, field, code, subject, have, want, format string, args ...any) {
	j.verdicts = append(j.verdicts, onboarding.Verdict{
		Kind: kind, Resource: onboarding.ResourceProfile, Field: field, Code: code, Subject: subject, Have: have, Want: want,
		Reason: fmt.Sprintf(format, args...),
	})
}

func (j *judge) fieldProfiles() {
	want := cmp.Or(j.spec.Access.Profiles, onboarding.ProfilesEager)
	if made := len(j.changes.Create); made > 0 {
		j.field(onboarding.VerdictCreate, fieldProfiles, codeProfile, "",
			fmt.Sprintf("%d of %d people have a profile", len(j.people)-made, len(j.people)), want,
			"%d people have no user profile yet.", made)
		return
	}
	reason := "Everybody has a user profile."
	if want == onboarding.ProfilesFirstSignIn {
		reason = "Studio makes each profile when that person first signs in."
	}
	j.field(onboarding.VerdictKeep, fieldProfiles, codeProfile, "", want, want, "%s", reason)
}

func (j *judge) fieldOnRemoval() {
	want := cmp.Or(j.spec.Access.OnRemoval, onboarding.RemovalRevoke)
	losing := len(j.changes.Revoke) + len(j.changes.Delete)
	switch {
	case losing > 0:
		j.field(onboarding.VerdictRemove, fieldOnRemoval, codeAccess, "", fmt.Sprintf("%d assignments and profiles of others", losing), want,
			"%d assignments and %d profiles of people who should have no access are removed.", len(j.changes.Revoke), len(j.changes.Delete))
	case len(j.changes.Leavers) > 0:
		j.field(onboarding.VerdictKeep, fieldOnRemoval, codeAccess, "", want, want,
			"%d people who should have no access any more keep their profile.", len(j.changes.Leavers))
	default:
		j.field(onboarding.VerdictKeep, fieldOnRemoval, codeAccess, "", want, want, "Nobody has access who should have none.")
	}
}

// fieldGuard says by which rules people may lose access.
func (j *judge) fieldGuard() {
	guard, r := j.spec.Access.Guard.Filled(), j.Roster
	say := func(field, want, format string, args ...any) {
		j.field(onboarding.VerdictKeep, field, codeGuard, "", want, want, format, args...)
	}
	say(fieldShare, fmt.Sprintf("%d %%", guard.Share), "Nobody is asked as long as at most %d %% of the people lose access, or leave a "+
		"group, within %s: %d people are agreed, and %d have lost access.", guard.Share, guard.Window, r.Agreed, r.Left)
	say(fieldPeople, fmt.Sprint(guard.People), "Nobody is asked about fewer than %d people.", guard.People)
	say(fieldWindow, guard.Window.String(), "Who loses access is counted over %s.", guard.Window)
	want := guard.Quarantine.String()
	if cmp.Or(j.spec.Access.OnRemoval, onboarding.RemovalRevoke) != onboarding.RemovalDeleteProfile {
		say(fieldQuarantine, want, "No profile is deleted, as access.onRemoval is not delete-profile.")
		return
	}
	say(fieldQuarantine, want, "Profiles of people who lost access are kept for %s: %d are.", want, r.Quarantined)
}

// fieldCanary says who signs in first, and when the others are let in. Nothing in the world is compared with it.
func (j *judge) fieldCanary() {
	var canary onboarding.CanarySpec
	if j.spec.Access.Canary != nil {
		canary = *j.spec.Access.Canary
	}
	say := func(field, want, format string, args ...any) {
		j.field(onboarding.VerdictKeep, field, codeCanary, "", want, want, format, args...)
	}
	person, group := "Whoever has access may sign in first.", "Whoever has access may sign in first."
	switch {
	case canary.Person != "":
		person, group = canary.Person+" signs in first.", "One person signs in first."
	case canary.Group != "":
		person, group = "Somebody of a group signs in first.", "Somebody in the group "+canary.Group+" signs in first."
	}
	say(fieldCanary, canary.Person, "%s", person)
	say(fieldCanaryGroup, canary.Group, "%s", group)
	rollout := cmp.Or(j.spec.Access.Rollout, onboarding.RolloutEverybody)
	if rollout == onboarding.RolloutCanaryFirst {
		say(fieldRollout, rollout, "The canary gets access first, and the others once the canary was seen signing in.")
		return
	}
	say(fieldRollout, rollout, "Everybody gets access at once; then the canary signs in.")
}

// fieldRoles compares the execution roles of the domain, of each group and of single people with those of the profiles that
// they are for.
func (j *judge) fieldRoles() {
	wrong := map[string]map[string]int{} // by what the role comes from: the roles that profiles have instead
	missing := map[string]int{}
	for _, p := range j.changes.SetRole {
		count(wrong, j.via(p.UserName), people.RoleName(j.roleOf(j.has[p.UserName])))
	}
	for _, p := range j.changes.Create {
		missing[j.via(p.UserName)]++
	}
	compare := func(field, subject, via, role string) {
		want := people.RoleName(role)
		switch others := wrong[via]; {
		case len(others) > 0:
			total := 0
			for _, n := range others {
				total += n
			}
			j.field(onboarding.VerdictChange, field, codeExecutionRole, subject, strings.Join(slices.Sorted(maps.Keys(others)), ", "), want,
				"%d profiles get the execution role %s.", total, want)
		case missing[via] > 0:
			j.field(onboarding.VerdictCreate, field, codeExecutionRole, subject, "", want, "%d profiles are made with the execution role %s.",
				missing[via], want)
		default:
			j.field(onboarding.VerdictKeep, field, codeExecutionRole, subject, want, want, "All profiles have the execution role %s.", want)
		}
	}
	// open is said of a list of which no entry names a role, so that none is compared.
	open := func(field, instead string) {
		j.field(onboarding.VerdictKeep, field, codeExecutionRole, "", "", "", "The spec leaves %s open: %s counts.", field, instead)
	}
	compare(fieldDefaultRole, "", "", j.Desired.DefaultRole)
	named := slices.ContainsFunc(j.spec.Access.Groups, func(group onboarding.GroupAccessSpec) bool { return group.ExecutionRole != "" })
	if len(j.spec.Access.Groups) > 0 && !named {
		open(fieldGroupRole, "the domain's role")
	}
	for _, group := range j.spec.Access.Groups {
		if group.ExecutionRole != "" {
			compare(fieldGroupRole, group.Name, group.Name, j.role(group.ExecutionRole))
		}
	}
	roles := map[string]bool{}
	for _, person := range j.spec.Access.People {
		if role := j.role(person.ExecutionRole); person.ExecutionRole != "" && !roles[role] {
			roles[role] = true
			compare(fieldPersonRole, "", people.ViaPerson+" "+role, role)
		}
	}
	if len(j.spec.Access.People) > 0 && len(roles) == 0 {
		open(fieldPersonRole, "the role of their group, or else the domain's,")
	}
}

func count(of map[string]map[string]int, key, what string) {
	if of[key] == nil {
		of[key] = map[string]int{}
	}
	of[key][what]++
}

// via is what a person's role comes from: a group, their own entry, or the domain, which is "".
func (j *judge) via(userName string) string {
	i, found := slices.BinarySearchFunc(j.people, userName, func(p Person, name string) int { return strings.Compare(p.UserName, name) })
	if !found || j.people[i].Role == j.Desired.DefaultRole {
		return ""
	}
	if via := j.people[i].Via[0]; via != people.ViaPerson {
		return via
	}
	return people.ViaPerson + " " + j.people[i].Role
}

// role is the ARN of what the spec calls a role.
func (j *judge) role(wanted string) string {
	arn, _ := Input{Roles: j.Roles}.roleARN(wanted)
	return cmp.Or(arn, wanted)
}

func (j *judge) fieldTags() {
	want := tagsText(j.spec.Domain.Tags)
	switch lacking := len(j.changes.Retag); {
	case lacking > 0:
		j.field(onboarding.VerdictChange, fieldTags, codeTags, "user profiles", fmt.Sprintf("%d profiles lack some", lacking), want,
			"%d profiles get the tags of the spec; tags that the spec does not name stay.", lacking)
	case len(j.spec.Domain.Tags) == 0:
		j.field(onboarding.VerdictKeep, fieldTags, codeTags, "user profiles", "", "", "The spec asks for no tags.")
	default:
		j.field(onboarding.VerdictKeep, fieldTags, codeTags, "user profiles", want, want, "The profiles have the tags of the spec.")
	}
}

func tagsText(tags map[string]string) string {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		texts = append(texts, key+"="+tags[key])
	}
	return strings.Join(texts, ", ")
}

// sentence makes a sentence of a text that begins in lower case and has no full stop.
func sentence(s string) string {
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
