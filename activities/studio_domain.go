package activities

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"go.temporal.io/sdk/activity"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// DomainInput describes the wanted domain.
type DomainInput struct {
	Run              string                 `json:"run"`
	Studio           onboarding.AccountSpec `json:"studio"`
	Region           string                 `json:"region"`
	Domain           onboarding.DomainSpec  `json:"domain"`
	ExecutionRoleARN string                 `json:"executionRoleArn"`
	Network          Network                `json:"network"`
}

// Domain is a Studio domain.
type Domain struct {
	ID             string            `json:"id"`
	ARN            string            `json:"arn"`
	Name           string            `json:"name"`
	Status         string            `json:"status"`
	FailureReason  string            `json:"failureReason,omitempty"`
	URL            string            `json:"url,omitempty"`
	ApplicationARN string            `json:"applicationArn,omitempty"`
	Origin         onboarding.Origin `json:"origin"`
	CreatedAt      time.Time         `json:"createdAt,omitzero"`
	// VPC is where the domain is.
	VPC string `json:"vpc,omitempty"`
	// Transient says that a failed domain is worth deleting and making again (the KMS key 'null' fault).
	Transient bool `json:"transient,omitempty"`
}

// DomainRef names a domain by ID.
type DomainRef struct {
	Run    string                 `json:"run"`
	Studio onboarding.AccountSpec `json:"studio"`
	Region string                 `json:"region"`
	ID     string                 `json:"id"`
}

// listPage is the largest page of SageMaker's lists, whose default is 10.
const listPage = 100

// EnsureDomain finds the domain of that name or creates it, and describes it; it does not wait for it. The call has no
// idempotency token, so the list decides, and the run's tag says whose it is.
//
// Class Invalid: the domain has IAM authentication, which cannot be changed, or SageMaker refuses the execution role for
// longer than a new role takes to spread. Class NotReady: a domain of that name is being deleted, the role is still
// spreading, or the new domain does not show yet.
func (x *Studio) EnsureDomain(ctx context.Context, in DomainInput) (Domain, error) {
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return Domain{}, err
	}
	client := sagemaker.NewFromConfig(cfg)
	id, err := findDomain(ctx, client, in.Domain.Name)
	if err != nil {
		return Domain{}, err
	}
	if id == "" {
		id, err = x.createDomain(ctx, client, iam.NewFromConfig(cfg), in)
	}
	if err != nil {
		return Domain{}, err
	}
	return x.adoptable(ctx, client, id, in)
}

// adoptable reads the domain that a run would take over, and refuses one that it can't.
func (x *Studio) adoptable(ctx context.Context, client *sagemaker.Client, id string, in DomainInput) (Domain, error) {
	domain, mode, err := describeDomain(ctx, client, id)
	switch {
	case fault.ClassOf(err) == fault.NotFound:
		return Domain{}, x.domainFault(fault.NotReady, "SageMaker does not show the domain %s (%s) yet.", in.Domain.Name, id)
	case err != nil:
		return Domain{}, err
	case domain.Status == string(sagemakertypes.DomainStatusDeleting):
		return Domain{}, x.domainFault(fault.NotReady, "the old domain %s (%s) is being deleted.", domain.Name, id)
	case mode != sagemakertypes.AuthModeSso:
		return Domain{}, x.domainFault(fault.Invalid, "the domain %s (%s) has %s authentication, and that cannot be changed.", domain.Name, id, mode).
			WithRemedy("Give domain.name another value in the spec, or delete that domain, then retry.")
	}
	return withOrigin(ctx, client, domain, in.Run)
}

// AwaitDomain looks once at the domain: class NotReady while it is being made, changed or deleted. It returns a domain that is
// InService, even one without an application ARN (made before October 2023), and one that Failed, for the caller to decide
// about. Class Invalid: an update or a deletion failed, which only a person can sort out.
func (x *Studio) AwaitDomain(ctx context.Context, in DomainRef) (Domain, error) {
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return Domain{}, err
	}
	client := sagemaker.NewFromConfig(cfg)
	domain, _, err := describeDomain(ctx, client, in.ID)
	if fault.ClassOf(err) == fault.NotFound {
		if activity.IsActivity(ctx) && time.Since(activity.GetInfo(ctx).ScheduledTime) < x.Waits.Appearing() {
			return Domain{}, x.domainFault(fault.NotReady, "SageMaker does not show the domain %s yet.", in.ID)
		}
		return Domain{}, x.domainFault(fault.NotFound, "the domain %s is gone.", in.ID).
			WithRemedy("Somebody deleted it. Retry to make it anew.")
	}
	if err != nil {
		return Domain{}, err
	}
	switch status := sagemakertypes.DomainStatus(domain.Status); status {
	case sagemakertypes.DomainStatusInService, sagemakertypes.DomainStatusFailed:
		return withOrigin(ctx, client, domain, in.Run)
	case sagemakertypes.DomainStatusUpdateFailed, sagemakertypes.DomainStatusDeleteFailed:
		return Domain{}, x.domainFault(fault.Invalid, "the domain %s (%s) is %s: %s", domain.Name, domain.ID, status,
			cmp.Or(domain.FailureReason, "AWS gives no reason.")).
			WithRemedy("Put it right in the SageMaker console of the Studio account, then retry.")
	default:
		return Domain{}, x.domainFault(fault.NotReady, "the domain %s (%s) is %s.", domain.Name, domain.ID, status)
	}
}

