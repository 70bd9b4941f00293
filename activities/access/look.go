package access

import (
	"context"
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/signin"
	"studio-onboarding/onboarding"
)

// Sources are what a look reads from. The store is read only, for what is known of profiles; nil describes everybody.
type Sources struct {
	AWS   provider.AWS
	Waits provider.Waits
	Store PeopleStore
}

// State is what the judge of access looks at.
type State struct {
	// Desired is who should have access, and Actual who has.
	Desired Desired
	Actual  Actual
	// Names are the names of users and groups, by their IDs in Identity Center.
	Names map[string]string
	// Roles resolves the names that the spec gives to execution roles; the first one is the domain's default.
	Roles []onboarding.RoleHandle
	// Held says why people who are missing keep what they have, and Roster counts who should have access as last agreed.
	Held   string
	Hold   *onboarding.Hold
	Roster onboarding.RosterState
	// SignIns is what was seen of sign-ins; nil where there is nothing to sign in to yet.
	SignIns *signin.Found
	// Trouble is what could not be looked at.
	Trouble *onboarding.Trouble
}

// Look reads who has access, for a directory with these users and these access groups, in the order of the spec: as it is, or
// as it will be (people.State.AfterSync). Without a domain nobody has. Reading tells how many profiles were read.
func Look(ctx context.Context, from Sources, in Input, users []people.User, groups []people.Group, reading func(done, total int)) (State,
	error) {
	view := viewOf(in, users, groups)
	state := State{Desired: view.desired, Actual: Actual{UserIDs: map[string]string{}}, Names: map[string]string{}, Roles: in.Roles}
	for _, user := range users {
		state.Names[user.ID], state.Actual.UserIDs[user.UserName] = user.UserName, user.ID
	}
	for _, group := range groups {
		state.Names[group.ID] = group.Name
	}
	state.Roster.Guard = in.Access.Guard.Filled()
	if in.Domain.ApplicationARN == "" {
		return state, nil
	}
	a, err := connect(ctx, from.AWS, from.Waits, from.Store, in)
	if err == nil {
		a.memory.readOnly = true
		var found listing
		if found, err = a.list(ctx, reading); err == nil {
			state.Actual, err = a.complete(ctx, view, found, nil)
		}
		if err == nil {
			var guard guarded
			if guard, err = a.guard(ctx, nil, time.Now().UTC(), &view, state.Actual); err == nil {
				state.Desired, state.Held, state.Hold, state.Roster = view.desired, guard.held(), guard.hold(), guard.state()
			}
		}
	}
	state.Trouble, err = provider.Trouble(err)
	return state, err
}
