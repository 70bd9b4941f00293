package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// TestTheWholeWay onboards a world by hand, link by link, and watches how far people come after each.
func TestTheWholeWay(t *testing.T) {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: 1000})
	require.NoError(t, err)
	defer server.Close()
	h := &hands{TB: t, url: server.URL, browser: sandbox.Client{URL: server.URL}}
	const ann = "ann.lee@example.com"
	link := func(login string) string {
		t.Helper()
		result, err := h.browser.SignIn(t.Context(), sandbox.SignInInput{Login: login})
		require.NoError(t, err)
		require.Equal(t, result.OK, result.Link == "", "either a way in or a broken link")
		return result.Link
	}

	require.Equal(t, "okta", link(ann))
	app := h.createApp()
	h.okta(http.MethodPut, "/api/v1/apps/"+app+"/groups/"+h.group("aws-identity-center"), map[string]any{}, nil)
	require.Equal(t, "saml", link(ann), "the app has no ACS URL yet")

	require.NoError(t, h.browser.EnableIdentityCenter(t.Context(), sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	var instance ssotypes.InstanceMetadata
	management, studio := h.aws(sandbox.AsAdministrator), h.aws(sandbox.AsStudioAdministrator)
	sso := ssoadmin.NewFromConfig(management)
	h.eventually(func() bool {
		out, err := sso.ListInstances(t.Context(), &ssoadmin.ListInstancesInput{})
		require.NoError(t, err)
		if len(out.Instances) > 0 {
			instance = out.Instances[0]
		}
		return instance.Status == ssotypes.InstanceStatusActive
	})
	require.NoError(t, h.browser.CreateUser(t.Context(), "by.hand@example.com", "by.hand@example.com"))
	provider, err := h.browser.ChangeIdentitySource(t.Context(), sandbox.ChangeIdentitySourceInput{Metadata: h.metadata(app)})
	require.NoError(t, err)
	h.setURLs(app, provider.ACSURL, provider.IssuerURL+"/")
	require.Equal(t, "saml", link(ann), "the issuer differs by a slash")
	h.setURLs(app, provider.ACSURL, provider.IssuerURL)
	require.Equal(t, "user", link(ann), "nobody is in Identity Center yet")

	tenant, err := h.browser.EnableProvisioning(t.Context())
	require.NoError(t, err)
	form := sandbox.ConfigureProvisioningInput{AppID: app, BaseURL: tenant.Endpoint, Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true}
	require.ErrorContains(t, h.browser.ConfigureProvisioning(t.Context(), form), "Base URL: Does not match required pattern")
	form.BaseURL = strings.TrimSuffix(tenant.Endpoint, "/")
	require.NoError(t, h.browser.ConfigureProvisioning(t.Context(), form))
	h.okta(http.MethodPut, "/api/v1/apps/"+app+"/groups/"+h.group("aws-identity-center"), map[string]any{}, nil)
	h.eventually(func() bool {
		var users []struct{ SyncState string }
		h.okta(http.MethodGet, "/api/v1/apps/"+app+"/users?limit=500", nil, &users)
		for _, u := range users {
			if u.SyncState == "SYNCING" {
				return false
			}
		}
		return true
	})
	require.Equal(t, "domain", link(ann), "there is no domain yet")

	domain, application := h.createDomain(studio)
	require.Equal(t, "application", link(ann), "the application is not assigned yet")
	require.NoError(t, h.browser.PushGroup(t.Context(), sandbox.PushGroupInput{AppID: app, Group: "sagemaker-studio-users"}))
	directory := identitystore.NewFromConfig(management)
	var groups *identitystore.ListGroupsOutput
	h.eventually(func() bool {
		groups, err = directory.ListGroups(t.Context(), &identitystore.ListGroupsInput{IdentityStoreId: instance.IdentityStoreId})
		require.NoError(t, err)
		if len(groups.Groups) != 1 {
			return false
		}
		members, err := directory.ListGroupMemberships(t.Context(), &identitystore.ListGroupMembershipsInput{
			IdentityStoreId: instance.IdentityStoreId, GroupId: groups.Groups[0].GroupId})
		require.NoError(t, err)
		return len(members.GroupMemberships) > 0
	})
	_, err = sso.CreateApplicationAssignment(t.Context(), &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: &application, PrincipalId: groups.Groups[0].GroupId, PrincipalType: ssotypes.PrincipalTypeGroup})
	require.NoError(t, err)
	h.eventually(func() bool { return link(ann) == "" })

	expected := map[string]string{
		ann: "", "ann-lee@example.com": "", "bo.lindqvist@example.com": "", "by.hand@example.com": "",
		"kgarcia":                 "user", // the user is there, but the NameID is no address
		"ines@example.com":        "user", // AWS refused the person
		"sade.okoro@example.com":  "user",
		"tomas.novak@example.com": "okta",
		"noor.haddad@example.com": "okta", // in the access group, but not assigned to the app
		"edda.falk@example.com":   "application",
		"uma.price@example.com":   "okta",
	}
	for login, want := range expected {
		require.Equal(t, want, link(login), login)
	}
	require.ElementsMatch(t, []string{"", "user"}, []string{link("maria.santos@example.com"), link("Maria.Santos@example.com")},
		"of two names that differ by case one is in Identity Center, and the other can't sign in under its name")

	// Whom Okta suspends stays outside, whatever AWS has.
	h.okta(http.MethodPost, "/api/v1/users/"+url.PathEscape(ann)+"/lifecycle/suspend", nil, nil)
	require.Equal(t, "okta", link(ann))
	h.okta(http.MethodPost, "/api/v1/users/"+url.PathEscape(ann)+"/lifecycle/unsuspend", nil, nil)
	require.Equal(t, "", link(ann))

	result, err := h.browser.SignIn(t.Context(), sandbox.SignInInput{Login: ann, DomainID: domain})
	require.NoError(t, err)
	require.Contains(t, result.URL, domain)
	profiles, err := sagemaker.NewFromConfig(studio).ListUserProfiles(t.Context(), &sagemaker.ListUserProfilesInput{DomainIdEquals: &domain})
	require.NoError(t, err)
	require.Len(t, profiles.UserProfiles, 5, "a profile for everybody who came in, and for nobody else")
	_, err = h.browser.SignIn(t.Context(), sandbox.SignInInput{Login: ann})
	require.NoError(t, err)
	again, err := sagemaker.NewFromConfig(studio).ListUserProfiles(t.Context(), &sagemaker.ListUserProfilesInput{DomainIdEquals: &domain})
	require.NoError(t, err)
	require.Len(t, again.UserProfiles, 5)
}

