package sandbox

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox/internal/okta"
)

// parties plays both sides of a sign-in in which everything is right until a test breaks it.
type parties struct {
	signOn       okta.SignOn
	refusal      error
	entityID     string
	certificates []string
	acsURL       string
	issuer       string
	users        map[string]bool
	assigned     map[string]bool
	profiles     map[string]string
	made         []string
}

func (p *parties) SignOn(string, string) (okta.SignOn, error) { return p.signOn, p.refusal }
func (p *parties) TrustedIdP() (string, []string, bool) {
	return p.entityID, p.certificates, p.entityID != ""
}
func (p *parties) ServiceProvider() (string, string, bool) { return p.acsURL, p.issuer, p.acsURL != "" }
func (p *parties) Assigned(application, userID string) bool {
	return p.assigned[application+" "+userID]
}
func (p *parties) UserByName(name string) (string, bool, bool) {
	on, ok := p.users[name]
	return "id-" + name, on, ok
}
func (p *parties) Profile(_, name string) (string, string, bool) {
	s, ok := p.profiles[name]
	return "profile", s, ok
}
func (p *parties) CreateProfileOnSignIn(_, name string) string {
	p.made = append(p.made, name)
	return "new-profile"
}

func TestSignInStopsAtTheLinkThatBreaks(t *testing.T) {
	const (
		name        = "ann@example.com"
		application = "arn:aws:sso::111111111111:application/ssoins-1/apl-1"
		denied      = "Access Denied. Please check if user is assigned to Studio Domain [d-1] and SSO Application [Amazon SageMaker Studio (d-1)] is Active."
	)
	for _, test := range []struct {
		name    string
		spoil   func(p *parties, d *signInPath)
		in      SignInInput
		link    string
		text    string
		profile string
	}{
		{name: "everything is right", profile: "profile"},
		{name: "not assigned in Okta", link: linkOkta, text: "User is not assigned to the client application.",
			spoil: func(p *parties, _ *signInPath) {
				p.refusal = errors.New("User is not assigned to the client application.")
			}},
		{name: "blank ACS URL", link: linkSAML, text: "No error is shown: the browser ends on the Okta dashboard (/app/UserHome).",
			spoil: func(p *parties, _ *signInPath) { p.signOn.ACSURL = "" }},
		{name: "another ACS URL", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.signOn.ACSURL += "/" }},
		{name: "another audience", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.signOn.Audience = "d-2" }},
		{name: "metadata of another app", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.entityID = "http://www.okta.com/exk2" }},
		{name: "certificate of another key", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.certificates = []string{"BBBB"} }},
		{name: "no identity provider", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.entityID = "" }},
		{name: "one of several certificates, as PEM", profile: "profile", spoil: func(p *parties, _ *signInPath) {
			p.certificates = []string{"BBBB", "-----BEGIN CERTIFICATE-----\nAA\nAA\n-----END CERTIFICATE-----\n"}
		}},
		{name: "no such user", link: linkUser, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.users = nil }},
		{name: "user name in another case", link: linkUser, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.signOn.NameID = "Ann@example.com" }},
		{name: "disabled user", link: linkUser, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.users[name] = false }},
		{name: "NameID is no address", link: linkUser, text: unexpected,
			spoil: func(p *parties, _ *signInPath) { p.signOn.NameID, p.users["ann"] = "ann", true }},
		{name: "application not assigned", link: linkApplication, text: denied, spoil: func(p *parties, _ *signInPath) { p.assigned = nil }},
		{name: "no domain", link: linkDomain, text: "The AWS access portal shows no SageMaker Studio application.",
			spoil: func(_ *parties, d *signInPath) { d.domains = nil }},
		{name: "another domain", in: SignInInput{DomainID: "d-9"}, link: linkDomain, text: "The AWS access portal shows no SageMaker Studio application."},
		{name: "domain under way", link: linkDomain, text: "Studio Domain [d-1] is in status Pending.",
			spoil: func(_ *parties, d *signInPath) { d.domains[0].status = "Pending" }},
		{name: "profile under way", link: linkProfile, text: "User profile [profile] of Studio Domain [d-1] is in status Pending.",
			spoil: func(p *parties, _ *signInPath) { p.profiles[name] = "Pending" }},
		{name: "first sign-in", profile: "new-profile", spoil: func(p *parties, _ *signInPath) { p.profiles = nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &parties{
				signOn:   okta.SignOn{ACSURL: "https://acs", Audience: "https://issuer", NameID: name, Issuer: "http://www.okta.com/exk1", Certificate: "AAAA"},
				entityID: "http://www.okta.com/exk1", certificates: []string{"AA\nAA"}, acsURL: "https://acs", issuer: "https://issuer",
				users: map[string]bool{name: true}, assigned: map[string]bool{application + " id-" + name: true}, profiles: map[string]string{name: "InService"},
			}
			d := signInPath{okta: p, aws: p, domains: []studioDomain{{"d-1", "InService", "https://studio", application}}}
			if test.spoil != nil {
				test.spoil(p, &d)
			}
			got := d.open(test.in)
			if test.link != "" {
				require.Equal(t, SignInResult{Link: test.link, Error: test.text}, got)
				require.Empty(t, p.made, "a sign-in that fails must not leave a profile")
				return
			}
			require.Equal(t, SignInResult{OK: true, URL: "https://studio", Profile: test.profile}, got)
		})
	}
}
