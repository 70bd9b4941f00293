package people_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// comparing is the input for the access groups of smallTeam, whose people all come with the group "everybody".
func comparing(okta *fakeOkta) people.DirectoryInput {
	okta.groups["everybody"] = slices.Concat(okta.groups["users"], okta.groups["ml"])
	return people.DirectoryInput{
		Region: "us-east-1", IdentityStoreID: "d-1234567890", AppID: "app", AssignmentGroup: "everybody",
		Groups: []string{"ml", "users"}, People: []string{"other@example.com"},
	}
}

func directoryOf(cloud *fakeStore) (*people.Activities, *fakeOkta) {
	okta := newFakeOkta(cloud)
	waits := provider.Waits{Sync: time.Second, Settle: 15 * time.Minute}
	return &people.Activities{AWS: cloud, Okta: okta, Waits: waits}, okta
}

func TestTheComparisonIsDoneWhenEverybodyIsThere(t *testing.T) {
	cloud := smallTeam(t)
	d, okta := directoryOf(cloud)
	result, err := perform(t, d.CompareDirectory, comparing(okta))
	require.NoError(t, err)
	require.Equal(t, people.DirectoryResult{Wanted: 4, Synced: 4, Groups: []people.DirectoryGroup{
		{Name: "ml", GroupID: "g-ml", Members: 1}, {Name: "users", GroupID: "g-users", Members: 3},
	}}, result)
}

func TestTheComparisonWaitsForThoseUnderWayWithoutNamingThem(t *testing.T) {
	for name, spoil := range map[string]func(*fakeStore, *fakeOkta){
		"a person": func(cloud *fakeStore, okta *fakeOkta) {
			cloud.user("ann@example.com")["UserName"] = "somebody@example.com"
			okta.appUser("ann@example.com").ExternalID = ""
		},
		"not assigned yet": func(cloud *fakeStore, okta *fakeOkta) {
			okta.appUsers = slices.DeleteFunc(okta.appUsers, func(u model.AppUser) bool { return u.UserName == "ann@example.com" })
		},
		"a membership": func(cloud *fakeStore, _ *fakeOkta) {
			cloud.groups["users"] = slices.DeleteFunc(cloud.groups["users"], func(id string) bool { return id == "id-ann@example.com" })
		},
		"a group": func(cloud *fakeStore, _ *fakeOkta) { delete(cloud.groups, "ml") },
	} {
		t.Run(name, func(t *testing.T) {
			cloud := smallTeam(t)
			d, okta := directoryOf(cloud)
			in := comparing(okta)
			spoil(cloud, okta)
			_, err := perform(t, d.CompareDirectory, in)
			application := requireFault(t, fault.NotReady, err)
			require.Equal(t, d.Waits.Sync, application.NextRetryDelay())
			require.Contains(t, application.Message(), "of 4 people are in Identity Center")
			require.NotContains(t, application.Message(), "example.com")
		})
	}
}

func TestThoseWhoWillNotComeHoldUpNobody(t *testing.T) {
	cloud := smallTeam(t)
	d, okta := directoryOf(cloud)
	in := comparing(okta)
	in.People = append(in.People, "nobody@example.com")
	okta.member("users", "cid@example.com").LastName = ""
	cloud.user("cid@example.com")["UserName"] = "x"
	cloud.user("ann@example.com")["UserName"] = "y"
	okta.appUser("ann@example.com").ExternalID = ""
	okta.failures = []model.LogEvent{{UserLogin: "ann@example.com", Published: time.Now(),
		Reason: "Refused to create a new, duplicate resource"}}
	result, err := perform(t, d.CompareDirectory, in)
	require.NoError(t, err)
	require.Equal(t, 5, result.Wanted)
	require.Equal(t, 2, result.Synced)
	require.Equal(t, 3, result.ExceptionsTotal)
	require.Equal(t, []string{"ann@example.com", "cid@example.com", "nobody@example.com"}, []string{
		result.Exceptions[0].Person, result.Exceptions[1].Person, result.Exceptions[2].Person,
	})
	require.Contains(t, result.Exceptions[0].Reason, "already has another user")
}

// Nobody waits for a membership in a group that is not pushed now, and the run is told which group to push again.
func TestALostMembershipIsToldAtOnceWhereTheGroupWasLeftAlone(t *testing.T) {
	cloud := smallTeam(t)
	d, okta := directoryOf(cloud)
	in := comparing(okta)
	cloud.groups["users"] = slices.DeleteFunc(cloud.groups["users"], func(id string) bool { return id == "id-ann@example.com" })
	in.LeftAlone = []string{"ml"}
	_, err := perform(t, d.CompareDirectory, in)
	requireFault(t, fault.NotReady, err)
	in.LeftAlone = []string{"ml", "users"}
	result, err := perform(t, d.CompareDirectory, in)
	require.NoError(t, err)
	require.Equal(t, []string{"users"}, result.Lacking)
	require.Equal(t, 1, result.ExceptionsTotal)
}

func TestALogThatMayNotBeReadCostsOnlyTheReasons(t *testing.T) {
	cloud := smallTeam(t)
	d, okta := directoryOf(cloud)
	in := comparing(okta)
	cloud.user("ann@example.com")["UserName"] = "y"
	okta.appUser("ann@example.com").ExternalID = ""
	okta.appUser("ann@example.com").StatusChanged = time.Now().Add(-time.Hour)
	okta.logErr = fault.New(fault.Denied, "okta", "GET /api/v1/logs", "missing scope okta.logs.read")
	result, err := perform(t, d.CompareDirectory, in)
	require.NoError(t, err)
	require.Contains(t, result.Exceptions[0].Reason, "not provisioned within 15m0s")

	okta.logErr = fault.New(fault.Throttled, "okta", "GET /api/v1/logs", "slow down")
	_, err = perform(t, d.CompareDirectory, in)
	requireFault(t, fault.Throttled, err)
}

func TestAGroupThatNeverComesIsAFault(t *testing.T) {
	cloud := smallTeam(t)
	d, okta := directoryOf(cloud)
	d.Waits.Settle = 0
	in := comparing(okta)
	delete(cloud.groups, "ml")
	_, err := perform(t, d.CompareDirectory, in)
	require.Contains(t, requireFault(t, fault.NotFound, err).Message(), `"ml"`)
}

func TestListsOfPeopleAreCut(t *testing.T) {
	cloud := smallTeam(t)
	for i := range 120 {
		cloud.person(string(rune('a'+i%26))+string(rune('a'+i/26))+"@example.com", "users")
	}
	d, okta := directoryOf(cloud)
	in := comparing(okta)
	for i := range okta.groups["users"] {
		okta.groups["users"][i].Status = "DEPROVISIONED"
	}
	result, err := perform(t, d.CompareDirectory, in)
	require.NoError(t, err)
	require.Len(t, result.Exceptions, onboarding.MaxListed)
	require.Greater(t, result.ExceptionsTotal, 100)
}
