package activities

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// RolesInput lists the execution roles of a spec: names are found or created, ARNs only checked.
type RolesInput struct {
	Run    string                 `json:"run"`
	Studio onboarding.AccountSpec `json:"studio"`
	Region string                 `json:"region"`
	Roles  []string               `json:"roles"`
	Tags   map[string]string      `json:"tags,omitempty"`
}

// Role is an execution role. Wanted is how the spec names it.
type Role struct {
	Wanted string            `json:"wanted"`
	Name   string            `json:"name"`
	ARN    string            `json:"arn"`
	Origin onboarding.Origin `json:"origin"`
}

// RolesResult has a Role for each wanted one, in that order.
type RolesResult struct {
	Roles []Role `json:"roles"`
}

const (
	studioService = "sagemaker.amazonaws.com"
	// roleTrust is the trust policy of an execution role (SageMaker Developer Guide, "How to use SageMaker AI execution roles").
	roleTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + studioService + `"},"Action":"sts:AssumeRole"}]}`
	// rolePolicy is the managed policy that the console attaches, below the partition's aws account.
	rolePolicy = "AmazonSageMakerFullAccess"
)

// EnsureRoles finds or creates the execution roles. What it creates carries the tags of the spec and of the run, trusts
// SageMaker and has AmazonSageMakerFullAccess attached; a role that somebody else made is only looked at: its trust has to
// admit SageMaker, and its permissions are its owner's business.
//
// Class Invalid: the trust of an existing role does not admit SageMaker, or an ARN names no role of the Studio account.
// Class NotReady: IAM does not show what was just written.
func (x *Studio) EnsureRoles(ctx context.Context, in RolesInput) (RolesResult, error) {
	cfg, err := x.AWS.Config(ctx, in.Studio, in.Region)
	if err != nil {
		return RolesResult{}, err
	}
	client := iam.NewFromConfig(cfg)
	var result RolesResult
	for _, wanted := range in.Roles {
		role, err := wantedRole(ctx, client, wanted)
		if err == nil && role == nil {
			if role, err = createRole(ctx, client, wanted, in); err == nil {
				err = checkTrust(role)
			}
		}
		if err != nil {
			return RolesResult{}, err
		}
		made, ours := runOf(role)
		if ours {
			if err := attachPolicy(ctx, client, role); err != nil {
				return RolesResult{}, err
			}
		}
		origin := onboarding.OriginAdopted
		if made == in.Run && ours {
			origin = onboarding.OriginCreated
		}
		result.Roles = append(result.Roles, Role{
			Wanted: wanted, Name: aws.ToString(role.RoleName), ARN: aws.ToString(role.Arn), Origin: origin,
		})
	}
	return result, nil
}

// wantedRole looks for a role as the spec names it, and refuses one that Studio cannot use. It is nil where the role is to be
// created.
func wantedRole(ctx context.Context, client *iam.Client, wanted string) (*iamtypes.Role, error) {
	role, err := findRole(ctx, client, roleName(wanted))
	switch {
	case strings.HasPrefix(wanted, "arn:") && (err == nil && aws.ToString(role.Arn) != wanted || fault.ClassOf(err) == fault.NotFound):
		return nil, fault.New(fault.Invalid, "aws", "iam:GetRole", "the Studio account has no role %s.", wanted).
			WithRemedy("Create the role, or correct executionRole in the spec: it has to be in the account of the domain.")
	case fault.ClassOf(err) == fault.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return role, checkTrust(role)
}

// roleName is the name in what a spec calls a role: itself, or the last part of an ARN, behind the role's path.
func roleName(wanted string) string { return wanted[strings.LastIndex(wanted, "/")+1:] }

func findRole(ctx context.Context, client *iam.Client, name string) (*iamtypes.Role, error) {
	out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return nil, awscloud.Classify("iam:GetRole", err)
	}
	return out.Role, nil
}

// createRole creates a role and reads it back. That it exists already is no error: an earlier attempt may have made it and
// lost the answer.
func createRole(ctx context.Context, client *iam.Client, name string, in RolesInput) (*iamtypes.Role, error) {
	_, err := client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 &name,
		AssumeRolePolicyDocument: aws.String(roleTrust),
		Description:              aws.String("Execution role of SageMaker Studio, made by studio-onboarding"),
		Tags: provider.Tagged(in.Run, in.Tags, func(key, value *string) iamtypes.Tag {
			return iamtypes.Tag{Key: key, Value: value}
		}),
	})
	if err := awscloud.Classify("iam:CreateRole", err); err != nil && fault.ClassOf(err) != fault.Conflict {
		return nil, err
	}
	role, err := findRole(ctx, client, name)
	if fault.ClassOf(err) == fault.NotFound {
		return nil, fault.New(fault.NotReady, "aws", "iam:GetRole", "IAM does not show the new role %s yet.", name)
	}
	return role, err
}

