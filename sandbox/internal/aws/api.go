package awsworld

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"studio-onboarding/sandbox/internal/aws/model"
	"studio-onboarding/sandbox/internal/simulation"
)

// maxBody is the largest request body; the services' own limits are about as large.
const maxBody = 1 << 20

// handler carries out an operation whose input the model has found correct.
type handler func(c *call, input []byte) (any, error)

// on makes a handler of a method with a typed input.
func on[In any](method func(c *call, in In) (any, error)) handler {
	return func(c *call, input []byte) (any, error) {
		var in In
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, failure("SerializationException", "%s", err)
		}
		return method(c, in)
	}
}

// nothing is the input of operations that have none.
type nothing struct{}

// call is one request to a service.
type call struct {
	world                      *World
	protocol                   string
	account, region            string
	service, operation, action string
	principal                  *principal
	params                     map[string]string
	effect                     string
	fault                      string
	// delay is how long a slow answer takes.
	delay   time.Duration
	request string
	// key is the KMS key that the call names.
	key string
}

// The effects that the call log knows.
const (
	created = "created"
	changed = "changed"
	deleted = "deleted"
)

func (w *World) serveAPI(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		http.Error(rw, "the request body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	signed, ok := readScope(r.Header.Get("Authorization"))
	c := &call{world: w, region: signed.region, service: signed.service, protocol: model.JSON, request: uuid.NewString()}
	service := w.models[signed.service]
	switch {
	case !ok:
		c.answer(rw, nil, failure("MissingAuthenticationTokenException", "Missing Authentication Token"))
		return
	case signed.service == s3Service:
		w.serveS3(rw, r, body, signed)
		return
	case service == nil:
		c.answer(rw, nil, failure("UnknownOperationException", "The sandbox has no service %s.", signed.service))
		return
	}
	c.protocol = service.Protocol

	w.mu.Lock()
	output, err := c.perform(r, body, signed)
	w.mu.Unlock()

	simulation.Pause(r.Context(), c.delay)
	switch c.fault {
	case simulation.FaultReset, simulation.FaultLostAnswer:
		c.log(0, err)
		hangUp(rw)
	case simulation.FaultHTML:
		c.log(http.StatusServiceUnavailable, nil)
		serveHTML(rw)
	default:
		c.answer(rw, output, err)
	}
}

// perform does a call from authentication to its effect.
func (c *call) perform(r *http.Request, body []byte, signed scope) (any, error) {
	w, service := c.world, c.world.models[c.service]
	operation, form, err := operationOf(r, body, service)
	if err != nil {
		return nil, err
	}
	c.operation, c.action = operation, c.service+":"+operation
	if c.principal, err = w.authenticate(r, body, signed); err != nil {
		return nil, err
	}
	c.account = c.principal.account
	handle := w.routes[c.service][operation]
	if handle == nil {
		return nil, unknownOperation(c.protocol, operation)
	}
	tree, err := decodeInput(service, operation, body, form)
	if err != nil {
		return nil, c.rejected(err)
	}
	c.params = identifying(tree)
	if !w.admits(c.account, c.service) {
		return nil, c.throttled()
	}
	if fault, hit := w.faults.Match(c.subject()); hit {
		if stop, err := c.inject(fault); stop {
			return nil, err
		}
	}
	if operation != "GetCallerIdentity" { // which needs no permission, says the STS API reference
		if err := c.authorize(c.action, c.resource()); err != nil {
			return nil, err
		}
	}
	if err := service.Validate(operation, tree); err != nil {
		return nil, c.rejected(err)
	}
	if err := c.authorizeDependents(tree); err != nil {
		return nil, err
	}
	input, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	return c.carryOut(handle, input)
}

// operationOf reads what is asked for: from X-Amz-Target, or from the form's Action.
func operationOf(r *http.Request, body []byte, service *model.Service) (operation string, form url.Values, err error) {
	if service.Protocol == model.JSON {
		target := r.Header.Get("X-Amz-Target")
		dot := max(strings.LastIndex(target, "."), 0)
		prefix, operation := target[:dot], strings.TrimPrefix(target[dot:], ".")
		// Some clients leave the first part of CloudTrail's long prefix out.
		if prefix != service.TargetPrefix && (prefix == "" || !strings.HasSuffix(service.TargetPrefix, "."+prefix)) {
			return "", nil, unknownOperation(service.Protocol, target)
		}
		return operation, nil, nil
	}
	form, err = url.ParseQuery(string(body))
	if err != nil {
		return "", nil, failure("MalformedQueryString", "The query string contains a syntax error.")
	}
	return form.Get("Action"), form, nil
}

func unknownOperation(protocol, operation string) *apiError {
	if protocol == model.JSON {
		return failure("UnknownOperationException", "The operation %s is not known.", operation)
	}
	return failure("InvalidAction", "The action %s is not valid for this web service.", operation)
}

// decodeInput makes a tree of either kind of body.
func decodeInput(service *model.Service, operation string, body []byte, form url.Values) (map[string]any, error) {
	if service.Protocol != model.JSON {
		return service.ParseForm(operation, form)
	}
	tree := map[string]any{}
	if len(bytes.TrimSpace(body)) == 0 {
		return tree, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, &model.TypeError{Path: "", Want: "Structure"}
	}
	return tree, nil
}

// rejected words an input that violates the model.
func (c *call) rejected(err error) *apiError {
	var mistyped *model.TypeError
	code := "ValidationException"
	switch {
	case errors.As(err, &mistyped) && c.protocol == model.JSON:
		code = "SerializationException"
	case c.service == "organizations":
		code = "InvalidInputException"
	case c.service == "servicequotas":
		code = "IllegalArgumentException"
	case c.protocol == model.Query:
		code = "ValidationError"
	case c.protocol == model.EC2:
		code = "InvalidParameterValue"
	}
	return failure(code, "%s", err)
}

// writes says whether the operation is one that changes things.
func (c *call) writes() bool {
	for _, verb := range []string{"Describe", "Get", "List", "Is", "Lookup", "Simulate", "AssumeRole", "Head"} {
		if strings.HasPrefix(c.operation, verb) {
			return false
		}
	}
	return c.operation != ""
}

// log writes the call down. Status 0 is a connection that was closed without an answer.
func (c *call) log(status int, err error) {
	entry := simulation.Call{
		Time: c.world.clock.Now(), Account: c.account, Service: c.service, Operation: c.operation, Params: c.params,
		Write: c.writes(), Effect: c.effect, Status: status, Fault: c.fault,
	}
	if c.principal != nil {
		entry.Principal = c.principal.arn
	}
	if entry.Write && entry.Effect == "" {
		entry.Effect = "none"
	}
	var refused *apiError
	if errors.As(err, &refused) {
		entry.Error = refused.code
	}
	c.world.calls.Add(entry)
}

// hangUp closes the connection without an answer.
func hangUp(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // closes the connection as well, says net/http
	}
	conn.Close()
}

func serveHTML(rw http.ResponseWriter) {
	rw.Header().Set("Content-Type", "text/html")
	rw.WriteHeader(http.StatusServiceUnavailable)
	io.WriteString(rw, "<html><head><title>503 Service Temporarily Unavailable</title></head><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n")
}
