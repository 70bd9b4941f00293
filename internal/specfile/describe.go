package specfile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
)

// describer says in plain words what the schema's validator found.
type describer struct {
	source *specSource
	schema *jsonschema.Schema
}

func (d describer) describe(e *validator.ValidationError) {
	path := e.InstanceLocation
	here := d.schemaAt(path)
	switch problem := e.ErrorKind.(type) {
	case *kind.Required:
		for _, missing := range problem.Missing {
			if d.misspelt(path, missing, here) {
				continue
			}
			inner := join(path, missing)
			d.source.add(inner, "is missing", accepts(d.schemaAt(inner)))
		}
	case *kind.AdditionalProperties:
		for _, unknown := range problem.Properties {
			d.unknown(path, unknown, here)
			// JSON's decoder would take a field that differs by case only.
			d.source.clear(join(path, unknown))
		}
	case *kind.PropertyNames:
		path = fieldOf(e.SchemaURL)
		d.source.addAtKey(join(path, problem.Property), "is no accepted key", message(d.schemaAt(path).PropertyNames))
	case *kind.Type:
		d.wrongKind(path, here)
		d.source.clear(path)
	case *kind.Enum, *kind.Pattern:
		d.source.add(path, d.quote(path)+" is not valid"+d.closest(path, here), accepts(here))
	case *kind.MinLength:
		d.source.add(path, "is empty", accepts(here))
	case *kind.MaxLength:
		d.source.add(path, fmt.Sprintf("has %d characters", problem.Got), fmt.Sprintf("at most %d characters", problem.Want))
	case *kind.Minimum, *kind.Maximum:
		d.source.add(path, "is out of range", accepts(here))
	case *kind.MaxItems:
		d.source.add(path, fmt.Sprintf("lists %d", problem.Got), fmt.Sprintf("at most %d", problem.Want))
	case *kind.MaxProperties:
		d.source.add(path, fmt.Sprintf("has %d fields", problem.Got), fmt.Sprintf("at most %d", problem.Want))
	case *kind.UniqueItems:
		second := join(path, strconv.Itoa(problem.Duplicates[1]))
		d.source.add(second, d.quote(second)+" is listed twice", "")
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		for _, cause := range e.Causes {
			d.describe(cause)
		}
	default:
		d.source.add(path, d.quote(path)+" is not valid", accepts(here))
	}
}

// fieldOf is the path of the field that a part of the schema belongs to. The validator reports a wrong key with a location
// whose memory it uses again afterwards, so only the schema's own location is to be trusted. Lists do not occur in it.
func fieldOf(schemaURL string) []string {
	_, pointer, _ := strings.Cut(schemaURL, "#/")
	var path []string
	for element := range strings.SplitSeq(pointer, "/") {
		if element != "properties" && element != "propertyNames" {
			path = append(path, element)
		}
	}
	return path
}

// unknown reports a field that does not exist, with the one that was probably meant: one with a similar name here, or
// the same name elsewhere.
func (d describer) unknown(path []string, field string, here *jsonschema.Schema) {
	names := fieldNames(here)
	hint := ""
	if name, ok := similar(field, names); ok {
		hint = "; did you mean " + name + "?"
	} else if elsewhere := findField(d.schema, nil, plainName(field)); len(elsewhere) > 0 {
		hint = "; did you mean " + strings.Join(elsewhere, " or ") + "?"
	}
	d.source.addAtKey(join(path, field), "there is no such field"+hint, strings.Join(names, ", "))
}

// misspelt says whether a missing field is there under a name that unknown will report as meant for it.
func (d describer) misspelt(path []string, missing string, here *jsonschema.Schema) bool {
	given, _ := d.source.at(path).(map[string]any)
	for field := range given {
		if name, ok := similar(field, fieldNames(here)); ok && name == missing {
			return true
		}
	}
	return false
}

// wrongKind reports text where a list is wanted, a number where text is wanted, and so on.
func (d describer) wrongKind(path []string, here *jsonschema.Schema) {
	node := d.source.node(path)
	if node == nil || here == nil {
		return
	}
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		d.source.add(path, "has no value; give it one, or remove the line", accepts(here))
		return
	}
	text := node.Kind == yaml.ScalarNode
	switch {
	case here.Type == "string" && text && fits(here, node.Value):
		d.source.add(path, fmt.Sprintf("YAML reads %s as %s; put it in quotes: %q", node.Value, kindName(node), node.Value), "")
	case here.Type == "string" && text:
		d.source.add(path, node.Value+" is not valid", accepts(here))
	case here.Type == "string":
		d.source.add(path, "is "+kindName(node)+", but one value is expected", accepts(here))
	case here.Type == "integer":
		d.source.add(path, "is "+kindName(node)+", but a whole number is expected", accepts(here))
	case here.Type == "array" && text && here.Items.Type == "object" && len(here.Items.Required) == 1:
		d.source.add(path, fmt.Sprintf("is %s, but a list is expected; write \"- %s: %s\" on a line of its own", kindName(node),
			here.Items.Required[0], shorten(node.Value)), "")
	case here.Type == "array" && text:
		d.source.add(path, fmt.Sprintf("is %s, but a list is expected; write \"- %s\" on a line of its own", kindName(node),
			shorten(node.Value)), "")
	case here.Type == "array":
		d.source.add(path, "is "+kindName(node)+", but a list is expected; begin each entry with \"- \"", "")
	case text && len(here.Required) == 1:
		d.source.add(path, fmt.Sprintf("is %s, but fields are expected; write \"%s: %s\"", kindName(node), here.Required[0],
			shorten(node.Value)), accepts(here))
	default:
		d.source.add(path, "is "+kindName(node)+", but fields are expected", accepts(here))
	}
}

