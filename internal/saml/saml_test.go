package saml_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/saml"
)

const (
	signIn = "https://example.okta.com/app/amazon_aws_sso/exk1/sso/saml"
	acs    = "https://us-east-1.sso.signin.aws/platform/saml/acs/0a1b2c3d"
	issuer = "https://us-east-1.signin.aws.amazon.com/platform/saml/d-1234567890"
)

func TestOktaMetadataIsRead(t *testing.T) {
	now := time.Now()
	old, current := certificate(t, now.AddDate(-3, 0, 0), now.AddDate(0, 0, -1)), certificate(t, now.AddDate(0, 0, -1), now.AddDate(10, 0, 0))
	idp, err := saml.ParseIdP([]byte("\xef\xbb\xbf" + idpMetadata(signIn, old, current) + "\n"))
	require.NoError(t, err)
	require.Equal(t, "http://www.okta.com/exk1", idp.EntityID)
	require.Equal(t, signIn, idp.SignInURL)
	require.Len(t, idp.Certificates, 2)
	require.Equal(t, current.Raw, idp.Certificates[1].Raw)
}

func TestAWSMetadataIsRead(t *testing.T) {
	sp, err := saml.ParseSP([]byte(spMetadata(issuer,
		post(1, "", "https://second.example.com/acs"), post(0, "", "https://first.example.com/acs"), post(2, `isDefault="true"`, acs),
		`<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" Location="https://x.example.com" index="3"/>`)))
	require.NoError(t, err)
	require.Equal(t, saml.SP{EntityID: issuer, ACSURLs: []string{acs, "https://first.example.com/acs", "https://second.example.com/acs"}}, sp)
}

