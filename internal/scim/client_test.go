package scim_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/scim"
)

const token = "d2a1c8f0-secret"

func TestCheckReadsTheServiceProviderConfiguration(t *testing.T) {
	var asked *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
			"patch":{"supported":true},"bulk":{"supported":false},"filter":{"supported":true,"maxResults":50}}`)
	}))
	defer server.Close()
	config, err := (&scim.Client{}).Check(t.Context(), server.URL+"/tenant-1/scim/v2", token+"\n")
	require.NoError(t, err)
	require.Equal(t, scim.Config{Patch: true, MaxResults: 50}, config)
	require.Equal(t, "/tenant-1/scim/v2/ServiceProviderConfig", asked.URL.Path)
	require.Equal(t, "Bearer "+token, asked.Header.Get("Authorization"))
}

func TestEveryRefusalHasItsClassAndNoToken(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the token must not follow a redirect")
	}))
	defer elsewhere.Close()
	send := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	detail := func(s string) string { return `{"schemas":["x"],"detail":"` + s + `","status":"4"}` }
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		class  fault.Class
		says   string
	}{
		"wrong token":      {send(401, "application/json", detail("Unauthorized "+token)), fault.Denied, "Token or endpoint is wrong"},
		"network controls": {send(403, "application/json", `{"message":"AccessDenied"}`), fault.Denied, "network controls"},
		"no such tenant":   {send(404, "application/json", `{}`), fault.NotFound, "primary Region"},
		"throttled":        {send(429, "application/json", detail("slow down")), fault.Throttled, "slow down"},
		"failing":          {send(500, "application/json", `{}`), fault.Unavailable, "500"},
		"HTML 503":         {send(503, "text/html", "<html>no</html>"), fault.Unavailable, "web page"},
		"portal":           {send(200, "text/html; charset=utf-8", "<html>portal</html>"), fault.Invalid, "web page"},
		"other JSON":       {send(200, "application/json", `{"hello":"world"}`), fault.Invalid, "does not answer as a SCIM endpoint"},
		"empty body":       {send(200, "application/json", " \n"), fault.Unavailable, "HTTP 200 with an empty body"},
		"null":             {send(200, "application/json", "null"), fault.Unavailable, "HTTP 200 with null"},
		"list":             {send(200, "application/json", "[]"), fault.Invalid, "HTTP 200 with a list where an object belongs"},
		"empty object":     {send(200, "application/json", "{}"), fault.Invalid, "HTTP 200 with an object without patch"},
		"half": {send(200, "application/json", `{"patch":{"supported":true},"filter":null}`), fault.Invalid,
			"an object without filter"},
		"wrong type":    {send(200, "application/json", `{"patch":true,"filter":{}}`), fault.Invalid, "values of a wrong type"},
		"broken JSON":   {send(200, "application/json", `{"patch":{`), fault.Invalid, "what is no JSON"},
		"other refusal": {send(400, "application/json", detail("Request is unparsable")), fault.Invalid, "Request is unparsable"},
		"redirect":      {http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect).ServeHTTP, fault.Invalid, "redirects"},
		"closed":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.Unavailable, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.handle)
			defer server.Close()
			_, err := (&scim.Client{}).Check(t.Context(), server.URL+"/t/scim/v2", token)
			var f *fault.Fault
			require.ErrorAs(t, err, &f)
			require.Equal(t, c.class, f.Class, f.Error())
			require.Contains(t, f.Error(), c.says)
			require.NotContains(t, f.Error(), token)
			require.NotContains(t, f.Error(), "<html>")
			if c.class == fault.Throttled {
				require.Equal(t, 7*time.Second, f.RetryAfter)
			}
		})
	}
}

func TestABrokenTokenIsNotSent(t *testing.T) {
	for _, broken := range []string{"", "  ", "two words", "a\nb"} {
		_, err := (&scim.Client{}).Check(t.Context(), "http://127.0.0.1:1/t/scim/v2", broken)
		require.Equal(t, fault.Invalid, fault.ClassOf(err))
	}
}

func TestACancelledCheckSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := (&scim.Client{}).Check(ctx, "http://127.0.0.1:1/t/scim/v2", token)
	require.ErrorIs(t, err, context.Canceled)
}

func TestEndpointsAreBroughtIntoOktasForm(t *testing.T) {
	for _, c := range []struct{ given, want, region string }{
		{"https://scim.us-east-1.amazonaws.com/Hw59fdecb43-083d-4e2a/scim/v2/",
			"https://scim.us-east-1.amazonaws.com/Hw59fdecb43-083d-4e2a/scim/v2", "us-east-1"},
		{" https://scim.eu-central-1.amazonaws.com/t/scim/v2 ", "https://scim.eu-central-1.amazonaws.com/t/scim/v2", "eu-central-1"},
		{"https://scim.cn-north-1.amazonaws.com.cn/t/scim/v2", "https://scim.cn-north-1.amazonaws.com.cn/t/scim/v2", "cn-north-1"},
		{"https://scim.us-gov-west-1.amazonaws.com/t/scim/v2", "https://scim.us-gov-west-1.amazonaws.com/t/scim/v2", "us-gov-west-1"},
		{"https://scim.eusc-de-east-1.amazonaws.eu/t/scim/v2", "https://scim.eusc-de-east-1.amazonaws.eu/t/scim/v2", "eusc-de-east-1"},
		{"http://127.0.0.1:8080/t/scim/v2/", "http://127.0.0.1:8080/t/scim/v2", ""},
	} {
		got, err := scim.NormalizeEndpoint(c.given, "127.0.0.1:8080")
		require.NoError(t, err)
		require.Equal(t, c.want, got)
		require.Equal(t, c.region, scim.RegionOf(got))
	}
}

func TestWrongEndpointsAreRefusedWithWhatIsWrong(t *testing.T) {
	for given, says := range map[string]string{
		"":                                       "missing",
		"scim.us-east-1.amazonaws.com/t/scim/v2": "not an address",
		"http://scim.us-east-1.amazonaws.com/t/scim/v2":           "https://",
		"https://scim.us-east-1.amazonaws.com/scim/v2":            "path",
		"https://scim.us-east-1.amazonaws.com/t/scim/v2/Users":    "path",
		"https://scim.us-east-1.amazonaws.com/t/scim/v2?x=1":      "besides",
		"https://u:p@scim.us-east-1.amazonaws.com/t/scim/v2":      "besides",
		"https://d-1234567890.awsapps.com/start":                  "not a host",
		"https://scim.us-east-1.amazonaws.com.evil.com/t/scim/v2": "not a host",
		"https://scimXus-east-1.amazonaws.com/t/scim/v2":          "not a host",
		"http://127.0.0.1:9/t/scim/v2":                            "https://",
	} {
		_, err := scim.NormalizeEndpoint(given, "127.0.0.1:8080")
		var wrong *scim.EndpointError
		require.ErrorAs(t, err, &wrong)
		require.Contains(t, wrong.Reason, says, given)
		require.Contains(t, wrong.Remedy, "Automatic provisioning", given)
		require.NotContains(t, strings.ToLower(err.Error()), "u:p")
	}
	_, err := scim.NormalizeEndpoint("http:///t/scim/v2", "")
	require.Error(t, err)
}
