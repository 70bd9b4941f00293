package awscloud_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// notebook notes what an observer is told.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

type marked struct{}

func (n *notebook) note(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

func (n *notebook) Call(ctx context.Context, provider, operation string) (context.Context, func(error)) {
	n.note("begin " + provider + " " + operation)
	return context.WithValue(ctx, marked{}, operation), func(err error) { n.note("end " + string(fault.ClassOf(err))) }
}

func (n *notebook) Request(ctx context.Context, provider, operation string, waited, took time.Duration, class fault.Class) {
	within, _ := ctx.Value(marked{}).(string)
	if took <= 0 || waited < 0 {
		within = "in no time"
	}
	n.note("request " + provider + " " + operation + " within " + within + ": " + string(class))
}

func TestTheObserverLearnsOfEachRequestOfACall(t *testing.T) {
	answers := []int{http.StatusTooManyRequests, http.StatusOK, http.StatusForbidden}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status := answers[0]
		answers = answers[1:]
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		switch status {
		case http.StatusTooManyRequests:
			_, _ = w.Write([]byte(`{"__type":"ThrottlingException","message":"Rate exceeded"}`))
		case http.StatusForbidden:
			_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","message":"no"}`))
		default:
			_, _ = w.Write([]byte(`{"Domains":[]}`))
		}
	}))
	t.Cleanup(server.Close)
	seen := &notebook{}
	clouds, err := awscloud.New(t.Context(), awscloud.Options{Observer: seen, Speed: 1000, LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(server.URL),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIAWORKER", "s", "")),
	}})
	require.NoError(t, err)
	cfg, err := clouds.Config(t.Context(), onboarding.AccountSpec{}, "us-east-1")
	require.NoError(t, err)
	client := sagemaker.NewFromConfig(cfg)
	_, err = client.ListDomains(t.Context(), &sagemaker.ListDomainsInput{})
	require.NoError(t, err)
	_, err = client.ListDomains(t.Context(), &sagemaker.ListDomainsInput{})
	require.Error(t, err)
	const request = "request aws sagemaker:ListDomains within sagemaker:ListDomains: "
	require.Equal(t, []string{
		"begin aws sagemaker:ListDomains", request + "Throttled", request, "end ",
		"begin aws sagemaker:ListDomains", request + "Denied", "end Denied",
	}, seen.lines)
	paces := clouds.Paces()
	require.Len(t, paces, 1)
	require.Equal(t, "sagemaker", paces[0].API)
	require.Positive(t, paces[0].PerSecond)
}
