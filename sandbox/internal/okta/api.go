package okta

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"studio-onboarding/sandbox/internal/kit"
)

// call is one request to the API while it is carried out, under the org's lock.
type call struct {
	*http.Request
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
}

type handler func(*call) (answer, error)

// routes are all operations, by the name under which the call log and the fault script know them.
func (o *Org) routes() map[string]handler {
	return map[string]handler{
		"GET /api/v1/users":                                        o.listUsers,
		"GET /api/v1/users/me":                                     o.getMe,
		"GET /api/v1/users/{userId}":                               o.getUser,
		"POST /api/v1/users/{userId}":                              o.updateUser,
		"GET /api/v1/users/{userId}/appLinks":                      o.listAppLinks,
		"GET /api/v1/users/{userId}/groups":                        o.listUserGroups,
		"GET /api/v1/users/{userId}/roles":                         o.listUserRoles,
		"POST /api/v1/users/{userId}/lifecycle/{verb}":             o.changeUserStatus,
		"GET /api/v1/groups":                                       o.listGroups,
		"POST /api/v1/groups":                                      o.createGroup,
		"GET /api/v1/groups/{groupId}":                             o.getGroup,
		"GET /api/v1/groups/{groupId}/users":                       o.listGroupUsers,
		"PUT /api/v1/groups/{groupId}/users/{userId}":              o.addGroupUser,
		"DELETE /api/v1/groups/{groupId}/users/{userId}":           o.removeGroupUser,
		"GET /api/v1/apps":                                         o.listApps,
		"POST /api/v1/apps":                                        o.createApp,
		"GET /api/v1/apps/{id}":                                    o.getApp,
		"PUT /api/v1/apps/{id}":                                    o.updateApp,
		"DELETE /api/v1/apps/{id}":                                 o.deleteApp,
		"POST /api/v1/apps/{id}/lifecycle/activate":                o.activateApp,
		"POST /api/v1/apps/{id}/lifecycle/deactivate":              o.deactivateApp,
		"GET /api/v1/apps/{id}/sso/saml/metadata":                  o.getMetadata,
		"GET /api/v1/apps/{id}/credentials/keys":                   o.listKeys,
		"POST /api/v1/apps/{id}/credentials/keys/generate":         o.generateKey,
		"GET /api/v1/apps/{id}/credentials/keys/{kid}":             o.getKey,
		"GET /api/v1/apps/{id}/connections/default":                o.getConnection,
		"POST /api/v1/apps/{id}/connections/default":               o.setConnection,
		"GET /api/v1/apps/{id}/features":                           o.listFeatures,
		"GET /api/v1/apps/{id}/features/{name}":                    o.getFeature,
		"GET /api/v1/apps/{id}/users":                              o.listAppUsers,
		"POST /api/v1/apps/{id}/users":                             o.assignUser,
		"GET /api/v1/apps/{id}/users/{userId}":                     o.getAppUser,
		"DELETE /api/v1/apps/{id}/users/{userId}":                  o.unassignUser,
		"GET /api/v1/apps/{id}/groups":                             o.listAppGroups,
		"GET /api/v1/apps/{id}/groups/{groupId}":                   o.getAppGroup,
		"PUT /api/v1/apps/{id}/groups/{groupId}":                   o.assignGroup,
		"DELETE /api/v1/apps/{id}/groups/{groupId}":                o.unassignGroup,
		"GET /api/v1/apps/{id}/group-push/mappings":                o.listMappings,
		"POST /api/v1/apps/{id}/group-push/mappings":               o.createMapping,
		"GET /api/v1/apps/{id}/group-push/mappings/{mappingId}":    o.getMapping,
		"PATCH /api/v1/apps/{id}/group-push/mappings/{mappingId}":  o.patchMapping,
		"DELETE /api/v1/apps/{id}/group-push/mappings/{mappingId}": o.deleteMapping,
		"GET /api/v1/logs":                                         o.listLogs,
		"GET /api/v1/mappings":                                     o.listProfileMappings,
		"GET /api/v1/mappings/{mappingId}":                         o.getProfileMapping,
	}
}

