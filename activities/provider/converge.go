package provider

import (
	"context"
	"time"

	"studio-onboarding/internal/fault"
)

const (
	// writeAttempts is how often one write is made at most while it is acknowledged and does not show.
	writeAttempts = 3
	// looksPerWrite is how often a write is looked for before it is made again.
	looksPerWrite = 5
)

// Seen is how long a write that was acknowledged is looked for before it is made again: some seconds with the real providers.
func (w Waits) Seen() time.Duration { return w.Appearing() / 6 }

// WriteUntilSeen makes the writes that missing names, and looks for them: what was acknowledged and is not seen within seconds is
// made again. It returns what is still missing then, nil where everything was seen. A write has to be one that may be repeated.
func WriteUntilSeen[T any](ctx context.Context, waits Waits, missing []T, write func(context.Context, T) error,
	look func(context.Context) ([]T, error)) ([]T, error) {
	for attempt := 0; attempt < writeAttempts && len(missing) > 0; attempt++ {
		for _, one := range missing {
			if err := write(ctx, one); err != nil {
				return missing, err
			}
		}
		err := LookUntil(ctx, waits.Seen(), waits.Seen()/looksPerWrite, func() (bool, error) {
			var err error
			missing, err = look(ctx)
			return len(missing) == 0, err
		})
		if err != nil {
			return missing, err
		}
	}
	return missing, nil
}

// LookUntil looks until done, an error or the end of the time, pausing between looks; the last look begins at the end of the
// time, however slow the machine is. The end of the time is no error: the caller has seen the last look.
func LookUntil(ctx context.Context, within, pause time.Duration, look func() (done bool, err error)) error {
	deadline := time.Now().Add(within)
	for {
		last := !time.Now().Before(deadline)
		done, err := look()
		if done || err != nil || last {
			return err
		}
		timer := time.NewTimer(max(pause, time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			stopped := fault.New(fault.Unavailable, "worker", "", "stopped while waiting: %v", ctx.Err())
			stopped.Err = ctx.Err()
			return stopped
		case <-timer.C:
		}
	}
}
