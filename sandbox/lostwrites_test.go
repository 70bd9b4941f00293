package sandbox_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// lostWrite is a write with a look at what it changes.
type lostWrite struct {
	service, operation string
	write              func() error
	look               func() any
}

// TestEveryWriteOfAnOnboardingCanBeLost makes each write twice: lost, after which everything is as it was although the answer
// says success, and then for good.
func TestEveryWriteOfAnOnboardingCanBeLost(t *testing.T) {
	onboarded(t, 7, func(h *hands, studio *sagemaker.Client, domain string) {
		writes := append(append(h.studioWrites(studio, domain), h.roleWrites()...), h.oktaWrites()...)
		writes = append(writes, h.assignmentWrite(studio, domain))
		for _, x := range writes {
			t.Run(x.operation, func(t *testing.T) {
				text := func() string {
					data, err := json.Marshal(x.look())
					require.NoError(t, err)
					return string(data)
				}
				before := text()
				require.NoError(t, h.browser.SetFaults(t.Context(), []sandbox.Fault{
					{Service: x.service, Operation: x.operation, Kind: sandbox.FaultLostWrite, Times: 1}}))
				require.NoError(t, x.write(), "a lost write says that it succeeded")
				require.Equal(t, before, text(), "and nothing has changed")
				require.NoError(t, x.write())
				h.eventually(func() bool { return text() != before }) // assignments show a little later than they are made
			})
		}
	})
}

func (h *hands) assignmentWrite(studio *sagemaker.Client, domain string) lostWrite {
	sso := ssoadmin.NewFromConfig(h.aws(sandbox.AsAdministrator))
	described, err := studio.DescribeDomain(h.Context(), &sagemaker.DescribeDomainInput{DomainId: &domain})
	require.NoError(h, err)
	application := described.SingleSignOnApplicationArn
	instances, err := sso.ListInstances(h.Context(), &ssoadmin.ListInstancesInput{})
	require.NoError(h, err)
	users, err := identitystore.NewFromConfig(h.aws(sandbox.AsAdministrator)).ListUsers(h.Context(),
		&identitystore.ListUsersInput{IdentityStoreId: instances.Instances[0].IdentityStoreId})
	require.NoError(h, err)
	return lostWrite{"sso", "CreateApplicationAssignment", func() error {
		_, err := sso.CreateApplicationAssignment(h.Context(), &ssoadmin.CreateApplicationAssignmentInput{
			ApplicationArn: application, PrincipalId: users.Users[0].UserId, PrincipalType: ssotypes.PrincipalTypeUser})
		return err
	}, func() any {
		out, err := sso.ListApplicationAssignments(h.Context(), &ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: application})
		require.NoError(h, err)
		return out.ApplicationAssignments
	}}
}

func (h *hands) studioWrites(studio *sagemaker.Client, domain string) []lostWrite {
	ctx := h.Context()
	ready := func() *sagemaker.DescribeDomainOutput {
		var out *sagemaker.DescribeDomainOutput
		h.eventually(func() (done bool) {
			var err error
			out, err = studio.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &domain})
			require.NoError(h, err)
			return out.Status == smtypes.DomainStatusInService
		})
		return out
	}
	name, user := aws.String("raj"), aws.String("raj.iyer@example.com")
	profile := func() any {
		profiles, err := studio.ListUserProfiles(ctx, &sagemaker.ListUserProfilesInput{DomainIdEquals: &domain, UserProfileNameContains: name})
		require.NoError(h, err)
		if len(profiles.UserProfiles) == 0 {
			return nil
		}
		var out *sagemaker.DescribeUserProfileOutput
		h.eventually(func() bool {
			out, err = studio.DescribeUserProfile(ctx, &sagemaker.DescribeUserProfileInput{DomainId: &domain, UserProfileName: name})
			require.NoError(h, err)
			return out.Status == smtypes.UserProfileStatusInService
		})
		return []any{out.UserProfileArn, out.UserSettings}
	}
	return []lostWrite{
		{"sagemaker", "UpdateDomain", func() error {
			_, err := studio.UpdateDomain(ctx, &sagemaker.UpdateDomainInput{DomainId: &domain, TagPropagation: smtypes.TagPropagationEnabled})
			return err
		}, func() any { return ready().TagPropagation }},
		{"sagemaker", "AddTags", func() error {
			_, err := studio.AddTags(ctx, &sagemaker.AddTagsInput{ResourceArn: ready().DomainArn, Tags: tagList("owner", "ann")})
			return err
		}, func() any {
			out, err := studio.ListTags(ctx, &sagemaker.ListTagsInput{ResourceArn: ready().DomainArn})
			require.NoError(h, err)
			return out.Tags
		}},
		{"sagemaker", "CreateUserProfile", func() error {
			_, err := studio.CreateUserProfile(ctx, &sagemaker.CreateUserProfileInput{DomainId: &domain, UserProfileName: name,
				SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: user})
			return err
		}, profile},
		{"sagemaker", "UpdateUserProfile", func() error {
			_, err := studio.UpdateUserProfile(ctx, &sagemaker.UpdateUserProfileInput{DomainId: &domain, UserProfileName: name,
				UserSettings: &smtypes.UserSettings{DefaultLandingUri: aws.String("studio::")}})
			return err
		}, profile},
	}
}

