package awsworld

import (
	"encoding/json"
	"strings"
)

// operation is one attribute that UpdateUser or UpdateGroup sets. A value of null removes the attribute.
type attributeOperation struct {
	AttributePath  string
	AttributeValue json.RawMessage
}

type updateInput struct {
	IdentityStoreId, UserId, GroupId, DisplayName, Description, MembershipId string
	MemberId                                                                 memberID
	Operations                                                               []attributeOperation
}

// duplicate is the error for an attribute that somebody else has.
func (c *call) duplicate(format string, args ...any) *apiError {
	return failure("ConflictException", format, args...).having("Reason", "UNIQUENESS_CONSTRAINT_VIOLATION").having("RequestId", c.request)
}

// userHere finds a user in an identity store.
func (c *call) userHere(store, id string) (*instance, *user, error) {
	i, err := c.directoryHere(store)
	if err != nil {
		return nil, nil, err
	}
	u := i.directory.byID[id]
	if u == nil {
		return nil, nil, c.missing("USER", id)
	}
	return i, u, nil
}

// updatable are the attributes of users that UpdateUser knows, as SCIM spells them.
func updatable() []string {
	return []string{"userName", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone", "name",
		"name.formatted", "name.familyName", "name.givenName", "name.middleName", "name.honorificPrefix", "name.honorificSuffix",
		"emails", "phoneNumbers", "addresses"}
}

func (c *call) updateStoreUser(in updateInput) (any, error) {
	i, u, err := c.userHere(in.IdentityStoreId, in.UserId)
	if err != nil {
		return nil, err
	}
	there, err := json.Marshal(u.attributes)
	if err != nil {
		return nil, err
	}
	tree := map[string]any{}
	if err := json.Unmarshal(there, &tree); err != nil {
		return nil, err
	}
	for _, operation := range in.Operations {
		path := spelled(operation.AttributePath)
		if path == "" {
			return nil, invalid("The attribute path %s is not supported for users.", operation.AttributePath)
		}
		if err := set(tree, path, operation.AttributeValue); err != nil {
			return nil, err
		}
	}
	var updated attributes
	data, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(data, &updated) != nil {
		return nil, invalid("An attribute value has the wrong type.")
	}
	if updated.UserName == "" || updated.DisplayName == "" || updated.Name.GivenName == "" || updated.Name.FamilyName == "" {
		return nil, invalid("UserName, DisplayName, Name.GivenName and Name.FamilyName are required.")
	}
	if attribute, conflict := i.directory.taken(updated, u); conflict {
		return nil, c.duplicate("Duplicate %s", attribute)
	}
	i.directory.put(u, updated, c.world.clock.Now())
	c.effect = changed
	return nil, nil
}

// spelled is an attribute path as SCIM spells it; paths have no case.
func spelled(path string) string {
	for _, known := range updatable() {
		if strings.EqualFold(known, path) {
			return known
		}
	}
	return ""
}

// set puts a value at a path of one or two steps.
func set(tree map[string]any, path string, value json.RawMessage) error {
	if first, rest, nested := strings.Cut(path, "."); nested {
		below, _ := tree[first].(map[string]any)
		if below == nil {
			below = map[string]any{}
		}
		tree[first] = below
		return set(below, rest, value)
	}
	var decoded any
	if len(value) > 0 && json.Unmarshal(value, &decoded) != nil {
		return invalid("The value of %s could not be read.", path)
	}
	if decoded == nil {
		delete(tree, path)
		return nil
	}
	tree[path] = decoded
	return nil
}

// deleteStoreUser leaves assignments behind, dead, as the user guide's troubleshooting says.
func (c *call) deleteStoreUser(in updateInput) (any, error) {
	i, u, err := c.userHere(in.IdentityStoreId, in.UserId)
	if err != nil {
		return nil, err
	}
	i.directory.removeUser(u)
	c.effect = deleted
	return nil, nil
}

