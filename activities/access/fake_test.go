package access_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
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
	"studio-onboarding/activities/access"
	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

const (
	fakeRun    = "team"
	fakeDomain = "d-team"
	fakeApp    = "arn:aws:sso::111111111111:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	fakeRole   = "arn:aws:iam::222222222222:role/SageMakerStudio-team"
	fakeRoleML = "arn:aws:iam::222222222222:role/SageMakerStudio-ml"
)

// fakeProfile is a user profile of the fake domain. Status follows by one step with every list.
type fakeProfile struct {
	user, role, status string
	next               []string
	run                string
	tags               map[string]string
	// created and changed are only told where created is set.
	created, changed time.Time
}

// step moves the status on.
func (p *fakeProfile) step() {
	if len(p.next) > 0 {
		p.status, p.next, p.changed = p.next[0], p.next[1:], p.changed.Add(10*time.Millisecond)
	}
}

// times are the time stamps of a profile as the API tells them.
func (p *fakeProfile) times(out map[string]any) map[string]any {
	if !p.created.IsZero() {
		out["CreationTime"], out["LastModifiedTime"] = float64(p.created.UnixMilli())/1000, float64(p.changed.UnixMilli())/1000
	}
	return out
}

// fakeCloud is an identity store, an application and a domain that answer on the wire and do what a test tells them, also
// what the sandbox's well-behaved ones do not: fail, lag and lose.
type fakeCloud struct {
	t   *testing.T
	url string

	mu       sync.Mutex
	users    []map[string]any
	groups   map[string][]string // name → user IDs; the group's ID is g-<name>
	assigned map[string]bool     // TYPE/ID
	profiles map[string]*fakeProfile
	apps     map[string]string // profile → status of its app
	spaces   map[string]string // space → owner profile
	writes   []string
	// application is the status of the Studio application, "" for ENABLED; open lets everybody in.
	application string
	open        bool
	// clocked makes profiles have times.
	clocked bool
	// calls counts the calls of operations.
	calls map[string]int
	// refuse answers a call with an error, "code: message".
	refuse func(operation string, in map[string]any) string
	// lose makes a call succeed without an effect.
	lose func(operation string, in map[string]any) bool
	// outcome are the statuses that a new profile goes through, after Pending.
	outcome func(user string) []string
}

