package access

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/roster"
	"studio-onboarding/onboarding"
)

// RosterStore keeps who should have access as last agreed, and what was shown to whom for their consent.
type RosterStore interface {
	// ReadRoster reads the roster of a run; an error wraps fs.ErrNotExist where there is none. SaveRoster replaces it.
	ReadRoster(ctx context.Context, run string) (roster.Roster, error)
	SaveRoster(ctx context.Context, run string, agreed roster.Roster) error
	// ReadHolds reads what was held since the present hold began, the oldest first, and SaveHolds replaces it: somebody may agree to
	// what they have read, although more are held by now.
	ReadHolds(ctx context.Context, run string) ([]roster.Hold, error)
	SaveHolds(ctx context.Context, run string, holds iter.Seq[roster.Hold]) error
}

// guarded is what the guard decided in one look.
type guarded struct {
	roster.Judgement
	// first says that there was no roster, so that everything was measured against what is there.
	first bool
	// entered are those whose quarantine begins now.
	entered []roster.Quarantined
	// consent is what somebody agrees to now.
	consent *roster.Hold
	// bare is what should be without a hold.
	bare Desired
	spec onboarding.GuardSpec
}

// guard measures who should have access against the agreed roster, and has the view take nothing from those who are held. It
// writes nothing: keep does.
func (a *domainAccess) guard(ctx context.Context, okta provider.Okta, now time.Time, view *snapshot, actual Actual) (guarded, error) {
	g := guarded{bare: view.desired, spec: a.in.Access.Guard.Filled()}
	if err := a.readRoster(ctx); err != nil {
		return guarded{}, err
	}
	wanted := view.desired.People()
	before := a.agreed
	if g.first = before == nil; g.first {
		before = baseline(*view, wanted, actual)
	}
	a.agreed = nil // there may be many people on it
	rules := roster.Rules{Share: g.spec.Share, People: g.spec.People, Window: g.spec.Window.Std(), Quarantine: g.spec.Quarantine.Std()}
	look := rosterLook(a.in, view.desired, wanted, actual, now)
	if look.Anything = a.in.AllowRemovals; a.in.Consent != "" {
		var err error
		if g.consent, err = a.consent(ctx, *before, rules, look); err != nil {
			return guarded{}, err
		}
		look.Consent = g.consent
	}
	g.Judgement = before.Judge(rules, look)
	if err := a.crossCheck(ctx, okta, *view, g.Losses); err != nil {
		return guarded{}, err
	}
	known := map[string]bool{}
	for _, one := range before.Quarantine {
		known[one.Name] = true
	}
	desired := &view.desired
	desired.Due = map[string]bool{}
	for _, one := range g.Roster.Quarantine {
		if !now.Before(one.Until) {
			desired.Due[one.Name] = true
		} else if !known[one.Name] {
			g.entered = append(g.entered, one)
		}
	}
	g.bare.Due = desired.Due
	if hold := g.Roster.Hold; hold != nil {
		desired.Kept, desired.Pinned = map[string]bool{}, map[string]string{}
		for _, loss := range hold.Losses {
			desired.Kept[loss.Name] = true
			if was, known := g.Roster.Find(loss.Name); known && was.Role != "" && !loss.Access {
				desired.Pinned[loss.Name] = was.Role
			}
		}
	}
	return g, nil
}

// readRoster reads the roster, once. It may be read beside other lists, ahead of guard.
func (a *domainAccess) readRoster(ctx context.Context) error {
	if a.rosterRead || a.rosters == nil {
		return nil
	}
	agreed, err := a.rosters.ReadRoster(ctx, a.in.Run)
	switch {
	case err == nil:
		a.agreed = &agreed
	case !errors.Is(err, fs.ErrNotExist):
		return storeTrouble("roster", "read", err)
	}
	a.rosterRead = true
	return nil
}

