package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// readyEvery is how long an answer about readiness holds: whoever asks more often asks Temporal no more often.
	readyEvery = 5 * time.Second
	// readyTimeout bounds each look; probes of Kubernetes give up after the seconds that they are given.
	readyTimeout = 4 * time.Second
)

// Check is something that has to be well for the worker to do its work.
type Check struct {
	Name string
	// Look answers with what is wrong, without names of people.
	Look func(context.Context) error
}

// readiness is the last answer.
type readiness struct {
	mu   sync.Mutex
	at   time.Time
	of   *Sources
	well bool
	text string
}

// serveReady answers 200 where everything is well, and 503 otherwise, with a line for each check.
func (t *Telemetry) serveReady(w http.ResponseWriter, r *http.Request) {
	well, text := t.isReady(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !well {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprint(w, text)
}

func (t *Telemetry) isReady(ctx context.Context) (bool, string) {
	sources := t.watched()
	if sources == nil {
		return false, "starting: the worker is not connected to Temporal yet\n"
	}
	last := &t.ready
	last.mu.Lock()
	defer last.mu.Unlock()
	if last.of == sources && t.now().Sub(last.at) < readyEvery {
		return last.well, last.text
	}
	// An answer that somebody did not wait for counts for the next one as well.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	well := true
	var text strings.Builder
	for _, check := range sources.Ready {
		if err := check.Look(ctx); err != nil {
			well = false
			fmt.Fprintf(&text, "%s: %s\n", check.Name, scrub(err.Error()))
		} else {
			fmt.Fprintf(&text, "%s: ok\n", check.Name)
		}
	}
	if err := t.polls.well(t.now()); err != nil {
		well = false
		fmt.Fprintf(&text, "polling: %v\n", err)
	} else {
		text.WriteString("polling: ok\n")
	}
	last.at, last.of, last.well, last.text = t.now(), sources, well, text.String()
	return well, last.text
}
