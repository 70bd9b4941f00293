package knowledge_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/knowledge"
)

var update = flag.Bool("update", false, "write docs/troubleshooting.md anew")

// seen has, for each entry, a whole text as somebody would paste it.
func seen() map[string]string {
	return map[string]string{
		"search-attribute-missing":   "starter: Namespace default has no mapping defined for search attribute OnboardingState",
		"temporal-namespace-missing": "Namespace onboarding is not found.",
		"temporal-unreachable":       "failed reaching server: connection refused",
		"temporal-tls":               "starter: no connection to the Temporal server at 10.0.0.7:7233: its certificate is signed by \"CN=Acme root\", which this machine does not know → give the file with that authority's certificate (PEM): TEMPORAL_TLS_SERVER_CA_CERT_PATH",
		"standalone-key":             "starter: Temporal at 127.0.0.1:7233 refuses this: standalone's Temporal server takes calls with its key only, and this call has none → it lies in /home/ada/.config/studio-onboarding/temporal-key",
		"temporal-nondeterminism":    "[TMPRL1100] During replay, a matching Activity command was expected in history event position 5",

		"management-account-instance": "An error occurred (ValidationException) when calling the CreateInstance operation: Organization management account is not allowed to perform the operation.",
		"sso-not-enabled":             "Error: creating Grafana Workspace: ValidationException: SSO is not enabled in any region",
		"account-instance":            "ValidationException: This operation is not supported for account instances of IAM Identity Center.",
		"organizations-not-in-use":    "AWSOrganizationsNotInUseException: Your account is not a member of an organization.",
		"identity-center-kms":         "sso:ListInstances: AccessDeniedException: access denied (KMS_AccessDeniedException)",
		"identity-store-duplicate":    "ConflictException: Reason: UNIQUENESS_CONSTRAINT_VIOLATION",
		"aws-conflict":                "sso:CreateApplicationAssignment: ConflictException: The request conflicts with an earlier write",
		"aws-credentials-expired":     "ExpiredTokenException: The security token included in the request is expired",
		"aws-credentials-unknown":     "api error UnrecognizedClientException: The security token included in the request is invalid.",
		"aws-signature":               "InvalidSignatureException: Signature expired: 20261101T101010Z is now earlier than 20261101T111010Z",
		"aws-no-credentials":          "failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata",
		"aws-pass-role":               "AccessDeniedException: User: arn:aws:sts::222222222222:assumed-role/StudioOnboarding/s is not authorized to perform: iam:PassRole on resource: arn:aws:iam::222222222222:role/Studio because no identity-based policy allows the iam:PassRole action",
		"aws-assume-role":             "api error AccessDenied: User: arn:aws:iam::111111111111:user/worker is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/StudioOnboarding",
		"aws-explicit-deny":           "User: arn:aws:iam::222222222222:user/x is not authorized to perform: sagemaker:CreateDomain with an explicit deny in a service control policy",
		"aws-denied":                  "AccessDeniedException: User: arn:aws:iam::222222222222:user/x is not authorized to perform: sagemaker:CreateDomain on resource: *",
		"aws-region-disabled":         "OptInRequired: You are not subscribed to this service.",
		"aws-throttled":               "ThrottlingException: Rate exceeded",
		"aws-identity-store-region":   "ResourceNotFoundException: IDENTITY_STORE not found.",

		"execution-role-invalid":   "ValidationException: The execution role ARN is invalid. Please ensure that the role exists and that its trust relationship policy allows the action 'sts:AssumeRole'",
		"kms-key-null":             "ResourceNotFoundError: Unable to create Amazon EFS for domain 'd-1abc' because KMS key ‘null’ does not exist. You must choose a key that exists.",
		"studio-key-grant":         "The JupyterServer app default encountered a problem and was stopped. Details: ClientError: User: arn:aws:sts::222222222222:assumed-role/Studio/SageMaker is not authorized to perform: kms:CreateGrant on resource: arn:aws:kms:us-east-1:222222222222:key/1b2c3d4e because no identity-based policy allows the kms:CreateGrant action",
		"studio-add-tags":          "AccessDeniedException: User: arn:aws:sts::222222222222:assumed-role/Studio/SageMaker is not authorized to perform: sagemaker:AddTags on resource: arn:aws:sagemaker:us-east-1:222222222222:space/d-1abc/lab because no permissions boundary allows the sagemaker:AddTags action",
		"studio-permission-banner": "Permission issue detected. You may not be able to open any applications. To ensure full functionality, please update your permission or work with your administrator to allow sagemaker:CreatePresignedDomainUrl action in your execution role.",
		"quota-exceeded":           "ResourceLimitExceeded: The account-level service limit 'UserProfiles' is 60 UserProfiles",
		"resource-in-use-exists":   "ResourceInUse: Resource Already Exists: Domain with name team already exists. Choose a different name.",
		"resource-in-use-children": "ResourceInUse: Unable to delete Domain [d-1] because it has associated UserProfiles. Delete them first.",
		"vpc-left-behind":          "DependencyViolation: The vpc 'vpc-1' has dependencies and cannot be deleted.",

		"studio-access-denied":     "Access Denied. Please check if user is assigned to Studio Domain [d-abc] and SSO Application [Amazon SageMaker Studio (d-abc)] is Active.",
		"signin-unexpected":        "An unexpected error has occurred",
		"signin-not-you":           "It’s not you, it’s us",
		"signin-request-id":        "ExternalIdPDirectoryLogin errorMessage: Not a valid response for the provided request id: aws_ccV60x",
		"identity-source-denied":   "User: arn:aws:sts::111111111111:assumed-role/Admin/ann is not authorized to perform: sso-directory:EnableExternalIdPConfigurationForDirectory on resource: * because no identity-based policy allows it",
		"identity-source-metadata": "Unable to change identity source",
		"identity-source-cut-off":  "40 people cannot sign in after the identity source was changed",
		"leaver-sessions":          "Raj left the group this morning and is still in Studio",
		"portal-empty":             "You do not have any applications.",
		"okta-app-not-assigned":    "error=access_denied error_description=User is not assigned to the client application.",
		"okta-dashboard-again":     "https://acme.okta.com/app/UserHome?session_hint=AUTHENTICATED",

		"scim-unparsable":         "Automatic profile push of ann to app AWS IAM Identity Center failed: Error while creating user ann: Bad Request. Errors reported by remote server:\n  Request is unparsable, syntactically incorrect, or violates schema.",
		"scim-unauthorized":       "Automatic provisioning of user Ann Lee to app AWS IAM Identity Center failed: Error while verifying if user ann@example.com exists: Unauthorized",
		"scim-duplicate":          "Error while creating user ann@example.com: Conflict. Errors reported by remote server: Refused to create a new, duplicate resource",
		"scim-linked-elsewhere":   "Error while creating user ann@example.com: Matching user is linked to another Okta user",
		"scim-several-values":     "Errors reported by remote server: List attribute emails exceeds allowed limit of 1",
		"scim-constraint":         "Bad Request. Errors reported by remote server: 2 validation errors detected: Value at 'name.givenName' failed to satisfy constraint: Member must have length greater than or equal to 1",
		"matching-user-not-found": "Automatic provisioning of user Ann Lee to app AWS IAM Identity Center failed: Matching user not found",
		"no-user-returned":        "Automatic profile push failed: No user returned for user 00u1",
		"scim-base-url":           "Base URL: Does not match required pattern",
		"scim-field-mapped":       "E0000075: Cannot modify the firstName attribute because it has a field mapping and profile push is enabled.",
		"provisioning-passing":    "Errors reported by remote server: Internal Server Error",

		"group-duplicate":        "Unable to push group: Duplicate GroupDisplayName",
		"group-link-missing":     "Linked group is missing in AWS IAM Identity Center. Change the linked group to resume pushing group memberships.",
		"group-push-bad-request": "E0000027: Group push bad request : The group is already linked to another group.",
		"scim-missing-path":      "Bad Request. Errors reported by remote server: Missing path in PATCH request",
		"scim-filter":            "ValidationException: Invalid Filter format",

		"okta-provisioning-off":  "E0000001: Api validation failed: feature; Provisioning is not enabled for the app instance.",
		"okta-validation":        "Okta answered 400 E0000001: Api validation failed: settings; acsURL: not a URL",
		"okta-token-invalid":     `{"errorCode":"E0000011","errorSummary":"Invalid token provided"}`,
		"okta-denied":            "Okta answered 403 E0000006: You do not have permission to perform the requested action",
		"okta-not-found":         "Okta answered 404 E0000007: Not found: Resource not found: 0oa1 (AppInstance)",
		"okta-path":              "Okta answered 404 E0000008: The requested path was not found",
		"okta-feature":           "Okta answered 401 E0000015: You do not have permission to access the feature you are requesting",
		"okta-rate-limit":        "E0000047: API call exceeded rate limit due to too many requests.",
		"okta-already-assigned":  "E0000062: The given user is already assigned to the application.",
		"okta-unavailable":       "Okta answered 500 E0000009: Internal",
		"okta-unsupported":       "Okta answered 501 E0000060: Unsupported operation.",
		"okta-media-type":        "E0000019: Bad request. Accept and/or Content-Type headers likely do not match supported values.",
		"okta-delete-active-app": "E0000056: Delete application forbidden.",
		"okta-log-query":         "E0000053: Invalid filter 'published gt ...'",
		"okta-dpop":              "Okta gives the service app no access token: 400 invalid_dpop_proof The DPoP proof JWT header is missing.",
		"okta-key-type":          "RSA private key is of the wrong type",
		"okta-client":            "Okta gives the service app no access token: 401 invalid_client",
		"okta-scope":             "Okta gives the service app no access token: 400 invalid_scope One or more scopes are not configured",
	}
}

