package awsworld

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// maxMembers is how many members a group may be created with, and how many one PATCH may change.
const maxMembers = 100

type scimGroup struct {
	ID          string   `json:"id"`
	Schemas     []string `json:"schemas"`
	Meta        meta     `json:"meta"`
	DisplayName string   `json:"displayName"`
	ExternalID  string   `json:"externalId,omitempty"`
	// Members is always empty in answers, as the developer guide says of GetGroup and ListGroups.
	Members []scimMember `json:"members"`
}

type scimMember struct {
	Value string `json:"value"`
}

func (g *group) scim() any {
	return scimGroup{
		ID: g.id, Schemas: []string{groupSchema}, Meta: scimMeta("Group", g.created, g.updated), DisplayName: g.name, ExternalID: g.externalID, Members: []scimMember{},
	}
}

func (s *scimCall) groupCollection(method string) (int, any, error) {
	switch method {
	case http.MethodGet:
		return s.listGroups()
	case http.MethodPost:
		return s.createGroup()
	default:
		return 0, nil, notSupported()
	}
}

func (s *scimCall) listGroups() (int, any, error) {
	conditions, err := s.conditions()
	if err != nil {
		return 0, nil, err
	}
	groups := s.instance.directory.groups
	for _, c := range conditions {
		var fits func(*group) bool
		switch c.attribute {
		case "displayname":
			groups, fits = named(s.instance.directory.groupsByName[strings.ToLower(c.value)], groups), everyGroup
		case "externalid":
			fits = func(g *group) bool { return g.externalID == c.value }
		case "id":
			fits = func(g *group) bool { return g.id == c.value }
		case "member", "members", "members.value":
			fits = func(g *group) bool { return s.instance.directory.isMember(g.id, c.value) }
		default:
			return 0, nil, badSCIM("Invalid Filter format")
		}
		var kept []*group
		for _, g := range groups {
			if fits(g) {
				kept = append(kept, g)
			}
		}
		groups = kept
	}
	return scimList(s, groups, (*group).scim)
}

func everyGroup(*group) bool { return true }

// named narrows groups down to the one that an index found.
func named(found *group, groups []*group) []*group {
	if found == nil || !slices.Contains(groups, found) {
		return nil
	}
	return []*group{found}
}

func (s *scimCall) createGroup() (int, any, error) {
	var in scimGroup
	if json.Unmarshal(s.body, &in) != nil {
		return 0, nil, badSCIM("Invalid JSON from RequestBody")
	}
	s.params["displayName"] = in.DisplayName
	directory := s.instance.directory
	switch {
	case !clean(in.DisplayName):
		return 0, nil, unparsable()
	case len(in.Members) > maxMembers:
		return 0, nil, badSCIM("List attribute members exceeds allowed limit of %d", maxMembers)
	case directory.groupsByName[strings.ToLower(in.DisplayName)] != nil:
		return 0, nil, duplicate("Duplicate GroupDisplayName")
	case in.ExternalID != "" && directory.groupsByExternal[in.ExternalID] != nil:
		return 0, nil, duplicate("Refused to create a new, duplicate resource")
	}
	users, err := s.members(in.Members)
	if err != nil {
		return 0, nil, err
	}
	g := s.world.addGroup(directory, in.DisplayName, in.ExternalID)
	for _, u := range users {
		s.world.join(directory, g, u)
	}
	s.params["id"], s.effect = g.id, created
	return http.StatusCreated, g.scim(), nil
}

// members finds the users behind member references.
func (s *scimCall) members(references []scimMember) ([]*user, error) {
	var users []*user
	for _, member := range references {
		u := s.instance.directory.byID[member.Value]
		if u == nil {
			return nil, notFound("User", member.Value)
		}
		users = append(users, u)
	}
	return users, nil
}

func (s *scimCall) oneGroup(method string) (int, any, error) {
	s.params["id"] = s.id
	directory := s.instance.directory
	g := directory.groupsByID[s.id]
	if g == nil {
		return 0, nil, notFound("Group", s.id)
	}
	s.params["displayName"] = g.name
	switch method {
	case http.MethodGet:
		return http.StatusOK, g.scim(), nil
	case http.MethodPatch:
		if err := s.patchGroup(g); err != nil {
			return 0, nil, err
		}
		s.effect = changed
		return http.StatusNoContent, nil, nil
	case http.MethodDelete:
		directory.removeGroup(g)
		s.effect = deleted
		return http.StatusNoContent, nil, nil
	default: // PutGroup is not supported
		return 0, nil, notSupported()
	}
}

// groupChange is what a PATCH does to a group, checked as a whole before anything is done.
type groupChange struct {
	name, externalID string
	joining, leaving []*user
}

func (s *scimCall) patchGroup(g *group) error {
	var body patch
	if json.Unmarshal(s.body, &body) != nil {
		return badSCIM("Invalid JSON from RequestBody")
	}
	change := groupChange{name: g.name, externalID: g.externalID}
	for _, operation := range body.Operations {
		if err := s.plan(&change, strings.ToLower(operation.Op), operation.Path, operation.Value); err != nil {
			return err
		}
	}
	directory := s.instance.directory
	if len(change.joining)+len(change.leaving) > maxMembers {
		return badSCIM("A PATCH request can change at most %d members", maxMembers)
	}
	if other := directory.groupsByName[strings.ToLower(change.name)]; other != nil && other != g {
		return duplicate("Duplicate GroupDisplayName")
	}
	directory.rename(g, change.name, change.externalID, s.world.clock.Now())
	for _, u := range change.joining {
		s.world.join(directory, g, u)
	}
	for _, u := range change.leaving {
		directory.leave(g, u)
	}
	return nil
}

func (s *scimCall) plan(change *groupChange, op, path string, value any) error {
	text, isText := value.(string)
	filter := regexp.MustCompile(`^members\[value eq "([^"]+)"\]$`).FindStringSubmatch(path)
	switch {
	case path == "":
		return badSCIM("Missing path in PATCH request")
	case path == "displayName" && isText && op != "remove":
		if !clean(text) {
			return unparsable()
		}
		change.name = text
	case path == "externalId" && isText && op != "remove":
		change.externalID = text
	case path == "externalId" && op == "remove":
		change.externalID = ""
	case filter != nil && op == "remove":
		users, err := s.members([]scimMember{{Value: filter[1]}})
		change.leaving = append(change.leaving, users...)
		return err
	case path == "members" && value != nil && (op == "add" || op == "remove"):
		users, err := s.memberValues(value)
		if op == "add" {
			change.joining = append(change.joining, users...)
		} else {
			change.leaving = append(change.leaving, users...)
		}
		return err
	default: // among others, replacing or removing all members at once
		return unparsable()
	}
	return nil
}

// memberValues reads one member reference or a list of them.
func (s *scimCall) memberValues(value any) ([]*user, error) {
	if _, isList := value.([]any); !isList {
		value = []any{value}
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var references []scimMember
	if json.Unmarshal(data, &references) != nil {
		return nil, unparsable()
	}
	return s.members(references)
}
