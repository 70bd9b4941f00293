package health

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// The codes of the verdicts.
const (
	CodeConnection   = "connection"
	CodeApp          = "okta-app"
	CodeFeatures     = "okta-app-provisioning"
	CodeCertificate  = "okta-app-certificate"
	CodeLog          = "okta-system-log"
	CodeProvisioning = "okta-provisioning"
	CodePush         = "okta-group-push"
	CodeToken        = "scim-token"
	CodeTokenDate    = "scim-token-date"
	CodeWarnings     = "aws-health"
	CodeApplication  = "studio-application"
	CodeDomain       = "studio-domain"
	CodeAbsent       = "people-absent"
)

const (
	appActive     = "ACTIVE"
	mappingActive = "ACTIVE"
	// warnedBefore is how long before a token's end AWS begins to warn (IAM Identity Center User Guide, "Automatic provisioning").
	warnedBefore = 90 * 24 * time.Hour

	newToken = "Make a new token in the IAM Identity Center console (Settings > Automatic provisioning), put it into the app's " +
		"Provisioning tab " +
		"in Okta, test it there, and store it where this worker reads it."
)

// State is what is there. Troubles are why something is not known.
type State struct {
	// Now is when it was looked at. What is in Okta's log since Since counts.
	Now, Since time.Time
	// Org is the Okta org's address.
	Org string

	App        *model.App
	AppTrouble *onboarding.Trouble
	// CertificateEnd is zero where no certificate was read; MetadataWrong says what is wrong with the metadata.
	CertificateEnd     time.Time
	MetadataWrong      string
	CertificateTrouble *onboarding.Trouble

	// Failures are Okta's provisioning errors since Since, and LastSuccess is when Okta last brought anything.
	Failures    []Failure
	LastSuccess time.Time
	LogTrouble  *onboarding.Trouble

	Pushes      []Push
	PushTrouble *onboarding.Trouble

	// TokenWorks says that Identity Center took the token on record, TokenTrouble what it answered instead. TokenUnread is why this
	// worker does not have the token.
	TokenWorks   bool
	TokenTrouble *onboarding.Trouble
	TokenUnread  *onboarding.Trouble
	// WarnedSince is when AWS began to warn that a token expires; zero where it does not.
	WarnedSince    time.Time
	WarningTrouble *onboarding.Trouble

	// Application and Domain are statuses; empty where they were not read.
	Application        string
	ApplicationTrouble *onboarding.Trouble
	Domain             string
	DomainFailure      string
	DomainTrouble      *onboarding.Trouble
}

// Failure is a provisioning error of Okta's, in words of ours: its own name people.
type Failure struct {
	At    time.Time
	Cause string
	// TokenRefused says that Identity Center did not take Okta's token. Passing ones are repeated by Okta and settle by themselves.
	TokenRefused, Passing bool
}

// Push is how Okta pushes an access group; without a mapping it does not.
type Push struct {
	Group   string
	Mapping *model.Mapping
}

// Judge says how the connection is, and what expires.
func Judge(h onboarding.Handles, s State) onboarding.Health {
	j := judgement{State: s, handles: h}
	j.app()
	j.certificate()
	j.token()
	j.tokenDate()
	j.log()
	j.pushes()
	j.application()
	j.domain()
	slices.SortStableFunc(j.expiries, func(a, b onboarding.Expiry) int { return a.At.Compare(b.At) })
	return onboarding.Health{At: s.Now, Verdicts: j.verdicts, Expiries: j.expiries}
}

// Unjudged is the health of a connection at which nobody could look, with the reason.
func Unjudged(at time.Time, reason, remedy string) onboarding.Health {
	return onboarding.Health{At: at, Verdicts: []onboarding.Verdict{{
		Resource: onboarding.ResourceProvisioning, Kind: onboarding.VerdictUnknown, Code: CodeConnection,
		Reason: fault.Trim("The connection was not judged: "+reason, fault.MaxMessage), Remedy: remedy,
	}}}
}

