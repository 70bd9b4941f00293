package okta

import (
	"errors"
	"net/http"
	"strings"

	"studio-onboarding/sandbox/internal/simulation"
)

// carryOut decides whether the call is let through, and what comes of it.
func (o *Org) carryOut(c *call, operation string, limit *allowance, do handler) (answer, simulation.Fault, error) {
	if limit.over {
		return answer{}, simulation.Fault{}, tooManyRequests()
	}
	if err := o.authenticate(c, operation); err != nil {
		return answer{}, simulation.Fault{}, err
	}
	fault, hit := o.faults.Match(simulation.Subject{Service: "okta", Operation: operation, Write: c.Method != http.MethodGet, List: lists(operation)})
	if hit {
		if out, stop, err := inject(fault); stop {
			return out, fault, err
		}
	}
	if c.owner.readOnly && c.Method != http.MethodGet {
		return answer{}, fault, noPermission()
	}
	world := o
	switch {
	case fault.Kind == simulation.FaultLostWrite:
		world = o.clone()
	case fault.Kind == simulation.FaultStaleRead && o.past != nil:
		world = o.past
	case fault.Kind == simulation.FaultStaleRead:
		fault = simulation.Fault{}
	case c.Method != http.MethodGet:
		o.remember()
	}
	out, err := do(world, c)
	var refusal *apiError
	switch {
	case err != nil && !errors.As(err, &refusal):
		err = internalError()
	case err != nil:
	case fault.Kind == simulation.FaultLostWrite:
		c.effect = ""
	case fault.Kind == simulation.FaultEmpty:
		out.body, out.links = []any{}, out.links[:min(1, len(out.links))]
	case fault.Kind == simulation.FaultLateError:
		err = internalError()
	}
	return out, fault, err
}

// lists says whether an operation answers with a list.
func lists(operation string) bool {
	path, reads := strings.CutPrefix(operation, "GET ")
	for _, single := range []string{"}", "/me", "/metadata", "/connections/default"} {
		if strings.HasSuffix(path, single) {
			return false
		}
	}
	return reads
}

// inject is the answer to a fault that ends the call before it has any effect.
func inject(fault simulation.Fault) (out answer, stop bool, err error) {
	switch fault.Kind {
	case simulation.FaultDeny:
		return out, true, noPermission()
	case simulation.FaultThrottle:
		return out, true, tooManyRequests()
	case simulation.FaultError:
		return out, true, internalError()
	case simulation.FaultConflict:
		return out, true, alreadyAssigned()
	case simulation.FaultHTML:
		return answer{status: http.StatusServiceUnavailable, contentType: "text/html",
			raw: []byte("<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>")}, true, nil
	case simulation.FaultReset:
		return out, true, nil
	}
	return out, false, nil
}

// clone copies the org, with its lock open and a queue that nobody works on.
func (o *Org) clone() *Org {
	past := o.past
	o.past = nil
	defer func() { o.past = past }()
	other := simulation.Clone(o, o.calls, o.faults, o.queue)
	other.queue = newQueue()
	return other
}

// remember keeps the org as it is before a write, if the fault script has stale reads.
func (o *Org) remember() {
	o.past = nil
	if o.faults.Have(simulation.FaultStaleRead) {
		o.past = o.clone()
	}
}
