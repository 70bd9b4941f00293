package access

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/fault"
)

// deleteProfile deletes a profile; the next rounds see it go.
func (c *convergence) deleteProfile(ctx context.Context, name string) error {
	_, err := c.profiles.DeleteUserProfile(ctx, &sagemaker.DeleteUserProfileInput{DomainId: &c.in.Domain.ID, UserProfileName: &name})
	if class := fault.ClassOf(err); class != fault.NotFound && class != fault.Conflict {
		return err
	}
	return nil
}

// remove takes access from those who left: their assignment first, then, where the policy says so, the profile, unless
// somebody still works with it.
func (c *convergence) remove(ctx context.Context, changes Changes) error {
	if err := c.revoke(ctx, changes.Revoke); err != nil {
		return err
	}
	leaving := c.still(changes.Delete)
	if len(leaving) == 0 {
		return nil
	}
	// Whose a profile is may be known from long ago; before it is deleted, it is looked at again.
	ours, err := c.areOursNow(ctx, names(leaving))
	if err != nil {
		return err
	}
	if c.spacesOf == nil {
		if c.spacesOf, err = c.spaces(ctx); err != nil {
			return err
		}
	}
	return c.each(ctx, len(leaving), func(ctx context.Context, i int) error {
		one := leaving[i]
		if !ours[one.Name] {
			return nil
		}
		why, err := c.inUse(ctx, one.Name, c.spacesOf)
		if err != nil {
			return err
		}
		if why != "" {
			c.giveUp(one.UserName, people.Problem{
				Code: codeProfileInUse, Reason: fmt.Sprintf("has no access any more, but the profile %s was kept: %s", one.Name, why),
				Remedy: "Save what is worth it and delete the apps and spaces in the SageMaker console, then retry",
			})
			return nil
		}
		switch tries := c.due(changeDelete, one.Name); {
		case tries == 0:
			return nil
		case tries > maxTries:
			c.giveUp(one.UserName, people.Problem{
				Code: codeProfileNotDeleted, Reason: fmt.Sprintf("the profile %s cannot be deleted (%s)", one.Name, one.Status),
				Remedy: "Delete it in the SageMaker console",
			})
			return nil
		}
		if err := c.deleteProfile(ctx, one.Name); err != nil {
			return err
		}
		c.acknowledge(changeDelete, one.Name)
		return nil
	})
}

// revoke removes assignments; the next round reads it back.
func (c *convergence) revoke(ctx context.Context, assignments []Assignment) error {
	for _, a := range assignments {
		_, err := c.assignments.DeleteApplicationAssignment(ctx, &ssoadmin.DeleteApplicationAssignmentInput{
			ApplicationArn: &c.in.Domain.ApplicationARN, PrincipalId: &a.PrincipalID, PrincipalType: ssoadmintypes.PrincipalType(a.Type),
		})
		if class := fault.ClassOf(err); class == fault.Conflict || class == fault.NotFound {
			continue
		} else if err != nil {
			return err
		}
		c.acknowledge(changeRevoke, a.Type+" "+a.PrincipalID)
	}
	switch {
	case len(assignments) == 0 || c.spreading():
		return nil
	case lastAttempt(ctx):
		return fault.New(fault.Invalid, "aws", "sso:DeleteApplicationAssignment",
			"%d assignments were removed again and again, and are still listed.", len(assignments)).
			WithRemedy("Remove them from the application of the Studio domain in the IAM Identity Center console (Applications), then retry.")
	}
	return fault.New(fault.NotReady, "aws", "sso:DeleteApplicationAssignment",
		"%d assignments were removed, but are still listed after %s.", len(assignments), c.waits.Propagation).After(c.waits.Profile)
}

func names(profiles []Profile) []string {
	names := make([]string, len(profiles))
	for i, one := range profiles {
		names[i] = one.Name
	}
	return names
}
