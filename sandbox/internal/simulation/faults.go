package simulation

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
)

// Fault is one rule of the fault script: what happens to the calls that it matches. The first rule that hits a call decides.
type Fault struct {
	// Service and Operation are path.Match patterns over Call.Service and Call.Operation; empty matches all.
	Service   string `json:"service,omitempty" yaml:"service"`
	Operation string `json:"operation,omitempty" yaml:"operation"`
	// Account limits the rule to calls of one account; empty matches all.
	Account string `json:"account,omitempty" yaml:"account"`
	// Kind is one of the Fault* constants.
	Kind string `json:"kind" yaml:"kind"`
	// Times is how many calls are hit; 0 means all of them until the rule is removed.
	Times int `json:"times,omitempty" yaml:"times"`
	// Skip lets so many matching calls pass first.
	Skip int `json:"skip,omitempty" yaml:"skip"`
	// Rate is the share of the matching calls that are hit, above 0 and up to 1; 0 is the same as 1. Which calls these are
	// depends on the seed of the world, the place of the rule in the script, and how many calls have matched before.
	Rate float64 `json:"rate,omitempty" yaml:"rate"`
	// RetryAfter is sent with throttling, in seconds; 0 sends none.
	RetryAfter int `json:"retryAfter,omitempty" yaml:"retryAfter"`
	// Delay is how long a slow answer takes, in seconds of the caller's clock, whatever the speed of the world.
	Delay float64 `json:"delay,omitempty" yaml:"delay"`
}

// The kinds of faults.
const (
	// FaultDeny answers with the provider's error for a missing permission.
	FaultDeny = "deny"
	// FaultThrottle answers with the provider's throttling error, before any effect.
	FaultThrottle = "throttle"
	// FaultError answers 500 before any effect.
	FaultError = "error"
	// FaultLateError carries the call out and then answers 500.
	FaultLateError = "late-error"
	// FaultHTML answers 503 with an HTML page before any effect.
	FaultHTML = "html-503"
	// FaultLostAnswer carries the call out and then closes the connection.
	FaultLostAnswer = "lost-answer"
	// FaultReset closes the connection before any effect.
	FaultReset = "reset"
	// FaultSlow carries the call out and answers after Delay seconds.
	FaultSlow = "slow"
	// FaultLostWrite answers a write with success, but nothing has changed. It hits writes only.
	FaultLostWrite = "lost-write"
	// FaultEmpty answers a list with success and no elements. It hits lists only.
	FaultEmpty = "empty-list"
	// FaultStaleRead answers a read from before the provider's last write. It hits reads only, once there was a write since the
	// rule was set.
	FaultStaleRead = "stale-read"
	// FaultConflict answers with the provider's error for a write that is in conflict with another, before any effect.
	FaultConflict = "conflict"
	// FaultFails carries the call out, but the domain or user profile that it creates ends in the status Failed.
	FaultFails = "fails"
)

// FaultKinds are all kinds of faults.
func FaultKinds() []string {
	return []string{FaultDeny, FaultThrottle, FaultError, FaultLateError, FaultHTML, FaultLostAnswer, FaultReset, FaultSlow, FaultLostWrite,
		FaultEmpty, FaultStaleRead, FaultConflict, FaultFails}
}

// Check says what is wrong with a rule.
func (f Fault) Check() error {
	switch {
	case !slices.Contains(FaultKinds(), f.Kind):
		return fmt.Errorf("there is no kind of fault %q; there are %s", f.Kind, strings.Join(FaultKinds(), ", "))
	case f.Rate < 0 || f.Rate > 1:
		return fmt.Errorf("rate is %v, but must be from 0 to 1", f.Rate)
	case f.Times < 0 || f.Skip < 0 || f.RetryAfter < 0 || f.Delay < 0:
		return fmt.Errorf("times, skip, retryAfter and delay must not be negative")
	case f.Kind == FaultSlow && f.Delay == 0:
		return fmt.Errorf("%s needs a delay in seconds", FaultSlow)
	case f.Kind != FaultSlow && f.Delay != 0:
		return fmt.Errorf("delay belongs to %s", FaultSlow)
	case f.Kind != FaultThrottle && f.RetryAfter != 0:
		return fmt.Errorf("retryAfter belongs to %s", FaultThrottle)
	}
	for _, pattern := range []string{f.Service, f.Operation} {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("the pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// Subject is a call as rules see it.
type Subject struct {
	Account, Service, Operation string
	// Write says that the call changes things, List that it answers with a list of things.
	Write, List bool
}

func (f Fault) matches(s Subject) bool {
	if !matches(f.Service, s.Service) || !matches(f.Operation, s.Operation) || f.Account != "" && f.Account != s.Account {
		return false
	}
	switch f.Kind {
	case FaultLostWrite:
		return s.Write
	case FaultStaleRead:
		return !s.Write
	case FaultEmpty:
		return s.List
	case FaultFails:
		return s.Write && strings.HasPrefix(s.Operation, "Create")
	}
	return true
}

// Faults is the fault script. The zero value has no rules. Safe for concurrent use.
type Faults struct {
	// Seed decides which calls a Rate hits.
	Seed int64

	mu    sync.Mutex
	rules []*rule
}

type rule struct {
	Fault
	seen, hit int
	random    *rand.Rand
}

// Set replaces the script. On an error the old one stays.
func (f *Faults) Set(faults []Fault) error {
	var rules []*rule
	for i, fault := range faults {
		if err := fault.Check(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
		rules = append(rules, &rule{Fault: fault, random: rand.New(rand.NewPCG(uint64(f.Seed), uint64(i)))})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = rules
	return nil
}

// Match returns the fault that hits this call, if any, and counts it.
func (f *Faults) Match(s Subject) (Fault, bool) { return f.match(s, "") }

// Denies says whether a permission is denied that a call needs besides its own, and counts it.
func (f *Faults) Denies(s Subject) bool {
	_, hit := f.match(s, FaultDeny)
	return hit
}

func (f *Faults) match(s Subject, kind string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if kind != "" && r.Kind != kind || !r.matches(s) {
			continue
		}
		r.seen++
		if r.seen <= r.Skip || r.Times > 0 && r.hit >= r.Times || r.Rate > 0 && r.random.Float64() >= r.Rate {
			continue
		}
		r.hit++
		return r.Fault, true
	}
	return Fault{}, false
}

// Have says whether the script has a rule of this kind.
func (f *Faults) Have(kind string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.rules, func(r *rule) bool { return r.Kind == kind })
}

func matches(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}
