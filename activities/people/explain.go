package people

import (
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/knowledge"
)

// maxQuoted bounds what is quoted of the System Log, in bytes.
const maxQuoted = 240

// explanation is what a failed provisioning event means.
type explanation struct {
	Problem
	// passing failures are repeated by Okta on its own and settle by themselves.
	passing bool
}

// explain translates the reason of a failed provisioning event of Okta's System Log, which is mostly AWS's SCIM error text
// wrapped in a sentence of Okta's.
func explain(reason string) explanation {
	if known := knowledge.Find(reason, knowledge.Provisioning); len(known) > 0 {
		entry := known[0]
		found := explanation{Problem: Problem{Code: entry.ID, Reason: entry.Cause, Remedy: entry.Remedy}, passing: entry.Passing}
		if entry.Tells {
			found.Reason += ": " + quote(reason)
		}
		return found
	}
	if strings.TrimSpace(reason) == "" {
		return explanation{Problem: Problem{
			Code: CodeProvisioningFailed, Reason: "Okta reports a provisioning error without a reason",
			Remedy: "Look at the person in Okta under Dashboard > Tasks, and retry there",
		}}
	}
	return explanation{Problem: Problem{
		Code: CodeProvisioningFailed, Reason: "Okta reports: " + quote(reason),
		Remedy: "Correct the cause, then retry the person in Okta under Dashboard > Tasks",
	}}
}

// quote cuts a foreign text to a line of bearable length.
func quote(s string) string {
	return fault.Trim(strings.Join(strings.Fields(s), " "), maxQuoted)
}
