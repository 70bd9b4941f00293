package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// onboarded is the state of a world after everything that an onboarding does.
func onboarded(t *testing.T, seed int64, more func(h *hands, studio *sagemaker.Client, domain string)) string {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 1000, Seed: seed})
	require.NoError(t, err)
	defer server.Close()
	h := &hands{TB: t, url: server.URL, browser: sandbox.Client{URL: server.URL}}
	ctx, app := t.Context(), h.createApp()
	require.NoError(t, h.browser.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	sso := ssoadmin.NewFromConfig(h.aws(sandbox.AsAdministrator))
	var instance ssotypes.InstanceMetadata
	h.eventually(func() bool {
		out, err := sso.ListInstances(ctx, &ssoadmin.ListInstancesInput{})
		require.NoError(t, err)
		if len(out.Instances) > 0 {
			instance = out.Instances[0]
		}
		return len(out.Instances) > 0
	})
	provider, err := h.browser.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: h.metadata(app)})
	require.NoError(t, err)
	h.setURLs(app, provider.ACSURL, provider.IssuerURL)
	tenant, err := h.browser.EnableProvisioning(ctx)
	require.NoError(t, err)
	require.NoError(t, h.browser.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
		AppID: app, BaseURL: strings.TrimSuffix(tenant.Endpoint, "/"), Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true}))
	h.okta(http.MethodPut, "/api/v1/apps/"+app+"/groups/"+h.group("aws-identity-center"), map[string]any{}, nil)
	h.eventually(func() bool {
		var users []struct{ SyncState string }
		h.okta(http.MethodGet, "/api/v1/apps/"+app+"/users?limit=500", nil, &users)
		for _, u := range users {
			if u.SyncState == "SYNCING" {
				return false
			}
		}
		return len(users) > 0
	})
	directory := identitystore.NewFromConfig(h.aws(sandbox.AsAdministrator))
	studio := sagemaker.NewFromConfig(h.aws(sandbox.AsStudioAdministrator))
	domain, application := h.createDomain(h.aws(sandbox.AsStudioAdministrator))
	for _, name := range []string{"sagemaker-studio-users", "sagemaker-studio-ml"} {
		require.NoError(t, h.browser.PushGroup(ctx, sandbox.PushGroupInput{AppID: app, Group: name}))
	}
	h.eventually(func() bool {
		var mappings []struct{ LastPush string }
		h.okta(http.MethodGet, "/api/v1/apps/"+app+"/group-push/mappings", nil, &mappings)
		return mappings[0].LastPush != "" && mappings[1].LastPush != ""
	})
	groups, err := directory.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: instance.IdentityStoreId})
	require.NoError(t, err)
	require.Len(t, groups.Groups, 2)
	for _, g := range groups.Groups {
		_, err = sso.CreateApplicationAssignment(ctx, &ssoadmin.CreateApplicationAssignmentInput{
			ApplicationArn: &application, PrincipalId: g.GroupId, PrincipalType: ssotypes.PrincipalTypeGroup})
		require.NoError(t, err)
	}
	h.eventually(func() bool {
		result, err := h.browser.SignIn(ctx, sandbox.SignInInput{Login: "ann.lee@example.com"})
		require.NoError(t, err)
		return result.OK
	})
	if more != nil {
		more(h, studio, domain)
	}
	state, err := h.browser.State(ctx)
	require.NoError(t, err)
	require.NotContains(t, string(state), tenant.Token)
	require.NotContains(t, string(state), h.token)
	return string(state)
}

func TestTwoWorldsInWhichTheSameHappenedHaveTheSameState(t *testing.T) {
	one := onboarded(t, 5, nil)
	require.Equal(t, one, onboarded(t, 5, nil))
	require.NotEqual(t, one, onboarded(t, 6, nil))
	changed := onboarded(t, 5, func(h *hands, studio *sagemaker.Client, domain string) {
		_, err := studio.AddTags(h.Context(), &sagemaker.AddTagsInput{
			ResourceArn: aws.String("arn:aws:sagemaker:us-east-1:222222222222:domain/" + domain), Tags: tagList("owner", "ann")})
		require.NoError(h, err)
	})
	require.NotEqual(t, one, changed)
	lines := map[string]int{}
	for _, line := range strings.Split(one, "\n") {
		lines[line]++
	}
	var added []string
	for _, line := range strings.Split(changed, "\n") {
		if lines[line]--; lines[line] < 0 {
			added = append(added, strings.TrimSpace(line))
		}
	}
	require.Contains(t, added, `"Key": "owner",`)
	require.LessOrEqual(t, len(added), 6, "a tag more is a few lines more, and nothing else differs: %v", added)
}

func tagList(key, value string) []smtypes.Tag { return []smtypes.Tag{{Key: &key, Value: &value}} }
