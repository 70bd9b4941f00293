package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
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

type secretStub map[string]string

func (s secretStub) Resolve(_ context.Context, reference string) (string, error) {
	if value, ok := s[reference]; ok {
		return value, nil
	}
	return "", errors.New("the variable is not set")
}

const (
	testEndpoint = "https://scim.us-east-1.amazonaws.com/t-1/scim/v2"
	testTokenRef = "env:SCIM_TOKEN"
	testToken    = "very-secret"
)

func provisioningWith(org *oktaStub) *activities.Provisioning {
	return &activities.Provisioning{Okta: org, SCIM: &scimStub{}, Secrets: secretStub{testTokenRef: testToken}, Waits: oktaWaits()}
}

func TestCheckSCIMTriesTheTokenBehindTheReference(t *testing.T) {
	provisioning := provisioningWith(&oktaStub{})
	in := activities.CheckSCIMInput{Region: "us-east-1", Connection: activities.SCIMConnection{Endpoint: testEndpoint + "/", TokenRef: testTokenRef}}
	result, err := provisioning.CheckSCIM(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, activities.SCIMConnection{Endpoint: testEndpoint, TokenRef: testTokenRef}, result.Connection)
	require.WithinDuration(t, time.Now(), result.CheckedAt, time.Minute)
	require.Equal(t, &scimStub{endpoint: testEndpoint, token: testToken}, provisioning.SCIM)

	in.Region = "eu-west-1"
	_, err = provisioning.CheckSCIM(t.Context(), in)
	require.Contains(t, requireClass(t, err, fault.Invalid).Error(), "eu-west-1")
	in.Region, in.Connection.TokenRef = "us-east-1", "env:OTHER"
	_, err = provisioning.CheckSCIM(t.Context(), in)
	requireClass(t, err, fault.Invalid)
	in.Connection = activities.SCIMConnection{Endpoint: "https://example.com", TokenRef: testTokenRef}
	_, err = provisioning.CheckSCIM(t.Context(), in)
	requireClass(t, err, fault.Invalid)
}

func TestConnectProvisioningOnlyWhereTheAPIKnowsTheConnection(t *testing.T) {
	in := activities.ConnectInput{AppID: "0oa1", Connection: activities.SCIMConnection{Endpoint: testEndpoint, TokenRef: testTokenRef}}
	for name, c := range map[string]struct {
		org       *oktaStub
		supported bool
		writes    []string
	}{
		"unknown":         {&oktaStub{connection: oktaorg.Connection{AuthScheme: "UNKNOWN", Status: "UNKNOWN"}}, false, nil},
		"no such path":    {&oktaStub{refuse: map[string]error{"connection": fault.New(fault.NotFound, "okta", "x", "no")}}, false, nil},
		"token, disabled": {&oktaStub{connection: oktaorg.Connection{AuthScheme: "TOKEN", Status: "DISABLED"}}, true, []string{"connect " + testEndpoint + " " + testToken}},
		"token, refused": {&oktaStub{connection: oktaorg.Connection{AuthScheme: "TOKEN", Status: "DISABLED"},
			refuse: map[string]error{"connect": fault.New(fault.Invalid, "okta", "x", "no")}}, false, []string{"connect " + testEndpoint + " " + testToken}},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := provisioningWith(c.org).ConnectProvisioning(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, c.supported, result.Supported)
			require.Equal(t, c.writes, c.org.writes)
		})
	}
	denied := &oktaStub{refuse: map[string]error{"connection": fault.New(fault.Denied, "okta", "x", "no")}}
	_, err := provisioningWith(denied).ConnectProvisioning(t.Context(), in)
	requireClass(t, err, fault.Denied)
}

func TestAwaitProvisioningWaitsForCreatingUsers(t *testing.T) {
	app := samlApp("0oa1", "L")
	org := &oktaStub{apps: []oktaorg.App{app}}
	_, err := provisioningWith(org).AwaitProvisioning(t.Context(), activities.AppInput{AppID: "0oa1"})
	require.Equal(t, oktaWaits().Console, requireClass(t, err, fault.NotReady).RetryAfter)
	org.apps[0].Features = []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES"}
	features, err := provisioningWith(org).AwaitProvisioning(t.Context(), activities.AppInput{AppID: "0oa1"})
	require.NoError(t, err)
	require.Equal(t, []string{"PUSH_USER_DEACTIVATION"}, features.Missing)
}

