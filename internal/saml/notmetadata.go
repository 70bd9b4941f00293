package saml

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// metadataNamespace is the XML namespace of SAML 2.0 metadata.
const metadataNamespace = "urn:oasis:names:tc:SAML:2.0:metadata"

// notXML recognises what people hand over by mistake, before it fails in some parser's words.
func notXML(data []byte) error {
	lower := bytes.ToLower(data[:min(len(data), 256)])
	switch {
	case len(data) == 0:
		return errors.New("the document is empty")
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
		return errors.New("the document is encoded as UTF-16; save it as UTF-8")
	case bytes.HasPrefix(lower, []byte("<!doctype html")) || bytes.HasPrefix(lower, []byte("<html")):
		return errors.New("this is an HTML page, probably a sign-in page, and no metadata: download the file again while you are signed in")
	case bytes.HasPrefix(data, []byte("-----BEGIN ")):
		return errors.New("this is only a certificate, and the whole metadata file is needed")
	case data[0] == '{' || data[0] == '[':
		return jsonInstead(data)
	case bytes.HasPrefix(lower, []byte("http://")) || bytes.HasPrefix(lower, []byte("https://")):
		return errors.New("this is the address of a document, and the document itself is needed")
	case !utf8.Valid(data):
		return errors.New("the document is not text; metadata is an XML file")
	case data[0] != '<':
		return errors.New("the document is not XML; metadata is an XML file that begins with <")
	}
	return nil
}

// jsonInstead shows the error that an API answered with in place of the document.
func jsonInstead(data []byte) error {
	var answer struct {
		Code    string `json:"errorCode"`
		Summary string `json:"errorSummary"`
	}
	if json.Unmarshal(data, &answer) == nil && answer.Code != "" {
		return fmt.Errorf("this is an error of Okta's API (%s: %s), and no metadata", short(answer.Code), short(answer.Summary))
	}
	return errors.New("this is JSON, and no metadata, which is XML")
}

// otherDocument recognises well-formed XML that is something else.
func otherDocument(root xml.Name) error {
	switch {
	case root.Space == metadataNamespace && root.Local == "EntityDescriptor":
		return nil
	case root.Space == metadataNamespace && root.Local == "EntitiesDescriptor":
		return errors.New("this is a collection of metadata (EntitiesDescriptor), and the metadata of one entity is needed")
	case root.Local == "Response" || root.Local == "Assertion" || root.Local == "AuthnRequest":
		return fmt.Errorf("this is a SAML message (%s), and no metadata", root.Local)
	case strings.EqualFold(root.Local, "html"):
		return errors.New("this is an HTML page, probably a sign-in page, and no metadata: download the file again while you are signed in")
	case root.Local == "EntityDescriptor":
		return errors.New("the EntityDescriptor is not in the XML namespace of SAML 2.0 metadata")
	}
	return fmt.Errorf("this is an XML document of another kind (%s), and no SAML metadata", short(root.Local))
}

// short keeps foreign text to a length that fits into a message.
func short(s string) string {
	const most = 120
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
