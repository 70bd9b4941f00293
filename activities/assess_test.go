package activities_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/activities/activitytest"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

const (
	fine = "" // neither blocked nor a warning

	otherStore  = "d-9067f12345"
	otherACS    = "https://us-east-1.signin.aws.amazon.com/platform/saml/acs/7d2c4f1e-3b7a-4c0e-9a5f-1b2c3d4e5f60"
	otherIssuer = "https://us-east-1.signin.aws.amazon.com/platform/saml/" + otherStore
)

func TestACheckOfASoundWorldBlocksNothing(t *testing.T) {
	result := assess(t, soundAWS(), newOkta(), specWith(t, ""))
	for _, verdict := range result.Verdicts {
		require.NotEmpty(t, verdict.Reason, "%+v", verdict)
		require.NotContains(t, []onboarding.VerdictKind{onboarding.VerdictBlocked, onboarding.VerdictWarning, onboarding.VerdictUnknown},
			verdict.Kind, "%+v", verdict)
	}
	require.Equal(t, "111111111111", result.IdentityAccount)
	require.Equal(t, "222222222222", result.StudioAccount)
	require.Equal(t, "https://example.okta.com", result.OktaURL)
}

func TestACheckFindsWhatWouldBreakARun(t *testing.T) {
	lost := []string{"people-who-will-not-get-in"} // the sum of it
	instance := `{"InstanceArn":"arn:aws:sso:::instance/ssoins-1","IdentityStoreId":"d-1","OwnerAccountId":"%s",` +
		`"PrimaryRegion":"%s","Status":"ACTIVE"}`
	for _, test := range []worldWithAFault{
		{name: "wrong account", aws: awsAnswers{"222222222222 GetCallerIdentity": callerIdentity("333333333333")},
			kind: onboarding.VerdictBlocked, check: "studio-account", says: "belong to account 333333333333", remedy: "studio.assumeRole"},
		{name: "no permission to list instances", aws: awsAnswers{"ListInstances": deniedAnswer("sso:ListInstances")},
			kind: onboarding.VerdictBlocked, check: "identity-center", says: "sso:ListInstances", remedy: `"Action":"sso:ListInstances"`},
		{name: "no instance", aws: awsAnswers{"ListInstances": `{"Instances":[]}`},
			kind: onboarding.VerdictAsk, check: "identity-center", says: "not enabled yet in the management account 111111111111",
			remedy: "the run asks for it"},
		{name: "account instance only", aws: awsAnswers{"ListInstances": `{"Instances":[` + fmt.Sprintf(instance, "222222222222",
			"us-east-1") + `]}`},
			kind: onboarding.VerdictBlocked, check: "identity-center", says: "only an account instance"},
		{name: "another Region", aws: awsAnswers{"ListInstances": `{"Instances":[` + fmt.Sprintf(instance, "111111111111", "eu-west-1") + `]}`},
			kind: onboarding.VerdictBlocked, check: "identity-center", says: "eu-west-1"},
		{name: "neither management nor delegated", aws: awsAnswers{"DescribeOrganization": `{"Organization":{"MasterAccountId":"999999999999"}}`,
			"ListInstances":               `{"Instances":[` + fmt.Sprintf(instance, "999999999999", "us-east-1") + `]}`,
			"ListDelegatedAdministrators": `{"DelegatedAdministrators":[]}`},
			kind: onboarding.VerdictWarning, check: "identity-center", says: "neither the management account (999999999999)"},
		{name: "customer managed key",
			aws: awsAnswers{"DescribeInstance": `{"EncryptionConfigurationDetails":{"KeyType":"CUSTOMER_MANAGED_KEY",` +
				`"KmsKeyArn":"arn:aws:kms:us-east-1:1:key/k"}}`},
			kind: onboarding.VerdictWarning, check: "identity-center-key", says: "customer managed key"},
		{name: "key that may not be looked at", aws: awsAnswers{"DescribeInstance": deniedAnswer("sso:DescribeInstance")},
			kind: onboarding.VerdictWarning, check: "identity-center-key", says: "sso:DescribeInstance", remedy: `"Action":"sso:DescribeInstance"`},
		{name: "VPC endpoint only", aws: awsAnswers{"DescribeIdentityStore": `{"NetworkConfiguration":{"VpceAccessRequired":true}}`},
			kind: onboarding.VerdictBlocked, check: "identity-store-network", says: "VPC endpoint"},
		{name: "SCIM from some addresses",
			aws:  awsAnswers{"DescribeIdentityStore": `{"NetworkConfiguration":{"VpceAccessRequired":true,"ScimAllowSourceIps":["192.0.2.0/24"]}}`},
			kind: onboarding.VerdictWarning, check: "identity-store-network", says: "192.0.2.0/24"},
		{name: "made by hand", aws: awsAnswers{"ListUsers": `{"Users":[{"UserName":"other","UserId":"1","Emails":[{"Value":"ADA@example.com"}]},
			{"UserName":"grace@example.com","UserId":"2","ExternalIds":[{"Issuer":"x","Id":"00ugrace"}]},{"UserName":"stranger@example.com","UserId":"3"}]}`},
			kind: onboarding.VerdictWarning, check: "people-made-by-hand", says: "1 person was made by hand in Identity Center, " +
				"with the user name or address of somebody in Okta: other.", also: lost},

		{name: "no default VPC", aws: awsAnswers{"DescribeVpcs": `<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>`},
			kind: onboarding.VerdictBlocked, check: "network", says: "no default VPC"},
		{name: "missing role", spec: "      executionRole: arn:aws:iam::222222222222:role/Gone", aws: awsAnswers{"GetRole Gone": noSuchRole},
			kind: onboarding.VerdictBlocked, check: "execution-role", says: "no role arn:aws:iam::222222222222:role/Gone"},
		{name: "role of another service", aws: awsAnswers{"GetRole SageMakerStudio-data-science": roleAnswer("SageMakerStudio-data-science",
			"lambda.amazonaws.com")},
			kind: onboarding.VerdictBlocked, check: "execution-role", says: "does not let sagemaker.amazonaws.com assume", remedy: "trust policy"},
		{name: "domain with IAM authentication",
			aws: awsAnswers{"ListDomains": `{"Domains":[{"DomainId":"d-x","DomainName":"data-science","Status":"InService"}]}`,
				"DescribeDomain": `{"DomainId":"d-x","DomainName":"data-science","DomainArn":"arn:aws:sagemaker:us-east-1:222222222222:domain/d-x",` +
					`"Status":"InService","AuthMode":"IAM"}`},
			kind: onboarding.VerdictBlocked, check: "domain", says: "IAM authentication", remedy: "domain.name"},
		{name: "no room for a domain",
			aws: awsAnswers{"ListDomains": `{"Domains":[{"DomainId":"d-y","DomainName":"other","Status":"InService"}]}`,
				"GetServiceQuota L-B683BCB0": quotaAnswer(1)},
			kind: onboarding.VerdictBlocked, check: "quota-domains", says: "The quota is 1 domains, and the account has 1", remedy: "L-B683BCB0"},
		{name: "no room for profiles", aws: awsAnswers{"ListUserProfiles": `{"UserProfiles":[{"DomainId":"d-y","UserProfileName":"a"}]}`,
			"GetServiceQuota L-AC46C40F": quotaAnswer(2)},
			kind: onboarding.VerdictBlocked, check: "quota-profiles", says: "2 people and 1 profiles of other domains are more than " +
				"the quota of 2", remedy: "L-AC46C40F"},
		{name: "no room for profiles, which are not needed at once", spec: "  profiles: first-sign-in",
			aws:  awsAnswers{"GetServiceQuota L-AC46C40F": quotaAnswer(1)},
			kind: onboarding.VerdictWarning, check: "quota-profiles", says: "2 people"},
		{name: "no room by default", aws: awsAnswers{"GetServiceQuota L-AC46C40F": noSuchQuota,
			"GetAWSDefaultServiceQuota L-AC46C40F": quotaAnswer(1)},
			kind: onboarding.VerdictBlocked, check: "quota-profiles", says: "quota of 1"},
		{name: "quota that may not be read", aws: awsAnswers{"GetServiceQuota L-AC46C40F": deniedAnswer("servicequotas:GetServiceQuota")},
			kind: fine, check: "quota-profiles", says: "cannot be read"},

		{name: "Okta credentials", org: func(o *soundOkta) {
			o.whoErr = fault.New(fault.Denied, "okta", "okta:GET /api/v1/users/me", "Okta answered 401").WithRemedy("give the worker new ones")
		}, kind: onboarding.VerdictBlocked, check: "okta-credentials", says: "okta:GET /api/v1/users/me: Okta answered 401",
			remedy: "give the worker new ones"},
		{name: "several apps", org: func(o *soundOkta) {
			o.apps = append(o.apps, model.App{ID: "0oa2", Label: "AWS IAM Identity Center"})
		},
			kind: onboarding.VerdictAsk, check: "okta-app", says: "2 Okta apps could be the one"},
		{name: "app with another label", org: func(o *soundOkta) { o.apps[0].Label = "Production" },
			kind: onboarding.VerdictWarning, check: "okta-app", says: `"Production" (0oa1, belongs to no instance yet)`, remedy: "okta.appLabel"},
		{name: "inactive app", org: func(o *soundOkta) { o.apps[0].Status = "INACTIVE" },
			kind: onboarding.VerdictBlocked, check: "okta-app", says: "is INACTIVE"},
		{name: "no assignment group", org: func(o *soundOkta) { delete(o.groups, "aws-identity-center") },
			kind: onboarding.VerdictBlocked, check: "okta-assignment-group", says: `no Okta group named "aws-identity-center"`, also: lost},
		{name: "no access group", org: func(o *soundOkta) { delete(o.groups, "sagemaker-studio-users") },
			kind: onboarding.VerdictBlocked, check: "okta-access-group", says: `no Okta group named "sagemaker-studio-users"`},
		{name: "empty assignment group", org: func(o *soundOkta) { o.groups["aws-identity-center"] = nil },
			kind: onboarding.VerdictBlocked, check: "okta-assignment-group", says: "has no members that the worker's credentials can see",
			remedy: "empty list", also: lost},
		{name: "nobody of that login", spec: "  people:\n    - login: nobody@example.com",
			kind: onboarding.VerdictWarning, check: "people", says: "nobody@example.com", also: lost},
		{name: "people without the app", org: func(o *soundOkta) {
			for i := range 7 {
				o.groups["sagemaker-studio-users"] = append(o.groups["sagemaker-studio-users"], soundPerson(fmt.Sprintf("p%d@example.com", i)))
			}
		}, kind: onboarding.VerdictWarning, check: "people-without-app",
			says: "7 people are in an access group, but not in the assignment group, so Okta will not provision them: p0@example.com, " +
				"p1@example.com, p2@example.com, p3@example.com, p4@example.com, and 2 more.", remedy: `"aws-identity-center"`, also: lost},
		{name: "people whom AWS refuses", org: func(o *soundOkta) {
			nameless := soundPerson("ines@example.com")
			nameless.LastName = ""
			o.groups["aws-identity-center"] = append(o.groups["aws-identity-center"], nameless)
		}, kind: onboarding.VerdictWarning, check: "people", says: "1 person may not be able to sign in as they are: ines@example.com " +
			"(no last name)", remedy: "last name"},
	} {
		test.run(t)
	}
}

