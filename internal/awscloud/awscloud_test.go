package awscloud_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// endpoint is a minimal AWS: it knows STS by the form of its requests, and answers everything else with empty lists.
type endpoint struct {
	*httptest.Server
	mu      sync.Mutex
	assumed []url.Values
	agents  []string
	refusal string
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.agents = append(e.agents, r.UserAgent())
	form, _ := url.ParseQuery(string(body))
	switch form.Get("Action") {
	case "AssumeRole":
		e.assumed = append(e.assumed, form)
		if e.refusal != "" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>%s</Message></Error></ErrorResponse>`,
				e.refusal)
			return
		}
		fmt.Fprintf(w,
			`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
				`<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	case "GetCallerIdentity":
		name := "user/worker"
		if strings.Contains(r.Header.Get("Authorization"), "ASIAROLE") {
			name = "assumed-role/StudioOnboarding/studio-onboarding"
		}
		fmt.Fprintf(w,
			`<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::222222222222:%s</Arn><Account>222222222222</Account>`+
				`</GetCallerIdentityResult></GetCallerIdentityResponse>`, name)
	default:
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, `{"Domains":[],"Instances":[]}`)
	}
}

func (e *endpoint) clouds(t *testing.T) *awscloud.Clouds {
	clouds, err := awscloud.New(t.Context(), awscloud.Options{LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(e.URL),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIAWORKER", "s", "")),
	}})
	require.NoError(t, err)
	return clouds
}

var studio = onboarding.AccountSpec{AssumeRole: "arn:aws:iam::222222222222:role/StudioOnboarding"}

func TestARoleIsAssumedOnceForEverybody(t *testing.T) {
	e := newEndpoint(t)
	clouds := e.clouds(t)
	for range 3 {
		account, principal, err := clouds.Identity(t.Context(), studio, "us-east-1")
		require.NoError(t, err)
		require.Equal(t, "222222222222", account)
		require.Contains(t, principal, "assumed-role/StudioOnboarding")
	}
	require.Len(t, e.assumed, 1)
	require.Equal(t, studio.AssumeRole, e.assumed[0].Get("RoleArn"))
	require.Equal(t, "studio-onboarding", e.assumed[0].Get("RoleSessionName"))

	_, principal, err := clouds.Identity(t.Context(), onboarding.AccountSpec{}, "")
	require.NoError(t, err)
	require.Contains(t, principal, "user/worker", "without a role the worker's own credentials count")
	require.Len(t, e.assumed, 1)
	for _, agent := range e.agents {
		require.Contains(t, agent, "studio-onboarding")
	}
}

func TestARoleThatMayNotBeAssumedIsDenied(t *testing.T) {
	e := newEndpoint(t)
	e.refusal = "User: arn:aws:iam::111111111111:user/worker is not authorized to perform: sts:AssumeRole on resource: " + studio.AssumeRole
	cfg, err := e.clouds(t).Config(t.Context(), studio, "us-east-1")
	require.NoError(t, err)
	_, err = sagemaker.NewFromConfig(cfg).ListDomains(t.Context(), &sagemaker.ListDomainsInput{})
	require.Equal(t, fault.Denied, fault.ClassOf(err), "%v", err)
	require.Contains(t, err.Error(), "not authorized to perform: sts:AssumeRole", "the call that failed is named, not the one it was for")
	require.Contains(t, err.Error(), "Let the trust policy of "+studio.AssumeRole+" name arn:aws:iam::111111111111:user/worker")
}

func TestNoCredentialsAreDeniedWithARemedy(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
		"AWS_WEB_IDENTITY_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	e := newEndpoint(t)
	clouds, err := awscloud.New(t.Context(), awscloud.Options{LoadOptions: []func(*config.LoadOptions) error{config.WithBaseEndpoint(e.URL)}})
	require.NoError(t, err)
	_, _, err = clouds.Identity(t.Context(), onboarding.AccountSpec{}, "us-east-1")
	require.Equal(t, fault.Denied, fault.ClassOf(err), "%v", err)
	require.Contains(t, err.Error(), "the worker has no AWS credentials")
	require.Contains(t, err.Error(), "AWS_PROFILE")
	require.Empty(t, e.agents)
}

func TestAnUnknownProfileShowsAtTheStart(t *testing.T) {
	t.Setenv("AWS_PROFILE", "nobody-has-this")
	_, err := awscloud.New(t.Context(), awscloud.Options{})
	require.Equal(t, fault.Denied, fault.ClassOf(err), "%v", err)
	require.Contains(t, err.Error(), "nobody-has-this")
}

func TestAnEndpointThatIsDownIsUnavailable(t *testing.T) {
	e := newEndpoint(t)
	clouds := e.clouds(t)
	e.Close()
	_, _, err := clouds.Identity(t.Context(), onboarding.AccountSpec{}, "us-east-1")
	require.Equal(t, fault.Unavailable, fault.ClassOf(err), "%v", err)
}

func TestCallersOfOneAccountShareOnePace(t *testing.T) {
	e := newEndpoint(t)
	clouds := e.clouds(t)
	started := time.Now()
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			cfg, err := clouds.Config(context.Background(), studio, "us-east-1")
			if err != nil {
				t.Error(err)
				return
			}
			client := ssoadmin.NewFromConfig(cfg)
			for range 3 {
				if _, err := client.ListInstances(context.Background(), &ssoadmin.ListInstancesInput{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	// 12 calls at 20 a second, of which two go ahead at once.
	require.GreaterOrEqual(t, time.Since(started), 450*time.Millisecond)
}

func TestAWaitForATurnEndsWithTheContext(t *testing.T) {
	e := newEndpoint(t)
	cfg, err := e.clouds(t).Config(t.Context(), studio, "us-east-1")
	require.NoError(t, err)
	client := sagemaker.NewFromConfig(cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer cancel()
	for err == nil {
		_, err = client.ListDomains(ctx, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(1)})
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, fault.ClassOf(err), "the caller's deadline is no fault of AWS")
}
