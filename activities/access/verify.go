package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// VerifyAccess reads everything back and changes nothing: for each person who should be able to sign in, whether Okta lets them
// into the app, whether they are enabled in Identity Center under the name that Okta sends, whether they are assigned, by
// themselves or by a group, and whether their profile is InService with the right role. The trust between the app and Identity
// Center, and the Studio application, are judged for all of them. Who passes all of it is ready, with a grade; of
// everybody else it says why not and what to do. Everybody is in a list in the store, and the result names some.
//
// Whose profile it is, and with which role, comes from an earlier look where the profile has not changed since.
func (x *Activities) VerifyAccess(ctx context.Context, in Input) (VerifyResult, error) {
	progress := provider.NewProgress(ctx, onboarding.StepVerify, "profiles read back")
	a, err := x.open(ctx, in, progress)
	if err != nil {
		return VerifyResult{}, err
	}
	defer a.memory.flush(ctx)
	var wanted []people.Person
	var view snapshot
	var found listing
	var same terms
	err = provider.SideBySide(ctx, func(ctx context.Context) (err error) {
		wanted, err = x.oktaPeople(ctx, in)
		return err
	}, func(ctx context.Context) (err error) {
		same, err = x.through(ctx, in)
		return err
	}, func(ctx context.Context) (err error) {
		view, err = a.look(ctx)
		return err
	}, func(ctx context.Context) (err error) {
		found, err = a.list(ctx, progress.At)
		return err
	}, a.readRoster)
	if err != nil {
		return VerifyResult{}, err
	}
	if in.FollowOkta {
		view = view.follow(wanted)
	}
	// Nobody is waited for here: without Settle, whoever is not there is missing.
	compared, err := people.CompareWithLog(ctx, x.Okta, in.AppID, people.Input{
		People: wanted, Users: view.users, Groups: view.groups, AssignmentGroup: in.AssignmentGroup, Now: time.Now(),
	})
	if err != nil {
		return VerifyResult{}, err
	}
	people.ForgetCompared(wanted, view.byName)
	actual, err := a.complete(ctx, view, found, nil)
	if err != nil {
		return VerifyResult{}, err
	}
	guard, err := a.guard(ctx, x.Okta, x.now(), &view, actual)
	if err != nil {
		return VerifyResult{}, err
	}
	a.memory.save(ctx)
	a.memory.release()
	agreed := guard.state()
	guard.Roster.People = nil // there may be many, and nobody asks for them any more
	v := newVerification(same, view, actual, compared, guard)
	if v.failed, err = x.givenUp(ctx, in.Run); err != nil {
		return VerifyResult{}, err
	}
	if err := v.readForeignGroups(ctx, a); err != nil {
		return VerifyResult{}, err
	}
	list, err := x.People.SavePeople(ctx, in.Run, func(yield func(onboarding.PersonRecord) bool) {
		for _, person := range wanted {
			if !yield(v.check(person)) {
				return
			}
		}
	})
	if err != nil {
		return VerifyResult{}, storeTrouble("list of people", "written", err)
	}
	v.noticeOthers()
	if in.RecordChanges {
		if err := v.noticeRunning(ctx, a); err != nil {
			return VerifyResult{}, err
		}
	}
	result := VerifyResult{
		People: v.people, Groups: v.groupAccess(), Exceptions: v.exceptions.Listed, ExceptionsTotal: v.exceptions.Total,
		Notices: v.notices.Listed, Findings: same.findings(), PeopleFile: list.Address, List: list, Roster: agreed,
		Absent: compared.Count(people.CodeDeletedThere),
	}
	if in.RecordChanges {
		err = v.report(ctx, x, in.Run, actual, &result)
		if in.Acting && (result.Changes.Total > 0 || len(result.Stale) > 0) {
			result.Exceptions, result.Notices = nil, nil
		}
	}
	return result, err
}

