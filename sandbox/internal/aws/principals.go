package awsworld

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"studio-onboarding/sandbox/internal/simulation"
)

// principal is who signs requests: an IAM user or the session of an assumed role.
type principal struct {
	account   string
	accessKey string
	secret    string
	// token and expires belong to sessions.
	token   string
	expires time.Time
	arn     string
	id      string
	// allowed are the actions of a user's identity policy; a session has those of its role's policies.
	allowed []string
	role    *role
}

// Credentials are the made-up keys of a principal.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
}

// The principals that exist from the beginning. The worker may do what the identity policy in the operators' guide allows and
// assume the StudioOnboarding role; the administrators may do everything in their account, and stand for other people.
const (
	Worker              = "worker"
	Administrator       = "administrator"
	StudioAdministrator = "studio-administrator"
)

// WorkerARNIn is the user that the worker is, in a world of this Region.
func WorkerARNIn(region string) string {
	return partitionOf(region).arn("iam", "", ManagementAccount, "user/"+Worker)
}

// Credentials answers with the keys of one of the principals that exist from the beginning.
func (w *World) Credentials(name string) (Credentials, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.principals {
		if p.role == nil && strings.HasSuffix(p.arn, ":user/"+name) {
			return Credentials{AccessKeyID: p.accessKey, SecretAccessKey: p.secret}, true
		}
	}
	return Credentials{}, false
}

func (w *World) seedPrincipals() {
	w.addUser(ManagementAccount, Worker, identityActions()...)
	w.addUser(ManagementAccount, Administrator, "*")
	w.addUser(MemberAccount, StudioAdministrator, "*")
}

func (w *World) addUser(account, name string, allowed ...string) {
	p := &principal{
		account: account, arn: w.arn("iam", "", account, "user/"+name), allowed: allowed,
		accessKey: "AKIA" + strings.ToUpper(w.digest(16, "access-key", account, name)),
		secret:    w.digest(40, "secret-key", account, name),
		id:        "AIDA" + strings.ToUpper(w.digest(17, "user", account, name)),
	}
	w.principals[p.accessKey] = p
}

// identityActions is the policy of the identity side.
func identityActions() []string {
	return []string{
		"sso:ListInstances", "sso:DescribeInstance", "sso:ListRegions", "sso:DescribeRegion",
		"sso:ListPermissionSets", "sso:DescribePermissionSet", "sso:ListAccountsForProvisionedPermissionSet", "sso:ListPermissionSetsProvisionedToAccount",
		"sso:ListAccountAssignments", "sso:ListAccountAssignmentsForPrincipal", "sso:CreateAccountAssignment",
		"sso:DescribeAccountAssignmentCreationStatus", "sso:ListApplications", "sso:GetApplicationAssignmentConfiguration",
		"organizations:DescribeOrganization", "organizations:ListAWSServiceAccessForOrganization", "organizations:ListDelegatedAdministrators",
		"sso:DescribeApplication", "sso:GetApplicationAssignmentConfiguration", "sso:CreateApplicationAssignment", "sso:DeleteApplicationAssignment",
		"sso:DescribeApplicationAssignment", "sso:ListApplicationAssignments", "sso:ListApplicationAssignmentsForPrincipal",
		"identitystore:DescribeIdentityStore", "identitystore:ListUsers", "identitystore:DescribeUser", "identitystore:GetUserId",
		"identitystore:ListGroups", "identitystore:DescribeGroup", "identitystore:GetGroupId", "identitystore:ListGroupMemberships",
		"identitystore:ListGroupMembershipsForMember", "identitystore:IsMemberInGroups",
		"cloudtrail:LookupEvents", "health:DescribeEvents", "sts:AssumeRole", "secretsmanager:GetSecretValue", "iam:SimulatePrincipalPolicy",
	}
}

