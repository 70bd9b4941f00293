package awsworld

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// maxMetadata is the largest IdP metadata file, in characters (Identity Center user guide, "Considerations for changing
// your identity source").
const maxMetadata = 75_000

// trust is the external identity provider that an instance trusts.
type trust struct {
	entityID     string
	certificates []string
}

// entityDescriptor is the part of SAML metadata that Identity Center reads.
type entityDescriptor struct {
	XMLName  xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	EntityID string   `xml:"entityID,attr"`
	IdP      *struct {
		Keys []struct {
			Use          string   `xml:"use,attr"`
			Certificates []string `xml:"KeyInfo>X509Data>X509Certificate"`
		} `xml:"KeyDescriptor"`
		SignOn []struct {
			Location string `xml:"Location,attr"`
		} `xml:"SingleSignOnService"`
	} `xml:"IDPSSODescriptor"`
}

// readMetadata checks IdP metadata as the console does.
func readMetadata(document string) (entityID string, certificates []string, err error) {
	if utf8.RuneCountInString(document) > maxMetadata {
		return "", nil, fmt.Errorf("The metadata file must not exceed %d characters.", maxMetadata)
	}
	var parsed entityDescriptor
	if err := xml.Unmarshal([]byte(document), &parsed); err != nil || parsed.EntityID == "" || parsed.IdP == nil {
		return "", nil, errors.New("The metadata file is not valid SAML 2.0 identity provider metadata.")
	}
	if len(parsed.IdP.SignOn) == 0 || parsed.IdP.SignOn[0].Location == "" {
		return "", nil, errors.New("The metadata file has no SingleSignOnService.")
	}
	for _, key := range parsed.IdP.Keys {
		if key.Use != "" && key.Use != "signing" {
			continue
		}
		for _, certificate := range key.Certificates {
			bare := strings.Join(strings.Fields(certificate), "")
			der, err := base64.StdEncoding.DecodeString(bare)
			if err != nil {
				return "", nil, errors.New("The metadata file has a certificate that can not be read.")
			}
			if _, err := x509.ParseCertificate(der); err != nil {
				return "", nil, errors.New("The metadata file has a certificate that can not be read.")
			}
			certificates = append(certificates, bare)
		}
	}
	if len(certificates) == 0 {
		return "", nil, errors.New("The metadata file has no signing certificate.")
	}
	return parsed.EntityID, certificates, nil
}

// metadata is the service provider metadata file that the console offers for download.
func (i *instance) metadata(now time.Time) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s" validUntil="%s">
  <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="%s" index="1" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
`, escaped(i.issuer()), now.AddDate(10, 0, 0).Format("2006-01-02T15:04:05Z"), escaped(i.acsURL()))
}
