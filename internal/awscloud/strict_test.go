package awscloud_test

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitytypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
)

// answering has, for every operation of AWS that the product calls, the least that a true answer says: an empty list where there
// may be nothing, and nothing at all for writes that AWS acknowledges so.
func answering() map[string]map[string]string {
	query := func(operation, result string) string {
		return fmt.Sprintf(
			"<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></%[1]sResponse>",
			operation, result)
	}
	empty := func(operation string) string {
		return fmt.Sprintf("<%[1]sResponse><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></%[1]sResponse>", operation)
	}
	set := func(operation, set string) string {
		return fmt.Sprintf("<%[1]sResponse><requestId>1</requestId>%[2]s</%[1]sResponse>", operation, set)
	}
	role := "<Role><RoleName>r</RoleName><Arn>arn:aws:iam::1:role/r</Arn></Role>"
	return map[string]map[string]string{
		"cloudtrail": {"LookupEvents": `{"Events":[]}`},
		"ec2": {
			"CreateSubnet": set("CreateSubnet", "<subnet><subnetId>s</subnetId></subnet>"),
			"DescribeVpcs": set("DescribeVpcs", "<vpcSet/>"), "DescribeSubnets": set("DescribeSubnets", ""),
			"DescribeSecurityGroups": set("DescribeSecurityGroups", "<securityGroupInfo/>"),
			"DescribeRouteTables":    set("DescribeRouteTables", "<routeTableSet/>"), "DescribeVpcEndpoints": set("DescribeVpcEndpoints",
				"<vpcEndpointSet/>"),
		},
		"iam": {
			"GetRole": query("GetRole", role), "CreateRole": query("CreateRole", role),
			"AttachRolePolicy": empty("AttachRolePolicy"), "UpdateAssumeRolePolicy": empty("UpdateAssumeRolePolicy"),
			"DetachRolePolicy": empty("DetachRolePolicy"), "PutRolePolicy": empty("PutRolePolicy"),
			"TagRole": empty("TagRole"), "UntagRole": empty("UntagRole"),
			"GetRolePolicy":    query("GetRolePolicy", "<RoleName>r</RoleName><PolicyName>p</PolicyName><PolicyDocument>{}</PolicyDocument>"),
			"ListRolePolicies": query("ListRolePolicies", "<PolicyNames/>"), "ListRoleTags": query("ListRoleTags", "<Tags/>"),
			"ListAttachedRolePolicies": query("ListAttachedRolePolicies", "<IsTruncated>false</IsTruncated>"),
			"SimulatePrincipalPolicy":  query("SimulatePrincipalPolicy", "<EvaluationResults/>"),
		},
		"identitystore": {
			"DescribeGroup": `{"GroupId":"g"}`, "DescribeUser": `{"UserId":"u"}`, "DescribeIdentityStore": `{"IdentityStoreId":"d-1"}`,
			"GetGroupId": `{"GroupId":"g"}`, "GetUserId": `{"UserId":"u"}`, "ListUsers": `{"Users":[]}`,
			"ListGroups": `{"Groups":[]}`, "DeleteGroupMembership": `{}`,
			"ListGroupMemberships": `{"GroupMemberships":[]}`, "ListGroupMembershipsForMember": `{"GroupMemberships":[]}`,
		},
		"organizations": {
			"DescribeOrganization":                `{"Organization":{"Id":"o-1"}}`,
			"ListAWSServiceAccessForOrganization": `{"EnabledServicePrincipals":[]}`,
			"ListDelegatedAdministrators":         `{"DelegatedAdministrators":[]}`,
		},
		"sagemaker": {
			"CreateApp": `{"AppArn":"a"}`, "CreateSpace": `{"SpaceArn":"a"}`, "CreateUserProfile": `{"UserProfileArn":"a"}`,
			"CreateDomain": `{"DomainArn":"a","Url":"https://d"}`, "UpdateDomain": `{"DomainArn":"a"}`,
			"UpdateUserProfile": `{"UserProfileArn":"a"}`,
			"AddTags":           `{"Tags":[{"Key":"k","Value":"v"}]}`, "DeleteTags": `{}`, "DeleteApp": ``,
			"DeleteDomain": ``, "DeleteUserProfile": ``, "DescribeDomain": `{"DomainId":"d","Status":"InService"}`,
			"DescribeUserProfile": `{"UserProfileName":"p","Status":"InService"}`, "ListApps": `{"Apps":[]}`, "ListDomains": `{"Domains":[]}`,
			"ListSpaces": `{"Spaces":[]}`, "ListTags": `{"Tags":[]}`, "ListUserProfiles": `{"UserProfiles":[]}`,
		},
		"secretsmanager": {"CreateSecret": `{"ARN":"a","Name":"n"}`, "GetSecretValue": `{"Name":"n","SecretString":"s"}`},
		"servicequotas":  {"GetServiceQuota": `{"Quota":{"Value":1}}`, "GetAWSDefaultServiceQuota": `{"Quota":{"Value":1}}`},
		"ssoadmin": {
			"CreateInstance": `{"InstanceArn":"i"}`, "CreateApplicationAssignment": `{}`, "DeleteApplicationAssignment": `{}`,
			"DescribeInstance": `{"InstanceArn":"i"}`, "ListInstances": `{"Instances":[]}`, "DescribeApplication": `{"ApplicationArn":"a"}`,
			"ListApplicationAssignments": `{"ApplicationAssignments":[]}`, "GetApplicationAssignmentConfiguration": `{"AssignmentRequired":true}`,
		},
		"sts": {
			"GetCallerIdentity": query("GetCallerIdentity", "<Arn>arn:aws:iam::1:user/u</Arn><Account>1</Account>"),
			"AssumeRole": query("AssumeRole", "<Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey>"+
				"<SessionToken>c</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>"),
		},
	}
}

