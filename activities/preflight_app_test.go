package activities_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/peoplefile"
	"studio-onboarding/onboarding"
)

func (o *preflightOrg) App(_ context.Context, id string) (oktaorg.App, error) { return o.apps[0], nil }
func (o *preflightOrg) Metadata(context.Context, string) ([]byte, error) {
	return []byte(o.metadata), nil
}
func (o *preflightOrg) AppGroups(context.Context, string) ([]string, error) { return o.appGroups, nil }
func (o *preflightOrg) Mappings(context.Context, string) ([]oktaorg.Mapping, error) {
	return o.mappings, nil
}
func (o *preflightOrg) AppUsers(_ context.Context, _ string, page func([]oktaorg.AppUser) error) error {
	return page(o.appUsers)
}
func (o *preflightOrg) ProvisioningFailures(context.Context, string, time.Time, time.Time, int) ([]oktaorg.LogEvent, error) {
	return nil, o.logErr
}

// idpMetadata is Okta's metadata with a certificate that is valid until then.
func idpMetadata(until time.Time) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().AddDate(-6, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return `<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="http://www.okta.com/exk1">` +
		`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">` +
		`<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(der) +
		`</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
		`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://example.okta.com/app/amazon_aws_sso/exk1/sso/saml"/>` +
		`</md:IDPSSODescriptor></md:EntityDescriptor>`
}

