package oktaapp

import (
	"fmt"
	"strings"
	"time"

	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// The codes of the verdicts.
const (
	CodeApp          = "okta-app"
	CodeCertificate  = "okta-app-certificate"
	CodeUserNames    = "okta-app-user-names"
	CodeProvisioning = "okta-app-provisioning"
	CodeLog          = "okta-system-log"
)

const (
	fieldLabel = "okta.appLabel"

	appActive = "ACTIVE"
	modeSAML  = "SAML_2_0"
	// loginTemplate makes the Okta login the user name in Identity Center.
	loginTemplate = "${source.login}"
	// certificateReserve is how long the signing certificate should last: long enough to change it without haste.
	certificateReserve = 60 * 24 * time.Hour
)

// State is what is there.
type State struct {
	// OrgURL is the org's address.
	OrgURL string
	// Apps are all of the kind, active or not; Trouble is why they are not known.
	Apps    []model.App
	Trouble *onboarding.Trouble
	// IdentityStoreID is that of the organization's instance; empty while there is none.
	IdentityStoreID string
	// Chosen is the ID that the operator gave where several apps could be the one.
	Chosen string
	// App is the one that a run uses: nil where there is none, and where it is not known which.
	App *model.App
	// Undecided says that nobody can know which app a run would use.
	Undecided bool

	// Metadata is Okta's for the app; nil where it was not read.
	Metadata        *Metadata
	MetadataTrouble *onboarding.Trouble
	// LogTrouble is why the System Log cannot be read.
	LogTrouble *onboarding.Trouble
	// Now is when it was looked at.
	Now time.Time
}

// Metadata is Okta's metadata for the app.
type Metadata struct {
	IdPMetadata
	// Wrong says what Identity Center would not accept about it.
	Wrong string
}

// Belongs says to which instance of Identity Center an app belongs.
func (s State) Belongs(app model.App) onboarding.Belonging {
	return onboarding.BelongingOf(app.EntityID+app.ACSURL != "", app.IdentityStoreID(), s.IdentityStoreID)
}

// matching are the apps that could be the one: the chosen one; or those that belong to the organization's instance, and those of
// the label of which nothing says that they belong to another.
func (s State) matching(label string) []model.App {
	var matches []model.App
	for _, app := range s.Apps {
		belongs := s.Belongs(app)
		switch {
		case s.Chosen != "" && app.ID != s.Chosen, belongs == onboarding.BelongsElsewhere:
		case s.Chosen != "", belongs == onboarding.BelongsHere, app.Label == label:
			matches = append(matches, app)
		}
	}
	return matches
}

// strangers are apps that would be the one, but for belonging to another instance.
func (s State) strangers(label string) []model.App {
	var strangers []model.App
	for _, app := range s.Apps {
		if s.Belongs(app) == onboarding.BelongsElsewhere && (app.ID == s.Chosen || s.Chosen == "" && app.Label == label) {
			strangers = append(strangers, app)
		}
	}
	return strangers
}

// Judge says what is right about the app.
func Judge(spec onboarding.Spec, s State) []onboarding.Verdict {
	label := spec.Okta.AppLabel
	field := onboarding.Verdict{
		Resource: onboarding.ResourceOktaApp, Subject: label, Field: fieldLabel, Kind: onboarding.VerdictUnknown, Code: CodeApp, Want: label,
		Reason: fmt.Sprintf("Whether there is an app with the label %q is not known.", label),
	}
	if s.Trouble != nil {
		return []onboarding.Verdict{s.Trouble.As(onboarding.VerdictBlocked, onboarding.ResourceOktaApp, label, CodeApp), field}
	}
	matches, strangers := s.matching(label), s.strangers(label)
	switch {
	case len(matches) == 0 && len(strangers) > 0:
		return []onboarding.Verdict{s.judgeStranger(label, strangers[0]), field}
	case len(matches) == 0 && s.Chosen != "":
		return []onboarding.Verdict{verdict(onboarding.VerdictBlocked, label, CodeApp,
			"Take the ID from the app's address in the Okta admin console: …/app/"+model.AppName+"/instance/<ID>/",
			"The org has no AWS IAM Identity Center app with the ID %q.", s.Chosen), field}
	case len(matches) == 0:
		field.Kind, field.Reason = onboarding.VerdictCreate, fmt.Sprintf("The new app gets the label %q.", label)
		return append(s.judgeMissing(label), field)
	case len(matches) > 1:
		return []onboarding.Verdict{s.judgeSeveral(label, matches), field}
	}
	app := matches[0]
	field.Have, field.Kind, field.Reason = app.Label, onboarding.VerdictKeep, fmt.Sprintf("The app has the label %q.", app.Label)
	if app.Label != label {
		field.Kind, field.Remedy = onboarding.VerdictWarning, fmt.Sprintf("Set okta.appLabel: %q in the spec.", app.Label)
		field.Reason = fmt.Sprintf("The app %s has the label %q, the spec says %q.", app.ID, app.Label, label)
	}
	if wrong := unusable(s.OrgURL, app); wrong != nil {
		return []onboarding.Verdict{*wrong, field}
	}
	verdicts := []onboarding.Verdict{s.judgeAdopted(label, app), field}
	if s.MetadataTrouble != nil {
		verdicts = append(verdicts, s.MetadataTrouble.As(onboarding.VerdictBlocked, onboarding.ResourceOktaApp, label, CodeCertificate))
	}
	if s.Metadata != nil {
		verdicts = append(verdicts, judgeMetadata(s, app.ID, label))
	}
	return append(verdicts, s.judgeUse(label, app)...)
}

func (s State) judgeAdopted(label string, app model.App) onboarding.Verdict {
	if s.Belongs(app) == onboarding.BelongsHere {
		return verdict(onboarding.VerdictAdopt, label, CodeApp, "",
			"The app %q (%s) belongs to this instance, as its entity ID says; the run adopts it.", app.Label, app.ID)
	}
	return verdict(onboarding.VerdictAdopt, label, CodeApp, "", "The app %q (%s) exists; the run adopts it.", app.Label, app.ID)
}

// judgeStranger: to write this instance's values into the app would cut off whoever signs in through it elsewhere.
func (s State) judgeStranger(label string, app model.App) onboarding.Verdict {
	return verdict(onboarding.VerdictBlocked, label, CodeApp,
		"Give okta.appLabel another value in the spec: the run then makes an app of its own for this organization.",
		"The Okta app %q (%s) belongs to another Identity Center instance (identity store %s, and not %s): whoever signs in there through "+
			"it would be cut off.", app.Label, app.ID, app.IdentityStoreID(), s.IdentityStoreID)
}

func (s State) judgeSeveral(label string, matches []model.App) onboarding.Verdict {
	var names []string
	for _, app := range matches {
		names = append(names, fmt.Sprintf("%q (%s, %s, belongs to %s)", app.Label, app.ID, app.Status, s.Belongs(app)))
	}
	return verdict(onboarding.VerdictAsk, label, CodeApp, "Nothing to do now: the run asks which one to use.",
		"%d Okta apps could be the one of this instance: %s.", len(matches), strings.Join(onboarding.Examples(names), "; "))
}

func (s State) judgeMissing(label string) []onboarding.Verdict {
	verdicts := []onboarding.Verdict{
		verdict(onboarding.VerdictCreate, label, CodeApp, "", "There is no app %q yet; the run creates it.", label),
	}
	var others []string
	untold := false
	for _, app := range s.Apps {
		others = append(others, fmt.Sprintf("%q (%s, belongs to %s)", app.Label, app.ID, s.Belongs(app)))
		untold = untold || s.Belongs(app) != onboarding.BelongsElsewhere
	}
	switch {
	case len(others) == 0:
		return verdicts
	case !untold:
		return append(verdicts, verdict(onboarding.VerdictKeep, label, CodeApp, "",
			"The org's other AWS IAM Identity Center apps belong to other instances: %s.", strings.Join(onboarding.Examples(others), ", ")))
	}
	return append(verdicts, verdict(onboarding.VerdictWarning, label, CodeApp,
		"If one of them is meant, stop the run and put its label into okta.appLabel. If there is another AWS organization behind them, "+
			"all is well.",
		"There is no app %q, so the run creates it. The org has other AWS IAM Identity Center apps: %s.", label,
		strings.Join(onboarding.Examples(others), ", ")))
}

// unusable says why a run cannot use the app; nil where it can.
func unusable(org string, app model.App) *onboarding.Verdict {
	var wrong onboarding.Verdict
	switch {
	case app.Status != appActive:
		wrong = verdict(onboarding.VerdictBlocked, app.Label, CodeApp,
			fmt.Sprintf("Activate it in the Okta admin console (%s); or, if nobody is ever to sign in through it again, delete it there, and the "+
				"run makes another; then retry.", model.AdminURL(org, app.ID)),
			"The Okta app %q (%s) is %s.", app.Label, app.ID, app.Status)
	case app.SignOnMode != modeSAML:
		wrong = verdict(onboarding.VerdictBlocked, app.Label, CodeApp,
			fmt.Sprintf("Choose SAML 2.0 on its Sign On tab (%s), or delete the app, and the run makes another; then retry.",
				model.AdminURL(org, app.ID)),
			"The Okta app %q (%s) has the sign-on mode %s instead of SAML 2.0.", app.Label, app.ID, app.SignOnMode)
	default:
		return nil
	}
	return &wrong
}

// judgeMetadata says what Identity Center will say of the app's metadata, and how long sign-in works with it.
func judgeMetadata(s State, appID, label string) onboarding.Verdict {
	left := s.Metadata.NotAfter.Sub(s.Now)
	switch {
	case s.Metadata.Wrong != "":
		return verdict(onboarding.VerdictBlocked, label, CodeCertificate,
			fmt.Sprintf("Put it right under SAML Signing Certificates on the app's Sign On tab in the Okta admin console (%s), then retry.",
				model.AdminURL(s.OrgURL, appID)),
			"Okta's metadata cannot be used: %s.", strings.TrimSuffix(s.Metadata.Wrong, "."))
	case left < certificateReserve:
		return verdict(onboarding.VerdictWarning, label, CodeCertificate,
			"Generate a new key for the app in Okta, add its certificate in Identity Center, then activate it in Okta.",
			"The app's signing certificate expires on %s, in %d days.", s.Metadata.NotAfter.Format(time.DateOnly), int(left.Hours()/24))
	}
	return verdict(onboarding.VerdictKeep, label, CodeCertificate, "", "The app's signing certificate lasts until %s.",
		s.Metadata.NotAfter.Format(time.DateOnly))
}

// judgeUse is about what the app does with people.
func (s State) judgeUse(label string, app model.App) []onboarding.Verdict {
	var verdicts []onboarding.Verdict
	add := func(kind onboarding.VerdictKind, code, remedy, format string, args ...any) {
		verdicts = append(verdicts, verdict(kind, label, code, remedy, format, args...))
	}
	if app.UserNameTemplate != "" && app.UserNameTemplate != loginTemplate {
		add(onboarding.VerdictWarning, CodeUserNames,
			"Set Application username format to Okta username on the app's Sign On tab ("+model.AdminURL(s.OrgURL, app.ID)+").",
			"The app sends %s as the user name, and not the Okta login: people get other names in Identity Center than the spec gives them.",
			app.UserNameTemplate)
	}
	switch missing := app.MissingFeatures(); {
	case app.Provisions() && len(missing) > 0:
		add(onboarding.VerdictWarning, CodeProvisioning,
			"Switch it on in Okta: the app's Provisioning tab, To App, Edit ("+model.AdminURL(s.OrgURL, app.ID)+").",
			"Provisioning is on without %s: changes to people, or their leaving, will not reach Identity Center.",
			strings.Join(missing, ", "))
	case app.Provisions():
		add(onboarding.VerdictKeep, CodeProvisioning, "", "Okta provisions people: %s.", strings.Join(app.Features, ", "))
	}
	if s.LogTrouble != nil {
		add(onboarding.VerdictUnknown, CodeLog, "", "Okta's System Log was not looked at, because the credentials do not allow %s.",
			s.LogTrouble.Operation)
	}
	return verdicts
}

func verdict(kind onboarding.VerdictKind, subject, code, remedy, format string, args ...any) onboarding.Verdict {
	return onboarding.Verdict{
		Resource: onboarding.ResourceOktaApp, Subject: subject, Kind: kind, Code: code, Reason: fmt.Sprintf(format, args...), Remedy: remedy,
	}
}
