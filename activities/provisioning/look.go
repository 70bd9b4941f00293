// Package provisioning looks after SCIM: the endpoint and token, the Okta side of the connection, assignments and group push.
package provisioning

import (
	"context"
	"errors"
	"maps"
	"time"

	"go.temporal.io/sdk/activity"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// Look reads what the app has to do with the people and groups of the spec. The app is nil where there is none yet, or where it is
// not known which, as undecided says. Arriving, Lacking, MadeByHand and Existing are for the caller to fill in. The error is one
// worth another try.
func Look(ctx context.Context, okta provider.Okta, spec onboarding.Spec, app *model.App, undecided bool) (State, error) {
	state := State{App: app, Undecided: undecided}
	if undecided {
		return state, nil
	}
	l := &looker{okta: okta}
	if app != nil {
		l.appID = app.ID
	}
	for _, part := range []func(context.Context, onboarding.Spec, *State) error{l.connection, l.assignment, l.pushes} {
		if err := part(ctx, spec, &state); err != nil {
			return State{}, err
		}
	}
	return state, nil
}

// looker reads one app. appID is empty ahead of its creation: then nothing and nobody is assigned.
type looker struct {
	okta  provider.Okta
	appID string
	users *appUsers
}

func (l *looker) connection(ctx context.Context, _ onboarding.Spec, state *State) error {
	if state.App == nil || state.App.Provisions() {
		return nil
	}
	connection, err := lookConnection(ctx, l.okta, l.appID)
	state.Connection = connection
	state.ConnectionTrouble, err = provider.Trouble(err)
	return err
}

// lookConnection reads the provisioning connection. An app of which Okta's API knows none has the zero value.
func lookConnection(ctx context.Context, okta provider.Okta, appID string) (model.Connection, error) {
	connection, err := okta.Connection(ctx, appID)
	if err != nil {
		return model.Connection{}, unlessRefused(err)
	}
	return connection, nil
}

// unlessRefused drops an error that says that Okta's API won't, for which there is the console.
func unlessRefused(err error) error {
	switch fault.ClassOf(err) {
	case fault.Invalid, fault.NotFound, fault.Unsupported:
		return nil
	}
	return err
}

func (l *looker) assignment(ctx context.Context, spec onboarding.Spec, state *State) error {
	group, err := l.okta.Group(ctx, spec.Okta.AssignmentGroup)
	if state.GroupTrouble, err = provider.Trouble(err); err != nil {
		return err
	}
	if l.appID != "" {
		state.AppGroups, err = l.okta.AppGroups(ctx, l.appID)
		if state.AppGroupsTrouble, err = provider.Trouble(err); err != nil {
			return err
		}
	}
	if state.GroupTrouble != nil || state.AppGroupsTrouble != nil {
		return nil
	}
	state.Group = group
	var logins []string
	for _, person := range spec.Access.People {
		logins = append(logins, person.Login)
	}
	err = l.people(ctx, logins, state)
	state.PeopleTrouble, err = provider.Trouble(err)
	return err
}

// people reads who is assigned to the app: members of the assignment group of whom Okta has not begun to take care, and single
// people. Group and AppGroups are there.
func (l *looker) people(ctx context.Context, logins []string, state *State) error {
	if !state.assigned() && len(logins) == 0 {
		return nil
	}
	users, err := l.appUsers(ctx, len(logins) > 0)
	if err != nil {
		return err
	}
	behind := state.assigned() && len(users.waiting) > 0
	if !behind && len(logins) == 0 {
		return nil
	}
	var members []model.User
	covered := maps.Clone(users.ids)
	err = l.okta.GroupUsers(ctx, state.Group.ID, func(page []model.User) error {
		for _, user := range page {
			if behind {
				members = append(members, user)
			}
			if len(logins) > 0 {
				covered[user.ID] = true
			}
			if _, waits := users.waiting[user.ID]; behind && waits {
				state.Waiting = append(state.Waiting, user)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	state.InVain = inVain(members)
	return l.singles(ctx, logins, covered, state)
}

// inVain are the logins of those whose data Identity Center is known to refuse: to assign them once more would help nobody.
func inVain(members []model.User) map[string]bool {
	logins := map[string]bool{}
	for _, problem := range people.Lint(members) {
		logins[problem.Login] = true
	}
	return logins
}

func (l *looker) singles(ctx context.Context, logins []string, covered map[string]bool, state *State) error {
	for _, login := range logins {
		user, err := l.okta.UserByLogin(ctx, login)
		switch {
		case fault.ClassOf(err) == fault.NotFound:
			state.Singles = append(state.Singles, Single{Login: login})
		case err != nil:
			return err
		default:
			state.Singles = append(state.Singles, Single{Login: login, User: &user, Covered: covered[user.ID]})
		}
	}
	return nil
}

func (l *looker) pushes(ctx context.Context, spec onboarding.Spec, state *State) error {
	if len(spec.Access.Groups) == 0 {
		return nil
	}
	for _, wanted := range spec.Access.Groups {
		group, err := l.okta.Group(ctx, wanted.Name)
		trouble, err := provider.Trouble(err)
		if err != nil {
			return err
		}
		state.Pushes = append(state.Pushes, Push{Name: wanted.Name, Group: group, Trouble: trouble})
	}
	if l.appID == "" {
		return nil
	}
	mappings, err := lookMappings(ctx, l.okta, l.appID)
	if err != nil && !state.App.Provisions() && (isRefused(err) || fault.ClassOf(err) == fault.NotReady) {
		return nil // before provisioning is on, which the run sees to, the API refuses everything about pushes
	}
	if state.MappingsTrouble, err = provider.Trouble(err); err != nil || state.MappingsTrouble != nil {
		return err
	}
	state.Mappings = mappings
	if !anyPushed(mappings) || state.PeopleTrouble != nil {
		return nil
	}
	err = l.newest(ctx, state)
	state.PeopleTrouble, err = provider.Trouble(err)
	return err
}

// newest reads when people came, and whether some come with the assignment group once it is assigned.
func (l *looker) newest(ctx context.Context, state *State) error {
	toCome := state.GroupTrouble == nil && state.AppGroupsTrouble == nil && !state.assigned()
	users, err := l.appUsers(ctx, toCome)
	if err != nil {
		return err
	}
	state.Newest = users.newest
	if !toCome {
		return nil
	}
	return l.okta.GroupUsers(ctx, state.Group.ID, func(page []model.User) error {
		for _, user := range page {
			state.Newcomers = state.Newcomers || user.Status == userActive && !users.ids[user.ID]
		}
		return nil
	})
}

// lookMappings are the app's mappings by source group.
func lookMappings(ctx context.Context, okta provider.Okta, appID string) (map[string]model.Mapping, error) {
	all, err := okta.Mappings(ctx, appID)
	if err != nil {
		return nil, err
	}
	byGroup := make(map[string]model.Mapping, len(all))
	for _, mapping := range all {
		byGroup[mapping.SourceGroupID] = mapping
	}
	return byGroup, nil
}

// isRefused says whether Okta's API won't push groups: the app or org does not support it, or the credentials may not. A
// person can still do it in the console.
func isRefused(err error) bool {
	var f *fault.Fault
	return errors.As(err, &f) && !f.Class.Retryable()
}

// appUsers is what one pass over all app users shows.
type appUsers struct {
	// ids are all of them; only where they were asked for.
	ids map[string]bool
	// waiting are those whom Okta has not begun to provision, with what it says of them.
	waiting map[string]model.AppUser
	// newest is when the last person was provisioned.
	newest time.Time
}

// appUsers reads all app users once.
func (l *looker) appUsers(ctx context.Context, ids bool) (*appUsers, error) {
	if l.users != nil && (!ids || l.users.ids != nil) {
		return l.users, nil
	}
	found := &appUsers{waiting: map[string]model.AppUser{}}
	if ids {
		found.ids = map[string]bool{}
	}
	if l.appID == "" {
		return found, nil
	}
	err := eachAppUser(ctx, l.okta, l.appID, func(user model.AppUser) {
		if ids {
			found.ids[user.ID] = true
		}
		if waits(user) {
			found.waiting[user.ID] = user
		}
		if user.Provisioned() && user.StatusChanged.After(found.newest) {
			found.newest = user.StatusChanged
		}
	})
	if err == nil {
		l.users = found
	}
	return found, err
}

// eachAppUser reads all app users and records how many of them are provisioned as the activity's heartbeat, page by page.
func eachAppUser(ctx context.Context, okta provider.Okta, appID string, each func(model.AppUser)) error {
	provisioned, total := 0, 0
	return okta.AppUsers(ctx, appID, func(users []model.AppUser) error {
		for _, user := range users {
			total++
			if user.Provisioned() {
				provisioned++
			}
			each(user)
		}
		heartbeat(ctx, provisioned, total)
		return nil
	})
}

// heartbeat records the count, which is where the command line reads it.
func heartbeat(ctx context.Context, done, total int) {
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(ctx, onboarding.Count{Step: onboarding.StepOktaGroups, Done: done, Total: total,
			What: "people provisioned by Okta"})
	}
}
