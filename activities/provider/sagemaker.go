package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
)

// sageMakerCall is one operation of SageMaker.
type sageMakerCall[In, Out any] func(context.Context, *In, ...func(*sagemaker.Options)) (*Out, error)

// SageMaker has the operations of SageMaker that activities use, as bound methods of a client (see calls.go): the client has four hundred.
type SageMaker struct {
	addTags             sageMakerCall[sagemaker.AddTagsInput, sagemaker.AddTagsOutput]
	createDomain        sageMakerCall[sagemaker.CreateDomainInput, sagemaker.CreateDomainOutput]
	createUserProfile   sageMakerCall[sagemaker.CreateUserProfileInput, sagemaker.CreateUserProfileOutput]
	deleteApp           sageMakerCall[sagemaker.DeleteAppInput, sagemaker.DeleteAppOutput]
	deleteDomain        sageMakerCall[sagemaker.DeleteDomainInput, sagemaker.DeleteDomainOutput]
	deleteUserProfile   sageMakerCall[sagemaker.DeleteUserProfileInput, sagemaker.DeleteUserProfileOutput]
	describeDomain      sageMakerCall[sagemaker.DescribeDomainInput, sagemaker.DescribeDomainOutput]
	describeUserProfile sageMakerCall[sagemaker.DescribeUserProfileInput, sagemaker.DescribeUserProfileOutput]
	listApps            sageMakerCall[sagemaker.ListAppsInput, sagemaker.ListAppsOutput]
	listDomains         sageMakerCall[sagemaker.ListDomainsInput, sagemaker.ListDomainsOutput]
	listSpaces          sageMakerCall[sagemaker.ListSpacesInput, sagemaker.ListSpacesOutput]
	listTags            sageMakerCall[sagemaker.ListTagsInput, sagemaker.ListTagsOutput]
	listUserProfiles    sageMakerCall[sagemaker.ListUserProfilesInput, sagemaker.ListUserProfilesOutput]
	updateDomain        sageMakerCall[sagemaker.UpdateDomainInput, sagemaker.UpdateDomainOutput]
	updateUserProfile   sageMakerCall[sagemaker.UpdateUserProfileInput, sagemaker.UpdateUserProfileOutput]
}

// NewSageMaker opens SageMaker in the Region and with the credentials of the configuration.
func NewSageMaker(cfg aws.Config) *SageMaker {
	client := sagemaker.NewFromConfig(cfg)
	return &SageMaker{
		addTags:             client.AddTags,
		createDomain:        client.CreateDomain,
		createUserProfile:   client.CreateUserProfile,
		deleteApp:           client.DeleteApp,
		deleteDomain:        client.DeleteDomain,
		deleteUserProfile:   client.DeleteUserProfile,
		describeDomain:      client.DescribeDomain,
		describeUserProfile: client.DescribeUserProfile,
		listApps:            client.ListApps,
		listDomains:         client.ListDomains,
		listSpaces:          client.ListSpaces,
		listTags:            client.ListTags,
		listUserProfiles:    client.ListUserProfiles,
		updateDomain:        client.UpdateDomain,
		updateUserProfile:   client.UpdateUserProfile,
	}
}

// AddTags is that operation of SageMaker.
func (s *SageMaker) AddTags(ctx context.Context, in *sagemaker.AddTagsInput, opts ...func(*sagemaker.Options),
) (*sagemaker.AddTagsOutput, error) {
	return s.addTags(ctx, in, opts...)
}

// CreateDomain is that operation of SageMaker.
func (s *SageMaker) CreateDomain(ctx context.Context, in *sagemaker.CreateDomainInput, opts ...func(*sagemaker.Options),
) (*sagemaker.CreateDomainOutput, error) {
	return s.createDomain(ctx, in, opts...)
}

// CreateUserProfile is that operation of SageMaker.
func (s *SageMaker) CreateUserProfile(ctx context.Context, in *sagemaker.CreateUserProfileInput, opts ...func(*sagemaker.Options),
) (*sagemaker.CreateUserProfileOutput, error) {
	return s.createUserProfile(ctx, in, opts...)
}

