package policy

import (
	"cmp"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
)

const sagemaker = "sagemaker.amazonaws.com"

// runTag is the tag on everything that a run creates; its value is the run's name.
const runTag = "studio-onboarding:run"

// rolePolicy is the managed policy that the run attaches to roles that it creates.
const rolePolicy = "AmazonSageMakerFullAccess"

// studio is the side of the domain.
func (n needs) studio() []Statement {
	domains, profiles := n.sagemaker("domain"), n.sagemaker("user-profile")
	lists := allow("StudioLists", anything, "sagemaker:ListDomains", "sagemaker:ListUserProfiles")
	if n.deletes() {
		lists.Action = append(lists.Action, "sagemaker:ListApps", "sagemaker:ListSpaces")
	}
	profileUse := allow("Profiles", []string{profiles}, "sagemaker:DeleteUserProfile", "sagemaker:DescribeUserProfile", "sagemaker:UpdateUserProfile")
	if n.spec.Access.Profiles != onboarding.ProfilesFirstSignIn {
		profileUse.Action = append(profileUse.Action, "sagemaker:CreateUserProfile")
	}
	names, arns := n.roles()
	roles := append(slices.Clone(names), arns...)
	statements := []Statement{
		lists,
		allow("Domain", []string{domains}, "sagemaker:CreateDomain", "sagemaker:DescribeDomain", "sagemaker:UpdateDomain"),
		// One whose creation failed is deleted and made again.
		allow("DeleteOwnDomain", []string{domains}, "sagemaker:DeleteDomain").when("StringEquals", "aws:ResourceTag/"+runTag, n.spec.Name),
		profileUse,
		allow("Tags", []string{domains, profiles}, "sagemaker:AddTags", "sagemaker:ListTags"),
		allow("PassExecutionRoles", roles, "iam:PassRole").when("StringEquals", "iam:PassedToService", sagemaker),
		allow("ReadExecutionRoles", roles, "iam:GetRole"),
	}
	if len(names) > 0 {
		statements = append(statements,
			// A trust policy that no longer admits SageMaker is put right where a run made the role.
			allow("MakeExecutionRoles", names, "iam:CreateRole", "iam:ListAttachedRolePolicies", "iam:TagRole", "iam:UpdateAssumeRolePolicy"),
			allow("AttachExecutionPolicy", names, "iam:AttachRolePolicy").
				when("ArnEquals", "iam:PolicyARN", "arn:"+n.partition+":iam::aws:policy/"+rolePolicy))
		if n.spec.Domain.KMSKey != "" {
			statements = append(statements, allow("LetExecutionRolesUseKey", names, "iam:GetRolePolicy", "iam:PutRolePolicy"))
		}
	}
	linked := "arn:" + n.partition + ":iam::" + n.account() + ":role/aws-service-role/" + sagemaker + "/AWSServiceRoleForAmazonSageMakerNotebooks"
	statements = append(statements,
		allow("ServiceLinkedRole", []string{linked}, "iam:CreateServiceLinkedRole").when("StringEquals", "iam:AWSServiceName", sagemaker),
		n.network())
	statements = append(statements, n.key()...)
	if !n.options.Required {
		statements = append(statements, n.checks(names, arns)...)
	}
	return statements
}

// checks are what the preflight looks at where it may, besides what a run needs.
func (n needs) checks(names, arns []string) []Statement {
	statements := []Statement{simulation("OptionalStudioSimulation", n.spec.Studio), allow("OptionalQuotas", anything, "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota")}
	if n.spec.Domain.Network.Access == onboarding.NetworkVPCOnly {
		statements = append(statements, allow("OptionalNetworkChecks", anything, "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints"))
	}
	if len(arns) > 0 {
		statements = append(statements, allow("OptionalRoleChecks", arns, "iam:ListAttachedRolePolicies"))
	}
	if n.spec.Domain.KMSKey != "" {
		// Of roles that somebody else made.
		statements = append(statements, allow("OptionalRoleKeyChecks", distinct(append(slices.Clone(names), arns...)),
			"iam:GetRolePolicy", "iam:ListRolePolicies"))
	}
	return append(statements, n.domainChecks()...)
}

