package temporalclient_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/internal/temporalclient"
)

func (f *fakeServer) DescribeNamespace(context.Context,
	*workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusals > 0 {
		f.refusals--
		return nil, status.Error(f.refuseNamespace, "not for you")
	}
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespace.NamespaceInfo{Name: "default", Data: maps.Clone(f.data)}}, nil
}

func (f *fakeServer) UpdateNamespace(_ context.Context,
	in *workflowservice.UpdateNamespaceRequest) (*workflowservice.UpdateNamespaceResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuseUpdate != codes.OK {
		return nil, status.Error(f.refuseUpdate, "not for you")
	}
	if f.data == nil {
		f.data = map[string]string{}
	}
	maps.Copy(f.data, in.GetUpdateInfo().GetData())
	return &workflowservice.UpdateNamespaceResponse{}, nil
}

func (f *fakeServer) StartWorkflowExecution(_ context.Context,
	in *workflowservice.StartWorkflowExecutionRequest) (*workflowservice.StartWorkflowExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.input = in.GetInput()
	return &workflowservice.StartWorkflowExecutionResponse{RunId: "run"}, nil
}

func keyFile(t *testing.T) (string, *payloadcrypt.Keys) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "payload-keys.json")
	keys, err := payloadcrypt.Create(path)
	require.NoError(t, err)
	return path, keys
}

// dial connects with the keys of a file; "" for none.
func (f *fakeServer) dial(t *testing.T, keys string, worker bool) (client.Client, error) {
	t.Helper()
	settings := temporalclient.Settings{Address: f.address, Worker: worker, Env: env{payloadcrypt.Variable: keys}}
	if keys == "" {
		settings.Env = env{}
	}
	c, err := settings.Dial(t.Context())
	if c != nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

// start starts a workflow with a secret in its input.
func start(t *testing.T, c client.Client) error {
	t.Helper()
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "id", TaskQueue: "queue"}, "Workflow", "ada@example.com")
	return err
}

func TestWhatIsSentIsEncryptedWithTheKeysOfTheVariable(t *testing.T) {
	fake := startFake(t)
	path, _ := keyFile(t)
	c, err := fake.dial(t, path, false)
	require.NoError(t, err)
	require.NoError(t, start(t, c))
	require.NotContains(t, fake.input.String(), "ada@example.com")
}

func TestKeysThatCannotBeReadAreNoReasonToWritePlain(t *testing.T) {
	fake := startFake(t)
	path, _ := keyFile(t)
	require.NoError(t, os.Chmod(path, 0o644))
	for _, keys := range []string{path, path + ".none", "env:NONE"} {
		for _, worker := range []bool{true, false} {
			_, err := fake.dial(t, keys, worker)
			require.ErrorContains(t, err, "→", keys)
		}
	}
}

func TestKeysOfAWorkerOnThisMachineAreFound(t *testing.T) {
	fake := startFake(t)
	path, keys := keyFile(t)
	_, err := fake.dial(t, path, true)
	require.NoError(t, err)
	require.Contains(t, fake.data, "studioOnboardingPayloadKeys")

	for _, worker := range []bool{false, true} {
		c, err := fake.dial(t, "", worker)
		require.NoError(t, err)
		require.NoError(t, start(t, c))
		require.NotContains(t, fake.input.String(), "ada@example.com")
	}
	require.Equal(t, keys.IDs()[0], fake.data["studioOnboardingPayloadKeys"])
}

func TestWithoutTheKeysOfTheNamespaceNothingIsWritten(t *testing.T) {
	fake := startFake(t)
	path, keys := keyFile(t)
	_, err := fake.dial(t, path, true)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))

	c, err := fake.dial(t, "", false)
	require.NoError(t, err, "what is not encrypted can be looked at")
	err = start(t, c)
	require.ErrorContains(t, err, "payloads are encrypted with key "+keys.IDs()[0])
	require.ErrorContains(t, err, payloadcrypt.Variable)
	require.Nil(t, fake.input)

	_, err = fake.dial(t, "", true)
	var unreadable *payloadcrypt.UnreadableError
	require.ErrorAs(t, err, &unreadable, "a worker would write plain results")
}

func TestOtherKeysThanTheNamespacesAreRefused(t *testing.T) {
	fake := startFake(t)
	path, keys := keyFile(t)
	_, err := fake.dial(t, path, true)
	require.NoError(t, err)
	other, others := keyFile(t)
	for _, worker := range []bool{true, false} {
		_, err = fake.dial(t, other, worker)
		require.ErrorContains(t, err, keys.IDs()[0], "the one it needs")
		require.ErrorContains(t, err, others.IDs()[0], "the one it has")
		require.ErrorContains(t, err, other)
	}
}

func TestARotatedKeyIsThatOfTheNextWorkerAndWanted(t *testing.T) {
	fake := startFake(t)
	path, _ := keyFile(t)
	older := filepath.Join(t.TempDir(), "older.json")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(older, data, 0o600))
	_, err = fake.dial(t, older, true)
	require.NoError(t, err)

	rotated, err := payloadcrypt.Rotate(path)
	require.NoError(t, err)
	_, err = fake.dial(t, path, true)
	require.NoError(t, err)
	_, err = fake.dial(t, older, true)
	require.ErrorContains(t, err, rotated.IDs()[0])
}

func TestANamespaceThatMayNotBeChangedIsNoObstacle(t *testing.T) {
	fake := startFake(t)
	fake.refuseUpdate = codes.PermissionDenied
	path, _ := keyFile(t)
	c, err := fake.dial(t, path, true)
	require.NoError(t, err)
	require.NoError(t, start(t, c))
	require.NotContains(t, fake.input.String(), "ada@example.com")
}

func TestPlainStaysPlainWhereNobodyEncrypts(t *testing.T) {
	fake := startFake(t)
	c, err := fake.dial(t, "", false)
	require.NoError(t, err)
	require.NoError(t, start(t, c))
	require.Contains(t, fake.input.String(), "ada@example.com")
}
