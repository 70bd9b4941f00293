package access_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/access"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// losing loses the first writes of an operation to each thing.
func (f *fakeCloud) losing(operation string, times int) {
	lost := map[string]int{}
	f.lose = func(called string, in map[string]any) bool {
		if called != operation {
			return false
		}
		thing := fmt.Sprint(param(in, "PrincipalId"), param(in, "UserProfileName"), param(in, "ResourceArn"))
		lost[thing]++
		return lost[thing] <= times
	}
}

func TestAWriteThatWasAcknowledgedAndLostIsMadeAgain(t *testing.T) {
	for _, times := range []int{1, 2} {
		for name, c := range map[string]struct {
			prepare func(*fakeCloud, *access.Input)
			result  access.Result
			is      func(*fakeCloud) bool
		}{
			"CreateUserProfile": {func(c *fakeCloud, _ *access.Input) { c.profiles = map[string]*fakeProfile{} },
				access.Result{AssignmentsFound: 1, ProfilesMade: 6},
				func(c *fakeCloud) bool { return len(c.profiles) == 6 }},
			"UpdateUserProfile": {func(c *fakeCloud, _ *access.Input) { c.profiles["p1-example-com"].role = fakeRoleML },
				access.Result{AssignmentsFound: 1, ProfilesFound: 6, RolesChanged: 1},
				func(c *fakeCloud) bool { return c.profiles["p1-example-com"].role == fakeRole }},
			"AddTags": {func(_ *fakeCloud, in *access.Input) { in.Tags = map[string]string{"team": "y"} },
				access.Result{AssignmentsFound: 1, ProfilesFound: 6, TagsChanged: 6},
				func(c *fakeCloud) bool { return c.profiles["p5-example-com"].tags["team"] == "y" }},
			"CreateApplicationAssignment": {func(c *fakeCloud, _ *access.Input) { clear(c.assigned) },
				access.Result{AssignmentsMade: 1, ProfilesFound: 6},
				func(c *fakeCloud) bool { return c.assigned["GROUP/g-users"] }},
			"DeleteApplicationAssignment": {func(c *fakeCloud, _ *access.Input) {
				c.person("gone@example.com")
				c.assigned["USER/id-gone@example.com"] = true
			},
				access.Result{AssignmentsFound: 1, ProfilesFound: 6, AssignmentsRemoved: 1}, func(c *fakeCloud) bool { return len(c.assigned) == 1 }},
			"DeleteUserProfile": {func(c *fakeCloud, in *access.Input) {
				c.person("gone@example.com")
				c.profiles["gone"] = &fakeProfile{user: "gone@example.com", status: "InService", run: fakeRun}
				in.Access.OnRemoval, in.Access.Guard.Quarantine = onboarding.RemovalDeleteProfile, new(onboarding.Duration)
			}, access.Result{AssignmentsFound: 1, ProfilesFound: 6, ProfilesRemoved: 1},
				func(c *fakeCloud) bool { return c.profiles["gone"] == nil }},
		} {
			t.Run(fmt.Sprint(name, " lost ", times), func(t *testing.T) {
				cloud := newFakeCloud(t)
				for i := range 6 {
					cloud.person(fmt.Sprintf("p%d@example.com", i), "users")
				}
				x := accessOf(t, cloud)
				in := accessTo("users")
				in.FollowOkta, in.Domain.Origin = true, onboarding.OriginCreated
				_, err := perform(t, x.ConvergeAccess, in)
				require.NoError(t, err)
				c.prepare(cloud, &in)
				cloud.losing(name, times)
				result, err := perform(t, x.ConvergeAccess, in)
				require.NoError(t, err)
				require.Equal(t, c.result, result)
				require.True(t, c.is(cloud))
				again, err := perform(t, x.ConvergeAccess, in)
				require.NoError(t, err)
				require.Equal(t, access.Result{AssignmentsFound: 1, ProfilesFound: 6}, again)
			})
		}
	}
}

func TestAWriteThatIsLostForEverIsToldInTrueWords(t *testing.T) {
	for operation, says := range map[string]string{
		"CreateUserProfile": "the profile p1-example-com was made 5 times, each time with success, and is not there",
		"UpdateUserProfile": "the profile p1-example-com does not take the execution role " + fakeRole,
		"AddTags":           "the profile p1-example-com does not take the tags of the spec",
		"DeleteUserProfile": "the profile p1-example-com cannot be deleted",
	} {
		t.Run(operation, func(t *testing.T) {
			cloud := newFakeCloud(t)
			for i := range 8 {
				cloud.person(fmt.Sprintf("p%d@example.com", i), "users")
			}
			x := accessOf(t, cloud)
			in := accessTo("users")
			_, err := perform(t, x.ConvergeAccess, in)
			require.NoError(t, err)
			cloud.losing(operation, 1000)
			switch operation {
			case "CreateUserProfile":
				delete(cloud.profiles, "p1-example-com")
			case "UpdateUserProfile":
				cloud.profiles["p1-example-com"].role = fakeRoleML
			case "AddTags":
				in.Tags = map[string]string{"more": "tags"}
			case "DeleteUserProfile":
				in.Access.OnRemoval, in.Access.Guard.Quarantine = onboarding.RemovalDeleteProfile, new(onboarding.Duration)
				cloud.leave("p1@example.com", "users")
			}
			result, err := perform(t, x.ConvergeAccess, in)
			require.NoError(t, err)
			require.Zero(t, result.ProfilesMade+result.RolesChanged+result.TagsChanged+result.ProfilesRemoved, "nothing of this was seen")
			require.Contains(t, fmt.Sprint(result.Exceptions), says)
			for _, exception := range result.Exceptions {
				require.NotEmpty(t, exception.Code)
				require.NotContains(t, exception.Reason, "Pending")
			}
			verified, err := perform(t, x.VerifyAccess, in)
			require.NoError(t, err)
			if operation == "CreateUserProfile" {
				require.Contains(t, fmt.Sprint(verified.Exceptions), says, "the report tells the same")
			}
		})
	}
}

