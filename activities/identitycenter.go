package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// IdentityCenter looks after the Identity Center instance.
type IdentityCenter struct {
	AWS   AWS
	Waits Waits
}

// InstanceInput says where to look for the organization's Identity Center instance.
type InstanceInput struct {
	IdentityCenter onboarding.AccountSpec `json:"identityCenter"`
	Region         string                 `json:"region"`
}

// Instance is an Identity Center instance.
type Instance struct {
	ARN             string    `json:"arn"`
	IdentityStoreID string    `json:"identityStoreId"`
	OwnerAccount    string    `json:"ownerAccount"`
	PrimaryRegion   string    `json:"primaryRegion"`
	CreatedAt       time.Time `json:"createdAt,omitzero"`
}

// FindInstanceResult has a nil Instance when the organization has none yet.
type FindInstanceResult struct {
	Instance          *Instance `json:"instance,omitempty"`
	ManagementAccount string    `json:"managementAccount"`
}

// SourceEvidence is what CloudTrail shows of a change of the identity source. Readable is false where the role may not read it.
type SourceEvidence struct {
	Readable bool      `json:"readable"`
	Event    string    `json:"event,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

// FindInstance looks for the organization instance in all Regions. It is the one that the management account owns: account
// instances of member accounts are listed too, and Studio does not work with them (IAM Identity Center User Guide, "AWS
// managed applications that you can use with IAM Identity Center"). An instance that is still being made counts as none.
//
// Class Invalid: only account instances exist, the instance has another primary Region than the spec, or its creation failed.
func (x *IdentityCenter) FindInstance(ctx context.Context, in InstanceInput) (FindInstanceResult, error) {
	cfg, err := x.AWS.Config(ctx, in.IdentityCenter, in.Region)
	if err != nil {
		return FindInstanceResult{}, err
	}
	org, err := organizations.NewFromConfig(cfg).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return FindInstanceResult{}, awscloud.Classify("organizations:DescribeOrganization", err)
	}
	if org.Organization == nil || aws.ToString(org.Organization.MasterAccountId) == "" {
		return FindInstanceResult{}, fault.New(fault.Unavailable, "aws", "organizations:DescribeOrganization", "the answer names no management account")
	}
	result := FindInstanceResult{ManagementAccount: *org.Organization.MasterAccountId}

	var strangers []string
	pages := ssoadmin.NewListInstancesPaginator(ssoadmin.NewFromConfig(cfg), &ssoadmin.ListInstancesInput{
		RegionScope: ssoadmintypes.RegionScopeAllRegions,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return FindInstanceResult{}, awscloud.Classify("sso:ListInstances", err)
		}
		for _, instance := range page.Instances {
			if owner := aws.ToString(instance.OwnerAccountId); owner != result.ManagementAccount {
				strangers = append(strangers, aws.ToString(instance.InstanceArn)+" of account "+owner)
				continue
			}
			result.Instance, err = usable(instance, in.Region)
			return result, err
		}
	}
	if len(strangers) > 0 {
		return FindInstanceResult{}, fault.New(fault.Invalid, "aws", "sso:ListInstances",
			"there is only an account instance of IAM Identity Center (%s), and Studio does not work with those.", strings.Join(strangers, ", ")).
			WithRemedy("Enable the organization instance: IAM Identity Center console of the management account %s, Region %s, "+
				"Enable; then retry. The account instance may stay.", result.ManagementAccount, in.Region)
	}
	return result, nil
}

// usable turns the organization instance into an Instance, nil while it is being made or deleted.
func usable(instance ssoadmintypes.InstanceMetadata, region string) (*Instance, error) {
	arn := aws.ToString(instance.InstanceArn)
	primary := cmp.Or(aws.ToString(instance.PrimaryRegion), region)
	switch instance.Status {
	case ssoadmintypes.InstanceStatusCreateFailed:
		return nil, fault.New(fault.Invalid, "aws", "sso:ListInstances", "the creation of the Identity Center instance %s failed: %s",
			arn, cmp.Or(aws.ToString(instance.StatusReason), "AWS gives no reason.")).
			WithRemedy("Delete it in the IAM Identity Center console of the management account (Settings, Management), enable it again, then retry.")
	case ssoadmintypes.InstanceStatusDeleteInProgress:
		return nil, nil
	}
	// A domain has to be in the primary Region of the instance (SageMaker Developer Guide, "Onboard using IAM Identity Center").
	if primary != region {
		return nil, fault.New(fault.Invalid, "aws", "sso:ListInstances",
			"the organization's Identity Center instance %s has the primary Region %s, the spec says %s; Studio has to be in the primary Region.",
			arn, primary, region).
			WithRemedy("Set region: %s in the spec and start the run anew; or, if nobody uses the instance, delete it there (all its assignments go with it), "+
				"enable it in %s and retry.", primary, region)
	}
	if instance.Status != ssoadmintypes.InstanceStatusActive {
		return nil, nil
	}
	return &Instance{
		ARN:             arn,
		IdentityStoreID: aws.ToString(instance.IdentityStoreId),
		OwnerAccount:    aws.ToString(instance.OwnerAccountId),
		PrimaryRegion:   primary,
		CreatedAt:       aws.ToTime(instance.CreatedDate),
	}, nil
}

// AwaitInstance looks once for the instance that FindInstance describes: class NotReady while there is none.
func (x *IdentityCenter) AwaitInstance(ctx context.Context, in InstanceInput) (Instance, error) {
	found, err := x.FindInstance(ctx, in)
	if err != nil {
		return Instance{}, err
	}
	if found.Instance == nil {
		return Instance{}, fault.New(fault.NotReady, "aws", "sso:ListInstances",
			"IAM Identity Center is not enabled yet in the management account %s.", found.ManagementAccount).After(x.Waits.Instance)
	}
	return *found.Instance, nil
}

// FindSourceChange looks in CloudTrail for the newest successful change of the identity source to an external provider. No
// public API says what the identity source is; the events of the console do, with minutes of delay, for 90 days
// (IAM Identity Center User Guide, "Logging IAM Identity Center API calls with AWS CloudTrail"). Events are evidence, not
// proof, and optional: where the role may not read them the result says so.
func (x *IdentityCenter) FindSourceChange(ctx context.Context, in InstanceInput) (SourceEvidence, error) {
	cfg, err := x.AWS.Config(ctx, in.IdentityCenter, in.Region)
	if err != nil {
		return SourceEvidence{}, err
	}
	client := cloudtrail.NewFromConfig(cfg)
	evidence := SourceEvidence{Readable: true}
	for _, name := range []string{"CreateExternalIdPConfigurationForDirectory", "EnableExternalIdPConfigurationForDirectory"} {
		// Newest first; the first page is enough for somebody's clicks.
		events, err := client.LookupEvents(ctx, &cloudtrail.LookupEventsInput{
			LookupAttributes: []cloudtrailtypes.LookupAttribute{{
				AttributeKey: cloudtrailtypes.LookupAttributeKeyEventName, AttributeValue: &name,
			}},
		})
		if err := awscloud.Classify("cloudtrail:LookupEvents", err); fault.ClassOf(err) == fault.Denied {
			return SourceEvidence{}, nil
		} else if err != nil {
			return SourceEvidence{}, err
		}
		for _, event := range events.Events {
			if aws.ToString(event.EventSource) != "sso-directory.amazonaws.com" || failed(event) {
				continue
			}
			if at := aws.ToTime(event.EventTime); !at.Before(evidence.At) {
				evidence.Event, evidence.At = name, at
			}
			break
		}
	}
	return evidence, nil
}

// failed says whether the call that a CloudTrail event records was refused.
func failed(event cloudtrailtypes.Event) bool {
	var record struct {
		ErrorCode string `json:"errorCode"`
	}
	err := json.Unmarshal([]byte(aws.ToString(event.CloudTrailEvent)), &record)
	return err == nil && record.ErrorCode != ""
}
