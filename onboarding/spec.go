package onboarding

import (
	"cmp"
	"time"
)

// Spec is what a user wants, as written in the YAML file. After specfile.Decode every default is filled in, but for settings of the
// domain whose absence means: by default where it is created, and as it is where it exists. The jsonschema tags
// are the one truth about what is accepted: the schema, the messages about a file and editors all read them.
type Spec struct {
	// Name names the run, and the domain where domain.name is absent: lower-case letters, digits and hyphens, at most 40.
	Name string `json:"name" jsonschema:"required,pattern=^[a-z0-9]([a-z0-9-]{0\\,38}[a-z0-9])?$,example=data-science" jsonschema_extras:"patternErrorMessage=1 to 40 lower-case letters\\, digits and inner hyphens" jsonschema_description:"Names the run. The Studio domain and the execution role are named after it unless the fields below domain say otherwise."`
	// Region is the Region of the Studio domain. Identity Center has to have it: as the primary Region of its instance, or as an additional
	// one that is active, which is warned about.
	Region string `json:"region" jsonschema:"required,pattern=^[a-z]{2\\,4}(-[a-z]+)+-[0-9]$,example=us-east-1" jsonschema_extras:"patternErrorMessage=a Region code such as us-east-1" jsonschema_description:"The Region of the Studio domain: the primary Region of the Identity Center instance, or an additional one that is active. Of additional Regions AWS does not say clearly that Studio supports them, so a run warns."`

	Okta           OktaSpec     `json:"okta" jsonschema:"required" jsonschema_description:"What to use in the Okta org. The org itself and its credentials are the worker's (OKTA_CLIENT_*)."`
	IdentityCenter AccountSpec  `json:"identityCenter,omitempty" jsonschema_description:"The AWS account of Identity Center: the organization's management account, or the delegated administrator."`
	Studio         AccountSpec  `json:"studio,omitempty" jsonschema_description:"The AWS account of the Studio domain, its network and its execution roles."`
	Domain         DomainSpec   `json:"domain,omitempty" jsonschema_description:"The SageMaker Studio domain. An existing domain of that name is adopted."`
	Access         AccessSpec   `json:"access" jsonschema:"required" jsonschema_description:"Who has access to Studio: at least one group or person."`
	Operator       OperatorSpec `json:"operator,omitempty" jsonschema_description:"How long the run waits for the person who does the console work."`
}

// OktaSpec names the things in the Okta org. The org itself and its credentials are the worker's (OKTA_CLIENT_*).
type OktaSpec struct {
	// AppLabel is the label of the "AWS IAM Identity Center" app that is made, or that has no values yet; one that has the instance's
	// values is the app whatever its label.
	AppLabel string `json:"appLabel,omitempty" jsonschema:"default=AWS IAM Identity Center,maxLength=100,pattern=^\\S(.*\\S)?$" jsonschema_extras:"patternErrorMessage=1 to 100 characters without a space at either end" jsonschema_description:"The label of the Okta app \"AWS IAM Identity Center\" that is created, or that has no values of Identity Center yet. An app that has this instance's values is adopted whatever its label."`
	// AssignmentGroup is the Okta group whose members are assigned to the app, and so provisioned. It must not be one of access.groups.
	AssignmentGroup string `json:"assignmentGroup" jsonschema:"required,maxLength=255,pattern=^\\S(.*\\S)?$,example=aws-identity-center" jsonschema_extras:"patternErrorMessage=the name of an Okta group\\, at most 255 characters without a space at either end" jsonschema_description:"The Okta group whose members are assigned to the app, and so provisioned to Identity Center. Okta does not support one group for assignment and push: it must not be one of access.groups."`
}

