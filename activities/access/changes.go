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
	var list []onboarding.AccessChange
	removals := v.changes
	if removals.Held != "" {
		agreed := v.view.desired
		agreed.Confirmed = true
		removals = Diff(agreed, actual)
	}
	names := v.principalNames(v.changes.Assign, removals.Revoke)
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
	for _, p := range v.changes.SetRole {
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
	profiles(onboarding.ChangeSetRole, v.changes.SetRole, func(p Profile) string {
		return fmt.Sprintf("the profile has the execution role %s", people.RoleName(cmp.Or(roles[p.Name], v.view.desired.DefaultRole)))
	})
	profiles(onboarding.ChangeSetTags, v.changes.Retag, func(Profile) string { return "the profile lacks tags of the spec" })
	profiles(onboarding.ChangeRemakeProfile, v.changes.Remake, func(p Profile) string { return "the profile is " + p.Status })

	start := len(list)
	for _, a := range removals.Revoke {
		list = append(list, onboarding.AccessChange{Kind: onboarding.ChangeRevoke, Who: names(a), Group: a.Type == PrincipalGroup,
			Why: "assigned to the Studio application, but has no access by Okta and the spec"})
	}
	profiles(onboarding.ChangeDeleteProfile, removals.Delete, func(Profile) string { return "has no access any more" })
	for i := start; i < len(list); i++ {
		list[i].Held = v.changes.Held != ""
	}
	for _, move := range v.view.moves {
		move.Held = v.inDoubt()
		list = append(list, move)
	}
	return list
}

// inDoubt says whether Okta's list may be broken, so that it is not spread further without the operator's consent.
func (v *verification) inDoubt() bool { return v.view.desired.Doubt != "" && !v.view.desired.Confirmed }

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
	result.Held = v.changes.Held
	if result.Held == "" && v.inDoubt() {
		result.Held = "nobody was removed: " + v.view.desired.Doubt
	}
	if !v.inDoubt() {
		result.Stale = slices.Clone(v.view.stale)
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
