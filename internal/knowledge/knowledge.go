// Package knowledge is the one table of error texts that people meet when SageMaker Studio, IAM Identity Center and Okta are
// put together: what each means and what to do about it. It does no I/O.
package knowledge

import (
	"cmp"
	"slices"
	"strings"
)

// Subject is where in the job an error text belongs.
type Subject string

// The subjects, in the order in which somebody meets them.
const (
	Onboarding   Subject = "Runs and Temporal"
	AWS          Subject = "AWS APIs"
	OktaAPI      Subject = "Okta's API"
	Provisioning Subject = "Provisioning people and groups"
	Studio       Subject = "The Studio domain"
	SignIn       Subject = "Signing in"
)

// Subjects lists all subjects in their order.
func Subjects() []Subject {
	return []Subject{Onboarding, AWS, OktaAPI, Provisioning, Studio, SignIn}
}

// Entry is one known error.
type Entry struct {
	// ID names the entry for good: lower-case words with hyphens.
	ID      string  `json:"id"`
	Subject Subject `json:"subject"`
	// Texts are what people see, as it is written there; "…" stands for anything.
	Texts []string `json:"texts"`
	// Where says in which system, log or page the text appears.
	Where string `json:"where"`
	// Cause and Remedy are sentences without a full stop. Cause begins in lower case where it does not begin with a name, so
	// that it fits behind a person's name; it has at most 300 bytes, as Remedy has.
	Cause  string `json:"cause"`
	Remedy string `json:"remedy"`
	// Source is the page or public thread that the explanation rests on.
	Source string `json:"source"`
	// Passing errors settle by themselves: the system that shows them repeats what failed.
	Passing bool `json:"passing,omitempty"`
	// Tells says that the text itself names the culprit, so that it belongs beside the cause.
	Tells bool `json:"-"`
}

// Entries is the whole table, by subject.
func Entries() []Entry {
	return slices.Concat(temporalErrors(), awsErrors(), oktaErrors(), provisioningErrors(), groupErrors(), studioErrors(), signInErrors())
}

// Find returns the entries that recognise a text, the one that recognises most of it first. Case, line breaks and
// typographic quotes do not count. With subjects, only their entries are looked at.
func Find(text string, subjects ...Subject) []Entry {
	type hit struct {
		entry  Entry
		length int
	}
	plain := normal(text)
	var hits []hit
	for _, entry := range Entries() {
		if len(subjects) > 0 && !slices.Contains(subjects, entry.Subject) {
			continue
		}
		longest := 0
		for _, pattern := range entry.Texts {
			longest = max(longest, matched(plain, pattern))
		}
		if longest > 0 {
			hits = append(hits, hit{entry, longest})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.length, a.length) })
	found := make([]Entry, len(hits)) // never nil, so that JSON has a list
	for i, h := range hits {
		found[i] = h.entry
	}
	return found
}

// Remedy is what a person has to do about a text: "" when it is not known, or passes by itself.
func Remedy(text string) string {
	if found := Find(text); len(found) > 0 && !found[0].Passing {
		return found[0].Remedy
	}
	return ""
}

// matched says how much of a normal text a pattern recognises, in bytes; 0 where it does not recognise it. The parts between
// the "…" of a pattern follow each other in the text.
func matched(text, pattern string) int {
	length := 0
	for part := range strings.SplitSeq(strings.ToLower(pattern), "…") {
		part = strings.TrimSpace(part)
		_, rest, ok := strings.Cut(text, part)
		if !ok {
			return 0
		}
		text, length = rest, length+len(part)
	}
	return length
}

// normal makes texts from consoles, logs and web pages comparable.
func normal(text string) string {
	quotes := strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`)
	return strings.ToLower(strings.Join(strings.Fields(quotes.Replace(text)), " "))
}
