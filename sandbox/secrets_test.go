package sandbox_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// asService is Okta's Go SDK as a service app.
func (w world) asService(app sandbox.ServiceApp, scopes ...string) *okta.Client {
	_, client, err := okta.NewClient(w.ctx, okta.WithOrgUrl(w.URL), okta.WithTestingDisableHttpsCheck(true), okta.WithCache(false),
		okta.WithAuthorizationMode("PrivateKey"), okta.WithClientId(app.ClientID), okta.WithPrivateKey(app.PrivateKey),
		okta.WithPrivateKeyId(app.KeyID), okta.WithScopes(scopes))
	w.NoError(err)
	return client
}

func TestAServiceAppGetsWhatItsScopesAndItsRoleAllow(t *testing.T) {
	w := start(t, fast)
	app, err := w.CreateServiceApp(w.ctx, sandbox.CreateServiceAppInput{Label: "onboarding", Scopes: []string{"okta.groups.manage", "okta.apps.read"}, Role: "SUPER_ADMIN"})
	w.NoError(err)
	client := w.asService(app, "okta.groups.manage", "okta.apps.read")

	groups, _, err := client.Group.ListGroups(w.ctx, nil)
	w.NoError(err, "manage covers read")
	w.NotEmpty(groups)
	_, _, err = client.Group.CreateGroup(w.ctx, okta.Group{Profile: &okta.GroupProfile{Name: "made by a service app"}})
	w.NoError(err)
	_, _, err = client.Application.ListApplications(w.ctx, nil)
	w.NoError(err)
	_, resp, err := client.User.ListUsers(w.ctx, nil)
	w.ErrorContains(err, "The access token provided does not contain the required scopes.")
	w.Equal(http.StatusForbidden, resp.StatusCode)
	w.Contains(resp.Header.Get("WWW-Authenticate"), `scope="okta.users.read", error="insufficient_scope"`)
	calls, err := w.Calls(w.ctx)
	w.NoError(err)
	w.Equal(app.ClientID, calls[len(calls)-1].Principal)
	w.Equal("insufficient_scope", calls[len(calls)-1].Error)

	for role, want := range map[string]int{"": http.StatusForbidden, "READ_ONLY_ADMIN": http.StatusForbidden, "SUPER_ADMIN": http.StatusOK} {
		other, err := w.CreateServiceApp(w.ctx, sandbox.CreateServiceAppInput{Label: "role " + role, Scopes: []string{"okta.groups.manage"}, Role: role})
		w.NoError(err)
		_, resp, err := w.asService(other, "okta.groups.manage").Group.CreateGroup(w.ctx, okta.Group{Profile: &okta.GroupProfile{Name: "by " + role}})
		w.Equal(want == http.StatusOK, err == nil, "%s: %v", role, err)
		w.Equal(want, resp.StatusCode, role)
	}
	_, err = w.CreateServiceApp(w.ctx, sandbox.CreateServiceAppInput{Label: "x", Scopes: []string{"okta.everything"}})
	w.ErrorContains(err, "there is no scope okta.everything")
}

