package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"studio-onboarding/activities/people"
	"studio-onboarding/onboarding"
)

// settled says whether nothing is waited for any more: Waits.Settle has passed since the wait began.
func (x *Activities) settled(ctx context.Context) bool {
	return time.Since(activity.GetInfo(ctx).ScheduledTime) >= x.Waits.Settle
}

// changeList describes what Diff found to people: what is done, and what is held back for the operator.
func (v *verification) changeList(actual Actual) []onboarding.AccessChange {
	list := v.held()
	all := v.changes // with what is held back
	if v.guard.Roster.Hold != nil {
		all = Diff(v.guard.bare, actual)
	}
	names := v.principalNames(v.changes.Assign, all.Revoke)
	for _, a := range v.changes.Assign {
		list = append(list, onboarding.AccessChange{Kind: onboarding.ChangeAssign, Who: names(a), Group: a.Type == PrincipalGroup,
			Why: "not assigned to the Studio application"})
	}
	profiles := func(kind onboarding.ChangeKind, changed []Profile, why func(Profile) string) {
		for _, p := range changed {
			list = append(list, onboarding.AccessChange{Kind: kind, Who: p.UserName, Profile: p.Name, Role: p.Role, Why: why(p)})
		}
	}
	roles := map[string]string{}
	for _, p := range all.SetRole {
		roles[p.Name] = ""
	}
	for _, p := range actual.Profiles {
		if _, changes := roles[p.Name]; changes {
			roles[p.Name] = p.Role
		}
	}
	profiles(onboarding.ChangeCreateProfile, v.changes.Create, func(p Profile) string {
		person, _ := v.person(p.UserName)
		return "has access via " + strings.Join(person.Via, ", ") + ", and no profile"
	})
	start := len(list)
	profiles(onboarding.ChangeSetRole, all.SetRole, func(p Profile) string {
		return fmt.Sprintf("the profile has the execution role %s", people.RoleName(cmp.Or(roles[p.Name], v.view.desired.DefaultRole)))
	})
	for i := start; i < len(list); i++ {
		list[i].Held = !slices.ContainsFunc(v.changes.SetRole, func(p Profile) bool { return p.Name == list[i].Profile })
	}
	profiles(onboarding.ChangeSetTags, v.changes.Retag, func(Profile) string { return "the profile lacks tags of the spec" })
	profiles(onboarding.ChangeRemakeProfile, v.changes.Remake, func(p Profile) string { return "the profile is " + p.Status })

	for _, a := range all.Revoke {
		list = append(list, onboarding.AccessChange{Kind: onboarding.ChangeRevoke, Who: names(a), Group: a.Type == PrincipalGroup,
			Why:  "assigned to the Studio application, but has no access by Okta and the spec",
			Held: !slices.Contains(v.changes.Revoke, a)})
	}
	list = append(list, v.quarantined()...)
	profiles(onboarding.ChangeDeleteProfile, v.changes.Delete, func(Profile) string { return "has no access any more" })
	for _, move := range v.view.moves {
		if _, held := v.guard.Roster.Hold.Loses(move.Who); held && move.Kind == onboarding.ChangeLeaveGroup {
			continue // it is said of them already
		}
		move.Held = v.guard.Roster.Hold.Touches(move.group)
		list = append(list, move.AccessChange)
	}
	return list
}

// quarantined are the profiles that are kept for a while from now on.
func (v *verification) quarantined() []onboarding.AccessChange {
	var list []onboarding.AccessChange
	for _, one := range v.guard.entered {
		list = append(list, onboarding.AccessChange{Kind: onboarding.ChangeQuarantine, Who: one.Name, Profile: one.Profile,
			Why: fmt.Sprintf("has no access any more; deleted after %s, if the person is not back by then", v.guard.spec.Quarantine)})
	}
	return list
}

// held are those on the hold, with what they would lose.
func (v *verification) held() []onboarding.AccessChange {
	hold := v.guard.Roster.Hold
	if hold == nil {
		return nil
	}
	profiles := map[string]string{}
	for _, leaver := range v.changes.Leavers {
		profiles[leaver.UserName] = leaver.Name
	}
	list := make([]onboarding.AccessChange, 0, len(hold.Losses))
	for _, loss := range hold.Losses {
		change := onboarding.AccessChange{Kind: onboarding.ChangeLoseAccess, Who: loss.Name, Profile: profiles[loss.Name], Role: loss.Role,
			Held: true, Why: fmt.Sprintf("has no access by Okta and the spec any more; access.onRemoval is %s", hold.OnRemoval)}
		if !loss.Access {
			change.Kind, change.Why = onboarding.ChangeLeaveGroup, "left "+people.Quoted(loss.Groups)+", and keeps access by others"
			if loss.Role != "" {
				change.Why += "; the execution role would become " + people.RoleName(loss.Role)
			}
		}
		list = append(list, change)
	}
	return list
}

// principalNames names the users and groups of these assignments; what is gone keeps its ID.
func (v *verification) principalNames(of ...[]Assignment) func(Assignment) string {
	names := map[string]string{}
	for _, assignments := range of {
		for _, a := range assignments {
			names[a.PrincipalID] = ""
		}
	}
	for id, name := range v.groupNames {
		names[id] = name
	}
	for _, group := range v.view.groups {
		names[group.ID] = group.Name
	}
	for _, user := range v.view.users {
		if _, asked := names[user.ID]; asked {
			names[user.ID] = user.UserName
		}
	}
	return func(a Assignment) string { return cmp.Or(names[a.PrincipalID], a.PrincipalID) }
}

// report puts the number of the differences into the result, and all of them, as they name people, into the store.
func (v *verification) report(ctx context.Context, x *Activities, run string, actual Actual, result *VerifyResult) error {
	list := v.changeList(actual)
	result.Changes = onboarding.AccessChanges{Total: len(list)}
	result.Held, result.Hold = v.guard.held(), v.guard.hold()
	result.Unsettled = v.guard.first || v.guard.Changed
	for _, group := range v.view.stale { // what spreads a list that is in doubt is held as well
		if !v.guard.Roster.Hold.Touches(group) {
			result.Stale = append(result.Stale, group)
		}
	}
	if len(list) == 0 {
		return nil
	}
	kept, err := x.People.SaveChanges(ctx, run, slices.Values(list))
	if err != nil {
		return storeTrouble("list of changes", "written", err)
	}
	result.Changes.File, result.Changes.Generation = kept.Address, kept.Generation
	return nil
}