// AccountSpec says which AWS account a side of the run uses, and how to get into it.
type AccountSpec struct {
	// Account is the 12-digit account ID that the credentials must belong to; empty means: whatever they belong to.
	Account string `json:"account,omitempty" jsonschema:"pattern=^[0-9]{12}$,example=111111111111" jsonschema_extras:"patternErrorMessage=12 digits in quotes\\, such as \"111111111111\"" jsonschema_description:"The account ID that the credentials must belong to, in quotes. Absent: whatever account they belong to."`
	// AssumeRole is the ARN of a role that the worker assumes for this side; empty means: the worker's own credentials.
	AssumeRole string `json:"assumeRole,omitempty" jsonschema:"maxLength=2048,pattern=^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=\\,.@/-]+$,example=arn:aws:iam::111111111111:role/StudioOnboarding" jsonschema_extras:"patternErrorMessage=a role ARN such as arn:aws:iam::111111111111:role/StudioOnboarding" jsonschema_description:"The ARN of a role that the worker assumes for this account. Absent: the worker's own credentials."`
}

// DomainSpec describes the Studio domain.
type DomainSpec struct {
	// Name defaults to the spec's name.
	Name string `json:"name,omitempty" jsonschema:"pattern=^[a-zA-Z0-9](-*[a-zA-Z0-9]){0\\,62}$,example=data-science" jsonschema_extras:"patternErrorMessage=1 to 63 letters\\, digits and inner hyphens" jsonschema_description:"The domain's name. Default: the spec's name."`
	// ExecutionRole is the default execution role: an ARN is used as it is, a name is found or created. Defaults to SageMakerStudio-<name>.
	ExecutionRole string `json:"executionRole,omitempty" jsonschema:"maxLength=2048,pattern=^(arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=\\,.@/-]+|[\\w+=\\,.@-]{1\\,64})$,example=SageMakerStudio-data-science" jsonschema_extras:"patternErrorMessage=a role name of at most 64 characters\\, or a role ARN such as arn:aws:iam::111111111111:role/Studio" jsonschema_description:"The execution role of everybody who has no other: a name is found or created, an ARN is used as it is. Default: SageMakerStudio- and the spec's name; an existing domain that another hand made keeps its own, unless the spec names a different one."`
	// Network places the domain in a VPC.
	Network NetworkSpec `json:"network,omitempty" jsonschema_description:"Where the domain goes. Default: the default VPC of the Region with its subnets; an existing domain stays where it is."`
	// HomeFileSystem is "enabled" or "disabled". Empty: disabled for a domain that is created, as it is for one that exists.
	HomeFileSystem string `json:"homeFileSystem,omitempty" jsonschema:"enum=enabled,enum=disabled" jsonschema_description:"Whether the domain has an EFS file system for home directories. It can be enabled later, but never disabled again; without it the domain is created faster. Absent: disabled where the domain is created; an existing one stays as it is."`
	// KMSKey encrypts the domain's volumes: key ID, alias or ARN; empty means the AWS managed key.
	KMSKey string `json:"kmsKey,omitempty" jsonschema:"maxLength=2048,pattern=^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[a-zA-Z0-9:/_-]+|alias/[a-zA-Z0-9:/_-]+|[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}|mrk-[a-f0-9]{32})$,example=alias/studio" jsonschema_extras:"patternErrorMessage=a KMS key ID\\, alias/name\\, or the ARN of either" jsonschema_description:"The KMS key that encrypts the domain's volumes: key ID, alias or ARN. Absent: the AWS managed key where the domain is created; an existing one keeps its key. It cannot be changed later."`
	// IdleShutdown is how long JupyterLab and Code Editor may be idle, or "disabled". Empty: two hours for a domain that is
	// created, as it is for one that exists.
	IdleShutdown string `json:"idleShutdown,omitempty" jsonschema:"pattern=^(disabled|([0-9]{1\\,4}d|([0-9]{1\\,6}[hms])+))$,example=2h" jsonschema_extras:"patternErrorMessage=a duration of 1h to 365d such as 2h\\, or disabled" jsonschema_description:"After how long without use JupyterLab and Code Editor apps in private spaces are shut down, in whole minutes from 1h to 365d; disabled: never, which costs. Absent: 2h where the domain is created; an existing one stays as it is."`
	// InstanceTypes are the only instance types that Studio offers. Empty: all for a domain that is created, as it is for one that exists.
	InstanceTypes []string `json:"instanceTypes,omitempty" jsonschema:"maxItems=200,uniqueItems=true,pattern=^ml\\.[a-z0-9-]{1\\,20}\\.[a-z0-9]{1\\,20}$" jsonschema_extras:"patternErrorMessage=an instance type such as ml.t3.medium" jsonschema_description:"The instance types that Studio offers; the others are hidden. Hiding is no ban: that takes the condition key sagemaker:InstanceTypes in the execution role. Absent: all where the domain is created; an existing one stays as it is."`
	// HiddenApps are the apps that Studio's navigation does not show. Empty: none for a domain that is created, as it is for one that exists.
	HiddenApps []string `json:"hiddenApps,omitempty" jsonschema:"maxItems=9,uniqueItems=true,pattern=^(Canvas|CodeEditor|DetailedProfiler|JupyterLab|JupyterServer|KernelGateway|RSessionGateway|RStudioServerPro|TensorBoard)$" jsonschema_extras:"patternErrorMessage=Canvas\\, CodeEditor\\, DetailedProfiler\\, JupyterLab\\, JupyterServer\\, KernelGateway\\, RSessionGateway\\, RStudioServerPro or TensorBoard" jsonschema_description:"The apps that are hidden from Studio's navigation, by AWS's names. Absent: none where the domain is created; an existing one stays as it is."`
	// SpaceStorage sizes the volumes of spaces. Absent: AWS's sizes for a domain that is created, as it is for one that exists.
	SpaceStorage *SpaceStorageSpec `json:"spaceStorage,omitempty" jsonschema_description:"How large the volume of a private space is. Absent: AWS's sizes (5 GB, at most 16384) where the domain is created; an existing one stays as it is."`
	// SourceIdentity is "enabled" or "disabled". Empty: disabled for a domain that is created, as it is for one that exists.
	SourceIdentity string `json:"sourceIdentity,omitempty" jsonschema:"enum=enabled,enum=disabled" jsonschema_description:"Whether CloudTrail shows the name of the user profile as source identity of what its execution role does. The role's trust policy then has to allow sts:SetSourceIdentity. It can be changed only while no app runs. Absent: disabled where the domain is created; an existing one stays as it is."`
	// TrustedIdentityPropagation is "enabled" or "disabled". Empty: disabled for a domain that is created, as it is for one that exists.
	TrustedIdentityPropagation string `json:"trustedIdentityPropagation,omitempty" jsonschema:"enum=enabled,enum=disabled" jsonschema_description:"Whether the identity of the person is passed on to AWS services that know trusted identity propagation. The role's trust policy then has to allow sts:SetContext. Absent: disabled where the domain is created; an existing one stays as it is."`
	// LandingPage is "studio" or "classic". Empty: Studio for a domain that is created, as it is for one that exists.
	LandingPage string `json:"landingPage,omitempty" jsonschema:"enum=studio,enum=classic" jsonschema_description:"What opens first. classic (Studio Classic) exists in old domains only. Absent: studio where the domain is created; an existing one stays as it is."`
	// NotebookSharing, when present, allows notebook output to be shared through S3. It belongs to Studio Classic.
	NotebookSharing *NotebookSharingSpec `json:"notebookSharing,omitempty" jsonschema_description:"Allows notebook output to be shared through S3. It belongs to Studio Classic, which no new domain has: only for an existing domain with Classic. Absent: off where the domain is created; an existing one stays as it is."`
	// Tags are put on the domain, its profiles and the roles that the run creates. Other tags of an existing domain stay.
	Tags map[string]string `json:"tags,omitempty" jsonschema_description:"Tags for the domain, its user profiles and the roles that the run creates. At most 45: AWS allows 50, and the run adds its own. Other tags that an existing domain has stay."`
}

