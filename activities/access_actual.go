package activities

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/internal/access"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
)

// describedProfile is what DescribeUserProfile says and ListUserProfiles omits.
type describedProfile struct {
	arn      string
	userName string
	role     string
	// made says that this attempt made the profile: it exists even where the list does not show it yet.
	made bool
}

// actual lists what is: assignments, and profiles with their users and roles.
func (a *domainAccess) actual(ctx context.Context, view snapshot, reading func(done, total int)) (access.Actual, error) {
	assignments, err := a.listAssignments(ctx)
	if err != nil {
		return access.Actual{}, err
	}
	profiles, err := a.listProfiles(ctx, reading)
	if err != nil {
		return access.Actual{}, err
	}
	// Only of people who should have no access it matters whose the profile is, and asking costs a call for each.
	unwanted := map[string]bool{}
	for _, profile := range access.Unwanted(view.desired.People(), profiles) {
		unwanted[profile.Name] = true
	}
	if err := a.readTags(ctx, unwanted); err != nil {
		return access.Actual{}, err
	}
	for i, profile := range profiles {
		profiles[i].Ours = unwanted[profile.Name] && a.ours[profile.Name]
	}
	actual := access.Actual{Assignments: assignments, Profiles: profiles, UserIDs: view.userIDs()}
	return actual, a.claim(ctx, view, &actual)
}

func (a *domainAccess) listAssignments(ctx context.Context) ([]access.Assignment, error) {
	var assignments []access.Assignment
	pages := ssoadmin.NewListApplicationAssignmentsPaginator(a.assignments, &ssoadmin.ListApplicationAssignmentsInput{
		ApplicationArn: &a.in.Domain.ApplicationARN, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awscloud.Classify("sso:ListApplicationAssignments", err)
		}
		for _, found := range page.ApplicationAssignments {
			assignments = append(assignments, access.Assignment{PrincipalID: aws.ToString(found.PrincipalId), Type: string(found.PrincipalType)})
		}
	}
	return assignments, nil
}

// listProfiles lists all profiles of the domain, and describes those of which nothing is known yet: the list tells neither
// the user nor the role, and the name proves nothing.
func (a *domainAccess) listProfiles(ctx context.Context, reading func(done, total int)) ([]access.Profile, error) {
	statuses, changed := map[string]string{}, map[string]time.Time{}
	pages := sagemaker.NewListUserProfilesPaginator(a.profiles, &sagemaker.ListUserProfilesInput{
		DomainIdEquals: &a.in.Domain.ID, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awscloud.Classify("sagemaker:ListUserProfiles", err)
		}
		for _, found := range page.UserProfiles {
			statuses[aws.ToString(found.UserProfileName)] = string(found.Status)
			changed[aws.ToString(found.UserProfileName)] = aws.ToTime(found.LastModifiedTime)
		}
	}
	var unknown []string
	for name := range statuses {
		if _, known := a.described[name]; !known {
			unknown = append(unknown, name)
		}
	}
	if err := a.describeAll(ctx, unknown, func(done int) { reading(len(statuses)-len(unknown)+done, len(statuses)) }); err != nil {
		return nil, err
	}
	var profiles []access.Profile
	for name, known := range a.described {
		status, listed := statuses[name]
		switch {
		case listed:
		case known.made:
			status = access.StatusPending
		default:
			delete(a.described, name)
			continue
		}
		profiles = append(profiles, access.Profile{Name: name, UserName: known.userName, Role: known.role, Status: status, Changed: changed[name]})
	}
	return profiles, nil
}

// describeAll describes profiles by name. Those that are gone meanwhile are left out.
func (a *domainAccess) describeAll(ctx context.Context, names []string, reading func(done int)) error {
	slices.Sort(names)
	var mu sync.Mutex
	done := 0
	return a.each(ctx, len(names), func(ctx context.Context, i int) error {
		out, err := a.describe(ctx, names[i])
		if err != nil && fault.ClassOf(err) != fault.NotFound {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			a.described[names[i]] = describedAs(out)
		}
		done++
		reading(done)
		return nil
	})
}

func (a *domainAccess) describe(ctx context.Context, name string) (*sagemaker.DescribeUserProfileOutput, error) {
	out, err := a.profiles.DescribeUserProfile(ctx, &sagemaker.DescribeUserProfileInput{DomainId: &a.in.Domain.ID, UserProfileName: &name})
	return out, awscloud.Classify("sagemaker:DescribeUserProfile", err)
}

