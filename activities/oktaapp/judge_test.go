package oktaapp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// idpMetadata is Okta's metadata with a certificate that is valid until then.
func idpMetadata(t *testing.T, until time.Time) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().AddDate(-6, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return `<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="http://www.okta.com/exk1">` +
		`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">` +
		`<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(der) +
		`</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
		`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"` +
		` Location="https://example.okta.com/app/amazon_aws_sso/exk1/sso/saml"/>` +
		`</md:IDPSSODescriptor></md:EntityDescriptor>`
}

func TestTheAppIsLookedAtAndJudged(t *testing.T) {
	denied := fault.New(fault.Denied, "okta", "okta:GET /api/v1/x", "Okta answered 403").WithRemedy("Give it the right.")
	all := []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"}
	for _, c := range []struct {
		name string
		with func(*activitytest.OktaStub)
		kind onboarding.VerdictKind
		code string
		// field is the kind of the verdict about the label.
		field        onboarding.VerdictKind
		says, remedy string
		// app and undecided are what else is known then.
		app, undecided bool
	}{
		{"adopted", nil, onboarding.VerdictAdopt, "okta-app", onboarding.VerdictKeep, "exists; the run adopts it.", "", true, false},
		{"none", func(o *activitytest.OktaStub) { o.AppList = nil }, onboarding.VerdictCreate, "okta-app", onboarding.VerdictCreate,
			"There is no app \"AWS IAM Identity Center\" yet; the run creates it.", "", false, false},
		{"others only", func(o *activitytest.OktaStub) { o.AppList[0].Label = "Production" }, onboarding.VerdictWarning, "okta-app",
			onboarding.VerdictCreate,
			`"Production" (0oa1, belongs to no instance yet)`, "okta.appLabel", false, false},
		{"many others", func(o *activitytest.OktaStub) {
			o.AppList = nil
			for i := range 7 {
				o.AppList = append(o.AppList, activitytest.SAMLApp(fmt.Sprintf("0oa%d", i), "Other"))
			}
		}, onboarding.VerdictWarning, "okta-app", onboarding.VerdictCreate, `"Other" (0oa4, belongs to no instance yet), and 2 more.`, "okta.appLabel", false, false},
		{"several", func(o *activitytest.OktaStub) { o.AppList = append(o.AppList, activitytest.SAMLApp("0oa2", label)) },
			onboarding.VerdictAsk, "okta-app", onboarding.VerdictUnknown, "2 Okta apps could be the one", "the run asks which one", false, true},
		{"inactive", func(o *activitytest.OktaStub) { o.AppList[0].Status = "INACTIVE" }, onboarding.VerdictBlocked, "okta-app",
			onboarding.VerdictKeep,
			"is INACTIVE.", "Activate it in the Okta admin console (https://example-admin.okta.com", false, true},
		{"no SAML", func(o *activitytest.OktaStub) { o.AppList[0].SignOnMode = "BROWSER_PLUGIN" }, onboarding.VerdictBlocked, "okta-app",
			onboarding.VerdictKeep,
			"the sign-on mode BROWSER_PLUGIN", "Sign On tab", false, true},
		{"may not be listed", func(o *activitytest.OktaStub) { o.Refuse = map[string]error{"apps": denied} }, onboarding.VerdictBlocked,
			"okta-app", onboarding.VerdictUnknown,
			"okta:GET /api/v1/x: Okta answered 403", "Give it the right.", false, true},
		{"certificate that expires soon", func(o *activitytest.OktaStub) { o.XML = idpMetadata(t, time.Now().AddDate(0, 0, 30)) },
			onboarding.VerdictWarning, "okta-app-certificate", onboarding.VerdictKeep, "days", "Generate a new key", true, false},
		{"expired certificate", func(o *activitytest.OktaStub) { o.XML = idpMetadata(t, time.Now().AddDate(0, 0, -2)) },
			onboarding.VerdictBlocked, "okta-app-certificate", onboarding.VerdictKeep, "expired on", "SAML Signing Certificates", true, false},
		{"no metadata", func(o *activitytest.OktaStub) { o.XML = "<html>" }, onboarding.VerdictBlocked, "okta-app-certificate",
			onboarding.VerdictKeep,
			"Okta's metadata cannot be used", "then retry", true, false},
		{"metadata that may not be read", func(o *activitytest.OktaStub) { o.Refuse = map[string]error{"metadata": denied} },
			onboarding.VerdictBlocked, "okta-app-certificate", onboarding.VerdictKeep, "Okta answered 403", "Give it the right.", true, false},
		{"another user name", func(o *activitytest.OktaStub) { o.AppList[0].UserNameTemplate = "${source.email}" },
			onboarding.VerdictWarning, "okta-app-user-names", onboarding.VerdictKeep, "${source.email}", "Okta username", true, false},
		{"half of provisioning", func(o *activitytest.OktaStub) { o.AppList[0].Features = all[:1] },
			onboarding.VerdictWarning, "okta-app-provisioning", onboarding.VerdictKeep, "PUSH_PROFILE_UPDATES, PUSH_USER_DEACTIVATION",
			"Provisioning tab", true, false},
		{"provisioning", func(o *activitytest.OktaStub) { o.AppList[0].Features = all },
			onboarding.VerdictKeep, "okta-app-provisioning", onboarding.VerdictKeep, "Okta provisions people", "", true, false},
		{"log that may not be read", func(o *activitytest.OktaStub) { o.Refuse = map[string]error{"failures": denied} },
			onboarding.VerdictUnknown, "okta-system-log", onboarding.VerdictKeep, "was not looked at", "", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			org := &activitytest.OktaStub{AppList: []model.App{activitytest.SAMLApp("0oa1", label)},
				XML: idpMetadata(t, time.Now().AddDate(5, 0, 0))}
			org.AppList[0].UserNameTemplate = "${source.login}"
			if c.with != nil {
				c.with(org)
			}
			spec := onboarding.Spec{Okta: onboarding.OktaSpec{AppLabel: label}}
			state, err := oktaapp.Look(t.Context(), org, spec, "")
			require.NoError(t, err)
			require.Equal(t, c.app, state.App != nil)
			require.Equal(t, c.undecided, state.Undecided)
			found := false
			for _, verdict := range oktaapp.Judge(spec, state) {
				require.Equal(t, onboarding.ResourceOktaApp, verdict.Resource)
				if verdict.Kind == c.kind && verdict.Code == c.code && verdict.Field == "" {
					require.Contains(t, verdict.Reason, c.says)
					require.Contains(t, verdict.Remedy, c.remedy)
					found = true
				} else if verdict.Kind == onboarding.VerdictBlocked || verdict.Kind == onboarding.VerdictWarning {
					require.Fail(t, "one finding causes no others", "%+v", verdict)
				}
				if verdict.Field != "" {
					require.Equal(t, "okta.appLabel", verdict.Field)
					require.Equal(t, c.field, verdict.Kind)
				}
			}
			require.True(t, found)
		})
	}
	_, err := oktaapp.Look(t.Context(),
		&activitytest.OktaStub{Refuse: map[string]error{"apps": fault.New(fault.Unavailable, "okta", "x", "down")}}, onboarding.Spec{}, "")
	activitytest.RequireClass(t, err, fault.Unavailable)
}

func TestAChosenAppWithAnotherLabelIsSaid(t *testing.T) {
	app := activitytest.SAMLApp("0oa2", "Other")
	state := oktaapp.State{Apps: []model.App{app}, App: &app, Chosen: "0oa2", Now: time.Now()}
	verdicts := oktaapp.Judge(onboarding.Spec{Okta: onboarding.OktaSpec{AppLabel: label}}, state)
	require.Equal(t, onboarding.VerdictAdopt, verdicts[0].Kind)
	require.Equal(t, onboarding.VerdictWarning, verdicts[1].Kind)
	require.Equal(t, "Other", verdicts[1].Have)
	require.Equal(t, label, verdicts[1].Want)
}
