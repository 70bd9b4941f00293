package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	awsworld "studio-onboarding/sandbox/internal/aws"
	"studio-onboarding/sandbox/internal/okta"
)

// make makes both sides with what the world file says. They depend on each other as in reality: Okta's apps have the addresses of
// Identity Center and provision it, Identity Center trusts one of the apps, and access is given to people who are there.
func (w *World) make(inOkta okta.Config, inAWS awsworld.Config) (err error) {
	file := w.config.World
	if file == nil {
		file = &WorldFile{}
	}
	if w.aws, err = awsworld.New(inAWS); err != nil {
		return fmt.Errorf("make the AWS organization: %w", err)
	}
	directory := file.AWS.IdentityCenter
	if directory != nil {
		seeded, err := w.aws.SeedIdentityCenter(*directory)
		if err != nil {
			return fmt.Errorf("make the AWS organization: %w", err)
		}
		inOkta.This = okta.ServiceProvider{
			ACSURL: seeded.ACSURL, EntityID: seeded.Issuer, SCIM: seeded.Endpoint, Token: seeded.Token, Transport: within{w.aws.SCIM()},
		}
	}
	inOkta.Population = file.Okta
	if w.okta, err = okta.New(inOkta); err != nil {
		return fmt.Errorf("make the Okta org: %w", err)
	}
	if directory != nil {
		if err := w.makeAccess(*directory); err != nil {
			return fmt.Errorf("make the AWS organization: %w", err)
		}
	}
	if err := w.aws.SeedAccounts(file.AWS); err != nil {
		return fmt.Errorf("make the AWS organization: %w", err)
	}
	w.aws.Begin()
	return nil
}

func (w *World) makeAccess(directory awsworld.DirectorySeed) error {
	if directory.OktaApp != "" {
		metadata, err := w.okta.Metadata(directory.OktaApp)
		if err != nil {
			return fmt.Errorf("identityCenter: oktaApp: %w", err)
		}
		if err := w.aws.SeedTrust(metadata); err != nil {
			return err
		}
	}
	return w.aws.SeedAccess(directory)
}

// within answers requests by a handler of the same process, for worlds that are not served yet.
type within struct{ http.Handler }

func (h within) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	rw := &written{status: http.StatusOK, header: http.Header{}}
	h.ServeHTTP(rw, r)
	return &http.Response{
		StatusCode: rw.status, Status: http.StatusText(rw.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: rw.header,
		Body: io.NopCloser(&rw.body), ContentLength: int64(rw.body.Len()), Request: r,
	}, nil
}

// written is an answer that was written into memory.
type written struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (w *written) Header() http.Header            { return w.header }
func (w *written) WriteHeader(status int)         { w.status = status }
func (w *written) Write(data []byte) (int, error) { return w.body.Write(data) }
