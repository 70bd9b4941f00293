package activities_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// comparing is the input for the access groups of smallTeam, whose people all come with the group "everybody".
func comparing(okta *fakeOkta) activities.DirectoryInput {
	okta.groups["everybody"] = slices.Concat(okta.groups["users"], okta.groups["ml"])
	return activities.DirectoryInput{
		Region: "us-east-1", IdentityStoreID: "d-1234567890", AppID: "app", AssignmentGroup: "everybody",
		Groups: []string{"ml", "users"}, People: []string{"other@example.com"},
	}
}

func directoryOf(cloud *fakeCloud) (*activities.Directory, *fakeOkta) {
	okta := newFakeOkta(cloud)
	waits := testWaits()
	waits.Settle = 15 * time.Minute
	return &activities.Directory{AWS: cloud, Okta: okta, Waits: waits}, okta
}

func TestTheComparisonIsDoneWhenEverybodyIsThere(t *testing.T) {
	cloud := smallTeam(t)
	d, okta := directoryOf(cloud)
	result, err := perform(t, d.CompareDirectory, comparing(okta))
	require.NoError(t, err)
	require.Equal(t, activities.DirectoryResult{Wanted: 4, Synced: 4, Groups: []activities.DirectoryGroup{
		{Name: "ml", GroupID: "g-ml", Members: 1}, {Name: "users", GroupID: "g-users", Members: 3},
	}}, result)
}

func TestTheComparisonWaitsForThoseUnderWayWithoutNamingThem(t *testing.T) {
	for name, spoil := range map[string]func(*fakeCloud, *fakeOkta){
		"a person": func(cloud *fakeCloud, okta *fakeOkta) {
			cloud.user("ann@example.com")["UserName"] = "somebody@example.com"
			okta.appUser("ann@example.com").ExternalID = ""
		},
		"not assigned yet": func(cloud *fakeCloud, okta *fakeOkta) {
			okta.appUsers = slices.DeleteFunc(okta.appUsers, func(u oktaorg.AppUser) bool { return u.UserName == "ann@example.com" })
		},
		"a membership": func(cloud *fakeCloud, _ *fakeOkta) { cloud.leave("ann@example.com", "users") },
		"a group":      func(cloud *fakeCloud, _ *fakeOkta) { delete(cloud.groups, "ml") },
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
	okta.failures = []oktaorg.LogEvent{{UserLogin: "ann@example.com", Published: time.Now(), Reason: "Refused to create a new, duplicate resource"}}
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
