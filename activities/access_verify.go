package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"

	"studio-onboarding/internal/access"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// VerifyAccess reads everything back and changes nothing: for each person who should get in, whether Okta lets them into
// the app, whether they are enabled in Identity Center under the name that Okta sends, whether they are assigned, by
// themselves or by a group, and whether their profile is InService with the right role. Who passes all of it is ready; of
// everybody else it says why not and what to do. Everybody is in the people file, and the result lists some.
//
// Whose profile it is, and with which role, comes from an earlier look where the profile has not changed since.
func (x *Access) VerifyAccess(ctx context.Context, in AccessInput) (VerifyResult, error) {
	h := newHeart(ctx, onboarding.StepVerify, "profiles read back")
	a, err := x.open(ctx, in, h)
	if err != nil {
		return VerifyResult{}, err
	}
	defer a.memory.flush(ctx)
	var people []directory.Person
	var view snapshot
	var found listing
	err = sideBySide(ctx, func(ctx context.Context) (err error) {
		people, err = x.oktaPeople(ctx, in)
		return err
	}, func(ctx context.Context) (err error) {
		view, err = a.look(ctx)
		return err
	}, func(ctx context.Context) (err error) {
		found, err = a.list(ctx, h.At)
		return err
	})
	if err != nil {
		return VerifyResult{}, err
	}
	if in.FollowOkta {
		view = view.follow(people, in)
	}
	// Nobody is waited for here: without Settle, whoever is not there is missing.
	compared, err := compareWithLog(ctx, x.Okta, in.AppID, directory.Input{
		People: people, Users: view.users, Groups: view.groups, AssignmentGroup: in.AssignmentGroup, Now: time.Now(),
	})
	if err != nil {
		return VerifyResult{}, err
	}
	directory.Slim(people, view.byName)
	actual, err := a.complete(ctx, view, found)
	if err != nil {
		return VerifyResult{}, err
	}
	a.memory.save(ctx)
	a.memory.release()
	v := newVerification(view, actual, compared)
	if v.failed, err = x.givenUp(in.Run); err != nil {
		return VerifyResult{}, err
	}
	if err := v.readForeignGroups(ctx, a); err != nil {
		return VerifyResult{}, err
	}
	file, err := x.People.SavePeople(in.Run, func(yield func(onboarding.PersonRecord) bool) {
		for _, person := range people {
			if !yield(v.check(person)) {
				return
			}
		}
	})
	if err != nil {
		return VerifyResult{}, notStored("people file", err)
	}
	v.noticeOthers()
	if in.RecordChanges {
		if err := v.noticeRunning(ctx, a); err != nil {
			return VerifyResult{}, err
		}
	}
	result := VerifyResult{
		People: v.people, Groups: v.groupAccess(), Exceptions: v.exceptions.listed, ExceptionsTotal: v.exceptions.total,
		Notices: v.notices.listed, PeopleFile: file,
	}
	if in.RecordChanges {
		err = v.report(x, in.Run, actual, &result)
	}
	return result, err
}

// verification is what was read back, indexed, with the verdicts so far.
type verification struct {
	view     snapshot
	wanted   []access.Person // sorted by user name
	profiles map[string]*access.Profile
	assigned map[access.Assignment]bool
	// through are the members of all groups that are assigned to the application, by group ID.
	through map[string]map[string]bool
	missing map[string]directory.Missing // by login
	changes access.Changes
	// failed are those for whom making access right failed for good, by user name.
	failed map[string]onboarding.PersonException
	// foreign are principals that are assigned although the spec does not name them.
	foreign []access.Assignment
	// groupNames are the names of foreign groups, foreignUsers those of foreign users, by ID.
	groupNames, foreignUsers map[string]string

	// others are the user names that have something left of access, and whether it is those of people who should get in.
	others     map[string]bool
	people     onboarding.People
	exceptions exceptionList
	notices    exceptionList
}