func clientOf(service string, cfg aws.Config) any {
	return map[string]any{
		"cloudtrail": cloudtrail.NewFromConfig(cfg), "ec2": ec2.NewFromConfig(cfg), "iam": iam.NewFromConfig(cfg),
		"identitystore": identitystore.NewFromConfig(cfg), "organizations": organizations.NewFromConfig(cfg),
		"sagemaker": sagemaker.NewFromConfig(cfg), "secretsmanager": secretsmanager.NewFromConfig(cfg),
		"servicequotas": servicequotas.NewFromConfig(cfg), "ssoadmin": ssoadmin.NewFromConfig(cfg), "sts": sts.NewFromConfig(cfg),
	}[service]
}

// canned is an AWS that answers everything with the same.
type canned struct {
	status int
	kind   string
	body   string
	calls  atomic.Int32
}

func (c *canned) config(t *testing.T) aws.Config {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c.calls.Add(1)
		w.Header().Set("Content-Type", c.kind)
		w.WriteHeader(c.status)
		fmt.Fprint(w, c.body)
	}))
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIA", "s", ""),
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions: []func(*middleware.Stack) error{awscloud.Classified},
	}
}

// do calls one operation with as much input as the SDK wants to see.
func do(t *testing.T, cfg aws.Config, service, operation string) (any, error) {
	t.Helper()
	method := reflect.ValueOf(clientOf(service, cfg)).MethodByName(operation)
	require.True(t, method.IsValid(), "%s has no %s", service, operation)
	in := reflect.New(method.Type().In(1).Elem())
	for i := range in.Elem().NumField() {
		field := in.Elem().Field(i)
		switch {
		case !field.CanSet():
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.String:
			field.Set(reflect.New(field.Type().Elem()))
			field.Elem().SetString("some")
		case field.Kind() == reflect.String:
			field.SetString("some")
		case in.Elem().Type().Field(i).Name == "Tags":
			field.Set(reflect.MakeSlice(field.Type(), 0, 0))
		case field.Type() == reflect.TypeFor[[]string]():
			field.Set(reflect.ValueOf([]string{"some:Thing"}))
		case field.Type() == reflect.TypeFor[identitytypes.AlternateIdentifier]():
			field.Set(reflect.ValueOf(&identitytypes.AlternateIdentifierMemberExternalId{
				Value: identitytypes.ExternalId{Id: aws.String("i"), Issuer: aws.String("i")},
			}))
		case field.Type() == reflect.TypeFor[identitytypes.MemberId]():
			field.Set(reflect.ValueOf(&identitytypes.MemberIdMemberUserId{Value: "some"}))
		}
	}
	if input, ok := in.Interface().(*sagemaker.CreateDomainInput); ok {
		input.DefaultUserSettings = &sagemakertypes.UserSettings{}
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

// everyOperation runs a test for each operation.
func everyOperation(t *testing.T, test func(t *testing.T, service, operation, fits string)) {
	for _, service := range slices.Sorted(maps.Keys(answering())) {
		for _, operation := range slices.Sorted(maps.Keys(answering()[service])) {
			t.Run(service+":"+operation, func(t *testing.T) { test(t, service, operation, answering()[service][operation]) })
		}
	}
}

func TestATrueAnswerIsTakenForOne(t *testing.T) {
	everyOperation(t, func(t *testing.T, service, operation, fits string) {
		world := &canned{status: 200, kind: kindOf(fits), body: fits}
		_, err := do(t, world.config(t), service, operation)
		require.NoError(t, err)
	})
}

func kindOf(fits string) string {
	if strings.HasPrefix(fits, "<") {
		return "text/xml"
	}
	return "application/x-amz-json-1.1"
}

// acknowledges says whether there is nothing to say but yes.
func acknowledges(fits string) bool {
	return fits == "" || fits == "{}" || strings.HasPrefix(fits, "<") && !strings.Contains(fits, "Result>") &&
		!strings.Contains(fits, "<requestId>")
}

func TestNoAnswerPassesForAnEmptyOne(t *testing.T) {
	everyOperation(t, func(t *testing.T, service, operation, fits string) {
		wrong := map[string]string{"<!DOCTYPE html><html><body>Sign in</body></html>": "a web page", "<html></html>": "a web page"}
		list := regexp.MustCompile(`^\{"(\w+)":\[\]\}$`).FindStringSubmatch(fits)
		switch {
		case acknowledges(fits) && kindOf(fits) != "text/xml": // AWS sends no body, or {}
		case acknowledges(fits):
			wrong[""] = "an empty body"
			wrong["<OtherResponse><a/></OtherResponse>"] = "the element OtherResponse"
		case kindOf(fits) == "text/xml":
			wrong[""], wrong["null"], wrong["{}"] = "an empty body", "what is no XML", "what is no XML"
			wrong["<OtherResponse><a/></OtherResponse>"] = "the element OtherResponse"
			wrong["<"+operation+"Response/>"] = "an empty "
			wrong[fits[:len(fits)-9]] = "broken XML"
		default:
			wrong[""], wrong["null"], wrong["[]"], wrong[`"x"`] = "an empty body", "null", "a list", "a text"
			wrong[fits[:len(fits)-1]] = "broken JSON"
			if !strings.HasPrefix(operation, "Update") && !strings.HasPrefix(operation, "Add") { // what is seen afterwards counts
				wrong["{}"], wrong[`{"unheardOf":1}`] = "an answer ", "an answer "
			}
			if list != nil {
				wrong["{}"] = "a page without " + list[1]
				wrong[`{"NextToken":"t"}`] = "a page without " + list[1]
				wrong[`{"`+list[1]+`":null}`] = "a page without " + list[1]
				wrong[`{"`+list[1]+`":{}}`] = "an object where the list " + list[1] + " belongs"
				wrong[`{"`+list[1]+`":"x"}`] = "a text where the list " + list[1] + " belongs"
				wrong[`{"`+list[1]+`":[null]}`] = "an empty element among " + list[1]
				wrong[`{"`+list[1]+`":[{}]}`] = "an empty element among " + list[1]
				wrong[`{"`+list[1]+`":[5]}`] = ""
			}
		}
		for body, came := range wrong {
			world := &canned{status: 200, kind: kindOf(fits), body: body}
			cfg := world.config(t)
			_, err := do(t, cfg, service, operation)
			var f *fault.Fault
			require.ErrorAs(t, err, &f, "%q passes", body)
			require.Equal(t, fault.Unavailable, f.Class, "%q: %v", body, err)
			require.True(t, strings.HasSuffix(f.Operation, ":"+operation), f.Operation)
			require.Contains(t, f.Message, "HTTP 200 with ")
			require.Contains(t, f.Message, came, "%q", body)
			require.Contains(t, f.Remedy, "proxy")
		}
	})
}

func TestAFailureWithoutAMessageSaysSo(t *testing.T) {
	everyOperation(t, func(t *testing.T, service, operation, fits string) {
		for _, c := range []struct {
			status int
			body   string
			class  fault.Class
			came   string
		}{
			{503, "", fault.Unavailable, "HTTP 503 with an empty body, an answer that no AWS API gives."},
			{502, "<html><body>Bad Gateway</body></html>", fault.Unavailable, "HTTP 502 with a web page"},
			{500, "upstream connect error", fault.Unavailable, "HTTP 500"},
			{500, "{}", fault.Unavailable, "HTTP 500"},
			{429, "", fault.Throttled, "HTTP 429 with an empty body"},
			{403, "<html>no</html>", fault.Denied, "HTTP 403 with a web page"},
		} {
			world := &canned{status: c.status, kind: "text/html", body: c.body}
			_, err := do(t, world.config(t), service, operation)
			var f *fault.Fault
			require.ErrorAs(t, err, &f)
			require.Equal(t, c.class, f.Class, "%v", err)
			require.Contains(t, f.Message, c.came)
			require.NotContains(t, f.Message, "UnknownError")
		}
	})
}

func TestAMissingPartOfAnAnswerIsNamed(t *testing.T) {
	for _, c := range []struct{ service, operation, body, came string }{
		{"sagemaker", "DescribeDomain", `{"DomainId":"d"}`, "an answer without Status"},
		{"sagemaker", "DescribeUserProfile", `{"UserProfileName":"p"}`, "an answer without Status"},
		{"secretsmanager", "GetSecretValue", `{"Name":"n"}`, "an answer without SecretString or SecretBinary"},
		{"servicequotas", "GetServiceQuota", `{"Quota":{}}`, "an answer without Quota"},
		{"organizations", "DescribeOrganization", `{"Organization":null}`, "an answer without Organization"},
		{"iam", "GetRole", "<GetRoleResponse><GetRoleResult><Role/></GetRoleResult></GetRoleResponse>", "an answer without Role"},
		{"sts", "AssumeRole", "<AssumeRoleResponse><AssumeRoleResult><Credentials/></AssumeRoleResult></AssumeRoleResponse>",
			"an answer without Credentials.AccessKeyId"},
		{"ec2", "DescribeVpcs", "<DescribeVpcsResponse><requestId>1</requestId><vpcSet><item/></vpcSet></DescribeVpcsResponse>",
			"an empty element among Vpcs"},
	} {
		world := &canned{status: 200, kind: kindOf(c.body), body: c.body}
		_, err := do(t, world.config(t), c.service, c.operation)
		require.Equal(t, fault.Unavailable, fault.ClassOf(err), "%s: %v", c.operation, err)
		require.ErrorContains(t, err, c.came)
	}
}

func TestOnlyReadsAreAskedForAgain(t *testing.T) {
	for operation, times := range map[string]int32{"ListDomains": 3, "CreateDomain": 1} {
		world := &canned{status: 200, kind: "application/x-amz-json-1.1", body: "null"}
		cfg := world.config(t)
		cfg.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		}
		_, err := do(t, cfg, "sagemaker", operation)
		require.Equal(t, fault.Unavailable, fault.ClassOf(err), "%v", err)
		require.Equal(t, times, world.calls.Load(), operation)
	}
}

func TestAWrongValueIsNotQuoted(t *testing.T) {
	world := &canned{status: 200, kind: "application/x-amz-json-1.1", body: `{"Name":"n","SecretString":31337}`}
	_, err := do(t, world.config(t), "secretsmanager", "GetSecretValue")
	require.ErrorContains(t, err, "values of a wrong type")
	require.NotContains(t, err.Error(), "31337")
}

// What the product calls is found in its sources: an operation that the table lacks is not known to be answered strictly.
func TestTheTableHasEveryOperation(t *testing.T) {
	known := answering()
	use := regexp.MustCompile(`\b(\w+)\.(?:New)?([A-Z]\w+?)(?:Input\{|Paginator\()`)
	found := 0
	for _, root := range []string{"../../activities", "../../internal"} {
		sources := os.DirFS(root)
		require.NoError(t, fs.WalkDir(sources, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := fs.ReadFile(sources, path)
			for _, match := range use.FindAllStringSubmatch(string(source), -1) {
				if operations, ok := known[match[1]]; ok {
					found++
					require.Contains(t, operations, match[2], "%s/%s calls %s: the table has to have it", root, path, match[0])
				}
			}
			return err
		}))
	}
	require.Greater(t, found, 30)
}
