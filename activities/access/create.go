package access

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"go.temporal.io/sdk/activity"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/profile"
)

// assignAll makes assignments; the next round reads them back. Some have been seen to be lost in spite of success.
func (c *convergence) assignAll(ctx context.Context, assignments []Assignment) error {
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
	if lastAttempt(ctx) {
		return fault.New(fault.Invalid, "aws", "sso:CreateApplicationAssignment",
			"%d assignments were made again and again, and are still not listed.", len(assignments)).
			WithRemedy("Look at the application of the Studio domain in the IAM Identity Center console (Applications): if its assignments are " +
				"there, retry. " +
				"If not, try to make one there, and ask AWS Support about what CloudTrail shows of CreateApplicationAssignment.")
	}
	return fault.New(fault.NotReady, "aws", "sso:CreateApplicationAssignment",
		"%d assignments were accepted, but are not listed after %s.", len(assignments), c.waits.Propagation).After(c.waits.Profile)
}

// lastAttempt says whether what is not seen in this attempt either will not be seen in any.
func lastAttempt(ctx context.Context) bool {
	return activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt >= maxTries
}

// spreading says whether a write that does not show yet may still be on its way.
func (c *convergence) spreading() bool {
	return time.Since(c.started) < c.waits.Propagation || c.rounds < maxTries
}

// giveUpWaiting reports profiles that stay on their way for longer than anybody waits.
func (c *convergence) giveUpWaiting(waiting []Profile) {
	for _, one := range waiting {
		if one.Unseen { // it shows soon, or is made again
			continue
		}
		if _, seen := c.waitingSince[one.Name+one.Status]; !seen {
			c.waitingSince[one.Name+one.Status] = time.Now()
		}
		if time.Since(c.waitingSince[one.Name+one.Status]) > c.waits.Settle {
			c.giveUp(one.UserName, people.Problem{
				Code: codeProfileStuck, Reason: fmt.Sprintf("the profile %s is still %s after %s", one.Name, one.Status, c.waits.Settle),
				Remedy: "Look at the profile in the SageMaker console; delete it if it stays, then retry",
			})
		}
	}
}

