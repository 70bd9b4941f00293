package payloadcrypt_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"studio-onboarding/internal/payloadcrypt"
)

const secret = "ada@example.com"

func create(t *testing.T) (string, *payloadcrypt.Keys) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "new", "payload-keys.json")
	keys, err := payloadcrypt.Create(path)
	require.NoError(t, err)
	return path, keys
}

// options are those of a client that encrypts with these keys.
func options(t *testing.T, keys *payloadcrypt.Keys, worker bool) (client.Options, *payloadcrypt.Codec) {
	t.Helper()
	var o client.Options
	codec := payloadcrypt.NewCodec(keys)
	require.NoError(t, codec.Apply(&o, worker))
	return o, codec
}

func wire(t *testing.T, message proto.Message) string {
	t.Helper()
	data, err := proto.Marshal(message)
	require.NoError(t, err)
	return string(data)
}

func TestPayloadsAreUnreadableWithoutTheKeyAndWholeWithIt(t *testing.T) {
	_, keys := create(t)
	o, _ := options(t, keys, false)
	payload, err := o.DataConverter.ToPayload(map[string]string{"login": secret})
	require.NoError(t, err)
	require.NotContains(t, wire(t, payload), secret)
	require.NotContains(t, wire(t, payload), "json", "what kind of value it is stays inside")
	require.Contains(t, wire(t, payload), payloadcrypt.Encoding)

	var back map[string]string
	require.NoError(t, o.DataConverter.FromPayload(payload, &back))
	require.Equal(t, map[string]string{"login": secret}, back)

	again, err := o.DataConverter.ToPayload(map[string]string{"login": secret})
	require.NoError(t, err)
	require.NotEqual(t, payload.GetData(), again.GetData(), "the same value twice must not look the same")
}

func TestWhatWasWrittenBeforeEncryptionIsRead(t *testing.T) {
	_, keys := create(t)
	o, _ := options(t, keys, false)
	plain, err := converter.GetDefaultDataConverter().ToPayloads("written", 2025)
	require.NoError(t, err)
	var word string
	var year int
	require.NoError(t, o.DataConverter.FromPayloads(plain, &word, &year))
	require.Equal(t, "written", word)
	require.Equal(t, 2025, year)
}

func TestWithoutKeysAnEncryptedPayloadNamesItsKeyAndTheRemedy(t *testing.T) {
	_, keys := create(t)
	o, _ := options(t, keys, false)
	payload, err := o.DataConverter.ToPayload(secret)
	require.NoError(t, err)
	_, other := create(t)
	for name, others := range map[string]*payloadcrypt.Keys{"none": nil, "others": other} {
		without, _ := options(t, others, false)
		err = without.DataConverter.FromPayload(payload, new(string))
		var unreadable *payloadcrypt.UnreadableError
		require.ErrorAs(t, err, &unreadable, name)
		require.ErrorContains(t, err, keys.List()[0].ID, name)
		require.ErrorContains(t, err, "→ set "+payloadcrypt.Variable, name)
		require.NotContains(t, err.Error(), "json:", name)
	}
}

func TestAChangedPayloadIsRefused(t *testing.T) {
	_, keys := create(t)
	o, codec := options(t, keys, false)
	payload, err := o.DataConverter.ToPayload(secret)
	require.NoError(t, err)
	payload.Data[len(payload.Data)-1] ^= 1
	require.ErrorContains(t, o.DataConverter.FromPayload(payload, new(string)), "it was changed")
	_, err = codec.Decode([]*common.Payload{{Metadata: payload.Metadata, Data: []byte{1}}})
	require.Error(t, err)
}

func TestACodecThatLacksTheKeysOfItsNamespaceWritesNothing(t *testing.T) {
	o, codec := options(t, nil, false)
	_, err := o.DataConverter.ToPayload("plain is fine where nobody encrypts")
	require.NoError(t, err)
	codec.Require(&payloadcrypt.UnreadableError{Key: "0badcafe", In: "/home/ops/payload-keys.json"})
	_, err = o.DataConverter.ToPayload(secret)
	require.ErrorContains(t, err, "0badcafe")
	require.ErrorContains(t, err, "/home/ops/payload-keys.json")
}

