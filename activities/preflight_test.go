package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

func TestAPreflightOfASoundWorldBlocksNothing(t *testing.T) {
	result := preflight(t, soundAWS(), soundOrg(), preflightSpec(t, ""))
	for _, finding := range result.Findings {
		require.Equal(t, onboarding.LevelOK, finding.Level, "%+v", finding)
		require.NotEmpty(t, finding.Message)
	}
	require.Equal(t, "111111111111", result.IdentityAccount)
	require.Equal(t, "222222222222", result.StudioAccount)
	require.Equal(t, "https://example.okta.com", result.OktaURL)
}

func TestThePreflightFindsWhatWouldBreakARun(t *testing.T) {
	instance := `{"InstanceArn":"arn:aws:sso:::instance/ssoins-1","IdentityStoreId":"d-1","OwnerAccountId":"%s","PrimaryRegion":"%s","Status":"ACTIVE"}`
	for _, test := range []preflightCase{
		{name: "wrong account", aws: awsAnswers{"222222222222 GetCallerIdentity": callerIdentity("333333333333")},
			level: onboarding.LevelBlocking, check: "studio-account", says: "belong to account 333333333333", remedy: "studio.assumeRole"},
		{name: "no permission to list instances", aws: awsAnswers{"ListInstances": deniedAnswer("sso:ListInstances")},
			level: onboarding.LevelBlocking, check: "identity-center", says: "sso:ListInstances", remedy: `"Action":"sso:ListInstances"`},
		{name: "no instance", aws: awsAnswers{"ListInstances": `{"Instances":[]}`},
			level: onboarding.LevelWarning, check: "identity-center", says: "not enabled yet in the management account 111111111111", remedy: "the run asks for it"},
		{name: "account instance only", aws: awsAnswers{"ListInstances": `{"Instances":[` + fmt.Sprintf(instance, "222222222222", "us-east-1") + `]}`},
			level: onboarding.LevelBlocking, check: "identity-center", says: "only an account instance"},
		{name: "another Region", aws: awsAnswers{"ListInstances": `{"Instances":[` + fmt.Sprintf(instance, "111111111111", "eu-west-1") + `]}`},
			level: onboarding.LevelBlocking, check: "identity-center", says: "eu-west-1"},
		{name: "neither management nor delegated", aws: awsAnswers{"DescribeOrganization": `{"Organization":{"MasterAccountId":"999999999999"}}`,
			"ListInstances": `{"Instances":[` + fmt.Sprintf(instance, "999999999999", "us-east-1") + `]}`, "ListDelegatedAdministrators": `{"DelegatedAdministrators":[]}`},
			level: onboarding.LevelWarning, check: "identity-center", says: "neither the management account (999999999999)"},
		{name: "customer managed key", aws: awsAnswers{"DescribeInstance": `{"EncryptionConfigurationDetails":{"KeyType":"CUSTOMER_MANAGED_KEY","KmsKeyArn":"arn:aws:kms:us-east-1:1:key/k"}}`},
			level: onboarding.LevelWarning, check: "identity-center-key", says: "customer managed key"},
		{name: "key that may not be looked at", aws: awsAnswers{"DescribeInstance": deniedAnswer("sso:DescribeInstance")},
			level: onboarding.LevelWarning, check: "identity-center-key", says: "sso:DescribeInstance", remedy: `"Action":"sso:DescribeInstance"`},
		{name: "VPC endpoint only", aws: awsAnswers{"DescribeIdentityStore": `{"NetworkConfiguration":{"VpceAccessRequired":true}}`},
			level: onboarding.LevelBlocking, check: "identity-store-network", says: "VPC endpoint"},
		{name: "SCIM from some addresses", aws: awsAnswers{"DescribeIdentityStore": `{"NetworkConfiguration":{"VpceAccessRequired":true,"ScimAllowSourceIps":["192.0.2.0/24"]}}`},
			level: onboarding.LevelWarning, check: "identity-store-network", says: "192.0.2.0/24"},
		{name: "made by hand", aws: awsAnswers{"ListUsers": `{"Users":[{"UserName":"other","UserId":"1","Emails":[{"Value":"ADA@example.com"}]},
			{"UserName":"grace@example.com","UserId":"2","ExternalIds":[{"Issuer":"x","Id":"00ugrace"}]},{"UserName":"stranger@example.com","UserId":"3"}]}`},
			level: onboarding.LevelWarning, check: "people-made-by-hand", says: "1 person was made by hand in Identity Center, with the user name or address of somebody in Okta: other."},

		{name: "no default VPC", aws: awsAnswers{"DescribeVpcs": `<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>`},
			level: onboarding.LevelBlocking, check: "network", says: "no default VPC"},
		{name: "missing role", spec: "      executionRole: arn:aws:iam::222222222222:role/Gone", aws: awsAnswers{"GetRole Gone": noSuchRole},
			level: onboarding.LevelBlocking, check: "execution-role", says: "no role arn:aws:iam::222222222222:role/Gone"},
		{name: "role of another service", aws: awsAnswers{"GetRole SageMakerStudio-data-science": roleAnswer("SageMakerStudio-data-science", "lambda.amazonaws.com")},
			level: onboarding.LevelBlocking, check: "execution-role", says: "does not let sagemaker.amazonaws.com assume", remedy: "trust policy"},
		{name: "domain with IAM authentication", aws: awsAnswers{"ListDomains": `{"Domains":[{"DomainId":"d-x","DomainName":"data-science","Status":"InService"}]}`,
			"DescribeDomain": `{"DomainId":"d-x","DomainName":"data-science","DomainArn":"arn:aws:sagemaker:us-east-1:222222222222:domain/d-x","Status":"InService","AuthMode":"IAM"}`},
			level: onboarding.LevelBlocking, check: "domain", says: "IAM authentication", remedy: "domain.name"},
		{name: "no room for a domain", aws: awsAnswers{"ListDomains": `{"Domains":[{"DomainId":"d-y","DomainName":"other","Status":"InService"}]}`, "GetServiceQuota L-B683BCB0": quotaAnswer(1)},
			level: onboarding.LevelBlocking, check: "quota-domains", says: "The quota is 1 domains, and the account has 1", remedy: "L-B683BCB0"},
		{name: "no room for profiles", aws: awsAnswers{"ListUserProfiles": `{"UserProfiles":[{"DomainId":"d-y","UserProfileName":"a"}]}`, "GetServiceQuota L-AC46C40F": quotaAnswer(2)},
			level: onboarding.LevelBlocking, check: "quota-profiles", says: "2 people and 1 profiles of other domains are more than the quota of 2", remedy: "L-AC46C40F"},
		{name: "no room for profiles, which are not needed at once", spec: "  profiles: first-sign-in", aws: awsAnswers{"GetServiceQuota L-AC46C40F": quotaAnswer(1)},
			level: onboarding.LevelWarning, check: "quota-profiles", says: "2 people"},
		{name: "no room by default", aws: awsAnswers{"GetServiceQuota L-AC46C40F": noSuchQuota, "GetAWSDefaultServiceQuota L-AC46C40F": quotaAnswer(1)},
			level: onboarding.LevelBlocking, check: "quota-profiles", says: "quota of 1"},
		{name: "quota that may not be read", aws: awsAnswers{"GetServiceQuota L-AC46C40F": deniedAnswer("servicequotas:GetServiceQuota")},
			level: onboarding.LevelOK, check: "quota-profiles", says: "cannot be read"},

		{name: "Okta credentials", org: func(o *preflightOrg) {
			o.whoErr = fault.New(fault.Denied, "okta", "okta:GET /api/v1/users/me", "Okta answered 401").WithRemedy("give the worker new ones")
		}, level: onboarding.LevelBlocking, check: "okta-credentials", says: "okta:GET /api/v1/users/me: Okta answered 401", remedy: "give the worker new ones"},
		{name: "several apps", org: func(o *preflightOrg) {
			o.apps = append(o.apps, oktaorg.App{ID: "0oa2", Label: "AWS IAM Identity Center"})
		},
			level: onboarding.LevelWarning, check: "okta-app", says: "There are 2"},
		{name: "app with another label", org: func(o *preflightOrg) { o.apps[0].Label = "Production" },
			level: onboarding.LevelWarning, check: "okta-app", says: `"Production" (0oa1)`, remedy: "okta.appLabel"},
		{name: "inactive app", org: func(o *preflightOrg) { o.apps[0].Status = "INACTIVE" },
			level: onboarding.LevelBlocking, check: "okta-app", says: "is INACTIVE"},
		{name: "no assignment group", org: func(o *preflightOrg) { delete(o.groups, "aws-identity-center") },
			level: onboarding.LevelBlocking, check: "okta-assignment-group", says: `no Okta group named "aws-identity-center"`},
		{name: "no access group", org: func(o *preflightOrg) { delete(o.groups, "sagemaker-studio-users") },
			level: onboarding.LevelBlocking, check: "okta-access-group", says: `no Okta group named "sagemaker-studio-users"`},
		{name: "empty assignment group", org: func(o *preflightOrg) { o.groups["aws-identity-center"] = nil },
			level: onboarding.LevelBlocking, check: "okta-assignment-group", says: "has no members that the worker's credentials can see", remedy: "empty list"},
		{name: "nobody of that login", spec: "  people:\n    - login: nobody@example.com",
			level: onboarding.LevelWarning, check: "people", says: "nobody@example.com"},
		{name: "people without the app", org: func(o *preflightOrg) {
			for i := range 7 {
				o.groups["sagemaker-studio-users"] = append(o.groups["sagemaker-studio-users"], soundPerson(fmt.Sprintf("p%d@example.com", i)))
			}
		}, level: onboarding.LevelWarning, check: "people-without-app",
			says: "7 people are in an access group, but not in the assignment group, so Okta will not provision them: p0@example.com, p1@example.com, p2@example.com, p3@example.com, p4@example.com, and 2 more.", remedy: `"aws-identity-center"`},
		{name: "people whom AWS refuses", org: func(o *preflightOrg) {
			nameless := soundPerson("ines@example.com")
			nameless.LastName = ""
			o.groups["aws-identity-center"] = append(o.groups["aws-identity-center"], nameless)
		}, level: onboarding.LevelWarning, check: "people", says: "1 person may not get in as they are: ines@example.com (no last name)", remedy: "last name"},
	} {
		test.run(t)
	}
}

