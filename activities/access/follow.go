package access

import (
	"cmp"
	"context"
	"fmt"
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
	return view.follow(wanted, a.in), nil
}

// follow leaves only those in the view whom Okta has in the access groups, or whom the spec names, and who are assigned to
// the app in Okta. Memberships reach Identity Center by SCIM, some time later and sometimes never; Okta decides.
//
// Groups whose members differ are Stale. Where Okta has far fewer people than Identity Center, its list is in doubt.
func (v snapshot) follow(wanted []people.Person, in Input) snapshot {
	byID := make(map[string]*people.User, len(v.users))
	for i := range v.users {
		byID[v.users[i].ID] = &v.users[i]
	}
	vouched := make(map[string]map[string]bool, len(v.groups)) // by group, user IDs
	listed := map[string]int{}
	singles := map[string]bool{}
	assigned := 0
	for _, person := range wanted {
		for _, group := range person.Groups {
			listed[group]++
		}
		if !person.Assigned() {
			continue
		}
		assigned++
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
		before, after, extra := 0, []string{}, 0
		for _, id := range group.Members {
			_, counts := v.desired.Users[id]
			if counts {
				before++
			}
			switch {
			case vouched[group.Name][id]:
				after = append(after, id)
			case counts && len(byID[id].ExternalIDs) > 0: // Okta's push leaves alone whom it does not know
				extra++
				v.moves = append(v.moves, onboarding.AccessChange{Kind: onboarding.ChangeLeaveGroup, Who: byID[id].UserName,
					Why: fmt.Sprintf("in Identity Center in the group %q, but not in Okta, or not assigned to the app", group.Name)})
			}
		}
		missing := 0
		for id := range vouched[group.Name] {
			if _, counts := v.desired.Users[id]; counts && !v.groups[i].Members[id] {
				missing++
				v.moves = append(v.moves, onboarding.AccessChange{Kind: onboarding.ChangeJoinGroup, Who: byID[id].UserName,
					Why: fmt.Sprintf("in Okta in the group %q, but not in Identity Center", group.Name)})
			}
		}
		group.Members = after
		if extra+missing > 0 && group.ID != "" {
			v.stale = append(v.stale, group.Name)
		}
		if v.desired.Doubt == "" {
			v.desired.Doubt = doubt(group.Name, listed[group.Name], assigned, before, extra)
		}
	}
	slices.SortFunc(v.moves, func(a, b onboarding.AccessChange) int {
		return cmp.Or(strings.Compare(a.Who, b.Who), strings.Compare(a.Why, b.Why))
	})
	v.desired.Confirmed = in.AllowRemovals
	v.desired.Singles = slices.DeleteFunc(v.desired.Singles, func(single Single) bool {
		if singles[single.UserID] {
			return false
		}
		v.unknown = append(v.unknown, v.desired.Users[single.UserID])
		return true
	})
	return v
}

// doubt says why what Okta lists of a group is not to be acted on without somebody's consent; empty where it is.
func doubt(group string, listed, assigned, before, extra int) string {
	switch {
	case before == 0 || extra == 0:
		return ""
	case listed == 0:
		return fmt.Sprintf("Okta lists nobody in the group %q, which has %d people in Identity Center", group, before)
	case assigned == 0:
		return fmt.Sprintf("Okta lists nobody of the access groups as assigned to the app, and %d people of the group %q are in Identity Center",
			before, group)
	case 100*extra > MaxShrink*before:
		return fmt.Sprintf("Okta no longer lists %d of the %d people whom Identity Center has in the group %q, or not as assigned to the "+
			"app, which is more than %d %%",
			extra, before, group, MaxShrink)
	}
	return ""
}

// claim marks the assignments that the run may remove: in a domain that is its own, and while access follows Okta, all that
// the spec does not ask for. Somebody made them by hand, or the spec asked for them before.
func (a *domainAccess) claim(ctx context.Context, view snapshot, actual *Actual) error {
	if !a.in.FollowOkta || a.in.Domain.Origin != onboarding.OriginCreated {
		return nil
	}
	wanted := view.desired.Assignments()
	var wantedUsers map[string]bool
	actual.Ours, actual.Losing = map[Assignment]bool{}, map[Assignment]int{}
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
		losing := func(id string) bool {
			_, enabled := view.desired.Users[id]
			return enabled && !wantedUsers[id]
		}
		actual.Ours[found] = true
		if found.Type == PrincipalUser {
			if losing(found.PrincipalID) {
				actual.Losing[found] = 1
			}
			continue
		}
		members, err := a.foreignMembers(ctx, found.PrincipalID)
		if err != nil {
			return err
		}
		for id := range members {
			if losing(id) {
				actual.Losing[found]++
			}
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
	progress.At(len(in.Access.Groups)-len(view.stale), len(in.Access.Groups))
	if len(view.stale) > 0 && !x.settled(ctx) {
		return MembersResult{}, fault.New(fault.NotReady, "okta", "",
			"%d of %d groups have the members in Identity Center that they have in Okta; not yet: %s.",
			len(in.Access.Groups)-len(view.stale), len(in.Access.Groups), people.Quoted(view.stale)).After(x.Waits.Sync)
	}
	return MembersResult{Stale: view.stale}, nil
}
