package scim

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// awsHost is the host of AWS's SCIM endpoint ("SCIM implementation", base URL) in all partitions.
var awsHost = regexp.MustCompile(`^scim\.([a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu)$`)

// endpointPath is /{tenant}/scim/v2.
var endpointPath = regexp.MustCompile(`^/[A-Za-z0-9-]+/scim/v2$`)

// NormalizeEndpoint checks the address of a SCIM endpoint and returns it as Okta wants it: without the trailing slash that
// the AWS console shows and Okta refuses. plainHTTPHost is a host (with port, if any) that is taken as well, and the only
// one to which the token may travel unencrypted; empty means none. Errors say what an address should look like.
func NormalizeEndpoint(s string, plainHTTPHost string) (string, error) {
	const example = "https://scim.us-east-1.amazonaws.com/<tenant>/scim/v2"
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if s == "" {
		return "", errors.New("the SCIM endpoint is missing: copy it from the Identity Center console, Settings > Automatic provisioning; it looks like " + example)
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%q is not an address: the SCIM endpoint looks like %s", s, example)
	}
	simulated := plainHTTPHost != "" && u.Host == plainHTTPHost
	switch {
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("the SCIM endpoint has something besides host and path: it looks like " + example)
	case u.Scheme != "https" && (u.Scheme != "http" || !simulated):
		return "", fmt.Errorf("the SCIM endpoint has to begin with https://, not %s://", u.Scheme)
	case !simulated && !awsHost.MatchString(u.Host):
		return "", fmt.Errorf("%s is not a host of AWS's SCIM endpoints: copy the SCIM endpoint from the Identity Center console, Settings > Automatic provisioning; it looks like %s", u.Host, example)
	case !endpointPath.MatchString(u.EscapedPath()):
		return "", fmt.Errorf("the path %s is not that of a SCIM endpoint: it looks like %s", u.EscapedPath(), example)
	}
	return u.Scheme + "://" + u.Host + u.Path, nil
}

// RegionOf is the Region that serves an endpoint, and empty for one that is not on a host of AWS's.
func RegionOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	if match := awsHost.FindStringSubmatch(u.Host); match != nil {
		return match[1]
	}
	return ""
}
