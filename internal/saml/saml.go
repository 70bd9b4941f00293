// Package saml reads the two metadata documents of a SAML trust: the identity provider's, which Okta makes, and the service
// provider's, which the Identity Center console offers for download. It says in plain words what is wrong with a document,
// and what was given instead of it. It does no I/O.
package saml

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/crewjam/saml"
	roundtrip "github.com/mattermost/xml-roundtrip-validator"
)

// The limits of Identity Center, in characters (IAM Identity Center User Guide, "Using SAML and SCIM identity federation with
// external identity providers" and "Quotas").
const (
	maxMetadata    = 75_000
	maxCertificate = 2_500
)

// IdP is an identity provider's metadata.
type IdP struct {
	EntityID string
	// SignInURL takes authentication requests.
	SignInURL string
	// Certificates verify the provider's signatures; at least one is valid today.
	Certificates []*x509.Certificate
}

// SP is a service provider's metadata.
type SP struct {
	// EntityID is what Identity Center calls its issuer URL, and assertions name as audience.
	EntityID string
	// ACSURLs take assertions by HTTP POST; the default one comes first.
	ACSURLs []string
}

// ParseIdP reads an identity provider's metadata and checks it against what Identity Center accepts: at most 75,000
// characters, an entity ID, a sign-in URL, and certificates of at most 2,500 characters as PEM, one of them valid today.
func ParseIdP(data []byte) (IdP, error) {
	entity, err := parse(data)
	if err != nil {
		return IdP{}, err
	}
	if len(entity.IDPSSODescriptors) == 0 {
		if len(entity.SPSSODescriptors) > 0 {
			return IdP{}, fmt.Errorf("this is the metadata of a service provider (%s), but that of the identity provider is needed: "+
				"the file which Okta offers, not the one which AWS offers", short(entity.EntityID))
		}
		return IdP{}, fmt.Errorf("this metadata (%s) describes no identity provider", short(entity.EntityID))
	}
	descriptor := entity.IDPSSODescriptors[0]
	idp := IdP{EntityID: entity.EntityID, SignInURL: signInURL(descriptor)}
	if strings.Contains(idp.SignInURL, "/app/amazon_aws/") {
		return IdP{}, errors.New("this is the metadata of the Okta app \"AWS Account Federation\", but that of \"AWS IAM Identity Center\" is needed")
	}
	certificates, err := certificates(descriptor)
	if err != nil {
		return IdP{}, err
	}
	idp.Certificates = certificates
	if err := missing(map[string]bool{
		"an entityID": idp.EntityID != "", "a sign-in URL (SingleSignOnService)": idp.SignInURL != "", "a signing certificate": len(certificates) > 0,
	}); err != nil {
		return IdP{}, err
	}
	if err := address("sign-in URL", idp.SignInURL); err != nil {
		return IdP{}, err
	}
	return idp, validToday(certificates, time.Now())
}

// ParseSP reads a service provider's metadata. Identity Center's own has an entity ID and at least one ACS URL.
func ParseSP(data []byte) (SP, error) {
	entity, err := parse(data)
	if err != nil {
		return SP{}, err
	}
	if len(entity.SPSSODescriptors) == 0 {
		if len(entity.IDPSSODescriptors) > 0 {
			return SP{}, fmt.Errorf("this is the metadata of an identity provider (%s), but that of the service provider is needed: "+
				"the file which the Identity Center console offers, not the one which Okta offers", short(entity.EntityID))
		}
		return SP{}, fmt.Errorf("this metadata (%s) describes no service provider", short(entity.EntityID))
	}
	// The entity IDs of sign-in to AWS accounts without Identity Center (IAM User Guide, "SAML 2.0 federation").
	if strings.HasPrefix(entity.EntityID, "urn:amazon:webservices") {
		return SP{}, errors.New("this is the metadata of AWS account federation (IAM), but that of IAM Identity Center is needed: " +
			"download it in the Identity Center console under Settings, Change identity source")
	}
	sp := SP{EntityID: entity.EntityID, ACSURLs: acsURLs(entity.SPSSODescriptors)}
	if err := missing(map[string]bool{"an entityID": sp.EntityID != "", "an ACS URL for HTTP POST (AssertionConsumerService)": len(sp.ACSURLs) > 0}); err != nil {
		return SP{}, err
	}
	for _, acs := range sp.ACSURLs {
		if err := address("ACS URL", acs); err != nil {
			return SP{}, err
		}
	}
	return sp, nil
}

