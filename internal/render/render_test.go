package render_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/render"
	"studio-onboarding/onboarding"
)

func TestWhatIsToBeCopiedIsNeverBroken(t *testing.T) {
	request := samlRequest()
	for _, width := range []int{20, 40, 60, 100} {
		var b strings.Builder
		require.NoError(t, render.Request(&b, "data-science", request, render.Options{Now: now, Width: width}))
		lines := strings.Split(b.String(), "\n")
		for _, want := range []string{request.URL, request.Paste[0].Value, request.Paste[1].Value, request.Command} {
			found := false
			for _, line := range lines {
				found = found || strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "Then")) == want
			}
			require.True(t, found, "width %d: %s does not stand on a line of its own in\n%s", width, want, b.String())
		}
	}
}

func TestTextFromOutsideCannotSteerTheTerminal(t *testing.T) {
	nasty := "evil\x1b[2J\x1b]0;title\x07\u202ename\nsecond"
	p := busy()
	p.Steps[0].Summary, p.Steps[5].Retrying = nasty, nasty
	p.Requests[0].Title, p.Requests[0].Paste[0].Value, p.Requests[0].Clicks[0] = nasty, nasty, nasty
	p.Parked[0].Message = nasty
	r := report()
	r.Exceptions[0].Person, r.Resources[0].Name, r.Groups[0].Name, r.Addresses.Studio = nasty, nasty, nasty, nasty
	var b strings.Builder
	require.NoError(t, render.Progress(&b, p, render.Options{Now: now}))
	require.NoError(t, render.Report(&b, r, render.Options{Now: now}))
	require.NoError(t, render.Table(&b, []string{"A"}, [][]string{{nasty}}, render.Options{Now: now}))
	require.Contains(t, b.String(), "evil")
	for _, bad := range []string{"\x1b", "\x07", "\u202e"} {
		require.NotContains(t, b.String(), bad)
	}
}

func TestChecklistLinesFitTheWidth(t *testing.T) {
	p := busy()
	p.Requests, p.Parked = nil, nil
	p.Steps[1].Summary = strings.Repeat("漢字", 60)
	for _, width := range []int{30, 41, 80} {
		var b strings.Builder
		require.NoError(t, render.Progress(&b, p, render.Options{Now: now, Width: width}))
		for _, line := range strings.Split(b.String(), "\n") {
			wide := strings.Count(line, "漢") + strings.Count(line, "字")
			require.LessOrEqual(t, utf8.RuneCountInString(line)+wide, width, line)
		}
	}
}

func TestAFailingWriterIsReported(t *testing.T) {
	broken := errors.New("broken pipe")
	require.ErrorIs(t, render.Report(failing{broken}, report(), render.Options{Now: now}), broken)
	live := render.NewLive(failing{broken}, render.LiveOptions{Now: func() time.Time { return now }})
	require.ErrorIs(t, live.Show(busy(), nil), broken)
	require.ErrorIs(t, live.Close(), broken)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestElapsedTimesAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59 * time.Second: "59s", 61 * time.Second: "1m01s", 3*time.Hour + 5*time.Minute: "3h05m",
		47 * time.Hour: "47h00m", 50 * time.Hour: "2d2h", 14 * 24 * time.Hour: "14d",
	} {
		var b strings.Builder
		p := onboarding.Progress{Run: "a", State: onboarding.RunRunning, StartedAt: now.Add(-d)}
		require.NoError(t, render.Progress(&b, p, render.Options{Now: now}))
		require.Equal(t, "a  running  "+want+"\n", b.String())
	}
}
