package provider

import "time"

// Waits are the pauses between two looks at something that takes its time. They belong to the worker, not to the workflow,
// so that a simulated world can be run faster than the real one with the same histories.
type Waits struct {
	// Instance: for somebody to enable Identity Center.
	Instance time.Duration
	// Console: for somebody to finish the Okta console work.
	Console time.Duration
	// Sync: for Okta to provision people and groups. Okta's buckets allow one look in 30 s at large organizations.
	Sync time.Duration
	// Domain: for the Studio domain's next status.
	Domain time.Duration
	// Profile: for user profiles' next status.
	Profile time.Duration
	// Propagation is how long a refusal may come from a write that has not spread yet (a role made a minute ago).
	Propagation time.Duration
	// Settle is how long people may stay unprovisioned without any error before they are reported as stuck.
	Settle time.Duration
	// SignIn: for the canary to sign in. CloudTrail allows two look-ups in a second.
	SignIn time.Duration
	// Trail is how long after a sign-in no further one is waited for: CloudTrail may show events a quarter of an hour late.
	Trail time.Duration
}

// DefaultWaits are the pauses for the real providers.
func DefaultWaits() Waits {
	return Waits{
		Instance:    15 * time.Second,
		Console:     20 * time.Second,
		Sync:        30 * time.Second,
		Domain:      15 * time.Second,
		Profile:     5 * time.Second,
		Propagation: 2 * time.Minute,
		Settle:      15 * time.Minute,
		SignIn:      30 * time.Second,
		Trail:       20 * time.Minute,
	}
}

// Faster divides every pause by speed, for a simulated world that runs so much faster.
func (w Waits) Faster(speed float64) Waits {
	if speed <= 1 {
		return w
	}
	scale := func(d time.Duration) time.Duration {
		return max(time.Duration(float64(d)/speed), 100*time.Millisecond)
	}
	return Waits{
		Instance: scale(w.Instance), Console: scale(w.Console), Sync: scale(w.Sync), Domain: scale(w.Domain),
		Profile: scale(w.Profile), Propagation: scale(w.Propagation), Settle: scale(w.Settle),
		SignIn: scale(w.SignIn), Trail: scale(w.Trail),
	}
}

// Appearing is how long something may be missing from answers after it was made: 30 s with the real providers.
func (w Waits) Appearing() time.Duration { return w.Propagation / 4 }
