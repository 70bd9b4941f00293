// Package simulation is what both simulated providers share: the world's clock, the call log, the fault script, rate limits, and
// copies of whole worlds.
package simulation

import "time"

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

// Rate is how many calls per second of ours are as many as perSecond in the real world.
func (c Clock) Rate(perSecond float64) float64 {
	if c.Speed <= 0 {
		return perSecond
	}
	return perSecond * c.Speed
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