func TestEncryptingTwiceChangesNothing(t *testing.T) {
	_, keys := create(t)
	_, codec := options(t, keys, false)
	once, err := codec.Encode([]*common.Payload{{Data: []byte(secret)}})
	require.NoError(t, err)
	twice, err := codec.Encode(once)
	require.NoError(t, err)
	require.True(t, proto.Equal(once[0], twice[0]), "a request that is sent again would be wrapped twice")
}

func TestRotationEncryptsWithTheNewKeyAndReadsWithTheOld(t *testing.T) {
	path, before := create(t)
	old, _ := options(t, before, false)
	payload, err := old.DataConverter.ToPayload("old")
	require.NoError(t, err)

	after, err := payloadcrypt.Rotate(path)
	require.NoError(t, err)
	require.Len(t, after.List(), 2)
	require.True(t, after.List()[0].Primary)
	require.False(t, before.Has(after.List()[0].ID))
	require.Equal(t, before.List()[0].ID, after.List()[1].ID)

	rotated, _ := options(t, after, false)
	var text string
	require.NoError(t, rotated.DataConverter.FromPayload(payload, &text))
	require.Equal(t, "old", text)
	newer, err := rotated.DataConverter.ToPayload("new")
	require.NoError(t, err)
	require.NoError(t, old.DataConverter.FromPayload(newer, &text), "a program that is running reads the file again")
	require.Equal(t, "new", text)
}

func TestRotationsAtTheSameTimeLoseNoKey(t *testing.T) {
	path, _ := create(t)
	var rotations sync.WaitGroup
	for range 8 {
		rotations.Go(func() { _, err := payloadcrypt.Rotate(path); require.NoError(t, err) })
	}
	rotations.Wait()
	keys, err := payloadcrypt.Read(path, nil)
	require.NoError(t, err)
	require.Len(t, keys.List(), 9)
}

func TestOfSeveralFirstStartsOneMakesTheKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "payload-keys.json")
	var starts sync.WaitGroup
	ids := make(chan string, 8)
	made := make(chan bool, 8)
	for range 8 {
		starts.Go(func() {
			keys, created, err := payloadcrypt.CreateIfMissing(path)
			require.NoError(t, err)
			ids <- keys.List()[0].ID
			made <- created
		})
	}
	starts.Wait()
	close(ids)
	close(made)
	first, count := <-ids, 0
	for id := range ids {
		require.Equal(t, first, id)
	}
	for created := range made {
		if created {
			count++
		}
	}
	require.Equal(t, 1, count)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing half-made stays behind")
}

func TestAKeyFileIsItsOwnersAlone(t *testing.T) {
	path, _ := create(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	dir, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), dir.Mode().Perm())
	_, err = payloadcrypt.Create(path)
	require.ErrorIs(t, err, fs.ErrExist, "keys are never replaced")

	for _, mode := range []fs.FileMode{0o640, 0o604, 0o644} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = payloadcrypt.Read(path, nil)
		require.ErrorContains(t, err, "chmod 600 "+path)
		_, err = payloadcrypt.Rotate(path)
		require.ErrorContains(t, err, "chmod 600 "+path)
	}
}

func TestUnusableKeysAreExplained(t *testing.T) {
	path, _ := create(t)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	broken := filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, good[:len(good)/2], 0o600))
	variables := map[string]string{"GOOD": string(good), "BAD": "{}"}
	lookup := func(name string) (string, bool) { v, ok := variables[name]; return v, ok }

	keys, err := payloadcrypt.Read("env:GOOD", lookup)
	require.NoError(t, err)
	require.Len(t, keys.List(), 1)
	_, err = payloadcrypt.Read("file:"+path, lookup)
	require.NoError(t, err)
	for reference, says := range map[string]string{
		broken: broken, path + ".none": "starter keys create", "env:NONE": "NONE", "env:BAD": "BAD",
	} {
		_, err := payloadcrypt.Read(reference, lookup)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, "→")
	}
}

func TestFailuresAreEncryptedWithTheirCauses(t *testing.T) {
	_, keys := create(t)
	o, _ := options(t, keys, true)
	failed := o.FailureConverter.ErrorToFailure(temporal.NewApplicationErrorWithOptions("no profile for "+secret, "Denied",
		temporal.ApplicationErrorOptions{Details: []any{secret}, Cause: errors.New("because of " + secret)}))
	require.NotContains(t, wire(t, failed), secret)
	require.Contains(t, wire(t, failed), "Denied", "types stay readable")
	sent := proto.Clone(failed).(*failure.Failure)

	err := o.FailureConverter.FailureToError(failed)
	require.ErrorContains(t, err, "no profile for "+secret)
	require.ErrorContains(t, errors.Unwrap(err), "because of "+secret)
	require.NotContains(t, wire(t, o.FailureConverter.ErrorToFailure(err)), secret, "handed on, it stays encrypted")

	_, others := create(t)
	lacking, _ := options(t, others, true)
	require.Panics(t, func() { _ = lacking.FailureConverter.FailureToError(sent) }, "a workflow must not decide by it")
}

