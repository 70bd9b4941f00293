package onboarding

import "time"

// FleetInput starts many runs, a bounded number at once.
type FleetInput struct {
	Runs []OnboardInput `json:"runs"`
	// Parallel is how many runs go on at the same time, at least 1.
	Parallel int `json:"parallel"`
}

// MaxFleet bounds the runs of one fleet: all their specs travel in one input, which Temporal limits to 2 MB.
const MaxFleet = 300

// FleetState is the state of a run as its fleet knows it.
type FleetState string

// The states of a fleet's runs.
const (
	FleetQueued  FleetState = "queued"
	FleetRunning FleetState = "running"
	FleetDone    FleetState = "done"
	FleetFailed  FleetState = "failed"
	// FleetAttached: a run of this name was going on already; the fleet leaves it alone and does not wait for it.
	FleetAttached FleetState = "attached"
)

// FleetProgress is what a fleet says of itself, and its result.
type FleetProgress struct {
	Parallel int        `json:"parallel"`
	Runs     []FleetRun `json:"runs"`
}

// FleetRun is one run of a fleet.
type FleetRun struct {
	Run       string     `json:"run"`
	State     FleetState `json:"state"`
	Message   string     `json:"message,omitempty"`
	StartedAt time.Time  `json:"startedAt,omitzero"`
	EndedAt   time.Time  `json:"endedAt,omitzero"`
}