func describedAs(out *sagemaker.DescribeUserProfileOutput) describedProfile {
	profile := describedProfile{arn: aws.ToString(out.UserProfileArn), userName: aws.ToString(out.SingleSignOnUserValue)}
	if out.UserSettings != nil {
		profile.role = aws.ToString(out.UserSettings.ExecutionRole)
	}
	return profile
}

// readTags finds out which of these profiles carry the run's tag.
func (a *domainAccess) readTags(ctx context.Context, names map[string]bool) error {
	var unknown []string
	for name := range names {
		if _, known := a.ours[name]; !known && a.described[name].arn != "" {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	var mu sync.Mutex
	return a.each(ctx, len(unknown), func(ctx context.Context, i int) error {
		ours := false
		pages := sagemaker.NewListTagsPaginator(a.profiles, &sagemaker.ListTagsInput{ResourceArn: aws.String(a.described[unknown[i]].arn)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			err = awscloud.Classify("sagemaker:ListTags", err)
			if class := fault.ClassOf(err); class == fault.NotFound || class == fault.Invalid { // gone meanwhile
				break
			} else if err != nil {
				return err
			}
			ours = ours || slices.ContainsFunc(page.Tags, func(tag sagemakertypes.Tag) bool {
				return aws.ToString(tag.Key) == runTag && aws.ToString(tag.Value) == a.in.Run
			})
		}
		mu.Lock()
		defer mu.Unlock()
		a.ours[unknown[i]] = ours
		return nil
	})
}

// inUse says what keeps a profile from being removed silently: running apps, or spaces with somebody's work.
func (a *domainAccess) inUse(ctx context.Context, profile string, spaces map[string]int) (string, error) {
	if spaces[profile] > 0 {
		return "it owns spaces", nil
	}
	pages := sagemaker.NewListAppsPaginator(a.profiles, &sagemaker.ListAppsInput{
		DomainIdEquals: &a.in.Domain.ID, UserProfileNameEquals: &profile, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", awscloud.Classify("sagemaker:ListApps", err)
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
	pages := sagemaker.NewListSpacesPaginator(a.profiles, &sagemaker.ListSpacesInput{DomainIdEquals: &a.in.Domain.ID, MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awscloud.Classify("sagemaker:ListSpaces", err)
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
func (a *domainAccess) assign(ctx context.Context, wanted access.Assignment) error {
	_, err := a.assignments.CreateApplicationAssignment(ctx, &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: &a.in.Domain.ApplicationARN, PrincipalId: &wanted.PrincipalID, PrincipalType: ssoadmintypes.PrincipalType(wanted.Type),
	})
	if err := awscloud.Classify("sso:CreateApplicationAssignment", err); fault.ClassOf(err) != fault.Conflict {
		return err
	}
	return nil
}

const (
	// atOnce is how many calls are on the way to SageMaker's control plane, whose limits are not published.
	atOnce = 5
	// patience is how often one item of thousands is tried before the whole attempt gives up on a provider that is throttling
	// or failing; the next attempt would have to list everything again.
	patience = 5
)

// each calls do for 0 to n-1, several at once, and returns the first error. Throttling and passing failures of one call are
// waited out.
func (a *domainAccess) each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error {
			for try := 1; ; try++ {
				if err := stopping(inner); err != nil {
					return err
				}
				err := do(inner, i)
				class := fault.ClassOf(err)
				if class != fault.Throttled && class != fault.Unavailable || try == patience {
					return err
				}
				if err := a.pause(inner, time.Duration(try)*a.waits.Profile); err != nil {
					return err
				}
			}
		})
	}
	return cmp.Or(group.Wait(), ctx.Err())
}

// pause waits, and ends early when the activity is cancelled or the worker stops.
func (a *domainAccess) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-activity.GetWorkerStopChannel(ctx):
		return stopping(ctx)
	}
}

// stopping says whether the worker stops. What was done so far is found by the next attempt, so there is nothing to save.
func stopping(ctx context.Context) error {
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return fault.New(fault.NotReady, "worker", "", "the worker is stopping; the next one goes on.")
	default:
		return nil
	}
}
