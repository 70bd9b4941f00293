package activities_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
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
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

func specWith(t *testing.T, more string) onboarding.Spec {
	spec, err := specfile.Decode("spec.yaml", []byte(`
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

// assess looks at a world of prepared answers before a run.
func assess(t *testing.T, answers awsAnswers, org *soundOkta, spec onboarding.Spec) onboarding.Assessment {
	t.Helper()
	result, err := assessorOf(t, answers, org).RunPreflight(t.Context(), activities.PreflightInput{Spec: spec})
	require.NoError(t, err)
	return result
}

func assessorOf(t *testing.T, answers awsAnswers, org *soundOkta) *activities.Assessor {
	return &activities.Assessor{AWS: newAWSAnswers(t, answers), Okta: org}
}

// soundOkta is an Okta org for looking only: what it does not override must not be called.
type soundOkta struct {
	provider.Okta
	whoErr error
	apps   []model.App
	groups map[string][]model.User
	// What the app has to do with groups and people.
	metadata  string
	appGroups []string
	mappings  []model.Mapping
	appUsers  []model.AppUser
	logErr    error
}

func newOkta() *soundOkta {
	people := []model.User{soundPerson("ada@example.com"), soundPerson("grace@example.com")}
	return &soundOkta{
		apps: []model.App{{ID: "0oa1", Label: "AWS IAM Identity Center", Status: "ACTIVE", SignOnMode: "SAML_2_0",
			UserNameTemplate: "${source.login}"}},
		metadata: idpMetadata(time.Now().AddDate(5, 0, 0)),
		groups: map[string][]model.User{"aws-identity-center": people, "sagemaker-studio-users": people,
			"others": {soundPerson("eve@example.com")}},
	}
}

func soundPerson(login string) model.User {
	name, _, _ := strings.Cut(login, "@")
	return model.User{ID: "00u" + name, Status: "ACTIVE", Login: login, Email: login, FirstName: name, LastName: "Example"}
}

func (o *soundOkta) URL() string                               { return "https://example.okta.com" }
func (o *soundOkta) Who(context.Context) (string, error)       { return "admin@example.com", o.whoErr }
func (o *soundOkta) Apps(context.Context) ([]model.App, error) { return o.apps, nil }

// Connection is one that the API knows nothing of, as with most orgs.
func (o *soundOkta) Connection(context.Context, string) (model.Connection, error) {
	return model.Connection{AuthScheme: "UNKNOWN"}, nil
}

func (o *soundOkta) Group(_ context.Context, name string) (model.Group, error) {
	if _, ok := o.groups[name]; !ok {
		return model.Group{}, fault.New(fault.NotFound, "okta", "okta:GET /api/v1/groups", "there is no Okta group named %q",
			name).WithRemedy("create it")
	}
	return model.Group{ID: "00g" + name, Name: name}, nil
}

func (o *soundOkta) GroupName(_ context.Context, id string) (string, error) {
	return strings.TrimPrefix(id, "00g"), nil
}

func (o *soundOkta) GroupUsers(_ context.Context, groupID string, page func([]model.User) error) error {
	return page(o.groups[strings.TrimPrefix(groupID, "00g")])
}

func (o *soundOkta) UserByLogin(_ context.Context, login string) (model.User, error) {
	for _, users := range o.groups {
		if i := slices.IndexFunc(users, func(u model.User) bool { return u.Login == login }); i >= 0 {
			return users[i], nil
		}
	}
	return model.User{}, fault.New(fault.NotFound, "okta", "okta:GET /api/v1/users/{login}", "nobody has the Okta login %q",
		login).WithRemedy("correct the login")
}

// awsAnswers are bodies by "account operation", "operation detail" or "operation"; a text that begins with a word and a colon is
// an error of JSON services.
type awsAnswers map[string]string

func soundAWS() awsAnswers {
	return awsAnswers{
		"111111111111 GetCallerIdentity": callerIdentity("111111111111"),
		"222222222222 GetCallerIdentity": callerIdentity("222222222222"),
		"DescribeOrganization":           `{"Organization":{"MasterAccountId":"111111111111"}}`,
		"ListInstances": `{"Instances":[{"InstanceArn":"arn:aws:sso:::instance/ssoins-1","IdentityStoreId":"d-1",` +
			`"OwnerAccountId":"111111111111","PrimaryRegion":"us-east-1","Status":"ACTIVE"}]}`,
		"DescribeInstance":                    `{"EncryptionConfigurationDetails":{"KeyType":"AWS_OWNED_KMS_KEY"}}`,
		"DescribeIdentityStore":               `{"NetworkConfiguration":{"VpceAccessRequired":true,"ScimAllowSourceIps":["0.0.0.0/0"]}}`,
		"ListUsers":                           `{"Users":[]}`,
		"GetGroupId":                          "ResourceNotFoundException: GROUP not found.",
		"ListAWSServiceAccessForOrganization": `{"EnabledServicePrincipals":[{"ServicePrincipal":"sso.amazonaws.com"}]}`,
		"SimulatePrincipalPolicy":             simulated("sso:CreateApplicationAssignment", "allowed"),
		"LookupEvents":                        `{"Events":[]}`,
		"ListGroups":                          `{"Groups":[]}`,
		"ListPermissionSets":                  `{"PermissionSets":[]}`,
		"ListApplications":                    `{"Applications":[]}`,
		"ListRegions":                         `{"Regions":[]}`,
		"ListAttachedRolePolicies": `<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies><member>` +
			`<PolicyName>Studio</PolicyName>` +
			`<PolicyArn>arn:aws:iam::aws:policy/Studio</PolicyArn></member></AttachedPolicies>` +
			`</ListAttachedRolePoliciesResult></ListAttachedRolePoliciesResponse>`,
		"DescribeVpcs": `<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId>` +
			`<isDefault>true</isDefault></item></vpcSet></DescribeVpcsResponse>`,
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
	return "AccessDeniedException: User: arn:aws:iam::111111111111:user/worker is not authorized to perform: " + action +
		" on resource: * because no identity-based policy allows the " + action + " action"
}

func quotaAnswer(value int) string { return fmt.Sprintf(`{"Quota":{"Value":%d}}`, value) }

func roleAnswer(name, service string) string {
	trust := url.QueryEscape(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service +
		`"},"Action":"sts:AssumeRole"}]}`)
	return `<GetRoleResponse><GetRoleResult><Role><RoleName>` + name + `</RoleName><Arn>arn:aws:iam::222222222222:role/` + name +
		`</Arn><AssumeRolePolicyDocument>` + trust + `</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`
}

const (
	noSuchRole = `<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>The role cannot be found.</Message></Error></ErrorResponse>`
	deniedXML  = `<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the request is` +
		` invalid.</Message></Error></ErrorResponse>`
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
func (o *soundOkta) App(_ context.Context, id string) (model.App, error) { return o.apps[0], nil }
func (o *soundOkta) Metadata(context.Context, string) ([]byte, error) {
	return []byte(o.metadata), nil
}
func (o *soundOkta) AppGroups(context.Context, string) ([]string, error) { return o.appGroups, nil }
func (o *soundOkta) Mappings(context.Context, string) ([]model.Mapping, error) {
	return o.mappings, nil
}
func (o *soundOkta) AppUsers(_ context.Context, _ string, page func([]model.AppUser) error) error {
	return page(o.appUsers)
}
func (o *soundOkta) SignOns(context.Context, string, time.Time, time.Time, int) ([]model.LogEvent, error) {
	return nil, o.logErr
}
func (o *soundOkta) ProvisioningFailures(context.Context, string, time.Time, time.Time, int) ([]model.LogEvent, error) {
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
		`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"` +
		` Location="https://example.okta.com/app/amazon_aws_sso/exk1/sso/saml"/>` +
		`</md:IDPSSODescriptor></md:EntityDescriptor>`
}

func simulated(action, decision string) string {
	return `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member><EvalActionName>` + action +
		`</EvalActionName><EvalDecision>` + decision +
		`</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`
}