// Absent judges how many of the people whom Okta says that it provisioned are not in Identity Center. Some were deleted there; where it
// is most of them, Okta provisions to somewhere else.
func Absent(absent, wanted int) []onboarding.Verdict {
	j := judgement{}
	switch {
	case absent == 0:
	case 2*absent >= wanted:
		j.add(onboarding.VerdictBlocked, onboarding.ResourcePerson, "", CodeAbsent,
			"Compare the SCIM endpoint on the app's Provisioning tab in Okta with the IAM Identity Center console (Settings > "+
				"Automatic provisioning).",
			"%d of the %d people who should have access are provisioned as Okta says, and are not in Identity Center: Okta provisions "+
				"to somewhere "+
				"else, or they were deleted.", absent, wanted)
	default:
		j.add(onboarding.VerdictWarning, onboarding.ResourcePerson, "", CodeAbsent,
			"Unassign them from the app in Okta and assign them again; starter access says who they are.",
			"%d of the people who should have access are provisioned as Okta says, and are not in Identity Center: somebody deleted "+
				"them there.", absent)
	}
	return j.verdicts
}

// Trust is what is said of the trust and the Studio application by those who judge people's access by it, without what is judged here:
// blocked where sign-ins are refused.
func Trust(found []onboarding.Verdict) []onboarding.Verdict {
	return slices.DeleteFunc(slices.Clone(found), func(v onboarding.Verdict) bool { return v.Code == CodeApplication })
}

type judgement struct {
	State
	handles  onboarding.Handles
	verdicts []onboarding.Verdict
	expiries []onboarding.Expiry
}

