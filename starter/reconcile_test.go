package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/runs/runstest"
	"studio-onboarding/onboarding"
)

// onboarded is a fake with a run that is done; what it is asked for answers with result.
func onboarded(result any) *runstest.Fake {
	return &runstest.Fake{
		Status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, Pollers: 1, Result: result,
		Report: onboarding.Report{Run: "demo", State: onboarding.RunDone, Handles: &onboarding.Handles{
			Spec:  onboarding.Spec{Name: "demo", Access: onboarding.AccessSpec{Groups: []onboarding.GroupAccessSpec{{Name: "studio"}}}},
			AppID: "0oa1",
		}},
	}
}

func reconciled(state onboarding.RunState) onboarding.ReconcileReport {
	return onboarding.ReconcileReport{Run: "demo", State: state, People: onboarding.People{Wanted: 10, Ready: 9}}
}

func TestSyncMakesAScheduleAndChangesIt(t *testing.T) {
	p := sit(t, onboarded(reconciled(onboarding.RunDone)))
	code, out, stderr := p.types("sync", "demo", "--every", "1h")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "Every 1h (every 1h, set by op@host)")
	made := p.fake.Schedules.Made["sync-demo"]
	require.Equal(t, time.Hour, made.Spec.Intervals[0].Every)
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, made.Overlap)
	require.Equal(t, time.Hour, made.CatchupWindow)
	require.False(t, made.PauseOnFailure)
	action := made.Action.(*client.ScheduleWorkflowAction)
	require.Equal(t, "reconcile-demo", action.ID)
	require.Equal(t, onboarding.WorkflowReconcile, action.Workflow)
	in := action.Args[0].(onboarding.ReconcileInput)
	require.Equal(t, "0oa1", in.Handles.AppID)
	require.False(t, in.DryRun || in.AllowRemovals)

	code, out, stderr = p.types("sync", "demo", "--every", "1d")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "Every 1d")
	require.Equal(t, 1, p.fake.Schedules.Changed)

	p.fake.Report.Handles.AppID = "0oa2"
	_, out, _ = p.types("sync", "demo")
	require.Contains(t, out, "onboarded again since")

	code, _, _ = p.types("sync", "demo", "--off")
	require.Zero(t, code)
	require.Empty(t, p.fake.Schedules.Made)
	_, out, _ = p.types("sync", "demo", "--off")
	require.Contains(t, out, "There was no schedule")
}

func TestSyncShowsNextAndLast(t *testing.T) {
	held := reconciled(onboarding.RunAttention)
	held.Held, held.Command = "nobody was removed: Okta lists nobody", "starter sync demo --once --allow-removals"
	p := sit(t, onboarded(held))
	p.types("sync", "demo", "--every", "1h")
	p.fake.Schedules.Info = client.ScheduleInfo{
		NextActionTimes: []time.Time{time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}, NumActionsSkippedOverlap: 2,
		RecentActions: []client.ScheduleActionResult{{
			StartWorkflowResult: &client.ScheduleWorkflowExecution{WorkflowID: "reconcile-demo-2026-03-02T09:00:00Z"}}},
	}
	code, out, stderr := p.types("sync", "demo")
	require.Equal(t, 3, code, stderr)
	require.Contains(t, out, "Next: 2026-03-02 10:00")
	require.Contains(t, out, "Left out 2 times")
	require.Contains(t, out, "scheduled")
	require.Contains(t, out, "by hand")
	require.Contains(t, out, "9 of 10")
	require.Contains(t, out, held.Command)

	code, out, _ = p.types("sync", "demo", "--output", "json")
	require.Equal(t, 3, code)
	var status runs.SyncStatus
	require.NoError(t, json.Unmarshal([]byte(out), &status))
	require.True(t, status.On)
	require.Len(t, status.Last, 2)
}

func TestSyncOnceTellsWhatWasDoneAndWhatWaits(t *testing.T) {
	report := reconciled(onboarding.RunAttention)
	report.Held, report.Command = "nobody was removed: Okta lists nobody in the group", "starter sync demo --once --allow-removals"
	report.Changes = onboarding.AccessChanges{Total: 60, File: "/data/changes.jsonl", Generation: "g1"}
	p := sit(t, onboarded(report))
	p.fake.Changes.Changes = []onboarding.AccessChange{
		{Kind: onboarding.ChangeDeleteProfile, Who: "eve@example.com", Profile: "eve", Why: "has no access any more", Held: true}}
	code, out, stderr := p.types("sync", "demo", "--once")
	require.Equal(t, 3, code, stderr)
	for _, text := range []string{"9 of 10 people can sign in", "60 differences", "eve@example.com", "held back", "and 59 more",
		"/data/changes.jsonl", report.Held, report.Command} {
		require.Contains(t, out, text)
	}
	require.Equal(t, "reconcile-demo", p.fake.Starts[0].ID)
	require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, p.fake.Starts[0].WorkflowIDConflictPolicy)
	require.NotContains(t, p.fake.Starts[0].StaticSummary, "example.com")

	p.fake.Result = reconciled(onboarding.RunDone)
	code, out, _ = p.types("sync", "demo", "--dry-run", "--output", "json")
	require.Zero(t, code)
	require.Contains(t, out, `"state": "done"`)
}

