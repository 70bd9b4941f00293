package brokenworlds

import (
	"io"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// typed is a world in which all is well until somebody gives the run a wrong value.
const typed = "nobody has typed it yet; the answer is refused, and the request stays open"

// metadataOf is the IdP metadata of an Okta app.
func (s *site) metadataOf(appID string) string {
	environment, err := s.console.Environment(s.Context())
	require.NoError(s, err)
	req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.url+"/api/v1/apps/"+appID+"/sso/saml/metadata", nil)
	require.NoError(s, err)
	req.Header.Set("Authorization", "SSWS "+environment["OKTA_CLIENT_TOKEN"])
	req.Header.Set("Accept", "application/xml")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s, err)
	defer resp.Body.Close()
	var b strings.Builder
	_, err = io.Copy(&b, resp.Body)
	require.NoError(s, err)
	return b.String()
}

// consoles are mistakes of the person at the consoles.
func consoles() []row {
	saml := func(world string, change func(*site, map[string]string), stop ...string) row {
		return row{world: world, unseen: typed, stops: onboarding.StepSAMLExchange, stop: stop, fix: "give the right values",
			mistakes: mistakesAtConsoles{serviceProvider: change}}
	}
	scim := func(world string, change func(*site, *sandbox.ProvisioningTenant), stop ...string) row {
		return row{world: world, unseen: typed, stops: onboarding.StepSCIM, stop: stop, fix: "give the right values",
			mistakes: mistakesAtConsoles{scim: change}}
	}
	return []row{
		saml("ACS URL and issuer URL are swapped", func(_ *site, values map[string]string) {
			values[onboarding.ValueACSURL], values[onboarding.ValueIssuerURL] = values[onboarding.ValueIssuerURL], values[onboarding.ValueACSURL]
		}, "swapped"),
		saml("the SAML values are those of another organization", func(_ *site, values map[string]string) {
			values[onboarding.ValueIssuerURL] = "https://us-east-1.signin.aws.amazon.com/platform/saml/d-9999999999"
		}, "d-9999999999", "identity store"),
		saml("the SAML values are those of another Region", func(_ *site, values map[string]string) {
			values[onboarding.ValueACSURL] = "https://eu-west-1.signin.aws/platform/saml/acs/2f1c0b6e-0000-4000-8000-000000000000"
		}, "eu-west-1", region),
		saml("Okta's metadata is given as that of AWS", func(s *site, values map[string]string) {
			delete(values, onboarding.ValueACSURL)
			delete(values, onboarding.ValueIssuerURL)
			values[onboarding.ValueMetadata] = s.metadataOf(s.appOf("AWS IAM Identity Center"))
		}, "identity provider", "service provider"),
		saml("Okta's addresses are given as those of AWS", func(s *site, values map[string]string) {
			values[onboarding.ValueACSURL] = s.url + "/app/amazon_aws_sso/exk1/sso/saml"
		}, "Okta"),
		scim("the SCIM endpoint is that of another Region", func(_ *site, tenant *sandbox.ProvisioningTenant) {
			tenant.Endpoint = "https://scim.eu-west-1.amazonaws.com/Hwother-0000/scim/v2/"
		}, "eu-west-1", region),
		scim("the SCIM token is wrong", func(_ *site, tenant *sandbox.ProvisioningTenant) { tenant.Token = "not-" + tenant.Token }, "token", "401"),
		scim("the SCIM token has expired", func(s *site, _ *sandbox.ProvisioningTenant) {
			s.change(sandbox.AWSSettings{ExpireTokens: true})
		}, "expired", "401"),
		scim("the SCIM token is that of another tenant", func(s *site, tenant *sandbox.ProvisioningTenant) {
			other, err := s.console.EnableProvisioningElsewhere(s.Context())
			require.NoError(s, err)
			tenant.Token = other.Token
		}, "token", "endpoint", "401"),
		scim("the SCIM endpoint is the access portal", func(_ *site, tenant *sandbox.ProvisioningTenant) {
			tenant.Endpoint = "https://d-1234567890.awsapps.com/start"
		}, "SCIM endpoint"),
		{
			world: "SCIM endpoint and token are those of another organization", unseen: typed,
			mistakes: mistakesAtConsoles{scim: func(s *site, tenant *sandbox.ProvisioningTenant) {
				other, err := s.console.EnableProvisioningElsewhere(s.Context())
				require.NoError(s, err)
				*tenant = other
			}},
			stops: onboarding.StepDirectorySync, stop: []string{"SCIM endpoint", "another organization"},
			repair: (*site).reconnect, fix: "connect Okta with this organization's endpoint and token, and assign the people again",
		},
		{
			world: "the SCIM token expires while Okta is at work", unseen: typed,
			mistakes: mistakesAtConsoles{provisioning: func(s *site, in sandbox.ConfigureProvisioningInput) error {
				defer s.change(sandbox.AWSSettings{ExpireTokens: true})
				return s.console.ConfigureProvisioning(s.Context(), in)
			}},
			stops: onboarding.StepDirectorySync, stop: []string{"token"},
			repair: (*site).reconnect, fix: "give Okta a new token, and assign the people again",
		},
		{
			world: "the metadata of another Okta app is uploaded in the AWS console", unseen: "neither AWS nor Okta tells what was uploaded; the canary's sign-in shows it",
			breaks:   func(s *site) { s.ids["other"] = s.makeApp(map[string]any{"label": "Another app"}) },
			mistakes: mistakesAtConsoles{metadata: func(s *site) string { return s.metadataOf(s.ids["other"]) }},
			stops:    onboarding.StepCanary, stop: []string{"Okta let", "AWS refused", "Upload the app's current metadata"},
			repair: func(s *site) {
				_, err := s.console.ChangeIdentitySource(s.Context(), sandbox.ChangeIdentitySourceInput{Metadata: s.metadataOf(s.appOf(label))})
				require.NoError(s, err)
			},
			fix: "upload okta-metadata.xml of the run",
		},
	}
}

