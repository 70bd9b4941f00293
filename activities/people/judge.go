package people

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// The codes of verdicts.
const (
	codeAssignmentGroup = "okta-assignment-group"
	codeAccessGroup     = "okta-access-group"
	codeWithoutApp      = "people-without-app"
	codePeople          = "people"
	codeMadeByHand      = "people-made-by-hand"
	codeTakenOver       = "user-taken-over"
	codeEverybody       = "people-who-will-not-get-in"
	codeGroupByHand     = "group-made-by-hand"
	codeProfileNames    = "profile-names"
	codeRoleConflicts   = "role-conflicts"
)

// The fields of the spec that are judged here.
const (
	fieldAssignmentGroup = "okta.assignmentGroup"
	fieldGroup           = "access.groups[].name"
	fieldLogin           = "access.people[].login"
)

const (
	// hiddenMembers and joinLater are what to do about groups that look empty.
	hiddenMembers = "If there are some, let the worker's Okta role see them: Okta answers with an empty list, and no error, where it may " +
		"not. Then retry."
	joinLater = "Put people into it in Okta; they are picked up while the run goes on."
)

// Judge says of the Okta groups of the spec and of the people in them what is known to keep somebody from signing in.
func Judge(spec onboarding.Spec, state State) []onboarding.Verdict {
	j := &judge{spec: spec, State: state}
	j.groups()
	j.singles()
	j.withoutApp()
	j.lint()
	j.madeByHand()
	j.everybody()
	j.namesAndRoles()
	return j.verdicts
}

// Outlook is who of the people will be in Identity Center once Okta has brought everybody it can.
func (s State) Outlook(spec onboarding.Spec) Outlook { return Foresee(s.input(spec)) }

func (s State) input(spec onboarding.Spec) Input {
	return Input{
		People: s.People, Users: s.Users, Groups: s.Directory, Failures: s.Failures, AssignmentGroup: spec.Okta.AssignmentGroup, Now: s.Now,
	}
}

type judge struct {
	State
	spec     onboarding.Spec
	verdicts []onboarding.Verdict
}

func (j *judge) say(kind onboarding.VerdictKind, resource onboarding.ResourceKind, code, remedy, format string,
	args ...any) *onboarding.Verdict {
	j.verdicts = append(j.verdicts, onboarding.Verdict{
		Kind: kind, Resource: resource, Code: code, Remedy: remedy, Reason: fmt.Sprintf(format, args...),
	})
	return &j.verdicts[len(j.verdicts)-1]
}

func (j *judge) people(kind onboarding.VerdictKind, code, remedy, format string, args ...any) *onboarding.Verdict {
	return j.say(kind, onboarding.ResourcePerson, code, remedy, format, args...)
}

func (j *judge) trouble(trouble *onboarding.Trouble, kind onboarding.VerdictKind, resource onboarding.ResourceKind, subject,
	code string) *onboarding.Verdict {
	j.verdicts = append(j.verdicts, trouble.As(kind, resource, subject, code))
	return &j.verdicts[len(j.verdicts)-1]
}

