package okta

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// newKey gives an app a signing key with a self-signed certificate, as Okta makes them. The RSA key behind it is the same
// for the whole org, to save time; what the parties of a SAML trust compare is the certificate.
func (o *Org) newKey(a *app, years int) (*signingKey, error) {
	private, err := o.key()
	if err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 47))
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	now := o.clock.Now().Truncate(time.Second)
	name := pkix.Name{Country: []string{"US"}, Province: []string{"California"}, Locality: []string{"San Francisco"},
		Organization: []string{"Okta"}, OrganizationalUnit: []string{"SSOProvider"}, CommonName: "sandbox"}
	shape := &x509.Certificate{SerialNumber: serial, Subject: name, Issuer: name, NotBefore: now, NotAfter: now.AddDate(years, 0, 0),
		SignatureAlgorithm: x509.SHA256WithRSA}
	if o.certificates != 0 {
		shape.NotAfter = now.Add(o.certificates)
		shape.NotBefore = shape.NotAfter.AddDate(-years, 0, 0)
	}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, &private.PublicKey, private)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	k := &signingKey{kid: o.names.Text(43, "key", a.id), certificate: certificate, created: now}
	a.keys.put(k.kid, k)
	return k, nil
}

func (k *signingKey) body() any {
	public := k.certificate.PublicKey.(*rsa.PublicKey)
	thumbprint := sha256.Sum256(k.certificate.Raw)
	return map[string]any{
		"kid": k.kid, "kty": "RSA", "use": "sig", "created": stamp(k.created), "lastUpdated": stamp(k.created),
		"expiresAt": stamp(k.certificate.NotAfter), "x5c": []string{base64.StdEncoding.EncodeToString(k.certificate.Raw)},
		"x5t#S256": base64.RawURLEncoding.EncodeToString(thumbprint[:]), "e": "AQAB",
		"n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
	}
}

func (o *Org) listKeys(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	bodies := []any{}
	for k := range a.keys.all() {
		bodies = append(bodies, k.body())
	}
	return ok200(bodies), nil
}

func (o *Org) getKey(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	k, ok := a.keys.get(c.PathValue("kid"))
	if !ok {
		return answer{}, notFound(c.PathValue("kid"), "JsonWebKey")
	}
	return ok200(k.body()), nil
}

// generateKey adds a key; it signs nothing until a PUT of the app names it.
func (o *Org) generateKey(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	years, err := strconv.Atoi(c.query.Get("validityYears"))
	if err != nil || years < 2 || years > 10 {
		return answer{}, invalid("generateKey", "Validity years out of range. It should be 2 - 10 years.")
	}
	k, err := o.newKey(a, years)
	if err != nil {
		return answer{}, err
	}
	c.effect, c.about["kid"] = "created", k.kid
	return answer{status: http.StatusCreated, body: k.body()}, nil
}

// idpEntityID is how Okta names itself towards this app's service provider.
func (a *app) idpEntityID() string { return "http://www.okta.com/" + a.externalKey }

const metadataDocument = `<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor entityID="{{.EntityID}}" xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">` +
	`<md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
	`<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{{.Certificate}}` +
	`</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
	`<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>` +
	`<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>` +
	`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{{.Location}}"/>` +
	`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{{.Location}}"/>` +
	`</md:IDPSSODescriptor></md:EntityDescriptor>`

// getMetadata answers with the IdP metadata for one key, only to those who accept XML. As in the real org, the header names
// another encoding than the document.
func (o *Org) getMetadata(c *call) (answer, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return answer{}, err
	}
	accept := c.Header.Get("Accept")
	if accept != "" && !strings.Contains(accept, "xml") && !strings.Contains(accept, "*/*") {
		return answer{}, &apiError{http.StatusBadRequest, "E0000019",
			"Bad request. Accept and/or Content-Type headers likely do not match supported values.", nil}
	}
	kid := c.query.Get("kid")
	if kid == "" {
		kid = a.kid
	}
	k, ok := a.keys.get(kid)
	if !ok {
		return answer{}, notFound(kid, "JsonWebKey")
	}
	document, err := a.metadata(k, o.at(c.Request))
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, raw: document, contentType: "application/xml;charset=ISO-8859-1"}, nil
}

// Metadata is the IdP metadata of the first AWS IAM Identity Center app with this label.
func (o *Org) Metadata(label string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for a := range o.apps.all() {
		if k, ok := a.keys.get(a.kid); ok && a.name == identityCenterApp && a.label == label {
			document, err := a.metadata(k, o.baseURL)
			return string(document), err
		}
	}
	return "", fmt.Errorf("there is no app %q in Okta", label)
}

// metadata is the document for one key, in which the org has this address.
func (a *app) metadata(k *signingKey, org string) ([]byte, error) {
	var location, document bytes.Buffer
	if err := xml.EscapeText(&location, []byte(org+"/app/"+a.name+"/"+a.externalKey+"/sso/saml")); err != nil {
		return nil, err
	}
	shape, err := template.New("metadata").Parse(metadataDocument)
	if err != nil {
		return nil, err
	}
	err = shape.Execute(&document, map[string]string{
		"EntityID": a.idpEntityID(), "Certificate": wrapped(base64.StdEncoding.EncodeToString(k.certificate.Raw)), "Location": location.String(),
	})
	return document.Bytes(), err
}

// wrapped breaks base64 into the lines that Okta writes.
func wrapped(s string) string {
	var b strings.Builder
	for len(s) > 64 {
		b.WriteString(s[:64] + "\n")
		s = s[64:]
	}
	return b.String() + s
}

// ChangeCertificates makes the certificates of keys that are made from now on end so long after now, or that long ago; 0
// gives back what Okta says.
func (o *Org) ChangeCertificates(end time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.certificates = end
}
