package activities

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"studio-onboarding/internal/directory"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

const (
	groupsOperation = "okta-groups"
	userActive      = "ACTIVE"
	syncError       = "ERROR"

	// maxFailedEvents is how many failed provisioning events are looked at; Okta serves as many in one page.
	maxFailedEvents = 1000
)

// AssignGroups assigns the assignment group to the app, and those of the people who come neither with it nor are assigned
// already, and reads both back. Provisioning has to be on before: Okta does not catch up on people assigned earlier, so that
// a group with such people is assigned once more.
func (x *Provisioning) AssignGroups(ctx context.Context, in AssignInput) (AssignResult, error) {
	found, err := x.findAssignment(ctx, in.AppID, in.AssignmentGroup)
	if err != nil {
		return AssignResult{}, err
	}
	group := found.group
	result := AssignResult{GroupID: group.ID, Origin: onboarding.OriginAdopted}
	if !found.assigned {
		result.Origin = onboarding.OriginCreated
	}
	if !found.assigned || found.behind {
		if err := x.Okta.AssignGroup(ctx, in.AppID, group.ID); err != nil {
			return AssignResult{}, err
		}
		assigned, err := x.Okta.AppGroups(ctx, in.AppID)
		if err != nil {
			return AssignResult{}, err
		}
		if !slices.Contains(assigned, group.ID) {
			return AssignResult{}, fault.New(fault.NotReady, "okta", groupsOperation, "Okta took the assignment of the group %q, but does not show it yet", in.AssignmentGroup).
				After(x.Waits.Console)
		}
	}
	if result.UnknownPeople, err = x.assignPeople(ctx, in.AppID, group.ID, in.People); err != nil {
		return AssignResult{}, err
	}
	return result, nil
}

// groupAssignment is what AssignGroups finds before it changes anything.
type groupAssignment struct {
	group    oktaorg.Group
	assigned bool
	// behind says of an assigned group that Okta has not begun to provision everybody, so that it is assigned once more.
	behind bool
}

// findAssignment looks at the assignment group. Without an app, as ahead of its creation, nothing is assigned.
func (x *Provisioning) findAssignment(ctx context.Context, appID, name string) (groupAssignment, error) {
	group, err := x.Okta.Group(ctx, name)
	if err != nil || appID == "" {
		return groupAssignment{group: group}, err
	}
	assigned, err := x.Okta.AppGroups(ctx, appID)
	if err != nil {
		return groupAssignment{}, err
	}
	found := groupAssignment{group: group, assigned: slices.Contains(assigned, group.ID)}
	if found.assigned {
		caughtUp, err := x.caughtUp(ctx, appID, group.ID)
		if err != nil {
			return groupAssignment{}, err
		}
		found.behind = !caughtUp
	}
	return found, nil
}

// caughtUp says whether Okta has at least begun to provision the group's members. Those whose data Identity Center is known to
// refuse don't count: another try would be in vain.
func (x *Provisioning) caughtUp(ctx context.Context, appID, groupID string) (bool, error) {
	waiting := map[string]bool{}
	err := x.appUsers(ctx, appID, func(page []oktaorg.AppUser) error {
		for _, user := range page {
			if user.ExternalID == "" && (user.Status == userActive || user.SyncState == syncError) {
				waiting[user.ID] = true
			}
		}
		return nil
	})
	if err != nil || len(waiting) == 0 {
		return err == nil, err
	}
	var members []oktaorg.User
	err = x.Okta.GroupUsers(ctx, groupID, func(page []oktaorg.User) error {
		members = append(members, page...)
		return nil
	})
	if err != nil {
		return false, err
	}
	inVain := map[string]bool{}
	for _, problem := range directory.Lint(members) {
		inVain[problem.Login] = true
	}
	return !slices.ContainsFunc(members, func(user oktaorg.User) bool { return waiting[user.ID] && !inVain[user.Login] }), nil
}

