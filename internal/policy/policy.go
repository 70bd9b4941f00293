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
	// Worker is the ARN of the principal behind the worker's own credentials, for trust policies. Empty leaves a placeholder,
	// or the whole account where the spec says which one that is.
	Worker string
	// Secret is the ARN of the secret in AWS Secrets Manager that holds the SCIM token; empty where it is elsewhere.
	Secret string
	// Delegated says that the identity side is the delegated administrator's account, not the management account.
	Delegated bool
	// Required leaves out what a run can do without: evidence of sign-ins, quotas, some checks, Okta's System Log, and explaining one
	// person.
	Required bool
}

// Permissions are all that a spec needs.
type Permissions struct {
	// Principals are the AWS principals, the worker first. One that serves several sides has one policy.
	Principals []Principal `json:"principals"`
	Okta       Okta        `json:"okta"`
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

// workerPlaceholder stands in a trust policy for what only the reader knows.
const workerPlaceholder = "ARN-OF-THE-WORKERS-PRINCIPAL"

// For computes the permissions of a spec, as specfile.Decode returns it.
func For(spec onboarding.Spec, options Options) Permissions {
	n := needs{spec: spec, options: options, partition: onboarding.Partition(spec.Region)}
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

	permissions := Permissions{Okta: n.okta()}
	for _, p := range principals {
		p.Policy.Version = "2012-10-17"
		permissions.Principals = append(permissions.Principals, *p)
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

// own is what the worker's own credentials need besides the sides that they serve.
func (n needs) own(roles []string) []Statement {
	var statements []Statement
	if len(roles) > 0 {
		statements = append(statements, allow("AssumeRoles", roles, "sts:AssumeRole"))
	}
	if n.options.Secret != "" {
		statements = append(statements, allow("ReadScimToken", []string{n.options.Secret}, "secretsmanager:GetSecretValue"))
	}
	return statements
}

// trust is the trust policy of a role that the worker assumes.
func (n needs) trust() *Document {
	worker := cmp.Or(n.options.Worker, workerPlaceholder)
	if account := n.spec.IdentityCenter.Account; n.options.Worker == "" && n.spec.IdentityCenter.AssumeRole == "" && account != "" {
		worker = "arn:" + n.partition + ":iam::" + account + ":root"
	}
	return &Document{Version: "2012-10-17", Statement: []Statement{{
		Sid: "Worker", Effect: "Allow", Principal: map[string]string{"AWS": worker}, Action: []string{"sts:AssumeRole"},
	}}}
}

// simulation lets starter check ask IAM's policy simulator about the principal of a side, before a run needs what is missing.
func simulation(sid string, account onboarding.AccountSpec) Statement {
	return allow(sid, []string{cmp.Or(account.AssumeRole, "*")}, "iam:SimulatePrincipalPolicy")
}

// identity is the side of IAM Identity Center. Its reads are of the whole directory, as its lists are.
func (n needs) identity() []Statement {
	discover := allow("Discover", anything, "organizations:DescribeOrganization", "sso:DescribeInstance", "sso:ListInstances")
	if n.options.Delegated {
		discover.Action = append(discover.Action, "organizations:ListDelegatedAdministrators")
	}
	statements := []Statement{
		discover,
		allow("Directory", anything, "identitystore:DescribeGroup", "identitystore:DescribeIdentityStore", "identitystore:GetGroupId",
			"identitystore:ListGroupMemberships", "identitystore:ListUsers"),
		// The application is made with the domain, so that its ARN is not known before.
		allow("Assign", []string{"arn:" + n.partition + ":sso::*:application/*"},
			"sso:CreateApplicationAssignment", "sso:DeleteApplicationAssignment", "sso:ListApplicationAssignments"),
	}
	if n.spec.Access.OnRemoval == onboarding.RemovalReport { // also of a canary who was let in first: their own assignment stays
		assign := &statements[len(statements)-1]
		assign.Action = slices.DeleteFunc(assign.Action, func(action string) bool { return action == "sso:DeleteApplicationAssignment" })
	}
	if !n.options.Required {
		statements = append(statements, simulation("OptionalIdentitySimulation", n.spec.IdentityCenter),
			allow("OptionalEvidence", anything, "cloudtrail:LookupEvents", "organizations:ListAWSServiceAccessForOrganization"),
			// Of reconciles, which judge the connection, and of the last step of a run: without them nobody's grade is above configured.
			allow("OptionalConnection", []string{"arn:" + n.partition + ":sso::*:application/*"}, "sso:DescribeApplication",
				"sso:GetApplicationAssignmentConfiguration"),
			allow("OptionalTokenWarnings", anything, "health:DescribeEvents"),
			// Of starter access --person.
			allow("OptionalPerson", anything, "identitystore:DescribeUser", "identitystore:GetUserId", "identitystore:ListGroupMembershipsForMember"))
	}
	return statements
}
