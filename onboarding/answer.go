package onboarding

import (
	"fmt"
	"slices"
	"strings"
)

// Accepts says whether an answer has the form that the request asks for: every value it needs, none that it doesn't know, and the
// sentence of a consent word by word.
// Whether the values are right is checked against the live systems afterwards. The error never repeats a value.
func (r Request) Accepts(a Answer) error {
	if len(r.Needs) == 0 {
		return fmt.Errorf("%s takes no values: do what it asks for in the console, and the run notices by itself (%s)", r.Step, r.Detection)
	}
	//workflowcheck:ignore any of several unknown names will do
	for name := range a.Values {
		if !slices.ContainsFunc(r.Needs, func(n Need) bool { return n.Name == name }) {
			return fmt.Errorf("%s has no value %q; it takes %s", r.Step, name, needNames(r.Needs))
		}
	}
	for _, need := range r.Needs {
		value := strings.TrimSpace(a.Values[need.Name])
		if value == "" && !need.Optional && !r.replacedByMetadata(need, a) {
			return fmt.Errorf("%s also needs --%s (%s)", r.Step, need.Name, need.Label)
		}
		if need.Name == ValueConsent && !sameSentence(value, r.Consent) {
			return fmt.Errorf("that is not the sentence; %s is answered with: %s", r.Step, r.Consent)
		}
		if need.Name != ValueSCIMToken || value == "" {
			continue
		}
		if _, err := ParseSecretReference(a.Values[need.Name]); err != nil {
			return fmt.Errorf("--%s must be a reference to the token, never the token itself: env:NAME, file:/path or aws-sm:ARN, "+
				"readable by the worker; %w",
				need.Name, err)
		}
	}
	return nil
}

// sameSentence compares two sentences word by word, whatever their case and white space, and the full stop at their end.
func sameSentence(one, other string) bool {
	plain := func(s string) string { return strings.TrimSuffix(strings.Join(strings.Fields(s), " "), ".") }
	return strings.EqualFold(plain(one), plain(other))
}

// replacedByMetadata: AWS's metadata file carries the same values as the ACS and the issuer URL.
func (r Request) replacedByMetadata(need Need, a Answer) bool {
	return (need.Name == ValueACSURL || need.Name == ValueIssuerURL) && strings.TrimSpace(a.Values[ValueMetadata]) != ""
}

func needNames(needs []Need) string {
	names := make([]string, len(needs))
	for i, need := range needs {
		names[i] = "--" + need.Name
	}
	return strings.Join(names, ", ")
}