// assignPeople returns the logins that Okta does not know. People whom Okta refuses to assign are left to CompareDirectory,
// which says of everybody why they don't come: one person is no reason to stop the others.
func (x *Provisioning) assignPeople(ctx context.Context, appID, groupID string, logins []string) (unknown []string, err error) {
	people, unknown, err := x.peopleToAssign(ctx, appID, groupID, logins)
	if err != nil {
		return nil, err
	}
	made := map[string]string{}
	for _, user := range people {
		if err := x.Okta.AssignUser(ctx, appID, user.ID); err != nil {
			if fault.ClassOf(err) == fault.Invalid {
				continue
			}
			return nil, err
		}
		made[user.ID] = user.Login
	}
	if len(made) == 0 {
		return unknown, nil
	}
	there, err := x.appUserIDs(ctx, appID)
	if err != nil {
		return nil, err
	}
	for id, login := range made {
		if !there[id] {
			return nil, fault.New(fault.NotReady, "okta", groupsOperation, "Okta took the assignment of %s, but does not show it yet", login).
				After(x.Waits.Console)
		}
	}
	return unknown, nil
}

// peopleToAssign are those of the logins who come neither with the group nor are assigned already. Without an app, as ahead of
// its creation, nobody is assigned.
func (x *Provisioning) peopleToAssign(ctx context.Context, appID, groupID string, logins []string) (people []oktaorg.User, unknown []string, err error) {
	if len(logins) == 0 {
		return nil, nil, nil
	}
	covered := map[string]bool{}
	if appID != "" {
		if covered, err = x.appUserIDs(ctx, appID); err != nil {
			return nil, nil, err
		}
	}
	err = x.Okta.GroupUsers(ctx, groupID, func(page []oktaorg.User) error {
		for _, user := range page {
			covered[user.ID] = true
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for _, login := range logins {
		user, err := x.Okta.UserByLogin(ctx, login)
		if fault.ClassOf(err) == fault.NotFound {
			unknown = append(unknown, login)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if covered[user.ID] || user.Status == "DEPROVISIONED" {
			continue
		}
		covered[user.ID] = true
		people = append(people, user)
	}
	return people, unknown, nil
}

func (x *Provisioning) appUserIDs(ctx context.Context, appID string) (map[string]bool, error) {
	ids := map[string]bool{}
	err := x.appUsers(ctx, appID, func(page []oktaorg.AppUser) error {
		for _, user := range page {
			ids[user.ID] = true
		}
		return nil
	})
	return ids, err
}

// census is one look at all app users.
type census struct {
	ids         map[string]bool
	provisioned int
	failed      int
	// underWay are those of whom nothing final is known.
	underWay []oktaorg.AppUser
	// moved is when the latest of them changed.
	moved time.Time
}

// AwaitProvisioned looks once at all app users; NotReady while people are under way. Somebody counts as failed when Okta
// says so, in the app user or in the System Log, or when nobody at all has moved for Waits.Settle: in a large org those at
// the end of Okta's queue stay untouched for hours while it works on the others. It records an onboarding.Count as its
// heartbeat with every page; Okta's pace can hold a page back for about a minute.
func (x *Provisioning) AwaitProvisioned(ctx context.Context, in AppInput) (ProvisionedResult, error) {
	people, err := x.count(ctx, in.AppID)
	if err != nil {
		return ProvisionedResult{}, err
	}
	if err := x.sortOut(ctx, in.AppID, &people); err != nil {
		return ProvisionedResult{}, err
	}
	assigned := len(people.ids)
	if n := len(people.underWay); n > 0 {
		return ProvisionedResult{}, x.underWay("Okta has provisioned %d of %d people, %d are under way", people.provisioned, assigned, n)
	}
	// Okta makes app users of a group's members one after the other: all are done only when none is missing.
	absent, err := x.absentMembers(ctx, in.AppID, people)
	if err != nil {
		return ProvisionedResult{}, err
	}
	if absent > 0 && (assigned == 0 || time.Since(people.moved) < x.Waits.Settle) {
		return ProvisionedResult{}, x.underWay("Okta has yet to assign %d members of the assigned groups, %d are assigned", absent, assigned)
	}
	return ProvisionedResult{Assigned: assigned + absent, Provisioned: people.provisioned, Failed: people.failed + absent}, nil
}

func (x *Provisioning) underWay(format string, args ...any) *fault.Fault {
	return fault.New(fault.NotReady, "okta", groupsOperation, format, args...).
		WithRemedy("nothing to do yet: Okta takes some minutes, and longer where AWS slows it down").
		After(x.Waits.Sync)
}

func (x *Provisioning) count(ctx context.Context, appID string) (census, error) {
	people := census{ids: map[string]bool{}}
	err := x.appUsers(ctx, appID, func(page []oktaorg.AppUser) error {
		for _, user := range page {
			people.ids[user.ID] = true
			if user.StatusChanged.After(people.moved) {
				people.moved = user.StatusChanged
			}
			switch {
			case user.Provisioned():
				people.provisioned++
			case stopped(user):
				people.failed++
			default:
				people.underWay = append(people.underWay, user)
			}
		}
		return nil
	})
	return people, err
}

// appUsers reads all app users and records how many of them are provisioned as the activity's heartbeat, page by page.
func (x *Provisioning) appUsers(ctx context.Context, appID string, page func([]oktaorg.AppUser) error) error {
	provisioned, total := 0, 0
	return x.Okta.AppUsers(ctx, appID, func(users []oktaorg.AppUser) error {
		for _, user := range users {
			total++
			if user.Provisioned() {
				provisioned++
			}
		}
		beat(ctx, provisioned, total)
		return page(users)
	})
}

// beat records the count as the activity's heartbeat, which is where the command line reads it.
func beat(ctx context.Context, done, total int) {
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(ctx, onboarding.Count{Step: onboarding.StepOktaGroups, Done: done, Total: total, What: "people provisioned by Okta"})
	}
}

// stopped says whether Okta will do nothing more for this app user by itself.
func stopped(user oktaorg.AppUser) bool {
	if user.SyncState == syncError {
		return true
	}
	switch user.Status {
	case "DEPROVISIONED", "INACTIVE", "REVOKED", "SUSPENDED", "UNASSIGNED":
		return true
	}
	return false
}

// sortOut moves people from underWay to failed whom the System Log reports since their last change, and all of them when
// nothing moves any more.
func (x *Provisioning) sortOut(ctx context.Context, appID string, people *census) error {
	if len(people.underWay) == 0 {
		return nil
	}
	now := time.Now()
	since := now
	for _, user := range people.underWay {
		if user.StatusChanged.Before(since) {
			since = user.StatusChanged
		}
	}
	failures, err := x.Okta.ProvisioningFailures(ctx, appID, since, now.Add(time.Minute), maxFailedEvents)
	switch fault.ClassOf(err) {
	case "":
		if err != nil {
			return err
		}
	case fault.Denied, fault.Unsupported:
		// Few administrators' roles may read the log. Those who fail are then found by the time that passes.
	default:
		return err
	}
	latest := map[string]time.Time{}
	for _, event := range failures {
		for _, key := range []string{event.UserID, strings.ToLower(event.UserLogin)} {
			if key != "" && event.Published.After(latest[key]) {
				latest[key] = event.Published
			}
		}
	}
	stuck := now.Sub(people.moved) > x.Waits.Settle
	people.underWay = slices.DeleteFunc(people.underWay, func(user oktaorg.AppUser) bool {
		reported := latest[user.ID]
		if byName := latest[strings.ToLower(user.UserName)]; byName.After(reported) {
			reported = byName
		}
		failed := stuck || (!reported.IsZero() && !reported.Before(user.StatusChanged))
		if failed {
			people.failed++
		}
		return failed
	})
	return nil
}

// absentMembers counts the active members of assigned groups who are no app users yet. Okta pushes no others.
func (x *Provisioning) absentMembers(ctx context.Context, appID string, people census) (int, error) {
	groups, err := x.Okta.AppGroups(ctx, appID)
	if err != nil {
		return 0, err
	}
	absent := map[string]bool{}
	for _, id := range groups {
		err := x.Okta.GroupUsers(ctx, id, func(page []oktaorg.User) error {
			for _, user := range page {
				if user.Status == userActive && !people.ids[user.ID] {
					absent[user.ID] = true
				}
			}
			beat(ctx, people.provisioned, len(people.ids)+len(absent))
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return len(absent), nil
}
