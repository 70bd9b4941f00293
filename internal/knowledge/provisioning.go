package knowledge

const (
	whereTasks   = "Okta, Dashboard > Tasks and System Log; a run's list of people"
	pageSCIMUser = "IAM Identity Center SCIM Implementation Developer Guide, \"CreateUser\""
)

func provisioningErrors() []Entry {
	return []Entry{
		{
			ID: "scim-unparsable", Subject: Provisioning,
			Texts:  []string{"Request is unparsable, syntactically incorrect, or violates schema", "Request is unparsable", "syntactically incorrect", "violates schema"},
			Where:  whereTasks,
			Cause:  "Identity Center refused the person's data as incomplete or malformed",
			Remedy: "Look at the person's Okta profile: first name, last name and display name filled in; none of < > ; : %; no control characters; one e-mail address, one phone number; an address complete or empty",
			Source: "https://support.okta.com/help/s/article/aws-provisioning-error-request-is-unparsable-syntactically-incorrect-or-violates-schema",
		},
		{
			ID: "scim-unauthorized", Subject: Provisioning,
			Texts: []string{
				"Error while verifying if user exists: Unauthorized", "Error while verifying if user … exists: Unauthorized",
				"Error while creating user … Unauthorized", ": Unauthorized", "The credentials used to connect to the API were invalid", "UnauthorizedException",
			},
			Where:  whereTasks,
			Cause:  "Identity Center refused the SCIM token",
			Remedy: "Make a new token in the IAM Identity Center console (Settings > Automatic provisioning), put it and the endpoint into the app's Provisioning tab in Okta, test them, then retry the tasks. A token lives one year",
			Source: "https://support.okta.com/help/s/article/aws-iam-identity-center-provisioning-error-error-while-creating-user-unauthorized",
		},
		{
			ID: "scim-duplicate", Subject: Provisioning,
			Texts:  []string{"Refused to create a new, duplicate resource", "duplicate resource", "ConflictException"},
			Where:  whereTasks,
			Cause:  "Identity Center already has another user with this user name, e-mail address or external ID",
			Remedy: "Find that user in the IAM Identity Center console under Users, delete it if it was made by hand, then retry the person in Okta under Dashboard > Tasks",
			Source: "https://repost.aws/knowledge-center/iam-identity-center-provision",
		},
		{
			ID: "scim-linked-elsewhere", Subject: Provisioning,
			Texts:  []string{"is linked to another Okta user", "linked to another"},
			Where:  whereTasks,
			Cause:  "the user of this name in Identity Center already belongs to another person in Okta",
			Remedy: "Rename one of the two logins in Okta: they may differ by upper and lower case only",
			Source: "Okta Management API, \"Application Users\": a user of an app belongs to one Okta user; the wording of the error varies",
		},
		{
			ID: "scim-several-values", Subject: Provisioning,
			Texts:  []string{"List attribute emails exceeds allowed limit of 1", "List attribute … exceeds allowed limit of 1", "exceeds allowed limit of 1"},
			Where:  whereTasks,
			Cause:  "more than one e-mail address, phone number or address is mapped, and Identity Center takes one of each",
			Remedy: "Remove the second attribute from the app's attribute mappings in Okta (Provisioning > To App)",
			Source: pageSCIMUser,
		},
		{
			ID: "scim-constraint", Subject: Provisioning, Tells: true,
			Texts:  []string{"validation error… detected: Value at … failed to satisfy constraint", "failed to satisfy constraint"},
			Where:  whereTasks,
			Cause:  "Identity Center refused an attribute as empty or malformed",
			Remedy: "Correct the attribute in the person's Okta profile; first name, last name, user name and display name may not be empty",
			Source: pageSCIMUser,
		},
		{
			ID: "matching-user-not-found", Subject: Provisioning,
			Texts:  []string{"Matching user not found"},
			Where:  whereTasks,
			Cause:  "Okta found no user of this name in Identity Center and did not create one",
			Remedy: "Switch Create Users on (Provisioning > To App in Okta), then unassign and reassign the person",
			Source: "https://support.okta.com/help/s/article/matching-user-not-found-provisioning-error-to-downstream-applications",
		},
		{
			ID: "no-user-returned", Subject: Provisioning,
			Texts:  []string{"No user returned for user"},
			Where:  whereTasks,
			Cause:  "the user was deleted in Identity Center behind Okta's back",
			Remedy: "Unassign the person from the app in Okta and assign them again, so that Okta makes the user anew",
			Source: pageOkta + ", Troubleshooting",
		},
		{
			ID: "scim-base-url", Subject: Provisioning,
			Texts:  []string{"Base URL: Does not match required pattern"},
			Where:  "Okta, the app's Provisioning tab",
			Cause:  "the SCIM endpoint was pasted with the slash at its end, as the AWS console shows it",
			Remedy: "Paste it without the last slash, so that it ends in /scim/v2",
			Source: pageOkta,
		},
		{
			ID: "scim-field-mapped", Subject: Provisioning,
			Texts:  []string{"because it has a field mapping and profile push is enabled", "E0000075"},
			Where:  "Okta's API, when somebody is assigned to the app",
			Cause:  "the request gives an attribute of the app that Okta fills in from the person's profile",
			Remedy: "Leave profile attributes out of the assignment, or take the mapping away in Okta (Provisioning > To App)",
			Source: "Okta Management API, \"Assign an application user\"",
		},
		{
			ID: "provisioning-passing", Subject: Provisioning, Passing: true,
			Texts: []string{
				"Too Many Requests", "rate limit", "throttl", "timed out", "timeout", "Internal Server Error", "InternalServerException",
				"Service Unavailable", "Bad Gateway",
			},
			Where:  whereTasks,
			Cause:  "Identity Center did not answer Okta",
			Remedy: "Okta repeats this by itself; if it stays, retry the person in Okta under Dashboard > Tasks",
			Source: "Okta developer documentation, \"SCIM protocol: rate limits and retries\"",
		},
	}
}

