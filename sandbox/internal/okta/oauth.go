package okta

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// tokenOperation is where service apps get access tokens. It needs no token itself.
const tokenOperation = "POST /oauth2/v1/token"

const (
	// accessTokenLife is how long the org authorization server's access tokens are valid.
	accessTokenLife = time.Hour
	// assertionType is RFC 7523's name of a client assertion.
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// serviceApp is an OAuth client that signs its token requests (Okta developer documentation, "Implement OAuth for Okta with a
// service app").
type serviceApp struct {
	id, label, kid string
	public         *rsa.PublicKey
	scopes         []string
	// role is the administrator role that somebody gave to the app; without one, scopes alone let it do nothing.
	role string
}

// The administrator roles that make a difference here.
const (
	roleSuper    = "SUPER_ADMIN"
	roleReadOnly = "READ_ONLY_ADMIN"
)

// accessToken is what a service app got for its assertion.
type accessToken struct {
	app     *serviceApp
	scopes  []string
	expires time.Time
}

// challenge is the answer to a bearer token that doesn't do: a header, and no body.
type challenge struct {
	status                    int
	code, description, scopes string
}

func (e *challenge) Error() string { return e.code + ": " + e.description }

func (e *challenge) answer(at, path string) answer {
	return answer{status: e.status, headers: map[string]string{"WWW-Authenticate": fmt.Sprintf(
		`Bearer authorization_uri="%s/oauth2/v1/authorize", realm="%s", scope="%s", error="%s", error_description="%s", resource="%s"`,
		at, at, e.scopes, e.code, e.description, path)}}
}

// authenticate finds out who calls, and whether the scopes of an access token cover the operation.
func (o *Org) authenticate(c *call, operation string) error {
	if operation == tokenOperation {
		return nil
	}
	scheme, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "SSWS"):
		who, ok := o.tokens[token]
		if !ok || who.user.status != statusActive {
			return invalidToken()
		}
		c.owner = who
		return nil
	case strings.EqualFold(scheme, "Bearer"):
		t := o.access[token]
		if t == nil || !o.clock.Now().Before(t.expires) {
			return &challenge{http.StatusUnauthorized, "invalid_token", "The access token is invalid.", ""}
		}
		c.owner = owner{app: t.app, readOnly: t.app.role == roleReadOnly}
		if need := scopeOf(operation); need != "" && !slices.Contains(t.scopes, need) && !slices.Contains(t.scopes, strings.Replace(need, ".read", ".manage", 1)) {
			return &challenge{http.StatusForbidden, "insufficient_scope", "The access token provided does not contain the required scopes.", need}
		}
		if t.app.role == "" {
			return noPermission()
		}
		return nil
	}
	return invalidToken()
}

// scopeOf is the scope that an operation needs; .manage covers .read.
func scopeOf(operation string) string {
	method, path, _ := strings.Cut(operation, " ")
	verb := ".manage"
	if method == http.MethodGet {
		verb = ".read"
	}
	for _, kind := range []struct{ prefix, suffix, scope string }{
		{"/api/v1/users", "/roles", "okta.roles"},
		{"/api/v1/users", "", "okta.users"},
		{"/api/v1/groups", "", "okta.groups"},
		{"/api/v1/apps", "", "okta.apps"},
		{"/api/v1/logs", "", "okta.logs"},
		{"/api/v1/mappings", "", "okta.profileMappings"},
	} {
		if strings.HasPrefix(path, kind.prefix) && strings.HasSuffix(path, kind.suffix) {
			return kind.scope + verb
		}
	}
	return ""
}

// refusedToken is an error of the token endpoint.
func refusedToken(status int, code, description string) answer {
	return answer{status: status, body: map[string]string{"error": code, "error_description": description}}
}

