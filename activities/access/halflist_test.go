package access_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// halved is a body of which the list has only its first half, as where its second page is empty and the last.
func halved(t *testing.T, body []byte) []byte {
	var list []json.RawMessage
	require.NoError(t, json.Unmarshal(body, &list))
	half, err := json.Marshal(list[:len(list)/2])
	require.NoError(t, err)
	return half
}

// behindLies is the world's Okta org, of which some lists answer as lie says, once one is told.
func (w *keptWorld) behindLies(path string) (*oktaorg.Org, *atomic.Pointer[func([]byte) []byte]) {
	t := w.t
	origin, err := url.Parse(w.console.URL)
	require.NoError(t, err)
	lie, lists := &atomic.Pointer[func([]byte) []byte]{}, regexp.MustCompile(path)
	proxy := httputil.NewSingleHostReverseProxy(origin)
	proxy.ModifyResponse = func(r *http.Response) error {
		tell := lie.Load()
		if tell == nil || r.Request.Method != http.MethodGet || !lists.MatchString(r.Request.URL.Path) || r.StatusCode != http.StatusOK {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		body = (*tell)(body)
		r.Header.Del("Link")
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		r.ContentLength, r.Body = int64(len(body)), io.NopCloser(bytes.NewReader(body))
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	environment, err := w.console.Environment(t.Context())
	require.NoError(t, err)
	environment["OKTA_CLIENT_ORGURL"] = server.URL
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(t, err)
	org, err := oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	return org, lie
}

// Whatever Okta's lists end with, and for however long: an empty body, null, something else than a list, or a valid list that is
// too short. None of it is a list of people who left.
func TestAReconcileTakesNoListThatEndsEarlyForOneOfPeopleWhoLeft(t *testing.T) {
	for name, path := range map[string]string{
		"members of groups": `^/api/v1/groups/[^/]+/users$`, "people of the app": `^/api/v1/apps/[^/]+/users$`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newKeptWorld(t, onboarding.RemovalDeleteProfile)
			org, lie := w.behindLies(path)
			w.x.Okta = org
			for says, tell := range map[string]func([]byte) []byte{
				"":                        func([]byte) []byte { return nil },
				"null":                    func([]byte) []byte { return []byte("null") },
				"{}":                      func([]byte) []byte { return []byte("{}") },
				"Okta contradicts itself": func(body []byte) []byte { return halved(t, body) },
			} {
				before := len(w.calls())
				lie.Store(&tell)
				_, err := w.reconcile(nil)
				require.ErrorContains(t, err, "Nothing was changed, and nobody was removed", says)
				if says == "Okta contradicts itself" {
					require.ErrorContains(t, err, says)
				}
				require.Empty(t, w.removals(before), says)
			}
			lie.Store(nil)
			report, err := w.reconcile(nil)
			require.NoError(t, err)
			require.Empty(t, report.Held)
			require.Zero(t, report.Changes.Total, "%+v", report.Changes)
		})
	}
}
