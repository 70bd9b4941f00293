package access_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/internal/profile"
	"studio-onboarding/internal/store"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

// clockedTeam are n people whose profiles have times, as the real ones do.
func clockedTeam(t *testing.T, n int) (*fakeCloud, *access.Activities) {
	cloud := newFakeCloud(t)
	cloud.clocked = true
	for i := range n {
		cloud.person(fmt.Sprintf("p%03d@example.com", i), "users")
	}
	return cloud, accessOf(t, cloud)
}

// sinceThen runs something and says how often an operation was called meanwhile.
func (f *fakeCloud) sinceThen(operation string, do func()) int {
	f.mu.Lock()
	before := f.calls[operation]
	f.mu.Unlock()
	do()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[operation] - before
}

func TestProfilesThatHaveNotChangedAreNotDescribed(t *testing.T) {
	cloud, x := clockedTeam(t, 250)
	require.Zero(t, cloud.sinceThen("DescribeUserProfile", func() {
		_, err := perform(t, x.ConvergeAccess, accessTo("users"))
		require.NoError(t, err)
	}), "what CreateUserProfile took needs no second look")

	verify := func() access.VerifyResult {
		verified, err := perform(t, x.VerifyAccess, accessTo("users"))
		require.NoError(t, err)
		return verified
	}
	require.Equal(t, 1, cloud.sinceThen("DescribeUserProfile", func() { require.Equal(t, 250, verify().People.Ready) }), "a sample")

	// A change by somebody else is noticed and costs one call.
	other := cloud.profiles["p007-example-com"]
	other.role, other.changed = fakeRoleML, other.changed.Add(time.Hour)
	require.LessOrEqual(t, cloud.sinceThen("DescribeUserProfile", func() { require.Equal(t, 249, verify().People.Ready) }), 2)
	result, err := perform(t, x.ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, 1, result.RolesChanged)
	require.Equal(t, 250, verify().People.Ready)

	// So is a profile that was deleted and made again under the same name for somebody else.
	*other = fakeProfile{user: "p008@example.com", status: "InService", created: time.Now().Add(time.Hour),
		changed: time.Now().Add(time.Hour)}
	require.Equal(t, 249, verify().People.Ready)
}

func TestWithoutTheFileOfProfilesEverybodyIsDescribed(t *testing.T) {
	cloud, x := clockedTeam(t, 120)
	_, err := perform(t, x.ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	for name, damage := range map[string]func(path string) error{
		"lost":    os.Remove,
		"garbage": func(path string) error { return os.WriteFile(path, []byte("\x00garbage\n{}\n"), 0o600) },
	} {
		require.NoError(t, damage(profilesFile(t, x)))
		require.Equal(t, 120, cloud.sinceThen("DescribeUserProfile", func() {
			verified, err := perform(t, x.VerifyAccess, accessTo("users"))
			require.NoError(t, err)
			require.Equal(t, 120, verified.People.Ready)
		}), name)
	}
}

func TestAFileOfProfilesThatIsFoundWrongIsForgotten(t *testing.T) {
	cloud, x := clockedTeam(t, 120)
	_, err := perform(t, x.ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	var wrong []profile.Known
	for known, err := range x.People.ReadProfiles(t.Context(), fakeRun) {
		require.NoError(t, err)
		known.UserName = "x" + known.UserName
		wrong = append(wrong, known)
	}
	require.Len(t, wrong, 120)
	require.NoError(t, x.People.SaveProfiles(t.Context(), fakeRun, slices.Values(wrong)))
	require.Equal(t, 120, cloud.sinceThen("DescribeUserProfile", func() {
		verified, err := perform(t, x.VerifyAccess, accessTo("users"))
		require.NoError(t, err)
		require.Equal(t, 120, verified.People.Ready)
	}))
}

func TestAWorkerThatDiesKnowsMostOfWhatItMade(t *testing.T) {
	cloud, x := clockedTeam(t, 300)
	stop := make(chan struct{})
	made := 0
	cloud.refuse = func(operation string, _ map[string]any) string {
		if operation == "CreateUserProfile" {
			if made++; made == 200 {
				close(stop)
			}
		}
		return ""
	}
	env := activityEnvironment()
	env.SetWorkerStopChannel(stop)
	_, err := performIn(t, env, x.ConvergeAccess, accessTo("users"))
	require.Error(t, err)
	require.LessOrEqual(t, cloud.sinceThen("DescribeUserProfile", func() {
		result, err := perform(t, x.ConvergeAccess, accessTo("users"))
		require.NoError(t, err)
		require.Equal(t, 300, result.ProfilesFound+result.ProfilesMade)
	}), 50)
	require.Len(t, cloud.profiles, 300)
}

func TestALookThatLearnsNothingWritesNothingOfProfiles(t *testing.T) {
	_, x := clockedTeam(t, 120)
	_, err := perform(t, x.ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	_, err = perform(t, x.VerifyAccess, accessTo("users"))
	require.NoError(t, err)
	before := profilesFile(t, x)
	_, err = perform(t, x.VerifyAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, before, profilesFile(t, x))
}

func TestReasonsOfEverybodyWhoFailedAreInThePeopleFile(t *testing.T) {
	cloud, x := clockedTeam(t, 130)
	cloud.refuse = func(operation string, in map[string]any) string {
		if user := param(in, "SingleSignOnUserValue"); operation == "CreateUserProfile" && user < "p100" {
			return "ValidationException: the user " + user + " is not known."
		}
		return ""
	}
	result, err := perform(t, x.ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, 30, result.ProfilesMade)
	require.Equal(t, 100, result.ExceptionsTotal)
	require.Len(t, result.Exceptions, onboarding.MaxListed)
	verified, err := perform(t, x.VerifyAccess, accessTo("users"))
	require.NoError(t, err)
	require.Len(t, verified.Exceptions, onboarding.MaxListed)
	for _, record := range storetest.People(t, x.People, fakeRun) {
		if !record.Ready {
			require.Contains(t, record.Reason, "the user "+record.Person+" is not known")
			require.NotEmpty(t, record.Remedy)
		}
	}
}

func profilesFile(t *testing.T, x *access.Activities) string {
	lists, ok := x.People.(store.Lists)
	require.True(t, ok)
	current, err := lists.Store.Current(t.Context(), store.Ref{Studio: fakeRun, Name: "profiles"})
	require.NoError(t, err)
	return current.Address
}
