package awsworld

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readUser checks the body of CreateUser or PutUser against the rules of the developer guide's createuser page and of the
// user guide's considerations for Okta.
func readUser(body []byte) (attributes, error) {
	var raw map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	if decoder.Decode(&raw) != nil {
		return attributes{}, badSCIM("Invalid JSON from RequestBody")
	}
	return checkUser(raw)
}

// checkUser checks a user as decoded JSON.
func checkUser(raw map[string]any) (attributes, error) {
	for _, name := range []string{"password", "ims", "photos", "x509Certificates", "entitlements"} {
		if raw[name] != nil {
			return attributes{}, unparsable()
		}
	}
	for _, name := range []string{"emails", "addresses", "phoneNumbers"} {
		if list, ok := raw[name].([]any); ok && len(list) > 1 {
			return attributes{}, badSCIM("List attribute %s exceeds allowed limit of 1", name)
		}
	}
	for name, value := range raw {
		switch name {
		case "schemas", "meta", "id", "groups", "profileUrl", "externalId":
		default:
			if !clean(value) {
				return attributes{}, unparsable()
			}
		}
	}
	if _, present := raw["active"]; !present {
		raw["active"] = true
	}
	data, err := json.Marshal(raw)
	if err != nil {
		return attributes{}, err
	}
	var a attributes
	if json.Unmarshal(data, &a) != nil {
		return attributes{}, unparsable()
	}
	if a.UserName == "" || a.DisplayName == "" || a.Name.GivenName == "" || a.Name.FamilyName == "" {
		return attributes{}, unparsable()
	}
	for _, home := range a.Addresses {
		if home.StreetAddress == "" || home.Locality == "" || home.Region == "" || home.PostalCode == "" || home.Country == "" {
			return attributes{}, unparsable()
		}
	}
	return a, checkLengths(a)
}

func checkLengths(a attributes) error {
	var problems []string
	limit := func(path, value string, max int) {
		if n := utf8.RuneCountInString(value); n > max {
			problems = append(problems, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", path, max))
		}
	}
	limit("userName", a.UserName, 128)
	limit("displayName", a.DisplayName, 1024)
	limit("name.givenName", a.Name.GivenName, 1024)
	limit("name.familyName", a.Name.FamilyName, 1024)
	if strings.ContainsFunc(a.UserName, unicode.IsSpace) {
		problems = append(problems, `Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`)
	}
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return badSCIM("1 validation error detected: %s", problems[0])
	default:
		return badSCIM("%d validation errors detected: %s", len(problems), strings.Join(problems, "; "))
	}
}

// clean says whether all texts of a value are allowed: not empty, no control characters, none of < > ; : %.
func clean(value any) bool {
	switch value := value.(type) {
	case string:
		return value != "" && !strings.ContainsAny(value, "<>;:%") && !strings.ContainsFunc(value, unicode.IsControl)
	case []any:
		for _, item := range value {
			if !clean(item) {
				return false
			}
		}
	case map[string]any:
		for name, item := range value {
			if name != "$ref" && !clean(item) {
				return false
			}
		}
	}
	return true
}

// condition is one comparison of a filter.
type condition struct{ attribute, value string }

// parseFilter reads comparisons with eq that are joined by and, which is all that the endpoint supports.
func parseFilter(filter string) ([]condition, error) {
	var conditions []condition
	comparison := regexp.MustCompile(`^\s*([A-Za-z.]+)\s+(?i:eq)\s+"((?:[^"\\]|\\.)*)"\s*(?:(?i:and)\s+(.+))?$`)
	for rest := filter; rest != ""; {
		parts := comparison.FindStringSubmatch(rest)
		if parts == nil {
			return nil, badSCIM("Invalid Filter format")
		}
		var value string
		if json.Unmarshal([]byte(`"`+parts[2]+`"`), &value) != nil {
			return nil, badSCIM("Invalid Filter format")
		}
		conditions = append(conditions, condition{attribute: strings.ToLower(parts[1]), value: value})
		rest = parts[3]
	}
	return conditions, nil
}
