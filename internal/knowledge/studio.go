package knowledge

func studioErrors() []Entry {
	return []Entry{
		{
			ID: "execution-role-invalid", Subject: Studio,
			Texts:  []string{"The execution role ARN is invalid", "Could not assume role", "trust relationship policy allows the action … sts:AssumeRole … sagemaker.amazonaws.com"},
			Where:  "sagemaker:CreateDomain, CreateUserProfile and UpdateUserProfile",
			Cause:  "SageMaker cannot assume the role: it is too new (10 to 30 seconds, at times two minutes), is in another account, or its trust policy does not name sagemaker.amazonaws.com",
			Remedy: "Wait where the role is new: a run does. Otherwise let its trust policy allow sagemaker.amazonaws.com to sts:AssumeRole, or name another executionRole in the spec; then retry",
			Source: "SageMaker Developer Guide, \"How to use SageMaker AI execution roles\"; hashicorp/terraform-provider-aws#6566",
		},
		{
			ID: "kms-key-null", Subject: Studio,
			Texts:  []string{"KMS key 'null' does not exist", "Unable to create Amazon EFS for domain"},
			Where:  "FailureReason of a domain that is Failed",
			Cause:  "a fault on AWS's side while the home file system was made; the spec's key is not to blame",
			Remedy: "Delete the failed domain and make it again: a run does that by itself, twice. If it stays, set domain.homeFileSystem to disabled",
			Source: "aws/aws-cdk#34818",
		},
		{
			ID: "studio-key-grant", Subject: Studio,
			Texts:  []string{"not authorized to perform: kms:CreateGrant", "encountered a problem and was stopped … kms:CreateGrant"},
			Where:  "Studio, when JupyterLab or Code Editor opens; FailureReason of an app; sagemaker:CreateDomain",
			Cause:  "a customer managed key encrypts the domain's volumes, and the role that the text names may not use it; AmazonSageMakerFullAccess does not allow that",
			Remedy: "Allow an execution role kms:CreateGrant, Decrypt, DescribeKey, Encrypt, GenerateDataKey* and ReEncrypt* on the key, and let the key's policy admit it; a run does the former for roles that it makes. Where it is the worker, add what starter policy -f SPEC prints",
			Source: "data-dot-all/dataall#326; SageMaker Developer Guide, \"Data protection in SageMaker AI\"",
		},
		{
			ID: "studio-add-tags", Subject: Studio,
			Texts:  []string{"not authorized to perform: sagemaker:AddTags", "because no permissions boundary allows the sagemaker:AddTags action"},
			Where:  "Studio, when a space or an app is made; sagemaker:CreateDomain and CreateUserProfile",
			Cause:  "Studio tags every space and app that it makes, and a run what it makes; the identity policy, the permissions boundary or the service control policy that the text names does not allow sagemaker:AddTags",
			Remedy: "Allow it there: for an execution role on the domain's spaces and apps, for the worker as starter policy -f SPEC prints. A boundary has to allow it besides the role's own policy",
			Source: "aws/amazon-sagemaker-feedback#88; data-dot-all/dataall#1208",
		},
		{
			ID: "studio-permission-banner", Subject: Studio,
			Texts:  []string{"Permission issue detected. You may not be able to open any applications", "Permission issue detected"},
			Where:  "a banner in Studio",
			Cause:  "with Identity Center it names sagemaker:CreatePresignedDomainUrl without need, although the role has it: an open report, and nobody is kept from work. Where it names another action, the execution role lacks that one",
			Remedy: "Open an app: if it starts, leave the banner alone. Otherwise allow the execution role the action that the banner names, in its policy and in its permissions boundary",
			Source: "aws/amazon-sagemaker-feedback#73 and #190",
		},
		{
			ID: "quota-exceeded", Subject: Studio,
			Texts:  []string{"ResourceLimitExceeded", "The account-level service limit", "ServiceQuotaExceededException"},
			Where:  "sagemaker:CreateDomain, CreateUserProfile, CreateApp",
			Cause:  "a quota of the account in this Region is used up",
			Remedy: "Ask for more in the Service Quotas console of the Studio account, Amazon SageMaker: L-B683BCB0 (domains), L-AC46C40F (Studio user profiles) or the instance type that the text names; then retry",
			Source: "SageMaker API Reference, \"ResourceLimitExceeded\"; Service Quotas console, Amazon SageMaker",
		},
		{
			ID: "resource-in-use-exists", Subject: Studio,
			Texts:  []string{"ResourceInUse … already exists", "Domain with name … already exists", "UserProfile with name … already exists"},
			Where:  "sagemaker:CreateDomain, CreateUserProfile",
			Cause:  "a domain or profile of this name is there already, perhaps from an attempt whose answer was lost",
			Remedy: "Nothing in a run: it adopts what fits. With other tools, describe the one that exists, or choose another name",
			Source: "SageMaker API Reference, \"ResourceInUse\"",
		},
		{
			ID: "resource-in-use-children", Subject: Studio,
			Texts:  []string{"ResourceInUse … Unable to delete", "Unable to delete Domain", "Unable to delete UserProfile", "Unable to delete Space"},
			Where:  "sagemaker:DeleteDomain, DeleteUserProfile, DeleteSpace",
			Cause:  "what is to be deleted still has something in it",
			Remedy: "Delete apps first, then spaces, then user profiles, and the domain last; save what is worth it before",
			Source: "SageMaker Developer Guide, \"Delete an Amazon SageMaker AI domain\"",
		},
		{
			ID: "vpc-left-behind", Subject: Studio,
			Texts:  []string{"DependencyViolation", "has dependencies and cannot be deleted"},
			Where:  "ec2:DeleteVpc, DeleteSubnet, DeleteSecurityGroup after a domain was deleted",
			Cause:  "a deleted domain leaves its EFS mount targets and two security groups for NFS behind, whose rules name each other",
			Remedy: "Delete the mount targets of the retained file system, revoke the rules of security-group-for-inbound-nfs-DOMAIN and security-group-for-outbound-nfs-DOMAIN, delete both groups, then the VPC",
			Source: "SageMaker Developer Guide, \"Delete an Amazon SageMaker AI domain\"",
		},
	}
}
