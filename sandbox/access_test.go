package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"studio-onboarding/sandbox"
)

func TestRequestsAreAuthenticated(t *testing.T) {
	w := start(t, fast)
	list := func(config aws.Config) error {
		_, err := ssoadmin.NewFromConfig(config).ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
		return err
	}
	good, err := w.worker().Credentials.Retrieve(w.ctx)
	w.NoError(err)
	w.NoError(list(w.worker()))

	wrongSecret := w.signedBy(credentials.NewStaticCredentialsProvider(good.AccessKeyID, "wrong", ""))
	unknownKey := w.signedBy(credentials.NewStaticCredentialsProvider("AKIAUNKNOWN000000000", "secret", ""))
	w.Equal("InvalidSignatureException", code(list(wrongSecret)))
	w.Equal("UnrecognizedClientException", code(list(unknownKey)))

	identity := func(config aws.Config) error {
		_, err := sts.NewFromConfig(config).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
		return err
	}
	w.Equal("SignatureDoesNotMatch", code(identity(wrongSecret)))
	w.Equal("InvalidClientTokenId", code(identity(unknownKey)))
	_, err = ec2.NewFromConfig(unknownKey).DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{})
	w.Equal("AuthFailure", code(err))

	session, err := w.onboarder().Credentials.Retrieve(w.ctx)
	w.NoError(err)
	withoutToken := w.signedBy(credentials.NewStaticCredentialsProvider(session.AccessKeyID, session.SecretAccessKey, ""))
	w.Equal("InvalidClientTokenId", code(identity(withoutToken)))
}

func TestAChangedBodyBreaksTheSignature(t *testing.T) {
	w := start(t, fast)
	config := w.worker()
	config.HTTPClient = clientFunc(func(r *http.Request) (*http.Response, error) {
		again := r.Clone(r.Context())
		again.Body, again.ContentLength = http.NoBody, 0
		return http.DefaultClient.Do(again)
	})
	_, err := ssoadmin.NewFromConfig(config).ListInstances(w.ctx, &ssoadmin.ListInstancesInput{RegionScope: "ALL_REGIONS"})
	w.Equal("InvalidSignatureException", code(err))
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestPrincipalsMayDoWhatTheirPolicySays(t *testing.T) {
	w := start(t, fast)

	who, err := sts.NewFromConfig(w.worker()).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	w.NoError(err)
	w.Equal("arn:aws:iam::111111111111:user/worker", *who.Arn)
	who, err = sts.NewFromConfig(w.onboarder()).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	w.NoError(err)
	w.Equal("222222222222", *who.Account)
	w.Contains(*who.Arn, ":assumed-role/StudioOnboarding/")

	_, err = sagemaker.NewFromConfig(w.worker()).ListDomains(w.ctx, &sagemaker.ListDomainsInput{})
	w.Equal("AccessDeniedException", code(err))
	w.ErrorContains(err, "User: arn:aws:iam::111111111111:user/worker is not authorized to perform: sagemaker:ListDomains on resource: "+
		"arn:aws:sagemaker:us-east-1:111111111111:domain/* because no identity-based policy allows the sagemaker:ListDomains action")
	_, err = sagemaker.NewFromConfig(w.onboarder()).ListDomains(w.ctx, &sagemaker.ListDomainsInput{})
	w.NoError(err)
	_, err = iam.NewFromConfig(w.worker()).GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("StudioOnboarding")})
	w.Equal("AccessDenied", code(err))
	_, err = ec2.NewFromConfig(w.worker()).DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{})
	w.Equal("UnauthorizedOperation", code(err))

	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(w.worker()), "arn:aws:iam::222222222222:role/DataPlatformNotebooks")
	_, err = provider.Retrieve(w.ctx)
	w.Equal("AccessDenied", code(err), "a role that doesn't trust the worker")
}

func TestFaultsHitTheCallsThatTheyMatch(t *testing.T) {
	w := start(t, fast)
	client := ssoadmin.NewFromConfig(w.worker())
	list := func() error {
		_, err := client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
		return err
	}
	for kind, want := range map[string]string{
		sandbox.FaultDeny: "AccessDeniedException", sandbox.FaultThrottle: "ThrottlingException", sandbox.FaultError: "InternalServerException",
		sandbox.FaultConflict: "ConflictException",
	} {
		w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{{Service: "sso", Operation: "List*", Kind: kind, Times: 1, Skip: 1}}))
		w.NoError(list(), kind)
		w.Equal(want, code(list()), kind)
		w.NoError(list(), kind)
	}
	for _, kind := range []string{sandbox.FaultReset, sandbox.FaultLostAnswer, sandbox.FaultHTML} {
		w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{{Operation: "ListInstances", Kind: kind, Times: 1}}))
		w.Error(list(), kind)
		w.NoError(list(), kind)
	}
}

