package secret_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/secret"
	"studio-onboarding/onboarding"
)

const token = "Zx81-the-token-itself"

func TestSecretsComeFromWhereTheReferenceSays(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return "file:" + path
	}
	manager := newSecretsManager(t)
	resolver := secret.New(func(name string) string {
		return map[string]string{"SCIM_TOKEN": token, "EMPTY": "", "SPACED": token + " "}[name]
	}, manager)

	for _, test := range []struct {
		name, reference string
		class           fault.Class
		says            string
	}{
		{name: "variable", reference: "env:SCIM_TOKEN"},
		{name: "variable that is not set", reference: "env:OTHER", class: fault.NotFound, says: "the variable OTHER is not set"},
		{name: "empty variable", reference: "env:EMPTY", class: fault.NotFound, says: "EMPTY"},
		{name: "spaces", reference: "env:SPACED", class: fault.Invalid, says: "begins or ends with a space"},
		{name: "the secret behind env:", reference: "env:" + strings.ReplaceAll(token, "-", "_"), class: fault.NotFound, says: "the variable that the reference names"},

		{name: "file", reference: write("plain", token)},
		{name: "file with a line break", reference: write("line", token+"\n")},
		{name: "file from Windows", reference: write("crlf", token+"\r\n")},
		{name: "file with two line breaks", reference: write("two", token+"\n\n"), class: fault.Invalid, says: "several lines"},
		{name: "empty file", reference: write("empty", "\n"), class: fault.Invalid, says: "is empty"},
		{name: "large file", reference: write("large", strings.Repeat(token, 10_000)), class: fault.Invalid, says: "64 KiB"},
		{name: "no file", reference: "file:/nonexistent/token", class: fault.NotFound, says: "/nonexistent/token"},
		{name: "directory", reference: "file:" + dir, class: fault.Invalid, says: "not a regular file"},

		{name: "secret in AWS", reference: "aws-sm:" + secretARN("plain")},
		{name: "key of a secret in AWS", reference: "aws-sm:" + secretARN("json") + "#token"},
		{name: "JSON without a key", reference: "aws-sm:" + secretARN("json"), class: fault.Invalid, says: "Append #"},
		{name: "key that is not there", reference: "aws-sm:" + secretARN("json") + "#other", class: fault.NotFound, says: "no key"},
		{name: "key that is no text", reference: "aws-sm:" + secretARN("json") + "#count", class: fault.Invalid, says: "does not hold text"},
		{name: "key of what is no JSON", reference: "aws-sm:" + secretARN("plain") + "#token", class: fault.Invalid, says: "not a JSON object"},
		{name: "no secret in AWS", reference: "aws-sm:" + secretARN("missing"), class: fault.NotFound, says: "secretsmanager:GetSecretValue"},
		{name: "denied in AWS", reference: "aws-sm:" + secretARN("denied"), class: fault.Denied, says: "secretsmanager:GetSecretValue"},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, err := resolver.Resolve(t.Context(), test.reference)
			if test.class == "" {
				require.NoError(t, err)
				require.Equal(t, token, value)
				return
			}
			require.Empty(t, value)
			require.Equal(t, test.class, fault.ClassOf(err), "%v", err)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), token)
			require.NotContains(t, err.Error(), strings.ReplaceAll(token, "-", "_"))
		})
	}
	require.Equal(t, "eu-west-1", manager.region, "the Region is the secret's, whatever the worker's is")
}

func TestWhatIsNoReferenceIsRefusedUnseen(t *testing.T) {
	resolver := secret.New(os.Getenv, nil)
	for _, reference := range []string{
		"", token, "env:", "env:with-hyphen-" + token, "env:1" + token, "file:", "file:relative/" + token, "file:./x", "aws-sm:", "aws-sm:" + token,
		"aws-sm:arn:aws:s3:::bucket", "aws-sm:" + secretARN("x") + "#", "ENV:X", "vault:" + token, " env:X", "aws-sm:arn:aws:secretsmanager:eu-west-1:111111111111:secret:",
	} {
		_, err := resolver.Resolve(t.Context(), reference)
		require.Equal(t, fault.Invalid, fault.ClassOf(err), reference)
		require.NotContains(t, err.Error(), token)
	}
}

func secretARN(name string) string {
	return "arn:aws:secretsmanager:eu-west-1:111111111111:secret:" + name + "-AbCdEf"
}

// secretsManager answers GetSecretValue as AWS Secrets Manager does.
type secretsManager struct {
	url, region string
}

func (m *secretsManager) Config(_ context.Context, _ onboarding.AccountSpec, region string) (aws.Config, error) {
	m.region = region
	return aws.Config{APIOptions: []func(*middleware.Stack) error{awscloud.Classified},
		Region: region, BaseEndpoint: aws.String(m.url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", ""),
	}, nil
}

func newSecretsManager(t *testing.T) *secretsManager {
	secrets := map[string]string{
		secretARN("plain"): token,
		secretARN("json"):  `{"token":"` + token + `","count":2}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string }
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &in)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		value, ok := secrets[in.SecretId]
		switch {
		case r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue":
			w.WriteHeader(http.StatusNotFound)
		case ok:
			_ = json.NewEncoder(w).Encode(map[string]string{"ARN": in.SecretId, "SecretString": value})
		case in.SecretId == secretARN("denied"):
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","Message":"User: arn:aws:iam::111111111111:user/worker is not authorized to perform: secretsmanager:GetSecretValue"}`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret."}`)
		}
	}))
	t.Cleanup(server.Close)
	return &secretsManager{url: server.URL}
}