func TestAssignGroupsAssignsWhoIsNotCoveredAlready(t *testing.T) {
	user := func(id string) oktaorg.User { return oktaorg.User{ID: id, Status: "ACTIVE"} }
	org := &oktaStub{
		groups:   map[string]oktaorg.Group{"assignment": {ID: "g1", Name: "assignment"}},
		members:  map[string][]oktaorg.User{"g1": {user("member")}},
		appUsers: []oktaorg.AppUser{{ID: "assigned", Status: "STAGED"}},
		people: map[string]oktaorg.User{"member@example.com": user("member"), "assigned@example.com": user("assigned"),
			"new@example.com": user("new"), "gone@example.com": {ID: "gone", Status: "DEPROVISIONED"}},
	}
	in := activities.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment",
		People: []string{"member@example.com", "assigned@example.com", "new@example.com", "gone@example.com", "who@example.com"}}
	result, err := provisioningWith(org).AssignGroups(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, activities.AssignResult{GroupID: "g1", Origin: onboarding.OriginCreated, UnknownPeople: []string{"who@example.com"}}, result)
	require.Equal(t, []string{"assign-group g1", "assign-user new"}, org.writes)

	result, err = provisioningWith(org).AssignGroups(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, onboarding.OriginAdopted, result.Origin)
	require.Len(t, org.writes, 2, "a second time writes nothing")

	in.AssignmentGroup = "unknown"
	_, err = provisioningWith(org).AssignGroups(t.Context(), in)
	requireClass(t, err, fault.NotFound)
}

