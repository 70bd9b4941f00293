package okta_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"
	"github.com/stretchr/testify/require"
)

// document is a whole app as the API sends it.
type document map[string]any

func (*document) IsApplicationInstance() bool { return true }

func TestAppIsReplacedAsAWhole(t *testing.T) {
	w := newWorld(t, 0)
	id := w.createApp()

	var app document = map[string]any{}
	_, _, err := w.sdk.Application.GetApplication(t.Context(), id, &app, nil)
	require.NoError(t, err)
	require.Equal(t, []any{}, app["features"])
	require.Equal(t, map[string]any{"acsURL": nil, "entityID": nil}, app["settings"].(map[string]any)["app"])
	require.Equal(t, w.url+"/home/amazon_aws_sso/"+id+"/aln1ghfn5xxV7ZPbE1d8",
		app["_links"].(map[string]any)["appLinks"].([]any)[0].(map[string]any)["href"])
	kid := app["credentials"].(map[string]any)["signing"].(map[string]any)["kid"]
	require.NotEmpty(t, kid)

	app["settings"].(map[string]any)["app"] = map[string]any{"acsURL": "https://acs", "entityID": "https://issuer"}
	_, _, err = w.sdk.Application.UpdateApplication(t.Context(), id, &app)
	require.NoError(t, err)
	require.Equal(t, "changed", w.lastEffect())
	_, _, err = w.sdk.Application.UpdateApplication(t.Context(), id, &app)
	require.NoError(t, err)
	require.Equal(t, "none", w.lastEffect(), "writing the same again changes nothing")

	// A partial body loses the rest, apart from the key.
	var partial document = map[string]any{"label": "Renamed", "settings": map[string]any{"app": map[string]any{"acsURL": "https://acs"}}}
	_, _, err = w.sdk.Application.UpdateApplication(t.Context(), id, &partial)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"acsURL": "https://acs", "entityID": nil}, partial["settings"].(map[string]any)["app"])
	require.Equal(t, kid, partial["credentials"].(map[string]any)["signing"].(map[string]any)["kid"])

	var unknown document = map[string]any{"label": "x", "settings": map[string]any{"app": map[string]any{"acsUrl": "https://acs"}}}
	_, resp, err := w.sdk.Application.UpdateApplication(t.Context(), id, &unknown)
	requireOktaError(t, err, "E0000001")
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
}

func (w *world) lastEffect() string {
	calls := w.calls.Calls()
	return calls[len(calls)-1].Effect
}

func TestAppsAreFoundAndDeleted(t *testing.T) {
	w := newWorld(t, 0)
	id := w.createApp()
	find := func(values url.Values) []string {
		var apps []struct{ ID, Label string }
		w.do(http.MethodGet, "/api/v1/apps?"+values.Encode(), nil, &apps)
		labels := []string{}
		for _, a := range apps {
			labels = append(labels, a.Label)
		}
		return labels
	}
	byName := url.Values{"filter": {`name eq "amazon_aws_sso"`}}
	require.Equal(t, []string{"AWS IAM Identity Center"}, find(byName))
	require.Equal(t, []string{"AWS Account Federation", "AWS IAM Identity Center"}, find(url.Values{"q": {"aws"}}))

	resp, err := w.sdk.Application.DeleteApplication(t.Context(), id)
	requireOktaError(t, err, "E0000056")
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	_, err = w.sdk.Application.DeactivateApplication(t.Context(), id)
	require.NoError(t, err)
	require.Empty(t, find(byName), "an inactive app is listed only on request")
	byName.Set("includeNonDeleted", "true")
	require.Len(t, find(byName), 1)
	_, err = w.sdk.Application.DeleteApplication(t.Context(), id)
	require.NoError(t, err)
	_, _, err = w.sdk.Application.GetApplication(t.Context(), id, sdk.NewSamlApplication(), nil)
	requireOktaError(t, err, "E0000007")
}

