package oktaorg

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/okta/okta-sdk-golang/v2/okta"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/knowledge"
)

const provider = "okta"

// classify sorts an error of the SDK. The HTTP status decides first: with OAuth, and behind proxies, Okta's error code is
// absent. resp may be nil. The codes are those of the page "Okta API error codes".
func classify(operation string, resp *okta.Response, err error) *fault.Fault {
	var asFault *fault.Fault
	if errors.As(err, &asFault) {
		return asFault
	}
	var answer *okta.Error
	if errors.As(err, &answer) && resp != nil && resp.Response != nil {
		return classifyAnswer(operation, resp.Response, answer)
	}

	var limited *rateLimited
	var redirect *redirected
	var refused *tokenRefused
	var page *webPage
	switch {
	case errors.As(err, &limited):
		f := fault.New(fault.Throttled, provider, operation, "Okta asks for a slower pace (HTTP 429).")
		if limited.concurrent {
			f.Message = "Okta serves too many of the org's requests at the same time (HTTP 429, concurrency limit)."
		}
		if limited.after > 0 {
			// Everybody who waits for the same reset should not come back in the same instant.
			f.RetryAfter = limited.after + rand.N(time.Second)
		}
		return f.WithRemedy("Wait; the org's rate limits are shown in the Okta admin console under Reports > Rate limits.")
	case errors.As(err, &redirect):
		return fault.New(fault.Invalid, provider, operation, "The Okta address redirects to %s.", redirect.host).AsWhole().
			WithRemedy("Set OKTA_CLIENT_ORGURL to the org's own address (https://<org>.okta.com) and check proxies between the worker and Okta.")
	case errors.As(err, &refused):
		return classifyToken(operation, refused)
	case errors.As(err, &page):
		return fault.New(fault.Unavailable, provider, operation, "a web page came instead of Okta's answer (HTTP %d).", page.status).
			WithRemedy("Check OKTA_CLIENT_ORGURL and the proxies between the worker and Okta.")
	}

	f := fault.New(fault.Unavailable, provider, operation, "no usable answer from Okta: %s.", strings.TrimSuffix(plainText(err), ".")).
		WithRemedy("Check that the worker reaches the Okta org, and Okta's status at https://status.okta.com.")
	if ctxErr := contextError(err); ctxErr != nil {
		f.Err = ctxErr
	}
	return f
}

// plainText is the error without the URL of the request: the token request carries its signed assertion there.
func plainText(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return fmt.Sprintf("the name %s could not be looked up", dns.Name)
	}
	return err.Error()
}