// domainChecks are what the domain's judge looks at where it may: the apps that stand in the way of a change, the policy of its
// key, and what notebook sharing names.
func (n needs) domainChecks() []Statement {
	want := n.spec.Domain
	var statements []Statement
	quiet := want.Network.Access != "" || want.SourceIdentity != "" || len(want.Network.Subnets) > 0 || want.NotebookSharing != nil
	switch revokes := n.spec.Access.OnRemoval == onboarding.RemovalRevoke && !n.options.ReadOnly; {
	case revokes: // whose apps still run, of those who left
		statements = append(statements, allow("OptionalAppChecks", anything, "sagemaker:ListApps", "sagemaker:ListSpaces"))
	case quiet && !n.deletes(): // which lists apps anyway
		statements = append(statements, allow("OptionalAppChecks", anything, "sagemaker:ListApps"))
	}
	if want.KMSKey != "" {
		statements = append(statements, n.onKey("OptionalKeyChecks", want.KMSKey, "kms:GetKeyPolicy"))
	}
	if sharing := want.NotebookSharing; sharing != nil {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(sharing.S3, "s3://"), "/")
		statements = append(statements, allow("OptionalBucketChecks", []string{"arn:" + n.partition + ":s3:::" + bucket}, "s3:ListBucket"))
		if sharing.KMSKey != "" {
			statements = append(statements, n.onKey("OptionalSharingKeyChecks", sharing.KMSKey, "kms:DescribeKey", "kms:GetKeyPolicy"))
		}
	}
	return statements
}

// deletes says that profiles of people who left are deleted, with what runs below them.
func (n needs) deletes() bool {
	return n.spec.Access.OnRemoval == onboarding.RemovalDeleteProfile && !n.options.ReadOnly
}

// account is the Studio account, * where the spec leaves it open.
func (n needs) account() string { return cmp.Or(accountOf(n.spec.Studio), "*") }

func (n needs) sagemaker(kind string) string {
	return "arn:" + n.partition + ":sagemaker:" + n.spec.Region + ":" + n.account() + ":" + kind + "/*"
}

// roles are the ARNs of the execution roles that the spec gives by name, which the run may make, and of those that it gives
// by ARN.
func (n needs) roles() (names, arns []string) {
	for _, role := range n.spec.ExecutionRoles() {
		switch {
		case strings.HasPrefix(role, "arn:"):
			arns = append(arns, role)
		default:
			names = append(names, "arn:"+n.partition+":iam::"+n.account()+":role/"+role)
		}
	}
	return distinct(names), distinct(arns)
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func (n needs) network() Statement {
	network := allow("Network", anything, "ec2:DescribeSubnets", "ec2:DescribeVpcs")
	if len(n.spec.Domain.Network.SecurityGroups) > 0 {
		network.Action = append(network.Action, "ec2:DescribeSecurityGroups")
	}
	return network
}

// key is what a customer managed key for the domain needs (SageMaker Developer Guide, "Data protection in SageMaker AI"; the
// permissions of CloudFormation's AWS::SageMaker::Domain). The key's own policy has to agree.
func (n needs) key() []Statement {
	key := n.spec.Domain.KMSKey
	if key == "" {
		return nil
	}
	use := n.onKey("UseKey", key, "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext")
	statements := []Statement{use}
	if n.spec.Domain.HomeFileSystem == onboarding.FileSystemEnabled {
		statements = append(statements, allow("EncryptedFileSystem", anything, "elasticfilesystem:CreateFileSystem"))
	}
	return statements
}

// onKey allows actions on a key that is named by ID, ARN or alias.
func (n needs) onKey(sid, key string, actions ...string) Statement {
	account, resource, alias := n.account(), key, ""
	if at := strings.Index(key, "alias/"); at >= 0 {
		alias, resource = key[at:], "*"
		if parts := strings.Split(key, ":"); len(parts) > 4 {
			account = parts[4]
		}
	}
	if !strings.HasPrefix(resource, "arn:") {
		resource = "arn:" + n.partition + ":kms:" + n.spec.Region + ":" + account + ":key/" + resource
	}
	use := allow(sid, []string{resource}, actions...)
	if alias != "" {
		use = use.when("ForAnyValue:StringEquals", "kms:ResourceAliases", alias)
	}
	return use
}
