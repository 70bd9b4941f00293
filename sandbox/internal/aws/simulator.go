package awsworld

import "slices"

type simulateInput struct {
	PolicySourceArn string
	ActionNames     []string
	ResourceArns    []string
	ContextEntries  []struct {
		ContextKeyName   string
		ContextKeyValues []string
	}
	MaxItems int
	Marker   string
}

type evaluation struct {
	ordinal          `xml:"-"`
	EvalActionName   string
	EvalResourceName string
	EvalDecision     string
}

// simulatePrincipalPolicy says what the policies of a user or role of the account decide about each action on each resource
// (IAM User Guide, "Testing IAM policies with the IAM policy simulator").
func (c *call) simulatePrincipalPolicy(in simulateInput) (any, error) {
	who := c.principalNamed(in.PolicySourceArn)
	if who == nil {
		return nil, notThere("The principal %s cannot be found.", in.PolicySourceArn)
	}
	if len(in.ResourceArns) == 0 {
		in.ResourceArns = []string{"*"}
	}
	keys := map[string][]string{"aws:RequestedRegion": {c.world.region}}
	for _, entry := range in.ContextEntries {
		keys[entry.ContextKeyName] = entry.ContextKeyValues
	}
	simulated := &call{world: c.world, principal: who, account: c.account, region: c.world.region}
	words := map[verdict]string{allowed: "allowed", denied: "explicitDeny", notAllowed: "implicitDeny"}
	var all []evaluation
	for _, action := range in.ActionNames {
		for _, resource := range in.ResourceArns {
			all = append(all, evaluation{
				ordinal: ordinal(len(all) + 1), EvalActionName: action, EvalResourceName: resource,
				EvalDecision: words[simulated.decideWith(action, resource, keys)],
			})
		}
	}
	cut, next, err := page(c, all, in.MaxItems, 100, in.Marker)
	return struct {
		EvaluationResults members[evaluation]
		trimmed
	}{slices.Clone(cut), trimmed{next != "", next}}, err
}

// principalNamed finds a user or role of the caller's account.
func (c *call) principalNamed(arn string) *principal {
	if r := c.world.roleByARN(arn); r != nil && r.account == c.account {
		return &principal{account: c.account, role: r, arn: arn}
	}
	for _, p := range c.world.principals {
		if p.role == nil && p.arn == arn && p.account == c.account {
			return p
		}
	}
	return nil
}
