package okta

import (
	"encoding/base64"
	"errors"
)

// SignOn is what the org would send to a service provider when a person opens an app.
type SignOn struct {
	// ACSURL is where the assertion goes, Audience for whom it is; both as the app's settings have them, empty ones included.
	ACSURL   string
	Audience string
	// NameID is the person's name over there.
	NameID string
	// Issuer is the org's entity ID for this app; Certificate the base64 of the DER of the certificate that proves the signature.
	Issuer      string
	Certificate string
}

// SignOn opens the AWS IAM Identity Center app of this label as the person with this login; an empty label takes the first
// that the person has. The error is what Okta shows instead.
func (o *Org) SignOn(login, label string) (SignOn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	person := o.logins[login]
	if person == nil || person.status != statusActive {
		return SignOn{}, errors.New("Unable to sign in")
	}
	disabled := false
	for a := range o.apps.all() {
		au, assigned := a.users.get(person.id)
		if a.name != identityCenterApp || !assigned || label != "" && a.label != label {
			continue
		}
		k, signs := a.keys.get(a.kid)
		if a.status != statusActive || !signs {
			disabled = true
			continue
		}
		return SignOn{ACSURL: a.setting("acsURL"), Audience: a.setting("entityID"), NameID: au.userName, Issuer: a.idpEntityID(),
			Certificate: base64.StdEncoding.EncodeToString(k.certificate.Raw)}, nil
	}
	if disabled {
		return SignOn{}, errors.New("Page not found. The application is not active.")
	}
	return SignOn{}, errors.New("User is not assigned to the client application.")
}