func TestACheckLooksAtTheAppAndItsGroups(t *testing.T) {
	trusting := func(acs, issuer string, features ...string) func(*soundOkta) {
		return func(o *soundOkta) {
			o.apps[0].ACSURL, o.apps[0].EntityID, o.apps[0].Features = acs, issuer, features
		}
	}
	all := []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"}
	for _, test := range []worldWithAFault{
		{name: "no SAML", org: func(o *soundOkta) { o.apps[0].SignOnMode = "BROWSER_PLUGIN" },
			kind: onboarding.VerdictBlocked, check: "okta-app", says: "the sign-on mode BROWSER_PLUGIN", remedy: "Sign On tab"},
		{name: "certificate that expires soon", org: func(o *soundOkta) { o.metadata = idpMetadata(time.Now().AddDate(0, 0, 30)) },
			kind: onboarding.VerdictWarning, check: "okta-app-certificate", says: "days", remedy: "Generate a new key"},
		{name: "expired certificate", org: func(o *soundOkta) { o.metadata = idpMetadata(time.Now().AddDate(0, 0, -2)) },
			kind: onboarding.VerdictBlocked, check: "okta-app-certificate", says: "expired on"},
		{name: "an app of another organization", org: trusting(otherACS, otherIssuer),
			kind: onboarding.VerdictBlocked, check: "okta-app", says: "would be cut off", remedy: "okta.appLabel"},
		{name: "swapped values, which the run asks for again", org: trusting(otherIssuer, otherACS, all...),
			kind: onboarding.VerdictWarning, check: "okta-app-settings", says: "are swapped"},
		{name: "the app of this instance with another label", aws: awsAnswers{"ListInstances": `{"Instances":[{` +
			`"InstanceArn":"arn:aws:sso:::instance/ssoins-1","IdentityStoreId":"` + otherStore + `","OwnerAccount":"x",` +
			`"OwnerAccountId":"111111111111","PrimaryRegion":"us-east-1","Status":"ACTIVE"}]}`},
			org: func(o *soundOkta) {
				trusting(otherACS, otherIssuer)(o)
				o.apps[0].Label = "AWS SSO (production)"
			},
			kind: onboarding.VerdictWarning, check: "okta-app", says: `has the label "AWS SSO (production)"`, remedy: "okta.appLabel"},
		{name: "another user name", org: func(o *soundOkta) { o.apps[0].UserNameTemplate = "${source.email}" },
			kind: onboarding.VerdictWarning, check: "okta-app-user-names", says: "${source.email}", remedy: "Okta username"},
		{name: "half of provisioning", org: trusting("", "", "PUSH_NEW_USERS"),
			kind: onboarding.VerdictWarning, check: "okta-app-provisioning", says: "PUSH_PROFILE_UPDATES, PUSH_USER_DEACTIVATION"},
		{name: "log that may not be read", org: func(o *soundOkta) { o.logErr = fault.New(fault.Denied, "okta", "okta:GET /api/v1/logs", "no") },
			kind: fine, check: "okta-system-log", says: "not looked at"},
		{name: "access group that is assigned", org: func(o *soundOkta) { o.appGroups = []string{"00gsagemaker-studio-users"} },
			kind: onboarding.VerdictWarning, check: "okta-group-push", says: `"sagemaker-studio-users" is assigned to the app`,
			remedy: "one group for assignment and push"},
		{name: "assignment group that is pushed", org: func(o *soundOkta) {
			o.mappings = []model.Mapping{{ID: "m", SourceGroupID: "00gaws-identity-center", Status: "ACTIVE"}}
		},
			kind: onboarding.VerdictWarning, check: "okta-group-push", says: `"aws-identity-center" is pushed as well`},
		{name: "failed push", org: func(o *soundOkta) {
			o.mappings = []model.Mapping{{ID: "m", SourceGroupID: "00gsagemaker-studio-users", Status: "ERROR", ErrorSummary: "duplicate"}}
		}, kind: onboarding.VerdictWarning, check: "okta-group-push", says: `Pushing the group "sagemaker-studio-users" failed: duplicate.`},
		{name: "group made by hand", aws: awsAnswers{"GetGroupId": `{"GroupId":"g"}`,
			"DescribeGroup": `{"GroupId":"g","DisplayName":"sagemaker-studio-users"}`},
			kind: onboarding.VerdictWarning, check: "group-made-by-hand", says: `a group "sagemaker-studio-users" that Okta did not push`,
			remedy: "rename it"},
		{name: "nobody in any access group", org: func(o *soundOkta) {
			o.groups["sagemaker-studio-users"] = []model.User{}
		}, kind: onboarding.VerdictBlocked, check: "okta-access-group", says: "None of the access groups has a member", remedy: "empty list"},
		{name: "no trusted access", aws: awsAnswers{"ListAWSServiceAccessForOrganization": `{"EnabledServicePrincipals":[]}`},
			kind: onboarding.VerdictWarning, check: "trusted-access", says: "sso.amazonaws.com has no trusted access",
			remedy: "Enable trusted access"},
		{name: "trusted access that may not be read",
			aws:  awsAnswers{"ListAWSServiceAccessForOrganization": deniedAnswer("organizations:ListAWSServiceAccessForOrganization")},
			kind: fine, check: "trusted-access", says: "not looked at"},
		{name: "role without policies", aws: awsAnswers{"GetRole SageMakerStudio-data-science": roleAnswer("SageMakerStudio-data-science",
			"sagemaker.amazonaws.com"),
			"ListAttachedRolePolicies": `<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult/></ListAttachedRolePoliciesResponse>`},
			kind: onboarding.VerdictWarning, check: "execution-role-policies", says: "has no managed policy", remedy: "AmazonSageMakerFullAccess"},
		{name: "missing permissions", aws: awsAnswers{"222222222222 SimulatePrincipalPolicy": simulated("sagemaker:CreateDomain",
			"implicitDeny")},
			kind: onboarding.VerdictWarning, check: "studio-permissions",
			says: "arn:aws:iam::222222222222:role/StudioOnboarding may not sagemaker:CreateDomain.", remedy: "starter policy"},
		{name: "permissions that may not be simulated", aws: awsAnswers{"111111111111 SimulatePrincipalPolicy": deniedXML},
			kind: fine, check: "identity-permissions", says: "not looked at"},
		{name: "failed domain", aws: awsAnswers{"ListDomains": `{"Domains":[{"DomainId":"d-x","DomainName":"data-science","Status":"Failed"}]}`,
			"DescribeDomain": `{"DomainId":"d-x","DomainName":"data-science","DomainArn":"arn:aws:sagemaker:us-east-1:222222222222:domain/d-x",` +
				`"Status":"Failed","AuthMode":"SSO","FailureReason":"out of luck"}`},
			kind: onboarding.VerdictBlocked, check: "domain", says: "out of luck", remedy: "delete the domain"},
		{name: "two roles for somebody", spec: "    - name: others\n      executionRole: ml",
			org:  func(o *soundOkta) { o.groups["others"] = o.groups["sagemaker-studio-users"][:1] },
			kind: fine, check: "role-conflicts", says: "ada@example.com"},
		{name: "two people with one profile name", org: func(o *soundOkta) {
			for _, name := range []string{"aws-identity-center", "sagemaker-studio-users"} {
				o.groups[name] = append(o.groups[name], soundPerson("a.b@example.com"), soundPerson("a-b@example.com"))
			}
		}, kind: fine, check: "profile-names", says: "2 people get a profile name with a hash"},
	} {
		test.run(t)
	}
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

func TestACheckLooksForAWayOutOfAVPC(t *testing.T) {
	group := func(in, out string) string {
		rule := func(ports string) string {
			if ports == "" {
				return ""
			}
			from, to, _ := strings.Cut(ports, "-")
			return `<item><ipProtocol>tcp</ipProtocol><fromPort>` + from + `</fromPort><toPort>` + to + `</toPort></item>`
		}
		return `<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId><vpcId>vpc-1</vpcId><ipPermissions>` + rule(in) +
			`</ipPermissions><ipPermissionsEgress>` + rule(out) +
			`</ipPermissionsEgress></item></securityGroupInfo></DescribeSecurityGroupsResponse>`
	}
	routes := func(target, association string) string {
		return `<DescribeRouteTablesResponse><routeTableSet><item><vpcId>vpc-1</vpcId><routeSet><item>` +
			`<destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>` + target +
			`<state>active</state></item></routeSet><associationSet><item>` + association +
			`</item></associationSet></item></routeTableSet></DescribeRouteTablesResponse>`
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
		kind                            onboarding.VerdictKind
		says                            string
	}{
		{"NAT of its own", open, routes(nat, own), endpoints(), "vpc-endpoints", onboarding.VerdictKeep, "have a way out"},
		{"NAT of the main table", open, routes(nat, main), endpoints(), "vpc-endpoints", onboarding.VerdictKeep, "have a way out"},
		{"an internet gateway is none", open, routes(igw, own), endpoints("s3", "sts"), "vpc-endpoints", onboarding.VerdictWarning,
			"Missing in vpc-1: sagemaker.api, sagemaker.runtime, logs, ecr.api, ecr.dkr."},
		{"all endpoints", open, routes(igw, main), endpoints("s3", "sts", "logs", "ecr.api", "ecr.dkr", "sagemaker.api", "sagemaker.runtime"),
			"vpc-endpoints", onboarding.VerdictKeep, "has the endpoints"},
		{"NFS both ways", open, routes(nat, own), endpoints(), "security-groups", onboarding.VerdictKeep, "both directions"},
		{"NFS one way", group("443-443", "0-65535"), routes(nat, own), endpoints(), "security-groups", onboarding.VerdictWarning,
			"NFS (TCP 2049) inbound,"},
		{"no NFS", group("", ""), routes(nat, own), endpoints(), "security-groups", onboarding.VerdictWarning, "inbound and outbound"},
	} {
		t.Run(test.name, func(t *testing.T) {
			answers := soundAWS()
			answers["DescribeSecurityGroups"], answers["DescribeRouteTables"], answers["DescribeVpcEndpoints"] = test.group, test.routes,
				test.endpoints
			var found []onboarding.Verdict
			for _, verdict := range assess(t, answers, newOkta(), specWith(t, vpcOnly)).Verdicts {
				if verdict.Code == test.check {
					found = append(found, verdict)
				}
			}
			require.Len(t, found, 1)
			require.Equal(t, test.kind, found[0].Kind)
			require.Contains(t, found[0].Reason, test.says)
			require.Equal(t, onboarding.ResourceNetwork, found[0].Resource)
		})
	}
}

func TestEverybodyWhoWillNotSignInIsInAFile(t *testing.T) {
	org := newOkta()
	nameless := soundPerson("ines@example.com")
	nameless.LastName = ""
	for _, name := range []string{"aws-identity-center", "sagemaker-studio-users"} {
		org.groups[name] = append(org.groups[name], nameless)
	}
	org.groups["sagemaker-studio-users"] = append(org.groups["sagemaker-studio-users"], soundPerson("noor@example.com"))
	answers := soundAWS()
	answers["ListUsers"] = `{"Users":[{"UserName":"Ada@example.com","UserId":"1"}]}`
	x := assessorOf(t, answers, org)
	x.People = storetest.New(t)
	result, err := activitytest.Once(x.RunPreflight,
		activities.PreflightInput{Spec: specWith(t, "  people:\n    - login: nobody@example.com"), Everybody: true})
	require.NoError(t, err)
	i := slices.IndexFunc(result.Verdicts, func(v onboarding.Verdict) bool { return v.Code == "people-who-will-not-get-in" })
	require.Positive(t, i)
	verdict := result.Verdicts[i]
	require.Equal(t, onboarding.VerdictWarning, verdict.Kind)
	require.Contains(t, verdict.Reason, "4 of 5 people will not be able to sign in")
	_, path, _ := strings.Cut(verdict.Remedy, "Each is in ")
	path, _, _ = strings.Cut(path, " (on the worker)")
	require.Equal(t, path, result.PeopleFile)
	records := storetest.Checked(t, x.People, result.Run)
	require.FileExists(t, path)
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
	require.Equal(t, 4, result.ExceptionsTotal)
}

// worldWithAFault is a world with one fault, and the one verdict that is to come of it.
type worldWithAFault struct {
	name string
	// spec is added to the spec file.
	spec string
	aws  awsAnswers
	org  func(*soundOkta)
	// kind is that of the verdict; empty: whichever keeps nothing from going on.
	kind   onboarding.VerdictKind
	check  string
	says   string
	remedy string
	// also are codes of verdicts that say what follows of it.
	also []string
}

func (test worldWithAFault) run(t *testing.T) {
	t.Run(test.name, func(t *testing.T) {
		answers, org := soundAWS(), newOkta()
		maps.Copy(answers, test.aws)
		if test.org != nil {
			test.org(org)
		}
		result := assess(t, answers, org, specWith(t, test.spec))
		var unexpected []onboarding.Verdict
		found := false
		for _, verdict := range result.Verdicts {
			require.NotEmpty(t, verdict.Reason, "%+v", verdict)
			stops := verdict.Kind == onboarding.VerdictBlocked || verdict.Kind == onboarding.VerdictWarning
			if (verdict.Kind == test.kind || test.kind == fine && !stops) && verdict.Code == test.check &&
				strings.Contains(verdict.Reason, test.says) {
				require.Contains(t, verdict.Remedy, test.remedy)
				require.True(t, !stops || verdict.Remedy != "", "%+v", verdict)
				found = true
			} else if stops && !slices.Contains(test.also, verdict.Code) {
				unexpected = append(unexpected, verdict)
			}
		}
		require.True(t, found, "%+v", result.Verdicts)
		require.Empty(t, unexpected, "one finding causes no others")
	})
}

func TestOneSideThatFailsDoesNotHideTheOthers(t *testing.T) {
	answers, org := soundAWS(), newOkta()
	answers["111111111111 GetCallerIdentity"] = deniedXML
	answers["222222222222 GetCallerIdentity"] = deniedXML
	delete(org.groups, "sagemaker-studio-users")
	result := assess(t, answers, org, specWith(t, ""))
	var blocking []string
	for _, verdict := range onboarding.Blocked(result.Verdicts) {
		blocking = append(blocking, verdict.Code)
	}
	require.Equal(t, []string{"identity-account", "studio-account", "okta-access-group"}, blocking)
	require.Empty(t, result.IdentityAccount)
}

func TestAnAssessmentIsTriedAgainWhenAProviderIsBusy(t *testing.T) {
	answers := soundAWS()
	answers["ListDomains"] = `ThrottlingException: Rate exceeded`
	_, err := assessorOf(t, answers, newOkta()).RunPreflight(t.Context(), activities.PreflightInput{Spec: specWith(t, "")})
	require.Equal(t, fault.Throttled, fault.ClassOf(err), "%v", err)

	org := newOkta()
	org.whoErr = fault.New(fault.Unavailable, "okta", "okta:GET /api/v1/users/me", "Okta is down")
	_, err = assessorOf(t, soundAWS(), org).RunPreflight(t.Context(), activities.PreflightInput{Spec: specWith(t, "")})
	require.Equal(t, fault.Unavailable, fault.ClassOf(err), "%v", err)
}
