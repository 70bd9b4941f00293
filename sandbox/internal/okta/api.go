package okta

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"studio-onboarding/sandbox/internal/simulation"
)

// call is one request to the API while it is carried out, under the org's lock.
type call struct {
	*http.Request
	// query is that of the request, which lists look at for each of their elements.
	query url.Values
	owner owner
	// about identifies what the call is about, for the call log; effect is what it did.
	about  map[string]string
	effect string
}

// answer is what an operation answers: a body that becomes JSON, or raw bytes with their type.
type answer struct {
	status      int
	body        any
	raw         []byte
	contentType string
	links       []string
	headers     map[string]string
}

type handler func(*Org, *call) (answer, error)

// routes are all operations, by the name under which the call log and the fault script know them.
func routes() map[string]handler {
	return map[string]handler{
		tokenOperation:                                             (*Org).issueToken,
		"GET /api/v1/users":                                        (*Org).listUsers,
		"GET /api/v1/users/me":                                     (*Org).getMe,
		"GET /api/v1/users/{userId}":                               (*Org).getUser,
		"POST /api/v1/users/{userId}":                              (*Org).updateUser,
		"GET /api/v1/users/{userId}/appLinks":                      (*Org).listAppLinks,
		"GET /api/v1/users/{userId}/groups":                        (*Org).listUserGroups,
		"GET /api/v1/users/{userId}/roles":                         (*Org).listUserRoles,
		"POST /api/v1/users/{userId}/lifecycle/{verb}":             (*Org).changeUserStatus,
		"GET /api/v1/groups":                                       (*Org).listGroups,
		"POST /api/v1/groups":                                      (*Org).createGroup,
		"GET /api/v1/groups/{groupId}":                             (*Org).getGroup,
		"GET /api/v1/groups/{groupId}/users":                       (*Org).listGroupUsers,
		"PUT /api/v1/groups/{groupId}/users/{userId}":              (*Org).addGroupUser,
		"DELETE /api/v1/groups/{groupId}/users/{userId}":           (*Org).removeGroupUser,
		"GET /api/v1/apps":                                         (*Org).listApps,
		"POST /api/v1/apps":                                        (*Org).createApp,
		"GET /api/v1/apps/{id}":                                    (*Org).getApp,
		"PUT /api/v1/apps/{id}":                                    (*Org).updateApp,
		"DELETE /api/v1/apps/{id}":                                 (*Org).deleteApp,
		"POST /api/v1/apps/{id}/lifecycle/activate":                (*Org).activateApp,
		"POST /api/v1/apps/{id}/lifecycle/deactivate":              (*Org).deactivateApp,
		"GET /api/v1/apps/{id}/sso/saml/metadata":                  (*Org).getMetadata,
		"GET /api/v1/apps/{id}/credentials/keys":                   (*Org).listKeys,
		"POST /api/v1/apps/{id}/credentials/keys/generate":         (*Org).generateKey,
		"GET /api/v1/apps/{id}/credentials/keys/{kid}":             (*Org).getKey,
		"GET /api/v1/apps/{id}/connections/default":                (*Org).getConnection,
		"POST /api/v1/apps/{id}/connections/default":               (*Org).setConnection,
		"GET /api/v1/apps/{id}/features":                           (*Org).listFeatures,
		"GET /api/v1/apps/{id}/features/{name}":                    (*Org).getFeature,
		"GET /api/v1/apps/{id}/users":                              (*Org).listAppUsers,
		"POST /api/v1/apps/{id}/users":                             (*Org).assignUser,
		"GET /api/v1/apps/{id}/users/{userId}":                     (*Org).getAppUser,
		"DELETE /api/v1/apps/{id}/users/{userId}":                  (*Org).unassignUser,
		"GET /api/v1/apps/{id}/groups":                             (*Org).listAppGroups,
		"GET /api/v1/apps/{id}/groups/{groupId}":                   (*Org).getAppGroup,
		"PUT /api/v1/apps/{id}/groups/{groupId}":                   (*Org).assignGroup,
		"DELETE /api/v1/apps/{id}/groups/{groupId}":                (*Org).unassignGroup,
		"GET /api/v1/apps/{id}/group-push/mappings":                (*Org).listMappings,
		"POST /api/v1/apps/{id}/group-push/mappings":               (*Org).createMapping,
		"GET /api/v1/apps/{id}/group-push/mappings/{mappingId}":    (*Org).getMapping,
		"PATCH /api/v1/apps/{id}/group-push/mappings/{mappingId}":  (*Org).patchMapping,
		"DELETE /api/v1/apps/{id}/group-push/mappings/{mappingId}": (*Org).deleteMapping,
		"GET /api/v1/logs":                                         (*Org).listLogs,
		"GET /api/v1/mappings":                                     (*Org).listProfileMappings,
		"GET /api/v1/mappings/{mappingId}":                         (*Org).getProfileMapping,
	}
}

// API serves /api/v1/....
func (o *Org) API() http.Handler {
	routes := routes()
	mux := http.NewServeMux()
	for pattern, do := range routes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { o.serve(w, r, pattern, do) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		o.serve(w, r, r.Method+" "+r.URL.Path, func(*Org, *call) (answer, error) {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
				other := r.Clone(r.Context())
				other.Method = method
				if _, pattern := mux.Handler(other); pattern != "" {
					return answer{}, wrongMethod()
				}
			}
			return answer{}, noSuchPath()
		})
	})
}

