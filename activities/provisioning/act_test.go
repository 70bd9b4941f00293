package provisioning_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/scim"
	"studio-onboarding/onboarding"
)

type scimStub struct {
	endpoint, token string
	err             error
}

func (s *scimStub) Check(_ context.Context, endpoint, token string) (scim.Config, error) {
	s.endpoint, s.token = endpoint, token
	return scim.Config{Patch: true, MaxResults: 50}, s.err
}

const (
	testEndpoint = "https://scim.us-east-1.amazonaws.com/t-1/scim/v2"
	testTokenRef = "env:SCIM_TOKEN"
	testToken    = "very-secret"
)

func provisioningWith(org *activitytest.OktaStub) *provisioning.Activities {
	return &provisioning.Activities{Okta: org, SCIM: &scimStub{}, Secrets: activitytest.SecretStub{testTokenRef: testToken},
		Waits: activitytest.OktaWaits()}
}

func TestCheckSCIMTriesTheTokenBehindTheReference(t *testing.T) {
	x := provisioningWith(&activitytest.OktaStub{})
	in := provisioning.CheckSCIMInput{Region: "us-east-1", Connection: provisioning.SCIMConnection{Endpoint: testEndpoint + "/",
		TokenRef: testTokenRef}}
	result, err := x.CheckSCIM(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, provisioning.SCIMConnection{Endpoint: testEndpoint, TokenRef: testTokenRef}, result.Connection)
	require.WithinDuration(t, time.Now(), result.CheckedAt, time.Minute)
	require.Equal(t, &scimStub{endpoint: testEndpoint, token: testToken}, x.SCIM)

	in.Region = "eu-west-1"
	_, err = x.CheckSCIM(t.Context(), in)
	require.Contains(t, activitytest.RequireClass(t, err, fault.Invalid).Error(), "eu-west-1")
	in.Region, in.Connection.TokenRef = "us-east-1", "env:OTHER"
	_, err = x.CheckSCIM(t.Context(), in)
	activitytest.RequireClass(t, err, fault.Invalid)
	in.Connection = provisioning.SCIMConnection{Endpoint: "https://example.com", TokenRef: testTokenRef}
	_, err = x.CheckSCIM(t.Context(), in)
	activitytest.RequireClass(t, err, fault.Invalid)
}

func TestConnectProvisioningOnlyWhereTheAPIKnowsTheConnection(t *testing.T) {
	in := provisioning.ConnectInput{AppID: "0oa1", Connection: provisioning.SCIMConnection{Endpoint: testEndpoint, TokenRef: testTokenRef}}
	for name, c := range map[string]struct {
		org       *activitytest.OktaStub
		supported bool
		writes    []string
	}{
		"unknown": {&activitytest.OktaStub{Connected: model.Connection{AuthScheme: "UNKNOWN", Status: "UNKNOWN"}}, false, nil},
		"no such path": {&activitytest.OktaStub{Refuse: map[string]error{"connection": fault.New(fault.NotFound, "okta", "x", "no")}},
			false, nil},
		"token, disabled": {&activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oa1", "L")},
			Connected: model.Connection{AuthScheme: "TOKEN", Status: "DISABLED"}}, true, []string{"connect " + testEndpoint + " " + testToken}},
		"token, refused": {&activitytest.OktaStub{Connected: model.Connection{AuthScheme: "TOKEN", Status: "DISABLED"},
			Refuse: map[string]error{"connect": fault.New(fault.Invalid, "okta", "x", "no")}}, false,
			[]string{"connect " + testEndpoint + " " + testToken}},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := provisioningWith(c.org).ConnectProvisioning(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, c.supported, result.Supported)
			require.Equal(t, c.writes, c.org.Writes)
		})
	}
	denied := &activitytest.OktaStub{Refuse: map[string]error{"connection": fault.New(fault.Denied, "okta", "x", "no")}}
	_, err := provisioningWith(denied).ConnectProvisioning(t.Context(), in)
	activitytest.RequireClass(t, err, fault.Denied)
}

func TestAwaitProvisioningWaitsForCreatingUsers(t *testing.T) {
	app := activitytest.SAMLApp("0oa1", "L")
	org := &activitytest.OktaStub{AppList: []model.App{app}}
	_, err := provisioningWith(org).AwaitProvisioning(t.Context(), provisioning.AppInput{AppID: "0oa1"})
	require.Equal(t, activitytest.OktaWaits().Console, activitytest.RequireClass(t, err, fault.NotReady).RetryAfter)
	org.AppList[0].Features = []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES"}
	features, err := provisioningWith(org).AwaitProvisioning(t.Context(), provisioning.AppInput{AppID: "0oa1"})
	require.NoError(t, err)
	require.Equal(t, []string{"PUSH_USER_DEACTIVATION"}, features.Missing)
}

