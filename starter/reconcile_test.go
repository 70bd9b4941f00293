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
	"go.temporal.io/sdk/temporal"

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

func TestSyncAsksTheStudio(t *testing.T) {
	for flag, want := range map[string]onboarding.SyncRequest{
		"--every=1h": {Every: onboarding.Duration(time.Hour), By: "op@host"},
		"--every=1d": {Every: onboarding.Duration(24 * time.Hour), By: "op@host"},
		"--pause":    {Pause: true, By: "op@host"},
		"--off":      {Off: true, By: "op@host"},
	} {
		p := sit(t, onboarded(nil))
		p.fake.Ack.Message = "as you like"
		code, out, stderr := p.types("sync", "demo", flag)
		require.Zero(t, code, stderr)
		require.Equal(t, "as you like\n", out)
		require.Equal(t, onboarding.UpdateSync, p.fake.Updates[0].UpdateName)
		require.Equal(t, "studio-demo", p.fake.Updates[0].WorkflowID)
		require.Equal(t, []any{want}, p.fake.Updates[0].Args)

		code, out, _ = p.types("sync", "demo", flag, "--output", "json")
		require.Zero(t, code)
		require.True(t, json.Valid([]byte(out)), out)
	}
}

func TestSyncShowsNextAndLast(t *testing.T) {
	held := reconciled(onboarding.RunAttention)
	held.Held, held.Command = "nobody was removed: Okta lists nobody", "starter sync demo --once --consent h1"
	p := sit(t, onboarded(nil))
	at := func(hour int) time.Time { return time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC) }
	p.fake.Studio = &onboarding.Studio{Name: "demo", InForce: p.fake.Report.Handles,
		Sync: onboarding.Sync{Every: onboarding.Duration(time.Hour), By: "op@host", Since: at(1), LastGood: at(2), Next: at(10)},
		Reconciles: []onboarding.ReconcileRecord{
			{N: 1, State: onboarding.RunFailed, StartedAt: at(7), EndedAt: at(7), Message: "no luck", Remedy: "Try again."},
			{N: 2, State: onboarding.RunAttention, StartedAt: at(8), EndedAt: at(8), By: "op@host", Message: held.Held, Report: &held},
			{N: 3, State: onboarding.RunQueued, QueuedAt: at(9), By: "ann@host"},
		}}
	code, out, stderr := p.types("sync", "demo")
	require.Equal(t, 3, code, stderr)
	for _, text := range []string{"A reconcile every 1h, set by op@host. Next: 2026-03-02 10:00.", "Last good one: 2026-03-02 02:00",
		"longer than three intervals", "no luck → Try again.", "9 of 10", "queued", "ann@host", held.Held,
		"If those held back are to go: " + held.Command} {
		require.Contains(t, out, text)
	}

	code, out, _ = p.types("sync", "demo", "--output", "json")
	require.Equal(t, 3, code)
	var status struct {
		Run  string
		On   bool
		Last []onboarding.ReconcileRecord
	}
	require.NoError(t, json.Unmarshal([]byte(out), &status))
	require.True(t, status.On)
	require.Equal(t, []int{3, 2, 1}, []int{status.Last[0].N, status.Last[1].N, status.Last[2].N})

	p.fake.Studio.Reconciles = p.fake.Studio.Reconciles[:1]
	code, _, _ = p.types("sync", "demo")
	require.Equal(t, 1, code, "the last one failed")

	p.fake.Studio.Sync.Paused = true
	_, out, _ = p.types("sync", "demo")
	require.Contains(t, out, "are paused, by op@host. To go on: starter sync demo --every 1h")
	require.NotContains(t, out, "longer than three intervals")

	p.fake.Studio.Sync, p.fake.Studio.Reconciles = onboarding.Sync{}, nil
	code, out, _ = p.types("sync", "demo")
	require.Zero(t, code)
	require.Equal(t, "Nothing keeps access to demo as Okta has it. To have it so: starter sync demo --every 1h\n", out)
}

func TestSyncOnceTellsWhatWasDoneAndWhatWaits(t *testing.T) {
	report := reconciled(onboarding.RunAttention)
	report.Held, report.Command = "nobody was removed: Okta lists nobody in the group", "starter sync demo --once --consent h1"
	report.Changes = onboarding.AccessChanges{Total: 60, File: "/data/changes.jsonl", Generation: "g1"}
	p := sit(t, onboarded(report))
	p.fake.Queued = onboarding.ReconcileRecord{N: 1, WorkflowID: "reconcile-demo", RunID: runstest.RunID}
	p.fake.Changes.Changes = []onboarding.AccessChange{
		{Kind: onboarding.ChangeDeleteProfile, Who: "eve@example.com", Profile: "eve", Why: "has no access any more", Held: true}}
	code, out, stderr := p.types("sync", "demo", "--once", "--consent", "h0")
	require.Equal(t, 3, code, stderr)
	for _, text := range []string{"9 of 10 people: 0 proven (seen signing in), 0 verified, 9 configured.", "60 differences", "eve@example.com", "held back", "and 59 more",
		"/data/changes.jsonl", report.Held, report.Command} {
		require.Contains(t, out, text)
	}
	require.Equal(t, []any{onboarding.ReconcileRequest{Consent: "h0", By: "op@host"}}, p.fake.Updates[0].Args)

	p = sit(t, onboarded(reconciled(onboarding.RunDone)))
	code, out, stderr = p.types("sync", "demo", "--dry-run", "--output", "json")
	require.Zero(t, code, stderr)
	require.Contains(t, out, `"state": "done"`)
	require.Empty(t, p.fake.Updates, "a dry run asks the studio for nothing")
	started := p.fake.Starts[len(p.fake.Starts)-1]
	require.NotContains(t, started.StaticSummary, "example.com")
}