// remake deletes failed profiles; the next rounds make them again.
func (c *convergence) remake(ctx context.Context, profiles []Profile) error {
	return c.each(ctx, len(profiles), func(ctx context.Context, i int) error {
		one := profiles[i]
		c.mu.Lock()
		told := c.deleting[one.Name]
		c.deleting[one.Name] = true
		c.mu.Unlock()
		c.memory.forget(one.Name)
		tries := 1
		if told {
			if tries = c.due(changeDelete, one.Name); tries == 0 {
				return nil
			}
		}
		if !told && c.again(changeRemake, one.UserName) > maxRemakes || tries > maxTries {
			reason, err := c.failureReason(ctx, one.Name)
			if err != nil {
				return err
			}
			c.giveUp(one.UserName, people.Problem{
				Code: codeProfileFails, Reason: fmt.Sprintf("the profile %s fails (%s)%s", one.Name, one.Status, reason),
				Remedy: "Look at the profile in the SageMaker console, remove the cause, delete it, then retry",
			})
			return nil
		}
		return c.deleteProfile(ctx, one.Name)
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

// setRoles gives existing profiles their role. The next round reads it back.
func (c *convergence) setRoles(ctx context.Context, profiles []Profile) error {
	return c.each(ctx, len(profiles), func(ctx context.Context, i int) error {
		one := profiles[i]
		tries := c.due(changeRole, one.UserName)
		if tries == 0 {
			c.memory.changed(one.Name)
			return nil
		}
		if tries > maxTries {
			reason, err := c.failureReason(ctx, one.Name)
			if err != nil {
				return err
			}
			c.giveUp(one.UserName, people.Problem{
				Code: codeRoleNotTaken, Reason: fmt.Sprintf("the profile %s does not take the execution role %s%s", one.Name, one.Role, reason),
				Remedy: "Change the role of the profile in the SageMaker console, then retry",
			})
			return nil
		}
		_, err := c.profiles.UpdateUserProfile(ctx, &sagemaker.UpdateUserProfileInput{
			DomainId: &c.in.Domain.ID, UserProfileName: &one.Name,
			UserSettings: &sagemakertypes.UserSettings{ExecutionRole: &one.Role},
		})
		switch fault.ClassOf(err) {
		case "":
			if err == nil {
				c.acknowledge(changeRole, one.UserName)
				c.memory.changed(one.Name)
			}
			return err
		case fault.Conflict, fault.NotFound: // changing, or gone: the next round tells
			c.refusedNow(changeRole, one.UserName, false)
			return nil
		case fault.Invalid:
			return c.refused(one, changeRole, err)
		}
		return err
	})
}

// setTags puts the tags of the spec on profiles; others stay. The next round reads them back. Tags keep nobody out, so that a
// profile that does not take them is reported, and everything else about it goes on.
func (c *convergence) setTags(ctx context.Context, profiles []Profile) error {
	return c.each(ctx, len(profiles), func(ctx context.Context, i int) error {
		one := profiles[i]
		if c.isUntagged(one.Name) {
			return nil
		}
		tries := c.due(changeTags, one.Name)
		if tries == 0 {
			return nil
		}
		untagged := func(reason string) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.tries[changeTags+" "+one.Name] = try{times: maxTries + 1, last: time.Now()}
			c.untagged[one.UserName] = people.Problem{
				Code: codeTagsNotTaken, Reason: fmt.Sprintf("the profile %s does not take the tags of the spec%s", one.Name, reason),
				Remedy: "Put the tags of domain.tags on the profile with sagemaker:AddTags, or correct what refuses them, then retry",
			}
		}
		if tries > maxTries {
			untagged("")
			return nil
		}
		arn, err := c.arnOf(ctx, one.Name)
		if err != nil || arn == "" {
			return err
		}
		var tags []sagemakertypes.Tag
		for key, value := range c.in.Tags {
			tags = append(tags, sagemakertypes.Tag{Key: aws.String(key), Value: aws.String(value)})
		}
		_, err = c.profiles.AddTags(ctx, &sagemaker.AddTagsInput{ResourceArn: &arn, Tags: tags})
		switch fault.ClassOf(err) {
		case "":
			if err == nil {
				c.acknowledge(changeTags, one.Name)
			}
			return err
		case fault.Conflict, fault.NotFound:
			c.refusedNow(changeTags, one.Name, false)
			return nil
		case fault.Invalid, fault.QuotaExceeded:
			untagged(": " + fault.Trim(err.Error(), 200))
			return nil
		}
		return err
	})
}

// watchEvery is after how many new profiles the newest are listed, as one page shows so many.
const watchEvery = listPage

// create makes profiles. Seen is how many were seen already, for the progress: it counts what lists show, and not what was
// answered.
func (c *convergence) create(ctx context.Context, profiles []Profile, seen int) error {
	created := 0
	return c.each(ctx, len(profiles), func(ctx context.Context, i int) error {
		one := profiles[i]
		times := c.madeOf(one.UserName)
		if *times >= maxTries {
			c.giveUp(one.UserName, people.Problem{
				Code: codeProfileLost, Reason: fmt.Sprintf("the profile %s was made %d times, each time with success, and is not there", one.Name,
					*times),
				Remedy: "Look at what CloudTrail shows of CreateUserProfile in the Studio account, and ask AWS Support about it, then retry",
			})
			return nil
		}
		request := &sagemaker.CreateUserProfileInput{
			DomainId: &c.in.Domain.ID, UserProfileName: &one.Name,
			SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: &one.UserName,
			Tags: provider.Tagged(c.in.Run, c.in.Tags, func(key, value *string) sagemakertypes.Tag {
				return sagemakertypes.Tag{Key: key, Value: value}
			}),
		}
		if one.Role != "" {
			request.UserSettings = &sagemakertypes.UserSettings{ExecutionRole: &one.Role}
		}
		_, err := c.profiles.CreateUserProfile(ctx, request)
		switch fault.ClassOf(err) {
		case "":
			if err != nil {
				return err
			}
			c.mu.Lock()
			*times++
			created++
			watch := created%watchEvery == 0
			delete(c.deleting, one.Name)
			c.mu.Unlock()
			c.memory.learn(ctx, profile.Known{
				Name: one.Name, UserName: one.UserName, Role: one.Role, Created: time.Now().UTC().Truncate(time.Millisecond), Made: true,
				Ours: aws.Bool(true), Tags: c.memory.tags,
			}, true)
			if watch {
				return c.watch(ctx, &seen)
			}
			return nil
		case fault.Conflict:
			return c.taken(ctx, one, err)
		case fault.Invalid:
			return c.refused(one, changeTaken, err)
		}
		return err
	})
}

// watch lists the newest profiles, so that progress goes on while many are made.
func (c *convergence) watch(ctx context.Context, seen *int) error {
	page, err := c.profiles.ListUserProfiles(ctx, &sagemaker.ListUserProfilesInput{
		DomainIdEquals: &c.in.Domain.ID, MaxResults: aws.Int32(listPage),
		SortBy: sagemakertypes.UserProfileSortKeyCreationTime, SortOrder: sagemakertypes.SortOrderDescending,
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, found := range page.UserProfiles {
		if c.memory.seen(aws.ToString(found.UserProfileName)) {
			*seen++
		}
	}
	c.progress.At(*seen, len(c.people))
	return nil
}

// taken finds out whose the profile is that already has the name: ours, made by a call whose answer was lost, or somebody
// else's, which the next round gives way to.
func (c *convergence) taken(ctx context.Context, one Profile, conflict error) error {
	if c.again(changeTaken, one.UserName) > maxTries {
		c.giveUp(one.UserName, people.Problem{Code: codeProfileTaken, Reason: fault.Trim(conflict.Error(), 300),
			Remedy: "Look at the profile in the SageMaker console, then retry"})
		return nil
	}
	out, err := c.describe(ctx, one.Name)
	if fault.ClassOf(err) == fault.NotFound {
		return nil
	} else if err != nil {
		return err
	}
	found := knownAs(one.Name, out)
	own := found.UserName == one.UserName
	c.memory.learn(ctx, found, own)
	if own {
		times := c.madeOf(one.UserName)
		c.mu.Lock()
		defer c.mu.Unlock()
		*times = max(*times, 1)
	}
	return nil
}

// refused decides about a request that SageMaker takes for invalid: a new role needs time to spread, an old one that is
// refused concerns everybody who has it, and everything else concerns this person.
func (c *convergence) refused(one Profile, change string, refusal error) error {
	switch {
	case !provider.AboutRole(refusal):
		c.giveUp(one.UserName, people.Problem{
			Code: codeProfileRefused, Reason: fault.Trim(refusal.Error(), 300),
			Remedy: "Correct what SageMaker refuses, or make the profile in the SageMaker console, then retry",
		})
		return nil
	case c.spreading():
		if change == changeRole {
			c.refusedNow(changeRole, one.UserName, true)
		}
		return nil
	}
	return refusal
}
