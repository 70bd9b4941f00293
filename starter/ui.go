package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"studio-onboarding/internal/runs"
)

// probeWithin is how long a look at a local port may take.
const probeWithin = 200 * time.Millisecond

// uiLink is where the Temporal UI shows a run: on Temporal Cloud, or on this machine where something listens on the port of
// the embedded server's UI (8233) or of docker-compose.yml's (8080). Elsewhere nobody can tell, so it is "".
func (a *app) uiLink(ctx context.Context, address, namespace string, started runs.Started) string {
	path := fmt.Sprintf("/namespaces/%s/workflows/%s/%s", url.PathEscape(namespace), url.PathEscape(started.WorkflowID), started.RunID)
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	if strings.HasSuffix(host, ".tmprl.cloud") || strings.HasSuffix(host, ".api.temporal.io") {
		return "https://cloud.temporal.io" + path
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return ""
	}
	for _, port := range []string{"8233", "8080"} {
		if a.io.Probe(ctx, net.JoinHostPort(host, port)) {
			return "http://" + net.JoinHostPort(host, port) + path
		}
	}
	return ""
}

// probe says whether something listens at an address.
func probe(ctx context.Context, address string) bool {
	dialer := net.Dialer{Timeout: probeWithin}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = connection.Close() // nothing was sent
	return true
}
