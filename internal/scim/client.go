package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
)

const (
	provider       = "scim"
	checkOperation = "scim:GET /ServiceProviderConfig"
	timeout        = 30 * time.Second
	maxAnswer      = 1 << 20
)

// Client talks to AWS's SCIM endpoint. The zero value is ready for use.
type Client struct {
	// HTTP sends the requests; nil means a client with a timeout of 30 s. Redirects are never followed: the token belongs
	// to one host.
	HTTP *http.Client
}

// Check reads the service provider configuration with the token, which changes nothing and proves that endpoint and token
// fit together. Class Denied when they don't. Errors never contain the token.
func (c *Client) Check(ctx context.Context, endpoint, token string) (Config, error) {
	token = strings.TrimSpace(token)
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return Config{}, fault.New(fault.Invalid, provider, checkOperation, "The access token is empty or contains a space, "+
			"a line break or another character that no token has.").AsWhole().
			WithRemedy("Store the token again, exactly as the Identity Center console showed it.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/ServiceProviderConfig", nil)
	if err != nil {
		return Config{}, fault.New(fault.Invalid, provider, checkOperation, "The SCIM endpoint is not an address.").AsWhole()
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/scim+json, application/json")

	resp, err := c.http().Do(req)
	if err != nil {
		return Config{}, unreachable(req.URL.Host, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return Config{}, unreachable(req.URL.Host, err)
	}
	if f := refusal(resp, data, token); f != nil {
		return Config{}, f
	}
	return decode(resp, data)
}

// decode reads the configuration strictly. Nothing at all is a failure of the endpoint, or of something before it, and worth
// another try; anything else that is no configuration comes from another place than a SCIM endpoint.
func decode(resp *http.Response, data []byte) (Config, error) {
	host, status := resp.Request.URL.Host, resp.StatusCode
	data = bytes.TrimSpace(data)
	came := ""
	switch {
	case len(data) == 0:
		came = "an empty body"
	case string(data) == "null":
		came = "null"
	}
	if came != "" {
		return Config{}, fault.New(fault.Unavailable, provider, checkOperation, "%s answers HTTP %d with %s.", host, status, came).AsWhole().
			WithRemedy("Check the proxies between the worker and %s, and the AWS Health Dashboard.", host)
	}
	var answer struct {
		Patch *struct {
			Supported bool `json:"supported"`
		} `json:"patch"`
		Filter *struct {
			MaxResults int `json:"maxResults"`
		} `json:"filter"`
	}
	err := json.Unmarshal(data, &answer)
	var wrongType *json.UnmarshalTypeError
	switch {
	case data[0] == '[':
		came = "a list where an object belongs"
	case errors.As(err, &wrongType):
		came = "values of a wrong type"
	case err != nil:
		came = "what is no JSON"
	case answer.Patch == nil:
		came = "an object without patch"
	case answer.Filter == nil:
		came = "an object without filter"
	}
	if came != "" {
		return Config{}, fault.New(fault.Invalid, provider, checkOperation, "%s does not answer as a SCIM endpoint: HTTP %d with %s.",
			host, status, came).AsWhole().
			WithRemedy("Copy the SCIM endpoint again from the Identity Center console, Settings > Automatic provisioning.")
	}
	return Config{Patch: answer.Patch.Supported, MaxResults: answer.Filter.MaxResults}, nil
}

func (c *Client) http() *http.Client {
	client := http.Client{Timeout: timeout}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// refusal classifies an answer that is no success; nil for a success. The exceptions are those of the SCIM developer guide.
func refusal(resp *http.Response, data []byte, token string) *fault.Fault {
	host := resp.Request.URL.Host
	as := func(class fault.Class, format string, args ...any) *fault.Fault {
		f := fault.New(class, provider, checkOperation, format, args...).AsWhole()
		if detail := strings.ReplaceAll(detailOf(resp, data), token, "***"); detail != "" {
			f.Message += ": " + strings.TrimSuffix(fault.Trim(detail, 300), ".")
		}
		f.Message += "."
		return f
	}
	switch status := resp.StatusCode; {
	case status/100 == 3:
		return as(fault.Invalid, "%s redirects (HTTP %d); the token was not sent on", host, status).
			WithRemedy("Copy the SCIM endpoint again from the Identity Center console, and check proxies between the worker and AWS.")
	case status == http.StatusUnauthorized:
		return as(fault.Denied, "Token or endpoint is wrong, or the token has expired (HTTP 401)").
			WithRemedy("Compare the endpoint with the Identity Center console (Settings > Automatic provisioning), generate a new token " +
				"there, and give its reference again.")
	case status == http.StatusForbidden:
		return as(fault.Denied, "The SCIM endpoint refuses this worker (HTTP 403)").
			WithRemedy("Check network controls: the identity store's ScimAllowSourceIps has to admit Okta's addresses and this worker's "+
				"(identitystore:UpdateIdentityStore), and no proxy or firewall may stand before %s.", host)
	case status == http.StatusNotFound:
		return as(fault.NotFound, "There is no SCIM endpoint at this address (HTTP 404)").
			WithRemedy("Copy the SCIM endpoint again from the Identity Center console; it exists in the primary Region only, " +
				"and only while automatic provisioning is enabled.")
	case status == http.StatusTooManyRequests:
		f := as(fault.Throttled, "The SCIM endpoint asks for a slower pace (HTTP 429)")
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
			f.RetryAfter = time.Duration(seconds) * time.Second
		}
		return f
	case status >= 500:
		return as(fault.Unavailable, "The SCIM endpoint failed (HTTP %d)", status).
			WithRemedy("See the AWS Health Dashboard.")
	case status/100 != 2:
		return as(fault.Invalid, "The SCIM endpoint refused the request (HTTP %d)", status)
	case isHTML(resp):
		return fault.New(fault.Invalid, provider, checkOperation, "%s answers with a web page.", host).AsWhole().
			WithRemedy("Copy the SCIM endpoint (not the access portal) from the Identity Center console, and check proxies between the " +
				"worker and AWS.")
	}
	return nil
}

// detailOf is AWS's own explanation, where there is one.
func detailOf(resp *http.Response, data []byte) string {
	if isHTML(resp) {
		return "a web page came instead of SCIM's answer"
	}
	var body struct {
		Detail  string `json:"detail"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(data, &body) // whatever is no JSON explains nothing
	if body.Detail != "" {
		return body.Detail
	}
	return body.Message
}

func isHTML(resp *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return mediaType == "text/html"
}

func unreachable(host string, err error) *fault.Fault {
	cause := err
	var request *url.Error
	if errors.As(err, &request) {
		cause = request.Err
	}
	f := fault.New(fault.Unavailable, provider, checkOperation, "%s cannot be reached: %v.", host, cause).AsWhole().
		WithRemedy("Check that the worker reaches %s over HTTPS.", host)
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			f.Err = known
		}
	}
	return f
}
