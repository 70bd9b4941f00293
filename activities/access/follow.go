package access

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// oktaPeople reads from Okta who should be able to sign in.
func (x *Activities) oktaPeople(ctx context.Context, in Input) ([]people.Person, error) {
	var singles []string
	for _, person := range in.Access.People {
		singles = append(singles, person.Login)
	}
	return people.Wanted(ctx, x.Okta, in.AppID, in.AssignmentGroup, in.groupNames(), singles)
}

// lookFollowing looks at the directory as look does; where the input says so, only those count whom Okta vouches for. A
// list of Okta that ends early is an error, never a short list.
func (x *Activities) lookFollowing(ctx context.Context, a *domainAccess) (snapshot, error) {
	if !a.in.FollowOkta {
		return a.look(ctx)
	}
	var wanted []people.Person
	var view snapshot
	err := provider.SideBySide(ctx, func(ctx context.Context) (err error) {
		wanted, err = x.oktaPeople(ctx, a.in)
		return err
	}, func(ctx context.Context) (err error) {
		view, err = a.look(ctx)
		return err
	})
	if err != nil {
		return snapshot{}, err
	}
	return view.follow(wanted), nil
}

// follow makes those count in the view whom Okta has in the access groups, or whom the spec names, and who are assigned to
// the app in Okta. Memberships reach Identity Center by SCIM, some time later and sometimes never; Okta decides.
//
// Groups whose members differ are stale.
func (v snapshot) follow(wanted []people.Person) snapshot {
	byID := make(map[string]*people.User, len(v.users))
	for i := range v.users {
		byID[v.users[i].ID] = &v.users[i]
	}
	vouched := make(map[string]map[string]bool, len(v.groups)) // by group, user IDs
	singles := map[string]bool{}
	for _, person := range wanted {
		if !person.Assigned() {
			continue
		}
		user := byID[person.AppUser.ExternalID]
		if user == nil {
			user = v.byName[person.UserName()]
		}
		if user == nil {
			continue
		}
		singles[user.ID] = singles[user.ID] || person.Named
		for _, group := range person.Groups {
			if vouched[group] == nil {
				vouched[group] = map[string]bool{}
			}
			vouched[group][user.ID] = true
		}
	}
	for i := range v.desired.Groups {
		group := &v.desired.Groups[i]
		differs := false
		note := func(kind onboarding.ChangeKind, id, format string) {
			differs = true
			v.moves = append(v.moves, move{group.Name, onboarding.AccessChange{Kind: kind, Who: byID[id].UserName,
				Why: fmt.Sprintf(format, group.Name)}})
		}
		for _, id := range group.Members {
			// Okta's push leaves alone whom it does not know.
			if _, counts := v.desired.Users[id]; counts && !vouched[group.Name][id] && len(byID[id].ExternalIDs) > 0 {
				note(onboarding.ChangeLeaveGroup, id, "in Identity Center in the group %q, but not in Okta, or not assigned to the app")
			}
		}
		group.Members = slices.Sorted(maps.Keys(vouched[group.Name]))
		for _, id := range group.Members {
			if _, counts := v.desired.Users[id]; counts && !v.groups[i].Members[id] {
				note(onboarding.ChangeJoinGroup, id, "in Okta in the group %q, but not in Identity Center")
			}
		}
		if differs && group.ID != "" {
			v.stale = append(v.stale, group.Name)
		}
	}
	slices.SortFunc(v.moves, func(a, b move) int {
		return cmp.Or(strings.Compare(a.Who, b.Who), strings.Compare(a.Why, b.Why))
	})
	v.desired.Singles = slices.DeleteFunc(v.desired.Singles, func(single Single) bool {
		if singles[single.UserID] {
			return false
		}
		v.unknown = append(v.unknown, v.desired.Users[single.UserID])
		return true
	})
	return v
}

// claim marks the assignments that the run may remove: in a domain that is its own, and while access follows Okta, all that
// the spec does not ask for. Somebody made them by hand, or the spec asked for them before.
func (a *domainAccess) claim(ctx context.Context, view snapshot, actual *Actual) error {
	if !a.in.FollowOkta || a.in.Domain.Origin != onboarding.OriginCreated {
		return nil
	}
	wanted := view.desired.Assignments()
	var wantedUsers map[string]bool
	actual.Ours, actual.Losing = map[Assignment]bool{}, map[Assignment][]string{}
	for _, found := range actual.Assignments {
		if slices.Contains(wanted, found) {
			continue
		}
		if wantedUsers == nil {
			wantedUsers = map[string]bool{}
			for _, person := range view.desired.People() {
				wantedUsers[person.UserID] = true
			}
		}
		lose := func(id string) {
			if name, enabled := view.desired.Users[id]; enabled && !wantedUsers[id] {
				actual.Losing[found] = append(actual.Losing[found], name)
			}
		}
		actual.Ours[found] = true
		if found.Type == PrincipalUser {
			lose(found.PrincipalID)
			continue
		}
		members, err := a.foreignMembers(ctx, found.PrincipalID)
		if err != nil {
			return err
		}
		for id := range members {
			lose(id)
		}
	}
	return nil
}

// foreignMembers reads the members of a group that the spec does not name, once in an attempt.
func (a *domainAccess) foreignMembers(ctx context.Context, groupID string) (map[string]bool, error) {
	if members, known := a.foreign[groupID]; known {
		return members, nil
	}
	members, err := a.store.Members(ctx, groupID)
	if err != nil {
		return nil, err
	}
	if a.foreign == nil {
		a.foreign = map[string]map[string]bool{}
	}
	a.foreign[groupID] = members
	return members, nil
}

// MembersResult says which groups have other members in Identity Center than in Okta.
type MembersResult struct {
	Stale []string `json:"stale,omitempty"`
}

// AwaitMembers looks once whether the access groups have the members in Identity Center that they have in Okta. Class
// NotReady: they have not, and Waits.Settle has not passed since it was asked first; afterwards the groups that differ are
// the result.
func (x *Activities) AwaitMembers(ctx context.Context, in Input) (MembersResult, error) {
	progress := provider.NewProgress(ctx, onboarding.StepOktaGroups, "groups as in Okta")
	a, err := x.open(ctx, in, progress)
	if err != nil {
		return MembersResult{}, err
	}
	a.in.FollowOkta = true
	view, err := x.lookFollowing(ctx, a)
	if err != nil {
		return MembersResult{}, err
	}
	if len(in.Pushed) > 0 {
		view.stale = slices.DeleteFunc(view.stale, func(group string) bool { return !slices.Contains(in.Pushed, group) })
	}
	progress.At(len(in.Access.Groups)-len(view.stale), len(in.Access.Groups))
	if len(view.stale) > 0 && !x.settled(ctx) {
		return MembersResult{}, fault.New(fault.NotReady, "okta", "",
			"%d of %d groups have the members in Identity Center that they have in Okta; not yet: %s.",
			len(in.Access.Groups)-len(view.stale), len(in.Access.Groups), people.Quoted(view.stale)).After(x.Waits.Sync)
	}
	return MembersResult{Stale: view.stale}, nil
}