// keep writes down what was decided, before anything is done about it.
func (a *domainAccess) keep(ctx context.Context, g guarded) error {
	if a.rosters == nil || !g.first && !g.Changed {
		return nil
	}
	if err := a.keepHolds(ctx, g); err != nil {
		return err
	}
	if err := a.rosters.SaveRoster(ctx, a.in.Run, g.Roster); err != nil {
		return storeTrouble("roster", "written", err)
	}
	return nil
}

// maxHolds is how many forms of a hold somebody may still agree to.
const maxHolds = 20

// keepHolds keeps what is held now beside what was held before of the same hold.
func (a *domainAccess) keepHolds(ctx context.Context, g guarded) error {
	hold := cmp.Or(g.Roster.Hold, g.consent)
	if hold == nil {
		return nil
	}
	holds, err := a.rosters.ReadHolds(ctx, a.in.Run)
	if err != nil {
		return storeTrouble("list of holds", "read", err)
	}
	before := len(holds)
	holds = slices.DeleteFunc(holds, func(h roster.Hold) bool { return !h.Since.Equal(hold.Since) })
	fresh := len(holds) < before
	for _, one := range []*roster.Hold{g.consent, g.Roster.Hold} {
		if one != nil && !slices.ContainsFunc(holds, func(h roster.Hold) bool { return h.ID == one.ID }) {
			holds, fresh = append(holds, *one), true
		}
	}
	if !fresh {
		return nil
	}
	if err := a.rosters.SaveHolds(ctx, a.in.Run, slices.Values(holds[max(0, len(holds)-maxHolds):])); err != nil {
		return storeTrouble("list of holds", "written", err)
	}
	return nil
}

// rosterLook is what the guard looks at.
func rosterLook(in Input, desired Desired, wanted []Person, actual Actual, now time.Time) roster.Look {
	look := roster.Look{
		People: make([]roster.Person, len(wanted)), Groups: in.groupNames(), OnRemoval: desired.OnRemoval, Now: now,
		Profiles: map[string]string{},
	}
	for i, person := range wanted {
		look.People[i] = roster.Person{Name: person.UserName, Groups: person.Via, Role: person.Role}
	}
	var changes Changes
	changes.removals(desired, actual, wanted, desired.Assignments())
	owners := map[string]string{}
	for name, id := range actual.UserIDs {
		owners[id] = name
	}
	for _, revoked := range changes.Revoke {
		look.Losing = append(look.Losing, actual.Losing[revoked]...)
		if name := owners[revoked.PrincipalID]; name != "" && revoked.Type == PrincipalUser {
			look.Losing = append(look.Losing, name)
		}
	}
	if desired.OnRemoval == onboarding.RemovalDeleteProfile {
		for _, leaver := range slices.Backward(changes.Leavers) {
			look.Profiles[leaver.UserName] = leaver.Name
		}
	}
	return look
}

// baseline is what stands for the roster while there is none: who has a profile and should, and who should not have access and is
// in an access group in Identity Center. So the first look of a version with a roster is as careful as the one before it was, and
// those who join with it don't make up for those who leave.
func baseline(view snapshot, wanted []Person, actual Actual) *roster.Roster {
	all := make(map[string]roster.Person, len(wanted))
	picks := Picks(actual.Profiles)
	for _, person := range wanted {
		if pick := picks[person.UserName]; pick != nil {
			all[person.UserName] = roster.Person{Name: person.UserName, Groups: person.Via,
				Role: cmp.Or(pick.Role, view.desired.DefaultRole)}
		}
	}
	for _, group := range view.groups {
		for id := range group.Members {
			name, enabled := view.desired.Users[id]
			person, there := all[name]
			if !enabled || !there && isWanted(wanted, name) || slices.Contains(person.Groups, group.Name) {
				continue
			}
			person.Name, person.Groups = name, append(slices.Clone(person.Groups), group.Name)
			all[name] = person
		}
	}
	return &roster.Roster{People: slices.SortedFunc(maps.Values(all), func(a, b roster.Person) int { return strings.Compare(a.Name, b.Name) })}
}

