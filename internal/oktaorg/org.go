package oktaorg

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/okta/okta-sdk-golang/v2/okta"

	"studio-onboarding/internal/fault"
)

// The time limits of one request.
const (
	transportTimeout = 30 * time.Second
	requestTimeout   = 60 // seconds, as the SDK wants it
)

// Org is an Okta org. Its methods return *fault.Fault errors, never show credentials, and are safe for concurrent use.
type Org struct {
	client  *okta.Client
	guard   *guard
	url     string
	who     string
	mode    string
	secrets []string
	// observer is told of calls.
	observer Observer
}

// New makes the client of an org. It sends nothing; an error says which option is wrong.
//
// Every setting of the SDK is given explicitly: it reads ~/.okta/okta.yaml, a file next to its own source, and its own
// environment variables before, and any of them could point it to another org. Its cache is off, since a second look would
// be answered from memory for five minutes; its retries are off, since Temporal retries.
func New(ctx context.Context, options Options) (*Org, error) {
	options.OrgURL = strings.TrimRight(options.OrgURL, "/")
	if err := checkOrgURL(options.OrgURL, options.PlainHTTP); err != nil {
		return nil, fmt.Errorf("the Okta org's address %w", err)
	}
	base := options.Transport
	if base == nil {
		base = http.DefaultTransport.(*http.Transport).Clone()
	}
	guard := &guard{base: base, budgets: map[string]budget{}}
	setters := []okta.ConfigSetter{
		okta.WithOrgUrl(options.OrgURL),
		okta.WithAuthorizationMode(options.Mode),
		okta.WithToken(options.Token),
		okta.WithClientId(options.ClientID),
		okta.WithClientAssertion(""),
		okta.WithScopes(options.Scopes),
		okta.WithPrivateKey(""),
		okta.WithPrivateKeyId(options.PrivateKeyID),
		okta.WithPrivateKeySigner(nil),
		okta.WithCache(false),
		okta.WithHttpClientPtr(&http.Client{Transport: guard, Timeout: transportTimeout}),
		okta.WithRequestTimeout(requestTimeout),
		okta.WithRateLimitMaxRetries(0),
		okta.WithRateLimitMaxBackOff(1),
		okta.WithTestingDisableHttpsCheck(options.PlainHTTP),
		okta.WithUserAgentExtra("studio-onboarding"),
	}
	org := &Org{guard: guard, url: options.OrgURL, mode: options.Mode, observer: options.Observer}
	if org.observer == nil {
		org.observer = nobody{}
	}
	switch options.Mode {
	case ModeSSWS, ModeBearer:
		if err := checkToken(options.Token); err != nil {
			return nil, fmt.Errorf("the Okta token %w", err)
		}
		org.secrets = []string{options.Token}
	case ModePrivateKey:
		key, err := pkcs1(options.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("the Okta private key %w", err)
		}
		signer, err := okta.CreateKeySigner(key, options.PrivateKeyID)
		if err != nil {
			return nil, fmt.Errorf("the Okta private key: %w", err)
		}
		setters = append(setters, okta.WithPrivateKeySigner(signer))
		org.who = fmt.Sprintf("service app %s (scopes %s)", options.ClientID, strings.Join(options.Scopes, ", "))
	}
	_, client, err := okta.NewClient(ctx, setters...)
	if err != nil {
		return nil, fmt.Errorf("the Okta client: %w", err)
	}
	org.client = client
	return org, nil
}

// URL is the org's address without trailing slash.
func (o *Org) URL() string { return o.url }

// Who names the principal behind the credentials: the administrator of an API token with their roles where Okta shows
// them, or the service app with its scopes. It calls the org, so that it fails when the credentials are no good.
func (o *Org) Who(ctx context.Context) (string, error) {
	if o.mode != ModeSSWS {
		var apps []struct{}
		if _, err := o.send(ctx, "okta:GET /api/v1/apps", http.MethodGet, "/api/v1/apps?limit=1", aList, nil, &apps); err != nil {
			return "", err
		}
		if o.who == "" {
			return "the owner of an OAuth access token", nil
		}
		return o.who, nil
	}
	var me *okta.User
	_, err := o.call(ctx, "okta:GET /api/v1/users/me", aThing, func(ctx context.Context) (resp *okta.Response, err error) {
		me, resp, err = o.client.User.GetUser(ctx, "me")
		return resp, err
	})
	if err != nil {
		return "", err
	}
	who := userOf(me).Login
	var roles []*okta.Role
	_, err = o.call(ctx, "okta:GET /api/v1/users/{id}/roles", aList, func(ctx context.Context) (resp *okta.Response, err error) {
		roles, resp, err = o.client.User.ListAssignedRolesForUser(ctx, url.PathEscape(me.Id), nil)
		return resp, err
	})
	if err != nil || len(roles) == 0 {
		return who, nil // few may read roles, and nothing depends on it
	}
	labels := make([]string, len(roles))
	for i, role := range roles {
		labels[i] = role.Label
	}
	return who + " (" + strings.Join(labels, ", ") + ")", nil
}

