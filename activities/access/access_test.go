package access_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"studio-onboarding/activities/access"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/profile"
	"studio-onboarding/internal/store"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

// smallTeam is bob, who is in both groups, and some of "users".
func smallTeam(t *testing.T) *fakeCloud {
	cloud := newFakeCloud(t)
	cloud.groups["ml"], cloud.groups["users"] = []string{}, []string{}
	cloud.person("ann@example.com", "users")
	cloud.person("bob@example.com", "users", "ml")
	cloud.person("cid@example.com", "users")
	cloud.person("other@example.com")
	return cloud
}

func TestAssignmentsComeFirstThenProfilesThenNothing(t *testing.T) {
	cloud := smallTeam(t)
	for i := range 150 { // more than one page of everything
		cloud.person(fmt.Sprintf("p%03d@example.com", i), "users")
	}
	in := accessTo("ml", "users")
	in.Access.People = []onboarding.PersonAccessSpec{{Login: "Other@example.com"}}
	x := accessOf(t, cloud)
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, access.Result{AssignmentsMade: 3, ProfilesMade: 154}, result)
	require.Equal(t, []string{
		"CreateApplicationAssignment GROUP/g-ml", "CreateApplicationAssignment GROUP/g-users",
		"CreateApplicationAssignment USER/id-other@example.com",
	}, cloud.writes[:3])
	require.Equal(t, fakeRoleML, cloud.profiles["bob-example-com"].role)
	require.Empty(t, cloud.profiles["ann-example-com"].role, "the domain's role needs no copy in the profile")
	require.Equal(t, fakeRun, cloud.profiles["ann-example-com"].run)

	cloud.writes = nil
	result, err = perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, access.Result{AssignmentsFound: 3, ProfilesFound: 154}, result)
	require.Empty(t, cloud.writes)
}

func TestLostAssignmentsAreMadeAgainBeforeAnyProfile(t *testing.T) {
	cloud := smallTeam(t)
	lost := map[string]int{}
	cloud.lose = func(operation string, in map[string]any) bool {
		lost[param(in, "PrincipalId")]++
		return operation == "CreateApplicationAssignment" && lost[param(in, "PrincipalId")] < 3
	}
	result, err := perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("ml", "users"))
	require.NoError(t, err)
	require.Equal(t, 2, result.AssignmentsMade)
	firstProfile := slices.IndexFunc(cloud.writes, func(w string) bool { return strings.HasPrefix(w, "CreateUserProfile") })
	require.Equal(t, 6, firstProfile)
	require.Len(t, cloud.assigned, 2)
}

func TestAssignmentsThatNeverHoldAreNoSuccess(t *testing.T) {
	cloud := smallTeam(t)
	cloud.lose = func(operation string, _ map[string]any) bool { return operation == "CreateApplicationAssignment" }
	_, err := perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("users"))
	require.Contains(t, requireFault(t, fault.NotReady, err).Message(), "1 assignments were accepted")
	require.Empty(t, cloud.profiles)
}

func TestAProfileThatFailsIsMadeAgainOnce(t *testing.T) {
	cloud := smallTeam(t)
	made := map[string]int{}
	cloud.outcome = func(user string) []string {
		made[user]++
		if user == "bob@example.com" || user == "ann@example.com" && made[user] == 1 {
			return []string{"Failed"}
		}
		return []string{"InService"}
	}
	result, err := perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, map[string]int{"ann@example.com": 2, "bob@example.com": 2, "cid@example.com": 1}, made)
	require.Equal(t, "InService", cloud.profiles["ann-example-com"].status)
	require.Equal(t, 1, result.ExceptionsTotal)
	require.Equal(t, "bob@example.com", result.Exceptions[0].Person)
	require.Contains(t, result.Exceptions[0].Reason, "the reason")
}

