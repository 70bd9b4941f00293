package domain

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// lookAtKeys reads the keys that the spec names, and those of the domain that they are compared with.
func (s *State) lookAtKeys(ctx context.Context, cfg aws.Config, spec onboarding.Spec) error {
	s.Keys = map[string]Key{}
	client := kms.NewFromConfig(cfg)
	sharing := spec.Domain.NotebookSharing
	var names []string
	if spec.Domain.KMSKey != "" {
		names = append(names, spec.Domain.KMSKey)
		if s.Domain != nil {
			names = append(names, s.Domain.KMSKey)
		}
	}
	if sharing != nil && sharing.KMSKey != "" {
		names = append(names, sharing.KMSKey)
		if s.Domain != nil && s.Domain.Sharing != nil {
			names = append(names, s.Domain.Sharing.KMSKey)
		}
	}
	for _, name := range names {
		if _, done := s.Keys[name]; done || name == "" {
			continue
		}
		key, err := lookAtKey(ctx, client, name)
		if err != nil {
			return err
		}
		s.Keys[name] = key
	}
	return nil
}

func lookAtKey(ctx context.Context, client *kms.Client, name string) (Key, error) {
	out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &name})
	if err != nil {
		trouble, err := provider.Trouble(err)
		return Key{Trouble: trouble}, err
	}
	is := out.KeyMetadata
	key := Key{
		ARN: aws.ToString(is.Arn), Status: string(is.KeyState), Spec: string(is.KeySpec), Usage: string(is.KeyUsage),
		AWSManaged: is.KeyManager == kmstypes.KeyManagerTypeAws,
	}
	policy, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: is.Arn})
	if err != nil { // whoever may not read it may still use the key
		_, err = provider.Trouble(err)
		return key, err
	}
	key.Policy = aws.ToString(policy.Policy)
	return key, nil
}

// lookAtBucket asks S3 for the bucket of notebook sharing.
func (s *State) lookAtBucket(ctx context.Context, cfg aws.Config, spec onboarding.Spec) error {
	sharing := spec.Domain.NotebookSharing
	if sharing == nil {
		return nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(sharing.S3, "s3://"), "/")
	s.Bucket = &Bucket{Name: name}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	out, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	if err != nil {
		s.Bucket.Trouble, err = provider.Trouble(err)
		return err
	}
	s.Bucket.Region = aws.ToString(out.BucketRegion)
	return nil
}

// The quotas that a run can run into (Service Quotas console, "Amazon SageMaker").
const (
	quotaDomains  = "L-B683BCB0"
	quotaProfiles = "L-AC46C40F"
)

// maxCountedProfiles bounds how many existing profiles are counted: SageMaker's lists are slow, and a check is not.
const maxCountedProfiles = 3000

// LookAtQuotas adds to a state what is left of the quotas of domains, where there is none yet, and of user profiles.
func (s *State) LookAtQuotas(ctx context.Context, cfg aws.Config) error {
	if s.Trouble != nil || s.Unreachable != "" {
		return nil
	}
	client, quotas := provider.NewSageMaker(cfg), servicequotas.NewFromConfig(cfg)
	own := ""
	if s.Domain != nil {
		own = s.Domain.ID
	} else {
		domains, err := lookAtQuota(ctx, quotas, quotaDomains)
		if err == nil && domains.Known {
			err = domains.count(countDomains(ctx, client))
		}
		if err != nil {
			return err
		}
		s.Domains = &domains
	}
	profiles, err := lookAtQuota(ctx, quotas, quotaProfiles)
	if err == nil && profiles.Known {
		err = profiles.count(countProfiles(ctx, client, own))
	}
	s.Profiles = &profiles
	return err
}

func (q *Quota) count(used int, err error) error {
	q.Used = used
	if err != nil {
		q.Trouble, err = provider.Trouble(err)
	}
	return err
}

func countDomains(ctx context.Context, client *provider.SageMaker) (n int, err error) {
	pages := sagemaker.NewListDomainsPaginator(client, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		n += len(page.Domains)
	}
	return n, nil
}

// countProfiles counts the profiles of other domains.
func countProfiles(ctx context.Context, client *provider.SageMaker, own string) (others int, err error) {
	counted := 0
	pages := sagemaker.NewListUserProfilesPaginator(client, &sagemaker.ListUserProfilesInput{MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() && counted < maxCountedProfiles {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		counted += len(page.UserProfiles)
		for _, profile := range page.UserProfiles {
			if aws.ToString(profile.DomainId) != own {
				others++
			}
		}
	}
	return others, nil
}

// lookAtQuota reads the quota that applies, or AWS's default where none was set. That it cannot be read is no reason to stop:
// the run says so in time if it is ever exceeded.
func lookAtQuota(ctx context.Context, client *servicequotas.Client, code string) (Quota, error) {
	const service = "sagemaker"
	quota := Quota{Code: code}
	applied, err := client.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String(service), QuotaCode: &code})
	if err == nil && applied.Quota != nil {
		quota.Value, quota.Known = int(aws.ToFloat64(applied.Quota.Value)), true
		return quota, nil
	}
	if fault.ClassOf(err) == fault.NotFound {
		standard, standardErr := client.GetAWSDefaultServiceQuota(ctx,
			&servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String(service), QuotaCode: &code})
		if standardErr == nil && standard.Quota != nil {
			quota.Value, quota.Known = int(aws.ToFloat64(standard.Quota.Value)), true
			return quota, nil
		}
		err = standardErr
	}
	if fault.ClassOf(err).Retryable() || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return quota, err
	}
	return quota, nil
}
