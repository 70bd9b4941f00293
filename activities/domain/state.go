// Package domain looks after the SageMaker Studio domain: one that is missing is created, one that exists is adopted, and
// whatever the spec says of it is compared and changed, in a domain of one's own as in an adopted one.
package domain

import (
	"time"

	"studio-onboarding/onboarding"
)

// Network is where the domain goes, as another room has resolved it.
type Network struct {
	VPC            string   `json:"vpc"`
	Subnets        []string `json:"subnets"`
	SecurityGroups []string `json:"securityGroups,omitempty"`
	// Access is a NetworkSpec.Access value.
	Access  string `json:"access"`
	Default bool   `json:"default"`
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

// The statuses of a domain that the judge tells apart.
const (
	statusInService = "InService"
	statusDeleting  = "Deleting"
	statusFailed    = "Failed"
)

// State is what there is, read once. Look fills in all but the first group.
type State struct {
	// ExecutionRoleARN is the spec's execution role; empty while it does not exist.
	ExecutionRoleARN string
	// Network is where a domain would be created; empty where that is not known.
	Network Network
	// People is how many people should get a profile.
	People int
	// Account is the Studio account; empty where it is not known.
	Account string

	// Unreachable is the host name of SageMaker that does not exist: there is none in the Region.
	Unreachable string
	// Trouble is why the domain could not be looked at.
	Trouble *onboarding.Trouble
	// Domain is nil while there is none.
	Domain *Description
	// Keys are the KMS keys that the spec or the domain names, by that name.
	Keys map[string]Key
	// Bucket is that of notebook sharing; nil where the spec names none.
	Bucket *Bucket
	// InstanceTypes are those that Studio knows, and that can be hidden.
	InstanceTypes []string
	// Domains and Profiles are the quotas; nil where nobody asked for them.
	Domains, Profiles *Quota
}

// Description is a domain with all that a spec can say of it, in the words of the spec.
type Description struct {
	Domain
	// AuthMode is SSO or IAM.
	AuthMode                string
	Subnets, SecurityGroups []string
	Access                  string
	ExecutionRole           string
	HomeFileSystem          string
	// KMSKey is the key as SageMaker names it.
	KMSKey string
	// JupyterLab and CodeEditor are after how long without use these apps are shut down; 0: never.
	JupyterLab, CodeEditor          time.Duration
	HiddenInstanceTypes, HiddenApps []string
	// Storage is nil where AWS's sizes apply.
	Storage                                    *onboarding.SpaceStorageSpec
	SourceIdentity, TrustedIdentityPropagation string
	// LandingPage is empty where AWS's default applies.
	LandingPage string
	// Portal is false where Studio is switched off for everybody, so that only Classic is left.
	Portal bool
	// Sharing is nil where notebook output is not shared.
	Sharing *onboarding.NotebookSharingSpec
	// Classic says what shows that the domain has Studio Classic; empty where nothing does.
	Classic string
	// RStudio says that the domain has RStudio, with which its network access cannot be changed.
	RStudio bool
	Tags    map[string]string
	// Apps are those that are in service, start or end; they were looked at only if something depends on it.
	Apps []App
	// AppsTrouble is why the apps could not be looked at.
	AppsTrouble *onboarding.Trouble
}

// App is an app that is not deleted.
type App struct {
	// Name is its type, and whose it is.
	Name string
	// Status is InService, Pending or Deleting.
	Status string
}

// Key is a KMS key.
type Key struct {
	ARN string
	// Status is the key's state: Enabled, Disabled, PendingDeletion and so on.
	Status string
	// Spec and Usage are SYMMETRIC_DEFAULT and ENCRYPT_DECRYPT for a key that SageMaker takes; AWSManaged that it is AWS's own.
	Spec, Usage string
	AWSManaged  bool
	// Policy is the key policy as far as it was readable.
	Policy string
	// Trouble is why the key could not be looked at; class NotFound: there is none.
	Trouble *onboarding.Trouble
}

// Bucket is an S3 bucket.
type Bucket struct {
	Name string
	// Region is where it is; empty where S3 does not say.
	Region string
	// Trouble is why it could not be looked at; class NotFound: there is none.
	Trouble *onboarding.Trouble
}

// Quota is a quota of the account with what is used of it.
type Quota struct {
	Code  string
	Value int
	// Known is false where it could not be read.
	Known bool
	// Used is how many there are; of profiles only those of other domains.
	Used int
	// Trouble is why it could not be counted.
	Trouble *onboarding.Trouble
}

// Gone says that the domain was never there for anybody, or is leaving, so that another takes its place.
func (d Description) Gone() bool { return d.Status == statusDeleting || d.Status == statusFailed }
