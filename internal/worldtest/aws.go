package worldtest

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// Cloud opens accounts like the product's own, without the pace that the real ones need, and with short pauses between the
// SDK's attempts.
type Cloud struct {
	// URL is where AWS is reached. Reach changes it once the cloud is in use.
	URL string

	mu          sync.Mutex
	key, secret string
}

// Reach has the accounts reached at another address from now on.
func (c *Cloud) Reach(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.URL = address
}

// Set gives other credentials, as another start of a worker does.
func (c *Cloud) Set(key, secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key, c.secret = key, secret
}

// Config opens an account.
func (c *Cloud) Config(_ context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	address := c.URL
	cfg := aws.Config{
		APIOptions: []func(*middleware.Stack) error{awscloud.Classified},
		Region:     region, BaseEndpoint: &address, HTTPClient: http.DefaultClient,
		Credentials: credentials.NewStaticCredentialsProvider(c.key, c.secret, ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 3, 5*time.Millisecond })
		},
	}
	if account.AssumeRole != "" {
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), account.AssumeRole,
			func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "studio-onboarding" }))
	}
	return cfg, nil
}

// CloudAs opens accounts as one of the sandbox's principals.
func (w *World) CloudAs(principal string) *Cloud {
	w.Helper()
	environment, err := w.EnvironmentAs(w.Context(), principal)
	require.NoError(w, err)
	cloud := &Cloud{URL: w.URL}
	cloud.Set(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
	return cloud
}

// As is the account of one of the sandbox's principals.
func (w *World) As(principal string) aws.Config {
	w.Helper()
	cfg, err := w.CloudAs(principal).Config(w.Context(), onboarding.AccountSpec{}, Region)
	require.NoError(w, err)
	return cfg
}

// StudioAdmin is the Studio account as its administrator sees it.
func (w *World) StudioAdmin() aws.Config { return w.As(sandbox.AsStudioAdministrator) }

// IdentityAdmin is the management account as its administrator sees it.
func (w *World) IdentityAdmin() aws.Config { return w.As(sandbox.AsAdministrator) }
