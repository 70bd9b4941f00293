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
			Texts:  []string{"It's not you, it's us"},
			Where:  "AWS's sign-in page",
			Cause:  "the clock of the person's device, or of the identity provider, is wrong, or a browser extension or firewall holds sign-in traffic back",
			Remedy: "Set the device's clock by the network, and try a private browser window; in a company network allow the sign-in domains of AWS",
			Source: pageTroubleshooting,
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