// closest suggests an enumeration's value that is spelt almost alike.
func (d describer) closest(path []string, here *jsonschema.Schema) string {
	text, ok := d.source.at(path).(string)
	if !ok || here == nil {
		return ""
	}
	var values []string
	for _, value := range here.Enum {
		values = append(values, fmt.Sprint(value))
	}
	if name, ok := similar(text, values); ok {
		return "; did you mean " + name + "?"
	}
	return ""
}

func (d describer) quote(path []string) string {
	if text, ok := d.source.at(path).(string); ok {
		return strconv.Quote(shorten(text))
	}
	return "the value"
}

// schemaAt finds the part of the schema that is about the value at path; nil for a field that does not exist.
func (d describer) schemaAt(path []string) *jsonschema.Schema {
	schema := d.schema
	for _, element := range path {
		switch {
		case schema == nil:
			return nil
		case schema.Type == "array":
			schema = schema.Items
		case schema.Properties != nil && schema.Properties.Value(element) != nil:
			schema = schema.Properties.Value(element)
		case schema.Type == "object" && schema.AdditionalProperties != nil && schema.AdditionalProperties.Type != "":
			schema = schema.AdditionalProperties
		default:
			return nil
		}
	}
	return schema
}

// accepts says in a few words what a part of the schema takes.
func accepts(schema *jsonschema.Schema) string {
	switch {
	case schema == nil:
		return ""
	case len(schema.Enum) > 0:
		values := make([]string, len(schema.Enum))
		for i, value := range schema.Enum {
			values[i] = fmt.Sprint(value)
		}
		return strings.Join(values, ", ")
	case schema.Type == "object" && schema.Properties != nil:
		return "fields " + strings.Join(fieldNames(schema), ", ")
	case schema.Type == "integer" && schema.Minimum != "" && schema.Maximum != "":
		return fmt.Sprintf("a whole number from %s to %s", schema.Minimum, schema.Maximum)
	}
	return message(schema)
}

func message(schema *jsonschema.Schema) string {
	if schema == nil {
		return ""
	}
	text, _ := schema.Extras[patternMessage].(string)
	return text
}

// fits says whether text would be valid for a schema of type string.
func fits(schema *jsonschema.Schema, text string) bool {
	if len(schema.Enum) > 0 && !slices.Contains(schema.Enum, any(text)) {
		return false
	}
	if schema.MaxLength != nil && uint64(utf8.RuneCountInString(text)) > *schema.MaxLength {
		return false
	}
	pattern, err := regexp.Compile(schema.Pattern)
	return err == nil && pattern.MatchString(text)
}

func fieldNames(schema *jsonschema.Schema) []string {
	var names []string
	if schema != nil && schema.Properties != nil {
		for property := schema.Properties.Oldest(); property != nil; property = property.Next() {
			names = append(names, property.Key)
		}
	}
	return names
}

// findField lists the paths of all fields whose plain name is this.
func findField(schema *jsonschema.Schema, path []string, plain string) []string {
	if schema.Items != nil {
		return findField(schema.Items, path, plain)
	}
	if schema.Properties == nil {
		return nil
	}
	var found []string
	for property := schema.Properties.Oldest(); property != nil; property = property.Next() {
		inner := join(path, property.Key)
		if plainName(property.Key) == plain {
			found = append(found, strings.Join(inner, "."))
		}
		found = append(found, findField(property.Value, inner, plain)...)
	}
	return found
}

// similar returns the candidate that differs least from word, when that is little.
func similar(word string, candidates []string) (string, bool) {
	best, distance := "", len(word)
	for _, candidate := range candidates {
		if d := editDistance(plainName(word), plainName(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best, best != "" && distance <= max(1, len(best)/3)
}

// plainName leaves out what people spell differently: case, hyphens and underscores.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// editDistance is the Levenshtein distance in bytes, of words of at most 64 bytes; longer ones are far from everything.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// shorten keeps a quoted value on one line.
func shorten(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
