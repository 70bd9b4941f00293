package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// The types of principals.
const (
	PrincipalGroup = "GROUP"
	PrincipalUser  = "USER"
)

// Assignment is a principal's assignment to the Studio application.
type Assignment struct {
	PrincipalID string
	// Type is PrincipalGroup or PrincipalUser.
	Type string
}

// Profile is a user profile in the domain.
type Profile struct {
	Name     string
	UserName string
	// Role is the ARN of the profile's execution role; empty means the domain's.
	Role   string
	Status string
	// Changed is when the profile last changed, where that is known.
	Changed time.Time
	// Tags is the digest of tags that were seen on the profile; empty where that is not known.
	Tags string
	// Unseen says that making the profile was acknowledged, and that nothing has shown it yet.
	Unseen bool
	// Ours says that the profile carries the tag of this run. Only profiles of people who are not wanted need it.
	Ours bool
}

// Actual is who has access.
type Actual struct {
	Assignments []Assignment
	Profiles    []Profile
	// UserIDs are the IDs in Identity Center, by exact user name, of all users with a profile whom Desired does not want, also
	// of those who are disabled. Others may be among them.
	UserIDs map[string]string
	// Ours are assignments that this run may remove, besides those of people whose profile is its own.
	Ours map[Assignment]bool
	// Losing are the user names of those who lose access with assignments of Ours.
	Losing map[Assignment][]string
}

// Changes lead from what is to what should be. Applying them and looking again leads to no changes, once nothing is Waiting.
type Changes struct {
	// Assign comes before Create: a profile without an assignment lets nobody in.
	Assign []Assignment
	Create []Profile
	// SetRole are profiles with the role that they should have.
	SetRole []Profile
	// Retag are profiles of people who should have access, which lack tags of the spec.
	Retag []Profile
	// Remake are failed profiles of people who should have one: to be deleted, so that they are made again.
	Remake []Profile
	// Waiting are profiles whose status is still changing: of people who should have access, and those that are being deleted.
	Waiting []Profile
	// Revoke and Delete are what is taken from Leavers.
	Revoke []Assignment
	Delete []Profile
	// Leavers are profiles, ours, of people who should have no access any more, whatever the policy for them is.
	Leavers []Profile
}

// Empty says whether nothing has to be done or waited for.
func (c Changes) Empty() bool {
	return len(c.Assign)+len(c.Create)+len(c.SetRole)+len(c.Retag)+len(c.Remake)+len(c.Waiting)+len(c.Revoke)+len(c.Delete) == 0
}

// Diff computes the changes. The order of the input does not matter, but for that of Desired.Groups and Desired.Singles,
// which decides about roles.
func Diff(desired Desired, actual Actual) Changes {
	var changes Changes
	has := make(map[Assignment]bool, len(actual.Assignments))
	for _, a := range actual.Assignments {
		has[a] = true
	}
	wanted := desired.Assignments()
	for _, a := range wanted {
		if !has[a] {
			changes.Assign = append(changes.Assign, a)
		}
	}
	people := desired.People()
	profiles := Picks(actual.Profiles)
	changes.profiles(desired, people, profiles, actual.Profiles)
	changes.removals(desired, actual, people, wanted)
	sortAssignments(changes.Assign)
	return changes
}

// profiles decides about the profiles of people who should have access.
func (c *Changes) profiles(desired Desired, people []Person, profiles map[string]*Profile, all []Profile) {
	var without []Person
	for _, person := range people {
		pick := profiles[person.UserName]
		if pick == nil {
			if desired.Eager {
				without = append(without, person)
			}
			continue
		}
		found := *pick
		switch {
		case found.Status == profile.StatusFailed || found.Status == profile.StatusDeleteFailed:
			c.Remake = append(c.Remake, found)
		case found.Status == profile.StatusInService || found.Status == profile.StatusUpdateFailed:
			if found.Status == profile.StatusUpdateFailed || cmp.Or(found.Role, desired.DefaultRole) != person.Role {
				found.Role = person.Role
				c.SetRole = append(c.SetRole, found)
			}
			if pick.Tags != desired.Tags && desired.Tags != "" {
				c.Retag = append(c.Retag, *pick)
			}
		default:
			c.Waiting = append(c.Waiting, found)
		}
	}
	if len(without) == 0 {
		return
	}
	names := profile.Names(userNames(people), Owners(all))
	for _, person := range without {
		profile := Profile{Name: names[person.UserName], UserName: person.UserName}
		if person.Role != desired.DefaultRole {
			profile.Role = person.Role
		}
		c.Create = append(c.Create, profile)
	}
}

