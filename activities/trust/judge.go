package trust

import (
	"cmp"
	"fmt"
	"strings"

	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// The codes of the verdicts.
const (
	CodeTrust    = "saml-trust"
	CodeSettings = "okta-app-settings"
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
	// IdentityStoreID is that of the organization's instance; empty while there is none.
	IdentityStoreID string
	// PrimaryRegion is the instance's; empty while there is none: then the spec's counts.
	PrimaryRegion string
	// SourceChanged says that CloudTrail shows a change of the identity source; EvidenceTrouble is why that is not known. Only
	// an app that HasValues raises the question.
	SourceChanged   bool
	EvidenceTrouble *onboarding.Trouble
}

// HasValues says whether the app has values of some Identity Center.
func (s State) HasValues() bool { return s.App != nil && s.App.ACSURL != "" && s.App.EntityID != "" }

// InPlace says whether there is reason to believe that Identity Center already trusts the app, so that nobody is asked for its
// values: the app has some, and either CloudTrail shows the change of the identity source, or provisioning is switched on. It is
// the one place where that is decided, for every view and for the run.
func InPlace(acsURL, issuer string, sourceChanged, provisioning bool) bool {
	return acsURL != "" && issuer != "" && (sourceChanged || provisioning)
}

// trusts says whether the app has these values.
func trusts(app model.App, wanted ServiceProvider) bool {
	return app.ACSURL == wanted.ACSURL && app.EntityID == wanted.Issuer
}

// Judge says what is right about the trust. A run asks for Identity Center's values unless trust is in place.
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
	case s.HasValues() && s.EvidenceTrouble != nil:
		return []onboarding.Verdict{s.EvidenceTrouble.As(onboarding.VerdictBlocked, onboarding.ResourceTrust, label, CodeTrust)}
	}
	app := *s.App
	wrong := s.judgeValues(spec)
	if InPlace(app.ACSURL, app.EntityID, s.SourceChanged, app.Provisions()) {
		if wrong != nil {
			return []onboarding.Verdict{*wrong}
		}
		return []onboarding.Verdict{verdict(onboarding.VerdictKeep, label, CodeTrust, "", "The app has Identity Center's values.")}
	}
	switch {
	case wrong != nil:
		wrong.Kind = onboarding.VerdictWarning
		return append(exchange(label, "The values that the app has are replaced where yours differ."), *wrong)
	case s.HasValues():
		return append(exchange(label, "The values that the app has are replaced where yours differ."),
			verdict(onboarding.VerdictKeep, label, CodeSettings, "", "The app has an ACS URL and issuer URL that fit."))
	}
	return exchange(label, "Identity Center's values are written to the app.")
}

// judgeValues says what is wrong with the values that the app has; nil where nothing is, or where it has none at all.
func (s State) judgeValues(spec onboarding.Spec) *onboarding.Verdict {
	if s.App.ACSURL == "" && s.App.EntityID == "" {
		return nil
	}
	_, wrong := CheckValues(s.OrgURL, cmp.Or(s.PrimaryRegion, spec.Region), s.IdentityStoreID, map[string]string{
		onboarding.ValueACSURL: s.App.ACSURL, onboarding.ValueIssuerURL: s.App.EntityID,
	})
	if wrong != nil {
		wrong.Subject = spec.Okta.AppLabel
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