// preflightCase is a world with one fault, and the one finding that is to come of it.
type preflightCase struct {
	name string
	// spec is added to the spec file.
	spec   string
	aws    awsAnswers
	org    func(*preflightOrg)
	level  onboarding.Level
	check  string
	says   string
	remedy string
}

func (test preflightCase) run(t *testing.T) {
	t.Run(test.name, func(t *testing.T) {
		answers, org := soundAWS(), soundOrg()
		maps.Copy(answers, test.aws)
		if test.org != nil {
			test.org(org)
		}
		result := preflight(t, answers, org, preflightSpec(t, test.spec))
		var unexpected []onboarding.Finding
		found := false
		for _, finding := range result.Findings {
			if finding.Level == test.level && finding.Check == test.check && strings.Contains(finding.Message, test.says) {
				require.Contains(t, finding.Remedy, test.remedy)
				require.True(t, finding.Level == onboarding.LevelOK || finding.Remedy != "", "%+v", finding)
				found = true
			} else if finding.Level != onboarding.LevelOK {
				unexpected = append(unexpected, finding)
			}
		}
		require.True(t, found, "%+v", result.Findings)
		require.Empty(t, unexpected, "one finding causes no others")
	})
}

func TestOneSideThatFailsDoesNotHideTheOthers(t *testing.T) {
	answers, org := soundAWS(), soundOrg()
	answers["111111111111 GetCallerIdentity"] = deniedXML
	answers["222222222222 GetCallerIdentity"] = deniedXML
	delete(org.groups, "sagemaker-studio-users")
	result := preflight(t, answers, org, preflightSpec(t, ""))
	var blocking []string
	for _, finding := range result.Findings {
		if finding.Level == onboarding.LevelBlocking {
			blocking = append(blocking, finding.Check)
		}
	}
	require.Equal(t, []string{"identity-account", "okta-access-group", "studio-account"}, blocking)
	require.Empty(t, result.IdentityAccount)
}

