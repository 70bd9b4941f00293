package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TypeError is an input whose JSON has the wrong type somewhere; services answer SerializationException.
type TypeError struct{ Path, Want string }

func (e *TypeError) Error() string {
	return fmt.Sprintf("The value at '%s' can not be converted to a %s", e.Path, e.Want)
}

// InvalidError lists what an input violates, in the words of the services.
type InvalidError struct{ Problems []string }

func (e *InvalidError) Error() string {
	noun := "errors"
	if len(e.Problems) == 1 {
		noun = "error"
	}
	return fmt.Sprintf("%d validation %s detected: %s", len(e.Problems), noun, strings.Join(e.Problems, "; "))
}

// Validate checks the input of an operation, as decoded with json.Decoder.UseNumber. Members that the model doesn't know are
// ignored, as the services do. The error is a *TypeError or an *InvalidError.
func (s *Service) Validate(operation string, input map[string]any) error {
	name := s.Operations[operation]
	if name == "" {
		return nil
	}
	check := checker{service: s}
	check.value("", s.Shapes[name], input)
	if check.wrong != nil {
		return check.wrong
	}
	if len(check.problems) > 0 {
		return &InvalidError{Problems: check.problems}
	}
	return nil
}

type checker struct {
	service  *Service
	problems []string
	wrong    *TypeError
}

func (c *checker) value(path string, shape *Shape, value any) {
	switch {
	case shape.Document:
	case shape.Type == "structure":
		if object, ok := c.object(path, value); ok {
			c.structure(path, shape, object)
		}
	case shape.Type == "map":
		if object, ok := c.object(path, value); ok {
			c.bounds(path, shape, "length", float64(len(object)), value)
			for _, key := range sortedKeys(object) {
				c.value(join(path, key+".member"), c.service.Shapes[shape.Value.Shape], object[key])
			}
		}
	case shape.Type == "list":
		list, ok := value.([]any)
		if !ok {
			c.mistyped(path, "List")
			return
		}
		c.bounds(path, shape, "length", float64(len(list)), value)
		for i, item := range list {
			c.value(join(path, strconv.Itoa(i+1)+".member"), c.service.Shapes[shape.Member.Shape], item)
		}
	case shape.Type == "string" || shape.Type == "blob":
		text, ok := value.(string)
		if !ok {
			c.mistyped(path, "String")
			return
		}
		if shape.Type == "string" {
			c.text(path, shape, text)
		}
	case shape.Type == "boolean":
		if _, ok := value.(bool); !ok {
			c.mistyped(path, "Boolean")
		}
	default: // integer, long, float, double, timestamp
		number, ok := value.(json.Number)
		if !ok {
			c.mistyped(path, "Number")
			return
		}
		f, _ := number.Float64()
		if shape.Type == "integer" && f != float64(int64(f)) {
			c.mistyped(path, "Integer")
			return
		}
		c.bounds(path, shape, "value", f, number)
	}
}

func (c *checker) structure(path string, shape *Shape, object map[string]any) {
	for _, name := range shape.Required {
		if object[name] == nil {
			c.problems = append(c.problems, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must not be null", join(path, name)))
		}
	}
	for _, name := range sortedKeys(object) {
		if member, ok := shape.Members[name]; ok && object[name] != nil {
			c.value(join(path, name), c.service.Shapes[member.Shape], object[name])
		}
	}
}

func (c *checker) text(path string, shape *Shape, text string) {
	c.bounds(path, shape, "length", float64(utf8.RuneCountInString(text)), text)
	if len(shape.Enum) > 0 && !slices.Contains(shape.Enum, text) {
		c.violated(path, text, fmt.Sprintf("Member must satisfy enum value set: [%s]", strings.Join(shape.Enum, ", ")))
	}
	if shape.pattern != nil && !shape.pattern.MatchString(text) {
		c.violated(path, text, "Member must satisfy regular expression pattern: "+shape.Pattern)
	}
}

func (c *checker) bounds(path string, shape *Shape, what string, size float64, value any) {
	if shape.Max != nil && size > *shape.Max {
		c.violated(path, value, fmt.Sprintf("Member must have %s less than or equal to %v", what, *shape.Max))
	}
	if shape.Min != nil && size < *shape.Min {
		c.violated(path, value, fmt.Sprintf("Member must have %s greater than or equal to %v", what, *shape.Min))
	}
}

func (c *checker) violated(path string, value any, constraint string) {
	shown := fmt.Sprint(value)
	if len(shown) > 200 {
		shown = shown[:200] + "..."
	}
	c.problems = append(c.problems, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", shown, path, constraint))
}

func (c *checker) mistyped(path, want string) {
	if c.wrong == nil {
		c.wrong = &TypeError{Path: path, Want: want}
	}
}

func (c *checker) object(path string, value any) (map[string]any, bool) {
	object, ok := value.(map[string]any)
	if !ok {
		c.mistyped(path, "Map")
	}
	return object, ok
}

// join extends a path; the services write members with a small first letter.
func join(path, name string) string {
	first, size := utf8.DecodeRuneInString(name)
	name = string(unicode.ToLower(first)) + name[size:]
	if path == "" {
		return name
	}
	return path + "." + name
}

func sortedKeys(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