func TestEachEntryRecognisesWhatPeoplePaste(t *testing.T) {
	texts := seen()
	for _, entry := range knowledge.Entries() {
		text, ok := texts[entry.ID]
		require.True(t, ok, "no text for %s", entry.ID)
		delete(texts, entry.ID)
		for _, form := range []string{text, strings.ToUpper(text), "  " + strings.ReplaceAll(text, " ", "\n\t") + "\n"} {
			found := knowledge.Find(form)
			require.NotEmpty(t, found, entry.ID)
			require.Equal(t, entry.ID, found[0].ID, "%s", form)
		}
		for _, pattern := range entry.Texts {
			require.Contains(t, ids(knowledge.Find(strings.ReplaceAll(pattern, "…", " x "))), entry.ID, "%s", pattern)
		}
	}
	require.Empty(t, texts, "texts without an entry")
}

func ids(entries []knowledge.Entry) []string {
	var ids []string
	for _, entry := range entries {
		ids = append(ids, entry.ID)
	}
	return ids
}

func TestEntriesAreFitToBeShown(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	source := regexp.MustCompile(`https://|"|#[0-9]+|README`)
	known := map[string]bool{}
	for _, entry := range knowledge.Entries() {
		require.Regexp(t, name, entry.ID)
		require.False(t, known[entry.ID], "%s twice", entry.ID)
		known[entry.ID] = true
		require.Contains(t, knowledge.Subjects(), entry.Subject, entry.ID)
		require.Regexp(t, source, entry.Source, entry.ID)
		require.NotEmpty(t, entry.Where, entry.ID)
		for _, sentence := range []string{entry.Cause, entry.Remedy} {
			require.NotEmpty(t, sentence, entry.ID)
			require.LessOrEqual(t, len(sentence), 300, "%s: %s", entry.ID, sentence)
			require.False(t, strings.HasSuffix(sentence, "."), "%s: %s", entry.ID, sentence)
			require.Equal(t, strings.Join(strings.Fields(sentence), " "), sentence, entry.ID)
		}
		for _, pattern := range entry.Texts {
			require.GreaterOrEqual(t, len(pattern), 7, "%s: %q would recognise too much", entry.ID, pattern)
		}
	}
}

func TestOrdinaryTextIsNotRecognised(t *testing.T) {
	for _, text := range []string{"", " ", "the moon is full", "Started run data-science.", "sagemaker:CreateDomain", "everything is fine"} {
		require.Empty(t, ids(knowledge.Find(text)), text)
		require.Empty(t, knowledge.Remedy(text))
	}
}

func TestFindKeepsToItsSubjects(t *testing.T) {
	require.Empty(t, knowledge.Find("An unexpected error has occurred", knowledge.Provisioning))
	found := knowledge.Find("ThrottlingException", knowledge.Provisioning)
	require.Equal(t, []string{"provisioning-passing"}, ids(found))
	require.True(t, found[0].Passing)
}

// The page of documentation is the table; -update writes it anew.
func TestThePageIsTheTable(t *testing.T) {
	const page = "../../docs/troubleshooting.md"
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(knowledge.Markdown()), 0o644))
	}
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, knowledge.Markdown(), string(written), "go test ./internal/knowledge -update")
}
