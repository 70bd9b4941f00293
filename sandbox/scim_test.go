package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"studio-onboarding/sandbox"
)

// endpoint is the SCIM endpoint with a token.
type endpoint struct {
	world
	url, token string
}

// provisioning does the console work up to an enabled SCIM endpoint.
func (w world) provisioning() endpoint {
	w.Helper()
	metadata, _ := w.idpMetadata()
	_, err := w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata})
	w.NoError(err)
	tenant, err := w.EnableProvisioning(w.ctx)
	w.NoError(err)
	return endpoint{w, strings.TrimSuffix(tenant.Endpoint, "/"), tenant.Token}
}

type object = map[string]any

func (e endpoint) do(method, path string, body any) (int, object) {
	e.Helper()
	var content bytes.Buffer
	if text, ok := body.(string); ok {
		content.WriteString(text)
	} else if body != nil {
		e.NoError(json.NewEncoder(&content).Encode(body))
	}
	req, err := http.NewRequestWithContext(e.ctx, method, e.url+path, &content)
	e.NoError(err)
	req.Header.Set("Authorization", "Bearer "+e.token)
	resp, err := http.DefaultClient.Do(req)
	e.NoError(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	e.NoError(err)
	var out object
	if len(data) > 0 {
		e.NoError(json.Unmarshal(data, &out), string(data))
	}
	return resp.StatusCode, out
}

func person(userName string) object {
	return object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": userName, "externalId": "00u-" + userName, "displayName": "Jo Doe",
		"name": object{"givenName": "Jo", "familyName": "Doe"}, "emails": []object{{"value": userName, "type": "work", "primary": true}}, "active": true,
	}
}

// add makes a user and answers with their ID.
func (e endpoint) add(userName string) string {
	e.Helper()
	status, made := e.do(http.MethodPost, "/Users", person(userName))
	e.Equal(http.StatusCreated, status, made)
	return made["id"].(string)
}

func with(base object, path string, value any) object {
	at := base
	steps := strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		at = at[step].(object)
	}
	if last := steps[len(steps)-1]; value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
	return base
}

func patch(op, path string, value any) object {
	operation := object{"op": op, "value": value}
	if path != "" {
		operation["path"] = path
	}
	return object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": []object{operation}}
}

func TestSCIMNeedsTheToken(t *testing.T) {
	w := start(t, fast)
	w.enable()
	e := w.provisioning()
	status, config := e.do(http.MethodGet, "/ServiceProviderConfig", nil)
	w.Equal(http.StatusOK, status)
	w.Equal(true, config["patch"].(object)["supported"])

	wrong := e
	wrong.token = "wrong"
	status, refused := wrong.do(http.MethodGet, "/ServiceProviderConfig", nil)
	w.Equal(http.StatusUnauthorized, status)
	w.Equal("401", refused["status"])
	elsewhere := e
	elsewhere.url = w.URL + "/other-tenant/scim/v2"
	status, _ = elsewhere.do(http.MethodGet, "/Users", nil)
	w.Equal(http.StatusUnauthorized, status)

	second, err := w.EnableProvisioning(w.ctx)
	w.NoError(err)
	w.NotEqual(e.token, second.Token)
	status, _ = endpoint{w, e.url, second.Token}.do(http.MethodGet, "/Users", nil)
	w.Equal(http.StatusOK, status)
	_, err = w.EnableProvisioning(w.ctx)
	w.ErrorContains(err, "at most 2 access tokens")
}

func TestSCIMRefusesUsersThatBreakTheRules(t *testing.T) {
	w := start(t, fast)
	w.enable()
	e := w.provisioning()
	const opaque = "Request is unparsable, syntactically incorrect, or violates schema."
	for name, test := range map[string]struct {
		body   any
		detail string
	}{
		"no last name":          {with(person("a@example.com"), "name.familyName", nil), opaque},
		"an empty last name":    {with(person("a@example.com"), "name.familyName", ""), opaque},
		"no display name":       {with(person("a@example.com"), "displayName", nil), opaque},
		"a forbidden character": {with(person("a@example.com"), "displayName", "Jo <Doe>"), opaque},
		"a control character":   {with(person("a@example.com"), "displayName", "Jo\u0007Doe"), opaque},
		"a password":            {with(person("a@example.com"), "password", "x"), opaque},
		"half an address":       {with(person("a@example.com"), "addresses", []object{{"locality": "Bern"}}), opaque},
		"two e-mail addresses":  {with(person("a@example.com"), "emails", []object{{"value": "a@example.com"}, {"value": "b@example.com"}}), "List attribute emails exceeds allowed limit of 1"},
		"a space in the name":   {with(person("a@example.com"), "userName", "a b"), "1 validation error detected: Value at 'userName' failed to satisfy constraint"},
		"no JSON":               {"{", "Invalid JSON from RequestBody"},
	} {
		status, refused := e.do(http.MethodPost, "/Users", test.body)
		w.Equal(http.StatusBadRequest, status, name)
		w.Contains(refused["detail"], test.detail, name)
		w.Equal("400", refused["status"], name)
	}
	_, users := e.do(http.MethodGet, "/Users", nil)
	w.Empty(users["Resources"])
}