func (j *judgement) add(kind onboarding.VerdictKind, resource onboarding.ResourceKind, subject, code, remedy, format string, args ...any) {
	j.verdicts = append(j.verdicts, onboarding.Verdict{
		Resource: resource, Subject: subject, Kind: kind, Code: code, Reason: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// unknown says that something was not looked at, and why.
func (j *judgement) unknown(t onboarding.Trouble, resource onboarding.ResourceKind, subject, code string) {
	j.verdicts = append(j.verdicts, t.As(onboarding.VerdictUnknown, resource, subject, code))
}

// date adds what expires, and says so where it is near.
func (j *judgement) date(date onboarding.Expiry, resource onboarding.ResourceKind, code string) {
	j.expiries = append(j.expiries, date)
	_, crossed := date.Crossed(j.Now)
	by := "on"
	if date.AtLatest {
		by = "at the latest on"
	}
	day := date.At.Format(time.DateOnly)
	switch left := int(date.At.Sub(j.Now).Hours() / 24); {
	case !date.At.After(j.Now):
		j.add(onboarding.VerdictBlocked, resource, "", code, date.Remedy, "%s expired %s %s.", date.What, by, day)
	case crossed:
		j.add(onboarding.VerdictWarning, resource, "", code, date.Remedy, "%s expires %s %s, in %s.", date.What, by, day, count(left,
			"day", "days"))
	default:
		j.add(onboarding.VerdictKeep, resource, "", code, "", "%s expires %s %s.", date.What, by, day)
	}
}

func (j *judgement) app() {
	switch app := j.App; {
	case j.AppTrouble != nil && j.AppTrouble.Class == string(fault.NotFound):
		j.add(onboarding.VerdictBlocked, onboarding.ResourceOktaApp, j.handles.AppID, CodeApp,
			"Onboard again: the run makes another app, or takes the "+
				"one whose label is okta.appLabel.",
			"The Okta app %s is gone: nobody can sign in, and nobody is provisioned.", j.handles.AppID)
	case j.AppTrouble != nil:
		j.unknown(*j.AppTrouble, onboarding.ResourceOktaApp, j.handles.AppID, CodeApp)
	case app == nil:
	case app.Status != appActive:
		j.add(onboarding.VerdictBlocked, onboarding.ResourceOktaApp, app.Label, CodeApp,
			fmt.Sprintf("Activate it in the Okta admin console (%s).", model.AdminURL(j.Org, app.ID)),
			"The Okta app %q (%s) is %s: nobody can sign in, and nobody is provisioned.", app.Label, app.ID, app.Status)
	default:
		j.add(onboarding.VerdictKeep, onboarding.ResourceOktaApp, app.Label, CodeApp, "", "The Okta app %q (%s) is active.", app.Label, app.ID)
		j.features()
	}
}

func (j *judgement) features() {
	app := j.App
	remedy := fmt.Sprintf("Switch it on in Okta: the app's Provisioning tab, To App, Edit (%s).", model.AdminURL(j.Org, app.ID))
	switch missing := app.MissingFeatures(); {
	case !app.Provisions():
		j.add(onboarding.VerdictBlocked, onboarding.ResourceOktaApp, app.Label, CodeFeatures, remedy,
			"Okta does not provision people any more: Create Users is switched off.")
	case len(missing) > 0:
		j.add(onboarding.VerdictWarning, onboarding.ResourceOktaApp, app.Label, CodeFeatures, remedy,
			"Provisioning is on without %s: changes to people, or their leaving, do not reach Identity Center.", strings.Join(missing, ", "))
	default:
		j.add(onboarding.VerdictKeep, onboarding.ResourceOktaApp, app.Label, CodeFeatures, "", "Okta provisions people: %s.",
			strings.Join(app.Features, ", "))
	}
}

func (j *judgement) certificate() {
	switch {
	case j.CertificateTrouble != nil:
		j.unknown(*j.CertificateTrouble, onboarding.ResourceOktaApp, "", CodeCertificate)
	case j.MetadataWrong != "":
		j.add(onboarding.VerdictBlocked, onboarding.ResourceOktaApp, "", CodeCertificate,
			fmt.Sprintf("Put it right under SAML Signing Certificates on the app's Sign On tab in Okta (%s).", model.AdminURL(j.Org,
				j.handles.AppID)),
			"Okta's metadata cannot be used: %s.", strings.TrimSuffix(j.MetadataWrong, "."))
	case !j.CertificateEnd.IsZero():
		j.date(onboarding.SAMLCertificateExpiry(j.CertificateEnd), onboarding.ResourceOktaApp, CodeCertificate)
	}
}

func (j *judgement) token() {
	subject := j.handles.SCIM.Endpoint
	switch {
	case j.TokenWorks:
		j.add(onboarding.VerdictKeep, onboarding.ResourceProvisioning, subject, CodeToken, "", "Identity Center takes the SCIM token.")
	case j.TokenUnread != nil:
		j.unknown(*j.TokenUnread, onboarding.ResourceProvisioning, subject, CodeToken)
	case j.TokenTrouble == nil:
		j.add(onboarding.VerdictUnknown, onboarding.ResourceProvisioning, subject, CodeToken, "",
			"Whether Identity Center still takes the SCIM token was not asked: provisioning was switched on before anybody gave the token.")
	case !slices.Contains([]string{string(fault.Denied), string(fault.NotFound)}, j.TokenTrouble.Class):
		j.unknown(*j.TokenTrouble, onboarding.ResourceProvisioning, subject, CodeToken)
	case j.TokenTrouble.Class == string(fault.NotFound):
		j.add(onboarding.VerdictBlocked, onboarding.ResourceProvisioning, subject, CodeToken,
			"Compare the endpoint with the IAM Identity Center console (Settings > Automatic provisioning), and enable it there where it is off.",
			"Nothing that changes in Okta reaches Identity Center: %s%s", j.TokenTrouble.Text(), j.lastSeen())
	default:
		j.add(onboarding.VerdictBlocked, onboarding.ResourceProvisioning, subject, CodeToken, newToken+
			" Where Okta has another token already, only store that one.",
			"The SCIM token on record has expired or was deleted, so that nothing that changes in Okta reaches Identity Center: %s%s",
			j.TokenTrouble.Text(), j.lastSeen())
	}
}

// lastSeen is a sentence about when Okta last brought something, where that is known.
func (j *judgement) lastSeen() string {
	if j.LastSuccess.IsZero() {
		return ""
	}
	return " Okta last brought something on " + j.LastSuccess.Format(time.RFC3339) + "."
}

// tokenDate judges the date on record. AWS's own warning tells less (some token has at most 90 days from its beginning), so that it
// counts where the record knows nothing better.
func (j *judgement) tokenDate() {
	date, known := j.handles.SCIM.Expiry()
	if j.WarningTrouble != nil {
		j.unknown(*j.WarningTrouble, onboarding.ResourceProvisioning, "", CodeWarnings)
	}
	if warned := j.WarnedSince; !warned.IsZero() {
		latest := warned.Add(warnedBefore)
		switch {
		case !known || date.AtLatest && latest.Before(date.At):
			date.At, date.AtLatest, known = latest, true, true
		case !date.AtLatest && date.At.After(latest.Add(24*time.Hour)):
			j.add(onboarding.VerdictWarning, onboarding.ResourceProvisioning, "", CodeWarnings,
				"Look at both in the IAM Identity Center console (Settings > Automatic provisioning). Delete the older one once Okta has "+
					"the newer one.",
				"AWS warns that a SCIM token expires, at the latest on %s. It is not the one on record, which lasts until %s.",
				latest.Format(time.DateOnly), date.At.Format(time.DateOnly))
		}
	}
	alive := j.TokenWorks || j.LastSuccess.After(date.At)
	switch {
	case !known:
		j.add(onboarding.VerdictUnknown, onboarding.ResourceProvisioning, "", CodeTokenDate,
			"Note the date that the IAM Identity Center console shows (Settings > Automatic provisioning).",
			"When the SCIM token expires is not known.")
	case !date.At.After(j.Now) && alive:
		j.add(onboarding.VerdictWarning, onboarding.ResourceProvisioning, "", CodeTokenDate,
			"Onboard again, so that the new token's date is on record.",
			"The SCIM token was replaced: the one on record expired on %s, and provisioning works. When the new one expires is not known.",
			date.At.Format(time.DateOnly))
	default:
		j.date(date, onboarding.ResourceProvisioning, CodeTokenDate)
	}
}

// refusals are the errors that say that Identity Center refused Okta's token.
func (j *judgement) refusals() []Failure {
	return slices.DeleteFunc(slices.Clone(j.Failures), func(f Failure) bool { return !f.TokenRefused })
}

func newest(failures []Failure) time.Time {
	var newest time.Time
	for _, failure := range failures {
		if failure.At.After(newest) {
			newest = failure.At
		}
	}
	return newest
}

// log judges what Okta's log says.
func (j *judgement) log() {
	if j.LogTrouble != nil {
		j.unknown(*j.LogTrouble, onboarding.ResourceProvisioning, "", CodeLog)
		return
	}
	if j.App == nil {
		return
	}
	refused := j.refusals()
	if last := newest(refused); last.After(j.LastSuccess) {
		j.add(onboarding.VerdictBlocked, onboarding.ResourceProvisioning, "", CodeProvisioning, newToken+
			" Then retry what failed in Okta, under Dashboard > Tasks.",
			"Nothing that changes in Okta reaches Identity Center, which refused Okta's token %s since %s, last on %s.",
			count(len(refused), "time", "times"), j.Since.Format(time.RFC3339), last.Format(time.RFC3339))
		return
	}
	causes := map[string]int{}
	failed := 0
	for _, failure := range j.Failures {
		if failure.Passing || failure.TokenRefused { // Okta repeats the one, and has got over the other
			continue
		}
		failed++
		causes[failure.Cause]++
	}
	if failed == 0 {
		j.add(onboarding.VerdictKeep, onboarding.ResourceProvisioning, "", CodeProvisioning, "",
			"Okta's log has no provisioning error that lasts since %s.", j.Since.Format(time.RFC3339))
		return
	}
	named := slices.SortedFunc(maps.Keys(causes), func(a, b string) int {
		return cmp.Or(cmp.Compare(causes[b], causes[a]),
			strings.Compare(a, b))
	})
	for i, cause := range named {
		named[i] = fmt.Sprintf("%s (%d)", cause, causes[cause])
	}
	j.add(onboarding.VerdictWarning, onboarding.ResourceProvisioning, "", CodeProvisioning,
		"Look in Okta at Dashboard > Tasks, correct the cause and retry there; starter access --status missing says who can't sign in, and why.",
		"Okta's log has %s since %s: %s.", count(failed, "provisioning error", "provisioning errors"), j.Since.Format(time.RFC3339),
		strings.Join(onboarding.Examples(named), "; "))
}

func (j *judgement) pushes() {
	if j.PushTrouble != nil {
		j.unknown(*j.PushTrouble, onboarding.ResourceGroupPush, "", CodePush)
		return
	}
	for _, push := range j.Pushes {
		switch mapping := push.Mapping; {
		case mapping == nil:
			j.add(onboarding.VerdictWarning, onboarding.ResourceGroupPush, push.Group, CodePush,
				"Push it in Okta: the app > Push Groups > + Push Groups.",
				"Okta does not push the group %q: who joins or leaves it is not known in Identity Center.", push.Group)
		case mapping.Status != mappingActive:
			why := ""
			if mapping.ErrorSummary != "" {
				why = ": " + strings.TrimSuffix(fault.Trim(mapping.ErrorSummary, 240), ".")
			}
			j.add(onboarding.VerdictBlocked, onboarding.ResourceGroupPush, push.Group, CodePush,
				"Look in Okta at the app > Push Groups, put the cause right, and push the group there.",
				"Okta's push of the group %q is %s%s. Who joins or leaves it does not reach Identity Center.", push.Group, mapping.Status, why)
		default:
			j.add(onboarding.VerdictKeep, onboarding.ResourceGroupPush, push.Group, CodePush, "", "Okta pushes the group %q.", push.Group)
		}
	}
}

func (j *judgement) application() {
	arn := j.handles.Domain.ApplicationARN
	switch {
	case j.ApplicationTrouble != nil && j.ApplicationTrouble.Class == string(fault.NotFound):
		j.add(onboarding.VerdictBlocked, onboarding.ResourceDomain, arn, CodeApplication,
			"It belongs to the Studio domain: look whether that is still there, and onboard again.",
			"The Identity Center application of the Studio domain is gone: nobody can sign in to Studio.")
	case j.ApplicationTrouble != nil:
		j.unknown(*j.ApplicationTrouble, onboarding.ResourceDomain, arn, CodeApplication)
	case j.Application == "":
	case j.Application != "ENABLED":
		j.add(onboarding.VerdictBlocked, onboarding.ResourceDomain, arn, CodeApplication,
			"Enable it in the IAM Identity Center console: Applications > AWS managed > the application > Actions.",
			"The Identity Center application of the Studio domain is %s: nobody can sign in to Studio.", j.Application)
	default:
		j.add(onboarding.VerdictKeep, onboarding.ResourceDomain, arn, CodeApplication, "", "The Identity Center application is enabled.")
	}
}

func (j *judgement) domain() {
	d := j.handles.Domain
	about := func(kind onboarding.VerdictKind, remedy, format string, args ...any) {
		j.add(kind, onboarding.ResourceDomain, d.Name, CodeDomain, remedy, format, args...)
	}
	reason := cmp.Or(strings.TrimSuffix(j.DomainFailure, "."), "AWS gives no reason")
	switch {
	case j.DomainTrouble != nil && j.DomainTrouble.Class == string(fault.NotFound):
		about(onboarding.VerdictBlocked, "Onboard again, and a new one is made.", "The Studio domain %s (%s) is gone.", d.Name, d.ID)
	case j.DomainTrouble != nil:
		j.unknown(*j.DomainTrouble, onboarding.ResourceDomain, d.Name, CodeDomain)
	case j.Domain == "":
	case j.Domain == "InService":
		about(onboarding.VerdictKeep, "", "The Studio domain %s (%s) is in service.", d.Name, d.ID)
	case j.Domain == "Pending" || j.Domain == "Updating":
		about(onboarding.VerdictWarning, "Look at it in the SageMaker console if it stays that way.",
			"The Studio domain %s (%s) is %s.", d.Name, d.ID, j.Domain)
	case j.Domain == "Deleting":
		about(onboarding.VerdictBlocked, "Onboard again once it is gone, and a new one is made.",
			"The Studio domain %s (%s) is being deleted.", d.Name, d.ID)
	default:
		about(onboarding.VerdictBlocked, "Look at it in the SageMaker console and repair the cause.",
			"The Studio domain %s (%s) is %s: %s.", d.Name, d.ID,
			j.Domain, reason)
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
