package domain

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

const (
	// listPage is the largest page of SageMaker's lists, whose default is 10.
	listPage = 100
	// maxApps bounds how many apps are looked at: some of them are enough to know that some run.
	maxApps = 1000
	// classicPage is where Studio Classic begins.
	classicPage = "app:JupyterServer:"
	studioPage  = "studio::"
)

// Look reads the domain of the spec's name with its tags, the keys and the bucket that are to be compared with it, and its apps
// where something depends on them. cfg is the Studio account in the spec's Region.
func Look(ctx context.Context, cfg aws.Config, spec onboarding.Spec) (State, error) {
	client := provider.NewSageMaker(cfg)
	id, err := find(ctx, client, spec.Domain.Name)
	var unknownHost *net.DNSError
	if errors.As(err, &unknownHost) && unknownHost.IsNotFound {
		return State{Unreachable: unknownHost.Name}, nil
	}
	state := State{}
	if err == nil && id != "" {
		state.Domain, _, err = describe(ctx, client, id, spec.Name)
		if fault.ClassOf(err) == fault.NotFound {
			err = fault.New(fault.NotReady, "aws", "sagemaker:DescribeDomain", "SageMaker does not show the domain %s (%s) yet.",
				spec.Domain.Name, id)
		}
	}
	if err != nil {
		state.Trouble, err = provider.Trouble(err)
		return state, err
	}
	return state, state.lookAround(ctx, cfg, spec)
}

// lookAround reads what the domain is compared with.
func (s *State) lookAround(ctx context.Context, cfg aws.Config, spec onboarding.Spec) error {
	for _, kind := range sagemakertypes.AppInstanceType("").Values() {
		if name := string(kind); strings.HasPrefix(name, "ml.") {
			s.InstanceTypes = append(s.InstanceTypes, name)
		}
	}
	if err := s.lookAtKeys(ctx, cfg, spec); err != nil {
		return err
	}
	if err := s.lookAtBucket(ctx, cfg, spec); err != nil {
		return err
	}
	if s.Domain == nil || !needsQuiet(spec, *s.Domain) && (spec.Domain.NotebookSharing == nil || s.Domain.Classic != "") {
		return nil
	}
	return s.Domain.lookAtApps(ctx, provider.NewSageMaker(cfg))
}

