package activities

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"studio-onboarding/internal/access"
	"studio-onboarding/internal/directory"
	"studio-onboarding/onboarding"
)

// foreseen begins the IDs of users and groups that are not in Identity Center yet.
const foreseen = "foreseen:"

// access computes what ConvergeAccess will find to do: the same difference, between what is there and the directory as it
// will be once Okta has brought the people and groups.
func (p *planning) access(ctx context.Context) error {
	const step = onboarding.StepAccess
	if p.undecided || len(p.roles) == 0 {
		return nil
	}
	in := AccessInput{
		Run: p.spec.Name, IdentityCenter: p.spec.IdentityCenter, Studio: p.spec.Studio, Region: p.spec.Region, AppID: p.appID(),
		AssignmentGroup: p.spec.Okta.AssignmentGroup, Domain: p.studio, Access: p.spec.Access, Roles: p.roles, Tags: p.spec.Domain.Tags,
	}
	if p.instance != nil {
		in.InstanceARN, in.IdentityStoreID = p.instance.ARN, p.instance.IdentityStoreID
	}
	x := &Access{AWS: p.AWS, Okta: p.Okta, Waits: p.Waits}
	a, err := x.connect(ctx, in, p.heart)
	if err != nil {
		return p.failed(step, err)
	}
	view := a.view(p.directoryAfterSync())
	actual := access.Actual{UserIDs: view.userIDs()}
	if p.studio.ApplicationARN != "" {
		if actual, err = a.actual(ctx, view, p.heart.At); err != nil {
			return p.failed(step, err)
		}
	}
	p.noteAccess(view, actual, access.Diff(view.desired, actual))
	return nil
}

// directoryAfterSync adds those to the directory who are expected to come, and memberships that a push will bring.
func (p *planning) directoryAfterSync() ([]directory.User, []directory.Group) {
	users := slices.Clone(p.users)
	memberships := map[string]map[string]bool{}
	joins := func(person directory.Person, id string) {
		for _, name := range person.Groups {
			if memberships[name] == nil {
				memberships[name] = map[string]bool{}
			}
			memberships[name][id] = true
		}
	}
	for i, person := range p.outlook.Present {
		joins(person, p.outlook.Users[i].ID)
	}
	for _, person := range p.outlook.Coming {
		id := foreseen + person.User.ID
		users = append(users, directory.User{ID: id, UserName: person.UserName(), ExternalIDs: []string{person.User.ID}, Enabled: true})
		joins(person, id)
	}
	var groups []directory.Group
	for _, group := range p.groups {
		after := directory.Group{Name: group.Name, ID: group.ID, Members: map[string]bool{}}
		if after.ID == "" {
			after.ID = foreseen + group.Name
		}
		maps.Copy(after.Members, group.Members)
		maps.Copy(after.Members, memberships[group.Name])
		groups = append(groups, after)
	}
	return users, groups
}

// noteAccess writes the changes down, with the names of people and groups.
func (p *planning) noteAccess(view snapshot, actual access.Actual, changes access.Changes) {
	const step = onboarding.StepAccess
	names := map[string]string{}
	for _, user := range view.users {
		names[user.ID] = user.UserName
	}
	for _, group := range view.groups {
		names[group.ID] = group.Name
	}
	ids := view.userIDs()
	note := func(action onboarding.ChangeAction, kind, id, name, detail string) {
		p.note(onboarding.Change{Action: action, Step: step, Kind: kind, Name: name, Detail: detail, AfterSync: strings.HasPrefix(id, foreseen)})
	}
	for _, a := range changes.Assign {
		note(onboarding.ChangeCreate, onboarding.KindAssignment, a.PrincipalID, names[a.PrincipalID], strings.ToLower(a.Type))
	}
	for _, a := range changes.Revoke {
		note(onboarding.ChangeRemove, onboarding.KindAssignment, a.PrincipalID, cmp.Or(names[a.PrincipalID], a.PrincipalID), strings.ToLower(a.Type))
	}
	for _, profile := range changes.Create {
		detail := profile.Name
		if profile.Role != "" {
			detail += ", " + roleName(profile.Role)
		}
		note(onboarding.ChangeCreate, onboarding.KindProfile, ids[profile.UserName], profile.UserName, detail)
	}
	for _, profile := range changes.SetRole {
		note(onboarding.ChangeChange, onboarding.KindProfile, ids[profile.UserName], profile.UserName, profile.Name+" gets the execution role "+roleName(profile.Role))
	}
	for _, profile := range changes.Remake {
		note(onboarding.ChangeChange, onboarding.KindProfile, ids[profile.UserName], profile.UserName, profile.Name+" is "+profile.Status+", deleted and made again")
	}
	for _, profile := range changes.Delete {
		note(onboarding.ChangeRemove, onboarding.KindProfile, ids[profile.UserName], profile.UserName, profile.Name+", unless somebody works with it")
	}
	if changes.Held != "" {
		p.warn(step, "Look at the groups in Okta; people who left lose their access once that is settled.", "%s.", changes.Held)
	}
	p.noteKept(view, actual, changes)
}

// noteKept counts the assignments and profiles that stay as they are.
func (p *planning) noteKept(view snapshot, actual access.Actual, changes access.Changes) {
	has := map[string]bool{}
	for _, profile := range actual.Profiles {
		has[profile.UserName] = true
	}
	profiles := -len(changes.SetRole) - len(changes.Remake)
	for _, person := range view.desired.People() {
		if has[person.UserName] {
			profiles++
		}
	}
	kept := func(kind string, count int) {
		if count > 0 {
			p.unnamed = append(p.unnamed, onboarding.Change{Action: onboarding.ChangeKeep, Step: onboarding.StepAccess, Kind: kind, Count: count})
		}
	}
	kept(onboarding.KindAssignment, len(view.desired.Assignments())-len(changes.Assign))
	kept(onboarding.KindProfile, profiles)
}
