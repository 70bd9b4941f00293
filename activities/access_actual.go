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

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/access"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
)

// listing is what one look at assignments and profiles found.
type listing struct {
	assignments []access.Assignment
	profiles    []access.Profile
}

// list lists assignments and profiles, side by side: their APIs have limits of their own.
func (a *domainAccess) list(ctx context.Context, reading func(done, total int)) (listing, error) {
	var found listing
	err := sideBySide(ctx, func(ctx context.Context) (err error) {
		found.assignments, err = a.listAssignments(ctx)
		return err
	}, func(ctx context.Context) (err error) {
		found.profiles, err = a.listProfiles(ctx, reading)
		return err
	})
	return found, err
}

// actual lists what is: assignments, and profiles with their users and roles.
func (a *domainAccess) actual(ctx context.Context, view snapshot, reading func(done, total int)) (access.Actual, error) {
	found, err := a.list(ctx, reading)
	if err != nil {
		return access.Actual{}, err
	}
	return a.complete(ctx, view, found)
}

// complete finds out what of all this the run may take away.
func (a *domainAccess) complete(ctx context.Context, view snapshot, found listing) (access.Actual, error) {
	// Only of people who should have no access it matters whose the profile is, and asking costs a call for each.
	var unwanted []string
	ids := map[string]string{}
	for _, profile := range access.Unwanted(view.desired.People(), found.profiles) {
		unwanted = append(unwanted, profile.Name)
		if user, there := view.named(profile.UserName); there {
			ids[profile.UserName] = user.ID
		}
	}
	ours, err := a.readTags(ctx, unwanted, false)
	if err != nil {
		return access.Actual{}, err
	}
	for i, profile := range found.profiles {
		found.profiles[i].Ours = ours[profile.Name]
		if user := view.byName[profile.UserName]; user != nil {
			found.profiles[i].UserName = user.UserName // one string for both, as there may be many people
		}
	}
	actual := access.Actual{Assignments: found.assignments, Profiles: found.profiles, UserIDs: ids}
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

// readTags finds out which of these profiles carry the run's tag. Afresh asks for all, also where it is known from before.
func (a *domainAccess) readTags(ctx context.Context, names []string, afresh bool) (map[string]bool, error) {
	ours := make(map[string]bool, len(names))
	var unknown []string
	for _, name := range names {
		if known, _ := a.memory.described(name); known.Ours != nil && !afresh {
			ours[name] = *known.Ours
		} else {
			unknown = append(unknown, name)
		}
	}
	var mu sync.Mutex
	return ours, a.each(ctx, len(unknown), func(ctx context.Context, i int) error {
		tagged, known, err := a.tagged(ctx, unknown[i])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		ours[unknown[i]] = tagged
		if known.Name != "" {
			known.Ours = &tagged
			a.memory.learn(ctx, known, false)
		}
		return nil
	})
}

// tagged says whether a profile carries the run's tag, and what else is known of it; no name where it is gone.
func (a *domainAccess) tagged(ctx context.Context, name string) (bool, access.Known, error) {
	out, err := a.describe(ctx, name) // for the ARN
	if fault.ClassOf(err) == fault.NotFound {
		return false, access.Known{}, nil
	} else if err != nil {
		return false, access.Known{}, err
	}
	ours := false
	pages := sagemaker.NewListTagsPaginator(a.profiles, &sagemaker.ListTagsInput{ResourceArn: out.UserProfileArn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		err = awscloud.Classify("sagemaker:ListTags", err)
		if class := fault.ClassOf(err); class == fault.NotFound || class == fault.Invalid { // gone meanwhile
			return false, access.Known{}, nil
		} else if err != nil {
			return false, access.Known{}, err
		}
		ours = ours || slices.ContainsFunc(page.Tags, func(tag sagemakertypes.Tag) bool {
			return aws.ToString(tag.Key) == provider.RunTag && aws.ToString(tag.Value) == a.in.Run
		})
	}
	return ours, knownAs(name, out), nil
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
	// atOnce is how many calls may be on their way, enough for answers that take seconds. How many go in a second is for
	// the pace of the account to say.
	atOnce = 40
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