func TestSCIMRefusesDuplicates(t *testing.T) {
	w := start(t, fast)
	w.enable()
	w.NoError(w.CreateUser(w.ctx, "hand.made@example.com", "hand@example.com"))
	e := w.provisioning()
	e.add("jo@example.com")
	for name, body := range map[string]object{
		"user name in another case": with(with(person("x@example.com"), "userName", "JO@example.com"), "externalId", "1"),
		"e-mail address":            with(person("x@example.com"), "emails", []object{{"value": "Jo@example.com"}}),
		"external ID":               with(person("x@example.com"), "externalId", "00u-jo@example.com"),
		"user made by hand":         person("hand.made@example.com"),
	} {
		status, refused := e.do(http.MethodPost, "/Users", body)
		w.Equal(http.StatusConflict, status, name)
		w.Equal("Refused to create a new, duplicate resource", refused["detail"], name)
	}
	status, _ := e.do(http.MethodPost, "/Groups", object{"displayName": "Data"})
	w.Equal(http.StatusCreated, status)
	status, refused := e.do(http.MethodPost, "/Groups", object{"displayName": "DATA"})
	w.Equal(http.StatusConflict, status)
	w.Equal("Duplicate GroupDisplayName", refused["detail"])
}

func TestAUserGoesFromSCIMToTheIdentityStore(t *testing.T) {
	w := start(t, fast)
	_, store := w.enable()
	e := w.provisioning()
	id := e.add("jo@example.com")
	client := identitystore.NewFromConfig(w.worker())
	describe := func() *identitystore.DescribeUserOutput {
		out, err := client.DescribeUser(w.ctx, &identitystore.DescribeUserInput{IdentityStoreId: aws.String(store), UserId: aws.String(id)})
		w.NoError(err)
		return out
	}
	user := describe()
	w.Equal("jo@example.com", *user.UserName)
	w.Equal("00u-jo@example.com", *user.ExternalIds[0].Id)
	w.Equal(idtypes.UserStatusEnabled, user.UserStatus)

	status, _ := e.do(http.MethodPatch, "/Users/"+id, patch("replace", "active", false))
	w.Equal(http.StatusOK, status)
	w.Equal(idtypes.UserStatusDisabled, describe().UserStatus)
	status, _ = e.do(http.MethodPatch, "/Users/"+id, patch("replace", "", object{"active": true, "name.givenName": "Joan"}))
	w.Equal(http.StatusOK, status)
	w.Equal(idtypes.UserStatusEnabled, describe().UserStatus)
	w.Equal("Joan", *describe().Name.GivenName)
	status, _ = e.do(http.MethodPut, "/Users/"+id, with(person("jo@example.com"), "title", "Analyst"))
	w.Equal(http.StatusOK, status)
	w.Equal("Analyst", *describe().Title)
	status, _ = e.do(http.MethodPatch, "/Users/"+id, patch("remove", "name.familyName", nil))
	w.Equal(http.StatusBadRequest, status)
	w.Equal("Doe", *describe().Name.FamilyName)

	status, _ = e.do(http.MethodDelete, "/Users/"+id, nil)
	w.Equal(http.StatusNoContent, status)
	status, _ = e.do(http.MethodGet, "/Users/"+id, nil)
	w.Equal(http.StatusNotFound, status)
	w.NotEqual(id, e.add("jo@example.com"), "somebody who is made again has another ID")
}

func TestSCIMListsByFilterAndByCursor(t *testing.T) {
	w := start(t, fast)
	w.enable()
	e := w.provisioning()
	for i := range 60 {
		e.add(fmt.Sprintf("u%02d@example.com", i))
	}
	list := func(query string) object {
		status, out := e.do(http.MethodGet, "/Users"+query, nil)
		w.Equal(http.StatusOK, status, out)
		return out
	}
	w.Len(list("")["Resources"], 50, "the single page is capped")
	w.EqualValues(60, list("")["totalResults"])
	w.Len(list("?filter=" + url.QueryEscape(`userName eq "U07@example.com"`))["Resources"], 1)
	w.Len(list("?filter=" + url.QueryEscape(`externalId eq "00u-u07@example.com" and userName eq "u08@example.com"`))["Resources"], 0)
	status, refused := e.do(http.MethodGet, "/Users?filter="+url.QueryEscape(`userName sw "u"`), nil)
	w.Equal(http.StatusBadRequest, status)
	w.Equal("Invalid Filter format", refused["detail"])
	status, _ = e.do(http.MethodGet, "/Users?startIndex=51", nil)
	w.Equal(http.StatusBadRequest, status)

	seen := map[any]bool{}
	for query := "?cursor&count=25"; ; {
		page := list(query)
		w.NotContains(page, "totalResults")
		for _, resource := range page["Resources"].([]any) {
			seen[resource.(object)["id"]] = true
		}
		next, more := page["nextCursor"].(string)
		if !more {
			break
		}
		query = "?count=25&cursor=" + url.QueryEscape(next)
	}
	w.Len(seen, 60)
}

