package knowledge

const (
	pageOkta            = "IAM Identity Center User Guide, \"Configure SAML and SCIM with Okta and IAM Identity Center\""
	pageTroubleshooting = "https://docs.aws.amazon.com/singlesignon/latest/userguide/troubleshooting.html"
)

func signInErrors() []Entry {
	return []Entry{
		{
			ID: "studio-access-denied", Subject: SignIn,
			Texts:  []string{"Access Denied. Please check if user is assigned to Studio Domain … and SSO Application … is Active", "Please check if user is assigned"},
			Where:  "Studio's page, after the tile or the domain's address was opened",
			Cause:  "the person is not assigned to the Studio domain's application in Identity Center, neither directly nor through a group; a user profile alone lets nobody in",
			Remedy: "Put the person into a group of access.groups in Okta, or name them under access.people, and start the run again; an assignment counts some seconds after it was made",
			Source: "boto/boto3#3180; aws/aws-cdk#23627; hashicorp/terraform-provider-aws#28958",
		},
		{
			ID: "signin-unexpected", Subject: SignIn,
			Texts:  []string{"An unexpected error has occurred"},
			Where:  "AWS's sign-in page, when Okta sends the person there",
			Cause:  "the name that Okta sends is not, letter by letter, the user name in Identity Center; or the Okta app has another ACS URL or issuer than Identity Center shows; or Identity Center has the metadata of another Okta app",
			Remedy: "Compare the application username in Okta with the user name in Identity Center, and the app's Sign On settings with Settings > Identity source; upload the app's metadata (okta-metadata.xml of the run) there again; CloudTrail's ExternalIdPDirectoryLogin says what was refused",
			Source: pageTroubleshooting + "; goauthentik/authentik#4554",
		},
		{
			ID: "signin-not-you", Subject: SignIn,
			Texts:  []string{"It's not you, it's us", "It's not you, it is us"},
			Where:  "AWS's sign-in page",
			Cause:  "for everybody: Identity Center has another certificate than Okta signs with, or the NameID is not in e-mail format. For one person: the clock of their device is wrong, or a browser extension or firewall holds sign-in traffic back",
			Remedy: "Compare the certificate under Settings > Identity source > Manage authentication with the app's, and import the app's where they differ. Set the device's clock by the network, try a private window, and allow AWS's sign-in domains",
			Source: pageTroubleshooting + "; https://repost.aws/knowledge-center/iam-troubleshoot-identity-center-sso",
		},
		{
			ID: "signin-request-id", Subject: SignIn,
			Texts:  []string{"Not a valid response for the provided request id"},
			Where:  "CloudTrail of the instance's account and Region, errorMessage of ExternalIdPDirectoryLogin (signin.amazonaws.com), with responseElements Failure",
			Cause:  "AWS did not take what Okta sent as the answer to the sign-in that it had begun: a page that was open for long or twice, a bookmark of Okta's page, or an answer for another address. AWS documents no cause: not verified",
			Remedy: "Sign in anew from the tile, in a private window. If it stays, compare ACS URL and issuer of the Okta app with Settings > Identity source, and the clocks",
			Source: "panther-labs/panther-analysis, sample event of the rule AWS.Root.Activity; IAM Identity Center User Guide, \"Understanding IAM Identity Center sign-in events\"",
		},
		{
			ID: "identity-source-denied", Subject: SignIn,
			Texts: []string{
				"not authorized to perform: sso-directory:", "sso-directory:CreateExternalIdPConfigurationForDirectory",
				"sso-directory:EnableExternalIdPConfigurationForDirectory", "sso-directory:CreateProvisioningTenant", "sso-directory:CreateBearerToken",
				"not authorized to perform: sso:AssociateDirectory", "not authorized to perform: sso:DisassociateDirectory",
			},
			Where:  "the IAM Identity Center console, when somebody changes the identity source or makes a SCIM token; CloudTrail, sso-directory.amazonaws.com",
			Cause:  "whoever is signed in to the console may not change it, or a service control policy denies sso-directory; the worker needs none of these",
			Remedy: "Sign in to the management account, or the delegated administrator's, with AWSSSOMasterAccountAdministrator and AWSSSODirectoryAdministrator, and exempt that person from the service control policy",
			Source: "IAM Identity Center User Guide, \"AWS managed policies for IAM Identity Center\"; Service Authorization Reference, \"AWS IAM Identity Center directory\"",
		},
		{
			ID: "identity-source-metadata", Subject: SignIn,
			Texts:  []string{"metadata … is not valid … identity source", "Identity source … metadata … invalid", "Failed to change identity source", "Unable to change identity source"},
			Where:  "the IAM Identity Center console, Change identity source. The wording there is not verified",
			Cause:  "the file is not the identity provider's metadata as AWS takes it: with an entityID, a signing certificate and a SingleSignOnService, at most 75,000 characters; service provider metadata and a saved web page are not",
			Remedy: "Upload okta-metadata.xml of the run's request as it is: starter request RUN. Nothing has changed until the console says so; the assignments of the source before still hold",
			Source: "IAM Identity Center User Guide, \"How to connect to an external identity provider\" and \"IAM Identity Center quotas\"",
		},
		{
			ID: "identity-source-cut-off", Subject: SignIn,
			Texts:  []string{"after the identity source was changed", "after changing the identity source", "identity source … lost access"},
			Where:  "the access portal and AWS accounts, after a change of the identity source",
			Cause:  "to and from Active Directory AWS deletes users, groups and assignments. To an external provider they stay and count where a NameID equals a user name: whoever has no such match is shut out, administrators included",
			Remedy: "Give those people a user name that equals what Okta sends, by SCIM or by hand. After Active Directory, restore assignments from the backup by user and group name, as IDs are new. Sign in to the management account by IAM or root to do it",
			Source: "IAM Identity Center User Guide, \"Considerations for changing your identity source\"",
		},
		{
			ID: "leaver-sessions", Subject: SignIn,
			Texts:  []string{"sessions of leavers", "still signed in", "session … still active", "still in Studio", "still has access to Studio"},
			Where:  "Studio and the access portal, after somebody lost access",
			Cause:  "losing an assignment stops the next sign-in, not a session: the portal's lasts 8 hours unless set otherwise (up to 90 days), Studio renews its own from it each hour, and apps that run go on with the execution role",
			Remedy: "Delete the person's sessions (IAM Identity Center console, Users, the person, Active sessions): Studio follows within two hours. Stop their apps in SageMaker. Deactivate them in Okta first, so that they cannot sign in again",
			Source: "IAM Identity Center User Guide, \"Understanding authentication sessions\" and \"Manage AWS access portal sessions\"",
		},
		{
			ID: "portal-empty", Subject: SignIn,
			Texts:  []string{"You do not have any applications"},
			Where:  "the AWS access portal",
			Cause:  "nothing is assigned to the person or to a group that they belong to themselves; memberships of groups in groups do not come to Identity Center",
			Remedy: "Put the person into the pushed group itself, wait until the membership shows in Identity Center, and start the run again",
			Source: pageOkta,
		},
		{
			ID: "okta-app-not-assigned", Subject: SignIn,
			Texts: []string{
				"User is not assigned to the client application", "User is not assigned to this application", "403 App Not Assigned",
				"because you are not assigned this app in Okta", "User attempted unauthorized access to app",
			},
			Where:  "Okta's page after sign-in, or its System Log",
			Cause:  "the person is not assigned to the AWS IAM Identity Center app in Okta, or their assignment carries a provisioning error",
			Remedy: "Add the person to the assignment group (okta.assignmentGroup of the spec); if they are in it, look for them under Dashboard > Tasks in Okta",
			Source: "https://support.okta.com/help/s/article/App-Sign-on-Error-403-User-attempted-unauthorized-access-to-app",
		},
		{
			ID: "okta-dashboard-again", Subject: SignIn,
			Texts:  []string{"/app/UserHome", "lands on the Okta dashboard"},
			Where:  "the browser's address, after the tile was clicked",
			Cause:  "the Okta app has no ACS URL, so that Okta sends its assertion nowhere, without an error",
			Remedy: "Put Identity Center's ACS URL and issuer into the app (Sign On > Edit > Advanced Sign-on Settings); the step saml-exchange of a run does it",
			Source: pageOkta,
		},
	}
}