// appOf finds the Identity Center app of this label.
func (s *site) appOf(label string) string {
	var apps []struct{ ID, Label, Name string }
	s.admin(http.MethodGet, "/api/v1/apps?limit=200&includeNonDeleted=true", nil, &apps)
	for _, app := range apps {
		if app.Name == "amazon_aws_sso" && app.Label == label {
			return app.ID
		}
	}
	s.Fatalf("Okta has no app %s", label)
	return ""
}

// reconnect gives Okta the endpoint with a new token, deletes what was pushed, and assigns everybody anew.
func (s *site) reconnect() {
	app := s.appOf("AWS IAM Identity Center")
	tenant, err := s.console.EnableProvisioning(s.Context())
	require.NoError(s, err)
	require.NoError(s, s.console.ConfigureProvisioning(s.Context(), sandbox.ConfigureProvisioningInput{
		AppID: app, BaseURL: strings.TrimRight(tenant.Endpoint, "/"), Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true,
	}))
	var pushes []struct{ ID, Status string }
	s.admin(http.MethodGet, "/api/v1/apps/"+app+"/group-push/mappings", nil, &pushes)
	for _, push := range pushes {
		if push.Status == "ACTIVE" {
			s.admin(http.MethodPatch, "/api/v1/apps/"+app+"/group-push/mappings/"+push.ID, map[string]string{"status": "INACTIVE"}, nil)
		}
		s.admin(http.MethodDelete, "/api/v1/apps/"+app+"/group-push/mappings/"+push.ID+"?deleteTargetGroup=true", nil, nil)
	}
	group := s.groupID(assignmentGroup)
	s.admin(http.MethodDelete, "/api/v1/apps/"+app+"/groups/"+group, nil, nil)
	s.admin(http.MethodPut, "/api/v1/apps/"+app+"/groups/"+group, map[string]any{}, nil)
}
