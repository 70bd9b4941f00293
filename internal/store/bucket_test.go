package store_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/store"
)

// fakeS3 is as much of S3 as a store needs, for one bucket.
type fakeS3 struct {
	bucket string
	mu     sync.Mutex
	kept   map[string][]byte
	calls  map[string]int
}

type s3Object struct {
	Key          string
	LastModified time.Time
	Size         int
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key, inBucket := strings.CutPrefix(r.URL.Path, "/"+f.bucket)
	key = strings.TrimPrefix(key, "/")
	data, there := f.kept[key]
	fail := func(status int, code string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>as the test wants</Message></Error>", code)
	}
	switch {
	case !inBucket:
		fail(http.StatusNotFound, "NoSuchBucket")
	case r.Method == http.MethodGet && key == "":
		f.calls["list"]++
		var answer struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []s3Object
		}
		for name, content := range f.kept {
			if strings.HasPrefix(name, r.URL.Query().Get("prefix")) {
				answer.Contents = append(answer.Contents, s3Object{name, time.Now(), len(content)})
			}
		}
		slices.SortFunc(answer.Contents, func(a, b s3Object) int { return strings.Compare(a.Key, b.Key) })
		_ = xml.NewEncoder(w).Encode(answer)
	case r.Method == http.MethodPut:
		f.calls["put"]++
		if there && r.Header.Get("If-None-Match") == "*" {
			fail(http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		f.kept[key] = body
		w.Header().Set("ETag", `"x"`)
	case r.Method == http.MethodDelete:
		delete(f.kept, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		fail(http.StatusNotFound, "NoSuchKey")
	default:
		f.calls["get"]++
		var from int
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = w.Write(data[from:])
	}
}

// inBucket are two workers' views of one bucket.
func inBucket(t *testing.T) (one, other *store.Store, s3 *fakeS3) {
	t.Helper()
	s3 = &fakeS3{bucket: "lists", kept: map[string][]byte{}, calls: map[string]int{}}
	server := httptest.NewServer(s3)
	t.Cleanup(server.Close)
	config := func(_ context.Context, region string) (aws.Config, error) {
		return aws.Config{Region: region, BaseEndpoint: &server.URL,
			Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "example", "")}, nil
	}
	view := func() *store.Store {
		s, err := store.Open(t.Context(), "s3://lists/of/ours?region=eu-central-1&use_path_style=true", store.Options{AWS: config})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	return view(), view(), s3
}

func TestABucketIsAStoreThatWorkersShare(t *testing.T) {
	one, other, s3 := inBucket(t)
	require.Equal(t, "s3://lists/of/ours", one.Address())
	_, err := logins(t, one, "")
	require.ErrorIs(t, err, fs.ErrNotExist)
	id, err := one.ID(t.Context())
	require.NoError(t, err)
	theirs, err := other.ID(t.Context())
	require.NoError(t, err)
	require.Equal(t, id, theirs)

	clear(s3.calls)
	first := write(t, one, "ann@example.com", "bob@example.com")
	require.Equal(t, map[string]int{"put": 2, "list": 1}, s3.calls)
	require.Equal(t, "s3://lists/of/ours/data-science/people/"+first.ID+".jsonl", first.Address)
	found, err := logins(t, other, "")
	require.NoError(t, err)
	require.Equal(t, []string{"ann@example.com", "bob@example.com"}, found)
	var from int64
	for line, err := range store.Lines[person](t.Context(), other, people, first.ID, 0) {
		require.NoError(t, err)
		from = line.Next
		break
	}
	var rest []string
	for line, err := range store.Lines[person](t.Context(), other, people, first.ID, from) {
		require.NoError(t, err)
		rest = append(rest, line.Item.Login)
	}
	require.Equal(t, []string{"bob@example.com"}, rest)

	_, err = store.Write(t.Context(), other, people, func(yield func(person, error) bool) {
		_ = yield(person{Login: "cid@example.com"}, nil) && yield(person{}, errors.New("Okta fell asleep"))
	})
	require.ErrorContains(t, err, "Okta fell asleep")
	require.NoError(t, store.Append(t.Context(), other, people, some("cid@example.com")))
	var all []string
	for item, err := range store.ReadAppended[person](t.Context(), one, people) {
		require.NoError(t, err)
		all = append(all, item.Login)
	}
	require.Equal(t, []string{"ann@example.com", "bob@example.com", "cid@example.com"}, all)

	for key := range s3.kept {
		require.True(t, strings.HasPrefix(key, "of/ours/"), key)
	}
	require.NoError(t, one.Delete(t.Context(), "data-science"))
	require.Len(t, s3.kept, 1, "its identity")
	_, err = logins(t, one, first.ID)
	require.ErrorIs(t, err, store.ErrGone)
}

func TestOfTwoWorkersThatFindAnEmptyBucketBothTakeOneIdentity(t *testing.T) {
	one, other, _ := inBucket(t)
	ids := make([]string, 2)
	var asking sync.WaitGroup
	for i, s := range []*store.Store{one, other} {
		asking.Go(func() {
			var err error
			if ids[i], err = s.ID(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	require.NotEmpty(t, ids[0])
	require.Equal(t, ids[0], ids[1])
}
