package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/signin"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/saml"
	"studio-onboarding/onboarding"
)

// The codes of what is wrong with the trust or the application, which everybody shares.
const (
	codeSAMLMode        = "saml-mode"
	codeSAMLValues      = "saml-values"
	codeSAMLInstance    = "saml-other-instance"
	codeSAMLCertificate = "saml-certificate"
	codeSAMLRefused     = signin.CodeRefused
	codeAppDisabled     = "studio-application-disabled"
	codeAppUnseen       = "studio-application"
	codeAppOpen         = "studio-application-open"
	codeAppHidden       = "studio-application-hidden"
	codeSAMLUnseen      = "saml-unseen"
)

const (
	// samlMode is the sign-on mode of an app that signs in by SAML (Okta, "Applications", signOnMode).
	samlMode = "SAML_2_0"
	// emailFormat is the only NameID format that Identity Center documents (IAM Identity Center User Guide, "SAML profile").
	emailFormat = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"

	rightValues = "Compare the ACS URL and issuer URL on the app's Sign On tab in Okta with the IAM Identity Center console (Settings > " +
		"Identity source > Actions > Manage authentication), or onboard again"
)

// trust is what is known of the way that everybody's sign-in takes: the trust between the app and Identity Center, the Studio
// application, and the sign-ins that were seen.
type trust struct {
	app    model.App
	appURL string
	// store is the instance's identity store.
	store string
	now   time.Time
	// certificateEnd is when the last signing certificate of the app expires. Unsigned says what is wrong with the metadata, and
	// unread is why it could not be read.
	certificateEnd time.Time
	unsigned       string
	unread         *onboarding.Trouble
	// application is nil where unseen says why; open says that everybody in the directory is admitted, and openUnseen why that is not
	// known.
	application *ssoadmin.DescribeApplicationOutput
	unseen      *onboarding.Trouble
	open        bool
	openUnseen  *onboarding.Trouble
	// seen is what is known of sign-ins, and last is when each person was last seen, by user ID and, where an event named none, by
	// user name.
	seen onboarding.SignIns
	last map[string]time.Time
}

// readTrust reads it. What the credentials may not read is told as such, and costs a grade at most.
func (x *Activities) readTrust(ctx context.Context, in Input) (trust, error) {
	t := trust{appURL: model.AdminURL(x.Okta.URL(), in.AppID), store: in.IdentityStoreID, now: x.now()}
	err := provider.SideBySide(ctx, func(ctx context.Context) error { return t.readApp(ctx, x.Okta, in.AppID) },
		func(ctx context.Context) error { return t.readApplication(ctx, x.AWS, in) },
		func(ctx context.Context) error { return t.readSignIns(ctx, x.People, in) })
	return t, err
}

func (t *trust) readApp(ctx context.Context, okta provider.Okta, id string) (err error) {
	if t.app, err = okta.App(ctx, id); err != nil || t.app.Status != "ACTIVE" { // which has no metadata
		return err
	}
	data, err := okta.Metadata(ctx, id)
	if t.unread, err = provider.Trouble(err); err != nil || t.unread != nil {
		return err
	}
	idp, err := saml.ParseIdP(data)
	if err != nil {
		t.unsigned = err.Error()
		return nil
	}
	for _, certificate := range idp.Certificates {
		if certificate.NotAfter.After(t.certificateEnd) {
			t.certificateEnd = certificate.NotAfter.UTC()
		}
	}
	return nil
}

func (t *trust) readApplication(ctx context.Context, clouds provider.AWS, in Input) error {
	cfg, err := clouds.Config(ctx, in.IdentityCenter, cmp.Or(in.IdentityRegion, in.Region))
	if err != nil {
		return err
	}
	client, arn := ssoadmin.NewFromConfig(cfg), in.Domain.ApplicationARN
	t.application, err = client.DescribeApplication(ctx, &ssoadmin.DescribeApplicationInput{ApplicationArn: &arn})
	if t.unseen, err = provider.Trouble(err); err != nil || t.unseen != nil {
		return err
	}
	assignment, err := client.GetApplicationAssignmentConfiguration(ctx,
		&ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: &arn})
	if t.openUnseen, err = provider.Trouble(err); err != nil || t.openUnseen != nil {
		return err
	}
	t.open = !aws.ToBool(assignment.AssignmentRequired)
	return nil
}

func (t *trust) readSignIns(ctx context.Context, store PeopleStore, in Input) error {
	seen, err := store.ReadSignIns(ctx, in.Run)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return storeTrouble("list of sign-ins", "read", err)
	case seen.IdentityStoreID != in.IdentityStoreID || seen.AppID != in.AppID:
		return nil
	}
	t.last = make(map[string]time.Time, len(seen.People))
	for _, one := range seen.People {
		key := one.UserID
		if key == "" {
			key = one.Person
		}
		t.last[key] = one.At
	}
	seen.People = nil
	t.seen = seen
	return nil
}

// lastSignIn is when somebody was last seen signing in.
func (t *trust) lastSignIn(userID, userName string) time.Time {
	if at := t.last[userID]; userID != "" && !at.IsZero() {
		return at
	}
	return t.last[userName]
}