// DeleteApp is that operation of SageMaker.
func (s *SageMaker) DeleteApp(ctx context.Context, in *sagemaker.DeleteAppInput, opts ...func(*sagemaker.Options),
) (*sagemaker.DeleteAppOutput, error) {
	return s.deleteApp(ctx, in, opts...)
}

// DeleteDomain is that operation of SageMaker.
func (s *SageMaker) DeleteDomain(ctx context.Context, in *sagemaker.DeleteDomainInput, opts ...func(*sagemaker.Options),
) (*sagemaker.DeleteDomainOutput, error) {
	return s.deleteDomain(ctx, in, opts...)
}

// DeleteUserProfile is that operation of SageMaker.
func (s *SageMaker) DeleteUserProfile(ctx context.Context, in *sagemaker.DeleteUserProfileInput, opts ...func(*sagemaker.Options),
) (*sagemaker.DeleteUserProfileOutput, error) {
	return s.deleteUserProfile(ctx, in, opts...)
}

// DescribeDomain is that operation of SageMaker.
func (s *SageMaker) DescribeDomain(ctx context.Context, in *sagemaker.DescribeDomainInput, opts ...func(*sagemaker.Options),
) (*sagemaker.DescribeDomainOutput, error) {
	return s.describeDomain(ctx, in, opts...)
}

// DescribeUserProfile is that operation of SageMaker.
func (s *SageMaker) DescribeUserProfile(ctx context.Context, in *sagemaker.DescribeUserProfileInput, opts ...func(*sagemaker.Options),
) (*sagemaker.DescribeUserProfileOutput, error) {
	return s.describeUserProfile(ctx, in, opts...)
}

// ListApps is that operation of SageMaker.
func (s *SageMaker) ListApps(ctx context.Context, in *sagemaker.ListAppsInput, opts ...func(*sagemaker.Options),
) (*sagemaker.ListAppsOutput, error) {
	return s.listApps(ctx, in, opts...)
}

// ListDomains is that operation of SageMaker.
func (s *SageMaker) ListDomains(ctx context.Context, in *sagemaker.ListDomainsInput, opts ...func(*sagemaker.Options),
) (*sagemaker.ListDomainsOutput, error) {
	return s.listDomains(ctx, in, opts...)
}

// ListSpaces is that operation of SageMaker.
func (s *SageMaker) ListSpaces(ctx context.Context, in *sagemaker.ListSpacesInput, opts ...func(*sagemaker.Options),
) (*sagemaker.ListSpacesOutput, error) {
	return s.listSpaces(ctx, in, opts...)
}

// ListTags is that operation of SageMaker.
func (s *SageMaker) ListTags(ctx context.Context, in *sagemaker.ListTagsInput, opts ...func(*sagemaker.Options),
) (*sagemaker.ListTagsOutput, error) {
	return s.listTags(ctx, in, opts...)
}

// ListUserProfiles is that operation of SageMaker.
func (s *SageMaker) ListUserProfiles(ctx context.Context, in *sagemaker.ListUserProfilesInput, opts ...func(*sagemaker.Options),
) (*sagemaker.ListUserProfilesOutput, error) {
	return s.listUserProfiles(ctx, in, opts...)
}

// UpdateDomain is that operation of SageMaker.
func (s *SageMaker) UpdateDomain(ctx context.Context, in *sagemaker.UpdateDomainInput, opts ...func(*sagemaker.Options),
) (*sagemaker.UpdateDomainOutput, error) {
	return s.updateDomain(ctx, in, opts...)
}

// UpdateUserProfile is that operation of SageMaker.
func (s *SageMaker) UpdateUserProfile(ctx context.Context, in *sagemaker.UpdateUserProfileInput, opts ...func(*sagemaker.Options),
) (*sagemaker.UpdateUserProfileOutput, error) {
	return s.updateUserProfile(ctx, in, opts...)
}
