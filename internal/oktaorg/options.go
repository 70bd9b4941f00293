package oktaorg

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// The authorization modes, named as OKTA_CLIENT_AUTHORIZATIONMODE names them.
const (
	// ModeSSWS uses an API token.
	ModeSSWS = "SSWS"
	// ModeBearer uses an OAuth access token that somebody else has obtained.
	ModeBearer = "Bearer"
	// ModePrivateKey is an OAuth service app that signs its token requests with a private key.
	ModePrivateKey = "PrivateKey"
)

// Options say which org to talk to, and as whom.
type Options struct {
	// OrgURL is the org's address without trailing slash and without "-admin".
	OrgURL string
	// Mode is one of the Mode* constants.
	Mode string
	// Token is the API token or the access token; unused in ModePrivateKey.
	Token string
	// ClientID, Scopes, PrivateKey and PrivateKeyID belong to ModePrivateKey. PrivateKey is an RSA key in PEM: PKCS#1 or PKCS#8.
	ClientID     string
	Scopes       []string
	PrivateKey   string
	PrivateKeyID string
	// PlainHTTP allows an org address with http://, for a simulated org.
	PlainHTTP bool
	// Transport is what requests travel through; nil means a copy of http.DefaultTransport, which honours HTTPS_PROXY.
	Transport http.RoundTripper
	// Observer is told of all calls; nil means nobody is.
	Observer Observer
}

// String names the org and the mode, never a secret.
func (o Options) String() string { return fmt.Sprintf("Okta org %s (%s)", o.OrgURL, o.Mode) }

// GoString does what String does, so that %#v shows no secret either.
func (o Options) GoString() string { return o.String() }

// OptionsFromEnvironment reads the variables that Okta's SDKs share: OKTA_CLIENT_ORGURL, OKTA_CLIENT_AUTHORIZATIONMODE,
// OKTA_CLIENT_TOKEN, OKTA_CLIENT_CLIENTID, OKTA_CLIENT_SCOPES (separated by commas or spaces), OKTA_CLIENT_PRIVATEKEY (PEM, or
// the path of a PEM file), OKTA_CLIENT_PRIVATEKEYID and OKTA_TESTING_DISABLE_HTTPS_CHECK. An error names every variable
// that is wrong, and no value that is secret.
func OptionsFromEnvironment(getenv func(string) string) (Options, error) {
	env := func(name string) string { return strings.TrimSpace(getenv(name)) }
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	options := Options{
		OrgURL:       strings.TrimRight(env("OKTA_CLIENT_ORGURL"), "/"),
		Mode:         env("OKTA_CLIENT_AUTHORIZATIONMODE"),
		ClientID:     env("OKTA_CLIENT_CLIENTID"),
		Scopes:       strings.FieldsFunc(env("OKTA_CLIENT_SCOPES"), func(r rune) bool { return r == ',' || r == ' ' }),
		PrivateKeyID: env("OKTA_CLIENT_PRIVATEKEYID"),
	}
	if s := env("OKTA_TESTING_DISABLE_HTTPS_CHECK"); s != "" {
		plain, err := strconv.ParseBool(s)
		if err != nil {
			problem("OKTA_TESTING_DISABLE_HTTPS_CHECK is %q: it has to be true or false", s)
		}
		options.PlainHTTP = plain
	}
	if err := checkOrgURL(options.OrgURL, options.PlainHTTP); err != nil {
		problem("OKTA_CLIENT_ORGURL %w", err)
	}

	if options.Mode == "" {
		options.Mode = ModeSSWS
	}
	switch options.Mode {
	case ModeSSWS, ModeBearer:
		options.Token = env("OKTA_CLIENT_TOKEN")
		if err := checkToken(options.Token); err != nil {
			problem("OKTA_CLIENT_TOKEN %w", err)
		}
	case ModePrivateKey:
		if options.ClientID == "" {
			problem("OKTA_CLIENT_CLIENTID is not set: the PrivateKey mode needs the service app's client ID")
		}
		if len(options.Scopes) == 0 {
			problem("OKTA_CLIENT_SCOPES is not set: the PrivateKey mode needs okta.apps.read, okta.apps.manage, okta.groups.read, " +
				"okta.groups.manage, okta.users.read, okta.logs.read")
		}
		key, err := readPrivateKey(env("OKTA_CLIENT_PRIVATEKEY"))
		if err != nil {
			problem("OKTA_CLIENT_PRIVATEKEY %w", err)
		}
		options.PrivateKey = key
	default:
		problem("OKTA_CLIENT_AUTHORIZATIONMODE is %q: use SSWS, Bearer or PrivateKey", options.Mode)
	}
	if len(problems) > 0 {
		return Options{}, errors.Join(problems...)
	}
	return options, nil
}

func checkOrgURL(org string, plainHTTP bool) error {
	if org == "" {
		return errors.New("is not set: it is the address of the Okta org, such as https://acme.okta.com")
	}
	u, err := url.Parse(org)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fmt.Errorf("is %q: write it like https://acme.okta.com", org)
	case u.Scheme == "http" && !plainHTTP:
		return fmt.Errorf("is %q: it has to begin with https://", org)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "":
		return errors.New("has more than scheme and host: write it like https://acme.okta.com")
	}
	// Okta's admin hosts serve the console and refuse the API; the SDK knows only three of them.
	if name, domain, _ := strings.Cut(u.Hostname(), "."); strings.HasSuffix(name, "-admin") && strings.HasPrefix(domain, "okta") {
		return fmt.Errorf("is the admin console's address: leave -admin out, https://%s.%s", strings.TrimSuffix(name, "-admin"), domain)
	}
	return nil
}

func checkToken(token string) error {
	if token == "" {
		return errors.New("is not set: create an API token in the Okta admin console (Security > API > Tokens), " +
			"or set OKTA_CLIENT_AUTHORIZATIONMODE=PrivateKey")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("contains a space, a line break or another character that no token has")
	}
	return nil
}

// readPrivateKey accepts what the SDK accepts, PEM with real or written-out line breaks or a path, without the SDK's way
// of ending the process when the file can't be read.
func readPrivateKey(value string) (string, error) {
	if value == "" {
		return "", errors.New("is not set: it is the service app's RSA key in PEM, or the path of a file with it")
	}
	if !strings.Contains(value, "-----BEGIN") {
		data, err := os.ReadFile(value)
		if err != nil {
			// The value may be a mangled key instead of a path: don't repeat it.
			var path *os.PathError
			if errors.As(err, &path) {
				err = path.Err
			}
			return "", fmt.Errorf("is neither PEM nor the path of a readable file: %w", err)
		}
		value = string(data)
	}
	return pkcs1(value)
}

// pkcs1 brings an RSA key into the one form that the SDK signs with.
func pkcs1(text string) (string, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if block == nil {
		return "", errors.New("is not a PEM block")
	}
	switch block.Type {
	case "RSA PRIVATE KEY":
		if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return "", errors.New("holds an RSA key that cannot be read; an encrypted key has to be decrypted first")
		}
		return string(pem.EncodeToMemory(block)), nil
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return "", errors.New("holds a PKCS#8 key that cannot be read")
		}
		rsaKey, ok := key.(*rsa.PrivateKey)
		if !ok {
			return "", errors.New("holds a key that is not RSA: generate an RSA key for the service app")
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})), nil
	}
	return "", fmt.Errorf("holds a PEM block of type %q: it has to be an unencrypted RSA private key", block.Type)
}