// verification is what was read back, indexed, with what was found so far.
type verification struct {
	terms
	view     snapshot
	wanted   []Person // sorted by user name
	profiles map[string]*Profile
	assigned map[Assignment]bool
	// through are the groups that are assigned to the application.
	through []assignedGroup
	missing map[string]people.Problem // who is not in Identity Center, by login
	changes Changes
	guard   guarded
	// quarantine is until when profiles of people without access are kept, by user name.
	quarantine map[string]time.Time
	// failed are those for whom making access right failed for good, by user name.
	failed map[string]onboarding.PersonException
	// foreign are principals that are assigned although the spec does not name them.
	foreign []Assignment
	// groupNames are the names of foreign groups, foreignUsers those of foreign users, by ID.
	groupNames, foreignUsers map[string]string

	// others are the user names that have something left of access, and whether it is those of people who should be able to
	// sign in.
	others     map[string]bool
	people     onboarding.People
	exceptions people.Exceptions
	notices    people.Exceptions
}

// assignedGroup is a group that is assigned to the application, with its members, by user ID.
type assignedGroup struct {
	members map[string]bool
	// says how its members are assigned; one list for all of them.
	says []string
}

func newVerification(same terms, view snapshot, actual Actual, compared people.Result, guard guarded) *verification {
	v := &verification{
		terms: same, view: view, wanted: view.desired.People(), profiles: Picks(actual.Profiles), assigned: map[Assignment]bool{},
		missing: map[string]people.Problem{}, groupNames: map[string]string{}, foreignUsers: map[string]string{}, others: map[string]bool{},
		changes: Diff(view.desired, actual), guard: guard, quarantine: map[string]time.Time{},
	}
	for _, one := range guard.Roster.Quarantine {
		v.quarantine[one.Name] = one.Until
	}
	for _, m := range compared.Missing {
		if _, first := v.missing[m.Person]; !first && m.Lacks == "" {
			v.missing[m.Person] = m.Problem
		}
	}
	own := map[Assignment]bool{}
	for _, a := range view.desired.Assignments() {
		own[a] = true
	}
	for _, a := range actual.Assignments {
		v.assigned[a] = true
		if !own[a] {
			v.foreign = append(v.foreign, a)
		}
	}
	v.nameOthers()
	for _, group := range view.groups {
		if v.assigned[Assignment{PrincipalID: group.ID, Type: PrincipalGroup}] {
			v.through = append(v.through, assignedGroup{group.Members, []string{byGroup(group.Name)}})
		}
	}
	return v
}

// nameOthers finds the names of those who have something left of access without the spec naming them.
func (v *verification) nameOthers() {
	for _, leaver := range v.changes.Leavers {
		v.others[leaver.UserName] = false
	}
	for _, foreign := range v.foreign {
		v.foreignUsers[foreign.PrincipalID] = ""
	}
	if len(v.foreign) == 0 {
		return
	}
	for _, user := range v.view.users {
		if _, foreign := v.foreignUsers[user.ID]; foreign {
			v.foreignUsers[user.ID] = user.UserName
			v.others[user.UserName] = false
		}
	}
}

// person finds who should have access by the user name.
func (v *verification) person(userName string) (Person, bool) {
	i, found := slices.BinarySearchFunc(v.wanted, userName, func(p Person, name string) int { return strings.Compare(p.UserName, name) })
	if !found {
		return Person{}, false
	}
	return v.wanted[i], true
}

// readForeignGroups reads the members of groups that somebody else assigned: they let people sign in as well.
func (v *verification) readForeignGroups(ctx context.Context, a *domainAccess) error {
	for _, foreign := range v.foreign {
		if foreign.Type != PrincipalGroup {
			continue
		}
		members, err := a.store.Members(ctx, foreign.PrincipalID)
		if err != nil {
			return err
		}
		if len(members) == 0 {
			continue
		}
		name, err := a.store.GroupName(ctx, foreign.PrincipalID)
		if err != nil {
			return err
		}
		v.groupNames[foreign.PrincipalID] = name
		v.through = append(v.through, assignedGroup{members, []string{byGroup(name)}})
	}
	return nil
}

// check decides about one person.
func (v *verification) check(person people.Person) onboarding.PersonRecord {
	userName := person.UserName()
	if _, asked := v.others[userName]; asked {
		v.others[userName] = true
	}
	c := chain{terms: v.terms, person: person}
	if problem, missing := v.missing[person.Login]; missing {
		c.problem = &problem
	}
	if user, there := v.view.named(userName); there {
		c.user, c.lacks, c.through = user, v.view.lacks(person, user.ID), v.assignedThrough(user.ID)
	}
	if pick := v.profiles[userName]; pick != nil {
		c.profile = *pick
	}
	c.wanted, _ = v.person(userName)
	if failed, ok := v.failed[userName]; ok {
		c.failed = &failed
	}
	record := c.record()
	v.tally(&c, record)
	if !record.Ready {
		v.exceptions.Add(record.Person, people.Problem{Code: record.Code, Reason: record.Reason, Remedy: record.Remedy})
		return record
	}
	for _, notice := range c.notices() {
		v.notices.Add(person.Login, notice)
	}
	return record
}