// assertion signs claims with the key of a service app.
func (w world) assertion(app sandbox.ServiceApp, algorithm string, claims map[string]any) string {
	block, _ := pem.Decode([]byte(app.PrivateKey))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	w.NoError(err)
	part := func(content any) string {
		data, err := json.Marshal(content)
		w.NoError(err)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	signed := part(map[string]string{"alg": algorithm, "kid": app.KeyID}) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	w.NoError(err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestATokenRequestIsCheckedForReal(t *testing.T) {
	w := start(t, fast)
	app, err := w.CreateServiceApp(w.ctx, sandbox.CreateServiceAppInput{Label: "onboarding", Scopes: []string{"okta.groups.read"}, Role: "SUPER_ADMIN"})
	w.NoError(err)
	fails := func(app sandbox.ServiceApp, want string, scopes ...string) {
		t.Helper()
		_, _, err := w.asService(app, scopes...).Group.ListGroups(w.ctx, nil)
		w.ErrorContains(err, want)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	w.NoError(err)
	forged := app
	forged.PrivateKey = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(stranger)}))
	fails(forged, "The client_assertion signature is invalid.", "okta.groups.read")
	forged = app
	forged.KeyID = "another"
	fails(forged, "The client_assertion JWT kid is invalid.", "okta.groups.read")
	forged = app
	forged.ClientID = "0oaaaaaaaaaaaaaaaaaa"
	fails(forged, "Invalid value for 'client_id' parameter.", "okta.groups.read")
	fails(app, "One or more scopes are not configured", "okta.groups.read", "okta.users.read")

	post := func(form url.Values) string {
		resp, err := http.PostForm(w.URL+"/oauth2/v1/token", form)
		w.NoError(err)
		defer resp.Body.Close()
		var body struct{ Error string }
		w.decode(resp.Body, &body)
		return resp.Status[:3] + " " + body.Error
	}
	w.Equal("400 unsupported_grant_type", post(url.Values{"grant_type": {"password"}}))
	w.Equal("401 invalid_client", post(url.Values{"grant_type": {"client_credentials"}, "client_id": {app.ClientID}, "client_secret": {"x"}}))

	claims := func(change string, value any) map[string]any {
		all := map[string]any{"iss": app.ClientID, "sub": app.ClientID, "aud": w.URL + "/oauth2/v1/token", "exp": time.Now().Add(time.Minute).Unix()}
		all[change] = value
		return all
	}
	for name, c := range map[string]struct {
		algorithm string
		claims    map[string]any
		want      string
	}{
		"fine":         {"RS256", claims("iat", time.Now().Unix()), "200 "},
		"a list":       {"RS256", claims("aud", []string{w.URL}), "200 "},
		"expired":      {"RS256", claims("exp", time.Now().Add(-time.Minute).Unix()), "401 invalid_client"},
		"too long":     {"RS256", claims("exp", time.Now().Add(2*time.Hour).Unix()), "401 invalid_client"},
		"another org":  {"RS256", claims("aud", "https://example.okta.com/oauth2/v1/token"), "401 invalid_client"},
		"another app":  {"RS256", claims("iss", "0oaaaaaaaaaaaaaaaaaa"), "401 invalid_client"},
		"no signature": {"none", claims("iat", 0), "401 invalid_client"},
	} {
		w.Equal(c.want, post(url.Values{"grant_type": {"client_credentials"}, "scope": {"okta.groups.read"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {w.assertion(app, c.algorithm, c.claims)}}), name)
	}

	for _, authorization := range []string{"Bearer made-up", "SSWS made-up", ""} {
		status, err := w.send(http.MethodGet, w.URL+"/api/v1/groups", authorization, nil, nil)
		w.Error(err)
		w.Equal("401", status, authorization)
	}
	state, err := w.State(w.ctx)
	w.NoError(err)
	calls, err := w.Calls(w.ctx)
	w.NoError(err)
	for _, call := range calls {
		w.NotContains(call.Params, "client_assertion")
	}
	w.NotContains(string(state), "PRIVATE KEY")
}

func TestAWrongSecretKeyIsAWrongSignature(t *testing.T) {
	w := start(t, fast)
	environment, err := w.Environment(w.ctx)
	w.NoError(err)
	wrong := w.signedBy(credentials.NewStaticCredentialsProvider(environment["AWS_ACCESS_KEY_ID"], strings.Repeat("x", 40), ""))
	_, err = ssoadmin.NewFromConfig(wrong).ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
	w.Equal("InvalidSignatureException", code(err))
}

// TestSCIMTokensAreRotated makes a second token, uses both, deletes the first, and lets the second expire.
func TestSCIMTokensAreRotated(t *testing.T) {
	w := start(t, fast)
	_, err := w.SCIMTokens(w.ctx)
	w.ErrorContains(err, "Automatic provisioning is not enabled.")
	w.enable()
	first := w.provisioning()
	works := func(token string) bool {
		status, err := w.send(http.MethodGet, first.url+"/ServiceProviderConfig", "Bearer "+token, nil, nil)
		require.Equal(t, err != nil, status == "401")
		return err == nil
	}
	second, err := w.EnableProvisioning(w.ctx)
	w.NoError(err)
	w.NotEqual(first.token, second.Token)
	w.True(works(first.token))
	w.True(works(second.Token))
	_, err = w.EnableProvisioning(w.ctx)
	w.ErrorContains(err, "at most 2 access tokens")

	tokens, err := w.SCIMTokens(w.ctx)
	w.NoError(err)
	w.Len(tokens, 2)
	w.Equal(365.0, tokens[0].Expires.Sub(tokens[0].Created).Hours()/24)
	w.ErrorContains(w.DeleteSCIMToken(w.ctx, ""), "There is no access token")
	w.NoError(w.DeleteSCIMToken(w.ctx, tokens[0].ID))
	w.False(works(first.token))
	w.True(works(second.Token))
	w.NoError(w.ExpireSCIMToken(w.ctx, ""), "the only one needs no name")
	w.False(works(second.Token))
	third, err := w.EnableProvisioning(w.ctx)
	w.NoError(err, "an expired token counts, and there was one")
	w.True(works(third.Token))
	_, err = w.EnableProvisioning(w.ctx)
	w.Error(err)
}