// find returns the ID of the domain of that name, "" when there is none. One that is being deleted gives way to another.
func find(ctx context.Context, client *provider.SageMaker, name string) (string, error) {
	leaving := ""
	pages := sagemaker.NewListDomainsPaginator(client, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
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

// describe reads a domain with its tags, in the words of the spec and as SageMaker says it.
func describe(ctx context.Context, client *provider.SageMaker, id, run string) (*Description, *sagemaker.DescribeDomainOutput, error) {
	out, err := client.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &id})
	if err != nil {
		return nil, nil, err
	}
	d := described(id, out)
	d.Origin = onboarding.OriginAdopted
	// Tags are a call of their own, which fails once the domain is gone: nobody should ask while it is being deleted.
	if d.Status == statusDeleting {
		return d, out, nil
	}
	tags := sagemaker.NewListTagsPaginator(client, &sagemaker.ListTagsInput{ResourceArn: &d.ARN})
	for tags.HasMorePages() {
		page, err := tags.NextPage(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, tag := range page.Tags {
			d.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	if d.Tags[provider.RunTag] == run && run != "" {
		d.Origin = onboarding.OriginCreated
	}
	return d, out, nil
}

// described is what SageMaker says of a domain, in the words of the spec.
func described(id string, out *sagemaker.DescribeDomainOutput) *Description {
	d := &Description{
		Domain: Domain{
			ID: id, ARN: aws.ToString(out.DomainArn), Name: aws.ToString(out.DomainName), Status: string(out.Status),
			FailureReason: aws.ToString(out.FailureReason), URL: aws.ToString(out.Url), ApplicationARN: aws.ToString(out.SingleSignOnApplicationArn),
			CreatedAt: aws.ToTime(out.CreationTime), VPC: aws.ToString(out.VpcId),
		},
		AuthMode: string(out.AuthMode), Subnets: out.SubnetIds, Access: onboarding.NetworkPublic, HomeFileSystem: onboarding.Disabled,
		KMSKey:         aws.ToString(out.KmsKeyId),
		SourceIdentity: onboarding.Disabled, TrustedIdentityPropagation: onboarding.Disabled, Portal: true, Tags: map[string]string{},
	}
	d.Transient = d.Status == statusFailed && strings.Contains(d.FailureReason, "KMS key 'null' does not exist")
	if out.AppNetworkAccessType == sagemakertypes.AppNetworkAccessTypeVpcOnly {
		d.Access = onboarding.NetworkVPCOnly
	}
	if out.HomeEfsFileSystemCreation == sagemakertypes.HomeEfsFileSystemCreationEnabled || aws.ToString(out.HomeEfsFileSystemId) != "" {
		d.HomeFileSystem = onboarding.Enabled
	}
	if settings := out.DomainSettings; settings != nil {
		if settings.ExecutionRoleIdentityConfig == sagemakertypes.ExecutionRoleIdentityConfigUserProfileName {
			d.SourceIdentity = onboarding.Enabled
		}
		if on := settings.TrustedIdentityPropagationSettings; on != nil && on.Status == sagemakertypes.FeatureStatusEnabled {
			d.TrustedIdentityPropagation = onboarding.Enabled
		}
		rstudio := settings.RStudioServerProDomainSettings
		d.RStudio = rstudio != nil && aws.ToString(rstudio.DomainExecutionRoleArn) != ""
	}
	if settings := out.DefaultUserSettings; settings != nil {
		d.userSettings(settings)
	}
	return d
}

func (d *Description) userSettings(is *sagemakertypes.UserSettings) {
	d.ExecutionRole, d.SecurityGroups = aws.ToString(is.ExecutionRole), is.SecurityGroups
	d.Portal = is.StudioWebPortal != sagemakertypes.StudioWebPortalDisabled
	switch aws.ToString(is.DefaultLandingUri) {
	case studioPage:
		d.LandingPage = onboarding.LandingStudio
	case classicPage:
		d.LandingPage, d.Classic = onboarding.LandingClassic, "it opens with Studio Classic"
	}
	if lab := is.JupyterLabAppSettings; lab != nil {
		d.JupyterLab = idleAfter(lab.AppLifecycleManagement)
	}
	if editor := is.CodeEditorAppSettings; editor != nil {
		d.CodeEditor = idleAfter(editor.AppLifecycleManagement)
	}
	if portal := is.StudioWebPortalSettings; portal != nil {
		for _, kind := range portal.HiddenInstanceTypes {
			d.HiddenInstanceTypes = append(d.HiddenInstanceTypes, string(kind))
		}
		for _, app := range portal.HiddenAppTypes {
			d.HiddenApps = append(d.HiddenApps, string(app))
		}
	}
	if storage := is.SpaceStorageSettings; storage != nil && storage.DefaultEbsStorageSettings != nil {
		sizes := storage.DefaultEbsStorageSettings
		d.Storage = &onboarding.SpaceStorageSpec{Default: int(aws.ToInt32(sizes.DefaultEbsVolumeSizeInGb)),
			Maximum: int(aws.ToInt32(sizes.MaximumEbsVolumeSizeInGb))}
	}
	if is.JupyterServerAppSettings != nil || is.KernelGatewayAppSettings != nil {
		d.Classic = "it has settings of Studio Classic's apps"
	}
	if sharing := is.SharingSettings; sharing != nil {
		d.Classic = "it has settings of notebook sharing"
		if sharing.NotebookOutputOption == sagemakertypes.NotebookOutputOptionAllowed {
			d.Sharing = &onboarding.NotebookSharingSpec{S3: aws.ToString(sharing.S3OutputPath), KMSKey: aws.ToString(sharing.S3KmsKeyId)}
		}
	}
}

func idleAfter(is *sagemakertypes.AppLifecycleManagement) time.Duration {
	if is == nil || is.IdleSettings == nil || is.IdleSettings.LifecycleManagement != sagemakertypes.LifecycleManagementEnabled {
		return 0
	}
	return time.Duration(aws.ToInt32(is.IdleSettings.IdleTimeoutInMinutes)) * time.Minute
}

// lookAtApps reads the apps that are not deleted.
func (d *Description) lookAtApps(ctx context.Context, client *provider.SageMaker) error {
	pages := sagemaker.NewListAppsPaginator(client, &sagemaker.ListAppsInput{DomainIdEquals: &d.ID, MaxResults: aws.Int32(listPage)})
	for seen := 0; pages.HasMorePages() && seen < maxApps; {
		page, err := pages.NextPage(ctx)
		if err != nil {
			d.AppsTrouble, err = provider.Trouble(err)
			return err
		}
		seen += len(page.Apps)
		for _, app := range page.Apps {
			if app.AppType == sagemakertypes.AppTypeJupyterServer || app.AppType == sagemakertypes.AppTypeKernelGateway {
				d.Classic = cmp.Or(d.Classic, "it has apps of Studio Classic")
			}
			running := []sagemakertypes.AppStatus{sagemakertypes.AppStatusInService, sagemakertypes.AppStatusPending,
				sagemakertypes.AppStatusDeleting}
			if !slices.Contains(running, app.Status) {
				continue
			}
			owner := cmp.Or(aws.ToString(app.UserProfileName), aws.ToString(app.SpaceName))
			d.Apps = append(d.Apps, App{Name: string(app.AppType) + " " + aws.ToString(app.AppName) + " of " + owner, Status: string(app.Status)})
		}
	}
	return nil
}