// hands do what the product would do, and what a person would.
type hands struct {
	testing.TB
	url       string
	browser   sandbox.Client
	token     string
	scimToken string
}

func (h *hands) eventually(condition func() bool) {
	h.Helper()
	require.Eventually(h, condition, 30*time.Second, 20*time.Millisecond)
}

func (h *hands) environment(as string) (environment map[string]string) {
	h.Helper()
	resp, err := http.Get(h.url + "/sandbox/environment?as=" + url.QueryEscape(as))
	require.NoError(h, err)
	defer resp.Body.Close()
	require.NoError(h, json.NewDecoder(resp.Body).Decode(&environment))
	return environment
}

func (h *hands) aws(as string) aws.Config {
	h.Helper()
	e := h.environment(as)
	return aws.Config{Region: e["AWS_REGION"], BaseEndpoint: aws.String(e["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(e["AWS_ACCESS_KEY_ID"], e["AWS_SECRET_ACCESS_KEY"], "")}
}

func (h *hands) request(method, path, accept string, in any) []byte {
	h.Helper()
	if h.token == "" {
		h.token = h.environment("")["OKTA_CLIENT_TOKEN"]
	}
	var body bytes.Buffer
	if in != nil {
		require.NoError(h, json.NewEncoder(&body).Encode(in))
	}
	req, err := http.NewRequestWithContext(h.Context(), method, h.url+path, &body)
	require.NoError(h, err)
	req.Header.Set("Authorization", "SSWS "+h.token)
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(h, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(h, err)
	require.Equal(h, 2, resp.StatusCode/100, string(data))
	return data
}

func (h *hands) okta(method, path string, in, out any) {
	h.Helper()
	data := h.request(method, path, "application/json", in)
	if out != nil {
		require.NoError(h, json.Unmarshal(data, out))
	}
}

func (h *hands) metadata(app string) string {
	h.Helper()
	return string(h.request(http.MethodGet, "/api/v1/apps/"+app+"/sso/saml/metadata", "application/xml", nil))
}

func (h *hands) createApp() string {
	h.Helper()
	var app struct{ ID string }
	h.okta(http.MethodPost, "/api/v1/apps", map[string]any{"name": "amazon_aws_sso", "label": "AWS IAM Identity Center", "signOnMode": "SAML_2_0"}, &app)
	return app.ID
}

func (h *hands) setURLs(app, acsURL, entityID string) {
	h.Helper()
	h.okta(http.MethodPut, "/api/v1/apps/"+app, map[string]any{"label": "AWS IAM Identity Center", "signOnMode": "SAML_2_0",
		"settings": map[string]any{"app": map[string]any{"acsURL": acsURL, "entityID": entityID}}}, nil)
}

func (h *hands) group(name string) string {
	h.Helper()
	var groups []struct{ ID string }
	h.okta(http.MethodGet, "/api/v1/groups?search="+url.QueryEscape(`profile.name eq "`+name+`" and type eq "OKTA_GROUP"`), nil, &groups)
	require.Len(h, groups, 1)
	return groups[0].ID
}

// createDomain makes a domain in the default VPC and waits for it.
func (h *hands) createDomain(studio aws.Config) (id, application string) {
	h.Helper()
	ctx := h.Context()
	role, err := iam.NewFromConfig(studio).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("studio"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(h, err)
	subnets, err := ec2.NewFromConfig(studio).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	require.NoError(h, err)
	input := &sagemaker.CreateDomainInput{DomainName: aws.String("data-science"), AuthMode: sagemakertypes.AuthModeSso, VpcId: subnets.Subnets[0].VpcId,
		SubnetIds: []string{*subnets.Subnets[0].SubnetId}, DefaultUserSettings: &sagemakertypes.UserSettings{ExecutionRole: role.Role.Arn}}
	client := sagemaker.NewFromConfig(studio)
	var created *sagemaker.CreateDomainOutput
	h.eventually(func() bool { // a new role can't be assumed at once
		created, err = client.CreateDomain(ctx, input)
		return err == nil
	})
	id = (*created.DomainArn)[strings.LastIndex(*created.DomainArn, "/")+1:]
	h.eventually(func() bool {
		domain, err := client.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &id})
		require.NoError(h, err)
		application = aws.ToString(domain.SingleSignOnApplicationArn)
		return domain.Status == sagemakertypes.DomainStatusInService
	})
	return id, application
}