// removals decides about what is taken from people who should have no access any more. Only what is ours is taken.
func (c *Changes) removals(desired Desired, actual Actual, people []Person, wanted []Assignment) {
	c.Leavers = slices.DeleteFunc(Unwanted(people, actual.Profiles), func(p Profile) bool { return !p.Ours })
	if !desired.removes() {
		return
	}
	has := make(map[Assignment]bool, len(actual.Assignments))
	for _, a := range actual.Assignments {
		has[a] = !slices.Contains(wanted, a)
	}
	revoke := map[Assignment]bool{}
	for _, leaver := range c.Leavers {
		own := Assignment{PrincipalID: actual.UserIDs[leaver.UserName], Type: PrincipalUser}
		if has[own] && !desired.Kept[leaver.UserName] {
			revoke[own] = true
		}
	}
	kept := func(name string) bool { return desired.Kept[name] }
	for a := range actual.Ours {
		if has[a] && !slices.ContainsFunc(actual.Losing[a], kept) {
			revoke[a] = true
		}
	}
	c.Revoke = slices.Collect(maps.Keys(revoke))
	sortAssignments(c.Revoke)
	if desired.OnRemoval != onboarding.RemovalDeleteProfile {
		return
	}
	for _, leaver := range c.Leavers {
		switch {
		case !desired.Due[leaver.UserName] || desired.Kept[leaver.UserName]:
		case leaver.Status == profile.StatusDeleting:
			c.Waiting = append(c.Waiting, leaver)
		default:
			c.Delete = append(c.Delete, leaver)
		}
	}
}

// Unwanted are the profiles of those who are not among these people, sorted by name. People are sorted by user name, as
// Desired.People are. Profiles whose user is unknown are not among them.
func Unwanted(people []Person, profiles []Profile) []Profile {
	var unwanted []Profile
	for _, profile := range profiles {
		if profile.UserName == "" {
			continue
		}
		if !isWanted(people, profile.UserName) {
			unwanted = append(unwanted, profile)
		}
	}
	slices.SortFunc(unwanted, func(a, b Profile) int { return strings.Compare(a.Name, b.Name) })
	return unwanted
}

// isWanted says whether a user is among these people, who are sorted by user name.
func isWanted(people []Person, userName string) bool {
	_, wanted := slices.BinarySearchFunc(people, userName, func(p Person, name string) int { return strings.Compare(p.UserName, name) })
	return wanted
}

// Owners maps the names of profiles to their users, as ProfileNames takes them.
func Owners(profiles []Profile) map[string]string {
	owners := make(map[string]string, len(profiles))
	for _, profile := range profiles {
		owners[profile.Name] = profile.UserName
	}
	return owners
}

// Pick chooses among the profiles of one user the one that a sign-in can use, and says whether there is any.
func Pick(profiles []Profile) (Profile, bool) {
	if len(profiles) == 0 {
		return Profile{}, false
	}
	return slices.MinFunc(profiles, better), true
}

func better(a, b Profile) int {
	return cmp.Or(cmp.Compare(rank(a.Status), rank(b.Status)), strings.Compare(a.Name, b.Name))
}

func rank(status string) int {
	order := []string{profile.StatusInService, profile.StatusUpdating, profile.StatusPending, profile.StatusUpdateFailed,
		profile.StatusFailed, profile.StatusDeleteFailed}
	if i := slices.Index(order, status); i >= 0 {
		return i
	}
	return len(order)
}

// Picks chooses for every user in the way of Pick. The result points into profiles.
func Picks(profiles []Profile) map[string]*Profile {
	picks := make(map[string]*Profile, len(profiles))
	for i := range profiles {
		one := &profiles[i]
		if one.UserName == "" {
			continue
		}
		if other := picks[one.UserName]; other == nil || better(*one, *other) < 0 {
			picks[one.UserName] = one
		}
	}
	return picks
}

func userNames(people []Person) []string {
	names := make([]string, len(people))
	for i, person := range people {
		names[i] = person.UserName
	}
	return names
}

func sortAssignments(assignments []Assignment) {
	slices.SortFunc(assignments, func(a, b Assignment) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.PrincipalID, b.PrincipalID))
	})
}
