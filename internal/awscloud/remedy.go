package awscloud

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"

	"studio-onboarding/internal/fault"
)

const (
	remedyUnreachable = "Check the worker's network, proxy and DNS, the Region's name, and AWS_ENDPOINT_URL if it is set."
	remedyCredentials = "Give the worker valid AWS credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID with its secret and session token, " +
		"or a role), " +
		"check that its clock is right and that the Region is enabled for the account, then retry."
)

// AWS's texts: "User: arn:… is not authorized to perform: sagemaker:CreateDomain on resource: arn:… because no
// identity-based policy allows the … action" (IAM User Guide, "Troubleshoot access denied error messages").
var (
	deniedAction    = regexp.MustCompile(`not authorized to perform: ?([a-z0-9-]+:[A-Za-z0-9*]+)`)
	deniedPrincipal = regexp.MustCompile(`User: ?(arn:[^\s,]+)`)
	deniedResource  = regexp.MustCompile(`on (?:the )?resource: ?(arn:[^\s,]+|\*)`)
	deniedSession   = regexp.MustCompile(`(:assumed-role/[^/\s]+)/\S+`)
	deniedBy        = regexp.MustCompile(`because no ([a-z -]+?) allows`)
)

// remedyDenied says which policy statement is missing where.
func remedyDenied(operation, said string) string {
	action := match(deniedAction, said, operation)
	principal := policyOwner(match(deniedPrincipal, said, "the principal that called"))
	resource := match(deniedResource, said, "*")
	switch {
	case strings.Contains(said, "explicit deny"):
		return fmt.Sprintf("A policy denies %s explicitly: take the deny away, or exempt %s from it, then retry.", action, principal)
	case action == "sts:AssumeRole":
		return fmt.Sprintf("Let the trust policy of %s name %s, and allow that principal sts:AssumeRole on the role, then retry.",
			resource, principal)
	}
	if _, call, _ := strings.Cut(action, ":"); strings.HasPrefix(call, "List") && !strings.HasPrefix(call, "ListTags") &&
		!strings.HasPrefix(call, "ListAttached") {
		resource = "*" // whatever AWS's text names: most lists know no resources (Service Authorization Reference)
	}
	for _, kind := range []string{":user-profile/", ":space/", ":app/"} {
		if before, _, found := strings.Cut(resource, kind); found {
			resource = before + kind + "*" // everybody's, not only the one that was refused
		}
	}
	condition := ""
	if action == "iam:PassRole" {
		condition = `,"Condition":{"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}}`
	}
	return fmt.Sprintf(`Add {"Effect":"Allow","Action":"%s","Resource":"%s"%s} to the %s of %s, then retry.`,
		action, resource, condition, match(deniedBy, said, "identity-based policy"), principal)
}

// policyOwner is whose policies decide: a session has those of its role. The ARN of a session does not tell the role's path.
func policyOwner(principal string) string {
	parsed, err := arn.Parse(principal)
	name, session := strings.CutPrefix(parsed.Resource, "assumed-role/")
	if err != nil || !session {
		return principal
	}
	name, _, _ = strings.Cut(name, "/")
	return fmt.Sprintf("the role %s (account %s)", name, parsed.AccountID)
}

// unrepeated is AWS's text without the name of the session, and without its end: the remedy names the resource, and the
// action was said already.
func unrepeated(said string) string {
	said = deniedSession.ReplaceAllString(said, "$1")
	if end := strings.Index(said, " because no identity-based policy allows the "); end >= 0 {
		said, _, _ = strings.Cut(said[:end], " on resource: ")
		return said + "."
	}
	return said
}

// remedyQuota names the quota where it is known (Service Quotas, service code sagemaker).
func remedyQuota(operation string) string {
	quota := ""
	switch operation {
	case "sagemaker:CreateDomain":
		quota = " L-B683BCB0 (Total domains)"
	case "sagemaker:CreateUserProfile":
		quota = " L-AC46C40F (Maximum number of Studio user profiles allowed per account)"
	case "sagemaker:CreateSpace":
		quota = " L-8E5333B4 (Maximum number of Studio spaces allowed per account)"
	}
	return "Ask for a higher quota" + quota + " in the Service Quotas console of that account and Region, or remove what is not " +
		"needed, then retry."
}

// credentialsCall says whether err came from fetching credentials, and which STS call did it ("" for other sources).
func credentialsCall(err error) (operation string, fetching bool) {
	_, cause, fetching := strings.Cut(err.Error(), "get identity:")
	if !fetching {
		return "", false
	}
	for next := err; next != nil; next = errors.Unwrap(next) {
		var call *smithy.OperationError
		if errors.As(next, &call) && call.Service() == "STS" && strings.Contains(cause, call.Operation()) {
			return "sts:" + call.Operation(), true
		}
	}
	return "", true
}

// noCredentials is the fault for a worker that has none, or whose source of credentials fails.
func noCredentials(operation string, err error) *fault.Fault {
	f := &fault.Fault{Class: fault.Denied, Operation: operation, Remedy: remedyCredentials}
	_, cause, _ := strings.Cut(err.Error(), "get identity: get credentials: ")
	var session *ssocreds.InvalidTokenError
	switch {
	case errors.As(err, &session):
		f.Message = "the sign-in session behind the worker's AWS profile has expired."
		f.Remedy = "Run aws sso login for that profile on the worker's machine, then retry."
	case strings.Contains(cause, "no EC2 IMDS role found"): // the last place where the SDK looks
		f.Message = "the worker has no AWS credentials: none of the places where the SDK looks has any."
	default:
		f.Message = "the worker's AWS credentials could not be fetched: " + text(cause)
	}
	return f
}

// text makes AWS's text fit to be shown: one line, without the encoded or quoted parts of the request.
func text(s string) string {
	for _, end := range []string{"\n", " Please use AWS Service Quotas", " Encoded authorization failure message", "The Canonical String",
		"Authorization="} {
		s, _, _ = strings.Cut(s, end)
	}
	return fault.Trim(strings.TrimSpace(s), maxText)
}

func match(expression *regexp.Regexp, s, otherwise string) string {
	if found := expression.FindStringSubmatch(s); found != nil {
		return strings.TrimRight(found[1], ".")
	}
	return otherwise
}
