package access

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/profile"
)

// areOurs finds out which of these profiles carry the run's tag.
func (a *domainAccess) areOurs(ctx context.Context, names []string) (map[string]bool, error) {
	ours := make(map[string]bool, len(names))
	var unknown []string
	for _, name := range names {
		if known, _ := a.memory.described(name); known.Ours != nil {
			ours[name] = *known.Ours
		} else {
			unknown = append(unknown, name)
		}
	}
	afresh, err := a.areOursNow(ctx, unknown)
	maps.Copy(ours, afresh)
	return ours, err
}

// areOursNow finds it out afresh, also where it is known from before.
func (a *domainAccess) areOursNow(ctx context.Context, names []string) (map[string]bool, error) {
	ours := make(map[string]bool, len(names))
	var mu sync.Mutex
	return ours, a.each(ctx, len(names), func(ctx context.Context, i int) error {
		out, err := a.describe(ctx, names[i])
		if fault.ClassOf(err) == fault.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		tags, err := a.tagsOf(ctx, aws.ToString(out.UserProfileArn))
		if err != nil {
			return err
		}
		known := knownAs(names[i], out)
		known.Ours = aws.Bool(tags[provider.RunTag] == a.in.Run)
		mu.Lock()
		defer mu.Unlock()
		ours[names[i]] = *known.Ours
		a.memory.learn(ctx, known, false)
		return nil
	})
}

// hasTags says whether a profile has all tags of the spec. One that is gone meanwhile has none.
func (a *domainAccess) hasTags(ctx context.Context, name string) (bool, error) {
	arn, err := a.arnOf(ctx, name)
	if err != nil || arn == "" {
		return false, err
	}
	tags, err := a.tagsOf(ctx, arn)
	for key, value := range a.in.Tags {
		if found, there := tags[key]; !there || found != value {
			return false, err
		}
	}
	return true, err
}

// arnOf is the ARN of a profile; empty where it is gone. It follows from the domain's, but for names with upper-case letters,
// of which ARNs have another spelling.
func (a *domainAccess) arnOf(ctx context.Context, name string) (string, error) {
	if account, _, found := strings.Cut(a.in.Domain.ARN, ":domain/"); found && name == strings.ToLower(name) {
		return account + ":user-profile/" + a.in.Domain.ID + "/" + name, nil
	}
	out, err := a.describe(ctx, name)
	if fault.ClassOf(err) == fault.NotFound {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return aws.ToString(out.UserProfileArn), nil
}

// tagsOf are the tags of a profile; none where it is gone.
func (a *domainAccess) tagsOf(ctx context.Context, arn string) (map[string]string, error) {
	tags := map[string]string{}
	pages := sagemaker.NewListTagsPaginator(a.profiles, &sagemaker.ListTagsInput{ResourceArn: &arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if class := fault.ClassOf(err); class == fault.NotFound || class == fault.Invalid {
			return map[string]string{}, nil
		} else if err != nil {
			return nil, err
		}
		for _, tag := range page.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return tags, nil
}

// readTags looks at the tags of people's profiles of which it is not known that they have those of the spec.
func (a *domainAccess) readTags(ctx context.Context, desired Desired, wanted []Person, profiles []Profile, skip func(string) bool) error {
	if desired.Tags == "" {
		return nil
	}
	var unknown []int32
	for i, one := range profiles {
		if one.Status == profile.StatusInService && one.Tags != desired.Tags && !one.Unseen && isWanted(wanted, one.UserName) &&
			(skip == nil || !skip(one.Name)) {
			unknown = append(unknown, int32(i))
		}
	}
	return a.each(ctx, len(unknown), func(ctx context.Context, i int) error {
		one := &profiles[unknown[i]]
		has, err := a.hasTags(ctx, one.Name)
		if has {
			one.Tags = desired.Tags
			a.memory.tagged(one.Name)
		}
		return err
	})
}
