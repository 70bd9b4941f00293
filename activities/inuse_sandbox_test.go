package activities_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// production is an organization in which 49 people sign in through an app that no spec names by default.
func production() string {
	var people strings.Builder
	for i := range 49 {
		fmt.Fprintf(&people, "    - {login: p%02d@example.com, firstName: P%02d, lastName: Example, groups: [all-staff]}\n", i, i)
	}
	return `
okta:
  groups: [{name: all-staff}, {name: aws-identity-center}, {name: sagemaker-studio-users}]
  people:
` + people.String() + `
  apps:
    - {label: AWS SSO (production), organization: this, groups: [all-staff], provisioning: true}
aws:
  identityCenter:
    source: external
    oktaApp: AWS SSO (production)
    provisioning: {tokens: 1}
    permissionSets:
      - {name: ReadOnly, assignments: [{account: studio, user: p00@example.com}]}
`
}

// organization is a simulated one, with the activities of a worker on it.
type organization struct {
	sandbox.Client
	assessor *activities.Assessor
	apps     *oktaapp.Activities
	trust    *trust.Activities
}

func startOrganization(t *testing.T, text string) organization {
	t.Helper()
	const speed = 400
	file, err := sandbox.ReadWorld("world.yaml", []byte(text))
	require.NoError(t, err)
	server, err := sandbox.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", sandbox.Config{Speed: speed, World: file, Unlimited: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	o := organization{Client: sandbox.Client{URL: server.URL}}
	env, err := o.Environment(t.Context())
	require.NoError(t, err)
	clouds, err := awscloud.New(t.Context(), awscloud.Options{Speed: speed, LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(env["AWS_ENDPOINT_URL"]),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")),
	}})
	require.NoError(t, err)
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return env[name] })
	require.NoError(t, err)
	okta, err := oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	waits := provider.DefaultWaits().Faster(speed)
	o.assessor = &activities.Assessor{AWS: clouds, Okta: okta, Waits: waits, People: storetest.New(t)}
	o.apps = &oktaapp.Activities{Okta: okta, Waits: waits}
	o.trust = &trust.Activities{AWS: clouds, Okta: okta, Waits: waits}
	return o
}

// signIns counts the people of the org who come into the access portal.
func (o organization) signIns(t *testing.T) int {
	t.Helper()
	n := 0
	for i := range 49 {
		result, err := o.SignIn(t.Context(), sandbox.SignInInput{Login: fmt.Sprintf("p%02d@example.com", i), Address: sandbox.AddressPortal})
		require.NoError(t, err)
		if result.OK {
			n++
		}
	}
	return n
}

// TestASecondSpecDoesNotCutTheFirstOnesPeopleOff: with the default label there was one warning, a second app, then the guided change of
// the identity source, and 0 of 49 could sign in.
func TestASecondSpecDoesNotCutTheFirstOnesPeopleOff(t *testing.T) {
	o := startOrganization(t, production())
	require.Equal(t, 49, o.signIns(t))
	spec := specWith(t, "")
	found, err := o.assessor.TakeSurvey(t.Context(), onboarding.SurveyInput{Spec: spec})
	require.NoError(t, err)
	require.NotNil(t, found.Instance)
	store := found.Instance.IdentityStoreID

	ensured, err := o.apps.EnsureApp(t.Context(), oktaapp.EnsureAppInput{Label: spec.Okta.AppLabel, IdentityStoreID: store, Since: time.Now()})
	require.NoError(t, err)
	require.Equal(t, "AWS SSO (production)", ensured.App.Label)
	seen, err := o.trust.SeeTrust(t.Context(), trust.Where{IdentityCenter: spec.IdentityCenter, Region: spec.Region, IdentityStoreID: store,
		AppID: ensured.App.ID})
	require.NoError(t, err)
	require.True(t, seen.InPlace, "nobody is asked to change the identity source")
	require.Contains(t, seen.Why, "the people whom it provisions are in its directory")
	require.Equal(t, 49, o.signIns(t))
}

func TestTheCheckOfAnOrganizationInUseTellsWhatHangsOnIt(t *testing.T) {
	o := startOrganization(t, production())
	checked, err := o.assessor.RunPreflight(t.Context(), activities.PreflightInput{Spec: specWith(t, "")})
	require.NoError(t, err)
	said := map[string]onboarding.Verdict{}
	for _, verdict := range checked.Checked() {
		if verdict.Resource == onboarding.ResourceStock || verdict.Resource == onboarding.ResourceOktaApp || verdict.Resource == onboarding.ResourceTrust {
			said[verdict.Code+" "+string(verdict.Kind)] = verdict
		}
	}
	require.Contains(t, said["okta-app adopt"].Reason, "belongs to this instance")
	require.Contains(t, said["okta-app warning"].Remedy, `okta.appLabel: "AWS SSO (production)"`)
	require.NotContains(t, said, "saml-trust ask")
	require.Contains(t, said["stock-permission-sets keep"].Reason, "1 permission set with 1 assignment in accounts.")
	require.Contains(t, said["stock-okta-apps keep"].Reason, "49 people assigned by all-staff")
	for _, verdict := range checked.Planned() {
		require.NotEqual(t, onboarding.ResourceStock, verdict.Resource, "a plan names what a run does")
	}
}

func TestASurveyNeedsNoWholeSpecAndNamesNobody(t *testing.T) {
	o := startOrganization(t, production())
	found, err := o.assessor.TakeSurvey(t.Context(), onboarding.SurveyInput{Spec: onboarding.Spec{Region: "us-east-1",
		Studio: onboarding.AccountSpec{AssumeRole: "arn:aws:iam::222222222222:role/StudioOnboarding"}}})
	require.NoError(t, err)
	require.Equal(t, 49, found.Stock.Users.Provisioned)
	require.Equal(t, 1, found.Stock.AccountAssignments)
	require.Equal(t, onboarding.SourceExternal, found.Stock.Source.Kind)
	require.Equal(t, "222222222222", found.StudioAccount)
	require.NotEmpty(t, found.Unknown)
	require.Empty(t, onboarding.Blocked(found.Verdicts), "%+v", onboarding.Blocked(found.Verdicts))
	require.NotContains(t, fmt.Sprintf("%+v", found), "p00@example.com")
	calls, err := o.Calls(t.Context())
	require.NoError(t, err)
	for _, call := range calls {
		require.True(t, call.Effect == "" || call.Effect == "none", "%+v", call)
	}
}

func TestACheckSaysThatAConsentWillBeAskedFor(t *testing.T) {
	const header = "okta:\n  groups: [{name: aws-identity-center}, {name: sagemaker-studio-users}]\naws:\n  identityCenter:\n"
	for name, c := range map[string]struct {
		world string
		asked bool
	}{
		"its own directory, in use": {header + "    users: [{userName: ada@example.com}]\n", true},
		"nobody yet":                {header + "    source: identity-center\n", false},
		"trusted already":           {production(), false},
	} {
		t.Run(name, func(t *testing.T) {
			checked, err := startOrganization(t, c.world).assessor.RunPreflight(t.Context(), activities.PreflightInput{Spec: specWith(t, "")})
			require.NoError(t, err)
			asked := false
			for _, verdict := range onboarding.OfKind(checked.Checked(), onboarding.VerdictAsk) {
				asked = asked || verdict.Code == "saml-trust-consent"
			}
			require.Equal(t, c.asked, asked)
		})
	}
}