func newVerification(view snapshot, actual access.Actual, compared directory.Result) *verification {
	v := &verification{
		view: view, wanted: view.desired.People(), profiles: access.Picks(actual.Profiles), assigned: map[access.Assignment]bool{},
		through: map[string]map[string]bool{}, missing: map[string]directory.Missing{}, groupNames: map[string]string{}, foreignUsers: map[string]string{}, others: map[string]bool{},
		changes: access.Diff(view.desired, actual),
	}
	for _, m := range compared.Missing {
		if _, first := v.missing[m.Person]; !first {
			v.missing[m.Person] = m
		}
	}
	own := map[access.Assignment]bool{}
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
		if v.assigned[access.Assignment{PrincipalID: group.ID, Type: access.PrincipalGroup}] {
			v.through[group.ID] = group.Members
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
func (v *verification) person(userName string) (access.Person, bool) {
	i, found := slices.BinarySearchFunc(v.wanted, userName, func(p access.Person, name string) int { return strings.Compare(p.UserName, name) })
	if !found {
		return access.Person{}, false
	}
	return v.wanted[i], true
}

// readForeignGroups reads the members of groups that somebody else assigned: they let people in as well.
func (v *verification) readForeignGroups(ctx context.Context, a *domainAccess) error {
	for _, foreign := range v.foreign {
		if foreign.Type != access.PrincipalGroup {
			continue
		}
		members, err := a.store.members(ctx, foreign.PrincipalID)
		if err != nil {
			return err
		}
		if v.through[foreign.PrincipalID] = members; len(members) == 0 {
			continue
		}
		if v.groupNames[foreign.PrincipalID], err = a.store.groupName(ctx, foreign.PrincipalID); err != nil {
			return err
		}
	}
	return nil
}

// groupName is the name of a group, or its ID where it has none.
func (s identityStore) groupName(ctx context.Context, id string) (string, error) {
	out, err := s.client.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: &s.id, GroupId: &id})
	if err := awscloud.Classify("identitystore:DescribeGroup", err); fault.ClassOf(err) == fault.NotFound {
		return id, nil
	} else if err != nil {
		return "", err
	}
	return cmp.Or(aws.ToString(out.DisplayName), id), nil
}

// check decides about one person, link by link in the order in which a sign-in passes them.
func (v *verification) check(person directory.Person) onboarding.PersonRecord {
	record := onboarding.PersonRecord{Person: person.Login, Via: slices.Clip(person.Groups)}
	if person.Named {
		record.Via = append(record.Via, access.ViaPerson)
	}
	v.people.Wanted++
	if _, asked := v.others[person.UserName()]; asked {
		v.others[person.UserName()] = true
	}
	user, there := v.view.named(person.UserName())
	signsIn := there && person.CanSignIn(user)
	assigned := signsIn && v.isAssigned(user.ID)
	var profile access.Profile
	pick := v.profiles[person.UserName()]
	has := pick != nil
	if has {
		profile = *pick
	}
	wanted, _ := v.person(person.UserName())
	role := cmp.Or(profile.Role, v.view.desired.DefaultRole)
	if there {
		record.UserID = user.ID
	}
	if has {
		record.Profile, record.ProfileStatus, record.ExecutionRole = profile.Name, profile.Status, role
		record.ChangedAt = profile.Changed
	}
	missing, isMissing := v.missing[person.Login]
	switch {
	case !signsIn && isMissing:
		record.Reason, record.Remedy = missing.Reason, missing.Remedy
	case !signsIn:
		record.Reason, record.Remedy = "cannot sign in", "Compare the person's Okta login with the user name in Identity Center"
	case !assigned && isMissing:
		record.Reason, record.Remedy = missing.Reason, missing.Remedy
	case !assigned:
		record.Reason, record.Remedy = "not assigned to the Studio application", fmt.Sprintf("Retry: the step %s assigns whoever is missing", onboarding.StepAccess)
	case !has && v.view.desired.Eager:
		record.Reason, record.Remedy = "no user profile", fmt.Sprintf("Retry: the step %s makes missing profiles", onboarding.StepAccess)
	case has && profile.Status != access.StatusInService:
		record.Reason, record.Remedy = fmt.Sprintf("the profile %s is %s", profile.Name, profile.Status), "Look at the profile in the SageMaker console, then retry"
	case has && wanted.Role != "" && role != wanted.Role:
		record.Reason = fmt.Sprintf("the profile %s has the execution role %s instead of %s", profile.Name, roleName(role), roleName(wanted.Role))
		record.Remedy = fmt.Sprintf("Retry: the step %s changes roles", onboarding.StepAccess)
	default:
		record.Ready = true
	}
	if failed, ok := v.failed[person.UserName()]; ok && assigned && !record.Ready {
		record.Reason, record.Remedy = failed.Reason, failed.Remedy
	}
	if !record.Ready {
		v.exceptions.add(record.Person, record.Reason, record.Remedy)
	}
	v.tally(person, user, record, assigned)
	if record.Ready {
		if isMissing {
			v.notices.add(person.Login, "gets in, but "+missing.Reason, missing.Remedy)
		}
		v.noticeRoleAndName(person, wanted, profile)
	}
	return record
}