// samlLink judges the trust for everybody.
func (t *trust) samlLink() onboarding.PersonLink {
	const link = onboarding.LinkSAML
	app := t.app
	of := app.IdentityStoreID()
	switch {
	case app.Status != "ACTIVE": // which is said of the link before
		return notSeen(link)
	case app.SignOnMode != "" && app.SignOnMode != samlMode:
		return broken(link, codeSAMLMode, fmt.Sprintf("the app %q signs in by %s and not by SAML", app.Label, app.SignOnMode),
			"Set the app's sign-on method to SAML 2.0 in Okta ("+t.appURL+")")
	case app.ACSURL == "" || app.EntityID == "":
		return broken(link, codeSAMLValues, fmt.Sprintf("the app %q has no ACS URL and issuer URL of Identity Center", app.Label), rightValues)
	case of != "" && t.store != "" && of != t.store:
		return broken(link, codeSAMLInstance, fmt.Sprintf("the app %q belongs to another Identity Center: its issuer URL names the identity "+
			"store %s, and not %s", app.Label, of, t.store), rightValues)
	case t.unsigned != "":
		return broken(link, codeSAMLCertificate, "Okta's metadata of the app cannot be used: "+t.unsigned,
			"Put it right under SAML Signing Certificates on the app's Sign On tab in Okta ("+t.appURL+")")
	case t.seen.Refuses():
		said := ""
		if message := t.seen.Refused.Message; message != "" {
			said = ": " + message
		}
		return broken(link, codeSAMLRefused, fmt.Sprintf("Okta lets people in, and Identity Center refuses them, last on %s%s",
			t.seen.Refused.At.Format(time.RFC3339), said), signin.RefusedRemedy)
	}
	unknown := func(format string, args ...any) onboarding.PersonLink {
		return onboarding.PersonLink{Link: link, State: onboarding.LinkUnknown, Code: codeSAMLUnseen, Found: fmt.Sprintf(format, args...)}
	}
	switch {
	case t.unread != nil:
		return unknown("the app has this instance's values; its signing certificate was not seen: %s", t.unread.Text())
	case app.SignOnMode == "":
		return unknown("Okta does not say whether the app signs in by SAML")
	case of == "":
		return unknown("the app's issuer URL names no identity store: %s", app.EntityID)
	case app.NameIDFormat != "" && app.NameIDFormat != emailFormat:
		return unknown("the app sends the NameID in the format %s; Identity Center documents only %s", app.NameIDFormat, emailFormat)
	}
	text := fmt.Sprintf("the app has this instance's values, and its certificate lasts until %s", t.certificateEnd.Format(time.DateOnly))
	if last := t.seen.Last; last != nil && t.seen.Proves(last.At, t.now) {
		return ok(link, "%s; somebody was seen signing in through it on %s", text, last.At.Format(time.RFC3339))
	}
	return ok(link, "%s; nobody was seen signing in through it yet, and no API tells whose metadata Identity Center has", text)
}

// disabled says that the Studio application lets nobody in.
func (t *trust) disabled() bool {
	return t.application != nil && t.application.Status == ssoadmintypes.ApplicationStatusDisabled
}

// findings are what somebody should know of the trust and the application, once for everybody.
func (t *trust) findings() []onboarding.Verdict {
	findings := signin.Judge(t.seen)
	add := func(kind onboarding.VerdictKind, resource onboarding.ResourceKind, code, reason, remedy string) {
		findings = append(findings, onboarding.Verdict{Resource: resource, Kind: kind, Code: code, Reason: reason, Remedy: remedy})
	}
	const resource = onboarding.ResourceAssignment
	if link := t.samlLink(); link.State == onboarding.LinkUnknown {
		add(onboarding.VerdictWarning, onboarding.ResourceTrust, link.Code, sentence(link.Found)+" Nobody is more than configured until that "+
			"is known, or until they were seen signing in.", "")
	}
	const permit = "Give the identity side sso:DescribeApplication and sso:GetApplicationAssignmentConfiguration: starter policy shows the " +
		"whole policy."
	switch {
	case t.unseen != nil:
		add(onboarding.VerdictWarning, resource, codeAppUnseen, "Whether the Studio application is enabled was not seen, so that nobody is "+
			"more than configured: "+t.unseen.Text(), permit)
	case t.openUnseen != nil:
		add(onboarding.VerdictWarning, resource, codeAppOpen, "Whether the Studio application admits only those who are assigned was not "+
			"seen: "+t.openUnseen.Text(), permit)
	case t.open:
		add(onboarding.VerdictWarning, resource, codeAppOpen, "The Studio application requires no assignment: it admits everybody in the "+
			"directory, whoever the spec names.", "Require assignments in the IAM Identity Center console: Applications > the Studio "+
			"application > Assignments.")
	}
	if portal := t.application; portal != nil && portal.PortalOptions != nil &&
		portal.PortalOptions.Visibility == ssoadmintypes.ApplicationVisibilityDisabled {
		add(onboarding.VerdictWarning, resource, codeAppHidden, "The Studio application is hidden in the AWS access portal: people come in "+
			"by the Studio address only.", "Show it in the IAM Identity Center console, if people are to come in by the portal.")
	}
	return findings
}