// serve carries out one call: rate limit, token and scopes, injected fault, the operation itself, and the entry in the call log.
func (o *Org) serve(w http.ResponseWriter, r *http.Request, operation string, do handler) {
	entry := simulation.Call{Time: o.clock.Now(), Service: "okta", Operation: operation, Write: r.Method != http.MethodGet}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	id := fmt.Sprintf("%016x%08x", entry.Time.UnixNano(), len(body))

	o.mu.Lock()
	c := &call{Request: r, query: r.URL.Query(), about: identifiers(r)}
	limit := o.charge(operation)
	out, fault, err := o.carryOut(c, operation, limit, do)
	var refusal *apiError
	if errors.As(err, &refusal) {
		out = answer{status: refusal.status, body: refusal.body(id)}
		entry.Error = refusal.code
	}
	var unwelcome *challenge
	if errors.As(err, &unwelcome) {
		out, entry.Error = unwelcome.answer(o.at(r), r.URL.Path), unwelcome.code
	}
	var text []byte
	if out.body != nil {
		text, _ = json.Marshal(out.body)
		out.contentType = "application/json"
	} else {
		text = out.raw
	}
	entry.Principal = c.owner.name()
	o.mu.Unlock()

	entry.Fault, entry.Status, entry.Params = fault.Kind, out.status, c.about
	if entry.Write {
		entry.Effect = "none"
		if c.effect != "" && (refusal == nil || fault.Kind == simulation.FaultLateError) {
			entry.Effect = c.effect
		}
	}
	o.calls.Add(entry)

	simulation.Pause(r.Context(), time.Duration(fault.Delay*float64(time.Second)))
	switch fault.Kind {
	case simulation.FaultReset, simulation.FaultLostAnswer:
		panic(http.ErrAbortHandler)
	case simulation.FaultThrottle:
		limit.exceeded(o.clock.Now().Add(time.Duration(fault.RetryAfter) * time.Second))
	}
	header := w.Header()
	header["X-Okta-Request-Id"] = []string{id}
	header["X-Rate-Limit-Limit"] = []string{strconv.Itoa(limit.limit)}
	header["X-Rate-Limit-Remaining"] = []string{strconv.Itoa(limit.remaining)}
	header["X-Rate-Limit-Reset"] = []string{strconv.FormatInt(limit.reset, 10)}
	header.Set("Date", o.clock.Now().Format(http.TimeFormat))
	header.Set("Cache-Control", "no-cache, no-store")
	for _, link := range out.links {
		header.Add("Link", link)
	}
	for name, value := range out.headers {
		header.Set(name, value)
	}
	if out.contentType != "" {
		header.Set("Content-Type", out.contentType)
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(text)
}

// identifiers are the parts of path and query that say what a call is about.
func identifiers(r *http.Request) map[string]string {
	about := map[string]string{}
	for _, name := range []string{"id", "userId", "groupId", "mappingId", "kid", "name", "verb"} {
		if value := r.PathValue(name); value != "" {
			about[name] = value
		}
	}
	for _, name := range []string{"filter", "search", "q", "kid", "after", "sourceGroupId"} {
		if value := r.URL.Query().Get(name); value != "" {
			about[name] = value
		}
	}
	return about
}

func ok200(body any) answer { return answer{status: http.StatusOK, body: body} }

func noContent() answer { return answer{status: http.StatusNoContent} }

// decode reads the JSON body.
func (c *call) decode(into any) error {
	if err := json.NewDecoder(c.Body).Decode(into); err != nil {
		return malformed()
	}
	return nil
}

// at is the org's address as links show it.
func (o *Org) at(r *http.Request) string {
	if o.baseURL != "" {
		return o.baseURL
	}
	return "http://" + r.Host
}

// list answers with one page and its Link headers. Okta's cursors are opaque, so ours are.
func list[T any](o *Org, c *call, t *table[T], standard, most int, keep func(T) bool, show func(T) any) (answer, error) {
	query := c.query
	limit := standard
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			return answer{}, invalid("limit", fmt.Sprintf("limit: must be between 1 and %d", most))
		}
		limit = n
	}
	after := 0
	if text := query.Get("after"); text != "" {
		n, err := openCursor(text)
		if err != nil {
			return answer{}, invalid("after", "after: The cursor is not valid")
		}
		after = n
	}
	values, next := t.page(after, limit, keep)
	bodies := make([]any, 0, len(values))
	for _, v := range values {
		bodies = append(bodies, show(v))
	}
	out := ok200(bodies)
	out.links = []string{fmt.Sprintf(`<%s%s>; rel="self"`, o.at(c.Request), c.URL.RequestURI())}
	if next > 0 {
		out.links = append(out.links, o.nextLink(c, next, limit))
	}
	return out, nil
}

func (o *Org) nextLink(c *call, next, limit int) string {
	query := maps.Clone(c.query)
	query.Set("after", sealCursor(next))
	query.Set("limit", strconv.Itoa(limit))
	return fmt.Sprintf(`<%s%s?%s>; rel="next"`, o.at(c.Request), c.URL.EscapedPath(), query.Encode())
}

func sealCursor(place int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("place:" + strconv.Itoa(place)))
}

func openCursor(text string) (int, error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, err
	}
	place, ok := strings.CutPrefix(string(data), "place:")
	if !ok {
		return 0, errors.New("not a cursor")
	}
	return strconv.Atoi(place)
}