func TestSyncFailsWithTheReasonOfTheReconcile(t *testing.T) {
	fake := onboarded(nil)
	fake.Queued = onboarding.ReconcileRecord{N: 1, State: onboarding.RunFailed, EndedAt: time.Now(), Message: "no luck", Remedy: "Try again."}
	code, _, stderr := sit(t, fake).types("sync", "demo", "--once")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "no luck → Try again.")

	fake = onboarded(nil)
	fake.UpdateError = temporal.NewApplicationError("There are no reconciles to pause.", "Invalid",
		onboarding.Failure{Reason: "There are no reconciles to pause.", Remedy: "starter sync demo --every 1h makes them."})
	code, _, stderr = sit(t, fake).types("sync", "demo", "--pause")
	require.Equal(t, 1, code)
	require.Equal(t, "starter: There are no reconciles to pause. → starter sync demo --every 1h makes them.\n", stderr)
}

func TestAccessAndDryRunsNeedARunThatWasDone(t *testing.T) {
	for _, args := range [][]string{{"sync", "demo", "--dry-run"}, {"access", "demo"}} {
		fake := runstest.Running(inState(onboarding.RunRunning))
		code, _, stderr := sit(t, fake).types(args...)
		require.Equal(t, 1, code, args)
		require.Contains(t, stderr, "not done", args)
		require.Contains(t, stderr, "starter watch demo", args)
	}
}

func TestALaterRunTakesNeitherAccessNorSyncAway(t *testing.T) {
	for _, later := range []onboarding.RunRecord{
		{N: 2, State: onboarding.RunAborted, EndedAt: time.Now()}, {N: 2, State: onboarding.RunWaiting, Step: onboarding.StepSCIM},
	} {
		for _, args := range [][]string{{"access", "demo"}, {"sync", "demo", "--dry-run"}, {"sync", "demo", "--once"}} {
			fake := onboarded(reconciled(onboarding.RunDone))
			if args[0] == "access" {
				fake.Result = onboarding.Listing{Studio: "demo", Generation: "g1", Lines: 1}
				fake.People = []onboarding.AccessPage{{Total: 1, People: []onboarding.PersonRecord{{Person: "ann@example.com", Ready: true}}}}
			}
			fake.Studio = &onboarding.Studio{Name: "demo", InForce: fake.Report.Handles, Runs: []onboarding.RunRecord{
				{N: 1, State: onboarding.RunDone, EndedAt: time.Now()}, later}}
			fake.Queued = onboarding.ReconcileRecord{N: 1, WorkflowID: "reconcile-demo", RunID: runstest.RunID}
			fake.Status, fake.Looking = enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
			code, _, stderr := sit(t, fake).types(args...)
			require.Zero(t, code, "%v: %s", args, stderr)
		}
	}
}

func TestWrongUseOfSyncAndAccess(t *testing.T) {
	for _, args := range [][]string{
		{"sync", "demo", "--every", "soon"}, {"sync", "demo", "--every", "1s"}, {"sync", "demo", "--once", "--off"},
		{"sync", "demo", "--allow-removals"}, {"sync"}, {"sync", "demo", "--consent", "h1"}, {"sync", "demo", "--pause", "--every", "1h"},
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
		{Person: "ann@example.com", Ready: true, Grade: onboarding.GradeProven, LastSignIn: time.Date(2026, 3, 2, 7, 15, 0, 0, time.UTC),
			Via: []string{"studio"}, Profile: "ann-example-com", ProfileStatus: "InService",
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
		"GRADE", "LAST SIGN-IN", "proven", "2026-03-02 07:15", "missing",
		"2 people, as of 2026-03-02 09:29"} {
		require.Contains(t, out, text)
	}
	require.True(t, strings.HasPrefix(p.fake.Starts[1].ID, "access-demo-"), "after the run was taken over by a studio")
	asked := onboarding.PeopleQuery{Studio: "demo", Generation: "g1", Group: "studio", Status: "ready"}
	next := asked
	next.After = "7-2"
	require.Equal(t, []onboarding.PeopleQuery{asked, next}, p.fake.PeopleQueries, "all pages are of one list")

	for _, width := range []int{80, 120} {
		pages()
		p.io.Terminal, p.io.Size, p.io.Env = true, func() (int, int) { return width, 24 }, env{"NO_COLOR": "1"}
		code, out, stderr = p.types("access", "demo")
		p.io.Terminal = false
		require.Zero(t, code, stderr)
		for line := range strings.Lines(out) {
			require.LessOrEqual(t, len([]rune(strings.TrimRight(line, "\n"))), width, line)
		}
		require.Contains(t, out, "proven")
	}

	pages()
	code, out, _ = p.types("access", "demo", "--output", "csv")
	require.Zero(t, code)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, "person", rows[0][0])
	require.Equal(t, []string{"proven", "2026-03-02T07:15:00Z"}, rows[1][10:])
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
	for _, start := range p.fake.Starts {
		require.NotContains(t, start.ID+start.StaticSummary, "jane")
	}
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
	p := sit(t, onboarded(nil))
	p.fake.Studio = &onboarding.Studio{Name: "demo", Reconciles: []onboarding.ReconcileRecord{
		{N: 1, State: dead.State, StartedAt: time.Now(), EndedAt: time.Now(), Report: &dead}}}
	code, out, _ := p.types("sync", "demo")
	require.Equal(t, 3, code)
	require.Contains(t, out, "The SCIM token has expired. → Make a new token.")
}