func TestThePreflightIsTriedAgainWhenAProviderIsBusy(t *testing.T) {
	answers := soundAWS()
	answers["ListDomains"] = `ThrottlingException: Rate exceeded`
	_, err := newPreflight(t, answers, soundOrg()).RunPreflight(t.Context(), activities.PreflightInput{Spec: preflightSpec(t, "")})
	require.Equal(t, fault.Throttled, fault.ClassOf(err), "%v", err)

	org := soundOrg()
	org.whoErr = fault.New(fault.Unavailable, "okta", "okta:GET /api/v1/users/me", "Okta is down")
	_, err = newPreflight(t, soundAWS(), org).RunPreflight(t.Context(), activities.PreflightInput{Spec: preflightSpec(t, "")})
	require.Equal(t, fault.Unavailable, fault.ClassOf(err), "%v", err)
}

func preflightSpec(t *testing.T, more string) onboarding.Spec {
	spec, err := onboarding.DecodeSpec("spec.yaml", []byte(`
name: data-science
region: us-east-1
okta: {assignmentGroup: aws-identity-center}
identityCenter: {account: "111111111111"}
studio: {account: "222222222222", assumeRole: "arn:aws:iam::222222222222:role/StudioOnboarding"}
access:
  groups:
    - name: sagemaker-studio-users
`+more))
	require.NoError(t, err)
	return spec
}

