package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// snapshot is the directory of Identity Center as one look found it.
type snapshot struct {
	users   []people.User
	byName  map[string]*people.User
	groups  []people.Group // the access groups, in the order of the spec
	desired Desired
	// unknown are single people of the spec whom Identity Center does not have.
	unknown []string
	// stale are access groups that have other members here than in Okta, and moves says who, where that was compared.
	stale []string
	moves []move
}

// move is a membership that Okta is to push again.
type move struct {
	group string
	onboarding.AccessChange
}

// viewOf derives who should have access from the users and the access groups, which are in the order of the spec.
func viewOf(in Input, users []people.User, groups []people.Group) snapshot {
	view := snapshot{users: users, groups: groups, byName: make(map[string]*people.User, len(users))}
	view.desired = Desired{
		Users: make(map[string]string, len(users)), DefaultRole: in.defaultRole(), Tags: profile.Digest(in.Tags),
		Eager: in.Access.Profiles != onboarding.ProfilesFirstSignIn, OnRemoval: cmp.Or(in.Access.OnRemoval, onboarding.RemovalRevoke),
	}
	folded := make(map[string][]people.User, len(in.Access.People)) // of single people only
	for _, single := range in.Access.People {
		folded[strings.ToLower(single.Login)] = nil
	}
	for i, user := range users {
		view.byName[user.UserName] = &users[i]
		if same, single := folded[strings.ToLower(user.UserName)]; single {
			folded[strings.ToLower(user.UserName)] = append(same, user)
		}
		// Nobody signs in under a name that is no address; a profile would only be in the way once it is corrected.
		if user.Enabled && people.SignInName(user.UserName) {
			view.desired.Users[user.ID] = user.UserName
		}
	}
	for i, group := range groups {
		role, _ := in.roleARN(in.Access.Groups[i].ExecutionRole)
		view.desired.Groups = append(view.desired.Groups, Group{
			Name: group.Name, ID: group.ID, Role: role, Members: slices.Sorted(maps.Keys(group.Members)),
		})
	}
	for _, single := range in.Access.People {
		role, _ := in.roleARN(single.ExecutionRole)
		// Okta finds logins without regard to case, and so may the spec spell them, where there is one such user only.
		user, ok := view.named(single.Login)
		if same := folded[strings.ToLower(single.Login)]; !ok && len(same) == 1 {
			user, ok = same[0], true
		}
		if !ok || !user.Enabled {
			view.unknown = append(view.unknown, single.Login)
			continue
		}
		view.desired.Singles = append(view.desired.Singles, Single{UserID: user.ID, Role: role})
	}
	return view
}

// named finds a user by the exact name.
func (v snapshot) named(userName string) (people.User, bool) {
	if user := v.byName[userName]; user != nil {
		return *user, true
	}
	return people.User{}, false
}

// lacks are the access groups in which Okta has a person, and Identity Center not.
func (v snapshot) lacks(person people.Person, userID string) []string {
	var lacks []string
	for _, group := range v.groups {
		if !group.Members[userID] && slices.Contains(person.Groups, group.Name) {
			lacks = append(lacks, group.Name)
		}
	}
	return lacks
}

// requireGroups refuses to go on without an access group: its people would be taken for people who left.
func (v snapshot) requireGroups() error {
	var missing []string
	for _, group := range v.groups {
		if group.ID == "" {
			missing = append(missing, group.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fault.New(fault.NotFound, "aws", "identitystore:GetGroupId", "Identity Center has no group named %s.", people.Quoted(missing)).
		WithRemedy("Push the group from Okta (app > Push Groups), then retry.")
}

// notFoundYet are single people who are not there to be assigned.
func (v snapshot) notFoundYet() []onboarding.PersonException {
	var exceptions []onboarding.PersonException
	for _, login := range v.unknown {
		exceptions = append(exceptions, people.Exception(login, people.Problem{
			Code: codeNotThere, Reason: "not in Identity Center under this user name, or disabled there",
			Remedy: fmt.Sprintf("Bring the person there through Okta, then retry the step %s", onboarding.StepAccess),
		}))
	}
	return exceptions
}
