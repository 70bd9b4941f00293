package oktaorg_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestOptionsNameTheVariableThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		says []string
	}{
		"nothing": {nil, []string{"OKTA_CLIENT_ORGURL is not set", "OKTA_CLIENT_TOKEN is not set"}},
		"admin host": {map[string]string{"OKTA_CLIENT_ORGURL": "https://acme-admin.okta-gov.com", "OKTA_CLIENT_TOKEN": "t"},
			[]string{"OKTA_CLIENT_ORGURL", "https://acme.okta-gov.com"}},
		"plain http": {map[string]string{"OKTA_CLIENT_ORGURL": "http://acme.okta.com", "OKTA_CLIENT_TOKEN": "t"},
			[]string{"OKTA_CLIENT_ORGURL", "https://"}},
		"a path": {map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com/api/v1", "OKTA_CLIENT_TOKEN": "t"},
			[]string{"OKTA_CLIENT_ORGURL", "more than"}},
		"no address": {map[string]string{"OKTA_CLIENT_ORGURL": "acme.okta.com", "OKTA_CLIENT_TOKEN": "t"}, []string{"OKTA_CLIENT_ORGURL"}},
		"broken token": {map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": "secret half\nsecret rest"},
			[]string{"OKTA_CLIENT_TOKEN", "line break"}},
		"unknown mode": {map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_AUTHORIZATIONMODE": "JWT"},
			[]string{"OKTA_CLIENT_AUTHORIZATIONMODE", "JWT"}},
		"service app": {map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_AUTHORIZATIONMODE": "PrivateKey"},
			[]string{"OKTA_CLIENT_CLIENTID", "OKTA_CLIENT_SCOPES", "OKTA_CLIENT_PRIVATEKEY"}},
		"no such key": {map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_AUTHORIZATIONMODE": "PrivateKey",
			"OKTA_CLIENT_PRIVATEKEY": "secretbase64"}, []string{"OKTA_CLIENT_PRIVATEKEY is neither"}},
		"truth unknown": {map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": "t",
			"OKTA_TESTING_DISABLE_HTTPS_CHECK": "maybe"}, []string{"OKTA_TESTING_DISABLE_HTTPS_CHECK"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := oktaorg.OptionsFromEnvironment(environment(c.env))
			require.Error(t, err)
			for _, says := range c.says {
				require.ErrorContains(t, err, says)
			}
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestOptionsOfAnAPIToken(t *testing.T) {
	options, err := oktaorg.OptionsFromEnvironment(environment(map[string]string{
		"OKTA_CLIENT_ORGURL": "http://127.0.0.1:8080/", "OKTA_CLIENT_TOKEN": " 00abc ", "OKTA_TESTING_DISABLE_HTTPS_CHECK": "true"}))
	require.NoError(t, err)
	options.Scopes = nil
	require.Equal(t, oktaorg.Options{OrgURL: "http://127.0.0.1:8080", Mode: oktaorg.ModeSSWS, Token: "00abc", PlainHTTP: true}, options)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, options), "00abc")
	}
}

func TestPrivateKeysOfBothKindsGetAnAccessToken(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	forms := map[string]string{
		"PKCS#1": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		"PKCS#8": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
	}
	forms["one line"] = strings.ReplaceAll(forms["PKCS#1"], "\n", `\n`)
	forms["file"] = filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(forms["file"], []byte(forms["PKCS#8"]), 0o600))

	refuse := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case refuse == "close":
			panic(http.ErrAbortHandler)
		case r.URL.Path == "/oauth2/v1/token" && refuse != "":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"`+refuse+`","error_description":"no"}`)
		case r.URL.Path == "/oauth2/v1/token":
			_, _ = io.WriteString(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"access-1"}`)
		case r.Header.Get("Authorization") == "Bearer access-1":
			_, _ = io.WriteString(w, `[]`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			options, err := oktaorg.OptionsFromEnvironment(environment(map[string]string{
				"OKTA_CLIENT_ORGURL": server.URL, "OKTA_TESTING_DISABLE_HTTPS_CHECK": "true", "OKTA_CLIENT_AUTHORIZATIONMODE": "PrivateKey",
				"OKTA_CLIENT_CLIENTID": "0oaclient", "OKTA_CLIENT_SCOPES": "okta.apps.read,okta.groups.read", "OKTA_CLIENT_PRIVATEKEYID": "kid",
				"OKTA_CLIENT_PRIVATEKEY": form}))
			require.NoError(t, err)
			org, err := oktaorg.New(t.Context(), options)
			require.NoError(t, err)
			who, err := org.Who(t.Context())
			require.NoError(t, err)
			require.Equal(t, "service app 0oaclient (scopes okta.apps.read, okta.groups.read)", who)
		})
	}
	for _, refuse = range []string{"invalid_dpop_proof", "invalid_scope", "invalid_client"} {
		org, err := oktaorg.New(t.Context(), oktaorg.Options{OrgURL: server.URL, PlainHTTP: true, Mode: oktaorg.ModePrivateKey, ClientID: "c",
			Scopes: []string{"s"}, PrivateKey: forms["PKCS#8"]})
		require.NoError(t, err)
		_, err = org.Who(t.Context())
		f := requireFault(t, err, fault.Denied)
		require.Contains(t, f.Error(), refuse)
		require.NotContains(t, f.Error(), "client_assertion")
	}

	refuse = "close"
	org, err := oktaorg.New(t.Context(), oktaorg.Options{OrgURL: server.URL, PlainHTTP: true, Mode: oktaorg.ModePrivateKey, ClientID: "c",
		Scopes: []string{"s"}, PrivateKey: forms["PKCS#8"]})
	require.NoError(t, err)
	_, err = org.Who(t.Context())
	require.NotContains(t, requireFault(t, err, fault.Unavailable).Error(), "client_assertion",
		"the URL of the token request is as good as a token")

	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(curve)
	require.NoError(t, err)
	_, err = oktaorg.New(t.Context(), oktaorg.Options{OrgURL: "https://acme.okta.com", Mode: oktaorg.ModePrivateKey, ClientID: "c",
		Scopes:     []string{"s"},
		PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	require.ErrorContains(t, err, "not RSA")
}

func TestStrayConfigurationDoesNotRedirect(t *testing.T) {
	var hosts []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"0oa1"}`)
	}))
	defer server.Close()
	t.Setenv("OKTA_CLIENT_ORGURL", "https://elsewhere.example.com")
	t.Setenv("OKTA_CLIENT_TOKEN", "another")
	t.Setenv("OKTA_CLIENT_AUTHORIZATIONMODE", "Bearer")
	t.Setenv("OKTA_CLIENT_CACHE_ENABLED", "true")
	org, err := oktaorg.New(t.Context(), oktaorg.Options{OrgURL: server.URL, Mode: oktaorg.ModeSSWS, Token: "mine", PlainHTTP: true})
	require.NoError(t, err)
	for range 2 {
		_, err = org.App(t.Context(), "0oa1")
		require.NoError(t, err)
	}
	require.Equal(t, []string{"SSWS mine", "SSWS mine"}, hosts, "both looks reach the org, with the given token")
}
