package awscloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	identitystore "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	ssoadmin "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/knowledge"
)

// maxText is how much of AWS's own text is shown, in bytes; it leaves room for the remedy in fault.MaxMessage.
const maxText = 560

// unnamed is what the SDK calls an error for which the answer has no code.
const unnamed = "UnknownError"

// faultOf turns the error of an AWS call into a *fault.Fault. Operation is the IAM action of the call, such as
// "sagemaker:CreateDomain". Nil, faults and cancellation (also of the deadline of the caller's context) pass unchanged.
//
// Codes and meanings are those of the services' API references; SageMaker's ValidationException and ThrottlingException are
// not modelled in the SDK, so everything goes by code. What a NotFound or a Conflict means depends on the call: whoever
// made it may know better.
func faultOf(operation string, err error) error {
	if err == nil || canceled(err) {
		return err
	}
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		return err
	}
	f := classify(operation, err)
	f.Provider, f.Err = "aws", err
	if f.Remedy == "" {
		f.Remedy = knowledge.Remedy(f.Operation + ": " + f.Message)
	}
	return f
}

func classify(operation string, err error) *fault.Fault {
	// A call inside the call fetched the credentials; its failure is the one to talk about.
	inner, fetching := credentialsCall(err)
	if fetching && inner != "" {
		operation = inner
	}
	var wrong *misfit
	if errors.As(err, &wrong) {
		return &fault.Fault{Class: classOfStatus(wrong.status), Operation: operation, Message: wrong.Error(), Remedy: remedyUnreachable}
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != unnamed {
		return classifyAnswer(operation, api, status(err))
	}
	var send *smithyhttp.RequestSendError
	switch code := status(err); {
	case code != 0: // an answer that is not the service's: a proxy, a load balancer
		class := classOfStatus(code)
		return &fault.Fault{Class: class, Operation: operation, Message: fmt.Sprintf("HTTP %d with an answer that no AWS API gives.", code),
			Remedy: remedyUnreachable}
	case fetching && (inner == "" || !errors.As(err, &send)):
		return noCredentials(operation, err)
	case errors.As(err, &send):
		return &fault.Fault{Class: fault.Unavailable, Operation: operation, Message: "AWS could not be reached: " + text(send.Err.Error()),
			Remedy: remedyUnreachable}
	}
	var params *smithy.InvalidParamsError
	if errors.As(err, &params) {
		return &fault.Fault{Class: fault.Invalid, Operation: operation, Message: text(params.Error())}
	}
	return &fault.Fault{Class: fault.Unavailable, Operation: operation, Message: text(err.Error())}
}

// classifyAnswer sorts an error that an AWS API answered with.
func classifyAnswer(operation string, api smithy.APIError, httpStatus int) *fault.Fault {
	code, said := api.ErrorCode(), text(api.ErrorMessage())
	f := &fault.Fault{Class: classOfCode(code), Operation: operation, Message: strings.TrimSuffix(code+": "+said, ": ")}
	if f.Class == "" {
		f.Class = classOfStatus(httpStatus)
	}
	why := modelled(api)
	f.RetryAfter = why.retryAfter
	switch {
	case refusedCredentials(code):
		// The texts of these quote parts of the request; the code says enough.
		return &fault.Fault{Class: fault.Denied, Operation: operation,
			Message: "AWS does not accept the credentials (" + code + ").", Remedy: remedyCredentials}
	case strings.HasPrefix(why.reason, "KMS_") && f.Class != fault.Throttled:
		if f.Class == fault.NotFound { // the key is missing, not what was asked for
			f.Class = fault.Invalid
		}
		f.Message += " (" + why.reason + ")"
		f.Remedy = "The Identity Center instance is encrypted with a customer managed KMS key: check that the key exists and is enabled, " +
			"and that its key policy grants this principal kms:Decrypt. No IAM permission of the instance is missing."
	case why.reason == string(identitystore.ConflictExceptionReasonUniquenessConstraintViolation):
		f.Class = fault.Invalid
		f.Remedy = "Another user or group already has this name, e-mail address or external ID: remove the duplicate."
	case why.resource == identitystore.ResourceTypeIdentityStore:
		f.Class = fault.Invalid
		f.Remedy = "The identity store is not in this Region or belongs to another instance: check region in the spec."
	case strings.Contains(said, "not supported for account instances"):
		f.Class = fault.Unsupported
		f.Remedy = "Use the organization instance of IAM Identity Center, which is enabled in the management account."
	case code == "AWSOrganizationsNotInUseException":
		f.Remedy = "Studio with Identity Center needs an AWS organization: create one in the AWS Organizations console, " +
			"or use credentials or identityCenter.assumeRole of an account in one; then retry."
	case f.Class == fault.Denied:
		f.Message, f.Remedy = unrepeated(f.Message), remedyDenied(operation, said)
	case f.Class == fault.QuotaExceeded:
		f.Remedy = remedyQuota(operation)
	}
	if !strings.HasSuffix(f.Message, ".") && !strings.HasSuffix(f.Message, "…") {
		f.Message += "."
	}
	return f
}

// classOfCode sorts error codes; "" for those that only their HTTP status can sort.
func classOfCode(code string) fault.Class {
	if _, ok := retry.DefaultThrottleErrorCodes[code]; ok {
		return fault.Throttled
	}
	switch code {
	case "InternalServerException", "InternalServerError", "InternalFailure", "InternalError", "ServiceException", "ServiceFailure",
		"ServiceUnavailable", "ServiceUnavailableException", "Unavailable", "RequestTimeout", "RequestTimeoutException":
		return fault.Unavailable
	case "ConflictException", "ResourceInUse", "ResourceInUseException", "EntityAlreadyExists", "ConcurrentModification",
		"ConcurrentModificationException", "DeleteConflict", "EntityTemporarilyUnmodifiable":
		return fault.Conflict
	case "ResourceNotFound", "ResourceNotFoundException", "NoSuchEntity", "NoSuchResourceException", "NotFoundException", "NotFound",
		"NoSuchBucket":
		return fault.NotFound
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException", "NotAuthorized", "Forbidden",
		"OptInRequired", "SubscriptionRequiredException":
		return fault.Denied
	case "ResourceLimitExceeded", "ServiceQuotaExceededException", "LimitExceeded", "QuotaExceededException":
		return fault.QuotaExceeded
	case "ValidationException", "ValidationError", "InvalidParameterValue", "InvalidInput", "MalformedPolicyDocument",
		"InvalidParameterException", "InvalidRequestException", "AWSOrganizationsNotInUseException":
		return fault.Invalid
	case "UnsupportedOperation", "UnsupportedOperationException", "UnknownOperationException", "InvalidAction", "NotImplemented":
		return fault.Unsupported
	}
	// EC2: InvalidVpcID.NotFound, InvalidSubnetID.NotFound, InvalidGroup.NotFound, and the .Malformed ones.
	switch {
	case strings.HasSuffix(code, ".NotFound"):
		return fault.NotFound
	case strings.HasSuffix(code, ".Malformed"):
		return fault.Invalid
	}
	return ""
}

// classOfStatus sorts what no code sorts.
func classOfStatus(status int) fault.Class {
	switch {
	case status == 429:
		return fault.Throttled
	case status == 401 || status == 403:
		return fault.Denied
	case status == 404:
		return fault.NotFound
	case status == 409:
		return fault.Conflict
	case status >= 400 && status < 500:
		return fault.Invalid
	}
	return fault.Unavailable
}

// refusedCredentials says whether the code is about the credentials, not about what they may do.
func refusedCredentials(code string) bool {
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
		"InvalidSignatureException", "IncompleteSignature", "IncompleteSignatureException", "AuthFailure", "RequestExpired",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "InvalidAccessKeyId", "TokenRefreshRequired":
		return true
	}
	return false
}

