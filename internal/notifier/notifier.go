// Package notifier holds the targets of notifications: a signed webhook, Slack, Microsoft Teams and mail. They come from NOTIFY_*
// variables of the worker's environment. Addresses of webhooks are secrets as much as keys and passwords, so that no error, log
// or description holds more of them than the host.
package notifier

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// patience is how long one delivery may take.
const patience = 15 * time.Second

// Secrets reads what references name. Implemented by internal/secret.
type Secrets interface {
	Resolve(ctx context.Context, reference string) (string, error)
}

// Target is where notices go.
type Target struct {
	name string
	open func(ctx context.Context) (channel, error)
}

// channel is a target with its secrets read. They are read for each delivery, so that new ones count at once.
type channel interface {
	// where says, without secrets, where the channel leads.
	where() string
	send(ctx context.Context, notice onboarding.Notice) error
}

// Name is "webhook", "slack", "teams" or "mail".
func (t *Target) Name() string { return t.name }

// Where reads the target's secrets, and says where it leads: a host. The error is a fault that names the variable.
func (t *Target) Where(ctx context.Context) (string, error) {
	opened, err := t.open(ctx)
	if err != nil {
		return "", err
	}
	return opened.where(), nil
}

// Send delivers one notice. Its errors are faults: those of a class that is retried may pass by themselves.
func (t *Target) Send(ctx context.Context, notice onboarding.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	opened, err := t.open(ctx)
	if err != nil {
		return err
	}
	return opened.send(ctx, notice)
}

// FromEnvironment makes the targets that the NOTIFY_* variables name; there may be none. It reads no secret and calls nobody. The
// error names every variable that is missing or wrong.
func FromEnvironment(getenv func(string) string, secrets Secrets) ([]*Target, error) {
	env := environment{getenv: getenv, secrets: secrets}
	client := &http.Client{
		// A redirect could take the notice, and the address, anywhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var targets []*Target
	var wrong []error
	for _, configure := range []func(environment, *http.Client) (*Target, error){webhookTarget, slackTarget, teamsTarget, mailTarget} {
		target, err := configure(env, client)
		switch {
		case err != nil:
			wrong = append(wrong, err)
		case target != nil:
			targets = append(targets, target)
		}
	}
	return targets, errors.Join(wrong...)
}

// environment reads settings.
type environment struct {
	getenv  func(string) string
	secrets Secrets
}

// setting is a variable that holds a value, or a reference to it.
type setting struct {
	environment
	variable string
}

func (e environment) setting(variable string) setting {
	return setting{environment: e, variable: variable}
}

func (s setting) text() string { return strings.TrimSpace(s.getenv(s.variable)) }

func (s setting) isSet() bool { return s.text() != "" }

// isReference says whether the variable holds a reference, and not the value itself.
func (s setting) isReference() bool {
	for _, scheme := range []onboarding.SecretScheme{onboarding.SecretInEnvironment, onboarding.SecretInFile, onboarding.SecretInAWS} {
		if strings.HasPrefix(s.text(), string(scheme)) {
			return true
		}
	}
	return false
}

// valid checks what can be checked without reading a secret: a reference's form, or the value with check.
func (s setting) valid(check func(value string) error) error {
	if !s.isSet() {
		return s.wrong(errors.New("is not set"))
	}
	if !s.isReference() {
		if err := check(s.text()); err != nil {
			return s.wrong(err)
		}
		return nil
	}
	if _, err := onboarding.ParseSecretReference(s.text()); err != nil {
		return s.wrong(fmt.Errorf("is no reference to a secret: %w", err))
	}
	return nil
}

func (s setting) wrong(err error) error { return fmt.Errorf("%s %w", s.variable, err) }

// read is the value, from where the reference says. The error is a fault that names the variable.
func (s setting) read(ctx context.Context, check func(value string) error) (string, error) {
	value := s.text()
	if s.isReference() {
		var err error
		if value, err = s.secrets.Resolve(ctx, value); err != nil {
			return "", s.unread(err)
		}
	}
	if err := check(value); err != nil {
		return "", fault.New(fault.Invalid, "worker", "", "%s", s.wrong(err).Error()).WithRemedy("%s", remedySetting)
	}
	return value, nil
}

const remedySetting = "Correct it where the worker runs; docs/operations.md, Notifications, says what belongs there."

// unread says which variable's secret could not be read.
func (s setting) unread(err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return fault.New(fault.Unavailable, "worker", "", "the secret behind %s cannot be read", s.variable)
	}
	reason, remedy := f.Shown()
	named := fault.New(f.Class, f.Provider, "", "%s: %s", s.variable, reason).WithRemedy("%s", remedy).After(f.RetryAfter)
	named.Err = f
	return named
}

// postable checks the address of a webhook, and never repeats it.
func postable(address string) error {
	_, err := parse(address)
	return err
}

func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("is no address that begins with https:// (nor env:, file: or aws-sm:)")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, errors.New("begins with http://, which is for this machine only: use https://")
	}
	return u, nil
}

// loopback says whether a host is this machine itself.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// hostOf is all that may be shown of an address.
func hostOf(address string) string {
	u, err := parse(address)
	if err != nil {
		return "an unknown host"
	}
	return u.Host
}

// unreachable classifies what a call failed with before there was an answer.
func unreachable(host string, err error) *fault.Fault {
	// The text of a *url.Error holds the whole address; its cause has the host alone.
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	f := fault.New(fault.Unavailable, "worker", "", "%s cannot be reached: %v", host, err).
		WithRemedy("See whether the worker may reach it, and whether it answers.")
	f.Err = err
	return f
}

// answered classifies the status of an answer; nil where it is a success.
func answered(host string, status int, retryAfter time.Duration, setting string) error {
	class := fault.Invalid
	remedy := "See what it expects, and whether " + setting + " is the right address."
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests:
		class, remedy = fault.Throttled, "It is tried again by itself."
	case status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooEarly:
		class, remedy = fault.Unavailable, "See whether it works."
	case status >= 300 && status < 400:
		remedy = "A redirect is not followed: let " + setting + " hold the address where it leads."
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		class = fault.Denied
	case status == http.StatusNotFound || status == http.StatusGone:
		class, remedy = fault.NotFound, "The webhook may have been removed there: make a new one, and let "+setting+" hold its address."
	}
	text := fmt.Sprintf("%s answered %d %s", host, status, http.StatusText(status))
	return fault.New(class, "worker", "", "%s", strings.TrimSpace(text)).WithRemedy("%s", remedy).After(retryAfter)
}

// retryAfter reads the seconds of a Retry-After header.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
