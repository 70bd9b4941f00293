package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/activities/notify"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/notifier"
	"studio-onboarding/internal/secret"
	"studio-onboarding/onboarding"
)

// sent counts what targets accepted.
type sent struct {
	mu  sync.Mutex
	got map[string]int
}

func (s *sent) count(target, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got == nil {
		s.got = map[string]int{}
	}
	s.got[target+" "+key]++
}

// target fails as told, one time after the other, and then accepts.
type target struct {
	name  string
	fails []error
	tries int
	sent  *sent
}

func (t *target) Name() string { return t.name }

func (t *target) Send(_ context.Context, notice onboarding.Notice) error {
	t.tries++
	if len(t.fails) > 0 {
		err := t.fails[0]
		t.fails = t.fails[1:]
		if err != nil {
			return err
		}
	}
	t.sent.count(t.name, notice.Key)
	return nil
}

const attempts = 4

// carryOut has the activity done as a workflow has it done: tried again by Temporal, with the worker's interceptor. It
// answers with how long that took, too.
func carryOut(t *testing.T, targets []notify.Target, notices ...onboarding.Notice) (onboarding.Notified, time.Duration, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewInterceptor()}})
	env.RegisterActivity(&notify.Activities{Targets: targets})
	began := env.Now()
	env.ExecuteWorkflow(func(ctx workflow.Context) (onboarding.Notified, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, HeartbeatTimeout: time.Minute,
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1},
		})
		var a *notify.Activities
		var out onboarding.Notified
		err := workflow.ExecuteActivity(ctx, a.Notify, notify.NotifyInput{Notices: notices, Attempts: attempts}).Get(ctx, &out)
		return out, err
	})
	if err := env.GetWorkflowError(); err != nil {
		return onboarding.Notified{}, env.Now().Sub(began), err
	}
	var out onboarding.Notified
	require.NoError(t, env.GetWorkflowResult(&out))
	return out, env.Now().Sub(began), nil
}

func notices() []onboarding.Notice {
	return []onboarding.Notice{onboarding.NoticeOfTest("1", time.Now()), onboarding.NoticeOfTest("2", time.Now())}
}

func down() error { return fault.New(fault.Unavailable, "worker", "", "it is down") }

func TestOneThatFailsIsTriedAgainAndTheOthersGetNothingTwice(t *testing.T) {
	s := &sent{}
	good := &target{name: "good", sent: s}
	late := &target{name: "late", sent: s, fails: []error{down(), down(), nil, down()}}
	notified, _, err := carryOut(t, []notify.Target{late, good}, notices()...)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"good /test/1": 1, "good /test/2": 1, "late /test/1": 1, "late /test/2": 1}, s.got)
	require.Len(t, notified.Deliveries, 4)
	require.Empty(t, notified.Failed())
}

func TestWhatTheLastAttemptLeavesIsAnAnswer(t *testing.T) {
	s := &sent{}
	dead := &target{name: "dead", sent: s, fails: []error{down(), down(), down(), down(), down(), down()}}
	notified, _, err := carryOut(t, []notify.Target{dead, &target{name: "good", sent: s}}, notices()...)
	require.NoError(t, err)
	require.Equal(t, attempts, dead.tries, "one that is down is spared the second notice")
	require.Len(t, notified.Failed(), 2)
	require.Equal(t, onboarding.Delivery{Target: "dead", Key: "/test/1", Reason: "it is down"}, notified.Failed()[0])
	require.Equal(t, map[string]int{"good /test/1": 1, "good /test/2": 1}, s.got)
}

func TestWhatNoRetryChangesIsNotRetried(t *testing.T) {
	s := &sent{}
	refusal := fault.New(fault.NotFound, "worker", "", "answered 404").WithRemedy("make a new one")
	gone := &target{name: "gone", sent: s, fails: []error{refusal}}
	late := &target{name: "late", sent: s, fails: []error{down()}}
	notified, _, err := carryOut(t, []notify.Target{gone, late}, notices()...)
	require.NoError(t, err)
	require.Equal(t, []onboarding.Delivery{{Target: "gone", Key: "/test/1", Reason: "answered 404", Remedy: "make a new one"}},
		notified.Failed())
	require.Equal(t, 1, s.got["gone /test/2"], "it may take another one")
	require.Equal(t, 2, gone.tries)
}

func TestATargetIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	asks := func(pause time.Duration) *target {
		return &target{name: "busy", sent: &sent{}, fails: []error{fault.New(fault.Throttled, "worker", "", "slow down").After(pause)}}
	}
	_, took, err := carryOut(t, []notify.Target{asks(5 * time.Minute)}, notices()...)
	require.NoError(t, err)
	require.GreaterOrEqual(t, took, 5*time.Minute)

	_, took, err = carryOut(t, []notify.Target{asks(300 * time.Hour)}, notices()...)
	require.NoError(t, err)
	require.Less(t, took, time.Hour)
}

func TestAnErrorOfNoClassIsTriedAgainAndNotShown(t *testing.T) {
	odd := &target{name: "odd", sent: &sent{}, fails: []error{errors.New("token=T0PSECRET"), errors.New("token=T0PSECRET"),
		errors.New("token=T0PSECRET"), errors.New("token=T0PSECRET")}}
	notified, _, err := carryOut(t, []notify.Target{odd}, notices()[0])
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(notified), "T0PSECRET")
	require.Len(t, notified.Failed(), 1)
}

func TestWithoutTargetsNothingIsSentAndNothingIsWrong(t *testing.T) {
	notified, _, err := carryOut(t, nil, notices()...)
	require.NoError(t, err)
	require.Empty(t, notified.Deliveries)
}

// The real targets, against servers on this machine: the webhook answers 503 first, and Slack gets its message once.
func TestDeliveredOnceThroughTheRealTargets(t *testing.T) {
	const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	var mu sync.Mutex
	tried, messages, ids := 0, 0, map[string]bool{}
	verifier, err := standardwebhooks.NewWebhook(key)
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/slack") {
			messages++
			return
		}
		tried++
		ids[r.Header.Get("webhook-id")] = true
		body, _ := io.ReadAll(r.Body)
		switch {
		case verifier.Verify(body, r.Header) != nil:
			w.WriteHeader(http.StatusUnauthorized)
		case tried == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	env := map[string]string{"NOTIFY_WEBHOOK_URL": server.URL + "/T0PSECRET", "NOTIFY_WEBHOOK_SECRET": key,
		"NOTIFY_SLACK_URL": server.URL + "/slack"}
	getenv := func(name string) string { return env[name] }
	configured, err := notifier.FromEnvironment(getenv, secret.New(getenv, nil))
	require.NoError(t, err)
	targets := make([]notify.Target, 0, len(configured))
	for _, target := range configured {
		targets = append(targets, target)
	}
	notified, _, err := carryOut(t, targets, notices()[0])
	require.NoError(t, err)
	require.Empty(t, notified.Failed())
	require.Equal(t, 2, tried)
	require.Len(t, ids, 1, "each attempt has the same ID")
	require.Equal(t, 1, messages)
	require.NotContains(t, fmt.Sprint(notified), "T0PSECRET")
}
