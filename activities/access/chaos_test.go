package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"studio-onboarding/activities"
	"studio-onboarding/activities/access"
	"studio-onboarding/activities/provider"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// mortal opens accounts for a worker that dies after so many calls of an operation: from then on none goes out, and those on
// their way lose their answers.
type mortal struct {
	provider.AWS
	operation string
	left      atomic.Int64
	die       context.CancelFunc
}

func (m *mortal) Config(ctx context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	cfg, err := m.AWS.Config(ctx, account, region)
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(stack *middleware.Stack) error {
		return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("Mortal", func(
			ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
		) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if middleware.GetOperationName(ctx) == m.operation && m.left.Add(-1) == 0 {
				m.die()
			}
			return next.HandleFinalize(ctx, in)
		}), middleware.After)
	})
	return cfg, err
}

// dieAfter converges in a worker that dies on the way, and fails unless it did.
func (w *studioWorld) dieAfter(x *access.Activities, operation string, calls int64) {
	w.t.Helper()
	ctx, die := context.WithCancel(w.t.Context())
	defer die()
	dying := *x
	m := &mortal{AWS: w.cloud, operation: operation, die: die}
	m.left.Store(calls)
	dying.AWS = m
	env := activityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx,
		Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	_, err := performIn(w.t, env, dying.ConvergeAccess, w.access)
	require.Error(w.t, err)
	require.ErrorIs(w.t, ctx.Err(), context.Canceled, "it died of something else: %v", err)
}

// whoHasAccess is what must not depend on what went wrong on the way: assignments and profiles, by names.
func (w *studioWorld) whoHasAccess() []string {
	w.t.Helper()
	text, err := w.console.State(w.t.Context())
	require.NoError(w.t, err)
	var dump struct {
		AWS struct {
			Instances []struct {
				Users        []struct{ ID, UserName string }
				Groups       []struct{ ID, Name string }
				Applications []struct{ Assignments []string }
			}
			Accounts []struct {
				Domains []struct{ Profiles []json.RawMessage }
			}
		}
	}
	require.NoError(w.t, json.Unmarshal(text, &dump))
	var lines []string
	for _, instance := range dump.AWS.Instances {
		names := map[string]string{}
		for _, user := range instance.Users {
			names[user.ID] = user.UserName
		}
		for _, group := range instance.Groups {
			names[group.ID] = group.Name
		}
		for _, application := range instance.Applications {
			for _, assignment := range application.Assignments {
				for _, id := range slices.Collect(maps.Keys(names)) {
					assignment = strings.ReplaceAll(assignment, id, names[id])
				}
				lines = append(lines, assignment)
			}
		}
	}
	for _, account := range dump.AWS.Accounts {
		for _, domain := range account.Domains {
			for _, profile := range domain.Profiles {
				lines = append(lines, string(profile))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func TestLossConflictsThrottlingAndDyingWorkersEndWhereAQuietRunEnds(t *testing.T) {
	const people = 300
	calm, wild := newStudioWorldOf(t, people), newStudioWorldOf(t, people)
	calm.synced()
	_, err := perform(t, calm.activity().ConvergeAccess, calm.access)
	require.NoError(t, err)

	synced := wild.synced()
	require.NoError(t, wild.console.SetFaults(t.Context(), []sandbox.Fault{
		{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultLostWrite, Rate: 0.5},
		{Service: "sso", Operation: "CreateApplicationAssignment", Kind: sandbox.FaultConflict, Rate: 0.05},
		{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultLostAnswer, Rate: 0.05},
		{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultConflict, Rate: 0.05},
		{Service: "sagemaker", Kind: sandbox.FaultThrottle, Rate: 0.1},
	}))
	x := wild.activity()
	wild.dieAfter(x, "CreateApplicationAssignment", 2)
	wild.dieAfter(x, "CreateUserProfile", 60)
	wild.dieAfter(x, "CreateUserProfile", 100)
	result := until(wild, x.ConvergeAccess, wild.access)
	require.Equal(t, 1, result.ExceptionsTotal, "%v", result.Exceptions)
	require.NoError(t, wild.console.SetFaults(t.Context(), nil))

	verified, err := perform(t, x.VerifyAccess, wild.access)
	require.NoError(t, err)
	require.Equal(t, synced.Synced, verified.People.Ready)
	require.Equal(t, calm.whoHasAccess(), wild.whoHasAccess())
	made := map[string]int{}
	for _, call := range wild.calls() {
		if call.Operation == "CreateUserProfile" && call.Effect == "created" {
			made[call.Params["UserProfileName"]]++
		}
	}
	require.Len(t, made, synced.Synced)
	for name, times := range made {
		require.Equal(t, 1, times, name)
	}
}

func TestADyingWorkerEndsAtOnce(t *testing.T) {
	cloud, x := clockedTeam(t, 50)
	ctx, die := context.WithCancel(t.Context())
	cloud.refuse = func(operation string, _ map[string]any) string {
		if operation == "CreateUserProfile" {
			die()
		}
		return ""
	}
	env := activityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx,
		Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	started := time.Now()
	_, err := performIn(t, env, x.ConvergeAccess, accessTo("users"))
	require.True(t, errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "canceled"), "%v", err)
	require.Less(t, time.Since(started), 5*time.Second)
}