// SpaceStorageSpec sizes the volumes of private spaces, in GB.
type SpaceStorageSpec struct {
	Default int `json:"default" jsonschema:"required,minimum=5,maximum=16384,example=5" jsonschema_description:"The size of the volume of a new space in GB, 5 to 16384."`
	Maximum int `json:"maximum" jsonschema:"required,minimum=5,maximum=16384,example=100" jsonschema_description:"The largest size that a volume may have in GB, 5 to 16384."`
}

// NetworkSpec places the domain in a VPC.
type NetworkSpec struct {
	// VPC defaults to the default VPC of the Region.
	VPC string `json:"vpc,omitempty" jsonschema:"pattern=^vpc-[0-9a-z]{1\\,32}$,example=vpc-0abc1234def567890" jsonschema_extras:"patternErrorMessage=a VPC ID such as vpc-0abc1234def567890" jsonschema_description:"The VPC. Default: the default VPC of the Region; an existing domain stays in its own, and cannot be moved. When it is named, subnets must be named too."`
	// Subnets default to the subnets of the VPC, at most 16; required where VPC is named.
	Subnets []string `json:"subnets,omitempty" jsonschema:"maxItems=16,uniqueItems=true,pattern=^subnet-[0-9a-z]{1\\,32}$" jsonschema_extras:"patternErrorMessage=a subnet ID such as subnet-0abc1234def567890" jsonschema_description:"The subnets of the domain, at most 16. Default: the subnets of the default VPC; an existing domain keeps its own. They can be taken away only while no app runs."`
	// SecurityGroups are for the apps in the domain, at most 4: AWS accepts 5 and adds one of its own for NFS.
	SecurityGroups []string `json:"securityGroups,omitempty" jsonschema:"maxItems=4,uniqueItems=true,pattern=^sg-[0-9a-z]{1\\,32}$" jsonschema_extras:"patternErrorMessage=a security group ID such as sg-0abc1234def567890" jsonschema_description:"The security groups of the apps in the domain, at most 4: AWS accepts 5 and adds one of its own. Required with access: vpc-only."`
	// Access is "public" (PublicInternetOnly) or "vpc-only" (VpcOnly). Empty: public for a domain that is created, as it is for one that exists.
	Access string `json:"access,omitempty" jsonschema:"enum=public,enum=vpc-only" jsonschema_description:"How the domain's apps reach the internet. public: directly. vpc-only: through the VPC alone, whose subnets then need NAT or the VPC endpoints that SageMaker asks for. It can be changed only while no app runs. Absent: public where the domain is created; an existing one stays as it is."`
}

