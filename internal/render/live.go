package render

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"studio-onboarding/onboarding"
)

// LiveOptions say where a live view is shown.
type LiveOptions struct {
	// Terminal says whether the writer is a terminal, on which the checklist is redrawn in place. Elsewhere each change is
	// written once, as a line.
	Terminal bool
	// Color allows ANSI colours.
	Color bool
	// Size answers with the terminal's present width and height in cells; nil, or 0, means unlimited.
	Size func() (width, height int)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// spinEvery is how long a frame of the spinner stays.
const spinEvery = 120 * time.Millisecond

// Live shows a run while it goes on. On a terminal the checklist stays at the bottom and is redrawn; requests and parked
// steps are written above it once, in full, so that what is to be copied does not move. It is safe for concurrent use.
type Live struct {
	w       io.Writer
	options LiveOptions

	mu       sync.Mutex
	progress onboarding.Progress
	drawn    []string
	frame    int
	said     map[string]string
	err      error

	stop    chan struct{}
	stopped sync.WaitGroup
}

// NewLive begins a live view; on a terminal a spinner turns until Close.
func NewLive(w io.Writer, options LiveOptions) *Live {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Size == nil {
		options.Size = func() (int, int) { return 0, 0 }
	}
	l := &Live{w: w, options: options, said: map[string]string{}, stop: make(chan struct{})}
	if options.Terminal {
		l.stopped.Go(l.spin)
	}
	return l
}

// Show shows the newest progress. files says where documents of requests have been written, by name; see Options.Files.
func (l *Live) Show(p onboarding.Progress, files map[string]string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = p
	o := l.look()
	o.Files = files
	var above strings.Builder
	if !l.options.Terminal {
		l.changes(&above, p, o)
	}
	for _, request := range p.Requests {
		if l.news("request/"+string(request.Step), fmt.Sprint(request.Since.Unix(), request.Reminders, request.Refusal)) {
			above.WriteByte('\n')
			if err := Request(&above, p.Run, request, o); err != nil {
				return err
			}
			above.WriteByte('\n')
		}
	}
	for _, parked := range p.Parked {
		if l.news("parked/"+string(parked.Step), fmt.Sprint(parked.Since.Unix(), parked.Attempts)) {
			above.WriteByte('\n')
			if err := Parked(&above, p.Run, parked, o); err != nil {
				return err
			}
			above.WriteByte('\n')
		}
	}
	l.draw(above.String(), spinner(l.frame))
	return l.err
}

// Note writes a line that stays, above the checklist.
func (l *Live) Note(text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draw(text+"\n", spinner(l.frame))
	return l.err
}

// Close stops the spinner and leaves the last checklist standing.
func (l *Live) Close() error {
	select {
	case <-l.stop:
		return l.err
	default:
	}
	close(l.stop)
	l.stopped.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draw("", "●")
	return l.err
}

func (l *Live) spin() {
	tick := time.NewTicker(spinEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
			l.mu.Lock()
			l.frame++
			l.draw("", spinner(l.frame))
			l.mu.Unlock()
		}
	}
}

func spinner(frame int) string {
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(frames[frame%len(frames)])
}

func (l *Live) look() Options {
	width, _ := l.options.Size()
	return Options{Color: l.options.Color, Width: width, Now: l.options.Now()}
}

// news says whether what is told under a key differs from what was told before, and remembers it.
func (l *Live) news(key, text string) bool {
	if l.said[key] == text {
		return false
	}
	l.said[key] = text
	return true
}

// draw writes what stays and, on a terminal, the checklist below it, in place of the one drawn before. One write each time
// keeps it from flickering.
func (l *Live) draw(above, busy string) {
	if l.err != nil {
		return
	}
	if !l.options.Terminal {
		if above != "" {
			_, l.err = io.WriteString(l.w, above)
		}
		return
	}
	o := l.look()
	width, height := l.options.Size()
	var lines []string
	if l.progress.Run != "" {
		if o.Width > 0 {
			o.Width-- // a line that fills the last column breaks on some terminals
		}
		lines = fit(checklist(l.progress, o, busy), height-1)
	}
	var b strings.Builder
	if rows := rowsOf(l.drawn, width); rows > 0 {
		fmt.Fprintf(&b, "\r\x1b[%dA\x1b[J", rows)
	}
	b.WriteString(above)
	for _, line := range lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	l.drawn = lines
	_, l.err = io.WriteString(l.w, b.String())
}

// rowsOf counts the rows that lines take now: a terminal that was made narrower has broken them.
func rowsOf(lines []string, width int) int {
	rows := 0
	for _, line := range lines {
		rows++
		if n := cells(line); width > 0 && n > width {
			rows += (n - 1) / width
		}
	}
	return rows
}

// fit leaves out lines where the terminal is too low: pending steps first, then finished ones, then what is left at the
// end. What is above the top of the screen could not be redrawn.
func fit(lines []string, height int) []string {
	for _, symbol := range []string{"○", "✔"} {
		if height <= 0 || len(lines) <= height {
			return lines
		}
		var kept []string
		surplus := len(lines) - height
		for _, line := range lines {
			if surplus > 0 && strings.Contains(line, symbol) {
				surplus--
				continue
			}
			kept = append(kept, line)
		}
		lines = kept
	}
	if height > 0 && len(lines) > height {
		lines = lines[:height]
	}
	return lines
}

// changes writes a line for the run and for each step whose state or text is new. A count is told in tenths, so that a log
// doesn't fill with it.
func (l *Live) changes(b *strings.Builder, p onboarding.Progress, o Options) {
	stamp := o.paint(dim, o.Now.Format("15:04:05")) + " "
	if l.news("run", string(p.State)) {
		b.WriteString(stamp + headline(p, o) + "\n")
	}
	for _, step := range p.Steps {
		tenths := -1
		if c := step.Count; c != nil && c.Total > 0 {
			tenths = 10 * c.Done / c.Total
		}
		told := fmt.Sprint(step.State, stepText(p, withoutCount(step)), retrying(step), tenths)
		if step.State == onboarding.StepPending || !l.news("step/"+string(step.Step), told) {
			continue
		}
		b.WriteString(stamp + stepLine(p, step, o, "●") + "\n")
		if step.Retrying != "" && (step.State == onboarding.StepRunning || step.State == onboarding.StepWaiting) {
			b.WriteString(pad("", len("15:04:05 ")) + pad("", textColumn) + o.paint(dim, clean(retrying(step))) + "\n")
		}
	}
}

func withoutCount(step onboarding.StepProgress) onboarding.StepProgress {
	step.Count = nil
	return step
}
