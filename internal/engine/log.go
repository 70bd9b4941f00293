package engine

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"sync"
	"time"

	serverlog "go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// quiet is above every level.
const quiet = slog.Level(math.MaxInt)

// logger brings the server's log to slog. The server ends the process through Fatal where it cannot go on; here that
// becomes a failure of the engine, and the process can end in order.
type logger struct {
	out   *slog.Logger
	level *slog.LevelVar

	mu     *sync.Mutex
	err    *error
	failed chan struct{}
}

var _ serverlog.WithLogger = (*logger)(nil)

func newLogger(out *slog.Logger) *logger {
	if out == nil {
		out = slog.New(slog.DiscardHandler)
	}
	l := &logger{out: out, level: new(slog.LevelVar), mu: new(sync.Mutex), err: new(error), failed: make(chan struct{})}
	// While the parts of the server look for each other they report errors that mean nothing.
	l.level.Set(quiet)
	return l
}

func (l *logger) running()  { l.level.Set(slog.LevelWarn) }
func (l *logger) stopping() { l.level.Set(quiet) }

func (l *logger) With(tags ...tag.Tag) serverlog.Logger {
	copied := *l
	copied.out = slog.New(l.out.Handler().WithAttrs(attrs(tags)))
	return &copied
}

func (l *logger) Debug(msg string, tags ...tag.Tag)  { l.write(slog.LevelDebug, msg, tags) }
func (l *logger) Info(msg string, tags ...tag.Tag)   { l.write(slog.LevelInfo, msg, tags) }
func (l *logger) Warn(msg string, tags ...tag.Tag)   { l.write(slog.LevelWarn, msg, tags) }
func (l *logger) Error(msg string, tags ...tag.Tag)  { l.write(slog.LevelError, msg, tags) }
func (l *logger) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

// Panic and Fatal promise not to return. Ending the goroutine keeps that promise and runs its deferred functions.
func (l *logger) Panic(msg string, tags ...tag.Tag) { l.fail(msg, tags) }
func (l *logger) Fatal(msg string, tags ...tag.Tag) { l.fail(msg, tags) }

// refusal is what the server logs of every call that the doorkeeper refuses. The caller is told, and a program that goes on
// trying would fill the log.
const refusal = "Authorization error"

func (l *logger) write(level slog.Level, msg string, tags []tag.Tag) {
	if level >= l.level.Level() && msg != refusal {
		l.out.LogAttrs(context.Background(), level, "temporal server: "+msg, attrs(tags)...)
	}
}

func (l *logger) fail(msg string, tags []tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	err := fmt.Errorf("%s", msg)
	for _, t := range tags {
		if t.Key() == "error" {
			err = fmt.Errorf("%s: %v", msg, t.Value())
		}
	}
	l.mu.Lock()
	if *l.err == nil {
		*l.err = err
		close(l.failed)
	}
	l.mu.Unlock()
	runtime.Goexit()
}

func (l *logger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *l.err
}

func attrs(tags []tag.Tag) []slog.Attr {
	out := make([]slog.Attr, 0, len(tags))
	for _, t := range tags {
		out = append(out, slog.Any(t.Key(), t.Value()))
	}
	return out
}

// guard runs a call into the server on a goroutine of its own, which Fatal may end, and waits for it no longer than limit.
func guard[T any](l *logger, limit time.Duration, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		r := result{err: fmt.Errorf("the server gave up without saying why")}
		defer func() { done <- r }()
		r.value, r.err = call()
	}()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	select {
	case r := <-done:
		if failure := l.failure(); failure != nil {
			r.err = failure
		}
		return r.value, r.err
	case <-l.failed:
		var none T
		return none, l.failure()
	case <-timeout.C:
		var none T
		return none, fmt.Errorf("it took longer than %s", limit)
	}
}