// groups says whether the Okta groups are there, and have members.
func (j *judge) groups() {
	// of completes the verdict about a group, and adds that about the field that names it.
	of := func(verdict *onboarding.Verdict, group OktaGroup, path string) {
		verdict.Subject, verdict.Want = group.Name, group.Name
		if group.ID != "" {
			verdict.Have = group.Name
		}
		if verdict.Kind == onboarding.VerdictBlocked {
			verdict.Field = path
			return
		}
		field := *verdict
		field.Kind, field.Field, field.Remedy = onboarding.VerdictKeep, path, ""
		field.Reason = fmt.Sprintf("Okta has the group %q, which %s names.", group.Name, path)
		j.verdicts = append(j.verdicts, field)
	}
	about := func(group OktaGroup, resource onboarding.ResourceKind, code, field string) {
		switch {
		case group.Trouble != nil:
			of(j.trouble(group.Trouble, onboarding.VerdictBlocked, resource, "", code), group, field)
		case group.More:
			of(j.say(onboarding.VerdictKeep, resource, code, "",
				"%q has more than %d members; the first of them were looked at, and all will be before they get access.", group.Name, j.Limit),
				group, field)
		case len(group.Members) > 0:
			of(j.say(onboarding.VerdictKeep, resource, code, "", "%q has %d members.", group.Name, len(group.Members)), group, field)
		case code == codeAssignmentGroup && len(j.spec.Access.People) == 0:
			of(j.say(onboarding.VerdictBlocked, resource, code, "Put people into it in Okta. "+hiddenMembers,
				"The Okta group %q has no members that the worker's credentials can see, so that nobody would be provisioned.", group.Name), group,
				field)
		case code == codeAssignmentGroup || !j.nobodyAtAll():
			of(j.say(onboarding.VerdictWarning, resource, code, joinLater,
				"The Okta group %q has no members that the worker's credentials can see.", group.Name), group, field)
		default: // said once, of all of them
			of(j.say(onboarding.VerdictKeep, resource, code, "", "%q is there.", group.Name), group, field)
		}
	}
	about(j.Assignment, onboarding.ResourceGroupAssignment, codeAssignmentGroup, fieldAssignmentGroup)
	for _, group := range j.Groups {
		about(group, onboarding.ResourceGroupPush, codeAccessGroup, fieldGroup)
		if group.ID != "" && group.ID == j.Assignment.ID {
			of(j.say(onboarding.VerdictBlocked, onboarding.ResourceGroupPush, codeAccessGroup,
				"Use a second group for one of them, then retry: Okta does not support one group for assignment and push.",
				"The Okta group %q is the assignment group and an access group.", group.Name), group, fieldGroup)
		}
	}
	if j.nobodyAtAll() {
		j.say(onboarding.VerdictBlocked, onboarding.ResourceGroupPush, codeAccessGroup, "Put people into one of them in Okta. "+hiddenMembers,
			"None of the access groups has a member that the worker's credentials can see, so that nobody could sign in.")
	}
}

// nobodyAtAll says that all access groups are there, that none has a member, and that the spec names nobody besides.
func (j *judge) nobodyAtAll() bool {
	return len(j.Groups) > 0 && len(j.spec.Access.People) == 0 && !slices.ContainsFunc(j.Groups, func(group OktaGroup) bool {
		return group.ID == "" || group.Trouble != nil || len(group.Members) > 0
	})
}

// singles says whether Okta knows the single people of the spec.
func (j *judge) singles() {
	found := len(j.spec.Access.People) - len(j.Unknown) - len(j.Unread)
	if found > 0 {
		verdict := j.people(onboarding.VerdictKeep, codePeople, "", "Okta knows %s whom the spec names.", persons(found, "", ""))
		verdict.Reason = strings.Replace(verdict.Reason, "  ", " ", 1)
		verdict.Field, verdict.Count = fieldLogin, found
	}
	for _, login := range j.Unknown {
		verdict := j.people(onboarding.VerdictWarning, codePeople,
			"Correct access.people in the spec, create the person in Okta, or let the worker's Okta role see them.",
			"Okta shows nobody with the login %q.", login)
		verdict.Subject, verdict.Field, verdict.Want = login, fieldLogin, login
	}
	for _, login := range slices.Sorted(maps.Keys(j.Unread)) {
		verdict := j.trouble(j.Unread[login], onboarding.VerdictWarning, onboarding.ResourcePerson, login, codePeople)
		verdict.Field, verdict.Want = fieldLogin, login
	}
}

// withoutApp finds people who should be able to sign in, and are in no group that is assigned to the app.
func (j *judge) withoutApp() {
	if len(j.Assignment.Members) == 0 || j.Assignment.More {
		return // nobody can be said to be missing
	}
	var without []string
	for _, person := range j.People {
		if person.User != nil && !person.InAssignmentGroup && !person.Assigned() {
			without = append(without, person.Login)
		}
	}
	if len(without) > 0 {
		j.people(onboarding.VerdictWarning, codeWithoutApp,
			fmt.Sprintf("Add them to the Okta group %q, or take them out of the access groups.", j.spec.Okta.AssignmentGroup),
			"%s in an access group, but not in the assignment group, so Okta will not provision them: %s.",
			persons(len(without), "is", "are"), strings.Join(onboarding.Examples(without), ", "))
	}
}