func TestProfilesOfOthersAreAdoptedOrAvoided(t *testing.T) {
	cloud := smallTeam(t)
	cloud.profiles["Anns-own"] = &fakeProfile{user: "ann@example.com", role: fakeRoleML, status: "InService"}
	cloud.profiles["Bob-Example-Com"] = &fakeProfile{user: "somebody@example.com", status: "InService"}
	cloud.profiles["cid-example-com"] = &fakeProfile{user: "cid@example.com", role: fakeRole, status: "InService"}
	x := accessOf(t, cloud)
	result, err := perform(t, x.ConvergeAccess, accessTo("ml", "users"))
	require.NoError(t, err)
	require.Equal(t, 1, result.RolesChanged)
	require.Equal(t, 1, result.ProfilesMade)
	require.Equal(t, fakeRole, cloud.profiles["Anns-own"].role)
	require.Len(t, cloud.profiles, 4)
	require.Equal(t, "somebody@example.com", cloud.profiles["Bob-Example-Com"].user)

	verified, err := perform(t, x.VerifyAccess, accessTo("ml", "users"))
	require.NoError(t, err)
	require.Equal(t, onboarding.People{Wanted: 3, Synced: 3, Assigned: 3, Profiles: 3, Ready: 3, Verified: 3}, verified.People)
	require.Len(t, verified.Notices, 2, "%v", verified.Notices)
	require.Contains(t, verified.Notices[0].Reason, `the group "ml" asks for the execution role SageMakerStudio-ml`)
	require.Contains(t, verified.Notices[1].Reason, "bob-example-com-")
}

func TestOnePersonWhomSageMakerRefusesDoesNotStopTheOthers(t *testing.T) {
	cloud := smallTeam(t)
	cloud.refuse = func(operation string, in map[string]any) string {
		if operation == "CreateUserProfile" && param(in, "SingleSignOnUserValue") == "bob@example.com" {
			return "ValidationException: SSO user value is not known."
		}
		return ""
	}
	result, err := perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, 2, result.ProfilesMade)
	require.Equal(t, 1, result.ExceptionsTotal)
	require.Contains(t, result.Exceptions[0].Reason, "SSO user value is not known")
}

func TestANewRoleIsGivenTimeToSpread(t *testing.T) {
	cloud := smallTeam(t)
	refusals := 0
	cloud.refuse = func(operation string, in map[string]any) string {
		if operation == "CreateUserProfile" && param(in, "UserSettings", "ExecutionRole") == fakeRoleML && refusals < 3 {
			refusals++
			return "ValidationException: The execution role ARN is invalid."
		}
		return ""
	}
	result, err := perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("ml", "users"))
	require.NoError(t, err)
	require.Equal(t, 3, result.ProfilesMade)

	cloud = smallTeam(t)
	cloud.refuse = func(operation string, _ map[string]any) string {
		if operation == "CreateUserProfile" {
			return "ValidationException: The execution role ARN is invalid."
		}
		return ""
	}
	_, err = perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("ml", "users"))
	require.Contains(t, requireFault(t, fault.Invalid, err).Message(), "execution role")
}

func TestAnAnswerThatWasLostMakesNoSecondProfile(t *testing.T) {
	cloud := smallTeam(t)
	cloud.refuse = func(operation string, in map[string]any) string {
		if name := param(in, "UserProfileName"); operation == "CreateUserProfile" && cloud.profiles[name] == nil {
			_, _ = cloud.answer(operation, in)
			return "ResourceInUse: the profile exists."
		}
		return ""
	}
	result, err := perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, 3, result.ProfilesMade)
	require.Zero(t, result.ExceptionsTotal)
	require.Len(t, cloud.profiles, 3)
}

func TestThrottlingIsWaitedOutAndThenReported(t *testing.T) {
	cloud := smallTeam(t)
	left := 4
	throttle := func(operation string, _ map[string]any) string {
		if operation == "CreateUserProfile" && left > 0 {
			left--
			return "ThrottlingException: Rate exceeded"
		}
		return ""
	}
	cloud.refuse = throttle
	result, err := perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, 3, result.ProfilesMade)

	cloud, left = smallTeam(t), 1000
	cloud.refuse = throttle
	_, err = perform(t, accessOf(t, cloud).ConvergeAccess, accessTo("users"))
	requireFault(t, fault.Throttled, err)
}

func TestAtFirstSignInOnlyAssignmentsAreMade(t *testing.T) {
	cloud := smallTeam(t)
	in := accessTo("ml", "users")
	in.Access.Profiles = onboarding.ProfilesFirstSignIn
	cloud.profiles["bob"] = &fakeProfile{user: "bob@example.com", status: "InService"}
	x := accessOf(t, cloud)
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, access.Result{AssignmentsMade: 2, ProfilesFound: 1, RolesChanged: 1, TagsChanged: 1}, result)
	verified, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, onboarding.People{Wanted: 3, Synced: 3, Assigned: 3, Profiles: 1, Ready: 3, Verified: 3}, verified.People)
}