func TestAssignGroupsAssignsWhoIsNotCoveredAlready(t *testing.T) {
	user := func(id string) model.User { return model.User{ID: id, Status: "ACTIVE"} }
	org := &activitytest.OktaStub{
		GroupList: map[string]model.Group{"assignment": {ID: "g1", Name: "assignment"}},
		Members:   map[string][]model.User{"g1": {user("member")}},
		Users:     []model.AppUser{{ID: "assigned", Status: "STAGED"}},
		People: map[string]model.User{"member@example.com": user("member"), "assigned@example.com": user("assigned"),
			"new@example.com": user("new"), "gone@example.com": {ID: "gone", Status: "DEPROVISIONED"}},
	}
	in := provisioning.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment",
		People: []string{"member@example.com", "assigned@example.com", "new@example.com", "gone@example.com", "who@example.com"}}
	result, err := provisioningWith(org).AssignGroups(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, provisioning.AssignResult{GroupID: "g1", Origin: onboarding.OriginCreated,
		UnknownPeople: []string{"who@example.com"}}, result)
	require.Equal(t, []string{"assign-group g1", "assign-user new"}, org.Writes)

	result, err = provisioningWith(org).AssignGroups(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginAdopted, result.Origin)
	require.Len(t, org.Writes, 2, "a second time writes nothing")

	in.AssignmentGroup = "unknown"
	_, err = provisioningWith(org).AssignGroups(t.Context(), in)
	activitytest.RequireClass(t, err, fault.NotFound)
}

func TestAssignGroupsCatchesUpOnThoseAssignedBeforeProvisioning(t *testing.T) {
	org := &activitytest.OktaStub{GroupList: map[string]model.Group{"assignment": {ID: "g1"}}, Assigned: []string{"g1"},
		Users: []model.AppUser{{ID: "00uearly", Status: "ACTIVE"}}, Members: map[string][]model.User{"g1": {model.User{ID: "00uearly",
			Status: "ACTIVE", Login: "early@example.com", Email: "early@example.com", FirstName: "E", LastName: "Example"}}}}
	assign := func() {
		result, err := provisioningWith(org).AssignGroups(t.Context(), provisioning.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment"})
		require.NoError(t, err)
		require.Equal(t, onboarding.OriginAdopted, result.Origin)
	}
	assign()
	require.Equal(t, []string{"assign-group g1"}, org.Writes)

	org.Members["g1"][0].LastName, org.Users[0].Status = "", "ACTIVE"
	assign()
	require.Len(t, org.Writes, 1, "another try would be in vain")
}

func TestOnePersonWhomOktaRefusesDoesNotStopTheOthers(t *testing.T) {
	org := &activitytest.OktaStub{GroupList: map[string]model.Group{"assignment": {ID: "g1"}}, Assigned: []string{"g1"},
		People: map[string]model.User{"a@example.com": {ID: "a", Status: "ACTIVE"}},
		Refuse: map[string]error{"assign-user": fault.New(fault.Invalid, "okta", "x", "no")}}
	_, err := provisioningWith(org).AssignGroups(t.Context(), provisioning.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment",
		People: []string{"a@example.com"}})
	require.NoError(t, err)
}

func appUser(id, status string, changed time.Duration) model.AppUser {
	user := model.AppUser{ID: id, UserName: id + "@example.com", Status: status, StatusChanged: time.Now().Add(-changed)}
	if status == "PROVISIONED" {
		user.ExternalID = "aws-" + id
	}
	return user
}

