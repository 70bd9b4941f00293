package health_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/health"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/scim"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// connected is a world in which Okta provisions to Identity Center and pushes a group; there is no domain.
type connected struct {
	activitytest.OktaWorld
	*testing.T
	activities *health.Activities
	handles    onboarding.Handles
	secrets    activitytest.SecretStub
}

func connect(t *testing.T) *connected {
	t.Helper()
	w := &connected{OktaWorld: activitytest.NewOktaWorld(t), T: t}
	app, tenant := w.Connected(t)
	require.NoError(t, w.PushGroup(t.Context(), sandbox.PushGroupInput{AppID: app.ID, Group: "sagemaker-studio-ml"}))
	environment, err := w.Environment(t.Context())
	require.NoError(t, err)
	clouds, err := awscloud.New(t.Context(), awscloud.Options{LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(environment["AWS_ENDPOINT_URL"]),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(environment["AWS_ACCESS_KEY_ID"],
			environment["AWS_SECRET_ACCESS_KEY"], "")),
	}})
	require.NoError(t, err)
	w.secrets = activitytest.SecretStub{"env:TOKEN": tenant.Token}
	w.activities = &health.Activities{AWS: clouds, Okta: w.Org, SCIM: &scim.Client{}, Secrets: w.secrets, PlainHTTPHost: w.Host}
	endpoint, err := scim.NormalizeEndpoint(tenant.Endpoint, w.Host)
	require.NoError(t, err)
	w.handles = onboarding.Handles{
		Spec: onboarding.Spec{Name: "team", Region: activitytest.Region, Studio: activitytest.StudioAccount,
			Access: onboarding.AccessSpec{Groups: []onboarding.GroupAccessSpec{{Name: "sagemaker-studio-ml"}}}},
		AppID: app.ID,
		Domain: onboarding.DomainHandle{ID: "d-gonegonegone", Name: "team",
			ApplicationARN: "arn:aws:sso::222222222222:application/ssoins-1111111111111111/apl-1111111111111111"},
		SCIM: onboarding.SCIMHandle{Endpoint: endpoint, TokenRef: "env:TOKEN"},
	}
	return w
}

// look is what is wrong with the connection, without domain and application, of which there are none.
func (w *connected) look() ([]string, onboarding.Health) {
	w.Helper()
	judged, err := w.activities.JudgeConnection(w.Context(), health.Input{Handles: w.handles})
	require.NoError(w, err)
	found := wrong(judged)
	require.Contains(w, found, "blocked studio-domain")
	require.Contains(w, found, "blocked studio-application")
	var rest []string
	for _, one := range found {
		if one != "blocked studio-domain" && one != "blocked studio-application" {
			rest = append(rest, one)
		}
	}
	return rest, judged
}

func TestALiveConnectionIsJudged(t *testing.T) {
	w := connect(t)
	found, _ := w.look()
	require.Equal(t, []string{"unknown scim-token-date"}, found, "AWS Health needs a support plan, which is no finding")

	require.NoError(t, w.ChangeAWS(t.Context(), sandbox.AWSSettings{SupportPlan: aws.Bool(true), TokenDays: 20}))
	found, judged := w.look()
	require.Equal(t, []string{"warning scim-token-date"}, found)
	tokens, err := w.SCIMTokens(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, tokens[0].Expires, judged.Expiries[0].At, day)
	require.True(t, judged.Expiries[0].AtLatest)

	there := w.handles.SCIM
	w.handles.SCIM.Endpoint = "https://example.com/tenant/scim/v2"
	found, judged = w.look()
	require.Contains(t, found, "unknown scim-token")
	require.True(t, slices.ContainsFunc(judged.Verdicts, func(v onboarding.Verdict) bool {
		return strings.Contains(v.Reason, "is not a host of AWS's SCIM endpoints")
	}), "the token is sent to nobody but AWS")
	w.handles.SCIM = there
	delete(w.secrets, "env:TOKEN")
	found, _ = w.look()
	require.Contains(t, found, "unknown scim-token")
}

func TestAnExpiredTokenIsNoDifference(t *testing.T) {
	w := connect(t)
	require.NoError(t, w.ExpireSCIMToken(t.Context(), ""))
	found, judged := w.look()
	require.Contains(t, found, "blocked scim-token")
	for _, verdict := range judged.Verdicts {
		require.NotContains(t, verdict.Reason, w.secrets["env:TOKEN"])
	}
	// What Okta tries now fails, and its log says so.
	group, err := w.Org.Group(t.Context(), "aws-identity-center")
	require.NoError(t, err)
	require.NoError(t, w.Org.AssignGroup(t.Context(), w.handles.AppID, group.ID))
	require.Eventually(t, func() bool {
		found, _ = w.look()
		return slices.Contains(found, "blocked okta-provisioning")
	}, 30*time.Second, 100*time.Millisecond)
}

func TestAnAppThatSomebodySwitchedOffNeedsAttention(t *testing.T) {
	w := connect(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		w.URL+"/api/v1/apps/"+w.handles.AppID+"/lifecycle/deactivate", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "SSWS "+w.Token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	found, _ := w.look()
	require.Contains(t, found, "blocked okta-app")
}

func TestWhatCannotBeLookedAtIsUnknown(t *testing.T) {
	w := connect(t)
	require.NoError(t, w.SetFaults(t.Context(), []sandbox.Fault{
		{Service: "okta", Operation: "GET /api/v1/logs", Kind: sandbox.FaultDeny},
		{Service: "okta", Operation: "GET /api/v1/apps/{id}/group-push/mappings", Kind: sandbox.FaultDeny},
		{Service: "scim", Kind: sandbox.FaultError},
		{Service: "health", Kind: sandbox.FaultDeny},
	}))
	found, _ := w.look()
	require.Equal(t, []string{"unknown scim-token", "unknown aws-health", "unknown scim-token-date", "unknown okta-system-log",
		"unknown okta-group-push"}, found)
}
