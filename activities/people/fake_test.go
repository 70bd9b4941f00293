package people_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// fakeStore is an identity store that answers on the wire.
type fakeStore struct {
	url    string
	users  []map[string]any
	groups map[string][]string // name → user IDs; the group's ID is g-<name>
	byHand []string            // groups that came from no other directory
	calls  map[string]int
	// mu: users and groups are asked for side by side.
	mu sync.Mutex
	// refuse answers a call with an error, "code: message".
	refuse func(operation string) string
}

func newFakeStore(t *testing.T) *fakeStore {
	f := &fakeStore{groups: map[string][]string{}, calls: map[string]int{}, refuse: func(string) string { return "" }}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fakeStore) Config(context.Context, onboarding.AccountSpec, string) (aws.Config, error) {
	return aws.Config{APIOptions: []func(*middleware.Stack) error{awscloud.Classified}, Region: "us-east-1", BaseEndpoint: &f.url,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""), RetryMaxAttempts: 1}, nil
}

func (f *fakeStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		AlternateIdentifier struct {
			UniqueAttribute struct{ AttributeValue string }
		}
		GroupId string
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[operation]++
	refusal := f.refuse(operation)
	out := map[string]any{}
	switch operation {
	case "ListUsers":
		out["Users"] = append([]map[string]any{}, f.users...)
	case "GetGroupId":
		name := in.AlternateIdentifier.UniqueAttribute.AttributeValue
		if _, there := f.groups[name]; !there && refusal == "" {
			refusal = "ResourceNotFoundException: GROUP not found."
		}
		out["GroupId"], out["IdentityStoreId"] = "g-"+name, "d-1234567890"
	case "DescribeGroup":
		out["GroupId"], out["IdentityStoreId"] = in.GroupId, "d-1234567890"
		if !slices.Contains(f.byHand, strings.TrimPrefix(in.GroupId, "g-")) {
			out["ExternalIds"] = []any{map[string]any{"Issuer": "x", "Id": "y"}}
		}
	case "ListGroupMemberships":
		members := []any{}
		for _, id := range f.groups[strings.TrimPrefix(in.GroupId, "g-")] {
			members = append(members, map[string]any{"MemberId": map[string]any{"UserId": id}, "IdentityStoreId": "d-1234567890"})
		}
		out["GroupMemberships"] = members
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if refusal != "" {
		code, message, _ := strings.Cut(refusal, ": ")
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]any{"__type": code, "message": message, "Message": message}
	}
	_ = json.NewEncoder(w).Encode(out)
}

// person puts an enabled user, whom Okta brought, into groups.
func (f *fakeStore) person(login string, groups ...string) {
	f.users = append(f.users, map[string]any{
		"UserId": "id-" + login, "UserName": login, "UserStatus": "ENABLED", "Emails": []any{map[string]any{"Value": login}},
		"ExternalIds": []any{map[string]any{"Issuer": "https://scim.aws.com/x", "Id": "00u-" + login}},
	})
	for _, group := range groups {
		f.groups[group] = append(f.groups[group], "id-"+login)
	}
}

func (f *fakeStore) user(login string) map[string]any {
	return f.users[slices.IndexFunc(f.users, func(u map[string]any) bool { return u["UserId"] == "id-"+login })]
}

// fakeOkta is an Okta org of which only people are asked for.
type fakeOkta struct {
	provider.Okta
	groups   map[string][]model.User
	singles  map[string]model.User
	appUsers []model.AppUser
	failures []model.LogEvent
	logErr   error
	err      error // of groups
}

// newFakeOkta is an org that has brought everybody of the store there.
func newFakeOkta(store *fakeStore) *fakeOkta {
	okta := &fakeOkta{groups: map[string][]model.User{}, singles: map[string]model.User{}}
	for name, members := range store.groups {
		for _, id := range members {
			okta.groups[name] = append(okta.groups[name], oktaUser(strings.TrimPrefix(id, "id-")))
		}
	}
	for _, user := range store.users {
		login := user["UserName"].(string)
		okta.singles[login] = oktaUser(login)
		okta.appUsers = append(okta.appUsers, model.AppUser{
			ID: "00u-" + login, ExternalID: "id-" + login, UserName: login, Status: "PROVISIONED", Scope: "GROUP",
			StatusChanged: time.Now().Add(-time.Minute),
		})
	}
	return okta
}

func oktaUser(login string) model.User {
	return model.User{ID: "00u-" + login, Status: "ACTIVE", Login: login, Email: login, FirstName: "Ann", LastName: "Smith"}
}

func (o *fakeOkta) Group(_ context.Context, name string) (model.Group, error) {
	if o.err != nil {
		return model.Group{}, o.err
	}
	if _, ok := o.groups[name]; !ok {
		return model.Group{}, fault.New(fault.NotFound, "okta", "okta:GET /api/v1/groups", "there is no Okta group named %q",
			name).WithRemedy("create it")
	}
	return model.Group{ID: "00g" + name, Name: name}, nil
}

func (o *fakeOkta) GroupUsers(_ context.Context, id string, page func([]model.User) error) error {
	members := o.groups[strings.TrimPrefix(id, "00g")]
	for len(members) > 0 {
		n := min(len(members), 200)
		if err := page(members[:n]); err != nil {
			return err
		}
		members = members[n:]
	}
	return nil
}

func (o *fakeOkta) UserByLogin(_ context.Context, login string) (model.User, error) {
	user, ok := o.singles[login]
	if !ok {
		return model.User{}, fault.New(fault.NotFound, "okta", "okta:GET /api/v1/users/{login}", "nobody has the Okta login %q", login)
	}
	return user, nil
}

func (o *fakeOkta) AppUsers(_ context.Context, _ string, page func([]model.AppUser) error) error {
	return page(o.appUsers)
}

func (o *fakeOkta) ProvisioningFailures(context.Context, string, time.Time, time.Time, int) ([]model.LogEvent, error) {
	return o.failures, o.logErr
}

func (o *fakeOkta) appUser(login string) *model.AppUser {
	return &o.appUsers[slices.IndexFunc(o.appUsers, func(u model.AppUser) bool { return u.UserName == login })]
}

func (o *fakeOkta) member(group, login string) *model.User {
	return &o.groups[group][slices.IndexFunc(o.groups[group], func(u model.User) bool { return u.Login == login })]
}

// smallTeam is bob, who is in both groups, and some of "users".
func smallTeam(t *testing.T) *fakeStore {
	store := newFakeStore(t)
	store.groups["ml"], store.groups["users"] = []string{}, []string{}
	store.person("ann@example.com", "users")
	store.person("bob@example.com", "users", "ml")
	store.person("cid@example.com", "users")
	store.person("other@example.com")
	return store
}

// perform runs an activity as a worker does.
func perform[In, Out any](t *testing.T, do func(context.Context, In) (Out, error), in In) (Out, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	env.SetTestTimeout(time.Minute)
	env.RegisterActivity(do)
	result, err := env.ExecuteActivity(do, in)
	var out Out
	if err == nil {
		require.NoError(t, result.Get(&out))
	}
	return out, err
}

func requireFault(t *testing.T, class fault.Class, err error) *temporal.ApplicationError {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, string(class), application.Type(), application.Message())
	return application
}