func TestSCIMGroups(t *testing.T) {
	w := start(t, fast)
	_, store := w.enable()
	e := w.provisioning()
	var members []object
	var ids []string
	for i := range 101 {
		ids = append(ids, e.add(fmt.Sprintf("u%03d@example.com", i)))
		members = append(members, object{"value": ids[i]})
	}
	status, _ := e.do(http.MethodPost, "/Groups", object{"displayName": "big", "members": members})
	w.Equal(http.StatusBadRequest, status)
	status, made := e.do(http.MethodPost, "/Groups", object{"displayName": "studio", "externalId": "00g1", "members": members[:2]})
	w.Equal(http.StatusCreated, status)
	w.Empty(made["members"])
	group := made["id"].(string)
	change := func(body object) (int, object) { return e.do(http.MethodPatch, "/Groups/"+group, body) }

	status, _ = change(patch("add", "members", members))
	w.Equal(http.StatusBadRequest, status, "more than 100 changes")
	status, _ = change(patch("replace", "members", members[:3]))
	w.Equal(http.StatusBadRequest, status)
	status, refused := change(patch("add", "", object{"members": members[:3]}))
	w.Equal(http.StatusBadRequest, status)
	w.Equal("Missing path in PATCH request", refused["detail"])
	status, _ = change(patch("add", "members", members[:100]))
	w.Equal(http.StatusNoContent, status)
	status, _ = change(patch("remove", `members[value eq "`+ids[0]+`"]`, nil))
	w.Equal(http.StatusNoContent, status)
	status, _ = change(patch("remove", "members", members[1:2]))
	w.Equal(http.StatusNoContent, status)
	status, _ = change(patch("replace", "displayName", "studio-users"))
	w.Equal(http.StatusNoContent, status)
	status, _ = change(patch("add", "members", []object{{"value": "nobody"}}))
	w.Equal(http.StatusNotFound, status)
	status, _ = e.do(http.MethodPut, "/Groups/"+group, made)
	w.Equal(http.StatusNotFound, status, "PutGroup is not supported")

	client := identitystore.NewFromConfig(w.worker())
	found, err := client.GetGroupId(w.ctx, &identitystore.GetGroupIdInput{IdentityStoreId: aws.String(store), AlternateIdentifier: unique("displayName", "studio-users")})
	w.NoError(err)
	w.Equal(group, *found.GroupId)
	count := 0
	for pages := identitystore.NewListGroupMembershipsPaginator(client, &identitystore.ListGroupMembershipsInput{
		IdentityStoreId: aws.String(store), GroupId: aws.String(group), MaxResults: aws.Int32(30)}); pages.HasMorePages(); {
		page, err := pages.NextPage(w.ctx)
		w.NoError(err)
		count += len(page.GroupMemberships)
	}
	w.Equal(98, count)
	_, filtered := e.do(http.MethodGet, "/Groups?filter="+url.QueryEscape(fmt.Sprintf(`id eq "%s" and members eq "%s"`, group, ids[0])), nil)
	w.Empty(filtered["Resources"])
	_, filtered = e.do(http.MethodGet, "/Groups?filter="+url.QueryEscape(fmt.Sprintf(`id eq "%s" and members eq "%s"`, group, ids[5])), nil)
	w.Len(filtered["Resources"], 1)
	status, _ = e.do(http.MethodDelete, "/Groups/"+group, nil)
	w.Equal(http.StatusNoContent, status)
}

func TestSCIMObeysTheFaultScript(t *testing.T) {
	w := start(t, fast)
	w.enable()
	e := w.provisioning()
	for kind, want := range map[string]int{
		sandbox.FaultDeny: 403, sandbox.FaultThrottle: 429, sandbox.FaultError: 500, sandbox.FaultHTML: 503, sandbox.FaultConflict: 409,
	} {
		fault := sandbox.Fault{Service: "scim", Operation: "POST /Users", Kind: kind}
		if kind == sandbox.FaultThrottle {
			fault.RetryAfter = 3
		}
		w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{fault}))
		req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, e.url+"/Users", strings.NewReader("{}"))
		w.NoError(err)
		req.Header.Set("Authorization", "Bearer "+e.token)
		resp, err := http.DefaultClient.Do(req)
		w.NoError(err)
		resp.Body.Close()
		w.Equal(want, resp.StatusCode, kind)
		w.Equal(kind == sandbox.FaultThrottle, resp.Header.Get("Retry-After") == "3", kind)
	}
	calls, err := w.Calls(w.ctx)
	w.NoError(err)
	last := calls[len(calls)-1]
	w.Equal("scim", last.Service)
	w.Equal("POST /Users", last.Operation)
	w.NotEmpty(last.Fault)
	w.NotContains(fmt.Sprint(calls), e.token)
}
