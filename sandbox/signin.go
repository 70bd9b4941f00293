package sandbox

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"studio-onboarding/sandbox/internal/okta"
)

// signInPath is the way of one person from the Okta dashboard into Studio. It looks at the parties as each of them sees itself,
// like a browser that is sent from one to the next, and changes nothing but the profile that a first sign-in makes.
type signInPath struct {
	okta    oktaSide
	aws     awsSide
	domains []studioDomain
}

// oktaSide answers what Okta sends when a person opens the app, or the error that it shows.
type oktaSide interface {
	SignOn(login, label string) (okta.SignOn, error)
}

// awsSide is what takes part in a sign-in on the AWS side.
type awsSide interface {
	// TrustedIdP is the identity provider that Identity Center trusts; certificates are base64 or PEM.
	TrustedIdP() (entityID string, certificates []string, ok bool)
	// ServiceProvider is Identity Center itself.
	ServiceProvider() (acsURL, issuer string, ok bool)
	// UserByName finds an Identity Center user by the exact user name.
	UserByName(userName string) (id string, enabled, ok bool)
	// Assigned says whether a user is assigned to an application, directly or by a group.
	Assigned(applicationARN, userID string) bool
	// Profile is the user profile of an Identity Center user.
	Profile(domainID, userName string) (name, status string, ok bool)
	// CreateProfileOnSignIn makes the profile of somebody who signs in for the first time, and answers with its name.
	CreateProfileOnSignIn(domainID, userName string) string
}

type studioDomain struct {
	id, status, url, applicationARN string
}

// The links of the chain, as SignInResult.Link names them.
const (
	linkOkta        = "okta"
	linkSAML        = "saml"
	linkUser        = "user"
	linkApplication = "application"
	linkDomain      = "domain"
	linkProfile     = "profile"
)

// unexpected is all that Identity Center tells a person whose assertion it can't use (IAM Identity Center User Guide,
// "Troubleshooting IAM Identity Center issues").
const unexpected = "An unexpected error has occurred"

// open tries the whole way and stops at the first link that breaks.
func (d signInPath) open(in SignInInput) SignInResult {
	assertion, err := d.okta.SignOn(in.Login, in.Label)
	if err != nil {
		return broken(linkOkta, err.Error())
	}
	if assertion.ACSURL == "" {
		return broken(linkSAML, "No error is shown: the browser ends on the Okta dashboard (/app/UserHome).")
	}
	if !d.trusts(assertion) {
		return broken(linkSAML, unexpected)
	}
	userID, enabled, ok := d.aws.UserByName(assertion.NameID)
	if !ok || !enabled || !emailShaped(assertion.NameID) {
		return broken(linkUser, unexpected)
	}
	domain, ok := d.domain(in.DomainID)
	if !ok {
		return broken(linkDomain, "The AWS access portal shows no SageMaker Studio application.")
	}
	if !d.aws.Assigned(domain.applicationARN, userID) {
		return broken(linkApplication, fmt.Sprintf("Access Denied. Please check if user is assigned to Studio Domain [%s] and SSO Application [Amazon SageMaker Studio (%s)] is Active.", domain.id, domain.id))
	}
	if domain.status != "InService" {
		return broken(linkDomain, fmt.Sprintf("Studio Domain [%s] is in status %s.", domain.id, domain.status))
	}
	profile, status, ok := d.aws.Profile(domain.id, assertion.NameID)
	if !ok {
		profile, status = d.aws.CreateProfileOnSignIn(domain.id, assertion.NameID), "InService"
	}
	if profile == "" || status != "InService" {
		return broken(linkProfile, fmt.Sprintf("User profile [%s] of Studio Domain [%s] is in status %s.", profile, domain.id, status))
	}
	return SignInResult{OK: true, URL: domain.url, Profile: profile}
}

func broken(link, text string) SignInResult { return SignInResult{Link: link, Error: text} }

// trusts says whether Identity Center accepts the assertion: sent to its address, meant for it, signed by the certificate
// of the provider that it trusts.
func (d signInPath) trusts(assertion okta.SignOn) bool {
	acsURL, issuer, ok := d.aws.ServiceProvider()
	if !ok || assertion.ACSURL != acsURL || assertion.Audience != issuer {
		return false
	}
	entityID, certificates, ok := d.aws.TrustedIdP()
	return ok && entityID == assertion.Issuer && slices.ContainsFunc(certificates, func(c string) bool {
		return bareCertificate(c) == bareCertificate(assertion.Certificate)
	})
}

// bareCertificate is a certificate's base64 without PEM's frame and line breaks.
func bareCertificate(text string) string {
	text = strings.NewReplacer("-----BEGIN CERTIFICATE-----", "", "-----END CERTIFICATE-----", "").Replace(text)
	return strings.Join(strings.Fields(text), "")
}

// emailShaped says whether a NameID is what Identity Center demands: user@domain, nothing around it.
func emailShaped(name string) bool {
	address, err := mail.ParseAddress(name)
	return err == nil && address.Address == name
}

// domain picks the domain by ID; an empty ID takes the first.
func (d signInPath) domain(id string) (studioDomain, bool) {
	for _, domain := range d.domains {
		if id == "" || domain.id == id {
			return domain, true
		}
	}
	return studioDomain{}, false
}
