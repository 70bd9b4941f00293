package runs

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// WatchEvery is the pause between two looks where Watch is given none.
const WatchEvery = time.Second

// Watch shows a run's progress again and again until it has ended or show asks to stop, and answers with the last one. silent
// is called, if given, each time no worker (*NoWorkerError) or no server (*NoServerError) answers after one did: the run is
// safe then, and Watch waits for them to come back. Those that are missing from the beginning are errors, as are the others
// of Progress.
func Watch(ctx context.Context, c client.Client, run string, every time.Duration,
	show func(onboarding.Progress) (stop bool, err error), silent func(error)) (onboarding.Progress, error) {
	if every <= 0 {
		every = WatchEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last onboarding.Progress
	for answered := false; ; {
		progress, err := Progress(ctx, c, run)
		var noWorker *NoWorkerError
		var noServer *NoServerError
		switch {
		case err == nil:
			answered, last = true, progress
			stop, err := show(progress)
			if err != nil || stop || progress.State == onboarding.RunDone || progress.State == onboarding.RunAborted {
				return progress, err
			}
		case answered && (errors.As(err, &noWorker) || errors.As(err, &noServer)):
			if silent != nil {
				silent(err)
			}
		default:
			if progress.Run != "" {
				last = progress
			}
			return last, err
		}
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-tick.C:
		}
	}
}