// lint says what is known to be refused of the people in the groups, one verdict for each remedy.
func (j *judge) lint() {
	byRemedy := map[string][]Conflict{}
	for _, problem := range Lint(j.users()) {
		byRemedy[problem.Remedy] = append(byRemedy[problem.Remedy], problem)
	}
	if len(byRemedy) == 0 {
		j.people(onboarding.VerdictKeep, codePeople, "", "Nothing about the people in the groups is known to keep them out.")
	}
	for _, remedy := range slices.Sorted(maps.Keys(byRemedy)) {
		logins := map[string]bool{}
		var said []string
		for _, problem := range byRemedy[remedy] {
			logins[problem.Login] = true
			said = append(said, fmt.Sprintf("%s (%s)", cmp.Or(problem.Login, "somebody without login"), problem.Reason))
		}
		j.people(onboarding.VerdictWarning, codePeople, remedy+".", "%s not be able to sign in as they are: %s.",
			persons(len(logins), "may", "may"), strings.Join(onboarding.Examples(said), "; "))
	}
}

// users are all people of Okta that were read, those of the assignment group among them; some may be there twice.
func (j *judge) users() []model.User {
	users := slices.Clone(j.Assignment.Members)
	for _, person := range j.People {
		if person.User != nil {
			users = append(users, *person.User)
		}
	}
	return users
}

// madeByHand finds users in Identity Center who stand in the way of people from Okta: SCIM refuses to create a user whose name
// or address is taken ("Refused to create a new, duplicate resource").
func (j *judge) madeByHand() {
	if j.GroupTrouble != nil {
		j.trouble(j.GroupTrouble, onboarding.VerdictBlocked, onboarding.ResourceGroupPush, "", codeGroupByHand)
	}
	if j.DirectoryTrouble != nil {
		j.trouble(j.DirectoryTrouble, onboarding.VerdictBlocked, onboarding.ResourcePerson, "", codeMadeByHand)
		return
	}
	if j.IdentityStoreID == "" || len(j.People) == 0 {
		return
	}
	wanted, exact := map[string]bool{}, map[string]bool{}
	for _, person := range j.People {
		if person.User != nil {
			exact[person.UserName()] = true
			wanted[strings.ToLower(person.User.Login)], wanted[strings.ToLower(person.User.Email)] = true, true
		}
	}
	delete(wanted, "")
	var inTheWay, takenOver []string
	for _, user := range j.Users {
		if len(user.ExternalIDs) == 0 && exact[user.UserName] {
			takenOver = append(takenOver, user.UserName)
			continue
		}
		taken := wanted[strings.ToLower(user.UserName)] || slices.ContainsFunc(user.Emails,
			func(email string) bool { return wanted[strings.ToLower(email)] })
		if len(user.ExternalIDs) == 0 && taken {
			inTheWay = append(inTheWay, user.UserName)
		}
	}
	if slices.Sort(takenOver); len(takenOver) > 0 {
		j.people(onboarding.VerdictWarning, codeTakenOver,
			"If each is the same person, nothing is to be done unless the run misses them. If not, delete that user in the IAM Identity Center "+
				"console (Users) before provisioning is switched on.",
			"%s made by hand in Identity Center under the exact Okta login: %s. Okta takes over a user whom it finds, with everything that is "+
				"assigned to it; AWS has been seen to refuse such people as duplicates, too.",
			persons(len(takenOver), "was", "were"), strings.Join(onboarding.Examples(takenOver), ", "))
	}
	if slices.Sort(inTheWay); len(inTheWay) > 0 {
		j.people(onboarding.VerdictWarning, codeMadeByHand,
			"Delete these users in the IAM Identity Center console (Users) before provisioning is switched on; Okta then makes them anew. Their "+
				"assignments go with them.",
			"%s made by hand in Identity Center, with the user name or address of somebody in Okta: %s.", persons(len(inTheWay), "was", "were"),
			strings.Join(onboarding.Examples(inTheWay), ", "))
	}
	if len(inTheWay) == 0 {
		j.people(onboarding.VerdictKeep, codeMadeByHand, "", "No user in Identity Center stands in the way of anybody from Okta.")
	}
}

