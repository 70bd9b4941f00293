package awsworld

import (
	"net/http"
	"reflect"
	"strings"
	"time"

	"studio-onboarding/sandbox/internal/aws/model"
	"studio-onboarding/sandbox/internal/simulation"
)

// subject is the call as the fault script sees it.
func (c *call) subject() simulation.Subject {
	list := strings.HasPrefix(c.operation, "List") || c.operation == "LookupEvents" ||
		c.protocol == model.EC2 && strings.HasPrefix(c.operation, "Describe")
	return simulation.Subject{Account: c.account, Service: c.service, Operation: c.operation, Write: c.writes(), List: list}
}

// inject says whether an injected fault ends the call before it has any effect.
func (c *call) inject(fault simulation.Fault) (stop bool, err error) {
	c.fault, c.delay = fault.Kind, time.Duration(fault.Delay*float64(time.Second))
	switch fault.Kind {
	case simulation.FaultDeny:
		return true, c.denied(c.action, c.resource())
	case simulation.FaultThrottle:
		throttled := c.throttled()
		if throttled.retryAfter = fault.RetryAfter; fault.RetryAfter > 0 && c.service == "identitystore" {
			throttled.having("RetryAfterSeconds", fault.RetryAfter)
		}
		return true, throttled
	case simulation.FaultError:
		return true, c.broken()
	case simulation.FaultConflict:
		return true, c.conflict()
	case simulation.FaultReset, simulation.FaultHTML:
		return true, nil
	default:
		return false, nil
	}
}

// carryOut does what is asked for, as far as the fault lets it.
func (c *call) carryOut(handle handler, input []byte) (output any, err error) {
	now := c.world
	defer func() { c.world = now }()
	switch {
	case c.fault == simulation.FaultLostWrite:
		c.world = now.clone()
	case c.fault == simulation.FaultStaleRead && now.past != nil:
		c.world = now.past
	case c.fault == simulation.FaultStaleRead:
		c.fault = ""
	case c.writes():
		now.remember()
	}
	c.world.settleAccounts()
	output, err = handle(c, input)
	switch {
	case err != nil:
		return output, err
	case c.fault == simulation.FaultLostWrite:
		c.effect = ""
	case c.fault == simulation.FaultEmpty:
		return emptied(output), nil
	case c.fault == simulation.FaultLateError:
		err = c.broken()
	}
	if c.writes() && c.fault != simulation.FaultLostWrite {
		now.record(c.service+".amazonaws.com", c.operation, c.account, c.region, c.principal.arn, c.params)
	}
	return output, err
}

// clone copies the world, with its lock open.
func (w *World) clone() *World {
	keep := []any{w.calls, w.faults, w.limits}
	for _, service := range w.models {
		keep = append(keep, service)
	}
	past := w.past
	w.past = nil
	defer func() { w.past = past }()
	return simulation.Clone(w, keep...)
}

// remember keeps the world as it is before a write, if the fault script has stale reads.
func (w *World) remember() {
	if !w.faults.Have(simulation.FaultStaleRead) {
		w.past = nil
		return
	}
	w.past = w.clone()
}

// emptied is an output without the elements of its lists, and without a next page.
func emptied(output any) any {
	was := reflect.ValueOf(output)
	if was.Kind() != reflect.Struct {
		return output
	}
	out := reflect.New(was.Type()).Elem()
	out.Set(was)
	for i := range out.NumField() {
		switch field := out.Field(i); field.Kind() {
		case reflect.Slice:
			field.Set(reflect.MakeSlice(field.Type(), 0, 0))
		case reflect.String, reflect.Bool: // NextToken, Marker, IsTruncated
			field.SetZero()
		}
	}
	return out.Interface()
}

// throttled is the service's answer to too many requests.
func (c *call) throttled() *apiError {
	switch c.service {
	case "ec2":
		return failure("RequestLimitExceeded", "Request limit exceeded.").with(http.StatusServiceUnavailable)
	case "iam", "sts":
		return failure("Throttling", "Rate exceeded")
	case "organizations", "servicequotas":
		return failure("TooManyRequestsException", "Rate exceeded")
	default:
		return failure("ThrottlingException", "Rate exceeded")
	}
}

// broken is the service's answer when something is wrong inside.
func (c *call) broken() *apiError {
	switch c.service {
	case "ec2":
		return failure("InternalError", "An internal error has occurred").with(http.StatusInternalServerError)
	case "iam":
		return failure("ServiceFailure", "The request processing has failed because of an unknown error, exception or failure.").with(http.StatusInternalServerError)
	case "sts", "sagemaker":
		return failure("InternalFailure", "The request processing has failed because of an unknown error, exception or failure.").with(http.StatusInternalServerError)
	case "organizations", "servicequotas":
		return failure("ServiceException", "Something went wrong.").with(http.StatusInternalServerError)
	case "secretsmanager":
		return failure("InternalServiceError", "An error occurred on the server side.").with(http.StatusInternalServerError)
	default:
		return failure("InternalServerException", "The request processing has failed because of an unknown error, exception or failure.").with(http.StatusInternalServerError)
	}
}

// conflict is the service's answer to a write that is in conflict with another one.
func (c *call) conflict() *apiError {
	switch c.service {
	case "iam":
		return failure("ConcurrentModification", "The request was rejected because multiple requests to change this object were submitted simultaneously. "+
			"Wait a few minutes and submit your request again.").with(http.StatusConflict)
	case "organizations":
		return failure("ConcurrentModificationException", "The target of the operation is currently being modified by a different request.")
	default:
		return failure("ConflictException", "The request conflicts with an earlier write that is still in progress.")
	}
}