// leavers is a team of 20 from which three left: with a space, with a running app, and with nothing. The fourth is not ours.
func leavers(t *testing.T, policy string) (*fakeCloud, access.Input) {
	cloud := newFakeCloud(t)
	for i := range 20 {
		cloud.person(fmt.Sprintf("p%02d@example.com", i), "users")
	}
	in := accessTo("users")
	_, err := perform(t, accessOf(t, cloud).ConvergeAccess, in)
	require.NoError(t, err)
	for _, name := range []string{"space", "app", "idle", "foreign"} {
		cloud.person(name + "@example.com")
		cloud.profiles[name] = &fakeProfile{user: name + "@example.com", status: "InService", run: fakeRun}
		cloud.assigned["USER/id-"+name+"@example.com"] = true
	}
	cloud.profiles["foreign"].run = "other"
	cloud.spaces["work"], cloud.apps["app"], cloud.apps["idle"] = "space", "InService", "Deleted"
	cloud.writes = nil
	in.Access.OnRemoval, in.Access.Guard.Quarantine = policy, new(onboarding.Duration)
	return cloud, in
}

func TestThoseWhoLeftLoseWhatThePolicySays(t *testing.T) {
	cloud, in := leavers(t, onboarding.RemovalReport)
	x := accessOf(t, cloud)
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, access.Result{AssignmentsFound: 1, ProfilesFound: 20}, result)
	require.Empty(t, cloud.writes)
	verified, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Equal(t, 20, verified.People.Ready)
	require.Len(t, verified.Notices, 7, "three who left and still are assigned, and one whom somebody else let in")

	cloud, in = leavers(t, onboarding.RemovalRevoke)
	result, err = perform(t, accessOf(t, cloud).ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, 3, result.AssignmentsRemoved)
	require.Zero(t, result.ProfilesRemoved)
	require.True(t, cloud.assigned["USER/id-foreign@example.com"])
	require.Len(t, cloud.assigned, 2)

	cloud, in = leavers(t, onboarding.RemovalDeleteProfile)
	result, err = perform(t, accessOf(t, cloud).ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, 3, result.AssignmentsRemoved)
	require.Equal(t, 1, result.ProfilesRemoved)
	require.Equal(t, 2, result.ExceptionsTotal, "%v", result.Exceptions)
	require.NotContains(t, cloud.profiles, "idle")
	require.Contains(t, cloud.profiles, "space")
	require.Contains(t, cloud.profiles, "app")
	require.Contains(t, cloud.profiles, "foreign")
}

func TestABrokenSourceRemovesNobody(t *testing.T) {
	cloud, in := leavers(t, onboarding.RemovalDeleteProfile)
	cloud.groups["users"] = cloud.groups["users"][:10]
	result, err := perform(t, accessOf(t, cloud).ConvergeAccess, in)
	require.NoError(t, err)
	require.Contains(t, result.Held, "13 of 23 people")
	require.Empty(t, cloud.writes)

	delete(cloud.groups, "users")
	_, err = perform(t, (&access.Activities{AWS: cloud, Waits: testWaits()}).ConvergeAccess, in)
	require.Contains(t, requireFault(t, fault.NotFound, err).Message(), `"users"`)
	require.Empty(t, cloud.writes)
}

func TestThoseWhoJoinDoNotMakeUpForThoseWhoLeft(t *testing.T) {
	cloud, in := leavers(t, onboarding.RemovalDeleteProfile)
	cloud.groups["users"] = cloud.groups["users"][:10]
	for i := range 100 {
		cloud.person(fmt.Sprintf("new%02d@example.com", i), "users")
	}
	result, err := perform(t, accessOf(t, cloud).ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, 100, result.ProfilesMade)
	require.Contains(t, result.Held, "13 of 23 people")
	require.Zero(t, result.ProfilesRemoved+result.AssignmentsRemoved)
}

func TestAProfileThatStaysOnItsWayIsReported(t *testing.T) {
	cloud := smallTeam(t)
	cloud.outcome = func(user string) []string {
		if user == "bob@example.com" {
			return nil
		}
		return []string{"InService"}
	}
	x := accessOf(t, cloud)
	x.Waits.Settle = 100 * time.Millisecond
	result, err := perform(t, x.ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, 1, result.ExceptionsTotal)
	require.Contains(t, result.Exceptions[0].Reason, "still Pending after 100ms")
}