// parse reads one entity descriptor, and refuses what parsers understand differently: document types, and text that changes
// when it is written again.
func parse(data []byte) (*saml.EntityDescriptor, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if n := utf8.RuneCount(data); n > maxMetadata {
		return nil, fmt.Errorf("the document has %d characters, and Identity Center takes metadata of at most %d", n, maxMetadata)
	}
	if err := notXML(data); err != nil {
		return nil, err
	}
	root, err := rootOf(data)
	if err != nil {
		return nil, err
	}
	if err := otherDocument(root); err != nil {
		return nil, err
	}
	if err := roundtrip.Validate(bytes.NewReader(data)); err != nil {
		return nil, fmt.Errorf("the XML can be read in two ways, which is not safe for metadata (%w)", err)
	}
	var entity saml.EntityDescriptor
	if err := xml.Unmarshal(data, &entity); err != nil {
		return nil, fmt.Errorf("the document is no SAML metadata: %w", err)
	}
	return &entity, nil
}

// rootOf walks over the whole document, so that errors in it come in our words, and returns its root element.
func rootOf(data []byte) (xml.Name, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("it is encoded as %q; save it as UTF-8", charset)
	}
	var root xml.Name
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && root.Local != "":
			return root, nil
		case err != nil:
			return root, fmt.Errorf("the document is damaged or incomplete XML: %w", err)
		}
		switch token := token.(type) {
		case xml.Directive:
			return root, errors.New("the document contains a DOCTYPE or another directive, which SAML metadata never does")
		case xml.StartElement:
			if root.Local == "" {
				root = token.Name
			}
		}
	}
}

func signInURL(descriptor saml.IDPSSODescriptor) string {
	for _, binding := range []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding} {
		for _, service := range descriptor.SingleSignOnServices {
			if service.Binding == binding {
				return strings.TrimSpace(service.Location)
			}
		}
	}
	return ""
}

// acsURLs lists the addresses for HTTP POST, the default one first, then in the order of their index.
func acsURLs(descriptors []saml.SPSSODescriptor) []string {
	var services []saml.IndexedEndpoint
	for _, descriptor := range descriptors {
		for _, service := range descriptor.AssertionConsumerServices {
			if service.Binding == saml.HTTPPostBinding && strings.TrimSpace(service.Location) != "" {
				services = append(services, service)
			}
		}
	}
	other := func(s saml.IndexedEndpoint) int {
		if s.IsDefault != nil && *s.IsDefault {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(services, func(a, b saml.IndexedEndpoint) int {
		return cmp.Or(cmp.Compare(other(a), other(b)), cmp.Compare(a.Index, b.Index))
	})
	urls := make([]string, 0, len(services))
	for _, service := range services {
		if location := strings.TrimSpace(service.Location); !slices.Contains(urls, location) {
			urls = append(urls, location)
		}
	}
	return urls
}

// certificates parses the signing certificates; encryption-only keys don't count.
func certificates(descriptor saml.IDPSSODescriptor) ([]*x509.Certificate, error) {
	var parsed []*x509.Certificate
	for _, key := range descriptor.KeyDescriptors {
		if key.Use == "encryption" {
			continue
		}
		for _, encoded := range key.KeyInfo.X509Data.X509Certificates {
			der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded.Data), ""))
			if err != nil {
				return nil, fmt.Errorf("a signing certificate in the metadata is damaged: %w", err)
			}
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, fmt.Errorf("a signing certificate in the metadata is damaged: %w", err)
			}
			if n := len(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})); n > maxCertificate {
				return nil, fmt.Errorf("the signing certificate %s has %d characters as PEM, and Identity Center takes at most %d; use a smaller key",
					short(certificate.Subject.CommonName), n, maxCertificate)
			}
			parsed = append(parsed, certificate)
		}
	}
	return parsed, nil
}

// validToday wants one certificate that is valid now: the others may be those before and after it.
func validToday(certificates []*x509.Certificate, now time.Time) error {
	first := certificates[0]
	for _, certificate := range certificates {
		if now.After(certificate.NotBefore) && now.Before(certificate.NotAfter) {
			return nil
		}
	}
	if now.Before(first.NotBefore) {
		return fmt.Errorf("the signing certificate is not valid before %s", first.NotBefore.UTC().Format(time.DateOnly))
	}
	return fmt.Errorf("the signing certificate expired on %s; generate a new one for the app in Okta", first.NotAfter.UTC().Format(time.DateOnly))
}

func missing(present map[string]bool) error {
	var lacks []string
	for what, there := range present {
		if !there {
			lacks = append(lacks, what)
		}
	}
	if len(lacks) == 0 {
		return nil
	}
	slices.Sort(lacks)
	return fmt.Errorf("the metadata lacks %s", strings.Join(lacks, " and "))
}

func address(what, raw string) error {
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "https" && parsed.Scheme != "http") {
		return fmt.Errorf("the %s %q is no web address", what, short(raw))
	}
	return nil
}
