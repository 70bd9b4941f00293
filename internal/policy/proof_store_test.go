package policy_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/policy"
	"studio-onboarding/internal/store"
	"studio-onboarding/onboarding"
)

const storeAddress = "s3://example-lists/of/ours?region=us-east-1&use_path_style=true"

// guardedS3 is as much of S3 as a store needs, and allows what the statements say.
type guardedS3 struct {
	statements []policy.Statement
	kept       map[string][]byte
	called     map[string]bool
}

func (g *guardedS3) may(action, resource string) bool {
	return slices.ContainsFunc(g.statements, func(s policy.Statement) bool {
		return slices.Contains(s.Action, action) && slices.ContainsFunc(s.Resource, func(pattern string) bool {
			prefix, all := strings.CutSuffix(pattern, "*")
			return pattern == resource || all && strings.HasPrefix(resource, prefix)
		})
	})
}

func (g *guardedS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	at, query := "arn:aws:s3:::"+bucket, r.URL.Query()
	action, resource := "s3:GetObject", at+"/"+key
	switch {
	case key == "":
		action, resource = "s3:ListBucket", at
	case query.Has("uploadId") && r.Method == http.MethodDelete:
		action = "s3:AbortMultipartUpload"
	case r.Method == http.MethodPut, r.Method == http.MethodPost:
		action = "s3:PutObject"
	case r.Method == http.MethodDelete:
		action = "s3:DeleteObject"
	}
	g.called[action] = true
	fail := func(status int, code, message string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	}
	data, there := g.kept[key]
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
	case !g.may(action, resource):
		fail(http.StatusForbidden, "AccessDenied", "not authorized to perform: "+action)
	case action == "s3:GetObject" && !there && !g.may("s3:ListBucket", at):
		fail(http.StatusForbidden, "AccessDenied", "not authorized to perform: s3:ListBucket")
	case action == "s3:GetObject" && !there:
		fail(http.StatusNotFound, "NoSuchKey", "there is none")
	case action == "s3:GetObject":
		_, _ = w.Write(data)
	case action == "s3:ListBucket":
		_, _ = io.WriteString(w, "<ListBucketResult>")
		for name := range g.kept {
			if strings.HasPrefix(name, query.Get("prefix")) {
				_, _ = fmt.Fprintf(w, "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00Z</LastModified><Size>1</Size></Contents>", name)
			}
		}
		_, _ = io.WriteString(w, "</ListBucketResult>")
	case query.Has("uploads"):
		_, _ = io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
	case query.Get("partNumber") == "2":
		fail(http.StatusBadRequest, "EntityTooLarge", "as the test wants")
	case action == "s3:PutObject" && !query.Has("uploadId"):
		g.kept[key] = body
		w.Header().Set("ETag", `"x"`)
	case action == "s3:PutObject":
		w.Header().Set("ETag", `"x"`)
	default:
		delete(g.kept, key)
		w.WriteHeader(http.StatusNoContent)
	}
}

// The store of a worker needs in its bucket what is printed, and below its prefix alone.
func TestTheStoreNeedsWhatIsPrintedForItsBucket(t *testing.T) {
	printed := policy.For(decoded(t, oneGroup), policy.Options{Store: storeAddress}).Principals[0].Policy.Statement
	printed = slices.DeleteFunc(printed, func(s policy.Statement) bool { return !strings.HasPrefix(s.Sid, "Store") })
	require.Equal(t, []string{"arn:aws:s3:::example-lists"}, printed[0].Resource)
	require.Equal(t, []string{"arn:aws:s3:::example-lists/of/ours/*"}, printed[1].Resource)

	called, err := useStore(t, printed)
	require.NoError(t, err)
	require.Equal(t, policy.Document{Statement: printed}.Actions(), slices.Sorted(maps.Keys(called)))

	for _, action := range []string{"s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"} {
		without := slices.Clone(printed)
		for i := range without {
			without[i].Action = slices.DeleteFunc(slices.Clone(without[i].Action), func(a string) bool { return a == action })
		}
		_, err := useStore(t, without)
		require.ErrorContains(t, err, "not authorized to perform: "+action)
	}

	whole := policy.For(decoded(t, oneGroup), policy.Options{Store: "s3://example-lists"}).Principals[0].Policy
	require.Equal(t, []string{"arn:aws:s3:::example-lists/*"}, statement(t, whole, "StoreObjects").Resource)
}

// useStore writes, reads and removes a list, and leaves off writing a large one.
func useStore(t *testing.T, statements []policy.Statement) (map[string]bool, error) {
	t.Helper()
	s3 := &guardedS3{statements: statements, kept: map[string][]byte{}, called: map[string]bool{}}
	server := httptest.NewServer(s3)
	defer server.Close()
	opened, err := store.Open(t.Context(), storeAddress, store.Options{AWS: func(_ context.Context, region string) (aws.Config, error) {
		return aws.Config{Region: region, BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "x", "")}, nil
	}})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	lists := store.Lists{Store: opened}
	people := func(n int) func(func(onboarding.PersonRecord) bool) {
		return func(yield func(onboarding.PersonRecord) bool) {
			for range n {
				if !yield(onboarding.PersonRecord{Person: strings.Repeat("a", 1<<16)}) {
					return
				}
			}
		}
	}
	if _, err = opened.ID(t.Context()); err != nil {
		return s3.called, err
	}
	if _, err = lists.SavePeople(t.Context(), "team", people(1)); err != nil {
		return s3.called, err
	}
	if err = lists.ReadPeople(t.Context(), "team", "", 0, func(onboarding.PersonRecord, int64) bool { return true }); err != nil {
		return s3.called, err
	}
	_, err = lists.SavePeople(t.Context(), "team", people(300))
	require.Error(t, err, "the second part is refused")
	return s3.called, opened.Delete(t.Context(), "team")
}
