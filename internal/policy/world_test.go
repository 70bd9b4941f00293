package policy_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/policy"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	workerARN = "arn:aws:iam::111111111111:user/worker"
	studioARN = "arn:aws:iam::222222222222:role/StudioOnboarding"
	region    = "us-east-1"
)

// cloud opens accounts of the sandbox with one principal's keys. Each configuration assumes its role anew.
type cloud struct{ url, key, secret string }

func (c cloud) Config(_ context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	cfg := aws.Config{
		APIOptions: []func(*middleware.Stack) error{awscloud.Classified}, Region: region, BaseEndpoint: &c.url,
		Credentials: credentials.NewStaticCredentialsProvider(c.key, c.secret, ""),
	}
	if account.AssumeRole != "" {
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), account.AssumeRole))
	}
	return cfg, nil
}

// standardQuotas opens accounts in which no quota was ever set.
type standardQuotas struct{ cloud }

func (c standardQuotas) Config(ctx context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	cfg, err := c.cloud.Config(ctx, account, region)
	cfg.HTTPClient = c
	return cfg, err
}

func (standardQuotas) Do(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetServiceQuota") {
		return http.DefaultClient.Do(r)
	}
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer.WriteHeader(http.StatusBadRequest)
	_, _ = answer.WriteString(`{"__type":"NoSuchResourceException","message":"The request failed because the specified service quota does not exist."}`)
	return answer.Result(), nil
}

// proof is a simulated world in which the principals have exactly the printed policies.
type proof struct {
	t       *testing.T
	console sandbox.Client
	cloud   cloud
	okta    *oktaorg.Org
	waits   provider.Waits
	// printed are the policies by the ARN of their principal.
	printed map[string]policy.Document
	proven  map[string]bool
}

// inUse is an Identity Center with something in it, for the survey to read.
const inUse = `
aws:
  identityCenter:
    region: us-east-1
    groups: [operators]
    permissionSets: [{name: Admin, assignments: [{account: management, group: operators}]}]
    applications: [{name: wiki, groups: [operators]}]
`

func newProof(t *testing.T) *proof {
	const speed = 1000
	world, err := sandbox.ReadWorld("world.yaml", []byte(inUse))
	require.NoError(t, err)
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: speed, World: world})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	p := &proof{t: t, console: sandbox.Client{URL: server.URL}, waits: provider.DefaultWaits().Faster(speed), proven: map[string]bool{}}
	p.waits.Profile, p.waits.Propagation = 20*time.Millisecond, 2*time.Second
	environment, err := p.console.Environment(t.Context())
	require.NoError(t, err)
	p.cloud = p.as(sandbox.AsWorker)
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(t, err)
	p.okta, err = oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	return p
}

func (p *proof) as(principal string) cloud {
	environment, err := p.console.EnvironmentAs(p.t.Context(), principal)
	require.NoError(p.t, err)
	return cloud{p.console.URL, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]}
}

func (p *proof) config(principal string) aws.Config {
	cfg, err := p.as(principal).Config(p.t.Context(), onboarding.AccountSpec{}, region)
	require.NoError(p.t, err)
	return cfg
}

// attach gives the principals the printed policies, without one action.
func (p *proof) attach(without string) {
	p.t.Helper()
	documents := map[string]json.RawMessage{}
	for arn, document := range p.printed {
		var kept []policy.Statement
		for _, statement := range document.Statement {
			statement.Action = slices.DeleteFunc(slices.Clone(statement.Action), func(action string) bool { return action == without })
			if len(statement.Action) > 0 {
				kept = append(kept, statement)
			}
		}
		document.Statement = kept
		data, err := json.Marshal(document)
		require.NoError(p.t, err)
		documents[arn] = data
	}
	require.NoError(p.t, p.console.SetPolicies(p.t.Context(), documents))
}

// needs shows of each action that the step fails without it and says so, and then lets the step succeed with all of them.
// Actions stand in the order in which the step comes to need them.
func (p *proof) needs(step func() error, actions ...string) {
	p.t.Helper()
	for _, action := range actions {
		p.attach(action)
		err := p.insist(step)
		require.Error(p.t, err, "without %s", action)
		var application *temporal.ApplicationError
		require.ErrorAs(p.t, err, &application, "without %s", action)
		require.Equal(p.t, string(fault.Denied), application.Type(), "without %s: %v", action, err)
		require.ErrorContains(p.t, err, "not authorized to perform: "+action, "without %s", action)
		p.proven[action] = true
	}
	p.attach("")
	require.NoError(p.t, p.insist(step))
}

// optional shows of each action that the step succeeds without it, although it asks for it.
func (p *proof) optional(step func() error, actions ...string) {
	p.t.Helper()
	for _, action := range actions {
		p.attach(action)
		before := len(p.calls())
		require.NoError(p.t, p.insist(step), "without %s", action)
		service, operation, _ := strings.Cut(action, ":")
		if action == "s3:ListBucket" { // the one whose operation has another name (S3 User Guide, "Policy actions for Amazon S3")
			operation = "HeadBucket"
		}
		require.True(p.t, slices.ContainsFunc(p.calls()[before:], func(call sandbox.Call) bool {
			return call.Service == service && call.Operation == operation && (strings.HasPrefix(call.Error, "AccessDenied") || call.Error == "UnauthorizedOperation")
		}), "%s is not asked for", action)
		p.proven[action] = true
	}
	p.attach("")
}

func (p *proof) calls() []sandbox.Call {
	calls, err := p.console.Calls(p.t.Context())
	require.NoError(p.t, err)
	return calls
}

// insist repeats a step as Temporal does.
func (p *proof) insist(step func() error) error {
	p.t.Helper()
	deadline := time.Now().Add(45 * time.Second)
	for {
		err := step()
		var application *temporal.ApplicationError
		if !errors.As(err, &application) || !fault.Class(application.Type()).Retryable() {
			return err
		}
		require.True(p.t, time.Now().Before(deadline), "not in time: %v", err)
		<-time.After(20 * time.Millisecond)
	}
}

// step is an activity with its input, run as a worker runs it; the result goes to out.
func step[In, Out any](activity func(context.Context, In) (Out, error), in func() In, out *Out) func() error {
	return func() error {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
		env := suite.NewTestActivityEnvironment()
		env.SetTestTimeout(time.Minute)
		env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
		env.RegisterActivity(activity)
		value, err := env.ExecuteActivity(activity, in())
		if err != nil {
			return err
		}
		return value.Get(out)
	}
}

func always[T any](value T) func() T { return func() T { return value } }
