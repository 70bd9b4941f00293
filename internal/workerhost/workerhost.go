// Package workerhost puts a worker together: the adapters with their credentials, the activities, the workflows. The worker
// program and standalone both run one; the difference is where Temporal is.
package workerhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/notify"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/notifier"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/scim"
	"studio-onboarding/internal/secret"
	"studio-onboarding/internal/store"
	"studio-onboarding/onboarding"
	"studio-onboarding/workflows"
)

const (
	// activitySlots bounds the activities at work at the same time. They wait for Okta and AWS, whose limits are shared by all
	// of them; Temporal's default of 1000 would only run into those.
	activitySlots = 20
	// StopTimeout is how long a stopping worker lets activities end. Temporal's default of 0 cuts them off at once.
	StopTimeout = 30 * time.Second
)

// Options say with which settings and credentials a worker works.
type Options struct {
	// Getenv reads variables: OKTA_CLIENT_*, OKTA_TESTING_DISABLE_HTTPS_CHECK, AWS_ENDPOINT_URL, NOTIFY_*, and those that env:
	// references name. nil means os.Getenv.
	Getenv func(string) string
	// LoadOptions win over the AWS SDK's standard configuration, which reads the process's environment and files.
	LoadOptions []func(*awsconfig.LoadOptions) error
	// Waits are the pauses between two looks; the zero value means provider.DefaultWaits.
	Waits provider.Waits
	// Speed is how many times faster than the real ones a simulated AWS runs, limits included; 0 means 1.
	Speed float64
	// Store is the address of the store, as store.Open takes it.
	Store string
	// AdoptStore makes the store the one that the workers of the namespace agree on, whichever they agreed on before.
	AdoptStore bool
	// AdoptOkta makes the Okta org the one that the workers of the namespace serve, whichever it was before.
	AdoptOkta bool
	// Version is the worker's; the zero value means none.
	Version Version
	// Logger gets what the AWS SDK has to say, which would go to standard error otherwise. nil discards it.
	Logger *slog.Logger
}

// Host is a worker, ready to run.
type Host struct {
	client  client.Client
	worker  sdkworker.Worker
	clouds  *awscloud.Clouds
	okta    *oktaorg.Org
	secrets *secret.Resolver
	targets []*notifier.Target
	store   *store.Store
	// adopt and adoptOkta say that this worker's store and org are to be those of the namespace.
	adopt, adoptOkta bool
}

// New reads the configuration, opens the store, and registers workflows and activities. It calls no provider. The error names every setting
// that is missing or wrong.
func New(ctx context.Context, c client.Client, opts Options) (*Host, error) {
	if opts.Getenv == nil {
		opts.Getenv = os.Getenv
	}
	if opts.Waits == (provider.Waits{}) {
		opts.Waits = provider.DefaultWaits()
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	logged := append([]func(*awsconfig.LoadOptions) error{awsconfig.WithLogger(sdkLogger(opts.Logger))}, opts.LoadOptions...)
	clouds, awsErr := awscloud.New(ctx, awscloud.Options{LoadOptions: logged, Speed: opts.Speed})
	okta, oktaErr := openOkta(ctx, opts.Getenv)
	secrets := secret.New(opts.Getenv, clouds)
	targets, notifyErr := notifier.FromEnvironment(opts.Getenv, secrets)
	if err := errors.Join(awsErr, oktaErr, notifyErr); err != nil {
		return nil, fmt.Errorf("the worker's configuration is not complete:\n%w", err)
	}
	kept, err := store.Open(ctx, opts.Store, store.Options{
		AWS: func(ctx context.Context, region string) (aws.Config, error) {
			return clouds.Config(ctx, onboarding.AccountSpec{}, region)
		},
		Logger: opts.Logger,
	})
	if err != nil {
		return nil, err
	}

	h := &Host{
		client: c, clouds: clouds, okta: okta, secrets: secrets, targets: targets, store: kept, adopt: opts.AdoptStore,
		adoptOkta: opts.AdoptOkta,
	}
	h.worker = sdkworker.New(c, onboarding.TaskQueue, sdkworker.Options{
		MaxConcurrentActivityExecutionSize: activitySlots,
		WorkerStopTimeout:                  StopTimeout,
		DisableRegistrationAliasing:        true,
		DeploymentOptions: sdkworker.DeploymentOptions{
			UseVersioning: opts.Version != Version{},
			Version:       sdkworker.WorkerDeploymentVersion{DeploymentName: opts.Version.Deployment, BuildID: opts.Version.BuildID},
		},
		Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor(), activities.NewQueries(store.Lists{Store: kept})},
	})
	workflows.Register(h.worker)
	h.registerActivities(opts)
	return h, nil
}