// NotebookSharingSpec is where shared notebook output goes.
type NotebookSharingSpec struct {
	// S3 is the s3:// path of shared snapshots.
	S3 string `json:"s3" jsonschema:"required,maxLength=1024,pattern=^s3://[a-z0-9][a-z0-9.-]{1\\,61}[a-z0-9](/.*)?$,example=s3://example-studio/shared" jsonschema_extras:"patternErrorMessage=an S3 path such as s3://example-studio/shared" jsonschema_description:"The S3 path of shared notebook snapshots."`
	// KMSKey encrypts the shared output; empty means the bucket's default.
	KMSKey string `json:"kmsKey,omitempty" jsonschema:"maxLength=2048,pattern=^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[a-zA-Z0-9:/_-]+|alias/[a-zA-Z0-9:/_-]+|[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}|mrk-[a-f0-9]{32})$,example=alias/studio" jsonschema_extras:"patternErrorMessage=a KMS key ID\\, alias/name\\, or the ARN of either" jsonschema_description:"The KMS key that encrypts the shared output. Absent: as the bucket does."`
}

// AccessSpec says who has access to Studio.
type AccessSpec struct {
	// Groups are Okta groups that are pushed to Identity Center and assigned to the Studio application. Where somebody is in
	// several that ask for different execution roles, the first listed one counts.
	Groups []GroupAccessSpec `json:"groups,omitempty" jsonschema_description:"Okta groups that are pushed to Identity Center and have access to Studio. Where somebody is in several that ask for different execution roles, the first listed one counts."`
	// People are single persons, by their Okta login.
	People []PersonAccessSpec `json:"people,omitempty" jsonschema_description:"Single persons who have access to Studio."`
	// Profiles is "eager" (a user profile for everybody before they first sign in, the default) or "first-sign-in".
	Profiles string `json:"profiles,omitempty" jsonschema:"enum=eager,enum=first-sign-in,default=eager" jsonschema_description:"When user profiles are made. eager: for everybody, before they first sign in. first-sign-in: Studio makes each when that person first signs in."`
	// OnRemoval says what happens to somebody who lost access in Okta: "report", "revoke" (the default) or "delete-profile".
	OnRemoval string `json:"onRemoval,omitempty" jsonschema:"enum=report,enum=revoke,enum=delete-profile,default=revoke" jsonschema_description:"What happens to somebody who lost access in Okta. report: nothing, the report says so. revoke: they lose their assignment and keep their profile. delete-profile: they lose both, the profile after guard.quarantine."`
	// Canary is who signs in first. nil lets anybody with access do it.
	Canary *CanarySpec `json:"canary,omitempty" jsonschema_description:"Who signs in first, to prove that signing in works: one person, or the members of one group. Absent: anybody with access may do it."`
	// Rollout is RolloutEverybody or RolloutCanaryFirst.
	Rollout string `json:"rollout,omitempty" jsonschema:"enum=everybody,enum=canary-first,default=everybody" jsonschema_description:"When people get access. everybody: all at once, then the canary signs in. canary-first: the canary alone, and the others once the canary was seen signing in; it needs canary."`
	// Guard says how many may lose access before somebody is asked.
	Guard GuardSpec `json:"guard,omitzero" jsonschema_description:"How many people may lose access, or leave a group, before somebody is asked: a list that shrinks sharply is more likely broken than right."`
}