// details is what modelled errors carry beyond code and message.
type details struct {
	reason     string
	resource   identitystore.ResourceType
	retryAfter time.Duration
}

func modelled(api smithy.APIError) details {
	switch e := api.(type) {
	case *ssoadmin.AccessDeniedException:
		return details{reason: string(e.Reason)}
	case *ssoadmin.ResourceNotFoundException:
		return details{reason: string(e.Reason)}
	case *ssoadmin.ValidationException:
		return details{reason: string(e.Reason)}
	case *identitystore.AccessDeniedException:
		return details{reason: string(e.Reason)}
	case *identitystore.ResourceNotFoundException:
		return details{reason: string(e.Reason), resource: e.ResourceType}
	case *identitystore.ValidationException:
		return details{reason: string(e.Reason)}
	case *identitystore.ConflictException:
		return details{reason: string(e.Reason)}
	case *identitystore.ThrottlingException:
		return details{retryAfter: time.Duration(e.RetryAfterSeconds) * time.Second}
	case *identitystore.InternalServerException:
		return details{retryAfter: time.Duration(e.RetryAfterSeconds) * time.Second}
	}
	return details{}
}

// canceled says whether the caller gave up: the SDK marks that with an error of its own. A deadline inside a sending error is
// the HTTP client's timeout and no cancellation.
func canceled(err error) bool {
	var marked interface{ CanceledError() bool }
	var send *smithyhttp.RequestSendError
	switch {
	case errors.As(err, &marked):
		return marked.CanceledError()
	case errors.Is(err, context.Canceled):
		return true
	case errors.As(err, &send):
		return false
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// status is the HTTP status of the answer, 0 when there was none.
func status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil && response.Response.Response != nil {
		return response.HTTPStatusCode()
	}
	return 0
}