func TestMetadataCarriesTheKeyAskedFor(t *testing.T) {
	w := newWorld(t, 0)
	id := w.createApp()
	other := w.createApp()
	type entity struct {
		EntityID    string `xml:"entityID,attr"`
		Certificate string `xml:"IDPSSODescriptor>KeyDescriptor>KeyInfo>X509Data>X509Certificate"`
		SignOn      []struct {
			Location string `xml:"Location,attr"`
		} `xml:"IDPSSODescriptor>SingleSignOnService"`
	}
	fetch := func(app string, params *query.Params) (e entity) {
		resp, err := w.sdk.Application.PreviewSAMLAppMetadata(t.Context(), app, params)
		require.NoError(t, err)
		require.Equal(t, "application/xml;charset=ISO-8859-1", resp.Header.Get("Content-Type"))
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, xml.NewDecoder(bytes.NewReader(data)).Decode(&e))
		return e
	}
	parse := func(e entity) *x509.Certificate {
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.Certificate), ""))
		require.NoError(t, err)
		certificate, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		require.NoError(t, certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature))
		return certificate
	}
	first := fetch(id, nil)
	require.True(t, strings.HasPrefix(first.EntityID, "http://www.okta.com/exk"))
	require.Len(t, first.SignOn, 2)
	require.Equal(t, w.url+"/app/amazon_aws_sso/"+strings.TrimPrefix(first.EntityID, "http://www.okta.com/")+"/sso/saml", first.SignOn[0].Location)
	require.WithinDuration(t, time.Now().AddDate(10, 0, 0), parse(first).NotAfter, time.Hour)
	require.NotEqual(t, first.Certificate, fetch(other, nil).Certificate, "each app has a certificate of its own")

	key, resp, err := w.sdk.Application.GenerateApplicationKey(t.Context(), id, query.NewQueryParams(query.WithValidityYears(2)))
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	require.NotEqual(t, first.Certificate, fetch(id, query.NewQueryParams(query.WithKid(key.Kid))).Certificate)
	require.Equal(t, first, fetch(id, nil), "a new key doesn't sign before a PUT names it")
	_, _, err = w.sdk.Application.GenerateApplicationKey(t.Context(), id, query.NewQueryParams(query.WithValidityYears(11)))
	requireOktaError(t, err, "E0000001")
	keys, _, err := w.sdk.Application.ListApplicationKeys(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, keys, 2)

	var refusal struct{ ErrorCode string }
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodGet, "/api/v1/apps/"+id+"/sso/saml/metadata", nil, &refusal).StatusCode)
	require.Equal(t, "E0000019", refusal.ErrorCode)
}

func TestProvisioningIsNoMatterOfTheAPI(t *testing.T) {
	w := newWorld(t, 0)
	id := w.createApp()
	connection, _, err := w.sdk.Application.GetDefaultProvisioningConnectionForApplication(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "UNKNOWN", connection.AuthScheme)
	require.Equal(t, "UNKNOWN", connection.Status)
	_, _, err = w.sdk.Application.SetDefaultProvisioningConnectionForApplication(t.Context(), id,
		sdk.ProvisioningConnectionRequest{Profile: &sdk.ProvisioningConnectionProfile{AuthScheme: "TOKEN", Token: "x"}}, nil)
	requireOktaError(t, err, "E0000001")
	_, _, err = w.sdk.Application.ListFeaturesForApplication(t.Context(), id)
	requireOktaError(t, err, "E0000001")
	var refusal struct{ ErrorCode string }
	resp := w.do(http.MethodPost, "/api/v1/apps/"+id+"/group-push/mappings", map[string]string{"sourceGroupId": "x"}, &refusal)
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.Equal(t, "E0000027", refusal.ErrorCode)

	var mappings []struct{ ID string }
	w.do(http.MethodGet, "/api/v1/mappings?targetId="+id, nil, &mappings)
	require.Len(t, mappings, 1)
	mapping, _, err := w.sdk.ProfileMapping.GetProfileMapping(t.Context(), mappings[0].ID)
	require.NoError(t, err)
	require.Equal(t, "user.displayName", mapping.Properties["displayName"].Expression)
}

