// Package kit is what both simulated providers share: the world's clock, the call log and the fault script.
package kit

import (
	"encoding/json"
	"io"
	"path"
	"sync"
	"time"
)

// Clock scales the delays of the world. Time stamps are real; only waiting is shorter.
type Clock struct {
	// Speed divides every delay; 1 is the speed of the real providers.
	Speed float64
}

// Now is the real time, in UTC.
func (c Clock) Now() time.Time { return time.Now().UTC() }

// Scale shortens a delay of the real world.
func (c Clock) Scale(d time.Duration) time.Duration {
	if c.Speed <= 0 {
		return d
	}
	return time.Duration(float64(d) / c.Speed)
}

// Due is when something that takes d in the real world will be there.
func (c Clock) Due(d time.Duration) time.Time { return c.Now().Add(c.Scale(d)) }

// Call is one request that the world answered.
type Call struct {
	Time    time.Time `json:"time"`
	Account string    `json:"account,omitempty"`
	// Principal is the access key or token owner that called, never a secret.
	Principal string `json:"principal,omitempty"`
	// Service is the AWS endpoint prefix (sso, identitystore, sagemaker, iam, ...), "okta", "scim" or "console".
	Service string `json:"service"`
	// Operation is the API's name of the call (CreateDomain, GET /api/v1/apps, POST /Users).
	Operation string `json:"operation"`
	// Params are the parameters that identify what the call was about.
	Params map[string]string `json:"params,omitempty"`
	// Write says whether the operation is one that changes things; Effect what it did: created, changed, deleted or none.
	Write  bool   `json:"write,omitempty"`
	Effect string `json:"effect,omitempty"`
	Status int    `json:"status"`
	// Error is the error code that was answered.
	Error string `json:"error,omitempty"`
	// Fault names the injected fault.
	Fault string `json:"fault,omitempty"`
}

// CallLog keeps every call, in order. Safe for concurrent use.
type CallLog struct {
	mu    sync.Mutex
	calls []Call
}

// Add appends a call.
func (l *CallLog) Add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, c)
}

// Calls returns a copy of all calls so far.
func (l *CallLog) Calls() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Call(nil), l.calls...)
}

// WriteTo writes the calls as JSON lines.
func (l *CallLog) WriteTo(w io.Writer) (int64, error) {
	enc := json.NewEncoder(w)
	for _, c := range l.Calls() {
		if err := enc.Encode(c); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// Fault is one rule of the fault script: what happens to the calls that it matches.
type Fault struct {
	// Service and Operation are path.Match patterns over Call.Service and Call.Operation; empty matches all.
	Service   string `json:"service,omitempty"`
	Operation string `json:"operation,omitempty"`
	// Account limits the rule to calls of one account; empty matches all.
	Account string `json:"account,omitempty"`
	// Kind is one of the Fault* constants.
	Kind string `json:"kind"`
	// Times is how many calls are hit; 0 means all of them until the rule is removed.
	Times int `json:"times,omitempty"`
	// Skip lets so many matching calls pass first.
	Skip int `json:"skip,omitempty"`
	// RetryAfter is sent with throttling, in seconds; 0 sends none.
	RetryAfter int `json:"retryAfter,omitempty"`
}

// The kinds of faults.
const (
	// FaultDeny answers with the provider's error for a missing permission.
	FaultDeny = "deny"
	// FaultThrottle answers with the provider's throttling error, before any effect.
	FaultThrottle = "throttle"
	// FaultError answers 500 before any effect.
	FaultError = "error"
	// FaultHTML answers 503 with an HTML page before any effect.
	FaultHTML = "html-503"
	// FaultLostAnswer carries the call out and then closes the connection.
	FaultLostAnswer = "lost-answer"
	// FaultReset closes the connection before any effect.
	FaultReset = "reset"
	// FaultLostWrite answers success without any effect; for calls whose success has an empty answer.
	FaultLostWrite = "lost-write"
	// FaultConflict answers with ConflictException before any effect.
	FaultConflict = "conflict"
	// FaultFails carries the call out, but what it creates ends in the status Failed.
	FaultFails = "fails"
)

// Faults is the fault script. Safe for concurrent use.
type Faults struct {
	mu    sync.Mutex
	rules []*rule
}

type rule struct {
	Fault
	seen, hit int
}

// Set replaces the script.
func (f *Faults) Set(faults []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
	for _, fault := range faults {
		f.rules = append(f.rules, &rule{Fault: fault})
	}
}

// Match returns the fault that hits this call, if any, and counts it.
func (f *Faults) Match(account, service, operation string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if !matches(r.Service, service) || !matches(r.Operation, operation) || (r.Account != "" && r.Account != account) {
			continue
		}
		r.seen++
		if r.seen <= r.Skip || (r.Times > 0 && r.hit >= r.Times) {
			continue
		}
		r.hit++
		return r.Fault, true
	}
	return Fault{}, false
}

func matches(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}
