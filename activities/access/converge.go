package access

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/profile"
	"studio-onboarding/onboarding"
)

// ConvergeAccess lists what is, computes what should be, and makes the difference: assignments of the groups and single people
// first, and only when they are read back, profiles, roles and tags. It looks again and again until nothing is left to do, so it
// is done only when everything that it made has been seen, and it may die anywhere. A write that was acknowledged and does not
// show is made again.
//
// People for whom it fails for good are the result's exceptions and don't stop the others. Class NotFound: Identity Center
// lacks an access group. Class NotReady: an assignment is still not seen after Waits.Propagation; class Invalid: nor in later
// attempts.
func (x *Activities) ConvergeAccess(ctx context.Context, in Input) (Result, error) {
	progress := provider.NewProgress(ctx, onboarding.StepAccess, progressOf(in.Access))
	a, err := x.open(ctx, in, progress)
	if err != nil {
		return Result{}, err
	}
	defer a.memory.flush(ctx)
	var view snapshot
	var found listing
	err = provider.SideBySide(ctx, func(ctx context.Context) (err error) {
		view, err = x.lookFollowing(ctx, a)
		return err
	}, func(ctx context.Context) (err error) {
		found, err = a.list(ctx, func(int, int) {})
		return err
	}, a.readRoster)
	if err != nil {
		return Result{}, err
	}
	if err := view.requireGroups(); err != nil {
		return Result{}, err
	}
	var first []string
	if in.Canary != nil {
		if view, first, err = view.onlyCanary(*in.Canary); err != nil {
			return Result{}, err
		}
	}
	c := newConvergence(x, a, view, found)
	c.result.First = first
	pause := a.waits.Profile / firstPause
	for {
		settled, err := c.round(ctx)
		if err != nil {
			return Result{}, err
		}
		if settled {
			a.memory.save(ctx)
			return c.settled(ctx)
		}
		if err := a.pause(ctx, pause); err != nil {
			return Result{}, err
		}
		pause = min(2*pause, a.waits.Profile)
		if err := c.look(ctx); err != nil {
			return Result{}, err
		}
	}
}

// firstPause is by how much the first pause is shorter than those after it.
const firstPause = 5

// progressOf is what is counted while access converges.
func progressOf(spec onboarding.AccessSpec) string {
	if spec.Profiles == onboarding.ProfilesFirstSignIn {
		return "people"
	}
	return "profiles"
}

// convergence is one attempt to make access follow the directory.
type convergence struct {
	*domainAccess
	x      *Activities
	view   snapshot
	people []Person
	// made is how often making the profile of each of people was acknowledged.
	made    []uint8
	found   listing
	started time.Time
	rounds  int
	// assigning says that assignments alone were made in the last round, so that the list of profiles still counts.
	assigning bool

	mu     sync.Mutex
	result Result
	// givenUp are those for whom it failed for good, by user name, and untagged those whose profile does not take the tags.
	givenUp, untagged map[string]people.Problem
	// tries are the changes that were made, so that none is repeated before it had time to show, nor for ever.
	tries map[string]try
	// acknowledged are changes that were answered with success. They count when they were seen.
	acknowledged map[acknowledged]bool
	// deleting are failed profiles that were told to go, until they are made again.
	deleting map[string]bool
	// waitingSince is when a profile was first seen on its way.
	waitingSince map[string]time.Time
	spacesOf     map[string]int
}

// try is how often a change was made, and when the last time.
type try struct {
	times int
	last  time.Time
}

// acknowledged is a change of a profile, of which the user's name is kept, or of an assignment.
type acknowledged struct {
	change, of string
}

// The changes that are counted.
const (
	changeTaken  = "taken"
	changeRemake = "remake"
	changeRole   = "role"
	changeTags   = "tags"
	changeDelete = "delete"
	changeRevoke = "revoke"
)

const (
	// maxTries is how often the same change is made before it counts as failed for good. Some of the repetitions only come
	// from lists that lag behind.
	maxTries = 5
	// maxRemakes is how often a profile that failed is made again.
	maxRemakes = 1
)

