package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// The types of this file stand for a client of the AWS SDK where an interface is asked for, such as a paginator's. A client that
// becomes an interface value itself has the linker keep all of its operations, because Temporal's SDK looks methods up by reflection;
// a bound method keeps its own alone. worker/weight_test.go watches over it.

// LookupEvents is that operation of CloudTrail.
type LookupEvents func(context.Context, *cloudtrail.LookupEventsInput, ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error)

// LookupEvents calls it.
func (f LookupEvents) LookupEvents(ctx context.Context, in *cloudtrail.LookupEventsInput, opts ...func(*cloudtrail.Options),
) (*cloudtrail.LookupEventsOutput, error) {
	return f(ctx, in, opts...)
}

// SimulatePrincipalPolicy is that operation of IAM.
type SimulatePrincipalPolicy func(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options),
) (*iam.SimulatePrincipalPolicyOutput, error)

// SimulatePrincipalPolicy calls it.
func (f SimulatePrincipalPolicy) SimulatePrincipalPolicy(ctx context.Context, in *iam.SimulatePrincipalPolicyInput,
	opts ...func(*iam.Options),
) (*iam.SimulatePrincipalPolicyOutput, error) {
	return f(ctx, in, opts...)
}

// ListAttachedRolePolicies is that operation of IAM.
type ListAttachedRolePolicies func(context.Context, *iam.ListAttachedRolePoliciesInput, ...func(*iam.Options),
) (*iam.ListAttachedRolePoliciesOutput, error)

// ListAttachedRolePolicies calls it.
func (f ListAttachedRolePolicies) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput,
	opts ...func(*iam.Options),
) (*iam.ListAttachedRolePoliciesOutput, error) {
	return f(ctx, in, opts...)
}

// ListRolePolicies is that operation of IAM.
type ListRolePolicies func(context.Context, *iam.ListRolePoliciesInput, ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error)

// ListRolePolicies calls it.
func (f ListRolePolicies) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput, opts ...func(*iam.Options),
) (*iam.ListRolePoliciesOutput, error) {
	return f(ctx, in, opts...)
}