func TestProgressIsToldAndGoesOnWhereTheLastAttemptWas(t *testing.T) {
	cloud := smallTeam(t)
	env := activityEnvironment()
	env.SetHeartbeatDetails(onboarding.Count{Step: onboarding.StepAccess, Done: 2, Total: 3, What: "profiles"})
	var mu sync.Mutex
	var counts []onboarding.Count
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var count onboarding.Count
		require.NoError(t, details.Get(&count))
		mu.Lock()
		defer mu.Unlock()
		counts = append(counts, count)
	})
	_, err := performIn(t, env, accessOf(t, cloud).ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	mu.Lock()
	defer mu.Unlock()
	require.NotEmpty(t, counts)
	require.Equal(t, onboarding.Count{Step: onboarding.StepAccess, Done: 2, Total: 3, What: "profiles"}, counts[0])
}

func TestAStoppingWorkerLeavesTheRestToTheNext(t *testing.T) {
	cloud := smallTeam(t)
	stop := make(chan struct{})
	cloud.outcome = func(string) []string { return nil } // never InService, so that there is something to wait for
	created := 0
	cloud.refuse = func(operation string, _ map[string]any) string {
		if operation == "CreateUserProfile" {
			if created++; created == 3 {
				close(stop)
			}
		}
		return ""
	}
	env := activityEnvironment()
	env.SetWorkerStopChannel(stop)
	x := accessOf(t, cloud)
	x.Waits.Profile = time.Hour
	cloud.assigned["GROUP/g-users"] = true
	_, err := performIn(t, env, x.ConvergeAccess, accessTo("users"))
	require.Contains(t, requireFault(t, fault.NotReady, err).Message(), "worker is stopping")

	cloud.refuse = func(string, map[string]any) string { return "" }
	for _, profile := range cloud.profiles {
		profile.status = "InService"
	}
	result, err := perform(t, x.ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, access.Result{AssignmentsFound: 1, ProfilesFound: 3}, result)
}

func TestADomainWithoutAnApplicationIsUnsupported(t *testing.T) {
	in := accessTo("users")
	in.Domain.ApplicationARN = ""
	_, err := perform(t, accessOf(t, smallTeam(t)).ConvergeAccess, in)
	requireFault(t, fault.Unsupported, err)
}

