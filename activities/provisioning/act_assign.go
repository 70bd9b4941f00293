package provisioning

import (
	"context"
	"slices"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

const (
	// sampled is how many people are looked at directly to see whether Okta has begun to take care of them.
	sampled = 5
	// lookedAtDirectly is how many assignments are read one by one; above that a list is fewer calls.
	lookedAtDirectly = 50
)

// AssignGroups assigns the assignment group to the app, and those of the people who come neither with it nor are assigned
// already, and reads both back. Provisioning has to be on before: Okta does not catch up on people assigned earlier, so that
// a group with such people is assigned once more.
func (x *Activities) AssignGroups(ctx context.Context, in AssignInput) (AssignResult, error) {
	group, err := x.Okta.Group(ctx, in.AssignmentGroup)
	if err != nil {
		return AssignResult{}, err
	}
	assigned, err := x.Okta.AppGroups(ctx, in.AppID)
	if err != nil {
		return AssignResult{}, err
	}
	state := State{Group: group, AppGroups: assigned}
	l := &looker{okta: x.Okta, appID: in.AppID}
	if err := l.people(ctx, in.People, &state); err != nil {
		return AssignResult{}, err
	}
	people, unknown := state.toAssign()
	result := AssignResult{GroupID: group.ID, Origin: onboarding.OriginAdopted, UnknownPeople: unknown}
	switch {
	case !state.assigned():
		result.Origin = onboarding.OriginCreated
		err = x.assignGroup(ctx, in.AppID, group)
	case len(state.behind()) > 0:
		err = x.assignOnceMore(ctx, in.AppID, group, state.behind(), l.users.waiting)
	}
	if err != nil {
		return AssignResult{}, err
	}
	return result, x.assignPeople(ctx, in.AppID, people)
}

func (x *Activities) assignGroup(ctx context.Context, appID string, group model.Group) error {
	left, err := provider.WriteUntilSeen(ctx, x.Waits, []string{group.ID},
		func(ctx context.Context, id string) error { return x.Okta.AssignGroup(ctx, appID, id) },
		func(ctx context.Context) ([]string, error) {
			assigned, err := x.Okta.AppGroups(ctx, appID)
			if err != nil || slices.Contains(assigned, group.ID) {
				return nil, err
			}
			return []string{group.ID}, nil
		})
	if err == nil && len(left) > 0 {
		err = x.notShown(groupsOperation, "Okta took the assignment of the group %q, but does not show it yet", group.Name)
	}
	return err
}

// assignOnceMore assigns a group that is assigned already. That it was taken shows in the people for whose sake it is done: Okta
// begins with some of them. Where none moves, there may be another reason, which AwaitProvisioned and CompareDirectory tell.
func (x *Activities) assignOnceMore(ctx context.Context, appID string, group model.Group, behind []model.User,
	before map[string]model.AppUser) error {
	behind = behind[:min(len(behind), sampled)]
	_, err := provider.WriteUntilSeen(ctx, x.Waits, []string{group.ID},
		func(ctx context.Context, id string) error { return x.Okta.AssignGroup(ctx, appID, id) },
		func(ctx context.Context) ([]string, error) {
			for _, person := range behind {
				now, err := x.Okta.AppUser(ctx, appID, person.ID)
				if fault.ClassOf(err) == fault.NotFound {
					continue
				}
				if err != nil {
					return nil, err
				}
				if moved(before[person.ID], now) {
					return nil, nil
				}
			}
			return []string{group.ID}, nil
		})
	return err
}

// moved says whether Okta has done anything about somebody.
func moved(before, now model.AppUser) bool {
	return !waits(now) || now.Status != before.Status || now.SyncState != before.SyncState || !now.StatusChanged.Equal(before.StatusChanged)
}

// assignPeople assigns single people. Those whom Okta refuses to assign are left to CompareDirectory, which says of everybody why
// they don't come: one person is no reason to stop the others.
func (x *Activities) assignPeople(ctx context.Context, appID string, people []model.User) error {
	refused := map[string]bool{}
	left, err := provider.WriteUntilSeen(ctx, x.Waits, people,
		func(ctx context.Context, user model.User) error {
			err := x.Okta.AssignUser(ctx, appID, user.ID)
			if fault.ClassOf(err) == fault.Invalid {
				refused[user.ID] = true
				return nil
			}
			return err
		},
		func(ctx context.Context) ([]model.User, error) {
			people = slices.DeleteFunc(people, func(user model.User) bool { return refused[user.ID] })
			var err error
			people, err = x.notAssigned(ctx, appID, people)
			return people, err
		})
	if err == nil && len(left) > 0 {
		err = x.notShown(groupsOperation, "Okta took the assignment of %s, but does not show it yet", left[0].Login)
	}
	return err
}

// notAssigned are those of the people whom the app does not have.
func (x *Activities) notAssigned(ctx context.Context, appID string, people []model.User) ([]model.User, error) {
	var missing []model.User
	if len(people) > lookedAtDirectly {
		there := map[string]bool{}
		err := eachAppUser(ctx, x.Okta, appID, func(user model.AppUser) { there[user.ID] = true })
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Clone(people), func(user model.User) bool { return there[user.ID] }), nil
	}
	for _, user := range people {
		_, err := x.Okta.AppUser(ctx, appID, user.ID)
		if fault.ClassOf(err) == fault.NotFound {
			missing = append(missing, user)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return missing, nil
}