func newFakeCloud(t *testing.T) *fakeCloud {
	f := &fakeCloud{
		t: t, groups: map[string][]string{}, assigned: map[string]bool{}, profiles: map[string]*fakeProfile{}, apps: map[string]string{},
		spaces: map[string]string{}, calls: map[string]int{},
		refuse: func(string, map[string]any) string { return "" }, lose: func(string, map[string]any) bool { return false },
		outcome: func(string) []string { return []string{"InService"} },
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// person puts an enabled user, whom Okta brought, into groups.
func (f *fakeCloud) person(login string, groups ...string) {
	f.users = append(f.users, map[string]any{
		"UserId": "id-" + login, "UserName": login, "UserStatus": "ENABLED", "Emails": []any{map[string]any{"Value": login}},
		"ExternalIds": []any{map[string]any{"Issuer": "https://scim.aws.com/x", "Id": "00u-" + login}},
	})
	for _, group := range groups {
		f.groups[group] = append(f.groups[group], "id-"+login)
	}
}

func (f *fakeCloud) Config(context.Context, onboarding.AccountSpec, string) (aws.Config, error) {
	return aws.Config{APIOptions: []func(*middleware.Stack) error{awscloud.Classified},
		Region: "us-east-1", BaseEndpoint: &f.url, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		RetryMaxAttempts: 1,
	}, nil
}

func (f *fakeCloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in map[string]any
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil { // a worker that died while it was asking has asked for nothing
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[operation]++
	refusal := f.refuse(operation, in)
	var out map[string]any
	if refusal == "" {
		out, refusal = f.answer(operation, in)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if refusal != "" {
		code, message, _ := strings.Cut(refusal, ": ")
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]any{"__type": code, "message": message, "Message": message}
	}
	_ = json.NewEncoder(w).Encode(out)
}

// param reads a parameter.
func param(in map[string]any, path ...string) string {
	var value any = in
	for _, key := range path {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	s, _ := value.(string)
	return s
}

func arnOfProfile(name string) string {
	return "arn:aws:sagemaker:us-east-1:222222222222:user-profile/" + fakeDomain + "/" + name
}

func (f *fakeCloud) answer(operation string, in map[string]any) (map[string]any, string) {
	name := param(in, "UserProfileName")
	profile := f.profiles[name]
	principal := param(in, "PrincipalType") + "/" + param(in, "PrincipalId")
	if isWrite(operation) {
		f.writes = append(f.writes, operation+" "+strings.Trim(principal+" "+name, "/ "))
		if f.lose(operation, in) { // and answered as one that has an effect
			if operation == "CreateUserProfile" {
				return map[string]any{"UserProfileArn": arnOfProfile(name)}, ""
			}
			return map[string]any{}, ""
		}
	}
	switch operation {
	case "ListUsers":
		return cutPage("Users", f.users, in), ""
	case "GetGroupId":
		group := param(in, "AlternateIdentifier", "UniqueAttribute", "AttributeValue")
		if _, ok := f.groups[group]; !ok {
			return nil, "ResourceNotFoundException: GROUP not found."
		}
		return map[string]any{"GroupId": "g-" + group, "IdentityStoreId": "d-1234567890"}, ""
	case "GetUserId":
		for _, user := range f.users {
			if user["UserName"] == param(in, "AlternateIdentifier", "UniqueAttribute", "AttributeValue") {
				return map[string]any{"UserId": user["UserId"], "IdentityStoreId": "d-1234567890"}, ""
			}
		}
		return nil, "ResourceNotFoundException: USER not found."
	case "DescribeUser":
		for _, user := range f.users {
			if user["UserId"] == param(in, "UserId") {
				return user, ""
			}
		}
		return nil, "ResourceNotFoundException: USER not found."
	case "ListGroupMembershipsForMember":
		var memberships []map[string]any
		for _, name := range slices.Sorted(maps.Keys(f.groups)) {
			if slices.Contains(f.groups[name], param(in, "MemberId", "UserId")) {
				memberships = append(memberships, map[string]any{"GroupId": "g-" + name, "IdentityStoreId": "d-1234567890"})
			}
		}
		return cutPage("GroupMemberships", memberships, in), ""
	case "DescribeGroup":
		return map[string]any{"GroupId": param(in, "GroupId"), "DisplayName": strings.TrimPrefix(param(in, "GroupId"), "g-"),
			"IdentityStoreId": "d-1234567890"}, ""
	case "ListGroupMemberships":
		var members []map[string]any
		for _, id := range f.groups[strings.TrimPrefix(param(in, "GroupId"), "g-")] {
			members = append(members, map[string]any{"MemberId": map[string]any{"UserId": id}, "IdentityStoreId": "d-1234567890"})
		}
		return cutPage("GroupMemberships", members, in), ""
	case "DescribeApplication":
		return map[string]any{"ApplicationArn": fakeApp, "Status": cmp.Or(f.application, "ENABLED"),
			"PortalOptions": map[string]any{"Visibility": "ENABLED"}}, ""
	case "GetApplicationAssignmentConfiguration":
		return map[string]any{"AssignmentRequired": !f.open}, ""
	case "ListApplicationAssignments":
		var assignments []map[string]any
		for _, key := range slices.Sorted(maps.Keys(f.assigned)) {
			kind, id, _ := strings.Cut(key, "/")
			assignments = append(assignments, map[string]any{"ApplicationArn": fakeApp, "PrincipalId": id, "PrincipalType": kind})
		}
		return cutPage("ApplicationAssignments", assignments, in), ""
	case "CreateApplicationAssignment":
		f.assigned[principal] = true
		return map[string]any{}, ""
	case "DeleteApplicationAssignment":
		delete(f.assigned, principal)
		return map[string]any{}, ""
	case "ListUserProfiles":
		return cutPage("UserProfiles", f.listProfiles(), in), ""
	case "ListApps":
		apps := []any{}
		for profile, status := range f.apps {
			if wanted := param(in, "UserProfileNameEquals"); wanted == "" || wanted == profile {
				apps = append(apps, map[string]any{"AppName": "default", "AppType": "JupyterLab", "Status": status, "UserProfileName": profile})
			}
		}
		return map[string]any{"Apps": apps}, ""
	case "ListSpaces":
		var spaces []map[string]any
		for space, owner := range f.spaces {
			spaces = append(spaces, map[string]any{"SpaceName": space, "OwnershipSettingsSummary": map[string]any{"OwnerUserProfileName": owner}})
		}
		return cutPage("Spaces", spaces, in), ""
	case "ListTags":
		profile = f.profiles[param(in, "ResourceArn")[strings.LastIndex(param(in, "ResourceArn"), "/")+1:]]
		tags := []any{}
		if profile != nil {
			for key, value := range profile.tags {
				tags = append(tags, map[string]any{"Key": key, "Value": value})
			}
			if profile.run != "" {
				tags = append(tags, map[string]any{"Key": "studio-onboarding:run", "Value": profile.run})
			}
		}
		return map[string]any{"Tags": tags}, ""
	case "AddTags":
		profile = f.profiles[param(in, "ResourceArn")[strings.LastIndex(param(in, "ResourceArn"), "/")+1:]]
		if profile == nil {
			return nil, "ResourceNotFound: no such profile."
		}
		if profile.tags == nil {
			profile.tags = map[string]string{}
		}
		maps.Copy(profile.tags, tagsOf(in))
		return map[string]any{}, ""
	case "CreateUserProfile":
		for taken := range f.profiles {
			if strings.EqualFold(taken, name) {
				return nil, "ResourceInUse: the profile exists."
			}
		}
		f.profiles[name] = &fakeProfile{user: param(in, "SingleSignOnUserValue"), role: param(in, "UserSettings", "ExecutionRole"),
			status: "Pending", run: tagsOf(in)["studio-onboarding:run"], tags: tagsOf(in)}
		delete(f.profiles[name].tags, "studio-onboarding:run")
		f.profiles[name].next = f.outcome(f.profiles[name].user)
		if f.clocked {
			f.profiles[name].created, f.profiles[name].changed = time.Now(), time.Now()
		}
		return map[string]any{"UserProfileArn": arnOfProfile(name)}, ""
	}
	if profile == nil {
		return nil, "ResourceNotFound: no such profile."
	}
	switch operation {
	case "DescribeUserProfile":
		return profile.times(map[string]any{
			"UserProfileName": name, "SingleSignOnUserValue": profile.user, "Status": profile.status, "FailureReason": "the reason",
			"UserProfileArn": arnOfProfile(name),
			"UserSettings":   map[string]any{"ExecutionRole": profile.role},
		}), ""
	case "UpdateUserProfile":
		profile.role, profile.status, profile.next = param(in, "UserSettings", "ExecutionRole"), "Updating", []string{"InService"}
		profile.changed = profile.changed.Add(time.Second)
	case "DeleteUserProfile":
		profile.status, profile.next = "Deleting", []string{"gone"}
	}
	return map[string]any{}, ""
}

func isWrite(operation string) bool {
	return !strings.HasPrefix(operation, "List") && !strings.HasPrefix(operation, "Get") && !strings.HasPrefix(operation, "Describe")
}

// listProfiles shows the profiles and lets time pass.
func (f *fakeCloud) listProfiles() []map[string]any {
	var listed []map[string]any
	for _, name := range slices.Sorted(maps.Keys(f.profiles)) {
		profile := f.profiles[name]
		listed = append(listed, profile.times(map[string]any{"UserProfileName": name, "DomainId": fakeDomain, "Status": profile.status}))
		profile.step()
		if profile.status == "gone" {
			delete(f.profiles, name)
		}
	}
	return listed
}

// tagsOf are the tags of a request.
func tagsOf(in map[string]any) map[string]string {
	all := map[string]string{}
	tags, _ := in["Tags"].([]any)
	for _, tag := range tags {
		object, _ := tag.(map[string]any)
		all[param(object, "Key")] = param(object, "Value")
	}
	return all
}

// cutPage cuts a list as MaxResults and NextToken say.
func cutPage(key string, all []map[string]any, in map[string]any) map[string]any {
	size, start := 10, 0
	if n, ok := in["MaxResults"].(float64); ok {
		size = int(n)
	}
	_, _ = fmt.Sscan(param(in, "NextToken"), &start)
	end := min(start+size, len(all))
	out := map[string]any{key: append([]map[string]any{}, all[start:end]...)}
	if end < len(all) {
		out["NextToken"] = fmt.Sprint(end)
	}
	return out
}

// fakeOkta is an Okta org of which only people are asked for.
type fakeOkta struct {
	provider.Okta
	groups   map[string][]model.User
	singles  map[string]model.User
	appUsers []model.AppUser
	failures []model.LogEvent
	logErr   error
	// appStatus is the app's own; empty stands for an active one.
	appStatus string
	// alter changes the app, and metadata replaces what Okta says of its certificate.
	alter    func(*model.App)
	metadata func() ([]byte, error)
}

func (*fakeOkta) URL() string { return "https://example.okta.com" }

func (o *fakeOkta) App(_ context.Context, id string) (model.App, error) {
	app := activitytest.SAMLApp(id, "AWS IAM Identity Center")
	app.Status, app.ACSURL = cmp.Or(o.appStatus, "ACTIVE"), "https://us-east-1.signin.aws.amazon.com/platform/saml/acs/1"
	app.EntityID = "https://us-east-1.signin.aws.amazon.com/platform/saml/d-1234567890"
	if o.alter != nil {
		o.alter(&app)
	}
	return app, nil
}

func (o *fakeOkta) Metadata(context.Context, string) ([]byte, error) { return o.metadata() }

// newFakeOkta is an org that has brought everybody of the cloud there.
func newFakeOkta(cloud *fakeCloud) *fakeOkta {
	okta := &fakeOkta{groups: map[string][]model.User{}, singles: map[string]model.User{}}
	metadata := []byte(activitytest.IdPMetadata(cloud.t, time.Now().AddDate(5, 0, 0)))
	okta.metadata = func() ([]byte, error) { return metadata, nil }
	for name, members := range cloud.groups {
		for _, id := range members {
			okta.groups[name] = append(okta.groups[name], oktaUser(strings.TrimPrefix(id, "id-")))
		}
	}
	for _, user := range cloud.users {
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
	if _, ok := o.groups[name]; !ok {
		return model.Group{}, fault.New(fault.NotFound, "okta", "", "no group %q", name)
	}
	return model.Group{ID: name, Name: name}, nil
}

func (o *fakeOkta) GroupUsers(_ context.Context, id string, page func([]model.User) error) error {
	return page(o.groups[id])
}

func (o *fakeOkta) UserByLogin(_ context.Context, login string) (model.User, error) {
	user, ok := o.singles[login]
	if !ok {
		return model.User{}, fault.New(fault.NotFound, "okta", "", "no user")
	}
	return user, nil
}

func (o *fakeOkta) AppUsers(_ context.Context, _ string, page func([]model.AppUser) error) error {
	for _, user := range o.appUsers {
		if err := page([]model.AppUser{user}); err != nil {
			return err
		}
	}
	return nil
}

func (o *fakeOkta) UserGroups(_ context.Context, userID string) ([]model.Group, error) {
	var groups []model.Group
	for _, name := range slices.Sorted(maps.Keys(o.groups)) {
		if slices.ContainsFunc(o.groups[name], func(u model.User) bool { return u.ID == userID }) {
			groups = append(groups, model.Group{ID: name, Name: name})
		}
	}
	return groups, nil
}

func (o *fakeOkta) AppUser(_ context.Context, _, userID string) (model.AppUser, error) {
	for _, user := range o.appUsers {
		if user.ID == userID {
			return user, nil
		}
	}
	return model.AppUser{}, fault.New(fault.NotFound, "okta", "", "no app user")
}

func (o *fakeOkta) ProvisioningFailures(context.Context, string, time.Time, time.Time, int) ([]model.LogEvent, error) {
	return o.failures, o.logErr
}

// accessTo is the input for a team with the groups "ml", whose role is its own, and "users".
func accessTo(groups ...string) access.Input {
	in := access.Input{
		Run: fakeRun, Region: "us-east-1", IdentityStoreID: "d-1234567890", AppID: "app",
		Domain: onboarding.DomainHandle{ID: fakeDomain, ARN: "arn:aws:sagemaker:us-east-1:222222222222:domain/" + fakeDomain,
			ApplicationARN: fakeApp},
		Access: onboarding.AccessSpec{Profiles: onboarding.ProfilesEager, OnRemoval: onboarding.RemovalRevoke},
		Roles:  []onboarding.RoleHandle{{Wanted: "team", ARN: fakeRole}, {Wanted: "ml", ARN: fakeRoleML}},
		Tags:   map[string]string{"team": "x"},
	}
	for _, group := range groups {
		spec := onboarding.GroupAccessSpec{Name: group}
		if group == "ml" {
			spec.ExecutionRole = "ml"
		}
		in.Access.Groups = append(in.Access.Groups, spec)
	}
	return in
}

func testWaits() provider.Waits {
	return provider.Waits{Sync: time.Second, Profile: time.Millisecond, Propagation: 200 * time.Millisecond, Settle: time.Hour}
}

func accessOf(t *testing.T, cloud *fakeCloud) *access.Activities {
	return &access.Activities{AWS: cloud, Okta: newFakeOkta(cloud), Waits: testWaits(), People: storetest.New(t)}
}

// perform runs an activity as a worker does.
func perform[In, Out any](t *testing.T, do func(context.Context, In) (Out, error), in In) (Out, error) {
	t.Helper()
	return performIn(t, activityEnvironment(), do, in)
}

func activityEnvironment() *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	env.SetTestTimeout(time.Minute)
	return env
}

func performIn[In, Out any](t *testing.T, env *testsuite.TestActivityEnvironment, do func(context.Context, In) (Out, error), in In) (Out,
	error) {
	t.Helper()
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

// user is a user of the identity store.
func (f *fakeCloud) user(login string) map[string]any {
	return f.users[slices.IndexFunc(f.users, func(u map[string]any) bool { return u["UserId"] == "id-"+login })]
}

func (f *fakeCloud) leave(login, group string) {
	f.groups[group] = slices.DeleteFunc(f.groups[group], func(id string) bool { return id == "id-"+login })
}

func (o *fakeOkta) appUser(login string) *model.AppUser {
	return &o.appUsers[slices.IndexFunc(o.appUsers, func(u model.AppUser) bool { return u.UserName == login })]
}

func (o *fakeOkta) member(group, login string) *model.User {
	return &o.groups[group][slices.IndexFunc(o.groups[group], func(u model.User) bool { return u.Login == login })]
}
