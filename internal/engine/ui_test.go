package engine_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/engine"
)

// browse asks the UI as a browser would, with these headers; Host stands for the Host header.
func browse(t *testing.T, e *engine.Engine, method, path string, headers map[string]string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, e.UIURL()+path, strings.NewReader("{}"))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	if host := headers["Host"]; host != "" {
		request.Host = host
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

const (
	listing  = "/api/v1/namespaces/default/workflows"
	starting = "/api/v1/namespaces/default/workflows/from-a-page"
)

// A page that makes its own name point at this machine, and one that posts to it, are what a browser can be made to do.
func TestPagesOfOthersNeitherReadNorWriteThroughTheUI(t *testing.T) {
	e := start(t, options(""))
	_, port, err := net.SplitHostPort(strings.TrimPrefix(e.UIURL(), "http://"))
	require.NoError(t, err)

	for name, headers := range map[string]map[string]string{
		"a name that was rebound":           {"Host": "evil.example:" + port},
		"a name that begins like ours":      {"Host": "localhost.evil.example:" + port},
		"a name that begins like a number":  {"Host": "127.0.0.1.evil.example:" + port},
		"a rebound name, with its origin":   {"Host": "evil.example:" + port, "Origin": "http://evil.example:" + port},
		"a page from elsewhere":             {"Origin": "http://evil.example"},
		"a page of another local program":   {"Origin": "http://127.0.0.1:1"},
		"the other spelling of the address": {"Origin": "http://localhost:" + port},
		"the same place, encrypted":         {"Origin": "https://127.0.0.1:" + port},
		"a page that hides where it is":     {"Origin": "null"},
	} {
		for method, path := range map[string]string{http.MethodGet: listing, http.MethodPost: starting, http.MethodOptions: starting} {
			status, body := browse(t, e, method, path, headers)
			require.Equal(t, http.StatusForbidden, status, "%s: %s", name, method)
			require.Contains(t, body, "→ open "+e.UIURL(), name)
			require.NotContains(t, body, "evil", name)
		}
	}
	for _, site := range []string{"cross-site", "same-site"} {
		status, _ := browse(t, e, http.MethodPost, starting, map[string]string{"Sec-Fetch-Site": site})
		require.Equal(t, http.StatusForbidden, status, site)
	}
	c := dial(t, e)
	defer c.Close()
	_, err = c.DescribeWorkflowExecution(t.Context(), "from-a-page", "")
	require.Error(t, err, "nothing was started")
}

func TestTheUIServesTheAddressesOfThisMachine(t *testing.T) {
	e := start(t, options(""))
	_, port, err := net.SplitHostPort(strings.TrimPrefix(e.UIURL(), "http://"))
	require.NoError(t, err)
	c := dial(t, e)
	defer c.Close()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "waiting", TaskQueue: "nobody"}, greet, "you")
	require.NoError(t, err)

	require.Eventually(t, func() bool {
		_, body := browse(t, e, http.MethodGet, listing, nil)
		return strings.Contains(body, "executions")
	}, 20*time.Second, 20*time.Millisecond, "the list is behind")
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "LOCALHOST:" + port, "[::1]:" + port, "localhost:9000", "127.0.0.1"} {
		status, body := browse(t, e, http.MethodGet, "/", map[string]string{"Host": host})
		require.Equal(t, http.StatusOK, status, host)
		require.Contains(t, body, "<html")
		// The UI's own calls reach the server, with the key that it needs.
		status, body = browse(t, e, http.MethodGet, listing, map[string]string{"Host": host, "Sec-Fetch-Site": "same-origin"})
		require.Equal(t, http.StatusOK, status, body)
		require.Contains(t, body, "executions")
		status, body = browse(t, e, http.MethodGet, "/api/v1/namespaces/default/workflows/waiting/run/"+run.GetRunID()+"/history.json",
			map[string]string{"Host": host})
		require.Equal(t, http.StatusOK, status)
		require.NotContains(t, body, "error")
	}
	// A write of the UI's own page.
	own := map[string]string{"Origin": e.UIURL(), "Sec-Fetch-Site": "same-origin"}
	status, body := browse(t, e, http.MethodPost, listing+"/waiting/terminate", own)
	require.Equal(t, http.StatusOK, status, body)
	described, err := c.DescribeWorkflowExecution(t.Context(), "waiting", "")
	require.NoError(t, err)
	require.Equal(t, "Terminated", described.WorkflowExecutionInfo.Status.String())
}