func TestSyncFailsWithTheReasonOfTheReconcile(t *testing.T) {
	fake := onboarded(nil)
	fake.Report.State = onboarding.RunDone
	p := sit(t, fake)
	fake.StartErrors = []error{temporal.NewApplicationError("no luck", "x")}
	code, _, stderr := p.types("sync", "demo", "--once")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "no luck")
}

func TestSyncIsNotForRunsThatAreUnderWay(t *testing.T) {
	fake := runstest.Running(inState(onboarding.RunRunning))
	fake.Report = onboarding.Report{Run: "demo", State: onboarding.RunRunning}
	for _, args := range [][]string{{"sync", "demo", "--every", "1h"}, {"sync", "demo", "--once"}, {"access", "demo"}} {
		code, _, stderr := sit(t, fake).types(args...)
		require.Equal(t, 1, code, args)
		require.Contains(t, stderr, "not done", args)
		require.Contains(t, stderr, "starter watch demo", args)
	}
}

func TestWrongUseOfSyncAndAccess(t *testing.T) {
	for _, args := range [][]string{
		{"sync", "demo", "--every", "soon"}, {"sync", "demo", "--every", "1s"}, {"sync", "demo", "--once", "--off"},
		{"sync", "demo", "--allow-removals"}, {"sync"},
		{"access", "demo", "--status", "happy"}, {"access", "demo", "--person", "x@example.com", "--group", "studio"},
		{"access", "demo", "--person", "x@example.com", "--output", "csv"}, {"access", "demo", "--group", "nobody-knows"},
		{"list", "--output", "csv"},
	} {
		code, _, stderr := sit(t, onboarded(nil)).types(args...)
		require.Equal(t, 2, code, args)
		require.NotEmpty(t, stderr)
	}
}

func TestAccessListsPeople(t *testing.T) {
	list := onboarding.Listing{Studio: "demo", Generation: "g1", Lines: 2, AsOf: time.Date(2026, 3, 2, 9, 29, 0, 0, time.UTC)}
	records := []onboarding.PersonRecord{
		{Person: "ann@example.com", Ready: true, Via: []string{"studio"}, Profile: "ann-example-com", ProfileStatus: "InService",
			ExecutionRole: "arn:aws:iam::222222222222:role/Studio", ChangedAt: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)},
		{Person: "=cmd@example.com", Via: []string{"studio", "person"}, Reason: "no last name", Remedy: "Fill it in"},
	}
	p := sit(t, onboarded(list))
	pages := func() {
		p.fake.People = []onboarding.AccessPage{{Total: 2, People: records[:1], Next: "7-2"}, {Total: 2, People: records[1:]}}
	}
	pages()
	code, out, stderr := p.types("access", "demo", "--group", "studio", "--status", "ready")
	require.Zero(t, code, stderr)
	for _, text := range []string{"ann@example.com", "ann-example-com", "2026-03-01 08:00", "no last name → Fill it in",
		"2 people, as of 2026-03-02 09:29"} {
		require.Contains(t, out, text)
	}
	require.True(t, strings.HasPrefix(p.fake.Starts[0].ID, "access-demo-"))
	asked := onboarding.PeopleQuery{Studio: "demo", Generation: "g1", Group: "studio", Status: "ready"}
	next := asked
	next.After = "7-2"
	require.Equal(t, []onboarding.PeopleQuery{asked, next}, p.fake.PeopleQueries, "all pages are of one list")

	pages()
	code, out, _ = p.types("access", "demo", "--output", "csv")
	require.Zero(t, code)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, "person", rows[0][0])
	require.Equal(t, "'=cmd@example.com", rows[2][0], "no spreadsheet takes it for a formula")
	pages()
	code, out, _ = p.types("access", "demo", "--output", "json")
	require.Zero(t, code)
	var people []onboarding.PersonRecord
	require.NoError(t, json.Unmarshal([]byte(out), &people))
	require.Equal(t, records, people)
}