// API serves /api/v1/....
func (o *Org) API() http.Handler {
	routes := o.routes()
	mux := http.NewServeMux()
	for pattern, do := range routes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { o.serve(w, r, pattern, do) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		o.serve(w, r, r.Method+" "+r.URL.Path, func(*call) (answer, error) {
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

// serve carries out one call: rate limit, token, injected fault, the operation itself, and the entry in the call log.
func (o *Org) serve(w http.ResponseWriter, r *http.Request, operation string, do handler) {
	entry := kit.Call{Time: o.clock.Now(), Service: "okta", Operation: operation, Write: r.Method != http.MethodGet}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	id := fmt.Sprintf("%016x%08x", entry.Time.UnixNano(), len(body))

	o.mu.Lock()
	c := &call{Request: r, about: identifiers(r)}
	limit := o.charge(operation)
	out, fault, err := o.carryOut(c, operation, limit, do)
	var refusal *apiError
	if errors.As(err, &refusal) {
		out = answer{status: refusal.status, body: refusal.body(id)}
		entry.Error = refusal.code
	}
	var text []byte
	if out.body != nil {
		text, _ = json.Marshal(out.body)
		out.contentType = "application/json"
	} else {
		text = out.raw
	}
	if c.owner.user != nil {
		entry.Principal = c.owner.user.login
	}
	o.mu.Unlock()

	entry.Fault, entry.Status, entry.Params = fault.Kind, out.status, c.about
	if entry.Write {
		entry.Effect = "none"
		if c.effect != "" && refusal == nil {
			entry.Effect = c.effect
		}
	}
	o.calls.Add(entry)

	switch fault.Kind {
	case kit.FaultReset, kit.FaultLostAnswer:
		panic(http.ErrAbortHandler)
	case kit.FaultThrottle:
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
	if out.contentType != "" {
		header.Set("Content-Type", out.contentType)
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(text)
}

// carryOut decides whether the call is let through, and what comes of it.
func (o *Org) carryOut(c *call, operation string, limit *allowance, do handler) (answer, kit.Fault, error) {
	if limit.over {
		return answer{}, kit.Fault{}, tooManyRequests()
	}
	scheme, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	who, ok := o.tokens[token]
	if !ok || !strings.EqualFold(scheme, "SSWS") || who.user.status != statusActive {
		return answer{}, kit.Fault{}, invalidToken()
	}
	c.owner = who

	fault, _ := o.faults.Match("", "okta", operation)
	switch fault.Kind {
	case kit.FaultDeny:
		return answer{}, fault, noPermission()
	case kit.FaultThrottle:
		return answer{}, fault, tooManyRequests()
	case kit.FaultError:
		return answer{}, fault, internalError()
	case kit.FaultConflict:
		return answer{}, fault, alreadyAssigned()
	case kit.FaultHTML:
		return answer{status: http.StatusServiceUnavailable, contentType: "text/html",
			raw: []byte("<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>")}, fault, nil
	case kit.FaultReset:
		return answer{}, fault, nil
	case kit.FaultLostWrite:
		if c.Method == http.MethodDelete {
			return noContent(), fault, nil
		}
		return ok200(map[string]any{}), fault, nil
	}
	if who.readOnly && c.Method != http.MethodGet {
		return answer{}, fault, noPermission()
	}
	out, err := do(c)
	var refusal *apiError
	if err != nil && !errors.As(err, &refusal) {
		err = internalError()
	}
	return out, fault, err
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
	query := c.URL.Query()
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
	query := maps.Clone(c.URL.Query())
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

// bucket counts the calls of one rate limit in the current minute.
type bucket struct {
	until time.Time
	used  int
}

// allowance is what is left of a bucket after a call.
type allowance struct {
	limit, remaining int
	reset            int64
	over             bool
}

func (a *allowance) exceeded(until time.Time) {
	a.remaining, a.reset = 0, int64(math.Ceil(float64(until.UnixMilli())/1000))
}

// charge counts a call against its bucket. The numbers are Okta's last published ones for Workforce Identity Cloud.
func (o *Org) charge(operation string) *allowance {
	_, path, _ := strings.Cut(operation, " ")
	name, limit := "/api/v1", 1200
	switch {
	case path == "/api/v1/apps/{id}":
		name, limit = path, 500
	case strings.HasPrefix(path, "/api/v1/apps"):
		name, limit = "/api/v1/apps", 100
	case path == "/api/v1/groups/{groupId}":
		name, limit = path, 1000
	case strings.HasPrefix(path, "/api/v1/groups"):
		name, limit = "/api/v1/groups", 500
	case path == "/api/v1/logs":
		name, limit = path, 120
	}
	now := o.clock.Now()
	b := o.buckets[name]
	if b == nil || now.After(b.until) {
		b = &bucket{until: now.Add(o.clock.Scale(time.Minute))}
		o.buckets[name] = b
	}
	b.used++
	a := &allowance{limit: limit, remaining: max(0, limit-b.used), over: b.used > limit}
	a.reset = int64(math.Ceil(float64(b.until.UnixMilli()) / 1000))
	return a
}
