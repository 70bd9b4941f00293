package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

func at(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }

// cared is a server with a studio of two runs, the second of which was aborted. Retention has taken both executions.
func cared() *runstest.Fake {
	spec := onboarding.Spec{Name: "demo"}
	return &runstest.Fake{Pollers: 1, Ack: onboarding.Acknowledgement{Message: "as you like"}, Studio: &onboarding.Studio{
		Name: "demo", Since: at(1, 8), InForce: &onboarding.Handles{Spec: spec, AppID: "0oa1"},
		Revisions: []onboarding.Revision{{N: 1, At: at(1, 9), By: "ann@host", Run: 1, Spec: spec}},
		Runs: []onboarding.RunRecord{
			{N: 1, State: onboarding.RunDone, StartedBy: "ann@host", StartedAt: at(1, 8), EndedAt: at(1, 9), Report: &onboarding.Report{
				Run: "demo", N: 1, State: onboarding.RunDone, People: onboarding.People{Wanted: 10, Ready: 9}}},
			{N: 2, State: onboarding.RunAborted, StartedBy: "op@host", StartedAt: at(2, 7), EndedAt: at(2, 8),
				Message: "aborted at domain by op@host: wrong account", Report: &onboarding.Report{Run: "demo", N: 2, State: onboarding.RunAborted}},
		},
		Sync: onboarding.Sync{Every: onboarding.Duration(time.Hour), By: "op@host", Since: at(1, 9), LastGood: at(2, 9), Next: at(2, 10)},
		Accepted: []onboarding.AcceptedException{{Person: "jane@example.com", Code: "no-last-name", Reason: "no last name in Okta",
			Step: onboarding.StepVerify, By: "op@host", At: at(1, 9), Why: "a robot"}},
		Expiries: []onboarding.Expiry{{What: "SCIM token", At: at(30, 9), Remedy: "Make another."}, {What: "certificate", At: at(31, 9)}},
		Events:   []onboarding.Event{{At: at(1, 8), Text: "Run 1 was started by ann@host."}, {At: at(2, 8), Text: "Run 2 ended: aborted."}},
	}}
}

func TestStatusTellsHowTheStudioIs(t *testing.T) {
	p := sit(t, cared())
	code, out, stderr := p.types("status", "demo")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "run demo was aborted at domain by op@host: wrong account")
	require.Equal(t, `demo  aborted  1h00m

Studio
  spec in force  revision 1 since 2026-03-01 09:00, by ann@host
  reconciles     every 1h, the next one at 2026-03-02 10:00
  last good one  2026-03-02 09:00
  guard          asks when more than 20 % of the people, and at least 3, would lose access within 7d
  accepted       1 exception: starter exceptions demo
  expires next   SCIM token on 2026-03-30 (in 27 days); 1 more
`, out)

	_, out, _ = p.types("status", "demo", "--output", "json")
	var status struct {
		Run, State string
		Studio     struct {
			Run      int
			InForce  struct{ Revision int }
			Sync     onboarding.Sync
			Accepted int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &status))
	require.Equal(t, "demo", status.Run, "the fields of before stay where they were")
	require.Equal(t, "aborted", status.State)
	require.Equal(t, 2, status.Studio.Run)
	require.Equal(t, 1, status.Studio.InForce.Revision)
	require.Equal(t, time.Hour, status.Studio.Sync.Every.Std())
	require.Equal(t, 1, status.Studio.Accepted)
}

func TestStatusSaysWhenReconcilesAreOverdueOrPausedOrNotMade(t *testing.T) {
	for want, sync := range map[string]onboarding.Sync{
		"(overdue since 2026-03-02 04:00)":   {Every: onboarding.Duration(time.Hour), Since: at(1, 9), LastGood: at(2, 1)},
		"reconciles     every 1h, paused by": {Every: onboarding.Duration(time.Hour), Paused: true, By: "op@host", Since: at(1, 9)},
		"reconciles     none by themselves":  {},
		"last good one  none yet":            {Every: onboarding.Duration(time.Hour), Since: at(2, 9)},
	} {
		fake := cared()
		fake.Studio.Sync = sync
		_, out, _ := sit(t, fake).types("status", "demo")
		require.Contains(t, out, want)
		require.Equal(t, strings.HasPrefix(want, "(overdue"), strings.Contains(out, "overdue"))
	}
}

func TestReportOfAnEarlierRun(t *testing.T) {
	p := sit(t, cared())
	code, out, stderr := p.types("report", "demo")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "demo  run 2  aborted")
	code, out, _ = p.types("report", "demo", "--run", "1")
	require.Zero(t, code)
	require.Contains(t, out, "demo  run 1  done")
	code, _, stderr = p.types("report", "demo", "--run", "3")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "demo has no run 3; it has 1 to 2 → starter history demo")
	code, _, _ = p.types("report", "demo", "--run", "-1")
	require.Equal(t, 2, code)
}