// DeleteFailedDomain deletes a domain whose creation failed, provided that this run made it; class NotReady until it is gone,
// and then a Domain with nothing but its ID. Class Invalid: somebody else made it, or it did not fail.
func (x *Studio) DeleteFailedDomain(ctx context.Context, in DomainRef) (Domain, error) {
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return Domain{}, err
	}
	client := sagemaker.NewFromConfig(cfg)
	domain, _, err := describeDomain(ctx, client, in.ID)
	if fault.ClassOf(err) == fault.NotFound {
		return Domain{ID: in.ID}, nil
	}
	if err != nil {
		return Domain{}, err
	}
	switch status := sagemakertypes.DomainStatus(domain.Status); status {
	case sagemakertypes.DomainStatusDeleting:
	case sagemakertypes.DomainStatusFailed:
		domain, err := withOrigin(ctx, client, domain, in.Run)
		if err != nil {
			return Domain{}, err
		}
		if domain.Origin != onboarding.OriginCreated {
			return Domain{}, x.domainFault(fault.Invalid, "the failed domain %s (%s) was not made by this run, so it is not deleted.", domain.Name, domain.ID).
				WithRemedy("Delete it in the SageMaker console if nobody needs it, or give domain.name another value in the spec; then retry.")
		}
		// It was never in service, so its file system holds nobody's files.
		_, err = client.DeleteDomain(ctx, &sagemaker.DeleteDomainInput{
			DomainId:        &in.ID,
			RetentionPolicy: &sagemakertypes.RetentionPolicy{HomeEfsFileSystem: sagemakertypes.RetentionTypeDelete},
		})
		if err := awscloud.Classify("sagemaker:DeleteDomain", err); err != nil && fault.ClassOf(err) != fault.NotFound {
			return Domain{}, err
		}
	default:
		return Domain{}, x.domainFault(fault.Invalid, "the domain %s (%s) is %s; only a failed one is deleted.", domain.Name, domain.ID, status).
			WithRemedy("Retry: the run goes on with the domain as it is.")
	}
	return Domain{}, x.domainFault(fault.NotReady, "the failed domain %s (%s) is being deleted.", domain.Name, domain.ID)
}

// domainFault makes a fault about the domain's state; the pause counts for NotReady only.
func (x *Studio) domainFault(class fault.Class, format string, args ...any) *fault.Fault {
	f := fault.New(class, "aws", "sagemaker:DescribeDomain", format, args...)
	if class == fault.NotReady {
		f.RetryAfter = x.Waits.Domain
	}
	return f
}

// findDomain returns the ID of the domain of that name, "" when there is none. One that is being deleted gives way to another.
func findDomain(ctx context.Context, client *sagemaker.Client, name string) (string, error) {
	leaving := ""
	pages := sagemaker.NewListDomainsPaginator(client, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", awscloud.Classify("sagemaker:ListDomains", err)
		}
		for _, domain := range page.Domains {
			switch {
			case aws.ToString(domain.DomainName) != name:
			case domain.Status == sagemakertypes.DomainStatusDeleting:
				leaving = aws.ToString(domain.DomainId)
			default:
				return aws.ToString(domain.DomainId), nil
			}
		}
	}
	return leaving, nil
}

// describeDomain reads a domain, all but its origin.
func describeDomain(ctx context.Context, client *sagemaker.Client, id string) (Domain, sagemakertypes.AuthMode, error) {
	out, err := client.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &id})
	if err != nil {
		return Domain{}, "", awscloud.Classify("sagemaker:DescribeDomain", err)
	}
	domain := Domain{
		ID:             id,
		ARN:            aws.ToString(out.DomainArn),
		Name:           aws.ToString(out.DomainName),
		Status:         string(out.Status),
		FailureReason:  aws.ToString(out.FailureReason),
		URL:            aws.ToString(out.Url),
		ApplicationARN: aws.ToString(out.SingleSignOnApplicationArn),
		CreatedAt:      aws.ToTime(out.CreationTime),
		VPC:            aws.ToString(out.VpcId),
	}
	domain.Transient = out.Status == sagemakertypes.DomainStatusFailed && strings.Contains(domain.FailureReason, "KMS key 'null' does not exist")
	return domain, out.AuthMode, nil
}