// issueToken is the client credentials flow with private_key_jwt, the only one that the org authorization server has for
// service apps. Parameters come in the form or, as from Okta's Go SDK, in the query.
func (o *Org) issueToken(c *call) (answer, error) {
	if err := c.ParseForm(); err != nil {
		return refusedToken(http.StatusBadRequest, "invalid_request", "The request could not be read."), nil
	}
	form := c.Form
	if form.Get("grant_type") != "client_credentials" {
		return refusedToken(http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server."), nil
	}
	if form.Get("client_assertion_type") != assertionType || form.Get("client_assertion") == "" {
		return refusedToken(http.StatusUnauthorized, "invalid_client",
			"Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method."), nil
	}
	assertion, err := readAssertion(form.Get("client_assertion"))
	if err != nil {
		return refusedToken(http.StatusUnauthorized, "invalid_client", "The client_assertion is not a valid JWT."), nil
	}
	app := o.services[assertion.Subject]
	if app == nil {
		return answer{}, &apiError{http.StatusUnauthorized, "invalid_client", "Invalid value for 'client_id' parameter.", nil}
	}
	c.owner, c.about["clientId"] = owner{app: app}, app.id
	if problem := assertion.check(app, o.at(c.Request), "http://"+c.Host, o.clock.Now()); problem != "" {
		return refusedToken(http.StatusUnauthorized, "invalid_client", problem), nil
	}
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(app.scopes, s) }) {
		return refusedToken(http.StatusBadRequest, "invalid_scope", "One or more scopes are not configured for the authorization server resource."), nil
	}
	now := o.clock.Now()
	for token, old := range o.access {
		if now.After(old.expires) {
			delete(o.access, token)
		}
	}
	token := "eyJraWQiOi" + rand.Text() + rand.Text()
	o.access[token] = &accessToken{app: app, scopes: scopes, expires: now.Add(accessTokenLife)}
	return ok200(map[string]any{"token_type": "Bearer", "expires_in": int(accessTokenLife.Seconds()), "access_token": token, "scope": strings.Join(scopes, " ")}), nil
}

// assertion is a client assertion (RFC 7523), signed with RS256.
type assertion struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  int64    `json:"exp"`

	algorithm, kid, signed string
	signature              []byte
}

// audience may be a text or a list of texts.
type audience []string

// UnmarshalJSON reads either form.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

func readAssertion(text string) (assertion, error) {
	var a assertion
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return a, errors.New("a JWT has three parts")
	}
	var header struct{ Alg, Kid string }
	for i, into := range []any{&header, &a} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			return a, err
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	a.algorithm, a.kid, a.signed, a.signature = header.Alg, header.Kid, parts[0]+"."+parts[1], signature
	return a, err
}

// check says what is wrong with an assertion, in Okta's words.
func (a assertion) check(app *serviceApp, base, asked string, now time.Time) string {
	sum := sha256.Sum256([]byte(a.signed))
	expires := time.Unix(a.Expires, 0)
	forUs := func(aud string) bool {
		return slices.ContainsFunc([]string{base, asked}, func(org string) bool { return aud == org || aud == org+"/oauth2/v1/token" })
	}
	switch {
	case a.algorithm != "RS256":
		return "The client_assertion signing algorithm is not supported."
	case a.kid != "" && a.kid != app.kid:
		return "The client_assertion JWT kid is invalid."
	case rsa.VerifyPKCS1v15(app.public, crypto.SHA256, sum[:], a.signature) != nil:
		return "The client_assertion signature is invalid."
	case a.Issuer != a.Subject:
		return "The issuer and subject of the client_assertion must be the client_id."
	case !slices.ContainsFunc(a.Audience, forUs):
		return "The audience claim for client_assertion must be the endpoint invoked for the request."
	case !now.Before(expires):
		return "The client_assertion token is expired."
	case expires.After(now.Add(time.Hour + time.Minute)):
		return "The client_assertion token has an expiration too far into the future."
	}
	return ""
}

// serviceAppForm is the form of the console's "API Services" app, with the scopes that a super administrator grants and the role that the app gets.
type serviceAppForm struct {
	Label  string   `json:"label"`
	Scopes []string `json:"scopes"`
	Role   string   `json:"role"`
}

// addServiceApp makes a service app with a key. Only the caller gets the private key.
func (o *Org) addServiceApp(in serviceAppForm) (*serviceApp, *rsa.PrivateKey, error) {
	known := []string{"okta.users", "okta.groups", "okta.apps", "okta.logs", "okta.profileMappings", "okta.roles", "okta.schemas"}
	switch {
	case in.Label == "":
		return nil, nil, errors.New("App integration name: The field cannot be left blank")
	case in.Role != "" && in.Role != roleSuper && in.Role != roleReadOnly:
		return nil, nil, fmt.Errorf("Admin roles: %s is not one of %s and %s", in.Role, roleSuper, roleReadOnly)
	}
	for _, scope := range in.Scopes {
		kind := strings.TrimSuffix(strings.TrimSuffix(scope, ".read"), ".manage")
		if kind == scope || !slices.Contains(known, kind) {
			return nil, nil, fmt.Errorf("Okta API Scopes: there is no scope %s", scope)
		}
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, fmt.Errorf("make the key of the app: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	app := &serviceApp{id: o.newID("0oa", "service", in.Label), label: in.Label, kid: o.names.Text(43, "service key", in.Label),
		public: &private.PublicKey, scopes: in.Scopes, role: in.Role}
	o.services[app.id] = app
	return app, private, nil
}
