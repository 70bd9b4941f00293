package okta

import (
	"encoding/base64"
	"errors"
	"strings"
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

// Opened says which AWS IAM Identity Center app a person opens.
type Opened struct {
	// Label is the app's label; empty takes the first that the person has.
	Label string
	// EntityID is the app to which a service provider sent the person, by the org's entity ID for it; it counts instead of Label.
	EntityID string
}

func (by Opened) is(a *app) bool {
	switch {
	case a.name != identityCenterApp:
		return false
	case by.EntityID != "":
		return a.idpEntityID() == by.EntityID
	}
	return by.Label == "" || by.Label == a.label
}

// Issues says whether an entity ID is that of one of this org's apps.
func (o *Org) Issues(entityID string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for a := range o.apps.all() {
		if (Opened{EntityID: entityID}).is(a) {
			return true
		}
	}
	return false
}

// SignOn opens an AWS IAM Identity Center app as the person with this login, and leaves in the System Log what Okta does. The
// error is what Okta shows instead.
func (o *Org) SignOn(login string, by Opened) (SignOn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	person := o.logins[login]
	if person == nil || person.status != statusActive {
		o.logActor(visitor(person, login), "user.session.start", errors.New("INVALID_CREDENTIALS"))
		return SignOn{}, errors.New("Unable to sign in")
	}
	disabled, closed := false, (*app)(nil)
	for a := range o.apps.all() {
		if !by.is(a) {
			continue
		}
		au, assigned := a.users.get(person.id)
		if !assigned {
			if closed == nil {
				closed = a
			}
			continue
		}
		k, signs := a.keys.get(a.kid)
		if a.status != statusActive || !signs {
			disabled = true
			continue
		}
		o.logActor(visitor(person, login), "user.authentication.sso", nil, a, appUserTarget(au))
		return SignOn{ACSURL: a.setting("acsURL"), Audience: a.setting("entityID"), NameID: au.userName, Issuer: a.idpEntityID(),
			Certificate: base64.StdEncoding.EncodeToString(k.certificate.Raw)}, nil
	}
	if disabled {
		return SignOn{}, errors.New("Page not found. The application is not active.")
	}
	const refusal = "User is not assigned to the client application."
	if closed != nil {
		o.logActor(visitor(person, login), "app.generic.unauth_app_access_attempt", errors.New(strings.TrimSuffix(refusal, ".")), closed)
	}
	return SignOn{}, errors.New(refusal)
}

// visitor is somebody at a browser as an actor of the System Log; whom Okta doesn't know has no more than the login they typed.
func visitor(u *user, login string) target {
	if u == nil {
		return target{"unknown", "User", login, "unknown"}
	}
	return target{u.id, "User", u.login, u.display}
}
