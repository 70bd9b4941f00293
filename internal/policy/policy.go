// Package policy writes down the least permissions that a spec needs: IAM policies for each AWS principal, trust policies for
// the roles that the worker assumes, and scopes and administrator roles in Okta. It does no I/O.
package policy

import (
	"cmp"
	"slices"
	"strings"

	"studio-onboarding/onboarding"
)

// Options say what a spec does not.
type Options struct {
	// Worker is the ARN of the principal behind the worker's own credentials, for trust policies. Empty leaves a placeholder that AWS
	// refuses: naming the whole account would let everybody in who may assume roles there.
	Worker string
	// Secret is the ARN of the secret in AWS Secrets Manager that holds the SCIM token; empty where it is elsewhere.
	Secret string
	// Delegated says that the identity side is the delegated administrator's account, not the management account.
	Delegated bool
	// Required leaves out what a run can do without: evidence of sign-ins, quotas, some checks, Okta's System Log, taking stock of what is in use, and
	// explaining one person.
	Required bool
	// ReadOnly leaves what check, plan and survey call, which write nothing. A run needs more.
	ReadOnly bool
	// Store is the address of the worker's store where that is a bucket, s3://BUCKET/PREFIX; empty for a directory.
	Store string
}

// Permissions are all that a spec needs.
type Permissions struct {
	// Principals are the AWS principals, the worker first. One that serves several sides has one policy.
	Principals []Principal `json:"principals"`
	Okta       Okta        `json:"okta"`
	// Notes are what the reader has to fill in, or could say to get less.
	Notes []string `json:"notes,omitempty"`
}

// Principal is an AWS principal with its policy.
type Principal struct {
	// Role is the ARN of the role that the worker assumes; empty for the worker's own credentials.
	Role string `json:"role,omitempty"`
	// Account is the account ID, where the spec says it.
	Account string `json:"account,omitempty"`
	// Sides are what the principal is for: worker, identityCenter, studio.
	Sides  []string `json:"sides"`
	Policy Document `json:"policy"`
	// Trust is the role's trust policy; nil for the worker's own credentials.
	Trust *Document `json:"trust,omitempty"`
}

// The sides of a run.
const (
	SideWorker         = "worker"
	SideIdentityCenter = "identityCenter"
	SideStudio         = "studio"
)

// Document is a policy document (IAM User Guide, "IAM JSON policy elements reference").
type Document struct {
	Version   string      `json:"Version"`
	Statement []Statement `json:"Statement"`
}

// Statement is a statement of a policy.
type Statement struct {
	Sid       string                         `json:"Sid,omitempty"`
	Effect    string                         `json:"Effect"`
	Principal map[string]string              `json:"Principal,omitempty"`
	Action    []string                       `json:"Action"`
	Resource  []string                       `json:"Resource,omitempty"`
	Condition map[string]map[string][]string `json:"Condition,omitempty"`
}

// Actions are all actions of a document, sorted.
func (d Document) Actions() []string {
	var actions []string
	for _, statement := range d.Statement {
		actions = append(actions, statement.Action...)
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// WorkerPlaceholder stands in a trust policy for what only the reader knows. It is no ARN, so that AWS refuses the policy until it is
// replaced.
const WorkerPlaceholder = "ARN-OF-THE-WORKERS-PRINCIPAL"

// For computes the permissions of a spec, as specfile.Decode returns it.
func For(spec onboarding.Spec, options Options) Permissions {
	n := needs{spec: spec, options: options, partition: onboarding.PartitionOf(spec.Region).ID}
	worker := Principal{Sides: []string{SideWorker}}
	principals := []*Principal{&worker}
	side := func(name string, account onboarding.AccountSpec, statements []Statement) {
		p := &worker
		if account.AssumeRole != "" {
			i := slices.IndexFunc(principals, func(p *Principal) bool { return p.Role == account.AssumeRole })
			if i < 0 {
				principals = append(principals, &Principal{Role: account.AssumeRole, Account: accountOf(account), Trust: n.trust()})
				i = len(principals) - 1
			}
			p = principals[i]
		}
		p.Account = cmp.Or(p.Account, accountOf(account))
		p.Sides = append(p.Sides, name)
		p.Policy.Statement = append(p.Policy.Statement, statements...)
	}
	side(SideIdentityCenter, spec.IdentityCenter, n.identity())
	side(SideStudio, spec.Studio, n.studio())
	var roles []string
	for _, p := range principals[1:] {
		roles = append(roles, p.Role)
	}
	worker.Policy.Statement = append(n.own(roles), worker.Policy.Statement...)
	permissions := Permissions{Okta: n.okta(), Notes: n.notes(len(roles) > 0)}
	for _, p := range principals {
		if options.ReadOnly {
			p.Policy.Statement = readOnly(p.Policy.Statement)
		}
		p.Policy.Version = "2012-10-17"
		permissions.Principals = append(permissions.Principals, *p)
	}
	// The store is the worker's own, and what check and plan list of people is kept there.
	if options.Store != "" {
		own := &permissions.Principals[0].Policy
		own.Statement = append(own.Statement, n.store()...)
	}
	return permissions
}

// accountOf is the account ID of a side, where the spec says it.
func accountOf(account onboarding.AccountSpec) string {
	if parts := strings.Split(account.AssumeRole, ":"); len(parts) > 4 {
		return parts[4]
	}
	return account.Account
}

// needs computes statements for a spec.
type needs struct {
	spec      onboarding.Spec
	options   Options
	partition string
}

func allow(sid string, resources []string, actions ...string) Statement {
	return Statement{Sid: sid, Effect: "Allow", Action: actions, Resource: resources}
}

// when adds a condition to a statement.
func (s Statement) when(operator, key string, values ...string) Statement {
	s.Condition = map[string]map[string][]string{operator: {key: values}}
	return s
}

var anything = []string{"*"}

// reads are the verbs of actions that change nothing (Service Authorization Reference, access levels List and Read).
var reads = []string{"Describe", "Get", "List", "Lookup", "Simulate"}

// readOnly leaves the actions that read, and entering the roles under which that is done. Secrets are for runs alone.
func readOnly(statements []Statement) []Statement {
	var kept []Statement
	for _, statement := range statements {
		statement.Action = slices.DeleteFunc(slices.Clone(statement.Action), func(action string) bool {
			_, verb, _ := strings.Cut(action, ":")
			read := slices.ContainsFunc(reads, func(prefix string) bool { return strings.HasPrefix(verb, prefix) })
			return action != "sts:AssumeRole" && (!read || action == "secretsmanager:GetSecretValue")
		})
		if len(statement.Action) > 0 {
			kept = append(kept, statement)
		}
	}
	return kept
}

// notes are what the spec and the options leave open.
func (n needs) notes(roles bool) []string {
	var notes []string
	if roles && n.options.Worker == "" {
		notes = append(notes, "Trust policies: put the ARN of the user or role behind the worker's own credentials in place of "+
			WorkerPlaceholder+" (--worker ARN). AWS refuses the policy until then.")
	}
	if accountOf(n.spec.Studio) == "" {
		notes = append(notes, "The spec names no Studio account: with studio.account in it, resources are those of that account, and people can "+
			"be assigned to its applications alone.")
	}
	return notes
}
