package main

import (
	"context"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// fakeServer is a Temporal server that knows who polls.
type fakeServer struct {
	workflowservice.UnimplementedWorkflowServiceServer
	pollers []*taskqueue.PollerInfo
}

func (f *fakeServer) GetSystemInfo(context.Context,
	*workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (f *fakeServer) DescribeTaskQueue(context.Context,
	*workflowservice.DescribeTaskQueueRequest) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{Pollers: f.pollers}, nil
}

// healthyAmong runs `worker --healthy` against a server with one poller of this identity that asked that long ago.
func healthyAmong(t *testing.T, identity string, ago time.Duration) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, &fakeServer{pollers: []*taskqueue.PollerInfo{
		{Identity: identity, LastAccessTime: timestamppb.New(time.Now().Add(-ago))},
	}})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	cmd := command()
	cmd.SetArgs([]string{"--healthy", "--address", listener.Addr().String()})
	return cmd.ExecuteContext(t.Context())
}

func TestAWorkerIsHealthyWhileItsHostAsksForWork(t *testing.T) {
	host, err := os.Hostname()
	require.NoError(t, err)
	require.NoError(t, healthyAmong(t, "1@"+host+"@", time.Minute))
	require.ErrorContains(t, healthyAmong(t, "1@"+host+"@", 3*time.Minute), host, "it stopped asking")
	require.ErrorContains(t, healthyAmong(t, "1@another-host@", time.Second), host, "another host's worker says nothing of this one")
}

func TestAWorkerIsNotHealthyWithoutAServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	cmd := command()
	cmd.SetArgs([]string{"--healthy", "--address", listener.Addr().String()})
	require.ErrorContains(t, cmd.ExecuteContext(t.Context()), listener.Addr().String())
}
