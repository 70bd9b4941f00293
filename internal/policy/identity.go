package policy

import (
	"cmp"
	"slices"

	"studio-onboarding/onboarding"
)

// simulation lets starter check ask IAM's policy simulator about the principal of a side, before a run needs what is missing.
func simulation(sid string, account onboarding.AccountSpec) Statement {
	return allow(sid, []string{cmp.Or(account.AssumeRole, "*")}, "iam:SimulatePrincipalPolicy")
}

// identity is the side of IAM Identity Center. Its reads are of the whole directory, as its lists are.
func (n needs) identity() []Statement {
	discover := allow("Discover", anything, "organizations:DescribeOrganization", "sso:ListInstances")
	if n.options.Delegated {
		discover.Action = append(discover.Action, "organizations:ListDelegatedAdministrators")
	}
	assign := n.onApplications("Assign", "sso:CreateApplicationAssignment", "sso:DeleteApplicationAssignment",
		"sso:ListApplicationAssignments")
	if n.spec.Access.OnRemoval == onboarding.RemovalReport { // also of a canary who was let in first: their own assignment stays
		assign.Action = slices.DeleteFunc(assign.Action, func(action string) bool { return action == "sso:DeleteApplicationAssignment" })
	}
	statements := []Statement{
		discover,
		allow("Instance", n.instances(), "sso:DescribeInstance"),
		allow("Directory", anything, "identitystore:DescribeGroup", "identitystore:DescribeIdentityStore", "identitystore:GetGroupId",
			"identitystore:ListGroupMemberships", "identitystore:ListUsers"),
		assign,
	}
	if n.options.Required {
		return statements
	}
	statements = append(statements, simulation("OptionalIdentitySimulation", n.spec.IdentityCenter),
		allow("OptionalEvidence", anything, "cloudtrail:LookupEvents", "organizations:ListAWSServiceAccessForOrganization"),
		// Whether people came by the Okta app tells which one Identity Center trusts; without it a run asks.
		allow("OptionalTrust", anything, "identitystore:DescribeUser"))
	statements = append(statements, n.survey()...)
	if n.options.ReadOnly {
		return statements
	}
	return append(statements,
		// Of reconciles, which judge the connection, and of the last step of a run: without them nobody's grade is above configured.
		n.onApplications("OptionalConnection", "sso:DescribeApplication", "sso:GetApplicationAssignmentConfiguration"),
		allow("OptionalTokenWarnings", anything, "health:DescribeEvents"),
		// Of starter access --person; and somebody who was refused is looked up, without which nothing is concluded from a refusal.
		allow("OptionalPerson", anything, "identitystore:GetUserId", "identitystore:ListGroupMembershipsForMember"))
}

// survey is what taking stock reads besides: what hangs on the instance, whoever's it is.
func (n needs) survey() []Statement {
	sso := "arn:" + n.partition + ":sso::"
	return []Statement{
		allow("OptionalSurvey", anything, "identitystore:ListGroups", "sso:ListApplications"),
		allow("OptionalSurveyInstance", append(n.instances(), sso+":account/*", sso+":permissionSet/*"), "sso:DescribePermissionSet",
			"sso:ListAccountAssignments", "sso:ListAccountsForProvisionedPermissionSet", "sso:ListPermissionSets", "sso:ListRegions"),
		allow("OptionalSurveyApplications", []string{sso + "*:application/*"}, "sso:GetApplicationAssignmentConfiguration",
			"sso:ListApplicationAssignments"),
	}
}

// onApplications allows actions on applications of Identity Center that belong to the Studio account. The Studio application is made with
// the domain, so that its ARN is not known before; whose account stands in it AWS does not say. All actions on an application know the
// condition key (Service Authorization Reference, "Actions, resources, and condition keys for AWS IAM Identity Center").
func (n needs) onApplications(sid string, actions ...string) Statement {
	statement := allow(sid, []string{"arn:" + n.partition + ":sso::*:application/*"}, actions...)
	if account := accountOf(n.spec.Studio); account != "" {
		statement = statement.when("StringEquals", "sso:ApplicationAccount", account)
	}
	return statement
}

// instances are the instances of Identity Center: which one is the organization's is found out.
func (n needs) instances() []string { return []string{"arn:" + n.partition + ":sso:::instance/*"} }