func TestALostAnswerHasItsEffectAndALostWriteHasNone(t *testing.T) {
	w := start(t, fast)
	client := iam.NewFromConfig(w.onboarder())
	role := func(name string) *iam.CreateRoleInput {
		return &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(trust)}
	}
	w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{{Operation: "CreateRole", Kind: sandbox.FaultLostAnswer, Times: 1}}))
	_, err := client.CreateRole(w.ctx, role("lost-answer"))
	w.Error(err)
	_, err = client.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("lost-answer")})
	w.NoError(err)

	w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{{Operation: "AttachRolePolicy", Kind: sandbox.FaultLostWrite, Times: 1}}))
	_, err = client.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{
		RoleName: aws.String("lost-answer"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"),
	})
	w.NoError(err)
	attached, err := client.ListAttachedRolePolicies(w.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("lost-answer")})
	w.NoError(err)
	w.Empty(attached.AttachedPolicies)
}

func TestThePermissionToPassARoleIsNeeded(t *testing.T) {
	w := start(t, fast)
	w.enable()
	role := w.role("passed")
	w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{{Service: "iam", Operation: "PassRole", Kind: sandbox.FaultDeny}}))
	_, err := sagemaker.NewFromConfig(w.onboarder()).CreateDomain(w.ctx, w.domainInput("studio", role))
	w.Equal("AccessDeniedException", code(err))
	w.ErrorContains(err, "is not authorized to perform: iam:PassRole on resource: "+role)
}

func TestInputsAreCheckedAgainstTheServiceModels(t *testing.T) {
	w := start(t, fast)
	client := sagemaker.NewFromConfig(w.onboarder())
	input := w.domainInput("not a name", "arn:aws:iam::222222222222:role/x")
	input.SubnetIds = make([]string, 17)
	_, err := client.CreateDomain(w.ctx, input)
	w.Equal("ValidationException", code(err))
	w.ErrorContains(err, "Value 'not a name' at 'domainName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
	w.ErrorContains(err, "at 'subnetIds' failed to satisfy constraint: Member must have length less than or equal to 16")

	input = w.domainInput("studio", "arn:aws:iam::222222222222:role/x")
	input.AuthMode = smtypes.AuthMode("LDAP")
	_, err = client.CreateDomain(w.ctx, input)
	w.ErrorContains(err, "Member must satisfy enum value set: [SSO, IAM]")
	_, err = client.ListDomains(w.ctx, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(101)})
	w.ErrorContains(err, "Member must have value less than or equal to 100")
}

func TestUnknownOperationsAreRefusedByTheService(t *testing.T) {
	w := start(t, fast)
	_, err := sagemaker.NewFromConfig(w.studio()).ListModels(w.ctx, &sagemaker.ListModelsInput{})
	w.Equal("UnknownOperationException", code(err))
	_, err = iam.NewFromConfig(w.studio()).ListUsers(w.ctx, &iam.ListUsersInput{})
	w.Equal("InvalidAction", code(err))
	resp, err := http.Post(w.URL+"/", "application/x-amz-json-1.1", strings.NewReader("{}"))
	w.NoError(err)
	resp.Body.Close()
	w.Equal(http.StatusBadRequest, resp.StatusCode)
}

func TestTheCallLogSaysWhoDidWhat(t *testing.T) {
	w := start(t, fast)
	before := time.Now().Add(-time.Second)
	client := iam.NewFromConfig(w.onboarder())
	_, err := client.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("logged"), AssumeRolePolicyDocument: aws.String(trust)})
	w.NoError(err)
	_, err = client.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("logged"), AssumeRolePolicyDocument: aws.String(trust)})
	w.Equal("EntityAlreadyExists", code(err))

	calls, err := w.Calls(w.ctx)
	w.NoError(err)
	w.GreaterOrEqual(len(calls), 3)
	first, second := calls[len(calls)-2], calls[len(calls)-1]
	w.Equal("iam", first.Service)
	w.Equal("CreateRole", first.Operation)
	w.Equal("222222222222", first.Account)
	w.Contains(first.Principal, "assumed-role/StudioOnboarding")
	w.Equal("logged", first.Params["RoleName"])
	w.True(first.Write)
	w.Equal("created", first.Effect)
	w.Equal(http.StatusOK, first.Status)
	w.True(first.Time.After(before))
	w.Equal("none", second.Effect)
	w.Equal("EntityAlreadyExists", second.Error)
}
