package render_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/render"
	"studio-onboarding/onboarding"
)

// screen is as much of a terminal as Live uses: it keeps every line ever scrolled, and knows up, erase and colours. An
// escape sequence that it does not know fails the test.
type screen struct {
	t  *testing.T
	mu sync.Mutex

	lines  []string
	writes int
}

func (s *screen) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if len(s.lines) == 0 {
		s.lines = []string{""}
	}
	row := len(s.lines) - 1
	text := string(data)
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "\x1b["):
			end := strings.IndexFunc(text[2:], func(r rune) bool { return r >= 'A' && r <= 'z' }) + 2
			argument, command := text[2:end], text[end]
			text = text[end+1:]
			switch command {
			case 'A':
				n, err := strconv.Atoi(argument)
				require.NoError(s.t, err)
				row -= n
				require.GreaterOrEqual(s.t, row, 0, "moved above what was written")
			case 'J':
				s.lines = s.lines[:row+1]
				s.lines[row] = ""
			case 'm':
			default:
				require.Fail(s.t, "unknown escape sequence", "%q", command)
			}
		case text[0] == '\r':
			text = text[1:]
		case text[0] == '\n':
			text = text[1:]
			row++
			if row == len(s.lines) {
				s.lines = append(s.lines, "")
			}
		default:
			s.lines[row] += text[:1]
			text = text[1:]
		}
	}
	return len(data), nil
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

func (s *screen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

func terminal(width, height int) render.LiveOptions {
	return render.LiveOptions{Terminal: true, Color: true, Now: func() time.Time { return now },
		Size: func() (int, int) { return width, height }}
}

func TestATerminalShowsOneChecklistAndEachRequestOnce(t *testing.T) {
	s := &screen{t: t}
	live := render.NewLive(s, terminal(90, 40))
	p := busy()
	for i := range 5 {
		p.Steps[0].Summary = fmt.Sprintf("look %d", i)
		require.NoError(t, live.Show(p, nil))
	}
	require.NoError(t, live.Note("something happened"))
	require.NoError(t, live.Close())
	text := s.text()
	require.Equal(t, 1, strings.Count(text, "identity-center "), text)
	require.Equal(t, 1, strings.Count(text, "▶ saml-exchange"), text)
	require.Equal(t, 1, strings.Count(text, "! domain needs a decision"), text)
	require.Equal(t, 1, strings.Count(text, "something happened"), text)
	require.Contains(t, text, "look 4")
	require.NotContains(t, text, "look 3")
	require.Less(t, strings.Index(text, "▶ saml-exchange"), strings.Index(text, "look 4"), "the checklist stays at the bottom")
}

func TestARequestIsToldAgainWhenItChanges(t *testing.T) {
	s := &screen{t: t}
	live := render.NewLive(s, terminal(90, 40))
	p := busy()
	require.NoError(t, live.Show(p, nil))
	p.Requests[0].Refusal = "the portal URL is another one's"
	require.NoError(t, live.Show(p, nil))
	p.Parked[0].Attempts++
	require.NoError(t, live.Show(p, nil))
	require.NoError(t, live.Close())
	require.Equal(t, 2, strings.Count(s.text(), "▶ saml-exchange"))
	require.Equal(t, 2, strings.Count(s.text(), "! domain needs a decision"))
}

func TestTheSpinnerTurnsByItselfUntilClose(t *testing.T) {
	s := &screen{t: t}
	live := render.NewLive(s, terminal(90, 40))
	require.NoError(t, live.Show(busy(), nil))
	before := s.count()
	require.Eventually(t, func() bool { return s.count() > before+1 }, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, live.Close())
	require.NoError(t, live.Close())
	require.Contains(t, s.text(), "● okta-groups")
	require.Equal(t, 1, strings.Count(s.text(), "okta-groups "))
}

func TestALowTerminalKeepsWhatMatters(t *testing.T) {
	s := &screen{t: t}
	live := render.NewLive(s, terminal(90, 12))
	p := busy()
	p.Requests, p.Parked = nil, nil
	require.NoError(t, live.Show(p, nil))
	require.NoError(t, live.Close())
	text := strings.TrimRight(s.text(), "\n")
	require.LessOrEqual(t, strings.Count(text, "\n")+1, 11, text)
	require.Contains(t, text, "okta-groups")
	require.Contains(t, text, "domain")
	require.NotContains(t, text, "○")
}

func TestElsewhereEachChangeIsALineOfItsOwn(t *testing.T) {
	var b bytes.Buffer
	live := render.NewLive(&b, render.LiveOptions{Now: func() time.Time { return now }})
	p := busy()
	for range 3 {
		require.NoError(t, live.Show(p, map[string]string{"okta-metadata.xml": "./data-science-okta-metadata.xml"}))
	}
	for done := 813; done <= 899; done++ { // within the same tenth
		p.Steps[5].Count = &onboarding.Count{Step: onboarding.StepOktaGroups, Done: done, Total: 1000, What: "people"}
		require.NoError(t, live.Show(p, nil))
	}
	p.Steps[5].Count = &onboarding.Count{Step: onboarding.StepOktaGroups, Done: 900, Total: 1000, What: "people"}
	require.NoError(t, live.Show(p, nil))
	p.Steps[5].State, p.Steps[5].Summary, p.Steps[5].Count = onboarding.StepDone, "1,000 people", nil
	p.State = onboarding.RunRunning
	require.NoError(t, live.Show(p, nil))
	require.NoError(t, live.Note("that was all"))
	require.NoError(t, live.Close())
	require.NotContains(t, b.String(), "\x1b")
	golden(t, "live-lines", b.String())
}