func openOkta(ctx context.Context, getenv func(string) string) (*oktaorg.Org, error) {
	options, err := oktaorg.OptionsFromEnvironment(getenv)
	if err != nil {
		return nil, err
	}
	return oktaorg.New(ctx, options)
}

func (h *Host) registerActivities(opts Options) {
	targets := make([]notify.Target, 0, len(h.targets))
	for _, target := range h.targets {
		targets = append(targets, target)
	}
	for _, set := range activities.All(activities.Providers{
		AWS: h.clouds, Okta: h.okta, SCIM: &scim.Client{}, Secrets: h.secrets, Waits: opts.Waits, Notify: targets,
		People: store.Lists{Store: h.store}, PlainHTTPHost: plainHTTPHost(opts.Getenv),
		Temporal: h.client, Store: h.store,
	}) {
		h.worker.RegisterActivity(set)
	}
}

// plainHTTPHost is the host of a simulated AWS: whoever reaches AWS itself in plain text may reach its SCIM endpoint so.
func plainHTTPHost(getenv func(string) string) string {
	u, err := url.Parse(getenv("AWS_ENDPOINT_URL"))
	if err != nil || u.Scheme != "http" {
		return ""
	}
	return u.Host
}

func sdkLogger(logger *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(classification logging.Classification, format string, args ...any) {
		level := slog.LevelDebug
		if classification == logging.Warn {
			level = slog.LevelWarn
		}
		logger.Log(context.Background(), level, "aws sdk: "+fmt.Sprintf(format, args...))
	})
}

// Check asks AWS and Okta who we are, and reads the secrets of the targets of notifications, and answers with a line for each. A
// provider that cannot be reached is a line too, because the runs will wait for it; credentials that a provider refuses, and
// secrets that are not there, are the error.
func (h *Host) Check(ctx context.Context) ([]string, error) {
	var lines []string
	var refused []error
	note := func(provider string, err error) {
		switch fault.ClassOf(err) {
		case fault.Denied, fault.Invalid:
			refused = append(refused, fmt.Errorf("%s: %w", provider, err))
		default:
			lines = append(lines, fmt.Sprintf("%s: not reached, runs will wait for it: %v", provider, err))
		}
	}

	if account, principal, err := h.clouds.Identity(ctx, onboarding.AccountSpec{}, ""); err != nil {
		note("AWS", err)
	} else {
		lines = append(lines, fmt.Sprintf("AWS: account %s as %s", account, principal))
	}
	if principal, err := h.okta.Who(ctx); err != nil {
		note("Okta", err)
	} else {
		lines = append(lines, fmt.Sprintf("Okta: %s as %s", h.okta.URL(), principal))
	}
	for _, target := range h.targets {
		where, err := target.Where(ctx)
		switch {
		case err == nil:
			lines = append(lines, fmt.Sprintf("Notifications: %s, %s", target.Name(), where))
		case fault.ClassOf(err).Retryable():
			lines = append(lines, fmt.Sprintf("Notifications: %s waits for its secret: %v", target.Name(), err))
		default:
			refused = append(refused, fmt.Errorf("notifications: %w", err))
		}
	}
	if len(h.targets) == 0 {
		lines = append(lines, "Notifications: no target is configured")
	}
	return lines, errors.Join(refused...)
}

// Run works until the context ends, and then lets activities end for at most StopTimeout. A worker runs once.
func (h *Host) Run(ctx context.Context) error {
	defer h.store.Close()
	// At the start, and not in the last step of somebody's run.
	if err := errors.Join(h.AgreeOnStore(ctx), h.AgreeOnOkta(ctx)); err != nil {
		return err
	}
	interrupt := make(chan any)
	finished := make(chan struct{})
	defer close(finished)
	go func() {
		select {
		case <-ctx.Done():
			close(interrupt)
		case <-finished:
		}
	}()
	return h.worker.Run(interrupt)
}
