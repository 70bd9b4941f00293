package people

import (
	"cmp"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"studio-onboarding/internal/oktaorg/model"
)

// Conflict is something about a person that keeps Okta from bringing them to Identity Center, or keeps them from signing in there.
type Conflict struct {
	Login string
	Problem
	// With are the logins of all who share what Identity Center wants to be unique, this person's among them; none for what is
	// wrong with one person alone.
	With []string
}

// maxUserName is the longest user name that the Identity Store API takes, in characters.
const maxUserName = 128

// forbidden are the characters that Identity Center refuses in synchronized attributes
// (IAM Identity Center User Guide, "Configure SAML and SCIM with Okta", considerations).
const forbidden = "<>;:%"

// Lint looks for everything that AWS's SCIM endpoint or its SAML sign-in is known to refuse, without asking either. People
// who are given twice (same ID) count once. Problems come in the order of logins; somebody may have several.
func Lint(people []model.User) []Conflict {
	people = distinct(people)
	var problems []Conflict
	for _, person := range people {
		problems = append(problems, lintOne(person)...)
	}
	for _, found := range lintTogether(people) {
		problems = append(problems, found...)
	}
	slices.SortStableFunc(problems, func(a, b Conflict) int {
		return cmp.Or(strings.Compare(a.Login, b.Login), strings.Compare(a.Reason, b.Reason))
	})
	return problems
}

func distinct(people []model.User) []model.User {
	seen := make(map[string]bool, len(people))
	return slices.DeleteFunc(slices.Clone(people), func(u model.User) bool {
		if u.ID == "" {
			return false
		}
		again := seen[u.ID]
		seen[u.ID] = true
		return again
	})
}

// lintOne finds what is wrong with a person on their own; the first problem is the one to fix first.
func lintOne(u model.User) []Conflict {
	var problems []Conflict
	add := func(code, reason, remedy string) {
		problems = append(problems, Conflict{Login: u.Login, Problem: Problem{Code: code, Reason: reason, Remedy: remedy}})
	}
	if u.Status != ActiveStatus {
		add(CodeInactiveInOkta, fmt.Sprintf("not active in Okta: %s", orUnknown(u.Status)),
			"Activate the person in Okta, or take them out of the groups")
	}
	for _, field := range []struct{ name, value string }{
		{"login", u.Login}, {"first name", u.FirstName}, {"last name", u.LastName},
	} {
		if strings.TrimSpace(field.value) == "" {
			add(CodeAttributeMissing, "no "+field.name,
				fmt.Sprintf("Fill in the %s in the person's Okta profile: Identity Center refuses people without one", field.name))
		}
	}
	for _, field := range []struct{ name, value string }{
		{"login", u.Login}, {"first name", u.FirstName}, {"last name", u.LastName}, {"display name", u.DisplayName},
		{"e-mail address", u.Email},
	} {
		fix := fmt.Sprintf("Change the %s in the person's Okta profile", field.name)
		if i := strings.IndexAny(field.value, forbidden); i >= 0 {
			add(CodeAttributeRefused, fmt.Sprintf("the %s contains %q, which Identity Center refuses", field.name, field.value[i:i+1]),
				fix+": none of < > ; : % may be in it")
		}
		if i := strings.IndexFunc(field.value, invisible); i >= 0 {
			r, _ := utf8.DecodeRuneInString(field.value[i:])
			add(CodeAttributeRefused, fmt.Sprintf("the %s contains an invisible control character (%U)", field.name, r),
				fix+": delete it and type it anew")
		}
		if trimmed := strings.TrimSpace(field.value); trimmed != "" && trimmed != field.value {
			add(CodeAttributeRefused, fmt.Sprintf("the %s begins or ends with a space", field.name), fix+": remove the space")
		}
	}
	if strings.TrimSpace(u.Login) != "" && !strings.ContainsAny(u.Login, forbidden) && !isAddress(u.Login) {
		add(CodeLoginNoAddress, "the login is not an e-mail address",
			"Rename the Okta login to the form name@domain: Identity Center accepts no other name at sign-in")
	}
	if utf8.RuneCountInString(u.Login) > maxUserName {
		add(CodeLoginTooLong, fmt.Sprintf("the login is longer than %d characters", maxUserName), "Shorten the Okta login")
	}
	return problems
}

// lintTogether finds people who get into each other's way: Identity Center wants user names and e-mail addresses to be
// unique, and takes two that differ only by case for the same. The problems are keyed by the index in people.
func lintTogether(people []model.User) map[int][]Conflict {
	problems := map[int][]Conflict{}
	for _, field := range []struct {
		name, code string
		of         func(model.User) string
	}{
		{"login", CodeSharedLogin, func(u model.User) string { return u.Login }},
		{"e-mail address", CodeSharedEmail, func(u model.User) string { return u.Email }},
	} {
		same := map[string][]int{}
		for i, u := range people {
			if value := strings.TrimSpace(field.of(u)); value != "" {
				same[strings.ToLower(value)] = append(same[strings.ToLower(value)], i)
			}
		}
		for _, indexes := range same {
			if len(indexes) < 2 {
				continue
			}
			var with []string
			for _, i := range indexes {
				with = append(with, people[i].Login)
			}
			slices.Sort(with)
			for _, i := range indexes {
				problems[i] = append(problems[i], Conflict{Login: people[i].Login, With: with, Problem: Problem{
					Code:   field.code,
					Reason: fmt.Sprintf("the same %s, but for upper and lower case, as %s", field.name, othersThan(people, indexes, i)),
					Remedy: fmt.Sprintf("Give each person their own %s in Okta: Identity Center takes only the first", field.name),
				}})
			}
		}
	}
	return problems
}

// othersThan names at most three of the other people.
func othersThan(people []model.User, indexes []int, self int) string {
	var names []string
	for _, i := range indexes {
		if i != self {
			names = append(names, people[i].Login)
		}
	}
	slices.Sort(names)
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

// SignInName says whether a user name can be the NameID of a SAML sign-in to Identity Center, which has to be an e-mail address.
func SignInName(userName string) bool { return isAddress(userName) }

func isAddress(s string) bool {
	address, err := mail.ParseAddress(s)
	return err == nil && address.Address == s && !strings.ContainsFunc(s, unicode.IsSpace)
}

func invisible(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }

func orUnknown(status string) string {
	if status == "" {
		return "status unknown"
	}
	return status
}
