package activities

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/internal/access"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
)

// deleteProfile deletes a profile; the next rounds see it go.
func (c *convergence) deleteProfile(ctx context.Context, name string) error {
	_, err := c.profiles.DeleteUserProfile(ctx, &sagemaker.DeleteUserProfileInput{DomainId: &c.in.Domain.ID, UserProfileName: &name})
	err = awscloud.Classify("sagemaker:DeleteUserProfile", err)
	if class := fault.ClassOf(err); class != fault.NotFound && class != fault.Conflict {
		return err
	}
	return nil
}

// remove takes access from those who left: their assignment first, then, where the policy says so, the profile, unless
// somebody still works with it.
func (c *convergence) remove(ctx context.Context, changes access.Changes) error {
	for _, a := range changes.Revoke {
		_, err := c.assignments.DeleteApplicationAssignment(ctx, &ssoadmin.DeleteApplicationAssignmentInput{
			ApplicationArn: &c.in.Domain.ApplicationARN, PrincipalId: &a.PrincipalID, PrincipalType: ssoadmintypes.PrincipalType(a.Type),
		})
		err = awscloud.Classify("sso:DeleteApplicationAssignment", err)
		if class := fault.ClassOf(err); class == fault.Conflict || class == fault.NotFound {
			continue
		} else if err != nil {
			return err
		}
		if c.again("revoke", a.PrincipalID) == 1 {
			c.result.AssignmentsRemoved++
		}
	}
	if len(changes.Revoke) > 0 && !c.spreading() {
		return fault.New(fault.NotReady, "aws", "sso:DeleteApplicationAssignment",
			"%d assignments were removed, but are still listed after %s.", len(changes.Revoke), c.waits.Propagation).After(c.waits.Profile)
	}
	leaving := c.still(changes.Delete)
	if len(leaving) == 0 {
		return nil
	}
	// Whose a profile is may be known from long ago; before it is deleted, it is looked at again.
	ours, err := c.readTags(ctx, names(leaving), true)
	if err != nil {
		return err
	}
	if c.spacesOf == nil {
		if c.spacesOf, err = c.spaces(ctx); err != nil {
			return err
		}
	}
	return c.each(ctx, len(leaving), func(ctx context.Context, i int) error {
		profile := leaving[i]
		if !ours[profile.Name] {
			return nil
		}
		why, err := c.inUse(ctx, profile.Name, c.spacesOf)
		if err != nil {
			return err
		}
		if why != "" {
			c.giveUp(profile.UserName, fmt.Sprintf("has no access any more, but the profile %s was kept: %s", profile.Name, why),
				"Save what is worth it and delete the apps and spaces in the SageMaker console, then retry")
			return nil
		}
		tries := c.again("delete", profile.Name)
		if tries > maxTries {
			c.giveUp(profile.UserName, fmt.Sprintf("the profile %s cannot be deleted (%s)", profile.Name, profile.Status), "Delete it in the SageMaker console")
			return nil
		}
		if err := c.deleteProfile(ctx, profile.Name); err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if tries == 1 {
			c.result.ProfilesRemoved++
		}
		return nil
	})
}

func names(profiles []access.Profile) []string {
	names := make([]string, len(profiles))
	for i, profile := range profiles {
		names[i] = profile.Name
	}
	return names
}
