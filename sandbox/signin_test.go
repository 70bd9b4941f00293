package sandbox

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	awsworld "studio-onboarding/sandbox/internal/aws"
	"studio-onboarding/sandbox/internal/okta"
)

// parties plays both sides of a sign-in in which everything is right until a test breaks it.
type parties struct {
	signOn   okta.SignOn
	refusal  error
	opened   []okta.Opened
	disabled bool
	source   awsworld.IdentitySource
	users    map[string]bool
	assigned map[string]bool
	profiles map[string]string
	made     []string
	events   []string
}

func (p *parties) SignOn(_ string, by okta.Opened) (okta.SignOn, error) {
	p.opened = append(p.opened, by)
	return p.signOn, p.refusal
}
func (p *parties) Issues(entityID string) bool                     { return entityID == "http://www.okta.com/exk1" }
func (p *parties) IdentitySource() (awsworld.IdentitySource, bool) { return p.source, !p.disabled }
func (p *parties) RecordSignIn(userID string)                      { p.events = append(p.events, "in "+userID) }
func (p *parties) RecordRefusal(why string)                        { p.events = append(p.events, "refused "+why) }
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
		// refused is the event of an assertion that was not taken; nobody got as far as Identity Center where it is "-".
		refused string
	}{
		{name: "everything is right", profile: "profile"},
		{name: "not assigned in Okta", refused: "-", link: linkOkta, text: "User is not assigned to the client application.",
			spoil: func(p *parties, _ *signInPath) {
				p.refusal = errors.New("User is not assigned to the client application.")
			}},
		{name: "blank ACS URL", refused: "-", link: linkSAML, text: "No error is shown: the browser ends on the Okta dashboard (/app/UserHome).",
			spoil: func(p *parties, _ *signInPath) { p.signOn.ACSURL = "" }},
		{name: "another ACS URL", refused: "The destination of the assertion is not the ACS URL.", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.signOn.ACSURL += "/" }},
		{name: "another audience", refused: "The audience of the assertion is not the issuer URL.", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.signOn.Audience = "d-2" }},
		{name: "metadata of another app", refused: "The issuer of the assertion is not the external identity provider.", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.source.EntityID = "http://www.okta.com/exk2" }},
		{name: "certificate of another key", refused: "The signature of the assertion does not match any certificate.", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.source.Certificates = []string{"BBBB"} }},
		{name: "no identity provider", refused: "The identity source is not an external identity provider.", link: linkSAML, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.source = awsworld.IdentitySource{Kind: awsworld.OwnDirectory} }},
		{name: "one of several certificates, as PEM", profile: "profile", spoil: func(p *parties, _ *signInPath) {
			p.source.Certificates = []string{"BBBB", "-----BEGIN CERTIFICATE-----\nAA\nAA\n-----END CERTIFICATE-----\n"}
		}},
		{name: "no such user", refused: "No user was found for the NameID of the assertion.", link: linkUser, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.users = nil }},
		{name: "user name in another case", refused: "No user was found for the NameID of the assertion.", link: linkUser, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.signOn.NameID = "Ann@example.com" }},
		{name: "disabled user", refused: "The user is disabled.", link: linkUser, text: unexpected, spoil: func(p *parties, _ *signInPath) { p.users[name] = false }},
		{name: "NameID is no address", refused: "The NameID of the assertion is not an email address.", link: linkUser, text: unexpected,
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
				signOn: okta.SignOn{ACSURL: "https://acs", Audience: "https://issuer", NameID: name, Issuer: "http://www.okta.com/exk1", Certificate: "AAAA"},
				source: awsworld.IdentitySource{Kind: awsworld.ExternalIdP, EntityID: "http://www.okta.com/exk1", Certificates: []string{"AA\nAA"},
					ACSURL: "https://acs", Issuer: "https://issuer", PortalURL: "https://portal"},
				users: map[string]bool{name: true}, assigned: map[string]bool{application + " id-" + name: true}, profiles: map[string]string{name: "InService"},
			}
			d := signInPath{okta: p, aws: p, domains: []studioDomain{{"d-1", "InService", "https://studio", application}}}
			if test.spoil != nil {
				test.spoil(p, &d)
			}
			got := d.open(test.in)
			switch test.refused {
			case "":
				require.Equal(t, []string{"in id-" + name}, p.events)
			case "-":
				require.Empty(t, p.events)
			default:
				require.Equal(t, []string{"refused " + test.refused}, p.events)
			}
			if test.link != "" {
				require.Equal(t, SignInResult{Link: test.link, Error: test.text}, got)
				require.Empty(t, p.made, "a sign-in that fails must not leave a profile")
				return
			}
			require.Equal(t, SignInResult{OK: true, URL: "https://studio", Profile: test.profile}, got)
		})
	}
}

// TestSignInBeginsAtAnAddress: where AWS sends people decides who asks them for what.
func TestSignInBeginsAtAnAddress(t *testing.T) {
	const name = "ann@example.com"
	external := awsworld.IdentitySource{Kind: awsworld.ExternalIdP, EntityID: "http://www.okta.com/exk1", Certificates: []string{"AAAA"},
		ACSURL: "https://acs", Issuer: "https://issuer", PortalURL: "https://portal"}
	another, own, directory := external, external, external
	another.EntityID, own.Kind, directory.Kind = "https://login.example.com/idp", awsworld.OwnDirectory, awsworld.ActiveDirectory
	portal, studio := SignInResult{OK: true, URL: "https://portal"}, SignInResult{OK: true, URL: "https://studio", Profile: "profile"}
	for _, test := range []struct {
		name   string
		source awsworld.IdentitySource
		in     SignInInput
		want   SignInResult
		opened []okta.Opened
	}{
		{"tile", external, SignInInput{Label: "AWS"}, studio, []okta.Opened{{Label: "AWS"}}},
		{"portal of Okta", external, SignInInput{Address: AddressPortal}, portal, []okta.Opened{{EntityID: external.EntityID}}},
		{"Studio of Okta", external, SignInInput{Address: AddressStudio, Label: "AWS"}, studio, []okta.Opened{{EntityID: external.EntityID, Label: "AWS"}}},
		{"portal of another provider", another, SignInInput{Address: AddressPortal}, portal, nil},
		{"portal of the own directory", own, SignInInput{Address: AddressPortal}, portal, nil},
		{"Studio of Active Directory", directory, SignInInput{Address: AddressStudio}, studio, nil},
		{"portal, unknown user", own, SignInInput{Address: AddressPortal, Login: "bo@example.com"},
			SignInResult{Link: linkUser, Error: "We couldn't verify your sign-in credentials. Please try again."}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &parties{
				signOn: okta.SignOn{ACSURL: "https://acs", Audience: "https://issuer", NameID: name, Issuer: external.EntityID, Certificate: "AAAA"},
				source: test.source, users: map[string]bool{name: true}, assigned: map[string]bool{"apl id-" + name: true}, profiles: map[string]string{name: "InService"},
			}
			d := signInPath{okta: p, aws: p, domains: []studioDomain{{"d-1", "InService", "https://studio", "apl"}}}
			if test.in.Login == "" {
				test.in.Login = name
			}
			require.Equal(t, test.want, d.open(test.in))
			require.Equal(t, test.opened, p.opened)
		})
	}
	t.Run("no portal", func(t *testing.T) {
		p := &parties{disabled: true}
		require.Equal(t, linkSAML, signInPath{okta: p, aws: p}.open(SignInInput{Login: name, Address: AddressPortal}).Link)
	})
}