func contextError(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

func classifyAnswer(operation string, resp *http.Response, answer *okta.Error) *fault.Fault {
	status, code, text := resp.StatusCode, answer.ErrorCode, describe(answer)
	said := fmt.Sprintf("Okta answered %d", status)
	if code != "" {
		said += " " + code
	}
	text, _, _ = strings.Cut(text, ", x-okta-request-id=") // which is said below
	if text = strings.TrimSuffix(text, "."); text == "" {
		said += " without saying why"
	} else {
		said += ": " + text
	}
	if id := resp.Header.Get("X-Okta-Request-Id"); id != "" && status >= 500 {
		said += " (Okta request " + id + ")"
	}
	said += "."
	as := func(class fault.Class) *fault.Fault {
		return fault.New(class, provider, operation, "%s", said).WithRemedy("%s.", knowledge.Remedy(said))
	}

	switch {
	case status >= 500 && code == "E0000060", status == http.StatusNotImplemented, status == http.StatusMethodNotAllowed:
		return as(fault.Unsupported).WithRemedy("This org's API cannot do it: use the Okta admin console.")
	case status == http.StatusServiceUnavailable && code == "E0000010":
		return as(fault.Unavailable).WithRemedy("Okta is read-only for maintenance; see https://status.okta.com.").After(time.Minute)
	case status >= 500:
		return as(fault.Unavailable).WithRemedy("See https://status.okta.com.")
	case status == http.StatusUnauthorized && code == "E0000015":
		return as(fault.Unsupported).WithRemedy("The org lacks a feature or licence (Lifecycle Management for provisioning and group " +
			"push): ask your Okta account team, or use the admin console.")
	case status == http.StatusUnauthorized:
		return as(fault.Denied).WithRemedy("The worker's Okta credentials are wrong, expired or revoked (an API token ends after 30 " +
			"days without use, and with its administrator): give the worker new ones and restart it.")
	case status == http.StatusForbidden && code == "E0000056":
		return as(fault.Invalid).WithRemedy("Deactivate the app first.")
	case status == http.StatusForbidden:
		return as(fault.Denied).WithRemedy("Give the worker's Okta credentials the right: %s.", rightFor(operation))
	case status == http.StatusNotFound:
		return as(fault.NotFound)
	case status == http.StatusConflict:
		return as(fault.Conflict)
	case status == http.StatusTooManyRequests:
		return as(fault.Throttled)
	case status == http.StatusRequestTimeout:
		return as(fault.Unavailable)
	case code == "E0000024":
		return as(fault.Unsupported).WithRemedy("This app's API cannot do it: use the Okta admin console.")
	case code == "E0000001" && strings.Contains(text, "Provisioning is not enabled"):
		return as(fault.NotReady).WithRemedy("Switch provisioning on in the Okta admin console: app > Provisioning > Integration.")
	}
	return as(fault.Invalid)
}

func classifyToken(operation string, refused *tokenRefused) *fault.Fault {
	text := strings.TrimSpace(refused.code + " " + refused.description)
	if refused.status >= 500 {
		return fault.New(fault.Unavailable, provider, operation, "Okta's token endpoint answered %d.", refused.status).
			WithRemedy("See https://status.okta.com.")
	}
	f := fault.New(fault.Denied, provider, operation, "Okta gives the service app no access token: %d %s.", refused.status,
		strings.TrimSuffix(text, "."))
	switch refused.code {
	case "invalid_dpop_proof":
		return f.WithRemedy("Clear \"Require Demonstrating Proof of Possession (DPoP) header in token requests\" in the service app's " +
			"General settings.")
	case "invalid_scope":
		return f.WithRemedy("Grant the scopes of OKTA_CLIENT_SCOPES to the service app (Okta API Scopes tab).")
	case "invalid_client":
		return f.WithRemedy("Check OKTA_CLIENT_CLIENTID, OKTA_CLIENT_PRIVATEKEY and OKTA_CLIENT_PRIVATEKEYID against the service app's " +
			"public keys.")
	}
	return f.WithRemedy("Check the service app's client ID, public key, scopes and admin role in the Okta admin console.")
}

// describe joins Okta's summary and the causes, which alone say what is wrong with an E0000001.
func describe(answer *okta.Error) string {
	parts := make([]string, 0, 1+len(answer.ErrorCauses))
	for _, s := range []string{answer.ErrorSummary, answer.ErrorDescription, answer.ErrorMessage} {
		if s = strings.Trim(s, ", "); s != "" {
			parts = append(parts, s)
			break
		}
	}
	for _, cause := range answer.ErrorCauses {
		if s, ok := cause["errorSummary"].(string); ok && s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "; ")
}

// rightFor names the OAuth scope and the administrator role that an operation needs.
func rightFor(operation string) string {
	method, path, _ := strings.Cut(strings.TrimPrefix(operation, provider+":"), " ")
	switch {
	case strings.Contains(path, "/group-push/"):
		return "scopes okta.apps.manage and okta.groups.manage, or an administrator who manages the app and the groups"
	case strings.HasPrefix(path, "/api/v1/apps") && method == http.MethodGet:
		return "scope okta.apps.read, or an administrator who sees the app"
	case strings.HasPrefix(path, "/api/v1/apps"):
		return "scope okta.apps.manage, or an administrator who manages the app (Application Administrator)"
	case strings.HasPrefix(path, "/api/v1/groups"):
		return "scope okta.groups.read, or an administrator who sees the groups"
	case strings.HasPrefix(path, "/api/v1/logs"):
		return "scope okta.logs.read, or an administrator who reads the System Log"
	}
	return "scope okta.users.read, or an administrator who sees the people"
}