// attachPolicy attaches the managed policy to a role of ours and reads the attachment back.
func attachPolicy(ctx context.Context, client *iam.Client, role *iamtypes.Role) error {
	policy, err := missingPolicy(ctx, client, role)
	if err != nil || policy == "" {
		return err
	}
	_, err = client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role.RoleName, PolicyArn: &policy})
	if err != nil {
		return awscloud.Classify("iam:AttachRolePolicy", err)
	}
	attached, err := hasPolicy(ctx, client, role, policy)
	if err == nil && !attached {
		err = fault.New(fault.NotReady, "aws", "iam:ListAttachedRolePolicies", "IAM does not show %s on %s yet.",
			rolePolicy, aws.ToString(role.RoleName))
	}
	return err
}

// missingPolicy is the ARN of the managed policy where the role does not have it, and "" where it does.
func missingPolicy(ctx context.Context, client *iam.Client, role *iamtypes.Role) (string, error) {
	parsed, err := arn.Parse(aws.ToString(role.Arn))
	if err != nil {
		return "", fault.New(fault.Unavailable, "aws", "iam:GetRole", "the answer has no valid role ARN: %q", aws.ToString(role.Arn))
	}
	policy := "arn:" + parsed.Partition + ":iam::aws:policy/" + rolePolicy
	attached, err := hasPolicy(ctx, client, role, policy)
	if err != nil || attached {
		return "", err
	}
	return policy, nil
}

func hasPolicy(ctx context.Context, client *iam.Client, role *iamtypes.Role, policy string) (bool, error) {
	pages := iam.NewListAttachedRolePoliciesPaginator(client, &iam.ListAttachedRolePoliciesInput{RoleName: role.RoleName})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, awscloud.Classify("iam:ListAttachedRolePolicies", err)
		}
		for _, attached := range page.AttachedPolicies {
			if aws.ToString(attached.PolicyArn) == policy {
				return true, nil
			}
		}
	}
	return false, nil
}

// runOf is the run that made the role; false for a role that no run made.
func runOf(role *iamtypes.Role) (string, bool) {
	for _, tag := range role.Tags {
		if aws.ToString(tag.Key) == provider.RunTag {
			return aws.ToString(tag.Value), true
		}
	}
	return "", false
}

// checkTrust refuses a role that SageMaker may not assume. It never changes the trust: others may depend on it.
func checkTrust(role *iamtypes.Role) error {
	if trustsStudio(aws.ToString(role.AssumeRolePolicyDocument)) {
		return nil
	}
	return fault.New(fault.Invalid, "aws", "iam:GetRole", "the trust policy of %s does not let %s assume the role.",
		aws.ToString(role.Arn), studioService).
		WithRemedy(`Add {"Effect":"Allow","Principal":{"Service":"%s"},"Action":"sts:AssumeRole"} to its trust policy, `+
			"or name another executionRole in the spec; then retry.", studioService)
}

// trustsStudio reads a trust policy as IAM returns it, URL-encoded. Conditions are not judged.
func trustsStudio(document string) bool {
	plain, err := url.QueryUnescape(document)
	if err != nil {
		return false
	}
	var policy struct {
		Statement oneOrMore[struct {
			Effect    string
			Action    oneOrMore[string]
			Principal principals
		}]
	}
	if err := json.Unmarshal([]byte(plain), &policy); err != nil {
		return false
	}
	for _, statement := range policy.Statement {
		assumes := slices.ContainsFunc(statement.Action, func(action string) bool {
			return action == "*" || strings.EqualFold(action, "sts:*") || strings.EqualFold(action, "sts:AssumeRole")
		})
		if statement.Effect == "Allow" && assumes && slices.Contains(statement.Principal.Service, studioService) {
			return true
		}
	}
	return false
}

// oneOrMore is IAM's way to write lists: a list with one element may stand for itself.
type oneOrMore[T any] []T

func (l *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	var many []T
	if json.Unmarshal(data, &many) == nil {
		*l = many
		return nil
	}
	var one T
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	*l = oneOrMore[T]{one}
	return nil
}

// principals is the Principal of a statement: an object, or "*", which names no service.
type principals struct{ Service oneOrMore[string] }

func (p *principals) UnmarshalJSON(data []byte) error {
	var wildcard string
	if json.Unmarshal(data, &wildcard) == nil {
		return nil
	}
	type plain principals
	return json.Unmarshal(data, (*plain)(p))
}
