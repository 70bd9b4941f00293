package okta_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// endpoint is a little SCIM endpoint that is as picky as AWS's.
type endpoint struct {
	url, token string

	mu       sync.Mutex
	users    map[string]map[string]any
	groups   map[string]string
	members  map[string]map[string]bool
	requests []string
	largest  int
	made     int
	// refuse answers instead of the endpoint when it returns a status.
	refuse func(r *http.Request) (status int, detail string, retryAfter int)
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{token: "scim-token", users: map[string]map[string]any{}, groups: map[string]string{}, members: map[string]map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tenant/scim/v2/ServiceProviderConfig", e.config)
	mux.HandleFunc("GET /tenant/scim/v2/Users", e.findUser)
	mux.HandleFunc("POST /tenant/scim/v2/Users", e.createUser)
	mux.HandleFunc("PUT /tenant/scim/v2/Users/{id}", e.replaceUser)
	mux.HandleFunc("PATCH /tenant/scim/v2/Users/{id}", e.patchUser)
	mux.HandleFunc("GET /tenant/scim/v2/Groups", e.findGroup)
	mux.HandleFunc("GET /tenant/scim/v2/Groups/{id}", e.getGroup)
	mux.HandleFunc("POST /tenant/scim/v2/Groups", e.createGroup)
	mux.HandleFunc("PATCH /tenant/scim/v2/Groups/{id}", e.patchGroup)
	mux.HandleFunc("DELETE /tenant/scim/v2/Groups/{id}", e.deleteGroup)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.requests = append(e.requests, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/tenant/scim/v2"))
		if r.Header.Get("Authorization") != "Bearer "+e.token {
			e.fail(w, http.StatusUnauthorized, "")
			return
		}
		if e.refuse != nil {
			if status, detail, after := e.refuse(r); status != 0 {
				if after > 0 {
					w.Header().Set("Retry-After", strconv.Itoa(after))
				}
				e.fail(w, status, detail)
				return
			}
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	e.url = server.URL + "/tenant/scim/v2"
	return e
}

const unparsable = "Request is unparsable, syntactically incorrect, or violates schema."

func (e *endpoint) fail(w http.ResponseWriter, status int, detail string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"detail": detail, "status": strconv.Itoa(status)})
}

func (e *endpoint) answer(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (e *endpoint) config(w http.ResponseWriter, _ *http.Request) {
	e.answer(w, 200, map[string]any{"patch": map[string]bool{"supported": true}})
}

var equals = regexp.MustCompile(`^(\w+) eq "(.*)"$`)

func (e *endpoint) findUser(w http.ResponseWriter, r *http.Request) {
	found := []any{}
	if m := equals.FindStringSubmatch(r.URL.Query().Get("filter")); m != nil && m[1] == "userName" {
		for _, u := range e.users {
			if strings.EqualFold(u["userName"].(string), m[2]) {
				found = append(found, u)
			}
		}
	}
	e.answer(w, 200, map[string]any{"Resources": found})
}

func (e *endpoint) newID(kind string) string {
	e.made++
	return fmt.Sprintf("%s-%d", kind, e.made)
}

// valid is what AWS checks: names there, none of < > ; : % in them.
func valid(u map[string]any) bool {
	name, _ := u["name"].(map[string]any)
	for _, value := range []any{u["userName"], u["displayName"], name["givenName"], name["familyName"]} {
		text, _ := value.(string)
		if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "<>;:%") {
			return false
		}
	}
	return true
}

func (e *endpoint) createUser(w http.ResponseWriter, r *http.Request) {
	var u map[string]any
	if json.NewDecoder(r.Body).Decode(&u) != nil || !valid(u) {
		e.fail(w, 400, unparsable)
		return
	}
	for _, other := range e.users {
		if strings.EqualFold(other["userName"].(string), u["userName"].(string)) {
			e.fail(w, 409, "Refused to create a new, duplicate resource")
			return
		}
	}
	id := e.newID("user")
	u["id"] = id
	e.users[id] = u
	e.answer(w, 201, u)
}

func (e *endpoint) replaceUser(w http.ResponseWriter, r *http.Request) {
	var u map[string]any
	id := r.PathValue("id")
	switch {
	case json.NewDecoder(r.Body).Decode(&u) != nil || !valid(u):
		e.fail(w, 400, unparsable)
	case e.users[id] == nil:
		e.fail(w, 404, "")
	default:
		u["id"] = id
		e.users[id] = u
		e.answer(w, 200, u)
	}
}

type patch struct {
	Operations []struct {
		Op, Path string
		Value    any
	}
}

func (e *endpoint) patchUser(w http.ResponseWriter, r *http.Request) {
	var p patch
	if json.NewDecoder(r.Body).Decode(&p) != nil || len(p.Operations) != 1 || p.Operations[0].Path != "active" {
		e.fail(w, 400, unparsable)
		return
	}
	e.users[r.PathValue("id")]["active"] = p.Operations[0].Value
	e.answer(w, 200, map[string]any{})
}

func (e *endpoint) findGroup(w http.ResponseWriter, r *http.Request) {
	found := []any{}
	if m := equals.FindStringSubmatch(r.URL.Query().Get("filter")); m != nil && m[1] == "displayName" {
		for id, name := range e.groups {
			if name == m[2] {
				found = append(found, map[string]any{"id": id, "displayName": name})
			}
		}
	}
	e.answer(w, 200, map[string]any{"Resources": found})
}

func (e *endpoint) getGroup(w http.ResponseWriter, r *http.Request) {
	if _, ok := e.groups[r.PathValue("id")]; !ok {
		e.fail(w, 404, "")
		return
	}
	e.answer(w, 200, map[string]any{"id": r.PathValue("id")})
}

func (e *endpoint) createGroup(w http.ResponseWriter, r *http.Request) {
	var g struct{ DisplayName string }
	if json.NewDecoder(r.Body).Decode(&g) != nil || g.DisplayName == "" {
		e.fail(w, 400, unparsable)
		return
	}
	for _, name := range e.groups {
		if name == g.DisplayName {
			e.fail(w, 409, "Duplicate GroupDisplayName")
			return
		}
	}
	id := e.newID("group")
	e.groups[id], e.members[id] = g.DisplayName, map[string]bool{}
	e.answer(w, 201, map[string]any{"id": id})
}

func (e *endpoint) patchGroup(w http.ResponseWriter, r *http.Request) {
	var p patch
	id := r.PathValue("id")
	if _, ok := e.groups[id]; !ok {
		e.fail(w, 404, "")
		return
	}
	if json.NewDecoder(r.Body).Decode(&p) != nil || len(p.Operations) != 1 || p.Operations[0].Path != "members" {
		e.fail(w, 400, "Missing path in PATCH request")
		return
	}
	changes := p.Operations[0].Value.([]any)
	e.largest = max(e.largest, len(changes))
	if len(changes) > 100 {
		e.fail(w, 400, unparsable)
		return
	}
	for _, change := range changes {
		member := change.(map[string]any)["value"].(string)
		if p.Operations[0].Op == "remove" {
			delete(e.members[id], member)
		} else {
			e.members[id][member] = true
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (e *endpoint) deleteGroup(w http.ResponseWriter, r *http.Request) {
	delete(e.groups, r.PathValue("id"))
	delete(e.members, r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
}

// user is the user of that name, nil if there is none.
func (e *endpoint) user(name string) map[string]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, u := range e.users {
		if u["userName"] == name {
			return u
		}
	}
	return nil
}

// names are the user names of a group's members, sorted; ok is false when there is no such group.
func (e *endpoint) names(group string) (names []string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, name := range e.groups {
		if name != group {
			continue
		}
		for member := range e.members[id] {
			names = append(names, e.users[member]["userName"].(string))
		}
		slices.Sort(names)
		return names, true
	}
	return nil, false
}

// count is how many requests of this kind there were.
func (e *endpoint) count(request string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, r := range e.requests {
		if r == request {
			n++
		}
	}
	return n
}

func (e *endpoint) change(do func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	do()
}
