package awsworld

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// scope is what an Authorization header says before it is believed.
type scope struct {
	accessKey, date, region, service string
	signed                           []string
	signature                        string
}

// authorizationHeader is that of Signature Version 4 ("Signing AWS API requests" in the IAM User Guide).
var authorizationHeader = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,` +
	`\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$`)

// readScope parses an Authorization header.
func readScope(header string) (scope, bool) {
	parts := authorizationHeader.FindStringSubmatch(header)
	if parts == nil {
		return scope{}, false
	}
	return scope{accessKey: parts[1], date: parts[2], region: parts[3], service: parts[4],
		signed: strings.Split(parts[5], ";"), signature: parts[6]}, true
}

const (
	timeFormat = "20060102T150405Z"
	// clockSkew is how far a request's time may be from ours.
	clockSkew = 15 * time.Minute
)

// authenticate finds out who signed a request, by signing it again.
func (w *World) authenticate(r *http.Request, body []byte, s scope) (*principal, error) {
	p := w.principals[s.accessKey]
	if p == nil || (p.token != "" && p.token != r.Header.Get("X-Amz-Security-Token")) {
		return nil, unknownKey(s.service)
	}
	if !p.expires.IsZero() && w.clock.Now().After(p.expires) {
		return nil, expiredSession(s.service)
	}
	at, err := time.Parse(timeFormat, r.Header.Get("X-Amz-Date"))
	if err != nil || at.Format("20060102") != s.date {
		return nil, wrongSignature(s.service, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
	}
	if d := w.clock.Now().Sub(at); d > clockSkew || d < -clockSkew {
		return nil, wrongSignature(s.service, "Signature expired: "+at.Format(timeFormat)+" is not within 15 min of "+w.clock.Now().Format(timeFormat))
	}
	if !slices.Contains(s.signed, "host") {
		return nil, wrongSignature(s.service, "'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	expected, err := resign(r, body, s, p, at)
	if err != nil || !hmac.Equal([]byte(expected), []byte(s.signature)) {
		return nil, wrongSignature(s.service, "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return p, nil
}

// resign computes the signature over the headers that the client says it signed.
func resign(r *http.Request, body []byte, s scope, p *principal, at time.Time) (string, error) {
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), http.NoBody)
	if err != nil {
		return "", err
	}
	again.Host = r.Host
	again.ContentLength = 0
	for _, name := range s.signed {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = int64(len(body))
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: p.accessKey, SecretAccessKey: p.secret, SessionToken: p.token}
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, again, hex.EncodeToString(sum[:]), s.service, s.region, at); err != nil {
		return "", err
	}
	signed, ok := readScope(again.Header.Get("Authorization"))
	if !ok {
		return "", io.ErrUnexpectedEOF
	}
	return signed.signature, nil
}

func unknownKey(service string) *apiError {
	switch service {
	case "ec2":
		return failure("AuthFailure", "AWS was not able to validate the provided access credentials").with(http.StatusUnauthorized)
	case "iam", "sts":
		return failure("InvalidClientTokenId", "The security token included in the request is invalid.").with(http.StatusForbidden)
	default:
		return failure("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
}

func expiredSession(service string) *apiError {
	switch service {
	case "ec2":
		return failure("RequestExpired", "Request has expired.")
	case "iam", "sts":
		return failure("ExpiredToken", "The security token included in the request is expired").with(http.StatusForbidden)
	default:
		return failure("ExpiredTokenException", "The security token included in the request is expired")
	}
}

func wrongSignature(service, message string) *apiError {
	switch service {
	case "ec2":
		return failure("AuthFailure", "AWS was not able to validate the provided access credentials").with(http.StatusUnauthorized)
	case "iam", "sts":
		return failure("SignatureDoesNotMatch", "%s", message).with(http.StatusForbidden)
	default:
		return failure("InvalidSignatureException", "%s", message)
	}
}
