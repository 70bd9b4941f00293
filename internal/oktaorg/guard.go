package oktaorg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// guard stands between the SDK and the network and keeps the SDK from what it does badly: sending again without end when
// the peer closes the connection, forgetting the headers of a 429, following only the first of several joined Link
// headers, reading past redirects and web pages, taking nothing for an answer. It also keeps to Okta's pace.
type guard struct {
	base http.RoundTripper

	mu      sync.Mutex
	budgets map[string]budget
}

// budget is what the last answer said about one of Okta's rate limit buckets.
type budget struct {
	limit     int
	remaining int
	reset     time.Time
}

// maxPause is the longest time a request is held back; Okta's windows last a minute.
const maxPause = time.Minute

// pause spreads what remains of a bucket over the rest of its window, from about the half on: by default one API token or
// service app may use half of a bucket ("Rate limits", API token rate limits), and the rest belongs to others.
func (b budget) pause(now time.Time) time.Duration {
	left := b.reset.Sub(now)
	if b.limit <= 0 || left <= 0 || b.remaining*100 > b.limit*55 {
		return 0
	}
	return min(left/time.Duration(b.remaining+1), maxPause)
}

// rateLimited is a 429. after is 0 when Okta did not say how long.
type rateLimited struct {
	after      time.Duration
	concurrent bool
}

func (e *rateLimited) Error() string { return "too many requests" }

// redirected is an answer of the 3xx kind, which Okta's API does not give.
type redirected struct{ host string }

func (e *redirected) Error() string { return "redirected to " + e.host }

// tokenRefused is a refusal of the OAuth token request, for which the SDK hands out no response.
type tokenRefused struct {
	status            int
	code, description string
}

func (e *tokenRefused) Error() string {
	return fmt.Sprintf("token request: %s: %s", e.code, e.description)
}

// webPage is a page where JSON should be: a proxy's, or a portal's.
type webPage struct{ status int }

func (e *webPage) Error() string { return "answered with a web page" }

var errConnectionClosed = errors.New("the connection was closed before the answer came")

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.base.RoundTrip(req)
	if err != nil {
		return nil, unexpectedEnd(err)
	}
	reset := g.remember(bucketOf(req.URL.Path), resp.Header)
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		drain(resp.Body)
		if reset == 0 {
			if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
				reset = time.Duration(seconds) * time.Second
			}
		}
		return nil, &rateLimited{after: reset, concurrent: resp.Header.Get("X-Rate-Limit-Limit") == "0"}
	case resp.StatusCode/100 == 3:
		drain(resp.Body)
		host := "another address"
		if to, err := resp.Location(); err == nil {
			host = to.Host
		}
		return nil, &redirected{host: host}
	case resp.StatusCode/100 == 2 && mediaType == "text/html":
		drain(resp.Body)
		return nil, &webPage{status: resp.StatusCode}
	case resp.StatusCode >= 400 && strings.HasPrefix(req.URL.Path, "/oauth2/"):
		return nil, readTokenRefusal(resp)
	}
	if mediaType == "text/xml" || strings.HasSuffix(mediaType, "/xml") || strings.HasSuffix(mediaType, "+xml") {
		// The SDK knows application/xml alone, and decodes it; metadata has to reach us unchanged.
		resp.Header.Set("Content-Type", "application/octet-stream")
	}
	splitLinks(resp.Header)
	if resp.StatusCode/100 == 2 && !strings.HasPrefix(req.URL.Path, "/oauth2/") {
		if err := checkShape(req.Context(), resp); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// unexpectedEnd replaces what wraps io.EOF, which the SDK answers by sending again at once, without end, a POST too.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return errConnectionClosed
	}
	return err
}

// pace waits as long as the bucket asks for. It is called ahead of a request, because time spent in RoundTrip counts towards
// the request's timeout.
func (g *guard) pace(ctx context.Context, bucket string) error {
	g.mu.Lock()
	pause := g.budgets[bucket].pause(time.Now())
	g.mu.Unlock()
	if pause <= 0 {
		return nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// remember notes the bucket's state and returns the time to its reset, 0 when unknown.
func (g *guard) remember(bucket string, h http.Header) time.Duration {
	limit, err1 := strconv.Atoi(h.Get("X-Rate-Limit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Rate-Limit-Remaining"))
	reset, err3 := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return 0
	}
	now := time.Now()
	// Both times are Okta's, so that a wrong clock on this machine does not matter. Reset has whole seconds.
	date := now
	if d, err := http.ParseTime(h.Get("Date")); err == nil {
		date = d
	}
	left := max(time.Unix(reset, 0).Sub(date), time.Second)
	if limit > 0 { // a concurrency limit says 0, and nothing of the bucket
		g.mu.Lock()
		g.budgets[bucket] = budget{limit: limit, remaining: max(remaining, 0), reset: now.Add(left)}
		g.mu.Unlock()
	}
	return left
}

// bucketOf names the rate limit bucket that a path belongs to, after Okta's last published table.
func bucketOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/api/v1/"), "/")
	switch parts[0] {
	case "apps", "groups":
		if len(parts) == 2 {
			return parts[0] + "/{id}"
		}
		return parts[0]
	case "logs":
		return "logs"
	}
	return "other"
}

var oneLink = regexp.MustCompile(`<([^>]*)>([^<]*)`)

// splitLinks gives every link a header of its own and drops those that are no URL, over which the SDK panics.
func splitLinks(h http.Header) {
	var links []string
	for _, header := range h.Values("Link") {
		for _, link := range oneLink.FindAllStringSubmatch(header, -1) {
			if _, err := url.Parse(link[1]); err == nil {
				links = append(links, "<"+link[1]+">"+strings.TrimRight(link[2], ", "))
			}
		}
	}
	if len(links) > 0 {
		h["Link"] = links
	} else {
		h.Del("Link")
	}
}

func readTokenRefusal(resp *http.Response) error {
	defer drain(resp.Body)
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Summary     string `json:"errorSummary"`
	}
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	_ = json.Unmarshal(data, &body) // a page instead of JSON leaves the fields empty
	if body.Description == "" {
		body.Description = body.Summary
	}
	return &tokenRefused{status: resp.StatusCode, code: body.Error, description: body.Description}
}

func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<10))
	_ = body.Close()
}
