package awsworld

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"studio-onboarding/sandbox/internal/simulation"
)

// The lifetime and number of SCIM tokens ("Automatic provisioning" in the Identity Center user guide).
const (
	tokenLife = 365 * 24 * time.Hour
	maxTokens = 2
)

// tenant is the SCIM endpoint of an instance.
type tenant struct {
	id     string
	tokens []*scimToken
}

// scimToken is kept as a hash; its text is shown once.
type scimToken struct {
	id      string
	hash    [sha256.Size]byte
	created time.Time
	expires time.Time
}

// scimError is an error answer of the SCIM endpoint. Its code is the exception that the developer guide names.
type scimError struct {
	status       int
	code, detail string
	retryAfter   int
}

func (e *scimError) Error() string { return e.code + ": " + e.detail }

// unparsable is the opaque answer to most bodies that break a rule.
func unparsable() error {
	return &scimError{status: http.StatusBadRequest, code: "ValidationException", detail: "Request is unparsable, syntactically incorrect, or violates schema."}
}

func badSCIM(format string, args ...any) error {
	return &scimError{status: http.StatusBadRequest, code: "ValidationException", detail: fmt.Sprintf(format, args...)}
}

func duplicate(detail string) error {
	return &scimError{status: http.StatusConflict, code: "ConflictException", detail: detail}
}

func notFound(kind, id string) error {
	return &scimError{status: http.StatusNotFound, code: "ResourceNotFoundException", detail: fmt.Sprintf("%s not found: %s", kind, id)}
}

// scimCall is one request to the SCIM endpoint.
type scimCall struct {
	world      *World
	instance   *instance
	request    *http.Request
	collection string
	id         string
	body       []byte
	params     map[string]string
	effect     string
	fault      string
	// delay is how long a slow answer takes.
	delay time.Duration
}

// operation is how the call log names the call.
func (s *scimCall) operation() string {
	name := s.request.Method + " /" + s.collection
	if s.id != "" {
		name += "/{id}"
	}
	return name
}

// action is the developer guide's name of the operation, as CloudTrail shows it.
func (s *scimCall) action() string {
	verbs := map[string]string{http.MethodPost: "Create", http.MethodPut: "Put", http.MethodPatch: "Patch", http.MethodDelete: "Delete"}
	return verbs[s.request.Method] + strings.TrimSuffix(s.collection, "s")
}

func (s *scimCall) writes() bool { return s.request.Method != http.MethodGet }

func (w *World) serveSCIM(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		http.Error(rw, "the request body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	s := &scimCall{world: w, request: r, body: body, params: map[string]string{}}
	tenantID, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/scim/v2")
	s.collection, s.id, _ = strings.Cut(strings.Trim(rest, "/"), "/")

	w.mu.Lock()
	status, output, err := s.perform(tenantID)
	w.mu.Unlock()

	simulation.Pause(r.Context(), s.delay)
	switch s.fault {
	case simulation.FaultReset, simulation.FaultLostAnswer:
		s.log(0, err)
		hangUp(rw)
	case simulation.FaultHTML:
		s.log(http.StatusServiceUnavailable, nil)
		serveHTML(rw)
	default:
		s.answer(rw, status, output, err)
	}
}

// perform does a call from authentication to its effect.
func (s *scimCall) perform(tenantID string) (status int, output any, err error) {
	if err := s.authenticate(tenantID); err != nil {
		return 0, nil, err
	}
	if !s.world.admitted(s.request) {
		return 0, nil, &scimError{status: http.StatusForbidden, code: "AccessDeniedException", detail: "Access denied"}
	}
	if !s.world.admits(s.instance.owner, "scim") {
		return 0, nil, tooManySCIM(0)
	}
	if fault, hit := s.world.faults.Match(s.subject()); hit {
		if stop, err := s.inject(fault); stop {
			return 0, nil, err
		}
	}
	return s.carryOut()
}

// authenticate finds the tenant and checks the token; a wrong tenant is answered like a wrong token.
func (s *scimCall) authenticate(tenantID string) error {
	denied := &scimError{status: http.StatusUnauthorized, code: "UnauthorizedException", detail: "Unauthorized"}
	for _, i := range s.world.instances {
		if i.tenant == nil || i.tenant.id != tenantID {
			continue
		}
		s.instance = i
		bearer, ok := strings.CutPrefix(s.request.Header.Get("Authorization"), "Bearer ")
		hash := sha256.Sum256([]byte(bearer))
		for _, token := range i.tenant.tokens {
			if ok && token.hash == hash && s.world.clock.Now().Before(token.expires) {
				return nil
			}
		}
	}
	return denied
}

func (s *scimCall) route() (status int, output any, err error) {
	method := s.request.Method
	switch {
	case s.collection == "Users" && s.id == "":
		return s.userCollection(method)
	case s.collection == "Users":
		return s.oneUser(method)
	case s.collection == "Groups" && s.id == "":
		return s.groupCollection(method)
	case s.collection == "Groups":
		return s.oneGroup(method)
	case method != http.MethodGet:
		return 0, nil, notSupported()
	case s.collection == "ServiceProviderConfig" && s.id == "":
		return http.StatusOK, serviceProviderConfig(), nil
	case s.collection == "Schemas":
		return s.describe(schemas())
	case s.collection == "ResourceTypes":
		return s.describe(resourceTypes())
	default:
		return 0, nil, notSupported()
	}
}

func notSupported() error {
	return &scimError{status: http.StatusNotFound, code: "ResourceNotFoundException", detail: "Requested SCIM operation is not supported"}
}

func (s *scimCall) answer(rw http.ResponseWriter, status int, output any, err error) {
	var refused *scimError
	if err != nil && !errors.As(err, &refused) {
		refused = &scimError{status: http.StatusInternalServerError, code: "InternalServerException", detail: err.Error()}
	}
	request := uuid.NewString()
	header := rw.Header()
	header.Set("Content-Type", "application/scim+json")
	header.Set("X-Amzn-Requestid", request)
	if refused != nil {
		if refused.retryAfter > 0 {
			header.Set("Retry-After", fmt.Sprint(refused.retryAfter))
		}
		schema := []string{"urn:ietf:params:scim:api:messages:2.0:Error"}
		status, output = refused.status, map[string]any{
			"schema": schema, "schemas": schema, "detail": refused.detail, "status": fmt.Sprint(refused.status),
			"exceptionRequestId": request, "timeStamp": s.world.clock.Now().Format("2006-01-02 15:04:05.000"),
		}
		s.log(status, refused)
	} else {
		s.log(status, nil)
	}
	rw.WriteHeader(status)
	if output != nil {
		_ = json.NewEncoder(rw).Encode(output) // the client is gone when this fails
	}
}

func (s *scimCall) log(status int, err error) {
	entry := simulation.Call{
		Time: s.world.clock.Now(), Service: "scim", Operation: s.operation(), Params: s.params,
		Write: s.writes(), Effect: s.effect, Status: status, Fault: s.fault,
	}
	if s.instance != nil {
		entry.Account, entry.Principal = s.instance.owner, "scim-tenant/"+s.instance.tenant.id
	}
	if entry.Write && entry.Effect == "" {
		entry.Effect = "none"
	}
	var refused *scimError
	if errors.As(err, &refused) {
		entry.Error = refused.code
	}
	s.world.calls.Add(entry)
}
