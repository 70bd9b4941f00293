package onboarding

// Spec is what a user wants, as written in the YAML file. After DecodeSpec every default is filled in.
type Spec struct {
	// Name names the run, and the domain where domain.name is absent: lower-case letters, digits and hyphens, at most 40.
	Name string `json:"name" jsonschema:"required,pattern=^[a-z0-9]([a-z0-9-]{0\\,38}[a-z0-9])?$" jsonschema_description:"Names the run: lower-case letters, digits and hyphens, at most 40 characters. The Studio domain takes this name unless domain.name says otherwise."`
	// Region is the primary Region of the Identity Center instance and the Region of the Studio domain; they must be the same.
	Region string `json:"region" jsonschema:"required,pattern=^[a-z]{2\\,4}(-[a-z]+)+-[0-9]$"`

	Okta           OktaSpec     `json:"okta" jsonschema:"required"`
	IdentityCenter AccountSpec  `json:"identityCenter,omitempty"`
	Studio         AccountSpec  `json:"studio,omitempty"`
	Domain         DomainSpec   `json:"domain,omitempty"`
	Access         AccessSpec   `json:"access" jsonschema:"required"`
	Operator       OperatorSpec `json:"operator,omitempty"`
}

// OktaSpec names the things in the Okta org. The org itself and its credentials are the worker's (OKTA_CLIENT_*).
type OktaSpec struct {
	// AppLabel is the label of the "AWS IAM Identity Center" app; found or created.
	AppLabel string `json:"appLabel,omitempty" jsonschema:"default=AWS IAM Identity Center,minLength=1,maxLength=100"`
	// AssignmentGroup is the Okta group whose members are assigned to the app, and so provisioned. It must not be one of access.groups.
	AssignmentGroup string `json:"assignmentGroup" jsonschema:"required,minLength=1,maxLength=255"`
}

// AccountSpec says which AWS account a side of the run uses, and how to get into it.
type AccountSpec struct {
	// Account is the 12-digit account ID that the credentials must belong to; empty means: whatever they belong to.
	Account string `json:"account,omitempty" jsonschema:"pattern=^[0-9]{12}$"`
	// AssumeRole is the ARN of a role that the worker assumes for this side; empty means: the worker's own credentials.
	AssumeRole string `json:"assumeRole,omitempty" jsonschema:"pattern=^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$"`
}

// DomainSpec describes the Studio domain.
type DomainSpec struct {
	// Name defaults to the spec's name.
	Name string `json:"name,omitempty" jsonschema:"pattern=^[a-zA-Z0-9](-*[a-zA-Z0-9]){0\\,62}$"`
	// ExecutionRole is the default execution role: an ARN is used as it is, a name is found or created. Defaults to SageMakerStudio-<name>.
	ExecutionRole string      `json:"executionRole,omitempty" jsonschema:"minLength=1,maxLength=2048"`
	Network       NetworkSpec `json:"network,omitempty"`
	// HomeFileSystem is "enabled" or "disabled" (the default: it can be enabled later, but never disabled again).
	HomeFileSystem string `json:"homeFileSystem,omitempty" jsonschema:"enum=enabled,enum=disabled,default=disabled"`
	// KMSKey encrypts the domain's volumes: key ID, alias or ARN; empty means the AWS managed key.
	KMSKey string `json:"kmsKey,omitempty" jsonschema:"maxLength=2048"`
	// NotebookSharing, when present, allows notebook output to be shared through S3.
	NotebookSharing *NotebookSharingSpec `json:"notebookSharing,omitempty"`
	// Tags are put on the domain, its profiles and the roles that the run creates.
	Tags map[string]string `json:"tags,omitempty"`
}

// NetworkSpec places the domain in a VPC.
type NetworkSpec struct {
	// VPC defaults to the default VPC of the Region.
	VPC string `json:"vpc,omitempty" jsonschema:"pattern=^vpc-[0-9a-z]+$"`
	// Subnets default to the subnets of the VPC, at most 16; required where VPC is named.
	Subnets []string `json:"subnets,omitempty" jsonschema:"maxItems=16"`
	// SecurityGroups are for the apps in the domain, at most 5.
	SecurityGroups []string `json:"securityGroups,omitempty" jsonschema:"maxItems=5"`
	// Access is "public" (PublicInternetOnly, the default) or "vpc-only" (VpcOnly).
	Access string `json:"access,omitempty" jsonschema:"enum=public,enum=vpc-only,default=public"`
}

// NotebookSharingSpec is where shared notebook output goes.
type NotebookSharingSpec struct {
	// S3 is the s3:// path of shared snapshots.
	S3     string `json:"s3" jsonschema:"required,pattern=^s3://.+$"`
	KMSKey string `json:"kmsKey,omitempty" jsonschema:"maxLength=2048"`
}

// AccessSpec says who gets into Studio.
type AccessSpec struct {
	// Groups are Okta groups that are pushed to Identity Center and assigned to the Studio application. Where somebody is in
	// several that ask for different execution roles, the first listed one counts.
	Groups []GroupAccessSpec `json:"groups,omitempty"`
	// People are single persons, by their Okta login.
	People []PersonAccessSpec `json:"people,omitempty"`
	// Profiles is "eager" (a user profile for everybody before they first sign in, the default) or "first-sign-in".
	Profiles string `json:"profiles,omitempty" jsonschema:"enum=eager,enum=first-sign-in,default=eager"`
	// OnRemoval says what happens to somebody who lost access in Okta: "report", "revoke" (the default) or "delete-profile".
	OnRemoval string `json:"onRemoval,omitempty" jsonschema:"enum=report,enum=revoke,enum=delete-profile,default=revoke"`
}

// GroupAccessSpec gives a group access.
type GroupAccessSpec struct {
	Name string `json:"name" jsonschema:"required,minLength=1,maxLength=255"`
	// ExecutionRole for the profiles of the group's members: name or ARN; empty means the domain's default.
	ExecutionRole string `json:"executionRole,omitempty" jsonschema:"minLength=1,maxLength=2048"`
}

// PersonAccessSpec gives one person access.
type PersonAccessSpec struct {
	// Login is the person's Okta login, which is also their user name in Identity Center.
	Login         string `json:"login" jsonschema:"required,minLength=1,maxLength=128"`
	ExecutionRole string `json:"executionRole,omitempty" jsonschema:"minLength=1,maxLength=2048"`
}

// OperatorSpec says how long the run waits for a person.
type OperatorSpec struct {
	// RemindEvery is the pause between reminders of an open request.
	RemindEvery Duration `json:"remindEvery,omitempty" jsonschema:"default=4h"`
	// Deadline is how long a request stays open before its step parks. The run never dies of it.
	Deadline Duration `json:"deadline,omitempty" jsonschema:"default=14d"`
}

// The accepted values of the spec's enumerations.
const (
	FileSystemEnabled  = "enabled"
	FileSystemDisabled = "disabled"

	NetworkPublic  = "public"
	NetworkVPCOnly = "vpc-only"

	ProfilesEager       = "eager"
	ProfilesFirstSignIn = "first-sign-in"

	RemovalReport        = "report"
	RemovalRevoke        = "revoke"
	RemovalDeleteProfile = "delete-profile"
)