func TestAwaitProvisionedWaitsForThoseUnderWayAndCountsTheFailed(t *testing.T) {
	in := provisioning.AppInput{AppID: "0oa1"}
	done := appUser("done", "PROVISIONED", time.Second)
	member := func(ids ...string) map[string][]model.User {
		users := []model.User{{ID: "inactive", Status: "SUSPENDED"}}
		for _, id := range ids {
			users = append(users, model.User{ID: id, Status: "ACTIVE"})
		}
		return map[string][]model.User{"g1": users}
	}
	denied := map[string]error{"failures": fault.New(fault.Denied, "okta", "logs", "no")}
	inError := appUser("broken", "STAGED", time.Second)
	inError.SyncState = "ERROR"
	failure := func(at time.Duration) []model.LogEvent {
		return []model.LogEvent{{UserLogin: "Staged@example.com", Published: time.Now().Add(-at)}}
	}
	for name, c := range map[string]struct {
		org     *activitytest.OktaStub
		waits   string
		settled provisioning.ProvisionedResult
	}{
		"all there": {&activitytest.OktaStub{Users: []model.AppUser{done}}, "",
			provisioning.ProvisionedResult{Assigned: 1, Provisioned: 1}},
		"one under way": {&activitytest.OktaStub{Users: []model.AppUser{done, appUser("staged", "STAGED", time.Second)}},
			"1 of 2", provisioning.ProvisionedResult{}},
		"under way, no log": {&activitytest.OktaStub{Users: []model.AppUser{appUser("staged", "STAGED", time.Second)}, Refuse: denied},
			"0 of 1", provisioning.ProvisionedResult{}},
		"failed by the log": {&activitytest.OktaStub{Users: []model.AppUser{done, appUser("staged", "STAGED", 10*time.Second)},
			Failures: failure(5 * time.Second)}, "", provisioning.ProvisionedResult{Assigned: 2, Provisioned: 1, Failed: 1}},
		"failed before": {&activitytest.OktaStub{Users: []model.AppUser{appUser("staged", "STAGED", 5*time.Second)},
			Failures: failure(10 * time.Second)}, "0 of 1", provisioning.ProvisionedResult{}},
		"stuck": {&activitytest.OktaStub{Users: []model.AppUser{appUser("staged", "STAGED", 2*time.Minute)},
			Refuse: denied}, "", provisioning.ProvisionedResult{Assigned: 1, Failed: 1}},
		"at the end of a long queue": {&activitytest.OktaStub{Users: []model.AppUser{done, appUser("staged", "STAGED", 2*time.Minute)}},
			"1 of 2", provisioning.ProvisionedResult{}},
		"in error": {&activitytest.OktaStub{Users: []model.AppUser{inError, appUser("off", "SUSPENDED", time.Second)}}, "",
			provisioning.ProvisionedResult{Assigned: 2, Failed: 2}},
		"nobody yet": {&activitytest.OktaStub{Assigned: []string{"g1"}, Members: member("done")}, "assign 1",
			provisioning.ProvisionedResult{}},
		"nobody to come": {&activitytest.OktaStub{Assigned: []string{"g1"}, Members: member()}, "", provisioning.ProvisionedResult{}},
		"members still coming": {&activitytest.OktaStub{Users: []model.AppUser{done}, Assigned: []string{"g1"},
			Members: member("done", "next")}, "assign 1", provisioning.ProvisionedResult{}},
		"members never coming": {&activitytest.OktaStub{Users: []model.AppUser{appUser("done", "PROVISIONED", 2*time.Minute)},
			Assigned: []string{"g1"}, Members: member("done", "next")}, "", provisioning.ProvisionedResult{Assigned: 2, Provisioned: 1, Failed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := provisioningWith(c.org).AwaitProvisioned(t.Context(), in)
			if c.waits != "" {
				f := activitytest.RequireClass(t, err, fault.NotReady)
				require.Equal(t, activitytest.OktaWaits().Sync, f.RetryAfter)
				require.Contains(t, f.Error(), c.waits)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.settled, result)
		})
	}
	_, err := provisioningWith(&activitytest.OktaStub{Users: []model.AppUser{appUser("staged", "STAGED", 0)},
		Refuse: map[string]error{"failures": fault.New(fault.Unavailable, "okta", "logs", "no")}}).AwaitProvisioned(t.Context(), in)
	activitytest.RequireClass(t, err, fault.Unavailable)
}

func TestAwaitProvisionedRecordsItsCount(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	x := provisioningWith(&activitytest.OktaStub{Users: []model.AppUser{appUser("a", "PROVISIONED", 0), appUser("b", "SUSPENDED", 0)}})
	env.RegisterActivity(x.AwaitProvisioned)
	var counts []onboarding.Count
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var count onboarding.Count
		require.NoError(t, details.Get(&count))
		counts = append(counts, count)
	})
	_, err := env.ExecuteActivity(x.AwaitProvisioned, provisioning.AppInput{AppID: "0oa1"})
	require.NoError(t, err)
	require.Contains(t, counts, onboarding.Count{Step: onboarding.StepOktaGroups, Done: 1, Total: 2, What: "people provisioned by Okta"})
}