// call makes one request through the SDK at Okta's pace, and turns whatever goes wrong, a panic of the SDK and an answer that is
// none included, into a fault without the secrets of the org or those given.
func (o *Org) call(
	ctx context.Context, operation string, want shape, request func(context.Context) (*okta.Response, error), secrets ...string,
) (resp *okta.Response, err error) {
	ctx, end := o.observer.Call(ctx, provider, operation)
	var waited time.Duration
	began := time.Now()
	defer func() {
		end(err)
		if sent := resp != nil || fault.ClassOf(err) != ""; sent && contextError(err) == nil {
			o.observer.Request(ctx, provider, operation, waited, time.Since(began)-waited, fault.ClassOf(err))
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			resp, err = nil, fault.New(fault.Unavailable, provider, operation, "Okta's answer could not be read: %v.", r)
		}
	}()
	_, path, _ := strings.Cut(operation, " ")
	err = o.guard.pace(ctx, bucketOf(path))
	if waited = time.Since(began); err != nil {
		return nil, classify(operation, nil, err)
	}
	resp, err = request(wanting(ctx, want))
	if err != nil {
		// A copy, because calls side by side that end for the same reason hold the same fault.
		own := *classify(operation, resp, err)
		f := &own
		for _, secret := range append(secrets, o.secrets...) {
			if secret != "" {
				f.Message = strings.ReplaceAll(f.Message, secret, "***")
			}
		}
		return nil, f
	}
	return resp, nil
}

// send makes a request that the SDK has no types for. body and out may be nil.
func (o *Org) send(ctx context.Context, operation, method, path string, want shape, body, out any,
	secrets ...string) (*okta.Response, error) {
	return o.call(ctx, operation, want, func(ctx context.Context) (*okta.Response, error) {
		executor := o.client.CloneRequestExecutor()
		req, err := executor.WithAccept("application/json").WithContentType("application/json").NewRequest(method, path, body)
		if err != nil {
			return nil, err
		}
		return executor.Do(ctx, req, out)
	}, secrets...)
}

// errStop, returned by a page function, ends a listing without an error.
var errStop = errors.New("enough")

// maxThrottled is how often one page of a listing waits for Okta's pace before the whole listing fails.
const maxThrottled = 5

// list reads all pages of a listing. A page that Okta throttles is asked for again after the pause that Okta named, because
// a listing of a large org takes longer than a rate limit window and would never end if it had to start over.
func list[T any](ctx context.Context, o *Org, operation string, first func(context.Context) ([]T, *okta.Response, error),
	page func([]T) error) error {
	var items []T
	request := func(ctx context.Context) (resp *okta.Response, err error) {
		items, resp, err = first(ctx)
		return resp, err
	}
	seen := map[string]bool{}
	for {
		resp, err := o.patiently(ctx, operation, request)
		if err != nil {
			return err
		}
		if err := page(items); err != nil {
			if errors.Is(err, errStop) {
				return nil
			}
			return err
		}
		if !resp.HasNextPage() {
			return nil
		}
		if seen[resp.NextPage] {
			return fault.New(fault.Unavailable, provider, operation, "Okta's pages repeat themselves, so that the list cannot be read to its end.").
				WithRemedy("Check the proxies between the worker and Okta: the Link headers have to arrive unchanged.")
		}
		seen[resp.NextPage] = true
		request = func(ctx context.Context) (*okta.Response, error) {
			items = nil
			return resp.Next(ctx, &items)
		}
	}
}

// listRaw is list for what the SDK has no types for.
func listRaw[T any](ctx context.Context, o *Org, operation, path string, page func([]T) error) error {
	return list(ctx, o, operation, func(ctx context.Context) ([]T, *okta.Response, error) {
		executor := o.client.CloneRequestExecutor()
		req, err := executor.WithAccept("application/json").NewRequest(http.MethodGet, path, nil)
		if err != nil {
			return nil, nil, err
		}
		var items []T
		resp, err := executor.Do(ctx, req, &items)
		return items, resp, err
	}, page)
}

func (o *Org) patiently(ctx context.Context, operation string,
	request func(context.Context) (*okta.Response, error)) (*okta.Response, error) {
	for attempt := 1; ; attempt++ {
		resp, err := o.call(ctx, operation, aList, request)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Class != fault.Throttled || f.RetryAfter <= 0 || f.RetryAfter > maxPause+10*time.Second ||
			attempt == maxThrottled {
			return resp, err
		}
		timer := time.NewTimer(f.RetryAfter)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		case <-timer.C:
		}
	}
}