func preflight(t *testing.T, answers awsAnswers, org *preflightOrg, spec onboarding.Spec) activities.PreflightResult {
	t.Helper()
	result, err := newPreflight(t, answers, org).RunPreflight(t.Context(), activities.PreflightInput{Spec: spec})
	require.NoError(t, err)
	return result
}

func newPreflight(t *testing.T, answers awsAnswers, org *preflightOrg) *activities.Preflight {
	return &activities.Preflight{AWS: newAWSAnswers(t, answers), Okta: org}
}

// preflightOrg is an Okta org for looking only: what it does not override must not be called.
type preflightOrg struct {
	activities.Okta
	whoErr error
	apps   []oktaorg.App
	groups map[string][]oktaorg.User
	// What the app has to do with groups and people.
	metadata  string
	appGroups []string
	mappings  []oktaorg.Mapping
	appUsers  []oktaorg.AppUser
	logErr    error
}

func soundOrg() *preflightOrg {
	people := []oktaorg.User{soundPerson("ada@example.com"), soundPerson("grace@example.com")}
	return &preflightOrg{
		apps: []oktaorg.App{{ID: "0oa1", Label: "AWS IAM Identity Center", Status: "ACTIVE", SignOnMode: "SAML_2_0",
			UserNameTemplate: "${source.login}"}},
		metadata: idpMetadata(time.Now().AddDate(5, 0, 0)),
		groups:   map[string][]oktaorg.User{"aws-identity-center": people, "sagemaker-studio-users": people, "others": {soundPerson("eve@example.com")}},
	}
}

func soundPerson(login string) oktaorg.User {
	name, _, _ := strings.Cut(login, "@")
	return oktaorg.User{ID: "00u" + name, Status: "ACTIVE", Login: login, Email: login, FirstName: name, LastName: "Example"}
}

func (o *preflightOrg) URL() string                                 { return "https://example.okta.com" }
func (o *preflightOrg) Who(context.Context) (string, error)         { return "admin@example.com", o.whoErr }
func (o *preflightOrg) Apps(context.Context) ([]oktaorg.App, error) { return o.apps, nil }

func (o *preflightOrg) Group(_ context.Context, name string) (oktaorg.Group, error) {
	if _, ok := o.groups[name]; !ok {
		return oktaorg.Group{}, fault.New(fault.NotFound, "okta", "okta:GET /api/v1/groups", "there is no Okta group named %q", name).WithRemedy("create it")
	}
	return oktaorg.Group{ID: "00g" + name, Name: name}, nil
}

func (o *preflightOrg) GroupUsers(_ context.Context, groupID string, page func([]oktaorg.User) error) error {
	return page(o.groups[strings.TrimPrefix(groupID, "00g")])
}

func (o *preflightOrg) UserByLogin(_ context.Context, login string) (oktaorg.User, error) {
	for _, users := range o.groups {
		if i := slices.IndexFunc(users, func(u oktaorg.User) bool { return u.Login == login }); i >= 0 {
			return users[i], nil
		}
	}
	return oktaorg.User{}, fault.New(fault.NotFound, "okta", "okta:GET /api/v1/users/{login}", "nobody has the Okta login %q", login).WithRemedy("correct the login")
}

// awsAnswers are bodies by "account operation", "operation detail" or "operation"; a text that begins with a word and a colon is
// an error of JSON services.
type awsAnswers map[string]string