func TestHistoryListsRunsAndSpecs(t *testing.T) {
	p := sit(t, cared())
	code, out, stderr := p.types("history", "demo")
	require.Zero(t, code, stderr)
	require.Equal(t, `RUN  STATE    STARTED           ENDED             BY        RESULT
1    done     2026-03-01 08:00  2026-03-01 09:00  ann@host  9 of 10 people: 0 proven (seen signing in), 0 verified, 9 configured
2    aborted  2026-03-02 07:00  2026-03-02 08:00  op@host   aborted at domain by op@host: wrong account

Specs in force:
REVISION  SINCE             BY        RUN  CHANGED
1         2026-03-01 09:00  ann@host  1    the first one
`, out)

	p.fake.Studio.Runs, p.fake.Studio.Revisions = nil, nil
	_, out, _ = p.types("history", "demo")
	require.Equal(t, "No run has started yet.\n", out)
	_, out, _ = p.types("history", "demo", "--output", "json")
	require.JSONEq(t, `{"runs": [], "revisions": []}`, out)
}

func TestEventsAreToldInWords(t *testing.T) {
	p := sit(t, cared())
	code, out, stderr := p.types("events", "demo")
	require.Zero(t, code, stderr)
	require.Equal(t, "2026-03-01 08:00  Run 1 was started by ann@host.\n2026-03-02 08:00  Run 2 ended: aborted.\n", out)

	p.fake.Studio.Events = nil
	_, out, _ = p.types("events", "demo", "--output", "json")
	require.JSONEq(t, "[]", out)
}

func TestCancelWantsAReasonAndPassesItOn(t *testing.T) {
	for _, args := range [][]string{{"cancel", "demo"}, {"cancel", "demo", "--reason", " "}} {
		p := sit(t, cared())
		code, _, stderr := p.types(args...)
		require.Equal(t, 2, code, args)
		require.Contains(t, stderr, "reason")
		require.Empty(t, p.fake.Updates)
	}
	p := sit(t, cared())
	code, out, stderr := p.types("cancel", "demo", "--reason", " wrong account ")
	require.Zero(t, code, stderr)
	require.Equal(t, "as you like\n", out)
	require.Equal(t, []any{onboarding.CancelRequest{Reason: "wrong account", By: "op@host"}}, p.fake.Updates[0].Args)

	p.fake.UpdateError = temporal.NewApplicationError("no run is under way, so there is nothing to cancel", "")
	code, _, stderr = p.types("cancel", "demo", "--reason", "x")
	require.Equal(t, 1, code)
	require.Equal(t, "starter: no run is under way, so there is nothing to cancel → how it stands: starter status demo\n", stderr)
}

func TestExceptionsAreListedAndTakenBack(t *testing.T) {
	p := sit(t, cared())
	code, out, stderr := p.types("exceptions", "demo")
	require.Zero(t, code, stderr)
	require.Equal(t, `PERSON            EXCEPTION             ACCEPTED          BY       WHY
jane@example.com  no last name in Okta  2026-03-01 09:00  op@host  a robot
`, out)
	require.Empty(t, p.fake.Updates)

	code, out, stderr = p.types("exceptions", "demo", "--revoke", "jane@example.com")
	require.Zero(t, code, stderr)
	require.Equal(t, "as you like\n", out)
	require.Equal(t, []any{onboarding.RevokeRequest{Person: "jane@example.com", By: "op@host"}}, p.fake.Updates[0].Args)

	code, _, stderr = p.types("exceptions", "demo", "--revoke", "")
	require.Equal(t, 2, code, "an empty variable is no wish to list")
	require.Contains(t, stderr, "--revoke")

	p.fake.Studio.Accepted = nil
	_, out, _ = p.types("exceptions", "demo")
	require.Equal(t, "No exception is accepted.\n", out)
	_, out, _ = p.types("exceptions", "demo", "--output", "json")
	require.JSONEq(t, "[]", out)
}

func TestForgetWantsTheNameTwice(t *testing.T) {
	for _, args := range [][]string{{"forget", "demo"}, {"forget", "demo", "--confirm", "demos"}, {"forget", "demo", "--confirm", "yes"}} {
		p := sit(t, cared())
		code, _, stderr := p.types(args...)
		require.Equal(t, 2, code, args)
		require.Contains(t, stderr, "--confirm demo")
		require.Empty(t, p.fake.Queries, "nothing is sent")
		require.Empty(t, p.fake.Updates)
		require.Empty(t, p.dialled)
	}
	p := sit(t, cared())
	p.fake.Listed = []*workflow.WorkflowExecutionInfo{
		runstest.Execution("studio-demo", enums.WORKFLOW_EXECUTION_STATUS_RUNNING, onboarding.RunDone, "")}
	code, out, stderr := p.types("forget", "demo", "--confirm", "demo")
	require.Zero(t, code, stderr)
	require.Equal(t, "as you like\n", out)
	require.Equal(t, []any{onboarding.ForgetRequest{By: "op@host"}}, p.fake.Updates[0].Args)
	require.Equal(t, [][2]string{{"studio-demo", runstest.RunID}}, p.fake.Deleted)
}

// A terminal has 80 columns at least; help and tables keep within them as far as words allow.
func TestHelpFitsATerminal(t *testing.T) {
	for _, command := range []string{"list", "status", "report", "sync", "history", "events", "cancel", "exceptions", "forget"} {
		code, out, _ := sit(t, cared()).types(command, "--help")
		require.Zero(t, code)
		long, _, _ := strings.Cut(out, "Usage:")
		for _, line := range strings.Split(long, "\n") {
			require.LessOrEqual(t, len([]rune(line)), 120, "%s: %s", command, line)
		}
		require.Contains(t, out, "Examples:")
		require.NotContains(t, out, "RUN\n", "people own a studio")
	}
}
