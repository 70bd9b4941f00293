package awscloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	identitystore "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	sagemaker "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	ssoadmin "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/fault"
)

func api(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }

// answered wraps an error as the SDK does for one that came with an HTTP answer.
func answered(status int, err error) error {
	return &smithy.OperationError{ServiceID: "S", OperationName: "Op", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
	}}
}

func TestEveryErrorGetsItsClass(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		class  fault.Class
		says   string
		remedy string
	}{
		{"throttling, not modelled", answered(400, api("ThrottlingException", "Rate exceeded")), fault.Throttled, "Rate exceeded", ""},
		{"too many requests", answered(429, api("Whatever", "")), fault.Throttled, "Whatever", ""},
		{"EC2's throttling", answered(503, api("RequestLimitExceeded", "slow")), fault.Throttled, "", ""},
		{"KMS throttling", answered(400, &ssoadmin.ThrottlingException{Reason: ssoadmin.ThrottlingExceptionReasonKmsThrottlingException}),
			fault.Throttled, "", ""},
		{"internal failure", answered(500, api("InternalFailure", "sorry")), fault.Unavailable, "sorry", ""},
		{"unknown code with 5xx", answered(502, api("Odd", "sorry")), fault.Unavailable, "", ""},
		{"HTML from a proxy", answered(503, errors.New("invalid character '<'")), fault.Unavailable, "HTTP 503", "proxy"},
		{"connection refused", &smithyhttp.RequestSendError{Err: errors.New("connection refused")}, fault.Unavailable,
			"connection refused", "AWS_ENDPOINT_URL"},
		{"HTTP client timeout", &smithyhttp.RequestSendError{Err: fmt.Errorf("awaiting headers: %w", context.DeadlineExceeded)},
			fault.Unavailable, "could not be reached", ""},
		{"concurrent assignment", answered(400, &ssoadmin.ConflictException{Message: aws.String("in progress")}), fault.Conflict,
			"in progress", ""},
		{"concurrent modification", answered(400,
			&identitystore.ConflictException{Reason: identitystore.ConflictExceptionReasonConcurrentModification}), fault.Conflict, "", ""},
		{"duplicate name",
			answered(400, &identitystore.ConflictException{Reason: identitystore.ConflictExceptionReasonUniquenessConstraintViolation}),
			fault.Invalid, "", "duplicate"},
		{"name of a domain taken", answered(400, &sagemaker.ResourceInUse{}), fault.Conflict, "", ""},
		{"role exists", answered(409, api("EntityAlreadyExists", "")), fault.Conflict, "", ""},
		{"no role", answered(404, api("NoSuchEntity", "The role with name x cannot be found.")), fault.NotFound, "x cannot be found", ""},
		{"no domain", answered(400, &sagemaker.ResourceNotFound{}), fault.NotFound, "", ""},
		{"no user", answered(400, &identitystore.ResourceNotFoundException{ResourceType: identitystore.ResourceTypeUser}),
			fault.NotFound, "", ""},
		{"no identity store", answered(400, &identitystore.ResourceNotFoundException{ResourceType: identitystore.ResourceTypeIdentityStore}),
			fault.Invalid, "", "region in the spec"},
		{"no VPC", answered(400, api("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist")), fault.NotFound, "vpc-1", ""},
		{"no KMS key", answered(400, &ssoadmin.ResourceNotFoundException{Reason: ssoadmin.ResourceNotFoundExceptionReasonKmsNotFoundException}),
			fault.Invalid, "KMS_NotFoundException", "key policy"},
		{"KMS refuses", answered(400, &identitystore.AccessDeniedException{Reason: identitystore.AccessDeniedExceptionReasonKmsAccessDenied}),
			fault.Denied, "KMS_ACCESS_DENIED", "key policy"},
		{"KMS key disabled", answered(400, &ssoadmin.ValidationException{Reason: ssoadmin.ValidationExceptionReasonKmsDisabledException}),
			fault.Invalid, "", "enabled"},
		{"validation", answered(400, api("ValidationException", "1 validation error")), fault.Invalid, "1 validation error", ""},
		{"EC2's malformed ID", answered(400, api("InvalidSubnetID.Malformed", "bad")), fault.Invalid, "", ""},
		{"no organization", answered(400, api("AWSOrganizationsNotInUseException", "Your account is not a member")), fault.Invalid,
			"not a member", "organization"},
		{"account instance", answered(400, api("ValidationException", "This operation is not supported for account instances")),
			fault.Unsupported, "", "organization instance"},
		{"no such action", answered(400, api("UnknownOperationException", "")), fault.Unsupported, "", ""},
		{"domain quota", answered(400, &sagemaker.ResourceLimitExceeded{Message: aws.String("'Total domains' is 1")}),
			fault.QuotaExceeded, "Total domains", "L-B683BCB0"},
		{"role quota", answered(409, api("LimitExceeded", "Cannot exceed quota for RolesPerAccount")), fault.QuotaExceeded, "", "Service Quotas"},
		{"expired token", answered(400, api("ExpiredTokenException", "The security token included in the request is expired")),
			fault.Denied, "ExpiredTokenException", "credentials"},
		{"unknown key", answered(403, api("InvalidClientTokenId", "")), fault.Denied, "does not accept the credentials", "credentials"},
		{"EC2's refusal", answered(403, api("UnauthorizedOperation", "You are not authorized to perform this operation. "+
			"Encoded authorization failure message: 4Vx")), fault.Denied, "You are not authorized", "sagemaker:CreateDomain"},
		{"unknown code with 403", answered(403, api("Odd", "")), fault.Denied, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := awscloud.Classify("sagemaker:CreateDomain", c.err)
			var f *fault.Fault
			require.ErrorAs(t, err, &f)
			require.Equal(t, c.class, f.Class, f.Error())
			require.Equal(t, "aws", f.Provider)
			require.Contains(t, f.Message, c.says)
			require.Contains(t, f.Remedy, c.remedy)
			require.Equal(t, "sagemaker:CreateDomain", f.Operation)
			require.ErrorIs(t, err, c.err)
		})
	}
}