func TestAssignGroupsCatchesUpOnThoseAssignedBeforeProvisioning(t *testing.T) {
	org := &oktaStub{groups: map[string]oktaorg.Group{"assignment": {ID: "g1"}}, appGroups: []string{"g1"},
		appUsers: []oktaorg.AppUser{{ID: "00uearly", Status: "ACTIVE"}}, members: map[string][]oktaorg.User{"g1": {soundPerson("early@example.com")}}}
	assign := func() {
		result, err := provisioningWith(org).AssignGroups(t.Context(), activities.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment"})
		require.NoError(t, err)
		require.Equal(t, onboarding.OriginAdopted, result.Origin)
	}
	assign()
	require.Equal(t, []string{"assign-group g1"}, org.writes)

	org.members["g1"][0].LastName = ""
	assign()
	require.Len(t, org.writes, 1, "another try would be in vain")
}

func TestOnePersonWhomOktaRefusesDoesNotStopTheOthers(t *testing.T) {
	org := &oktaStub{groups: map[string]oktaorg.Group{"assignment": {ID: "g1"}}, appGroups: []string{"g1"},
		people: map[string]oktaorg.User{"a@example.com": {ID: "a", Status: "ACTIVE"}},
		refuse: map[string]error{"assign-user": fault.New(fault.Invalid, "okta", "x", "no")}}
	_, err := provisioningWith(org).AssignGroups(t.Context(), activities.AssignInput{AppID: "0oa1", AssignmentGroup: "assignment", People: []string{"a@example.com"}})
	require.NoError(t, err)
}

func appUser(id, status string, changed time.Duration) oktaorg.AppUser {
	user := oktaorg.AppUser{ID: id, UserName: id + "@example.com", Status: status, StatusChanged: time.Now().Add(-changed)}
	if status == "PROVISIONED" {
		user.ExternalID = "aws-" + id
	}
	return user
}

func TestAwaitProvisionedWaitsForThoseUnderWayAndCountsTheFailed(t *testing.T) {
	in := activities.AppInput{AppID: "0oa1"}
	done := appUser("done", "PROVISIONED", time.Second)
	member := func(ids ...string) map[string][]oktaorg.User {
		users := []oktaorg.User{{ID: "inactive", Status: "SUSPENDED"}}
		for _, id := range ids {
			users = append(users, oktaorg.User{ID: id, Status: "ACTIVE"})
		}
		return map[string][]oktaorg.User{"g1": users}
	}
	denied := map[string]error{"failures": fault.New(fault.Denied, "okta", "logs", "no")}
	inError := appUser("broken", "STAGED", time.Second)
	inError.SyncState = "ERROR"
	failure := func(at time.Duration) []oktaorg.LogEvent {
		return []oktaorg.LogEvent{{UserLogin: "Staged@example.com", Published: time.Now().Add(-at)}}
	}
	for name, c := range map[string]struct {
		org     *oktaStub
		waits   string
		settled activities.ProvisionedResult
	}{
		"all there":                  {&oktaStub{appUsers: []oktaorg.AppUser{done}}, "", activities.ProvisionedResult{Assigned: 1, Provisioned: 1}},
		"one under way":              {&oktaStub{appUsers: []oktaorg.AppUser{done, appUser("staged", "STAGED", time.Second)}}, "1 of 2", activities.ProvisionedResult{}},
		"under way, no log":          {&oktaStub{appUsers: []oktaorg.AppUser{appUser("staged", "STAGED", time.Second)}, refuse: denied}, "0 of 1", activities.ProvisionedResult{}},
		"failed by the log":          {&oktaStub{appUsers: []oktaorg.AppUser{done, appUser("staged", "STAGED", 10*time.Second)}, failures: failure(5 * time.Second)}, "", activities.ProvisionedResult{Assigned: 2, Provisioned: 1, Failed: 1}},
		"failed before":              {&oktaStub{appUsers: []oktaorg.AppUser{appUser("staged", "STAGED", 5*time.Second)}, failures: failure(10 * time.Second)}, "0 of 1", activities.ProvisionedResult{}},
		"stuck":                      {&oktaStub{appUsers: []oktaorg.AppUser{appUser("staged", "STAGED", 2*time.Minute)}, refuse: denied}, "", activities.ProvisionedResult{Assigned: 1, Failed: 1}},
		"at the end of a long queue": {&oktaStub{appUsers: []oktaorg.AppUser{done, appUser("staged", "STAGED", 2*time.Minute)}}, "1 of 2", activities.ProvisionedResult{}},
		"in error":                   {&oktaStub{appUsers: []oktaorg.AppUser{inError, appUser("off", "SUSPENDED", time.Second)}}, "", activities.ProvisionedResult{Assigned: 2, Failed: 2}},
		"nobody yet":                 {&oktaStub{appGroups: []string{"g1"}, members: member("done")}, "assign 1", activities.ProvisionedResult{}},
		"nobody to come":             {&oktaStub{appGroups: []string{"g1"}, members: member()}, "", activities.ProvisionedResult{}},
		"members still coming":       {&oktaStub{appUsers: []oktaorg.AppUser{done}, appGroups: []string{"g1"}, members: member("done", "next")}, "assign 1", activities.ProvisionedResult{}},
		"members never coming":       {&oktaStub{appUsers: []oktaorg.AppUser{appUser("done", "PROVISIONED", 2*time.Minute)}, appGroups: []string{"g1"}, members: member("done", "next")}, "", activities.ProvisionedResult{Assigned: 2, Provisioned: 1, Failed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := provisioningWith(c.org).AwaitProvisioned(t.Context(), in)
			if c.waits != "" {
				f := requireClass(t, err, fault.NotReady)
				require.Equal(t, oktaWaits().Sync, f.RetryAfter)
				require.Contains(t, f.Error(), c.waits)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.settled, result)
		})
	}
	_, err := provisioningWith(&oktaStub{appUsers: []oktaorg.AppUser{appUser("staged", "STAGED", 0)},
		refuse: map[string]error{"failures": fault.New(fault.Unavailable, "okta", "logs", "no")}}).AwaitProvisioned(t.Context(), in)
	requireClass(t, err, fault.Unavailable)
}

func TestAwaitProvisionedRecordsItsCount(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	provisioning := provisioningWith(&oktaStub{appUsers: []oktaorg.AppUser{appUser("a", "PROVISIONED", 0), appUser("b", "SUSPENDED", 0)}})
	env.RegisterActivity(provisioning.AwaitProvisioned)
	var counts []onboarding.Count
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var count onboarding.Count
		require.NoError(t, details.Get(&count))
		counts = append(counts, count)
	})
	_, err := env.ExecuteActivity(provisioning.AwaitProvisioned, activities.AppInput{AppID: "0oa1"})
	require.NoError(t, err)
	require.Contains(t, counts, onboarding.Count{Step: onboarding.StepOktaGroups, Done: 1, Total: 2, What: "people provisioned by Okta"})
}

