package trust_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

const (
	testStore  = "d-9067f12345"
	testACS    = "https://us-east-1.signin.aws.amazon.com/platform/saml/acs/7d2c4f1e-3b7a-4c0e-9a5f-1b2c3d4e5f60"
	testIssuer = "https://us-east-1.signin.aws.amazon.com/platform/saml/" + testStore
)

func checkServiceProvider(t *testing.T, region string, values map[string]string) (trust.ServiceProvider, error) {
	t.Helper()
	return activitiesOn(&activitytest.OktaStub{}).CheckServiceProvider(t.Context(), trust.CheckServiceProviderInput{
		AppID: "0oa1", Region: region, Instance: trust.Instance{IdentityStoreID: testStore}, Values: values})
}

func spMetadata(entityID string, acs ...string) string {
	services := ""
	for i, location := range acs {
		services += fmt.Sprintf(
			`<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="%s" index="%d"/>`, location, i)
	}
	return `<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entityID +
		`"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + services +
		`</md:SPSSODescriptor></md:EntityDescriptor>`
}

func TestEveryShapeOfServiceProviderPasses(t *testing.T) {
	for _, c := range []struct{ region, acs, issuer, portal, wantPortal string }{
		{"us-east-1", testACS, testIssuer, "", "https://" + testStore + ".awsapps.com/start"},
		{"us-east-1", "https://us-east-1.signin.aws/platform/saml/acs/t", testIssuer, "https://example.awsapps.com/start", ""},
		{"us-east-1", "https://us-east-1.sso.signin.aws/platform/saml/acs/t", testIssuer, "https://" + testStore + ".awsapps.com/start/", ""},
		{"us-east-1", testACS, testIssuer, "https://ssoins-7223b12345.us-east-1.portal.amazonaws.com", ""},
		{"us-east-1", testACS, testIssuer, "https://ssoins-7223b12345.portal.us-east-1.app.aws", ""},
		{"eu-west-1", "https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/t", "https://eu-west-1.signin.aws.amazon.com/platform/saml/t",
			"", "https://" + testStore + ".awsapps.com/start"},
		{"us-gov-west-1", "https://us-gov-west-1.signin.amazonaws-us-gov.com/platform/saml/acs/t",
			"https://us-gov-west-1.signin.amazonaws-us-gov.com/platform/saml/" + testStore, "",
			"https://start.us-gov-home.awsapps.com/directory/" + testStore},
		{"cn-north-1", "https://cn-north-1.signin.amazonaws.cn/platform/saml/acs/t", "https://cn-north-1.signin.amazonaws.cn/platform/saml/" + testStore,
			"", "https://start.cn-north-1.home.awsapps.cn/directory/" + testStore},
		{"eusc-de-east-1", "https://eusc-de-east-1.signin.amazonaws-eusc.eu/platform/saml/acs/t",
			"https://eusc-de-east-1.signin.amazonaws-eusc.eu/platform/saml/" + testStore, "https://ssoins-1.eusc-de-east-1.portal.amazonaws.eu", ""},
	} {
		sp, err := checkServiceProvider(t, c.region, map[string]string{
			onboarding.ValueACSURL: ` "` + c.acs + `" `, onboarding.ValueIssuerURL: c.issuer + "\n", onboarding.ValuePortalURL: c.portal})
		require.NoError(t, err)
		if c.wantPortal == "" {
			c.wantPortal = c.portal
		}
		require.Equal(t, trust.ServiceProvider{ACSURL: c.acs, Issuer: c.issuer, PortalURL: c.wantPortal}, sp)
	}
}

func TestWrongServiceProviderValuesAreRefusedWithWhatIsWrong(t *testing.T) {
	const (
		acs, issuer, portal, metadata = onboarding.ValueACSURL, onboarding.ValueIssuerURL, onboarding.ValuePortalURL, onboarding.ValueMetadata
	)
	for says, values := range map[string]map[string]string{
		"ACS) URL is missing":   {issuer: testIssuer},
		"issuer URL is missing": {acs: testACS},
		"swapped":               {acs: testIssuer, issuer: testACS},
		"not the path":          {acs: testACS, issuer: testACS},
		"https://":              {acs: "http" + testACS[5:], issuer: testIssuer},
		"Region eu-west-1, but Identity Center's primary Region is us-east-1": {acs: "https://eu-west-1.signin.aws/platform/saml/acs/t", issuer: testIssuer},
		"not a sign-in host":     {acs: "https://us-east-1.signin.aws.evil.example.com/platform/saml/acs/t", issuer: testIssuer},
		"address of Okta's":      {acs: "https://example.okta.com/app/amazon_aws_sso/exk1/sso/saml", issuer: "http://www.okta.com/exk1"},
		"d-0000000000":           {acs: testACS, issuer: "https://us-east-1.signin.aws.amazon.com/platform/saml/d-0000000000"},
		"d-1111111111":           {acs: testACS, issuer: testIssuer, portal: "https://d-1111111111.awsapps.com/start"},
		"host of access portals": {acs: testACS, issuer: testIssuer, portal: "https://studio.example.com/start"},
		"cannot be used":         {metadata: "not XML"},
		"not the one which Okta": {metadata: `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"` +
			` entityID="http://www.okta.com/exk1"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
			`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"` +
			` Location="https://example.okta.com/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`},
		"but the metadata file": {metadata: spMetadata(testIssuer, testACS), acs: "https://us-east-1.signin.aws/platform/saml/acs/t"},
	} {
		t.Run(says, func(t *testing.T) {
			_, err := checkServiceProvider(t, "us-east-1", values)
			f := activitytest.RequireClass(t, err, fault.Invalid)
			require.Contains(t, f.Message, says)
			require.Contains(t, f.Remedy, "Identity Center console")
		})
	}
}

func TestTheMetadataFileStandsForBothURLs(t *testing.T) {
	other := "https://us-east-1.sso.signin.aws/platform/saml/acs/t"
	additional, err := checkServiceProvider(t, "us-east-1", map[string]string{
		onboarding.ValueMetadata: spMetadata(testIssuer, "https://eu-west-1.signin.aws/platform/saml/acs/t", other)})
	require.NoError(t, err)
	require.Equal(t, other, additional.ACSURL, "an additional Region comes first in the file, and the app belongs to the primary one")
	sp, err := checkServiceProvider(t, "us-east-1", map[string]string{onboarding.ValueMetadata: spMetadata(testIssuer, testACS, other)})
	require.NoError(t, err)
	require.Equal(t, testACS, sp.ACSURL)
	require.Equal(t, testIssuer, sp.Issuer)
	sp, err = checkServiceProvider(t, "us-east-1", map[string]string{
		onboarding.ValueMetadata: spMetadata(testIssuer, testACS, other), onboarding.ValueACSURL: other})
	require.NoError(t, err)
	require.Equal(t, other, sp.ACSURL)
}
