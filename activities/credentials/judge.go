package credentials

import (
	"fmt"
	"strings"

	"studio-onboarding/onboarding"
)

// The codes of this judge.
const (
	CodeIdentityAccount     = "identity-account"
	CodeIdentityPermissions = "identity-permissions"
	CodeStudioAccount       = "studio-account"
	CodeStudioPermissions   = "studio-permissions"
	CodeOkta                = "okta-credentials"
)

// Judge says whether the credentials belong to the accounts that the spec names and to an Okta administrator who may write.
func Judge(spec onboarding.Spec, state State) []onboarding.Verdict {
	verdicts := judgeSide("identityCenter", spec.IdentityCenter, state.Identity, CodeIdentityAccount, CodeIdentityPermissions)
	verdicts = append(verdicts, judgeOkta(state.Okta))
	return append(verdicts, judgeSide("studio", spec.Studio, state.Studio, CodeStudioAccount, CodeStudioPermissions)...)
}

// judgeSide judges one side in AWS. Where the account is the wrong one, nothing else is said about it.
func judgeSide(name string, spec onboarding.AccountSpec, side Side, account, permissions string) []onboarding.Verdict {
	fieldAccount, fieldRole := name+".account", name+".assumeRole"
	whole := onboarding.Verdict{Resource: onboarding.ResourceCredentials, Subject: name, Kind: onboarding.VerdictKeep, Code: account}
	switch {
	case side.Trouble != nil:
		blocked := side.Trouble.As(onboarding.VerdictBlocked, whole.Resource, name, account)
		if spec.AssumeRole != "" && strings.HasPrefix(side.Trouble.Operation, "sts:AssumeRole") {
			blocked.Field, blocked.Want = fieldRole, spec.AssumeRole
		}
		return []onboarding.Verdict{blocked}
	case spec.Account != "" && spec.Account != side.Account:
		blocked := whole
		blocked.Kind, blocked.Field, blocked.Have, blocked.Want = onboarding.VerdictBlocked, fieldAccount, side.Account, spec.Account
		blocked.Reason = fmt.Sprintf("The credentials belong to account %s (%s), but %s is %s.",
			side.Account, side.Caller, fieldAccount, spec.Account)
		blocked.Remedy = fmt.Sprintf("Give the worker credentials of account %s, set %s to a role there, or correct %s in the spec; then retry.",
			spec.Account, fieldRole, fieldAccount)
		return []onboarding.Verdict{blocked}
	}
	whole.Reason = fmt.Sprintf("The credentials belong to account %s, as %s.", side.Account, side.Caller)
	verdicts := []onboarding.Verdict{whole}
	for _, field := range []struct{ path, have, want, open string }{
		{fieldAccount, side.Account, spec.Account, "whatever account the credentials belong to"},
		{fieldRole, side.Principal, spec.AssumeRole, "the worker's own credentials"},
	} {
		verdict := whole
		verdict.Field, verdict.Have, verdict.Want = field.path, field.have, field.want
		verdict.Reason = fmt.Sprintf("%s is %s.", field.path, field.want)
		if field.want == "" {
			verdict.Reason = fmt.Sprintf("The spec leaves %s open: it is %s.", field.path, field.open)
		}
		verdicts = append(verdicts, verdict)
	}
	return append(verdicts, judgePermissions(side, name, permissions))
}

// judgePermissions: the simulator knows nothing of the policies of resources, and not all of an organization's, so that what
// it denies is a warning (IAM User Guide, "Testing IAM policies with the IAM policy simulator").
func judgePermissions(side Side, name, code string) onboarding.Verdict {
	verdict := onboarding.Verdict{Resource: onboarding.ResourceCredentials, Subject: name, Kind: onboarding.VerdictKeep, Code: code}
	switch {
	case side.Principal == "":
		verdict.Reason = fmt.Sprintf("%s is the root user, which may do everything.", side.Caller)
	case side.PermissionsTrouble != nil:
		verdict.Kind = onboarding.VerdictUnknown
		verdict.Reason = fmt.Sprintf("Permissions to write were not looked at, because the credentials do not allow %s.",
			side.PermissionsTrouble.Operation)
	case len(side.Denied) > 0:
		verdict.Kind = onboarding.VerdictWarning
		verdict.Reason = fmt.Sprintf("IAM's policy simulator says that %s may not %s.", side.Principal, strings.Join(onboarding.Examples(side.Denied), ", "))
		verdict.Remedy = "Allow it; starter policy prints the whole policy. " +
			"If a policy of the organization or of a resource allows it, all is well."
	default:
		verdict.Reason = fmt.Sprintf("%s may do what a run needs.", side.Principal)
	}
	return verdict
}

func judgeOkta(org Org) onboarding.Verdict {
	verdict := onboarding.Verdict{Resource: onboarding.ResourceCredentials, Subject: "okta", Kind: onboarding.VerdictKeep, Code: CodeOkta}
	switch {
	case org.Trouble != nil:
		return org.Trouble.As(onboarding.VerdictBlocked, verdict.Resource, verdict.Subject, CodeOkta)
	case onlyReads(org.Who):
		verdict.Kind = onboarding.VerdictBlocked
		verdict.Reason = fmt.Sprintf("The worker signs in to %s as %s, and that role can change nothing.", org.URL, org.Who)
		verdict.Remedy = "Give the worker credentials of an administrator who manages the app and the groups " +
			"(Application Administrator and Group Administrator), or of a service app with such roles; then retry."
	default:
		verdict.Reason = fmt.Sprintf("The credentials belong to %s, as %s.", org.URL, org.Who)
	}
	return verdict
}

// onlyReads says whether a principal is known to have the read-only role alone, which Okta names after the login.
func onlyReads(who string) bool {
	return strings.HasSuffix(strings.ToLower(who), "(read-only administrator)")
}