func (h *hands) roleWrites() []lostWrite {
	client, ctx, name := iam.NewFromConfig(h.aws(sandbox.AsStudioAdministrator)), h.Context(), aws.String("lost-and-found")
	role := func() any {
		out, err := client.ListRoles(ctx, &iam.ListRolesInput{})
		require.NoError(h, err)
		for _, role := range out.Roles {
			if *role.RoleName == *name {
				return role
			}
		}
		return nil
	}
	return []lostWrite{
		{"iam", "CreateRole", func() error {
			_, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trust)})
			return err
		}, role},
		{"iam", "AttachRolePolicy", func() error {
			_, err := client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")})
			return err
		}, func() any {
			out, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
			require.NoError(h, err)
			return out.AttachedPolicies
		}},
		{"iam", "PutRolePolicy", func() error {
			_, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("key"), PolicyDocument: aws.String(
				`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}`)})
			return err
		}, func() any {
			out, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
			require.NoError(h, err)
			return out.PolicyNames
		}},
		{"iam", "TagRole", func() error {
			_, err := client.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: []iamtypes.Tag{{Key: aws.String("owner"), Value: aws.String("ann")}}})
			return err
		}, func() any {
			out, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: name})
			require.NoError(h, err)
			return out.Tags
		}},
		{"iam", "UpdateAssumeRolePolicy", func() error {
			_, err := client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(
				`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
			return err
		}, role},
	}
}

func (h *hands) oktaWrites() []lostWrite {
	var apps []struct{ ID, Name string }
	h.okta(http.MethodGet, "/api/v1/apps", nil, &apps)
	app := ""
	for _, a := range apps {
		if a.Name == "amazon_aws_sso" {
			app = "/api/v1/apps/" + a.ID
		}
	}
	finance, user := h.group("finance"), ""
	var person struct{ ID string }
	h.okta(http.MethodGet, "/api/v1/users/noor.haddad@example.com", nil, &person)
	user = person.ID
	list := func(path string) func() any {
		return func() any {
			var all []struct{ ID, Status string }
			h.okta(http.MethodGet, app+path, nil, &all)
			return all
		}
	}
	call := func(method, path string, in any) func() error {
		return func() error { h.okta(method, app+path, in, nil); return nil }
	}
	mappings := func() (all []struct{ ID, SourceGroupID, Status string }) {
		h.okta(http.MethodGet, app+"/group-push/mappings", nil, &all)
		return all
	}
	patch := func() error {
		for _, m := range mappings() {
			if m.SourceGroupID == finance {
				h.okta(http.MethodPatch, app+"/group-push/mappings/"+m.ID, map[string]string{"status": "INACTIVE"}, nil)
			}
		}
		return nil
	}
	return []lostWrite{
		{"okta", "PUT /api/v1/apps/{id}", call(http.MethodPut, "", map[string]any{"label": "AWS IAM Identity Center", "signOnMode": "SAML_2_0",
			"settings": map[string]any{"app": map[string]any{"acsURL": "https://example.com/acs", "entityID": "https://example.com/entity"}}}),
			func() any {
				var out struct{ Settings any }
				h.okta(http.MethodGet, app, nil, &out)
				return out.Settings
			}},
		{"okta", "POST /api/v1/apps/{id}/group-push/mappings", call(http.MethodPost, "/group-push/mappings",
			map[string]string{"sourceGroupId": finance, "targetGroupName": "finance", "status": "ACTIVE"}), func() any { return mappings() }},
		{"okta", "PATCH /api/v1/apps/{id}/group-push/mappings/{mappingId}", patch, func() any { return mappings() }},
		{"okta", "POST /api/v1/apps/{id}/users", call(http.MethodPost, "/users", map[string]any{"id": user, "scope": "USER"}), func() any {
			var all []struct{ ID string }
			h.okta(http.MethodGet, app+"/users?limit=500", nil, &all)
			return all
		}},
		{"okta", "PUT /api/v1/apps/{id}/groups/{groupId}", call(http.MethodPut, "/groups/"+finance, map[string]any{}), list("/groups")},
	}
}