func TestPushGroupsBringsEveryMappingOnItsWay(t *testing.T) {
	provisioned := appUser("p", "PROVISIONED", time.Minute)
	old, recent := provisioned.StatusChanged.Add(-time.Minute), provisioned.StatusChanged.Add(time.Second)
	mapping := func(status string, pushed time.Time) []oktaorg.Mapping {
		return []oktaorg.Mapping{{ID: "m", SourceGroupID: "g1", Status: status, LastPush: pushed}}
	}
	for name, c := range map[string]struct {
		mappings []oktaorg.Mapping
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
			org := &oktaStub{groups: map[string]oktaorg.Group{"studio": {ID: "g1", Name: "studio"}}, mappings: c.mappings, appUsers: []oktaorg.AppUser{provisioned}}
			result, err := provisioningWith(org).PushGroups(t.Context(), activities.PushInput{AppID: "0oa1", Groups: []string{"studio"}})
			require.NoError(t, err)
			require.Equal(t, c.writes, org.writes)
			require.Empty(t, result.Refused)
			require.Len(t, result.Pushed, 1)
			require.Equal(t, "ACTIVE", result.Pushed[0].Status)
			require.Equal(t, c.origin, result.Pushed[0].Origin)
		})
	}
}

func TestPushGroupsThatOktaRefusesAreForAPerson(t *testing.T) {
	in := activities.PushInput{AppID: "0oa1", Groups: []string{"studio"}}
	groups := map[string]oktaorg.Group{"studio": {ID: "g1", Name: "studio"}}
	for _, at := range []string{"push", "mappings"} {
		for _, class := range []fault.Class{fault.Invalid, fault.Denied, fault.NotFound, fault.Unsupported} {
			org := &oktaStub{groups: groups, refuse: map[string]error{at: fault.New(class, "okta", "push", "Okta's reason")}}
			result, err := provisioningWith(org).PushGroups(t.Context(), in)
			require.NoError(t, err)
			require.Contains(t, result.Refused["studio"], "Okta's reason")
			require.Empty(t, result.Pushed)
		}
		org := &oktaStub{groups: groups, refuse: map[string]error{at: fault.New(fault.Unavailable, "okta", "push", "down")}}
		_, err := provisioningWith(org).PushGroups(t.Context(), in)
		requireClass(t, err, fault.Unavailable)
	}
	_, err := provisioningWith(&oktaStub{}).PushGroups(t.Context(), in)
	requireClass(t, err, fault.NotFound)
}

func TestAwaitPushedWaitsForThePushAndEndsWithItsError(t *testing.T) {
	in := activities.PushInput{AppID: "0oa1", Groups: []string{"studio"}}
	with := func(mappings ...oktaorg.Mapping) *oktaStub {
		return &oktaStub{groups: map[string]oktaorg.Group{"studio": {ID: "g1", Name: "studio"}}, mappings: mappings}
	}
	for _, org := range []*oktaStub{with(), with(oktaorg.Mapping{SourceGroupID: "g1", Status: "ACTIVE"}), with(oktaorg.Mapping{SourceGroupID: "g1", Status: "INACTIVE", LastPush: time.Now()})} {
		_, err := provisioningWith(org).AwaitPushed(t.Context(), in)
		require.Contains(t, requireClass(t, err, fault.NotReady).Error(), "studio")
	}
	_, err := provisioningWith(with(oktaorg.Mapping{SourceGroupID: "g1", Status: "ERROR", ErrorSummary: "Linked group is missing"})).AwaitPushed(t.Context(), in)
	require.Contains(t, requireClass(t, err, fault.Invalid).Error(), "Linked group is missing")
	result, err := provisioningWith(with(oktaorg.Mapping{ID: "m", SourceGroupID: "g1", Status: "ACTIVE", LastPush: time.Now()})).AwaitPushed(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []activities.PushedGroup{{Name: "studio", MappingID: "m", Status: "ACTIVE", Origin: onboarding.OriginAdopted}}, result.Pushed)

	blind := with()
	blind.refuse = map[string]error{"mappings": fault.New(fault.NotFound, "okta", "mappings", "no such path")}
	result, err = provisioningWith(blind).AwaitPushed(t.Context(), in)
	require.NoError(t, err)
	require.Contains(t, result.Refused["studio"], "no such path")
}