func TestWhatWasGivenInsteadIsSaid(t *testing.T) {
	now := time.Now()
	valid := certificate(t, now.AddDate(0, 0, -1), now.AddDate(1, 0, 0))
	idp := idpMetadata(signIn, valid)
	sp := spMetadata(issuer, post(0, "", acs))
	big := bigCertificate(t)

	for _, test := range []struct {
		name, document string
		// idp and sp are what the parsers say; empty where the parser is not asked.
		idp, sp string
	}{
		{"nothing", " \n", "is empty", "is empty"},
		{"the other side's", sp, "", "this is fine"},
		{"HTML", "<!DOCTYPE html>\n<html><body>Sign in</body></html>", "an HTML page", "an HTML page"},
		{"XHTML", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>`, "an HTML page", "an HTML page"},
		{"Okta's error", `{"errorCode":"E0000019","errorSummary":"Bad request."}`, "E0000019: Bad request.", "E0000019: Bad request."},
		{"JSON", `{"metadata":"x"}`, "this is JSON", "this is JSON"},
		{"certificate", "-----BEGIN CERTIFICATE-----\nMII", "only a certificate", "only a certificate"},
		{"address", "https://example.okta.com/metadata", "the address of a document", "the address of a document"},
		{"UTF-16", "\xff\xfe<\x00", "UTF-16", "UTF-16"},
		{"binary", "PK\x03\x04\xf0\x28\x8c\xbc", "not text", "not text"},
		{"text", "hello", "not XML", "not XML"},
		{"cut off", idp[:len(idp)/2], "damaged or incomplete", "damaged or incomplete"},
		{"other encoding", `<?xml version="1.0" encoding="ISO-8859-1"?>` + strings.TrimPrefix(sp, `<?xml version="1.0" encoding="UTF-8"?>`), "UTF-8", "UTF-8"},
		{"other XML", `<note xmlns="urn:x"/>`, "another kind (note)", "another kind (note)"},
		{"other namespace", `<EntityDescriptor entityID="x"/>`, "namespace", "namespace"},
		{"collection", `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`, "collection", "collection"},
		{"SAML message", `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>`, "a SAML message (Response)", "a SAML message (Response)"},
		{"DOCTYPE", "<!DOCTYPE EntityDescriptor [<!ENTITY x \"y\">]>" + sp, "DOCTYPE", "DOCTYPE"},
		{"entity", strings.Replace(sp, issuer, "&x;", 1), "damaged", "damaged"},
		{"too large", idp + strings.Repeat("<!-- -->", 10_000), "at most 75000", "at most 75000"},
		{"neither side", `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"/>`, "no identity provider", "no service provider"},

		{"other Okta app", idpMetadata("https://example.okta.com/app/amazon_aws/exk1/sso/saml", valid), "AWS Account Federation", ""},
		{"no certificate", idpMetadata(signIn), "lacks a signing certificate", ""},
		{"encryption certificate only", strings.Replace(idp, `use="signing"`, `use="encryption"`, 1), "lacks a signing certificate", ""},
		{"no sign-in URL and no entityID", strings.ReplaceAll(strings.ReplaceAll(idp, "SingleSignOnService", "SingleLogoutService"), `entityID="http://www.okta.com/exk1"`, ""),
			"lacks a sign-in URL (SingleSignOnService) and an entityID", ""},
		{"sign-in URL without a host", idpMetadata("https:/app/sso", valid), "no web address", ""},
		{"sign-in URL that is none", idpMetadata("/app/sso", valid), "invalid url", ""},
		{"damaged certificate", strings.Replace(idp, "MII", "!!!", 1), "certificate in the metadata is damaged", ""},
		{"expired", idpMetadata(signIn, certificate(t, now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0))), "expired on " + now.AddDate(-1, 0, 0).UTC().Format(time.DateOnly), ""},
		{"not valid yet", idpMetadata(signIn, certificate(t, now.AddDate(1, 0, 0), now.AddDate(2, 0, 0))), "not valid before", ""},
		{"large certificate", idpMetadata(signIn, big), "at most 2500", ""},

		{"account federation", spMetadata("urn:amazon:webservices", post(0, "", "https://signin.aws.amazon.com/saml")), "", "AWS account federation"},
		{"no ACS URL", spMetadata(issuer), "", "lacks an ACS URL"},
		{"ACS URL that is none", spMetadata(issuer, post(0, "", "https:/acs")), "", "no web address"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "the other side's" {
				_, err := saml.ParseIdP([]byte(sp))
				require.ErrorContains(t, err, "metadata of a service provider ("+issuer+"), but that of the identity provider is needed")
				_, err = saml.ParseSP([]byte(idp))
				require.ErrorContains(t, err, "metadata of an identity provider (http://www.okta.com/exk1), but that of the service provider is needed")
				return
			}
			if test.idp != "" {
				_, err := saml.ParseIdP([]byte(test.document))
				require.ErrorContains(t, err, test.idp)
				require.Less(t, len(err.Error()), 512)
			}
			if test.sp != "" {
				_, err := saml.ParseSP([]byte(test.document))
				require.ErrorContains(t, err, test.sp)
			}
		})
	}
}

func idpMetadata(location string, certificates ...*x509.Certificate) string {
	var keys strings.Builder
	for _, c := range certificates {
		encoded := base64.StdEncoding.EncodeToString(c.Raw)
		fmt.Fprintf(&keys, `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>%s
%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`, encoded[:64], encoded[64:])
	}
	return `<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor entityID="http://www.okta.com/exk1" xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">` +
		`<md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + keys.String() +
		`<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>` +
		`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + location + `"/>` +
		`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + location + `"/>` +
		`</md:IDPSSODescriptor></md:EntityDescriptor>`
}

func spMetadata(entityID string, services ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entityID + `">` +
		`<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + strings.Join(services, "") +
		`</md:SPSSODescriptor></md:EntityDescriptor>`
}

func post(index int, extra, location string) string {
	return fmt.Sprintf(`<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="%s" index="%d" %s/>`, location, index, extra)
}

func certificate(t *testing.T, from, until time.Time) *x509.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return signed(t, key, pkix.Name{CommonName: "example"}, from, until)
}

// bigCertificate has a long subject; a long key would do as well, but takes long to make.
func bigCertificate(t *testing.T) *x509.Certificate {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return signed(t, key, pkix.Name{CommonName: "example", OrganizationalUnit: []string{strings.Repeat("unit", 300)}}, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
}

func signed(t *testing.T, key crypto.Signer, subject pkix.Name, from, until time.Time) *x509.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: subject, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return parsed
}