// withOrigin says of a domain whose it is. Its tags are a call of their own, which fails once the domain is gone: nobody
// should ask while it is being deleted.
func withOrigin(ctx context.Context, client *sagemaker.Client, domain Domain, run string) (Domain, error) {
	domain.Origin = onboarding.OriginAdopted
	tags := sagemaker.NewListTagsPaginator(client, &sagemaker.ListTagsInput{ResourceArn: &domain.ARN})
	for tags.HasMorePages() {
		page, err := tags.NextPage(ctx)
		if err != nil {
			return Domain{}, awscloud.Classify("sagemaker:ListTags", err)
		}
		for _, tag := range page.Tags {
			if aws.ToString(tag.Key) == provider.RunTag && aws.ToString(tag.Value) == run {
				domain.Origin = onboarding.OriginCreated
			}
		}
	}
	return domain, nil
}

// createDomain creates the domain and returns its ID. A name that is taken by now means that an earlier attempt, whose answer
// was lost, got through.
func (x *Studio) createDomain(ctx context.Context, client *sagemaker.Client, roles *iam.Client, in DomainInput) (string, error) {
	out, err := client.CreateDomain(ctx, domainRequest(in))
	err = awscloud.Classify("sagemaker:CreateDomain", err)
	switch {
	case err == nil && out.DomainId != nil:
		return *out.DomainId, nil
	case err == nil:
		_, id, _ := strings.Cut(aws.ToString(out.DomainArn), ":domain/")
		return id, nil
	case fault.ClassOf(err) == fault.Conflict:
		id, findErr := findDomain(ctx, client, in.Domain.Name)
		if findErr == nil && id == "" {
			findErr = x.domainFault(fault.NotReady, "SageMaker does not list the domain %s yet, though its name is taken.", in.Domain.Name)
		}
		return id, findErr
	case fault.ClassOf(err) == fault.Invalid && aboutRole(err):
		return "", x.roleRefused(ctx, roles, in, err)
	}
	return "", err
}

// domainRequest says everything that the spec says, and nothing by default where the API's default has changed over time.
func domainRequest(in DomainInput) *sagemaker.CreateDomainInput {
	settings := &sagemakertypes.UserSettings{
		ExecutionRole:  &in.ExecutionRoleARN,
		SecurityGroups: in.Network.SecurityGroups,
	}
	if sharing := in.Domain.NotebookSharing; sharing != nil {
		settings.SharingSettings = &sagemakertypes.SharingSettings{
			NotebookOutputOption: sagemakertypes.NotebookOutputOptionAllowed,
			S3OutputPath:         &sharing.S3,
			S3KmsKeyId:           optional(sharing.KMSKey),
		}
	}
	request := &sagemaker.CreateDomainInput{
		DomainName:                &in.Domain.Name,
		AuthMode:                  sagemakertypes.AuthModeSso,
		DefaultUserSettings:       settings,
		VpcId:                     &in.Network.VPC,
		SubnetIds:                 in.Network.Subnets,
		AppNetworkAccessType:      sagemakertypes.AppNetworkAccessTypePublicInternetOnly,
		HomeEfsFileSystemCreation: sagemakertypes.HomeEfsFileSystemCreationDisabled,
		KmsKeyId:                  optional(in.Domain.KMSKey),
		Tags: provider.Tagged(in.Run, in.Domain.Tags, func(key, value *string) sagemakertypes.Tag {
			return sagemakertypes.Tag{Key: key, Value: value}
		}),
	}
	if in.Network.Access == onboarding.NetworkVPCOnly {
		request.AppNetworkAccessType = sagemakertypes.AppNetworkAccessTypeVpcOnly
	}
	if in.Domain.HomeFileSystem == onboarding.FileSystemEnabled {
		request.HomeEfsFileSystemCreation = sagemakertypes.HomeEfsFileSystemCreationEnabled
	}
	return request
}

// optional is nil for an empty string, which AWS would take for a value.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// aboutRole recognises SageMaker's texts for a role that it cannot assume: "The execution role ARN is invalid" and "Could not
// assume role … its trust relationship policy allows the action 'sts:AssumeRole'". The exception has no code of its own.
func aboutRole(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "execution role") || strings.Contains(text, "assume") && strings.Contains(text, "role")
}

// roleRefused tells a new role that has not spread yet from one that SageMaker will never take.
func (x *Studio) roleRefused(ctx context.Context, client *iam.Client, in DomainInput, refusal error) error {
	role, err := findRole(ctx, client, roleName(in.ExecutionRoleARN))
	if err != nil {
		return err
	}
	// IAM cuts creation times to whole seconds, so a role looks up to one older than it is.
	if time.Since(aws.ToTime(role.CreateDate)) < x.Waits.Propagation+time.Second {
		return fault.New(fault.NotReady, "aws", "sagemaker:CreateDomain",
			"SageMaker cannot use the new role %s yet; new roles take up to a minute to spread.", in.ExecutionRoleARN).After(x.Waits.Domain / 3)
	}
	f := fault.New(fault.Invalid, "aws", "sagemaker:CreateDomain", "SageMaker does not accept the execution role %s, which is not new: %s",
		in.ExecutionRoleARN, fault.Trim(refusal.Error(), 400)).
		WithRemedy("Let its trust policy allow %s to sts:AssumeRole, or name another executionRole in the spec; then retry.", studioService)
	f.Err = refusal
	return f
}