func newConvergence(x *Activities, a *domainAccess, view snapshot, found listing) *convergence {
	wanted := view.desired.People()
	return &convergence{
		x: x, domainAccess: a, view: view, found: found, people: wanted, made: make([]uint8, len(wanted)), started: time.Now(),
		givenUp: map[string]people.Problem{}, untagged: map[string]people.Problem{}, tries: map[string]try{},
		acknowledged: map[acknowledged]bool{}, deleting: map[string]bool{}, waitingSince: map[string]time.Time{},
	}
}

// round looks and acts once. It is settled when there was nothing to do and nothing to wait for.
func (c *convergence) round(ctx context.Context) (settled bool, err error) {
	actual, err := c.complete(ctx, c.view, c.found, c.isUntagged)
	if err != nil {
		return false, err
	}
	if c.rounds == 0 && c.in.Canary == nil {
		guard, err := c.guard(ctx, c.x.Okta, c.x.now(), &c.view, actual)
		if err == nil {
			err = c.keep(ctx, guard)
		}
		if err != nil {
			return false, err
		}
		c.result.Held, c.result.Hold = guard.held(), guard.hold()
	}
	changes := Diff(c.view.desired, actual)
	if c.rounds == 0 {
		c.count(actual, changes)
	}
	c.rounds++
	seen := c.seen(actual)
	c.progress.At(seen, len(c.people))
	if c.assigning = len(changes.Assign) > 0; c.assigning {
		return false, c.assignAll(ctx, changes.Assign)
	}
	if len(c.in.First) > 0 && c.view.desired.OnRemoval != onboarding.RemovalReport {
		changes.Revoke = append(changes.Revoke, c.firstOnes(actual, c.view.desired.Assignments())...)
	}
	if err := c.remove(ctx, changes); err != nil {
		return false, err
	}
	c.giveUpWaiting(changes.Waiting)
	remake, create, setRole, retag := c.still(changes.Remake), c.still(changes.Create), c.still(changes.SetRole), c.still(changes.Retag)
	if err := c.remake(ctx, remake); err != nil {
		return false, err
	}
	if err := c.setRoles(ctx, setRole); err != nil {
		return false, err
	}
	if err := c.setTags(ctx, retag); err != nil {
		return false, err
	}
	if err := c.create(ctx, create, seen); err != nil {
		return false, err
	}
	retag = slices.DeleteFunc(retag, func(p Profile) bool { return c.isUntagged(p.Name) })
	left := len(remake) + len(create) + len(setRole) + len(retag) + len(c.still(changes.Waiting)) + len(changes.Revoke) +
		len(c.still(changes.Delete))
	return left == 0, nil
}

// look lists what may have changed in the last round.
func (c *convergence) look(ctx context.Context) (err error) {
	if c.assigning {
		c.found.assignments, err = c.listAssignments(ctx)
		return err
	}
	c.found, err = c.list(ctx, func(int, int) {})
	return err
}

// still leaves out the profiles of those who were given up.
func (c *convergence) still(profiles []Profile) []Profile {
	return slices.DeleteFunc(slices.Clone(profiles), func(p Profile) bool { _, given := c.givenUp[p.UserName]; return given })
}

// isUntagged says whether a profile was given up as one that does not take tags.
func (c *convergence) isUntagged(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tries[changeTags+" "+name].times > maxTries
}

// giveUp records that it failed for good for a person, once.
func (c *convergence) giveUp(userName string, problem people.Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, given := c.givenUp[userName]; !given {
		c.givenUp[userName] = problem
	}
}

// settled is the result, with the people for whom it failed in the order of their names. All of them are kept in the store, from
// which VerifyAccess takes the reasons.
func (c *convergence) settled(ctx context.Context) (Result, error) {
	c.countSeen()
	for name, problem := range c.untagged {
		c.giveUp(name, problem)
	}
	var all []onboarding.PersonException
	for _, name := range slices.Sorted(maps.Keys(c.givenUp)) {
		all = append(all, people.Exception(name, c.givenUp[name]))
	}
	exceptions := append(c.view.notFoundYet(), all...)
	c.result.ExceptionsTotal = len(exceptions)
	c.result.Exceptions = exceptions[:min(len(exceptions), onboarding.MaxListed)]
	if err := c.x.People.SaveExceptions(ctx, c.in.Run, all); err != nil {
		return Result{}, storeTrouble("list of exceptions", "written", err)
	}
	return c.result, nil
}

