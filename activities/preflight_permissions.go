package activities

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

	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/policy"
	"studio-onboarding/onboarding"
)

// permissions asks IAM's policy simulator whether a side's credentials may do what a run needs of them, which tells of missing
// write permissions without writing. The simulator knows nothing of the policies of resources, and not all of an
// organization's, so that what it denies is a warning (IAM User Guide, "Testing IAM policies with the IAM policy simulator").
func (p *preflight) permissions(ctx context.Context, cfg aws.Config, check, side, source string) error {
	if source == "" {
		return nil // root, which may do everything
	}
	client := iam.NewFromConfig(cfg)
	denied := map[string]bool{}
	for _, principal := range policy.For(p.spec, policy.Options{Required: true}).Principals {
		if !slices.Contains(principal.Sides, side) {
			continue
		}
		for _, statement := range principal.Policy.Statement {
			pages := iam.NewSimulatePrincipalPolicyPaginator(client, simulation(source, statement))
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return p.unchecked(check, "Permissions to write", awscloud.Classify("iam:SimulatePrincipalPolicy", err))
				}
				for _, result := range page.EvaluationResults {
					if result.EvalDecision != iamtypes.PolicyEvaluationDecisionTypeAllowed {
						denied[aws.ToString(result.EvalActionName)] = true
					}
				}
			}
		}
	}
	if len(denied) == 0 {
		p.ok(check, "%s may do what a run needs.", source)
		return nil
	}
	p.warn(check, "Allow it; starter policy prints the whole policy. If a policy of the organization or of a resource allows it, all is well.",
		"IAM's policy simulator says that %s may not %s.", source, strings.Join(examplesOf(slices.Sorted(maps.Keys(denied))), ", "))
	return nil
}

// simulation asks about one statement of the policy that a run needs.
func simulation(source string, statement policy.Statement) *iam.SimulatePrincipalPolicyInput {
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &source, ActionNames: statement.Action, ResourceArns: statement.Resource}
	for _, operator := range slices.Sorted(maps.Keys(statement.Condition)) {
		for _, key := range slices.Sorted(maps.Keys(statement.Condition[operator])) {
			in.ContextEntries = append(in.ContextEntries, iamtypes.ContextEntry{
				ContextKeyName: aws.String(key), ContextKeyType: iamtypes.ContextKeyTypeEnumStringList, ContextKeyValues: statement.Condition[operator][key],
			})
		}
	}
	return in
}

// principalOf is the user or role whose policies count. The ARN of a session does not tell the path of its role; the spec may.
func principalOf(account onboarding.AccountSpec, caller string) string {
	if account.AssumeRole != "" {
		return account.AssumeRole
	}
	parsed, err := arn.Parse(caller)
	if err != nil {
		return ""
	}
	kind, rest, _ := strings.Cut(parsed.Resource, "/")
	switch kind {
	case "user":
		return caller
	case "assumed-role":
		name, _, _ := strings.Cut(rest, "/")
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", parsed.Partition, parsed.AccountID, name)
	}
	return ""
}