func TestThePreflightLooksAtTheAppAndItsGroups(t *testing.T) {
	trusting := func(acs, issuer string, features ...string) func(*preflightOrg) {
		return func(o *preflightOrg) {
			o.apps[0].ACSURL, o.apps[0].EntityID, o.apps[0].Features = acs, issuer, features
		}
	}
	all := []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"}
	for _, test := range []preflightCase{
		{name: "no SAML", org: func(o *preflightOrg) { o.apps[0].SignOnMode = "BROWSER_PLUGIN" },
			level: onboarding.LevelBlocking, check: "okta-app", says: `signs on by "BROWSER_PLUGIN"`, remedy: "Sign On tab"},
		{name: "certificate that expires soon", org: func(o *preflightOrg) { o.metadata = idpMetadata(time.Now().AddDate(0, 0, 30)) },
			level: onboarding.LevelWarning, check: "okta-app-certificate", says: "days", remedy: "Generate a new key"},
		{name: "expired certificate", org: func(o *preflightOrg) { o.metadata = idpMetadata(time.Now().AddDate(0, 0, -2)) },
			level: onboarding.LevelBlocking, check: "okta-app-certificate", says: "expired on"},
		{name: "values of another organization, which the run asks for again", org: trusting(testACS, testIssuer),
			level: onboarding.LevelWarning, check: "okta-app-settings", says: "belongs to the identity store " + testStore},
		{name: "swapped values that the run would take", org: trusting(testIssuer, testACS, all...),
			level: onboarding.LevelBlocking, check: "okta-app-settings", says: "are swapped"},
		{name: "another user name", org: func(o *preflightOrg) { o.apps[0].UserNameTemplate = "${source.email}" },
			level: onboarding.LevelWarning, check: "okta-app-user-names", says: "${source.email}", remedy: "Okta username"},
		{name: "half of provisioning", org: trusting("", "", "PUSH_NEW_USERS"),
			level: onboarding.LevelWarning, check: "okta-app-provisioning", says: "PUSH_PROFILE_UPDATES, PUSH_USER_DEACTIVATION"},
		{name: "log that may not be read", org: func(o *preflightOrg) { o.logErr = fault.New(fault.Denied, "okta", "okta:GET /api/v1/logs", "no") },
			level: onboarding.LevelOK, check: "okta-system-log", says: "not looked at"},
		{name: "access group that is assigned", org: func(o *preflightOrg) { o.appGroups = []string{"00gsagemaker-studio-users"} },
			level: onboarding.LevelWarning, check: "okta-group-push", says: `"sagemaker-studio-users" is assigned to the app`, remedy: "one group for assignment and push"},
		{name: "assignment group that is pushed", org: func(o *preflightOrg) {
			o.mappings = []oktaorg.Mapping{{ID: "m", SourceGroupID: "00gaws-identity-center", Status: "ACTIVE"}}
		},
			level: onboarding.LevelWarning, check: "okta-group-push", says: `"aws-identity-center" is pushed as well`},
		{name: "failed push", org: func(o *preflightOrg) {
			o.mappings = []oktaorg.Mapping{{ID: "m", SourceGroupID: "00gsagemaker-studio-users", Status: "ERROR", ErrorSummary: "duplicate"}}
		}, level: onboarding.LevelWarning, check: "okta-group-push", says: `Pushing the group "sagemaker-studio-users" failed: duplicate.`},
		{name: "group made by hand", aws: awsAnswers{"GetGroupId": `{"GroupId":"g"}`, "DescribeGroup": `{"GroupId":"g","DisplayName":"sagemaker-studio-users"}`},
			level: onboarding.LevelWarning, check: "group-made-by-hand", says: `a group "sagemaker-studio-users" that Okta did not push`, remedy: "rename it"},
		{name: "nobody in any access group", org: func(o *preflightOrg) {
			o.groups["sagemaker-studio-users"] = []oktaorg.User{}
		}, level: onboarding.LevelBlocking, check: "okta-access-group", says: "None of the access groups has a member", remedy: "empty list"},
		{name: "no trusted access", aws: awsAnswers{"ListAWSServiceAccessForOrganization": `{"EnabledServicePrincipals":[]}`},
			level: onboarding.LevelWarning, check: "trusted-access", says: "sso.amazonaws.com has no trusted access", remedy: "Enable trusted access"},
		{name: "trusted access that may not be read", aws: awsAnswers{"ListAWSServiceAccessForOrganization": deniedAnswer("organizations:ListAWSServiceAccessForOrganization")},
			level: onboarding.LevelOK, check: "trusted-access", says: "not looked at"},
		{name: "role without policies", aws: awsAnswers{"GetRole SageMakerStudio-data-science": roleAnswer("SageMakerStudio-data-science", "sagemaker.amazonaws.com"),
			"ListAttachedRolePolicies": `<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult/></ListAttachedRolePoliciesResponse>`},
			level: onboarding.LevelWarning, check: "execution-role-policies", says: "has no managed policy", remedy: "AmazonSageMakerFullAccess"},
		{name: "missing permissions", aws: awsAnswers{"222222222222 SimulatePrincipalPolicy": simulated("sagemaker:CreateDomain", "implicitDeny")},
			level: onboarding.LevelWarning, check: "studio-permissions",
			says: "arn:aws:iam::222222222222:role/StudioOnboarding may not sagemaker:CreateDomain.", remedy: "starter policy"},
		{name: "permissions that may not be simulated", aws: awsAnswers{"111111111111 SimulatePrincipalPolicy": deniedXML},
			level: onboarding.LevelOK, check: "identity-permissions", says: "not looked at"},
		{name: "failed domain", aws: awsAnswers{"ListDomains": `{"Domains":[{"DomainId":"d-x","DomainName":"data-science","Status":"Failed"}]}`,
			"DescribeDomain": `{"DomainId":"d-x","DomainName":"data-science","DomainArn":"arn:aws:sagemaker:us-east-1:222222222222:domain/d-x","Status":"Failed","AuthMode":"SSO","FailureReason":"out of luck"}`},
			level: onboarding.LevelBlocking, check: "domain", says: "out of luck", remedy: "delete the domain"},
		{name: "two roles for somebody", spec: "    - name: others\n      executionRole: ml",
			org:   func(o *preflightOrg) { o.groups["others"] = o.groups["sagemaker-studio-users"][:1] },
			level: onboarding.LevelOK, check: "role-conflicts", says: "ada@example.com"},
		{name: "two people with one profile name", org: func(o *preflightOrg) {
			for _, name := range []string{"aws-identity-center", "sagemaker-studio-users"} {
				o.groups[name] = append(o.groups[name], soundPerson("a.b@example.com"), soundPerson("a-b@example.com"))
			}
		}, level: onboarding.LevelOK, check: "profile-names", says: "2 people get a profile name with a hash"},
	} {
		test.run(t)
	}
}

func simulated(action, decision string) string {
	return `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member><EvalActionName>` + action +
		`</EvalActionName><EvalDecision>` + decision + `</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`
}

const vpcOnly = `
domain:
  homeFileSystem: enabled
  network:
    vpc: vpc-1
    subnets: [subnet-1]
    securityGroups: [sg-1]
    access: vpc-only
`

