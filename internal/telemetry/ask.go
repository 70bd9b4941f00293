package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// askTimeout bounds the question whether a worker is ready: it is longer than its looks may take.
const askTimeout = 2 * readyTimeout

// Ask asks the process that serves metrics and health at an address, as Options.Listen takes it, on this host whether it is ready: nil when
// it is. It is what the health check of a container calls that holds the program alone.
func Ask(ctx context.Context, listen string) error {
	if listen == "" {
		return fmt.Errorf("it is not said where the worker serves its health → give it, and this check, --metrics-listen or %s, such as "+
			"127.0.0.1:9464", ListenVariable)
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%q is not the address at which health is served → write it as host:port, such as 127.0.0.1:9464 "+
			"(--metrics-listen, %s)", listen, ListenVariable)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = ""
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(cmp.Or(host, "localhost"), port)+"/readyz", nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // past any proxy
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask whether the worker is ready: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return fmt.Errorf("ask whether the worker is ready: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the worker is not ready: %s", strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "; "))
	}
	return nil
}
