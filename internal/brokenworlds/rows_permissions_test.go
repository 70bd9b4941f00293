package brokenworlds

import (
	"studio-onboarding/onboarding"
)

// The checks that ask IAM's policy simulator.
const (
	identity = "identity-permissions"
	account  = "studio-permissions"
)

// missing is a world in which the worker's policies are as printed, but for one action.
func missing(action string, check string, stops onboarding.Step) row {
	kind := onboarding.VerdictBlocked
	if check == identity || check == account {
		kind = onboarding.VerdictWarning // the simulator does not know all policies
	}
	return row{
		world:  "no permission " + action,
		breaks: func(s *site) { s.withhold(action) },
		check:  check, kind: kind, says: []string{action},
		stops: stops, stop: []string{action, `"Action":"` + action + `"`},
		repair: (*site).grant, fix: "add the action to the policy",
	}
}

// onceThere enables Identity Center first, as there is nothing to be seen before.
func onceThere(r row) row {
	breaks := r.breaks
	r.breaks = func(s *site) {
		s.enable(region)
		breaks(s)
	}
	return r
}

// permissions are worlds in which the worker lacks a permission.
func permissions() []row {
	assume := missing("sts:AssumeRole", "studio-account", onboarding.StepExecutionRole)
	assume.says, assume.stop = []string{"sts:AssumeRole", studioRole, "trust policy"}, []string{"sts:AssumeRole", studioRole, "trust policy"}
	return []row{
		missing("organizations:DescribeOrganization", "identity-center", onboarding.StepIdentityCenter),
		missing("sso:ListInstances", "identity-center", onboarding.StepIdentityCenter),
		onceThere(missing("identitystore:ListUsers", "people-made-by-hand", onboarding.StepDirectorySync)),
		missing("identitystore:ListGroupMemberships", identity, onboarding.StepDirectorySync),
		missing("sso:CreateApplicationAssignment", identity, onboarding.StepAccess),
		missing("sso:ListApplicationAssignments", identity, onboarding.StepAccess),
		missing("iam:GetRole", "execution-role", onboarding.StepExecutionRole),
		missing("iam:CreateRole", account, onboarding.StepExecutionRole),
		missing("iam:AttachRolePolicy", account, onboarding.StepExecutionRole),
		missing("iam:PassRole", account, onboarding.StepDomain),
		missing("ec2:DescribeVpcs", "network", onboarding.StepNetwork),
		missing("sagemaker:ListDomains", "domain", onboarding.StepDomain),
		missing("sagemaker:CreateDomain", account, onboarding.StepDomain),
		missing("sagemaker:CreateUserProfile", account, onboarding.StepAccess),
		assume,
	}
}
