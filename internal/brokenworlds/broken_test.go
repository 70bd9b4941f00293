// Package brokenworlds holds the proof that nobody is ever stuck: a table of worlds with one fault each. For every one of
// them the check names the fault, a run that is started anyway stops where the fault is, saying what to do, and after the
// repair it goes on to its end.
package brokenworlds

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

var update = flag.Bool("update", false, "write docs/broken-worlds.md anew")

// row is a broken world.
type row struct {
	// world says what is wrong, in the words of the page.
	world string
	// breaks breaks it, before anybody looks.
	breaks func(*site)
	// mistakes are those of the person at the consoles.
	mistakes mistakesAtConsoles

	// check is the code of the verdict that names the fault, kind what follows from it, and says what the verdict has to say.
	check string
	kind  onboarding.VerdictKind
	says  []string
	// mayFail says that the check itself may not come through.
	mayFail bool
	// unseen says why no check can see it before a run.
	unseen string

	// stops is where a run that is started anyway stops, and stop what it says there. Empty: it does not stop.
	stops onboarding.Step
	stop  []string

	// repair repairs the world; fix says how, in the words of the page.
	repair func(*site)
	fix    string
	// respec repairs the spec, for another run.
	respec func(*site)
	// proof looks at a run that has ended.
	proof func(*site, onboarding.Report)
	// outside are those of the three people who can't sign in at the end, by their place.
	outside []int
}

// result is what became of a row.
type result struct {
	*row
	found []onboarding.Verdict
	seen  []stop
}

func TestNobodyIsEverStuck(t *testing.T) {
	rows := table()
	require.GreaterOrEqual(t, len(rows), 90)
	results := make([]result, len(rows))
	t.Run("worlds", func(t *testing.T) {
		for i := range rows {
			t.Run(strings.ReplaceAll(rows[i].world, "/", " of "), func(t *testing.T) {
				t.Parallel()
				results[i] = rows[i].try(t)
			})
		}
	})
	if t.Failed() || slices.ContainsFunc(results, func(r result) bool { return r.row == nil }) {
		return // some rows failed, or were not asked for
	}
	page := document(results)
	if testing.Verbose() {
		t.Log("\n" + page)
	}
	const file = "../../docs/broken-worlds.md"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(page), 0o644))
	}
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	was := strings.Split(withoutOperations(string(written)), "\n")
	for i, line := range strings.Split(withoutOperations(page), "\n") {
		require.Less(t, i, len(was), "the page is longer: go test ./internal/brokenworlds -update")
		require.Equal(t, was[i], line, "line %d of the page is old: go test ./internal/brokenworlds -update", i+1)
	}
	require.Len(t, strings.Split(withoutOperations(page), "\n"), len(was), "the page is shorter: go test ./internal/brokenworlds -update")
}

// withoutOperations leaves out the names of operations: of calls that are made side by side, it is chance which is refused first.
// The rows say which operation they expect where it matters.
func withoutOperations(page string) string {
	return regexp.MustCompile(`\b(identitystore|sso|sagemaker|iam):[A-Z][A-Za-z]+`).ReplaceAllString(page, "$1:…")
}

// try does everything with one world.
func (r *row) try(t *testing.T) result {
	s := newSite(t)
	if r.breaks != nil {
		r.breaks(s)
	}
	out := result{row: r}
	out.found = r.checked(s)

	o := &operator{site: s, row: r}
	o.run()
	out.seen = o.stops
	r.stopped(s, o)
	if r.respec != nil {
		var ended *temporal.ApplicationError
		require.ErrorAs(s, o.err, &ended)
		require.Equal(s, "Aborted", ended.Type())
		r.respec(s)
		o = &operator{site: s, row: r, honest: true, repaired: true, tenant: o.tenant}
		o.run()
	}
	require.NoError(s, o.trouble)
	require.NoError(s, o.err)
	r.ended(s, o.report)
	return out
}

// checked checks the broken world.
func (r *row) checked(s *site) []onboarding.Verdict {
	result, err := s.check()
	if r.mayFail && err != nil {
		s.Logf("check: %v", err)
		r.breaks(s) // anew, as the check took its part
		return nil
	}
	require.NoError(s, err)
	var bad []onboarding.Verdict
	for _, finding := range result.Verdicts {
		if finding.Kind == onboarding.VerdictBlocked || finding.Kind == onboarding.VerdictWarning || finding.Kind == onboarding.VerdictAsk {
			readable(s, finding.Reason, finding.Remedy)
			bad = append(bad, finding)
		}
	}
	for _, finding := range bad {
		s.Logf("check: %s %s: %s → %s", finding.Kind, finding.Code, finding.Reason, finding.Remedy)
	}
	if r.check == "" {
		require.Empty(s, slices.DeleteFunc(slices.Clone(bad), func(f onboarding.Verdict) bool { return f.Kind != onboarding.VerdictBlocked }),
			"nothing of this world should keep a run from starting")
		return nil
	}
	i := slices.IndexFunc(bad, func(f onboarding.Verdict) bool {
		return f.Code == r.check && f.Kind == r.kind && contains(f.Reason+" → "+f.Remedy, r.says)
	})
	require.GreaterOrEqual(s, i, 0, "no %s finding of %s says %q", r.kind, r.check, r.says)
	require.NotEmpty(s, bad[i].Remedy)
	return bad[i : i+1]
}