// everybody foresees who will be able to sign in.
func (j *judge) everybody() {
	switch {
	case j.AppTrouble != nil:
		j.trouble(j.AppTrouble, onboarding.VerdictBlocked, onboarding.ResourcePerson, "", codeEverybody)
		return
	case len(j.People) == 0:
		return
	}
	outlook := j.Outlook(j.spec)
	if outlook.Lost() == 0 {
		j.people(onboarding.VerdictKeep, codeEverybody, "", "Nothing is known to keep anybody of %d out.", len(j.People))
		return
	}
	if j.FileTrouble != nil {
		j.trouble(j.FileTrouble, onboarding.VerdictWarning, onboarding.ResourcePerson, "", codeEverybody)
	}
	remedy := "Repair what is said of each of them in Okta; who cannot be repaired keeps nobody else waiting."
	if j.File != "" {
		remedy = "Each is in " + j.File + " (on the worker) with the reason and what to do."
	}
	j.people(onboarding.VerdictWarning, codeEverybody, remedy, "%d of %d people will not be able to sign in as things are: %s.",
		outlook.Lost(), len(j.People), strings.Join(onboarding.Examples(outlook.said()), "; "))
}

// said names those who will not be there, each with the reason.
func (o Outlook) said() []string {
	var texts []string
	for _, missing := range o.Missing {
		texts = append(texts, fmt.Sprintf("%s (%s)", cmp.Or(missing.Person, "somebody without login"), missing.Reason))
	}
	for _, contest := range o.Contests {
		who := "all but one of " + strings.Join(onboarding.Examples(contest), ", ")
		if len(contest) == 2 {
			who = "either " + contest[0] + " or " + contest[1]
		}
		texts = append(texts, who+" (they share a login or an e-mail address, and Identity Center takes the first)")
	}
	return texts
}

// namesAndRoles tells of profile names that would be the same, and of people for whom several execution roles are asked for.
// Neither keeps anybody out.
func (j *judge) namesAndRoles() {
	singles := map[string]string{}
	for _, person := range j.spec.Access.People {
		singles[strings.ToLower(person.Login)] = person.ExecutionRole
	}
	var logins, conflicts, hashed []string
	for _, person := range j.People {
		if person.User == nil {
			continue
		}
		logins = append(logins, person.Login)
		var claims Claims
		if role, single := singles[strings.ToLower(person.Login)]; single {
			claims.Add(ViaPerson, cmp.Or(role, j.spec.Domain.ExecutionRole))
		}
		for _, group := range j.spec.Access.Groups {
			if slices.Contains(person.Groups, group.Name) {
				claims.Add(group.Name, cmp.Or(group.ExecutionRole, j.spec.Domain.ExecutionRole))
			}
		}
		if claims.Conflict != "" {
			conflicts = append(conflicts, person.Login)
		}
	}
	names := profile.Names(logins, nil)
	for _, login := range logins {
		if profile.Hashed(login, names[login]) {
			hashed = append(hashed, fmt.Sprintf("%s (%s)", login, names[login]))
		}
	}
	if len(conflicts) > 0 {
		j.people(onboarding.VerdictKeep, codeRoleConflicts, "",
			"%s in groups that ask for different execution roles; the group that the spec lists first counts: %s.",
			persons(len(conflicts), "is", "are"), strings.Join(onboarding.Examples(conflicts), ", "))
	}
	if len(hashed) > 0 {
		j.people(onboarding.VerdictKeep, codeProfileNames, "",
			"%s a profile name with a hash at its end, because the plain one is somebody else's too: %s.",
			persons(len(hashed), "gets", "get"), strings.Join(onboarding.Examples(hashed), ", "))
	}
}