// CanarySpec names who signs in first: one person or one group.
type CanarySpec struct {
	// Person is an Okta login.
	Person string `json:"person,omitempty" jsonschema:"maxLength=128,pattern=^[^\\s<>;:%]+$,example=ada@example.com" jsonschema_extras:"patternErrorMessage=an Okta login such as ada@example.com\\, at most 128 characters without spaces and < > ; : %" jsonschema_description:"The Okta login of one person who has access, by a group or by name."`
	// Group is one of access.groups.
	Group string `json:"group,omitempty" jsonschema:"maxLength=255,pattern=^\\S(.*\\S)?$,example=sagemaker-studio-admins" jsonschema_extras:"patternErrorMessage=the name of one of access.groups" jsonschema_description:"One of access.groups: any of its members is the canary."`
}

// GuardSpec says how many people may lose access before somebody is asked. A spec of the first versions has none: Filled.
type GuardSpec struct {
	// Share is in percent of the agreed roster, of everybody and of each group.
	Share int `json:"share,omitempty" jsonschema:"minimum=1,maximum=100,default=20" jsonschema_description:"The share of the people, in percent, who may lose access or leave a group within the window. Beyond it everything that they have is held until somebody agrees, or they come back."`
	// People is the number below which nobody is asked.
	People int `json:"people,omitempty" jsonschema:"minimum=1,maximum=1000,default=3" jsonschema_description:"As long as fewer people than this lose access within the window, nobody is asked, so that small teams aren't asked about everybody. A group that becomes empty is asked about in any case."`
	// Window is the time over which they are counted.
	Window Duration `json:"window,omitempty" jsonschema:"default=7d" jsonschema_description:"The time over which they are counted, 1h to 90d: many small steps count together."`
	// Quarantine is how long profiles are kept; nil means DefaultQuarantine, and zero deletes at once.
	Quarantine *Duration `json:"quarantine,omitempty" jsonschema:"default=7d" jsonschema_description:"How long the profile of somebody who lost access is kept where onRemoval is delete-profile, at most 365d; who comes back within it finds everything as it was. 0s: the profile is deleted at once."`
}

// The guard of a spec that does not mention it.
const (
	DefaultGuardShare  = 20
	DefaultGuardPeople = 3
	DefaultGuardWindow = Duration(7 * 24 * time.Hour)
	DefaultQuarantine  = Duration(7 * 24 * time.Hour)
)