// studioActions is the policy of the Studio side.
func studioActions() []string {
	return []string{
		"sagemaker:CreateDomain", "sagemaker:DescribeDomain", "sagemaker:UpdateDomain", "sagemaker:ListDomains",
		"sagemaker:CreateUserProfile", "sagemaker:DescribeUserProfile", "sagemaker:UpdateUserProfile", "sagemaker:ListUserProfiles",
		"sagemaker:AddTags", "sagemaker:ListTags",
		"sagemaker:DeleteDomain", "sagemaker:DeleteUserProfile", "sagemaker:ListApps", "sagemaker:DescribeApp", "sagemaker:DeleteApp",
		"sagemaker:ListSpaces", "sagemaker:DescribeSpace", "sagemaker:DeleteSpace",
		"iam:CreateServiceLinkedRole", "iam:PassRole", "iam:SimulatePrincipalPolicy",
		"iam:CreateRole", "iam:GetRole", "iam:TagRole", "iam:AttachRolePolicy", "iam:ListAttachedRolePolicies",
		"iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:GetRolePolicy", "iam:ListRolePolicies",
		"ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups",
		"servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:ListServiceQuotas",
		"kms:DescribeKey", "kms:GetKeyPolicy", "s3:ListBucket", "kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "elasticfilesystem:CreateFileSystem",
	}
}

func (p *principal) may(action string) bool {
	allowed := p.allowed
	if p.role != nil {
		allowed = nil
		for _, policy := range p.role.attached {
			allowed = append(allowed, managedPolicies(p.role.partition)[policy]...)
		}
	}
	for _, pattern := range allowed {
		if ok, _ := path.Match(pattern, action); ok {
			return true
		}
	}
	return false
}

// authorizePart is for actions that a call needs besides its own, such as iam:PassRole.
func (c *call) authorizePart(service, operation, resource string) error {
	if c.world.faults.Denies(simulation.Subject{Account: c.account, Service: service, Operation: operation}) {
		c.fault = simulation.FaultDeny
		return c.denied(service+":"+operation, resource)
	}
	return c.authorize(service+":"+operation, resource)
}

// denied is the error for a missing permission, as the IAM page "Troubleshoot access denied error messages" words it.
func (c *call) denied(action, resource string) *apiError {
	reason := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		c.principal.arn, action, resource, action)
	switch c.service {
	case "ec2":
		return failure("UnauthorizedOperation", "You are not authorized to perform this operation. %s", reason).with(http.StatusForbidden)
	case "iam", "sts":
		return failure("AccessDenied", "%s", reason).with(http.StatusForbidden)
	default:
		return failure("AccessDeniedException", "%s", reason)
	}
}

// resource names what a call is about, for denials.
func (c *call) resource() string {
	name := c.params
	switch {
	case c.service == "iam" && name["RoleName"] != "":
		return c.world.arn("iam", "", c.account, "role/"+name["RoleName"])
	case c.service == "iam" && name["PolicySourceArn"] != "":
		return name["PolicySourceArn"]
	case c.service == "kms" && name["KeyId"] != "":
		return c.keyARN(name["KeyId"])
	case c.service == "sts" && name["RoleArn"] != "":
		return name["RoleArn"]
	case c.service == "sagemaker" && name["ResourceArn"] != "":
		return name["ResourceArn"]
	case c.service == "sagemaker" && name["UserProfileName"] != "":
		return c.arn("user-profile/" + name["DomainId"] + "/" + strings.ToLower(name["UserProfileName"]))
	case c.service == "sagemaker" && name["DomainId"] != "":
		return c.arn("domain/" + name["DomainId"])
	case c.service == "sagemaker" && strings.Contains(c.operation, "Domain"):
		return c.arn("domain/*")
	case c.service == "sagemaker":
		return c.arn("user-profile/*")
	case c.service == "sso" && name["ApplicationArn"] != "":
		return name["ApplicationArn"]
	case c.service == "sso" && name["InstanceArn"] != "":
		return name["InstanceArn"]
	case c.service == "identitystore" && name["IdentityStoreId"] != "":
		return c.world.arn("identitystore", "", ManagementAccount, "identitystore/"+name["IdentityStoreId"])
	default:
		return "*"
	}
}

// arn names a resource of the service in the caller's account and Region.
func (c *call) arn(resource string) string {
	return c.world.arn(c.service, c.region, c.account, resource)
}