func groupErrors() []Entry {
	const whereGroups = "Okta, the app's Push Groups tab and System Log"
	return []Entry{
		{
			ID: "group-duplicate", Subject: Provisioning,
			Texts:  []string{"Duplicate GroupDisplayName"},
			Where:  whereGroups,
			Cause:  "Identity Center already has a group of this name that Okta did not make",
			Remedy: "Delete that group in the IAM Identity Center console if it was made by hand (look at its assignments first), or link the push to it; then push again",
			Source: "https://repost.aws/knowledge-center/iam-identity-center-provision",
		},
		{
			ID: "group-link-missing", Subject: Provisioning,
			Texts:  []string{"Linked group is missing"},
			Where:  whereGroups,
			Cause:  "the group was deleted in Identity Center behind Okta's back",
			Remedy: "Unlink the pushed group in Okta, leaving the target alone, and push it again; assign the new group to the Studio application by starting the run again: it has a new ID",
			Source: pageOkta + ", Troubleshooting",
		},
		{
			ID: "group-push-bad-request", Subject: Provisioning,
			Texts:  []string{"Group push bad request", "E0000027"},
			Where:  "Okta's group push API",
			Cause:  "Okta refuses the mapping: the group is pushed already, its target is linked to another group, or the API cannot link groups of this app by name",
			Remedy: "Push the group in the Okta admin console (the app's Push Groups tab), with a target of another name where that one is taken; a run that asks for it notices by itself",
			Source: "Okta developer documentation, \"Okta API error codes\"; okta/terraform-provider-okta#2894",
		},
		{
			ID: "scim-missing-path", Subject: Provisioning,
			Texts:  []string{"Missing path in PATCH request"},
			Where:  "SCIM clients other than Okta's app; System Log",
			Cause:  "the client changes a group with an operation without path, which AWS's SCIM endpoint does not take",
			Remedy: "Use Okta's own app AWS IAM Identity Center (amazon_aws_sso), not a SCIM app of your own making",
			Source: "IAM Identity Center SCIM Implementation Developer Guide, \"PatchGroup\"",
		},
		{
			ID: "scim-filter", Subject: Provisioning,
			Texts:  []string{"Invalid Filter format", "Invalid JSON from RequestBody"},
			Where:  "SCIM clients other than Okta's app",
			Cause:  "AWS's SCIM endpoint takes filters with eq and and only, and no other JSON than its guide shows",
			Remedy: "Use Okta's own app AWS IAM Identity Center (amazon_aws_sso), not a SCIM app of your own making",
			Source: "IAM Identity Center SCIM Implementation Developer Guide, \"ListUsers\"",
		},
	}
}