// consent finds the hold that somebody agrees to: the one that there is now, or an earlier one of which this one has grown. One
// that is over has nothing left to agree to.
func (a *domainAccess) consent(ctx context.Context, before roster.Roster, rules roster.Rules, look roster.Look) (*roster.Hold, error) {
	if now := before.Judge(rules, look).Roster.Hold; now != nil && now.ID == a.in.Consent {
		return now, nil
	}
	var holds []roster.Hold
	if a.rosters != nil {
		var err error
		if holds, err = a.rosters.ReadHolds(ctx, a.in.Run); err != nil {
			return nil, storeTrouble("list of holds", "read", err)
		}
	}
	for _, hold := range holds {
		switch {
		case hold.ID != a.in.Consent:
		case before.Hold == nil || !before.Hold.Since.Equal(hold.Since):
			return nil, nil
		default:
			return &hold, nil
		}
	}
	return nil, fault.New(fault.Invalid, "worker", "", "there is no hold %q of %s to agree to.", a.in.Consent, a.in.Run).
		WithRemedy("Look at who is held now: starter sync %s --dry-run", a.in.Run)
}

// maxAsked is how many of those who left are asked for one by one.
const maxAsked = 10

// crossCheck asks Okta for some of those who left, one by one. A list that lacks somebody of whom Okta says otherwise when asked
// has ended early, or lags: nothing is done about it, and it is read again.
func (a *domainAccess) crossCheck(ctx context.Context, okta provider.Okta, view snapshot, losses []roster.Loss) error {
	if !a.in.FollowOkta || okta == nil {
		return nil
	}
	var asked []roster.Loss
	for _, loss := range losses {
		if user := view.byName[loss.Name]; user != nil && len(user.ExternalIDs) > 0 && len(loss.Groups) > 0 && user.Enabled {
			asked = append(asked, loss)
		}
	}
	if len(asked) > maxAsked { // spread over all of them
		for i := range maxAsked {
			asked[i] = asked[i*len(asked)/maxAsked]
		}
		asked = asked[:maxAsked]
	}
	for _, loss := range asked {
		id := view.byName[loss.Name].ExternalIDs[0]
		groups, err := okta.UserGroups(ctx, id)
		if fault.ClassOf(err) == fault.NotFound {
			continue
		} else if err != nil {
			return err
		}
		in := ""
		for _, group := range groups {
			if slices.Contains(loss.Groups, group.Name) {
				in = group.Name
			}
		}
		if in == "" {
			continue
		}
		appUser, err := okta.AppUser(ctx, a.in.AppID, id)
		switch {
		case fault.ClassOf(err) == fault.NotFound:
			continue
		case err != nil:
			return err
		case people.Person{AppUser: &appUser}.Assigned():
			return fault.New(fault.Unavailable, "okta", "okta:GET /api/v1/groups/{id}/users",
				"Okta contradicts itself: its lists lack people of the group %q of whom it says, asked for one by one, that they are in it and "+
					"assigned to the app.", in).
				WithRemedy("It is read again by itself. If it stays so, look at status.okta.com, and ask Okta's support why the lists of the " +
					"group and of the app's people are shorter than they are.")
		}
	}
	return nil
}

// held says why people keep what they have although they are missing.
func (g guarded) held() string {
	if g.Roster.Hold == nil {
		return ""
	}
	return g.Roster.Hold.Reason + "; they keep what they have"
}

// hold is the hold as reports show it.
func (g guarded) hold() *onboarding.Hold {
	hold := g.Roster.Hold
	if hold == nil {
		return nil
	}
	shown := &onboarding.Hold{ID: hold.ID, Since: hold.Since, Reason: hold.Reason, Total: len(hold.Losses)}
	for _, scope := range hold.Scopes {
		shown.Groups = append(shown.Groups, onboarding.HeldGroup{Name: scope.Group, Leaving: scope.Leaving, Left: scope.Left, Of: scope.Of})
	}
	return shown
}

func (g guarded) state() onboarding.RosterState {
	return onboarding.RosterState{Agreed: len(g.Roster.People), Left: g.Left, Quarantined: len(g.Roster.Quarantine), Guard: g.spec}
}
