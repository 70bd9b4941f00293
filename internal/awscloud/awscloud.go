// Package awscloud opens AWS accounts for the rest of the project: standard SDK configuration, assumed roles, one pace per
// account and API family, and the classification of AWS errors.
package awscloud

import (
	"cmp"
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// product names us to AWS: in the user agent and, as the role session name, in CloudTrail.
const product = "studio-onboarding"

const (
	// attempts is how often the SDK itself tries a call. It bridges a dropped connection; Temporal does the long retries,
	// where a person can see them.
	attempts = 3
	// throttledAttempts is how often it tries one that is throttled: a listing of thousands of pages must not start over
	// because of one of them.
	throttledAttempts = 10
	longestBackoff    = 5 * time.Second
	callTimeout       = 30 * time.Second
	dialTimeout       = 5 * time.Second
	// expiryWindow renews assumed-role credentials before they end in the middle of a call.
	expiryWindow = time.Minute
)

// Options changes how accounts are opened.
type Options struct {
	// LoadOptions are applied after this package's own, so they win.
	LoadOptions []func(*config.LoadOptions) error
	// Speed is how many times faster than the real ones a simulated AWS runs, limits included; 0 means 1.
	Speed float64
	// Observer is told of all calls; nil means nobody is.
	Observer Observer
}

// Clouds opens AWS accounts with the worker's credentials or with roles that it assumes. Safe for concurrent use.
type Clouds struct {
	options []func(*config.LoadOptions) error
	paces   *paces

	mu    sync.Mutex
	bases map[string]aws.Config
	roles map[roleKey]aws.CredentialsProvider
}

type roleKey struct{ role, region string }

// New reads the standard SDK configuration (environment, shared files, AWS_PROFILE, AWS_ENDPOINT_URL*) once, so that a
// mistake in it shows at the start of the worker. It calls no AWS API.
func New(ctx context.Context, opts Options) (*Clouds, error) {
	client := awshttp.NewBuildableClient().
		WithTimeout(callTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout })
	second := newPace(limit{}, opts.Speed).second
	watch := watched{opts.Observer}
	if opts.Observer == nil {
		watch.Observer = nobody{}
	}
	ours := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client),
		config.WithAPIOptions([]func(*middleware.Stack) error{awsmiddleware.AddUserAgentKey(product), Classified, watch.calls, watch.requests}),
		config.WithRetryer(func() aws.Retryer {
			return retryer{second: second, Standard: retry.NewStandard(func(o *retry.StandardOptions) {
				// The pace is what keeps us from repeating too much; the SDK's quota would end a listing.
				o.MaxAttempts, o.MaxBackoff, o.RateLimiter = throttledAttempts, longestBackoff, ratelimit.None
			})}
		}),
	}
	c := &Clouds{
		options: append(ours, opts.LoadOptions...),
		paces:   newPaces(opts.Speed),
		bases:   map[string]aws.Config{},
		roles:   map[roleKey]aws.CredentialsProvider{},
	}
	_, err := c.base(ctx, "")
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Config is the configuration for one side of a run: the worker's own credentials, or the assumed role's. An empty Region
// leaves the choice to the SDK's configuration. It calls no AWS API: credentials are fetched, and refused, with the first
// call that needs them. Errors are of class Denied: the configuration cannot be loaded.
func (c *Clouds) Config(ctx context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	base, err := c.base(ctx, region)
	if err != nil {
		return aws.Config{}, err
	}
	cfg := base.Copy()
	cfg.APIOptions = append(slices.Clone(base.APIOptions), c.paces.of(paceAccount(account)))
	if account.AssumeRole != "" {
		cfg.Credentials = c.assume(base, account.AssumeRole)
	}
	return cfg, nil
}

// Identity says as whom the calls of one side are made: the account ID and the principal's ARN. Errors are faults.
func (c *Clouds) Identity(ctx context.Context, account onboarding.AccountSpec, region string) (accountID, principal string, err error) {
	cfg, err := c.Config(ctx, account, region)
	if err != nil {
		return "", "", err
	}
	// Every Region's STS knows the caller; a worker need not have a default Region.
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", err
	}
	return aws.ToString(who.Account), aws.ToString(who.Arn), nil
}

// base loads the worker's own configuration for a Region. The caller holds c.mu, except in New.
func (c *Clouds) base(ctx context.Context, region string) (aws.Config, error) {
	if cfg, ok := c.bases[region]; ok {
		return cfg, nil
	}
	options := slices.Clone(c.options)
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		if canceled(err) {
			return aws.Config{}, err
		}
		f := fault.New(fault.Denied, "aws", "", "the AWS configuration cannot be loaded: %s", fault.Trim(err.Error(), maxText)).
			WithRemedy("Check AWS_PROFILE, the shared config and credentials files and the AWS_* variables of the worker.")
		f.Err = err
		return aws.Config{}, f
	}
	c.bases[region] = cfg
	return cfg, nil
}

// assume returns the credentials of a role, shared by everybody who uses it in that Region. The caller holds c.mu.
func (c *Clouds) assume(base aws.Config, role string) aws.CredentialsProvider {
	key := roleKey{role, base.Region}
	provider, ok := c.roles[key]
	if !ok {
		provider = aws.NewCredentialsCache(
			stscreds.NewAssumeRoleProvider(sts.NewFromConfig(base), role, func(o *stscreds.AssumeRoleOptions) {
				o.RoleSessionName = product
			}),
			func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = expiryWindow })
		c.roles[key] = provider
	}
	return provider
}

// paceAccount names the account whose limits calls count against. Without a role it is always the same one, the worker's
// own, whether the spec names it or not.
func paceAccount(account onboarding.AccountSpec) string {
	if role, err := arn.Parse(account.AssumeRole); err == nil {
		return role.AccountID
	}
	return ""
}
