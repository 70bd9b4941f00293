package access

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
)

// runningApps counts the running apps of the domain by the profile that they belong to, directly or through a space.
func (a *domainAccess) runningApps(ctx context.Context) (map[string]int, error) {
	owners := map[string]string{}
	spaces := sagemaker.NewListSpacesPaginator(a.profiles, &sagemaker.ListSpacesInput{DomainIdEquals: &a.in.Domain.ID,
		MaxResults: aws.Int32(listPage)})
	for spaces.HasMorePages() {
		page, err := spaces.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, space := range page.Spaces {
			if space.OwnershipSettingsSummary != nil {
				owners[aws.ToString(space.SpaceName)] = aws.ToString(space.OwnershipSettingsSummary.OwnerUserProfileName)
			}
		}
	}
	running := map[string]int{}
	apps := sagemaker.NewListAppsPaginator(a.profiles, &sagemaker.ListAppsInput{DomainIdEquals: &a.in.Domain.ID,
		MaxResults: aws.Int32(listPage)})
	for apps.HasMorePages() {
		page, err := apps.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, app := range page.Apps {
			owner := aws.ToString(app.UserProfileName)
			if owner == "" {
				owner = owners[aws.ToString(app.SpaceName)]
			}
			if app.Status == sagemakertypes.AppStatusInService || app.Status == sagemakertypes.AppStatusPending {
				running[owner]++
			}
		}
	}
	return running, nil
}

// noticeRunning says whose apps still run, and cost, although they have no access any more.
func (v *verification) noticeRunning(ctx context.Context, a *domainAccess) error {
	if len(v.changes.Leavers) == 0 {
		return nil
	}
	running, err := a.runningApps(ctx)
	if unseen, failed := provider.Trouble(err); failed != nil {
		return failed
	} else if unseen != nil {
		// It only adds to what is said of them; the rest of the work goes on.
		for _, leaver := range v.changes.Leavers {
			v.notices.Add(leaver.UserName, people.Problem{
				Code: codeAppsUnseen, Remedy: unseen.Remedy,
				Reason: "has no access any more; whether apps of the profile " + leaver.Name + " still run can't be seen: " + unseen.Text(),
			})
		}
		return nil
	}
	for _, leaver := range v.changes.Leavers {
		if running[leaver.Name] > 0 {
			v.notices.Add(leaver.UserName, people.Problem{
				Code: codeAppsRunning, Reason: "has no access any more, but apps of the profile " + leaver.Name + " still run, and cost",
				Remedy: "Save what is worth it and delete the apps in the SageMaker console",
			})
		}
	}
	return nil
}