// tally counts. Those whom Okta does not look after in Identity Center are not synced, unless they get in all the same.
func (v *verification) tally(person directory.Person, user directory.User, record onboarding.PersonRecord, assigned bool) {
	if record.Ready || person.CanSignIn(user) && person.KeptBy(user) {
		v.people.Synced++
	}
	if assigned {
		v.people.Assigned++
	}
	if assigned && record.ProfileStatus == access.StatusInService {
		v.people.Profiles++
	}
	if record.Ready {
		v.people.Ready++
	}
}

// isAssigned says whether a user is assigned to the application, directly or by any group.
func (v *verification) isAssigned(userID string) bool {
	if v.assigned[access.Assignment{PrincipalID: userID, Type: access.PrincipalUser}] {
		return true
	}
	for _, members := range v.through {
		if members[userID] {
			return true
		}
	}
	return false
}

func (v *verification) noticeRoleAndName(person directory.Person, wanted access.Person, profile access.Profile) {
	if wanted.Conflict != "" {
		v.notices.add(person.Login, wanted.Conflict, "Take the person out of one of the groups, or name them under access.people, if another role should count")
	}
	if access.Hashed(person.UserName(), profile.Name) {
		v.notices.add(person.Login, fmt.Sprintf("the profile is called %s, because the name %s belongs to more than one person", profile.Name, access.ProfileName(person.UserName())), "")
	}
}

// noticeOthers says who has access, or something left of it, without being named by the spec.
func (v *verification) noticeOthers() {
	for _, leaver := range v.changes.Leavers {
		if v.others[leaver.UserName] { // they should get in, and are told why they don't
			continue
		}
		v.notices.add(leaver.UserName, fmt.Sprintf("should have no access any more; the profile %s is still there (%s)", leaver.Name, leaver.Status),
			cmp.Or(v.changes.Held, fmt.Sprintf("access.onRemoval is %q; delete the profile in the SageMaker console when its content is not needed", v.view.desired.OnRemoval)))
	}
	slices.SortFunc(v.foreign, func(a, b access.Assignment) int { return strings.Compare(a.PrincipalID, b.PrincipalID) })
	for _, foreign := range v.foreign {
		name, remedy := v.foreignUsers[foreign.PrincipalID], "Remove the assignment from the Studio application in the IAM Identity Center console, or name the person in the spec"
		if foreign.Type == access.PrincipalGroup {
			name, remedy = v.groupNames[foreign.PrincipalID], "Remove the assignment from the Studio application in the IAM Identity Center console, or name the group in the spec"
			if name != "" {
				name = fmt.Sprintf("group %q", name)
			}
		}
		if _, wanted := v.person(name); name != "" && !wanted && !v.others[name] { // without a name nobody is behind the assignment any more
			v.notices.add(name, "assigned to the Studio application, but not named by the spec", remedy)
		}
	}
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