func TestVerifySaysWhyOfEverybodyWhoIsNotReady(t *testing.T) {
	cloud := smallTeam(t)
	for _, login := range []string{"late", "disabled", "outside", "wrongrole", "failed", "noprofile", "suspended", "unassigned", "byhand"} {
		cloud.person(login+"@example.com", "users")
	}
	in := accessTo("users")
	in.Access.People = []onboarding.PersonAccessSpec{{Login: "nobody@example.com"}, {Login: "other@example.com"},
		{Login: "hand@example.com"}}
	cloud.person("hand@example.com")
	x := accessOf(t, cloud)
	okta := x.Okta.(*fakeOkta)
	cloud.user("hand@example.com")["ExternalIds"] = nil
	okta.appUser("hand@example.com").ExternalID = ""
	okta.appUser("hand@example.com").Status = "STAGED"
	_, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)

	cloud.user("disabled@example.com")["UserStatus"] = "DISABLED"
	cloud.user("late@example.com")["UserName"] = "elsewhere@example.com"
	cloud.user("byhand@example.com")["ExternalIds"] = nil
	okta.appUser("byhand@example.com").ExternalID = ""
	okta.appUser("late@example.com").ExternalID = ""
	okta.failures = []model.LogEvent{
		{UserID: "00u-late@example.com", Published: okta.appUsers[0].StatusChanged,
			Reason: "Request is unparsable, syntactically incorrect, or violates schema."},
	}
	cloud.leave("outside@example.com", "users")
	cloud.leave("byhand@example.com", "users")
	cloud.profiles["wrongrole-example-com"].role = fakeRoleML
	cloud.profiles["failed-example-com"].status = "Failed"
	delete(cloud.profiles, "noprofile-example-com")
	okta.member("users", "suspended@example.com").Status = "SUSPENDED"
	okta.appUsers = slices.DeleteFunc(okta.appUsers, func(u model.AppUser) bool { return u.UserName == "unassigned@example.com" })
	cloud.writes = nil

	result, err := perform(t, x.VerifyAccess, in)
	require.NoError(t, err)
	require.Empty(t, cloud.writes, "verifying changes nothing")
	reasons := map[string]string{}
	for _, exception := range result.Exceptions {
		reasons[strings.TrimSuffix(exception.Person, "@example.com")] = exception.Reason
		require.NotEmpty(t, exception.Remedy, exception.Person)
	}
	for person, reason := range map[string]string{
		"late": "incomplete or malformed", "disabled": "disabled in Identity Center", "outside": `not a member of the group "users"`,
		"wrongrole": "SageMakerStudio-ml instead of SageMakerStudio-team", "failed": "is Failed", "noprofile": "no user profile",
		"suspended": "not active in Okta: SUSPENDED", "unassigned": "not assigned to the app", "byhand": "made by hand",
		"nobody": "Okta knows nobody",
	} {
		require.Contains(t, reasons[person], reason, person)
	}
	require.Len(t, reasons, 10)
	require.Equal(t, 10, result.ExceptionsTotal)
	require.Equal(t, onboarding.People{Wanted: 15, Synced: 9, Assigned: 8, Profiles: 6, Ready: 5, Verified: 5}, result.People)
	require.Equal(t, []onboarding.GroupAccess{{Name: "users", GroupID: "g-users", People: 9, ExecutionRole: fakeRole}}, result.Groups)
	require.Len(t, result.Notices, 1, "%v", result.Notices)
	require.Equal(t, "hand@example.com", result.Notices[0].Person)
	require.Contains(t, result.Notices[0].Reason, "no link is broken, but a user with this user name was made by hand")

	people := storetest.People(t, x.People, fakeRun)
	require.Len(t, people, 15)
	require.Equal(t, onboarding.PersonRecord{
		Person: "ann@example.com", Ready: true, Grade: onboarding.GradeVerified, Via: []string{"users"}, UserID: "id-ann@example.com", Profile: "ann-example-com",
		ProfileStatus: "InService", ExecutionRole: fakeRole,
	}, people[0])
	require.True(t, slices.ContainsFunc(people, func(r onboarding.PersonRecord) bool {
		return r.Person == "other@example.com" && r.Ready && slices.Equal(r.Via, []string{"person"})
	}))
}

func TestVerifySaysWhoHasAccessBesidesTheSpec(t *testing.T) {
	cloud := smallTeam(t)
	cloud.person("guest@example.com", "guests")
	cloud.person("member@example.com", "users", "guests")
	cloud.assigned["GROUP/g-guests"], cloud.assigned["GROUP/g-gone"], cloud.assigned["USER/id-other@example.com"] = true, true, true
	x := accessOf(t, cloud)
	_, err := perform(t, x.ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	result, err := perform(t, x.VerifyAccess, accessTo("users"))
	require.NoError(t, err)
	var named []string
	for _, notice := range result.Notices {
		named = append(named, notice.Person)
	}
	require.Equal(t, []string{`group "guests"`, "other@example.com"}, named)
}

func TestAPeopleFileThatCannotBeWrittenIsTold(t *testing.T) {
	cloud := smallTeam(t)
	x := accessOf(t, cloud)
	x.People = brokenStore{storetest.New(t)}
	_, err := perform(t, x.VerifyAccess, accessTo("users"))
	require.Contains(t, requireFault(t, fault.Unavailable, err).Message(), "no space left")
}

// brokenStore is a disk that reads but has no space left.
type brokenStore struct{ store.Lists }

var errNoSpace = errors.New("no space left on device")

func (brokenStore) SavePeople(context.Context, string, iter.Seq[onboarding.PersonRecord]) (onboarding.Listing, error) {
	return onboarding.Listing{}, errNoSpace
}
func (brokenStore) SaveChanges(context.Context, string, iter.Seq[onboarding.AccessChange]) (onboarding.Listing, error) {
	return onboarding.Listing{}, errNoSpace
}
func (brokenStore) AddProfiles(context.Context, string, []profile.Known) error { return errNoSpace }
func (brokenStore) SaveProfiles(context.Context, string, iter.Seq[profile.Known]) error {
	return errNoSpace
}
func (brokenStore) SaveExceptions(context.Context, string, []onboarding.PersonException) error {
	return errNoSpace
}