// Filled is the guard with the defaults of what is absent.
func (g GuardSpec) Filled() GuardSpec {
	quarantine := DefaultQuarantine
	if g.Quarantine != nil {
		quarantine = *g.Quarantine
	}
	return GuardSpec{
		Share: cmp.Or(g.Share, DefaultGuardShare), People: cmp.Or(g.People, DefaultGuardPeople),
		Window: cmp.Or(g.Window, DefaultGuardWindow), Quarantine: &quarantine,
	}
}

// GroupAccessSpec gives a group access.
type GroupAccessSpec struct {
	// Name is the name of the Okta group, and of the group in Identity Center.
	Name string `json:"name" jsonschema:"required,maxLength=255,pattern=^\\S(.*\\S)?$,example=sagemaker-studio-users" jsonschema_extras:"patternErrorMessage=the name of an Okta group\\, at most 255 characters without a space at either end" jsonschema_description:"The name of the Okta group. It gets the same name in Identity Center."`
	// ExecutionRole for the profiles of the group's members: name or ARN; empty means the domain's default.
	ExecutionRole string `json:"executionRole,omitempty" jsonschema:"maxLength=2048,pattern=^(arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=\\,.@/-]+|[\\w+=\\,.@-]{1\\,64})$,example=SageMakerStudio-ml" jsonschema_extras:"patternErrorMessage=a role name of at most 64 characters\\, or a role ARN such as arn:aws:iam::111111111111:role/Studio" jsonschema_description:"The execution role of the group's members: a name is found or created, an ARN is used as it is. Default: the domain's."`
}

// PersonAccessSpec gives one person access.
type PersonAccessSpec struct {
	// Login is the person's Okta login, which is also their user name in Identity Center.
	Login string `json:"login" jsonschema:"required,maxLength=128,pattern=^[^\\s<>;:%]+$,example=ada@example.com" jsonschema_extras:"patternErrorMessage=an Okta login such as ada@example.com\\, at most 128 characters without spaces and < > ; : %" jsonschema_description:"The person's Okta login, which is also their user name in Identity Center."`
	// ExecutionRole for this person's profile: name or ARN; empty means that of their group, or the domain's default.
	ExecutionRole string `json:"executionRole,omitempty" jsonschema:"maxLength=2048,pattern=^(arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=\\,.@/-]+|[\\w+=\\,.@-]{1\\,64})$,example=SageMakerStudio-ml" jsonschema_extras:"patternErrorMessage=a role name of at most 64 characters\\, or a role ARN such as arn:aws:iam::111111111111:role/Studio" jsonschema_description:"The person's execution role: a name is found or created, an ARN is used as it is. Default: that of their group, or else the domain's."`
}

// OperatorSpec says how long the run waits for a person.
type OperatorSpec struct {
	// RemindEvery is the pause between reminders of an open request, at least MinRemindEvery.
	RemindEvery Duration `json:"remindEvery,omitempty" jsonschema:"default=4h" jsonschema_description:"The pause between reminders of an open request, at least 10m."`
	// Deadline is how long a request stays open before its step parks. The run never dies of it.
	Deadline Duration `json:"deadline,omitempty" jsonschema:"default=14d" jsonschema_description:"How long a request stays open before its step is parked for a decision. The run never ends because of it."`
}

// MinRemindEvery is the shortest pause between reminders: each leaves a trace in the history of a run that may wait for weeks.
const MinRemindEvery = 10 * time.Minute

// The accepted values of the spec's enumerations.
const (
	// Enabled and Disabled are the values of the switches below domain.
	Enabled  = "enabled"
	Disabled = "disabled"

	FileSystemEnabled  = Enabled
	FileSystemDisabled = Disabled

	LandingStudio  = "studio"
	LandingClassic = "classic"

	NetworkPublic  = "public"
	NetworkVPCOnly = "vpc-only"

	ProfilesEager       = "eager"
	ProfilesFirstSignIn = "first-sign-in"

	RolloutEverybody   = "everybody"
	RolloutCanaryFirst = "canary-first"

	RemovalReport        = "report"
	RemovalRevoke        = "revoke"
	RemovalDeleteProfile = "delete-profile"
)
