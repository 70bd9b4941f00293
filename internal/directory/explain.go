package directory

import (
	"strings"

	"studio-onboarding/internal/fault"
)

// maxQuoted bounds what is quoted of the System Log, in bytes.
const maxQuoted = 240

// explanation is what a failed provisioning event means.
type explanation struct {
	reason, remedy string
	// passing failures are repeated by Okta on its own and settle by themselves.
	passing bool
}

// explain translates the reason of a failed provisioning event of Okta's System Log, which is mostly AWS's SCIM error text
// wrapped in a sentence of Okta's.
func explain(reason string) explanation {
	text := strings.ToLower(reason)
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(text, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("duplicate resource", "duplicate groupdisplayname", "conflictexception"):
		return explanation{
			reason: "Identity Center already has another user with this user name, e-mail address or external ID",
			remedy: "Find that user in the IAM Identity Center console under Users, delete it if it was made by hand, then retry the person in Okta under Dashboard > Tasks",
		}
	case has("linked to another"):
		return explanation{
			reason: "the user of this name in Identity Center already belongs to another person in Okta",
			remedy: "Rename one of the two logins in Okta: they may differ by upper and lower case only",
		}
	case has("exceeds allowed limit of 1"):
		return explanation{
			reason: "more than one e-mail address, phone number or address is mapped, and Identity Center takes one of each",
			remedy: "Remove the second attribute from the app's attribute mappings in Okta (Provisioning > To App)",
		}
	case has("failed to satisfy constraint"):
		return explanation{
			reason: "Identity Center refused an attribute as empty or malformed: " + quote(reason),
			remedy: "Correct the attribute in the person's Okta profile; first name, last name, user name and display name may not be empty",
		}
	case has("request is unparsable", "syntactically incorrect", "violates schema"):
		return explanation{
			reason: "Identity Center refused the person's data as incomplete or malformed",
			remedy: "Look at the person's Okta profile: first name, last name and display name filled in; none of < > ; : %; no control characters; one e-mail address, one phone number; an address complete or empty",
		}
	case has("unauthorized"):
		return explanation{
			reason: "Identity Center refused the SCIM token",
			remedy: "Make a new token in the IAM Identity Center console (Settings > Automatic provisioning) and put it into the app's Provisioning tab in Okta",
		}
	case has("matching user not found"):
		return explanation{
			reason: "Okta found no user of this name in Identity Center and did not create one",
			remedy: "Switch Create Users on (Provisioning > To App in Okta), then unassign and reassign the person",
		}
	case has("no user returned for user"):
		return explanation{
			reason: "the user was deleted in Identity Center behind Okta's back",
			remedy: "Unassign the person from the app in Okta and assign them again, so that Okta makes the user anew",
		}
	case has("too many requests", "rate limit", "throttl", "timed out", "timeout", "internal server error", "internalserverexception",
		"service unavailable", "bad gateway"):
		return explanation{
			reason:  "Identity Center did not answer Okta: " + quote(reason),
			remedy:  "Okta repeats this by itself; if it stays, retry the person in Okta under Dashboard > Tasks",
			passing: true,
		}
	case strings.TrimSpace(reason) == "":
		return explanation{
			reason: "Okta reports a provisioning error without a reason",
			remedy: "Look at the person in Okta under Dashboard > Tasks, and retry there",
		}
	}
	return explanation{
		reason: "Okta reports: " + quote(reason),
		remedy: "Correct the cause, then retry the person in Okta under Dashboard > Tasks",
	}
}

// quote cuts a foreign text to a line of bearable length.
func quote(s string) string {
	return fault.Trim(strings.Join(strings.Fields(s), " "), maxQuoted)
}
