package trust

import (
	"fmt"
	"strings"
	"time"

	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// The codes of the verdicts.
const (
	CodeTrust    = "saml-trust"
	CodeSettings = "okta-app-settings"
	CodeEvidence = "saml-trust-evidence"
)

// State is what is there.
type State struct {
	// OrgURL is the Okta org's address.
	OrgURL string
	// App is nil where there is none yet; Trouble is why it could not be read.
	App     *model.App
	Trouble *onboarding.Trouble

	// Undecided says that it is not known which app the run uses.
	Undecided bool
	// IdentityStoreID is that of the organization's instance; empty while there is none. Region is its primary
	// one, and the spec's while there is none.
	IdentityStoreID string
	Region          string

	// What ties the app to the instance; looked at only where the app's values are the instance's. Exchanged: a run before made the
	// trust between these two. Came: people whom the app provisions are in the instance's directory. SignedIn: when somebody was last
	// seen signing in through the app.
	Exchanged                   bool
	Came                        bool
	SignedIn                    time.Time
	CameTrouble, SignInsTrouble *onboarding.Trouble
}

// fits says whether the app's values are those of the organization's instance.
func (s State) fits() bool {
	return s.App != nil && s.IdentityStoreID != "" && s.App.IdentityStoreID() == s.IdentityStoreID && s.judgeValues() == nil
}

// InPlace says whether there is reason to believe that Identity Center trusts this very app, so that nobody is asked to exchange
// anything: the app has this instance's values, and something ties it to the instance. That the identity source was changed at some
// time says nothing of which app it was changed to. It is the one place where that is decided, for every view and for the run.
func (s State) InPlace() bool {
	return s.fits() && (s.Exchanged || s.Came || !s.SignedIn.IsZero())
}

// trusts says whether the app has these values.
func trusts(app model.App, wanted ServiceProvider) bool {
	return app.ACSURL == wanted.ACSURL && app.EntityID == wanted.Issuer
}

// Judge says what is right about the trust. A run asks for the exchange unless trust is in place.
func Judge(spec onboarding.Spec, s State) []onboarding.Verdict {
	label := spec.Okta.AppLabel
	switch {
	case s.Undecided:
		return []onboarding.Verdict{verdict(onboarding.VerdictUnknown, label, CodeTrust, "",
			"It is not known yet which Okta app the run uses.")}
	case s.Trouble != nil:
		return []onboarding.Verdict{s.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceTrust, label, CodeTrust)}
	case s.App == nil:
		return exchange(label, "Identity Center's values are written to the app.")
	case s.InPlace():
		return []onboarding.Verdict{verdict(onboarding.VerdictKeep, label, CodeTrust, "",
			"The app has this instance's values, and %s. Which metadata Identity Center has no API tells.", s.tie())}
	}
	wrong := s.judgeValues()
	switch {
	case wrong != nil:
		wrong.Kind = onboarding.VerdictWarning
		return append(exchange(label, "The values that the app has are replaced where yours differ."), *wrong)
	case s.App.ACSURL != "":
		verdicts := exchange(label, "The values that the app has are replaced where yours differ.")
		if s.fits() {
			verdicts = verdicts[:1] // there is nothing to write
		}
		verdicts = append(verdicts, s.judgeUntied(label))
		for _, trouble := range []*onboarding.Trouble{s.CameTrouble, s.SignInsTrouble} {
			if trouble != nil {
				verdicts = append(verdicts, trouble.As(onboarding.VerdictUnknown, onboarding.ResourceTrust, label, CodeEvidence))
			}
		}
		return verdicts
	}
	return exchange(label, "Identity Center's values are written to the app.")
}

// tie says what ties the app to the instance.
func (s State) tie() string {
	switch {
	case s.Exchanged:
		return "a run before had its metadata uploaded there"
	case s.Came:
		return "the people whom it provisions are in its directory"
	}
	return "somebody was seen signing in through it on " + s.SignedIn.Format(time.DateOnly)
}

// judgeUntied: the values of an instance are in an app as soon as somebody writes them there.
func (s State) judgeUntied(label string) onboarding.Verdict {
	if s.IdentityStoreID != "" && s.App.IdentityStoreID() == s.IdentityStoreID {
		return verdict(onboarding.VerdictKeep, label, CodeSettings, "",
			"The app has this instance's values; but nothing shows that Identity Center has this app's metadata, which no API tells.")
	}
	return verdict(onboarding.VerdictKeep, label, CodeSettings, "", "The app has an ACS URL and issuer URL that fit.")
}

// judgeValues says what is wrong with the values that the app has; nil where nothing is, or where it has none at all.
func (s State) judgeValues() *onboarding.Verdict {
	if s.App.ACSURL == "" && s.App.EntityID == "" {
		return nil
	}
	_, wrong := CheckValues(s.OrgURL, s.Region, s.IdentityStoreID, map[string]string{
		onboarding.ValueACSURL: s.App.ACSURL, onboarding.ValueIssuerURL: s.App.EntityID,
	})
	if wrong != nil {
		wrong.Subject = s.App.Label
	}
	return wrong
}

// exchange is what a run does where trust is not in place.
func exchange(label, writes string) []onboarding.Verdict {
	return []onboarding.Verdict{
		verdict(onboarding.VerdictAsk, label, CodeTrust, "Nothing to do now: the run asks for it.",
			"Okta's metadata has to be uploaded in the Identity Center console, which shows the values that the app needs; no API can do that."),
		verdict(onboarding.VerdictChange, label, CodeTrust, "", "%s", writes),
	}
}

// damage says what a write of the values broke besides; nil where it broke nothing.
func damage(org string, before, after model.App) []onboarding.Verdict {
	if after.KeyID != before.KeyID {
		return []onboarding.Verdict{verdict(onboarding.VerdictBlocked, after.Label, CodeTrust,
			"Upload the app's current metadata in the Identity Center console again, then retry.",
			"The app's signing key changed from %s to %s while the URLs were written.", before.KeyID, after.KeyID)}
	}
	if lost := model.NotIn(before.Features, after.Features); len(lost) > 0 {
		return []onboarding.Verdict{verdict(onboarding.VerdictBlocked, after.Label, CodeTrust,
			fmt.Sprintf("Switch it on again on the app's Provisioning tab (%s), then retry.", model.AdminURL(org, after.ID)),
			"Okta switched off %s while the URLs were written.", strings.Join(lost, ", "))}
	}
	return nil
}

func verdict(kind onboarding.VerdictKind, subject, code, remedy, format string, args ...any) onboarding.Verdict {
	return onboarding.Verdict{
		Resource: onboarding.ResourceTrust, Subject: subject, Kind: kind, Code: code, Reason: fmt.Sprintf(format, args...), Remedy: remedy,
	}
}
