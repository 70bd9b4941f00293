package awsworld

import (
	"encoding/json"
	"net/http"
	"sort"
	"strings"
	"time"
)

// meta is the meta attribute of a resource.
type meta struct {
	ResourceType string `json:"resourceType"`
	Created      string `json:"created"`
	LastModified string `json:"lastModified"`
}

func scimMeta(kind string, created, updated time.Time) meta {
	return meta{ResourceType: kind, Created: created.Format(time.RFC3339), LastModified: updated.Format(time.RFC3339)}
}

type scimUser struct {
	ID      string   `json:"id"`
	Schemas []string `json:"schemas"`
	Meta    meta     `json:"meta"`
	attributes
}

func (u *user) scim() any {
	out := scimUser{ID: u.id, Schemas: []string{userSchema}, Meta: scimMeta("User", u.created, u.updated), attributes: u.attributes}
	if u.Enterprise != nil {
		out.Schemas = append(out.Schemas, enterpriseSchema)
	}
	return out
}

func (s *scimCall) userCollection(method string) (int, any, error) {
	switch method {
	case http.MethodGet:
		return s.listUsers()
	case http.MethodPost:
		return s.createUser()
	default:
		return 0, nil, notSupported()
	}
}

func (s *scimCall) listUsers() (int, any, error) {
	conditions, err := s.conditions()
	if err != nil {
		return 0, nil, err
	}
	directory := s.instance.directory
	if len(conditions) == 1 && conditions[0].attribute == "groups.value" { // the members in the order in which they joined
		var members []*membership
		if g := directory.groupsByID[conditions[0].value]; g != nil {
			members = g.members
		}
		return scimList(s, members, func(m *membership) any { return m.user.scim() })
	}
	users := directory.users
	for _, c := range conditions {
		var fits func(*user) bool
		switch c.attribute {
		case "username":
			users, fits = one(directory.byName[strings.ToLower(c.value)], users), everybody
		case "externalid":
			users, fits = one(directory.byExternal[c.value], users), everybody
		case "id":
			users, fits = one(directory.byID[c.value], users), everybody
		case "groups.value":
			fits = func(u *user) bool { return directory.isMember(c.value, u.id) }
		case "manager":
			fits = func(u *user) bool { return u.manager() == c.value }
		default:
			return 0, nil, badSCIM("Invalid Filter format")
		}
		var kept []*user
		for _, u := range users {
			if fits(u) {
				kept = append(kept, u)
			}
		}
		users = kept
	}
	return scimList(s, users, (*user).scim)
}

func everybody(*user) bool { return true }

// one narrows users down to the one that an index found.
func one(found *user, users []*user) []*user {
	if found == nil || len(users) == 0 {
		return nil
	}
	if i := sort.Search(len(users), func(i int) bool { return users[i].number() >= found.number() }); i < len(users) && users[i] == found {
		return []*user{found}
	}
	return nil
}

func (u *user) manager() string {
	manager, _ := u.Enterprise["manager"].(map[string]any)
	id, _ := manager["value"].(string)
	return id
}

func (s *scimCall) createUser() (int, any, error) {
	a, err := readUser(s.body)
	s.params["userName"] = a.UserName
	if err != nil {
		return 0, nil, err
	}
	if _, conflict := s.instance.directory.taken(a, nil); conflict {
		return 0, nil, duplicate("Refused to create a new, duplicate resource")
	}
	u := s.world.createUser(s.instance.directory, a)
	s.params["id"], s.effect = u.id, created
	return http.StatusCreated, u.scim(), nil
}

func (s *scimCall) oneUser(method string) (int, any, error) {
	s.params["id"] = s.id
	directory := s.instance.directory
	u := directory.byID[s.id]
	if u == nil {
		return 0, nil, notFound("User", s.id)
	}
	s.params["userName"] = u.UserName
	switch method {
	case http.MethodGet:
		return http.StatusOK, u.scim(), nil
	case http.MethodPut:
		a, err := readUser(s.body)
		if err != nil {
			return 0, nil, err
		}
		return s.replaceUser(u, a)
	case http.MethodPatch:
		a, err := s.patchedUser(u)
		if err != nil {
			return 0, nil, err
		}
		return s.replaceUser(u, a)
	case http.MethodDelete:
		directory.removeUser(u)
		s.effect = deleted
		return http.StatusNoContent, nil, nil
	default:
		return 0, nil, notSupported()
	}
}

func (s *scimCall) replaceUser(u *user, a attributes) (int, any, error) {
	if _, conflict := s.instance.directory.taken(a, u); conflict {
		return 0, nil, duplicate("Refused to create a new, duplicate resource")
	}
	s.instance.directory.put(u, a, s.world.clock.Now())
	s.effect = changed
	return http.StatusOK, u.scim(), nil
}

// patch is the body of a PATCH request.
type patch struct {
	Operations []struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
}

// patchedUser applies a PATCH to a copy of the user's attributes.
func (s *scimCall) patchedUser(u *user) (attributes, error) {
	var body patch
	if json.Unmarshal(s.body, &body) != nil {
		return attributes{}, badSCIM("Invalid JSON from RequestBody")
	}
	data, err := json.Marshal(u.attributes)
	if err != nil {
		return attributes{}, err
	}
	raw := map[string]any{}
	if err := json.Unmarshal(data, &raw); err != nil {
		return attributes{}, err
	}
	for _, operation := range body.Operations {
		op := strings.ToLower(operation.Op)
		values, isObject := operation.Value.(map[string]any)
		switch {
		case op != "add" && op != "replace" && op != "remove":
			return attributes{}, unparsable()
		case operation.Path != "":
			if err := setAt(raw, operation.Path, operation.Value, op == "remove"); err != nil {
				return attributes{}, err
			}
		case isObject && op != "remove":
			for name, value := range values {
				if err := setAt(raw, name, value, false); err != nil {
					return attributes{}, err
				}
			}
		default:
			return attributes{}, badSCIM("Missing path in PATCH request")
		}
	}
	return checkUser(raw)
}

// setAt sets or removes an attribute, or one below a complex attribute (name.givenName).
func setAt(raw map[string]any, path string, value any, remove bool) error {
	if rest, ok := strings.CutPrefix(path, enterpriseSchema+":"); ok {
		path = enterpriseSchema + "\x00" + rest
	} else if path != enterpriseSchema {
		path = strings.Replace(path, ".", "\x00", 1)
	}
	if strings.ContainsAny(path, "[]") {
		return unparsable()
	}
	outer, inner, nested := strings.Cut(path, "\x00")
	if nested {
		below, ok := raw[outer].(map[string]any)
		if !ok {
			below = map[string]any{}
			raw[outer] = below
		}
		raw, outer = below, inner
	}
	if remove || value == nil {
		delete(raw, outer)
		return nil
	}
	raw[outer] = value
	return nil
}
