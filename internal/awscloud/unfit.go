package awscloud

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
)

// noMessage says what came instead of an API's error; "" for one that may be one.
func noMessage(body []byte) string {
	switch {
	case len(body) == 0:
		return "an empty body"
	case isPage(body):
		return "a web page"
	}
	return ""
}

func isPage(body []byte) bool {
	start := bytes.ToLower(body[:min(len(body), 16)])
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// unfitJSON says what is wrong with an answer in AWS JSON as a whole; "" where it fits. Members that may be left out, and those
// of the list's elements, are not its business.
func unfitJSON(operation string, result any, body []byte) string {
	fields := members(result)
	if len(fields) == 0 { // nothing is answered; services send no body, or {}
		if isPage(body) {
			return "a web page"
		}
		return ""
	}
	if came := noMessage(body); came != "" {
		return came
	}
	if kind := jsonKind(body); kind != "an object" {
		return kind
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return "broken JSON"
	}
	if verb, _ := verbOf(operation); verb == "List" || verb == "Lookup" {
		var names []string
		for _, field := range fields {
			if field.Type.Kind() != reflect.Slice {
				continue
			}
			names = append(names, field.Name)
			for key, value := range object {
				if !strings.EqualFold(key, field.Name) || string(value) == "null" {
					continue
				}
				if kind := jsonKind(value); kind != "a list" {
					return kind + " where the list " + field.Name + " belongs"
				}
				return emptyElement(result, field.Name)
			}
		}
		if len(names) > 0 {
			return "a page without " + strings.Join(names, " or ")
		}
	}
	return missing(operation, result)
}

// jsonKind names what a value is, by how it begins.
func jsonKind(value []byte) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 'n':
		return "null"
	case 't', 'f', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return "a single value"
	}
	return "what is no JSON"
}

// unfitXML does the same for AWS Query. An empty set may be left out there, so a page is judged by its frame: the operation's
// own element with its result, or in EC2's dialect with its request ID.
func unfitXML(operation string, result any, body []byte, ec2 bool) string {
	if came := noMessage(body); came != "" {
		return came
	}
	if body[0] != '<' {
		return "what is no XML"
	}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	var path []string
	var root []string // the elements in the outermost one
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "broken XML"
		}
		switch element := token.(type) {
		case xml.StartElement:
			if len(path) == 1 {
				root = append(root, element.Name.Local)
			}
			path = append(path, element.Name.Local)
			if len(path) == 1 && path[0] != operation+"Response" {
				return "the element " + path[0]
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
	switch {
	case len(root) == 0:
		return "an empty " + operation + "Response"
	case !ec2 && len(members(result)) > 0 && !slices.Contains(root, operation+"Result"):
		return "an answer without " + operation + "Result"
	}
	for _, field := range members(result) {
		if field.Type.Kind() == reflect.Slice {
			if came := emptyElement(result, field.Name); came != "" {
				return came
			}
		}
	}
	if verb, _ := verbOf(operation); ec2 && verb == "Describe" || verb == "List" || verb == "Simulate" {
		return ""
	}
	return missing(operation, result)
}

// members are the fields of an operation's output that come from its answer.
func members(result any) []reflect.StructField {
	kind := reflect.TypeOf(result)
	if kind == nil || kind.Kind() != reflect.Pointer || kind.Elem().Kind() != reflect.Struct {
		return nil
	}
	return slices.DeleteFunc(reflect.VisibleFields(kind.Elem()), func(field reflect.StructField) bool {
		return !field.IsExported() || field.Name == "ResultMetadata" || field.Anonymous
	})
}

// emptyElement finds an element of a page that has nothing in it.
func emptyElement(result any, list string) string {
	elements := reflect.ValueOf(result).Elem().FieldByName(list)
	for i := range elements.Len() {
		if element := elements.Index(i); (element.Kind() == reflect.Struct || element.Kind() == reflect.String) && element.IsZero() {
			return "an empty element among " + list
		}
	}
	return ""
}

// missing says what an answer that describes or makes one thing lacks: the member of the thing's name (Role, of GetRole) where the
// output has one, and otherwise everything. An update is judged by what is seen afterwards, and its answer says nothing.
func missing(operation string, result any) string {
	for _, path := range indispensable(operation) {
		if !slices.ContainsFunc(strings.Split(path, "|"), func(path string) bool { return has(result, path) }) {
			return "an answer without " + strings.ReplaceAll(path, "|", " or ")
		}
	}
	verb, noun := verbOf(operation)
	if verb != "Describe" && verb != "Get" && verb != "Create" {
		return ""
	}
	something := false
	for _, field := range members(result) {
		found := has(result, field.Name)
		if field.Name == noun && !found {
			return "an answer without " + noun
		}
		something = something || found
	}
	if !something {
		return "an answer that says nothing"
	}
	return ""
}

// has says whether there is something at a path of members.
func has(result any, path string) bool {
	value := reflect.ValueOf(result).Elem()
	for name := range strings.SplitSeq(path, ".") {
		if value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
		if value.Kind() != reflect.Struct {
			return false
		}
		value = value.FieldByName(name)
	}
	if value.Kind() == reflect.Pointer && !value.IsNil() && value.Elem().Kind() == reflect.Struct {
		value = value.Elem()
	}
	return value.IsValid() && !value.IsZero()
}

// indispensable are members, as paths with alternatives, without which an answer is of no use although it has others.
func indispensable(operation string) []string {
	switch operation {
	case "AssumeRole": // the SDK looks into them without asking
		return []string{"Credentials.AccessKeyId", "Credentials.SecretAccessKey", "Credentials.SessionToken", "Credentials.Expiration"}
	case "GetCallerIdentity":
		return []string{"Account", "Arn"}
	case "GetSecretValue":
		return []string{"SecretString|SecretBinary"}
	case "DescribeDomain", "DescribeUserProfile":
		return []string{"Status"}
	case "GetServiceQuota", "GetAWSDefaultServiceQuota":
		return []string{"Quota"}
	case "CreateDomain":
		return []string{"DomainId|DomainArn"}
	}
	return nil
}
