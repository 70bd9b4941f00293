package awsworld

import "strings"

func (w *World) identityStoreOperations() map[string]handler {
	return map[string]handler{
		"DescribeIdentityStore": on((*call).describeIdentityStore),
		"ListUsers":             on((*call).listUsers), "DescribeUser": on((*call).describeUser), "GetUserId": on((*call).getUserID),
		"CreateUser": on((*call).createStoreUser), "UpdateUser": on((*call).updateStoreUser), "DeleteUser": on((*call).deleteStoreUser),
		"ListGroups": on((*call).listGroups), "DescribeGroup": on((*call).describeGroup), "GetGroupId": on((*call).getGroupID),
		"CreateGroup": on((*call).createStoreGroup), "UpdateGroup": on((*call).updateStoreGroup), "DeleteGroup": on((*call).deleteStoreGroup),
		"ListGroupMemberships": on((*call).listGroupMemberships), "ListGroupMembershipsForMember": on((*call).listMembershipsForMember),
		"CreateGroupMembership": on((*call).createMembership), "DescribeGroupMembership": on((*call).describeMembership),
		"GetGroupMembershipId": on((*call).getMembershipID), "DeleteGroupMembership": on((*call).deleteMembership),
		"IsMemberInGroups": on((*call).isMemberInGroups),
	}
}

// storeInput is what the reading operations share.
type storeInput struct {
	IdentityStoreId, UserId, GroupId, NextToken string
	MaxResults                                  int
	Filters                                     []struct{ AttributePath, AttributeValue string }
	AlternateIdentifier                         struct {
		UniqueAttribute *struct {
			AttributePath  string
			AttributeValue any
		}
		ExternalId *externalID
	}
	MemberId struct{ UserId string }
	GroupIds []string
}

type externalID struct{ Issuer, Id string }

func (c *call) describeIdentityStore(in storeInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	return struct {
		IdentityStoreId, IdentityStoreArn string
		NetworkConfiguration              networkControls
	}{IdentityStoreId: i.directory.id, IdentityStoreArn: i.storeARN(), NetworkConfiguration: c.world.networkControls()}, nil
}

// missing is the error for a user or group that isn't there.
func (c *call) missing(kind, id string) *apiError {
	e := failure("ResourceNotFoundException", "%s not found.", kind).having("ResourceType", kind).having("RequestId", c.request)
	if id != "" {
		e.having("ResourceId", id)
	}
	return e
}

// The spelling of Identity Store's structures.
type (
	storeName struct {
		Formatted       string `json:",omitempty"`
		FamilyName      string `json:",omitempty"`
		GivenName       string `json:",omitempty"`
		MiddleName      string `json:",omitempty"`
		HonorificPrefix string `json:",omitempty"`
		HonorificSuffix string `json:",omitempty"`
	}
	storeValued struct {
		Value   string `json:",omitempty"`
		Type    string `json:",omitempty"`
		Primary bool   `json:",omitempty"`
	}
	storeAddress struct {
		Formatted     string `json:",omitempty"`
		StreetAddress string `json:",omitempty"`
		Locality      string `json:",omitempty"`
		Region        string `json:",omitempty"`
		PostalCode    string `json:",omitempty"`
		Country       string `json:",omitempty"`
		Type          string `json:",omitempty"`
		Primary       bool   `json:",omitempty"`
	}
	storeAttributes struct {
		UserName          string         `json:",omitempty"`
		DisplayName       string         `json:",omitempty"`
		NickName          string         `json:",omitempty"`
		ProfileUrl        string         `json:",omitempty"`
		Title             string         `json:",omitempty"`
		UserType          string         `json:",omitempty"`
		PreferredLanguage string         `json:",omitempty"`
		Locale            string         `json:",omitempty"`
		Timezone          string         `json:",omitempty"`
		Name              *storeName     `json:",omitempty"`
		Emails            []storeValued  `json:",omitempty"`
		PhoneNumbers      []storeValued  `json:",omitempty"`
		Addresses         []storeAddress `json:",omitempty"`
	}
	storeUser struct {
		IdentityStoreId, UserId, UserStatus string
		ExternalIds                         []externalID `json:",omitempty"`
		storeAttributes
		CreatedAt, UpdatedAt stamp
	}
)

