// Command generate writes the input models of the simulated services from the service models that botocore ships
// (Apache-2.0): shapes with their required members, patterns, lengths, ranges and enums, without documentation, outputs or
// operations that the sandbox doesn't know. Members that are newer than the botocore at hand come from overlay.json.
//
//	go run ./sandbox/internal/aws/model/generate -botocore .../botocore/data -out sandbox/internal/aws/model/data
package main

import (
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed overlay.json
var overlay []byte

// services are the operations by the signing name of the service.
func services() map[string]struct{ dir, operations string } {
	return map[string]struct{ dir, operations string }{
		"sso": {"sso-admin", `ListInstances DescribeInstance CreateInstance UpdateInstance DeleteInstance ListRegions
			ListApplicationProviders DescribeApplicationProvider ListApplications DescribeApplication CreateApplication UpdateApplication
			DeleteApplication GetApplicationAssignmentConfiguration PutApplicationAssignmentConfiguration
			CreateApplicationAssignment DeleteApplicationAssignment DescribeApplicationAssignment ListApplicationAssignments
			ListApplicationAssignmentsForPrincipal ListTagsForResource TagResource UntagResource DescribeRegion
			ListPermissionSets DescribePermissionSet ListAccountsForProvisionedPermissionSet ListPermissionSetsProvisionedToAccount
			ListAccountAssignments ListAccountAssignmentsForPrincipal CreateAccountAssignment DescribeAccountAssignmentCreationStatus
			DeleteAccountAssignment DescribeAccountAssignmentDeletionStatus`},
		"identitystore": {"identitystore", `DescribeIdentityStore ListUsers DescribeUser GetUserId CreateUser UpdateUser DeleteUser
			ListGroups DescribeGroup GetGroupId CreateGroup UpdateGroup DeleteGroup ListGroupMemberships ListGroupMembershipsForMember
			DescribeGroupMembership GetGroupMembershipId CreateGroupMembership DeleteGroupMembership IsMemberInGroups`},
		"sagemaker": {"sagemaker", `CreateDomain DescribeDomain UpdateDomain DeleteDomain ListDomains CreateUserProfile
			DescribeUserProfile UpdateUserProfile DeleteUserProfile ListUserProfiles AddTags ListTags DeleteTags
			CreateSpace DescribeSpace UpdateSpace DeleteSpace ListSpaces CreateApp DescribeApp DeleteApp ListApps`},
		"organizations": {"organizations", `DescribeOrganization ListAWSServiceAccessForOrganization ListDelegatedAdministrators
			ListDelegatedServicesForAccount ListAccounts DescribeAccount ListRoots ListParents ListAccountsForParent
			ListOrganizationalUnitsForParent ListTagsForResource`},
		"servicequotas": {"service-quotas", `GetServiceQuota GetAWSDefaultServiceQuota ListServiceQuotas ListAWSDefaultServiceQuotas ListServices
			RequestServiceQuotaIncrease GetRequestedServiceQuotaChange ListRequestedServiceQuotaChangeHistory
			ListRequestedServiceQuotaChangeHistoryByQuota ListTagsForResource`},
		"secretsmanager": {"secretsmanager", `CreateSecret DescribeSecret GetSecretValue PutSecretValue UpdateSecret DeleteSecret RestoreSecret
			ListSecrets ListSecretVersionIds GetResourcePolicy TagResource UntagResource`},
		"kms": {"kms", `CreateKey DescribeKey ListKeys EnableKey DisableKey ScheduleKeyDeletion CancelKeyDeletion GetKeyPolicy PutKeyPolicy
			ListKeyPolicies GetKeyRotationStatus CreateAlias UpdateAlias DeleteAlias ListAliases ListResourceTags TagResource UntagResource`},
		"cloudtrail": {"cloudtrail", `LookupEvents`},
		"health":     {"health", `DescribeEvents`},
		"iam": {"iam", `CreateRole GetRole ListRoles UpdateRole UpdateRoleDescription DeleteRole UpdateAssumeRolePolicy TagRole UntagRole ListRoleTags
			AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies ListRolePolicies GetRolePolicy PutRolePolicy DeleteRolePolicy
			PutRolePermissionsBoundary DeleteRolePermissionsBoundary ListInstanceProfilesForRole
			CreateServiceLinkedRole DeleteServiceLinkedRole GetServiceLinkedRoleDeletionStatus
			CreatePolicy GetPolicy DeletePolicy ListPolicies ListEntitiesForPolicy TagPolicy UntagPolicy ListPolicyTags
			CreatePolicyVersion GetPolicyVersion DeletePolicyVersion ListPolicyVersions SetDefaultPolicyVersion
			GetUser ListAccountAliases SimulatePrincipalPolicy`},
		"sts": {"sts", `GetCallerIdentity AssumeRole`},
		"ec2": {"ec2", `DescribeVpcs CreateVpc DeleteVpc DescribeVpcAttribute ModifyVpcAttribute
			DescribeSubnets CreateSubnet DeleteSubnet ModifySubnetAttribute
			DescribeSecurityGroups CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroupRules
			AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress
			DescribeVpcEndpoints CreateVpcEndpoint DeleteVpcEndpoints DescribeRouteTables DescribeNetworkAcls DescribeNetworkInterfaces
			DescribeNatGateways DescribeInternetGateways DescribePrefixLists DescribeAvailabilityZones DescribeRegions DescribeAccountAttributes
			CreateTags DeleteTags DescribeTags`},
	}
}

// kept are the traits of shapes and members that input checking and query parsing need.
func kept() []string {
	return []string{"type", "required", "members", "member", "key", "value", "shape", "enum", "min", "max", "pattern",
		"flattened", "locationName", "queryName", "document"}
}

func main() {
	botocore := flag.String("botocore", "", "botocore's data directory")
	out := flag.String("out", "", "directory for the models")
	flag.Parse()
	if err := run(*botocore, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(botocore, out string) error {
	if botocore == "" || out == "" {
		return errors.New("-botocore and -out are needed")
	}
	var patches map[string]object
	if err := json.Unmarshal(overlay, &patches); err != nil {
		return fmt.Errorf("overlay.json: %w", err)
	}
	for name, service := range services() {
		source, err := read(filepath.Join(botocore, service.dir))
		if err != nil {
			return err
		}
		merge(source, patches[name])
		data, err := json.MarshalIndent(reduce(source, strings.Fields(service.operations)), "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name+".json"), append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

type object = map[string]any

// read opens the newest version of a service model.
func read(dir string) (object, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "service-2.json.gz"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no service model in %s", dir)
	}
	file, err := os.Open(slices.Max(files))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var model object
	return model, json.NewDecoder(unzipped).Decode(&model)
}

// merge puts the patch over the model, object by object.
func merge(model, patch object) {
	for name, value := range patch {
		below, isObject := value.(object)
		if there, ok := model[name].(object); ok && isObject {
			merge(there, below)
			continue
		}
		model[name] = value
	}
}

func reduce(source object, operations []string) object {
	metadata := source["metadata"].(object)
	all := source["shapes"].(object)
	inputs, failures, shapes := object{}, object{}, object{}
	for _, operation := range operations {
		op := source["operations"].(object)[operation].(object)
		input, _ := op["input"].(object)
		if input == nil {
			inputs[operation] = ""
			continue
		}
		inputs[operation] = input["shape"]
		collect(all, shapes, input["shape"].(string))
	}
	for name, shape := range all {
		if shape.(object)["exception"] != true {
			continue
		}
		for member := range shape.(object)["members"].(object) {
			if strings.EqualFold(member, "message") {
				failures[name] = member
			}
		}
	}
	return object{"protocol": metadata["protocol"], "targetPrefix": metadata["targetPrefix"],
		"xmlNamespace": metadata["xmlNamespace"], "operations": inputs, "errors": failures, "shapes": shapes}
}

func collect(all, into object, name string) {
	if into[name] != nil {
		return
	}
	shape := strip(all[name]).(object)
	into[name] = shape
	for _, member := range members(shape) {
		collect(all, into, member["shape"].(string))
	}
}

func members(shape object) []object {
	var found []object
	if named, ok := shape["members"].(object); ok {
		for _, member := range named {
			found = append(found, member.(object))
		}
	}
	for _, one := range []string{"member", "key", "value"} {
		if member, ok := shape[one].(object); ok {
			found = append(found, member)
		}
	}
	return found
}

func strip(value any) any {
	original, ok := value.(object)
	if !ok {
		return value
	}
	reduced := object{}
	for name, below := range original {
		if name == "members" {
			named := object{}
			for member, target := range below.(object) {
				named[member] = strip(target)
			}
			reduced[name] = named
		} else if slices.Contains(kept(), name) {
			reduced[name] = strip(below)
		}
	}
	return reduced
}
