package oktaorg_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
)

type notebook struct{ lines []string }

func (n *notebook) Call(ctx context.Context, provider, operation string) (context.Context, func(error)) {
	n.lines = append(n.lines, "begin "+provider+" "+operation)
	return ctx, func(err error) { n.lines = append(n.lines, "end "+string(fault.ClassOf(err))) }
}

func (n *notebook) Request(_ context.Context, _, operation string, _, took time.Duration, class fault.Class) {
	if took > 0 {
		n.lines = append(n.lines, "request "+operation+": "+string(class))
	}
}

func TestTheObserverLearnsOfEachCallByItsTemplate(t *testing.T) {
	status := http.StatusTooManyRequests
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Rate-Limit-Limit", "100")
		w.Header().Set("X-Rate-Limit-Remaining", "90")
		w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(time.Now().Add(time.Minute).Unix(), 10))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"errorCode":"E0000007","errorSummary":"Not found: ada@example.com"}`))
	}))
	t.Cleanup(server.Close)
	seen := &notebook{}
	org, err := oktaorg.New(t.Context(), oktaorg.Options{OrgURL: server.URL, Mode: oktaorg.ModeSSWS, Token: strings.Repeat("0", 42),
		PlainHTTP: true, Observer: seen})
	require.NoError(t, err)
	_, err = org.GroupName(t.Context(), "00gsecretgroup")
	require.Equal(t, fault.Throttled, fault.ClassOf(err))
	status = http.StatusNotFound
	_, err = org.GroupName(t.Context(), "00gsecretgroup")
	require.Error(t, err)
	const operation = "okta:GET /api/v1/groups/{id}"
	require.Equal(t, []string{
		"begin okta " + operation, "end Throttled", "request " + operation + ": Throttled",
		"begin okta " + operation, "end NotFound", "request " + operation + ": NotFound",
	}, seen.lines)
	require.Equal(t, []oktaorg.Budget{{Bucket: "groups/{id}", Limit: 100, Remaining: 90}}, org.Budgets())
}