func soundAWS() awsAnswers {
	return awsAnswers{
		"111111111111 GetCallerIdentity":      callerIdentity("111111111111"),
		"222222222222 GetCallerIdentity":      callerIdentity("222222222222"),
		"DescribeOrganization":                `{"Organization":{"MasterAccountId":"111111111111"}}`,
		"ListInstances":                       `{"Instances":[{"InstanceArn":"arn:aws:sso:::instance/ssoins-1","IdentityStoreId":"d-1","OwnerAccountId":"111111111111","PrimaryRegion":"us-east-1","Status":"ACTIVE"}]}`,
		"DescribeInstance":                    `{"EncryptionConfigurationDetails":{"KeyType":"AWS_OWNED_KMS_KEY"}}`,
		"DescribeIdentityStore":               `{"NetworkConfiguration":{"VpceAccessRequired":true,"ScimAllowSourceIps":["0.0.0.0/0"]}}`,
		"ListUsers":                           `{"Users":[]}`,
		"GetGroupId":                          "ResourceNotFoundException: GROUP not found.",
		"ListAWSServiceAccessForOrganization": `{"EnabledServicePrincipals":[{"ServicePrincipal":"sso.amazonaws.com"}]}`,
		"SimulatePrincipalPolicy":             simulated("sso:CreateApplicationAssignment", "allowed"),
		"LookupEvents":                        `{"Events":[]}`,
		"ListAttachedRolePolicies": `<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies><member><PolicyName>Studio</PolicyName>` +
			`<PolicyArn>arn:aws:iam::aws:policy/Studio</PolicyArn></member></AttachedPolicies></ListAttachedRolePoliciesResult></ListAttachedRolePoliciesResponse>`,
		"DescribeVpcs": `<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId><isDefault>true</isDefault></item></vpcSet></DescribeVpcsResponse>`,
		"DescribeSubnets": `<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><state>available</state>` +
			`<availabilityZone>us-east-1a</availabilityZone><defaultForAz>true</defaultForAz></item></subnetSet></DescribeSubnetsResponse>`,
		"GetRole":          noSuchRole,
		"ListDomains":      `{"Domains":[]}`,
		"ListTags":         `{"Tags":[]}`,
		"ListUserProfiles": `{"UserProfiles":[]}`,
		"GetServiceQuota":  quotaAnswer(100),
	}
}

func callerIdentity(account string) string {
	return `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>` + account + `</Account><Arn>arn:aws:iam::` + account +
		`:user/worker</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`
}

func deniedAnswer(action string) string {
	return "AccessDeniedException: User: arn:aws:iam::111111111111:user/worker is not authorized to perform: " + action + " on resource: * because no identity-based policy allows the " + action + " action"
}

func quotaAnswer(value int) string { return fmt.Sprintf(`{"Quota":{"Value":%d}}`, value) }

func roleAnswer(name, service string) string {
	trust := url.QueryEscape(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`)
	return `<GetRoleResponse><GetRoleResult><Role><RoleName>` + name + `</RoleName><Arn>arn:aws:iam::222222222222:role/` + name +
		`</Arn><AssumeRolePolicyDocument>` + trust + `</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`
}

const (
	noSuchRole  = `<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>The role cannot be found.</Message></Error></ErrorResponse>`
	deniedXML   = `<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>`
	noSuchQuota = "NoSuchResourceException: The request failed because the specified service quota does not exist."
)

// awsServer opens accounts whose APIs give the prepared answers. Credentials name the account.
type awsServer struct{ url string }

func (s awsServer) Config(_ context.Context, account onboarding.AccountSpec, region string) (aws.Config, error) {
	return aws.Config{APIOptions: []func(*middleware.Stack) error{awscloud.Classified},
		Region: region, BaseEndpoint: &s.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(account.Account, "example", ""),
	}, nil
}

func newAWSAnswers(t *testing.T, answers awsAnswers) awsServer {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		account, _, _ := strings.Cut(credential, "/")
		operation, detail := "", ""
		if _, target, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
			var in struct{ QuotaCode string }
			_ = json.Unmarshal(body, &in)
			operation, detail = target, in.QuotaCode
		} else {
			form, _ := url.ParseQuery(string(body))
			operation, detail = form.Get("Action"), form.Get("RoleName")
		}
		answer, ok := answers[account+" "+operation]
		for _, key := range []string{operation + " " + detail, operation} {
			if !ok {
				answer, ok = answers[key]
			}
		}
		code, message, failure := strings.Cut(answer, ": ")
		switch {
		case !ok:
			t.Errorf("unexpected call of %s", operation)
			w.WriteHeader(http.StatusInternalServerError)
		case failure && !strings.ContainsAny(code, "{<"):
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "Message": message})
		case strings.HasPrefix(answer, "<ErrorResponse>"):
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, answer)
		default:
			_, _ = io.WriteString(w, answer)
		}
	}))
	t.Cleanup(server.Close)
	return awsServer{server.URL}
}