func (i *instance) storeUser(u *user) storeUser {
	name := storeName(u.Name)
	out := storeUser{
		IdentityStoreId: i.directory.id, UserId: u.id, UserStatus: "DISABLED", CreatedAt: stamp{u.created}, UpdatedAt: stamp{u.updated},
		ExternalIds: i.externalIDs(u.ExternalID),
		storeAttributes: storeAttributes{
			UserName: u.UserName, DisplayName: u.DisplayName, NickName: u.NickName, ProfileUrl: u.ProfileURL, Title: u.Title, UserType: u.UserType,
			PreferredLanguage: u.PreferredLanguage, Locale: u.Locale, Timezone: u.Timezone, Name: &name,
		},
	}
	if u.Active {
		out.UserStatus = "ENABLED"
	}
	for _, v := range u.Emails {
		out.Emails = append(out.Emails, storeValued(v))
	}
	for _, v := range u.PhoneNumbers {
		out.PhoneNumbers = append(out.PhoneNumbers, storeValued(v))
	}
	for _, v := range u.Addresses {
		out.Addresses = append(out.Addresses, storeAddress(v))
	}
	return out
}

// externalIDs names the SCIM tenant as the issuer. Users made inside Identity Center have none.
func (i *instance) externalIDs(id string) []externalID {
	if id == "" || i.tenant == nil {
		return nil
	}
	return []externalID{{Issuer: "https://scim.aws.com/" + i.tenant.id, Id: id}}
}

func (c *call) listUsers(in storeInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	users := i.directory.users
	for _, filter := range in.Filters {
		if !strings.EqualFold(filter.AttributePath, "UserName") {
			return nil, invalid("The attribute path %s is not supported by filters on users.", filter.AttributePath)
		}
		users = nil
		if u := i.directory.byName[strings.ToLower(filter.AttributeValue)]; u != nil {
			users = []*user{u}
		}
	}
	cut, next, err := page(c, users, in.MaxResults, 100, in.NextToken)
	out := struct {
		Users     []storeUser
		NextToken string `json:",omitempty"`
	}{Users: []storeUser{}, NextToken: next}
	for _, u := range cut {
		out.Users = append(out.Users, i.storeUser(u))
	}
	return out, err
}

func (c *call) describeUser(in storeInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	u := i.directory.byID[in.UserId]
	if u == nil {
		return nil, c.missing("USER", in.UserId)
	}
	return i.storeUser(u), nil
}

// alternate is the attribute path in lower case and the value of an alternate identifier.
func (in storeInput) alternate() (path, value string, err error) {
	switch id := in.AlternateIdentifier; {
	case id.ExternalId != nil && id.UniqueAttribute == nil:
		return "externalid", id.ExternalId.Id, nil
	case id.UniqueAttribute != nil && id.ExternalId == nil:
		text, ok := id.UniqueAttribute.AttributeValue.(string)
		if !ok {
			return "", "", invalid("The attribute value must be a string.")
		}
		return strings.ToLower(id.UniqueAttribute.AttributePath), text, nil
	default:
		return "", "", invalid("AlternateIdentifier must have exactly one of UniqueAttribute and ExternalId.")
	}
}

func (c *call) getUserID(in storeInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	path, value, err := in.alternate()
	if err != nil {
		return nil, err
	}
	indexes := map[string]*user{
		"username": i.directory.byName[strings.ToLower(value)], "emails.value": i.directory.byEmail[strings.ToLower(value)], "externalid": i.directory.byExternal[value],
	}
	u, known := indexes[path]
	if !known {
		return nil, invalid("The attribute path %s is not supported for users.", path)
	}
	if u == nil {
		return nil, c.missing("USER", "")
	}
	return struct{ IdentityStoreId, UserId string }{i.directory.id, u.id}, nil
}

type createUserInput struct {
	IdentityStoreId string
	storeAttributes
}

// createStoreUser makes a user through the API, who has no external ID.
func (c *call) createStoreUser(in createUserInput) (any, error) {
	i, err := c.directoryHere(in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	if in.UserName == "" || in.DisplayName == "" || in.Name == nil || in.Name.GivenName == "" || in.Name.FamilyName == "" {
		return nil, invalid("UserName, DisplayName, Name.GivenName and Name.FamilyName are required.")
	}
	a := attributes{
		UserName: in.UserName, DisplayName: in.DisplayName, NickName: in.NickName, ProfileURL: in.ProfileUrl, Title: in.Title, UserType: in.UserType,
		PreferredLanguage: in.PreferredLanguage, Locale: in.Locale, Timezone: in.Timezone, Name: personName(*in.Name), Active: true,
	}
	for _, v := range in.Emails {
		a.Emails = append(a.Emails, valued(v))
	}
	for _, v := range in.PhoneNumbers {
		a.PhoneNumbers = append(a.PhoneNumbers, valued(v))
	}
	for _, v := range in.Addresses {
		a.Addresses = append(a.Addresses, address(v))
	}
	if attribute, conflict := i.directory.taken(a, nil); conflict {
		return nil, c.duplicate("Duplicate %s", attribute)
	}
	u := c.world.createUser(i.directory, a)
	c.effect = created
	return struct{ IdentityStoreId, UserId string }{i.directory.id, u.id}, nil
}
