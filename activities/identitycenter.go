package activities

import (
	"time"

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
