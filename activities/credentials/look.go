// Package credentials judges whose credentials a run works with, and whether they allow what it needs.
package credentials

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/policy"
	"studio-onboarding/onboarding"
)

// Look asks AWS, for both sides, and Okta whose credentials these are, and IAM's policy simulator whether AWS's allow what a run
// of the spec needs.
func Look(ctx context.Context, clouds provider.AWS, okta provider.Okta, spec onboarding.Spec) (State, error) {
	state := State{Okta: Org{URL: okta.URL()}}
	principals := policy.For(spec, policy.Options{Required: true}).Principals
	err := provider.SideBySide(ctx,
		func(ctx context.Context) (err error) {
			state.Identity, err = look(ctx, clouds, spec.IdentityCenter, spec.Region, needed(principals, policy.SideIdentityCenter))
			return err
		},
		func(ctx context.Context) (err error) {
			state.Studio, err = look(ctx, clouds, spec.Studio, spec.Region, needed(principals, policy.SideStudio))
			return err
		},
		func(ctx context.Context) (err error) {
			if state.Okta.Who, err = okta.Who(ctx); err != nil {
				state.Okta.Trouble, err = provider.Trouble(err)
			}
			return err
		})
	return state, err
}

// needed are the statements that the principal of a side needs.
func needed(principals []policy.Principal, side string) []policy.Statement {
	var statements []policy.Statement
	for _, principal := range principals {
		if slices.Contains(principal.Sides, side) {
			statements = append(statements, principal.Policy.Statement...)
		}
	}
	return statements
}

func look(ctx context.Context, clouds provider.AWS, account onboarding.AccountSpec, region string, needs []policy.Statement) (Side, error) {
	var side Side
	cfg, err := clouds.Config(ctx, account, region)
	if err == nil {
		err = side.identify(ctx, cfg, account)
	}
	if err != nil {
		side.Trouble, err = provider.Trouble(err)
		return side, err
	}
	if side.Principal == "" {
		return side, nil // root
	}
	if side.Denied, err = denied(ctx, iam.NewFromConfig(cfg), side.Principal, needs); err != nil {
		side.PermissionsTrouble, err = provider.Trouble(err)
	}
	return side, err
}

// identify asks whose credentials these are.
func (s *Side) identify(ctx context.Context, cfg aws.Config, account onboarding.AccountSpec) error {
	const operation = "sts:GetCallerIdentity"
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	s.Account, s.Caller = aws.ToString(who.Account), aws.ToString(who.Arn)
	parsed, err := arn.Parse(s.Caller)
	if err != nil || s.Account == "" {
		return fault.New(fault.Unavailable, "aws", operation, "The answer names no account and principal: %q, %q.", s.Account, s.Caller)
	}
	s.Partition, s.Principal = parsed.Partition, principalOf(account, parsed)
	return nil
}

// principalOf is the user or role whose policies count. The ARN of a session does not tell the path of its role; the spec may.
func principalOf(account onboarding.AccountSpec, caller arn.ARN) string {
	if account.AssumeRole != "" {
		return account.AssumeRole
	}
	switch kind, rest, _ := strings.Cut(caller.Resource, "/"); kind {
	case "user":
		return caller.String()
	case "assumed-role":
		name, _, _ := strings.Cut(rest, "/")
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", caller.Partition, caller.AccountID, name)
	}
	return ""
}

// denied asks IAM's policy simulator which of the needed actions are not allowed, without writing.
func denied(ctx context.Context, client *iam.Client, principal string, needs []policy.Statement) ([]string, error) {
	found := map[string]bool{}
	simulate := provider.SimulatePrincipalPolicy(client.SimulatePrincipalPolicy)
	for _, statement := range needs {
		pages := iam.NewSimulatePrincipalPolicyPaginator(simulate, simulation(principal, statement))
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, result := range page.EvaluationResults {
				if result.EvalDecision != iamtypes.PolicyEvaluationDecisionTypeAllowed {
					found[aws.ToString(result.EvalActionName)] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// simulation asks about one statement of the policy that a run needs.
func simulation(principal string, statement policy.Statement) *iam.SimulatePrincipalPolicyInput {
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &principal, ActionNames: statement.Action, ResourceArns: statement.Resource}
	for _, operator := range slices.Sorted(maps.Keys(statement.Condition)) {
		for _, key := range slices.Sorted(maps.Keys(statement.Condition[operator])) {
			in.ContextEntries = append(in.ContextEntries, iamtypes.ContextEntry{
				ContextKeyName: aws.String(key), ContextKeyType: iamtypes.ContextKeyTypeEnumStringList,
				ContextKeyValues: statement.Condition[operator][key],
			})
		}
	}
	return in
}
