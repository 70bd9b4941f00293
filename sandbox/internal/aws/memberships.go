package awsworld

import "strings"

type storeGroup struct {
	IdentityStoreId, GroupId, DisplayName string
	Description                           string       `json:",omitempty"`
	ExternalIds                           []externalID `json:",omitempty"`
	CreatedAt, UpdatedAt                  stamp
}

func (i *instance) storeGroup(g *group) storeGroup {
	return storeGroup{
		IdentityStoreId: i.directory.id, GroupId: g.id, DisplayName: g.name, Description: g.description, ExternalIds: i.externalIDs(g.externalID),
		CreatedAt: stamp{g.created}, UpdatedAt: stamp{g.updated},
	}
}

func (c *call) listGroups(in storeInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	groups := i.directory.groups
	for _, filter := range in.Filters {
		if !strings.EqualFold(filter.AttributePath, "DisplayName") {
			return nil, invalid("The attribute path %s is not supported by filters on groups.", filter.AttributePath)
		}
		groups = nil
		if g := i.directory.groupsByName[strings.ToLower(filter.AttributeValue)]; g != nil {
			groups = []*group{g}
		}
	}
	cut, next, err := page(c, groups, in.MaxResults, 100, in.NextToken)
	out := struct {
		Groups    []storeGroup
		NextToken string `json:",omitempty"`
	}{Groups: []storeGroup{}, NextToken: next}
	for _, g := range cut {
		out.Groups = append(out.Groups, i.storeGroup(g))
	}
	return out, err
}

// groupHere finds a group in an identity store.
func (c *call) groupHere(store, id string) (*instance, *group, error) {
	i, err := c.directoryHere(store)
	if err != nil {
		return nil, nil, err
	}
	g := i.directory.groupsByID[id]
	if g == nil {
		return nil, nil, c.missing("GROUP", id)
	}
	return i, g, nil
}

func (c *call) describeGroup(in storeInput) (any, error) {
	i, g, err := c.groupHere(in.IdentityStoreId, in.GroupId)
	if err != nil {
		return nil, err
	}
	return i.storeGroup(g), nil
}

func (c *call) getGroupID(in storeInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	path, value, err := in.alternate()
	if err != nil {
		return nil, err
	}
	indexes := map[string]*group{"displayname": i.directory.groupsByName[strings.ToLower(value)], "externalid": i.directory.groupsByExternal[value]}
	g, known := indexes[path]
	if !known {
		return nil, invalid("The attribute path %s is not supported for groups.", path)
	}
	if g == nil {
		return nil, c.missing("GROUP", "")
	}
	return struct{ IdentityStoreId, GroupId string }{i.directory.id, g.id}, nil
}

type memberID struct{ UserId string }

type membershipOutput struct {
	IdentityStoreId, MembershipId, GroupId string
	MemberId                               memberID
	CreatedAt, UpdatedAt                   stamp
}

type membershipsOutput struct {
	GroupMemberships []membershipOutput
	NextToken        string `json:",omitempty"`
}

// memberships answers with a page of memberships.
func (c *call) memberships(i *instance, all []*membership, in storeInput) (any, error) {
	cut, next, err := page(c, all, in.MaxResults, 100, in.NextToken)
	out := membershipsOutput{GroupMemberships: []membershipOutput{}, NextToken: next}
	for _, m := range cut {
		out.GroupMemberships = append(out.GroupMemberships, i.membershipOutput(m))
	}
	return out, err
}

func (i *instance) membershipOutput(m *membership) membershipOutput {
	return membershipOutput{
		IdentityStoreId: i.directory.id, MembershipId: m.id, GroupId: m.group.id, MemberId: memberID{m.user.id}, CreatedAt: stamp{m.since}, UpdatedAt: stamp{m.since},
	}
}

func (c *call) listGroupMemberships(in storeInput) (any, error) {
	i, g, err := c.groupHere(in.IdentityStoreId, in.GroupId)
	if err != nil {
		return nil, err
	}
	return c.memberships(i, g.members, in)
}

func (c *call) listMembershipsForMember(in storeInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	u := i.directory.byID[in.MemberId.UserId]
	if u == nil {
		return nil, c.missing("USER", in.MemberId.UserId)
	}
	var all []*membership
	for _, m := range u.memberships {
		all = append(all, m)
	}
	sortByNumber(all)
	return c.memberships(i, all, in)
}

type existence struct {
	GroupId          string
	MemberId         memberID
	MembershipExists bool
}

func (c *call) isMemberInGroups(in storeInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	out := struct{ Results []existence }{[]existence{}}
	for _, id := range in.GroupIds {
		if i.directory.groupsByID[id] == nil {
			return nil, c.missing("GROUP", id)
		}
		out.Results = append(out.Results, existence{id, memberID(in.MemberId), i.directory.isMember(id, in.MemberId.UserId)})
	}
	return out, nil
}
