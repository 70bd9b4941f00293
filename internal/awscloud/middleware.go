package awscloud

import (
	"context"

	"github.com/aws/smithy-go/middleware"
)

// Classified is an API option for clients: every call that fails does so with a *fault.Fault in its chain, so that no call site
// sorts errors, and no answer that is none passes for an empty one. It stands outside everything else, the SDK's own retries
// included.
func Classified(stack *middleware.Stack) error {
	if err := strict(stack); err != nil {
		return err
	}
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc(product+"/classify",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
			middleware.InitializeOutput, middleware.Metadata, error,
		) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			return out, metadata, faultOf(action(ctx), err)
		}), middleware.Before)
}

// action is the IAM action of the call under way, such as "sagemaker:CreateDomain".
func action(ctx context.Context) string {
	return prefixOf(middleware.GetServiceID(ctx)) + ":" + middleware.GetOperationName(ctx)
}

// prefixOf is what the IAM actions of a service begin with; the service is the SDK's ID of it.
func prefixOf(service string) string {
	prefix := map[string]string{
		"CloudTrail": "cloudtrail", "EC2": "ec2", "Health": "health", "IAM": "iam", "KMS": "kms", "Organizations": "organizations", "S3": "s3",
		"SSO Admin": "sso", "STS": "sts", "SageMaker": "sagemaker", "Secrets Manager": "secretsmanager", "Service Quotas": "servicequotas",
		"identitystore": "identitystore",
	}[service]
	if prefix == "" {
		prefix = service
	}
	return prefix
}