func TestPagesOfAThousandAppUsers(t *testing.T) {
	w := newWorld(t, 1001)
	id := w.createApp()
	for _, group := range []string{"aws-identity-center", "finance", "sagemaker-studio-users"} {
		_, _, err := w.sdk.Application.CreateApplicationGroupAssignment(t.Context(), id, w.groupID(group), sdk.ApplicationGroupAssignment{})
		require.NoError(t, err)
	}
	deactivated := 1
	in := 0
	for _, p := range w.org.People() {
		if len(p.Groups) > 1 {
			in++
		}
	}
	require.Greater(t, in, 990)

	seen := map[string]bool{}
	users, resp, err := w.sdk.Application.ListApplicationUsers(t.Context(), id, query.NewQueryParams(query.WithLimit(300)))
	require.NoError(t, err)
	require.Len(t, resp.Header.Values("Link"), 2, "self and next are two headers")
	pages := 1
	for {
		for _, u := range users {
			require.False(t, seen[u.Id])
			seen[u.Id] = true
			require.Equal(t, "GROUP", u.Scope)
		}
		if !resp.HasNextPage() {
			break
		}
		if pages == 1 {
			// Somebody who was on the page before loses the app; nobody else may be skipped for it.
			w.do(http.MethodPost, "/api/v1/users/"+users[0].Id+"/lifecycle/deactivate", nil, nil)
		}
		users = nil
		resp, err = resp.Next(t.Context(), &users)
		require.NoError(t, err)
		pages++
	}
	require.Equal(t, 4, pages)
	require.Len(t, seen, in-deactivated)

	_, resp, err = w.sdk.Application.ListApplicationUsers(t.Context(), id, query.NewQueryParams(query.WithLimit(501)))
	requireOktaError(t, err, "E0000001")
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)

	q, _, err := w.sdk.Application.ListApplicationUsers(t.Context(), id, query.NewQueryParams(query.WithQ("BO.lind"), query.WithExpand("user")))
	require.NoError(t, err)
	require.Len(t, q, 1)
	require.NotNil(t, q[0].Embedded)
}

func TestAssignments(t *testing.T) {
	w := newWorld(t, 0)
	id, finance := w.createApp(), w.groupID("finance")
	raj, noor := w.userID("raj.iyer@example.com"), w.userID("noor.haddad@example.com")

	_, _, err := w.sdk.Application.CreateApplicationGroupAssignment(t.Context(), id, finance, sdk.ApplicationGroupAssignment{})
	require.NoError(t, err)
	_, _, err = w.sdk.Application.AssignUserToApplication(t.Context(), id, sdk.AppUser{Id: noor, Scope: "USER"})
	require.NoError(t, err)
	_, _, err = w.sdk.Application.AssignUserToApplication(t.Context(), id, sdk.AppUser{Id: noor, Scope: "USER"})
	requireOktaError(t, err, "E0000062")
	users := w.appUsers(id)
	require.Equal(t, "GROUP", users["raj.iyer@example.com"].Scope)
	require.Equal(t, "USER", users["noor.haddad@example.com"].Scope)
	require.Equal(t, "ACTIVE", users["raj.iyer@example.com"].Status, "without provisioning there is nothing to wait for")

	links, _, err := w.sdk.User.ListAppLinks(t.Context(), noor)
	require.NoError(t, err)
	require.Len(t, links, 1)
	require.Equal(t, id, links[0].AppInstanceId)

	// Who leaves the group loses the app; who has it directly as well keeps it.
	_, _, err = w.sdk.Application.AssignUserToApplication(t.Context(), id, sdk.AppUser{Id: raj, Scope: "USER"})
	require.NoError(t, err)
	piet, uma := w.userID("piet.vandam@example.com"), w.userID("uma.price@example.com")
	for _, user := range []string{raj, piet} {
		_, err = w.sdk.Group.RemoveUserFromGroup(t.Context(), finance, user)
		require.NoError(t, err)
	}
	users = w.appUsers(id)
	require.Contains(t, users, "raj.iyer@example.com")
	require.NotContains(t, users, "piet.vandam@example.com")
	_, err = w.sdk.Group.AddUserToGroup(t.Context(), finance, piet)
	require.NoError(t, err)
	require.Contains(t, w.appUsers(id), "piet.vandam@example.com")

	_, err = w.sdk.Application.DeleteApplicationGroupAssignment(t.Context(), id, finance)
	require.NoError(t, err)
	users = w.appUsers(id)
	require.Len(t, users, 2, "the two direct assignments are left")
	_, err = w.sdk.Application.DeleteApplicationUser(t.Context(), id, noor, nil)
	require.NoError(t, err)
	require.NotContains(t, w.appUsers(id), "noor.haddad@example.com")
	require.NotContains(t, w.appUsers(id), uma)

	// Deactivated people are members still, and never app users.
	studio := w.groupID("sagemaker-studio-users")
	members, _, err := w.sdk.Group.ListGroupUsers(t.Context(), studio, query.NewQueryParams(query.WithLimit(200)))
	require.NoError(t, err)
	statuses := map[string]string{}
	for _, m := range members {
		statuses[(*m.Profile)["login"].(string)] = m.Status
	}
	require.Equal(t, "DEPROVISIONED", statuses["tomas.novak@example.com"])
	_, _, err = w.sdk.Application.CreateApplicationGroupAssignment(t.Context(), id, studio, sdk.ApplicationGroupAssignment{})
	require.NoError(t, err)
	require.NotContains(t, w.appUsers(id), "tomas.novak@example.com")
}
