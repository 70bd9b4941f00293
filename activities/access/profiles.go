package access

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/profile"
)

// listProfiles lists all profiles of the domain with their users and roles, and describes those of which these are not known.
func (a *domainAccess) listProfiles(ctx context.Context, reading func(done, total int)) ([]Profile, error) {
	listed, err := a.listed(ctx)
	if err != nil {
		return nil, err
	}
	first := !a.memory.opened
	a.memory.open(ctx)
	if first {
		if err := a.spotCheck(ctx, listed); err != nil {
			return nil, err
		}
	}
	var unknown []string
	for _, one := range listed {
		if _, known := a.memory.holds(one); !known {
			unknown = append(unknown, one.Name)
		}
	}
	if err := a.describeAll(ctx, unknown, func(done int) { reading(len(listed)-len(unknown)+done, len(listed)) }); err != nil {
		return nil, err
	}
	profiles := make([]Profile, 0, len(listed))
	for _, one := range listed {
		if known, ok := a.memory.described(one.Name); ok {
			profiles = append(profiles, Profile{
				Name: one.Name, UserName: known.UserName, Role: known.Role, Status: one.Status, Changed: one.Changed, Tags: known.Tags,
			})
		}
	}
	unlisted, err := a.lookForUnlisted(ctx, a.memory.unlistedOnes(listed))
	return append(profiles, unlisted...), err
}

// lookForUnlisted describes profiles whose making was acknowledged, and which the list does not show. One that is not there
// either is forgotten when it has had the time to appear, so that it is made again.
func (a *domainAccess) lookForUnlisted(ctx context.Context, names []string) ([]Profile, error) {
	profiles := make([]Profile, len(names))
	err := a.each(ctx, len(names), func(ctx context.Context, i int) error {
		known, _ := a.memory.described(names[i])
		out, err := a.describe(ctx, names[i])
		switch {
		case err == nil:
			is := knownAs(names[i], out)
			a.memory.learn(ctx, is, true)
			profiles[i] = Profile{Name: is.Name, UserName: is.UserName, Role: is.Role, Status: string(out.Status), Changed: is.Changed,
				Tags: known.Tags}
		case fault.ClassOf(err) != fault.NotFound:
			return err
		case time.Since(known.Created) > a.waits.Appearing():
			a.memory.forget(names[i])
		default:
			profiles[i] = Profile{Name: known.Name, UserName: known.UserName, Role: known.Role, Status: profile.StatusPending, Unseen: true}
		}
		return nil
	})
	return slices.DeleteFunc(profiles, func(p Profile) bool { return p.Name == "" }), err
}

func (a *domainAccess) listed(ctx context.Context) ([]profile.Listed, error) {
	var listed []profile.Listed
	statuses := people.Copies{}
	pages := sagemaker.NewListUserProfilesPaginator(a.profiles, &sagemaker.ListUserProfilesInput{
		DomainIdEquals: &a.in.Domain.ID, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, found := range page.UserProfiles {
			listed = append(listed, profile.Listed{
				Name: strings.Clone(aws.ToString(found.UserProfileName)), Status: statuses.One(string(found.Status)),
				Created: aws.ToTime(found.CreationTime), Changed: aws.ToTime(found.LastModifiedTime),
			})
		}
	}
	return listed, nil
}

// spotCheck describes some of the profiles that are known from the file again. Where AWS says something else of one of them,
// and it has not changed at this moment, the file is wrong.
func (a *domainAccess) spotCheck(ctx context.Context, listed []profile.Listed) error {
	var known []int32
	for i, one := range listed {
		if k, ok := a.memory.holds(one); ok && !k.fresh && !k.made && one.Status == profile.StatusInService {
			known = append(known, int32(i))
		}
	}
	sample := profile.SpotCheck(len(known))
	defaultRole := a.in.defaultRole()
	wrong := false
	var mu sync.Mutex
	err := a.each(ctx, len(sample), func(ctx context.Context, i int) error {
		one := listed[known[sample[i]]]
		out, err := a.describe(ctx, one.Name)
		if fault.ClassOf(err) == fault.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		is := knownAs(one.Name, out)
		was, _ := a.memory.described(one.Name)
		mu.Lock()
		defer mu.Unlock()
		wrong = wrong || is.Changed.Equal(one.Changed) &&
			(is.UserName != was.UserName || cmp.Or(is.Role, defaultRole) != cmp.Or(was.Role, defaultRole))
		a.memory.learn(ctx, is, false)
		return nil
	})
	if wrong {
		a.memory.distrust()
	}
	return err
}

// describeAll describes profiles by name. Those that are gone meanwhile are left out.
func (a *domainAccess) describeAll(ctx context.Context, names []string, reading func(done int)) error {
	slices.Sort(names)
	var mu sync.Mutex
	done := 0
	return a.each(ctx, len(names), func(ctx context.Context, i int) error {
		out, err := a.describe(ctx, names[i])
		switch {
		case fault.ClassOf(err) == fault.NotFound:
			a.memory.forget(names[i])
		case err != nil:
			return err
		default:
			a.memory.learn(ctx, knownAs(names[i], out), false)
		}
		mu.Lock()
		defer mu.Unlock()
		done++
		reading(done)
		return nil
	})
}

func (a *domainAccess) describe(ctx context.Context, name string) (*sagemaker.DescribeUserProfileOutput, error) {
	out, err := a.profiles.DescribeUserProfile(ctx, &sagemaker.DescribeUserProfileInput{DomainId: &a.in.Domain.ID, UserProfileName: &name})
	return out, err
}

// knownAs is what DescribeUserProfile says and ListUserProfiles omits. Name is as the list spells it.
func knownAs(name string, out *sagemaker.DescribeUserProfileOutput) profile.Known {
	known := profile.Known{
		Name: name, UserName: aws.ToString(out.SingleSignOnUserValue), Created: aws.ToTime(out.CreationTime),
		Changed: aws.ToTime(out.LastModifiedTime),
	}
	if out.UserSettings != nil {
		known.Role = aws.ToString(out.UserSettings.ExecutionRole)
	}
	return known
}
