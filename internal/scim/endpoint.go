package scim

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"studio-onboarding/onboarding"
)

// endpointPath is /{tenant}/scim/v2.
var endpointPath = regexp.MustCompile(`^/[A-Za-z0-9-]+/scim/v2$`)

// NormalizeEndpoint checks the address of a SCIM endpoint and returns it as Okta wants it: without the trailing slash that
// the AWS console shows and Okta refuses. plainHTTPHost is a host (with port, if any) that is taken as well, and the only
// one to which the token may travel unencrypted; empty means none. Errors are
// *EndpointError and say what an address should look like.
func NormalizeEndpoint(s string, plainHTTPHost string) (string, error) {
	const copyIt = "Copy the SCIM endpoint from the Identity Center console, Settings > Automatic provisioning; " +
		"it looks like https://scim.us-east-1.amazonaws.com/<tenant>/scim/v2."
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if s == "" {
		return "", &EndpointError{Reason: "The SCIM endpoint is missing.", Remedy: copyIt}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", &EndpointError{Reason: fmt.Sprintf("%q is not an address.", s), Remedy: copyIt}
	}
	simulated := plainHTTPHost != "" && u.Host == plainHTTPHost
	switch {
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", &EndpointError{Reason: "The SCIM endpoint has something besides host and path.", Remedy: copyIt}
	case u.Scheme != "https" && (u.Scheme != "http" || !simulated):
		return "", &EndpointError{Reason: fmt.Sprintf("The SCIM endpoint has to begin with https://, not %s://.", u.Scheme), Remedy: copyIt}
	case !simulated && onboarding.SCIMRegion(u.Host) == "":
		return "", &EndpointError{Reason: u.Host + " is not a host of AWS's SCIM endpoints.", Remedy: copyIt}
	case !endpointPath.MatchString(u.EscapedPath()):
		return "", &EndpointError{Reason: fmt.Sprintf("The path %s is not that of a SCIM endpoint.", u.EscapedPath()), Remedy: copyIt}
	}
	return u.Scheme + "://" + u.Host + u.Path, nil
}

// EndpointError says what is wrong with an address, and what to do about it.
type EndpointError struct{ Reason, Remedy string }

// Error is both in one line.
func (e *EndpointError) Error() string { return e.Reason + " " + e.Remedy }

// RegionOf is the Region that serves an endpoint, and empty for one that is not on a host of AWS's.
func RegionOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return onboarding.SCIMRegion(u.Host)
}