func TestThePreflightLooksForAWayOutOfAVPC(t *testing.T) {
	group := func(in, out string) string {
		rule := func(ports string) string {
			if ports == "" {
				return ""
			}
			from, to, _ := strings.Cut(ports, "-")
			return `<item><ipProtocol>tcp</ipProtocol><fromPort>` + from + `</fromPort><toPort>` + to + `</toPort></item>`
		}
		return `<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId><vpcId>vpc-1</vpcId><ipPermissions>` + rule(in) +
			`</ipPermissions><ipPermissionsEgress>` + rule(out) + `</ipPermissionsEgress></item></securityGroupInfo></DescribeSecurityGroupsResponse>`
	}
	routes := func(target, association string) string {
		return `<DescribeRouteTablesResponse><routeTableSet><item><vpcId>vpc-1</vpcId><routeSet><item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>` + target +
			`<state>active</state></item></routeSet><associationSet><item>` + association + `</item></associationSet></item></routeTableSet></DescribeRouteTablesResponse>`
	}
	endpoints := func(services ...string) string {
		var items strings.Builder
		for _, service := range services {
			items.WriteString(`<item><serviceName>com.amazonaws.us-east-1.` + service + `</serviceName><state>available</state></item>`)
		}
		return `<DescribeVpcEndpointsResponse><vpcEndpointSet>` + items.String() + `</vpcEndpointSet></DescribeVpcEndpointsResponse>`
	}
	nat, igw := `<natGatewayId>nat-1</natGatewayId>`, `<gatewayId>igw-1</gatewayId>`
	own, main := `<subnetId>subnet-1</subnetId>`, `<main>true</main>`
	open := group("0-65535", "2049-2049")
	for _, test := range []struct {
		name                            string
		group, routes, endpoints, check string
		level                           onboarding.Level
		says                            string
	}{
		{"NAT of its own", open, routes(nat, own), "", "vpc-endpoints", onboarding.LevelOK, "have a way out"},
		{"NAT of the main table", open, routes(nat, main), "", "vpc-endpoints", onboarding.LevelOK, "have a way out"},
		{"an internet gateway is none", open, routes(igw, own), endpoints("s3", "sts"), "vpc-endpoints", onboarding.LevelWarning, "Missing in vpc-1: sagemaker.api, sagemaker.runtime, logs, ecr.api, ecr.dkr."},
		{"all endpoints", open, routes(igw, main), endpoints("s3", "sts", "logs", "ecr.api", "ecr.dkr", "sagemaker.api", "sagemaker.runtime"), "vpc-endpoints", onboarding.LevelOK, "has the endpoints"},
		{"NFS both ways", open, routes(nat, own), "", "security-groups", onboarding.LevelOK, "both directions"},
		{"NFS one way", group("443-443", "0-65535"), routes(nat, own), "", "security-groups", onboarding.LevelWarning, "NFS (TCP 2049) inbound,"},
		{"no NFS", group("", ""), routes(nat, own), "", "security-groups", onboarding.LevelWarning, "inbound and outbound"},
	} {
		t.Run(test.name, func(t *testing.T) {
			answers := soundAWS()
			answers["DescribeSecurityGroups"], answers["DescribeRouteTables"], answers["DescribeVpcEndpoints"] = test.group, test.routes, test.endpoints
			result := preflight(t, answers, soundOrg(), preflightSpec(t, vpcOnly))
			found := onboarding.Finding{}
			for _, finding := range result.Findings {
				if finding.Check == test.check {
					found = finding
				}
				require.NotEmpty(t, finding.Area)
			}
			require.Equal(t, test.level, found.Level, "%+v", result.Findings)
			require.Contains(t, found.Message, test.says)
			require.Equal(t, onboarding.AreaNetwork, found.Area)
		})
	}
}

func TestEverybodyWhoWillNotGetInIsInAFile(t *testing.T) {
	org := soundOrg()
	nameless := soundPerson("ines@example.com")
	nameless.LastName = ""
	for _, name := range []string{"aws-identity-center", "sagemaker-studio-users"} {
		org.groups[name] = append(org.groups[name], nameless)
	}
	org.groups["sagemaker-studio-users"] = append(org.groups["sagemaker-studio-users"], soundPerson("noor@example.com"))
	answers := soundAWS()
	answers["ListUsers"] = `{"Users":[{"UserName":"ada@example.com","UserId":"1"}]}`
	x := newPreflight(t, answers, org)
	x.People = peoplefile.Store{Dir: t.TempDir()}
	result, err := x.RunPreflight(t.Context(), activities.PreflightInput{Spec: preflightSpec(t, "  people:\n    - login: nobody@example.com"), Everybody: true})
	require.NoError(t, err)
	for _, finding := range result.Findings {
		if finding.Check != "people-who-will-not-get-in" {
			continue
		}
		require.Contains(t, finding.Message, "4 of 5 people will not get in")
		_, path, _ := strings.Cut(finding.Remedy, "Each is in ")
		path, _, _ = strings.Cut(path, " (on the worker)")
		records, err := peoplefile.Read(path)
		require.NoError(t, err)
		reasons := map[string]string{}
		for _, record := range records {
			require.False(t, record.Ready)
			require.NotEmpty(t, record.Remedy)
			reasons[record.Person] = record.Reason
		}
		require.Contains(t, reasons["ada@example.com"], "made by hand")
		require.Contains(t, reasons["ines@example.com"], "no last name")
		require.Contains(t, reasons["noor@example.com"], "not assigned")
		require.Contains(t, reasons["nobody@example.com"], "knows nobody")
		return
	}
	require.Fail(t, "no finding names the file")
}
