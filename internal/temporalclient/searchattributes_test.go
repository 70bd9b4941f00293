package temporalclient_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"studio-onboarding/internal/temporalclient"
)

const keyword = enums.INDEXED_VALUE_TYPE_KEYWORD

// fakeServer is as much of a Temporal server as connecting and search attributes need, on the wire.
type fakeServer struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer
	address string

	mu sync.Mutex
	// attributes are registered; a registration shows up after lag further looks.
	attributes map[string]enums.IndexedValueType
	pending    map[string]enums.IndexedValueType
	lag        int
	added      []string
	// refuseAdd and refuseList are the codes that the operator service answers with, if any.
	refuseAdd, refuseList codes.Code
	// refuseNamespace is the code that as many looks at the namespace as refusals says are answered with.
	refuseNamespace codes.Code
	refusals        int
	// data are the namespace's; refuseUpdate is the code that a change of them is answered with, if any.
	data         map[string]string
	refuseUpdate codes.Code
	// input is that of the last workflow that was started.
	input *common.Payloads
}

func startFake(t *testing.T) *fakeServer {
	t.Helper()
	return startFakeAt(t, "127.0.0.1:0")
}

func startFakeAt(t *testing.T, address string, options ...grpc.ServerOption) *fakeServer {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	fake := &fakeServer{address: listener.Addr().String(), attributes: map[string]enums.IndexedValueType{}}
	server := grpc.NewServer(options...)
	workflowservice.RegisterWorkflowServiceServer(server, fake)
	operatorservice.RegisterOperatorServiceServer(server, fake)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); <-done })
	return fake
}

func (f *fakeServer) client(t *testing.T) client.Client {
	t.Helper()
	c, err := temporalclient.Settings{Address: f.address, Env: env{}}.Dial(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func (f *fakeServer) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (f *fakeServer) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuseList != codes.OK {
		return nil, status.Error(f.refuseList, "not for you")
	}
	if f.lag--; f.lag < 0 {
		for name, kind := range f.pending {
			f.attributes[name] = kind
		}
	}
	visible := map[string]enums.IndexedValueType{}
	for name, kind := range f.attributes {
		visible[name] = kind
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: visible}, nil
}

func (f *fakeServer) GetSearchAttributes(context.Context, *workflowservice.GetSearchAttributesRequest) (*workflowservice.GetSearchAttributesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &workflowservice.GetSearchAttributesResponse{Keys: f.attributes}, nil
}

func (f *fakeServer) AddSearchAttributes(_ context.Context, in *operatorservice.AddSearchAttributesRequest) (*operatorservice.AddSearchAttributesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = in.SearchAttributes
	for name := range in.SearchAttributes {
		f.added = append(f.added, name)
	}
	if f.refuseAdd != codes.OK {
		return nil, status.Error(f.refuseAdd, "no")
	}
	return &operatorservice.AddSearchAttributesResponse{}, nil
}

func TestAttributesAreRegisteredAndAwaited(t *testing.T) {
	fake := startFake(t)
	fake.lag = 3
	require.NoError(t, temporalclient.EnsureSearchAttributes(t.Context(), fake.client(t), "default"))
	require.ElementsMatch(t, []string{"OnboardingState", "OnboardingStep"}, fake.added)
	require.Equal(t, map[string]enums.IndexedValueType{"OnboardingState": keyword, "OnboardingStep": keyword}, fake.attributes,
		"it returned before they were visible")
}

func TestOnlyWhatIsMissingIsRegistered(t *testing.T) {
	fake := startFake(t)
	fake.attributes["OnboardingState"] = keyword
	require.NoError(t, temporalclient.EnsureSearchAttributes(t.Context(), fake.client(t), "default"))
	require.Equal(t, []string{"OnboardingStep"}, fake.added)

	fake.added = nil
	require.NoError(t, temporalclient.EnsureSearchAttributes(t.Context(), fake.client(t), "default"))
	require.Empty(t, fake.added)
}

func TestSomebodyElseRegisteringAtTheSameTimeIsSuccess(t *testing.T) {
	fake := startFake(t)
	fake.lag, fake.refuseAdd = 2, codes.AlreadyExists
	require.NoError(t, temporalclient.EnsureSearchAttributes(t.Context(), fake.client(t), "default"))
}

func TestARefusalHoldsTheCommand(t *testing.T) {
	for _, code := range []codes.Code{codes.PermissionDenied, codes.Unimplemented} {
		fake := startFake(t)
		fake.refuseAdd = code
		err := temporalclient.EnsureSearchAttributes(t.Context(), fake.client(t), "prod")
		var refused *temporalclient.SearchAttributesError
		require.ErrorAs(t, err, &refused, code)
		require.ErrorContains(t, err, "tcld namespace search-attributes add --namespace prod")
	}
}

func TestAClosedOperatorServiceIsNoObstacleWhenNothingIsMissing(t *testing.T) {
	fake := startFake(t)
	fake.refuseList = codes.PermissionDenied
	fake.attributes = map[string]enums.IndexedValueType{"OnboardingState": keyword, "OnboardingStep": keyword}
	require.NoError(t, temporalclient.EnsureSearchAttributes(t.Context(), fake.client(t), "prod"))
	require.Empty(t, fake.added)
}

func TestAnAttributeOfTheWrongTypeIsExplained(t *testing.T) {
	fake := startFake(t)
	fake.attributes["OnboardingState"] = enums.INDEXED_VALUE_TYPE_TEXT
	err := temporalclient.EnsureSearchAttributes(t.Context(), fake.client(t), "default")
	require.ErrorContains(t, err, "OnboardingState")
	require.ErrorContains(t, err, "Keyword")
	require.Empty(t, fake.added)
}