func TestProgressCountsWhatWasSeen(t *testing.T) {
	cloud := newFakeCloud(t)
	for i := range 450 {
		cloud.person(fmt.Sprintf("p%03d@example.com", i), "users")
	}
	lost := map[string]bool{}
	cloud.lose = func(operation string, in map[string]any) bool {
		name := param(in, "UserProfileName")
		if operation != "CreateUserProfile" || lost[name] || !strings.HasSuffix(name, "7-example-com") {
			return false
		}
		lost[name] = true
		return true
	}
	most, before := 0, 0
	env := activityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor(),
		&listening{told: func(count onboarding.Count) {
			cloud.mu.Lock()
			defer cloud.mu.Unlock()
			there := len(cloud.profiles)
			require.LessOrEqual(t, count.Done, there, "no more than there are")
			if most = max(most, count.Done); there < 400 {
				before = max(before, count.Done)
			}
		}}}})
	result, err := performIn(t, env, accessOf(t, cloud).ConvergeAccess, accessTo("users"))
	require.NoError(t, err)
	require.Equal(t, 450, result.ProfilesMade)
	require.Equal(t, 450, most)
	require.Positive(t, before, "it goes on while profiles are made")
	require.LessOrEqual(t, cloud.calls["ListUserProfiles"], 40)
}

// listening hears each count that an activity records; Temporal is told only some of them.
type listening struct {
	interceptor.WorkerInterceptorBase
	interceptor.ActivityInboundInterceptorBase
	told func(onboarding.Count)
}

func (l *listening) InterceptActivity(_ context.Context,
	next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	inbound := &listening{told: l.told}
	inbound.ActivityInboundInterceptorBase.Next = next
	return inbound
}

func (l *listening) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	return l.ActivityInboundInterceptorBase.Next.Init(
		&hearing{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: outbound}, told: l.told})
}

type hearing struct {
	interceptor.ActivityOutboundInterceptorBase
	told func(onboarding.Count)
}

func (h *hearing) RecordHeartbeat(ctx context.Context, details ...any) {
	if count, ok := details[0].(onboarding.Count); ok {
		h.told(count)
	}
	h.Next.RecordHeartbeat(ctx, details...)
}

// TestLostWritesHealWithoutAPerson loses the first writes of each kind in the simulated world.
func TestLostWritesHealWithoutAPerson(t *testing.T) {
	w := newStudioWorld(t)
	synced := w.synced()
	w.waits.Propagation = 2 * time.Second // 2 min of the real world's, at this pace
	minute := w.waits.Propagation / 2
	x := w.activity()
	require.NoError(t, w.console.SetFaults(t.Context(), []sandbox.Fault{
		{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultLostWrite, Times: 6},
		{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultLostWrite, Times: 2},
	}))
	started := time.Now()
	result, err := perform(t, x.ConvergeAccess, w.access)
	require.NoError(t, err)
	t.Logf("healed in %s, a minute of the world is %s", time.Since(started), minute)
	require.Equal(t, synced.Synced, result.ProfilesMade)
	require.Equal(t, 1, result.ExceptionsTotal, "%v", result.Exceptions)
	made := map[string]int{}
	for _, call := range w.calls() {
		if call.Operation == "CreateUserProfile" {
			made[call.Params["UserProfileName"]]++
		}
	}
	twice := 0
	for _, times := range made {
		require.LessOrEqual(t, times, 2)
		twice += times - 1
	}
	require.Equal(t, 6, twice, "only what was lost is made again")
	// The same for what a changed spec asks for: another role for a group, other tags, and a single person less.
	single := w.access.Access.People[0].Login
	w.access.FollowOkta, w.access.Tags = true, map[string]string{"cost": "7"}
	w.access.Access.People, w.access.Access.OnRemoval = nil, onboarding.RemovalDeleteProfile
	w.access.Access.Groups[0].ExecutionRole, w.access.Access.Guard.Quarantine = "", new(onboarding.Duration)
	var faults []sandbox.Fault
	for _, write := range []string{"sagemaker UpdateUserProfile", "sagemaker AddTags", "sagemaker DeleteUserProfile",
		"sso DeleteApplicationAssignment"} {
		service, operation, _ := strings.Cut(write, " ")
		faults = append(faults, sandbox.Fault{Service: service, Operation: operation, Kind: sandbox.FaultLostWrite, Times: 1})
	}
	require.NoError(t, w.console.SetFaults(t.Context(), faults))
	started = time.Now()
	result, err = perform(t, x.ConvergeAccess, w.access)
	require.NoError(t, err)
	t.Logf("healed in %s", time.Since(started))
	require.Zero(t, result.ExceptionsTotal, "%v", result.Exceptions)
	require.Equal(t, 1, result.AssignmentsRemoved)
	require.Equal(t, 1, result.ProfilesRemoved)
	require.Positive(t, result.RolesChanged)
	require.Equal(t, synced.Synced-1, result.TagsChanged)
	again, err := perform(t, x.ConvergeAccess, w.access)
	require.NoError(t, err)
	require.Equal(t, access.Result{AssignmentsFound: 2, ProfilesFound: synced.Synced - 1}, again)
	verified, err := perform(t, x.VerifyAccess, w.access)
	require.NoError(t, err)
	require.Equal(t, synced.Synced-1, verified.People.Ready)
	tried, err := w.console.SignIn(t.Context(), sandbox.SignInInput{Login: single})
	require.NoError(t, err)
	require.False(t, tried.OK)
	w.requireProof(verified)
}