func (c *call) createStoreGroup(in updateInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	switch {
	case err != nil:
		return nil, err
	case in.DisplayName == "":
		return nil, invalid("DisplayName is required.")
	case i.directory.groupsByName[strings.ToLower(in.DisplayName)] != nil:
		return nil, c.duplicate("Duplicate GroupDisplayName")
	}
	g := c.world.addGroup(i.directory, in.DisplayName, "")
	g.description, c.effect = in.Description, created
	return struct{ IdentityStoreId, GroupId string }{i.directory.id, g.id}, nil
}

func (c *call) updateStoreGroup(in updateInput) (any, error) {
	i, g, err := c.groupHere(in.IdentityStoreId, in.GroupId)
	if err != nil {
		return nil, err
	}
	name, description := g.name, g.description
	for _, operation := range in.Operations {
		var value *string
		if len(operation.AttributeValue) > 0 && json.Unmarshal(operation.AttributeValue, &value) != nil {
			return nil, invalid("The value of %s must be a string.", operation.AttributePath)
		}
		if value == nil {
			value = new(string)
		}
		switch strings.ToLower(operation.AttributePath) {
		case "displayname":
			name = *value
		case "description":
			description = *value
		default:
			return nil, invalid("The attribute path %s is not supported for groups.", operation.AttributePath)
		}
	}
	if name == "" {
		return nil, invalid("DisplayName is required.")
	}
	if other := i.directory.groupsByName[strings.ToLower(name)]; other != nil && other != g {
		return nil, c.duplicate("Duplicate GroupDisplayName")
	}
	i.directory.rename(g, name, g.externalID, c.world.clock.Now())
	g.description, c.effect = description, changed
	return nil, nil
}

func (c *call) deleteStoreGroup(in updateInput) (any, error) {
	i, g, err := c.groupHere(in.IdentityStoreId, in.GroupId)
	if err != nil {
		return nil, err
	}
	i.directory.removeGroup(g)
	c.effect = deleted
	return nil, nil
}

// place finds group, user and, when there is one, membership of a call.
func (c *call) place(in updateInput) (*instance, *group, *user, error) {
	i, g, err := c.groupHere(in.IdentityStoreId, in.GroupId)
	if err != nil {
		return nil, nil, nil, err
	}
	_, u, err := c.userHere(in.IdentityStoreId, in.MemberId.UserId)
	return i, g, u, err
}

type membershipKey struct{ IdentityStoreId, MembershipId string }

func (c *call) createMembership(in updateInput) (any, error) {
	i, g, u, err := c.place(in)
	if err != nil {
		return nil, err
	}
	if u.memberships[g] != nil {
		return nil, c.duplicate("Member and Group relationship already exists.")
	}
	c.world.join(i.directory, g, u)
	c.effect = created
	return membershipKey{i.directory.id, u.memberships[g].id}, nil
}

func (c *call) getMembershipID(in updateInput) (any, error) {
	i, g, u, err := c.place(in)
	if err != nil {
		return nil, err
	}
	if u.memberships[g] == nil {
		return nil, c.missing("GROUP_MEMBERSHIP", "")
	}
	return membershipKey{i.directory.id, u.memberships[g].id}, nil
}

// membershipHere finds a membership by its ID, among all: only administration by hand asks like this.
func (c *call) membershipHere(in updateInput) (*instance, *membership, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range i.directory.groups {
		if m := find(g.members, func(m *membership) bool { return m.id == in.MembershipId }); m != nil {
			return i, m, nil
		}
	}
	return nil, nil, c.missing("GROUP_MEMBERSHIP", in.MembershipId)
}

func (c *call) describeMembership(in updateInput) (any, error) {
	i, m, err := c.membershipHere(in)
	if err != nil {
		return nil, err
	}
	return i.membershipOutput(m), nil
}

func (c *call) deleteMembership(in updateInput) (any, error) {
	i, m, err := c.membershipHere(in)
	if err != nil {
		return nil, err
	}
	i.directory.leave(m.group, m.user)
	c.effect = deleted
	return nil, nil
}