// A worker without the key must not end a workflow: its task fails, and another worker can carry it out.
func TestWorkflowCodeThatCannotReadBlocksInsteadOfFailing(t *testing.T) {
	_, keys := create(t)
	writing, _ := options(t, keys, true)
	payload, err := writing.DataConverter.ToPayload(secret)
	require.NoError(t, err)
	lacking, _ := options(t, nil, true)

	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetDataConverter(lacking.DataConverter)
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		inside := lacking.DataConverter.(workflow.ContextAware).WithWorkflowContext(ctx)
		return inside.FromPayload(payload, new(string))
	})
	var panicked *temporal.PanicError
	require.ErrorAs(t, env.GetWorkflowError(), &panicked, "an error would fail the workflow for good")
	require.ErrorContains(t, env.GetWorkflowError(), keys.List()[0].ID)
}

func TestTheEndpointDecryptsForTheUIAlone(t *testing.T) {
	_, keys := create(t)
	o, codec := options(t, keys, false)
	payload, err := o.DataConverter.ToPayload(secret)
	require.NoError(t, err)
	body, err := protojson.Marshal(&common.Payloads{Payloads: []*common.Payload{payload}})
	require.NoError(t, err)
	handler := codec.Endpoint(payloadcrypt.Origins("http://127.0.0.1:8233")...)

	ask := func(method, host string, header map[string]string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), method, "http://"+host+"/decode", bytes.NewReader(body))
		for name, value := range header {
			request.Header.Set(name, value)
		}
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		return response
	}
	for _, origin := range []string{"http://127.0.0.1:8233", "http://localhost:8233", ""} {
		response := ask(http.MethodPost, "127.0.0.1:9000", map[string]string{"Origin": origin})
		require.Equal(t, http.StatusOK, response.Code, origin)
		require.Equal(t, origin, response.Header().Get("Access-Control-Allow-Origin"))
		var decoded common.Payloads
		require.NoError(t, protojson.Unmarshal(response.Body.Bytes(), &decoded))
		require.Equal(t, `"`+secret+`"`, string(decoded.Payloads[0].Data))
	}
	preflight := ask(http.MethodOptions, "localhost:9000", map[string]string{"Origin": "http://localhost:8233",
		"Access-Control-Request-Headers": "content-type,x-namespace"})
	require.Equal(t, http.StatusNoContent, preflight.Code)
	require.Contains(t, preflight.Header().Get("Access-Control-Allow-Headers"), "X-Namespace")

	for name, refused := range map[string]*httptest.ResponseRecorder{
		"a page from elsewhere":    ask(http.MethodPost, "127.0.0.1:9000", map[string]string{"Origin": "http://evil.example.com"}),
		"another port":             ask(http.MethodPost, "127.0.0.1:9000", map[string]string{"Origin": "http://localhost:8000"}),
		"a sandboxed page":         ask(http.MethodPost, "127.0.0.1:9000", map[string]string{"Origin": "null"}),
		"its preflight":            ask(http.MethodOptions, "127.0.0.1:9000", map[string]string{"Origin": "http://evil.example.com"}),
		"a name that points at us": ask(http.MethodPost, "evil.example.com:9000", nil),
	} {
		require.Equal(t, http.StatusForbidden, refused.Code, name)
		require.NotContains(t, refused.Body.String(), secret, name)
		require.Empty(t, refused.Header().Get("Access-Control-Allow-Origin"), name)
	}
}

func TestAListOfKeysHoldsNoKey(t *testing.T) {
	path, keys := create(t)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	var set struct {
		Key []struct{ KeyData struct{ Value string } }
	}
	require.NoError(t, json.Unmarshal(file, &set))
	listed, err := json.Marshal(keys.List())
	require.NoError(t, err)
	require.False(t, strings.Contains(string(listed), set.Key[0].KeyData.Value))
}