func TestADeniedCallNamesTheStatementThatIsMissing(t *testing.T) {
	role := "arn:aws:iam::222222222222:role/SageMakerStudio-demo"
	for _, c := range []struct {
		name, said string
		remedy     []string
	}{
		{
			"identity policy",
			"User: arn:aws:sts::222222222222:assumed-role/StudioOnboarding/studio-onboarding is not authorized to perform: iam:PassRole " +
				"on resource: " + role + " because no identity-based policy allows the iam:PassRole action",
			[]string{`"Action":"iam:PassRole","Resource":"` + role + `"`, `"iam:PassedToService":"sagemaker.amazonaws.com"`,
				"identity-based policy of the role StudioOnboarding (account 222222222222)"},
		},
		{
			"permissions boundary",
			"User: arn:aws:iam::111111111111:user/worker is not authorized to perform: sagemaker:ListDomains because no permissions " +
				"boundary allows the sagemaker:ListDomains action",
			[]string{`"Action":"sagemaker:ListDomains","Resource":"*"`, "permissions boundary of arn:aws:iam::111111111111:user/worker"},
		},
		{
			"service control policy",
			"User: arn:aws:iam::111111111111:user/worker is not authorized to perform: sagemaker:CreateDomain with an explicit deny in a " +
				"service control policy",
			[]string{"denies sagemaker:CreateDomain explicitly", "exempt arn:aws:iam::111111111111:user/worker"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := awscloud.Classify("sagemaker:CreateDomain", answered(400, api("AccessDeniedException", c.said)))
			require.Equal(t, fault.Denied, fault.ClassOf(err))
			said, _, _ := strings.Cut(strings.Replace(c.said, "/studio-onboarding is", " is", 1), " because no identity-based")
			said, _, _ = strings.Cut(said, " on resource: ")
			for _, part := range append(c.remedy, said) {
				require.Contains(t, err.Error(), part)
			}
		})
	}
}

func TestARefusedSignatureIsNotQuoted(t *testing.T) {
	err := awscloud.Classify("iam:GetRole", answered(403, api("SignatureDoesNotMatch",
		"The request signature we calculated does not match.\n\nThe Canonical String for this request should have "+
			"been\nx-amz-security-token:SECRET")))
	require.Equal(t, fault.Denied, fault.ClassOf(err))
	require.NotContains(t, err.Error(), "SECRET")
	err = awscloud.Classify("iam:GetRole", answered(400, api("IncompleteSignature", "Authorization=AWS4-HMAC-SHA256 Signature=SECRET")))
	require.NotContains(t, err.Error(), "SECRET")
	err = awscloud.Classify("iam:GetRole", answered(400, api("InvalidRequestException", "Bad request. The Canonical String was SECRET")))
	require.NotContains(t, err.Error(), "SECRET")
}

func TestAWSSaysWhenToTryAgain(t *testing.T) {
	err := awscloud.Classify("identitystore:ListUsers", answered(400, &identitystore.ThrottlingException{RetryAfterSeconds: 7}))
	var f *fault.Fault
	require.ErrorAs(t, err, &f)
	require.Equal(t, 7*time.Second, f.RetryAfter)
}

func TestWhatIsNoFaultOfAWSPassesUnchanged(t *testing.T) {
	require.NoError(t, awscloud.Classify("iam:GetRole", nil))
	for _, err := range []error{
		context.Canceled,
		context.DeadlineExceeded,
		&smithy.OperationError{Err: &smithy.CanceledError{Err: context.Canceled}},
		&smithy.OperationError{Err: &aws.RequestCanceledError{Err: context.DeadlineExceeded}},
		fault.New(fault.NotReady, "aws", "x", "y"),
	} {
		require.True(t, err == awscloud.Classify("iam:GetRole", err), "%v", err)
	}
}

func TestALongAnswerLeavesRoomForTheRemedy(t *testing.T) {
	long := make([]byte, 5000)
	for i := range long {
		long[i] = 'x'
	}
	err := awscloud.Classify("sagemaker:CreateDomain", answered(400, &sagemaker.ResourceLimitExceeded{Message: aws.String(string(long))}))
	require.LessOrEqual(t, len(err.Error()), fault.MaxMessage)
	require.Contains(t, err.Error(), "L-B683BCB0")
}
