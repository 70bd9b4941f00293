package identitycenter

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Activities find the instance, and wait for the person who enables it.
type Activities struct {
	AWS   provider.AWS
	Waits provider.Waits
}

// InstanceInput says where to look for the organization's Identity Center instance.
type InstanceInput struct {
	IdentityCenter onboarding.AccountSpec `json:"identityCenter"`
	// Region is that of the Studio domain for finding the instance, and the primary one for what happened to it.
	Region string `json:"region"`
}

// FindInstanceResult has a nil Instance when the organization has none yet, or none in the Region: Adding is the one that is being
// extended to it.
type FindInstanceResult struct {
	Instance          *Instance `json:"instance,omitempty"`
	Adding            *Instance `json:"adding,omitempty"`
	ManagementAccount string    `json:"managementAccount"`
}

// SourceEvidence is what CloudTrail shows of a change of the identity source. Readable is false where the role may not read it.
type SourceEvidence struct {
	Readable bool      `json:"readable"`
	Event    string    `json:"event,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

const listOperation = "sso:ListInstances"

// FindInstance looks for the organization instance in all Regions. An instance that is still being made counts as none.
//
// Class Invalid where the judge says blocked: only account instances exist, the Region is none of the instance's, or its creation
// failed.
func (x *Activities) FindInstance(ctx context.Context, in InstanceInput) (FindInstanceResult, error) {
	state, _, err := find(ctx, x.AWS, in)
	if err != nil {
		return FindInstanceResult{}, err
	}
	if err := provider.Refuse(Judge(onboarding.Spec{Region: in.Region}, state), "aws", listOperation); err != nil {
		return FindInstanceResult{}, err
	}
	return FindInstanceResult{
		Instance: state.Usable(in.Region), Adding: state.adding(in.Region), ManagementAccount: state.ManagementAccount,
	}, nil
}

// Appeared is an instance that was waited for, with what the judge says of it: its key and its network controls, which a preflight
// could not look at.
type Appeared struct {
	Instance
	Verdicts []onboarding.Verdict `json:"verdicts,omitempty"`
}

// AwaitInstance looks once for the instance that FindInstance describes: class NotReady while there is none.
func (x *Activities) AwaitInstance(ctx context.Context, in InstanceInput) (Appeared, error) {
	found, err := x.FindInstance(ctx, in)
	if err != nil {
		return Appeared{}, err
	}
	switch {
	case found.Adding != nil:
		return Appeared{}, fault.New(fault.NotReady, "aws", listOperation,
			"The Identity Center instance %s is still being extended to %s.", found.Adding.ARN, in.Region).After(x.Waits.Instance)
	case found.Instance == nil:
		return Appeared{}, fault.New(fault.NotReady, "aws", listOperation,
			"IAM Identity Center is not enabled yet in the management account %s.", found.ManagementAccount).After(x.Waits.Instance)
	}
	spec := onboarding.Spec{Region: in.Region, IdentityCenter: in.IdentityCenter}
	state, err := Look(ctx, x.AWS, spec, "")
	if err != nil {
		return Appeared{}, err
	}
	return Appeared{Instance: *found.Instance, Verdicts: Judge(spec, state)}, nil
}

// FindSourceChange is for runs that began before trust was judged by what ties an app to the instance; it is part of their histories.
// It looks in CloudTrail for the newest successful change of the identity source to an external provider. No
// public API says what the identity source is; the events of the console do, with minutes of delay, for 90 days
// (IAM Identity Center User Guide, "Logging IAM Identity Center API calls with AWS CloudTrail"). Events are evidence, not
// proof, and optional: where the role may not read them the result says so.
func (x *Activities) FindSourceChange(ctx context.Context, in InstanceInput) (SourceEvidence, error) {
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
		if fault.ClassOf(err) == fault.Denied {
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