// tally counts. Those whom Okta does not look after in Identity Center are not synced, unless they are ready all the same.
func (v *verification) tally(c *chain, record onboarding.PersonRecord) {
	signsIn := c.canSignIn()
	assigned := signsIn && len(c.through) > 0
	v.people.Wanted++
	if record.Ready || signsIn && c.person.KeptBy(c.user) {
		v.people.Synced++
	}
	if assigned {
		v.people.Assigned++
	}
	if assigned && record.ProfileStatus == profile.StatusInService {
		v.people.Profiles++
	}
	if record.Ready {
		v.people.Ready++
	}
	switch record.Grade {
	case onboarding.GradeVerified:
		v.people.Verified++
	case onboarding.GradeProven:
		v.people.Proven++
	}
	if !record.LastSignIn.IsZero() {
		v.people.SignedIn++
	}
}

// assignedThrough says how a user is assigned to the application: directly, or by the first group that does it; nothing for
// somebody who is not.
func (v *verification) assignedThrough(userID string) []string {
	if v.assigned[Assignment{PrincipalID: userID, Type: PrincipalUser}] {
		return []string{directly}
	}
	for _, group := range v.through {
		if group.members[userID] {
			return group.says
		}
	}
	return nil
}

// noticeOthers says who has access, or something left of it, without being named by the spec.
func (v *verification) noticeOthers() {
	for _, leaver := range v.changes.Leavers {
		if v.others[leaver.UserName] { // they should be able to sign in, and are told why they aren't
			continue
		}
		v.notices.Add(leaver.UserName, people.Problem{
			Code: codeLeaver, Reason: fmt.Sprintf("should have no access any more; the profile %s is still there (%s)", leaver.Name,
				leaver.Status),
			Remedy: v.fate(leaver),
		})
	}
	slices.SortFunc(v.foreign, func(a, b Assignment) int { return strings.Compare(a.PrincipalID, b.PrincipalID) })
	for _, foreign := range v.foreign {
		name, remedy := v.foreignUsers[foreign.PrincipalID], "Remove the assignment from the Studio application in the IAM Identity Center "+
			"console, or name the person in the spec"
		if foreign.Type == PrincipalGroup {
			name, remedy = v.groupNames[foreign.PrincipalID], "Remove the assignment from the Studio application in the IAM Identity Center "+
				"console, or name the group in the spec"
			if name != "" {
				name = fmt.Sprintf("group %q", name)
			}
		}
		if _, wanted := v.person(name); name != "" && !wanted && !v.others[name] { // without a name nobody is behind the assignment any more
			v.notices.Add(name, people.Problem{Code: codeForeign, Reason: "assigned to the Studio application, but not named by the spec",
				Remedy: remedy})
		}
	}
}

// fate says what becomes of the profile of somebody who should have no access.
func (v *verification) fate(leaver Profile) string {
	until, quarantined := v.quarantine[leaver.UserName]
	switch {
	case v.view.desired.Kept[leaver.UserName]:
		return "It stays while the person is held: " + v.guard.Roster.Hold.Reason
	case quarantined:
		return fmt.Sprintf("It is kept until %s; who is back by then finds everything as it was", until.Format(time.DateOnly))
	}
	return fmt.Sprintf("access.onRemoval is %q; delete the profile in the SageMaker console when its content is not needed",
		v.view.desired.OnRemoval)
}

// groupAccess are the access groups with the enabled people in Identity Center.
func (v *verification) groupAccess() []onboarding.GroupAccess {
	var groups []onboarding.GroupAccess
	for i, group := range v.view.groups {
		found := onboarding.GroupAccess{Name: group.Name, GroupID: group.ID, ExecutionRole: v.view.desired.Groups[i].Role}
		for member := range group.Members {
			if _, enabled := v.view.desired.Users[member]; enabled {
				found.People++
			}
		}
		groups = append(groups, found)
	}
	return groups
}