func TestPushGroupsBringsEveryMappingOnItsWay(t *testing.T) {
	provisioned := appUser("p", "PROVISIONED", time.Minute)
	old, recent := provisioned.StatusChanged.Add(-time.Minute), provisioned.StatusChanged.Add(time.Second)
	mapping := func(status string, pushed time.Time) []model.Mapping {
		return []model.Mapping{{ID: "m", SourceGroupID: "g1", Status: status, LastPush: pushed}}
	}
	for name, c := range map[string]struct {
		mappings []model.Mapping
		writes   []string
		origin   onboarding.Origin
	}{
		"none":                       {nil, []string{"push g1 studio"}, onboarding.OriginCreated},
		"active and complete":        {mapping("ACTIVE", recent), nil, onboarding.OriginAdopted},
		"active and on its way":      {mapping("ACTIVE", time.Time{}), nil, onboarding.OriginAdopted},
		"active, before people came": {mapping("ACTIVE", old), []string{"set m INACTIVE", "set m ACTIVE"}, onboarding.OriginAdopted},
		"inactive":                   {mapping("INACTIVE", recent), []string{"set m ACTIVE"}, onboarding.OriginAdopted},
		"in error":                   {mapping("ERROR", recent), []string{"delete m", "push g1 studio"}, onboarding.OriginCreated},
	} {
		t.Run(name, func(t *testing.T) {
			org := &activitytest.OktaStub{GroupList: map[string]model.Group{"studio": {ID: "g1", Name: "studio"}}, Pushes: c.mappings,
				Users: []model.AppUser{provisioned}}
			result, err := provisioningWith(org).PushGroups(t.Context(), provisioning.PushInput{AppID: "0oa1", Groups: []string{"studio"}})
			require.NoError(t, err)
			require.Equal(t, c.writes, org.Writes)
			require.Empty(t, result.Refused)
			require.Len(t, result.Pushed, 1)
			require.Equal(t, "ACTIVE", result.Pushed[0].Status)
			require.Equal(t, c.origin, result.Pushed[0].Origin)
		})
	}
}

func TestPushGroupsThatOktaRefusesAreForAPerson(t *testing.T) {
	in := provisioning.PushInput{AppID: "0oa1", Groups: []string{"studio"}}
	groups := map[string]model.Group{"studio": {ID: "g1", Name: "studio"}}
	for _, at := range []string{"push", "mappings"} {
		for _, class := range []fault.Class{fault.Invalid, fault.Denied, fault.NotFound, fault.Unsupported} {
			org := &activitytest.OktaStub{GroupList: groups, Refuse: map[string]error{at: fault.New(class, "okta", "push", "Okta's reason")}}
			result, err := provisioningWith(org).PushGroups(t.Context(), in)
			require.NoError(t, err)
			require.Contains(t, result.Refused["studio"], "Okta's reason")
			require.Empty(t, result.Pushed)
		}
		org := &activitytest.OktaStub{GroupList: groups, Refuse: map[string]error{at: fault.New(fault.Unavailable, "okta", "push", "down")}}
		_, err := provisioningWith(org).PushGroups(t.Context(), in)
		activitytest.RequireClass(t, err, fault.Unavailable)
	}
	_, err := provisioningWith(&activitytest.OktaStub{}).PushGroups(t.Context(), in)
	activitytest.RequireClass(t, err, fault.NotFound)
}

func TestAwaitPushedWaitsForThePushAndEndsWithItsError(t *testing.T) {
	in := provisioning.PushInput{AppID: "0oa1", Groups: []string{"studio"}}
	with := func(mappings ...model.Mapping) *activitytest.OktaStub {
		return &activitytest.OktaStub{GroupList: map[string]model.Group{"studio": {ID: "g1", Name: "studio"}}, Pushes: mappings}
	}
	for _, org := range []*activitytest.OktaStub{with(), with(model.Mapping{SourceGroupID: "g1", Status: "ACTIVE"}),
		with(model.Mapping{SourceGroupID: "g1", Status: "INACTIVE", LastPush: time.Now()})} {
		_, err := provisioningWith(org).AwaitPushed(t.Context(), in)
		require.Contains(t, activitytest.RequireClass(t, err, fault.NotReady).Error(), "studio")
	}
	_, err := provisioningWith(with(model.Mapping{SourceGroupID: "g1", Status: "ERROR",
		ErrorSummary: "Linked group is missing"})).AwaitPushed(t.Context(), in)
	require.Contains(t, activitytest.RequireClass(t, err, fault.Invalid).Error(), "Linked group is missing")
	result, err := provisioningWith(with(model.Mapping{ID: "m", SourceGroupID: "g1", Status: "ACTIVE",
		LastPush: time.Now()})).AwaitPushed(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []provisioning.PushedGroup{{Name: "studio", MappingID: "m", Status: "ACTIVE", Origin: onboarding.OriginAdopted}},
		result.Pushed)

	blind := with()
	blind.Refuse = map[string]error{"mappings": fault.New(fault.NotFound, "okta", "mappings", "no such path")}
	result, err = provisioningWith(blind).AwaitPushed(t.Context(), in)
	require.NoError(t, err)
	require.Contains(t, result.Refused["studio"], "no such path")
}