func TestAccessExplainsAPerson(t *testing.T) {
	p := sit(t, onboarded(onboarding.PersonExplanation{Person: "jane@example.com", Broken: onboarding.LinkAppUser,
		Remedy: "Add her to the group", Links: []onboarding.PersonLink{
			{Link: onboarding.LinkOkta, State: onboarding.LinkOK, Found: "ACTIVE in Okta"},
			{Link: onboarding.LinkAppUser, State: onboarding.LinkBroken, Found: "not assigned", Remedy: "Add her to the group"},
			{Link: onboarding.LinkProfile, State: onboarding.LinkNotSeen},
		}}))
	code, out, stderr := p.types("access", "demo", "--person", "jane@example.com")
	require.Equal(t, 1, code, stderr)
	for _, text := range []string{"can't sign in: app-assignment", "✔ okta-user", "✘ app-assignment", "○ profile", "Add her to the group"} {
		require.Contains(t, out, text)
	}
	require.NotContains(t, p.fake.Starts[0].ID+p.fake.Starts[0].StaticSummary, "jane")
}

func specs(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestAFleetStartsOnlyWhenEverySpecIsInOrder(t *testing.T) {
	two := strings.Replace(goodSpec, "name: demo", "name: two", 1)
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"all findings of all files": {map[string]string{"a.yaml": "nam: x\n", "b.yaml": goodSpec, "c.yml": "name: demo\nregoin: x\n"},
			[]string{"a.yaml:1:1", "c.yml:2:1", "nothing was started"}},
		"a name that is taken": {map[string]string{"a.yaml": goodSpec, "b.yaml": goodSpec}, []string{"b.yaml:1:1: name", "a.yaml too"}},
		"no spec at all":       {map[string]string{"a.txt": goodSpec}, []string{"holds no *.yaml"}},
	} {
		p := sit(t, done())
		code, _, stderr := p.types("onboard", "-f", specs(t, c.files))
		require.Equal(t, 2, code, name)
		for _, text := range c.want {
			require.Contains(t, stderr, text, name)
		}
		require.Empty(t, p.fake.Starts, name)
	}
	p := sit(t, done())
	code, _, _ := p.types("onboard", "-f", specs(t, map[string]string{"a.yaml": goodSpec, "b.yaml": two}), "--parallel", "0")
	require.Equal(t, 2, code)
}

func TestAFleetShowsALineForEachChangeAndEndsWithTheWorst(t *testing.T) {
	two := strings.Replace(goodSpec, "name: demo", "name: two", 1)
	fleet := func(state onboarding.FleetState) onboarding.FleetProgress {
		return onboarding.FleetProgress{Parallel: 5, Runs: []onboarding.FleetRun{
			{Run: "demo", State: onboarding.FleetDone, EndedAt: time.Now()}, {Run: "two", State: state, Message: "aborted by op",
				EndedAt: time.Now()}}}
	}
	for state, want := range map[onboarding.FleetState]int{onboarding.FleetDone: 0, onboarding.FleetFailed: 1, onboarding.FleetAttached: 0} {
		p := sit(t, onboarded(fleet(state)))
		dir := specs(t, map[string]string{"a.yaml": goodSpec, "b.yaml": two})
		code, out, stderr := p.types("onboard", "-f", filepath.Join(dir, "a.yaml"), "-f", filepath.Join(dir, "b.yaml"), "--parallel", "3")
		require.Equal(t, want, code, stderr)
		require.Contains(t, out, "Started a fleet of 2 runs, at most 3 at once")
		require.Contains(t, out, "two")
		require.Contains(t, out, "aborted by op")
	}
}

func TestADeadConnectionIsNoFineReconcile(t *testing.T) {
	dead := reconciled(onboarding.RunAttention)
	dead.Health = &onboarding.Health{Verdicts: []onboarding.Verdict{{Kind: onboarding.VerdictBlocked, Code: "scim-token",
		Reason: "The SCIM token has expired.", Remedy: "Make a new token."}}}
	for _, how := range []string{"--once", "--dry-run"} {
		p := sit(t, onboarded(dead))
		code, out, stderr := p.types("sync", "demo", how)
		require.Equal(t, 3, code, stderr)
		require.Less(t, strings.Index(out, "The SCIM token has expired."), strings.Index(out, "No differences."))
		require.Contains(t, out, "Make a new token.")
	}
	p := sit(t, onboarded(dead))
	p.types("sync", "demo", "--every", "1h")
	code, out, _ := p.types("sync", "demo")
	require.Equal(t, 3, code)
	require.Contains(t, out, "The SCIM token has expired. → Make a new token.")
}
