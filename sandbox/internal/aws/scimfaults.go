package awsworld

import (
	"net/http"
	"time"

	"studio-onboarding/sandbox/internal/simulation"
)

// subject is the call as the fault script sees it.
func (s *scimCall) subject() simulation.Subject {
	list := s.request.Method == http.MethodGet && s.id == "" && (s.collection == "Users" || s.collection == "Groups")
	return simulation.Subject{Account: s.instance.owner, Service: "scim", Operation: s.operation(), Write: s.writes(), List: list}
}

// inject is the error of an injected fault that ends the call before it has any effect.
func (s *scimCall) inject(fault simulation.Fault) (stop bool, err error) {
	s.fault, s.delay = fault.Kind, time.Duration(fault.Delay*float64(time.Second))
	switch fault.Kind {
	case simulation.FaultDeny:
		return true, &scimError{status: http.StatusForbidden, code: "AccessDeniedException", detail: "Access denied"}
	case simulation.FaultThrottle:
		return true, tooManySCIM(fault.RetryAfter)
	case simulation.FaultError:
		return true, brokenSCIM()
	case simulation.FaultConflict:
		return true, duplicate("Refused to create a new, duplicate resource")
	case simulation.FaultReset, simulation.FaultHTML:
		return true, nil
	default:
		return false, nil
	}
}

func tooManySCIM(retryAfter int) error {
	return &scimError{status: http.StatusTooManyRequests, code: "ThrottlingException", detail: "Rate exceeded", retryAfter: retryAfter}
}

func brokenSCIM() error {
	return &scimError{status: http.StatusInternalServerError, code: "InternalServerException", detail: "Internal server error"}
}

// carryOut does what is asked for, as far as the fault lets it.
func (s *scimCall) carryOut() (status int, output any, err error) {
	now, instance := s.world, s.instance
	defer func() { s.world, s.instance = now, instance }()
	switch {
	case s.fault == simulation.FaultLostWrite:
		s.enter(now.clone())
	case s.fault == simulation.FaultStaleRead && now.past != nil:
		s.enter(now.past)
	case s.fault == simulation.FaultStaleRead:
		s.fault = ""
	case s.writes():
		now.remember()
	}
	status, output, err = s.route()
	switch {
	case err != nil:
		return status, output, err
	case s.fault == simulation.FaultLostWrite:
		s.effect = ""
	case s.fault == simulation.FaultEmpty:
		return status, emptiedSCIM(output), nil
	case s.fault == simulation.FaultLateError:
		err = brokenSCIM()
	}
	if s.writes() && s.fault != simulation.FaultLostWrite {
		now.record("identitystore-scim.amazonaws.com", s.action(), instance.owner, instance.region, "scim-tenant", s.params)
	}
	return status, output, err
}

// enter goes on in another state of the world, if the instance is there.
func (s *scimCall) enter(other *World) {
	for _, i := range other.instances {
		if i.arn == s.instance.arn {
			s.world, s.instance = other, i
		}
	}
}

// emptiedSCIM is a list without its elements, and without a next page.
func emptiedSCIM(output any) any {
	list, ok := output.(map[string]any)
	if !ok {
		return output
	}
	list["Resources"], list["itemsPerPage"] = []any{}, 0
	delete(list, "nextCursor")
	if _, counted := list["totalResults"]; counted {
		list["totalResults"] = 0
	}
	return list
}
