package awsworld

import "net/http"

const (
	userSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	listSchema       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
)

// serviceProviderConfig is what the endpoint says of itself.
func serviceProviderConfig() any {
	supported := func(is bool) map[string]any { return map[string]any{"supported": is} }
	return map[string]any{
		"schemas":          []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source-idp.html",
		"authenticationSchemes": []map[string]any{{
			"type": "oauthbearertoken", "name": "OAuth Bearer Token", "description": "Authentication scheme using the OAuth Bearer Token Standard",
			"specUri": "https://www.rfc-editor.org/info/rfc6750", "documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html", "primary": true,
		}},
		"patch": supported(true), "bulk": map[string]any{"supported": false, "maxOperations": 1, "maxPayloadSize": 1048576},
		"filter": map[string]any{"supported": true, "maxResults": 50}, "changePassword": supported(false), "sort": supported(false), "etag": supported(false),
	}
}

func schemas() []map[string]any {
	schema := func(id, name string, attributes ...string) map[string]any {
		var list []map[string]any
		for _, attribute := range attributes {
			list = append(list, map[string]any{"name": attribute, "mutability": "readWrite", "returned": "default"})
		}
		return map[string]any{"id": id, "name": name, "attributes": list, "schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}}
	}
	return []map[string]any{
		schema(userSchema, "User", "userName", "externalId", "name", "displayName", "nickName", "profileUrl", "title", "userType",
			"preferredLanguage", "locale", "timezone", "active", "emails", "phoneNumbers", "addresses"),
		schema(groupSchema, "Group", "displayName", "externalId", "members"),
		schema(enterpriseSchema, "Enterprise User", "employeeNumber", "costCenter", "organization", "division", "department", "manager"),
	}
}

func resourceTypes() []map[string]any {
	kind := func(id, schema string) map[string]any {
		return map[string]any{"id": id, "name": id, "endpoint": "/" + id + "s", "schema": schema, "schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}}
	}
	return []map[string]any{kind("User", userSchema), kind("Group", groupSchema)}
}

// describe answers with a list of descriptions, or with one of them by its ID.
func (s *scimCall) describe(all []map[string]any) (int, any, error) {
	if s.id == "" {
		return http.StatusOK, map[string]any{"schemas": []string{listSchema}, "totalResults": len(all), "itemsPerPage": len(all), "startIndex": 1, "Resources": all}, nil
	}
	for _, one := range all {
		if one["id"] == s.id {
			return http.StatusOK, one, nil
		}
	}
	return 0, nil, notFound(s.collection, s.id)
}
