package sandbox

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"

	awsworld "studio-onboarding/sandbox/internal/aws"
	"studio-onboarding/sandbox/internal/okta"
)

// signInPath is the way of one person into Studio, or to the AWS access portal. It looks at the parties as each of them sees itself,
// like a browser that is sent from one to the next, and changes nothing but the profile that a first sign-in makes; what the
// parties write into their logs, they write.
type signInPath struct {
	okta    oktaSide
	aws     awsSide
	domains []studioDomain
}

// oktaSide is the Okta org.
type oktaSide interface {
	// SignOn answers what Okta sends when a person opens an app, or the error that it shows.
	SignOn(login string, by okta.Opened) (okta.SignOn, error)
	// Issues says whether an entity ID is that of one of the org's apps.
	Issues(entityID string) bool
}

// awsSide is what takes part in a sign-in on the AWS side.
type awsSide interface {
	// IdentitySource is where Identity Center has its people from; certificates are base64 or PEM.
	IdentitySource() (source awsworld.IdentitySource, ok bool)
	// UserByName finds an Identity Center user by the exact user name.
	UserByName(userName string) (id string, enabled, ok bool)
	// RecordSignIn and RecordRefusal leave the events of a sign-in and of an assertion that was not taken.
	RecordSignIn(userID string)
	RecordRefusal(why string)
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
	source, there := d.aws.IdentitySource()
	if !there && in.Address == AddressPortal {
		return broken(linkSAML, "This site can't be reached: IAM Identity Center is not enabled.")
	}
	userName, userID, stopped := d.authenticate(in, source)
	if stopped != nil {
		return *stopped
	}
	if in.Address == AddressPortal {
		return SignInResult{OK: true, URL: source.PortalURL}
	}
	return d.openStudio(in.DomainID, userName, userID)
}

// authenticate is the way from where the person begins to where Identity Center knows who they are.
func (d signInPath) authenticate(in SignInInput, source awsworld.IdentitySource) (userName, userID string, stopped *SignInResult) {
	stop := func(link, text string) (string, string, *SignInResult) {
		result := broken(link, text)
		return "", "", &result
	}
	fromAWS := in.Address == AddressPortal || in.Address == AddressStudio
	external := !fromAWS || source.Kind == awsworld.ExternalIdP
	userName = in.Login
	if !fromAWS || external && d.okta.Issues(source.EntityID) {
		by := okta.Opened{Label: in.Label}
		if fromAWS {
			by.EntityID = source.EntityID
		}
		assertion, err := d.okta.SignOn(in.Login, by)
		if err != nil {
			return stop(linkOkta, err.Error())
		}
		if assertion.ACSURL == "" {
			return stop(linkSAML, "No error is shown: the browser ends on the Okta dashboard (/app/UserHome).")
		}
		if why := distrusted(assertion, source); why != "" {
			d.aws.RecordRefusal(why)
			return stop(linkSAML, unexpected)
		}
		userName = assertion.NameID
	}
	userID, enabled, ok := d.aws.UserByName(userName)
	switch {
	case external && !emailShaped(userName):
		d.aws.RecordRefusal("The NameID of the assertion is not an email address.")
	case external && !ok:
		d.aws.RecordRefusal("No user was found for the NameID of the assertion.")
	case external && !enabled:
		d.aws.RecordRefusal("The user is disabled.")
	case ok && enabled:
		d.aws.RecordSignIn(userID)
		return userName, userID, nil
	default:
		return stop(linkUser, "We couldn't verify your sign-in credentials. Please try again.")
	}
	return stop(linkUser, unexpected)
}

// openStudio opens a domain as a user who is signed in.
func (d signInPath) openStudio(domainID, userName, userID string) SignInResult {
	domain, ok := d.domain(domainID)
	if !ok {
		return broken(linkDomain, "The AWS access portal shows no SageMaker Studio application.")
	}
	if !d.aws.Assigned(domain.applicationARN, userID) {
		return broken(linkApplication, fmt.Sprintf("Access Denied. Please check if user is assigned to Studio Domain [%s] and SSO Application [Amazon SageMaker Studio (%s)] is Active.", domain.id, domain.id))
	}
	if domain.status != "InService" {
		return broken(linkDomain, fmt.Sprintf("Studio Domain [%s] is in status %s.", domain.id, domain.status))
	}
	profile, status, ok := d.aws.Profile(domain.id, userName)
	if !ok {
		profile, status = d.aws.CreateProfileOnSignIn(domain.id, userName), "InService"
	}
	if profile == "" || status != "InService" {
		return broken(linkProfile, fmt.Sprintf("User profile [%s] of Studio Domain [%s] is in status %s.", profile, domain.id, status))
	}
	return SignInResult{OK: true, URL: domain.url, Profile: profile}
}

func broken(link, text string) SignInResult { return SignInResult{Link: link, Error: text} }

// distrusted is why Identity Center refuses an assertion: not sent to its address, not meant for it, not signed by the certificate of
// the provider that it trusts. It is empty when Identity Center accepts it.
func distrusted(assertion okta.SignOn, source awsworld.IdentitySource) string {
	switch {
	case source.Kind != awsworld.ExternalIdP:
		return "The identity source is not an external identity provider."
	case assertion.ACSURL != source.ACSURL:
		return "The destination of the assertion is not the ACS URL."
	case assertion.Audience != source.Issuer:
		return "The audience of the assertion is not the issuer URL."
	case assertion.Issuer != source.EntityID:
		return "The issuer of the assertion is not the external identity provider."
	case !slices.ContainsFunc(source.Certificates, func(c string) bool { return bareCertificate(c) == bareCertificate(assertion.Certificate) }):
		return "The signature of the assertion does not match any certificate."
	}
	return ""
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
