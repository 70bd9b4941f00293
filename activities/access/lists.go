package access

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
)

// listing is what one look at assignments and profiles found.
type listing struct {
	assignments []Assignment
	profiles    []Profile
}

// list lists assignments and profiles, side by side: their APIs have limits of their own.
func (a *domainAccess) list(ctx context.Context, reading func(done, total int)) (listing, error) {
	var found listing
	err := provider.SideBySide(ctx, func(ctx context.Context) (err error) {
		found.assignments, err = a.listAssignments(ctx)
		return err
	}, func(ctx context.Context) (err error) {
		found.profiles, err = a.listProfiles(ctx, reading)
		return err
	})
	return found, err
}

// complete finds out what lists do not tell: what of all this the run may take away, and whether profiles have the tags of the
// spec. Skip leaves out the tags of profiles by name; nil leaves out none.
func (a *domainAccess) complete(ctx context.Context, view snapshot, found listing, skip func(name string) bool) (Actual, error) {
	wanted := view.desired.People()
	// Only of people who should have no access it matters whose the profile is, and asking costs a call for each.
	var unwanted []string
	ids := map[string]string{}
	for _, one := range Unwanted(wanted, found.profiles) {
		unwanted = append(unwanted, one.Name)
		if user, there := view.named(one.UserName); there {
			ids[one.UserName] = user.ID
		}
	}
	ours, err := a.areOurs(ctx, unwanted)
	if err != nil {
		return Actual{}, err
	}
	for i, one := range found.profiles {
		found.profiles[i].Ours = ours[one.Name]
		if user := view.byName[one.UserName]; user != nil {
			found.profiles[i].UserName = user.UserName // one string for both, as there may be many people
		}
	}
	if err := a.readTags(ctx, view.desired, wanted, found.profiles, skip); err != nil {
		return Actual{}, err
	}
	actual := Actual{Assignments: found.assignments, Profiles: found.profiles, UserIDs: ids}
	return actual, a.claim(ctx, view, &actual)
}

func (a *domainAccess) listAssignments(ctx context.Context) ([]Assignment, error) {
	var assignments []Assignment
	pages := ssoadmin.NewListApplicationAssignmentsPaginator(a.assignments, &ssoadmin.ListApplicationAssignmentsInput{
		ApplicationArn: &a.in.Domain.ApplicationARN, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, found := range page.ApplicationAssignments {
			assignments = append(assignments, Assignment{PrincipalID: aws.ToString(found.PrincipalId), Type: string(found.PrincipalType)})
		}
	}
	return assignments, nil
}

// inUse says what keeps a profile from being removed silently: running apps, or spaces with somebody's work.
func (a *domainAccess) inUse(ctx context.Context, name string, spaces map[string]int) (string, error) {
	if spaces[name] > 0 {
		return "it owns spaces", nil
	}
	pages := sagemaker.NewListAppsPaginator(a.profiles, &sagemaker.ListAppsInput{
		DomainIdEquals: &a.in.Domain.ID, UserProfileNameEquals: &name, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, app := range page.Apps {
			if app.Status != sagemakertypes.AppStatusDeleted && app.Status != sagemakertypes.AppStatusFailed {
				return "it has running apps", nil
			}
		}
	}
	return "", nil
}

// spaces counts the spaces of the domain by the profile that owns them.
func (a *domainAccess) spaces(ctx context.Context) (map[string]int, error) {
	owned := map[string]int{}
	pages := sagemaker.NewListSpacesPaginator(a.profiles, &sagemaker.ListSpacesInput{DomainIdEquals: &a.in.Domain.ID,
		MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, space := range page.Spaces {
			if space.OwnershipSettingsSummary != nil {
				owned[aws.ToString(space.OwnershipSettingsSummary.OwnerUserProfileName)]++
			}
		}
	}
	return owned, nil
}

// assign makes one assignment. A conflict is the collision with an earlier write that has not spread; the next look tells.
func (a *domainAccess) assign(ctx context.Context, wanted Assignment) error {
	_, err := a.assignments.CreateApplicationAssignment(ctx, &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: &a.in.Domain.ApplicationARN, PrincipalId: &wanted.PrincipalID, PrincipalType: ssoadmintypes.PrincipalType(wanted.Type),
	})
	if fault.ClassOf(err) != fault.Conflict {
		return err
	}
	return nil
}

// listPage is how many entries a page has at most.
const listPage = 100