// givenUp are those for whom making access right failed for good when it was tried last, by user name.
func (x *Activities) givenUp(ctx context.Context, run string) (map[string]onboarding.PersonException, error) {
	exceptions, err := x.People.ReadExceptions(ctx, run)
	if err != nil {
		return nil, storeTrouble("list of exceptions", "read", err)
	}
	failed := make(map[string]onboarding.PersonException, len(exceptions))
	for _, person := range exceptions {
		failed[person.Person] = person
	}
	return failed, nil
}

// again counts a change to something, and says how often it has been made, with this time.
func (c *convergence) again(change, of string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.tries[change+" "+of]
	one.times, one.last = one.times+1, time.Now()
	c.tries[change+" "+of] = one
	return one.times
}

// due counts a change that is to be made, unless it was made before and may still be about to show. It says how often it has
// been made, with this time; 0 where it is not due.
func (c *convergence) due(change, of string) int {
	c.mu.Lock()
	last := c.tries[change+" "+of].last
	c.mu.Unlock()
	if time.Since(last) < c.waits.Appearing() {
		return 0
	}
	return c.again(change, of)
}

// refusedNow makes a change due again at once: it was refused, so that there is nothing to show. Free does not count it.
func (c *convergence) refusedNow(change, of string, free bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.tries[change+" "+of]
	if one.last = (time.Time{}); free {
		one.times--
	}
	c.tries[change+" "+of] = one
}

// acknowledge keeps that a change was answered with success.
func (c *convergence) acknowledge(change, of string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acknowledged[acknowledged{change, of}] = true
}

// madeOf is how often making the profile of a person was acknowledged.
func (c *convergence) madeOf(userName string) *uint8 {
	i, _ := slices.BinarySearchFunc(c.people, userName, func(p Person, name string) int { return strings.Compare(p.UserName, name) })
	return &c.made[i]
}

// count says what the first look found.
func (c *convergence) count(actual Actual, changes Changes) {
	c.result.AssignmentsMade = len(changes.Assign)
	c.result.AssignmentsFound = len(c.view.desired.Assignments()) - len(changes.Assign)
	c.result.ProfilesFound = c.having(actual.Profiles, func(Profile) bool { return true })
}

// countSeen counts what was changed: what was acknowledged, and is seen at the end.
func (c *convergence) countSeen() {
	there := map[string]bool{}
	for _, one := range c.found.profiles {
		there[one.Name] = true
	}
	for i, person := range c.people {
		if _, failed := c.givenUp[person.UserName]; c.made[i] > 0 && !failed {
			c.result.ProfilesMade++
		}
	}
	for one := range c.acknowledged {
		_, failed := c.givenUp[one.of]
		switch {
		case one.change == changeRole && !failed:
			c.result.RolesChanged++
		case one.change == changeTags && !c.isUntagged(one.of):
			c.result.TagsChanged++
		case one.change == changeDelete && !there[one.of]:
			c.result.ProfilesRemoved++
		case one.change == changeRevoke:
			c.result.AssignmentsRemoved++
		}
	}
}

// seen counts those who were seen to have a profile that has not failed, or where profiles are made at first sign-in, everybody:
// they are assigned.
func (c *convergence) seen(actual Actual) int {
	if !c.view.desired.Eager {
		return len(c.people)
	}
	return c.having(actual.Profiles, func(p Profile) bool {
		return !p.Unseen && (p.Status == profile.StatusInService || p.Status == profile.StatusPending || p.Status == profile.StatusUpdating)
	})
}

// having counts the people who have such a profile.
func (c *convergence) having(profiles []Profile, such func(Profile) bool) int {
	has := map[string]bool{}
	for _, one := range profiles {
		if such(one) {
			has[one.UserName] = true
		}
	}
	count := 0
	for _, person := range c.people {
		if has[person.UserName] {
			count++
		}
	}
	return count
}