// stopped looks at where the run stopped.
func (r *row) stopped(s *site, o *operator) {
	for _, at := range o.stops {
		s.Logf("stop: %s (%s): %s", at.step, at.class, at.text())
		for _, person := range at.people {
			s.Logf("   %s: %s → %s", person.Person, person.Reason, person.Remedy)
		}
		readable(s, at.message, at.remedy)
	}
	for i, at := range o.stops {
		for _, other := range o.stops[i+1:] {
			require.False(s, at.step == other.step && at.refused == other.refused, "the run stopped twice at %s", at.step)
		}
	}
	blocked := slices.ContainsFunc(o.stops, func(at stop) bool { return at.step == onboarding.StepPreflight && contains(at.text(), r.says) })
	require.Equal(s, r.check != "" && r.kind == onboarding.VerdictBlocked, blocked, "a run opens with the same checks")
	behind := slices.DeleteFunc(slices.Clone(o.stops), func(at stop) bool { return at.step == onboarding.StepPreflight })
	if r.stops == "" {
		require.Empty(s, behind)
		return
	}
	require.True(s, slices.ContainsFunc(behind, func(at stop) bool { return at.step == r.stops && contains(at.text()+at.persons(), r.stop) }),
		"no stop at %s says %q", r.stops, r.stop)
}

func (s stop) persons() string {
	var text strings.Builder
	for _, person := range s.people {
		fmt.Fprintf(&text, "\n%s: %s → %s", person.Person, person.Reason, person.Remedy)
	}
	return text.String()
}

// ended looks at the end of the run: everybody is in, and can sign in.
func (r *row) ended(s *site, report onboarding.Report) {
	if r.proof != nil {
		r.proof(s, report)
		return
	}
	require.Equal(s, onboarding.RunDone, report.State)
	require.Equal(s, len(s.people)-len(r.outside), report.People.Ready, "%+v", report.Exceptions)
	for i, login := range s.people {
		signedIn, err := s.console.SignIn(s.Context(), sandbox.SignInInput{Login: login})
		require.NoError(s, err)
		require.Equal(s, !slices.Contains(r.outside, i), signedIn.OK, "%s: %+v", login, signedIn)
	}
}

func contains(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

const (
	width    = 100
	maxLines = 6
)

// readable refuses what nobody can read: messages without a remedy, with Go's innards, or longer than a few lines.
func readable(s *site, message, remedy string) {
	s.Helper()
	text := message
	if remedy != "" {
		text += " → " + remedy
	}
	require.Contains(s, text, "→", "it does not say what to do: %s", text)
	for _, innards := range []string{"goroutine", "panic", "runtime error", "%!", "&{", "<nil>", "0x", "operation error", "https response error"} {
		require.NotContains(s, text, innards)
	}
	for _, part := range strings.Split(text, "\n") {
		require.LessOrEqual(s, lines(part), maxLines, "it is longer than %d lines:\n%s", maxLines, part)
	}
}

// lines counts the lines of a text that is broken between words.
func lines(text string) int {
	n, column := 1, 0
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		if column > 0 && column+1+length > width {
			n, column = n+1, 0
		}
		if column > 0 {
			column++
		}
		column += length
	}
	return n
}

// plain takes what differs from one time to the next out of a text.
func plain(text string) string {
	for _, r := range []struct{ from, to string }{
		{`in [0-9]+ s ago; AWS`, "in 2 s ago; AWS"}, {`http://127\.0\.0\.1:[0-9]+`, "https://example.okta.com"}, {`127\.0\.0\.1:[0-9]+`, "example.com"},
		{`0oa[0-9A-Za-z]{17}`, "0oa…"}, {`00[gu][0-9A-Za-z]{17}`, "00g…"}, {`exk[0-9A-Za-z]{17}`, "exk…"},
		// Lists are read side by side: which of them is refused first is chance.
		{`identitystore:[A-Za-z]+(: AccessDeniedException: [^\n]* kms:)`, "identitystore:…$1"},
		{`\b[0-9a-f]{24}\b`, "…"}, {`/tmp/[^\s:]*`, "/path/to/token"}, {`20[0-9]{2}-[0-9]{2}-[0-9]{2}`, "2026-11-23"},
	} {
		text = regexp.MustCompile(r.from).ReplaceAllString(text, r.to)
	}
	return text
}
