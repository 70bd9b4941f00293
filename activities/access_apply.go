package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"go.temporal.io/sdk/activity"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/access"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// ConvergeAccess lists what is, computes what should be, and makes the difference: assignments of the groups and single people
// first, and only when they are read back, profiles and roles. It looks again and again until nothing is left to do, so it
// is done only when everything that it made has been seen, and it may die anywhere.
//
// People for whom it fails for good are the result's exceptions and don't stop the others. Class NotFound: Identity Center
// lacks an access group. Class NotReady: an assignment is still not seen after Waits.Propagation; class Invalid: nor in later
// attempts.
func (x *Access) ConvergeAccess(ctx context.Context, in AccessInput) (AccessResult, error) {
	h := newHeart(ctx, onboarding.StepAccess, progressOf(in.Access))
	a, err := x.open(ctx, in, h)
	if err != nil {
		return AccessResult{}, err
	}
	defer a.memory.flush(ctx)
	var view snapshot
	var found listing
	err = sideBySide(ctx, func(ctx context.Context) (err error) {
		view, err = x.lookFollowing(ctx, a)
		return err
	}, func(ctx context.Context) (err error) {
		found, err = a.list(ctx, func(int, int) {})
		return err
	})
	if err != nil {
		return AccessResult{}, err
	}
	if err := view.requireGroups(); err != nil {
		return AccessResult{}, err
	}
	c := &convergence{
		domainAccess: a, view: view, found: found, people: view.desired.People(), started: time.Now(),
		givenUp: map[string]onboarding.PersonException{}, tries: map[string]int{}, deleting: map[string]bool{}, waitingSince: map[string]time.Time{},
	}
	pause := a.waits.Profile / firstPause
	for {
		settled, err := c.round(ctx)
		if err != nil {
			return AccessResult{}, err
		}
		if settled {
			a.memory.save(ctx)
			return c.settled(x)
		}
		if err := a.pause(ctx, pause); err != nil {
			return AccessResult{}, err
		}
		pause = min(2*pause, a.waits.Profile)
		if err := c.look(ctx); err != nil {
			return AccessResult{}, err
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
	view    snapshot
	people  []access.Person
	found   listing
	started time.Time
	rounds  int
	// assigning says that assignments alone were made in the last round, so that the list of profiles still counts.
	assigning bool

	mu     sync.Mutex
	result AccessResult
	// givenUp are those for whom it failed for good, by user name.
	givenUp map[string]onboarding.PersonException
	// tries counts changes of the same kind to the same thing, so that none is repeated for ever.
	tries map[string]int
	// deleting are failed profiles that were told to go, until they are made again.
	deleting map[string]bool
	// waitingSince is when a profile was first seen on its way.
	waitingSince map[string]time.Time
	spacesOf     map[string]int
}

const (
	// maxTries is how often the same change is made before it counts as failed for good. Some of the repetitions only come
	// from lists that lag behind.
	maxTries = 5
	// maxRemakes is how often a profile that failed is made again.
	maxRemakes = 1
)

// round looks and acts once. It is settled when there was nothing to do and nothing to wait for.
func (c *convergence) round(ctx context.Context) (settled bool, err error) {
	actual, err := c.complete(ctx, c.view, c.found)
	if err != nil {
		return false, err
	}
	changes := access.Diff(c.view.desired, actual)
	if c.rounds == 0 {
		c.count(actual, changes)
		c.result.Held = changes.Held
	}
	if c.result.Held != "" {
		// The share of those who left is measured against who had access before, not against those who join in this attempt.
		changes.Revoke, changes.Delete = nil, nil
	}
	c.rounds++
	done := c.done(actual)
	c.heart.At(done, len(c.people))
	if c.assigning = len(changes.Assign) > 0; c.assigning {
		return false, c.assignAll(ctx, changes.Assign)
	}
	if err := c.remove(ctx, changes); err != nil {
		return false, err
	}
	c.giveUpWaiting(changes.Waiting)
	remake, create, setRole := c.still(changes.Remake), c.still(changes.Create), c.still(changes.SetRole)
	if err := c.remake(ctx, remake); err != nil {
		return false, err
	}
	if err := c.setRoles(ctx, setRole); err != nil {
		return false, err
	}
	if err := c.create(ctx, create, done); err != nil {
		return false, err
	}
	left := len(remake) + len(create) + len(setRole) + len(c.still(changes.Waiting)) + len(changes.Revoke) + len(c.still(changes.Delete))
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
func (c *convergence) still(profiles []access.Profile) []access.Profile {
	return slices.DeleteFunc(slices.Clone(profiles), func(p access.Profile) bool { _, given := c.givenUp[p.UserName]; return given })
}

// giveUp records that it failed for good for a person, once.
func (c *convergence) giveUp(userName, reason, remedy string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, given := c.givenUp[userName]; !given {
		c.givenUp[userName] = onboarding.PersonException{Person: userName, Reason: reason, Remedy: remedy}
	}
}

// settled is the result, with the people for whom it failed in the order of their names. All of them are kept in a file, from
// which VerifyAccess takes the reasons.
func (c *convergence) settled(x *Access) (AccessResult, error) {
	var exceptions exceptionList
	c.view.notFoundYet(&exceptions)
	var all []onboarding.PersonException
	for _, name := range slices.Sorted(maps.Keys(c.givenUp)) {
		all = append(all, c.givenUp[name])
		exceptions.add(name, c.givenUp[name].Reason, c.givenUp[name].Remedy)
	}
	c.result.Exceptions, c.result.ExceptionsTotal = exceptions.listed, exceptions.total
	if err := x.People.SaveExceptions(c.in.Run, all); err != nil {
		return AccessResult{}, notStored("list of exceptions", err)
	}
	return c.result, nil
}

// givenUp are those for whom making access right failed for good when it was tried last, by user name.
func (x *Access) givenUp(run string) (map[string]onboarding.PersonException, error) {
	people, err := x.People.ReadExceptions(run)
	if err != nil {
		return nil, notStored("list of exceptions", err)
	}
	failed := make(map[string]onboarding.PersonException, len(people))
	for _, person := range people {
		failed[person.Person] = person
	}
	return failed, nil
}

// again counts a change to something, and says how often it has been made, with this time.
func (c *convergence) again(change, of string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries[change+" "+of]++
	return c.tries[change+" "+of]
}

// count says what the first look found.
func (c *convergence) count(actual access.Actual, changes access.Changes) {
	c.result.AssignmentsMade = len(changes.Assign)
	c.result.AssignmentsFound = len(c.view.desired.Assignments()) - len(changes.Assign)
	has := map[string]bool{}
	for _, profile := range actual.Profiles {
		has[profile.UserName] = true
	}
	for _, person := range c.people {
		if has[person.UserName] {
			c.result.ProfilesFound++
		}
	}
}

// done counts those who have a profile that has not failed, or where profiles are made at first sign-in, everybody: they are
// assigned.
func (c *convergence) done(actual access.Actual) int {
	if !c.view.desired.Eager {
		return len(c.people)
	}
	has := map[string]bool{}
	for _, profile := range actual.Profiles {
		switch profile.Status {
		case access.StatusInService, access.StatusPending, access.StatusUpdating:
			has[profile.UserName] = true
		}
	}
	done := 0
	for _, person := range c.people {
		if has[person.UserName] {
			done++
		}
	}
	return done
}

// assignAll makes assignments; the next round reads them back. Some have been seen to be lost in spite of success.
func (c *convergence) assignAll(ctx context.Context, assignments []access.Assignment) error {
	var late error
	for _, wanted := range assignments {
		err := c.assign(ctx, wanted)
		if fault.ClassOf(err) == fault.NotFound {
			// The principal was just listed: the directory has it, the application's side not yet.
			late = err
			continue
		}
		if err != nil {
			return err
		}
	}
	if c.spreading() {
		return nil
	}
	if late != nil {
		return late
	}
	if activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt >= maxTries {
		return fault.New(fault.Invalid, "aws", "sso:CreateApplicationAssignment",
			"%d assignments were made again and again, and are still not listed.", len(assignments)).
			WithRemedy("Look at the application of the Studio domain in the IAM Identity Center console (Applications): if its assignments are there, retry. " +
				"If not, try to make one there, and ask AWS Support about what CloudTrail shows of CreateApplicationAssignment.")
	}
	return fault.New(fault.NotReady, "aws", "sso:CreateApplicationAssignment",
		"%d assignments were accepted, but are not listed after %s.", len(assignments), c.waits.Propagation).After(c.waits.Profile)
}

// spreading says whether a write that does not show yet may still be on its way.
func (c *convergence) spreading() bool {
	return time.Since(c.started) < c.waits.Propagation || c.rounds < maxTries
}

// giveUpWaiting reports profiles that stay on their way for longer than anybody waits.
func (c *convergence) giveUpWaiting(waiting []access.Profile) {
	for _, profile := range waiting {
		if _, seen := c.waitingSince[profile.Name+profile.Status]; !seen {
			c.waitingSince[profile.Name+profile.Status] = time.Now()
		}
		if time.Since(c.waitingSince[profile.Name+profile.Status]) > c.waits.Settle {
			c.giveUp(profile.UserName, fmt.Sprintf("the profile %s is still %s after %s", profile.Name, profile.Status, c.waits.Settle),
				"Look at the profile in the SageMaker console; delete it if it stays, then retry")
		}
	}
}

// remake deletes failed profiles; the next rounds make them again.
func (c *convergence) remake(ctx context.Context, profiles []access.Profile) error {
	return c.each(ctx, len(profiles), func(ctx context.Context, i int) error {
		profile := profiles[i]
		c.mu.Lock()
		told := c.deleting[profile.Name]
		c.deleting[profile.Name] = true
		c.mu.Unlock()
		c.memory.forget(profile.Name)
		if !told && c.again("remake", profile.UserName) > maxRemakes || told && c.again("delete", profile.Name) > maxTries {
			reason, err := c.failureReason(ctx, profile.Name)
			if err != nil {
				return err
			}
			c.giveUp(profile.UserName, fmt.Sprintf("the profile %s fails (%s)%s", profile.Name, profile.Status, reason),
				"Look at the profile in the SageMaker console, remove the cause, delete it, then retry")
			return nil
		}
		return c.deleteProfile(ctx, profile.Name)
	})
}

func (c *convergence) failureReason(ctx context.Context, name string) (string, error) {
	out, err := c.describe(ctx, name)
	if fault.ClassOf(err) == fault.NotFound || err == nil && aws.ToString(out.FailureReason) == "" {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return ": " + fault.Trim(aws.ToString(out.FailureReason), 200), nil
}

// setRoles gives existing profiles their role.
func (c *convergence) setRoles(ctx context.Context, profiles []access.Profile) error {
	return c.each(ctx, len(profiles), func(ctx context.Context, i int) error {
		profile := profiles[i]
		if c.again("role", profile.UserName) > maxTries {
			reason, err := c.failureReason(ctx, profile.Name)
			if err != nil {
				return err
			}
			c.giveUp(profile.UserName, fmt.Sprintf("the profile %s does not take the execution role %s%s", profile.Name, profile.Role, reason),
				"Change the role of the profile in the SageMaker console, then retry")
			return nil
		}
		_, err := c.profiles.UpdateUserProfile(ctx, &sagemaker.UpdateUserProfileInput{
			DomainId: &c.in.Domain.ID, UserProfileName: &profile.Name,
			UserSettings: &sagemakertypes.UserSettings{ExecutionRole: &profile.Role},
		})
		err = awscloud.Classify("sagemaker:UpdateUserProfile", err)
		switch fault.ClassOf(err) {
		case "":
			if err != nil {
				return err
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.result.RolesChanged++
			c.memory.forget(profile.Name) // to be read back
			return nil
		case fault.Conflict, fault.NotFound: // changing, or gone: the next round tells
			return nil
		case fault.Invalid:
			return c.refused(profile, err)
		}
		return err
	})
}

// create makes profiles. Done is how many there are already, for the progress.
func (c *convergence) create(ctx context.Context, profiles []access.Profile, done int) error {
	return c.each(ctx, len(profiles), func(ctx context.Context, i int) error {
		profile := profiles[i]
		request := &sagemaker.CreateUserProfileInput{
			DomainId: &c.in.Domain.ID, UserProfileName: &profile.Name,
			SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: &profile.UserName,
			Tags: provider.Tagged(c.in.Run, c.in.Tags, func(key, value *string) sagemakertypes.Tag {
				return sagemakertypes.Tag{Key: key, Value: value}
			}),
		}
		if profile.Role != "" {
			request.UserSettings = &sagemakertypes.UserSettings{ExecutionRole: &profile.Role}
		}
		_, err := c.profiles.CreateUserProfile(ctx, request)
		err = awscloud.Classify("sagemaker:CreateUserProfile", err)
		switch fault.ClassOf(err) {
		case "":
			if err != nil {
				return err
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.result.ProfilesMade++
			c.memory.learn(ctx, access.Known{
				Name: profile.Name, UserName: profile.UserName, Role: profile.Role, Created: time.Now().UTC().Truncate(time.Millisecond), Made: true, Ours: aws.Bool(true),
			}, true)
			delete(c.deleting, profile.Name)
			done++
			c.heart.At(done, len(c.people))
			return nil
		case fault.Conflict:
			return c.taken(ctx, profile, err)
		case fault.Invalid:
			return c.refused(profile, err)
		}
		return err
	})
}

// taken finds out whose the profile is that already has the name: ours, made by a call whose answer was lost, or somebody
// else's, which the next round gives way to.
func (c *convergence) taken(ctx context.Context, profile access.Profile, conflict error) error {
	if c.again("create", profile.UserName) > maxTries {
		c.giveUp(profile.UserName, fault.Trim(conflict.Error(), 300), "Look at the profile in the SageMaker console, then retry")
		return nil
	}
	out, err := c.describe(ctx, profile.Name)
	if fault.ClassOf(err) == fault.NotFound {
		return nil
	} else if err != nil {
		return err
	}
	found := knownAs(profile.Name, out)
	own := found.UserName == profile.UserName
	c.memory.learn(ctx, found, own)
	if own {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.result.ProfilesMade++
	}
	return nil
}

// refused decides about a request that SageMaker takes for invalid: a new role needs time to spread, an old one that is
// refused concerns everybody who has it, and everything else concerns this person.
func (c *convergence) refused(profile access.Profile, refusal error) error {
	switch {
	case !aboutRole(refusal):
		c.giveUp(profile.UserName, fault.Trim(refusal.Error(), 300), "Correct what SageMaker refuses, or make the profile in the SageMaker console, then retry")
		return nil
	case c.spreading():
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.tries, "role "+profile.UserName)
		return nil
	}
	return refusal
}
