package brokenworlds

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// spoil puts something between the worker and the providers that answers some requests with 200 and a body of its own.
func (s *site) spoil(hit func(*http.Request) bool, body string) {
	at, err := url.Parse(s.url)
	require.NoError(s, err)
	through := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(at)
		r.Out.Host = r.In.Host
	}, ErrorLog: log.New(io.Discard, "", 0)} // of requests that the end of a test cuts off
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hit(r) {
			through.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	s.Cleanup(between.Close)
	s.workThrough(between.URL)
}

// workThrough has the worker reach the providers at another address.
func (s *site) workThrough(address string) {
	s.aws.Reach(address)
	environment, err := s.console.EnvironmentAs(s.Context(), sandbox.AsWorker)
	require.NoError(s, err)
	environment["OKTA_CLIENT_ORGURL"] = address
	s.workWith(environment)
}

// answers are worlds in which a success is none: the answer has not what was asked for. It counts as nothing, never as an empty list.
func answers() []row {
	spoiled := func(world, body string, hit func(*http.Request) bool, stops onboarding.Step, stop ...string) row {
		return row{world: world, unseen: "what is asked for is not there yet; the run tries again for minutes or hours, and then stops",
			breaks: func(s *site) { s.spoil(hit, body) }, stops: stops, stop: stop,
			repair: func(s *site) { s.workThrough(s.url) }, fix: "repair what stands between the worker and the provider, and retry"}
	}
	return []row{
		spoiled("AWS answers with a page that has no list", "{}", func(r *http.Request) bool {
			return strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ListApplicationAssignments")
		}, onboarding.StepSAMLExchange, "sso:ListApplicationAssignments", "a page without ApplicationAssignments"),
		spoiled("Okta answers with null where a list belongs", "null", func(r *http.Request) bool {
			return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/api/v1/apps/") && strings.HasSuffix(r.URL.Path, "/groups")
		}, onboarding.StepSAMLExchange, "okta:GET /api/v1/apps/{id}/groups", "null"),
	}
}
