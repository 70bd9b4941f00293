package provisioning

import (
	"context"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
)

// maxFailedEvents is how many failed provisioning events are looked at; Okta serves as many in one page.
const maxFailedEvents = 1000

// census is one look at all app users.
type census struct {
	ids         map[string]bool
	provisioned int
	failed      int
	// underWay are those of whom nothing final is known.
	underWay []model.AppUser
	// moved is when the latest of them changed.
	moved time.Time
}

// AwaitProvisioned looks once at all app users; NotReady while people are under way. Somebody counts as failed when Okta
// says so, in the app user or in the System Log, or when nobody at all has moved for Waits.Settle: in a large org those at
// the end of Okta's queue stay untouched for hours while it works on the others. It records an onboarding.Count as its
// heartbeat with every page; Okta's pace can hold a page back for about a minute.
func (x *Activities) AwaitProvisioned(ctx context.Context, in AppInput) (ProvisionedResult, error) {
	people, err := x.count(ctx, in.AppID)
	if err != nil {
		return ProvisionedResult{}, err
	}
	if err := x.sortOut(ctx, in.AppID, &people); err != nil {
		return ProvisionedResult{}, err
	}
	assigned := len(people.ids)
	if n := len(people.underWay); n > 0 {
		return ProvisionedResult{}, x.underWay("Okta has provisioned %d of %d people, %d are under way", people.provisioned, assigned, n)
	}
	// Okta makes app users of a group's members one after the other: all are done only when none is missing.
	absent, err := x.absentMembers(ctx, in.AppID, people)
	if err != nil {
		return ProvisionedResult{}, err
	}
	if absent > 0 && (assigned == 0 || time.Since(people.moved) < x.Waits.Settle) {
		return ProvisionedResult{}, x.underWay("Okta has yet to assign %d members of the assigned groups, %d are assigned", absent, assigned)
	}
	return ProvisionedResult{Assigned: assigned + absent, Provisioned: people.provisioned, Failed: people.failed + absent}, nil
}

func (x *Activities) underWay(format string, args ...any) *fault.Fault {
	return fault.New(fault.NotReady, "okta", groupsOperation, format, args...).
		WithRemedy("Nothing to do yet: Okta takes some minutes, and longer where AWS slows it down.").
		After(x.Waits.Sync)
}

func (x *Activities) count(ctx context.Context, appID string) (census, error) {
	people := census{ids: map[string]bool{}}
	err := eachAppUser(ctx, x.Okta, appID, func(user model.AppUser) {
		people.ids[user.ID] = true
		if user.StatusChanged.After(people.moved) {
			people.moved = user.StatusChanged
		}
		switch {
		case user.Provisioned():
			people.provisioned++
		case stopped(user):
			people.failed++
		default:
			people.underWay = append(people.underWay, user)
		}
	})
	return people, err
}

// stopped says whether Okta will do nothing more for this app user by itself.
func stopped(user model.AppUser) bool {
	if user.SyncState == syncError {
		return true
	}
	switch user.Status {
	case userDeprovisioned, "INACTIVE", "REVOKED", "SUSPENDED", "UNASSIGNED":
		return true
	}
	return false
}

// sortOut moves people from underWay to failed whom the System Log reports since their last change, and all of them when
// nothing moves any more.
func (x *Activities) sortOut(ctx context.Context, appID string, people *census) error {
	if len(people.underWay) == 0 {
		return nil
	}
	now := time.Now()
	since := now
	for _, user := range people.underWay {
		if user.StatusChanged.Before(since) {
			since = user.StatusChanged
		}
	}
	failures, err := x.Okta.ProvisioningFailures(ctx, appID, since, now.Add(time.Minute), maxFailedEvents)
	switch fault.ClassOf(err) {
	case "":
		if err != nil {
			return err
		}
	case fault.Denied, fault.Unsupported:
		// Few administrators' roles may read the log. Those who fail are then found by the time that passes.
	default:
		return err
	}
	latest := map[string]time.Time{}
	for _, event := range failures {
		for _, key := range []string{event.UserID, strings.ToLower(event.UserLogin)} {
			if key != "" && event.Published.After(latest[key]) {
				latest[key] = event.Published
			}
		}
	}
	stuck := now.Sub(people.moved) > x.Waits.Settle
	people.underWay = slices.DeleteFunc(people.underWay, func(user model.AppUser) bool {
		reported := latest[user.ID]
		if byName := latest[strings.ToLower(user.UserName)]; byName.After(reported) {
			reported = byName
		}
		failed := stuck || (!reported.IsZero() && !reported.Before(user.StatusChanged))
		if failed {
			people.failed++
		}
		return failed
	})
	return nil
}

// absentMembers counts the active members of assigned groups who are no app users yet. Okta pushes no others.
func (x *Activities) absentMembers(ctx context.Context, appID string, people census) (int, error) {
	groups, err := x.Okta.AppGroups(ctx, appID)
	if err != nil {
		return 0, err
	}
	absent := map[string]bool{}
	for _, id := range groups {
		err := x.Okta.GroupUsers(ctx, id, func(page []model.User) error {
			for _, user := range page {
				if user.Status == userActive && !people.ids[user.ID] {
					absent[user.ID] = true
				}
			}
			heartbeat(ctx, people.provisioned, len(people.ids)+len(absent))
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return len(absent), nil
}
